/* What a callback is told of a fit that runs, and how it ends it. */
#include "train/trainer.h"

#include <math.h>

int32_t dpid_trainer_report(deepid_trainer *t, deepid_event_fn progress, deepid_event *event, void *user)
{
    if (progress) {
        t->head.ctx->callback_code = progress(user, event);
        if (t->head.ctx->callback_code != 0)
            return dpid_fail(t->head.ctx, DEEPID_ERR_CALLBACK, "the callback returned %d after step %lld",
                             t->head.ctx->callback_code, (long long)t->step);
    }
    const bool asked = t->others.fn ? t->others.stop : atomic_exchange(&t->stop, 0) != 0;
    t->others.stop = false;
    if (asked)
        return dpid_fail(t->head.ctx, DEEPID_STOPPED, "asked to stop after step %lld", (long long)t->step);
    return DEEPID_OK;
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
