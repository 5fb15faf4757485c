/* Mean over all pixels: [h, w, c] becomes [c].   Derivation: global_avgpool.md   Reference: global_avgpool_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

/* ---- kernels: one task is one picture ------------------------------------------- */

static void forward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const int64_t c = pass->op->out.extent[0];
    const int64_t pixels = dpid_shape_count(&pass->op->in) / c;
    const real *restrict x = (const real *)pass->x + image * pixels * c;
    real *restrict y = (real *)pass->y + image * c;
    for (int64_t j = 0; j < c; j++)
        y[j] = 0;
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t j = 0; j < c; j++)
            y[j] += x[i * c + j];
    for (int64_t j = 0; j < c; j++)
        y[j] /= (real)pixels;
}

static void global_avgpool_forward(const dpid_pass *pass)
{
    dpid_pool_run(pass->pool, pass->n, forward_image, (void *)pass);
}

/* dx = dy / pixels */
static void backward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const int64_t c = pass->op->out.extent[0];
    const int64_t pixels = dpid_shape_count(&pass->op->in) / c;
    const real *restrict dy = (const real *)pass->dy + image * c;
    real *restrict dx = (real *)pass->dx + image * pixels * c;
    for (int64_t i = 0; i < pixels; i++)
        for (int64_t j = 0; j < c; j++)
            dx[i * c + j] = dy[j] / (real)pixels;
}

static void global_avgpool_backward(const dpid_pass *pass)
{
    if (pass->dx)
        dpid_pool_run(pass->pool, pass->n, backward_image, (void *)pass);
}

DPID_KERNELS_DECLARE(global_avgpool);
const dpid_kernels DPID_T(dpid_kernels_global_avgpool) = {global_avgpool_forward, global_avgpool_backward, NULL};

/* ---- the kind ----------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    if (op->in.rank == 1)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "global_avgpool: input is %s, expected height x width x channels, or length x channels",
                         dpid_shape_text(op->in.rank, op->in.extent).text);
    op->out = (dpid_shape){1, {dpid_op_channels(op)}};
    return DEEPID_OK;
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"alone", PICTURE, "global_avgpool", "", ALWAYS(NO(SHAPE))},
    {0},
};

const dpid_kind dpid_kind_global_avgpool = {
    .word = "global_avgpool",
    .help = "mean over all pixels or steps: [h, w, c] or [l, c] becomes [c]",
    .flags = DPID_KIND_AFFINE | DPID_KIND_KEEPS_RANGE,
    .infer = infer,
    .claims = claims,
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
