/* L-BFGS on all samples by liblbfgs (Nocedal 1980; line search of Moré and Thuente). One fit is one run of the
   library: its memory of curvature lives as long as that. */
#include "train/meeting.h"

#include <lbfgs.h>
#include <math.h>
#include <string.h>

typedef struct {
    deepid_trainer *trainer;
    deepid_event_fn progress;
    deepid_event *event;
    void *user;
    int32_t status;
    double start;
} run;

static void take_values(deepid_net *net, const lbfgsfloatval_t *x)
{
    for (int64_t i = 0; i < net->values_reals; i++)
        dpid_store(net->precision, net->values, i, x[i]);
}

/* A point where the loss is not finite is only a bad trial of the line search: it counts as very large. When ranks have
   lost each other the search runs dry in the same way, without another word to them. */
static lbfgsfloatval_t evaluate(void *instance, const lbfgsfloatval_t *x, lbfgsfloatval_t *g, int n,
                                lbfgsfloatval_t step)
{
    run *r = instance;
    deepid_net *net = r->trainer->net;
    double loss = 0;
    double norm = 0;
    (void)step;
    take_values(net, x);
    const int32_t status = r->status != DEEPID_OK ? r->status
                                                  : dpid_trainer_gradient(r->trainer, r->trainer->order,
                                                                          r->trainer->data->count, &loss, &norm);
    r->status = status == DEEPID_ERR_NUMERIC ? DEEPID_OK : status;
    for (int64_t i = 0; i < n; i++)
        g[i] = status == DEEPID_OK && i < net->values_reals ? dpid_fetch(net->precision, net->gradients, i) : 0;
    return status == DEEPID_OK ? loss : (lbfgsfloatval_t)HUGE_VAL;
}

static int after_iteration(void *instance, const lbfgsfloatval_t *x, const lbfgsfloatval_t *g, lbfgsfloatval_t loss,
                           lbfgsfloatval_t xnorm, lbfgsfloatval_t gnorm, lbfgsfloatval_t step, int n, int k, int ls)
{
    run *r = instance;
    (void)x;
    (void)g;
    (void)xnorm;
    (void)step;
    (void)n;
    (void)k;
    (void)ls;
    dpid_trainer_commit(r->trainer);
    r->trainer->step++;
    r->trainer->epoch++;
    r->trainer->last_loss = loss;
    r->trainer->last_norm = gnorm;
    r->event->seconds = dpid_seconds_now() - r->start;
    r->status = dpid_trainer_report(r->trainer, r->progress, r->event, r->user);
    return r->status != DEEPID_OK;
}

static int32_t minimise(run *r, int64_t steps, lbfgsfloatval_t *x)
{
    deepid_net *net = r->trainer->net;
    lbfgs_parameter_t parameter;
    lbfgs_parameter_init(&parameter);
    parameter.m = (int)r->trainer->optimizer_option[0].i;
    parameter.max_iterations = (int)(steps < INT32_MAX ? steps : INT32_MAX);
    for (int64_t i = 0; i < net->values_reals; i++)
        x[i] = dpid_fetch(net->precision, net->values, i);
    const int code = lbfgs((int)net->values_reals, x, NULL, evaluate, after_iteration, r, &parameter);
    take_values(net, x); /* liblbfgs leaves its best point here, also when the line search found no better one */
    if (r->status != DEEPID_OK)
        return r->status;
    if (code == LBFGSERR_OUTOFMEMORY)
        return dpid_fail(r->trainer->head.ctx, DEEPID_ERR_MEMORY, "lbfgs: no memory");
    return isfinite(r->trainer->last_loss) || r->trainer->step == 0
               ? DEEPID_OK
               : dpid_fail(r->trainer->head.ctx, DEEPID_ERR_NUMERIC, "lbfgs: the loss is not finite");
}

int32_t dpid_trainer_lbfgs(deepid_trainer *t, int64_t steps, deepid_event_fn progress, deepid_event *event, void *user)
{
    if (steps == 0)
        return DEEPID_OK;
    if (t->net->storage.on && t->net->storage.weights == DPID_WEIGHTS_FORMAT)
        return dpid_fail(t->head.ctx, DEEPID_ERR_UNSUPPORTED,
                         "lbfgs keeps its point in double precision, so weights=format (storage %s) is not for it; "
                         "weights=master is",
                         t->net->storage_text);
    if (t->loss_scale.how->dynamic)
        return dpid_fail(t->head.ctx, DEEPID_ERR_UNSUPPORTED,
                         "lbfgs cannot skip a step, as loss scale 'dynamic' does; 'static' is for it");
    DPID_TRY(dpid_tell(t, dpid_trainer_prepare(t)));
    for (int64_t i = 0; i < t->data->count; i++)
        t->order[i] = i;
    t->order_epoch = -1;
    lbfgsfloatval_t *x = lbfgs_malloc((int)t->net->values_reals);
    if (!x)
        return dpid_fail(t->head.ctx, DEEPID_ERR_MEMORY, "lbfgs: no memory for %lld parameters",
                         (long long)t->net->values_reals);
    run r = {.trainer = t, .progress = progress, .event = event, .user = user, .start = dpid_seconds_now()};
    double loss;
    double norm;
    /* refuses a start that is not finite */
    int32_t status = dpid_trainer_gradient(t, t->order, t->data->count, &loss, &norm);
    if (status == DEEPID_OK)
        status = minimise(&r, steps, x);
    lbfgs_free(x);
    return status;
}
