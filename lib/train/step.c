/* One training step in two halves: compute everything, then, when all of it is finite, change parameters, states and counters. */
#include "train/trainer.h"

#include "tensor/vector.h"

#include <math.h>
#include <time.h>

/* ---- first half: loss and gradient ---------------------------------------------------------- */

static double squares(dpid_precision p, const void *x, int64_t n)
{
    return p == DPID_P32 ? dpid_sum_squares_f32(x, n) : p == DPID_P64 ? dpid_sum_squares_f64(x, n) : dpid_sum_squares_f80(x, n);
}

static bool all_finite(dpid_precision p, const void *x, int64_t n)
{
    return p == DPID_P32 ? dpid_all_finite_f32(x, n) : p == DPID_P64 ? dpid_all_finite_f64(x, n) : dpid_all_finite_f80(x, n);
}

static int32_t fail_nonfinite(const deepid_trainer *t, const char *what, const char *quantity, int64_t n)
{
    const char *where = dpid_net_find_nonfinite(t->net, what, n);
    return dpid_fail(t->head.ctx, DEEPID_ERR_NUMERIC, "step %lld: %s %s is not finite (learning rate %s); nothing was changed", (long long)t->step + 1, quantity, where ? where : "the loss",
                     dpid_number_rounded(dpid_trainer_rate_at(t, t->step), 4).text);
}

int32_t dpid_trainer_gradient(deepid_trainer *t, const int64_t *order, int64_t n, double *loss_mean, double *norm)
{
    deepid_net *net = t->net;
    const dpid_precision p = net->precision;
    const bool augmented = t->augment.pad > 0 || t->augment.flip;
    t->augment.seed = t->seed;
    net->noise_seed = t->seed;
    net->noise_step = (uint64_t)t->step;
    dpid_dataset_gather(t->data, order, n, augmented ? &t->augment : NULL, (uint64_t)t->epoch, p, dpid_net_input(net), t->labels, t->targets);
    DPID_TRY(dpid_net_run_forward(net, DPID_TRAIN, n));
    dpid_loss_pass pass = {.option = t->loss_option, .n = n, .width = dpid_shape_count(&net->value[net->step[net->steps - 1].out].shape), .z = dpid_net_output(net), .labels = t->labels,
                           .targets = t->targets, .dz = dpid_net_output_gradient(net)};
    t->loss->run[net->head.ctx->isa][p](&pass);
    *loss_mean = pass.loss_sum / (double)n;
    if (!isfinite(*loss_mean))
        return fail_nonfinite(t, "output", "the output of", n);
    dpid_net_clear_gradients(net);
    dpid_net_run_backward(net, DPID_TRAIN, n, NULL);
    *norm = sqrt(squares(p, net->gradients, net->values_reals));
    if (!isfinite(*norm) && !all_finite(p, net->gradients, net->values_reals))
        return fail_nonfinite(t, "gradient", "the gradient of", n);
    return DEEPID_OK;
}

/* ---- second half: the update ------------------------------------------------------------------ */

/* Stretches of parameters with the same weight decay, one streaming pass. */
static void update_parameters(deepid_trainer *t, double norm)
{
    const dpid_optimizer *o = t->optimizer;
    deepid_net *net = t->net;
    const int64_t bytes = dpid_precision_bytes(net->precision);
    const double decay = o->decay_key >= 0 ? t->optimizer_option[o->decay_key].r : 0;
    const bool all = o->decay_all_key >= 0 && t->optimizer_option[o->decay_all_key].i == 1;
    const double scale = t->clip > 0 && norm > t->clip ? t->clip / norm : 1;
    for (int32_t i = 0; i < net->trained;) {
        const bool decays = decay > 0 && (all || net->parameter[i].spec.role == DPID_ROLE_WEIGHT);
        const int64_t first = net->parameter[i].offset;
        int64_t count = 0;
        for (; i < net->trained && (decay == 0 || decays == (all || net->parameter[i].spec.role == DPID_ROLE_WEIGHT)); i++)
            count += net->parameter[i].count;
        dpid_update u = {.option = t->optimizer_option, .n = count, .step = t->step + 1, .rate = dpid_trainer_rate_at(t, t->step), .weight_decay = decays ? decay : 0, .scale = scale,
                         .w = (char *)net->values + first * bytes, .g = (char *)net->gradients + first * bytes};
        u.m = o->states > 0 ? (char *)t->state[0] + first * bytes : NULL;
        u.v = o->states > 1 ? (char *)t->state[1] + first * bytes : NULL;
        o->update[net->head.ctx->isa][net->precision](&u);
    }
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

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int32_t dpid_trainer_report(deepid_trainer *t, deepid_event_fn progress, deepid_event *event, void *user)
{
    if (progress) {
        t->head.ctx->callback_code = progress(user, event);
        if (t->head.ctx->callback_code != 0)
            return dpid_fail(t->head.ctx, DEEPID_ERR_CALLBACK, "the callback returned %d after step %lld", t->head.ctx->callback_code, (long long)t->step);
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
    const double start = now();
    deepid_event event = {.trainer = t, .steps = steps};
    if (!t->optimizer->update[0][0])
        return dpid_trainer_lbfgs(t, steps, progress, &event, user);
    for (int64_t i = 0; i < steps; i++) {
        DPID_TRY(one_step(t));
        event.seconds = now() - start;
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
    deepid_event event = {.trainer = t, .steps = 1};
    return t->optimizer->update[0][0] ? one_step(t) : dpid_trainer_lbfgs(t, 1, NULL, &event, NULL);
}

int32_t deepid_trainer_step(deepid_trainer *trainer)
{
    DPID_TRY(dpid_enter(trainer, DPID_MAGIC_TRAINER));
    return dpid_leave(trainer->head.ctx, step(trainer));
}

void deepid_trainer_request_stop(deepid_trainer *trainer)
{
    if (trainer)
        atomic_store(&trainer->stop, 1);
}

int64_t deepid_event_step(const deepid_event *event)
{
    return event ? event->trainer->step : -1;
}

int64_t deepid_event_steps(const deepid_event *event)
{
    return event ? event->steps : -1;
}

double deepid_event_epoch(const deepid_event *event)
{
    return event ? (double)event->trainer->step / (double)deepid_trainer_steps_per_epoch(event->trainer) : (double)NAN;
}

double deepid_event_loss(const deepid_event *event)
{
    return event ? event->trainer->last_loss : (double)NAN;
}

double deepid_event_learning_rate(const deepid_event *event)
{
    return event ? dpid_trainer_rate_at(event->trainer, event->trainer->step) : (double)NAN;
}

double deepid_event_seconds(const deepid_event *event)
{
    return event ? event->seconds : (double)NAN;
}
