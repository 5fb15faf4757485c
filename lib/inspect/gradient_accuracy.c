/* Gradient accuracy: how far the gradients of the net's own precision are from those of a higher one, layer by layer,
   from the same numbers.
   Formulas: docs/probes.md */
#include "inspect/precision.h"
#include "base/numbers.h"
#include "inspect/probe.h"

#include <math.h>
#include <stdlib.h>

enum { SAMPLES, TRUST };
enum { AUTO, NO, YES }; /* of trust */
static const dpid_option options[] = {
    DPID_PROBE_SAMPLES_OF(64),
    {"trust", DPID_CHOICE, AUTO, 0, 0, "auto|no|yes", false,
     "a third net in long double says whether the reference is to be trusted; auto: where that takes seconds"},
    {0},
};

typedef struct {
    dpid_batch low, high, top; /* own precision, reference, long double (of an f64 net: none) */
    double *ulps;
} accuracy;

/* ---- two arrays -------------------------------------------------------------------------- */

/* sum of (a - b)^2, a^2, b^2, a b */
typedef struct {
    long double away, a, b, both;
} products;

static void add(products *p, const dpid_batch *x, const void *a, const dpid_batch *y, const void *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const long double u = dpid_fetch_wide(x->net->precision, a, i);
        const long double v = dpid_fetch_wide(y->net->precision, b, i);
        p->away += (u - v) * (u - v);
        p->a += u * u;
        p->b += v * v;
        p->both += u * v;
    }
}

static products of_value(const dpid_batch *x, const dpid_batch *y, int32_t v)
{
    products p = {0};
    add(&p, x, dpid_net_value_gradient(x->net, v), y, dpid_net_value_gradient(y->net, v), dpid_value_count(x, v));
    return p;
}

static products of_parameters(const dpid_batch *x, const dpid_batch *y, const dpid_layer *layer)
{
    products p = {0};
    for (int32_t k = 0; k < layer->op.parameters; k++) {
        const int32_t i = layer->parameter[k];
        if (layer->op.parameter[k].trained)
            add(&p, x, dpid_parameter_gradient_at(x->net, i), y, dpid_parameter_gradient_at(y->net, i),
                x->net->parameter[i].count);
    }
    return p;
}

/* |a - b| / |b|, 0 where both are the same */
static double relative(const products *p)
{
    return p->away == 0 ? 0 : (double)sqrtl(p->away / p->b);
}

static double cosine(const products *p)
{
    return (double)(p->both / sqrtl(p->a) / sqrtl(p->b));
}

/* ---- units in the last place --------------------------------------------------------------- */

/* The least number that a share of them does not exceed. */
static double quantile(const double *sorted, int64_t n, double share)
{
    const int64_t rank = (int64_t)ceil(share * (double)n);
    return n == 0 ? (double)NAN : sorted[rank > 0 ? rank - 1 : 0];
}

/* |a - b| / ulp(b): median, 99th percentile and largest; entries of the reference below the least normal number are
   only counted. */
static void measure_ulps(accuracy *a, int32_t v, double *median, double *p99, double *most, double *small)
{
    const dpid_precision p = a->low.net->precision;
    const void *low = dpid_net_value_gradient(a->low.net, v);
    const void *high = dpid_net_value_gradient(a->high.net, v);
    const int64_t count = dpid_value_count(&a->low, v);
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++) {
        const long double reference = dpid_fetch_wide(a->high.net->precision, high, i);
        if (fabsl(reference) < dpid_least_normal(p))
            continue;
        const double ulps =
            (double)(fabsl(dpid_fetch_wide(p, low, i) - reference) / (long double)dpid_ulp(p, (double)reference));
        a->ulps[n++] = isnan(ulps) ? (double)INFINITY : ulps;
    }
    qsort(a->ulps, (size_t)n, sizeof *a->ulps, dpid_compare_doubles);
    *median = quantile(a->ulps, n, 0.5);
    *p99 = quantile(a->ulps, n, 0.99);
    *most = quantile(a->ulps, n, 1);
    *small = (double)(count - n);
}

/* ---- rows ------------------------------------------------------------------------------------- */

/* Share of (unit, sample) that the layer masks in one precision and not in the other; NaN for layers without a mask. */
static double flips(const accuracy *a, const dpid_step *step)
{
    const int64_t count = dpid_value_count(&a->low, step->in);
    int64_t flipped = 0;
    if (!dpid_has_mask(&a->low.net->layer[step->layer].op))
        return (double)NAN;
    for (int64_t i = 0; i < count; i++)
        flipped += dpid_is_flipped(&a->low, &a->high, step->in, i);
    return (double)flipped / (double)count;
}

enum {
    RELATIVE,
    COSINE,
    ULP_MEDIAN,
    ULP_P99,
    ULP_MAX,
    SMALL,
    FLIPS,
    PREDICTED,
    WEIGHT_RELATIVE,
    WEIGHT_COSINE,
    REFERENCE_ERROR,
    TRUSTED,
    COLUMNS
};

/* An f64 net has no second reference: long double has 11 bits more, so an error below one in a hundred is one that
   it sees. */
static void judge_reference(const accuracy *a, int32_t v, double *row)
{
    enum { FACTOR = 100 };
    row[REFERENCE_ERROR] = row[TRUSTED] = (double)NAN;
    if (a->top.net) {
        const products p = of_value(&a->high, &a->top, v);
        row[REFERENCE_ERROR] = relative(&p);
        row[TRUSTED] = row[REFERENCE_ERROR] <= row[RELATIVE] / FACTOR;
    } else if (a->low.net->precision == DPID_P64) {
        row[TRUSTED] = row[RELATIVE] < 1.0 / FACTOR;
    }
}

static int32_t append(accuracy *a, const dpid_step *step, deepid_table *table)
{
    double row[COLUMNS];
    const dpid_layer *layer = &a->low.net->layer[step->layer];
    const products value = of_value(&a->low, &a->high, step->out);
    const products weight = of_parameters(&a->low, &a->high, layer);
    row[RELATIVE] = relative(&value);
    row[COSINE] = cosine(&value);
    measure_ulps(a, step->out, &row[ULP_MEDIAN], &row[ULP_P99], &row[ULP_MAX], &row[SMALL]);
    row[FLIPS] = flips(a, step);
    row[PREDICTED] = sqrt(2 * row[FLIPS]);
    row[WEIGHT_RELATIVE] = layer->op.parameters > 0 ? relative(&weight) : (double)NAN;
    row[WEIGHT_COSINE] = layer->op.parameters > 0 ? cosine(&weight) : (double)NAN;
    judge_reference(a, step->out, row);
    return deepid_table_append(table, layer->name, row);
}

/* Long double runs plain loops: beyond so many multiply-adds nobody waits for it unasked. */
static bool wants_third(const dpid_probe_run *run)
{
    enum { MOST = 1 << 30 };
    int64_t macs = 0;
    for (int32_t l = 0; l < run->net->layers; l++)
        macs += run->net->layer[l].op.macs;
    return run->net->precision == DPID_P32 &&
           (run->option[TRUST].i == YES || (run->option[TRUST].i == AUTO && macs <= MOST / run->n));
}

static int32_t compare_all(dpid_probe_run *run, accuracy *a)
{
    int64_t most = 1;
    DPID_TRY(dpid_pair_open(run->net, run->data, run->n, &a->low, &a->high));
    if (wants_third(run)) {
        DPID_TRY(dpid_batch_open(run->net, run->data, DPID_P80, DPID_TRAIN, run->n, true, &a->top));
        DPID_TRY(dpid_batch_run(&a->top));
    }
    for (int32_t v = 0; v < run->net->values_count; v++)
        most = dpid_value_count(&a->low, v) > most ? dpid_value_count(&a->low, v) : most;
    DPID_TRY(dpid_alloc(run->net->head.ctx, most, sizeof *a->ulps, "probe", &a->ulps));
    for (int32_t t = 0; t < run->net->steps; t++)
        if (run->net->step[t].type == DPID_STEP_LAYER)
            DPID_TRY(append(a, &run->net->step[t], run->table));
    return DEEPID_OK;
}

static int32_t fill_gradient_accuracy(dpid_probe_run *run)
{
    accuracy a = {.ulps = NULL};
    const int32_t status = compare_all(run, &a);
    dpid_free(run->net->head.ctx, a.ulps);
    dpid_batch_close(&a.top);
    dpid_batch_close(&a.high);
    dpid_batch_close(&a.low);
    return status;
}

const dpid_probe dpid_probe_gradient_accuracy = {
    .word = "gradient_accuracy",
    .help = "gradients in the net's precision against a higher one: relative error, cosine, ULP, mask flips and the "
            "error they predict, whether the reference is to be trusted; "
            "options: samples=64, trust=auto|no|yes",
    .heading = "layer",
    .columns = "relative,cosine,ulp_median,ulp_p99,ulp_max,small,flips,predicted,weight_relative,weight_cosine,"
               "reference_error,trusted",
    .options = options,
    .fill = fill_gradient_accuracy,
    .own = true,
};
