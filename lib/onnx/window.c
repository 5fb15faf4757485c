/* Convolutions and pools of ONNX: where their windows stand, as options of our layers. Padding is always written as
   numbers, but where every default means the same. */
#include "onnx/onnx.h"

#include <string.h>

enum { ROWS, COLUMNS, AXES };

/* Of a series the columns alone count. */
typedef struct {
    bool series;
    int64_t kernel[AXES], stride[AXES], dilation[AXES], before[AXES], after[AXES];
} window;

/* ---- reading --------------------------------------------------------------------------------- */

static int32_t read_pair(dpid_onnx_walk *w, const dpid_onnx_step *s, const char *name, int64_t *pair)
{
    const int first = s->in.series ? COLUMNS : ROWS;
    const int32_t numbers = AXES - first;
    enum { MOST = 1 << 12 };
    int64_t list[DPID_RANK_MAX];
    int32_t count;
    DPID_TRY(dpid_onnx_ints(w, s, name, -1, list, &count));
    if (count >= 0 && count != numbers)
        return dpid_onnx_refuse(&w->graph, s->node, "%s has %d numbers, expected %s", name, count,
                                s->in.series ? "1 (length)" : "2 (height and width)");
    for (int i = 0; i < numbers && count == numbers; i++) {
        if (list[i] < 1 || list[i] > MOST)
            return dpid_onnx_refuse(&w->graph, s->node, "%s is %lld, expected 1 to %d", name, (long long)list[i], MOST);
        pair[first + i] = list[i];
    }
    return DEEPID_OK;
}

static int64_t reach(const window *g, int axis)
{
    return g->dilation[axis] * (g->kernel[axis] - 1) + 1;
}

/* auto_pad SAME_UPPER, SAME_LOWER: out = ceil(in / stride); the odd row or column at the end, at the begin. */
static void pad_same(window *g, const dpid_shape *shape, bool lower)
{
    const dpid_shape in = dpid_shape_picture(shape);
    for (int i = 0; i < AXES; i++) {
        const int64_t out = (in.extent[i] + g->stride[i] - 1) / g->stride[i];
        const int64_t need = (out - 1) * g->stride[i] + reach(g, i) - in.extent[i];
        const int64_t most = need > 0 ? need : 0;
        g->before[i] = lower ? most - most / 2 : most / 2;
        g->after[i] = most - g->before[i];
    }
}

static int32_t read_pads(dpid_onnx_walk *w, const dpid_onnx_step *s, window *g)
{
    enum { MOST = 1 << 12 };
    const int first = s->in.series ? COLUMNS : ROWS;
    const int32_t axes = AXES - first;
    const dpid_onnx_attribute *how = dpid_onnx_attribute_of(s->proto, "auto_pad");
    const char *word = how && how->s.data ? (const char *)how->s.data : "NOTSET";
    const size_t length = how && how->s.data ? how->s.len : strlen(word);
    int64_t list[DPID_RANK_MAX] = {0};
    int32_t count;
    if (length >= 10 && memcmp(word, "SAME_", 5) == 0) {
        pad_same(g, &s->in.shape, memcmp(word + 5, "LOWER", 5) == 0);
        return DEEPID_OK;
    }
    if (length >= 5 && memcmp(word, "VALID", 5) == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_ints(w, s, "pads", -1, list, &count));
    if (count >= 0 && count != 2 * axes)
        return dpid_onnx_refuse(&w->graph, s->node, "pads has %d numbers, expected %d", count, 2 * axes);
    for (int i = 0; i < 2 * axes && count == 2 * axes; i++)
        if (list[i] < 0 || list[i] > MOST)
            return dpid_onnx_refuse(&w->graph, s->node, "pads has %lld, expected 0 to %d", (long long)list[i], MOST);
    for (int i = 0; i < axes; i++) {
        g->before[first + i] = list[i];
        g->after[first + i] = list[axes + i];
    }
    return DEEPID_OK;
}

static bool has_padding(const window *g)
{
    return g->before[ROWS] + g->before[COLUMNS] + g->after[ROWS] + g->after[COLUMNS] > 0;
}

/* A series as a picture of one row, between Unsqueeze and Squeeze. */
static bool is_row(const dpid_onnx_step *s)
{
    return s->in.layout == DPID_ONNX_PLANES && s->in.shape.rank == 2 && !s->in.series;
}

/* A picture or series by planes; a Pad before goes into the window. */
static int32_t read_window(dpid_onnx_walk *w, dpid_onnx_step *s, window *g)
{
    if (s->in.layout != DPID_ONNX_PLANES || (s->in.shape.rank != (s->in.series ? 2 : 3) && !is_row(s)))
        return dpid_onnx_refuse(&w->graph, s->node,
                                "reads no picture of [samples, channels, height, width]; deepid has no such layer for "
                                "others");
    g->series = s->in.series;
    if (g->series)
        g->kernel[ROWS] = 1;
    DPID_TRY(read_pair(w, s, "kernel_shape", g->kernel));
    DPID_TRY(read_pair(w, s, "strides", g->stride));
    DPID_TRY(read_pair(w, s, "dilations", g->dilation));
    DPID_TRY(read_pads(w, s, g));
    for (int i = 0; i < AXES && s->in.padded; i++) {
        g->before[i] += s->in.pad[i];
        g->after[i] += s->in.pad[AXES + i];
    }
    s->in.padded = false;
    memset(s->in.pad, 0, sizeof s->in.pad);
    if (is_row(s) && (g->kernel[ROWS] > 1 || g->before[ROWS] + g->after[ROWS] > 0))
        return dpid_onnx_refuse(&w->graph, s->node, "its window leaves the one row that a series is here");
    g->series |= is_row(s);
    return DEEPID_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void add_pair(dpid_string *s, const window *g, const char *key, const int64_t *pair)
{
    if (g->series || pair[ROWS] == pair[COLUMNS])
        dpid_string_format(s, " %s=%lld", key, (long long)pair[COLUMNS]);
    else
        dpid_string_format(s, " %s=%lldx%lld", key, (long long)pair[ROWS], (long long)pair[COLUMNS]);
}

/* What every default of padding comes to: a kernel of 1 without any, or stride 1 and the picture's own size. */
static bool is_usual_padding(const window *g)
{
    bool usual = true;
    for (int i = 0; i < AXES; i++)
        usual &= g->dilation[i] == 1 && g->before[i] == g->after[i] && 2 * g->before[i] == g->kernel[i] - 1 &&
                 (g->stride[i] == 1 || g->kernel[i] == 1);
    return usual;
}

static void add_padding(dpid_string *s, const window *g)
{
    if (g->before[ROWS] == g->after[ROWS] && g->before[COLUMNS] == g->after[COLUMNS])
        add_pair(s, g, "padding", g->before);
    else if (g->series)
        dpid_string_format(s, " padding=%lldx%lld", (long long)g->before[COLUMNS], (long long)g->after[COLUMNS]);
    else
        dpid_string_format(s, " padding=%lldx%lldx%lldx%lld", (long long)g->before[ROWS], (long long)g->after[ROWS],
                           (long long)g->before[COLUMNS], (long long)g->after[COLUMNS]);
}

static int32_t keep(dpid_onnx_walk *w, dpid_string *s, char **out)
{
    const int32_t status = s->status == DEEPID_OK ? dpid_arena_text(w->arena, s->text, s->length, out) : s->status;
    dpid_string_release(s);
    return status;
}

/* ---- convolutions ---------------------------------------------------------------------------- */

static int32_t conv_options(dpid_onnx_walk *w, const window *g, int64_t out, int64_t groups, char **options)
{
    static const int64_t one[AXES] = {1, 1};
    dpid_string s = {.ctx = w->ctx};
    dpid_string_format(&s, "out=%lld", (long long)out);
    add_pair(&s, g, "kernel", g->kernel);
    if (memcmp(g->stride, one, sizeof one) != 0)
        add_pair(&s, g, "stride", g->stride);
    if (!is_usual_padding(g))
        add_padding(&s, g);
    if (memcmp(g->dilation, one, sizeof one) != 0)
        add_pair(&s, g, "dilation", g->dilation);
    if (groups != 1)
        dpid_string_format(&s, " groups=%lld", (long long)groups);
    return keep(w, &s, options);
}

static int32_t add_bias(dpid_onnx_walk *w, dpid_onnx_step *s, int64_t out)
{
    dpid_onnx_constant bias;
    if (dpid_onnx_input(&w->graph, s->node, 2) < 0)
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_weights(w, s, 2, out, &bias));
    if (!bias.data && bias.fill == 0) /* an exporter's word for none */
        return DEEPID_OK;
    s->value = s->makes;
    return dpid_onnx_change_last(w, s, &bias, false, false, 1);
}

/* A 1x1 convolution of a picture of one pixel, which is a row of features here. */
static int32_t take_pixel(dpid_onnx_walk *w, dpid_onnx_step *s, dpid_onnx_constant *weight)
{
    char *options = NULL;
    dpid_onnx_item *item = NULL;
    window g = {.stride = {1, 1}, .dilation = {1, 1}};
    DPID_TRY(read_pads(w, s, &g));
    if (weight->extents[2] != 1 || (weight->rank > 3 && weight->extents[3] != 1) ||
        dpid_onnx_int(s->proto, "group", 1) != 1 || has_padding(&g) || weight->extents[1] != s->in.shape.extent[0])
        return dpid_onnx_refuse(
            &w->graph, s->node,
            "the convolution of a picture of one pixel has weights of %s, padding or groups that no "
            "dense layer has",
            dpid_shape_text(weight->rank, weight->extents).text);
    weight->rank = 2;
    DPID_TRY(dpid_onnx_text(w, &options, "out=%lld", (long long)weight->extents[0]));
    DPID_TRY(dpid_onnx_add(w, s, &dpid_kind_dense, options, &item));
    item->source[0] = *weight;
    return add_bias(w, s, weight->extents[0]);
}

int32_t dpid_onnx_take_conv(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    window g = {.stride = {1, 1}, .dilation = {1, 1}};
    dpid_onnx_constant weight;
    char *options = NULL;
    dpid_onnx_item *item = NULL;
    const int64_t groups = dpid_onnx_int(s->proto, "group", 1);
    DPID_TRY(dpid_onnx_weights(w, s, 1, -1, &weight));
    const int32_t rank = s->in.series ? 3 : 4;
    if (weight.rank != rank)
        return dpid_onnx_refuse(&w->graph, s->node, "its weights are %s, expected %d extents: deepid convolves %s",
                                dpid_shape_text(weight.rank, weight.extents).text, rank,
                                s->in.series ? "series here" : "pictures and series");
    if (s->in.layout == DPID_ONNX_PLANES && s->in.shape.rank == 1)
        return take_pixel(w, s, &weight);
    const int64_t taps[AXES] = {s->in.series ? 1 : weight.extents[2], weight.extents[rank - 1]};
    const int64_t channels = s->in.shape.extent[s->in.shape.rank - 1];
    memcpy(g.kernel, taps, sizeof taps);
    DPID_TRY(read_window(w, s, &g));
    if (memcmp(g.kernel, taps, sizeof taps) != 0 || groups < 1 || channels % groups != 0 ||
        weight.extents[1] != channels / groups)
        return dpid_onnx_refuse(&w->graph, s->node,
                                "its weights are %s, and that does not go with %lld channels in, "
                                "groups %lld, kernel %lldx%lld",
                                dpid_shape_text(weight.rank, weight.extents).text, (long long)channels,
                                (long long)groups, (long long)g.kernel[ROWS], (long long)g.kernel[COLUMNS]);
    DPID_TRY(conv_options(w, &g, weight.extents[0], groups, &options));
    DPID_TRY(dpid_onnx_add(w, s, g.series ? &dpid_kind_conv1d : &dpid_kind_conv2d, options, &item));
    if (g.series && weight.rank == 4) { /* of one row */
        weight.rank = 3;
        weight.extents[2] = weight.extents[3];
    }
    item->source[0] = weight;
    return add_bias(w, s, weight.extents[0]);
}

/* ---- pools ----------------------------------------------------------------------------------- */

int32_t dpid_onnx_take_pool(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    window g = {.stride = {1, 1}, .dilation = {1, 1}};
    const bool largest = dpid_onnx_is(s->proto, "MaxPool");
    const bool padded = s->in.padded;
    dpid_string text = {.ctx = w->ctx};
    char *options = NULL;
    DPID_TRY(read_window(w, s, &g));
    if (g.kernel[COLUMNS] == 0)
        return dpid_onnx_refuse(&w->graph, s->node, "it has no kernel_shape");
    if (!largest && (g.dilation[ROWS] != 1 || g.dilation[COLUMNS] != 1))
        return dpid_onnx_refuse(&w->graph, s->node, "its window is spread (dilations); deepid's avgpool has none");
    if (padded && !(largest && s->in.not_negative))
        return dpid_onnx_refuse(&w->graph, s->node,
                                "zeros are put around the picture (Pad), and this pool would count "
                                "them; deepid's do not");
    if (g.kernel[ROWS] == 1 && g.kernel[COLUMNS] == 1 && g.stride[ROWS] == 1 && g.stride[COLUMNS] == 1 &&
        !has_padding(&g))
        return DEEPID_OK; /* an adaptive pool of pictures that have the size already */
    add_pair(&text, &g, "kernel", g.kernel);
    add_pair(&text, &g, "stride", g.stride);
    if (has_padding(&g))
        add_padding(&text, &g);
    if (g.dilation[ROWS] != 1 || g.dilation[COLUMNS] != 1)
        add_pair(&text, &g, "dilation", g.dilation);
    if (dpid_onnx_int(s->proto, "ceil_mode", 0))
        dpid_string_add(&text, " ceil_mode=1");
    if (!largest && has_padding(&g) && dpid_onnx_int(s->proto, "count_include_pad", 0))
        dpid_string_add(&text, " count_include_pad=1");
    DPID_TRY(keep(w, &text, &options));
    return dpid_onnx_add(w, s, largest ? &dpid_kind_maxpool : &dpid_kind_avgpool, options, NULL);
}

int32_t dpid_onnx_add_largest(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    const int64_t *e = s->in.shape.extent;
    char *options = NULL;
    if (s->in.shape.rank == 2 || e[0] == e[1])
        DPID_TRY(dpid_onnx_text(w, &options, "kernel=%lld stride=1", (long long)e[0]));
    else
        DPID_TRY(dpid_onnx_text(w, &options, "kernel=%lldx%lld stride=1", (long long)e[0], (long long)e[1]));
    return dpid_onnx_add(w, s, &dpid_kind_maxpool, options, NULL);
}

int32_t dpid_onnx_take_global_pool(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    if (s->in.layout != DPID_ONNX_PLANES)
        return dpid_onnx_refuse(&w->graph, s->node, "reads no picture of [samples, channels, height, width]");
    if (s->in.shape.rank == 1)
        return DEEPID_OK;
    if (dpid_onnx_is(s->proto, "GlobalAveragePool"))
        return dpid_onnx_add(w, s, &dpid_kind_global_avgpool, "", NULL);
    return dpid_onnx_add_largest(w, s);
}
