/* Products by AVX512-BF16 beside sums of floats in plain loops: within the bound of bf16_product.h on random numbers,
   cancellations, numbers of all sizes, subnormal ones; the same kinds of numbers with infinities and NaN; the same
   bits for any number of threads. Skipped where the CPU has no such instruction. */
#include "support/support.h"

#include "base/base.h"
#include "base/isa.h"
#include "tensor/bf16_product.h"
#include "tensor/half.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 20261201, NN = 0, NT, TN, FORMS, PAD = 3 };
static const char *const form_names[] = {"nn", "nt", "tn"};
static const float poison = 12345;

typedef enum { PLAIN, CANCELLING, ALL_SIZES, SUBNORMAL, SPECIAL, KINDS } numbers_kind;
static const char *const kind_names[] = {"plain", "cancelling", "all sizes", "subnormal", "special"};

typedef struct {
    int form;
    numbers_kind kind;
    bool add, biased;
    dpid_bf16_job job;
    float *a, *b, *bias, *start; /* start: what c holds before */
} problem;

/* ---- problems --------------------------------------------------------------------------------------- */

static float number(numbers_kind kind, dpid_random *random)
{
    static const float special[] = {INFINITY, -INFINITY, NAN, 0, -0.0F, 1, -2, 3};
    const double x = 2 * dpid_random_uniform(random) - 1;
    const int64_t r = dpid_random_below(random, 64);
    switch (kind) {
    case ALL_SIZES:
        return dpid_bf16_rounded((float)ldexp(x, (int)dpid_random_below(random, 120) - 60));
    case SUBNORMAL:
        return dpid_bf16_rounded((float)ldexp(x, r < 16 ? -128 : r < 32 ? -60 : r < 40 ? -133 : 0));
    case SPECIAL:
        return r < 8 ? special[r] : dpid_bf16_rounded((float)x);
    default:
        return dpid_bf16_rounded((float)x);
    }
}

static float *numbers(numbers_kind kind, uint64_t stream, int64_t n)
{
    float *x = malloc(sizeof *x * (size_t)(n + 1));
    dpid_random random = dpid_random_make(SEED, (uint32_t)stream, 0);
    for (int64_t i = 0; i < n; i++)
        x[i] = number(kind, &random);
    return x;
}

/* The second half of the terms takes the first away, but for a rest. */
static void cancel(const problem *p)
{
    const dpid_bf16_job *j = &p->job;
    for (int64_t q = j->k / 2; q < j->k; q++)
        for (int64_t i = 0; i < j->m; i++) {
            float *x = p->form == TN ? &p->a[q * j->lda + i] : &p->a[i * j->lda + q];
            const float y = p->form == TN ? p->a[(q - j->k / 2) * j->lda + i] : p->a[i * j->lda + q - j->k / 2];
            *x = -y;
        }
    for (int64_t q = j->k / 2; q + 1 < j->k; q++)
        for (int64_t i = 0; i < j->n; i++) {
            float *x = p->form == NT ? &p->b[i * j->ldb + q] : &p->b[q * j->ldb + i];
            *x = p->form == NT ? p->b[i * j->ldb + q - j->k / 2] : p->b[(q - j->k / 2) * j->ldb + i];
        }
}

static problem make(int form, numbers_kind kind, int64_t m, int64_t n, int64_t k, int variant)
{
    problem p = {.form = form, .kind = kind, .add = variant == 1, .biased = variant == 2};
    dpid_bf16_job *j = &p.job;
    int64_t bytes = 0;
    *j = (dpid_bf16_job){.m = m, .n = n, .k = k, .add = p.add, .ldc = n + PAD};
    j->lda = (form == TN ? m : k) + PAD;
    j->ldb = (form == NT ? k : n) + PAD;
    p.a = numbers(kind, 1, (form == TN ? k : m) * j->lda);
    p.b = numbers(kind, 2, (form == NT ? n : k) * j->ldb);
    p.bias = numbers(PLAIN, 3, n);
    p.start = numbers(PLAIN, 4, m * j->ldc);
    if (kind == CANCELLING)
        cancel(&p);
    assert_true(dpid_bf16_product_bytes(m, n, k, &bytes));
    j->memory = malloc((size_t)bytes);
    memset(j->memory, 0xff, (size_t)bytes); /* NaN, when it is read */
    j->a = p.a;
    j->b = p.b;
    j->bias = p.biased ? p.bias : NULL;
    j->c = malloc(sizeof *j->c * (size_t)(m * j->ldc + 1));
    for (int64_t i = 0; i < m * j->ldc; i++)
        j->c[i] = i % j->ldc >= n ? poison : p.add ? p.start[i] : NAN;
    return p;
}

static void drop(problem *p)
{
    free(p->a);
    free(p->b);
    free(p->bias);
    free(p->start);
    free(p->job.c);
    free(p->job.memory);
}

static void multiply(dpid_pool *pool, const problem *p)
{
    (p->form == NN ? dpid_bf16_product_nn : p->form == NT ? dpid_bf16_product_nt : dpid_bf16_product_tn)(pool, &p->job);
}

/* ---- the bound ----------------------------------------------------------------------------------------- */

typedef struct {
    float sum;      /* in float, one product after the other */
    double allowed; /* how far from it */
} expected;

static double beside_subnormal(double a, double b)
{
    const double least = ldexp(1, -126);
    return (a != 0 && fabs(a) < least ? fabs(b) : 0) + (b != 0 && fabs(b) < least ? fabs(a) : 0);
}

static expected expect(const problem *p, int64_t i, int64_t j)
{
    const dpid_bf16_job *t = &p->job;
    const double more = p->add ? (double)p->start[i * t->ldc + j] : p->biased ? (double)p->bias[j] : 0;
    float sum = 0;
    double size = 0;
    double flushed = 2 * (double)t->k;
    for (int64_t q = 0; q < t->k; q++) {
        const float a = p->form == TN ? p->a[q * t->lda + i] : p->a[i * t->lda + q];
        const float b = p->form == NT ? p->b[j * t->ldb + q] : p->b[q * t->ldb + j];
        sum += a * b;
        size += fabs((double)a * (double)b);
        flushed += beside_subnormal((double)a, (double)b);
    }
    /* the last term: what is added behind the sum rounds once on either way */
    return (expected){sum + (float)more,
                      ldexp(2 * (double)t->k * size, -24) + ldexp(flushed, -126) + ldexp(2 * (size + fabs(more)), -24)};
}

static bool is_within(float got, const expected *e)
{
    if (isnan(e->sum) || isinf(e->sum))
        return isnan(e->sum) ? isnan(got) : got == e->sum;
    return fabs((double)got - (double)e->sum) <= e->allowed;
}

static void check(const problem *p)
{
    const dpid_bf16_job *t = &p->job;
    for (int64_t i = 0; i < t->m; i++)
        for (int64_t j = 0; j < t->ldc; j++) {
            const float got = t->c[i * t->ldc + j];
            if (j >= t->n) {
                if (got != poison)
                    fail_msg("%s %lldx%lldx%lld wrote behind row %lld", form_names[p->form], (long long)t->m,
                             (long long)t->n, (long long)t->k, (long long)i);
                continue;
            }
            const expected e = expect(p, i, j);
            if (!is_within(got, &e))
                fail_msg("%s %s %lldx%lldx%lld%s: c[%lld,%lld] is %.9g, expected %.9g to %.3g (seed %d)",
                         form_names[p->form], kind_names[p->kind], (long long)t->m, (long long)t->n, (long long)t->k,
                         p->add      ? " added"
                         : p->biased ? " with bias"
                                     : "",
                         (long long)i, (long long)j, (double)got, (double)e.sum, e.allowed, SEED);
        }
}

/* ---- tests ---------------------------------------------------------------------------------------------- */

static const int64_t sizes[][3] = {{1, 1, 1},    {1, 7, 2},    {5, 1, 3},    {0, 3, 2},     {3, 0, 2},     {3, 2, 0},
                                   {13, 33, 19}, {49, 64, 15}, {12, 31, 64}, {97, 65, 129}, {17, 16, 1001}};

static void need_instruction(void)
{
    if (dpid_isa_has_bf16())
        return;
    print_message("this CPU or build has no AVX512-BF16\n");
    skip();
}

static void every_form_is_within_the_bound(void **state)
{
    (void)state;
    need_instruction();
    deepid_ctx *ctx = new_ctx(3);
    for (int form = 0; form < FORMS; form++)
        for (int kind = 0; kind < KINDS; kind++)
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
                for (int variant = 0; variant < 3; variant++) {
                    problem p = make(form, (numbers_kind)kind, sizes[s][0], sizes[s][1], sizes[s][2], variant);
                    multiply(variant ? dpid_ctx_pool(ctx) : NULL, &p);
                    check(&p);
                    drop(&p);
                }
    deepid_ctx_destroy(ctx);
}

static void the_bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    need_instruction();
    for (int form = 0; form < FORMS; form++) {
        problem one = make(form, PLAIN, 300, 100, 77, 1);
        multiply(NULL, &one);
        for (int32_t threads = 2; threads < 6; threads++) {
            deepid_ctx *ctx = new_ctx(threads);
            problem many = make(form, PLAIN, 300, 100, 77, 1);
            multiply(dpid_ctx_pool(ctx), &many);
            assert_memory_equal(many.job.c, one.job.c, sizeof(float) * (size_t)(300 * one.job.ldc));
            drop(&many);
            deepid_ctx_destroy(ctx);
        }
        drop(&one);
    }
}

/* A row has the bits that it has alone. */
static void the_bits_of_a_row_do_not_depend_on_the_others(void **state)
{
    (void)state;
    need_instruction();
    problem all = make(NN, PLAIN, 61, 40, 55, 0);
    multiply(NULL, &all);
    for (int64_t i = 0; i < all.job.m; i++) {
        problem row = make(NN, PLAIN, 1, 40, 55, 0);
        row.job.a = all.a + i * all.job.lda;
        multiply(NULL, &row);
        assert_memory_equal(row.job.c, all.job.c + i * all.job.ldc, sizeof(float) * 40);
        drop(&row);
    }
    drop(&all);
}

static void sizes_beyond_counting_are_refused(void **state)
{
    (void)state;
    int64_t bytes;
    assert_false(dpid_bf16_product_bytes(INT64_MAX / 2, 8, 8, &bytes));
    assert_false(dpid_bf16_product_bytes(8, 8, INT64_MAX / 8, &bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_within_the_bound),
        cmocka_unit_test(the_bits_do_not_depend_on_threads),
        cmocka_unit_test(the_bits_of_a_row_do_not_depend_on_the_others),
        cmocka_unit_test(sizes_beyond_counting_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
