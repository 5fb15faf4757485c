/* Gradient check: forward and backward of a net agree, in f64, step by step.   How: difference.h
   Four things make the gradient of a net: each layer's own backward (input, parameters), the sum over the readers of
   a value (sum), d loss / d output (row loss), and that fused kernels give the same (row net). All four right: the
   gradient is right, at any depth, whatever kinks or chaos do to differences of the whole net. */
#include "inspect/difference.h"
#include "inspect/probe.h"

#include <math.h>
#include <string.h>

enum { SAMPLES, MODE, DIRECTIONS, SEED };
static const dpid_option options[] = {
    DPID_PROBE_SAMPLES_OF(64),
    {"mode", DPID_CHOICE, 1, 0, 0, "eval|train", false, "of batchnorm and dropout"},
    {"directions", DPID_INT, 3, 1, 1000, NULL, false, "random directions a step"},
    {"seed", DPID_INT, 1, 0, 1e15, NULL, false, "of the directions"},
    {0},
};

typedef struct {
    double input, parameters, sum, excluded, resolution; /* NaN: there is none */
} row;

#define BLIND 1e-3 /* differences that are known no better accuse nobody */
#define SEEN 1e-7

static const row nothing = {(double)NAN, (double)NAN, (double)NAN, 0, 0};

static int32_t append(deepid_table *table, const char *name, const row *r)
{
    const double error = fmax(0, fmax(r->input, fmax(r->parameters, r->sum))); /* fmax passes NaN by */
    const bool blind = r->resolution > BLIND && error > SEEN;
    const double values[] = {r->input, r->parameters, r->sum, blind ? (double)NAN : error, r->excluded, r->resolution};
    return deepid_table_append(table, name, values);
}

/* ---- one step ------------------------------------------------------------------------------ */

static void note(row *r, double *where, dpid_difference_result result)
{
    *where = fmax(*where, result.error);
    r->excluded = fmax(r->excluded, result.excluded);
    r->resolution = fmax(r->resolution, result.resolution);
}

static void check_parameters(dpid_difference *d, int32_t t, row *r)
{
    const deepid_net *net = d->batch->net;
    const dpid_layer *layer = &net->layer[net->step[t].layer];
    for (int32_t k = 0; k < layer->op.parameters; k++)
        if (layer->op.parameter[k].trained)
            note(r, &r->parameters,
                 dpid_difference_check(d, t, k, dpid_parameter_gradient_at(net, layer->parameter[k])));
}

/* Adds what step t sends back to value v, checked. */
static void check_reader(dpid_difference *d, int32_t t, int32_t moved, double *sum, row *r)
{
    const deepid_net *net = d->batch->net;
    const int32_t v = moved == DPID_MOVE_SKIP ? net->step[t].skip : net->step[t].in;
    dpid_difference_backward(d, t, moved);
    for (int64_t i = 0; i < dpid_value_count(d->batch, v); i++)
        sum[i] += d->dx[i];
    note(r, &r->input, dpid_difference_check(d, t, moved, d->dx));
}

static double relative(const double *a, const double *b, int64_t n)
{
    long double away = 0;
    long double size = 0;
    for (int64_t i = 0; i < n; i++) {
        const long double d = (long double)a[i] - (long double)b[i];
        away += d * d;
        size += (long double)b[i] * (long double)b[i];
    }
    return away == 0 ? 0 : isnan(away) ? (double)INFINITY : (double)sqrtl(away / size);
}

/* All readers of value v; rows: that of `input`, then of each step. The net's gradient of v is the sum of what they
   send back. */
static void check_value(dpid_difference *d, int32_t v, double *sum, row *rows)
{
    const deepid_net *net = d->batch->net;
    const int64_t count = dpid_value_count(d->batch, v);
    int32_t maker = 0;
    int32_t readers = 0;
    memset(sum, 0, (size_t)count * sizeof *sum);
    for (int32_t t = 0; t < net->steps; t++) {
        maker = net->step[t].out == v ? t + 1 : maker;
        if (net->step[t].in == v)
            check_reader(d, t, DPID_MOVE_INPUT, sum, &rows[t + 1]);
        if (net->step[t].skip == v)
            check_reader(d, t, DPID_MOVE_SKIP, sum, &rows[t + 1]);
        readers += (net->step[t].in == v) + (net->step[t].skip == v);
    }
    if (readers > 0)
        rows[maker].sum = relative(dpid_net_value_gradient(net, v), sum, count);
}

/* ---- the net ---------------------------------------------------------------------------------- */

/* The same gradients with everything fused that can be. */
static int32_t check_fused(const dpid_probe_run *run, const dpid_batch *whole, row *r)
{
    dpid_batch fused;
    DPID_TRY(dpid_batch_open(run->net, run->data, DPID_P64, whole->mode, whole->n, false, &fused));
    const int32_t status = dpid_batch_run(&fused);
    if (status == DEEPID_OK) {
        r->parameters = relative(fused.net->gradients, whole->net->gradients, whole->net->values_reals);
        r->input = relative(fused.dx, whole->dx, dpid_value_count(whole, 0));
    }
    dpid_batch_close(&fused);
    return status;
}

static int32_t check_net(dpid_probe_run *run, dpid_difference *d)
{
    const deepid_net *net = d->batch->net;
    row *rows = NULL;
    double *sum = NULL;
    dpid_difference_result result;
    row loss = nothing;
    row fused = nothing;
    int64_t most = 1;
    for (int32_t v = 0; v < net->values_count; v++)
        most = dpid_value_count(d->batch, v) > most ? dpid_value_count(d->batch, v) : most;
    DPID_TRY(dpid_arena_alloc(&d->arena, net->steps + 1, sizeof *rows, "probe", &rows));
    DPID_TRY(dpid_arena_alloc(&d->arena, most, sizeof *sum, "probe", &sum));
    for (int32_t t = 0; t <= net->steps; t++)
        rows[t] = nothing;
    for (int32_t v = 0; v < net->values_count; v++)
        check_value(d, v, sum, rows);
    for (int32_t t = 0; t < net->steps; t++)
        if (net->step[t].type == DPID_STEP_LAYER)
            check_parameters(d, t, &rows[t + 1]);
    DPID_TRY(dpid_difference_loss(d, &result));
    note(&loss, &loss.input, result);
    DPID_TRY(check_fused(run, d->batch, &fused));
    DPID_TRY(append(run->table, "input", &rows[0]));
    for (int32_t t = 0; t < net->steps; t++)
        DPID_TRY(append(run->table, net->value[net->step[t].out].name, &rows[t + 1]));
    DPID_TRY(append(run->table, "loss", &loss));
    return append(run->table, "net", &fused);
}

static int32_t fill_gradient_check(dpid_probe_run *run)
{
    dpid_batch batch;
    dpid_difference d;
    DPID_TRY(dpid_batch_open(run->net, run->data, DPID_P64, (dpid_mode)run->option[MODE].i, run->n, true, &batch));
    int32_t status = dpid_batch_run(&batch);
    if (status == DEEPID_OK)
        status = dpid_batch_check_finite(&batch, "gradient_check");
    if (status == DEEPID_OK) {
        status = dpid_difference_open(&batch, (int32_t)run->option[DIRECTIONS].i, (uint64_t)run->option[SEED].i, &d);
        if (status == DEEPID_OK)
            status = check_net(run, &d);
        dpid_difference_close(&d);
    }
    dpid_batch_close(&batch);
    return status;
}

const dpid_probe dpid_probe_gradient_check = {
    .word = "gradient_check",
    .help = "backward against fourth-order differences of forward, in f64, step by step; an error above 1e-6 is a bug; "
            "options: samples=64, mode=train|eval, directions=3, seed=1",
    .heading = "layer",
    .columns = "input,parameters,sum,error,excluded,resolution",
    .options = options,
    .fill = fill_gradient_check,
    .own = true,
};
