/* Small beside large: losses of large and of small size, batch-norm and layer norm without eps and far from 0. */
#include "support/support.h"

#include "net/net.h"
#include "ops/loss.h"
#include "ops/op.h"

#include <math.h>

/* ---- cross-entropy -------------------------------------------------------------------------------- */

enum { CLASSES = 3000, WIDE = 3 }; /* more classes than a block of exponentials; few */

typedef struct {
    double loss, dz_label, dz_other;
} answer;

/* Logits: `others` everywhere, and `own` at the label. */
static answer loss_of(dpid_isa isa, dpid_precision p, int64_t width, int32_t label, double own, double others,
                      double smoothing)
{
    static long double z[CLASSES], dz[CLASSES];
    const dpid_loss *loss = dpid_set_find(&dpid_losses, dpid_span_of("cross_entropy"));
    const dpid_value option[2] = {{.r = smoothing}};
    for (int64_t k = 0; k < width; k++)
        dpid_store(p, z, k, k == label ? own : others);
    dpid_loss_pass pass = {.option = option, .n = 1, .width = width, .z = z, .labels = &label, .dz = dz};
    loss->run[isa][p](&pass);
    return (answer){pass.loss_sum, dpid_fetch(p, dz, label), dpid_fetch(p, dz, label > 0 ? 0 : 1)};
}

static void close_to(const char *what, dpid_precision p, double own, double others, double got, double expected,
                     double relative)
{
    if (!(fabs(got - expected) <= relative * fabs(expected)))
        fail_msg("precision %d, logits %g and %g: %s is %.17g, expected %.17g", (int)p, own, others, what, got,
                 expected);
}

/* -log p = log1p((width - 1) e^(others - own)); d/dz of the label is p - 1 = -r / (1 + r), of another e / (1 + r),
   with e = e^(others - own), r = (width - 1) e */
static void check_loss(dpid_isa isa, dpid_precision p, int64_t width, double own, double others)
{
    const double rounding = p == DPID_P32 ? 1e-6 : 1e-12; /* of a sum of up to 3000 */
    const double e = exp(others - own);
    const double r = (double)(width - 1) * e;
    const answer a = loss_of(isa, p, width, (int32_t)(width / 2), own, others, 0);
    close_to("the loss", p, own, others, a.loss, r > 1e10 ? log(r) : log1p(r), 1e-12);
    close_to("the label's gradient", p, own, others, a.dz_label, r > 1e300 ? -1 : -r / (1 + r), rounding);
    if (e > 1e-37 && e < 1e37) /* what f32 holds */
        close_to("another's gradient", p, own, others, a.dz_other, e / (1 + r), rounding);
}

static void losses_keep_their_relative_accuracy(void **state)
{
    static const double differences[] = {0, 1, -1, 5, -5, 20, -20, 30, -30, 36, 60, -60};
    static const double large[] = {0, 1024, 0x1p27, 0x1p50, 0x1p100, 1e300};
    (void)state;
    for (int isa = 0; deepid_isa_word(isa); isa++) {
        for (int p = 0; p < DPID_PRECISIONS; p++) {
            for (int64_t width = WIDE; width <= CLASSES; width += CLASSES - WIDE)
                for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
                    /* exact in every precision */
                    check_loss((dpid_isa)isa, (dpid_precision)p, width, differences[i] + 64, 64);
            for (size_t i = 0; i < sizeof large / sizeof *large; i++)
                if (p != DPID_P32 || large[i] < 1e38)
                    check_loss((dpid_isa)isa, (dpid_precision)p, WIDE, large[i], large[i]);
        }
    }
}

/* Smoothing: (1 - s) (-log p) + s / width sum_k -log p_k; at equal logits log(width), whatever s and however large
   they are. */
static void smoothed_losses_of_large_logits_are_right(void **state)
{
    (void)state;
    for (int p = 0; p < DPID_PRECISIONS; p++)
        for (double s = 0; s <= 1; s += 0.25)
            close_to("the smoothed loss", (dpid_precision)p, 1e30, 1e30,
                     loss_of(DPID_ISA_BASELINE, (dpid_precision)p, WIDE, 1, 0x1p100, 0x1p100, s).loss, log(3), 1e-14);
}

/* ---- normalisation ---------------------------------------------------------------------------------- */

enum { ROWS = 64, CHANNELS = 16, COUNT = ROWS * CHANNELS, FIXED = 64 * CHANNELS };

typedef struct {
    double x[COUNT], dy[COUNT], y[COUNT], dx[COUNT], dgamma[CHANNELS], dbeta[CHANNELS];
    double beta;
} batch;

static void normalise(deepid_ctx *ctx, const char *kind, const char *options, dpid_isa isa, dpid_precision p,
                      dpid_mode mode, const double *variance, batch *b)
{
    static long double x[COUNT], y[COUNT], dy[COUNT], dx[COUNT], parameter[4][CHANNELS], gradient[2][CHANNELS],
        saved[FIXED + 3 * ROWS], scratch[1 << 16];
    const dpid_shape in = {1, {CHANNELS}};
    dpid_op op;
    OK(dpid_op_create(ctx, dpid_kind_find(dpid_span_of(kind)), dpid_span_of(options), &in, &op));
    assert_true(op.saved_fixed <= FIXED && dpid_op_scratch(&op, ROWS, 1) <= 1 << 16);
    for (int i = 0; i < COUNT; i++) {
        dpid_store(p, x, i, b->x[i]);
        dpid_store(p, dy, i, b->dy[i]);
    }
    for (int j = 0; j < CHANNELS; j++) {
        const double values[] = {1, b->beta, b->x[j], variance ? variance[j] : 1};
        for (int k = 0; k < 4; k++)
            dpid_store(p, parameter[k], j, values[k]);
        dpid_store(p, gradient[0], j, 0);
        dpid_store(p, gradient[1], j, 0);
    }
    const dpid_pass pass = {.op = &op,
                            .mode = mode,
                            .n = ROWS,
                            .x = x,
                            .y = y,
                            .dy = dy,
                            .dx = dx,
                            .parameter = {parameter[0], parameter[1], parameter[2], parameter[3]},
                            .dparameter = {gradient[0], gradient[1]},
                            .saved = saved,
                            .scratch = scratch};
    op.kind->kernels[isa][p]->forward(&pass);
    op.kind->kernels[isa][p]->backward(&pass);
    for (int i = 0; i < COUNT; i++) {
        b->y[i] = dpid_fetch(p, y, i);
        b->dx[i] = dpid_fetch(p, dx, i);
    }
    for (int j = 0; j < CHANNELS; j++) {
        b->dgamma[j] = dpid_fetch(p, gradient[0], j);
        b->dbeta[j] = dpid_fetch(p, gradient[1], j);
    }
}

/* eps=0 and no deviation: exactly beta, and no gradient. A channel beside it is normalised as ever. */
static void a_constant_gives_beta_without_eps(void **state)
{
    static const struct {
        const char *kind, *options;
        dpid_mode mode;
    } cases[] = {{"batchnorm", "eps=0", DPID_TRAIN},
                 {"batchnorm", "eps=0", DPID_EVAL},
                 {"batchnorm", "eps=0 backward_eps=1e-5", DPID_TRAIN},
                 {"layernorm", "eps=0", DPID_TRAIN},
                 {"batchnorm", "", DPID_TRAIN},
                 {"layernorm", "", DPID_EVAL}};
    static batch b;
    deepid_ctx *ctx = new_ctx(1);
    (void)state;
    random_array(9, COUNT, -1, 1, b.dy);
    b.beta = 0.25;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const bool rows = strcmp(cases[c].kind, "layernorm") == 0;
        double variance[CHANNELS];
        for (int i = 0; i < COUNT; i++) {
            const bool constant = rows ? i / CHANNELS % 2 == 0 : i % CHANNELS % 2 == 0;
            b.x[i] = constant ? 3.7 : sin(i);
            variance[i % CHANNELS] = i % CHANNELS % 2 == 0 ? 0 : 1;
        }
        for (int isa = 0; deepid_isa_word(isa); isa++) {
            for (int p = 0; p < DPID_PRECISIONS; p++) {
                normalise(ctx, cases[c].kind, cases[c].options, (dpid_isa)isa, (dpid_precision)p, cases[c].mode,
                          variance, &b);
                for (int i = 0; i < COUNT; i++) {
                    const bool constant = rows ? i / CHANNELS % 2 == 0 : i % CHANNELS % 2 == 0;
                    /* row 0 is the running mean */
                    if (!isfinite(b.y[i]) || !isfinite(b.dx[i]) || (constant && b.y[i] != 0.25) ||
                        (!constant && i >= CHANNELS && b.y[i] == 0.25))
                        fail_msg("%s %s, precision %d: y[%d] is %g with gradient %g", cases[c].kind, cases[c].options,
                                 p, i, b.y[i], b.dx[i]);
                    if (constant && strcmp(cases[c].options, "eps=0") == 0 && cases[c].mode == DPID_TRAIN &&
                        b.dx[i] != 0)
                        fail_msg("%s %s, precision %d: dx[%d] of a constant is %g", cases[c].kind, cases[c].options, p,
                                 i, b.dx[i]);
                }
                for (int j = 0; j < CHANNELS; j++)
                    assert_true(isfinite(b.dgamma[j]) && isfinite(b.dbeta[j]));
            }
        }
    }
    deepid_ctx_destroy(ctx);
}

/* Far from 0: x = 1e4 + d with d of size 1e-2, in numbers that f32 holds exactly, is normalised as d alone. In f32
   the spacing of numbers at 1e4 is 2^-10, so d is a multiple of it, and the mean lies between two numbers, 5 % of
   the deviation from either. What is allowed: some roundings of a y of size 1. */
static void far_from_zero_is_as_near_it(void **state)
{
    static const char *const kinds[] = {"batchnorm", "layernorm"};
    static batch near, far;
    deepid_ctx *ctx = new_ctx(1);
    (void)state;
    random_array(5, COUNT, -16.4, 16.4, near.x);
    random_array(6, COUNT, -1, 1, near.dy);
    for (int i = 0; i < COUNT; i++) {
        near.x[i] = round(near.x[i]) * 0x1p-10;
        far.x[i] = 10000 + near.x[i];
        far.dy[i] = near.dy[i];
    }
    for (int k = 0; k < 2; k++) {
        for (int isa = 0; deepid_isa_word(isa); isa++) {
            double off[3] = {0};
            normalise(ctx, kinds[k], "", DPID_ISA_BASELINE, DPID_P64, DPID_TRAIN, NULL, &near);
            normalise(ctx, kinds[k], "", (dpid_isa)isa, DPID_P32, DPID_TRAIN, NULL, &far);
            for (int i = 0; i < COUNT; i++) {
                off[0] = fmax(off[0], fabs(far.y[i] - near.y[i]));
                off[1] = fmax(off[1], fabs(far.dx[i] - near.dx[i]) / 100); /* 1 / deviation */
            }
            for (int j = 0; j < CHANNELS; j++)
                off[2] = fmax(off[2], fabs(far.dgamma[j] - near.dgamma[j]) / 8); /* sqrt of the rows */
            if (!(off[0] < 2e-6 && off[1] < 2e-6 && off[2] < 2e-6))
                fail_msg("%s, %s: y, dx and dgamma are off by %.3g, %.3g, %.3g of their size", kinds[k],
                         deepid_isa_word(isa), off[0], off[1], off[2]);
        }
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_keep_their_relative_accuracy),
        cmocka_unit_test(smoothed_losses_of_large_logits_are_right),
        cmocka_unit_test(a_constant_gives_beta_without_eps),
        cmocka_unit_test(far_from_zero_is_as_near_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
