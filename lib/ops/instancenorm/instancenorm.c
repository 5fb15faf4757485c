/* Instance normalisation: y = gamma (x - mean) / sqrt(var + eps) + beta, each channel of each sample by itself. It is
   groupnorm with as many groups as channels, and has its kernels.   Derivation: instancenorm.md
   Reference: instancenorm_ref.c */
#include "ops/groupnorm/groupnorm.h"
#include "tensor/real.h"

#if DPID_ONCE
#include <deepid/ops.h>

enum { AFFINE, EPS }; /* eps stands where groupnorm has it */

static const dpid_option known[] = {
    {"affine", DPID_INT, 1, 0, 1, NULL, false, "1: with gamma and beta"},
    {"eps", DPID_REAL, 1e-5, 0, 1e6, NULL, false, "added to the variance"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    const int64_t c = dpid_op_channels(op);
    if (dpid_shape_count(&op->in) == c)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "instancenorm: input is %s, expected two pixels or steps a channel, or more",
                         dpid_shape_text(op->in.rank, op->in.extent).text);
    dpid_groupnorm_fill(op, c, op->option[AFFINE].i == 1);
    return DEEPID_OK;
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"of pictures", PICTURE, "instancenorm", "", ALWAYS(NO(INVARIANCE))},
    {"of series", "input 36x4", "instancenorm", "", ALWAYS(NO(INVARIANCE))},
    {0},
};

DPID_KERNELS_DECLARE(groupnorm);

const dpid_kind dpid_kind_instancenorm = {
    .word = "instancenorm",
    .help = "y = gamma (x - mean) / sqrt(var + eps) + beta over all pixels or steps of a channel; options: affine=1, "
            "eps=1e-5",
    .flags = DPID_KIND_NORM,
    .options = known,
    .infer = infer,
    .scratch = dpid_groupnorm_scratch,
    .claims = claims,
    .kernels = DPID_KERNELS(groupnorm),
};

int32_t deepid_instancenorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                    const deepid_tensor *bias, deepid_tensor *y)
{
    const deepid_tensor *parameters[] = {weight, bias};
    return dpid_primitive_forward(&dpid_kind_instancenorm, options, DPID_EVAL, x, parameters, y);
}

int32_t deepid_instancenorm_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                     const deepid_tensor *bias, const deepid_tensor *dy, deepid_tensor *dx,
                                     deepid_tensor *dweight, deepid_tensor *dbias)
{
    const deepid_tensor *parameters[] = {weight, bias};
    deepid_tensor *const gradients[] = {dweight, dbias};
    return dpid_primitive_backward(&dpid_kind_instancenorm, options, DPID_EVAL, x, parameters, dy, dx, gradients);
}
#endif
