/* The plan: lifetimes of values and gradients in the order of steps, then places in one block. After it nothing is allocated.
   Training keeps all values, because backward and probes read them; gradients live from their last reader's step back to their maker's.
   Time runs over the steps forward, then over them backward: step t is at t and at 2 steps - 1 - t; 2 steps is behind the end. Steps of one stage run in no order
   that this file knows: what one of them uses lives as long as the stage. */
#include "net/plan.h"

#include <stdlib.h>

enum { ALIGN = DPID_ALIGN };

typedef struct {
    int64_t bytes, offset;
    int32_t first, last; /* alive at these times, both included */
} slot;

/* ---- places ------------------------------------------------------------------------- */

/* Lowest offset from base on that is free beside the living, found by moving past each conflict until none is left. */
static int64_t free_place(slot *const *living, int32_t count, int64_t bytes, int64_t base)
{
    int64_t offset = base;
    for (bool moved = true; moved;) {
        moved = false;
        for (int32_t i = 0; i < count; i++) {
            if (offset + bytes <= living[i]->offset || living[i]->offset + living[i]->bytes <= offset)
                continue;
            offset = living[i]->offset + living[i]->bytes;
            moved = true;
        }
    }
    return offset;
}

static int compare_first(const void *a, const void *b)
{
    const slot *x = *(slot *const *)a;
    const slot *y = *(slot *const *)b;
    return x->first != y->first ? (x->first > y->first) - (x->first < y->first) : (x > y) - (x < y);
}

/* In the order in which they come alive; the front of the list keeps those that still are, so a long net takes few comparisons a slot. */
static int64_t place_brief(slot **list, int32_t count, int64_t base)
{
    int64_t end = base;
    int32_t living = 0;
    qsort(list, (size_t)count, sizeof(slot *), compare_first);
    for (int32_t i = 0; i < count; i++) {
        slot *s = list[i];
        int32_t kept = 0;
        for (int32_t k = 0; k < living; k++)
            if (list[k]->last >= s->first)
                list[kept++] = list[k];
        s->offset = free_place(list, kept, s->bytes, base);
        list[kept] = s;
        living = kept + 1;
        end = s->offset + s->bytes > end ? s->offset + s->bytes : end;
    }
    return end;
}

/* What lives to the end lies in a row; the rest shares what is above. */
static int64_t place_all(slot *slots, int32_t count, int32_t last, slot **list)
{
    int64_t base = 0;
    int32_t brief = 0;
    for (int32_t i = 0; i < count; i++) {
        slots[i].offset = base;
        if (slots[i].last == last)
            base += slots[i].bytes;
        else
            list[brief++] = &slots[i];
    }
    return place_brief(list, brief, base);
}

/* ---- lifetimes ------------------------------------------------------------------------ */

static bool padded(int64_t count, int64_t n, int64_t size, int64_t *bytes)
{
    return dpid_mul(count, n, bytes) && dpid_mul(*bytes, size, bytes) && dpid_round_up(*bytes, ALIGN, bytes);
}

static void use(slot *s, int32_t time)
{
    if (time < s->first)
        s->first = time;
    if (time > s->last)
        s->last = time;
}

/* From one time to another, both included. */
static void use_during(slot *s, int32_t first, int32_t last)
{
    use(s, first);
    use(s, last);
}

static void use_stage(const deepid_net *net, const dpid_stage *stage, slot *value, slot *gradient)
{
    const int32_t first = stage->first;
    const int32_t last = first + stage->count - 1;
    const int32_t behind = 2 * net->steps - 1;
    for (int32_t t = first; t <= last; t++) {
        const int32_t used[] = {net->step[t].out, net->step[t].in, net->step[t].skip};
        for (int k = 0; k < 3 && used[k] >= 0; k++) {
            use_during(&value[used[k]], first, last);
            use_during(&gradient[used[k]], behind - last, behind - first);
        }
    }
}

/* Slots of all values, then of all gradients, in one array of 2 * values_count. */
static bool measure(const deepid_net *net, const dpid_plan *plan, slot *slots)
{
    int64_t all = 0;
    const int64_t size = dpid_precision_bytes(net->precision);
    const int32_t steps = net->steps;
    slot *gradient = slots + net->values_count;
    for (int32_t v = 0; v < net->values_count; v++) {
        if (!padded(dpid_shape_count(&net->value[v].shape), plan->batch, size, &slots[v].bytes) || !dpid_add(all, slots[v].bytes, &all) || !dpid_add(all, slots[v].bytes, &all))
            return false;
        slots[v].first = v == 0 ? 0 : 2 * steps;
        slots[v].last = 0;
        gradient[v] = (slot){.bytes = plan->train ? slots[v].bytes : 0, .first = 2 * steps, .last = 0};
    }
    for (int32_t i = 0; i < plan->stages; i++)
        use_stage(net, &plan->stage[i], slots, gradient);
    const int32_t out = net->step[steps - 1].out;
    use(&slots[out], 2 * steps);
    use(&gradient[out], steps);
    use(&gradient[0], 2 * steps);
    for (int32_t v = 0; v < net->values_count && plan->train; v++)
        slots[v].last = 2 * steps;
    for (int32_t v = 0; v < net->values_count && plan->keep_gradients; v++)
        use(&gradient[v], 2 * steps);
    return true;
}

/* ---- the parts that are not values ------------------------------------------------------- */

static int32_t fail_size(const deepid_net *net, const dpid_plan *plan)
{
    return dpid_fail(net->head.ctx, DEEPID_ERR_LIMIT, "net: the buffers of %lld samples are more than can be counted", (long long)plan->batch);
}

/* saved: kept in training from forward to backward, else a step's own. */
static int32_t add_saved(const deepid_net *net, dpid_plan *plan)
{
    const int64_t size = dpid_precision_bytes(net->precision);
    const int64_t start = plan->bytes;
    for (int32_t i = 0; i < net->layers; i++) {
        const dpid_op *op = &net->layer[i].op;
        const int64_t at = plan->train ? plan->bytes : start;
        int64_t saved;
        int64_t end;
        if (!dpid_mul(op->saved_per_sample, plan->batch, &saved) || !dpid_add(saved, op->saved_fixed, &saved) || !padded(saved, 1, size, &saved) || !dpid_add(at, saved, &end))
            return fail_size(net, plan);
        plan->saved[i] = at;
        plan->bytes = end > plan->bytes ? end : plan->bytes;
    }
    return DEEPID_OK;
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
static void add_joined(const deepid_net *net, dpid_plan *plan, const slot *slots)
{
    int64_t largest = 0;
    for (int32_t t = 0; t < net->steps && plan->train; t++) {
        const dpid_step *step = &net->step[t];
        const int64_t bytes = step->type == DPID_STEP_LAYER && !net->reads_last[t] ? slots[step->in].bytes : 0;
        largest = bytes > largest ? bytes : largest;
    }
    plan->joined = plan->bytes;
    plan->bytes += largest;
}

/* ---- make, destroy ---------------------------------------------------------------------------- */

static void drop(deepid_ctx *ctx, dpid_plan *plan)
{
    if (!plan)
        return;
    dpid_free(ctx, plan->memory);
    dpid_free(ctx, plan->scratch);
    dpid_free(ctx, plan->stage);
    dpid_free(ctx, plan->value);
    dpid_free(ctx, plan->gradient);
    dpid_free(ctx, plan->saved);
    dpid_free(ctx, plan);
}

void dpid_plan_destroy(deepid_net *net)
{
    drop(net->head.ctx, net->plan);
    net->plan = NULL;
}

static int32_t fill(const deepid_net *net, dpid_plan *plan, slot *slots, slot **list)
{
    deepid_ctx *ctx = net->head.ctx;
    DPID_TRY(dpid_alloc(ctx, net->steps, sizeof *plan->stage, "net", &plan->stage));
    plan->stages = dpid_stages_find(net, plan, plan->stage);
    DPID_TRY(dpid_alloc(ctx, net->values_count, sizeof *plan->value, "net", &plan->value));
    DPID_TRY(dpid_alloc(ctx, net->values_count, sizeof *plan->gradient, "net", &plan->gradient));
    DPID_TRY(dpid_alloc(ctx, net->layers, sizeof *plan->saved, "net", &plan->saved));
    if (!measure(net, plan, slots))
        return fail_size(net, plan);
    plan->bytes = place_all(slots, (plan->train ? 2 : 1) * net->values_count, 2 * net->steps, list);
    for (int32_t v = 0; v < net->values_count; v++) {
        plan->value[v] = slots[v].offset;
        plan->gradient[v] = plan->train ? slots[net->values_count + v].offset : -1;
    }
    DPID_TRY(add_saved(net, plan));
    add_joined(net, plan, slots);
    DPID_TRY(make_scratch(net, plan));
    return dpid_alloc(ctx, plan->bytes, 1, "net's buffers", &plan->memory);
}

static int32_t make(deepid_net *net, int64_t batch, bool train, bool keep)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_plan *plan = NULL;
    slot *slots = NULL;
    slot **list = NULL;
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *plan, "net", &plan));
    plan->batch = batch;
    plan->train = train;
    plan->keep_gradients = keep;
    int32_t status = dpid_alloc(ctx, 2 * (int64_t)net->values_count, sizeof *slots, "net", &slots);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, 2 * (int64_t)net->values_count, sizeof *list, "net", &list);
    if (status == DEEPID_OK)
        status = fill(net, plan, slots, list);
    if (status == DEEPID_OK && train && !net->gradients)
        status = dpid_alloc(ctx, net->values_reals, dpid_precision_bytes(net->precision), "gradients", &net->gradients);
    dpid_free(ctx, list);
    dpid_free(ctx, slots);
    if (status != DEEPID_OK) {
        drop(ctx, plan);
        return status;
    }
    drop(ctx, net->plan);
    net->plan = plan;
    net->forward_n = 0; /* what the last forward left is gone */
    return DEEPID_OK;
}

int32_t dpid_net_prepare(deepid_net *net, int64_t batch, bool train)
{
    const dpid_plan *old = net->plan;
    if (batch < 1)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: batch is %lld, expected 1 or more", (long long)batch);
    (void)dpid_ctx_pool(net->head.ctx); /* threads start here and not in the first step */
    if (old && old->batch >= batch && (old->train || !train))
        return dpid_plan_fit_threads(net);
    return make(net, old && old->batch > batch ? old->batch : batch, train || (old && old->train), old && old->keep_gradients);
}

int32_t dpid_net_keep_gradients(deepid_net *net, bool keep)
{
    if (net->plan && net->plan->keep_gradients == keep)
        return DEEPID_OK;
    return make(net, net->plan ? net->plan->batch : 1, true, keep);
}

int32_t deepid_net_prepare(deepid_net *net, int64_t batch, int32_t train)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, dpid_net_prepare(net, batch, train != 0));
}

int64_t dpid_net_buffer_bytes(const deepid_net *net)
{
    return net->plan ? net->plan->bytes + net->plan->scratch_reals * dpid_precision_bytes(net->precision) : 0;
}
