/* What is not finite stays where it is: at units that let nothing through, and in the outputs that see it. */
#include "support/support.h"

#include "net/net.h"
#include "ops/conv2d/conv2d.h"

#include <math.h>

/* ---- units without a slope ------------------------------------------------------------------------- */

enum { UNITS = 64 };

/* dx for dy everywhere the same, at x = -8, -7.75, ..; -1.5, where hardswish turns, is left out */
static void backward_at(const dpid_op *op, dpid_isa isa, dpid_precision p, double dy, double weight, double *dx)
{
    long double x[UNITS], y[UNITS], d[UNITS], out[UNITS], w[1];
    const dpid_kernels *kernels = op->kind->kernels[isa][p];
    for (int i = 0; i < UNITS; i++) {
        dpid_store(p, x, i, -8 + 0.25 * i == -1.5 ? 5 : -8 + 0.25 * i);
        dpid_store(p, d, i, dy);
    }
    dpid_store(p, w, 0, weight);
    dpid_pass pass = {.op = op,
                      .mode = DPID_TRAIN,
                      .n = UNITS,
                      .x = x,
                      .y = y,
                      .dy = d,
                      .dx = out,
                      .parameter = {w},
                      .dparameter = {NULL}};
    kernels->forward(&pass);
    kernels->backward(&pass);
    for (int i = 0; i < UNITS; i++)
        dx[i] = dpid_fetch(p, out, i);
}

/* Where a gradient of 1 becomes 0, infinities and NaN do. Elsewhere they come through. Of kinds with kinks, in every
   precision and instruction set. */
static void check_kind(deepid_ctx *ctx, const dpid_kind *kind, const char *options, double weight, int64_t least)
{
    static const double values[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
    const dpid_shape one = {1, {1}};
    dpid_op op;
    OK(dpid_op_create(ctx, kind, dpid_span_of(options), &one, &op));
    for (int isa = 0; deepid_isa_word(isa); isa++) {
        for (int p = 0; p < DPID_PRECISIONS; p++) {
            double slope[UNITS], dx[UNITS];
            int64_t dead = 0;
            backward_at(&op, (dpid_isa)isa, (dpid_precision)p, 1, weight, slope);
            for (int v = 0; v < 3; v++) {
                backward_at(&op, (dpid_isa)isa, (dpid_precision)p, values[v], weight, dx);
                for (int i = 0; i < UNITS; i++) {
                    dead += slope[i] == 0;
                    if (slope[i] == 0 ? dx[i] != 0 : isfinite(dx[i]))
                        fail_msg("%s %s, %s, precision %d: dy = %g at x = %g gives %g, the slope is %g", kind->word,
                                 options, deepid_isa_word(isa), p, values[v], -8 + 0.25 * i, dx[i], slope[i]);
                }
            }
            assert_true(dead >= 3 * least);
        }
    }
}

static void a_unit_without_slope_lets_nothing_through(void **state)
{
    static const struct {
        const char *word, *options;
        double weight;
        int64_t least; /* units that are dead */
    } cases[] = {{"relu", "", 0, 32},     {"leaky_relu", "slope=0", 0, 32},   {"elu", "alpha=0", 0, 32},
                 {"hardtanh", "", 0, 50}, {"hardtanh", "min=0 max=6", 0, 34}, {"hardswish", "", 0, 20},
                 {"prelu", "", 0, 32},    {"dropout", "p=0.5", 0, 16}};
    deepid_ctx *ctx = new_ctx(1);
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        check_kind(ctx, dpid_kind_find(dpid_span_of(cases[c].word)), cases[c].options, cases[c].weight, cases[c].least);
    for (int64_t i = 0; dpid_kind_at(i); i++)
        if ((dpid_kind_at(i)->flags & DPID_KIND_ELEMENTWISE) && (dpid_kind_at(i)->flags & DPID_KIND_KINKED))
            check_kind(ctx, dpid_kind_at(i), "", 0.25, 0);
    deepid_ctx_destroy(ctx);
}

/* Limits: no product of 0 and infinity, no square that overflows. */
static void activations_have_their_limits(void **state)
{
    static const struct {
        const char *word, *options;
        double at_low, slope_low, slope_high;
    } cases[] = {{"relu", "", 0, 0, 1},     {"leaky_relu", "slope=0", 0, 0, 1}, {"hardswish", "", 0, 0, 1},
                 {"gelu", "", 0, 0, 1},     {"gelu", "form=tanh", 0, 0, 1},     {"silu", "", 0, 0, 1},
                 {"mish", "", 0, 0, 1},     {"softplus", "", 0, 0, 1},          {"elu", "", -1, 0, 1},
                 {"hardtanh", "", -1, 0, 0}};
    static const double large[] = {1e5, 1e20, 3e38, (double)INFINITY};
    deepid_ctx *ctx = new_ctx(1);
    const dpid_shape shape = {1, {8}};
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        dpid_op op;
        OK(dpid_op_create(ctx, dpid_kind_find(dpid_span_of(cases[c].word)), dpid_span_of(cases[c].options), &shape,
                          &op));
        for (int isa = 0; deepid_isa_word(isa); isa++) {
            for (int p = 0; p < DPID_PRECISIONS; p++) {
                long double x[8], y[8], dy[8], dx[8];
                for (int i = 0; i < 8; i++) {
                    dpid_store((dpid_precision)p, x, i, i < 4 ? -large[i] : large[i - 4]);
                    dpid_store((dpid_precision)p, dy, i, 1);
                }
                const dpid_pass pass = {.op = &op, .n = 1, .x = x, .y = y, .dy = dy, .dx = dx};
                op.kind->kernels[isa][p]->forward(&pass);
                op.kind->kernels[isa][p]->backward(&pass);
                for (int i = 0; i < 8; i++) {
                    const double slope = i < 4 ? cases[c].slope_low : cases[c].slope_high;
                    if (dpid_fetch((dpid_precision)p, dx, i) != slope ||
                        (i < 4 && dpid_fetch((dpid_precision)p, y, i) != cases[c].at_low))
                        fail_msg("%s %s, precision %d: at %g it is %g with slope %g, expected slope %g", cases[c].word,
                                 cases[c].options, p, i < 4 ? -large[i] : large[i - 4],
                                 dpid_fetch((dpid_precision)p, y, i), dpid_fetch((dpid_precision)p, dx, i), slope);
                }
            }
        }
    }
    deepid_ctx_destroy(ctx);
}

static void clipping_has_its_ends_in_order(void **state)
{
    static const char *const bad[] = {"min=1 max=0", "min=2", "max=-1", "min=1 max=1"};
    deepid_ctx *ctx = new_ctx(1);
    const dpid_shape shape = {1, {8}};
    dpid_op op;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REFUSED(dpid_op_create(ctx, dpid_kind_find(dpid_span_of("hardtanh")), dpid_span_of(bad[i]), &shape, &op),
                DEEPID_ERR_SPEC, "expected min below max");
    deepid_ctx_destroy(ctx);
}

/* ---- Winograd ------------------------------------------------------------------------------------------ */

enum { N = 5 };

typedef struct {
    double *x, *w, *dy, *y, *dx, *dw;
    int64_t in, out, weights;
} arrays;

static void run(deepid_ctx *ctx, const dpid_op *op, dpid_precision p, bool exact, arrays *a)
{
    const dpid_kernels *kernels = op->kind->kernels[ctx->isa][p];
    dpid_pool *pool = dpid_ctx_pool(ctx);
    const int64_t scratch = dpid_op_scratch(op, N, dpid_pool_workers(pool));
    const int64_t counts[] = {a->in, a->weights, a->out, a->out, a->in, a->weights, scratch};
    double *const from[] = {a->x, a->w, a->dy, NULL, NULL, NULL, NULL};
    void *memory[7];
    for (int i = 0; i < 7; i++) {
        memory[i] = calloc((size_t)counts[i], sizeof(double));
        for (int64_t k = 0; from[i] && k < counts[i]; k++)
            dpid_store(p, memory[i], k, from[i][k]);
    }
    const dpid_pass pass = {.op = op,
                            .mode = DPID_TRAIN,
                            .n = N,
                            .x = memory[0],
                            .parameter = {memory[1]},
                            .dy = memory[2],
                            .y = memory[3],
                            .dx = memory[4],
                            .dparameter = {memory[5]},
                            .scratch = memory[6],
                            .pool = pool,
                            .exact = exact};
    double *const to[] = {a->y, a->dx, a->dw};
    kernels->forward(&pass);
    kernels->backward(&pass);
    for (int i = 0; i < 3; i++)
        for (int64_t k = 0; k < counts[3 + i]; k++)
            to[i][k] = dpid_fetch(p, memory[3 + i], k);
    for (int i = 0; i < 7; i++)
        free(memory[i]);
}

/* a and b: not finite at the same places, in the same way; near where they are finite. */
static void same_kind(const char *where, const char *what, int64_t n, const double *a, const double *b)
{
    for (int64_t i = 0; i < n; i++)
        if (isnan(a[i]) != isnan(b[i]) || isinf(a[i]) != isinf(b[i]) || (isinf(a[i]) && a[i] != b[i]) ||
            (isfinite(a[i]) && fabs(a[i] - b[i]) > 1e-3 * fmax(1, fabs(b[i]))))
            fail_msg("%s: %s[%lld] is %g, plain sums give %g", where, what, (long long)i, a[i], b[i]);
}

static double *array(int64_t n)
{
    return malloc(sizeof(double) * (size_t)n);
}

static arrays make_arrays(const dpid_op *op)
{
    arrays a = {.in = N * dpid_shape_count(&op->in), .out = N * dpid_shape_count(&op->out)};
    assert_true(dpid_product(4, op->parameter[0].extents, &a.weights));
    double **each[] = {&a.x, &a.w, &a.dy, &a.y, &a.dx, &a.dw};
    const int64_t counts[] = {a.in, a.weights, a.out, a.out, a.in, a.weights};
    for (int i = 0; i < 6; i++)
        *each[i] = array(counts[i]);
    for (int i = 0; i < 3; i++)
        random_array(70 + (uint64_t)i, counts[i], -1, 1, *each[i]);
    return a;
}

static void drop(arrays *a)
{
    double *all[] = {a->x, a->w, a->dy, a->y, a->dx, a->dw};
    for (int i = 0; i < 6; i++)
        free(all[i]);
}

/* One odd number in x, then in dy, of picture 2: everything is as the plain sums have it, and the other pictures
   keep their bits. */
static void check_odd_number(deepid_ctx *ctx, const dpid_op *op, dpid_precision p, bool in_x, double value)
{
    char where[160];
    arrays clean = make_arrays(op);
    arrays odd = make_arrays(op);
    arrays plain = make_arrays(op);
    double *const from = in_x ? odd.x : odd.dy;
    const int64_t count = (in_x ? odd.in : odd.out) / N;
    const int64_t at = 2 * count + 5 * count / 9;
    snprintf(where, sizeof where, "%s, precision %d, %g in %s, out=%lld", deepid_ctx_isa(ctx), (int)p, value,
             in_x ? "x" : "dy", (long long)op->out.extent[2]);
    from[at] = (in_x ? plain.x : plain.dy)[at] = value;
    run(ctx, op, p, false, &clean);
    run(ctx, op, p, false, &odd);
    run(ctx, op, p, true, &plain);
    same_kind(where, "y", odd.out, odd.y, plain.y);
    same_kind(where, "dx", odd.in, odd.dx, plain.dx);
    same_kind(where, "dw", odd.weights, odd.dw, plain.dw);
    for (int64_t i = 0; i < odd.out; i++)
        if (i / (odd.out / N) != 2 && odd.y[i] != clean.y[i])
            fail_msg("%s: y[%lld] of another picture is %a, was %a", where, (long long)i, odd.y[i], clean.y[i]);
    for (int64_t i = 0; i < odd.in; i++)
        if (i / (odd.in / N) != 2 && odd.dx[i] != clean.dx[i])
            fail_msg("%s: dx[%lld] of another picture is %a, was %a", where, (long long)i, odd.dx[i], clean.dx[i]);
    drop(&plain);
    drop(&odd);
    drop(&clean);
}

static void winograd_keeps_odd_numbers_where_they_belong(void **state)
{
    static const double values[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    static const struct {
        const char *options;
        dpid_shape in;
    } cases[] = {{"out=8 kernel=3 bias=0", {3, {12, 12, 8}}},
                 {"out=16 kernel=3 bias=0", {3, {8, 8, 16}}},
                 {"out=40 kernel=3 padding=2x1x0x2 bias=0", {3, {13, 9, 32}}}};
    (void)state;
    for (int isa = 0; deepid_isa_word(isa); isa++) {
        deepid_ctx *ctx = new_ctx(2);
        OK(deepid_ctx_set_isa(ctx, deepid_isa_word(isa)));
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            dpid_op op;
            OK(dpid_op_create(ctx, dpid_kind_find(dpid_span_of("conv2d")), dpid_span_of(cases[c].options), &cases[c].in,
                              &op));
            assert_true(dpid_conv2d_has_winograd(&op));
            for (int v = 0; v < 3; v++)
                for (int what = 0; what < 2; what++)
                    for (int p = DPID_P32; p <= DPID_P64; p++)
                        check_odd_number(ctx, &op, (dpid_precision)p, what == 0, values[v]);
        }
        deepid_ctx_destroy(ctx);
    }
}

/* 3e37 everywhere with small weights: the plain sums stay below 1e37, the transform of x goes over the largest
   float. */
static void winograd_does_not_overflow_where_the_sums_do_not(void **state)
{
    deepid_ctx *ctx = new_ctx(1);
    const dpid_shape in = {3, {12, 12, 16}};
    dpid_op op;
    (void)state;
    OK(dpid_op_create(ctx, dpid_kind_find(dpid_span_of("conv2d")), dpid_span_of("out=16 kernel=3 bias=0"), &in, &op));
    arrays a = make_arrays(&op);
    for (int64_t i = 0; i < a.in; i++)
        a.x[i] = a.x[i] > 0 ? 3e37 : -3e37;
    for (int64_t i = 0; i < a.weights; i++)
        a.w[i] *= 1e-3;
    run(ctx, &op, DPID_P32, false, &a);
    for (int64_t i = 0; i < a.out; i++)
        assert_true(isfinite(a.y[i]));
    drop(&a);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_without_slope_lets_nothing_through),
        cmocka_unit_test(activations_have_their_limits),
        cmocka_unit_test(clipping_has_its_ends_in_order),
        cmocka_unit_test(winograd_keeps_odd_numbers_where_they_belong),
        cmocka_unit_test(winograd_does_not_overflow_where_the_sums_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
