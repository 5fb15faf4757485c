/* Small products against plain loops in every instruction set this machine has: odd extents, padded rows, poisoned
   outputs, ends; and the same bits however the rows are cut. */
#include "support/support.h"

#include "base/base.h"
#include "tensor/product.h"

#include <float.h>
#include <math.h>

/* ---- each precision and instruction set behind one face of doubles ------------------------------ */

enum { NN, TN, TRANSPOSE };

typedef struct {
    int what;
    int64_t m, n, k, lda, ldb, ldc;
    bool add, rectify;
    bool turned;                     /* nn by tt */
    const double *a, *b, *bias, *of; /* bias, of: may be NULL */
    double *c;
} problem;

static int64_t a_count(const problem *p)
{
    return (p->what == TN ? p->k : p->m) * p->lda;
}

static int64_t b_count(const problem *p)
{
    return p->what == TRANSPOSE ? 0 : p->k * p->ldb;
}

static int64_t c_count(const problem *p)
{
    return (p->what == TRANSPOSE ? p->n : p->m) * p->ldc;
}

#define DEFINE(suffix, real)                                                                                           \
    static real *taken_##suffix(const double *x, int64_t count)                                                        \
    {                                                                                                                  \
        real *y = malloc(sizeof(real) * (size_t)(count > 0 ? count : 1));                                              \
        for (int64_t i = 0; i < count && x; i++)                                                                       \
            y[i] = (real)x[i];                                                                                         \
        return y;                                                                                                      \
    }                                                                                                                  \
    static void give_##suffix(const real *x, double *y, int64_t count)                                                 \
    {                                                                                                                  \
        for (int64_t i = 0; i < count; i++)                                                                            \
            y[i] = (double)x[i];                                                                                       \
    }                                                                                                                  \
    static real *turned_##suffix(const real *x, int64_t rows, int64_t columns, int64_t ld)                             \
    {                                                                                                                  \
        real *y = malloc(sizeof(real) * (size_t)(rows * columns));                                                     \
        for (int64_t i = 0; i < rows; i++)                                                                             \
            for (int64_t j = 0; j < columns; j++)                                                                      \
                y[j * rows + i] = x[i * ld + j];                                                                       \
        return y;                                                                                                      \
    }                                                                                                                  \
    static void multiply_##suffix(const problem *p, const real *a, const real *b, const dpid_product_epilogue *end,    \
                                  real *c)                                                                             \
    {                                                                                                                  \
        if (!p->turned) {                                                                                              \
            dpid_product_nn_##suffix(p->m, p->n, p->k, a, p->lda, b, p->ldb, end, c, p->ldc);                          \
            return;                                                                                                    \
        }                                                                                                              \
        real *at = turned_##suffix(a, p->m, p->k, p->lda);                                                             \
        real *bt = turned_##suffix(b, p->k, p->n, p->ldb);                                                             \
        dpid_product_tt_##suffix(p->m, p->n, p->k, at, p->m, bt, p->k, end, c, p->ldc);                                \
        free(at);                                                                                                      \
        free(bt);                                                                                                      \
    }                                                                                                                  \
    static void run_##suffix(const problem *p)                                                                         \
    {                                                                                                                  \
        real *a = taken_##suffix(p->a, a_count(p));                                                                    \
        real *b = taken_##suffix(p->b, b_count(p));                                                                    \
        real *c = taken_##suffix(p->c, c_count(p));                                                                    \
        real *bias = taken_##suffix(p->bias, p->n);                                                                    \
        real *of = taken_##suffix(p->of, c_count(p));                                                                  \
        const dpid_product_epilogue end = {                                                                            \
            .bias = p->bias ? bias : NULL, .rectify = p->rectify, .of = p->of ? of : NULL};                            \
        if (p->what == NN)                                                                                             \
            multiply_##suffix(p, a, b, &end, c);                                                                       \
        else if (p->what == TN)                                                                                        \
            dpid_product_tn_##suffix(p->m, p->n, p->k, a, p->lda, b, p->ldb, p->add, c, p->ldc);                       \
        else                                                                                                           \
            dpid_transpose_##suffix(p->m, p->n, a, p->lda, c, p->ldc);                                                 \
        give_##suffix(c, p->c, c_count(p));                                                                            \
        free(a);                                                                                                       \
        free(b);                                                                                                       \
        free(c);                                                                                                       \
        free(bias);                                                                                                    \
        free(of);                                                                                                      \
    }                                                                                                                  \
    static void run_beside_##suffix(const problem *p, const double *skip, double s, double *joined, double *back)      \
    {                                                                                                                  \
        real *a = taken_##suffix(p->a, a_count(p));                                                                    \
        real *b = taken_##suffix(p->b, b_count(p));                                                                    \
        real *x = taken_##suffix(skip, c_count(p));                                                                    \
        real *c = taken_##suffix(NULL, c_count(p));                                                                    \
        real *y = taken_##suffix(joined, c_count(p));                                                                  \
        real *g = taken_##suffix(back, c_count(p));                                                                    \
        int64_t *mask =                                                                                                \
            malloc(sizeof *mask * (size_t)((p->m + DPID_MASK_ROWS - 1) / DPID_MASK_ROWS * dpid_product_pad(p->n)));    \
        const dpid_product_epilogue there = {                                                                          \
            .rectify = true, .dropped = true, .skip = x, .s = s, .joined = y, .mask = mask};                           \
        const dpid_product_epilogue again = {.plus = x, .through = mask, .back = g};                                   \
        multiply_##suffix(p, a, b, &there, NULL);                                                                      \
        multiply_##suffix(p, a, b, &again, c);                                                                         \
        give_##suffix(c, p->c, c_count(p));                                                                            \
        give_##suffix(y, joined, c_count(p));                                                                          \
        give_##suffix(g, back, c_count(p));                                                                            \
        free(a);                                                                                                       \
        free(b);                                                                                                       \
        free(x);                                                                                                       \
        free(c);                                                                                                       \
        free(y);                                                                                                       \
        free(g);                                                                                                       \
        free(mask);                                                                                                    \
    }
DPID_ISA_EACH(DEFINE)

static const struct {
    const char *name;
    void (*run)(const problem *p);
    void (*run_beside)(const problem *p, const double *skip, double s, double *joined, double *back);
    double epsilon;
    int isa;
} kernels[] = {
    {"f32", run_f32, run_beside_f32, FLT_EPSILON, DPID_ISA_BASELINE},
    {"f64", run_f64, run_beside_f64, DBL_EPSILON, DPID_ISA_BASELINE},
    {"f80", run_f80, run_beside_f80, DBL_EPSILON, DPID_ISA_BASELINE},
#ifdef DPID_X86_ISAS
    {"f32 avx2", run_f32_avx2, run_beside_f32_avx2, FLT_EPSILON, DPID_ISA_AVX2},
    {"f64 avx2", run_f64_avx2, run_beside_f64_avx2, DBL_EPSILON, DPID_ISA_AVX2},
    {"f32 avx512", run_f32_avx512, run_beside_f32_avx512, FLT_EPSILON, DPID_ISA_AVX512},
    {"f64 avx512", run_f64_avx512, run_beside_f64_avx512, DBL_EPSILON, DPID_ISA_AVX512},
#endif
};
enum { KERNELS = sizeof kernels / sizeof *kernels };

/* ---- products ------------------------------------------------------------------------------------- */

static const double poison = 12345;

/* Multiples of 2^-10, so that every precision holds them exactly. Arrays end where the last row ends: valgrind and
   sanitizers see a read behind it. */
static double *numbers(uint64_t seed, int64_t count)
{
    double *x = malloc(sizeof *x * (size_t)(count + 1));
    random_array(seed, count, -1, 1, x);
    for (int64_t i = 0; i < count; i++)
        x[i] = floor(x[i] * 1024) / 1024;
    return x;
}

/* The end of a sum, and the bound: k products and two additions, each rounded once (Higham, 3.1). */
static void check_entry(const char *name, double epsilon, const problem *p, int64_t i, int64_t j, double old,
                        double got)
{
    double sum = 0;
    double size = 0;
    for (int64_t q = 0; q < p->k; q++) {
        const double product = (p->what == TN ? p->a[q * p->lda + i] : p->a[i * p->lda + q]) * p->b[q * p->ldb + j];
        sum += product;
        size += fabs(product);
    }
    const double added = p->bias ? p->bias[j] : p->add ? old : 0;
    sum += added;
    size += fabs(added);
    if (p->rectify)
        sum = sum < 0 ? 0 : sum;
    if (p->of)
        sum = p->of[i * p->ldc + j] > 0 ? sum : 0;
    if (!(fabs(got - sum) <= ((double)p->k + 2) * epsilon * size))
        fail_msg("%s %s %lldx%lldx%lld: c[%lld,%lld] is %.17g, expected %.17g (seed 3)", name,
                 p->what == TN ? "tn" : "nn", (long long)p->m, (long long)p->n, (long long)p->k, (long long)i,
                 (long long)j, got, sum);
}

static void expect_product(int which, problem p)
{
    double *old = numbers(5, c_count(&p));
    p.c = malloc(sizeof *p.c * (size_t)(c_count(&p) + 1));
    for (int64_t i = 0; i < c_count(&p); i++)
        p.c[i] = i % p.ldc >= p.n ? poison : p.add ? old[i] : (double)NAN;
    kernels[which].run(&p);
    for (int64_t i = 0; i < p.m; i++)
        for (int64_t j = 0; j < p.ldc; j++) {
            if (j < p.n)
                check_entry(kernels[which].name, kernels[which].epsilon, &p, i, j, old[i * p.ldc + j],
                            p.c[i * p.ldc + j]);
            else if (p.c[i * p.ldc + j] != poison)
                fail_msg("%s %lldx%lldx%lld wrote behind row %lld", kernels[which].name, (long long)p.m, (long long)p.n,
                         (long long)p.k, (long long)i);
        }
    free(p.c);
    free(old);
}

static const int64_t extents[][3] = {{1, 1, 1},  {3, 5, 2},    {8, 32, 16}, {13, 33, 7},    {7, 31, 40},
                                     {6, 16, 1}, {17, 10, 64}, {9, 47, 3},  {32, 100, 100}, {5, 64, 0}};

static void products_are_the_plain_loop(void **state)
{
    (void)state;
    for (int which = 0; which < KERNELS; which++) {
        for (size_t e = 0; e < sizeof extents / sizeof *extents && dpid_isa_runs((dpid_isa)kernels[which].isa); e++) {
            for (int way = 0; way < 12; way++) {
                const int64_t m = extents[e][0], n = extents[e][1], k = extents[e][2], pad = way % 2;
                problem p = {.what = way < 8 ? NN : TN, .m = m, .n = n, .k = k, .ldb = n + 2 * pad, .ldc = n + 3 * pad};
                p.lda = (p.what == TN ? m : k) + pad;
                double *a = numbers(3, a_count(&p) + 1), *b = numbers(4, b_count(&p)), *bias = numbers(6, n),
                       *of = numbers(7, c_count(&p));
                p.a = a;
                p.b = b;
                p.bias = p.what == NN && way & 2 ? bias : NULL;
                p.rectify = p.what == NN && way & 4;
                p.of = way == 5 ? of : NULL;
                p.add = p.what == TN && way & 2;
                expect_product(which, p);
                free(a);
                free(b);
                free(bias);
                free(of);
            }
        }
    }
}

static double entry(const problem *p, int64_t i, int64_t j)
{
    double sum = 0;
    for (int64_t q = 0; q < p->k; q++)
        sum += p->a[i * p->lda + q] * p->b[q * p->ldb + j];
    return sum;
}

/* The numbers are small multiples of 2^-10, so that f32 is exact too; entry 0 of a is 0 and so is row 0 of the
   product. */
static void expect_beside(int which, int64_t m, int64_t n)
{
    enum { K = 3 };
    problem p = {.what = NN, .m = m, .n = n, .k = K, .lda = K, .ldb = n + 1, .ldc = n + 1};
    double *a = numbers(3, a_count(&p)), *b = numbers(4, b_count(&p)), *skip = numbers(5, c_count(&p)),
           *joined = numbers(6, c_count(&p)), *back = numbers(6, c_count(&p));
    memset(a, 0, sizeof *a * K);
    skip[0] = -0.0;
    p.a = a;
    p.b = b;
    p.c = malloc(sizeof *p.c * (size_t)c_count(&p));
    kernels[which].run_beside(&p, skip, 0.5, joined, back);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            const int64_t at = i * p.ldc + j;
            const double sum = entry(&p, i, j);
            const double close = 8 * kernels[which].epsilon;
            const double through = sum > 0 ? sum + skip[at] : 0;
            if (!(fabs(joined[at] - ((sum > 0 ? sum : 0) + 0.5 * skip[at])) <= close &&
                  fabs(p.c[at] - (sum + skip[at])) <= close && fabs(back[at] - through) <= close))
                fail_msg("%s %lldx%lld [%lld,%lld]: joined %g, c %g, back %g; the product is %g, the skip %g (seeds 3, "
                         "4, 5)",
                         kernels[which].name, (long long)m, (long long)n, (long long)i, (long long)j, joined[at],
                         p.c[at], back[at], sum, skip[at]);
        }
    assert_true(joined[0] == 0 && signbit(joined[0])); /* where the branch is 0 the skip comes through as it is */
    free(a);
    free(b);
    free(skip);
    free(joined);
    free(back);
    free(p.c);
}

static void what_stands_beside_a_product(void **state)
{
    (void)state;
    for (int which = 0; which < KERNELS; which++)
        for (size_t e = 0; e < sizeof extents / sizeof *extents && dpid_isa_runs((dpid_isa)kernels[which].isa); e++)
            expect_beside(which, extents[e][0], extents[e][1]);
}

/* A row has the same bits alone and among others: what chunks of samples stand on. Numbers of full length, so that
   every addition rounds and another order shows. */
static void rows_are_the_same_however_they_are_cut(void **state)
{
    (void)state;
    enum { M = 29, N = 43, K = 71 };
    double *a = malloc(sizeof *a * M * K), *b = malloc(sizeof *b * K * N), *bias = malloc(sizeof *bias * N),
           *all = malloc(sizeof *all * M * N), *one = malloc(sizeof *one * M * N);
    random_array(3, M * K, -1, 1, a);
    random_array(4, K * N, -1, 1, b);
    random_array(6, N, -1, 1, bias);
    for (int which = 0; which < KERNELS; which++) {
        if (!dpid_isa_runs((dpid_isa)kernels[which].isa))
            continue;
        for (int64_t rows = 1; rows < M; rows++) {
            problem p = {.what = NN,
                         .m = M,
                         .n = N,
                         .k = K,
                         .lda = K,
                         .ldb = N,
                         .ldc = N,
                         .a = a,
                         .b = b,
                         .bias = bias,
                         .c = all};
            kernels[which].run(&p);
            for (int64_t first = 0; first < M; first += rows) {
                p.m = M - first < rows ? M - first : rows;
                p.a = a + first * K;
                p.c = one + first * N;
                kernels[which].run(&p);
            }
            if (memcmp(all, one, sizeof *all * M * N) != 0)
                fail_msg("%s: %lld rows at a time give other bits than %d (seeds 3, 4, 6)", kernels[which].name,
                         (long long)rows, M);
        }
    }
    free(a);
    free(b);
    free(bias);
    free(all);
    free(one);
}

/* Turned in registers: the bits of nn, with all that may stand beside it. */
static void turned_products_have_the_same_bits(void **state)
{
    (void)state;
    enum { M = 48, N = 32, K = 71, COUNT = M * N };
    double *a = malloc(sizeof *a * M * K), *b = malloc(sizeof *b * K * N), *skip = malloc(sizeof *skip * COUNT),
           *result = malloc(sizeof *result * 8 * COUNT);
    random_array(3, M * K, -1, 1, a);
    random_array(4, K * N, -1, 1, b);
    random_array(6, COUNT, -1, 1, skip);
    for (int which = 0; which < KERNELS; which++) {
        if (!dpid_isa_runs((dpid_isa)kernels[which].isa))
            continue;
        for (int turned = 0; turned < 2; turned++) {
            double *to = result + turned * 4 * COUNT;
            problem p = {.what = NN,
                         .m = M,
                         .n = N,
                         .k = K,
                         .lda = K,
                         .ldb = N,
                         .ldc = N,
                         .a = a,
                         .b = b,
                         .turned = turned == 1,
                         .c = to};
            kernels[which].run_beside(&p, skip, 0.7, to + COUNT, to + 2 * COUNT);
            p.bias = skip;
            p.of = skip;
            p.rectify = true;
            p.c = to + 3 * COUNT;
            kernels[which].run(&p);
        }
        if (memcmp(result, result + 4 * COUNT, sizeof *result * 4 * COUNT) != 0)
            fail_msg("%s: a product turned in registers gives other bits (seeds 3, 4, 6)", kernels[which].name);
    }
    free(a);
    free(b);
    free(skip);
    free(result);
}

static void nan_and_infinity_come_out_of_rectifiers(void **state)
{
    (void)state;
    const double a[] = {1, 1}, b[] = {(double)NAN, -INFINITY, -1}, of[] = {1, 1, (double)NAN, 1, 1, (double)NAN};
    for (int which = 0; which < KERNELS; which++) {
        double c[6];
        if (!dpid_isa_runs((dpid_isa)kernels[which].isa))
            continue;
        kernels[which].run(&(problem){
            .what = NN, .m = 2, .n = 3, .k = 1, .lda = 1, .ldb = 3, .ldc = 3, .a = a, .b = b, .rectify = true, .c = c});
        assert_true(isnan(c[0]) && c[1] == 0 && c[2] == 0);
        kernels[which].run(&(problem){
            .what = NN, .m = 2, .n = 3, .k = 1, .lda = 1, .ldb = 3, .ldc = 3, .a = a, .b = b, .of = of, .c = c});
        assert_true(isnan(c[0]) && c[1] == -INFINITY && isnan(c[2]) && isnan(c[5]));
    }
}

/* ---- transposition ------------------------------------------------------------------------------------ */

static void transposition_moves_every_number_and_fills_up_with_zeros(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {{1, 1}, {16, 16}, {17, 33}, {3, 70}, {70, 3}, {32, 64}, {100, 100}};
    for (int which = 0; which < KERNELS; which++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes && dpid_isa_runs((dpid_isa)kernels[which].isa); s++) {
            problem p = {.what = TRANSPOSE,
                         .m = sizes[s][0],
                         .n = sizes[s][1],
                         .lda = sizes[s][1] + 1,
                         .ldc = dpid_product_pad(sizes[s][0]) + 1};
            double *a = numbers(8, a_count(&p));
            p.a = a;
            p.c = malloc(sizeof *p.c * (size_t)c_count(&p));
            for (int64_t i = 0; i < c_count(&p); i++)
                p.c[i] = poison;
            kernels[which].run(&p);
            for (int64_t j = 0; j < p.n; j++)
                for (int64_t i = 0; i < p.ldc; i++) {
                    const double expected = i < p.m ? a[i * p.lda + j] : i < p.ldc - 1 ? 0 : poison;
                    if (p.c[j * p.ldc + i] != expected)
                        fail_msg("%s %lldx%lld: y[%lld,%lld] is %g, expected %g (seed 8)", kernels[which].name,
                                 (long long)p.m, (long long)p.n, (long long)j, (long long)i, p.c[j * p.ldc + i],
                                 expected);
                }
            free(a);
            free(p.c);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_the_plain_loop),
        cmocka_unit_test(what_stands_beside_a_product),
        cmocka_unit_test(turned_products_have_the_same_bits),
        cmocka_unit_test(rows_are_the_same_however_they_are_cut),
        cmocka_unit_test(nan_and_infinity_come_out_of_rectifiers),
        cmocka_unit_test(transposition_moves_every_number_and_fills_up_with_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
