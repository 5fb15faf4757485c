/* One training step in two halves: compute everything, then, when all of it is finite, change parameters, states and
   counters. */
#include "train/trainer.h"

#include "base/numbers.h"
#include "tensor/vector.h"

#include <math.h>
#include <stdio.h>

/* ---- first half: loss and gradient ---------------------------------------------------------- */

static bool all_finite(dpid_precision p, const void *x, int64_t n)
{
    return p == DPID_P32   ? dpid_all_finite_f32(x, n)
           : p == DPID_P64 ? dpid_all_finite_f64(x, n)
                           : dpid_all_finite_f80(x, n);
}

static int32_t fail_nonfinite(const deepid_trainer *t, const char *what, const char *quantity, int64_t n)
{
    char step[64];
    snprintf(step, sizeof step, "step %lld: the data", (long long)t->step + 1);
    const char *where = dpid_net_find_nonfinite(t->net, what, n);
    DPID_TRY(dpid_dataset_check_finite(t->head.ctx, t->data, step, t->net->precision));
    return dpid_fail(t->head.ctx, DEEPID_ERR_NUMERIC,
                     "step %lld: %s %s is not finite (learning rate %s); nothing was changed", (long long)t->step + 1,
                     quantity, where ? where : "the loss",
                     dpid_number_rounded(dpid_trainer_rate_at(t, t->step), 4).text);
}

typedef struct {
    const deepid_trainer *trainer;
    int64_t n, width; /* of the batch */
} batch_loss;

static void add_loss(void *arg, int64_t first, int64_t n)
{
    const batch_loss *b = arg;
    const deepid_trainer *t = b->trainer;
    const int64_t offset = first * b->width * dpid_precision_bytes(t->net->precision);
    dpid_loss_pass pass = {
        .option = t->loss_option, .n = n, .width = b->width, .batch = b->n, .each = t->losses + first};
    pass.z = (char *)dpid_net_output(t->net) + offset;
    pass.dz = (char *)dpid_net_output_gradient(t->net) + offset;
    pass.labels = t->labels ? t->labels + first : NULL;
    pass.targets = t->targets ? (char *)t->targets + offset : NULL;
    t->loss->run[t->head.ctx->isa][t->net->precision](&pass);
}

/* In the order of the samples, whatever parts the losses came in. */
static double mean_loss(const deepid_trainer *t, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += t->losses[i];
    return sum / (double)n;
}

int32_t dpid_trainer_gradient(deepid_trainer *t, const int64_t *order, int64_t n, double *loss_mean, double *norm)
{
    deepid_net *net = t->net;
    const dpid_precision p = net->precision;
    const bool augmented = t->augment.pad > 0 || t->augment.flip;
    t->augment.seed = t->seed;
    net->noise_seed = t->seed;
    net->noise_step = (uint64_t)t->step;
    dpid_dataset_gather(dpid_ctx_pool(net->head.ctx), t->data,
                        &(dpid_gathered){.order = order,
                                         .n = n,
                                         .augment = augmented ? &t->augment : NULL,
                                         .epoch = (uint64_t)t->epoch,
                                         .precision = p,
                                         .x = dpid_net_input(net),
                                         .labels = t->labels,
                                         .targets = t->targets});
    DPID_TRY(dpid_net_run_through_loss(
        net, DPID_TRAIN, n,
        &(dpid_net_loss){add_loss,
                         &(batch_loss){t, n, dpid_shape_count(&net->value[net->step[net->steps - 1].out].shape)}}));
    *loss_mean = mean_loss(t, n);
    if (!isfinite(*loss_mean)) {
        DPID_TRY(dpid_net_run_forward(net, DPID_TRAIN, n)); /* for all values to be there */
        return fail_nonfinite(t, "output", "the output of", n);
    }
    *norm = sqrt(dpid_net_gradient_squares(net));
    if (!isfinite(*norm) && !all_finite(p, net->gradients, net->values_reals))
        return fail_nonfinite(t, "gradient", "the gradient of", n);
    return DEEPID_OK;
}

/* ---- second half: the update ------------------------------------------------------------------ */

/* One streaming pass, cut into tasks of so many parameters: at most the first number, at least the second, a few for
   each worker between. */
enum { TASK_MOST = 16384, TASK_LEAST = 1024, TASKS_A_WORKER = 4 };

typedef struct {
    deepid_trainer *trainer;
    dpid_update common; /* what all stretches share */
    double decay;
    bool decay_all;
    int64_t task; /* parameters of one */
} update;

static bool decays(const update *u, const dpid_parameter *p)
{
    return u->decay > 0 && (u->decay_all || p->spec.role == DPID_ROLE_WEIGHT);
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

static void update_stretch(const update *u, int64_t first, int64_t count, bool decay)
{
    const deepid_trainer *t = u->trainer;
    const dpid_optimizer *o = t->optimizer;
    const int64_t offset = first * dpid_precision_bytes(t->net->precision);
    dpid_update stretch = u->common;
    stretch.n = count;
    stretch.weight_decay = decay ? u->decay : 0;
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
    const deepid_net *net = u->trainer->net;
    (void)worker;
    const int64_t most = (task + 1) * u->task;
    const int64_t end = most < net->values_reals ? most : net->values_reals;
    int64_t at = task * u->task;
    for (int32_t i = parameter_of(net, at); at < end;) {
        const bool decay = decays(u, &net->parameter[i]);
        const int64_t first = at;
        for (; at < end && i < net->trained && (u->decay <= 0 || decays(u, &net->parameter[i]) == decay); i++)
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

static void update_parameters(deepid_trainer *t, double norm)
{
    const dpid_optimizer *o = t->optimizer;
    dpid_pool *pool = dpid_ctx_pool(t->head.ctx);
    const double scale = t->clip > 0 && norm > t->clip ? t->clip / norm : 1;
    update u = {.trainer = t,
                .common = {.option = t->optimizer_option,
                           .step = t->step + 1 - t->since,
                           .rate = dpid_trainer_rate_at(t, t->step),
                           .scale = scale},
                .decay = o->decay_key >= 0 ? t->optimizer_option[o->decay_key].r : 0,
                .decay_all = o->decay_all_key >= 0 && t->optimizer_option[o->decay_all_key].i == 1,
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

static int32_t one_step(deepid_trainer *t)
{
    double loss = (double)NAN;
    double norm = (double)NAN;
    DPID_TRY(dpid_trainer_prepare(t));
    const int64_t n = next_batch(t);
    const int32_t status = dpid_trainer_gradient(t, t->order + t->position, n, &loss, &norm);
    if (status == DEEPID_ERR_NUMERIC && t->record) {
        t->nonfinite++;
        t->last_loss = loss;
        t->last_norm = norm;
        advance(t, n);
        return DEEPID_OK;
    }
    DPID_TRY(status);
    dpid_net_commit(t->net);
    update_parameters(t, norm);
    t->last_loss = loss;
    t->last_norm = norm;
    advance(t, n);
    return DEEPID_OK;
}

/* ---- public ---------------------------------------------------------------------------------------- */

int32_t dpid_trainer_report(deepid_trainer *t, deepid_event_fn progress, deepid_event *event, void *user)
{
    if (progress) {
        t->head.ctx->callback_code = progress(user, event);
        if (t->head.ctx->callback_code != 0)
            return dpid_fail(t->head.ctx, DEEPID_ERR_CALLBACK, "the callback returned %d after step %lld",
                             t->head.ctx->callback_code, (long long)t->step);
    }
    if (atomic_exchange(&t->stop, 0))
        return dpid_fail(t->head.ctx, DEEPID_STOPPED, "asked to stop after step %lld", (long long)t->step);
    return DEEPID_OK;
}

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

void deepid_trainer_request_stop(deepid_trainer *trainer)
{
    if (dpid_is(trainer, DPID_MAGIC_TRAINER))
        atomic_store(&trainer->stop, 1);
}

int64_t deepid_event_step(const deepid_event *event)
{
    return dpid_is(event, DPID_MAGIC_EVENT) ? event->trainer->step : -1;
}

int64_t deepid_event_steps(const deepid_event *event)
{
    return dpid_is(event, DPID_MAGIC_EVENT) ? event->steps : -1;
}

double deepid_event_epoch(const deepid_event *event)
{
    return dpid_is(event, DPID_MAGIC_EVENT)
               ? (double)event->trainer->step / (double)deepid_trainer_steps_per_epoch(event->trainer)
               : (double)NAN;
}

double deepid_event_loss(const deepid_event *event)
{
    return dpid_is(event, DPID_MAGIC_EVENT) ? event->trainer->last_loss : (double)NAN;
}

double deepid_event_learning_rate(const deepid_event *event)
{
    return dpid_is(event, DPID_MAGIC_EVENT) ? dpid_trainer_rate_at(event->trainer, event->trainer->step) : (double)NAN;
}

double deepid_event_seconds(const deepid_event *event)
{
    return dpid_is(event, DPID_MAGIC_EVENT) ? event->seconds : (double)NAN;
}
