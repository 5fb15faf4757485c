/* Parametric rectifier: y = x for x >= 0, w[c] x for x < 0; c is the last axis.   Derivation: prelu.md   Reference: prelu_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

/* ---- kernels -------------------------------------------------------------- */

static int64_t channels(const dpid_op *op)
{
    return op->in.extent[op->in.rank - 1];
}

static void prelu_forward(const dpid_pass *pass)
{
    const int64_t c = channels(pass->op);
    const int64_t rows = pass->n * dpid_shape_count(&pass->op->in) / c;
    const real *restrict x = pass->x;
    const real *restrict w = pass->parameter[0];
    real *restrict y = pass->y;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < c; j++)
            y[i * c + j] = x[i * c + j] < 0 ? w[j] * x[i * c + j] : x[i * c + j];
}

/* dx = dy (x > 0 ? 1 : w)      dw += sum over x < 0 of dy x */
static void prelu_backward(const dpid_pass *pass)
{
    const int64_t c = channels(pass->op);
    const int64_t rows = pass->n * dpid_shape_count(&pass->op->in) / c;
    const real *restrict x = pass->x;
    const real *restrict w = pass->parameter[0];
    const real *restrict dy = pass->dy;
    real *restrict dx = pass->dx;
    real *restrict dw = pass->dparameter[0];
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < c; j++) {
            const int64_t k = i * c + j;
            if (dx)
                dx[k] = x[k] > 0 ? dy[k] : dy[k] * w[j];
            if (dw && !(x[k] >= 0))
                dw[j] += dy[k] * x[k];
        }
    }
}

DPID_KERNELS_DECLARE(prelu);
const dpid_kernels DPID_T(dpid_kernels_prelu) = {prelu_forward, prelu_backward, NULL};

/* ---- the kind ---------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/activations.h>

static const dpid_option known[] = {
    {"start", DPID_REAL, 0.25, -1e6, 1e6, NULL, false, "initial slope"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    (void)ctx;
    op->out = op->in;
    op->parameters = 1;
    op->parameter[0] = (dpid_parameter_spec){.name = "weight", .role = DPID_ROLE_SLOPE, .trained = true, .rank = 1, .extents = {channels(op)}, .start = op->option[0].r};
    return DEEPID_OK;
}

extern const dpid_kind dpid_kind_prelu;
const dpid_kind dpid_kind_prelu = {
    .word = "prelu",
    .help = "y = x where x >= 0, w[c] x elsewhere, w trained; options: start=0.25",
    .flags = DPID_KIND_KINKED,
    .options = known,
    .infer = infer,
    .kernels = DPID_KERNELS(prelu),
};

int32_t deepid_prelu_forward(const deepid_tensor *x, const deepid_tensor *w, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_prelu, NULL, DPID_EVAL, x, &w, y);
}

int32_t deepid_prelu_backward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw)
{
    return dpid_primitive_backward(&dpid_kind_prelu, NULL, DPID_EVAL, x, &w, dy, dx, &dw);
}
#endif
