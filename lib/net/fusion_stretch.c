/* Small dense layers with the activations and joins between them, chunk by chunk.   The plan of it: stretch.h
   A row of any result here has the same bits whatever rows are worked out with it (ops/dense/dense.h). So a chunk may
   be as large as suits the number of workers. A weight gradient is one sum over all samples in their order. */
#include "net/graph.h"
#include "net/join.h"
#include "net/pass.h"
#include "net/plan.h"
#include "net/stretch.h"
#include "ops/dense/dense.h"
#include "tensor/product.h"

/* ---- a call --------------------------------------------------------------------------- */

typedef struct {
    const dpid_stage_call *call;
    const deepid_net *net;
    const dpid_stretch *stretch;
    const dpid_bucket *bucket;
    const dpid_net_loss *loss; /* NULL: forward or backward alone */
    int64_t size;              /* bytes of a real */
    int64_t chunk;             /* samples of one */
    int64_t worker_reals;      /* of scratch */
} stretch_call;

/* Samples of a chunk: about as many chunks as workers, none larger than the caches like. */
static int64_t chunk_of(int64_t n, int32_t workers)
{
    enum { MULTIPLE = DPID_MASK_ROWS, MOST_SHARED = 64 };
    const int64_t most = workers > 1 ? MOST_SHARED : DPID_CHUNK_MOST;
    const int64_t each = (n + workers - 1) / workers;
    const int64_t rounded = (each + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
    return rounded < most ? rounded : most;
}

static int64_t chunks_of(const stretch_call *r)
{
    return (r->call->n + r->chunk - 1) / r->chunk;
}

/* ---- places: of each worker, a layer's transposed weights and a chunk's slots; the slots of all samples ------------
 */

static int64_t chunk_most(int64_t batch)
{
    return batch < DPID_CHUNK_MOST ? batch : DPID_CHUNK_MOST;
}

static int64_t worker_reals(const dpid_stretch *stretch, int64_t batch)
{
    enum { LINE = 16 }; /* two workers never write to one cache line */
    return (stretch->packed + stretch->own_reals * chunk_most(batch) + LINE - 1) / LINE * LINE;
}

static stretch_call call_of(const dpid_stage_call *call)
{
    const deepid_net *net = call->net;
    return (stretch_call){.call = call,
                          .net = net,
                          .stretch = call->stage->own,
                          .worker_reals = worker_reals(call->stage->own, net->plan->batch),
                          .size = dpid_precision_bytes(net->precision),
                          .chunk = chunk_of(call->n, dpid_pool_workers(dpid_ctx_pool(net->head.ctx)))};
}

static char *scratch_at(const stretch_call *r, int64_t reals)
{
    return (char *)r->net->plan->scratch + reals * r->size;
}

/* start: of the slot, in reals a sample */
static char *own_at(const stretch_call *r, int32_t worker, int64_t start)
{
    return scratch_at(r, worker * r->worker_reals + r->stretch->packed + start * chunk_most(r->net->plan->batch));
}

/* Sample `first` of an array of `width` numbers a sample. */
static void *place_at(const stretch_call *r, dpid_place place, int32_t worker, int64_t first, int64_t width)
{
    const int64_t offset = first * width * r->size;
    switch (place.type) {
    case DPID_PLACE_VALUE:
        return (char *)dpid_value_at(r->net, place.at) + offset;
    case DPID_PLACE_GRADIENT:
        return (char *)dpid_gradient_at(r->net, place.at) + offset;
    case DPID_PLACE_OWN:
        return own_at(r, worker, r->stretch->own[place.at].offset);
    case DPID_PLACE_SHARED:
        return scratch_at(r, r->net->plan->workers * r->worker_reals +
                                 r->stretch->shared[place.at].offset * r->net->plan->batch) +
               offset;
    case DPID_PLACE_MASK:
        return (char *)r->stretch->mask[place.at].words + first / DPID_MASK_ROWS * r->stretch->mask[place.at].row;
    default:
        return NULL;
    }
}

/* ---- passes over a chunk ------------------------------------------------------------------------ */

typedef struct {
    const stretch_call *of;
    int64_t first, n;
    int32_t worker;
    dpid_pass pass; /* what all layers share; each puts its own in */
} chunk;

static void open_chunk(chunk *c, const stretch_call *r, int32_t worker, int64_t first, int64_t n)
{
    c->of = r;
    c->first = first;
    c->n = n;
    c->worker = worker;
    c->pass = (dpid_pass){.mode = r->call->mode, .n = n, .exact = r->net->exact};
}

static void open_task(chunk *c, const stretch_call *r, int64_t task, int32_t worker)
{
    const int64_t first = task * r->chunk;
    const int64_t left = r->call->n - first;
    open_chunk(c, r, worker, first, left < r->chunk ? left : r->chunk);
}

static void *at(const chunk *c, dpid_place place, int64_t width)
{
    return place_at(c->of, place, c->worker, c->first, width);
}

static int64_t width_in(const chunk *c, const dpid_stretch_step *s)
{
    const deepid_net *net = c->of->net;
    return net->value[net->step[s->step].in].shape.extent[0];
}

static int64_t width_out(const chunk *c, const dpid_stretch_step *s)
{
    const deepid_net *net = c->of->net;
    return net->value[net->step[s->step].out].shape.extent[0];
}

/* Into the pass: the layer of a step, and where it reads its input. */
static dpid_pass *pass_of(chunk *c, const dpid_stretch_step *s, dpid_place x)
{
    const deepid_net *net = c->of->net;
    const dpid_layer *layer = &net->layer[net->step[s->step].layer];
    c->pass.op = &layer->op;
    c->pass.scratch = scratch_at(c->of, c->worker * c->of->worker_reals);
    c->pass.x = at(c, x, width_in(c, s));
    c->pass.dx = c->pass.dparameter[0] = c->pass.dparameter[1] = NULL;
    c->pass.parameter[0] = c->pass.parameter[1] = NULL;
    for (int32_t k = 0; k < layer->op.parameters; k++)
        c->pass.parameter[k] = dpid_net_parameter_at(net, layer->parameter[k]);
    return &c->pass;
}

/* ---- forward ------------------------------------------------------------------------------------- */

static void join_forward(chunk *c, const dpid_stretch_step *s)
{
    const int64_t width = width_out(c, s);
    const deepid_net *net = c->of->net;
    dpid_join_forward[net->head.ctx->isa][net->precision](
        NULL, c->n * width, at(c, s->x, width), at(c, s->join.skip, width), net->step[s->step].s, at(c, s->y, width));
}

static const dpid_dense_parts *parts_of(const deepid_net *net)
{
    return dpid_dense_parts_of[net->head.ctx->isa][net->precision];
}

/* Each worker transposes for itself: to fetch what another core has written takes longer. */
static void dense_forward(chunk *c, const dpid_stretch_step *s)
{
    const int64_t width = width_out(c, s);
    const dpid_forward_epilogue *end = &s->dense.forward;
    const dpid_dense_forward_epilogue epilogue = {.rectify = end->rectify,
                                                  .skip = at(c, end->skip, width),
                                                  .s = end->s,
                                                  .joined = at(c, end->joined, width),
                                                  .mask = at(c, end->mask, width)};
    dpid_pass *pass = pass_of(c, s, s->x);
    pass->y = at(c, s->y, width);
    parts_of(c->of->net)->forward(pass, &epilogue);
}

static void activation_forward(chunk *c, const dpid_stretch_step *s)
{
    dpid_pass *pass = pass_of(c, s, s->x);
    pass->y = at(c, s->y, width_out(c, s));
    dpid_kernels_of(c->of->net, &c->of->net->step[s->step])->forward(pass);
}

typedef void (*step_fn)(chunk *c, const dpid_stretch_step *s);

static void forward_chunk(void *arg, int64_t task, int32_t worker)
{
    static const step_fn run[] = {[DPID_STRETCH_DENSE] = dense_forward,
                                  [DPID_STRETCH_ACTIVATION] = activation_forward,
                                  [DPID_STRETCH_JOIN] = join_forward};
    const stretch_call *r = arg;
    chunk c;
    open_task(&c, r, task, worker);
    for (int32_t i = 0; i < r->call->stage->count; i++) {
        const dpid_stretch_step *s = &r->stretch->step[i];
        if (!s->forward_done)
            run[s->kind](&c, s);
    }
}

static void forward(const dpid_stage_call *call)
{
    stretch_call r = call_of(call);
    dpid_pool_run(dpid_ctx_pool(call->net->head.ctx), chunks_of(&r), forward_chunk, &r);
}

/* ---- backward: gradients through a bucket --------------------------------------------------------------- */

/* dbranch has the place of dout, or gets a copy; dskip (+)= s dout */
static void join_backward(chunk *c, const dpid_stretch_step *s)
{
    const int64_t width = width_out(c, s);
    const deepid_net *net = c->of->net;
    dpid_join_backward[net->head.ctx->isa][net->precision](NULL, c->n * width, at(c, s->dy, width),
                                                           net->step[s->step].s, s->join.add, at(c, s->dx, width),
                                                           at(c, s->join.dskip, width));
}

static void dense_backward(chunk *c, const dpid_stretch_step *s)
{
    const int64_t in = width_in(c, s);
    const dpid_backward_epilogue *end = &s->dense.backward;
    const dpid_dense_backward_epilogue epilogue = {.rectified = end->rectified,
                                                   .plus = at(c, end->plus, in),
                                                   .through = at(c, end->through, in),
                                                   .back = at(c, end->back, in)};
    dpid_pass *pass = pass_of(c, s, s->x);
    pass->dy = at(c, s->dy, width_out(c, s));
    pass->dx = at(c, s->dx, in);
    parts_of(c->of->net)->input_gradient(pass, &epilogue);
}

static void activation_backward(chunk *c, const dpid_stretch_step *s)
{
    const stretch_call *r = c->of;
    const int64_t width = width_in(c, s);
    dpid_pass *pass = pass_of(c, s, s->activation.slope_x);
    void *dx = at(c, s->dx, width);
    pass->y = at(c, s->y, width);
    pass->dy = at(c, s->dy, width);
    pass->dx = s->activation.add ? own_at(r, c->worker, 0) : dx;
    dpid_kernels_of(r->net, &r->net->step[s->step])->backward(pass);
    if (s->activation.add)
        dpid_add_values(r->net, dx, pass->dx, c->n * width); /* branch + skip */
}

static void backward_chunk(void *arg, int64_t task, int32_t worker)
{
    static const step_fn run[] = {[DPID_STRETCH_DENSE] = dense_backward,
                                  [DPID_STRETCH_ACTIVATION] = activation_backward,
                                  [DPID_STRETCH_JOIN] = join_backward};
    const stretch_call *r = arg;
    chunk c;
    open_task(&c, r, task, worker);
    for (int32_t i = r->bucket->last; i >= r->bucket->first; i--) {
        const dpid_stretch_step *s = &r->stretch->step[i];
        const bool unwanted = r->net->step[s->step].in == 0 && s->kind != DPID_STRETCH_JOIN && !r->call->want_input;
        if (!s->backward_done && !unwanted)
            run[s->kind](&c, s);
    }
}

/* ---- backward: weight gradients of a bucket ---------------------------------------------------------------- */

static void gradient_task(void *arg, int64_t task, int32_t worker)
{
    const stretch_call *r = arg;
    const deepid_net *net = r->net;
    /* in the net's order, as the update goes: so it stays with its worker */
    const int32_t place = r->bucket->first_task + r->bucket->tasks - 1 - (int32_t)task;
    const dpid_gradient_task *of = &r->stretch->task[place];
    const dpid_stretch_step *s = &r->stretch->step[of->step];
    const dpid_step *step = &net->step[s->step];
    chunk all;
    open_chunk(&all, r, worker, 0, r->call->n);
    dpid_pass *pass = pass_of(&all, s, s->x);
    pass->dy = at(&all, s->dy, width_out(&all, s));
    dpid_add_parameter_gradients(net, &net->layer[step->layer], pass);
    parts_of(net)->weight_gradient(pass, of->first, of->count, !r->call->anew,
                                   r->call->anew ? &r->stretch->squares[place] : NULL);
}

static int32_t squares(const dpid_stage *stage, const double **part, int64_t *first, int64_t *end)
{
    const dpid_stretch *stretch = stage->own;
    *first = stretch->first_parameter;
    *end = stretch->parameter_end;
    *part = stretch->squares;
    return stretch->tasks;
}

/* ---- backward, and both in one ------------------------------------------------------------------------------- */

static void run_bucket(stretch_call *r, int32_t b, dpid_task_fn samples)
{
    dpid_pool *pool = dpid_ctx_pool(r->net->head.ctx);
    r->bucket = &r->stretch->bucket[b];
    dpid_pool_run(pool, chunks_of(r), samples, r);
    dpid_pool_run(pool, r->bucket->tasks, gradient_task, r);
}

static void backward(const dpid_stage_call *call)
{
    stretch_call r = call_of(call);
    for (int32_t b = 0; b < r.stretch->buckets; b++)
        run_bucket(&r, b, backward_chunk);
}

static void loss_chunk(void *arg, int64_t task, int32_t worker)
{
    const stretch_call *r = arg;
    chunk c;
    open_task(&c, r, task, worker);
    forward_chunk(arg, task, worker);
    r->loss->run(r->loss->arg, c.first, c.n);
    backward_chunk(arg, task, worker);
}

/* A chunk goes forward, through the loss and back through the first bucket by itself: training keeps all values, so
   no chunk writes where another reads. */
static void through_loss(const dpid_stage_call *call, const dpid_net_loss *loss)
{
    stretch_call r = call_of(call);
    r.loss = loss;
    for (int32_t b = 0; b < r.stretch->buckets; b++)
        run_bucket(&r, b, b == 0 ? loss_chunk : backward_chunk);
}

/* ---- the fusion ------------------------------------------------------------------------------------------------ */

static int64_t scratch(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers)
{
    (void)net;
    const dpid_stretch *stretch = stage->own;
    return workers * worker_reals(stretch, n) + stretch->shared_reals * n;
}

const dpid_fusion dpid_fusion_stretch = {.word = "stretch",
                                         .take = dpid_stretch_take,
                                         .make = dpid_stretch_make,
                                         .knows_anew = true,
                                         .squares = squares,
                                         .scratch = scratch,
                                         .forward = forward,
                                         .backward = backward,
                                         .through_loss = through_loss};
