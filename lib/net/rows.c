/* Planning a stretch of rows: who reads what, where it lies, how the way back is cut into groups.   What for: rows.h */
#include "net/rows.h"

#include "ops/dense/dense.h"
#include "tensor/product.h"

#include <string.h>

/* ---- which steps ------------------------------------------------------------------------ */

static bool is_small_dense(const deepid_net *net, const dpid_step *step)
{
    const dpid_op *op = step->type == DPID_STEP_LAYER ? &net->layer[step->layer].op : NULL;
    return op && strcmp(op->kind->word, "dense") == 0 && dpid_dense_is_small(op);
}

static bool is_activation(const deepid_net *net, const dpid_step *step)
{
    const dpid_op *op = step->type == DPID_STEP_LAYER ? &net->layer[step->layer].op : NULL;
    return op && (op->kind->flags & DPID_KIND_ELEMENTWISE) && !(op->kind->flags & DPID_KIND_MODE) &&
           op->parameters == 0;
}

/* Can it be one of a stretch? */
static bool is_row_step(const deepid_net *net, const dpid_plan *plan, int32_t t)
{
    const dpid_step *step = &net->step[t];
    if (plan->whole || plan->fusion.role[t] != DPID_ROLE_PLAIN || net->value[step->in].shape.rank != 1)
        return false;
    return step->type == DPID_STEP_JOIN ? step->in != step->skip
                                        : is_small_dense(net, step) || is_activation(net, step);
}

static int64_t packed_reals(const deepid_net *net, const dpid_step *step)
{
    return is_small_dense(net, step) ? dpid_op_scratch(&net->layer[step->layer].op, 1, 1) : 0;
}

/* Chunk after chunk goes through all steps while the weights stay in the cache: a layer that has no room there
   starts a stretch of its own. A batch of one chunk a worker needs no room. */
int32_t dpid_rows_take(const deepid_net *net, const dpid_plan *plan, int32_t first)
{
    enum { LEAD = 4, CACHE = 384 * 1024 }; /* steps before the first dense layer; bytes of weights */
    const int64_t most = plan->batch <= DPID_ROWS_MOST ? INT64_MAX : CACHE / dpid_precision_bytes(net->precision);
    int64_t weights = 0;
    int32_t t = first;
    for (; t < net->steps && (weights > 0 || t - first <= LEAD) && is_row_step(net, plan, t); t++) {
        const int64_t more = packed_reals(net, &net->step[t]);
        if (weights > 0 && more > 0 && weights > most - more)
            break;
        weights += more;
    }
    return weights > 0 ? t - first : 0;
}

/* ---- who reads what ----------------------------------------------------------------------- */

int32_t dpid_readers_find(const deepid_net *net, dpid_arena *arena, dpid_readers **out)
{
    dpid_readers *of = NULL;
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *of, "net", &of));
    for (int32_t v = 0; v < net->values_count; v++)
        of[v] = (dpid_readers){.maker = -1, .first = net->steps, .last = -1};
    of[net->step[net->steps - 1].out].last = net->steps; /* the net's end reads it too */
    for (int32_t t = 0; t < net->steps; t++) {
        const int32_t read[2] = {net->step[t].in, net->step[t].skip};
        of[net->step[t].out].maker = t;
        for (int k = 0; k < 2 && read[k] >= 0; k++) {
            dpid_readers *r = &of[read[k]];
            r->first = t < r->first ? t : r->first;
            r->last = t > r->last ? t : r->last;
            r->count++;
        }
    }
    *out = of;
    return DEEPID_OK;
}

typedef struct {
    const deepid_net *net;
    dpid_plan *plan;
    dpid_rows *rows;
    int32_t first, count;         /* of the stage */
    dpid_place *value, *gradient; /* of what each step of the stage makes */
    int32_t *held;                /* of each slot: who still needs it */
    int64_t *width;               /* and the width of what it holds */
    int32_t slots;
} work;

/* The step of the stage that makes v, when nobody but the stage's steps reads it; else -1. */
static int32_t inside(const work *w, int32_t v)
{
    const dpid_readers *r = &w->plan->readers[v];
    const bool within = r->maker >= w->first && r->first > r->maker && r->last < w->first + w->count;
    return within ? r->maker - w->first : -1;
}

/* What a dense layer gives an activation whose slope can be told from what it returns need not be kept for the way
   back. */
static bool passes_through(const work *w, int32_t v)
{
    const deepid_net *net = w->net;
    const dpid_readers *r = &w->plan->readers[v];
    return inside(w, v) >= 0 && r->count == 1 && is_activation(net, &net->step[r->first]) &&
           (net->layer[net->step[r->first].layer].op.kind->flags & DPID_KIND_SLOPE_OF_VALUE);
}

/* v goes from a dense layer into the rectifier behind it and nowhere else. */
static bool is_rectified(const work *w, int32_t v)
{
    const dpid_readers *r = &w->plan->readers[v];
    return passes_through(w, v) && r->first == r->maker + 1 && is_small_dense(w->net, &w->net->step[r->maker]) &&
           strcmp(w->net->layer[w->net->step[r->first].layer].op.kind->word, "relu") == 0;
}

/* ---- slots ---------------------------------------------------------------------------------- */

/* A slot serves values of one width: chunks run at their own pace, and their rows must not meet. */
static dpid_place take_slot(work *w, dpid_place_type type, int32_t v)
{
    const int64_t width = dpid_shape_count(&w->net->value[v].shape);
    int32_t i = 0;
    while (i < w->slots && (w->held[i] > 0 || w->width[i] != width))
        i++;
    w->slots = i < w->slots ? w->slots : i + 1;
    w->held[i] = 1;
    w->width[i] = width;
    return (dpid_place){type, i};
}

/* One slot behind the other; returns the reals a sample of all. */
static int64_t line_up(const work *w, int64_t *start)
{
    int64_t reals = 0;
    for (int32_t i = 0; i < w->slots; i++) {
        start[i] = reals;
        reals += w->width[i];
    }
    return reals;
}

static void give_back(work *w, dpid_place place)
{
    if (place.type == DPID_PLACE_OWN || place.type == DPID_PLACE_SHARED)
        w->held[place.at]--;
}

/* ---- forward ---------------------------------------------------------------------------------- */

static dpid_place value_of(const work *w, int32_t v)
{
    const int32_t i = inside(w, v);
    return i >= 0 ? w->value[i] : (dpid_place){DPID_PLACE_VALUE, v};
}

/* The dense layer that runs step i while its results are in registers: a rectifier or a join right behind it, or a
   join behind such a rectifier, that alone reads them. -1: none. */
static int32_t runner_of(const work *w, int32_t i)
{
    const dpid_step *step = &w->net->step[w->first + i];
    const dpid_row_step *before = i > 0 ? &w->rows->step[i - 1] : NULL;
    if (step->type != DPID_STEP_JOIN)
        return is_rectified(w, step->in) ? i - 1 : -1;
    if (!before || inside(w, step->in) != i - 1 || w->plan->readers[step->in].count != 1)
        return -1;
    return before->dense ? i - 1 : before->run_by;
}

static bool next_is_run(const work *w, int32_t i)
{
    return i + 1 < w->count && runner_of(w, i + 1) >= 0;
}

/* The gradient of what join i gives is completed by a dense layer of this stretch, which brings it back through the
   rectifier at the end of the join's branch. */
static bool goes_back(const work *w, int32_t i)
{
    const int32_t v = w->net->step[w->first + i].out;
    return inside(w, v) >= 0 && is_small_dense(w->net, &w->net->step[w->plan->readers[v].first]);
}

/* A rectifier between a dense layer and the join that it runs too: a mask tells the way back all. */
static bool is_masked(const work *w, const dpid_row_step *s, int32_t i)
{
    return w->plan->train && !s->dense && !s->join && s->run_by >= 0 && next_is_run(w, i) && goes_back(w, i + 1);
}

/* Numbers that never leave the registers have no place; nor is what a dense layer gives to a join needed for the way
   back. */
static dpid_place place_value(work *w, const dpid_row_step *s, int32_t i, int32_t v)
{
    const bool runs_on = next_is_run(w, i);
    const bool needed = w->plan->train && !(s->dense && (passes_through(w, v) || runs_on)) && !is_masked(w, s, i);
    if (needed || inside(w, v) < 0)
        return (dpid_place){DPID_PLACE_VALUE, v};
    w->plan->fusion.stored[v] = false;
    return runs_on ? (dpid_place){DPID_PLACE_NONE, 0} : take_slot(w, DPID_PLACE_OWN, v);
}

static void give_back_read(work *w, const dpid_row_step *s)
{
    const dpid_step *step = &w->net->step[s->step];
    if (w->plan->readers[step->in].last == s->step)
        give_back(w, s->x);
    if (s->join && w->plan->readers[step->skip].last == s->step)
        give_back(w, s->skip);
}

/* What the dense layer before step i writes for it. */
static void hand_to_runner(const work *w, const dpid_row_step *s, int32_t i)
{
    dpid_row_step *dense = &w->rows->step[s->run_by];
    if (s->join) {
        dense->skip = s->skip;
        dense->s = w->net->step[s->step].s;
        dense->joined = s->y;
    } else {
        dense->y = s->y;
        if (is_masked(w, s, i))
            dense->mask = (dpid_place){DPID_PLACE_MASK, w->rows->masks++};
    }
}

/* A dense layer reads until all that it runs has its place. */
static void plan_forward(work *w)
{
    const deepid_net *net = w->net;
    for (int32_t i = 0; i < w->count; i++) {
        dpid_row_step *s = &w->rows->step[i];
        const dpid_step *step = &net->step[w->first + i];
        *s = (dpid_row_step){.step = w->first + i,
                             .dense = is_small_dense(net, step),
                             .join = step->type == DPID_STEP_JOIN,
                             .run_by = runner_of(w, i),
                             .rectify = is_rectified(w, step->out)};
        s->in = dpid_shape_count(&net->value[step->in].shape);
        s->out = dpid_shape_count(&net->value[step->out].shape);
        w->value[i] = place_value(w, s, i, step->out);
        s->x = value_of(w, step->in);
        s->y = w->value[i];
        s->slope_x = s->x.type == DPID_PLACE_VALUE ? s->x : s->y;
        if (s->join)
            s->skip = value_of(w, step->skip);
        if (s->run_by >= 0)
            hand_to_runner(w, s, i);
        for (int32_t k = s->run_by >= 0 ? s->run_by : i; k <= i && !next_is_run(w, i); k++)
            give_back_read(w, &w->rows->step[k]);
    }
    w->rows->own = line_up(w, w->rows->own_start);
}

static void list_denses(work *w)
{
    dpid_rows *rows = w->rows;
    for (int32_t i = 0; i < w->count; i++) {
        if (!rows->step[i].dense)
            continue;
        const int64_t packed = packed_reals(w->net, &w->net->step[rows->step[i].step]);
        rows->packed = packed > rows->packed ? packed : rows->packed;
        rows->dense[rows->denses++] = i;
    }
}

/* ---- backward ------------------------------------------------------------------------------------ */

/* Where the gradient of v is written, or where it is added to. */
static dpid_place gradient_of(work *w, int32_t v, bool writes)
{
    const int32_t i = inside(w, v);
    if (i < 0)
        return (dpid_place){DPID_PLACE_GRADIENT, v};
    if (writes)
        w->gradient[i] = take_slot(w, DPID_PLACE_SHARED, v);
    return w->gradient[i];
}

static void hold(work *w, dpid_place place)
{
    if (place.type == DPID_PLACE_SHARED)
        w->held[place.at]++;
}

/* The dense layer of this stretch that reads the skip before the join does, as its only other reader: it can add the
   skip's gradient to its own, where the factor is 1 and so rounds nothing. NULL: there is none. */
static dpid_row_step *adder_of(const work *w, const dpid_step *step, const dpid_row_step *s)
{
    const dpid_readers *r = &w->plan->readers[step->skip];
    const int32_t i = r->first - w->first;
    const bool one = step->s == 1 && !s->add && r->count == 2 && i >= 0 && r->first < s->step;
    return one && w->rows->step[i].dense ? &w->rows->step[i] : NULL;
}

/* The gradient of a branch's end is that of the join: it takes its place. */
static void plan_join(work *w, const dpid_step *step, dpid_row_step *s)
{
    const int32_t branch = inside(w, step->in);
    dpid_row_step *adder = branch >= 0 ? adder_of(w, step, s) : NULL;
    if (branch >= 0 && !w->rows->step[branch].skipped_back) {
        w->gradient[branch] = s->dy;
        hold(w, s->dy);
    } else if (branch < 0) {
        s->dx = gradient_of(w, step->in, true);
    }
    if (adder) {
        adder->plus = s->dy;
        hold(w, s->dy);
    } else {
        s->dskip = gradient_of(w, step->skip, !s->add);
    }
    s->skipped_back = adder != NULL;
}

typedef struct {
    double bytes;  /* that the group touches so far */
    int32_t tasks; /* of all groups */
} group_size;

static void add_tasks(work *w, int32_t i, group_size *size)
{
    enum { PIECE = 32 };
    const deepid_net *net = w->net;
    const dpid_op *op = &net->layer[net->step[w->rows->step[i].step].layer].op;
    const double n = (double)w->plan->batch;
    const double in = (double)op->in.extent[0];
    const double out = (double)op->out.extent[0];
    size->bytes += (n * (in + out) + in * out) * (double)dpid_precision_bytes(net->precision);
    for (int64_t first = 0; first < op->out.extent[0]; first += PIECE) {
        const int64_t left = op->out.extent[0] - first;
        if (w->rows->task)
            w->rows->task[size->tasks] = (dpid_row_task){i, first, left < PIECE ? left : PIECE};
        size->tasks++;
    }
}

/* The slots that wait for the weight gradients of steps first..last. */
static void give_back_group(work *w, int32_t first, int32_t last)
{
    for (int32_t i = first; i <= last; i++)
        if (w->rows->step[i].dense)
            give_back(w, w->rows->step[i].dy);
}

/* A dense layer that alone reads what a rectifier gives, which a dense layer ran: it writes the gradient of what
   went into the rectifier. */
static bool comes_rectified(const work *w, const dpid_step *step)
{
    const int32_t maker = inside(w, step->in);
    return maker >= 0 && !w->rows->step[maker].join && w->rows->step[maker].run_by >= 0 &&
           w->plan->readers[step->in].count == 1;
}

/* The dense layer that ends the branch of the join that made v, when it left a mask of its rectifier. NULL: there is
   none. */
static const dpid_row_step *masked_end(const work *w, int32_t v)
{
    const int32_t join = inside(w, v);
    const int32_t dense = join >= 0 && w->rows->step[join].join ? w->rows->step[join].run_by : -1;
    return dense >= 0 && w->rows->step[dense].mask.type == DPID_PLACE_MASK ? &w->rows->step[dense] : NULL;
}

/* dx is complete: it goes through the rectifier of the block before while it is at hand. */
static void plan_back(work *w, const dpid_step *step, dpid_row_step *s)
{
    const dpid_row_step *end = w->plan->readers[step->in].first == s->step ? masked_end(w, step->in) : NULL;
    if (!end)
        return;
    s->through = end->mask;
    s->back = gradient_of(w, w->net->step[end->step].out, true);
    w->rows->step[end - w->rows->step + 1].skipped_back = true; /* the rectifier */
}

static void plan_dense(work *w, const dpid_step *step, dpid_row_step *s)
{
    s->rectified = comes_rectified(w, step);
    if (s->rectified) {
        dpid_row_step *rectifier = &w->rows->step[inside(w, step->in)];
        rectifier->skipped_back = true;
        s->dx = gradient_of(w, w->net->step[rectifier->step].in, true);
        return;
    }
    const bool adds_skip = s->plus.type != DPID_PLACE_NONE;
    s->dx = gradient_of(w, step->in, !s->add || adds_skip);
    if (s->add && !adds_skip)
        s->plus = s->dx;
    plan_back(w, step, s);
    if (adds_skip)
        give_back(w, s->plus);
}

static void plan_activation(work *w, const dpid_step *step, dpid_row_step *s)
{
    s->dx = gradient_of(w, step->in, !s->add);
    if (s->add && w->rows->own < w->rows->wide)
        w->rows->own = w->rows->wide; /* for what is added: where the first slot is */
}

static void plan_backward(work *w)
{
    enum { CACHE = 768 * 1024 };
    const deepid_net *net = w->net;
    group_size size = {0};
    int32_t last = w->count - 1;
    int32_t first_task = 0;
    w->slots = 0;
    memset(w->held, 0, sizeof *w->held * (size_t)(2 * w->count));
    for (int32_t i = w->count - 1; i >= 0; i--) {
        dpid_row_step *s = &w->rows->step[i];
        const dpid_step *step = &net->step[s->step];
        s->add = !net->reads_last[s->step];
        if (!s->skipped_back) {
            s->dy = gradient_of(w, step->out, false);
            (s->join ? plan_join : s->dense ? plan_dense : plan_activation)(w, step, s);
        }
        if (s->dense)
            add_tasks(w, i, &size);
        else
            give_back(w, s->dy);
        if (i > 0 && size.bytes < CACHE)
            continue;
        w->rows->group[w->rows->groups++] = (dpid_row_group){i, last, first_task, size.tasks - first_task};
        give_back_group(w, i, last);
        last = i - 1;
        first_task = size.tasks;
        size.bytes = 0;
    }
    w->rows->shared = line_up(w, w->rows->shared_start);
}

/* ---- all -------------------------------------------------------------------------------------------- */

static int32_t count_tasks(work *w)
{
    group_size size = {0};
    for (int32_t i = 0; i < w->count; i++)
        if (w->rows->step[i].dense)
            add_tasks(w, i, &size);
    return size.tasks;
}

static void find_widths(work *w)
{
    for (int32_t i = 0; i < w->count; i++) {
        const dpid_row_step *s = &w->rows->step[i];
        w->rows->wide = s->in > w->rows->wide ? s->in : w->rows->wide;
        w->rows->wide = s->out > w->rows->wide ? s->out : w->rows->wide;
    }
}

/* They live from the way forward to the way back. */
static int32_t make_masks(work *w, dpid_arena *arena)
{
    const deepid_net *net = w->net;
    const int64_t word = net->precision == DPID_P32 ? (int64_t)sizeof(int32_t) : (int64_t)sizeof(int64_t);
    /* no sum: the batch may be the largest int64 */
    const int64_t rows = w->plan->batch / DPID_MASK_ROWS + (w->plan->batch % DPID_MASK_ROWS != 0);
    DPID_TRY(dpid_arena_alloc(arena, w->rows->masks, sizeof *w->rows->mask, "net", &w->rows->mask));
    for (int32_t i = 0; i < w->count; i++) {
        const dpid_row_step *s = &w->rows->step[i];
        if (s->mask.type != DPID_PLACE_MASK)
            continue;
        dpid_row_mask *mask = &w->rows->mask[s->mask.at];
        mask->row = word * dpid_product_pad(s->out);
        DPID_TRY(dpid_arena_alloc(arena, rows, mask->row, "net", &mask->words));
    }
    return DEEPID_OK;
}

static int32_t fill(work *w, dpid_arena *brief)
{
    const deepid_net *net = w->net;
    dpid_arena *arena = &w->plan->arena;
    DPID_TRY(dpid_arena_alloc(arena, 1, sizeof *w->rows, "net", &w->rows));
    DPID_TRY(dpid_arena_alloc(arena, w->count, sizeof *w->rows->step, "net", &w->rows->step));
    DPID_TRY(dpid_arena_alloc(arena, w->count, sizeof *w->rows->group, "net", &w->rows->group));
    DPID_TRY(dpid_arena_alloc(arena, w->count, sizeof *w->rows->dense, "net", &w->rows->dense));
    DPID_TRY(dpid_arena_alloc(arena, 2 * w->count, sizeof *w->rows->own_start, "net", &w->rows->own_start));
    DPID_TRY(dpid_arena_alloc(arena, 2 * w->count, sizeof *w->rows->shared_start, "net", &w->rows->shared_start));
    DPID_TRY(dpid_arena_alloc(brief, w->count, sizeof *w->value, "net", &w->value));
    DPID_TRY(dpid_arena_alloc(brief, w->count, sizeof *w->gradient, "net", &w->gradient));
    DPID_TRY(dpid_arena_alloc(brief, 2 * w->count, sizeof *w->held, "net", &w->held));
    DPID_TRY(dpid_arena_alloc(brief, 2 * w->count, sizeof *w->width, "net", &w->width));
    plan_forward(w);
    DPID_TRY(make_masks(w, arena));
    list_denses(w);
    find_widths(w);
    w->rows->tasks = count_tasks(w);
    DPID_TRY(dpid_arena_alloc(arena, w->rows->tasks, sizeof *w->rows->task, "net", &w->rows->task));
    DPID_TRY(dpid_arena_alloc(arena, w->rows->tasks, sizeof *w->rows->squares, "net", &w->rows->squares));
    if (w->plan->train)
        plan_backward(w);
    for (int32_t i = 0; i < w->count; i++)
        if (inside(w, net->step[w->first + i].out) >= 0)
            w->plan->fusion.gradient[net->step[w->first + i].out] = false;
    return DEEPID_OK;
}

int32_t dpid_rows_make(const deepid_net *net, dpid_plan *plan, dpid_stage *stage)
{
    work w = {.net = net, .plan = plan, .first = stage->first, .count = stage->count};
    dpid_arena brief = {.ctx = net->head.ctx};
    const int32_t status = fill(&w, &brief);
    dpid_arena_release(&brief);
    stage->own = w.rows;
    return status;
}
