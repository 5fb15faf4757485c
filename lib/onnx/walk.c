/* The walk along an ONNX graph: from the input a layer after the other, and blocks where a value goes two ways. */
#include "onnx/onnx.h"

#include <string.h>

/* ---- the input ------------------------------------------------------------------------------- */

static int32_t input_extents(dpid_onnx_walk *w, int64_t *extents, int32_t *rank)
{
    const Onnx__TypeProto *type = w->graph.input_info->type;
    const bool tensor = type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type->shape;
    const Onnx__TensorShapeProto *shape = tensor ? type->tensor_type->shape : NULL;
    const char *name = w->graph.value[w->graph.input].name;
    if (!shape || shape->n_dim < 2 || shape->n_dim > 4)
        return dpid_fail(w->ctx, DEEPID_ERR_UNSUPPORTED,
                         "'%s': the input '%.80s' has %lld axes, expected samples and features (2), samples, channels, "
                         "height and width (4), samples, channels and length, or samples, height and width (3)",
                         w->file->path, name, shape ? (long long)shape->n_dim : -1);
    *rank = (int32_t)shape->n_dim - 1;
    for (int32_t i = 0; i < *rank; i++) {
        const Onnx__TensorShapeProto__Dimension *d = shape->dim[i + 1];
        const bool fixed = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && d->dim_value > 0;
        if (!fixed || d->dim_value > w->ctx->limits.tensor_elements)
            return dpid_fail(
                w->ctx, DEEPID_ERR_UNSUPPORTED,
                "'%s': the input '%.80s' has no fixed extent on axis %d; only the number of samples may be "
                "left open: export with an example of the right size",
                w->file->path, name, i + 1);
        extents[i] = d->dim_value;
    }
    return DEEPID_OK;
}

/* Axes that a window of this node goes over; 0: it has none. */
static int64_t window_axes(const dpid_onnx_walk *w, int32_t node)
{
    const dpid_onnx_node *proto = dpid_onnx_node_at(&w->graph, node);
    const dpid_onnx_attribute *kernel = dpid_onnx_attribute_of(proto, "kernel_shape");
    const int32_t weight = dpid_onnx_is(proto, "Conv") ? dpid_onnx_input(&w->graph, node, 1) : DPID_ONNX_NONE;
    if (kernel)
        return (int64_t)kernel->n_ints;
    if (weight >= 0 && w->graph.value[weight].initializer)
        return (int64_t)w->graph.value[weight].initializer->n_dims - 2;
    return 0;
}

/* [n, c, l] and [n, h, w] look the same: the file says which, or the first window tells (later ones may pool a series
   as a picture of one row), or a first node that goes by channels. */
static bool has_series(const dpid_onnx_walk *w)
{
    const Onnx__TensorShapeProto *shape = w->graph.input_info->type->tensor_type->shape;
    if (shape->n_dim == 3 && shape->dim[1]->denotation && strcmp(shape->dim[1]->denotation, DPID_ONNX_CHANNEL) == 0)
        return true;
    static const char *const by_channel[] = {"GlobalAveragePool", "GlobalMaxPool", "BatchNormalization",
                                             "InstanceNormalization", "GroupNormalization"};
    for (int32_t i = 0; i < w->graph.nodes; i++) {
        const int64_t axes = w->graph.live[i] ? window_axes(w, i) : 0;
        if (axes > 0)
            return axes == 1;
    }
    int32_t first = DPID_ONNX_NONE;
    if (dpid_onnx_readers(&w->graph, w->graph.input, 0, &first) == 0)
        return false;
    for (size_t i = 0; i < sizeof by_channel / sizeof *by_channel; i++)
        if (dpid_onnx_is(dpid_onnx_node_at(&w->graph, first), by_channel[i]))
            return true;
    return false;
}

/* Whether the first node makes planes of it. */
static bool is_channels_last(const dpid_onnx_walk *w)
{
    static const int64_t of_pictures[] = {0, 3, 1, 2};
    static const int64_t of_series[] = {0, 2, 1};
    const size_t axes = w->series ? 3 : 4;
    int32_t node = DPID_ONNX_NONE;
    if (dpid_onnx_readers(&w->graph, w->graph.input, 0, &node) != 1 ||
        !dpid_onnx_is(dpid_onnx_node_at(&w->graph, node), "Transpose"))
        return false;
    const dpid_onnx_attribute *perm = dpid_onnx_attribute_of(dpid_onnx_node_at(&w->graph, node), "perm");
    return perm && perm->n_ints == axes &&
           memcmp(perm->ints, w->series ? of_series : of_pictures, axes * sizeof *of_series) == 0;
}

static int32_t start(dpid_onnx_walk *w)
{
    dpid_onnx_flow *flow = &w->flow[w->graph.input];
    int64_t e[3] = {0};
    int32_t rank = 0;
    DPID_TRY(input_extents(w, e, &rank));
    w->series = rank < 3 && has_series(w);
    if (rank == 1)
        *flow = (dpid_onnx_flow){.layout = DPID_ONNX_FEATURES, .shape = {1, {e[0]}}};
    else if (rank == 2 && w->series && is_channels_last(w))
        *flow = (dpid_onnx_flow){.layout = DPID_ONNX_LAST, .series = true, .shape = {2, {e[0], e[1]}}};
    else if (rank == 2 && w->series)
        *flow = (dpid_onnx_flow){.layout = DPID_ONNX_PLANES, .series = true, .shape = {2, {e[1], e[0]}}};
    else if (rank == 2)
        *flow = (dpid_onnx_flow){.layout = DPID_ONNX_MATRIX, .shape = {3, {e[0], e[1], 1}}};
    else if (is_channels_last(w))
        *flow = (dpid_onnx_flow){.layout = DPID_ONNX_LAST, .shape = {3, {e[0], e[1], e[2]}}};
    else
        *flow = (dpid_onnx_flow){.layout = DPID_ONNX_PLANES, .shape = {3, {e[1], e[2], e[0]}}};
    return DEEPID_OK;
}

/* ---- chains ---------------------------------------------------------------------------------- */

static int32_t take_activation(dpid_onnx_walk *w, dpid_onnx_step *s, int32_t *at, bool *taken)
{
    const dpid_kind *kind = NULL;
    const char *options = NULL;
    DPID_TRY(dpid_onnx_activation(w, *at, s->scope, &kind, &options, &s->makes));
    *taken = kind != NULL;
    if (!*taken)
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_add(w, s, kind, options, NULL));
    w->flow[s->makes] = s->out;
    *at = s->makes;
    return DEEPID_OK;
}

static int32_t take_norm(dpid_onnx_walk *w, dpid_onnx_step *s, int32_t *at, bool *taken)
{
    DPID_TRY(dpid_onnx_take_norm(w, s, taken));
    if (!*taken)
        return DEEPID_OK;
    w->flow[s->makes] = s->out;
    *at = s->makes;
    return DEEPID_OK;
}

static int32_t walk_chain(dpid_onnx_walk *w, int32_t scope, int32_t at, int32_t end, double *scale,
                          dpid_onnx_list *out);

/* Both ways of a block; blocks do not nest, so this is not called from itself. */
static int32_t walk_block(dpid_onnx_walk *w, int32_t scope, dpid_onnx_list *list, int32_t *at)
{
    dpid_onnx_fork f = {.w = w, .scope = scope, .at = *at};
    DPID_TRY(dpid_onnx_find_ways(&f));
    for (int k = 0; k < 2; k++)
        DPID_TRY(walk_chain(w, f.scopes[k], f.at, f.end[k], &f.scale[k], &f.way[k]));
    return dpid_onnx_make_block(&f, list, at);
}

static int32_t walk_step(dpid_onnx_walk *w, int32_t scope, double *scale, dpid_onnx_list *list, int32_t *at)
{
    dpid_onnx_step s = {.value = *at, .scope = scope, .in = w->flow[*at], .list = list, .scale = scale};
    const int32_t readers = dpid_onnx_readers(&w->graph, *at, scope, &s.node);
    bool taken = false;
    if (readers == 0)
        return dpid_fail(w->ctx, DEEPID_ERR_UNSUPPORTED, "'%s': the value '%.80s' does not lead to the output",
                         w->file->path, w->graph.value[*at].name);
    DPID_TRY(take_activation(w, &s, at, &taken));
    if (!taken)
        DPID_TRY(take_norm(w, &s, at, &taken));
    if (taken)
        return DEEPID_OK;
    if (readers > dpid_onnx_reads(&w->graph, s.node, *at)) {
        DPID_TRY(dpid_onnx_finish_pending(w, &s));
        w->flow[*at] = s.in;
        return walk_block(w, scope, list, at);
    }
    s.proto = dpid_onnx_node_at(&w->graph, s.node);
    s.makes = dpid_onnx_output(&w->graph, s.node, 0);
    s.out = s.in;
    DPID_TRY(dpid_onnx_take(w, &s));
    w->flow[s.makes] = s.out;
    *at = s.makes;
    return DEEPID_OK;
}

static int32_t walk_chain(dpid_onnx_walk *w, int32_t scope, int32_t at, int32_t end, double *scale, dpid_onnx_list *out)
{
    while (at != end)
        DPID_TRY(walk_step(w, scope, scale, out, &at));
    return DEEPID_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int32_t check_end(dpid_onnx_walk *w)
{
    const dpid_onnx_flow *flow = &w->flow[w->graph.output];
    const int32_t maker = w->graph.value[w->graph.output].maker;
    if (!w->net.first)
        return dpid_fail(w->ctx, DEEPID_ERR_UNSUPPORTED, "'%s': the graph has no layer", w->file->path);
    if (flow->padded || flow->step[0] || flow->order.rank || flow->groups)
        return dpid_onnx_refuse(&w->graph, maker,
                                "the output is a picture that was flattened, padded or cut, and no layer follows; here "
                                "channels lie last, so its numbers would come in another order");
    return DEEPID_OK;
}

int32_t dpid_onnx_walk_graph(dpid_onnx_walk *w)
{
    DPID_TRY(dpid_onnx_graph_make(w->file, &w->graph));
    DPID_TRY(dpid_arena_alloc(w->arena, w->graph.values, sizeof *w->flow, "ONNX graph", &w->flow));
    DPID_TRY(dpid_arena_alloc(w->arena, w->graph.values, sizeof *w->region, "ONNX graph", &w->region));
    if (w->graph.output == w->graph.input)
        return dpid_fail(w->ctx, DEEPID_ERR_UNSUPPORTED, "'%s': the graph has no layer", w->file->path);
    DPID_TRY(dpid_onnx_check_operators(w));
    DPID_TRY(start(w));
    DPID_TRY(walk_chain(w, 0, w->graph.input, w->graph.output, NULL, &w->net));
    return check_end(w);
}
