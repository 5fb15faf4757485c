/* Parts of a batch side by side.   What for: lockstep.h */
#include "net/lockstep.h"

#include "net/graph.h"
#include "net/plan.h"
#include "net/rounding.h"
#include "net/run.h"

#include <string.h>

/* ---- cuts, room, plans ------------------------------------------------------------------------- */

int64_t dpid_lockstep_first(int64_t samples, int64_t shards, int64_t shard)
{
    return shard * samples / shards;
}

static bool is_norm(const deepid_net *net, int32_t t)
{
    return net->step[t].type == DPID_STEP_LAYER && (net->layer[net->step[t].layer].op.kind->flags & DPID_KIND_BATCH);
}

static int64_t channels_of(const deepid_net *net, int32_t t)
{
    return dpid_op_channels(&net->layer[net->step[t].layer].op);
}

int64_t dpid_lockstep_room(const deepid_net *net, int64_t shards)
{
    int64_t most = 0;
    for (int32_t t = 0; t < net->steps; t++)
        most = is_norm(net, t) ? dpid_larger(most, channels_of(net, t)) : most;
    return 2 * most * (shards + 1);
}

int32_t dpid_lockstep_plan(deepid_net *net, int64_t samples, dpid_plan **out)
{
    dpid_plan *own = net->plan;
    net->plan = NULL;
    const int32_t status = dpid_net_prepare(net, samples, true);
    *out = net->plan;
    net->plan = own;
    return status;
}

void dpid_lockstep_drop(deepid_net *net, dpid_plan *plan)
{
    dpid_plan *own = net->plan;
    net->plan = plan;
    dpid_plan_destroy(net);
    net->plan = own;
}

/* ---- one part at a time ------------------------------------------------------------------------------ */

typedef struct {
    deepid_net *net;
    const dpid_lockstep *all;
    dpid_plan *plan; /* the net's own */
    void *gradients; /* the same */
} run;

static void take_part(const run *r, const dpid_lockstep_part *part)
{
    r->net->plan = part->plan;
    r->net->gradients = part->gradients;
    r->net->noise_first = part->first;
    r->net->forward_n = part->n;
}

static void give_back(const run *r)
{
    r->net->plan = r->plan;
    r->net->gradients = r->gradients;
    r->net->noise_first = 0;
    r->net->norm = NULL;
}

static dpid_stage_call call_of(const run *r, const dpid_lockstep_part *part)
{
    return (dpid_stage_call){.net = r->net, .mode = DPID_TRAIN, .n = part->n, .anew = true};
}

typedef void (*stage_fn)(const run *r, const dpid_lockstep_part *part, int32_t i);

static void forward(const run *r, const dpid_lockstep_part *part, int32_t i)
{
    dpid_run_forward_stage(r->net, i, DPID_TRAIN, part->n);
}

static void backward(const run *r, const dpid_lockstep_part *part, int32_t i)
{
    const dpid_stage_call call = call_of(r, part);
    dpid_run_backward_stage(&call, i);
}

static void run_loss(const run *r, const dpid_lockstep_part *part)
{
    part->loss.run(part->loss.arg, 0, part->n);
    dpid_round_gradient(r->net, dpid_graph_output(r->net), part->n);
}

/* The last stage: forward, loss and back. */
static void turn(const run *r, const dpid_lockstep_part *part, int32_t i)
{
    dpid_stage_call call = call_of(r, part);
    call.stage = &r->net->plan->stage[i];
    if (call.stage->fusion->through_loss) {
        call.stage->fusion->through_loss(&call, &part->loss);
        return;
    }
    forward(r, part, i);
    run_loss(r, part);
    backward(r, part, i);
}

static void each_part(const run *r, int32_t i, stage_fn stage)
{
    for (int64_t k = 0; k < r->all->count; k++) {
        take_part(r, &r->all->part[k]);
        stage(r, &r->all->part[k], i);
    }
}

/* ---- batch-norms ------------------------------------------------------------------------------------------ */

/* In the order of the shards: means and squares around them (Chan, Golub, LeVeque 1979). */
static void merge_means(const dpid_lockstep *l, int64_t c, double rows, double *all)
{
    memcpy(all, l->statistics, sizeof *all * 2 * (size_t)c);
    for (int64_t s = 1; s < l->shards; s++) {
        const double *other = l->statistics + 2 * c * s;
        const double before = rows * (double)dpid_lockstep_first(l->samples, l->shards, s);
        const double end = rows * (double)dpid_lockstep_first(l->samples, l->shards, s + 1);
        const double share = (end - before) / end;
        for (int64_t j = 0; j < c; j++) {
            const double delta = other[j] - all[j];
            all[j] += delta * share;
            all[c + j] += other[c + j] + delta * delta * before * share;
        }
    }
}

static void add_sums(const dpid_lockstep *l, int64_t c, double *all)
{
    memcpy(all, l->statistics, sizeof *all * 2 * (size_t)c);
    for (int64_t s = 1; s < l->shards; s++)
        for (int64_t j = 0; j < 2 * c; j++)
            all[j] += l->statistics[2 * c * s + j];
}

static void each_norm(const run *r, int32_t i, stage_fn stage, dpid_norm_parts *norm, int64_t c)
{
    r->net->norm = norm;
    for (int64_t k = 0; k < r->all->count; k++) {
        norm->own = r->all->statistics + 2 * c * (r->all->begin + k);
        take_part(r, &r->all->part[k]);
        stage(r, &r->all->part[k], i);
    }
    r->net->norm = NULL;
}

static int32_t norm_stage(const run *r, int32_t i, int32_t t, stage_fn stage)
{
    const dpid_lockstep *l = r->all;
    const int64_t c = channels_of(r->net, t);
    const int64_t rows = dpid_shape_count(&r->net->layer[r->net->step[t].layer].op.in) / c; /* of a sample */
    double *all = l->statistics + 2 * c * l->shards;
    dpid_norm_parts norm = {.phase = DPID_NORM_MEASURE, .all = all, .total = rows * l->samples};
    each_norm(r, i, stage, &norm, c);
    DPID_TRY(l->share(l->arg, l->statistics, 2 * c));
    if (stage == forward)
        merge_means(l, c, (double)rows, all);
    else
        add_sums(l, c, all);
    norm.phase = DPID_NORM_USE;
    each_norm(r, i, stage, &norm, c);
    return DEEPID_OK;
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

static int32_t one_stage(const run *r, int32_t i, stage_fn stage)
{
    const dpid_plan *plan = r->all->plan;
    const int32_t t = plan->stage[i].first;
    if (plan->stage[i].count == 1 && is_norm(r->net, t))
        return norm_stage(r, i, t, stage);
    each_part(r, i, stage);
    return DEEPID_OK;
}

static int32_t run_all(const run *r)
{
    const dpid_lockstep *l = r->all;
    const int32_t last = l->plan->stages - 1;
    DPID_TRY(dpid_run_start(r->net, DPID_TRAIN, l->samples / l->shards)); /* refuses on all ranks alike */
    for (int64_t k = 0; k < l->count; k++) {
        take_part(r, &l->part[k]);
        DPID_TRY(dpid_run_start(r->net, DPID_TRAIN, l->part[k].n));
        l->part[k].load(l->part[k].loss.arg);
        dpid_round_value(r->net, 0, l->part[k].n);
    }
    for (int32_t i = 0; i < last; i++)
        DPID_TRY(one_stage(r, i, forward));
    if (is_norm(r->net, l->plan->stage[last].first)) {
        DPID_TRY(one_stage(r, last, forward));
        for (int64_t k = 0; k < l->count; k++) {
            take_part(r, &l->part[k]);
            run_loss(r, &l->part[k]);
        }
        DPID_TRY(one_stage(r, last, backward));
    } else {
        each_part(r, last, turn);
    }
    for (int32_t i = last - 1; i >= 0; i--)
        DPID_TRY(one_stage(r, i, backward));
    return DEEPID_OK;
}

int32_t dpid_lockstep_run(deepid_net *net, const dpid_lockstep *lockstep)
{
    const run r = {.net = net, .all = lockstep, .plan = net->plan, .gradients = net->gradients};
    const int32_t status = run_all(&r);
    give_back(&r);
    return status;
}

void dpid_lockstep_commit(deepid_net *net, const dpid_lockstep_part *part)
{
    dpid_plan *own = net->plan;
    net->plan = part->plan;
    net->forward_n = part->n;
    dpid_net_commit(net);
    net->plan = own;
}
