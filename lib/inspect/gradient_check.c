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

#define BLIND 1e-3 /* differences that are known no better accuse nobody */
#define WRONG 1e-6
#define CANCELLED 1e-4L /* a sum smaller than this share of its parts is compared with them instead */
enum { LOOKS = 3 };

typedef struct {
    const dpid_probe_run *run;
    const dpid_batch *batch;
    dpid_difference first, later[LOOKS - 1]; /* later: opened when needed */
} check;

/* NaN: there is none. second: the error of the second look, where the first one found a bug. */
typedef struct {
    double input, parameters, sum, excluded, resolution, second;
} row;

static const row nothing = {(double)NAN, (double)NAN, (double)NAN, 0, 0, (double)NAN};

static int32_t append(deepid_table *table, const char *name, const row *r)
{
    const double error = fmax(0, fmax(r->input, fmax(r->parameters, r->sum))); /* fmax passes NaN by */
    const double values[] = {r->input,    r->parameters, r->sum,   r->resolution > BLIND ? (double)NAN : error,
                             r->excluded, r->resolution, r->second};
    return deepid_table_append(table, name, values);
}

/* ---- one step: a first look, and more of them where it finds something or cannot see ---------------- */

static int32_t look(check *c, int which, int32_t t, int32_t moved, dpid_difference_result *result)
{
    const uint64_t seed = c->first.seed + (uint64_t)(which * c->first.directions);
    const deepid_net *net = c->batch->net;
    if (t == net->steps)
        return dpid_difference_loss(&c->first, seed, result);
    if (which > 0) {
        dpid_difference *d = &c->later[which - 1];
        if (!d->batch)
            DPID_TRY(dpid_difference_open_second(c->batch, c->first.directions, seed, d));
        *result = dpid_difference_check_own(d, t, moved);
        return DEEPID_OK;
    }
    const void *gradient = c->first.dx;
    if (moved < 0)
        dpid_difference_backward(&c->first, t, moved);
    else
        gradient = dpid_parameter_gradient_at(net, net->layer[net->step[t].layer].parameter[moved]);
    *result = dpid_difference_check(&c->first, t, moved, gradient);
    return DEEPID_OK;
}

/* The first look that sees decides that all is right; that something is wrong, two that see. second: what the other
   one found. */
static int32_t judge(check *c, int32_t t, int32_t moved, dpid_difference_result *result, double *second)
{
    *second = (double)NAN;
    DPID_TRY(look(c, 0, t, moved, result));
    for (int which = 1; which < LOOKS && (result->resolution > BLIND || result->error > WRONG); which++) {
        dpid_difference_result other;
        DPID_TRY(look(c, which, t, moved, &other));
        if (other.resolution > BLIND)
            continue;
        if (result->resolution > BLIND) {
            *result = other;
            continue;
        }
        *second = other.error;
        break;
    }
    if (result->error > WRONG && !(*second > WRONG))
        result->resolution = (double)INFINITY; /* one look alone accuses nobody */
    return DEEPID_OK;
}

/* *where: the row's column. */
static int32_t note(check *c, int32_t t, int32_t moved, row *r, double *where)
{
    double second;
    dpid_difference_result result;
    DPID_TRY(judge(c, t, moved, &result, &second));
    *where = fmax(*where, result.error);
    r->excluded = fmax(r->excluded, result.excluded);
    r->resolution = fmax(r->resolution, result.resolution);
    r->second = fmax(r->second, second);
    return DEEPID_OK;
}

static int32_t check_parameters(check *c, int32_t t, row *r)
{
    const deepid_net *net = c->batch->net;
    const dpid_layer *layer = &net->layer[net->step[t].layer];
    for (int32_t k = 0; k < layer->op.parameters; k++)
        if (layer->op.parameter[k].trained)
            DPID_TRY(note(c, t, k, r, &r->parameters));
    return DEEPID_OK;
}

/* Adds what step t sends back to value v, checked; and its size to *parts. */
static int32_t check_reader(check *c, int32_t t, int32_t moved, double *sum, long double *parts, row *r)
{
    const deepid_net *net = c->batch->net;
    const int32_t v = moved == DPID_MOVE_SKIP ? net->step[t].skip : net->step[t].in;
    const double *dx = c->first.dx;
    long double squares = 0;
    dpid_difference_backward(&c->first, t, moved);
    for (int64_t i = 0; i < dpid_value_count(c->batch, v); i++) {
        sum[i] += dx[i];
        squares += (long double)dx[i] * (long double)dx[i];
    }
    *parts += sqrtl(squares);
    return note(c, t, moved, r, &r->input);
}

/* |a - b| / |b|, or / least where that is more. */
static double relative(const dpid_batch *x, const void *a, const dpid_batch *y, const void *b, int64_t n,
                       long double least)
{
    long double away = 0;
    long double size = 0;
    for (int64_t i = 0; i < n; i++) {
        const long double reference = dpid_fetch_wide(y->net->precision, b, i);
        const long double d = dpid_fetch_wide(x->net->precision, a, i) - reference;
        away += d * d;
        size += reference * reference;
    }
    return away == 0 ? 0 : isnan(away) ? (double)INFINITY : (double)(sqrtl(away) / fmaxl(sqrtl(size), least));
}

/* All readers of value v; rows: that of `input`, then of each step. The net's gradient of v is the sum of what they
   send back. Where that cancels, rounding counts by the parts. */
static int32_t check_value(check *c, int32_t v, double *sum, row *rows)
{
    const deepid_net *net = c->batch->net;
    const int64_t count = dpid_value_count(c->batch, v);
    const double *gradient = dpid_net_value_gradient(net, v);
    long double parts = 0;
    int32_t maker = 0;
    int32_t readers = 0;
    memset(sum, 0, (size_t)count * sizeof *sum);
    for (int32_t t = 0; t < net->steps; t++) {
        maker = net->step[t].out == v ? t + 1 : maker;
        if (net->step[t].in == v)
            DPID_TRY(check_reader(c, t, DPID_MOVE_INPUT, sum, &parts, &rows[t + 1]));
        if (net->step[t].skip == v)
            DPID_TRY(check_reader(c, t, DPID_MOVE_SKIP, sum, &parts, &rows[t + 1]));
        readers += (net->step[t].in == v) + (net->step[t].skip == v);
    }
    if (readers > 0)
        rows[maker].sum = relative(c->batch, gradient, c->batch, sum, count, readers > 1 ? CANCELLED * parts : 0);
    if (rows[maker].sum > WRONG)
        rows[maker].second = fmax(rows[maker].second, rows[maker].sum); /* sums of the same numbers: no second way */
    return DEEPID_OK;
}

/* ---- the net ---------------------------------------------------------------------------------- */

/* The gradients of another batch of the same numbers, against a reference: parameters, input. */
static void compare_nets(const dpid_batch *b, const dpid_batch *reference, double *parameters, double *input)
{
    *parameters = relative(b, b->net->gradients, reference, reference->net->gradients, b->net->values_reals, 0);
    *input = relative(b, b->dx, reference, reference->dx, dpid_value_count(b, 0), 0);
}

/* Both plans compute the same, in another order: where gradients cancel they may differ by rounding. Long double tells
   how far the whole plan's are off. */
static int32_t check_rounding(const dpid_batch *whole, const dpid_batch *fused, row *r)
{
    dpid_batch top;
    double own[2];
    double other[2];
    const dpid_batch *b = whole;
    DPID_TRY(dpid_batch_open(b->net, b->trainer->data, DPID_P80, b->mode, b->n, true, &top));
    const int32_t status = dpid_batch_run(&top);
    if (status == DEEPID_OK) {
        compare_nets(whole, &top, &own[0], &own[1]);
        compare_nets(fused, &top, &other[0], &other[1]);
        r->second = fmax(other[0], other[1]);
        if (!(fmax(own[0], own[1]) <= WRONG && r->second > WRONG))
            r->resolution = (double)INFINITY;
    }
    dpid_batch_close(&top);
    return status;
}

/* The same gradients with everything fused that can be. */
static int32_t check_fused(const check *c, row *r)
{
    dpid_batch fused;
    const dpid_batch *whole = c->batch;
    DPID_TRY(dpid_batch_open(c->run->net, c->run->data, DPID_P64, whole->mode, whole->n, false, &fused));
    int32_t status = dpid_batch_run(&fused);
    if (status == DEEPID_OK) {
        compare_nets(&fused, whole, &r->parameters, &r->input);
        if (fmax(r->parameters, r->input) > WRONG)
            status = check_rounding(whole, &fused, r);
    }
    dpid_batch_close(&fused);
    return status;
}

static int32_t check_all(check *c, double *sum, row *rows)
{
    const deepid_net *net = c->batch->net;
    row loss = nothing;
    row fused = nothing;
    for (int32_t t = 0; t <= net->steps; t++)
        rows[t] = nothing;
    for (int32_t v = 0; v < net->values_count; v++)
        DPID_TRY(check_value(c, v, sum, rows));
    for (int32_t t = 0; t < net->steps; t++)
        if (net->step[t].type == DPID_STEP_LAYER)
            DPID_TRY(check_parameters(c, t, &rows[t + 1]));
    DPID_TRY(note(c, net->steps, 0, &loss, &loss.input));
    DPID_TRY(check_fused(c, &fused));
    DPID_TRY(append(c->run->table, "input", &rows[0]));
    for (int32_t t = 0; t < net->steps; t++)
        DPID_TRY(append(c->run->table, net->value[net->step[t].out].name, &rows[t + 1]));
    DPID_TRY(append(c->run->table, "loss", &loss));
    return append(c->run->table, "net", &fused);
}

static int32_t check_net(check *c)
{
    const deepid_net *net = c->batch->net;
    row *rows = NULL;
    double *sum = NULL;
    int64_t most = 1;
    for (int32_t v = 0; v < net->values_count; v++)
        most = dpid_value_count(c->batch, v) > most ? dpid_value_count(c->batch, v) : most;
    DPID_TRY(dpid_arena_alloc(&c->first.arena, net->steps + 1, sizeof *rows, "probe", &rows));
    DPID_TRY(dpid_arena_alloc(&c->first.arena, most, sizeof *sum, "probe", &sum));
    return check_all(c, sum, rows);
}

static int32_t fill_gradient_check(dpid_probe_run *run)
{
    dpid_batch batch;
    check c = {.run = run, .batch = &batch};
    DPID_TRY(dpid_batch_open(run->net, run->data, DPID_P64, (dpid_mode)run->option[MODE].i, run->n, true, &batch));
    int32_t status = dpid_batch_run(&batch);
    if (status == DEEPID_OK)
        status = dpid_batch_check_finite(&batch, "gradient_check");
    if (status == DEEPID_OK) {
        status =
            dpid_difference_open(&batch, (int32_t)run->option[DIRECTIONS].i, (uint64_t)run->option[SEED].i, &c.first);
        if (status == DEEPID_OK)
            status = check_net(&c);
        for (int i = 0; i < LOOKS - 1; i++)
            if (c.later[i].arena.ctx)
                dpid_difference_close(&c.later[i]);
        dpid_difference_close(&c.first);
    }
    dpid_batch_close(&batch);
    return status;
}

const dpid_probe dpid_probe_gradient_check = {
    .word = "gradient_check",
    .help =
        "backward against fourth-order differences of forward, in f64, step by step; an error above 1e-6 that a second "
        "way to look confirms is a bug; "
        "options: samples=64, mode=train|eval, directions=3, seed=1",
    .heading = "layer",
    .columns = "input,parameters,sum,error,excluded,resolution,second",
    .options = options,
    .fill = fill_gradient_check,
    .own = true,
};
