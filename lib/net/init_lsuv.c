/* lsuv: layer-sequential unit variance (Mishkin and Matas 2016). Orthogonal weights; then each layer in order is scaled
   until what it gives has variance 1 on a batch. A layer that gives a constant, or nothing finite, stays as it is.
   All of it runs in f64, and weights are rounded to f32, so that F32 and F64 nets start equal. */
#include "net/gate.h"
#include "net/init.h"
#include "net/join.h"
#include "net/pass.h"

#include <math.h>
#include <string.h>

#define TOLERANCE 0.01
enum { TURNS = 10 };

static void run_step(const deepid_net *net, const dpid_step *step, int64_t n)
{
    deepid_ctx *ctx = net->head.ctx;
    if (step->type == DPID_STEP_JOIN) {
        dpid_join_forward[ctx->isa][net->precision](dpid_ctx_pool(ctx), dpid_value_reals(net, step->out, n),
                                                    dpid_net_value(net, step->in), dpid_net_value(net, step->skip),
                                                    step->s, dpid_value_at(net, step->out));
        return;
    }
    if (step->type == DPID_STEP_GATE) {
        dpid_gate_forward[ctx->isa][net->precision](dpid_ctx_pool(ctx), dpid_value_reals(net, step->out, n),
                                                    dpid_net_value(net, step->in), dpid_net_value(net, step->skip),
                                                    dpid_value_at(net, step->out));
        return;
    }
    const dpid_pass pass = dpid_pass_of(net, step, DPID_TRAIN, n);
    dpid_kernels_of(net, step)->forward(&pass);
}

static double variance(const double *x, int64_t n)
{
    double mean = 0;
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        mean += x[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean) / (double)n;
    return squares;
}

/* Once is enough but for rounding, since biases are 0. */
static void scale_layer(const dpid_init_run *run, const dpid_step *step)
{
    const deepid_net *net = run->net;
    const int32_t weight = net->layer[step->layer].parameter[0];
    const double *w = dpid_net_parameter_at(net, weight);
    for (int turn = 0; turn < TURNS; turn++) {
        const double found = variance(dpid_net_value(net, step->out), dpid_value_reals(net, step->out, run->samples));
        const double factor = 1 / sqrt(found);
        if (fabs(found - 1) <= TOLERANCE || !isfinite(found) || !isfinite(factor))
            return;
        for (int64_t k = 0; k < net->parameter[weight].count; k++)
            dpid_init_set(run, weight, k, factor * w[k]);
        run_step(net, step, run->samples);
    }
}

static int32_t scale_all(const dpid_init_run *run)
{
    deepid_net *net = run->net;
    DPID_TRY(dpid_net_prepare(net, run->samples, true));
    DPID_TRY(dpid_net_keep_all(net, true));
    memcpy(dpid_net_input(net), run->batch, (size_t)dpid_value_reals(net, 0, run->samples) * sizeof(double));
    DPID_TRY(dpid_net_run_forward(net, DPID_TRAIN, run->samples));
    for (int32_t t = 0; t < net->steps; t++) {
        const dpid_step *step = &net->step[t];
        run_step(net, step, run->samples);
        if (step->type == DPID_STEP_LAYER && (net->layer[step->layer].op.kind->flags & DPID_KIND_WEIGHT))
            scale_layer(run, step);
    }
    return DEEPID_OK;
}

static int32_t apply_lsuv(dpid_init_run *run)
{
    static const dpid_value usual[DPID_OPTIONS_MAX] = {{.r = 1}}; /* gain=1 bias=0 */
    dpid_init_run orthogonal = {.net = run->net, .option = usual, .seed = run->seed};
    dpid_init_run scaled = *run;
    DPID_TRY(dpid_init_orthogonal.apply(&orthogonal));
    DPID_TRY(dpid_net_clone_as(run->net, DPID_P64, &scaled.net));
    const int32_t status = scale_all(&scaled);
    for (int32_t i = 0; status == DEEPID_OK && i < run->net->trained; i++)
        for (int64_t k = 0; k < run->net->parameter[i].count; k++)
            dpid_init_set(run, i, k, ((const double *)dpid_net_parameter_at(scaled.net, i))[k]);
    deepid_net_destroy(scaled.net);
    return status;
}

const dpid_init dpid_init_lsuv = {
    "lsuv",
    "layer-sequential unit variance: orthogonal, each layer scaled until its output has variance 1 on a batch "
    "(Mishkin and Matas 2016); looks at data",
    NULL, apply_lsuv, true};
