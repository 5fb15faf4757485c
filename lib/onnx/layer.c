/* What the rows of the tables share: adding a layer, its weights, and what stands behind one and is taken into it. */
#include "onnx/onnx.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int32_t dpid_onnx_text(dpid_onnx_walk *w, char **text, const char *format, ...)
{
    char line[DPID_ERROR_MAX];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return dpid_arena_text(w->arena, line, length < (int)sizeof line ? length : (int)sizeof line - 1, text);
}

int32_t dpid_onnx_weights(dpid_onnx_walk *w, const dpid_onnx_step *s, int32_t i, int64_t count, dpid_onnx_constant *out)
{
    const int32_t v = dpid_onnx_input(&w->graph, s->node, i);
    bool known = false;
    DPID_TRY(dpid_onnx_name_node(&w->graph, s->node, dpid_onnx_constant_at(w, v, out, &known)));
    const int32_t maker = v >= 0 ? w->graph.value[v].maker : DPID_ONNX_NONE;
    if (!known && maker >= 0 && !w->graph.value[v].data)
        return dpid_onnx_refuse(
            &w->graph, s->node,
            "its input %d '%.60s' is made by %.40s in a way that is not worked out here; an export that folds "
            "constants says the numbers (torch: dynamo=True, optimize=True)",
            i, w->graph.value[v].name,
            dpid_onnx_node_at(&w->graph, maker)->op_type ? dpid_onnx_node_at(&w->graph, maker)->op_type : "a node");
    if (!known)
        return dpid_onnx_refuse(&w->graph, s->node, "its input %d '%.60s' is worked out from data, expected weights", i,
                                v >= 0 ? w->graph.value[v].name : "");
    if (count >= 0 && out->count != count && out->count != 1)
        return dpid_onnx_refuse(&w->graph, s->node, "its input %d '%.60s' has %lld numbers, expected %lld", i,
                                w->graph.value[v].name, (long long)out->count, (long long)count);
    return DEEPID_OK;
}

/* ---- adding a layer --------------------------------------------------------------------------- */

int32_t dpid_onnx_op(dpid_onnx_walk *w, const dpid_onnx_item *item, dpid_op *out)
{
    return dpid_onnx_name_node(&w->graph, item->node,
                               dpid_op_create(w->ctx, item->kind, dpid_span_of(item->options), &item->in, out));
}

static bool never_negative(const dpid_onnx_flow *in, const dpid_op *op)
{
    if (op->kind->activation)
        return op->kind->activation(op->option).least >= 0;
    return in->not_negative && (op->kind->flags & (DPID_KIND_KEEPS_RANGE | DPID_KIND_WINDOW | DPID_KIND_NOISE));
}

int32_t dpid_onnx_add(dpid_onnx_walk *w, dpid_onnx_step *s, const dpid_kind *kind, const char *options,
                      dpid_onnx_item **item)
{
    dpid_onnx_item *new = NULL;
    dpid_op op;
    DPID_TRY(dpid_onnx_finish_pending(w, s));
    DPID_TRY(dpid_arena_alloc(w->arena, 1, sizeof *new, "ONNX graph", &new));
    new->node = s->node;
    new->value = s->makes;
    new->kind = kind;
    new->options = options;
    new->in = s->in.shape;
    new->in_order = s->in.order;
    DPID_TRY(dpid_onnx_op(w, new, &op));
    s->out = s->in;
    s->out.shape = op.out;
    s->out.not_negative = never_negative(&s->in, &op);
    if (kind->flags & DPID_KIND_WEIGHT)
        s->out.order.rank = 0;
    new->order = s->out.order;
    for (int k = 0; k < DPID_ONNX_SOURCES; k++)
        new->source[k].rank = -1;
    *(s->list->last ? &s->list->last->next : &s->list->first) = new;
    s->list->last = new;
    if (item)
        *item = new;
    return DEEPID_OK;
}

int32_t dpid_onnx_finish_slice(dpid_onnx_walk *w, dpid_onnx_step *s, int64_t channels)
{
    char *options = NULL;
    const int64_t step = s->in.step[0] ? s->in.step[0] : 1;
    if (s->in.step[0] != s->in.step[1])
        return dpid_onnx_refuse(&w->graph, s->node, "leaves out rows otherwise than columns");
    DPID_TRY(dpid_onnx_text(w, &options, "out=%lld stride=%lld", (long long)channels, (long long)step));
    s->in.step[0] = s->in.step[1] = 0;
    return dpid_onnx_add(w, s, &dpid_kind_channel_pad, options, NULL);
}

/* What a Pad or Slice put off has to be taken by now: pixels that are left out become a layer. */
int32_t dpid_onnx_finish_pending(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    if (s->in.groups && s->proto && !dpid_onnx_is(s->proto, "InstanceNormalization"))
        return dpid_onnx_refuse(&w->graph, s->node, "reads samples that are counted by groups of channels");
    if (s->in.padded)
        return dpid_onnx_refuse(&w->graph, s->node, "zeros are put around a picture (Pad) and no convolution follows");
    if (!s->in.step[0])
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_finish_slice(w, s, s->in.shape.extent[s->in.shape.rank - 1]));
    s->in = s->out;
    return DEEPID_OK;
}

/* ---- changes of the last one ------------------------------------------------------------------ */

bool dpid_onnx_is_by_channel(const dpid_onnx_flow *flow, const dpid_onnx_constant *c)
{
    const int32_t from_right = flow->layout != DPID_ONNX_PLANES ? 1 : flow->series ? 2 : 3;
    return c->count == 1 || (flow->layout != DPID_ONNX_MATRIX && c->count == dpid_onnx_channels(flow) &&
                             c->rank >= from_right && c->extents[c->rank - from_right] == c->count);
}

/* The value comes right from a layer that can take a factor or summand. */
bool dpid_onnx_takes_changes(const dpid_onnx_step *s)
{
    const dpid_onnx_item *last = s->list->last;
    return last && last->kind && last->value == s->value &&
           ((last->kind->flags & DPID_KIND_WEIGHT) || last->kind == &dpid_kind_batchnorm ||
            last->kind == &dpid_kind_layernorm || last->kind == &dpid_kind_rmsnorm ||
            last->kind == &dpid_kind_groupnorm || last->kind == &dpid_kind_instancenorm) &&
           !s->in.groups;
}

void dpid_onnx_pass(dpid_onnx_step *s)
{
    if (s->list->last && s->list->last->value == s->value)
        s->list->last->value = s->makes;
}

int32_t dpid_onnx_change_last(dpid_onnx_walk *w, dpid_onnx_step *s, const dpid_onnx_constant *by, bool multiplies,
                              bool inverted, double factor)
{
    dpid_onnx_item *last = s->list->last;
    dpid_onnx_change *change = NULL;
    if (!dpid_onnx_takes_changes(s) && last && last->kind && last->value == s->value && last->kind->activation)
        return dpid_onnx_refuse(&w->graph, s->node,
                                "computes with known numbers behind the activation %s%s, and deepid has none that "
                                "computes this",
                                last->kind->word, last->kind == &dpid_kind_softplus ? " (deepid's has no beta)" : "");
    if (!dpid_onnx_takes_changes(s))
        return dpid_onnx_refuse(
            &w->graph, s->node,
            "computes with known numbers behind what is no layer with weights, so none can take them");
    if (!multiplies && last->kind == &dpid_kind_rmsnorm)
        return dpid_onnx_refuse(&w->graph, s->node,
                                "adds known numbers behind an rmsnorm, which has none to take them");
    DPID_TRY(dpid_arena_alloc(w->arena, 1, sizeof *change, "ONNX graph", &change));
    *change = (dpid_onnx_change){.multiplies = multiplies, .inverted = inverted, .factor = factor, .by = *by};
    *(last->last_change ? &last->last_change->next : &last->changes) = change;
    last->last_change = change;
    last->value = s->makes;
    return DEEPID_OK;
}
