/* Linear layers that copy: W = factor I for dense layers, a delta kernel for convolutions. Output pixel i sees input
   pixel i through tap top / dilation, left / dilation. Carriers (the channels that hold x) may be fewer than
   channels, may come in +- pairs, and may be coordinates in a basis. */
#include "identity/witness/chain.h"

#include "ops/conv2d/conv2d.h"

#include <string.h>

/* ---- where a weight lies --------------------------------------------------------------- */

typedef struct {
    int64_t out, taps, in_g, out_g, tap;
} kernel;

static kernel kernel_of(const dpid_op *op)
{
    dpid_conv2d g;
    if (op->in.rank == 1)
        return (kernel){op->out.extent[0], 1, op->in.extent[0], op->out.extent[0], 0};
    (void)dpid_conv2d_make(NULL, op, &g);
    const dpid_window *w = &g.window;
    const int64_t tap = w->top / w->dilation_h * w->kernel_w + w->left / w->dilation_w;
    return (kernel){g.out, w->kernel_h * w->kernel_w, g.in_g, g.out_g, tap};
}

static void add_weight(const dpid_writing *writing, const dpid_part *part, const kernel *k, int64_t o, int64_t i,
                       double value)
{
    void *w = dpid_net_parameter_at(writing->net, part->layer->parameter[0]);
    const int64_t at = (o * k->taps + k->tap) * k->in_g + i % k->in_g;
    dpid_store(writing->net->precision, w, at, dpid_fetch(writing->net->precision, w, at) + value);
}

static void clear(const dpid_writing *writing, const dpid_part *part)
{
    for (int32_t p = 0; p < part->layer->op.parameters; p++)
        for (int64_t i = 0; i < writing->net->parameter[part->layer->parameter[p]].count; i++)
            dpid_store(writing->net->precision, dpid_net_parameter_at(writing->net, part->layer->parameter[p]), i, 0);
}

/* ---- where carriers go -------------------------------------------------------------------- */

/* The first free output channel that sees input channel i: its own number where that is free. -1: none. */
static int64_t place_for(const kernel *k, int64_t i, int64_t wanted, char *taken)
{
    const int64_t group = i / k->in_g;
    const int64_t first = group * k->out_g;
    int64_t o = wanted >= first && wanted < first + k->out_g && !taken[wanted] ? wanted : first;
    while (o < first + k->out_g && taken[o])
        o++;
    if (o >= first + k->out_g)
        return -1;
    taken[o] = 1;
    return o;
}

/* New places for all carriers, plus first. */
static bool place_all(const kernel *k, const dpid_code *code, dpid_task task, int64_t carriers, char *taken,
                      int64_t *plus, int64_t *minus)
{
    for (int64_t i = 0; i < carriers; i++) {
        const int64_t from = task.enter || task.leave ? 0 : code->plus[i];
        plus[i] = place_for(k, from, task.whole || task.leave ? i : from, taken);
        if (plus[i] < 0)
            return false;
    }
    for (int64_t i = 0; task.expand && i < carriers; i++) {
        minus[i] = place_for(k, task.enter || task.leave ? 0 : code->plus[i], carriers + i, taken);
        if (minus[i] < 0)
            return false;
    }
    return true;
}

/* ---- weights -------------------------------------------------------------------------------- */

/* Row o takes coefficient times old carrier i: from a pair by the difference. */
static void take(const dpid_writing *writing, const dpid_part *part, const kernel *k, const dpid_code *code, int64_t o,
                 int64_t i, double coefficient)
{
    add_weight(writing, part, k, o, code->plus[i], coefficient);
    if (code->form == DPID_CODE_PAIR_PHI)
        add_weight(writing, part, k, o, code->minus[i], -coefficient);
}

static void write_row(const dpid_writing *writing, const dpid_part *part, const kernel *k, const dpid_code *code,
                      dpid_task task, int64_t o, int64_t carrier, double factor)
{
    const dpid_basis *b = writing->basis;
    if (task.enter)
        for (int64_t i = 0; i < b->channels; i++)
            take(writing, part, k, code, o, i, factor * b->vector[carrier * b->channels + i]);
    else if (task.leave)
        for (int64_t i = 0; i < b->dimensions; i++)
            take(writing, part, k, code, o, i, factor * b->vector[i * b->channels + carrier]);
    else
        take(writing, part, k, code, o, carrier, factor);
}

bool dpid_write_linear(const dpid_writing *writing, const dpid_part *part, dpid_task task, dpid_code *code)
{
    const kernel k = kernel_of(&part->layer->op);
    const int64_t carriers = task.enter   ? writing->basis->dimensions
                             : task.leave ? writing->basis->channels
                                          : code->carriers;
    deepid_ctx *ctx = writing->net->head.ctx;
    int64_t *plus = NULL;
    char *taken = NULL;
    *writing->status = dpid_alloc(ctx, 2 * carriers, sizeof *plus, "identity places", &plus);
    if (*writing->status == DEEPID_OK)
        *writing->status = dpid_alloc(ctx, k.out, 1, "identity places", &taken);
    if (*writing->status != DEEPID_OK) {
        dpid_free(ctx, plus);
        return false;
    }
    const bool fits = place_all(&k, code, task, carriers, taken, plus, plus + carriers);
    clear(writing, part);
    for (int64_t i = 0; fits && i < carriers; i++) {
        write_row(writing, part, &k, code, task, plus[i], i, task.factor);
        if (task.expand)
            write_row(writing, part, &k, code, task, plus[carriers + i], i, -task.factor);
    }
    memcpy(code->plus, plus, (size_t)carriers * sizeof *plus);
    memcpy(code->minus, plus + carriers, (size_t)carriers * sizeof *plus);
    code->carriers = carriers;
    code->form = task.expand ? DPID_CODE_PAIR : code->form == DPID_CODE_PAIR_PHI ? DPID_CODE_PLAIN : code->form;
    code->a *= task.factor;
    code->c *= task.factor;
    dpid_free(ctx, taken);
    dpid_free(ctx, plus);
    return fits;
}

/* ---- constants -------------------------------------------------------------------------------- */

static int32_t constant_parameter(const dpid_part *part)
{
    for (int32_t p = 0; p < part->layer->op.parameters; p++) {
        const dpid_role role = part->layer->op.parameter[p].role;
        if (role == DPID_ROLE_BIAS || role == DPID_ROLE_SHIFT)
            return part->layer->parameter[p];
    }
    return -1;
}

bool dpid_part_has_bias(const dpid_part *part)
{
    return (part->type == DPID_PART_LINEAR || part->type == DPID_PART_NORM) && constant_parameter(part) >= 0;
}

void dpid_write_constant(const dpid_writing *writing, const dpid_part *part, const dpid_code *code, double constant,
                         const double *vector)
{
    const dpid_precision precision = writing->net->precision;
    void *b = dpid_net_parameter_at(writing->net, constant_parameter(part));
    for (int64_t i = 0; i < code->carriers; i++) {
        const double added = constant + (vector ? vector[i] : 0);
        dpid_store(precision, b, code->plus[i], dpid_fetch(precision, b, code->plus[i]) + added);
        if (code->form == DPID_CODE_PAIR)
            dpid_store(precision, b, code->minus[i], dpid_fetch(precision, b, code->minus[i]) - added);
    }
}

void dpid_write_slope(const dpid_writing *writing, const dpid_part *part, double value)
{
    const int32_t p = part->layer->parameter[0];
    for (int64_t i = 0; i < writing->net->parameter[p].count; i++)
        dpid_store(writing->net->precision, dpid_net_parameter_at(writing->net, p), i, value);
}
