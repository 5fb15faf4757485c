/* Trainers: made, set, asked. */
#include "train/shards.h"

#include <math.h>
#include <string.h>

/* ---- create, destroy ------------------------------------------------------------------- */

static int32_t check_fit(const deepid_net *net, const deepid_dataset *data)
{
    deepid_ctx *ctx = net->head.ctx;
    const dpid_shape *in = &net->value[0].shape;
    const dpid_shape *out = &net->value[net->step[net->steps - 1].out].shape;
    if (data->head.ctx != ctx)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "trainer: the net and the data belong to different contexts");
    if (!dpid_shape_equal(in, &data->sample))
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "the net takes %s, the data has samples of %s",
                         dpid_shape_text(in->rank, in->extent).text,
                         dpid_shape_text(data->sample.rank, data->sample.extent).text);
    const int64_t width = data->labels ? data->classes : data->target_width;
    if (!dpid_dataset_fits(data, out))
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "the net gives %s, the data has %lld %s",
                         dpid_shape_text(out->rank, out->extent).text, (long long)width,
                         data->labels ? "classes" : "targets");
    return DEEPID_OK;
}

static int32_t keep_text(deepid_trainer *t, char **slot, const char *text)
{
    char *copy = NULL;
    DPID_TRY(dpid_copy_text(t->head.ctx, text, &copy));
    dpid_free(t->head.ctx, *slot);
    *slot = copy;
    return DEEPID_OK;
}

/* NULL: the usual one of the net and the data */
static int32_t set_loss(deepid_trainer *t, const char *text)
{
    const dpid_loss *loss;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    dpid_arena weights = {.ctx = t->head.ctx};
    int32_t status = dpid_dataset_loss(&weights, t->data, text, dpid_net_outputs(t->net), &loss, values);
    if (status == DEEPID_OK)
        status = keep_text(t, &t->loss_text, text ? text : loss->word);
    if (status != DEEPID_OK) {
        dpid_arena_release(&weights);
        return status;
    }
    dpid_arena_release(&t->loss_weights);
    t->loss_weights = weights;
    t->loss = loss;
    memcpy(t->loss_option, values, sizeof values);
    return DEEPID_OK;
}

static int32_t set_defaults(deepid_trainer *t)
{
    DPID_TRY(set_loss(t, NULL));
    DPID_TRY(deepid_trainer_set_optimizer(t, "sgd"));
    DPID_TRY(deepid_trainer_set_schedule(t, "constant"));
    DPID_TRY(deepid_trainer_set_loss_scale(t, "none"));
    return deepid_trainer_set_augmentation(t, "none");
}

static int32_t trainer_create(deepid_net *net, const deepid_dataset *data, deepid_trainer **out)
{
    enum { BATCH = 64 };
    deepid_ctx *ctx = net->head.ctx;
    deepid_trainer *t = NULL;
    if (!out || !dpid_is(data, DPID_MAGIC_DATASET))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "trainer: %s", out ? "data is not a dataset" : "out is NULL");
    DPID_TRY(dpid_net_refuse_frozen(net));
    DPID_TRY(check_fit(net, data));
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *t, "trainer", &t));
    t->head = (dpid_head){DPID_MAGIC_TRAINER, ctx};
    t->loss_weights.ctx = ctx;
    t->net = net;
    t->data = data;
    t->batch = data->count < BATCH ? data->count : BATCH;
    t->others.ranks = 1;
    t->seed = 1;
    t->last_loss = t->last_norm = (double)NAN;
    t->order_epoch = -1;
    const int32_t status = set_defaults(t);
    if (status == DEEPID_OK)
        *out = t;
    else
        deepid_trainer_destroy(t);
    return status;
}

int32_t deepid_trainer_create(deepid_net *net, const deepid_dataset *data, deepid_trainer **out)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, trainer_create(net, data, out));
}

static void drop_state(deepid_trainer *t)
{
    for (int i = 0; i < DPID_OPTIMIZER_STATES; i++) {
        dpid_free(t->head.ctx, t->state[i]);
        t->state[i] = NULL;
    }
}

void dpid_trainer_drop_buffers(deepid_trainer *t)
{
    dpid_shards_drop(t);
    dpid_free(t->head.ctx, t->labels);
    dpid_free(t->head.ctx, t->targets);
    dpid_free(t->head.ctx, t->losses);
    t->labels = NULL;
    t->targets = NULL;
    t->losses = NULL;
}

void deepid_trainer_destroy(deepid_trainer *trainer)
{
    if (!dpid_is(trainer, DPID_MAGIC_TRAINER))
        return;
    deepid_ctx *ctx = trainer->head.ctx;
    drop_state(trainer);
    dpid_trainer_drop_buffers(trainer);
    dpid_free(ctx, trainer->order);
    dpid_free(ctx, trainer->loss_text);
    dpid_arena_release(&trainer->loss_weights);
    dpid_free(ctx, trainer->optimizer_text);
    dpid_free(ctx, trainer->schedule_text);
    dpid_free(ctx, trainer->augment_text);
    dpid_free(ctx, trainer->loss_scale_text);
    trainer->head.magic = 0;
    dpid_free(ctx, trainer);
}

/* ---- buffers ------------------------------------------------------------------------------ */

int64_t dpid_trainer_batch(const deepid_trainer *t)
{
    return t->batch == 0 || t->optimizer->whole ? t->data->count : t->batch;
}

int32_t dpid_trainer_prepare(deepid_trainer *t)
{
    deepid_ctx *ctx = t->head.ctx;
    const int64_t n = dpid_trainer_batch(t);
    const int64_t bytes = dpid_precision_bytes(t->net->precision);
    DPID_TRY(dpid_net_prepare(t->net, t->shard > 0 ? dpid_shards_largest(t, n) : n, true));
    if (!t->order)
        DPID_TRY(dpid_alloc(ctx, t->data->count, sizeof *t->order, "trainer", &t->order));
    if (!t->labels && t->data->labels)
        DPID_TRY(dpid_alloc(ctx, n, sizeof *t->labels, "trainer", &t->labels));
    if (!t->targets && t->data->target_width)
        DPID_TRY(dpid_alloc(ctx, n * t->data->target_width, bytes, "trainer", &t->targets));
    if (!t->losses)
        DPID_TRY(dpid_alloc(ctx, n, sizeof *t->losses, "trainer", &t->losses));
    for (int32_t i = 0; i < t->optimizer->states; i++)
        if (!t->state[i])
            DPID_TRY(dpid_alloc(ctx, t->net->values_reals, bytes, "optimiser", &t->state[i]));
    return t->shard > 0 ? dpid_shards_prepare(t) : DEEPID_OK;
}

/* ---- settings ------------------------------------------------------------------------------- */

static int32_t set_optimizer(deepid_trainer *t, const char *text)
{
    const dpid_optimizer *optimizer;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    DPID_TRY(dpid_set_read(t->head.ctx, &dpid_optimizers, dpid_span_of(text), &optimizer, values));
    DPID_TRY(keep_text(t, &t->optimizer_text, text));
    drop_state(t);
    dpid_trainer_drop_buffers(t);
    t->optimizer = optimizer;
    t->since = t->step;
    memcpy(t->optimizer_option, values, sizeof values);
    return DEEPID_OK;
}

int32_t deepid_trainer_set_optimizer(deepid_trainer *trainer, const char *optimizer)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_optimizer(trainer, optimizer));
}

static int32_t set_schedule(deepid_trainer *t, const char *text)
{
    const dpid_schedule *schedule;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    DPID_TRY(dpid_set_read(t->head.ctx, &dpid_schedules, dpid_span_of(text), &schedule, values));
    DPID_TRY(keep_text(t, &t->schedule_text, text));
    t->schedule = schedule;
    memcpy(t->schedule_option, values, sizeof values);
    return DEEPID_OK;
}

int32_t deepid_trainer_set_schedule(deepid_trainer *trainer, const char *schedule)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_schedule(trainer, schedule));
}

int32_t deepid_trainer_set_loss(deepid_trainer *trainer, const char *loss)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_loss(trainer, loss ? loss : ""));
}

static int32_t set_augmentation(deepid_trainer *t, const char *text)
{
    dpid_augment augment;
    DPID_TRY(dpid_augment_parse(t->head.ctx, text, &augment));
    if ((augment.pad || augment.flip) && t->data->sample.rank != 3)
        return dpid_fail(t->head.ctx, DEEPID_ERR_UNSUPPORTED,
                         "augmentation '%s' needs pictures, the data has samples of %s", text,
                         dpid_shape_text(t->data->sample.rank, t->data->sample.extent).text);
    DPID_TRY(keep_text(t, &t->augment_text, text ? text : ""));
    t->augment = augment;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_augmentation(deepid_trainer *trainer, const char *augmentation)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_augmentation(trainer, augmentation));
}

static int32_t set_learning_rate(deepid_trainer *trainer, double rate)
{
    if (!(rate > 0 && isfinite(rate)))
        return dpid_fail(trainer->head.ctx, DEEPID_ERR_ARGUMENT, "learning rate is %s, expected above 0",
                         dpid_number(rate).text);
    trainer->rate = rate;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_learning_rate(deepid_trainer *trainer, double rate)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_learning_rate(trainer, rate));
}

static int32_t set_clip(deepid_trainer *trainer, double norm)
{
    if (!(norm >= 0 && isfinite(norm)))
        return dpid_fail(trainer->head.ctx, DEEPID_ERR_ARGUMENT, "clip is %s, expected 0 (off) or more",
                         dpid_number(norm).text);
    trainer->clip = norm;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_clip(deepid_trainer *trainer, double norm)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_clip(trainer, norm));
}

static int32_t set_loss_scale(deepid_trainer *t, const char *text)
{
    dpid_loss_scale scale;
    DPID_TRY(dpid_loss_scale_read(t->head.ctx, text, &scale));
    DPID_TRY(keep_text(t, &t->loss_scale_text, text));
    t->loss_scale = scale;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_loss_scale(deepid_trainer *trainer, const char *loss_scale)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_loss_scale(trainer, loss_scale));
}

static int32_t set_total_steps(deepid_trainer *trainer, int64_t steps)
{
    if (steps < 1)
        return dpid_fail(trainer->head.ctx, DEEPID_ERR_ARGUMENT, "total steps is %lld, expected 1 or more",
                         (long long)steps);
    trainer->total_steps = steps;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_total_steps(deepid_trainer *trainer, int64_t steps)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_total_steps(trainer, steps));
}

static int32_t set_batch(deepid_trainer *t, int64_t batch)
{
    if (batch < 0 || batch > t->data->count)
        return dpid_fail(t->head.ctx, DEEPID_ERR_ARGUMENT,
                         "batch is %lld, expected 1 to the %lld samples of the data, or 0 for all", (long long)batch,
                         (long long)t->data->count);
    dpid_trainer_drop_buffers(t);
    t->batch = batch;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_batch(deepid_trainer *trainer, int64_t batch)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_batch(trainer, batch));
}

static int32_t set_keep_last(deepid_trainer *trainer, int32_t keep)
{
    trainer->keep_last = keep != 0;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_keep_last(deepid_trainer *trainer, int32_t keep)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_keep_last(trainer, keep));
}

static int32_t set_seed(deepid_trainer *trainer, uint64_t seed)
{
    trainer->seed = seed;
    trainer->order_epoch = -1;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_seed(deepid_trainer *trainer, uint64_t seed)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_seed(trainer, seed));
}

static int32_t set_nonfinite(deepid_trainer *trainer, const char *what)
{
    const bool record = what && strcmp(what, "record") == 0;
    if (!record && (!what || strcmp(what, "stop") != 0))
        return dpid_fail(trainer->head.ctx, DEEPID_ERR_SPEC, "nonfinite is '%s', expected stop or record",
                         what ? what : "NULL");
    trainer->record = record;
    return DEEPID_OK;
}

int32_t deepid_trainer_set_nonfinite(deepid_trainer *trainer, const char *what)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, set_nonfinite(trainer, what));
}

/* ---- reads ------------------------------------------------------------------------------------- */

double dpid_trainer_rate_at(const deepid_trainer *t, int64_t step)
{
    const double rate = t->rate > 0 ? t->rate : t->optimizer->default_rate;
    const int64_t warmup = t->schedule_option[DPID_SCHEDULE_WARMUP].i;
    const double share = t->total_steps > 0 ? (double)step / (double)t->total_steps : 0;
    const double ramp = step < warmup ? (double)(step + 1) / (double)warmup : 1;
    return rate * ramp * t->schedule->factor(t->schedule_option, share);
}

int64_t deepid_trainer_steps_done(const deepid_trainer *trainer)
{
    return dpid_is(trainer, DPID_MAGIC_TRAINER) ? trainer->step : -1;
}

int64_t deepid_trainer_steps_per_epoch(const deepid_trainer *trainer)
{
    if (!dpid_is(trainer, DPID_MAGIC_TRAINER))
        return -1;
    const int64_t batch = dpid_trainer_batch(trainer);
    return (trainer->data->count + (trainer->keep_last ? batch - 1 : 0)) / batch;
}

double deepid_trainer_loss(const deepid_trainer *trainer)
{
    return dpid_is(trainer, DPID_MAGIC_TRAINER) ? trainer->last_loss : (double)NAN;
}

double deepid_trainer_gradient_norm(const deepid_trainer *trainer)
{
    return dpid_is(trainer, DPID_MAGIC_TRAINER) ? trainer->last_norm : (double)NAN;
}

double deepid_trainer_current_rate(const deepid_trainer *trainer)
{
    return dpid_is(trainer, DPID_MAGIC_TRAINER) ? dpid_trainer_rate_at(trainer, trainer->step) : (double)NAN;
}

double deepid_trainer_loss_scale(const deepid_trainer *trainer)
{
    return dpid_is(trainer, DPID_MAGIC_TRAINER) ? trainer->loss_scale.scale : (double)NAN;
}

int64_t deepid_trainer_skipped_steps(const deepid_trainer *trainer)
{
    return dpid_is(trainer, DPID_MAGIC_TRAINER) ? trainer->loss_scale.skipped : -1;
}

int64_t deepid_trainer_nonfinite_steps(const deepid_trainer *trainer)
{
    return dpid_is(trainer, DPID_MAGIC_TRAINER) ? trainer->nonfinite : -1;
}
