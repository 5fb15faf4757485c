/* Steps that are fused into convolutions, as stages of one step each.   What and why: fuse.h
   v = kink(batchnorm(x) + s skip) is loaded by the convolution that reads it first, or by a pass of its own at the
   end of its chain; d loss / d v is finished - skip's part added, times the kink's slope, summed for the batch-norm
   - where its last part comes in, and then is the gradient of what went into the kink. */
#include "net/fuse.h"
#include "net/join.h"
#include "net/graph.h"
#include "net/plan.h"
#include "net/stage.h"
#include "ops/batchnorm/batchnorm.h"
#include "ops/conv2d/conv2d.h"

#include <float.h>
#include <math.h>

static const dpid_fusion *fusion_of(const deepid_net *net)
{
    return &net->plan->fusion;
}

static dpid_pass norm_pass(const deepid_net *net, const dpid_lazy *lazy, dpid_mode mode, int64_t n)
{
    return dpid_pass_of(net, &net->step[lazy->norm], mode, n);
}

static dpid_batchnorm_arrays arrays_of(const deepid_net *net, const dpid_lazy *lazy, dpid_mode mode, int64_t n)
{
    const dpid_pass pass = norm_pass(net, lazy, mode, n);
    return dpid_batchnorm_arrays_of[net->head.ctx->isa][net->precision](&pass);
}

static void *parts_of(const deepid_net *net, int32_t norm_step)
{
    return net->plan->memory + net->plan->parts[net->step[norm_step].layer];
}

bool dpid_fused_norm_is_finite(const deepid_net *net, int32_t t, int64_t n)
{
    const dpid_step *step = &net->step[t];
    const dpid_precision p = net->precision;
    const dpid_pass pass = dpid_pass_of(net, step, net->forward_mode, n);
    const dpid_batchnorm_arrays a = dpid_batchnorm_arrays_of[net->head.ctx->isa][p](&pass);
    const int64_t c = net->value[step->in].shape.extent[2];
    const double most = p == DPID_P32 ? (double)FLT_MAX : DBL_MAX;
    for (int64_t i = 0; i < dpid_value_reals(net, step->in, n); i++) {
        const double centred = dpid_fetch(p, pass.x, i) - dpid_fetch(p, a.mean, i % c);
        if (!(fabs(centred * dpid_fetch(p, a.gain, i % c) + dpid_fetch(p, a.shift, i % c)) <= most))
            return false;
    }
    return true;
}

/* ---- where a value comes from, where its gradient goes -------------------------------------- */

static dpid_picture_source stored_source(const deepid_net *net, int32_t v)
{
    return (dpid_picture_source){.x = dpid_value_at(net, v)};
}

static dpid_picture_source lazy_source(const deepid_net *net, int32_t v, dpid_mode mode, int64_t n)
{
    const dpid_lazy *lazy = &fusion_of(net)->lazy[v];
    const dpid_batchnorm_arrays a = arrays_of(net, lazy, mode, n);
    return (dpid_picture_source){.x = dpid_value_at(net, lazy->x),
                                 .mean = a.mean,
                                 .gain = a.gain,
                                 .shift = a.shift,
                                 .skip = lazy->skip >= 0 ? dpid_value_at(net, lazy->skip) : NULL,
                                 .s = lazy->s,
                                 .kink = lazy->kink,
                                 .keep = lazy->keep ? dpid_value_at(net, v) : NULL};
}

/* Finishing the gradient of v: the kink's slope, and the sums of the batch-norm. */
static dpid_gradient_sink lazy_sink(const deepid_net *net, int32_t v, dpid_mode mode, int64_t n)
{
    const dpid_lazy *lazy = &fusion_of(net)->lazy[v];
    const dpid_batchnorm_arrays a = arrays_of(net, lazy, mode, n);
    return (dpid_gradient_sink){.dx = dpid_gradient_at(net, v),
                                .kink = lazy->kink,
                                .v = lazy->keep ? dpid_value_at(net, v) : NULL,
                                .x = dpid_value_at(net, lazy->x),
                                .mean = a.mean,
                                .gain = a.gain,
                                .shift = a.shift,
                                .scale = a.scale,
                                .sums = parts_of(net, lazy->norm)};
}

/* d loss / d x of a convolution's output: through the batch-norm behind it, or as it stands. */
static dpid_gradient_source gradient_source(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n)
{
    const dpid_fusion *f = fusion_of(net);
    if (f->statistics[t] < 0)
        return (dpid_gradient_source){.g = dpid_gradient_at(net, net->step[t].out)};
    const int32_t v = f->chain[f->statistics[t]];
    const dpid_batchnorm_arrays a = arrays_of(net, &f->lazy[v], mode, n);
    return (dpid_gradient_source){.g = dpid_gradient_at(net, v),
                                  .x = dpid_value_at(net, net->step[t].out),
                                  .mean = a.mean,
                                  .gain = a.back_gain,
                                  .mean_g = a.mean_g,
                                  .tilt = a.tilt};
}

/* ---- convolutions ------------------------------------------------------------------------------ */

static void conv_forward(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n)
{
    const dpid_fusion *f = fusion_of(net);
    const dpid_step *step = &net->step[t];
    const dpid_pass pass = dpid_pass_of(net, &net->step[t], mode, n);
    const bool lazy = f->lazy[step->in].x >= 0 && f->lazy[step->in].load == t;
    const dpid_conv2d_job job = {
        .pass = &pass,
        .in = lazy ? lazy_source(net, step->in, mode, n) : stored_source(net, step->in),
        .y = dpid_value_at(net, step->out),
        .statistics = f->statistics[t] >= 0 && mode == DPID_TRAIN ? parts_of(net, f->statistics[t]) : NULL};
    dpid_conv2d_run_forward[net->head.ctx->isa][net->precision](&job);
}

static dpid_gradient_sink conv_sink(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n)
{
    const dpid_fusion *f = fusion_of(net);
    const int32_t v = net->step[t].in;
    dpid_gradient_sink sink = {.dx = dpid_gradient_at(net, v)};
    if (f->lazy[v].x >= 0 && f->lazy[v].load == t)
        sink = lazy_sink(net, v, mode, n);
    if (f->addend[t] >= 0) {
        sink.addend = dpid_gradient_at(net, f->addend[t]);
        sink.s = f->lazy[f->addend[t]].s;
    } else {
        sink.add = !dpid_graph_reads_last(net, t);
    }
    return sink;
}

static void conv_backward(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n, bool want_input)
{
    const dpid_fusion *f = fusion_of(net);
    const dpid_step *step = &net->step[t];
    dpid_pass pass = dpid_pass_of(net, &net->step[t], mode, n);
    dpid_add_parameter_gradients(net, &net->layer[net->step[t].layer], &pass);
    const bool lazy = f->lazy[step->in].x >= 0 && f->lazy[step->in].load == t;
    dpid_conv2d_job job = {.pass = &pass,
                           .in = lazy ? lazy_source(net, step->in, mode, n) : stored_source(net, step->in),
                           .dy = gradient_source(net, t, mode, n)};
    if (lazy && fusion_of(net)->lazy[step->in].keep)
        job.in = stored_source(net, step->in);
    if (step->in != 0 || want_input)
        job.dx = conv_sink(net, t, mode, n);
    dpid_conv2d_run_backward[net->head.ctx->isa][net->precision](&job);
}

/* ---- a pass of its own, for a lazy value that no convolution reads first --------------------------- */

typedef struct {
    const deepid_net *net;
    dpid_picture_source source;
    dpid_gradient_sink sink;
    dpid_layout layout;
    int64_t pixels;
} own_pass;

#define OWN(suffix, real)                                                                                              \
    static void load_##suffix(void *arg, int64_t n, int32_t worker)                                                    \
    {                                                                                                                  \
        const own_pass *p = arg;                                                                                       \
        (void)worker;                                                                                                  \
        dpid_picture_source s = p->source;                                                                             \
        s.keep = NULL;                                                                                                 \
        dpid_picture_load_##suffix(&s, n, p->pixels, p->pixels, &p->layout,                                            \
                                   (real *)p->source.keep + n * p->pixels * p->layout.c);                              \
    }                                                                                                                  \
    static void finish_##suffix(void *arg, int64_t n, int32_t worker)                                                  \
    {                                                                                                                  \
        const own_pass *p = arg;                                                                                       \
        (void)worker;                                                                                                  \
        dpid_gradient_store_##suffix(&p->sink, n, p->pixels, p->layout.c,                                              \
                                     (real *)p->sink.dx + n * p->pixels * p->layout.c);                                \
    }
DPID_ISA_EACH(OWN)
static const dpid_task_fn load_task[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(load);
static const dpid_task_fn finish_task[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(finish);

static own_pass own_pass_of(const deepid_net *net, int32_t v)
{
    const dpid_shape *shape = &net->value[v].shape;
    const int64_t c = shape->extent[shape->rank - 1];
    const int64_t pixels = dpid_shape_count(shape) / c;
    return (own_pass){.net = net, .layout = {.height = 1, .width = pixels, .c = c, .pitch = c}, .pixels = pixels};
}

static void own_forward(const deepid_net *net, int32_t v, dpid_mode mode, int64_t n)
{
    own_pass p = own_pass_of(net, v);
    p.source = lazy_source(net, v, mode, n);
    dpid_pool_run(dpid_ctx_pool(net->head.ctx), n, load_task[net->head.ctx->isa][net->precision], &p);
}

static void own_backward(const deepid_net *net, int32_t v, dpid_mode mode, int64_t n)
{
    own_pass p = own_pass_of(net, v);
    p.sink = lazy_sink(net, v, mode, n);
    dpid_pool_run(dpid_ctx_pool(net->head.ctx), n, finish_task[net->head.ctx->isa][net->precision], &p);
}

/* ---- lifetimes ------------------------------------------------------------------------------------------ */

static bool loads(const dpid_fusion *f, int32_t v, int32_t t)
{
    return f->lazy[v].x >= 0 && f->lazy[v].load == t;
}

static bool has_own_pass(const dpid_fusion *f, int32_t t)
{
    const dpid_lazy *lazy = f->chain[t] >= 0 ? &f->lazy[f->chain[t]] : NULL;
    return lazy && lazy->end == t && lazy->load < 0;
}

/* Reading lazy value v: what it is made of, and itself where it is kept. */
static void use_lazy(const dpid_fusion *f, int32_t v, int32_t t, const dpid_lifetimes *l)
{
    dpid_use_value(l, f->lazy[v].x, t);
    if (f->lazy[v].skip >= 0)
        dpid_use_value(l, f->lazy[v].skip, t);
    dpid_use_value(l, v, t);
}

static void use_conv(const deepid_net *net, const dpid_fusion *f, int32_t t, const dpid_lifetimes *l)
{
    const dpid_step *step = &net->step[t];
    if (loads(f, step->in, t))
        use_lazy(f, step->in, t, l);
    dpid_use_value(l, step->in, t);
    dpid_use_value(l, step->out, t);
    dpid_use_gradient(l, f->statistics[t] >= 0 ? f->chain[f->statistics[t]] : step->out, t);
    dpid_use_gradient(l, step->in, t);
    if (f->addend[t] >= 0)
        dpid_use_gradient(l, f->addend[t], t);
}

static void use(const deepid_net *net, const dpid_plan *plan, const dpid_stage *stage, const dpid_lifetimes *l)
{
    const int32_t t = stage->first;
    const dpid_fusion *f = &plan->fusion;
    if (f->role[t] == DPID_ROLE_CONV)
        use_conv(net, f, t, l);
    if (has_own_pass(f, t)) {
        use_lazy(f, f->chain[t], t, l);
        dpid_use_gradient(l, f->chain[t], t);
    }
    if (f->role[t] == DPID_ROLE_ABSORBED && net->step[t].type == DPID_STEP_JOIN && f->skip_now[t]) {
        dpid_use_gradient(l, f->chain[t], t);
        dpid_use_gradient(l, net->step[t].skip, t);
    }
}

/* ---- the type --------------------------------------------------------------------------------------------- */

static int32_t take(const deepid_net *net, const dpid_plan *plan, int32_t first)
{
    (void)net;
    return plan->fusion.role[first] != DPID_ROLE_PLAIN;
}

static int64_t scratch(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers)
{
    const dpid_step *step = &net->step[stage->first];
    return step->type == DPID_STEP_LAYER ? dpid_op_scratch(&net->layer[step->layer].op, n, workers) : 0;
}

static void forward(const dpid_stage_run *run)
{
    const deepid_net *net = run->net;
    const int32_t t = run->stage->first;
    const dpid_fusion *f = fusion_of(net);
    if (f->role[t] == DPID_ROLE_CONV)
        conv_forward(net, t, run->mode, run->n);
    if (f->role[t] == DPID_ROLE_NORM) {
        const dpid_pass pass = dpid_pass_of(net, &net->step[t], run->mode, run->n);
        const dpid_shape *shape = &pass.op->in;
        dpid_batchnorm_prepare[net->head.ctx->isa][net->precision](&pass, parts_of(net, t), run->n,
                                                                   shape->extent[0] * shape->extent[1]);
    }
    if (has_own_pass(f, t))
        own_forward(net, f->chain[t], run->mode, run->n);
}

/* d loss / d skip (+)= s d loss / d v */
static void skip_backward(const deepid_net *net, int32_t t, int64_t n)
{
    deepid_ctx *ctx = net->head.ctx;
    const dpid_step *step = &net->step[t];
    dpid_join_backward[ctx->isa][net->precision](
        dpid_ctx_pool(ctx), dpid_value_reals(net, step->out, n), dpid_gradient_at(net, fusion_of(net)->chain[t]),
        step->s, !dpid_graph_reads_last(net, t), NULL, dpid_gradient_at(net, step->skip));
}

static void backward(const dpid_stage_run *run)
{
    const deepid_net *net = run->net;
    const int32_t t = run->stage->first;
    const dpid_fusion *f = fusion_of(net);
    if (f->role[t] == DPID_ROLE_CONV)
        conv_backward(net, t, run->mode, run->n, run->want_input);
    if (has_own_pass(f, t))
        own_backward(net, f->chain[t], run->mode, run->n);
    if (f->role[t] == DPID_ROLE_ABSORBED && net->step[t].type == DPID_STEP_JOIN && f->skip_now[t])
        skip_backward(net, t, run->n);
    if (f->role[t] == DPID_ROLE_NORM) {
        dpid_pass pass = dpid_pass_of(net, &net->step[t], run->mode, run->n);
        dpid_add_parameter_gradients(net, &net->layer[net->step[t].layer], &pass);
        dpid_batchnorm_gradient[net->head.ctx->isa][net->precision](&pass, parts_of(net, t), run->n);
    }
}

const dpid_stage_type dpid_stage_fused = {
    .word = "fused", .take = take, .use = use, .scratch = scratch, .forward = forward, .backward = backward};
