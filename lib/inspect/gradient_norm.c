/* Gradient norms: |dL/dh| of what a layer gives, |dL/dW| of its parameters, and |W| |dL/dW|, which batch-norm's scale invariance leaves alone. */
#include "inspect/probe.h"

#include <math.h>

static const dpid_option options[] = {DPID_PROBE_SAMPLES, {0}};

static double norm(const deepid_net *net, const void *x, int64_t n)
{
    double squares = 0;
    for (int64_t i = 0; i < n; i++) {
        const double value = dpid_fetch(net->precision, x, i);
        squares += value * value;
    }
    return sqrt(squares);
}

static int32_t fill(dpid_probe_run *run)
{
    const deepid_net *net = run->net;
    const int64_t bytes = dpid_precision_bytes(net->precision);
    for (int32_t t = 0; t < net->steps; t++) {
        const dpid_step *step = &net->step[t];
        if (step->type != DPID_STEP_LAYER)
            continue;
        double squares = 0;
        double scaled = 0;
        const dpid_layer *layer = &net->layer[step->layer];
        for (int32_t k = 0; k < layer->op.parameters; k++) {
            const dpid_parameter *p = &net->parameter[layer->parameter[k]];
            if (!p->spec.trained)
                continue;
            const double g = norm(net, (const char *)net->gradients + p->offset * bytes, p->count);
            squares += g * g;
            if (p->spec.role == DPID_ROLE_WEIGHT)
                scaled = g * norm(net, (const char *)net->values + p->offset * bytes, p->count);
        }
        const double row[] = {norm(net, dpid_net_value_gradient(net, step->out), run->n * dpid_shape_count(&net->value[step->out].shape)), sqrt(squares), scaled};
        DPID_TRY(deepid_table_append(run->table, layer->name, row));
    }
    return DEEPID_OK;
}

const dpid_probe dpid_probe_gradient_norm = {
    .word = "gradient_norm",
    .help = "norms of dL/d(output), dL/d(parameters) and |W| |dL/dW| of every layer; options: samples=256",
    .heading = "layer",
    .columns = "activation,parameters,weight_scaled",
    .options = options,
    .fill = fill,
};
