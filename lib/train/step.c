/* One training step: the gradient (gradient.c), and when all of it is finite parameters, states and counters change. */
#include "train/meeting.h"

#include "base/numbers.h"
#include "net/rounding.h"

#include <math.h>

/* ---- the update -------------------------------------------------------------------------------- */

/* One streaming pass, cut into tasks of so many parameters: at most the first number, at least the second, a few for
   each worker between. */
enum { TASK_MOST = 16384, TASK_LEAST = 1024, TASKS_A_WORKER = 4 };

typedef struct {
    deepid_trainer *trainer;
    dpid_update common; /* what all stretches share */
    int64_t task;       /* parameters of one */
} update;

double dpid_trainer_decay_of(const deepid_trainer *t, const dpid_parameter *p)
{
    const dpid_optimizer *o = t->optimizer;
    const bool all = o->decay_all_key >= 0 && t->optimizer_option[o->decay_all_key].i == 1;
    return o->decay_key >= 0 && (all || p->spec.role == DPID_ROLE_WEIGHT) ? t->optimizer_option[o->decay_key].r : 0;
}

/* Trained parameters lie one after the other: the one that number `at` belongs to. */
static int32_t parameter_of(const deepid_net *net, int64_t at)
{
    int32_t low = 0;
    int32_t high = net->trained;
    while (high - low > 1) {
        const int32_t middle = low + (high - low) / 2;
        if (net->parameter[middle].offset <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void update_stretch(const update *u, int64_t first, int64_t count, double decay)
{
    const deepid_trainer *t = u->trainer;
    const dpid_optimizer *o = t->optimizer;
    const int64_t offset = first * dpid_precision_bytes(t->net->precision);
    dpid_update stretch = u->common;
    stretch.n = count;
    stretch.weight_decay = decay;
    stretch.w = (char *)t->net->values + offset;
    stretch.g = (char *)t->net->gradients + offset;
    stretch.m = o->states > 0 ? (char *)t->state[0] + offset : NULL;
    stretch.v = o->states > 1 ? (char *)t->state[1] + offset : NULL;
    o->update[t->net->head.ctx->isa][t->net->precision](&stretch);
}

/* Stretches of parameters with the same weight decay. */
static void update_task(void *arg, int64_t task, int32_t worker)
{
    const update *u = arg;
    const deepid_trainer *t = u->trainer;
    const deepid_net *net = t->net;
    (void)worker;
    const int64_t most = (task + 1) * u->task;
    const int64_t end = most < net->values_reals ? most : net->values_reals;
    int64_t at = task * u->task;
    for (int32_t i = parameter_of(net, at); at < end;) {
        const double decay = dpid_trainer_decay_of(t, &net->parameter[i]);
        const int64_t first = at;
        for (; at < end && i < net->trained && dpid_trainer_decay_of(t, &net->parameter[i]) == decay; i++)
            at = net->parameter[i].offset + net->parameter[i].count;
        at = at < end ? at : end;
        update_stretch(u, first, at - first, decay);
    }
}

/* Whole cache lines, so that two workers never write to one. */
static int64_t task_of(int64_t parameters, int32_t workers)
{
    const int64_t even = parameters / (workers * TASKS_A_WORKER);
    const int64_t task = even < TASK_LEAST ? TASK_LEAST : even > TASK_MOST ? TASK_MOST : even;
    return task / DPID_ALIGN * DPID_ALIGN;
}

void dpid_trainer_update(deepid_trainer *t, double norm)
{
    dpid_pool *pool = dpid_ctx_pool(t->head.ctx);
    const double scale = t->clip > 0 && norm > t->clip ? t->clip / norm : 1;
    update u = {.trainer = t,
                .common = {.option = t->optimizer_option,
                           .step = t->step + 1 - t->since,
                           .rate = dpid_trainer_rate_at(t, t->step),
                           .scale = scale},
                .task = task_of(t->net->values_reals, dpid_pool_workers(pool))};
    dpid_pool_run(pool, (t->net->values_reals + u.task - 1) / u.task, update_task, &u);
}

/* ---- batches in order ---------------------------------------------------------------------------- */

static int64_t next_batch(deepid_trainer *t)
{
    const int64_t batch = dpid_trainer_batch(t);
    if (t->order_epoch != t->epoch) {
        dpid_epoch_order(t->seed, (uint64_t)t->epoch, t->data->count, t->order);
        t->order_epoch = t->epoch;
    }
    const int64_t left = t->data->count - t->position;
    return left < batch ? left : batch;
}

static void advance(deepid_trainer *t, int64_t n)
{
    const int64_t batch = dpid_trainer_batch(t);
    t->step++;
    t->position += n;
    const int64_t left = t->data->count - t->position;
    if (left == 0 || (left < batch && !t->keep_last)) {
        t->epoch++;
        t->position = 0;
    }
}

/* Dynamic loss scaling has met a gradient that is not finite: the batch is passed over, and the optimiser, which counts
   its steps, does not hear of it. */
static int32_t skip_step(deepid_trainer *t, int64_t n, double loss)
{
    const double scale = t->loss_scale.scale;
    if (!dpid_loss_scale_adapt(&t->loss_scale, false))
        return dpid_fail(t->head.ctx, DEEPID_ERR_NUMERIC,
                         "step %lld: the loss or its gradient is not finite, and no loss scale down to %s has made it "
                         "so; nothing was changed",
                         (long long)t->step + 1, dpid_number_rounded(scale, 4).text);
    t->last_loss = loss;
    t->last_norm = (double)NAN;
    advance(t, n);
    t->since++;
    return DEEPID_OK;
}

static int32_t one_step(deepid_trainer *t)
{
    double loss = (double)NAN;
    double norm = (double)NAN;
    DPID_TRY(dpid_tell(t, dpid_trainer_prepare(t)));
    const int64_t n = next_batch(t);
    dpid_round_kept(t->net);
    const int32_t status = dpid_trainer_gradient(t, t->order + t->position, n, &loss, &norm);
    if (status == DEEPID_ERR_NUMERIC && t->loss_scale.how->dynamic)
        return skip_step(t, n, loss);
    if (status == DEEPID_ERR_NUMERIC && t->record) {
        t->nonfinite++;
        t->last_loss = loss;
        t->last_norm = norm;
        advance(t, n);
        return DEEPID_OK;
    }
    DPID_TRY(status);
    t->last_loss = loss;
    t->last_norm = norm;
    dpid_trainer_commit(t);
    dpid_trainer_update(t, norm);
    dpid_round_kept(t->net);
    if (t->loss_scale.how->dynamic)
        (void)dpid_loss_scale_adapt(&t->loss_scale, true);
    advance(t, n);
    return DEEPID_OK;
}

/* ---- public ---------------------------------------------------------------------------------------- */

static int32_t fit(deepid_trainer *t, int64_t steps, deepid_event_fn progress, void *user)
{
    if (steps < 0)
        return dpid_fail(t->head.ctx, DEEPID_ERR_ARGUMENT, "steps is %lld, expected 0 or more", (long long)steps);
    if (t->total_steps == 0)
        t->total_steps = t->step + steps;
    const double start = dpid_seconds_now();
    deepid_event event = {.head = {DPID_MAGIC_EVENT, t->head.ctx}, .trainer = t, .steps = steps};
    if (t->optimizer->whole)
        return dpid_trainer_lbfgs(t, steps, progress, &event, user);
    for (int64_t i = 0; i < steps; i++) {
        DPID_TRY(one_step(t));
        event.seconds = dpid_seconds_now() - start;
        DPID_TRY(dpid_trainer_report(t, progress, &event, user));
    }
    return DEEPID_OK;
}

int32_t deepid_trainer_fit(deepid_trainer *trainer, int64_t steps, deepid_event_fn progress, void *user)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, fit(trainer, steps, progress, user));
}

static int32_t step(deepid_trainer *t)
{
    deepid_event event = {.head = {DPID_MAGIC_EVENT, t->head.ctx}, .trainer = t, .steps = 1};
    return t->optimizer->whole ? dpid_trainer_lbfgs(t, 1, NULL, &event, NULL) : one_step(t);
}

int32_t deepid_trainer_step(deepid_trainer *trainer)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, step(trainer));
}
