/* No fusion, one step as a stage: its kernel over the whole batch, in regions of its own. */
#include "net/fusion.h"
#include "net/gate.h"
#include "net/graph.h"
#include "net/join.h"
#include "net/pass.h"

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
    const dpid_pass pass = dpid_pass_of(call->net, step_of(call), call->mode, call->n);
    dpid_kernels_of(call->net, step_of(call))->forward(&pass);
}

static void layer_backward(const dpid_stage_call *call)
{
    const deepid_net *net = call->net;
    const dpid_step *step = step_of(call);
    const dpid_pass pass = dpid_backward_pass_of(net, call->stage->first, call->mode, call->n, call->want_input);
    dpid_kernels_of(net, step)->backward(&pass);
    const bool measures = net->norm && net->norm->phase == DPID_NORM_MEASURE;
    if (pass.dx && !measures && !dpid_graph_reads_last(net, call->stage->first))
        /* branch + skip */
        dpid_add_values(net, dpid_gradient_at(net, step->in), pass.dx, dpid_value_reals(net, step->in, call->n));
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
}

static void backward(const dpid_stage_call *call)
{
    if (step_of(call)->type == DPID_STEP_JOIN)
        join_backward(call->net, step_of(call), call->n, !dpid_graph_reads_last(call->net, call->stage->first));
    else if (step_of(call)->type == DPID_STEP_GATE)
        gate_backward(call->net, step_of(call), call->n);
    else
        layer_backward(call);
}

const dpid_fusion dpid_fusion_step = {.word = "step", .take = take, .forward = forward, .backward = backward};
