/* Mean over all pixels: [h, w, c] becomes [c].   Derivation: global_avgpool.md   Reference: global_avgpool_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

static void global_avgpool_forward(const dpid_pass *pass)
{
    const int64_t c = pass->op->out.extent[0];
    const int64_t pixels = dpid_shape_count(&pass->op->in) / c;
    const real *restrict x = pass->x;
    real *restrict y = pass->y;
    for (int64_t image = 0; image < pass->n; image++, x += pixels * c, y += c) {
        for (int64_t j = 0; j < c; j++)
            y[j] = 0;
        for (int64_t i = 0; i < pixels; i++)
            for (int64_t j = 0; j < c; j++)
                y[j] += x[i * c + j];
        for (int64_t j = 0; j < c; j++)
            y[j] /= (real)pixels;
    }
}

/* dx = dy / pixels */
static void global_avgpool_backward(const dpid_pass *pass)
{
    const int64_t c = pass->op->out.extent[0];
    const int64_t pixels = dpid_shape_count(&pass->op->in) / c;
    const real *restrict dy = pass->dy;
    real *restrict dx = pass->dx;
    for (int64_t image = 0; dx && image < pass->n; image++, dy += c)
        for (int64_t i = 0; i < pixels; i++)
            for (int64_t j = 0; j < c; j++)
                *dx++ = dy[j] / (real)pixels;
}

DPID_KERNELS_DECLARE(global_avgpool);
const dpid_kernels DPID_T(dpid_kernels_global_avgpool) = {global_avgpool_forward, global_avgpool_backward, NULL};

/* ---- the kind ----------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    if (op->in.rank != 3)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "global_avgpool: input is %s, expected height x width x channels", dpid_shape_text(op->in.rank, op->in.extent).text);
    op->out = (dpid_shape){1, {op->in.extent[2]}};
    return DEEPID_OK;
}

extern const dpid_kind dpid_kind_global_avgpool;
const dpid_kind dpid_kind_global_avgpool = {
    .word = "global_avgpool",
    .help = "mean over all pixels: [h, w, c] becomes [c]",
    .infer = infer,
    .kernels = DPID_KERNELS(global_avgpool),
};

int32_t deepid_global_avgpool_forward(const deepid_tensor *x, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_global_avgpool, NULL, DPID_EVAL, x, NULL, y);
}

int32_t deepid_global_avgpool_backward(const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx)
{
    return dpid_primitive_backward(&dpid_kind_global_avgpool, NULL, DPID_EVAL, x, NULL, dy, dx, NULL);
}
#endif
