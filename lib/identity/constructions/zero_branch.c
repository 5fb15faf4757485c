/* Zero branch: y = after(F(x) + s x) with F = 0. The last scale (batchnorm's gamma and beta), or else the last
   weight and bias of the branch becomes 0; the rest is free. A highway block's gate closes instead: T = 0 by W = 0
   and a bias that the sigmoid underflows at. */
#include "identity/witness/chain.h"

static void fill(deepid_net *net, int32_t parameter, double value)
{
    for (int64_t i = 0; i < net->parameter[parameter].count; i++)
        dpid_store(net->precision, dpid_net_parameter_at(net, parameter), i, value);
}

/* Trained parameters that multiply or add: all of them to 0 makes the layer's output 0. */
static bool silence(deepid_net *net, const dpid_layer *layer)
{
    bool any = false;
    for (int32_t p = 0; p < layer->op.parameters; p++) {
        const dpid_role role = layer->op.parameter[p].role;
        if (role == DPID_ROLE_SLOPE || !layer->op.parameter[p].trained)
            continue;
        fill(net, layer->parameter[p], 0);
        any = true;
    }
    return any;
}

/* phi(0) = 0? */
static bool keeps_zero(const dpid_op *op)
{
    dpid_activation a;
    if (!dpid_activation_of(op, &a))
        return true; /* pools, dropout, flatten */
    return a.value == 0 && a.least <= 0 && a.most >= 0;
}

/* T = sigmoid(0 x + b) = 0 in every precision. */
static bool close_gate(deepid_net *net, const dpid_step *gate)
{
    const double shut = -12000; /* e^-12000 is below the least of long double, too */
    const dpid_step *sigmoid = &net->step[net->value[gate->in].maker];
    const dpid_layer *linear = &net->layer[net->step[net->value[sigmoid->in].maker].layer];
    fill(net, linear->parameter[0], 0);
    fill(net, linear->parameter[1], shut);
    return true;
}

/* Walks back from the join. */
bool dpid_write_zero_branch(deepid_net *net, const dpid_step *join)
{
    for (int32_t value = join->in; value != join->skip;) {
        const int32_t maker = net->value[value].maker;
        const dpid_step *step = maker < 0 ? NULL : &net->step[maker];
        if (step && step->type == DPID_STEP_GATE)
            return close_gate(net, step);
        if (!step || step->type != DPID_STEP_LAYER)
            return false;
        if (silence(net, &net->layer[step->layer]))
            return true;
        if (!keeps_zero(&net->layer[step->layer].op))
            return false;
        value = step->in;
    }
    return false;
}

const dpid_construction dpid_construction_zero_branch = {
    "zero_branch", "blocks: F = 0 by its last scale or weight, or a closed gate; the skip does the rest", NULL, NULL};
