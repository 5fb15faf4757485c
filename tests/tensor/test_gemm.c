/* Products against plain loops: three forms, three precisions, padded rows, poisoned outputs; and the same bits for
   any number of threads. */
#include "support/support.h"

#include "base/base.h"
#include "tensor/gemm.h"
#include "tensor/vector.h"

#include <float.h>
#include <math.h>
#include <pthread.h>

enum { NN, NT, TN, FORMS };
static const char *const form_names[] = {"nn", "nt", "tn"};

/* ---- each precision behind one face of doubles ------------------------------------------------ */

typedef struct {
    int form;
    int64_t m, n, k, lda, ldb, ldc, a_count, b_count, c_count;
    bool add;
} problem;

typedef void (*multiply_fn)(dpid_pool *pool, const problem *p, const double *a, const double *b, double *c);

#define DEFINE(suffix, real)                                                                                           \
    static void multiply_##suffix(dpid_pool *pool, const problem *p, const double *a, const double *b, double *c)      \
    {                                                                                                                  \
        real *x = malloc(sizeof(real) * (size_t)(p->a_count + p->b_count + p->c_count + 3));                           \
        real *y = x + p->a_count;                                                                                      \
        real *z = y + p->b_count;                                                                                      \
        dpid_from_double_##suffix(a, p->a_count, x);                                                                   \
        dpid_from_double_##suffix(b, p->b_count, y);                                                                   \
        dpid_from_double_##suffix(c, p->c_count, z);                                                                   \
        (p->form == NN   ? dpid_gemm_nn_##suffix                                                                       \
         : p->form == NT ? dpid_gemm_nt_##suffix                                                                       \
                         : dpid_gemm_tn_##suffix)(pool, p->m, p->n, p->k, x, p->lda, y, p->ldb, p->add, z, p->ldc);    \
        dpid_to_double_##suffix(z, p->c_count, c);                                                                     \
        free(x);                                                                                                       \
    }
DEFINE(f32, float)
DEFINE(f64, double)
DEFINE(f80, long double)

static const struct {
    const char *name;
    multiply_fn multiply;
    double epsilon;
} precisions[] = {
    {"f32", multiply_f32, FLT_EPSILON}, {"f64", multiply_f64, DBL_EPSILON}, {"f80", multiply_f80, DBL_EPSILON}};

/* ---- problems ------------------------------------------------------------------------------------ */

static problem make(int form, int64_t m, int64_t n, int64_t k, int64_t pad, bool add)
{
    problem p = {.form = form, .m = m, .n = n, .k = k, .add = add};
    p.lda = (form == TN ? m : k) + pad;
    p.ldb = (form == NT ? k : n) + 2 * pad;
    p.ldc = n + 3 * pad;
    p.a_count = (form == TN ? k : m) * p.lda;
    p.b_count = (form == NT ? n : k) * p.ldb;
    p.c_count = m * p.ldc;
    return p;
}

typedef struct {
    double *a, *b, *c;
} arrays;

/* Multiples of 2^-10 in (-1, 1), so that every precision holds them exactly. */
static arrays random_arrays(const problem *p, uint64_t seed)
{
    arrays d;
    d.a = malloc(sizeof(double) * (size_t)(p->a_count + p->b_count + p->c_count + 3));
    d.b = d.a + p->a_count;
    d.c = d.b + p->b_count;
    random_array(seed, p->a_count + p->b_count + p->c_count, -1, 1, d.a);
    for (int64_t i = 0; i < p->a_count + p->b_count + p->c_count; i++)
        d.a[i] = floor(d.a[i] * 1024) / 1024;
    return d;
}

static const double poison = 12345;

/* Expected value and the bound: an entry is a sum of k products in some order, so its rounding error is at most
   about k eps sum |a b| (Higham, 3.1). */
static void check(const char *name, double epsilon, const problem *p, const arrays *d, const double *got)
{
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->ldc; j++) {
            if (j >= p->n) { /* between the rows */
                if (got[i * p->ldc + j] != poison)
                    fail_msg("%s %s %lldx%lldx%lld wrote behind row %lld", name, form_names[p->form], (long long)p->m,
                             (long long)p->n, (long long)p->k, (long long)i);
                continue;
            }
            double sum = p->add ? d->c[i * p->ldc + j] : 0;
            double size = fabs(sum);
            for (int64_t q = 0; q < p->k; q++) {
                const double product = (p->form == TN ? d->a[q * p->lda + i] : d->a[i * p->lda + q]) *
                                       (p->form == NT ? d->b[j * p->ldb + q] : d->b[q * p->ldb + j]);
                sum += product;
                size += fabs(product);
            }
            if (!(fabs(got[i * p->ldc + j] - sum) <= ((double)p->k + 1) * epsilon * size))
                fail_msg("%s %s %lldx%lldx%lld%s, c[%lld,%lld] is %.17g, expected %.17g (seed 7)", name,
                         form_names[p->form], (long long)p->m, (long long)p->n, (long long)p->k, p->add ? " added" : "",
                         (long long)i, (long long)j, got[i * p->ldc + j], sum);
        }
    }
}

static void expect_product(dpid_pool *pool, int which, const problem *p)
{
    const arrays d = random_arrays(p, 7);
    double *got = malloc(sizeof(double) * (size_t)(p->c_count + 1));
    for (int64_t i = 0; i < p->c_count; i++)
        got[i] = i % p->ldc >= p->n ? poison : p->add ? d.c[i] : (double)NAN; /* what is overwritten must not be read */
    precisions[which].multiply(pool, p, d.a, d.b, got);
    check(precisions[which].name, precisions[which].epsilon, p, &d, got);
    free(got);
    free(d.a);
}

static void every_form_and_precision_is_the_plain_loop(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(3);
    dpid_pool *pool = dpid_ctx_pool(ctx);
    static const int64_t sizes[][3] = {{1, 1, 1},     {1, 7, 3},     {5, 1, 2},      {2, 3, 1},
                                       {0, 3, 2},     {3, 0, 2},     {3, 2, 0},      {13, 17, 19},
                                       {64, 10, 784}, {257, 31, 67}, {31, 263, 101}, {131, 521, 37}};
    for (int which = 0; which < 3; which++)
        for (int form = 0; form < FORMS; form++)
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
                for (int variant = 0; variant < 4; variant++) {
                    const problem p = make(form, sizes[s][0], sizes[s][1], sizes[s][2], variant / 2 * 3, variant % 2);
                    expect_product(variant % 2 ? pool : NULL, which, &p);
                }
    deepid_ctx_destroy(ctx);
}

/* Larger than a tile in every direction, with remainders. */
static void products_beyond_a_tile_are_the_plain_loop(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    static const int64_t sizes[][3] = {{601, 1031, 53}, {40, 1601, 61}, {1601, 40, 61}, {300, 300, 300}};
    for (int which = 0; which < 2; which++)
        for (int form = 0; form < FORMS; form++)
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
                const problem p = make(form, sizes[s][0], sizes[s][1], sizes[s][2], 1, s % 2);
                expect_product(dpid_ctx_pool(ctx), which, &p);
            }
    deepid_ctx_destroy(ctx);
}

static void a_nan_that_enters_comes_out_where_it_belongs(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        for (int form = 0; form < FORMS; form++) {
            const problem p = make(form, 9, 11, 13, 0, false);
            const arrays d = random_arrays(&p, 8);
            d.a[form == TN ? 5 * p.lda + 4 : 4 * p.lda + 5] = (double)NAN; /* row 4 of op(A) */
            for (int64_t i = 0; i < p.b_count; i++)
                d.b[i] = 0; /* 0 NaN is NaN too */
            precisions[which].multiply(NULL, &p, d.a, d.b, d.c);
            for (int64_t i = 0; i < 9; i++)
                for (int64_t j = 0; j < 11; j++)
                    if ((isnan(d.c[i * 11 + j]) != 0) != (i == 4))
                        fail_msg("%s %s: c[%lld,%lld] is %g, the NaN is in row 4", precisions[which].name,
                                 form_names[form], (long long)i, (long long)j, d.c[i * 11 + j]);
            free(d.a);
        }
    }
}

/* ---- the same bits -------------------------------------------------------------------------------- */

static uint64_t product_bits(dpid_pool *pool, int which, const problem *p)
{
    const arrays d = random_arrays(p, 9);
    for (int64_t i = 0; i < p->a_count; i++)
        d.a[i] = sin(d.a[i]); /* not exact, so that another order of sums shows */
    precisions[which].multiply(pool, p, d.a, d.b, d.c);
    const uint64_t hash = bits(d.c, p->c_count * (int64_t)sizeof(double));
    free(d.a);
    return hash;
}

static void the_bits_do_not_depend_on_the_number_of_threads(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = {{64, 16, 16}, {300, 200, 150}, {1000, 40, 100}, {40, 1000, 100}, {517, 611, 33}};
    static const int32_t threads[] = {1, 2, 3, 4, 7};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (int which = 0; which < 3; which++) {
            for (int form = 0; form < FORMS; form++) {
                const problem p = make(form, sizes[s][0], sizes[s][1], sizes[s][2], 0, false);
                const uint64_t expected = product_bits(NULL, which, &p);
                for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
                    deepid_ctx *ctx = new_ctx(threads[t]);
                    const uint64_t got = product_bits(dpid_ctx_pool(ctx), which, &p);
                    if (got != expected)
                        fail_msg("%s %s %lldx%lldx%lld: %d threads give other bits than one (seed 9)",
                                 precisions[which].name, form_names[form], (long long)p.m, (long long)p.n,
                                 (long long)p.k, threads[t]);
                    deepid_ctx_destroy(ctx);
                }
            }
        }
    }
}

static void the_bits_do_not_depend_on_alignment(void **state)
{
    (void)state;
    enum { M = 37, N = 41, K = 300, PAD = 16 };
    static float x[M * K + PAD], y[K * N + PAD], z[M * N + PAD];
    uint64_t expected = 0;
    for (int64_t shift = 0; shift < PAD; shift++) {
        for (int64_t i = 0; i < M * K; i++)
            x[shift + i] = sinf((float)i);
        for (int64_t i = 0; i < K * N; i++)
            y[PAD - shift + i] = cosf((float)i);
        dpid_gemm_nn_f32(NULL, M, N, K, x + shift, K, y + PAD - shift, N, false, z + shift, N);
        const uint64_t got = bits(z + shift, sizeof(float) * M * N);
        if (shift > 0 && got != expected)
            fail_msg("moved by %lld elements, the product has other bits", (long long)shift);
        expected = got;
    }
}

/* ---- many threads, each with its own context, at once ------------------------------------------------ */

/* Bursts that begin together: without the lock of lib/base/blas_memory.c eight runs of eight failed (0.3.21, 2
   cores). */
enum { SIDE = 24, BURSTS = 40, REPEATS = 3000, THREADS = 3 };
static pthread_barrier_t together;

static void *multiply_often(void *arg)
{
    float a[SIDE * SIDE];
    float c[SIDE * SIDE];
    float expected[SIDE * SIDE];
    intptr_t wrong = 0;
    for (int i = 0; i < SIDE * SIDE; i++)
        a[i] = (float)((i * (3 + (intptr_t)arg)) % 17 - 8); /* whole numbers: the product is exact */
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            float sum = 0;
            for (int k = 0; k < SIDE; k++)
                sum += a[k * SIDE + i] * a[k * SIDE + j];
            expected[i * SIDE + j] = sum;
        }
    for (int i = 0; i < BURSTS * REPEATS; i++) {
        if (i % REPEATS == 0)
            pthread_barrier_wait(&together);
        dpid_gemm_tn_f32(NULL, SIDE, SIDE, SIDE, a, SIDE, a, SIDE, false, c, SIDE);
        wrong += memcmp(c, expected, sizeof c) != 0;
    }
    return (void *)wrong;
}

static void threads_that_multiply_at_once_do_not_disturb_each_other(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    pthread_barrier_init(&together, NULL, THREADS);
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, multiply_often, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        if (wrong)
            fail_msg("thread %d: %lld of %d products are wrong", i, (long long)(intptr_t)wrong, BURSTS * REPEATS);
    }
    pthread_barrier_destroy(&together);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_and_precision_is_the_plain_loop),
        cmocka_unit_test(products_beyond_a_tile_are_the_plain_loop),
        cmocka_unit_test(a_nan_that_enters_comes_out_where_it_belongs),
        cmocka_unit_test(the_bits_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(the_bits_do_not_depend_on_alignment),
        cmocka_unit_test(threads_that_multiply_at_once_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
