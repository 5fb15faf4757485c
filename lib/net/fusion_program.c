/* All steps of a frozen net as one stage.   The program: program.h
   A large batch goes by chunks of pictures: one worker takes a chunk through the whole net. A small batch, such as a
   single picture, goes step by step, all workers on one step. Both cut the same sums, only in different places: the
   bits are the same. */
#include "net/fusion.h"
#include "net/gate.h"
#include "net/graph.h"
#include "net/pass.h"
#include "net/plan.h"
#include "net/program.h"
#include "ops/batchnorm/batchnorm.h"
#include "tensor/gemm.h"

#include <string.h>

/* One chunk of pictures on its way. */
typedef struct {
    const deepid_net *net;
    const dpid_program *f;
    int64_t begin, count; /* pictures of the batch */
    int32_t workers;      /* on each step; 1: this one alone */
    char *values;         /* of the worker that owns the chunk */
} passage;

/* ---- memory: of each worker values, a convolution's room, an op's saved numbers and scratch; then the scratch of an
   op that all run together ---- */

/* Whole lines: an op's scratch may hold wider numbers than reals. */
static int64_t lines(int64_t reals)
{
    enum { LINE = 16 };
    return (reals + LINE - 1) / LINE * LINE;
}

static int64_t worker_reals(const dpid_program *f)
{
    return f->values + lines(f->room) + lines(f->saved) + lines(f->alone + 1);
}

static int64_t scratch(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers)
{
    const dpid_program *f = stage->own;
    (void)n;
    return workers * worker_reals(f) + dpid_program_scratch(net, f, workers);
}

static int64_t bytes_of(const deepid_net *net)
{
    return dpid_precision_bytes(net->precision);
}

static char *worker_values(const deepid_net *net, const dpid_program *f, int32_t worker)
{
    return (char *)net->plan->scratch + worker * worker_reals(f) * bytes_of(net);
}

static char *worker_room(const deepid_net *net, const dpid_program *f, int32_t worker)
{
    return worker_values(net, f, worker) + f->values * bytes_of(net);
}

/* Pictures first .. of the chunk in place p. */
static dpid_view view_of(const passage *g, int32_t p, int64_t first)
{
    const dpid_program_place *place = &g->f->place[p];
    const int64_t width = dpid_shape_picture(&place->shape).extent[1];
    const int64_t columns = place->margin.left + width + place->margin.right;
    dpid_view v = {.picture = place->reals, .row = columns * place->margin.pitch, .pitch = place->margin.pitch};
    int64_t at = place->margin.top * v.row + place->margin.left * v.pitch;
    at +=
        place->outside ? (g->begin + first) * place->reals : place->offset + (place->whole ? first : 0) * place->reals;
    v.at = (place->outside ? (char *)dpid_value_at(g->net, p) : g->values) + at * bytes_of(g->net);
    return v;
}

static dpid_view_epilogue epilogue_of(const passage *g, const dpid_instruction *s, int64_t first)
{
    return (dpid_view_epilogue){
        .skip = s->skip >= 0 ? view_of(g, s->skip, first) : (dpid_view){NULL, 0, 0, 0}, .s = s->s, .kink = s->kink};
}

static void *packed_of(const passage *g, const dpid_instruction *s)
{
    return (char *)g->f->packed + s->packed * bytes_of(g->net);
}

/* ---- convolutions ------------------------------------------------------------------------------ */

typedef struct {
    const passage *g;
    dpid_packed_job job;
    int64_t units, unit_cuts, panel_cuts; /* all units; into how many tasks they and the panels are cut */
} shared_conv;

static void conv_task(void *arg, int64_t task, int32_t worker)
{
    const shared_conv *c = arg;
    const int64_t panels = c->job.conv->panels;
    const int64_t cut = task / c->panel_cuts;
    const int64_t panel = task % c->panel_cuts;
    dpid_packed_job job = c->job;
    job.scratch = worker_room(c->g->net, c->g->f, worker);
    dpid_packed_run[c->g->net->head.ctx->isa][c->g->net->precision](
        &job, c->units * cut / c->unit_cuts, c->units * (cut + 1) / c->unit_cuts, panels * panel / c->panel_cuts,
        panels * (panel + 1) / c->panel_cuts);
}

/* Rows first, as long as each task fills the registers; then panels of the results. */
static void cut_conv(shared_conv *c, int32_t workers)
{
    enum { FULL = 8 };
    const dpid_packed_conv *conv = c->job.conv;
    c->unit_cuts = dpid_smaller(workers, dpid_larger(1, c->units * conv->columns / FULL));
    c->unit_cuts = dpid_smaller(c->unit_cuts, c->units);
    c->panel_cuts = dpid_smaller(conv->panels, (workers + c->unit_cuts - 1) / c->unit_cuts);
}

static void run_conv(const passage *g, const dpid_instruction *s, int64_t first, int64_t count, int32_t worker)
{
    deepid_ctx *ctx = g->net->head.ctx;
    shared_conv c = {.g = g, .units = count * s->conv.units, .unit_cuts = 1, .panel_cuts = 1};
    c.job = (dpid_packed_job){.conv = &s->conv,
                              .packed = packed_of(g, s),
                              .x = view_of(g, s->in, first),
                              .y = view_of(g, s->out, first),
                              .end = epilogue_of(g, s, first)};
    if (g->workers == 1) {
        conv_task(&c, 0, worker);
        return;
    }
    cut_conv(&c, g->workers);
    dpid_pool_run(dpid_ctx_pool(ctx), c.unit_cuts * c.panel_cuts, conv_task, &c);
}

/* ---- passes ---------------------------------------------------------------------------------------- */

static void run_point(const passage *g, const dpid_instruction *s, int64_t first, int64_t count)
{
    const deepid_net *net = g->net;
    const dpid_shape shape = dpid_shape_picture(&g->f->place[s->in].shape);
    dpid_point_job job = {.x = view_of(g, s->in, first),
                          .y = view_of(g, s->out, first),
                          .end = epilogue_of(g, s, first),
                          .height = shape.extent[0],
                          .width = shape.extent[1],
                          .c = shape.extent[2]};
    if (s->layer >= 0) {
        const dpid_layer *layer = &net->layer[s->layer];
        const dpid_pass pass = {.op = &layer->op,
                                .mode = DPID_EVAL,
                                .saved = packed_of(g, s),
                                .parameter = {NULL, dpid_net_parameter_at(net, layer->parameter[1])}};
        const dpid_batchnorm_arrays a = dpid_batchnorm_arrays_of[net->head.ctx->isa][net->precision](&pass);
        job.mean = a.mean;
        job.gain = a.gain;
        job.shift = a.shift;
    }
    dpid_point_run[net->head.ctx->isa][net->precision](&job, 0, count * job.height);
}

enum { PAD_STRIDE = 1 }; /* option of channel_pad */

static void run_pad(const passage *g, const dpid_instruction *s, int64_t first, int64_t count)
{
    const dpid_shape in = dpid_shape_picture(&g->f->place[s->in].shape);
    const dpid_shape out = dpid_shape_picture(&g->f->place[s->out].shape);
    const dpid_pad_job job = {.x = view_of(g, s->in, first),
                              .y = view_of(g, s->out, first),
                              .height = out.extent[0],
                              .width = out.extent[1],
                              .c = in.extent[2],
                              .out_c = out.extent[2],
                              .before = (out.extent[2] - in.extent[2]) / 2,
                              .stride = g->net->layer[s->layer].op.option[PAD_STRIDE].i};
    dpid_pad_run[g->net->head.ctx->isa][g->net->precision](&job, 0, count * job.height);
}

/* ---- layers of features, and all others ---------------------------------------------------------------- */

/* y = 1 b^T + x w^T, with w^T packed */
static void run_dense(const passage *g, const dpid_instruction *s, int64_t first, int64_t count, dpid_pool *pool)
{
    const deepid_net *net = g->net;
    const dpid_layer *layer = &net->layer[s->layer];
    const int64_t in = layer->op.in.extent[0];
    const int64_t out = layer->op.out.extent[0];
    const bool biased = layer->op.parameters > 1;
    const void *x = view_of(g, s->in, first).at;
    char *y = view_of(g, s->out, first).at;
    for (int64_t i = 0; biased && i < count; i++)
        memcpy(y + i * out * bytes_of(net), dpid_net_parameter_at(net, layer->parameter[1]),
               (size_t)(out * bytes_of(net)));
    if (net->precision == DPID_P32)
        dpid_gemm_nn_f32(pool, count, out, in, x, in, packed_of(g, s), out, biased, (float *)y, out);
    else if (net->precision == DPID_P64)
        dpid_gemm_nn_f64(pool, count, out, in, x, in, packed_of(g, s), out, biased, (double *)y, out);
    else
        dpid_gemm_nn_f80(pool, count, out, in, x, in, packed_of(g, s), out, biased, (long double *)y, out);
}

/* All three lie dense. */
static void run_gate(const passage *g, const dpid_instruction *s, int64_t first, int64_t count, dpid_pool *pool)
{
    dpid_gate_forward[g->net->head.ctx->isa][g->net->precision](
        pool, count * g->f->place[s->out].reals, view_of(g, s->in, first).at, view_of(g, s->skip, first).at,
        view_of(g, s->out, first).at);
}

static void run_op(const passage *g, const dpid_instruction *s, int64_t first, int64_t count, int32_t worker,
                   dpid_pool *pool)
{
    const deepid_net *net = g->net;
    const dpid_layer *layer = &net->layer[s->layer];
    char *saved = worker_room(net, g->f, worker) + lines(g->f->room) * bytes_of(net);
    char *scratch = pool ? worker_values(net, g->f, net->plan->workers) : saved + lines(g->f->saved) * bytes_of(net);
    dpid_pass pass = {.op = &layer->op,
                      .mode = DPID_EVAL,
                      .n = count,
                      .x = view_of(g, s->in, first).at,
                      .y = view_of(g, s->out, first).at,
                      .saved = saved,
                      .scratch = scratch,
                      .pool = pool,
                      .exact = net->exact};
    for (int32_t k = 0; k < layer->op.parameters; k++)
        pass.parameter[k] = dpid_net_parameter_at(net, layer->parameter[k]);
    layer->op.kind->kernels[net->head.ctx->isa][net->precision]->forward(&pass);
}

/* ---- a chunk ------------------------------------------------------------------------------------------------ */

static void run_step(const passage *g, const dpid_instruction *s, int64_t first, int64_t count, int32_t worker)
{
    dpid_pool *pool = g->workers > 1 ? dpid_ctx_pool(g->net->head.ctx) : NULL;
    switch (s->type) {
    case DPID_INSTRUCTION_CONV:
        run_conv(g, s, first, count, worker);
        break;
    case DPID_INSTRUCTION_POINT:
        run_point(g, s, first, count);
        break;
    case DPID_INSTRUCTION_PAD:
        run_pad(g, s, first, count);
        break;
    case DPID_INSTRUCTION_GATE:
        run_gate(g, s, first, count, pool);
        break;
    case DPID_INSTRUCTION_DENSE:
        run_dense(g, s, first, count, pool);
        break;
    case DPID_INSTRUCTION_OP:
        run_op(g, s, first, count, worker, pool);
        break;
    }
}

/* Stretch by stretch; within one, as many pictures at a time as it takes go through all its steps. */
static void run_chunk(const passage *g, int32_t worker)
{
    const dpid_program *f = g->f;
    int32_t end;
    for (int32_t i = 0; i < f->steps; i = end) {
        for (end = i; end < f->steps && f->step[end].stretch == f->step[i].stretch;)
            end++;
        const int64_t together = f->step[i].together;
        for (int64_t first = 0; first < g->count; first += together)
            for (int32_t k = i; k < end; k++)
                run_step(g, &f->step[k], first, dpid_smaller(together, g->count - first), worker);
    }
}

typedef struct {
    const dpid_stage_call *call;
    int64_t chunk; /* pictures */
} batch;

static passage passage_of(const batch *b, int64_t index, int32_t worker)
{
    const deepid_net *net = b->call->net;
    const dpid_program *f = b->call->stage->own;
    return (passage){.net = net,
                     .f = f,
                     .begin = index * b->chunk,
                     .count = dpid_smaller(b->chunk, b->call->n - index * b->chunk),
                     .workers = 1,
                     .values = worker_values(net, f, worker)};
}

static void chunk_task(void *arg, int64_t index, int32_t worker)
{
    const batch *b = arg;
    const passage g = passage_of(b, index, worker);
    run_chunk(&g, worker);
}

/* ---- packing ---------------------------------------------------------------------------------------------------- */

static void pack_dense(const deepid_net *net, const dpid_layer *layer, char *to)
{
    const int64_t bytes = bytes_of(net);
    const int64_t in = layer->op.in.extent[0];
    const int64_t out = layer->op.out.extent[0];
    const char *w = dpid_net_parameter_at(net, layer->parameter[0]);
    for (int64_t i = 0; i < in; i++)
        for (int64_t o = 0; o < out; o++)
            memcpy(to + (i * out + o) * bytes, w + (o * in + i) * bytes, (size_t)bytes);
}

static void pack_step(void *arg, int64_t index, int32_t worker)
{
    const dpid_stage_call *call = arg;
    const deepid_net *net = call->net;
    const dpid_program *f = call->stage->own;
    const dpid_instruction *s = &f->step[index];
    const dpid_isa isa = net->head.ctx->isa;
    char *packed = (char *)f->packed + s->packed * bytes_of(net);
    if (s->layer < 0)
        return;
    const dpid_layer *layer = &net->layer[s->layer];
    dpid_pass pass = {.op = &layer->op, .mode = DPID_EVAL, .saved = packed};
    for (int32_t k = 0; k < layer->op.parameters; k++)
        pass.parameter[k] = dpid_net_parameter_at(net, layer->parameter[k]);
    if (s->type == DPID_INSTRUCTION_CONV)
        dpid_packed_pack[isa][net->precision](&s->conv, pass.parameter[0], pass.parameter[1],
                                              worker_room(net, f, worker), packed);
    else if (s->type == DPID_INSTRUCTION_POINT)
        dpid_batchnorm_prepare[isa][net->precision](&pass, NULL, 0, 0);
    else if (s->type == DPID_INSTRUCTION_DENSE)
        pack_dense(net, layer, packed);
}

/* ---- the fusion -------------------------------------------------------------------------------------------------- */

static int32_t take(const deepid_net *net, const dpid_plan *plan, const void *own, int32_t first)
{
    (void)plan;
    (void)first;
    return own ? net->steps : 0;
}

static void use(const deepid_net *net, const dpid_stage *stage, const dpid_lifetimes *l)
{
    dpid_use_value(l, 0, stage->first);
    dpid_use_value(l, 0, net->steps - 1);
    dpid_use_value(l, dpid_graph_output(net), stage->first);
}

/* Whole chunks for each worker, unless that leaves many of them idle. */
static bool by_chunks(int64_t chunks, int32_t workers)
{
    return workers == 1 || 4 * chunks >= 3 * workers * ((chunks + workers - 1) / workers);
}

static void forward(const dpid_stage_call *call)
{
    deepid_net *net = call->net;
    dpid_program *f = call->stage->own;
    dpid_pool *pool = dpid_ctx_pool(net->head.ctx);
    const int32_t workers = dpid_pool_workers(pool);
    if (!net->packed || f->isa != net->head.ctx->isa) {
        dpid_pool_run(pool, f->steps, pack_step, (void *)call);
        f->isa = net->head.ctx->isa;
        net->packed = true;
    }
    const batch b = {.call = call, .chunk = dpid_program_chunk(f, call->n)};
    const int64_t chunks = (call->n + b.chunk - 1) / b.chunk;
    if (by_chunks(chunks, workers)) {
        dpid_pool_run(pool, chunks, chunk_task, (void *)&b);
        return;
    }
    for (int64_t i = 0; i < chunks; i++) {
        passage g = passage_of(&b, i, 0);
        g.workers = workers;
        run_chunk(&g, 0);
    }
}

const dpid_fusion dpid_fusion_program = {
    .word = "program", .find = dpid_program_find, .take = take, .use = use, .scratch = scratch, .forward = forward};
