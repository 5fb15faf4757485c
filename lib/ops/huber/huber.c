/* Huber's loss: L = mean over i and j of s (d - s / 2), d = z_ij - t_ij, s = d cut to -delta..delta.
   Derivation: huber.md      Reference: huber_ref.c */
#include "ops/loss.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

/* dz = s / (n width) */
void DPID_T(dpid_huber)(dpid_loss_pass *pass);
void DPID_T(dpid_huber)(dpid_loss_pass *pass)
{
    const real *z = pass->z;
    const real *t = pass->targets;
    real *dz = pass->dz;
    const wide delta = (wide)pass->option[0].r;
    const wide count = (wide)(pass->total > 0 ? pass->total : (double)pass->n) * (wide)pass->width;
    wide sum = 0;
    for (int64_t i = 0; i < pass->n; i++) {
        wide row = 0;
        for (int64_t k = i * pass->width; k < (i + 1) * pass->width; k++) {
            const wide d = (wide)z[k] - (wide)t[k];
            const wide s = d > delta ? delta : d < -delta ? -delta : d;
            row += s * (d - s / 2);
            if (dz)
                dz[k] = (real)(s / count);
        }
        row /= (wide)pass->width;
        if (pass->each)
            pass->each[i] = (double)row;
        sum += row;
    }
    pass->loss_sum = (double)sum;
    pass->wrong = 0;
}

/* ---- the loss ---------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/losses.h>

#include <math.h>

#define DECLARE(suffix, real) void dpid_huber_##suffix(dpid_loss_pass *pass);
DPID_ISA_EACH(DECLARE)

static const dpid_option known[] = {
    {"delta", DPID_REAL, 1, 1e-12, 1e12, NULL, false, "where the square becomes a straight line"},
    {0},
};

static double slope(const dpid_value *option, double away)
{
    return fmax(-option[0].r, fmin(option[0].r, away));
}

/* |h'| is at most delta, and sqrt(2 h); h'' at most 1 */
static double bound(const dpid_value *option, double loss, double d)
{
    return fmin(option[0].r * d, d * (sqrt(2 * loss) + d / 2));
}

const dpid_loss dpid_loss_huber = {
    .word = "huber",
    .help =
        "mean over samples and outputs of d^2 / 2, d = z - target, and of delta (|d| - delta / 2) where |d| is above "
        "delta (Huber 1964); options: delta=1",
    .options = known,
    .slope = slope,
    .bound = bound,
    .run = DPID_ISA_TABLE(dpid_huber),
};

int32_t deepid_huber_forward(const char *options, const deepid_tensor *z, const deepid_tensor *targets, double *loss)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx, dpid_loss_primitive(&dpid_loss_huber, options, z, NULL, targets, NULL, loss));
}

int32_t deepid_huber_backward(const char *options, const deepid_tensor *z, const deepid_tensor *targets,
                              deepid_tensor *dz)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx, dpid_loss_primitive(&dpid_loss_huber, options, z, NULL, targets, dz, NULL));
}
#endif
