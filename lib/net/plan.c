/* The plan: lifetimes of values and gradients in the order of steps, then places in one block. After it nothing is
   allocated.
   Evaluation: a value lives from its maker to its last reader. Training keeps the values, because backward and probes
   read them. A gradient lives from its value's last reader back to its maker. Values inside a segment (segment.h) come
   up when the way back enters the segment, and go when it has passed their maker; going forward they live between the
   same steps. So what is not kept lives between two steps, whichever way they are walked, and two that have no step in
   common may share a place.
   In which order the steps of one stage run this file does not know: what one of them uses lives as long as the
   stage. */
#include "net/plan.h"

#include "net/graph.h"
#include "net/place.h"
#include "net/rounding.h"

static bool value_bytes(const deepid_net *net, const dpid_plan *plan, int32_t v, int64_t *bytes)
{
    return dpid_place_bytes(dpid_shape_count(&net->value[v].shape), plan->batch, dpid_precision_bytes(net->precision),
                            bytes);
}

/* Slots of all values, then of all gradients, in one array of 2 * values_count. */
static bool make_slots(const deepid_net *net, const dpid_plan *plan, dpid_lifetime *slots)
{
    int64_t all = 0;
    dpid_lifetime *gradient = slots + net->values_count;
    for (int32_t v = 0; v < net->values_count; v++) {
        int64_t bytes;
        if (!value_bytes(net, plan, v, &bytes) || !dpid_add(all, bytes, &all) || !dpid_add(all, bytes, &all))
            return false;
        slots[v] = (dpid_lifetime){.size = plan->stored[v] ? bytes : 0, .first = net->steps, .last = -1};
        gradient[v] = (dpid_lifetime){
            .size = plan->train && plan->gradient_stored[v] ? bytes : 0, .first = net->steps, .last = -1};
    }
    return true;
}

/* The values that stay inside their segment; the caller sees the net's input and output. */
static void find_inside(const deepid_net *net, dpid_plan *plan, dpid_lifetime *value)
{
    for (int32_t v = 1; v < net->values_count; v++) {
        const bool used = value[v].last >= 0 && v != dpid_graph_output(net);
        const int32_t end = used ? dpid_segment_end(net, &plan->segments, value[v].first, value[v].last) : -1;
        plan->segments.inside[v] = end >= 0;
        value[v].last = end >= 0 ? end : value[v].last;
    }
}

/* From the steps between which each lives to times. Training walks back over all that is placed by time. */
static void find_times(const deepid_net *net, dpid_plan *plan, dpid_lifetime *slots)
{
    const int32_t out = dpid_graph_output(net);
    dpid_lifetime *gradient = slots + net->values_count;
    find_inside(net, plan, slots);
    dpid_lifetime_use(&slots[0], 0);
    dpid_lifetime_use(&gradient[out], net->steps - 1);
    for (int32_t v = 0; v < net->values_count; v++) {
        slots[v].kept = plan->whole || v == out || (plan->train && !plan->segments.inside[v]);
        gradient[v].kept = plan->whole || v == 0;
    }
    for (int32_t i = 0; plan->train && i < 2 * net->values_count; i++) {
        const dpid_lifetime s = slots[i];
        slots[i].first = net->steps - s.last;
        slots[i].last = net->steps - s.first;
    }
}

static bool measure(const deepid_net *net, dpid_plan *plan, dpid_lifetime *slots)
{
    const dpid_lifetimes lifetimes = {slots, slots + net->values_count};
    if (!make_slots(net, plan, slots))
        return false;
    for (int32_t i = 0; i < plan->stages; i++)
        dpid_stage_use(net, &plan->stage[i], &lifetimes);
    find_times(net, plan, slots);
    return true;
}

/* ---- what is not a value ----------------------------------------------------------------- */

static int32_t fail_size(const deepid_net *net, const dpid_plan *plan)
{
    return dpid_fail(net->head.ctx, DEEPID_ERR_LIMIT, "net: the buffers of %lld samples are more than can be counted",
                     (long long)plan->batch);
}

static int32_t saved_bytes(const deepid_net *net, const dpid_plan *plan, const dpid_op *op, int64_t *bytes)
{
    const int64_t size = dpid_precision_bytes(net->precision);
    int64_t saved;
    if (!dpid_mul(op->saved_per_sample, plan->batch, &saved) || !dpid_add(saved, op->saved_fixed, &saved) ||
        !dpid_place_bytes(saved, 1, size, bytes))
        return fail_size(net, plan);
    return DEEPID_OK;
}

/* saved: first what is kept, then one place for all the others. */
static int32_t add_saved(const deepid_net *net, dpid_plan *plan)
{
    int64_t shared = 0;
    for (int32_t t = 0; t < net->steps; t++) {
        int64_t bytes;
        if (net->step[t].type != DPID_STEP_LAYER || net->frozen)
            continue;
        DPID_TRY(saved_bytes(net, plan, &net->layer[net->step[t].layer].op, &bytes));
        plan->saved[net->step[t].layer] = plan->bytes;
        shared = !plan->keeps_saved[t] && bytes > shared ? bytes : shared;
        if (plan->keeps_saved[t] && !dpid_add(plan->bytes, bytes, &plan->bytes))
            return fail_size(net, plan);
    }
    for (int32_t t = 0; t < net->steps; t++)
        if (net->step[t].type == DPID_STEP_LAYER && !plan->keeps_saved[t])
            plan->saved[net->step[t].layer] = plan->bytes;
    return dpid_add(plan->bytes, shared, &plan->bytes) ? DEEPID_OK : fail_size(net, plan);
}

/* One scratch for all steps, in memory of its own: it alone depends on the number of threads. */
static int32_t make_scratch(const deepid_net *net, dpid_plan *plan)
{
    const int32_t workers = net->head.ctx->threads;
    int64_t most = 0;
    void *scratch = NULL;
    for (int32_t i = 0; i < plan->stages; i++) {
        const int64_t need = dpid_stage_scratch(net, &plan->stage[i], plan->batch, workers);
        most = need > most ? need : most;
    }
    DPID_TRY(dpid_alloc(net->head.ctx, most, dpid_precision_bytes(net->precision), "net's scratch", &scratch));
    dpid_free(net->head.ctx, plan->scratch);
    plan->scratch = scratch;
    plan->scratch_reals = most;
    plan->workers = workers;
    return DEEPID_OK;
}

int32_t dpid_plan_fit_threads(deepid_net *net)
{
    return net->head.ctx->threads <= net->plan->workers ? DEEPID_OK : make_scratch(net, net->plan);
}

/* Room for the second gradient of a value that two steps read. */
static int32_t add_joined(const deepid_net *net, dpid_plan *plan)
{
    int64_t largest = 0;
    for (int32_t t = 0; t < net->steps && plan->train; t++) {
        int64_t bytes = 0;
        const dpid_step *step = &net->step[t];
        if (step->type == DPID_STEP_LAYER && !dpid_graph_reads_last(net, t) &&
            !value_bytes(net, plan, step->in, &bytes))
            return fail_size(net, plan);
        largest = bytes > largest ? bytes : largest;
    }
    plan->joined = plan->bytes;
    return dpid_add(plan->bytes, largest, &plan->bytes) ? DEEPID_OK : fail_size(net, plan);
}

/* What rounding needs of a net with storage. */
static int32_t add_rounding(const deepid_net *net, dpid_plan *plan)
{
    const int64_t size = dpid_precision_bytes(net->precision);
    int64_t copied = 0;
    int64_t own = 0;
    int64_t native = 0;
    if (!net->storage.on)
        return DEEPID_OK;
    if (!dpid_place_bytes(dpid_rounding_copied(net, 1), plan->batch, size, &copied) ||
        !dpid_place_bytes(plan->train ? dpid_rounding_own(net) : 0, 1, size, &own) ||
        !dpid_native_bytes(net, plan->batch, &native))
        return fail_size(net, plan);
    plan->copied = plan->bytes;
    if (!dpid_add(plan->bytes, copied, &plan->own) || !dpid_add(plan->own, own, &plan->native) ||
        !dpid_add(plan->native, native, &plan->bytes))
        return fail_size(net, plan);
    return DEEPID_OK;
}

/* ---- make, destroy ---------------------------------------------------------------------------- */

static void drop(deepid_ctx *ctx, dpid_plan *plan)
{
    if (!plan)
        return;
    dpid_free(ctx, plan->memory);
    dpid_free(ctx, plan->scratch);
    dpid_arena_release(&plan->arena);
    dpid_free(ctx, plan);
}

void dpid_plan_destroy(deepid_net *net)
{
    drop(net->head.ctx, net->plan);
    net->plan = NULL;
}

static int32_t make_lists(const deepid_net *net, dpid_plan *plan)
{
    dpid_arena *arena = &plan->arena;
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *plan->value, "net", &plan->value));
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *plan->gradient, "net", &plan->gradient));
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *plan->stored, "net", &plan->stored));
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *plan->gradient_stored, "net", &plan->gradient_stored));
    DPID_TRY(dpid_arena_alloc(arena, net->layers, sizeof *plan->saved, "net", &plan->saved));
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *plan->keeps_saved, "net", &plan->keeps_saved));
    for (int32_t v = 0; v < net->values_count; v++)
        plan->stored[v] = plan->gradient_stored[v] = true;
    for (int32_t t = 0; t < net->steps; t++)
        plan->keeps_saved[t] = plan->train;
    return DEEPID_OK;
}

static void place_values(const deepid_net *net, dpid_plan *plan, dpid_lifetime *slots, dpid_lifetime **list)
{
    const int32_t placed = (plan->train ? 2 : 1) * net->values_count;
    for (int32_t i = 0; i < placed; i++)
        list[i] = &slots[i];
    plan->bytes = dpid_place_lowest(list, placed);
    for (int32_t v = 0; v < net->values_count; v++) {
        plan->value[v] = plan->stored[v] ? slots[v].offset : -1;
        plan->gradient[v] = plan->train && plan->gradient_stored[v] ? slots[net->values_count + v].offset : -1;
    }
}

static int32_t fill_plan(const deepid_net *net, dpid_plan *plan, dpid_lifetime *slots, dpid_lifetime **list)
{
    const int64_t recompute = plan->train && !plan->whole ? net->recompute : 0;
    plan->arena.ctx = net->head.ctx;
    DPID_TRY(make_lists(net, plan));
    DPID_TRY(dpid_segments_find(net, recompute, &plan->arena, &plan->segments));
    DPID_TRY(dpid_stages_make(net, plan));
    if (!measure(net, plan, slots))
        return fail_size(net, plan);
    place_values(net, plan, slots, list);
    DPID_TRY(add_saved(net, plan));
    if (!dpid_stages_reserve(net, plan))
        return fail_size(net, plan);
    DPID_TRY(add_joined(net, plan));
    DPID_TRY(add_rounding(net, plan));
    DPID_TRY(make_scratch(net, plan));
    return dpid_alloc(net->head.ctx, plan->bytes, 1, "net's buffers", &plan->memory);
}

static int32_t make(deepid_net *net, int64_t batch, bool train, bool keep)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_plan *plan = NULL;
    dpid_lifetime *slots = NULL;
    dpid_lifetime **list = NULL;
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *plan, "net", &plan));
    plan->batch = batch;
    plan->train = train;
    plan->whole = keep;
    int32_t status = dpid_alloc(ctx, 2 * (int64_t)net->values_count, sizeof *slots, "net", &slots);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, 2 * (int64_t)net->values_count, sizeof *list, "net", &list);
    if (status == DEEPID_OK)
        status = fill_plan(net, plan, slots, list);
    if (status == DEEPID_OK && train && !net->gradients)
        status = dpid_alloc(ctx, net->values_reals, dpid_precision_bytes(net->precision), "gradients", &net->gradients);
    if (status == DEEPID_OK && net->storage.on && net->storage.weights != DPID_WEIGHTS_F32 && !net->rounded)
        status = dpid_alloc(ctx, net->values_reals, dpid_precision_bytes(net->precision), "weights", &net->rounded);
    dpid_free(ctx, list);
    dpid_free(ctx, slots);
    if (status != DEEPID_OK) {
        drop(ctx, plan);
        return status;
    }
    drop(ctx, net->plan);
    net->plan = plan;
    net->packed = false;
    net->forward_n = 0; /* what the last forward left is gone */
    return DEEPID_OK;
}

int32_t dpid_net_refuse_frozen(const deepid_net *net)
{
    if (!net->frozen)
        return DEEPID_OK;
    return dpid_fail(net->head.ctx, DEEPID_ERR_STATE,
                     "net: it is frozen: for evaluation only, without gradients; train the net that it was made from "
                     "and freeze that again");
}

int32_t dpid_net_prepare(deepid_net *net, int64_t batch, bool train)
{
    const dpid_plan *old = net->plan;
    if (batch < 1)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: batch is %lld, expected 1 or more",
                         (long long)batch);
    DPID_TRY(train ? dpid_net_refuse_frozen(net) : DEEPID_OK);
    (void)dpid_ctx_pool(net->head.ctx); /* threads start here and not in the first step */
    if (old && old->batch >= batch && (old->train || !train))
        return dpid_plan_fit_threads(net);
    return make(net, old && old->batch > batch ? old->batch : batch, train || (old && old->train), old && old->whole);
}

int32_t dpid_net_keep_all(deepid_net *net, bool keep)
{
    DPID_TRY(keep ? dpid_net_refuse_frozen(net) : DEEPID_OK);
    if (net->plan && net->plan->whole == keep)
        return DEEPID_OK;
    return make(net, net->plan ? net->plan->batch : 1, !net->plan || net->plan->train, keep);
}

int32_t deepid_net_prepare(deepid_net *net, int64_t batch, int32_t train)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    net->packed = false; /* the caller may have written into the parameters */
    return dpid_leave(net->head.ctx, dpid_net_prepare(net, batch, train != 0));
}

int64_t dpid_net_buffer_bytes(const deepid_net *net)
{
    return net->plan ? net->plan->bytes + net->plan->scratch_reals * dpid_precision_bytes(net->precision) : 0;
}
