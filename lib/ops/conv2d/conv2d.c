/* Convolution (cross-correlation) over channels-last pictures:
     y[i,j,o] = b[o] + sum over k,l,c of w[o,k,l,c] x[i stride - top + k dilation, j stride - left + l dilation, c]
   Derivation: conv2d.md   Reference: conv2d_ref.c

   Here: the layer kind, and the op that reads its input as it is. The work: pictures.c (the loops over a batch),
   direct.c and winograd.c (two algorithms), register.h (the arithmetic of both). */
#include "ops/conv2d/engine.h"

enum { WEIGHT, BIAS };

/* y = 1 b^T + correlation of x with w */
static void conv2d_forward(const dpid_pass *pass)
{
    const dpid_conv2d_job job = {.pass = pass, .in = {.x = pass->x}, .y = pass->y};
    DPID_T(dpid_conv2d_run_forward)(&job);
}

/* dw += dy^T patches of x      db += dy^T 1      dx = correlation of dy with the flipped w */
static void conv2d_backward(const dpid_pass *pass)
{
    const dpid_conv2d_job job = {.pass = pass, .in = {.x = pass->x}, .dy = {.g = pass->dy}, .dx = {.dx = pass->dx}};
    DPID_T(dpid_conv2d_run_backward)(&job);
}

DPID_KERNELS_DECLARE(conv2d);
const dpid_kernels DPID_T(dpid_kernels_conv2d) = {conv2d_forward, conv2d_backward, NULL};

/* Scratch depends on the length of a vector, so each compilation has its own answer. */
int64_t DPID_T(dpid_conv2d_scratch)(const dpid_op *op, int64_t n, int32_t workers)
{
    int64_t most = 0;
    for (int exact = 0; exact < 2; exact++) {
        for (int backward = 0; backward < 2; backward++) {
            const int64_t reals = DPID_T(dpid_engine_make)(op, n, workers, exact, backward, NULL).reals;
            most = reals > most ? reals : most;
        }
    }
    return most;
}

/* ---- the kind ------------------------------------------------------------------------------ */

#if DPID_ONCE
#include <deepid/ops.h>

#include <stdio.h>

enum { OUT, KERNEL, STRIDE, PADDING, DILATION, GROUPS, HAS_BIAS };
static const dpid_option known[] = {
    {"out", DPID_INT, 0, 1, 1 << 20, NULL, true, "output channels"},
    {"kernel", DPID_EXTENTS, 0, 1, 1 << 12, NULL, true, "kernel size, N or HxW"},
    {"stride", DPID_EXTENTS, 1, 1, 1 << 12, NULL, false, "step, N or HxW"},
    {"padding", DPID_PADDING, DPID_PADDING_SYMMETRIC, 0, 1 << 12, NULL, false,
     "symmetric, same_upper, same, valid, N, HxW or TOPxBOTTOMxLEFTxRIGHT"},
    {"dilation", DPID_EXTENTS, 1, 1, 1 << 12, NULL, false, "distance of taps, N or HxW"},
    {"groups", DPID_INT, 1, 1, 1 << 20, NULL, false, "groups of channels that do not mix"},
    {"bias", DPID_INT, 1, 0, 1, NULL, false, "1: with b"},
    {0},
};

int32_t dpid_conv2d_make(deepid_ctx *ctx, const dpid_op *op, dpid_conv2d *out)
{
    const char *word = op->kind->word;
    dpid_conv2d g = {.groups = op->option[GROUPS].i, .out = op->option[OUT].i};
    DPID_TRY(dpid_window_make(ctx, word, &op->in, &op->option[KERNEL], &op->option[STRIDE], &op->option[PADDING],
                              &op->option[DILATION], &g.window));
    if (g.window.c % g.groups || g.out % g.groups)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "%s: groups is %lld, expected a divisor of the %lld input and %lld output channels", word,
                         (long long)g.groups, (long long)g.window.c, (long long)g.out);
    g.in_g = g.window.c / g.groups;
    g.out_g = g.out / g.groups;
    g.patch = g.window.kernel_h * g.window.kernel_w * g.in_g;
    *out = g;
    return DEEPID_OK;
}

int32_t dpid_conv2d_infer(deepid_ctx *ctx, dpid_op *op)
{
    dpid_conv2d g;
    DPID_TRY(dpid_conv2d_make(ctx, op, &g));
    const dpid_window *w = &g.window;
    op->out = dpid_shape_like(&op->in, w->out_h, w->out_w, g.out);
    op->parameter[WEIGHT] = (dpid_parameter_spec){.name = "weight",
                                                  .role = DPID_ROLE_WEIGHT,
                                                  .trained = true,
                                                  .rank = 4,
                                                  .extents = {g.out, w->kernel_h, w->kernel_w, g.in_g},
                                                  .fan_in = g.patch,
                                                  .fan_out = w->kernel_h * w->kernel_w * g.out_g};
    op->parameter[BIAS] = (dpid_parameter_spec){
        .name = "bias", .role = DPID_ROLE_BIAS, .trained = true, .rank = 1, .extents = {g.out}, .fan_in = g.patch};
    op->parameters = 1 + (int32_t)op->option[HAS_BIAS].i;
    op->macs = w->out_h * w->out_w * g.out * g.patch;
    return DEEPID_OK;
}

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    if (op->in.rank == 3)
        return dpid_conv2d_infer(ctx, op);
    return dpid_fail(ctx, DEEPID_ERR_SHAPE, "conv2d: input is %s, expected height x width x channels%s",
                     dpid_shape_text(op->in.rank, op->in.extent).text,
                     op->in.rank == 2 ? "; a series takes conv1d" : "");
}

bool dpid_conv2d_sees_all(const dpid_op *op)
{
    dpid_conv2d g;
    (void)dpid_conv2d_make(NULL, op, &g); /* cannot fail: it succeeded when the op was made */
    const dpid_plane p = dpid_plane_forward(&g, false);
    return p.rows - p.top >= g.window.h && p.columns - p.left >= g.window.w;
}

static bool fits_winograd(const dpid_conv2d *g)
{
    const dpid_window *w = &g->window;
    return w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1 && w->dilation_h == 1 &&
           w->dilation_w == 1 && g->groups == 1 && w->top <= 2 && w->bottom <= 2 && w->left <= 2 && w->right <= 2;
}

/* Channels are rounded up to 8 and pixels to 4x4. Measured: a tile costs as much as 10 of its 16 pixels cost
   directly. */
bool dpid_conv2d_has_pairs(const dpid_op *op)
{
    enum { HALF = 8, WORTH = 10 };
    dpid_conv2d g;
    (void)dpid_conv2d_make(NULL, op, &g);
    const dpid_window *w = &g.window;
    const int64_t tiles = dpid_conv2d_tiles(w->out_h) * dpid_conv2d_tiles(w->out_w);
    return fits_winograd(&g) && w->c <= HALF && g.out <= HALF && 2 * g.out > HALF &&
           w->out_h * w->out_w * w->c >= WORTH * HALF * tiles;
}

/* Winograd's transform saves products, but rounds channels up to 16 and pixels to 4x4: the saving must be larger. */
bool dpid_conv2d_has_winograd(const dpid_op *op)
{
    dpid_conv2d g;
    (void)dpid_conv2d_make(NULL, op, &g);
    const dpid_window *w = &g.window;
    const int64_t products = 9 * w->out_h * w->out_w * w->c * g.out;
    const int64_t transformed = 36 * dpid_conv2d_tiles(w->out_h) * dpid_conv2d_tiles(w->out_w) * 256 *
                                dpid_conv2d_blocks(w->c) * dpid_conv2d_blocks(g.out);
    return dpid_conv2d_has_pairs(op) || (fits_winograd(&g) && products >= 2 * transformed);
}

/* The largest of all instruction sets that this CPU runs, because a context may change its choice after a net is
   prepared. Functions of other instruction sets must not even be called. */
#define SCRATCH(suffix, real) int64_t dpid_conv2d_scratch_##suffix(const dpid_op *op, int64_t n, int32_t workers);
DPID_ISA_EACH(SCRATCH)
typedef int64_t scratch_of(const dpid_op *op, int64_t n, int32_t workers);
static scratch_of *const scratches[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_conv2d_scratch);

int64_t dpid_conv2d_scratch_most(const dpid_op *op, int64_t n, int32_t workers)
{
    int64_t most = 0;
    for (int32_t isa = 0; isa < DPID_ISAS; isa++)
        for (int32_t p = 0; dpid_isa_runs(isa) && p < DPID_PRECISIONS; p++) {
            const int64_t reals = scratches[isa][p](op, n, workers);
            most = reals > most ? reals : most;
        }
    return most;
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"kernel 3", PICTURE, "conv2d out=4 kernel=3", "", ALWAYS(BIT)},
    {"kernel 2, padded at the end", PICTURE, "conv2d out=4 kernel=2", "", ALWAYS(BIT)},
    {"kernel 4, padded evenly", PICTURE, "conv2d out=4 kernel=4 padding=1", "", ALWAYS(NO(SHAPE))},
    {"valid", PICTURE, "conv2d out=4 kernel=3 padding=valid", "", ALWAYS(NO(SHAPE))},
    {"stride 2", PICTURE, "conv2d out=4 kernel=3 stride=2", "", ALWAYS(NO(SHAPE))},
    {"pointwise", PICTURE, "conv2d out=4 kernel=1", "", ALWAYS(BIT)},
    {"dilated", PICTURE, "conv2d out=4 kernel=3 dilation=2", "", ALWAYS(BIT)},
    {"grouped", PICTURE, "conv2d out=4 kernel=3 groups=2", "", ALWAYS(BIT)},
    {"depthwise", PICTURE, "conv2d out=4 kernel=3 groups=4", "", ALWAYS(BIT)},
    {"narrow", PICTURE, "conv2d out=2 kernel=3; conv2d out=4 kernel=3", "", ALWAYS(NO(RANK))},
    {0},
};

const dpid_kind dpid_kind_conv2d = {
    .word = "conv2d",
    .help =
        "convolution; options: out and kernel (required), stride=1, padding=symmetric, dilation=1, groups=1, bias=1",
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
    if (w->rank != 4)
        return dpid_fail(w->head.ctx, DEEPID_ERR_SHAPE,
                         "conv2d: w is %s, expected [out, kernel height, kernel width, in / groups]",
                         dpid_shape_text(w->rank, w->extents).text);
    const int length = snprintf(text, 256, "out=%lld kernel=%lldx%lld bias=%d %s", (long long)w->extents[0],
                                (long long)w->extents[1], (long long)w->extents[2], b != NULL, options ? options : "");
    return length < 256 ? DEEPID_OK
                        : dpid_fail(w->head.ctx, DEEPID_ERR_SPEC,
                                    "conv2d: options has %d characters, expected less than 200", length);
}

int32_t deepid_conv2d_forward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                              const deepid_tensor *b, deepid_tensor *y)
{
    char text[256];
    DPID_TRY(options_of(options, w, b, text));
    const deepid_tensor *parameters[] = {w, b};
    return dpid_primitive_forward(&dpid_kind_conv2d, text, DPID_EVAL, x, parameters, y);
}

int32_t deepid_conv2d_backward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                               const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw, deepid_tensor *db)
{
    char text[256];
    DPID_TRY(options_of(options, w, db, text));
    const deepid_tensor *parameters[] = {w, db}; /* the values of b are not needed, its gradient has its shape */
    deepid_tensor *const gradients[] = {dw, db};
    return dpid_primitive_backward(&dpid_kind_conv2d, text, DPID_EVAL, x, parameters, dy, dx, gradients);
}
#endif
