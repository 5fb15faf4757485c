/* Differences of single steps.   What and why: difference.h */
#include "inspect/difference_parts.h"

#include "base/numbers.h"
#include "net/gate.h"
#include "net/join.h"
#include "net/pass.h"

typedef dpid_wide wide;

#define KINK 1e-3 /* an output whose second differences are more than this share of its first ones stands at a kink */
#define CANCELLED 1e-4 /* a gradient smaller than this share of its terms is compared with them instead */
#define AGREED 0.1     /* two step sizes agree when they differ by less than this share of what they show */
#define UNSURE 1e-7    /* the error that a difference as far off as it may be amounts to */

/* ---- places ------------------------------------------------------------------------------ */

static const dpid_step *step_at(const dpid_difference *d, int32_t t)
{
    return &d->batch->net->step[t];
}

static const dpid_op *op_of(const dpid_difference *d, int32_t t)
{
    const dpid_step *step = step_at(d, t);
    return step->type == DPID_STEP_LAYER ? &d->batch->net->layer[step->layer].op : NULL;
}

static int32_t value_moved(const dpid_difference *d, int32_t t, int32_t moved)
{
    return moved == DPID_MOVE_SKIP ? step_at(d, t)->skip : step_at(d, t)->in;
}

static const dpid_parameter *parameter_moved(const dpid_difference *d, int32_t t, int32_t moved)
{
    return &d->batch->net->parameter[d->batch->net->layer[step_at(d, t)->layer].parameter[moved]];
}

static int64_t count_moved(const dpid_difference *d, int32_t t, int32_t moved)
{
    return moved >= 0 ? parameter_moved(d, t, moved)->count : dpid_value_count(d->batch, value_moved(d, t, moved));
}

static wide epsilon(const dpid_difference *d)
{
    return d->batch->net->precision == DPID_P80 ? (wide)LDBL_EPSILON : (wide)DBL_EPSILON;
}

int32_t dpid_difference_open(const dpid_batch *batch, int32_t directions, uint64_t seed, dpid_difference *out)
{
    const deepid_net *net = batch->net;
    const int64_t bytes = dpid_precision_bytes(net->precision);
    int64_t most = 1;
    int64_t saved = 1;
    for (int32_t v = 0; v < net->values_count; v++)
        most = dpid_larger(most, dpid_value_count(batch, v));
    for (int32_t i = 0; i < net->parameters; i++)
        most = dpid_larger(most, net->parameter[i].count);
    for (int32_t i = 0; i < net->layers; i++)
        saved = dpid_larger(saved, net->layer[i].op.saved_fixed + batch->n * net->layer[i].op.saved_per_sample);
    *out = (dpid_difference){.batch = batch, .directions = directions, .seed = seed, .arena = {.ctx = net->head.ctx}};
    void **const arrays[] = {&out->moved, &out->dx,   &out->dy,   &out->part, &out->y[0],
                             &out->y[1],  &out->y[2], &out->y[3], &out->y[4]};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        DPID_TRY(dpid_arena_alloc(&out->arena, most, bytes, "probe", arrays[i]));
    DPID_TRY(dpid_arena_alloc(&out->arena, most, sizeof(double), "probe", &out->base));
    DPID_TRY(dpid_arena_alloc(&out->arena, most, sizeof(double), "probe", &out->direction));
    return dpid_arena_alloc(&out->arena, saved, bytes, "probe", &out->saved);
}

void dpid_difference_close(dpid_difference *d)
{
    dpid_arena_release(&d->arena);
    dpid_batch_close(&d->twin);
}

wide dpid_difference_inner(const dpid_difference *d, const void *a, const double *b, int64_t n)
{
    wide sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += dpid_wide_at(d, a, i) * (wide)b[i];
    return sum;
}

wide dpid_difference_length(const dpid_difference *d, const void *a, const double *b, int64_t n)
{
    wide squares = 0;
    for (int64_t i = 0; i < n; i++) {
        const wide product = dpid_wide_at(d, a, i) * (wide)b[i];
        squares += product * product;
    }
    return sqrtl(squares);
}

/* ---- one step, forward and backward ----------------------------------------------------------- */

static void run_forward(const dpid_difference *d, int32_t t, int32_t moved, void *x, void *y)
{
    const dpid_batch *b = d->batch;
    const deepid_net *net = b->net;
    deepid_ctx *ctx = net->head.ctx;
    const dpid_step *step = step_at(d, t);
    const void *in = moved == DPID_MOVE_INPUT ? x : dpid_net_value(net, step->in);
    const void *skip = moved == DPID_MOVE_SKIP ? x : dpid_net_value(net, step->skip);
    if (step->type == DPID_STEP_GATE) {
        dpid_gate_forward[ctx->isa][net->precision](dpid_ctx_pool(ctx), dpid_value_count(b, step->out), in, skip, y);
        return;
    }
    if (step->type == DPID_STEP_JOIN) {
        dpid_join_forward[ctx->isa][net->precision](dpid_ctx_pool(ctx), dpid_value_count(b, step->out), in, skip,
                                                    step->s, y);
        return;
    }
    dpid_pass pass = dpid_pass_of(net, step, b->mode, b->n);
    if (moved == DPID_MOVE_INPUT)
        pass.x = x;
    else
        pass.parameter[moved] = x;
    pass.y = y;
    pass.saved = d->saved;
    dpid_kernels_of(net, step)->forward(&pass);
}

static void run_backward(const dpid_difference *d, int32_t t, int32_t moved, const void *dy, void *dx)
{
    const dpid_batch *b = d->batch;
    const dpid_step *step = step_at(d, t);
    if (step->type == DPID_STEP_JOIN) {
        const double factor = moved == DPID_MOVE_SKIP ? step->s : 1;
        for (int64_t i = 0; i < dpid_value_count(b, step->out); i++)
            dpid_wide_put(d, dx, i, (wide)factor * dpid_wide_at(d, dy, i));
        return;
    }
    if (step->type == DPID_STEP_GATE) {
        const void *other = dpid_net_value(b->net, moved == DPID_MOVE_SKIP ? step->in : step->skip);
        for (int64_t i = 0; i < dpid_value_count(b, step->out); i++)
            dpid_wide_put(d, dx, i, dpid_wide_at(d, dy, i) * dpid_wide_at(d, other, i));
        return;
    }
    dpid_pass pass = dpid_pass_of(b->net, step, b->mode, b->n);
    pass.dy = dy;
    pass.dx = dx;
    dpid_kernels_of(b->net, step)->backward(&pass);
}

void dpid_difference_backward(dpid_difference *d, int32_t t, int32_t moved)
{
    run_backward(d, t, moved, dpid_net_value_gradient(d->batch->net, step_at(d, t)->out), d->dx);
}

/* ---- one direction, one step size ------------------------------------------------------------------ */

static void evaluate(dpid_difference *d, int32_t t, int32_t moved, int64_t count, double h)
{
    for (int k = 0; k < DPID_POINTS; k++) {
        for (int64_t i = 0; i < count; i++)
            dpid_wide_put(d, d->moved, i, (wide)d->base[i] + (wide)(dpid_points[k] * h) * (wide)d->direction[i]);
        run_forward(d, t, moved, d->moved, d->y[k]);
    }
}

/* |y(h) - 2 y + y(-h)|: h times the difference of the slopes on both sides. */
static wide sides(const dpid_difference *d, int64_t i)
{
    return fabsl(dpid_wide_at(d, d->y[2], i) - 2 * dpid_wide_at(d, d->y[0], i) + dpid_wide_at(d, d->y[3], i));
}

static bool at_kink(const dpid_difference *d, int64_t i)
{
    const wide y = dpid_wide_at(d, d->y[0], i);
    const wide before = dpid_wide_at(d, d->y[1], i);
    const wide behind = dpid_wide_at(d, d->y[4], i);
    const wide first = fabsl(dpid_wide_at(d, d->y[3], i) - dpid_wide_at(d, d->y[2], i)) + fabsl(behind - before);
    return sides(d, i) + fabsl(before - 2 * y + behind) > KINK * first + 64 * epsilon(d) * fabsl(y);
}

static wide length(const double *x, int64_t n)
{
    wide squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += (wide)x[i] * (wide)x[i];
    return sqrtl(squares);
}

static wide away(const dpid_comparison *c)
{
    return fabsl(c->got - c->expected);
}

/* sum over outputs of dy (derivative of y), how well it is known, and its terms. */
typedef struct {
    wide got, terms, bend, rounding;
    int64_t left_out;
} slopes;

static wide derivative(const dpid_difference *d, int64_t i, const double *weights, double h)
{
    wide slope = 0;
    for (int k = 1; k < DPID_POINTS; k++)
        slope += (wide)weights[k] * dpid_wide_at(d, d->y[k], i);
    return slope / (wide)h;
}

/* The derivative of second order tells how curved y is, at a small kink the sides do. How y rounds, an elementwise
   layer's output tells itself, else one sample's largest output. d->dy keeps what is left out. */
static void sum_sample(dpid_difference *d, const void *dys, int64_t first, int64_t n, uint32_t flags, double h,
                       slopes *s)
{
    const bool kinked = flags & DPID_KIND_KINKED;
    wide most = 0;
    for (int64_t i = first; i < first + n; i++)
        most = fmaxl(most, fabsl(dpid_wide_at(d, d->y[0], i)));
    for (int64_t i = first; i < first + n; i++) {
        const wide dy = dpid_wide_at(d, dys, i);
        const bool out = kinked && at_kink(d, i);
        dpid_wide_put(d, d->dy, i, out ? dy : 0);
        s->left_out += out;
        if (out)
            continue;
        const wide term = dy * derivative(d, i, dpid_fourth, h);
        const wide bend =
            fabsl(term - dy * derivative(d, i, dpid_second, h)) + (kinked ? fabsl(dy * sides(d, i) / (wide)h) : 0);
        const wide rounds = dy * (flags & DPID_KIND_ELEMENTWISE ? dpid_wide_at(d, d->y[0], i) : most);
        s->got += term;
        s->terms += fabsl(term);
        s->bend += bend * bend;
        s->rounding += rounds * rounds;
    }
}

static uint32_t flags_of(const dpid_difference *d, int32_t t, int32_t moved)
{
    const dpid_op *op = op_of(d, t);
    const uint32_t flags = op ? op->kind->flags : 0;
    return moved == DPID_MOVE_INPUT ? flags : flags & ~(uint32_t)DPID_KIND_KINKED;
}

/* Difference and gradient without the outputs at a kink: what those send back is taken from the gradient by the
   step's own backward, which is linear in dy. */
static dpid_comparison compare(dpid_difference *d, int32_t t, int32_t moved, int64_t count, const void *gradient,
                               double h, double *excluded)
{
    const void *dy = dpid_net_value_gradient(d->batch->net, step_at(d, t)->out);
    const int64_t outputs = dpid_value_count(d->batch, step_at(d, t)->out);
    const int64_t units = outputs / d->batch->n;
    slopes s = {0};
    evaluate(d, t, moved, count, h);
    for (int64_t i = 0; i < outputs; i += units)
        sum_sample(d, dy, i, units, flags_of(d, t, moved), h, &s);
    wide expected = dpid_difference_inner(d, gradient, d->direction, count);
    if (s.left_out > 0) {
        run_backward(d, t, moved, d->dy, d->part);
        expected -= dpid_difference_inner(d, d->part, d->direction, count);
    }
    *excluded = fmax(*excluded, (double)s.left_out / (double)outputs);
    const wide subnormal = DBL_TRUE_MIN * length(d->direction, count); /* of the gradient */
    const wide rounding =
        4 *
        (epsilon(d) / (wide)h * (sqrtl(s.rounding) + dpid_difference_length(d, gradient, d->base, count)) + subnormal);
    return (dpid_comparison){s.got, expected,
                             fmaxl(dpid_difference_length(d, gradient, d->direction, count), CANCELLED * s.terms),
                             rounding + sqrtl(s.bend), rounding};
}

/* Known better than `best`: relative to the gradient. The first is always taken. */
bool dpid_comparison_is_better(const dpid_comparison *c, const dpid_comparison *best, int k)
{
    return k == 0 || c->unsure * best->size < best->unsure * c->size;
}

/* Forward and gradient of the batch are finite: NaN is a fault of the step. */
static double error_of(const dpid_comparison *c)
{
    const wide off = away(c);
    const double error = off == 0 ? 0 : (double)(off / fmaxl(c->size, c->unsure / UNSURE));
    return isnan(error) || isnan((double)off) ? (double)INFINITY : error;
}

bool dpid_comparison_is_suspect(const dpid_comparison *c)
{
    return error_of(c) > DPID_SUSPECT;
}

void dpid_comparison_judge(const dpid_comparison *c, bool agreed, dpid_difference_result *result)
{
    const double known = c->unsure == 0 || away(c) == 0 ? 0 : (double)(c->unsure / c->size);
    result->error = fmax(error_of(c), result->error);
    result->resolution = fmax(agreed ? known : (double)INFINITY, result->resolution);
}

/* A difference that grows as the step shrinks (y jumps as far whatever the step) is none, however small it is beside
   the gradient: two step sizes have to agree to a tenth of what is off, and of the difference itself. */
bool dpid_comparison_agrees(const dpid_comparison *a, const dpid_comparison *b)
{
    const wide gap = fabsl((a->got - a->expected) - (b->got - b->expected));
    const wide change = fabsl(a->got - b->got);
    return gap <= AGREED * away(a) &&
           change <= AGREED * fabsl(a->got) + a->rounding + b->rounding + fabsl(a->expected - b->expected);
}

/* ---- checks ------------------------------------------------------------------------------------------- */

static dpid_reach reach_of(const dpid_op *op, int32_t moved, bool second)
{
    if (moved >= 0)
        return DPID_BY_SIZE;
    if (!op)
        return DPID_BY_CHANNEL;
    const uint32_t flags = op->kind->flags;
    const bool rows = (flags & DPID_KIND_NORM) && !(flags & DPID_KIND_BATCH);
    if (flags & DPID_KIND_ELEMENTWISE)
        return second && !(flags & DPID_KIND_KINKED) ? DPID_BY_UNIT : DPID_BY_ENTRY;
    return rows ? DPID_BY_ROW : DPID_BY_CHANNEL;
}

static void check_direction(dpid_difference *d, int32_t t, int32_t moved, int64_t count, const void *gradient,
                            dpid_difference_result *result)
{
    dpid_comparison best = {0};
    int which = 0;
    for (int k = 0; k < DPID_STEPS && (k == 0 || !(best.unsure <= DPID_KNOWN * best.size)); k++) {
        const dpid_comparison found = compare(d, t, moved, count, gradient, dpid_steps[k], &result->excluded);
        which = dpid_comparison_is_better(&found, &best, k) ? k : which;
        best = which == k ? found : best;
    }
    bool agreed = true;
    if (dpid_comparison_is_suspect(&best)) {
        const dpid_comparison other =
            compare(d, t, moved, count, gradient, DPID_CLOSER * dpid_steps[which], &result->excluded);
        agreed = dpid_comparison_agrees(&best, &other);
    }
    dpid_comparison_judge(&best, agreed, result);
}

dpid_difference_result dpid_difference_check(dpid_difference *d, int32_t t, int32_t moved, const void *gradient)
{
    const deepid_net *net = d->batch->net;
    dpid_difference_result result = {0};
    const int64_t count = count_moved(d, t, moved);
    const dpid_shape *shape = moved < 0 ? &net->value[value_moved(d, t, moved)].shape : NULL;
    const int64_t channels = shape ? shape->extent[shape->rank - 1] : 1;
    const dpid_reach by = reach_of(op_of(d, t), moved, d->second);
    const void *from = moved < 0 ? dpid_net_value(net, value_moved(d, t, moved))
                                 : dpid_net_parameter_at(net, net->layer[step_at(d, t)->layer].parameter[moved]);
    for (int64_t i = 0; i < count; i++)
        d->base[i] = (double)dpid_wide_at(d, from, i);
    for (int32_t which = 0; which < d->directions; which++) {
        dpid_difference_draw(d, dpid_difference_name(t, moved), count, channels, by, which);
        if (d->second)
            dpid_difference_level(d, t, count, channels, by, gradient);
        check_direction(d, t, moved, count, gradient, &result);
    }
    return result;
}
