/* Mean over all pixels: [h, w, c] becomes [c].   Derivation: global_avgpool.md   Reference: global_avgpool_ref.c */
#include "ops/lanes.h"
#include "ops/op.h"

/* ---- kernels: one task is one picture; channels go by a few vectors, which stay in registers ------------------ */

enum { VECTORS = 4 };

/* Calls with COUNT vectors of LANES lanes as constants, where c stands. */
#define EACH_BLOCK(channels, call)                                                                                     \
    do {                                                                                                               \
        int64_t c = 0;                                                                                                 \
        for (; c + VECTORS * VL <= (channels); c += VECTORS * VL) {                                                    \
            enum { COUNT = VECTORS, LANES = VL };                                                                      \
            call;                                                                                                      \
        }                                                                                                              \
        for (; c < (channels); c += VL) {                                                                              \
            enum { COUNT = 1 };                                                                                        \
            DPID_LANES((channels)-c < VL ? (int)((channels)-c) : VL, call);                                            \
        }                                                                                                              \
    } while (0)

DPID_INLINE void average(int64_t pixels, int64_t channels, const real *restrict x, real *restrict y, const int count,
                         const int lanes)
{
    vec sum[VECTORS];
    for (int v = 0; v < count; v++)
        sum[v] = vec_all(0);
    for (int64_t i = 0; i < pixels; i++)
        DPID_UNROLL for (int v = 0; v < count; v++) sum[v] += load_lanes(x + i * channels + v * VL, lanes);
    for (int v = 0; v < count; v++)
        store_lanes(y + v * VL, sum[v] / (real)pixels, lanes);
}

static void forward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const int64_t channels = pass->op->out.extent[0];
    const int64_t pixels = dpid_shape_count(&pass->op->in) / channels;
    const real *x = (const real *)pass->x + image * pixels * channels;
    real *y = (real *)pass->y + image * channels;
    EACH_BLOCK(channels, average(pixels, channels, x + c, y + c, COUNT, LANES));
}

static void global_avgpool_forward(const dpid_pass *pass)
{
    dpid_pool_run(pass->pool, pass->n, forward_image, (void *)pass);
}

/* dx = dy / pixels */
DPID_INLINE void spread(int64_t pixels, int64_t channels, const real *restrict dy, real *restrict dx, const int count,
                        const int lanes)
{
    vec share[VECTORS];
    for (int v = 0; v < count; v++)
        share[v] = load_lanes(dy + v * VL, lanes) / (real)pixels;
    for (int64_t i = 0; i < pixels; i++)
        DPID_UNROLL for (int v = 0; v < count; v++) store_lanes(dx + i * channels + v * VL, share[v], lanes);
}

static void backward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const int64_t channels = pass->op->out.extent[0];
    const int64_t pixels = dpid_shape_count(&pass->op->in) / channels;
    const real *dy = (const real *)pass->dy + image * channels;
    real *dx = (real *)pass->dx + image * pixels * channels;
    EACH_BLOCK(channels, spread(pixels, channels, dy + c, dx + c, COUNT, LANES));
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
