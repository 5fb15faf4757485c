/* Mean squared error: L = mean over i and j of (z_ij - t_ij)^2.      Derivation: squared_error.md
   Reference: squared_error_ref.c */
#include "ops/loss.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

/* dz = 2 (z - t) / (n width) */
void DPID_T(dpid_squared_error)(dpid_loss_pass *pass);
void DPID_T(dpid_squared_error)(dpid_loss_pass *pass)
{
    const real *z = pass->z;
    const real *t = pass->targets;
    real *dz = pass->dz;
    const wide count = (wide)(pass->total > 0 ? pass->total : (double)pass->n) * (wide)pass->width;
    wide sum = 0;
    for (int64_t i = 0; i < pass->n; i++) {
        wide row = 0;
        for (int64_t k = i * pass->width; k < (i + 1) * pass->width; k++) {
            const wide d = (wide)z[k] - (wide)t[k];
            row += d * d;
            if (dz)
                dz[k] = (real)(2 * d / count);
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

#define DECLARE(suffix, real) void dpid_squared_error_##suffix(dpid_loss_pass *pass);
DPID_ISA_EACH(DECLARE)

/* Cauchy and Schwarz */
static double bound(const dpid_value *option, double loss, double d)
{
    (void)option;
    return d * (2 * sqrt(loss) + d);
}

const dpid_loss dpid_loss_squared_error = {
    .word = "squared_error",
    .help = "mean over samples and outputs of (z - target)^2",
    .bound = bound,
    .run = DPID_ISA_TABLE(dpid_squared_error),
};

int32_t deepid_squared_error_forward(const deepid_tensor *z, const deepid_tensor *targets, double *loss)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx, dpid_loss_primitive(&dpid_loss_squared_error, NULL, z, NULL, targets, NULL, loss));
}

int32_t deepid_squared_error_backward(const deepid_tensor *z, const deepid_tensor *targets, deepid_tensor *dz)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx, dpid_loss_primitive(&dpid_loss_squared_error, NULL, z, NULL, targets, dz, NULL));
}
#endif
