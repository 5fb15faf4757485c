/* Range: gradients that leave the range of the net's precision and not that of a higher one, and updates that are
   too small to change a weight. */
#include "inspect/precision.h"
#include "inspect/probe.h"

#include <math.h>
#include <string.h>

enum { SAMPLES, RATE };
static const dpid_option options[] = {
    DPID_PROBE_SAMPLES_OF(64),
    {"rate", DPID_REAL, 0.1, 0, 1e30, NULL, false, "learning rate of the updates"},
    {0},
};

/* Entries of one array, and those that are so in the net's precision and not in the reference. */
typedef struct {
    int64_t entries, zero, subnormal, infinite, nan;
} counts;

typedef struct {
    counts value, weight;
    int64_t lost; /* of weight.entries */
} row;

typedef struct {
    dpid_batch low, high;
    bool *shut;
    row *rows; /* of the input, then of each step */
} pair;

/* ---- one entry, one array ----------------------------------------------------------------- */

static void count_entry(counts *c, dpid_precision p, double low, long double high, bool off)
{
    const dpid_precision above = p == DPID_P32 ? DPID_P64 : DPID_P80;
    c->entries++;
    c->zero += low == 0 && high != 0 && !off;
    c->subnormal +=
        low != 0 && (long double)fabs(low) < dpid_least_normal(p) && fabsl(high) >= dpid_least_normal(above);
    c->infinite += isinf(low) && isfinite(high);
    c->nan += isnan(low) && !isnan(high);
}

/* Where it selects, rounding alone makes zeros, and range is not to blame. */
static bool selects(const dpid_op *op)
{
    return op->kind->flags & DPID_KIND_SELECT;
}

/* shut: of each value and sample, its whole gradient was turned off so. */
static bool turned_off(const pair *p, int32_t v, int64_t sample, int64_t i)
{
    const deepid_net *net = p->low.net;
    for (int32_t t = 0; t < net->steps; t++) {
        if (net->step[t].in != v && net->step[t].skip != v)
            continue;
        const dpid_op *op = net->step[t].type == DPID_STEP_LAYER ? &net->layer[net->step[t].layer].op : NULL;
        if (p->shut[net->step[t].out * p->low.n + sample] ||
            (op && (selects(op) || (dpid_has_mask(op) && dpid_is_flipped(&p->low, &p->high, v, i)))))
            return true;
    }
    return false;
}

static void count_value(const pair *p, int32_t v, counts *c)
{
    const dpid_precision precision = p->low.net->precision;
    const int64_t units = dpid_shape_count(&p->low.net->value[v].shape);
    for (int64_t sample = 0; sample < p->low.n; sample++) {
        int64_t off = 0;
        for (int64_t i = sample * units; i < (sample + 1) * units; i++) {
            const double low = dpid_fetch(precision, dpid_net_value_gradient(p->low.net, v), i);
            const long double high =
                dpid_fetch_wide(p->high.net->precision, dpid_net_value_gradient(p->high.net, v), i);
            const bool vanished = low == 0 && high != 0 && turned_off(p, v, sample, i);
            count_entry(c, precision, low, high, vanished);
            off += vanished || (low == 0 && high == 0);
        }
        p->shut[v * p->low.n + sample] = off == units;
    }
}

/* Sum over samples and units of |dL/dy| in the higher precision. */
static long double gradient_sum(const dpid_batch *high, int32_t v)
{
    const void *gradient = dpid_net_value_gradient(high->net, v);
    long double sum = 0;
    for (int64_t i = 0; i < dpid_value_count(high, v); i++)
        sum += fabsl(dpid_fetch_wide(high->net->precision, gradient, i));
    return sum;
}

/* A 0 where terms cancel: the bias before a batch-norm has the gradient sum over samples of dL/dy = 0, and rounding
   leaves 0 or not by chance. What is too small for the precision is range all the same. */
static bool cancelled(dpid_precision p, long double high, long double terms)
{
    return fabsl(high) >= dpid_least_normal(p) * dpid_ulp(p, 1) && fabsl(high) <= dpid_ulp(p, 1) * terms;
}

static void count_parameters(const pair *both, int32_t t, double rate, row *r)
{
    const dpid_batch *low = &both->low;
    const dpid_batch *high = &both->high;
    const dpid_precision p = low->net->precision;
    const dpid_layer *layer = &low->net->layer[low->net->step[t].layer];
    const long double terms = gradient_sum(high, low->net->step[t].out);
    for (int32_t k = 0; k < layer->op.parameters; k++) {
        const int32_t i = layer->parameter[k];
        if (!layer->op.parameter[k].trained)
            continue;
        const void *w = dpid_net_parameter_at(low->net, i);
        const void *a = dpid_parameter_gradient_at(low->net, i);
        const void *b = dpid_parameter_gradient_at(high->net, i);
        for (int64_t e = 0; e < low->net->parameter[i].count; e++) {
            const long double wide = dpid_fetch_wide(high->net->precision, b, e);
            count_entry(&r->weight, p, dpid_fetch(p, a, e), wide, cancelled(p, wide, terms));
            r->lost += fabs(rate * dpid_fetch(p, a, e)) < dpid_ulp(p, dpid_fetch(p, w, e)) / 2;
        }
    }
}

/* ---- rows -------------------------------------------------------------------------------------- */

static int32_t append(deepid_table *table, const char *name, const row *r)
{
    const counts *v = &r->value;
    const counts *w = &r->weight;
    const double lost = w->entries > 0 ? (double)r->lost / (double)w->entries : (double)NAN;
    const double values[] = {(double)v->entries,
                             (double)v->zero,
                             (double)v->subnormal,
                             (double)v->infinite,
                             (double)v->nan,
                             (double)w->entries,
                             (double)w->zero,
                             (double)w->subnormal,
                             (double)w->infinite,
                             (double)w->nan,
                             lost};
    return deepid_table_append(table, name, values);
}

static void total(counts *sum, const counts *c)
{
    sum->entries += c->entries;
    sum->zero += c->zero;
    sum->subnormal += c->subnormal;
    sum->infinite += c->infinite;
    sum->nan += c->nan;
}

/* From the output back, since what is turned off stays off. */
static int32_t count_all(dpid_probe_run *run, pair *p, dpid_arena *arena)
{
    row sum = {.lost = 0};
    DPID_TRY(dpid_pair_open(run->net, run->data, run->n, &p->low, &p->high));
    const deepid_net *net = p->low.net;
    DPID_TRY(dpid_arena_alloc(arena, net->values_count * run->n, sizeof *p->shut, "probe", &p->shut));
    DPID_TRY(dpid_arena_alloc(arena, net->steps + 1, sizeof *p->rows, "probe", &p->rows));
    for (int32_t t = net->steps - 1; t >= -1; t--) {
        row *r = &p->rows[t + 1];
        count_value(p, t < 0 ? 0 : net->step[t].out, &r->value);
        if (t >= 0 && net->step[t].type == DPID_STEP_LAYER)
            count_parameters(p, t, run->option[RATE].r, r);
        total(&sum.value, &r->value);
        total(&sum.weight, &r->weight);
        sum.lost += r->lost;
    }
    for (int32_t t = -1; t < net->steps; t++)
        DPID_TRY(append(run->table, t < 0 ? "input" : net->value[net->step[t].out].name, &p->rows[t + 1]));
    return append(run->table, "net", &sum);
}

static int32_t fill_range(dpid_probe_run *run)
{
    pair p = {.shut = NULL};
    dpid_arena arena = {.ctx = run->net->head.ctx};
    const int32_t status = count_all(run, &p, &arena);
    dpid_arena_release(&arena);
    dpid_batch_close(&p.high);
    dpid_batch_close(&p.low);
    return status;
}

const dpid_probe dpid_probe_range = {
    .word = "range",
    .help = "gradient entries that are zero, subnormal, infinite or NaN in the net's precision and not in a higher "
            "one; share of updates lost to rounding; options: samples=64, rate=0.1",
    .heading = "value",
    .columns =
        "entries,zero,subnormal,infinite,nan,weights,weight_zero,weight_subnormal,weight_infinite,weight_nan,lost",
    .options = options,
    .fill = fill_range,
    .own = true,
};
