/* No fusion, one step as a stage: its kernel over the whole batch, in regions of its own. */
#include "net/fusion.h"
#include "net/gate.h"
#include "net/graph.h"
#include "net/join.h"
#include "net/pass.h"
#include "net/rounding.h"

static const dpid_step *step_of(const dpid_stage_call *call)
{
    return &call->net->step[call->stage->first];
}

/* ---- joins ---------------------------------------------------------------------------- */

static void join_forward(const deepid_net *net, const dpid_step *step, int64_t n)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_join_forward[ctx->isa][net->precision](dpid_ctx_pool(ctx), dpid_value_reals(net, step->out, n),
                                                dpid_value_at(net, step->in), dpid_value_at(net, step->skip), step->s,
                                                dpid_value_at(net, step->out));
}

static void join_backward(const deepid_net *net, const dpid_step *step, int64_t n, bool add)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_join_backward[ctx->isa][net->precision](dpid_ctx_pool(ctx), dpid_value_reals(net, step->out, n),
                                                 dpid_gradient_at(net, step->out), step->s, add,
                                                 dpid_gradient_at(net, step->in), dpid_gradient_at(net, step->skip));
}

/* ---- gates ----------------------------------------------------------------------------- */

static void gate_forward(const deepid_net *net, const dpid_step *step, int64_t n)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_gate_forward[ctx->isa][net->precision](dpid_ctx_pool(ctx), dpid_value_reals(net, step->out, n),
                                                dpid_value_at(net, step->in), dpid_value_at(net, step->skip),
                                                dpid_value_at(net, step->out));
}

/* Nobody else reads the two. */
static void gate_backward(const deepid_net *net, const dpid_step *step, int64_t n)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_gate_backward[ctx->isa][net->precision](dpid_ctx_pool(ctx), dpid_value_reals(net, step->out, n),
                                                 dpid_gradient_at(net, step->out), dpid_value_at(net, step->in),
                                                 dpid_value_at(net, step->skip), dpid_gradient_at(net, step->in),
                                                 dpid_gradient_at(net, step->skip));
}

/* ---- layers ----------------------------------------------------------------------------- */

static void layer_forward(const dpid_stage_call *call)
{
    dpid_pass pass = dpid_pass_of(call->net, step_of(call), call->mode, call->n);
    pass.x = dpid_round_read(call->net, step_of(call), call->n);
    pass.native = dpid_native_memory(call->net, step_of(call));
    dpid_kernels_of(call->net, step_of(call))->forward(&pass);
}

static void layer_backward(const dpid_stage_call *call)
{
    const deepid_net *net = call->net;
    const dpid_step *step = step_of(call);
    const dpid_layer *layer = &net->layer[step->layer];
    dpid_pass pass = dpid_backward_pass_of(net, call->stage->first, call->mode, call->n, call->want_input);
    pass.x = dpid_round_read(net, step, call->n);
    pass.native = dpid_native_memory(call->net, step_of(call));
    const bool measures = net->norm && net->norm->phase == DPID_NORM_MEASURE;
    const bool rounds = !measures && dpid_rounds_weight_gradients(net, layer);
    if (rounds)
        dpid_lend_gradients(net, layer, &pass);
    dpid_kernels_of(net, step)->backward(&pass);
    if (rounds)
        dpid_add_gradients(net, layer, &pass);
    if (!pass.dx || measures)
        return;
    dpid_round_part(net, step, call->n, pass.dx);
    if (!dpid_graph_reads_last(net, call->stage->first)) {
        /* branch + skip */
        dpid_add_values(net, dpid_gradient_at(net, step->in), pass.dx, dpid_value_reals(net, step->in, call->n));
        dpid_round_gradient(net, step->in, call->n);
    }
}

/* ---- the fusion ----------------------------------------------------------------------------- */

static int32_t take(const deepid_net *net, const dpid_plan *plan, const void *own, int32_t first)
{
    (void)net;
    (void)plan;
    (void)own;
    (void)first;
    return 1;
}

static void forward(const dpid_stage_call *call)
{
    if (step_of(call)->type == DPID_STEP_JOIN)
        join_forward(call->net, step_of(call), call->n);
    else if (step_of(call)->type == DPID_STEP_GATE)
        gate_forward(call->net, step_of(call), call->n);
    else
        layer_forward(call);
    if (!dpid_keeps_format(call->net, step_of(call)))
        dpid_round_value(call->net, step_of(call)->out, call->n);
}

static void backward(const dpid_stage_call *call)
{
    const dpid_step *step = step_of(call);
    if (step->type == DPID_STEP_LAYER) {
        layer_backward(call);
        return;
    }
    if (step->type == DPID_STEP_JOIN)
        join_backward(call->net, step, call->n, !dpid_graph_reads_last(call->net, call->stage->first));
    else
        gate_backward(call->net, step, call->n);
    dpid_round_gradient(call->net, step->in, call->n);
    dpid_round_gradient(call->net, step->skip, call->n);
}

const dpid_fusion dpid_fusion_step = {
    .word = "step", .take = take, .forward = forward, .backward = backward, .rounds = true};
