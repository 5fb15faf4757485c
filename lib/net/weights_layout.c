/* Layouts of weights. PyTorch's convolutions are [out, in, kh, kw], ours [out, kh, kw, in], of series [out, in, k]
   and [out, k, in]; behind a flatten its features are in the order [c, h, w], ours [h, w, c] (of series [c, l] and
   [l, c]). So the columns of the dense layer there are turned, and what stands between the two (a normalisation,
   slopes) is turned with them. */
#include "net/weights_layout.h"

#include "tensor/half.h"

#include <math.h>
#include <string.h>

/* ---- the words ------------------------------------------------------------------------------- */

int32_t dpid_weights_options(deepid_ctx *ctx, const char *options, bool *pytorch, bool *by_order)
{
    enum { MATCH, COUNT };
    static const dpid_option known[] = {
        {"match", DPID_CHOICE, 0, 0, 0, "name|order", false, "how tensors find their parameters"}, {0}};
    dpid_value values[COUNT];
    dpid_span rest;
    const dpid_span word = dpid_first_word(dpid_span_of(options), &rest);
    *pytorch = dpid_span_is(word, "pytorch");
    if (!*pytorch && !dpid_span_is(word, "deepid"))
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "net: layout is '%.*s', expected deepid or pytorch",
                         options ? (int)(word.length < 40 ? word.length : 40) : 4, options ? word.text : "NULL");
    DPID_TRY(dpid_options_parse(ctx, "layout", rest, known, values));
    *by_order = values[MATCH].i == 1;
    return DEEPID_OK;
}

/* ---- which layers see a flattened picture ----------------------------------------------------- */

static bool is_linear_map(const dpid_layer *layer)
{
    return layer->op.kind->flags & DPID_KIND_WEIGHT;
}

/* Of what a layer gives, when `in` comes in. */
static dpid_flat flat_behind(const dpid_layer *layer, dpid_flat in)
{
    const dpid_op *op = &layer->op;
    const int64_t channels = op->in.extent[op->in.rank - 1];
    if (op->in.rank > 1 && op->out.rank == 1 && op->kind == &dpid_kind_flatten) {
        const int64_t pixels = dpid_shape_count(&op->in) / channels;
        return pixels > 1 && channels > 1 ? (dpid_flat){pixels, channels} : (dpid_flat){0};
    }
    if (is_linear_map(layer))
        in = (dpid_flat){0};
    return in;
}

static int32_t check_join(const deepid_net *net, const dpid_step *step, const dpid_flat *value)
{
    const dpid_flat *in = &value[step->in];
    const dpid_flat *skip = &value[step->skip];
    if (in->pixels == skip->pixels && in->channels == skip->channels)
        return DEEPID_OK;
    return dpid_fail(net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                     "layout=pytorch: %s adds a flattened picture to what a dense layer gives, so its features have "
                     "two orders; put a dense layer before the block",
                     net->value[step->out].name);
}

/* Groups of neighbours are others in another order. */
static int32_t check_groups(const deepid_net *net, const dpid_layer *layer, dpid_flat in)
{
    if (in.pixels == 0 || layer->op.kind != &dpid_kind_groupnorm || layer->op.option[0].i == 1)
        return DEEPID_OK;
    return dpid_fail(net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                     "layout=pytorch: %s has groups of a flattened picture's features, whose order is another there",
                     layer->name);
}

int32_t dpid_weights_layout_make(dpid_arena *arena, const deepid_net *net, bool pytorch, dpid_weights_layout *out)
{
    dpid_flat *value = NULL;
    dpid_flat *flat = NULL;
    *out = (dpid_weights_layout){.pytorch = pytorch};
    if (!pytorch)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *value, "layout", &value));
    DPID_TRY(dpid_arena_alloc(arena, net->layers + 1, sizeof *flat, "layout", &flat));
    for (int32_t i = 0; i < net->steps; i++) {
        const dpid_step *step = &net->step[i];
        if (step->type != DPID_STEP_LAYER) {
            DPID_TRY(check_join(net, step, value));
            value[step->out] = value[step->in];
            continue;
        }
        flat[step->layer] = value[step->in];
        DPID_TRY(check_groups(net, &net->layer[step->layer], value[step->in]));
        value[step->out] = flat_behind(&net->layer[step->layer], value[step->in]);
    }
    out->flat = flat;
    return DEEPID_OK;
}

/* ---- places --------------------------------------------------------------------------------------- */

/* The picture whose features are the last axis of p; pixels 0: they are not. A dense layer's bias is of what it
   gives. */
static dpid_flat flat_of(const dpid_weights_layout *layout, const dpid_parameter *p)
{
    return layout->pytorch && p->spec.rank <= 2 && p->spec.role != DPID_ROLE_BIAS ? layout->flat[p->layer]
                                                                                  : (dpid_flat){0};
}

void dpid_weights_extents(const dpid_weights_layout *layout, const dpid_parameter *p, int64_t *extents)
{
    memcpy(extents, p->spec.extents, sizeof *extents * (size_t)p->spec.rank);
    for (int32_t i = 1; layout->pytorch && p->spec.rank > 2 && i < p->spec.rank; i++)
        extents[i] = p->spec.extents[i == 1 ? p->spec.rank - 1 : i - 1];
}

bool dpid_weights_turned(const dpid_weights_layout *layout, const dpid_parameter *p)
{
    return layout->pytorch && (p->spec.rank > 2 || flat_of(layout, p).pixels > 0);
}

int64_t dpid_weights_place(const dpid_weights_layout *layout, const dpid_parameter *p, int64_t i)
{
    const dpid_flat flat = flat_of(layout, p);
    if (layout->pytorch && p->spec.rank > 2) {
        const int64_t in = p->spec.extents[p->spec.rank - 1];
        const int64_t taps = p->count / p->spec.extents[0] / in;
        return (i / (taps * in) * in + i % in) * taps + i / in % taps;
    }
    if (flat.pixels == 0)
        return i;
    const int64_t features = flat.pixels * flat.channels;
    const int64_t f = i % features;
    return i - f + f % flat.channels * flat.pixels + f / flat.channels;
}

/* ---- numbers ----------------------------------------------------------------------------------------- */

#define READ(type, name, value_of)                                                                                     \
    static double name(const void *data, int64_t i)                                                                    \
    {                                                                                                                  \
        type bits;                                                                                                     \
        memcpy(&bits, (const char *)data + i * (int64_t)sizeof bits, sizeof bits);                                     \
        return (double)value_of(bits);                                                                                 \
    }
READ(double, read_f64, )
READ(float, read_f32, )
READ(uint16_t, read_f16, dpid_f16_value)
READ(uint16_t, read_bf16, dpid_bf16_value)

dpid_file_number *dpid_file_numbers(const dpid_file_tensor *t)
{
    static const struct {
        const char *word;
        dpid_file_number *read;
    } rows[] = {{"F64", read_f64}, {"F32", read_f32}, {"F16", read_f16}, {"BF16", read_bf16}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(t->word, rows[i].word) == 0)
            return rows[i].read;
    return NULL;
}

/* ---- numbers that are none ------------------------------------------------------------------- */

static int64_t count_not_finite(const deepid_net *net, int32_t i)
{
    const void *at = dpid_net_parameter_at(net, i);
    int64_t count = 0;
    for (int64_t k = 0; k < net->parameter[i].count; k++)
        count += !(net->precision == DPID_P32 ? isfinite(((const float *)at)[k]) : isfinite(((const double *)at)[k]));
    return count;
}

void dpid_weights_warn(const deepid_net *net, const char *path)
{
    for (int32_t i = 0; i < net->parameters; i++) {
        const int64_t count = count_not_finite(net, i);
        if (count == 0)
            continue;
        dpid_log(net->head.ctx, 2, "'%s': %lld of %lld numbers of '%s' are infinite or no number (NaN)", path,
                 (long long)count, (long long)net->parameter[i].count, net->parameter[i].name);
        return;
    }
}
