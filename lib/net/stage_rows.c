/* Small dense layers with the activations and joins between them, by chunks of samples. A row of any result here has
   the same bits whatever rows are worked out with it (ops/dense/dense.h),
   so chunks may be as large as suits the number of workers; a weight gradient is one sum over all samples in their
   order.
   The plan of it: rows.h */
#include "net/join.h"
#include "net/rows.h"
#include "ops/dense/dense.h"
#include "tensor/product.h"

/* ---- a run ---------------------------------------------------------------------------- */

typedef struct {
    const dpid_stage_run *run;
    const deepid_net *net;
    const dpid_rows *rows;
    const dpid_row_group *group;
    const dpid_turn *turn; /* NULL: no turn */
    int64_t size;          /* bytes of a real */
    int64_t chunk;         /* samples of one */
    int64_t worker_reals;  /* of scratch */
} rows_run;

/* Samples of a chunk: about as many chunks as workers, none larger than the caches like. */
static int64_t chunk_of(int64_t n, int32_t workers)
{
    enum { MULTIPLE = DPID_MASK_ROWS, MOST_SHARED = 64 };
    const int64_t most = workers > 1 ? MOST_SHARED : DPID_ROWS_MOST;
    const int64_t each = (n + workers - 1) / workers;
    const int64_t rounded = (each + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
    return rounded < most ? rounded : most;
}

static int64_t chunks_of(const rows_run *r)
{
    return (r->run->n + r->chunk - 1) / r->chunk;
}

/* ---- places: of each worker, a layer's transposed weights and a chunk's slots; the slots of all samples ------------
 */

static int64_t chunk_most(int64_t batch)
{
    return batch < DPID_ROWS_MOST ? batch : DPID_ROWS_MOST;
}

static int64_t worker_reals(const dpid_rows *rows, int64_t batch)
{
    enum { LINE = 16 }; /* two workers never write to one cache line */
    return (rows->packed + rows->own * chunk_most(batch) + LINE - 1) / LINE * LINE;
}

static rows_run run_of(const dpid_stage_run *run)
{
    const deepid_net *net = run->net;
    return (rows_run){.run = run,
                      .net = net,
                      .rows = run->stage->own,
                      .worker_reals = worker_reals(run->stage->own, net->plan->batch),
                      .size = dpid_precision_bytes(net->precision),
                      .chunk = chunk_of(run->n, dpid_pool_workers(dpid_ctx_pool(net->head.ctx)))};
}

static char *scratch_at(const rows_run *r, int64_t reals)
{
    return (char *)r->net->plan->scratch + reals * r->size;
}

/* start: of the slot, in reals a sample */
static char *own_at(const rows_run *r, int32_t worker, int64_t start)
{
    return scratch_at(r, worker * r->worker_reals + r->rows->packed + start * chunk_most(r->net->plan->batch));
}

/* Sample `first` of an array of `width` numbers a sample. */
static void *place_at(const rows_run *r, dpid_place place, int32_t worker, int64_t first, int64_t width)
{
    const int64_t offset = first * width * r->size;
    switch (place.type) {
    case DPID_PLACE_VALUE:
        return (char *)dpid_value_at(r->net, place.at) + offset;
    case DPID_PLACE_GRADIENT:
        return (char *)dpid_gradient_at(r->net, place.at) + offset;
    case DPID_PLACE_OWN:
        return own_at(r, worker, r->rows->own_start[place.at]);
    case DPID_PLACE_SHARED:
        return scratch_at(r, r->net->plan->workers * r->worker_reals +
                                 r->rows->shared_start[place.at] * r->net->plan->batch) +
               offset;
    case DPID_PLACE_MASK:
        return (char *)r->rows->mask[place.at].words + first / DPID_MASK_ROWS * r->rows->mask[place.at].row;
    default:
        return NULL;
    }
}

/* ---- passes over a chunk ------------------------------------------------------------------------ */

typedef struct {
    const rows_run *run;
    int64_t first, n;
    int32_t worker;
    dpid_pass pass; /* what all layers share; each puts its own in */
} chunk;

static void open_chunk(chunk *c, const rows_run *r, int32_t worker, int64_t first, int64_t n)
{
    c->run = r;
    c->first = first;
    c->n = n;
    c->worker = worker;
    c->pass = (dpid_pass){.mode = r->run->mode, .n = n, .exact = r->net->exact};
}

static void open_task(chunk *c, const rows_run *r, int64_t task, int32_t worker)
{
    const int64_t first = task * r->chunk;
    const int64_t left = r->run->n - first;
    open_chunk(c, r, worker, first, left < r->chunk ? left : r->chunk);
}

static void *at(const chunk *c, dpid_place place, int64_t width)
{
    return place_at(c->run, place, c->worker, c->first, width);
}

/* Into the pass: the layer of a step, and where it reads its input. */
static dpid_pass *pass_of(chunk *c, const dpid_row_step *s, dpid_place x)
{
    const deepid_net *net = c->run->net;
    const dpid_step *step = &net->step[s->step];
    const dpid_layer *layer = &net->layer[step->layer];
    c->pass.op = &layer->op;
    c->pass.scratch = scratch_at(c->run, c->worker * c->run->worker_reals);
    c->pass.x = at(c, x, s->in);
    c->pass.dx = c->pass.dparameter[0] = c->pass.dparameter[1] = NULL;
    c->pass.parameter[0] = c->pass.parameter[1] = NULL;
    for (int32_t k = 0; k < layer->op.parameters; k++)
        c->pass.parameter[k] = dpid_net_parameter_at(net, layer->parameter[k]);
    return &c->pass;
}

/* ---- forward ------------------------------------------------------------------------------------- */

static void join_forward(chunk *c, const dpid_row_step *s)
{
    const int64_t width = s->out;
    const deepid_net *net = c->run->net;
    dpid_join_forward[net->head.ctx->isa][net->precision](NULL, c->n * width, at(c, s->x, width), at(c, s->skip, width),
                                                          net->step[s->step].s, at(c, s->y, width));
}

static const dpid_dense_parts *parts_of(const deepid_net *net)
{
    return dpid_dense_parts_of[net->head.ctx->isa][net->precision];
}

/* Each worker transposes for itself: to fetch what another core has written takes longer. */
static void dense_forward(chunk *c, const dpid_row_step *s)
{
    const int64_t width = s->out;
    const dpid_dense_forward_end beside = {.rectify = s->rectify,
                                           .skip = at(c, s->skip, width),
                                           .s = s->s,
                                           .joined = at(c, s->joined, width),
                                           .mask = at(c, s->mask, width)};
    dpid_pass *pass = pass_of(c, s, s->x);
    pass->y = at(c, s->y, width);
    parts_of(c->run->net)->forward(pass, &beside);
}

static void activation_forward(chunk *c, const dpid_row_step *s)
{
    dpid_pass *pass = pass_of(c, s, s->x);
    pass->y = at(c, s->y, s->out);
    dpid_kernels_of(c->run->net, &c->run->net->step[s->step])->forward(pass);
}

static void forward_chunk(void *arg, int64_t task, int32_t worker)
{
    const rows_run *r = arg;
    chunk c;
    open_task(&c, r, task, worker);
    for (int32_t i = 0; i < r->run->stage->count; i++) {
        const dpid_row_step *s = &r->rows->step[i];
        if (s->run_by < 0)
            (s->join ? join_forward : s->dense ? dense_forward : activation_forward)(&c, s);
    }
}

static void forward(const dpid_stage_run *run)
{
    rows_run r = run_of(run);
    dpid_pool_run(dpid_ctx_pool(run->net->head.ctx), chunks_of(&r), forward_chunk, &r);
}

/* ---- backward: gradients through a group --------------------------------------------------------------- */

/* dbranch has the place of dout, or gets a copy; dskip (+)= s dout */
static void join_backward(chunk *c, const dpid_row_step *s)
{
    const int64_t width = s->out;
    const deepid_net *net = c->run->net;
    dpid_join_backward[net->head.ctx->isa][net->precision](NULL, c->n * width, at(c, s->dy, width),
                                                           net->step[s->step].s, s->add, at(c, s->dx, width),
                                                           at(c, s->dskip, width));
}

static void dense_backward(chunk *c, const dpid_row_step *s)
{
    const rows_run *r = c->run;
    const int64_t in = s->in;
    const dpid_dense_backward_end beside = {.rectified = s->rectified,
                                            .plus = at(c, s->plus, in),
                                            .through = at(c, s->through, in),
                                            .back = at(c, s->back, in)};
    dpid_pass *pass = pass_of(c, s, s->slope_x);
    pass->dy = at(c, s->dy, s->out);
    pass->dx = at(c, s->dx, in);
    parts_of(r->net)->input_gradient(pass, &beside);
}

static void activation_backward(chunk *c, const dpid_row_step *s)
{
    const rows_run *r = c->run;
    const int64_t in = s->in;
    const int64_t out = s->out;
    dpid_pass *pass = pass_of(c, s, s->slope_x);
    void *dx = at(c, s->dx, in);
    pass->y = at(c, s->y, out);
    pass->dy = at(c, s->dy, out);
    pass->dx = s->add ? own_at(r, c->worker, 0) : dx;
    dpid_kernels_of(r->net, &r->net->step[s->step])->backward(pass);
    if (s->add)
        dpid_add_values(r->net, dx, pass->dx, c->n * in); /* branch + skip */
}

static void backward_chunk(void *arg, int64_t task, int32_t worker)
{
    const rows_run *r = arg;
    chunk c;
    open_task(&c, r, task, worker);
    for (int32_t i = r->group->last; i >= r->group->first; i--) {
        const dpid_row_step *s = &r->rows->step[i];
        const bool unwanted = r->net->step[s->step].in == 0 && !s->join && !r->run->want_input;
        if (!s->skipped_back && !unwanted)
            (s->join ? join_backward : s->dense ? dense_backward : activation_backward)(&c, s);
    }
}

/* ---- backward: weight gradients of a group ---------------------------------------------------------------- */

static void gradient_task(void *arg, int64_t task, int32_t worker)
{
    const rows_run *r = arg;
    const deepid_net *net = r->net;
    /* in the net's order, as the update goes: so it stays with its worker */
    const int32_t place = r->group->first_task + r->group->tasks - 1 - (int32_t)task;
    const dpid_row_task *piece = &r->rows->task[place];
    const dpid_row_step *s = &r->rows->step[piece->step];
    const dpid_step *step = &net->step[s->step];
    chunk all;
    open_chunk(&all, r, worker, 0, r->run->n);
    dpid_pass *pass = pass_of(&all, s, s->x);
    pass->dy = at(&all, s->dy, s->out);
    dpid_add_parameter_gradients(net, &net->layer[step->layer], pass);
    parts_of(net)->weight_gradient(pass, piece->first, piece->count, !r->run->anew,
                                   r->run->anew ? &r->rows->squares[place] : NULL);
}

/* Its dense layers' parameters lie one after the other. */
static int32_t squares(const deepid_net *net, const dpid_stage *stage, const double **pieces, int64_t *first,
                       int64_t *end)
{
    const dpid_rows *rows = stage->own;
    if (rows->denses == 0)
        return 0;
    const dpid_layer *front = &net->layer[net->step[rows->step[rows->dense[0]].step].layer];
    const dpid_layer *back = &net->layer[net->step[rows->step[rows->dense[rows->denses - 1]].step].layer];
    const dpid_parameter *last = &net->parameter[back->parameter[back->op.parameters - 1]];
    *first = net->parameter[front->parameter[0]].offset;
    *end = last->offset + last->count;
    *pieces = rows->squares;
    return rows->tasks;
}

/* ---- backward, and both in one ------------------------------------------------------------------------------- */

static void run_group(rows_run *r, int32_t g, dpid_task_fn samples)
{
    dpid_pool *pool = dpid_ctx_pool(r->net->head.ctx);
    r->group = &r->rows->group[g];
    dpid_pool_run(pool, chunks_of(r), samples, r);
    dpid_pool_run(pool, r->group->tasks, gradient_task, r);
}

static void backward(const dpid_stage_run *run)
{
    rows_run r = run_of(run);
    for (int32_t g = 0; g < r.rows->groups; g++)
        run_group(&r, g, backward_chunk);
}

static void turn_chunk(void *arg, int64_t task, int32_t worker)
{
    const rows_run *r = arg;
    chunk c;
    open_task(&c, r, task, worker);
    forward_chunk(arg, task, worker);
    r->turn->run(r->turn->arg, c.first, c.n);
    backward_chunk(arg, task, worker);
}

/* A chunk goes forward, through the loss and back through the first group by itself: training keeps all values, so
   no chunk writes where another reads. */
static void turn(const dpid_stage_run *run, const dpid_turn *turn)
{
    rows_run r = run_of(run);
    r.turn = turn;
    for (int32_t g = 0; g < r.rows->groups; g++)
        run_group(&r, g, g == 0 ? turn_chunk : backward_chunk);
}

/* ---- the type ------------------------------------------------------------------------------------------------ */

static int64_t scratch(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers)
{
    (void)net;
    const dpid_rows *rows = stage->own;
    return workers * worker_reals(rows, n) + rows->shared * n;
}

const dpid_stage_type dpid_stage_rows = {.word = "rows",
                                         .take = dpid_rows_take,
                                         .make = dpid_rows_make,
                                         .knows_anew = true,
                                         .squares = squares,
                                         .scratch = scratch,
                                         .forward = forward,
                                         .backward = backward,
                                         .turn = turn};
