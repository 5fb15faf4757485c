/* Lazy values: convolutions and what runs inside of them, as stages of one step each.   What and why: lazy.h
   v = kink(batchnorm(x) + s skip) is loaded by the convolution that reads it first, or by a pass of its own at the
   end of its chain. d loss / d v is finished where its last part comes in: skip's part added, times the kink's slope,
   summed for the batch-norm. It then is the gradient of what went into the kink. */
#include "net/fusion.h"
#include "net/graph.h"
#include "net/join.h"
#include "net/lazy.h"
#include "net/pass.h"
#include "net/plan.h"
#include "net/rounding.h"
#include "ops/batchnorm/batchnorm.h"
#include "ops/conv2d/conv2d.h"

#include <float.h>
#include <math.h>

static const dpid_lazies *lazies_of(const dpid_stage_call *call)
{
    return call->stage->own;
}

static dpid_pass pass_of(const dpid_stage_call *call, int32_t t)
{
    return dpid_pass_of(call->net, &call->net->step[t], call->mode, call->n);
}

static dpid_batchnorm_arrays arrays_of(const dpid_stage_call *call, int32_t norm)
{
    const dpid_pass pass = pass_of(call, norm);
    return dpid_batchnorm_arrays_of[call->net->head.ctx->isa][call->net->precision](&pass);
}

static void *sums_of(const dpid_stage_call *call, int32_t norm)
{
    return call->net->plan->memory + lazies_of(call)->sums[norm];
}

/* ---- where a value comes from, where its gradient goes -------------------------------------- */

static dpid_picture_source stored_source(const dpid_stage_call *call, int32_t t)
{
    return (dpid_picture_source){.x = dpid_round_read(call->net, &call->net->step[t], call->n)};
}

static dpid_picture_source lazy_source(const dpid_stage_call *call, int32_t v)
{
    const deepid_net *net = call->net;
    const dpid_lazy *lazy = &lazies_of(call)->lazy[v];
    const dpid_batchnorm_arrays a = arrays_of(call, lazy->norm);
    return (dpid_picture_source){.x = dpid_value_at(net, lazy->x),
                                 .mean = a.mean,
                                 .gain = a.gain,
                                 .shift = a.shift,
                                 .skip = lazy->skip >= 0 ? dpid_value_at(net, lazy->skip) : NULL,
                                 .s = lazy->s,
                                 .kink = lazy->kink,
                                 .keep = lazy->keep ? dpid_value_at(net, v) : NULL,
                                 .rounding = dpid_rounding_of_value(net, v)};
}

/* Finishing the gradient of v: the kink's slope, and the sums of the batch-norm. */
static dpid_gradient_sink lazy_sink(const dpid_stage_call *call, int32_t v)
{
    const deepid_net *net = call->net;
    const dpid_lazy *lazy = &lazies_of(call)->lazy[v];
    const dpid_batchnorm_arrays a = arrays_of(call, lazy->norm);
    return (dpid_gradient_sink){.dx = dpid_gradient_at(net, v),
                                .kink = lazy->kink,
                                .v = lazy->keep ? dpid_value_at(net, v) : NULL,
                                .x = dpid_value_at(net, lazy->x),
                                .mean = a.mean,
                                .gain = a.gain,
                                .shift = a.shift,
                                .scale = a.scale,
                                .sums = sums_of(call, lazy->norm),
                                .rounding = dpid_rounding_of_gradient(net, v),
                                .of_value = dpid_rounding_of_value(net, v)};
}

/* d loss / d x of a convolution's output: through the batch-norm behind it, or as it stands. */
static dpid_gradient_source gradient_source(const dpid_stage_call *call, int32_t t)
{
    const deepid_net *net = call->net;
    const dpid_lazies *f = lazies_of(call);
    if (f->statistics[t] < 0)
        return (dpid_gradient_source){.g = dpid_gradient_at(net, net->step[t].out)};
    const int32_t v = f->chain[f->statistics[t]];
    const dpid_batchnorm_arrays a = arrays_of(call, f->lazy[v].norm);
    return (dpid_gradient_source){.g = dpid_gradient_at(net, v),
                                  .x = dpid_value_at(net, net->step[t].out),
                                  .mean = a.mean,
                                  .gain = a.back_gain,
                                  .mean_g = a.mean_g,
                                  .tilt = a.tilt,
                                  .rounding = dpid_rounding_of_gradient(net, net->step[t].out)};
}

/* ---- convolutions ------------------------------------------------------------------------------ */

static bool loads(const dpid_lazies *f, int32_t v, int32_t t)
{
    return f->lazy[v].x >= 0 && f->lazy[v].load == t;
}

static void conv_forward(const dpid_stage_call *call, int32_t t)
{
    const deepid_net *net = call->net;
    const dpid_lazies *f = lazies_of(call);
    const dpid_step *step = &net->step[t];
    dpid_pass pass = pass_of(call, t);
    pass.native = dpid_native_memory(net, step);
    const dpid_conv2d_job job = {
        .pass = &pass,
        .in = loads(f, step->in, t) ? lazy_source(call, step->in) : stored_source(call, t),
        .y = dpid_value_at(net, step->out),
        .rounding = dpid_rounding_of_value(net, step->out),
        .statistics = f->statistics[t] >= 0 && call->mode == DPID_TRAIN ? sums_of(call, f->statistics[t]) : NULL};
    dpid_conv2d_run_forward[net->head.ctx->isa][net->precision](&job);
}

static dpid_gradient_sink conv_sink(const dpid_stage_call *call, int32_t t)
{
    const deepid_net *net = call->net;
    const dpid_lazies *f = lazies_of(call);
    const int32_t v = net->step[t].in;
    dpid_gradient_sink sink = {.dx = dpid_gradient_at(net, v),
                               .rounding = dpid_rounding_of_part(net),
                               .wide = !dpid_rounding_of_gradient(net, v)};
    if (loads(f, v, t))
        sink = lazy_sink(call, v);
    if (f->addend[t] >= 0) {
        sink.addend = dpid_gradient_at(net, f->addend[t]);
        sink.s = f->lazy[f->addend[t]].s;
    } else {
        sink.add = !dpid_graph_reads_last(net, t);
    }
    return sink;
}

static void conv_backward(const dpid_stage_call *call, int32_t t)
{
    const deepid_net *net = call->net;
    const dpid_lazies *f = lazies_of(call);
    const dpid_step *step = &net->step[t];
    dpid_pass pass = pass_of(call, t);
    pass.native = dpid_native_memory(net, step);
    const dpid_layer *layer = &net->layer[step->layer];
    const bool rounds = dpid_rounds_weight_gradients(net, layer);
    if (rounds)
        dpid_lend_gradients(net, layer, &pass);
    else
        dpid_add_parameter_gradients(net, layer, &pass);
    const bool lazy = loads(f, step->in, t) && !f->lazy[step->in].keep;
    dpid_conv2d_job job = {.pass = &pass,
                           .in = lazy ? lazy_source(call, step->in) : stored_source(call, t),
                           .dy = gradient_source(call, t)};
    if (step->in != 0 || call->want_input)
        job.dx = conv_sink(call, t);
    dpid_conv2d_run_backward[net->head.ctx->isa][net->precision](&job);
    if (rounds)
        dpid_add_gradients(net, layer, &pass);
}

/* ---- a pass of its own, for a lazy value that no convolution reads first --------------------------- */

typedef struct {
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

static void run_own(const deepid_net *net, own_pass *p, int32_t v, int64_t n, dpid_task_fn task)
{
    const dpid_shape *shape = &net->value[v].shape;
    const int64_t c = shape->extent[shape->rank - 1];
    p->pixels = dpid_shape_count(shape) / c;
    p->layout = (dpid_layout){.height = 1, .width = p->pixels, .c = c, .pitch = c};
    dpid_pool_run(dpid_ctx_pool(net->head.ctx), n, task, p);
}

static void own_forward(const dpid_stage_call *call, int32_t v)
{
    const deepid_net *net = call->net;
    own_pass p = {.source = lazy_source(call, v)};
    run_own(net, &p, v, call->n, load_task[net->head.ctx->isa][net->precision]);
}

static void own_backward(const dpid_stage_call *call, int32_t v)
{
    const deepid_net *net = call->net;
    own_pass p = {.sink = lazy_sink(call, v)};
    run_own(net, &p, v, call->n, finish_task[net->head.ctx->isa][net->precision]);
}

static bool has_own_pass(const dpid_lazies *f, int32_t t)
{
    const dpid_lazy *lazy = f->chain[t] >= 0 ? &f->lazy[f->chain[t]] : NULL;
    return lazy && lazy->end == t && lazy->load < 0;
}

/* ---- batch-norms: what stands between the loops -------------------------------------------------------- */

static void norm_forward(const dpid_stage_call *call, int32_t t)
{
    const deepid_net *net = call->net;
    const dpid_pass pass = pass_of(call, t);
    const dpid_shape *shape = &pass.op->in;
    dpid_batchnorm_prepare[net->head.ctx->isa][net->precision](&pass, sums_of(call, t), call->n,
                                                               dpid_shape_count(shape) / dpid_op_channels(pass.op));
}

static void norm_backward(const dpid_stage_call *call, int32_t t)
{
    const deepid_net *net = call->net;
    dpid_pass pass = pass_of(call, t);
    dpid_add_parameter_gradients(net, &net->layer[net->step[t].layer], &pass);
    dpid_batchnorm_gradient[net->head.ctx->isa][net->precision](&pass, sums_of(call, t), call->n);
}

/* Its output stands nowhere: worked out again. Everything else without a buffer is part of something that has one. */
static bool is_finite(const dpid_stage_call *call, int32_t t)
{
    const deepid_net *net = call->net;
    const dpid_precision p = net->precision;
    const int32_t in = net->step[t].in;
    if (lazies_of(call)->role[t] != DPID_ROLE_NORM || !dpid_value_at(net, in))
        return true;
    const void *x = dpid_value_at(net, in);
    const dpid_batchnorm_arrays a = arrays_of(call, t);
    const int64_t c = net->value[in].shape.extent[net->value[in].shape.rank - 1];
    const double most = p == DPID_P32 ? (double)FLT_MAX : DBL_MAX;
    const dpid_rounding *rounding = dpid_rounding_of_value(net, net->step[t].out);
    for (int64_t i = 0; i < dpid_value_reals(net, in, call->n); i++) {
        const double centred = dpid_fetch(p, x, i) - dpid_fetch(p, a.mean, i % c);
        const double u = centred * dpid_fetch(p, a.gain, i % c) + dpid_fetch(p, a.shift, i % c);
        if (!(fabs(rounding ? (double)dpid_round_one(rounding, (float)u, 0) : u) <= most))
            return false;
    }
    return true;
}

/* ---- joins -------------------------------------------------------------------------------------------------- */

static bool gives_skip(const deepid_net *net, const dpid_lazies *f, int32_t t)
{
    return f->role[t] == DPID_ROLE_ABSORBED && dpid_step_is_join(net, t) && f->skip_now[t];
}

/* d loss / d skip (+)= s d loss / d v */
static void skip_backward(const dpid_stage_call *call, int32_t t)
{
    const deepid_net *net = call->net;
    deepid_ctx *ctx = net->head.ctx;
    const dpid_step *step = &net->step[t];
    dpid_join_backward[ctx->isa][net->precision](
        dpid_ctx_pool(ctx), dpid_value_reals(net, step->out, call->n), dpid_gradient_at(net, lazies_of(call)->chain[t]),
        step->s, !dpid_graph_reads_last(net, t), NULL, dpid_gradient_at(net, step->skip));
    dpid_round_gradient(net, step->skip, call->n);
}

/* ---- memory --------------------------------------------------------------------------------------------------- */

/* Reading lazy value v: what it is made of, and itself where it is kept. */
static void use_lazy(const dpid_lazies *f, int32_t v, int32_t t, const dpid_lifetimes *l)
{
    dpid_use_value(l, f->lazy[v].x, t);
    if (f->lazy[v].skip >= 0)
        dpid_use_value(l, f->lazy[v].skip, t);
    dpid_use_value(l, v, t);
}

static void use_conv(const deepid_net *net, const dpid_lazies *f, int32_t t, const dpid_lifetimes *l)
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

static void use(const deepid_net *net, const dpid_stage *stage, const dpid_lifetimes *l)
{
    const int32_t t = stage->first;
    const dpid_lazies *f = stage->own;
    if (f->role[t] == DPID_ROLE_CONV)
        use_conv(net, f, t, l);
    if (has_own_pass(f, t)) {
        use_lazy(f, f->chain[t], t, l);
        dpid_use_gradient(l, f->chain[t], t);
    }
    if (gives_skip(net, f, t)) {
        dpid_use_gradient(l, f->chain[t], t);
        dpid_use_gradient(l, net->step[t].skip, t);
    }
}

/* Sums over pictures of each batch-norm: [n][2][c] in double, long double of long double. */
static bool reserve(const deepid_net *net, dpid_plan *plan, void *own)
{
    const dpid_lazies *f = own;
    const int64_t size = 2 * (int64_t)(net->precision == DPID_P80 ? sizeof(long double) : sizeof(double));
    for (int32_t t = 0; t < net->steps; t++) {
        const dpid_shape *shape = &net->value[net->step[t].in].shape;
        int64_t bytes;
        if (f->role[t] != DPID_ROLE_NORM)
            continue;
        f->sums[t] = plan->bytes;
        if (!dpid_place_bytes(shape->extent[shape->rank - 1], plan->batch, size, &bytes) ||
            !dpid_add(plan->bytes, bytes, &plan->bytes))
            return false;
    }
    return true;
}

/* ---- the fusion --------------------------------------------------------------------------------------------- */

static int32_t take(const deepid_net *net, const dpid_plan *plan, const void *own, int32_t first)
{
    const dpid_lazies *f = own;
    (void)net;
    (void)plan;
    return f && f->role[first] != DPID_ROLE_PLAIN;
}

static bool is_in(const dpid_stage_call *call, dpid_norm_phase phase)
{
    return call->net->norm && call->net->norm->phase == phase;
}

static void forward(const dpid_stage_call *call)
{
    const int32_t t = call->stage->first;
    const dpid_lazies *f = lazies_of(call);
    if (f->role[t] == DPID_ROLE_CONV)
        conv_forward(call, t);
    if (f->role[t] == DPID_ROLE_NORM)
        norm_forward(call, t);
    if (has_own_pass(f, t) && !is_in(call, DPID_NORM_MEASURE))
        own_forward(call, f->chain[t]);
}

static void backward(const dpid_stage_call *call)
{
    const int32_t t = call->stage->first;
    const dpid_lazies *f = lazies_of(call);
    if (f->role[t] == DPID_ROLE_CONV)
        conv_backward(call, t);
    if (has_own_pass(f, t) && !is_in(call, DPID_NORM_USE))
        own_backward(call, f->chain[t]);
    if (gives_skip(call->net, f, t))
        skip_backward(call, t);
    if (f->role[t] == DPID_ROLE_NORM)
        norm_backward(call, t);
}

const dpid_fusion dpid_fusion_lazy = {.word = "lazy",
                                      .find = dpid_lazies_find,
                                      .take = take,
                                      .use = use,
                                      .reserve = reserve,
                                      .forward = forward,
                                      .backward = backward,
                                      .is_finite = is_finite,
                                      .rounds = true};
