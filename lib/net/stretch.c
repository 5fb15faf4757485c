/* Planning a stretch: which steps, where their arrays lie, how the way back is cut into buckets.   What for:
   stretch.h */
#include "net/stretch.h"

#include "net/graph.h"
#include "net/plan.h"
#include "ops/dense/dense.h"
#include "tensor/product.h"

/* ---- which steps ------------------------------------------------------------------------ */

static bool is_small_dense(const deepid_net *net, int32_t t)
{
    return dpid_step_is_dense(net, t) && dpid_dense_is_small(dpid_step_op(net, t));
}

static bool is_activation(const deepid_net *net, int32_t t)
{
    const dpid_op *op = dpid_step_op(net, t);
    return op && (op->kind->flags & DPID_KIND_ELEMENTWISE) && !(op->kind->flags & DPID_KIND_MODE) &&
           op->parameters == 0;
}

/* Can it be one of a stretch? */
static bool fits(const deepid_net *net, int32_t t)
{
    const dpid_step *step = &net->step[t];
    if (net->value[step->in].shape.rank != 1)
        return false;
    return dpid_step_is_join(net, t) ? step->in != step->skip : is_small_dense(net, t) || is_activation(net, t);
}

static int64_t packed_reals(const deepid_net *net, int32_t t)
{
    return is_small_dense(net, t) ? dpid_op_scratch(dpid_step_op(net, t), 1, 1) : 0;
}

/* Chunk after chunk goes through all steps while the weights stay in the cache: a layer that has no room there
   starts a stretch of its own. A batch of one chunk a worker needs no room. */
int32_t dpid_stretch_take(const deepid_net *net, const dpid_plan *plan, const void *own, int32_t first)
{
    (void)own;
    enum { LEAD = 4, CACHE = 384 * 1024 }; /* steps before the first dense layer; bytes of weights */
    const int64_t most = plan->batch <= DPID_CHUNK_MOST ? INT64_MAX : CACHE / dpid_precision_bytes(net->precision);
    int64_t weights = 0;
    int32_t t = first;
    for (; t < net->steps && (weights > 0 || t - first <= LEAD) && fits(net, t); t++) {
        const int64_t more = packed_reals(net, t);
        if (weights > 0 && more > 0 && weights > most - more)
            break;
        weights += more;
    }
    return weights > 0 ? t - first : 0;
}

/* ---- chains and values of the stretch ----------------------------------------------------- */

/* A dense layer, and what it does in its epilogue. */
enum { DENSE, RELU, JOIN };
static const dpid_pattern pattern = {.link = {[DENSE] = {.is = is_small_dense},
                                              [RELU] = {.is = dpid_step_is_relu, .optional = true},
                                              [JOIN] = {.is = dpid_step_is_join, .optional = true}},
                                     .adjacent = true};

/* Steps of the stretch are counted from its first one on, and so are times. */
typedef struct {
    const deepid_net *net;
    dpid_plan *plan;
    dpid_stretch *stretch;
    int32_t first, count;         /* of the stage */
    dpid_chain *chain;            /* of each step: the chain that it is in, or begins; last -1: none */
    dpid_place *value, *gradient; /* of what each step makes */
    int32_t owned, shared;        /* places so far */
    int32_t *slot;                /* for dpid_place_by_class */
} work;

static void find_chains(work *w)
{
    for (int32_t i = 0; i < w->count; i++)
        w->chain[i].last = -1;
    for (int32_t i = 0; i < w->count; i++) {
        dpid_chain chain;
        if (!dpid_chain_find(w->net, &pattern, w->first + i, w->first + w->count, &chain))
            continue;
        for (int32_t t = chain.step[DENSE]; t <= chain.last; t++)
            w->chain[t - w->first] = chain;
    }
}

/* The dense layer that does step i in its epilogue; NULL: none. */
static dpid_stretch_step *head_of(const work *w, int32_t i)
{
    const int32_t head = w->chain[i].last >= 0 ? w->chain[i].step[DENSE] - w->first : i;
    return head < i ? &w->stretch->step[head] : NULL;
}

/* The last step that is done together with step i. */
static int32_t done_with(const work *w, int32_t i)
{
    return w->chain[i].last >= 0 ? w->chain[i].last - w->first : i;
}

/* The step that makes v, when nobody but the stretch reads it; else -1. */
static int32_t inside(const work *w, int32_t v)
{
    const dpid_value_info *value = &w->net->value[v];
    const bool within =
        value->maker >= w->first && value->first_reader > value->maker && value->last_reader < w->first + w->count;
    return within ? value->maker - w->first : -1;
}

static int64_t width_of(const deepid_net *net, int32_t v)
{
    return net->value[v].shape.extent[0];
}

/* ---- places ------------------------------------------------------------------------------- */

/* Only values of one width take over each other's place: chunks run at their own pace, and their rows must not
   meet. */
static dpid_place take_place(const work *w, dpid_place_type type, int32_t v, int32_t time, int32_t at)
{
    dpid_lifetime *list = type == DPID_PLACE_OWN ? w->stretch->own : w->stretch->shared;
    const int64_t width = width_of(w->net, v);
    list[at] = (dpid_lifetime){.size = width, .class = width, .first = time, .last = time};
    return (dpid_place){type, at};
}

static void use(const work *w, dpid_place place, int32_t time)
{
    if (place.type == DPID_PLACE_OWN)
        dpid_lifetime_use(&w->stretch->own[place.at], time);
    if (place.type == DPID_PLACE_SHARED)
        dpid_lifetime_use(&w->stretch->shared[place.at], time);
}

/* ---- forward ---------------------------------------------------------------------------------- */

/* What a dense layer gives an activation whose slope can be told from what it returns need not be kept for the way
   back. */
static bool passes_through(const work *w, int32_t v)
{
    const int32_t reader = inside(w, v) >= 0 ? dpid_graph_only_reader(w->net, v) : -1;
    return reader >= 0 && is_activation(w->net, reader) &&
           (dpid_step_op(w->net, reader)->kind->flags & DPID_KIND_SLOPE_OF_VALUE);
}

static dpid_place value_of(const work *w, int32_t v)
{
    const int32_t i = inside(w, v);
    return i >= 0 ? w->value[i] : (dpid_place){DPID_PLACE_VALUE, v};
}

/* The gradient of what join t gives is completed by a dense layer of this stretch, which brings it back through the
   rectifier at the end of the join's branch. */
static bool goes_back(const work *w, int32_t t)
{
    const int32_t v = w->net->step[t].out;
    return inside(w, v) >= 0 && is_small_dense(w->net, w->net->value[v].first_reader);
}

/* A rectifier between a dense layer and a join that are one chain with it: a mask tells the way back all. */
static bool is_masked(const work *w, int32_t i)
{
    const dpid_chain *chain = &w->chain[i];
    return w->plan->train && chain->last >= 0 && chain->step[RELU] == w->first + i && chain->step[JOIN] >= 0 &&
           goes_back(w, chain->step[JOIN]);
}

/* Numbers that never leave the registers have no place; nor is what a dense layer gives to a join needed for the way
   back. */
static dpid_place place_value(work *w, const dpid_stretch_step *s, int32_t i, int32_t v)
{
    const bool goes_on = done_with(w, i) > i;
    const bool dense = s->kind == DPID_STRETCH_DENSE;
    const bool needed = w->plan->train && !(dense && (passes_through(w, v) || goes_on)) && !is_masked(w, i);
    if (needed || inside(w, v) < 0)
        return (dpid_place){DPID_PLACE_VALUE, v};
    w->plan->stored[v] = false;
    return goes_on ? (dpid_place){DPID_PLACE_NONE, 0} : take_place(w, DPID_PLACE_OWN, v, i, w->owned++);
}

/* What the dense layer at the head of its chain does for step i. */
static void hand_to_head(const work *w, const dpid_stretch_step *s, int32_t i, dpid_stretch_step *head)
{
    dpid_forward_epilogue *end = &head->dense.forward;
    if (s->kind == DPID_STRETCH_JOIN) {
        end->skip = s->join.skip;
        end->s = w->net->step[s->step].s;
        end->joined = s->y;
        return;
    }
    end->rectify = true;
    head->y = s->y;
    if (is_masked(w, i))
        end->mask = (dpid_place){DPID_PLACE_MASK, w->stretch->masks++};
}

static dpid_stretch_kind kind_of(const deepid_net *net, int32_t t)
{
    return dpid_step_is_join(net, t) ? DPID_STRETCH_JOIN
           : is_small_dense(net, t)  ? DPID_STRETCH_DENSE
                                     : DPID_STRETCH_ACTIVATION;
}

static void plan_forward(work *w)
{
    for (int32_t i = 0; i < w->count; i++) {
        dpid_stretch_step *s = &w->stretch->step[i];
        const dpid_step *step = &w->net->step[w->first + i];
        dpid_stretch_step *head = head_of(w, i);
        *s = (dpid_stretch_step){.kind = kind_of(w->net, w->first + i), .step = w->first + i, .forward_done = head};
        s->x = value_of(w, step->in);
        s->y = w->value[i] = place_value(w, s, i, step->out);
        use(w, s->x, done_with(w, i));
        if (s->kind == DPID_STRETCH_ACTIVATION)
            s->activation.slope_x = s->x.type == DPID_PLACE_VALUE ? s->x : s->y;
        if (s->kind == DPID_STRETCH_JOIN) {
            s->join.skip = value_of(w, step->skip);
            use(w, s->join.skip, done_with(w, i));
        }
        if (head)
            hand_to_head(w, s, i, head);
    }
}

/* ---- backward ------------------------------------------------------------------------------------ */

static int32_t time_back(const work *w, int32_t i)
{
    return w->count - 1 - i;
}

/* Where step i writes the gradient of v, or adds to it. */
static dpid_place gradient_of(work *w, int32_t v, bool writes, int32_t i)
{
    const int32_t maker = inside(w, v);
    if (maker < 0)
        return (dpid_place){DPID_PLACE_GRADIENT, v};
    if (writes)
        w->gradient[maker] = take_place(w, DPID_PLACE_SHARED, v, time_back(w, i), w->shared++);
    return w->gradient[maker];
}

/* The dense layer of this stretch that reads the skip before the join does, as its only other reader: it can add the
   skip's gradient to its own, where the factor is 1 and so rounds nothing. NULL: there is none. */
static dpid_stretch_step *adder_of(const work *w, const dpid_stretch_step *s)
{
    const dpid_step *step = &w->net->step[s->step];
    const dpid_value_info *skip = &w->net->value[step->skip];
    const int32_t i = skip->first_reader - w->first;
    const bool one = step->s == 1 && !s->join.add && skip->readers == 2 && i >= 0 && skip->first_reader < s->step;
    return one && w->stretch->step[i].kind == DPID_STRETCH_DENSE ? &w->stretch->step[i] : NULL;
}

/* The gradient of a branch's end is that of the join: it takes its place. */
static void plan_join(work *w, int32_t i)
{
    dpid_stretch_step *s = &w->stretch->step[i];
    const dpid_step *step = &w->net->step[s->step];
    const int32_t branch = inside(w, step->in);
    s->join.add = !dpid_graph_reads_last(w->net, s->step);
    dpid_stretch_step *adder = branch >= 0 ? adder_of(w, s) : NULL;
    if (branch < 0)
        s->dx = gradient_of(w, step->in, true, i);
    else if (!w->stretch->step[branch].backward_done)
        w->gradient[branch] = s->dy;
    if (adder)
        adder->dense.backward.plus = s->dy;
    else
        s->join.dskip = gradient_of(w, step->skip, !s->join.add, i);
    s->backward_done = adder != NULL;
}

/* The rectifier that stands alone between a dense layer and step t, in the chain of that dense layer. NULL: none. */
static dpid_stretch_step *rectifier_before(const work *w, int32_t t)
{
    const int32_t v = w->net->step[t].in;
    const int32_t maker = inside(w, v);
    const bool rectifier = maker >= 0 && w->stretch->step[maker].kind == DPID_STRETCH_ACTIVATION && head_of(w, maker);
    return rectifier && w->net->value[v].readers == 1 ? &w->stretch->step[maker] : NULL;
}

/* dx of step i is complete: where it is the gradient of a join whose branch ends with a masked rectifier, it goes
   through that while it is at hand. */
static void plan_back(work *w, int32_t i)
{
    dpid_stretch_step *s = &w->stretch->step[i];
    const int32_t v = w->net->step[s->step].in;
    const int32_t join = w->net->value[v].first_reader == s->step ? inside(w, v) : -1;
    const dpid_stretch_step *end =
        join >= 0 && w->stretch->step[join].kind == DPID_STRETCH_JOIN ? head_of(w, join) : NULL;
    if (!end || end->dense.forward.mask.type != DPID_PLACE_MASK)
        return;
    s->dense.backward.through = end->dense.forward.mask;
    s->dense.backward.back = gradient_of(w, w->net->step[end->step].out, true, i);
    w->stretch->step[join - 1].backward_done = true; /* the rectifier */
}

static void plan_dense(work *w, int32_t i)
{
    dpid_stretch_step *s = &w->stretch->step[i];
    dpid_backward_epilogue *end = &s->dense.backward;
    dpid_stretch_step *rectifier = rectifier_before(w, s->step);
    const int32_t v = w->net->step[rectifier ? rectifier->step : s->step].in;
    const bool add = !rectifier && !dpid_graph_reads_last(w->net, s->step);
    const bool adds_skip = end->plus.type != DPID_PLACE_NONE;
    end->rectified = rectifier != NULL;
    s->dx = gradient_of(w, v, !add || adds_skip, i);
    if (rectifier)
        rectifier->backward_done = true;
    else if (add && !adds_skip)
        end->plus = s->dx;
    if (!rectifier)
        plan_back(w, i);
    if (adds_skip)
        use(w, end->plus, time_back(w, i));
}

/* What is added has its place where the worker's own are. */
static void plan_activation(work *w, int32_t i)
{
    dpid_stretch_step *s = &w->stretch->step[i];
    const int64_t width = width_of(w->net, w->net->step[s->step].in);
    s->activation.add = !dpid_graph_reads_last(w->net, s->step);
    s->dx = gradient_of(w, w->net->step[s->step].in, !s->activation.add, i);
    if (s->activation.add && w->stretch->own_reals < width)
        w->stretch->own_reals = width;
}

static void plan_step_back(work *w, int32_t i)
{
    static void (*const plan[])(work * w, int32_t i) = {[DPID_STRETCH_DENSE] = plan_dense,
                                                        [DPID_STRETCH_ACTIVATION] = plan_activation,
                                                        [DPID_STRETCH_JOIN] = plan_join};
    dpid_stretch_step *s = &w->stretch->step[i];
    if (s->backward_done)
        return;
    s->dy = gradient_of(w, w->net->step[s->step].out, false, i);
    use(w, s->dy, time_back(w, i));
    plan[s->kind](w, i);
}

/* ---- buckets ---------------------------------------------------------------------------------------- */

typedef struct {
    double bytes;  /* that the bucket touches so far */
    int32_t tasks; /* of all buckets */
} bucket_size;

static void add_tasks(work *w, int32_t i, bucket_size *size)
{
    enum { OUTPUTS = 32 }; /* of a task */
    const deepid_net *net = w->net;
    const dpid_op *op = dpid_step_op(net, w->first + i);
    const double n = (double)w->plan->batch;
    const double in = (double)op->in.extent[0];
    const double out = (double)op->out.extent[0];
    size->bytes += (n * (in + out) + in * out) * (double)dpid_precision_bytes(net->precision);
    for (int64_t first = 0; first < op->out.extent[0]; first += OUTPUTS) {
        const int64_t left = op->out.extent[0] - first;
        if (w->stretch->task)
            w->stretch->task[size->tasks] = (dpid_gradient_task){i, first, left < OUTPUTS ? left : OUTPUTS};
        size->tasks++;
    }
}

/* Step i closes a bucket, whose weight gradients read what its dense layers were given. */
static void close_bucket(const work *w, const dpid_bucket *bucket)
{
    w->stretch->bucket[w->stretch->buckets++] = *bucket;
    for (int32_t i = bucket->first; i <= bucket->last; i++)
        if (w->stretch->step[i].kind == DPID_STRETCH_DENSE)
            use(w, w->stretch->step[i].dy, time_back(w, bucket->first));
}

static void plan_backward(work *w)
{
    enum { CACHE = 768 * 1024 };
    bucket_size size = {0};
    int32_t last = w->count - 1;
    int32_t first_task = 0;
    for (int32_t i = w->count - 1; i >= 0; i--) {
        plan_step_back(w, i);
        if (w->stretch->step[i].kind == DPID_STRETCH_DENSE)
            add_tasks(w, i, &size);
        if (i > 0 && size.bytes < CACHE)
            continue;
        close_bucket(w, &(dpid_bucket){i, last, first_task, size.tasks - first_task});
        last = i - 1;
        first_task = size.tasks;
        size.bytes = 0;
    }
}

static int32_t make_tasks(work *w)
{
    bucket_size size = {0};
    dpid_arena *arena = &w->plan->arena;
    for (int32_t i = 0; i < w->count; i++)
        if (w->stretch->step[i].kind == DPID_STRETCH_DENSE)
            add_tasks(w, i, &size);
    w->stretch->tasks = size.tasks;
    DPID_TRY(dpid_arena_alloc(arena, size.tasks, sizeof *w->stretch->task, "net", &w->stretch->task));
    return dpid_arena_alloc(arena, size.tasks, sizeof *w->stretch->squares, "net", &w->stretch->squares);
}

/* ---- all -------------------------------------------------------------------------------------------- */

/* The scratch that its layers need, and where their parameters lie. */
static void measure_layers(work *w)
{
    dpid_stretch *stretch = w->stretch;
    for (int32_t i = 0; i < w->count; i++) {
        if (stretch->step[i].kind != DPID_STRETCH_DENSE)
            continue;
        const dpid_layer *layer = &w->net->layer[w->net->step[w->first + i].layer];
        const dpid_parameter *last = &w->net->parameter[layer->parameter[layer->op.parameters - 1]];
        const int64_t packed = packed_reals(w->net, w->first + i);
        stretch->packed = packed > stretch->packed ? packed : stretch->packed;
        if (stretch->parameter_end == 0)
            stretch->first_parameter = w->net->parameter[layer->parameter[0]].offset;
        stretch->parameter_end = last->offset + last->count;
    }
}

/* They live from the way forward to the way back. */
static int32_t make_masks(work *w, dpid_arena *arena)
{
    const deepid_net *net = w->net;
    const int64_t word = net->precision == DPID_P32 ? (int64_t)sizeof(int32_t) : (int64_t)sizeof(int64_t);
    /* no sum: the batch may be the largest int64 */
    const int64_t rows = w->plan->batch / DPID_MASK_ROWS + (w->plan->batch % DPID_MASK_ROWS != 0);
    DPID_TRY(dpid_arena_alloc(arena, w->stretch->masks, sizeof *w->stretch->mask, "net", &w->stretch->mask));
    for (int32_t i = 0; i < w->count; i++) {
        const dpid_stretch_step *s = &w->stretch->step[i];
        if (s->kind != DPID_STRETCH_DENSE || s->dense.forward.mask.type != DPID_PLACE_MASK)
            continue;
        dpid_stretch_mask *mask = &w->stretch->mask[s->dense.forward.mask.at];
        mask->row = word * dpid_product_pad(width_of(net, net->step[s->step].out));
        DPID_TRY(dpid_arena_alloc(arena, rows, mask->row, "net", &mask->words));
    }
    return DEEPID_OK;
}

static int32_t make_lists(work *w, dpid_arena *brief)
{
    dpid_arena *arena = &w->plan->arena;
    DPID_TRY(dpid_arena_alloc(arena, 1, sizeof *w->stretch, "net", &w->stretch));
    DPID_TRY(dpid_arena_alloc(arena, w->count, sizeof *w->stretch->step, "net", &w->stretch->step));
    DPID_TRY(dpid_arena_alloc(arena, w->count, sizeof *w->stretch->bucket, "net", &w->stretch->bucket));
    DPID_TRY(dpid_arena_alloc(arena, w->count, sizeof *w->stretch->own, "net", &w->stretch->own));
    DPID_TRY(dpid_arena_alloc(arena, w->count, sizeof *w->stretch->shared, "net", &w->stretch->shared));
    DPID_TRY(dpid_arena_alloc(brief, w->count, sizeof *w->chain, "net", &w->chain));
    DPID_TRY(dpid_arena_alloc(brief, w->count, sizeof *w->value, "net", &w->value));
    DPID_TRY(dpid_arena_alloc(brief, w->count, sizeof *w->gradient, "net", &w->gradient));
    return dpid_arena_alloc(brief, w->count, sizeof *w->slot, "net", &w->slot);
}

static int32_t fill_stretches(work *w, dpid_arena *brief)
{
    DPID_TRY(make_lists(w, brief));
    dpid_stretch *stretch = w->stretch;
    find_chains(w);
    plan_forward(w);
    (void)dpid_place_by_class(stretch->own, w->owned, w->slot, &stretch->own_reals); /* small layers: no overflow */
    DPID_TRY(make_masks(w, &w->plan->arena));
    measure_layers(w);
    DPID_TRY(make_tasks(w));
    if (w->plan->train)
        plan_backward(w);
    (void)dpid_place_by_class(stretch->shared, w->shared, w->slot, &stretch->shared_reals);
    for (int32_t i = 0; i < w->count; i++)
        if (inside(w, w->net->step[w->first + i].out) >= 0)
            w->plan->gradient_stored[w->net->step[w->first + i].out] = false;
    return DEEPID_OK;
}

int32_t dpid_stretch_make(const deepid_net *net, dpid_plan *plan, dpid_stage *stage)
{
    work w = {.net = net, .plan = plan, .first = stage->first, .count = stage->count};
    dpid_arena brief = {.ctx = net->head.ctx};
    const int32_t status = fill_stretches(&w, &brief);
    dpid_arena_release(&brief);
    stage->own = w.stretch;
    return status;
}
