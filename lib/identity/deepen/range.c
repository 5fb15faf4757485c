/* What can flow at a place: by the layers in front (for every input), or by the data (for these inputs). */
#include "identity/certificate/certificate.h"
#include "identity/deepen.h"
#include "identity/witness/chain.h"

#include <math.h>

/* ---- by the layers ---------------------------------------------------------------------------- */

/* An option away from its usual value may move the range. */
static bool is_usual(const dpid_op *op)
{
    for (int32_t i = 0; op->kind->options && op->kind->options[i].key; i++)
        if (op->option[i].given)
            return false;
    return true;
}

typedef struct {
    double low, high;
} range;

static range layer_range(const deepid_net *net, const dpid_step *step, const range *of)
{
    const dpid_op *op = &net->layer[step->layer].op;
    dpid_activation a;
    if (op->kind->flags & DPID_KIND_KEEPS_RANGE)
        return of[step->in];
    if (dpid_activation_of(op, &a) && is_usual(op))
        return (range){a.least, a.most};
    return (range){-(double)INFINITY, (double)INFINITY};
}

/* branch + s skip; a product may be anything */
static range pair_range(const dpid_step *step, const range *of)
{
    const range in = of[step->in];
    const range skip = of[step->skip];
    if (step->type == DPID_STEP_GATE)
        return (range){-(double)INFINITY, (double)INFINITY};
    return (range){in.low + step->s * (step->s < 0 ? skip.high : skip.low),
                   in.high + step->s * (step->s < 0 ? skip.low : skip.high)};
}

int32_t dpid_value_range(const deepid_net *net, int32_t value, double *low, double *high)
{
    range *of = NULL;
    DPID_TRY(dpid_alloc(net->head.ctx, net->values_count, sizeof *of, "deepen", &of));
    of[0] = (range){-(double)INFINITY, (double)INFINITY};
    for (int32_t i = 0; i < net->steps; i++)
        of[net->step[i].out] =
            net->step[i].type != DPID_STEP_LAYER ? pair_range(&net->step[i], of) : layer_range(net, &net->step[i], of);
    *low = of[value].low;
    *high = of[value].high;
    dpid_free(net->head.ctx, of);
    return DEEPID_OK;
}

/* ---- samples ------------------------------------------------------------------------------------- */

enum { BATCH = 64, DRAWN = 512, FEWEST = 64, NUMBERS = 1 << 22 };

/* As many samples as there are, within a budget of memory. */
static int64_t samples_kept(int64_t available, int64_t width)
{
    const int64_t most = NUMBERS / width > FEWEST ? NUMBERS / width : FEWEST;
    return available < most ? available : most;
}

/* Normal numbers, moved into the range; with its ends, zeros of both signs, small and large ones among them. */
static double draw(dpid_random *r, const dpid_flow *flow, int64_t i)
{
    enum { SPECIAL = 7 };
    static const double special[SPECIAL] = {0, -0.0, 1, -1, 1e-30, 1e3, -1e3};
    const double value = i % 5 == 0 ? special[i / 5 % SPECIAL] : 2 * dpid_random_normal(r);
    if (isfinite(flow->low) && isfinite(flow->high))
        return value < flow->low || value > flow->high ? flow->low + (flow->high - flow->low) * dpid_random_uniform(r)
                                                       : value;
    return value < flow->low ? flow->low + fabs(value) : value > flow->high ? flow->high - fabs(value) : value;
}

static void draw_flow(const dpid_flow *flow)
{
    dpid_random r = dpid_random_make(1, DPID_STREAM_DATA, dpid_hash32("flow", 4));
    for (int64_t i = 0; i < flow->n * flow->count; i++)
        flow->x[i] = (double)(float)draw(&r, flow, i);
}

/* Sample i of the last batch into the range, and to `to` when it is kept. */
static int32_t take_sample(const deepid_net *net, int32_t value, int64_t i, int64_t number, dpid_flow *flow, double *to)
{
    const void *batch = dpid_net_value(net, value);
    for (int64_t k = 0; k < flow->count; k++) {
        const double x = dpid_fetch(net->precision, batch, i * flow->count + k);
        if (!isfinite(x))
            return dpid_fail(net->head.ctx, DEEPID_ERR_NUMERIC,
                             "deepen: %s is %s at sample %lld, expected finite numbers", net->value[value].name,
                             dpid_number(x).text, (long long)number);
        flow->low = fmin(flow->low, x);
        flow->high = fmax(flow->high, x);
        if (to)
            to[k] = x;
    }
    return DEEPID_OK;
}

/* The range by all samples; kept are n of them, evenly: the k-th is sample k all / n. */
static int32_t take_batch(const deepid_net *net, int32_t value, int64_t first, int64_t n, int64_t all, int64_t *kept,
                          dpid_flow *flow)
{
    for (int64_t i = 0; i < n; i++) {
        const bool keep = *kept < flow->n && first + i == *kept * all / flow->n;
        DPID_TRY(take_sample(net, value, i, first + i, flow, keep ? flow->x + *kept * flow->count : NULL));
        *kept += keep;
    }
    return DEEPID_OK;
}

static int32_t run_flow(deepid_net *net, const deepid_dataset *data, int32_t value, dpid_flow *flow)
{
    int64_t order[BATCH];
    int64_t kept = 0;
    for (int64_t first = 0; first < data->count; first += BATCH) {
        const int64_t n = data->count - first < BATCH ? data->count - first : BATCH;
        for (int64_t i = 0; i < n; i++)
            order[i] = first + i;
        dpid_dataset_gather(
            dpid_ctx_pool(net->head.ctx), data,
            &(dpid_gathered){.order = order, .n = n, .precision = net->precision, .x = dpid_net_input(net)});
        DPID_TRY(dpid_net_run_forward(net, DPID_EVAL, n));
        DPID_TRY(take_batch(net, value, first, n, data->count, &kept, flow));
    }
    return DEEPID_OK;
}

static int32_t measure_flow(const deepid_net *net, const deepid_dataset *data, int32_t value, dpid_flow *flow)
{
    deepid_net *copy = NULL;
    DPID_TRY(dpid_net_exact_clone(net, net->precision, &copy));
    flow->low = (double)INFINITY;
    flow->high = -(double)INFINITY;
    int32_t status = dpid_net_prepare(copy, BATCH, true);
    if (status == DEEPID_OK)
        status = dpid_net_keep_all(copy, true);
    if (status == DEEPID_OK)
        status = run_flow(copy, data, value, flow);
    deepid_net_destroy(copy);
    return status;
}

int32_t dpid_flow_at(const deepid_net *net, const deepid_dataset *data, int32_t value, dpid_arena *arena,
                     dpid_flow *out)
{
    out->count = dpid_shape_count(&net->value[value].shape);
    out->n = samples_kept(data ? data->count : DRAWN, out->count);
    DPID_TRY(dpid_arena_alloc(arena, out->n * out->count, sizeof *out->x, "deepen", &out->x));
    if (data)
        return measure_flow(net, data, value, out);
    DPID_TRY(dpid_value_range(net, value, &out->low, &out->high));
    draw_flow(out);
    return DEEPID_OK;
}

/* ---- a block on them ------------------------------------------------------------------------------- */

/* Samples first.. of the flow, n at once. */
static int32_t run_block(deepid_net *block, const dpid_flow *flow, int64_t first, int64_t n, double *error, bool *equal)
{
    const dpid_precision p = block->precision;
    const double *x = flow->x + first * flow->count;
    for (int64_t k = 0; k < n * flow->count; k++)
        dpid_store(p, dpid_net_input(block), k, x[k]);
    DPID_TRY(dpid_net_run_forward(block, DPID_EVAL, n));
    for (int64_t k = 0; k < n * flow->count; k++) {
        const double y = dpid_fetch(p, dpid_net_output(block), k);
        if (!isfinite(y))
            return dpid_fail(block->head.ctx, DEEPID_ERR_NUMERIC, "deepen: the block turns %s into %s",
                             dpid_number(x[k]).text, dpid_number(y).text);
        *error = fmax(*error, fabs(y - x[k]));
        *equal &= y == x[k] && signbit(y) == signbit(x[k]);
    }
    return DEEPID_OK;
}

int32_t dpid_block_error(const deepid_net *block, dpid_precision precision, const dpid_flow *flow, double *error,
                         bool *equal)
{
    deepid_net *copy = NULL;
    DPID_TRY(dpid_net_exact_clone(block, precision, &copy));
    int32_t status = dpid_net_prepare(copy, BATCH, false);
    *error = 0;
    *equal = true;
    for (int64_t first = 0; first < flow->n && status == DEEPID_OK; first += BATCH)
        status = run_block(copy, flow, first, flow->n - first < BATCH ? flow->n - first : BATCH, error, equal);
    deepid_net_destroy(copy);
    return status;
}
