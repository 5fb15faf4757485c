/* Weights from an ONNX file into a net: channels go last, features behind a flatten into our order, and what stood
   behind a layer into its numbers. */
#include "onnx/onnx.h"

#include <math.h>
#include <string.h>

/* A parameter where it lies. */
typedef struct {
    dpid_precision precision;
    void *at;
    const dpid_parameter_spec *spec;
    int64_t count;
} target;

static double get(const target *t, int64_t i)
{
    return dpid_fetch(t->precision, t->at, i);
}

static void put(const target *t, int64_t i, double value)
{
    dpid_store(t->precision, t->at, i, value);
}

static target target_of(const deepid_net *net, int32_t layer, int32_t k)
{
    const int32_t i = net->layer[layer].parameter[k];
    return (target){net->precision, dpid_net_parameter_at(net, i), &net->parameter[i].spec, net->parameter[i].count};
}

/* ---- places ---------------------------------------------------------------------------------- */

/* Feature i of ours in the file: there a picture was flattened by planes. */
static int64_t place_of(const dpid_shape *order, int64_t i)
{
    if (order->rank == 0)
        return i;
    const int64_t c = order->extent[2];
    return i % c * (order->extent[0] * order->extent[1]) + i / c;
}

static double number_at(const dpid_onnx_constant *c, const dpid_shape *order, int64_t i)
{
    return dpid_onnx_number(c, c->count == 1 ? 0 : place_of(order, i));
}

/* Floats to floats, the usual case: `outer` rows of in x taps numbers become taps x in. */
static void turn_floats(const float *from, float *to, int64_t outer, int64_t in, int64_t taps)
{
    for (int64_t o = 0; o < outer; o++, from += in * taps)
        for (int64_t k = 0; k < taps; k++)
            for (int64_t j = 0; j < in; j++)
                *to++ = from[j * taps + k];
}

/* [out, in, taps] to [out, taps, in]. Dense behind a flattened picture: the same, its pixels are the taps. */
static void fill_weight(const target *t, const dpid_onnx_constant *c, const dpid_shape *order)
{
    const bool conv = t->spec->rank > 2;
    const int64_t out = t->spec->extents[0];
    const int64_t taps = conv          ? t->count / out / t->spec->extents[t->spec->rank - 1]
                         : order->rank ? order->extent[0] * order->extent[1]
                                       : 1;
    const int64_t in = t->count / (out * taps);
    const float *floats = dpid_onnx_floats(c);
    if (!c->data)
        for (int64_t i = 0; i < t->count; i++)
            put(t, i, c->fill);
    else if (floats && t->precision == DPID_P32 && taps == 1)
        memcpy(t->at, floats, (size_t)t->count * sizeof *floats);
    else if (floats && t->precision == DPID_P32)
        turn_floats(floats, t->at, out, in, taps);
    else
        for (int64_t i = 0; i < t->count; i++)
            put(t, i, dpid_onnx_number(c, (i / (taps * in) * in + i % in) * taps + i / in % taps));
}

/* ---- changes --------------------------------------------------------------------------------- */

/* Rows of the weight and the constant behind it, or scale and shift. */
static void change(const target *weight, const target *shift, const dpid_onnx_item *item, const dpid_onnx_change *by)
{
    const int64_t rows = weight->spec->extents[0];
    const int64_t each = weight->count / rows;
    for (int64_t o = 0; o < rows; o++) {
        const double number = by->factor * number_at(&by->by, &item->order, o);
        if (!by->multiplies) {
            put(shift, o, by->inverted ? get(shift, o) - number : get(shift, o) + number);
            continue;
        }
        for (int64_t k = 0; k < each; k++)
            put(weight, o * each + k,
                by->inverted ? get(weight, o * each + k) / number : get(weight, o * each + k) * number);
        if (shift->at)
            put(shift, o, by->inverted ? get(shift, o) / number : get(shift, o) * number);
    }
}

/* A shortcut's batch-norm has the usual eps; the file's goes into the variance. */
static int32_t match_eps(const dpid_onnx_walk *w, const deepid_net *net, int32_t layer, const dpid_onnx_item *item)
{
    enum { MEAN = 2, VARIANCE = 3 };
    const target mean = target_of(net, layer, MEAN);
    const target variance = target_of(net, layer, VARIANCE);
    dpid_op op;
    DPID_TRY(dpid_op_create(w->ctx, item->kind, dpid_span_of(item->options), &item->in, &op));
    const double more = op.option[0].r - net->layer[layer].op.option[0].r;
    for (int64_t i = 0; i < variance.count && more != 0; i++) {
        if (get(&variance, i) + more < 0)
            return dpid_onnx_refuse(&w->graph, item->node,
                                    "its eps is %s and a variance is %s; a shortcut's batch-norm has eps 1e-5",
                                    dpid_number(op.option[0].r).text, dpid_number(get(&variance, i)).text);
        put(&variance, i, get(&variance, i) + more);
    }
    for (int64_t i = 0; i < mean.count && item->before; i++) {
        const double bias = item->before->factor * number_at(&item->before->by, &item->order, i);
        put(&mean, i, get(&mean, i) - (item->before->inverted ? -bias : bias));
    }
    return DEEPID_OK;
}

int32_t dpid_onnx_fill(const dpid_onnx_walk *w, deepid_net *net, int32_t layer, const dpid_onnx_item *item)
{
    const dpid_op *op = &net->layer[layer].op;
    target t[DPID_OP_PARAMETERS_MAX] = {{.at = NULL}};
    for (int32_t k = 0; k < op->parameters; k++) {
        t[k] = target_of(net, layer, k);
        const bool given = k < DPID_ONNX_SOURCES && item->source[k].rank >= 0;
        if (given && t[k].spec->role == DPID_ROLE_WEIGHT)
            fill_weight(&t[k], &item->source[k], &item->in_order);
        else
            for (int64_t i = 0; given && i < t[k].count; i++)
                put(&t[k], i, number_at(&item->source[k], &item->order, i));
    }
    for (const dpid_onnx_change *c = item->changes; c; c = c->next)
        change(&t[0], &t[1], item, c);
    return item->kind == &dpid_kind_batchnorm ? match_eps(w, net, layer, item) : DEEPID_OK;
}
