/* Where values and gradients lie, and what a layer's kernels get.   What for: pass.h */
#include "net/pass.h"

#include "net/graph.h"
#include "net/plan.h"
#include "tensor/vector.h"

/* ---- places ------------------------------------------------------------------------ */

static void *at(const deepid_net *net, int64_t offset)
{
    return net->plan->memory + offset;
}

void *dpid_value_at(const deepid_net *net, int32_t v)
{
    return net->plan->value[v] >= 0 ? at(net, net->plan->value[v]) : NULL;
}

void *dpid_gradient_at(const deepid_net *net, int32_t v)
{
    return net->plan->gradient[v] >= 0 ? at(net, net->plan->gradient[v]) : NULL;
}

int64_t dpid_value_reals(const deepid_net *net, int32_t v, int64_t n)
{
    return n * dpid_shape_count(&net->value[v].shape);
}

void dpid_add_values(const deepid_net *net, void *y, const void *x, int64_t n)
{
    if (net->precision == DPID_P32)
        dpid_add_to_f32(y, x, n);
    else if (net->precision == DPID_P64)
        dpid_add_to_f64(y, x, n);
    else
        dpid_add_to_f80(y, x, n);
}

/* ---- passes ------------------------------------------------------------------------- */

const dpid_kernels *dpid_kernels_of(const deepid_net *net, const dpid_step *step)
{
    return net->layer[step->layer].op.kind->kernels[net->head.ctx->isa][net->precision];
}

/* Where kernels read parameter i. */
static void *read_at(const deepid_net *net, int32_t i)
{
    const dpid_parameter *p = &net->parameter[i];
    return net->rounded && p->spec.trained ? (char *)net->rounded + p->offset * dpid_precision_bytes(net->precision)
                                           : dpid_net_parameter_at(net, i);
}

dpid_pass dpid_pass_of(const deepid_net *net, const dpid_step *step, dpid_mode mode, int64_t n)
{
    const dpid_layer *layer = &net->layer[step->layer];
    const bool still = net->still && (layer->op.kind->flags & DPID_KIND_NOISE) != 0;
    dpid_pass pass = {.op = &layer->op,
                      .mode = still ? DPID_EVAL : mode,
                      .n = n,
                      .x = dpid_value_at(net, step->in),
                      .y = dpid_value_at(net, step->out),
                      .saved = at(net, net->plan->saved[step->layer]),
                      .scratch = net->plan->scratch,
                      .pool = dpid_ctx_pool(net->head.ctx),
                      .norm = net->norm,
                      .exact = net->exact,
                      .noise_seed = net->noise_seed,
                      .noise_substream = layer->noise_substream,
                      .noise_step = net->noise_step,
                      .noise_first = net->noise_first};
    for (int32_t k = 0; k < layer->op.parameters; k++)
        pass.parameter[k] = read_at(net, layer->parameter[k]);
    return pass;
}

void dpid_add_parameter_gradients(const deepid_net *net, const dpid_layer *layer, dpid_pass *pass)
{
    for (int32_t k = 0; k < layer->op.parameters; k++) {
        const dpid_parameter *p = &net->parameter[layer->parameter[k]];
        pass->dparameter[k] =
            p->spec.trained ? (char *)net->gradients + p->offset * dpid_precision_bytes(net->precision) : NULL;
    }
}

dpid_pass dpid_backward_pass_of(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n, bool want_input)
{
    const dpid_step *step = &net->step[t];
    const dpid_layer *layer = &net->layer[step->layer];
    dpid_pass pass = dpid_pass_of(net, step, mode, n);
    pass.dy = dpid_gradient_at(net, step->out);
    if (step->in != 0 || want_input)
        pass.dx = dpid_graph_reads_last(net, t) ? dpid_gradient_at(net, step->in) : at(net, net->plan->joined);
    dpid_add_parameter_gradients(net, layer, &pass);
    return pass;
}
