/* One step as a stage: its kernel over the whole batch, in regions of its own. */
#include "net/graph.h"
#include "net/join.h"
#include "net/plan.h"
#include "net/stage.h"

static const dpid_step *step_of(const dpid_stage_run *run)
{
    return &run->net->step[run->stage->first];
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

/* ---- layers ----------------------------------------------------------------------------- */

static void layer_forward(const dpid_stage_run *run)
{
    const dpid_pass pass = dpid_pass_of(run->net, step_of(run), run->mode, run->n);
    dpid_kernels_of(run->net, step_of(run))->forward(&pass);
}

static void layer_backward(const dpid_stage_run *run)
{
    const deepid_net *net = run->net;
    const dpid_step *step = step_of(run);
    const dpid_pass pass = dpid_backward_pass_of(net, run->stage->first, run->mode, run->n, run->want_input);
    dpid_kernels_of(net, step)->backward(&pass);
    if (pass.dx && !dpid_graph_reads_last(net, run->stage->first))
        /* branch + skip */
        dpid_add_values(net, dpid_gradient_at(net, step->in), pass.dx, dpid_value_reals(net, step->in, run->n));
}

/* ---- the type ----------------------------------------------------------------------------- */

static int32_t take(const deepid_net *net, const dpid_plan *plan, int32_t first)
{
    (void)net;
    (void)plan;
    (void)first;
    return 1;
}

static int64_t scratch(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers)
{
    const dpid_step *step = &net->step[stage->first];
    return step->type == DPID_STEP_LAYER ? dpid_op_scratch(&net->layer[step->layer].op, n, workers) : 0;
}

static void forward(const dpid_stage_run *run)
{
    if (step_of(run)->type == DPID_STEP_JOIN)
        join_forward(run->net, step_of(run), run->n);
    else
        layer_forward(run);
}

static void backward(const dpid_stage_run *run)
{
    if (step_of(run)->type == DPID_STEP_JOIN)
        join_backward(run->net, step_of(run), run->n, !dpid_graph_reads_last(run->net, run->stage->first));
    else
        layer_backward(run);
}

const dpid_stage_type dpid_stage_step = {
    .word = "step", .take = take, .scratch = scratch, .forward = forward, .backward = backward};
