/* The second way to look at a step: its twin in long double.   What and why: difference.h */
#include "inspect/difference_parts.h"

#include "net/pass.h"
#include "net/plan.h"

static void copy(const dpid_batch *from, const void *x, const dpid_batch *to, void *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (to->net->precision == DPID_P80)
            ((long double *)y)[i] = dpid_fetch_wide(from->net->precision, x, i);
        else
            ((double *)y)[i] = dpid_fetch(from->net->precision, x, i);
}

/* Long double runs plain loops: so many multiply-adds a forward take about a second. */
static dpid_precision precision_of(const dpid_batch *batch)
{
    enum { MOST = 1 << 29 };
    int64_t macs = 0;
    for (int32_t l = 0; l < batch->net->layers; l++)
        macs += batch->net->layer[l].op.macs;
    return macs <= MOST / batch->n ? DPID_P80 : DPID_P64;
}

/* The twin is never run: it has the values and gradients of the batch, and each step is looked at alone. */
int32_t dpid_difference_open_second(const dpid_batch *batch, int32_t directions, uint64_t seed, dpid_difference *out)
{
    dpid_batch twin;
    const deepid_net *net = batch->net;
    DPID_TRY(dpid_batch_open(net, batch->trainer->data, precision_of(batch), batch->mode, batch->n, true, &twin));
    int32_t status = dpid_plan_fit_threads(twin.net);
    for (int32_t v = 0; status == DEEPID_OK && v < net->values_count; v++) {
        copy(batch, dpid_net_value(net, v), &twin, dpid_value_at(twin.net, v), dpid_value_count(batch, v));
        if (dpid_gradient_at(net, v) && dpid_gradient_at(twin.net, v))
            copy(batch, dpid_gradient_at(net, v), &twin, dpid_gradient_at(twin.net, v), dpid_value_count(batch, v));
    }
    if (status == DEEPID_OK)
        status = dpid_difference_open(&twin, directions, seed, out);
    else
        *out = (dpid_difference){.arena = {.ctx = net->head.ctx}};
    out->twin = twin;
    out->batch = &out->twin;
    out->second = true;
    return status;
}

/* The step's forward, for what it saves, and its backward. */
static void run_parameters(const dpid_difference *d, int32_t t)
{
    const dpid_batch *b = d->batch;
    const dpid_step *step = &b->net->step[t];
    dpid_pass pass = dpid_pass_of(b->net, step, b->mode, b->n);
    dpid_net_clear_gradients(b->net);
    pass.dy = dpid_gradient_at(b->net, step->out);
    dpid_add_parameter_gradients(b->net, &b->net->layer[step->layer], &pass);
    dpid_kernels_of(b->net, step)->backward(&pass);
}

dpid_difference_result dpid_difference_check_own(dpid_difference *d, int32_t t, int32_t moved)
{
    const deepid_net *net = d->batch->net;
    const dpid_step *step = &net->step[t];
    if (step->type == DPID_STEP_LAYER) {
        const dpid_pass pass = dpid_pass_of(net, step, d->batch->mode, d->batch->n);
        dpid_kernels_of(net, step)->forward(&pass);
    }
    if (moved < 0) {
        dpid_difference_backward(d, t, moved);
        return dpid_difference_check(d, t, moved, d->dx);
    }
    run_parameters(d, t);
    return dpid_difference_check(d, t, moved,
                                 dpid_parameter_gradient_at(net, net->layer[step->layer].parameter[moved]));
}
