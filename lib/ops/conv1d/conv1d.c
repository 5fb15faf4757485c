/* Convolution (cross-correlation) over channels-last series:
     y[i,o] = b[o] + sum over k,c of w[o,k,c] x[i stride - before + k dilation, c]
   It is conv2d of a picture of one row, and has its kernels: a series [l, c] lies in memory as a picture [1, l, c], and
   w [out, k, in/groups] as [out, 1, k, in/groups].    Derivation: conv1d.md   Reference: conv1d_ref.c */
#include "ops/conv2d/conv2d.h"
#include "tensor/real.h"

#if DPID_ONCE
#include <deepid/ops.h>

#include <stdio.h>

/* In the order of conv2d's, which reads them. */
static const dpid_option known[] = {
    {"out", DPID_INT, 0, 1, 1 << 20, NULL, true, "output channels"},
    {"kernel", DPID_EXTENTS, 0, 1, 1 << 12, NULL, true, "kernel size"},
    {"stride", DPID_EXTENTS, 1, 1, 1 << 12, NULL, false, "step"},
    {"padding", DPID_PADDING, DPID_PADDING_SYMMETRIC, 0, 1 << 12, NULL, false,
     "symmetric, same_upper, same, valid, N or BEFORExAFTER"},
    {"dilation", DPID_EXTENTS, 1, 1, 1 << 12, NULL, false, "distance of taps"},
    {"groups", DPID_INT, 1, 1, 1 << 20, NULL, false, "groups of channels that do not mix"},
    {"bias", DPID_INT, 1, 0, 1, NULL, false, "1: with b"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    if (op->in.rank != 2)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "conv1d: input is %s, expected length x channels%s",
                         dpid_shape_text(op->in.rank, op->in.extent).text,
                         op->in.rank == 3 ? "; a picture takes conv2d" : "");
    DPID_TRY(dpid_conv2d_infer(ctx, op));
    dpid_parameter_spec *weight = &op->parameter[0];
    const int64_t *e = weight->extents; /* [out, 1, k, in / groups] */
    *weight = (dpid_parameter_spec){.name = weight->name,
                                    .role = weight->role,
                                    .trained = true,
                                    .rank = 3,
                                    .extents = {e[0], e[2], e[3]},
                                    .fan_in = weight->fan_in,
                                    .fan_out = weight->fan_out};
    return DEEPID_OK;
}

#include "ops/claims.h"

#define SERIES "input 36x4"

static const dpid_identity_claim claims[] = {
    {"kernel 3", SERIES, "conv1d out=4 kernel=3", "", ALWAYS(BIT)},
    {"causal", SERIES, "conv1d out=4 kernel=3 padding=2x0", "", ALWAYS(BIT)},
    {"valid", SERIES, "conv1d out=4 kernel=3 padding=valid", "", ALWAYS(NO(SHAPE))},
    {"stride 2", SERIES, "conv1d out=4 kernel=3 stride=2", "", ALWAYS(NO(SHAPE))},
    {"dilated", SERIES, "conv1d out=4 kernel=3 dilation=2", "", ALWAYS(BIT)},
    {"depthwise", SERIES, "conv1d out=4 kernel=3 groups=4", "", ALWAYS(BIT)},
    {"narrow", SERIES, "conv1d out=2 kernel=3; conv1d out=4 kernel=3", "", ALWAYS(NO(RANK))},
    {0},
};

DPID_KERNELS_DECLARE(conv2d);

const dpid_kind dpid_kind_conv1d = {
    .word = "conv1d",
    .help = "convolution of series [length, channels]; options: out and kernel (required), stride=1, "
            "padding=symmetric, dilation=1, groups=1, bias=1",
    .flags = DPID_KIND_AFFINE | DPID_KIND_WEIGHT | DPID_KIND_CONVOLUTION,
    .options = known,
    .infer = infer,
    .scratch = dpid_conv2d_scratch_most,
    .claims = claims,
    .kernels = DPID_KERNELS(conv2d),
};

/* ---- public: out and kernel follow from w, bias from b -------------------------------------- */

static int32_t options_of(const char *options, const deepid_tensor *w, const deepid_tensor *b, char text[static 256])
{
    if (!dpid_is(w, DPID_MAGIC_TENSOR))
        return DEEPID_ERR_ARGUMENT;
    if (w->rank != 3)
        return dpid_fail(w->head.ctx, DEEPID_ERR_SHAPE, "conv1d: w is %s, expected [out, kernel, in / groups]",
                         dpid_shape_text(w->rank, w->extents).text);
    const int length = snprintf(text, 256, "out=%lld kernel=%lld bias=%d %s", (long long)w->extents[0],
                                (long long)w->extents[1], b != NULL, options ? options : "");
    return length < 256 ? DEEPID_OK
                        : dpid_fail(w->head.ctx, DEEPID_ERR_SPEC,
                                    "conv1d: options has %d characters, expected less than 200", length);
}

int32_t deepid_conv1d_forward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                              const deepid_tensor *b, deepid_tensor *y)
{
    char text[256];
    DPID_TRY(options_of(options, w, b, text));
    const deepid_tensor *parameters[] = {w, b};
    return dpid_primitive_forward(&dpid_kind_conv1d, text, DPID_EVAL, x, parameters, y);
}

int32_t deepid_conv1d_backward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                               const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw, deepid_tensor *db)
{
    char text[256];
    DPID_TRY(options_of(options, w, db, text));
    const deepid_tensor *parameters[] = {w, db}; /* the values of b are not needed, its gradient has its shape */
    deepid_tensor *const gradients[] = {dw, db};
    return dpid_primitive_backward(&dpid_kind_conv1d, text, DPID_EVAL, x, parameters, dy, dx, gradients);
}
#endif
