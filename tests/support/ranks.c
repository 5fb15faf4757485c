#include "support/ranks.h"

#include "support/training.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

/* ---- the hall --------------------------------------------------------------------------------- */

struct hall {
    pthread_mutex_t lock;
    pthread_cond_t turned;
    int32_t ranks, there, leaving; /* there: have given their numbers; leaving: have not taken the result yet */
    bool broken;
    int64_t *result;
    int64_t count, calls, numbers;
};

hall *open_hall(int32_t ranks)
{
    hall *h = calloc(1, sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->turned, NULL);
    h->ranks = ranks;
    return h;
}

void close_hall(hall *h)
{
    free(h->result);
    free(h);
}

void break_hall(hall *h)
{
    pthread_mutex_lock(&h->lock);
    h->broken = true;
    pthread_cond_broadcast(&h->turned);
    pthread_mutex_unlock(&h->lock);
}

int64_t hall_calls(const hall *h)
{
    return h->calls;
}

int64_t hall_numbers(const hall *h)
{
    return h->numbers;
}

static void give(hall *h, int32_t how, const int64_t *numbers, int64_t count)
{
    if (h->there++ == 0) {
        h->result = realloc(h->result, sizeof *numbers * (size_t)count);
        memcpy(h->result, numbers, sizeof *numbers * (size_t)count);
        h->count = count;
        h->calls++;
        h->numbers += count;
        return;
    }
    h->broken |= count != h->count || count < 1;
    for (int64_t i = 0; !h->broken && i < count; i++)
        h->result[i] = how == DEEPID_ALLREDUCE_SUM ? h->result[i] + numbers[i]
                       : numbers[i] > h->result[i] ? numbers[i]
                                                   : h->result[i];
}

/* Until `what` is 0 or all ranks, or nobody comes any more. */
static bool wait_for(hall *h, const int32_t *what, int32_t value, const struct timespec *end)
{
    int late = 0;
    while (*what != value && !h->broken && late != ETIMEDOUT)
        late = pthread_cond_timedwait(&h->turned, &h->lock, end);
    return *what == value && !h->broken;
}

int32_t exchange_in_hall(void *user, int32_t how, int64_t *numbers, int64_t count, const char **why)
{
    enum { LIMIT = 600, BROKEN = 5, LATE = 7 };
    hall *h = user;
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += LIMIT;
    pthread_mutex_lock(&h->lock);
    bool met = wait_for(h, &h->leaving, 0, &end); /* those of the last exchange */
    if (met) {
        give(h, how, numbers, count);
        if (h->there == h->ranks) {
            h->leaving = h->ranks;
            h->there = 0;
            pthread_cond_broadcast(&h->turned);
        }
        while (h->leaving == 0 && met) /* not all are there */
            met = !h->broken && pthread_cond_timedwait(&h->turned, &h->lock, &end) != ETIMEDOUT;
        if (met) {
            memcpy(numbers, h->result, sizeof *numbers * (size_t)count);
            if (--h->leaving == 0)
                pthread_cond_broadcast(&h->turned);
        }
    }
    const bool broken = h->broken;
    pthread_mutex_unlock(&h->lock);
    *why = met ? NULL : broken ? "a rank has left" : "a rank did not come within ten minutes";
    return met ? 0 : broken ? BROKEN : LATE;
}

/* ---- ranks ------------------------------------------------------------------------------------- */

static void open_one(rank_run *r, const recipe *c)
{
    deepid_ctx *ctx = r->ctx;
    OK(deepid_net_create(ctx, c->net, c->dtype ? c->dtype : DEEPID_F32, &r->net));
    OK(deepid_net_init(r->net, "he", 5));
    if (c->make_data)
        r->data = c->make_data(ctx, r->net);
    else
        OK(deepid_dataset_generate(ctx, c->data, 9, &r->data));
    OK(deepid_trainer_create(r->net, r->data, &r->trainer));
    if (c->optimizer)
        OK(deepid_trainer_set_optimizer(r->trainer, c->optimizer));
    if (c->loss)
        OK(deepid_trainer_set_loss(r->trainer, c->loss));
    if (c->augmentation)
        OK(deepid_trainer_set_augmentation(r->trainer, c->augmentation));
    if (c->nonfinite)
        OK(deepid_trainer_set_nonfinite(r->trainer, c->nonfinite));
    if (c->schedule)
        OK(deepid_trainer_set_schedule(r->trainer, c->schedule));
    if (c->batch)
        OK(deepid_trainer_set_batch(r->trainer, c->batch));
    OK(deepid_trainer_set_learning_rate(r->trainer, c->rate ? c->rate : 0.05));
    OK(deepid_trainer_set_clip(r->trainer, c->clip));
    OK(deepid_trainer_set_keep_last(r->trainer, c->keep_last));
    OK(deepid_trainer_set_total_steps(r->trainer, 100));
}

void open_ranks(rank_run *r, hall *h, int32_t ranks, const recipe *c)
{
    for (int32_t i = 0; i < ranks; i++) {
        deepid_ctx *ctx = new_ctx(1 + i % 3);
        r[i] = (rank_run){.recipe = c, .hall = h, .rank = i, .ranks = ranks, .ctx = ctx, .steps = c->steps};
        open_one(&r[i], c);
        if (h)
            OK(deepid_trainer_set_allreduce(r[i].trainer, exchange_in_hall, h, i, ranks));
        if (c->shard)
            OK(deepid_trainer_set_shards(r[i].trainer, c->shard));
        if (c->norm)
            OK(deepid_trainer_set_batchnorm(r[i].trainer, c->norm));
    }
}

static int32_t note_step(void *user, const deepid_event *event)
{
    rank_run *r = user;
    const double seen[] = {deepid_event_loss(event), deepid_trainer_gradient_norm(r->trainer),
                           deepid_event_learning_rate(event)};
    r->losses = r->losses * 31 + bits(seen, sizeof seen);
    return 0;
}

static void *fit_one(void *arg)
{
    rank_run *r = arg;
    if (r->change)
        r->change(r->arg, r->rank, r->trainer);
    r->status = deepid_trainer_fit(r->trainer, r->steps, note_step, r);
    snprintf(r->sentence, sizeof r->sentence, "%s", deepid_ctx_error(r->ctx));
    r->done = deepid_trainer_steps_done(r->trainer);
    return NULL;
}

void fit_ranks(rank_run *r, int32_t ranks)
{
    pthread_t thread[RANKS_MOST];
    for (int32_t i = 0; i < ranks; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, fit_one, &r[i]), 0);
    for (int32_t i = 0; i < ranks; i++)
        pthread_join(thread[i], NULL);
}

void all_ended(const rank_run *r, int32_t ranks, int32_t status, const char *part)
{
    for (int32_t i = 0; i < ranks; i++)
        if (r[i].status != status || (status != DEEPID_OK && !strstr(r[i].sentence, part)))
            fail_msg("rank %d of %d of '%.80s': %s '%s', expected %s and '%s'", i, ranks, r[i].recipe->net,
                     deepid_status_name(r[i].status), r[i].sentence, deepid_status_name(status), part);
}

uint64_t bits_of_ranks(const rank_run *r, int32_t ranks)
{
    uint64_t all[RANKS_MOST] = {0};
    for (int32_t i = 0; i < ranks; i++) {
        const run one = {.net = r[i].net};
        const uint64_t of[] = {bits_of(&one), r[i].losses, (uint64_t)deepid_trainer_nonfinite_steps(r[i].trainer)};
        all[i] = bits(of, sizeof of);
        if (all[i] != all[0])
            fail_msg("'%.80s': rank %d of %d has other bits than rank 0", r[i].recipe->net, i, ranks);
    }
    return all[0];
}

void close_ranks(rank_run *r, int32_t ranks)
{
    for (int32_t i = 0; i < ranks; i++) {
        deepid_trainer_destroy(r[i].trainer);
        deepid_dataset_destroy(r[i].data);
        deepid_net_destroy(r[i].net);
        deepid_ctx_destroy(r[i].ctx);
    }
}

uint64_t train_on_ranks(const recipe *c, int32_t ranks)
{
    rank_run r[RANKS_MOST];
    hall *h = open_hall(ranks);
    open_ranks(r, h, ranks, c);
    fit_ranks(r, ranks);
    all_ended(r, ranks, DEEPID_OK, "");
    const uint64_t bits = bits_of_ranks(r, ranks);
    close_ranks(r, ranks);
    close_hall(h);
    return bits;
}
