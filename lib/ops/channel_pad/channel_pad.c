/* The parameter-free shortcut "option A": every stride-th pixel, zeros for the new channels.
   Derivation: channel_pad.md      Reference: channel_pad_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

#include <string.h>

enum { OUT, STRIDE };

typedef struct {
    int64_t h, w, c, out_h, out_w, out_c, stride, before;
} geometry;

static geometry geometry_of(const dpid_op *op)
{
    const dpid_shape in = dpid_shape_picture(&op->in);
    geometry g = {.h = in.extent[0],
                  .w = in.extent[1],
                  .c = in.extent[2],
                  .stride = op->option[STRIDE].i,
                  .out_c = op->option[OUT].i};
    g.out_h = (g.h + g.stride - 1) / g.stride;
    g.out_w = (g.w + g.stride - 1) / g.stride;
    g.before = (g.out_c - g.c) / 2;
    return g;
}

/* ---- kernels: one task is one picture ------------------------------------------- */

/* y[i,j,before + c] = x[i stride, j stride, c], zeros else */
static void forward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const geometry g = geometry_of(pass->op);
    const int64_t out = g.out_h * g.out_w * g.out_c;
    const real *x = (const real *)pass->x + image * g.h * g.w * g.c;
    real *y = (real *)pass->y + image * out;
    memset(y, 0, (size_t)out * sizeof *y);
    for (int64_t i = 0; i < g.out_h; i++)
        for (int64_t j = 0; j < g.out_w; j++, y += g.out_c)
            memcpy(y + g.before, x + (i * g.stride * g.w + j * g.stride) * g.c, (size_t)g.c * sizeof *y);
}

static void channel_pad_forward(const dpid_pass *pass)
{
    dpid_pool_run(pass->pool, pass->n, forward_image, (void *)pass);
}

/* dx[i stride, j stride, c] = dy[i,j,before + c], zeros else */
static void backward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const geometry g = geometry_of(pass->op);
    const int64_t in = g.h * g.w * g.c;
    const real *dy = (const real *)pass->dy + image * g.out_h * g.out_w * g.out_c;
    real *dx = (real *)pass->dx + image * in;
    memset(dx, 0, (size_t)in * sizeof *dx);
    for (int64_t i = 0; i < g.out_h; i++)
        for (int64_t j = 0; j < g.out_w; j++, dy += g.out_c)
            memcpy(dx + (i * g.stride * g.w + j * g.stride) * g.c, dy + g.before, (size_t)g.c * sizeof *dx);
}

static void channel_pad_backward(const dpid_pass *pass)
{
    if (pass->dx)
        dpid_pool_run(pass->pool, pass->n, backward_image, (void *)pass);
}

DPID_KERNELS_DECLARE(channel_pad);
const dpid_kernels DPID_T(dpid_kernels_channel_pad) = {channel_pad_forward, channel_pad_backward, NULL};

/* ---- the kind --------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static const dpid_option known[] = {
    {"out", DPID_INT, 0, 1, 1 << 24, NULL, true, "output channels or features, at least the input's"},
    {"stride", DPID_INT, 1, 1, 1 << 12, NULL, false, "take every stride-th pixel"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    const geometry g = geometry_of(op);
    if (g.out_c < g.c)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "channel_pad: out is %lld, expected at least the %lld of the input",
                         (long long)g.out_c, (long long)g.c);
    if (op->in.rank == 1 && g.stride != 1)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "channel_pad: stride is %lld, expected 1 for features",
                         (long long)g.stride);
    op->out = dpid_shape_like(&op->in, g.out_h, g.out_w, g.out_c);
    return DEEPID_OK;
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"same", FEATURES, "channel_pad out=8", "", ALWAYS(BIT)},
    {"wider", FEATURES, "channel_pad out=12", "", ALWAYS(NO(SHAPE))},
    {0},
};

const dpid_kind dpid_kind_channel_pad = {
    .word = "channel_pad",
    .help =
        "shortcut A: every stride-th pixel, new channels zero, half of them before; options: out (required), stride=1",
    .flags = DPID_KIND_AFFINE,
    .options = known,
    .infer = infer,
    .claims = claims,
    .kernels = DPID_KERNELS(channel_pad),
};

int32_t deepid_channel_pad_forward(const char *options, const deepid_tensor *x, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_channel_pad, options, DPID_EVAL, x, NULL, y);
}

int32_t deepid_channel_pad_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                    deepid_tensor *dx)
{
    return dpid_primitive_backward(&dpid_kind_channel_pad, options, DPID_EVAL, x, NULL, dy, dx, NULL);
}
#endif
