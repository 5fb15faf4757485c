/* Blocks in an ONNX graph: where a value goes two ways that meet in an Add. One way is the skip: the value itself,
   or what deepid's shortcuts are made of. */
#include "onnx/onnx.h"

#include "ops/conv2d/conv2d.h"

#include <string.h>

/* ---- where the ways meet --------------------------------------------------------------------- */

static int32_t readings(const dpid_onnx_walk *w, int32_t node, int32_t stamp)
{
    int32_t count = 0;
    for (int32_t k = 0; k < (int32_t)dpid_onnx_node_at(&w->graph, node)->n_input; k++) {
        const int32_t v = dpid_onnx_number_input(&w->graph, node, k);
        count += v >= 0 && w->region[v] == stamp;
    }
    return count;
}

/* The first node that every way leads to: there no reading of what was made since is open. */
static int32_t find_join(dpid_onnx_fork *f)
{
    dpid_onnx_walk *w = f->w;
    int32_t first = DPID_ONNX_NONE;
    const int32_t stamp = ++w->regions;
    int32_t open = dpid_onnx_readers(&w->graph, f->at, f->scope, &first);
    w->region[f->at] = stamp;
    for (int32_t node = w->graph.value[f->at].maker + 1; node < w->graph.nodes; node++) {
        const bool ours = w->graph.live[node] && w->graph.scope[node] == f->scope;
        const int32_t reads = ours ? readings(w, node, stamp) : 0;
        if (reads == 0)
            continue;
        open -= reads;
        f->join = node;
        if (open == 0)
            return DEEPID_OK;
        for (int32_t k = 0; k < (int32_t)dpid_onnx_node_at(&w->graph, node)->n_output; k++) {
            const int32_t v = dpid_onnx_output(&w->graph, node, k);
            int32_t unused;
            if (v < 0)
                continue;
            w->region[v] = stamp;
            open += dpid_onnx_readers(&w->graph, v, f->scope, &unused) + (v == w->graph.output);
        }
    }
    return dpid_onnx_refuse(&w->graph, first, "'%.80s' goes several ways that do not meet again",
                            w->graph.value[f->at].name);
}

static const struct {
    const char *op, *why;
} other_joins[] = {{"Mul", "multiplies two branches"},
                   {"MatMul", "multiplies two branches as matrices"},
                   {"Sub", "subtracts a branch from another"},
                   {"Div", "divides a branch by another"}};

static int32_t check_join(const dpid_onnx_fork *f)
{
    const dpid_onnx_graph *g = &f->w->graph;
    const dpid_onnx_node *node = dpid_onnx_node_at(g, f->join);
    const bool adds = dpid_onnx_is(node, "Add") || dpid_onnx_is(node, "Sum");
    const char *why = adds ? "adds more than two branches" : "is where branches meet, and no Add";
    for (size_t i = 0; i < sizeof other_joins / sizeof *other_joins; i++)
        if (dpid_onnx_is(node, other_joins[i].op))
            why = other_joins[i].why;
    if (!adds)
        DPID_TRY(dpid_onnx_refuse_region(f->w, f->at, f->scope, f->join));
    if (!adds || node->n_input != 2)
        return dpid_onnx_refuse(g, f->join, "%s; deepid's nets are chains with residual blocks", why);
    return DEEPID_OK;
}

/* ---- the two ways ---------------------------------------------------------------------------- */

/* The nodes between the fork and what the join reads become a scope of their own. */
static int32_t mark_way(dpid_onnx_fork *f, int which, int32_t scope)
{
    dpid_onnx_walk *w = f->w;
    dpid_onnx_graph *g = &w->graph;
    const int32_t stamp = ++w->regions;
    if (f->end[which] == f->at)
        return DEEPID_OK;
    w->region[f->end[which]] = stamp;
    for (int32_t node = f->join - 1; node > g->value[f->at].maker; node--) {
        bool ours = false;
        for (int32_t k = 0; g->live[node] && k < (int32_t)dpid_onnx_node_at(g, node)->n_output; k++) {
            const int32_t v = dpid_onnx_output(g, node, k);
            ours |= v >= 0 && g->value[v].data && w->region[v] == stamp;
        }
        if (!ours)
            continue;
        if (g->scope[node] != f->scope)
            return dpid_onnx_refuse(g, node, "belongs to both branches that meet in '%.80s'",
                                    g->value[dpid_onnx_output(g, f->join, 0)].name);
        g->scope[node] = scope;
        for (int32_t k = 0; k < (int32_t)dpid_onnx_node_at(g, node)->n_input; k++) {
            const int32_t v = dpid_onnx_input(g, node, k);
            if (v >= 0 && v != f->at)
                w->region[v] = stamp;
        }
    }
    return DEEPID_OK;
}

/* All that a skip left undone at its end: every so manieth pixel. */
static int32_t finish_way(dpid_onnx_fork *f, int which)
{
    dpid_onnx_walk *w = f->w;
    dpid_onnx_flow *flow = &w->flow[f->end[which]];
    dpid_onnx_step s = {
        .node = f->join, .value = f->end[which], .makes = f->end[which], .in = *flow, .list = &f->way[which]};
    if (flow->padded)
        return dpid_onnx_refuse(&w->graph, f->join, "zeros are put around a picture (Pad) and no convolution follows");
    if (!flow->step[0])
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_finish_slice(w, &s, flow->shape.extent[flow->shape.rank - 1]));
    *flow = s.out;
    return DEEPID_OK;
}

/* ---- which of them is the skip --------------------------------------------------------------- */

/* A 1x1 convolution or dense layer, perhaps with batch-norm; or zeros for new channels. A factor may stand behind. */
static int32_t is_shortcut(dpid_onnx_walk *w, const dpid_onnx_list *way, bool *is)
{
    const dpid_onnx_item *first = way->first;
    dpid_conv2d g;
    dpid_op op;
    const dpid_onnx_item *rest = first ? first->next : NULL;
    const bool pads = first && first->kind == &dpid_kind_channel_pad;
    rest = rest && !pads && rest->kind == &dpid_kind_batchnorm ? rest->next : rest;
    rest = rest && rest->kind == &dpid_kind_scale ? rest->next : rest;
    *is = pads && !rest;
    if (!first || *is || !first->kind || rest)
        return DEEPID_OK;
    *is = first->kind == &dpid_kind_dense;
    if (!(first->kind->flags & DPID_KIND_CONVOLUTION))
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_op(w, first, &op));
    DPID_TRY(dpid_conv2d_make(w->ctx, &op, &g));
    *is = g.window.kernel_h == 1 && g.window.kernel_w == 1 && g.groups == 1 && g.window.top + g.window.bottom == 0 &&
          g.window.left + g.window.right == 0;
    return DEEPID_OK;
}

static int32_t length_of(const dpid_onnx_list *list)
{
    int32_t count = 0;
    for (const dpid_onnx_item *item = list->first; item; item = item->next)
        count++;
    return count;
}

static int32_t choose_skip(dpid_onnx_fork *f)
{
    bool is[2] = {false, false};
    for (int k = 0; k < 2; k++)
        DPID_TRY(is_shortcut(f->w, &f->way[k], &is[k]));
    const int32_t length[2] = {length_of(&f->way[0]), length_of(&f->way[1])};
    if (length[0] == 0 && length[1] == 0)
        return dpid_onnx_refuse(&f->w->graph, f->join, "adds a value to itself");
    if (length[0] == 0 || length[1] == 0)
        f->skip = length[0] == 0 ? 0 : 1;
    else if (is[0] || is[1])
        f->skip = is[0] && is[1] ? length[0] < length[1] ? 0 : 1 : is[0] ? 0 : 1;
    else
        return dpid_onnx_refuse(
            &f->w->graph, f->join,
            "both of its branches are rows of layers; one has to be the value itself, a 1x1 "
            "convolution (or dense layer) with or without batch-norm, or every so manieth pixel with "
            "zeros for new channels");
    return DEEPID_OK;
}

static bool has_batchnorm(const dpid_onnx_list *list)
{
    for (const dpid_onnx_item *item = list->first; item; item = item->next)
        if (item->kind == &dpid_kind_batchnorm)
            return true;
    return false;
}

static int32_t check_flows(const dpid_onnx_fork *f)
{
    const dpid_onnx_flow *a = &f->w->flow[f->end[0]];
    const dpid_onnx_flow *b = &f->w->flow[f->end[1]];
    if (!dpid_shape_equal(&a->shape, &b->shape) || a->layout != b->layout)
        return dpid_onnx_refuse(&f->w->graph, f->join, "adds values of other shapes, %s and %s (as deepid counts)",
                                dpid_shape_text(a->shape.rank, a->shape.extent).text,
                                dpid_shape_text(b->shape.rank, b->shape.extent).text);
    if (a->order.rank != b->order.rank || memcmp(&a->order, &b->order, sizeof a->order) != 0)
        return dpid_onnx_refuse(&f->w->graph, f->join, "adds a picture that was flattened to features that were not");
    return DEEPID_OK;
}

/* ---- a skip with layers ---------------------------------------------------------------------- */

static dpid_onnx_change **bias_of(dpid_onnx_item *linear)
{
    dpid_onnx_change **tail = &linear->changes;
    while (*tail && (*tail)->multiplies)
        tail = &(*tail)->next;
    return tail;
}

/* A projection with batch-norm has no bias: that of the file goes to the batch-norm behind. */
static int32_t move_bias(dpid_onnx_fork *f)
{
    dpid_onnx_item *linear = f->way[f->skip].first;
    dpid_onnx_change **tail = bias_of(linear);
    if (*tail && (*tail)->next)
        return dpid_onnx_refuse(&f->w->graph, f->join, "its shortcut adds several numbers to what it projects");
    linear->next->before = *tail;
    *tail = NULL;
    return DEEPID_OK;
}

/* A shortcut has no trained scale: the layers before it take the factor, or the block's s does. */
static int32_t settle_scale(dpid_onnx_fork *f)
{
    dpid_onnx_list *skip = &f->way[f->skip];
    dpid_onnx_item *scale = skip->last;
    dpid_onnx_change *change = NULL;
    if (!scale || scale->kind != &dpid_kind_scale)
        return DEEPID_OK;
    for (skip->last = skip->first; skip->last->next != scale;)
        skip->last = skip->last->next;
    dpid_onnx_item *last = skip->last;
    last->next = NULL;
    if (last->kind != &dpid_kind_channel_pad) {
        DPID_TRY(dpid_arena_alloc(f->w->arena, 1, sizeof *change, "ONNX graph", &change));
        *change = (dpid_onnx_change){.multiplies = true, .factor = 1, .by = scale->source[0]};
        *(last->last_change ? &last->last_change->next : &last->changes) = change;
        last->last_change = change;
        return DEEPID_OK;
    }
    if (scale->source[0].count != 1)
        return dpid_onnx_refuse(&f->w->graph, scale->node, "multiplies a skip by other numbers in each channel");
    f->scale[f->skip] *= dpid_onnx_number(&scale->source[0], 0);
    return DEEPID_OK;
}

static int32_t name_shortcut(dpid_onnx_fork *f, dpid_onnx_item *block)
{
    const dpid_onnx_list *skip = &f->way[f->skip];
    const dpid_shape *in = &f->w->flow[f->at].shape;
    const dpid_shape *out = &f->w->flow[f->end[0]].shape;
    if (!skip->first)
        return DEEPID_OK;
    if (skip->first->kind == &dpid_kind_channel_pad) {
        block->shortcut = "A";
        return DEEPID_OK;
    }
    block->shortcut = dpid_shape_equal(in, out) ? "C" : "B";
    const bool branch = has_batchnorm(&f->way[!f->skip]);
    const bool normed = has_batchnorm(skip);
    block->projection = normed && !branch ? "batchnorm" : branch && !normed ? "bare" : NULL;
    if (!normed && *bias_of(skip->first))
        block->projection = "bias";
    return normed ? move_bias(f) : DEEPID_OK;
}

/* ---- the block ------------------------------------------------------------------------------- */

/* An activation behind the sum, where it needs no options. */
static int32_t take_after(dpid_onnx_fork *f, dpid_onnx_item *block, int32_t *end)
{
    const dpid_kind *kind = NULL;
    const char *options = "";
    int32_t after = *end;
    dpid_onnx_walk *w = f->w;
    dpid_op op;
    if (*end != w->graph.output)
        DPID_TRY(dpid_onnx_activation(w, *end, f->scope, &kind, &options, &after));
    if (!kind || *options)
        return DEEPID_OK;
    DPID_TRY(dpid_op_create(w->ctx, kind, dpid_span_of(""), &w->flow[*end].shape, &op));
    w->flow[after] = w->flow[*end];
    w->flow[after].not_negative = kind->activation && kind->activation(op.option).least >= 0;
    block->after = kind->word;
    *end = after;
    return DEEPID_OK;
}

static int32_t make_block(dpid_onnx_fork *f, dpid_onnx_list *out, int32_t *end)
{
    dpid_onnx_walk *w = f->w;
    dpid_onnx_item *block = NULL;
    DPID_TRY(settle_scale(f));
    DPID_TRY(dpid_arena_alloc(w->arena, 1, sizeof *block, "ONNX graph", &block));
    block->node = f->join;
    block->branch = f->way[!f->skip];
    block->skip = f->way[f->skip];
    block->s = f->scale[f->skip];
    DPID_TRY(name_shortcut(f, block));
    if (f->scale[!f->skip] != 1)
        return dpid_onnx_refuse(&w->graph, f->join,
                                "a branch is multiplied by a number where no layer with weights can take it");
    if (!(block->s > 0 && block->s <= 1))
        return dpid_onnx_refuse(&w->graph, f->join, "its skip is multiplied by %s, expected more than 0 and at most 1",
                                dpid_number(block->s).text);
    *end = dpid_onnx_output(&w->graph, f->join, 0);
    w->flow[*end] = w->flow[f->end[0]];
    w->flow[*end].not_negative = w->flow[f->end[0]].not_negative && w->flow[f->end[1]].not_negative;
    DPID_TRY(take_after(f, block, end));
    *(out->last ? &out->last->next : &out->first) = block;
    out->last = block;
    return DEEPID_OK;
}

int32_t dpid_onnx_find_ways(dpid_onnx_fork *f)
{
    dpid_onnx_walk *w = f->w;
    DPID_TRY(find_join(f));
    DPID_TRY(check_join(f));
    if (f->scope != 0)
        return dpid_onnx_refuse(&w->graph, f->join, "joins a block inside of a block; deepid's blocks do not nest");
    for (int k = 0; k < 2; k++)
        f->end[k] = dpid_onnx_input(&w->graph, f->join, k);
    if (f->end[0] < 0 || f->end[1] < 0 || dpid_onnx_output(&w->graph, f->join, 0) < 0)
        return dpid_onnx_refuse(&w->graph, f->join, "lacks an input or output");
    for (int k = 0; k < 2; k++) {
        f->scale[k] = 1;
        f->scopes[k] = ++w->scopes;
        DPID_TRY(mark_way(f, k, f->scopes[k]));
    }
    return DEEPID_OK;
}

int32_t dpid_onnx_make_block(dpid_onnx_fork *f, dpid_onnx_list *out, int32_t *end)
{
    for (int k = 0; k < 2; k++)
        DPID_TRY(finish_way(f, k));
    DPID_TRY(check_flows(f));
    DPID_TRY(choose_skip(f));
    return make_block(f, out, end);
}
