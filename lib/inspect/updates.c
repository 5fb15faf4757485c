/* Updates that do nothing.   What: updates.h */
#include "inspect/updates.h"

#include "net/rounding.h"

#include <math.h>
#include <string.h>

static int32_t set_recipe(deepid_trainer *t, const dpid_update_recipe *recipe)
{
    DPID_TRY(deepid_trainer_set_optimizer(t, recipe->optimizer));
    if (recipe->rate > 0)
        DPID_TRY(deepid_trainer_set_learning_rate(t, recipe->rate));
    DPID_TRY(deepid_trainer_set_clip(t, recipe->clip));
    return dpid_trainer_prepare(t);
}

/* w - rate step is 0 off where the gradient is 0 and nothing decays: optimisers start with states of 0. */
static void count_parameter(const dpid_batch *batch, int32_t i, const void *before, dpid_update_count *c)
{
    const deepid_net *net = batch->net;
    const dpid_precision p = net->precision;
    const dpid_parameter *parameter = &net->parameter[i];
    const bool decays = dpid_trainer_decay_of(batch->trainer, parameter) > 0;
    const void *gradient = dpid_parameter_gradient_at(net, i);
    const void *after = dpid_net_parameter_at(net, i);
    for (int64_t k = 0; k < parameter->count; k++) {
        const double w = dpid_fetch(p, before, parameter->offset + k);
        if (dpid_fetch(p, gradient, k) == 0 && !(decays && w != 0))
            continue;
        c->updates++;
        c->lost += dpid_fetch(p, after, k) == w;
    }
}

int32_t dpid_updates_count(dpid_batch *batch, const dpid_update_recipe *recipe, dpid_update_count *of)
{
    deepid_net *net = batch->net;
    deepid_trainer *t = batch->trainer;
    void *before = NULL;
    const double norm = sqrt(dpid_net_gradient_squares(net));
    DPID_TRY(set_recipe(t, recipe));
    if (t->optimizer->whole || !isfinite(norm))
        return DEEPID_OK;
    DPID_TRY(dpid_alloc(net->head.ctx, net->values_reals, dpid_precision_bytes(net->precision), "probe", &before));
    memcpy(before, net->values, (size_t)(net->values_reals * dpid_precision_bytes(net->precision)));
    dpid_trainer_update(t, norm);
    net->noise_step++; /* stochastic rounding: other numbers than those that the weights were rounded with before */
    dpid_round_kept(net);
    for (int32_t i = 0; i < net->trained; i++)
        count_parameter(batch, i, before, &of[i]);
    dpid_free(net->head.ctx, before);
    return DEEPID_OK;
}
