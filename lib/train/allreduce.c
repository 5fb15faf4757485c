/* Shards and ranks: set.   How they work: shards.c, meeting.c */
#include "train/shards.h"

#include <deepid/allreduce.h>

#include <string.h>

static int32_t set_shards(deepid_trainer *t, int64_t samples)
{
    const int64_t least = t->others.fn ? 1 : 0;
    if (samples < least)
        return dpid_fail(t->head.ctx, DEEPID_ERR_ARGUMENT, "shards is %lld samples, expected 1 or more%s",
                         (long long)samples, least ? ", because the trainer has an allreduce" : ", or 0 for the batch");
    dpid_trainer_drop_buffers(t);
    t->shard = samples;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_shards(deepid_trainer *trainer, int64_t samples)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_shards(trainer, samples));
}

static int32_t set_batchnorm(deepid_trainer *t, const char *over)
{
    const bool batch = over && strcmp(over, "batch") == 0;
    if (!batch && (!over || strcmp(over, "shard") != 0))
        return dpid_fail(t->head.ctx, DEEPID_ERR_SPEC, "batch-norm is over '%s', expected shard or batch",
                         over ? over : "NULL");
    dpid_trainer_drop_buffers(t);
    t->whole_norm = batch;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_batchnorm(deepid_trainer *trainer, const char *over)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_batchnorm(trainer, over));
}

static int32_t set_allreduce(deepid_trainer *t, const dpid_ranks *others)
{
    enum { SHARD = 32 };
    if (others->ranks < 1 || others->rank < 0 || others->rank >= others->ranks)
        return dpid_fail(t->head.ctx, DEEPID_ERR_ARGUMENT,
                         "allreduce: rank %d of %d, expected 1 rank or more, numbered from 0", others->rank,
                         others->ranks);
    if (!others->fn && others->ranks > 1)
        return dpid_fail(t->head.ctx, DEEPID_ERR_ARGUMENT, "allreduce: the function is NULL, expected one for %d ranks",
                         others->ranks);
    dpid_trainer_drop_buffers(t);
    t->others = *others;
    t->shard = others->fn && t->shard == 0 ? SHARD : t->shard;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_allreduce(deepid_trainer *trainer, deepid_allreduce_fn fn, void *user, int32_t rank,
                                     int32_t ranks)
{
    const dpid_ranks others = {.fn = fn, .user = user, .rank = rank, .ranks = ranks};
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_allreduce(trainer, &others));
}
