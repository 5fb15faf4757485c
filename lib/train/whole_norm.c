/* Shards in lockstep, with batch-norm over the whole batch: its statistics go from rank to rank at each such layer.
   How the net runs: net/lockstep.h */
#include "train/shards.h"

#include "train/meeting.h"

#include <string.h>

/* ---- room ------------------------------------------------------------------------------------------ */

static int32_t make_plans(deepid_trainer *t, int64_t count, int64_t samples)
{
    dpid_shard_buffers *s = &t->shards;
    if (!s->plan)
        DPID_TRY(dpid_alloc(t->head.ctx, count, sizeof *s->plan, "shards", &s->plan));
    for (; s->plans < count; s->plans++)
        DPID_TRY(dpid_lockstep_plan(t->net, samples, &s->plan[s->plans]));
    return DEEPID_OK;
}

int32_t dpid_whole_norm_prepare(deepid_trainer *t, int64_t here, int64_t shards, int64_t samples)
{
    deepid_ctx *ctx = t->head.ctx;
    dpid_shard_buffers *s = &t->shards;
    const int64_t room = dpid_lockstep_room(t->net, shards);
    if (t->net->recompute > 0)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                         "batch-norm over the whole batch in shards: the net has recompute=%lld, expected 0",
                         (long long)t->net->recompute);
    if (!s->part)
        DPID_TRY(dpid_alloc(ctx, here, sizeof *s->part, "shards", &s->part));
    if (!s->loads)
        DPID_TRY(dpid_alloc(ctx, here, sizeof *s->loads, "shards", &s->loads));
    if (!s->statistics)
        DPID_TRY(dpid_alloc(ctx, room, sizeof *s->statistics, "shards", &s->statistics));
    if (!s->bits)
        DPID_TRY(dpid_alloc(ctx, room, sizeof *s->bits, "shards", &s->bits));
    return make_plans(t, here, samples);
}

void dpid_whole_norm_drop(deepid_trainer *t)
{
    dpid_shard_buffers *s = &t->shards;
    for (int64_t i = 0; i < s->plans; i++)
        dpid_lockstep_drop(t->net, s->plan[i]);
    dpid_free(t->head.ctx, s->plan);
    dpid_free(t->head.ctx, s->part);
    dpid_free(t->head.ctx, s->loads);
    dpid_free(t->head.ctx, s->statistics);
    dpid_free(t->head.ctx, s->bits);
}

/* ---- a step ------------------------------------------------------------------------------------------ */

typedef struct {
    deepid_trainer *trainer;
    const dpid_shards *shards;
} sharing;

/* The bits of each rank's numbers, and the least integer, which is -0.0, where it has none: the largest is what the
   one rank gave. */
static int32_t share(void *arg, double *statistics, int64_t width)
{
    const sharing *of = arg;
    int64_t *bits = of->trainer->shards.bits;
    const int64_t count = of->shards->count * width;
    for (int64_t i = 0; i < count; i++)
        bits[i] = INT64_MIN;
    memcpy(bits + of->shards->begin * width, statistics + of->shards->begin * width,
           (size_t)((of->shards->end - of->shards->begin) * width) * sizeof *bits);
    DPID_TRY(dpid_exchange(of->trainer, DEEPID_ALLREDUCE_MAX, bits, count, "batch-norm's statistics"));
    memcpy(statistics, bits, (size_t)count * sizeof *bits);
    return DEEPID_OK;
}

int32_t dpid_whole_norm_run(deepid_trainer *t, const dpid_shards *s, const int64_t *order, double total)
{
    dpid_shard_buffers *b = &t->shards;
    for (int64_t k = s->begin; k < s->end; k++) {
        const int64_t i = k - s->begin;
        b->loads[i] = dpid_shard_at(t, s, order, k, total);
        b->part[i] = (dpid_lockstep_part){.plan = b->plan[i],
                                          .gradients = dpid_shard_image(t, i),
                                          .first = b->loads[i].first,
                                          .n = b->loads[i].n,
                                          .loss = {dpid_part_add_loss, &b->loads[i]},
                                          .load = dpid_part_load};
    }
    return dpid_lockstep_run(t->net, &(dpid_lockstep){.samples = s->n,
                                                      .shards = s->count,
                                                      .begin = s->begin,
                                                      .count = s->end - s->begin,
                                                      .part = b->part,
                                                      .plan = b->plan[0],
                                                      .share = share,
                                                      .arg = &(sharing){t, s},
                                                      .statistics = b->statistics});
}
