/* Windows: extents checked once, where the layer is made, so that no kernel ever divides by zero. */
#include "ops/window.h"

typedef struct {
    int64_t in, kernel, stride, dilation, before, after, out;
} axis;

/* The axis' padding, where a word says it. */
static int32_t pad_by_word(deepid_ctx *ctx, const char *word, const char *name, int64_t mode, axis *a)
{
    const int64_t reach = a->dilation * (a->kernel - 1) + 1;
    const int64_t out = (a->in + a->stride - 1) / a->stride;
    const int64_t least = dpid_larger((out - 1) * a->stride + reach - a->in, 0);
    if (mode == DPID_PADDING_SAME && least / 2 != (reach - 1) / 2)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "%s: padding=same with this stride may mean two things: %lld before the %lld %s "
                         "(padding=symmetric, as in PyTorch and Caffe) or %lld (padding=same_upper, as in TensorFlow); "
                         "say which",
                         word, (long long)((reach - 1) / 2), (long long)a->in, name, (long long)(least / 2));
    if (mode == DPID_PADDING_SYMMETRIC || mode == DPID_PADDING_SAME || mode == DPID_PADDING_SAME_UPPER) {
        const int64_t total = mode == DPID_PADDING_SYMMETRIC ? reach - 1 : least;
        a->before = total / 2;
        a->after = total - total / 2;
    }
    return DEEPID_OK;
}

/* out = floor((in + before + after - reach) / stride) + 1,   reach = dilation (kernel - 1) + 1 */
static int32_t place(deepid_ctx *ctx, const char *word, const char *name, int64_t padding_mode, axis *a)
{
    const int64_t reach = a->dilation * (a->kernel - 1) + 1;
    DPID_TRY(pad_by_word(ctx, word, name, padding_mode, a));
    const int64_t padded = a->in + a->before + a->after;
    if (reach > padded)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "%s: the kernel reaches over %lld %s, expected at most %lld (input %lld and padding %lld)",
                         word, (long long)reach, name, (long long)padded, (long long)a->in,
                         (long long)(a->before + a->after));
    a->out = (padded - reach) / a->stride + 1;
    return DEEPID_OK;
}

static int32_t check_pair(deepid_ctx *ctx, const char *word, const char *key, bool series, const dpid_value *v)
{
    if (v->count <= (series ? 1 : 2))
        return DEEPID_OK;
    if (series)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "%s: %s has %d numbers, expected 1 for a series", word, key, v->count);
    return dpid_fail(ctx, DEEPID_ERR_SPEC, "%s: %s has %d numbers, expected 1 or 2 (height x width)", word, key,
                     v->count);
}

static int64_t second(const dpid_value *v)
{
    return v->count > 1 ? v->list[1] : v->list[0];
}

/* Numbers of padding: an axis each, or before and after. */
static int32_t list_padding(deepid_ctx *ctx, const char *word, bool series, const dpid_value *padding, axis *rows,
                            axis *columns)
{
    const int64_t *list = padding->list;
    if (series && padding->count > 2)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "%s: padding has %d numbers, expected 1 or 2 (before x after)", word,
                         padding->count);
    if (padding->count == 3)
        return dpid_fail(ctx, DEEPID_ERR_SPEC,
                         "%s: padding has 3 numbers, expected 1, 2 (height x width) or 4 (top x bottom x left x right)",
                         word);
    columns->before = series ? list[0] : padding->count == 4 ? list[2] : second(padding);
    columns->after = padding->count == 4 ? list[3] : second(padding);
    if (series)
        return DEEPID_OK;
    rows->before = list[0];
    rows->after = padding->count == 4 ? list[1] : list[0];
    return DEEPID_OK;
}

int32_t dpid_window_make(deepid_ctx *ctx, const char *word, const dpid_shape *in, const dpid_value *kernel,
                         const dpid_value *stride, const dpid_value *padding, const dpid_value *dilation,
                         dpid_window *out)
{
    static const dpid_value one = {.count = 1, .list = {1}};
    const dpid_value *spread = dilation ? dilation : &one;
    const bool series = in->rank == 2;
    const dpid_shape picture = dpid_shape_picture(in);
    if (in->rank < 2)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "%s: input is %s, expected height x width x channels, or length x channels", word,
                         dpid_shape_text(in->rank, in->extent).text);
    DPID_TRY(check_pair(ctx, word, "kernel", series, kernel));
    DPID_TRY(check_pair(ctx, word, "stride", series, stride));
    DPID_TRY(check_pair(ctx, word, "dilation", series, spread));
    axis rows = {.in = picture.extent[0], .kernel = 1, .stride = 1, .dilation = 1};
    axis columns = {
        .in = picture.extent[1], .kernel = second(kernel), .stride = second(stride), .dilation = second(spread)};
    if (!series) {
        rows.kernel = kernel->list[0];
        rows.stride = stride->list[0];
        rows.dilation = spread->list[0];
    }
    if (padding->i == 0)
        DPID_TRY(list_padding(ctx, word, series, padding, &rows, &columns));
    DPID_TRY(place(ctx, word, "rows", padding->i, &rows));
    DPID_TRY(place(ctx, word, series ? "steps" : "columns", padding->i, &columns));
    *out = (dpid_window){.h = rows.in,
                         .w = columns.in,
                         .c = picture.extent[2],
                         .kernel_h = rows.kernel,
                         .kernel_w = columns.kernel,
                         .stride_h = rows.stride,
                         .stride_w = columns.stride,
                         .dilation_h = rows.dilation,
                         .dilation_w = columns.dilation,
                         .top = rows.before,
                         .bottom = rows.after,
                         .left = columns.before,
                         .right = columns.after,
                         .out_h = rows.out,
                         .out_w = columns.out};
    return DEEPID_OK;
}

/* ---- pools ---------------------------------------------------------------------------- */

enum { KERNEL, STRIDE, PADDING, CEIL_MODE };

/* One window more, when the last step leaves pixels out; it must begin in the picture, or in the padding before it. */
static int64_t windows_up(int64_t out, int64_t in, int64_t before, int64_t after, int64_t reach, int64_t stride)
{
    const bool all_seen = (out - 1) * stride + reach >= in + before + after;
    return all_seen || out * stride >= in + before ? out : out + 1;
}

static int32_t pool_window(deepid_ctx *ctx, const dpid_op *op, dpid_window *w)
{
    const bool dilated = op->kind->options[DPID_POOL_EXTRA].type == DPID_EXTENTS;
    DPID_TRY(dpid_window_make(ctx, op->kind->word, &op->in, &op->option[KERNEL], &op->option[STRIDE],
                              &op->option[PADDING], dilated ? &op->option[DPID_POOL_EXTRA] : NULL, w));
    if (op->option[CEIL_MODE].i) {
        w->out_h = windows_up(w->out_h, w->h, w->top, w->bottom, w->dilation_h * (w->kernel_h - 1) + 1, w->stride_h);
        w->out_w = windows_up(w->out_w, w->w, w->left, w->right, w->dilation_w * (w->kernel_w - 1) + 1, w->stride_w);
    }
    return DEEPID_OK;
}

dpid_window dpid_pool_window(const dpid_op *op)
{
    dpid_window w;
    (void)pool_window(NULL, op, &w); /* cannot fail: it succeeded when the op was made */
    return w;
}

/* Does each window see a pixel? */
static bool sees_pixels(const dpid_window *w)
{
    for (int64_t i = 0; i < w->out_h; i++)
        if (dpid_rows_inside(w, i).first >= dpid_rows_inside(w, i).end)
            return false;
    for (int64_t j = 0; j < w->out_w; j++)
        if (dpid_columns_inside(w, j).first >= dpid_columns_inside(w, j).end)
            return false;
    return true;
}

int32_t dpid_pool_infer(deepid_ctx *ctx, dpid_op *op)
{
    dpid_window w = {0};
    DPID_TRY(pool_window(ctx, op, &w));
    const bool blind = w.top >= w.kernel_h || w.bottom >= w.kernel_h || w.left >= w.kernel_w || w.right >= w.kernel_w ||
                       !sees_pixels(&w);
    if (blind && op->in.rank == 2)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "%s: padding %lldx%lld is not smaller than the kernel %lld, or the dilation steps over the "
                         "series: a window would see nothing",
                         op->kind->word, (long long)w.left, (long long)w.right, (long long)w.kernel_w);
    if (blind)
        return dpid_fail(
            ctx, DEEPID_ERR_SHAPE,
            "%s: padding %lldx%lldx%lldx%lld is not smaller than the kernel %lldx%lld, or the dilation steps over the "
            "picture: a window would see nothing",
            op->kind->word, (long long)w.top, (long long)w.bottom, (long long)w.left, (long long)w.right,
            (long long)w.kernel_h, (long long)w.kernel_w);
    op->out = dpid_shape_like(&op->in, w.out_h, w.out_w, w.c);
    return DEEPID_OK;
}
