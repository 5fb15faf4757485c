/* Convolutions of bf16 numbers by AVX512-BF16 beside the same ones in float: outputs and input gradients within the
   bound of tensor/bf16_product.h on random numbers, numbers of all sizes, subnormal ones; infinities and NaN in the
   same places; weight gradients and what does not fit with the same bits; any number of threads. Skipped where the CPU
   has no such instruction. */
#include "support/support.h"

#include "base/base.h"
#include "ops/conv2d/conv2d.h"
#include "ops/op.h"
#include "tensor/half.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 20261202 };

typedef enum { PLAIN, ALL_SIZES, SUBNORMAL, SPECIAL, KINDS } numbers_kind;
static const char *const kind_names[] = {"plain", "all sizes", "subnormal", "special"};

typedef struct {
    const char *options;
    dpid_shape in;
    int64_t n;
    bool fits;
} shape_case;

static const shape_case cases[] = {
    {"out=32 kernel=1", {3, {5, 7, 16}}, 3, true},
    {"out=20 kernel=1 stride=2 bias=0", {3, {9, 6, 6}}, 5, true},
    {"out=48 kernel=3 stride=2", {3, {11, 10, 32}}, 2, true},
    {"out=18 kernel=3 groups=3 padding=0", {3, {8, 7, 12}}, 4, true},
    {"out=10 kernel=2x3 dilation=2", {3, {9, 9, 4}}, 9, true},
    {"out=4 kernel=5 stride=3", {3, {13, 13, 2}}, 2, true},
    {"out=16 kernel=3 stride=2", {3, {9, 9, 3}}, 2, false}, /* the input gradient fits */
};

typedef struct {
    deepid_ctx *ctx;
    dpid_op op;
    int64_t n, in, weights, out, channels;
} conv;

static conv open_conv(const shape_case *c, int32_t threads)
{
    deepid_ctx *ctx = new_ctx(threads);
    conv v = {.ctx = ctx, .n = c->n};
    OK(dpid_op_create(ctx, &dpid_kind_conv2d, dpid_span_of(c->options), &c->in, &v.op));
    v.in = v.n * dpid_shape_count(&v.op.in);
    v.out = v.n * dpid_shape_count(&v.op.out);
    v.channels = v.op.parameter[0].extents[0];
    v.weights = v.channels * v.op.parameter[0].fan_in;
    return v;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static float number(numbers_kind kind, dpid_random *random)
{
    static const float special[] = {INFINITY, -INFINITY, NAN, 0, -0.0F, 1, -2, 3};
    const double x = 2 * dpid_random_uniform(random) - 1;
    const int64_t r = dpid_random_below(random, 256);
    switch (kind) {
    case ALL_SIZES:
        return dpid_bf16_rounded((float)ldexp(x, (int)dpid_random_below(random, 120) - 60));
    case SUBNORMAL:
        return dpid_bf16_rounded((float)ldexp(x, r < 64 ? -128 : r < 128 ? -60 : r < 160 ? -133 : 0));
    case SPECIAL:
        return r < 8 ? special[r] : dpid_bf16_rounded((float)x);
    default:
        return dpid_bf16_rounded((float)x);
    }
}

static float *numbers(numbers_kind kind, uint32_t stream, int64_t n)
{
    float *x = malloc(sizeof *x * (size_t)(n + 1));
    dpid_random random = dpid_random_make(SEED, stream, 0);
    for (int64_t i = 0; i < n; i++)
        x[i] = number(kind, &random);
    return x;
}

/* ---- a run: y, dx, dw, one behind the other --------------------------------------------------------------- */

static float *run(const conv *v, const float *x, const float *w, const float *b, const float *dy, bool native)
{
    dpid_pool *pool = dpid_ctx_pool(v->ctx);
    const int64_t scratch = dpid_op_scratch(&v->op, v->n, dpid_pool_workers(pool));
    float *all = calloc((size_t)(v->out + v->in + v->weights), sizeof *all);
    float *db = calloc((size_t)v->channels, sizeof *db);
    float *memory = malloc((size_t)(scratch + 1) * sizeof *memory);
    memset(memory, 0xff, (size_t)scratch * sizeof *memory); /* NaN */
    const dpid_pass pass = {.op = &v->op,
                            .mode = DPID_TRAIN,
                            .n = v->n,
                            .x = x,
                            .y = all,
                            .dy = dy,
                            .dx = all + v->out,
                            .parameter = {(void *)(uintptr_t)w, v->op.parameters > 1 ? (void *)(uintptr_t)b : NULL},
                            .dparameter = {all + v->out + v->in, v->op.parameters > 1 ? db : NULL},
                            .scratch = memory,
                            .pool = pool,
                            .native = native ? memory : NULL,
                            .exact = true};
    v->op.kind->kernels[DPID_ISA_AVX512][DPID_P32]->forward(&pass);
    v->op.kind->kernels[DPID_ISA_AVX512][DPID_P32]->backward(&pass);
    free(memory);
    free(db);
    return all;
}

/* ---- the bound: sums of sizes are convolutions of sizes, here in float with a little more ------------------- */

static float size_of(float x)
{
    return isfinite(x) ? fabsf(x) : 0;
}

static float is_subnormal(float x)
{
    return x != 0 && fabsf(x) < 0x1p-126F ? 1 : 0;
}

static float *each(int64_t n, const float *x, float (*of)(float x))
{
    float *y = malloc(sizeof *y * (size_t)(n + 1));
    for (int64_t i = 0; i < n; i++)
        y[i] = of(x[i]);
    return y;
}

/* y and dx of f(x), g(w), f(dy), and no bias. */
static float *run_of(const conv *v, const float *x, const float *w, const float *dy, float (*f)(float x),
                     float (*g)(float x))
{
    float *fx = each(v->in, x, f);
    float *gw = each(v->weights, w, g);
    float *fdy = each(v->out, dy, f);
    float *zeros = calloc((size_t)v->channels, sizeof *zeros);
    float *all = run(v, fx, gw, zeros, fdy, false);
    free(zeros);
    free(fdy);
    free(gw);
    free(fx);
    return all;
}

static bool is_near(float got, float expected, double allowed)
{
    if (!isfinite(expected))
        return isnan(expected) ? isnan(got) : got == expected;
    return fabs((double)got - (double)expected) <= allowed;
}

static void check_case(const shape_case *c, numbers_kind kind)
{
    const conv v = open_conv(c, 3);
    float *x = numbers(kind, 1, v.in);
    float *w = numbers(kind, 2, v.weights);
    float *dy = numbers(kind, 3, v.out);
    float *b = numbers(PLAIN, 4, v.channels);
    float *expected = run(&v, x, w, b, dy, false);
    float *got = run(&v, x, w, b, dy, true);
    float *size = run_of(&v, x, w, dy, size_of, size_of);
    float *left = run_of(&v, x, w, dy, is_subnormal, size_of);
    float *right = run_of(&v, x, w, dy, size_of, is_subnormal);
    const double bias = v.op.parameters > 1 ? 1 : 0;                         /* is a term too */
    const double k = (double)(v.weights / v.channels * 9 + v.channels * 25); /* more than either sum has terms */
    for (int64_t i = 0; i < v.out + v.in; i++) {
        const double allowed = ldexp(2 * k * ((double)size[i] + bias), -24) +
                               ldexp(2 * k + 1.1 * ((double)left[i] + (double)right[i]), -126);
        if (!is_near(got[i], expected[i], allowed))
            fail_msg("%s on %s, %s: %s[%lld] is %.9g, expected %.9g to %.3g (seed %d)", c->options,
                     dpid_shape_text(3, c->in.extent).text, kind_names[kind], i < v.out ? "y" : "dx",
                     (long long)(i < v.out ? i : i - v.out), (double)got[i], (double)expected[i], allowed, SEED);
    }
    assert_memory_equal(got + v.out + v.in, expected + v.out + v.in, sizeof *got * (size_t)v.weights);
    if (kind == PLAIN)
        assert_int_equal(memcmp(got, expected, sizeof *got * (size_t)v.out) != 0, c->fits);
    float *const all[] = {x, w, dy, b, expected, got, size, left, right};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    deepid_ctx_destroy(v.ctx);
}

static void need_instruction(void)
{
    if (dpid_isa_has_bf16())
        return;
    print_message("this CPU or build has no AVX512-BF16\n");
    skip();
}

static void convolutions_are_within_the_bound(void **state)
{
    (void)state;
    need_instruction();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int kind = 0; kind < KINDS; kind++)
            check_case(&cases[i], (numbers_kind)kind);
}

static void the_bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    need_instruction();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float *first = NULL;
        for (int32_t threads = 1; threads < 5; threads++) {
            const conv v = open_conv(&cases[i], threads);
            float *x = numbers(PLAIN, 1, v.in);
            float *w = numbers(PLAIN, 2, v.weights);
            float *dy = numbers(PLAIN, 3, v.out);
            float *got = run(&v, x, w, x, dy, true);
            if (first)
                assert_memory_equal(got, first, sizeof *got * (size_t)(v.out + v.in + v.weights));
            if (first)
                free(got);
            else
                first = got;
            free(x);
            free(w);
            free(dy);
            deepid_ctx_destroy(v.ctx);
        }
        free(first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_are_within_the_bound),
        cmocka_unit_test(the_bits_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
