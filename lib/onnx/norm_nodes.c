/* Normalisations of ONNX. Group normalisation comes by its own operator, or as PyTorch's exporter writes it:
     Reshape to [n, groups, rest]; InstanceNormalization; Reshape back; Mul; Add
   the last two are changes of the layer as those behind any other (layer.c). */
#include "onnx/onnx.h"

#include <string.h>

/* An eps or momentum of ONNX is a float: with all its digits 1e-5 is 1.0000001e-05, say. */
static dpid_number_text short_number(double value)
{
    enum { DIGITS = 6 };
    return dpid_number_rounded(value, DIGITS);
}

static double short_value(double value)
{
    const dpid_number_text number = short_number(value);
    double out = value;
    dpid_read_decimal(number.text, number.text + strlen(number.text), '.', &out);
    return out;
}

int32_t dpid_onnx_take_batchnorm(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    enum { PARAMETERS = 4 };
    char *options = NULL;
    dpid_onnx_item *item = NULL;
    const double eps = dpid_onnx_float(s->proto, "epsilon", 1e-5F);
    const double momentum = 1 - short_value(dpid_onnx_float(s->proto, "momentum", 0.9F)); /* ONNX: how much stays */
    if (s->in.layout != DPID_ONNX_FEATURES && s->in.layout != DPID_ONNX_PLANES)
        return dpid_onnx_refuse(&w->graph, s->node, "normalises what is no [samples, channels, ...]");
    DPID_TRY(dpid_onnx_text(w, &options, "eps=%s momentum=%s", short_number(eps).text, short_number(momentum).text));
    DPID_TRY(dpid_onnx_add(w, s, &dpid_kind_batchnorm, options, &item));
    w->trains |= dpid_onnx_int(s->proto, "training_mode", 0) != 0;
    for (int32_t k = 0; k < PARAMETERS; k++)
        DPID_TRY(dpid_onnx_weights(w, s, 1 + k, dpid_onnx_channels(&s->in), &item->source[k]));
    return DEEPID_OK;
}

int32_t dpid_onnx_take_layernorm(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    char *options = NULL;
    dpid_onnx_item *item = NULL;
    int64_t now[DPID_RANK_MAX];
    const int64_t rank = 1 + dpid_onnx_extents(&s->in, now);
    const int64_t axis = dpid_onnx_int(s->proto, "axis", -1);
    const bool last = s->in.layout == DPID_ONNX_FEATURES || s->in.layout == DPID_ONNX_LAST;
    if (!last || (axis != -1 && axis != rank - 1))
        return dpid_onnx_refuse(&w->graph, s->node, "normalises over other axes than the channels");
    DPID_TRY(dpid_onnx_text(w, &options, "eps=%s", short_number(dpid_onnx_float(s->proto, "epsilon", 1e-5F)).text));
    DPID_TRY(dpid_onnx_add(w, s, &dpid_kind_layernorm, options, &item));
    DPID_TRY(dpid_onnx_weights(w, s, 1, dpid_onnx_channels(&s->in), &item->source[0]));
    if (dpid_onnx_input(&w->graph, s->node, 2) >= 0)
        return dpid_onnx_weights(w, s, 2, dpid_onnx_channels(&s->in), &item->source[1]);
    return DEEPID_OK;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* One number a channel of one a group, or as they are. */
static int32_t spread(dpid_onnx_walk *w, int64_t c, dpid_onnx_constant *numbers)
{
    float *to = NULL;
    const int64_t each = numbers->count > 0 ? c / numbers->count : 1;
    if (numbers->count == c || numbers->count == 1)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(w->arena, c, sizeof *to, "ONNX graph", &to));
    for (int64_t i = 0; i < c; i++)
        to[i] = (float)dpid_onnx_number(numbers, i / each);
    *numbers = (dpid_onnx_constant){
        .rank = 1, .extents = {c}, .count = c, .data = to, .dtype = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT};
    return DEEPID_OK;
}

/* Scale and bias, `given` numbers each: one a channel, or one a group. */
static int32_t add_groups(dpid_onnx_walk *w, dpid_onnx_step *s, int64_t groups, int64_t given)
{
    char *options = NULL;
    dpid_onnx_item *item = NULL;
    const int64_t c = dpid_onnx_channels(&s->in);
    const bool instances = groups == c && s->in.shape.rank > 1;
    const dpid_number_text eps = short_number(dpid_onnx_float(s->proto, "epsilon", 1e-5F));
    if (instances)
        DPID_TRY(dpid_onnx_text(w, &options, "eps=%s", eps.text));
    else
        DPID_TRY(dpid_onnx_text(w, &options, "groups=%lld eps=%s", (long long)groups, eps.text));
    DPID_TRY(dpid_onnx_add(w, s, instances ? &dpid_kind_instancenorm : &dpid_kind_groupnorm, options, &item));
    for (int32_t k = 0; k < 2; k++) {
        DPID_TRY(dpid_onnx_weights(w, s, 1 + k, given, &item->source[k]));
        DPID_TRY(spread(w, c, &item->source[k]));
    }
    return DEEPID_OK;
}

/* Up to operator set 20 it has a number a group, from 21 on one a channel. */
int32_t dpid_onnx_take_groupnorm(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    const int64_t groups = dpid_onnx_int(s->proto, "num_groups", 0);
    const int64_t c = dpid_onnx_channels(&s->in);
    if (groups < 1 || c % groups != 0 || (s->in.layout != DPID_ONNX_PLANES && s->in.layout != DPID_ONNX_FEATURES) ||
        s->in.order.rank)
        return dpid_onnx_refuse(&w->graph, s->node,
                                "normalises %lld groups of what has no such channels in [samples, channels, ...]",
                                (long long)groups);
    return add_groups(w, s, groups, w->file->opset < 21 ? groups : c);
}

/* Each channel by itself; of samples that were counted by groups, each of these. */
int32_t dpid_onnx_take_instancenorm(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    const int64_t groups = s->in.groups ? s->in.groups : dpid_onnx_channels(&s->in);
    if (s->in.layout != DPID_ONNX_PLANES && !s->in.groups)
        return dpid_onnx_refuse(&w->graph, s->node, "normalises what is no [samples, channels, ...]");
    return add_groups(w, s, groups, groups);
}

/* The one node that reads a value; none where there are several. */
static const dpid_onnx_node *only_reader(const dpid_onnx_walk *w, int32_t value)
{
    const dpid_onnx_value *v = &w->graph.value[value];
    return v->readers == 1 ? dpid_onnx_node_at(&w->graph, w->graph.reader[v->first_reader]) : NULL;
}

bool dpid_onnx_groups(const dpid_onnx_walk *w, dpid_onnx_step *s, const int64_t *asked, int32_t rank)
{
    const dpid_onnx_node *next = only_reader(w, s->makes);
    const bool whole = s->in.layout == DPID_ONNX_PLANES || s->in.layout == DPID_ONNX_FEATURES;
    dpid_onnx_flow plain = s->in;
    int64_t before[DPID_RANK_MAX];
    plain.groups = 0;
    if (s->in.groups) {
        const int32_t axes = dpid_onnx_extents(&plain, before);
        bool same = axes == rank;
        for (int32_t i = 0; same && i < rank; i++)
            same = before[i] == asked[i];
        s->out.groups = 0;
        dpid_onnx_pass(s);
        return same;
    }
    if (rank != 2 || !whole || s->in.order.rank || s->in.padded || s->in.step[0] || !next ||
        !dpid_onnx_is(next, "InstanceNormalization") || asked[0] < 1 || dpid_onnx_channels(&s->in) % asked[0] != 0 ||
        asked[0] * asked[1] != dpid_shape_count(&s->in.shape))
        return false;
    const int32_t axes = dpid_onnx_extents(&plain, before);
    if (axes == 2 && before[0] == asked[0]) /* they are counted so already */
        return false;
    s->out.groups = asked[0];
    return true;
}
