/* Softmax cross-entropy: L = mean over i of -sum_k t_ik log softmax(z_i)_k,  t = (1 - smoothing) onehot + smoothing / classes.   Derivation: cross_entropy.md   Reference: cross_entropy_ref.c */
#include "ops/loss.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

/* log sum_k e^z_k = top + log sum_k e^(z_k - top); *best: first arg max, -1 with a NaN in the row */
static wide log_sum_exp(const real *z, int64_t width, int64_t *best)
{
    int64_t top = 0;
    bool nan = z[0] != z[0];
    for (int64_t k = 1; k < width; k++) {
        nan |= z[k] != z[k];
        if (z[k] > z[top])
            top = k;
    }
    *best = nan ? -1 : top;
    wide sum = 0;
    for (int64_t k = 0; k < width; k++)
        sum += exp((wide)z[k] - (wide)z[top]);
    return (wide)z[top] + log(sum);
}

/* -sum_k t_k (z_k - lse) */
static wide row_loss(const real *z, int64_t width, int64_t label, wide smoothing, wide lse)
{
    wide loss = (1 - smoothing) * (lse - (wide)z[label]);
    for (int64_t k = 0; smoothing > 0 && k < width; k++)
        loss += smoothing / (wide)width * (lse - (wide)z[k]);
    return loss;
}

/* dz = (softmax(z) - t) / n */
static void row_gradient(const real *z, int64_t width, int64_t label, wide smoothing, wide lse, int64_t n, real *dz)
{
    for (int64_t k = 0; k < width; k++) {
        const wide target = smoothing / (wide)width + (k == label ? 1 - smoothing : 0);
        dz[k] = (real)((exp((wide)z[k] - lse) - target) / (wide)n);
    }
}

void DPID_T(dpid_cross_entropy)(dpid_loss_pass *pass);
void DPID_T(dpid_cross_entropy)(dpid_loss_pass *pass)
{
    const real *z = pass->z;
    const wide smoothing = (wide)pass->option[0].r;
    wide sum = 0;
    pass->wrong = 0;
    for (int64_t i = 0; i < pass->n; i++, z += pass->width) {
        int64_t best;
        const wide lse = log_sum_exp(z, pass->width, &best);
        sum += row_loss(z, pass->width, pass->labels[i], smoothing, lse);
        pass->wrong += best != pass->labels[i];
        if (pass->dz)
            row_gradient(z, pass->width, pass->labels[i], smoothing, lse, pass->n, (real *)pass->dz + i * pass->width);
    }
    pass->loss_sum = (double)sum;
}

/* ---- the loss ------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/losses.h>

#define DECLARE(suffix, real) void dpid_cross_entropy_##suffix(dpid_loss_pass *pass);
DPID_ISA_EACH(DECLARE)

static const dpid_option known[] = {
    {"smoothing", DPID_REAL, 0, 0, 1, NULL, false, "share of the target spread evenly over the classes"},
    {0},
};

extern const dpid_loss dpid_loss_cross_entropy;
const dpid_loss dpid_loss_cross_entropy = {
    .word = "cross_entropy",
    .help = "mean of -log softmax(z)[label], in nats; options: smoothing=0",
    .options = known,
    .takes_labels = true,
    .run = DPID_ISA_TABLE(dpid_cross_entropy),
};

int32_t deepid_cross_entropy_forward(const char *options, const deepid_tensor *z, const int32_t *labels, double *loss)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx, dpid_loss_primitive(&dpid_loss_cross_entropy, options, z, labels, NULL, NULL, loss));
}

int32_t deepid_cross_entropy_backward(const char *options, const deepid_tensor *z, const int32_t *labels, deepid_tensor *dz)
{
    DPID_TRY(dpid_enter(z, DPID_MAGIC_TENSOR));
    return dpid_leave(z->head.ctx, dpid_loss_primitive(&dpid_loss_cross_entropy, options, z, labels, NULL, dz, NULL));
}
#endif
