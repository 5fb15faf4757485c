/* Flatten: y = x, [h, w, c] becomes [h w c].   Derivation: flatten.md   Reference: flatten_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

#include <string.h>

static size_t bytes(const dpid_pass *pass)
{
    return (size_t)(pass->n * dpid_shape_count(&pass->op->in)) * sizeof(real);
}

static void flatten_forward(const dpid_pass *pass)
{
    memcpy(pass->y, pass->x, bytes(pass));
}

/* dx = dy */
static void flatten_backward(const dpid_pass *pass)
{
    if (pass->dx)
        memcpy(pass->dx, pass->dy, bytes(pass));
}

DPID_KERNELS_DECLARE(flatten);
const dpid_kernels DPID_T(dpid_kernels_flatten) = {flatten_forward, flatten_backward, NULL};

/* ---- the kind ----------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    (void)ctx;
    op->out = (dpid_shape){1, {dpid_shape_count(&op->in)}};
    return DEEPID_OK;
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"alone", PICTURE, "flatten", "", ALWAYS(NO(SHAPE))},
    {0},
};

const dpid_kind dpid_kind_flatten = {
    .word = "flatten",
    .help = "[h, w, c] becomes [h w c] features",
    .flags = DPID_KIND_AFFINE | DPID_KIND_KEEPS_RANGE,
    .infer = infer,
    .claims = claims,
    .kernels = DPID_KERNELS(flatten),
};

int32_t deepid_flatten_forward(const deepid_tensor *x, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_flatten, NULL, DPID_EVAL, x, NULL, y);
}

int32_t deepid_flatten_backward(const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx)
{
    return dpid_primitive_backward(&dpid_kind_flatten, NULL, DPID_EVAL, x, NULL, dy, dx, NULL);
}
#endif
