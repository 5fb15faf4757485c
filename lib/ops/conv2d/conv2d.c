/* Convolution (cross-correlation) over channels-last pictures:
     y[i,j,o] = b[o] + sum over k,l,c of w[o,k,l,c] x[i stride - top + k dilation, j stride - left + l dilation, c]
   Derivation: conv2d.md   Reference: conv2d_ref.c

   Patches of a few output rows are laid out as a matrix P [pixels, patch] that stays in cache; then y = P w^T is a matrix product. */
#include "ops/conv2d/conv2d.h"
#include "tensor/gemm.h"
#include "tensor/real.h"
#include "tensor/vector.h"

#include <string.h>

enum { WEIGHT, BIAS };
enum { IMAGE_TASKS = 64, GRADIENT_TASKS = 16 }; /* at most; the grid depends on the batch alone */

typedef struct {
    const dpid_pass *pass;
    dpid_conv2d g;
    int64_t images; /* a task */
    int64_t tasks;
    real *shared;  /* forward: w transposed [groups][patch][out_g];  backward: partial gradients [tasks][out patch + out] */
    real *patches; /* [workers][block] */
} convolution;

static int64_t block_reals(const dpid_conv2d *g)
{
    return g->block_rows * g->window.out_w * g->patch;
}

/* A 1x1 kernel with stride 1 and no padding: the picture is its own patch matrix. */
static bool is_pointwise(const dpid_conv2d *g)
{
    const dpid_window *w = &g->window;
    return g->groups == 1 && w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 && w->out_h == w->h && w->out_w == w->w;
}

static convolution convolution_of(const dpid_pass *pass, int64_t most_tasks)
{
    convolution v = {.pass = pass};
    (void)dpid_conv2d_make(NULL, pass->op, &v.g); /* cannot fail: it succeeded when the op was made */
    v.images = (pass->n + most_tasks - 1) / most_tasks;
    v.tasks = (pass->n + v.images - 1) / v.images;
    v.shared = pass->scratch;
    return v;
}

static int64_t last_image(const convolution *v, int64_t task)
{
    return (task + 1) * v->images < v->pass->n ? (task + 1) * v->images : v->pass->n;
}

/* ---- patches ------------------------------------------------------------------------ */

/* The taps of one kernel row that lie inside the picture: first..end-1. Without dilation they are one run of memory. */
typedef struct {
    int64_t first, end;
} taps;

static taps taps_inside(const dpid_window *w, int64_t column)
{
    const int64_t d = w->dilation_w;
    const int64_t first = column < 0 ? (-column + d - 1) / d : 0;
    const int64_t end = column < w->w ? (w->w - column + d - 1) / d : 0;
    return (taps){first < w->kernel_w ? first : w->kernel_w, end < w->kernel_w ? end : w->kernel_w};
}

/* One kernel row of one patch; row NULL: outside. */
static void gather_row(const dpid_conv2d *g, const real *restrict row, int64_t column, real *restrict p)
{
    const dpid_window *w = &g->window;
    const taps t = row ? taps_inside(w, column) : (taps){w->kernel_w, w->kernel_w};
    for (int64_t i = 0; i < t.first * g->in_g; i++)
        p[i] = 0;
    if (w->dilation_w == 1 && g->groups == 1 && t.end > t.first)
        memcpy(p + t.first * g->in_g, row + (column + t.first) * w->c, (size_t)((t.end - t.first) * g->in_g) * sizeof *p);
    else
        for (int64_t l = t.first; l < t.end; l++)
            memcpy(p + l * g->in_g, row + (column + l * w->dilation_w) * w->c, (size_t)g->in_g * sizeof *p);
    for (int64_t i = (t.end > t.first ? t.end : t.first) * g->in_g; i < w->kernel_w * g->in_g; i++)
        p[i] = 0;
}

/* P of output rows first..first+rows-1 of one picture and group; zeros outside the picture */
static void gather(const dpid_conv2d *g, const real *restrict x, int64_t first, int64_t rows, real *restrict p)
{
    const dpid_window *w = &g->window;
    for (int64_t i = first; i < first + rows; i++) {
        for (int64_t j = 0; j < w->out_w; j++) {
            for (int64_t k = 0; k < w->kernel_h; k++, p += w->kernel_w * g->in_g) {
                const int64_t row = i * w->stride_h - w->top + k * w->dilation_h;
                gather_row(g, row >= 0 && row < w->h ? x + row * w->w * w->c : NULL, j * w->stride_w - w->left, p);
            }
        }
    }
}

static void scatter_row(const dpid_conv2d *g, const real *restrict p, int64_t column, real *restrict row)
{
    const dpid_window *w = &g->window;
    const taps t = taps_inside(w, column);
    if (w->dilation_w == 1 && g->groups == 1) {
        real *restrict to = row + (column + t.first) * w->c;
        const real *restrict from = p + t.first * g->in_g;
        for (int64_t i = 0; i < (t.end - t.first) * g->in_g; i++)
            to[i] += from[i];
        return;
    }
    for (int64_t l = t.first; l < t.end; l++)
        for (int64_t c = 0; c < g->in_g; c++)
            row[(column + l * w->dilation_w) * w->c + c] += p[l * g->in_g + c];
}

/* dx += the patches' gradients, each where it came from */
static void scatter(const dpid_conv2d *g, const real *restrict p, int64_t first, int64_t rows, real *restrict dx)
{
    const dpid_window *w = &g->window;
    for (int64_t i = first; i < first + rows; i++) {
        for (int64_t j = 0; j < w->out_w; j++) {
            for (int64_t k = 0; k < w->kernel_h; k++, p += w->kernel_w * g->in_g) {
                const int64_t row = i * w->stride_h - w->top + k * w->dilation_h;
                if (row >= 0 && row < w->h)
                    scatter_row(g, p, j * w->stride_w - w->left, dx + row * w->w * w->c);
            }
        }
    }
}

/* ---- forward -------------------------------------------------------------------------- */

/* The transposed weights make the product an NN one, which small BLAS kernels like best. */
static void transpose_weights(const convolution *v)
{
    const dpid_conv2d *g = &v->g;
    const real *w = v->pass->parameter[WEIGHT];
    for (int64_t group = 0; group < g->groups; group++)
        for (int64_t o = 0; o < g->out_g; o++)
            for (int64_t k = 0; k < g->patch; k++)
                v->shared[(group * g->patch + k) * g->out_g + o] = w[(group * g->out_g + o) * g->patch + k];
}

static void start_with_bias(const convolution *v, int64_t pixels, real *y)
{
    const real *b = v->pass->parameter[BIAS];
    for (int64_t i = 0; b && i < pixels; i++)
        memcpy(y + i * v->g.out, b, (size_t)v->g.out * sizeof *y);
}

static void forward_rows(const convolution *v, const real *x, int64_t first, int64_t rows, real *patches, real *y)
{
    const dpid_conv2d *g = &v->g;
    const int64_t pixels = rows * g->window.out_w;
    const bool add = v->pass->parameter[BIAS] != NULL;
    for (int64_t group = 0; group < g->groups; group++) {
        gather(g, x + group * g->in_g, first, rows, patches);
        DPID_P(dpid_gemm_nn)(NULL, pixels, g->out_g, g->patch, patches, g->patch, v->shared + group * g->patch * g->out_g, g->out_g, add, y + group * g->out_g, g->out);
    }
}

static void forward_images(void *arg, int64_t task, int32_t worker)
{
    const convolution *v = arg;
    const dpid_conv2d *g = &v->g;
    const int64_t in = g->window.h * g->window.w * g->window.c;
    const int64_t pixels = g->window.out_h * g->window.out_w;
    const int64_t begin = task * v->images;
    const int64_t end = last_image(v, task);
    const real *x = (const real *)v->pass->x + begin * in;
    real *y = (real *)v->pass->y + begin * pixels * g->out;
    start_with_bias(v, (end - begin) * pixels, y);
    if (is_pointwise(g)) {
        DPID_P(dpid_gemm_nn)(NULL, (end - begin) * pixels, g->out, g->patch, x, g->patch, v->shared, g->out, v->pass->parameter[BIAS] != NULL, y, g->out);
        return;
    }
    for (int64_t image = begin; image < end; image++, x += in) {
        for (int64_t row = 0; row < g->window.out_h; row += g->block_rows) {
            const int64_t rows = g->block_rows < g->window.out_h - row ? g->block_rows : g->window.out_h - row;
            forward_rows(v, x, row, rows, v->patches + worker * block_reals(g), y);
            y += rows * g->window.out_w * g->out;
        }
    }
}

/* y = 1 b^T + P w^T */
static void conv2d_forward(const dpid_pass *pass)
{
    convolution v = convolution_of(pass, IMAGE_TASKS);
    v.patches = v.shared + v.g.out * v.g.patch;
    transpose_weights(&v);
    dpid_pool_run(pass->pool, v.tasks, forward_images, &v);
}

/* ---- backward --------------------------------------------------------------------------- */

static void backward_rows(const convolution *v, const real *x, const real *dy, int64_t first, int64_t rows, real *patches, real *dw, real *dx)
{
    const dpid_conv2d *g = &v->g;
    const real *w = v->pass->parameter[WEIGHT];
    const int64_t pixels = rows * g->window.out_w;
    for (int64_t group = 0; group < g->groups; group++) {
        const int64_t weights = group * g->out_g * g->patch;
        if (dw) {
            gather(g, x + group * g->in_g, first, rows, patches);
            DPID_P(dpid_gemm_tn)(NULL, g->out_g, g->patch, pixels, dy + group * g->out_g, g->out, patches, g->patch, true, dw + weights, g->patch);
        }
        if (dx) {
            DPID_P(dpid_gemm_nn)(NULL, pixels, g->patch, g->out_g, dy + group * g->out_g, g->out, w + weights, g->patch, false, patches, g->patch);
            scatter(g, patches, first, rows, dx + group * g->in_g);
        }
    }
}

static void backward_pointwise(const convolution *v, int64_t begin, int64_t end, real *dw)
{
    const dpid_conv2d *g = &v->g;
    const int64_t pixels = g->window.out_h * g->window.out_w;
    const real *x = (const real *)v->pass->x + begin * pixels * g->patch;
    const real *dy = (const real *)v->pass->dy + begin * pixels * g->out;
    if (dw)
        DPID_P(dpid_gemm_tn)(NULL, g->out, g->patch, (end - begin) * pixels, dy, g->out, x, g->patch, true, dw, g->patch);
    if (v->pass->dx)
        DPID_P(dpid_gemm_nn)(NULL, (end - begin) * pixels, g->patch, g->out, dy, g->out, v->pass->parameter[WEIGHT], g->patch, false, (real *)v->pass->dx + begin * pixels * g->patch,
                             g->patch);
}

static void backward_patches(const convolution *v, int64_t begin, int64_t end, real *patches, real *dw)
{
    const dpid_conv2d *g = &v->g;
    const int64_t in = g->window.h * g->window.w * g->window.c;
    const int64_t out = g->window.out_h * g->window.out_w * g->out;
    for (int64_t image = begin; image < end; image++) {
        const real *dy = (const real *)v->pass->dy + image * out;
        real *dx = v->pass->dx ? (real *)v->pass->dx + image * in : NULL;
        if (dx)
            memset(dx, 0, (size_t)in * sizeof *dx);
        for (int64_t row = 0; row < g->window.out_h; row += g->block_rows) {
            const int64_t rows = g->block_rows < g->window.out_h - row ? g->block_rows : g->window.out_h - row;
            backward_rows(v, (const real *)v->pass->x + image * in, dy + row * g->window.out_w * g->out, row, rows, patches, dw, dx);
        }
    }
}

/* One task has its images' dx and its own partial sums of dw and db. */
static void backward_images(void *arg, int64_t task, int32_t worker)
{
    const convolution *v = arg;
    const dpid_conv2d *g = &v->g;
    const int64_t begin = task * v->images;
    const int64_t end = last_image(v, task);
    const int64_t out_pixels = g->window.out_h * g->window.out_w;
    real *partial = v->shared + task * (g->out * g->patch + g->out);
    real *dw = v->pass->dparameter[WEIGHT] ? partial : NULL;
    memset(partial, 0, (size_t)(g->out * g->patch + g->out) * sizeof *partial);
    if (v->pass->dparameter[BIAS])
        DPID_T(dpid_column_sums)((end - begin) * out_pixels, g->out, (const real *)v->pass->dy + begin * out_pixels * g->out, g->out, partial + g->out * g->patch);
    if (is_pointwise(g))
        backward_pointwise(v, begin, end, dw);
    else
        backward_patches(v, begin, end, v->patches + worker * block_reals(g), dw);
}

/* dw += dy^T P      db += dy^T 1      dx = scatter(dy w) */
static void conv2d_backward(const dpid_pass *pass)
{
    convolution v = convolution_of(pass, GRADIENT_TASKS);
    const int64_t weights = v.g.out * v.g.patch;
    v.patches = v.shared + GRADIENT_TASKS * (weights + v.g.out);
    dpid_pool_run(pass->pool, v.tasks, backward_images, &v);
    for (int64_t task = 0; task < v.tasks; task++) {
        const real *partial = v.shared + task * (weights + v.g.out);
        if (pass->dparameter[WEIGHT])
            DPID_T(dpid_add_to)(pass->dparameter[WEIGHT], partial, weights);
        if (pass->dparameter[BIAS])
            DPID_T(dpid_add_to)(pass->dparameter[BIAS], partial + weights, v.g.out);
    }
}

DPID_KERNELS_DECLARE(conv2d);
const dpid_kernels DPID_T(dpid_kernels_conv2d) = {conv2d_forward, conv2d_backward, NULL};

/* ---- the kind ------------------------------------------------------------------------------ */

#if DPID_ONCE
#include <deepid/ops.h>

#include <stdio.h>

enum { OUT, KERNEL, STRIDE, PADDING, DILATION, GROUPS, HAS_BIAS };
static const dpid_option known[] = {
    {"out", DPID_INT, 0, 1, 1 << 20, NULL, true, "output channels"},
    {"kernel", DPID_EXTENTS, 0, 1, 1 << 12, NULL, true, "kernel size, N or HxW"},
    {"stride", DPID_EXTENTS, 1, 1, 1 << 12, NULL, false, "step, N or HxW"},
    {"padding", DPID_PADDING, DPID_PADDING_SAME, 0, 1 << 12, NULL, false, "same, valid, N, HxW or TOPxBOTTOMxLEFTxRIGHT"},
    {"dilation", DPID_EXTENTS, 1, 1, 1 << 12, NULL, false, "distance of taps, N or HxW"},
    {"groups", DPID_INT, 1, 1, 1 << 20, NULL, false, "groups of channels that do not mix"},
    {"bias", DPID_INT, 1, 0, 1, NULL, false, "1: with b"},
    {0},
};

int32_t dpid_conv2d_make(deepid_ctx *ctx, const dpid_op *op, dpid_conv2d *out)
{
    enum { BLOCK_REALS = 1 << 16 };
    dpid_conv2d g = {.groups = op->option[GROUPS].i, .out = op->option[OUT].i};
    DPID_TRY(dpid_window_make(ctx, "conv2d", &op->in, &op->option[KERNEL], &op->option[STRIDE], &op->option[PADDING], &op->option[DILATION], &g.window));
    if (g.window.c % g.groups || g.out % g.groups)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "conv2d: groups is %lld, expected a divisor of the %lld input and %lld output channels", (long long)g.groups, (long long)g.window.c,
                         (long long)g.out);
    g.in_g = g.window.c / g.groups;
    g.out_g = g.out / g.groups;
    g.patch = g.window.kernel_h * g.window.kernel_w * g.in_g;
    const int64_t row = g.window.out_w * g.patch;
    g.block_rows = row >= BLOCK_REALS ? 1 : BLOCK_REALS / row;
    if (g.block_rows > g.window.out_h)
        g.block_rows = g.window.out_h;
    *out = g;
    return DEEPID_OK;
}

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    dpid_conv2d g;
    DPID_TRY(dpid_conv2d_make(ctx, op, &g));
    const dpid_window *w = &g.window;
    op->out = (dpid_shape){3, {w->out_h, w->out_w, g.out}};
    op->parameter[WEIGHT] = (dpid_parameter_spec){.name = "weight", .role = DPID_ROLE_WEIGHT, .trained = true, .rank = 4, .extents = {g.out, w->kernel_h, w->kernel_w, g.in_g},
                                                  .fan_in = g.patch, .fan_out = w->kernel_h * w->kernel_w * g.out_g};
    op->parameter[BIAS] = (dpid_parameter_spec){.name = "bias", .role = DPID_ROLE_BIAS, .trained = true, .rank = 1, .extents = {g.out}, .fan_in = g.patch};
    op->parameters = 1 + (int32_t)op->option[HAS_BIAS].i;
    op->macs = w->out_h * w->out_w * g.out * g.patch;
    return DEEPID_OK;
}

static int64_t scratch(const dpid_op *op, int64_t n, int32_t workers)
{
    dpid_conv2d g;
    (void)n;
    (void)dpid_conv2d_make(NULL, op, &g);
    return GRADIENT_TASKS * g.out * (g.patch + 1) + workers * g.block_rows * g.window.out_w * g.patch;
}

extern const dpid_kind dpid_kind_conv2d;
const dpid_kind dpid_kind_conv2d = {
    .word = "conv2d",
    .help = "convolution; options: out and kernel (required), stride=1, padding=same, dilation=1, groups=1, bias=1",
    .options = known,
    .infer = infer,
    .scratch = scratch,
    .kernels = DPID_KERNELS(conv2d),
};

/* ---- public: out and kernel follow from w, bias from b -------------------------------------- */

static int32_t options_of(const char *options, const deepid_tensor *w, const deepid_tensor *b, char text[static 256])
{
    if (!dpid_is(w, DPID_MAGIC_TENSOR))
        return DEEPID_ERR_ARGUMENT;
    if (w->rank != 4)
        return dpid_fail(w->head.ctx, DEEPID_ERR_SHAPE, "conv2d: w is %s, expected [out, kernel height, kernel width, in / groups]", dpid_shape_text(w->rank, w->extents).text);
    const int length = snprintf(text, 256, "out=%lld kernel=%lldx%lld bias=%d %s", (long long)w->extents[0], (long long)w->extents[1], (long long)w->extents[2], b != NULL,
                                options ? options : "");
    return length < 256 ? DEEPID_OK : dpid_fail(w->head.ctx, DEEPID_ERR_SPEC, "conv2d: options has %d characters, expected less than 200", length);
}

int32_t deepid_conv2d_forward(const char *options, const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *b, deepid_tensor *y)
{
    char text[256];
    DPID_TRY(options_of(options, w, b, text));
    const deepid_tensor *parameters[] = {w, b};
    return dpid_primitive_forward(&dpid_kind_conv2d, text, DPID_EVAL, x, parameters, y);
}

int32_t deepid_conv2d_backward(const char *options, const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw, deepid_tensor *db)
{
    char text[256];
    DPID_TRY(options_of(options, w, db, text));
    const deepid_tensor *parameters[] = {w, db}; /* the values of b are not needed, its gradient has its shape */
    deepid_tensor *const gradients[] = {dw, db};
    return dpid_primitive_backward(&dpid_kind_conv2d, text, DPID_EVAL, x, parameters, dy, dx, gradients);
}
#endif
