/* Differences of single steps.   What and why: difference.h */
#include "inspect/difference.h"

#include "base/numbers.h"
#include "net/join.h"
#include "net/pass.h"
#include "ops/loss.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Steps relative to the size of what is moved. The one whose difference is known best is compared: that choice does
   not look at the gradient. */
static const double steps[] = {1e-4, 1e-5, 1e-6, 1e-3, 1e-2, 1e-7, 1e-8, 1e-9, 1e-10};
enum { STEPS = sizeof steps / sizeof *steps, POINTS = 5 };
static const double points[POINTS] = {0, -2, -1, 1, 2};
static const double fourth[POINTS] = {0, 1.0 / 12, -8.0 / 12, 8.0 / 12, -1.0 / 12}; /* of a derivative */
static const double second[POINTS] = {0, 0, -1.0 / 2, 1.0 / 2, 0};
#define KNOWN 1e-8 /* a difference that is known as well as this ends the search */
#define KINK 1e-3  /* an output whose second differences are more than this share of its first ones stands at a kink */
#define CANCELLED 1e-4 /* a gradient smaller than this share of its terms is compared with them instead */
#define UNSURE 1e-7    /* the error that a difference as far off as it may be amounts to */

/* Sums in long double: numbers of a net that diverged may be so large that their squares leave the range of double. */
typedef long double wide;

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

int32_t dpid_difference_open(const dpid_batch *batch, int32_t directions, uint64_t seed, dpid_difference *out)
{
    const deepid_net *net = batch->net;
    int64_t most = 1;
    int64_t saved = 1;
    for (int32_t v = 0; v < net->values_count; v++)
        most = dpid_larger(most, dpid_value_count(batch, v));
    for (int32_t i = 0; i < net->parameters; i++)
        most = dpid_larger(most, net->parameter[i].count);
    for (int32_t i = 0; i < net->layers; i++)
        saved = dpid_larger(saved, net->layer[i].op.saved_fixed + batch->n * net->layer[i].op.saved_per_sample);
    *out = (dpid_difference){.batch = batch, .directions = directions, .seed = seed, .arena = {.ctx = net->head.ctx}};
    double **const arrays[] = {&out->base, &out->direction, &out->moved, &out->dx,   &out->dy,  &out->part,
                               &out->y[0], &out->y[1],      &out->y[2],  &out->y[3], &out->y[4]};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        DPID_TRY(dpid_arena_alloc(&out->arena, most, sizeof(double), "probe", arrays[i]));
    return dpid_arena_alloc(&out->arena, saved, sizeof(double), "probe", &out->saved);
}

void dpid_difference_close(dpid_difference *d)
{
    dpid_arena_release(&d->arena);
}

/* ---- one step, forward and backward ----------------------------------------------------------- */

static void run_forward(const dpid_difference *d, int32_t t, int32_t moved, double *x, double *y)
{
    const dpid_batch *b = d->batch;
    const deepid_net *net = b->net;
    deepid_ctx *ctx = net->head.ctx;
    const dpid_step *step = step_at(d, t);
    if (step->type == DPID_STEP_JOIN) {
        const void *in = moved == DPID_MOVE_INPUT ? x : dpid_net_value(net, step->in);
        const void *skip = moved == DPID_MOVE_SKIP ? x : dpid_net_value(net, step->skip);
        dpid_join_forward[ctx->isa][DPID_P64](dpid_ctx_pool(ctx), dpid_value_count(b, step->out), in, skip, step->s, y);
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

static void run_backward(const dpid_difference *d, int32_t t, int32_t moved, const double *dy, double *dx)
{
    const dpid_batch *b = d->batch;
    const dpid_step *step = step_at(d, t);
    if (step->type == DPID_STEP_JOIN) {
        const double factor = moved == DPID_MOVE_SKIP ? step->s : 1;
        for (int64_t i = 0; i < dpid_value_count(b, step->out); i++)
            dx[i] = factor * dy[i];
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

/* ---- directions: uniform numbers of variance 1, times the deviation of what is moved ------------- */

static double deviation(const double *x, int64_t n, int64_t stride)
{
    wide mean = 0;
    wide squares = 0;
    for (int64_t i = 0; i < n; i++)
        mean += (wide)x[i * stride] / (wide)n;
    for (int64_t i = 0; i < n; i++)
        squares += ((wide)x[i * stride] - mean) * ((wide)x[i * stride] - mean) / (wide)n;
    return (double)sqrtl(squares);
}

static double size(const double *x, int64_t n)
{
    wide squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += (wide)x[i] * (wide)x[i];
    return (double)sqrtl(squares / (wide)n);
}

/* A channel that does not vary is moved a little. */
static double sized(double own, double all)
{
    return own > 1e-6 * all ? own : all > 0 ? 1e-3 * all : 1;
}

/* How far entries of a direction reach. */
typedef enum {
    BY_SIZE,    /* parameters: all by their root mean square */
    BY_CHANNEL, /* values: each channel by its deviation, as batch-norm sees it */
    BY_ROW,     /* each row of channels by its deviation, as layernorm sees it */
    /* what an elementwise layer reads: by the entry itself, since bends are 1 wide wherever the others are */
    BY_ENTRY,
    BY_ONE /* what softmax reads: at most 1 */
} reach;

/* The deviation of n entries, a stride apart, and its use. */
static void scale_entries(dpid_difference *d, int64_t first, int64_t n, int64_t stride, double all, reach by)
{
    const double own = deviation(d->base + first, n, stride);
    const double scale = by != BY_ROW ? sized(own, all) : own > 0 ? own : 1e-3 * (all > 0 ? fmin(all, 1) : 1);
    for (int64_t i = first; i < first + n * stride; i += stride)
        d->direction[i] *=
            by == BY_CHANNEL || by == BY_ROW ? scale : fmin(scale, 1) + (by == BY_ENTRY ? fabs(d->base[i]) : 0);
}

static void draw_direction(dpid_difference *d, uint32_t what, int64_t count, int64_t c, reach by, int32_t which)
{
    const double all = size(d->base, count);
    dpid_random r = dpid_random_make(d->seed + (uint64_t)which, DPID_STREAM_NOISE, what);
    for (int64_t i = 0; i < count; i++)
        d->direction[i] = sqrt(3) * (2 * dpid_random_uniform(&r) - 1) * (by == BY_SIZE && all > 0 ? all : 1);
    for (int64_t row = 0; row < count / c && by == BY_ROW; row++)
        scale_entries(d, row * c, c, 1, size(d->base + row * c, c), by);
    for (int64_t j = 0; j < c && by != BY_SIZE && by != BY_ROW; j++)
        scale_entries(d, j, count / c, c, all, by);
}

static uint32_t name_of(int32_t t, int32_t moved)
{
    return (uint32_t)(t * (DPID_OP_PARAMETERS_MAX + 2) + moved + 2);
}

/* ---- one direction, one step size ------------------------------------------------------------------ */

static void evaluate(dpid_difference *d, int32_t t, int32_t moved, int64_t count, double h)
{
    for (int k = 0; k < POINTS; k++) {
        for (int64_t i = 0; i < count; i++)
            d->moved[i] = d->base[i] + points[k] * h * d->direction[i];
        run_forward(d, t, moved, d->moved, d->y[k]);
    }
}

/* |y(h) - 2 y + y(-h)|: h times the difference of the slopes on both sides. */
static double sides(const dpid_difference *d, int64_t i)
{
    return fabs(d->y[2][i] - 2 * d->y[0][i] + d->y[3][i]);
}

static bool at_kink(const dpid_difference *d, int64_t i)
{
    const double y = d->y[0][i];
    const double far = fabs(d->y[1][i] - 2 * y + d->y[4][i]);
    const double first = fabs(d->y[3][i] - d->y[2][i]) + fabs(d->y[4][i] - d->y[1][i]);
    return sides(d, i) + far > KINK * first + 64 * DBL_EPSILON * fabs(y);
}

static wide inner(const double *a, const double *b, int64_t n)
{
    wide sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (wide)a[i] * (wide)b[i];
    return sum;
}

static wide length_of_products(const double *a, const double *b, int64_t n)
{
    wide squares = 0;
    for (int64_t i = 0; i < n; i++) {
        const wide product = (wide)a[i] * (wide)b[i];
        squares += product * product;
    }
    return sqrtl(squares);
}

/* away = |difference - gradient| along a direction; size of the gradient; how far the difference may be off. */
typedef struct {
    wide away, size, unsure;
} comparison;

/* sum over outputs of dy (derivative of y), how well it is known, and its terms. */
typedef struct {
    wide got, terms, bend, rounding;
    int64_t left_out;
} slopes;

static wide derivative(const dpid_difference *d, int64_t i, const double *weights, double h)
{
    wide slope = 0;
    for (int k = 1; k < POINTS; k++)
        slope += (wide)weights[k] * (wide)d->y[k][i];
    return slope / (wide)h;
}

/* The derivative of second order tells how curved y is, at a small kink the sides do; one sample's largest output
   tells how y rounds. d->dy keeps what is left out. */
static void sum_sample(dpid_difference *d, const double *dy, int64_t first, int64_t n, bool kinked, double h, slopes *s)
{
    double most = 0;
    wide squares = 0;
    for (int64_t i = first; i < first + n; i++) {
        const bool out = kinked && at_kink(d, i);
        d->dy[i] = out ? dy[i] : 0;
        s->left_out += out;
        most = fmax(most, fabs(d->y[0][i]));
        if (out)
            continue;
        const wide term = (wide)dy[i] * derivative(d, i, fourth, h);
        const wide bend = fabsl(term - (wide)dy[i] * derivative(d, i, second, h)) +
                          (kinked ? fabsl((wide)dy[i] * (wide)sides(d, i) / (wide)h) : 0);
        s->got += term;
        s->terms += fabsl(term);
        s->bend += bend * bend;
        squares += (wide)dy[i] * (wide)dy[i];
    }
    s->rounding += squares * (wide)most * (wide)most;
}

/* Difference and gradient without the outputs at a kink: what those send back is taken from the gradient by the
   step's own backward, which is linear in dy. */
static comparison compare(dpid_difference *d, int32_t t, int32_t moved, int64_t count, const double *gradient, double h,
                          double *excluded)
{
    const double *dy = dpid_net_value_gradient(d->batch->net, step_at(d, t)->out);
    const int64_t outputs = dpid_value_count(d->batch, step_at(d, t)->out);
    const int64_t units = outputs / d->batch->n;
    const bool kinked = moved == DPID_MOVE_INPUT && op_of(d, t) && (op_of(d, t)->kind->flags & DPID_KIND_KINKED);
    slopes s = {0};
    evaluate(d, t, moved, count, h);
    for (int64_t i = 0; i < outputs; i += units)
        sum_sample(d, dy, i, units, kinked, h, &s);
    wide expected = inner(gradient, d->direction, count);
    if (s.left_out > 0) {
        run_backward(d, t, moved, d->dy, d->part);
        expected -= inner(d->part, d->direction, count);
    }
    *excluded = fmax(*excluded, (double)s.left_out / (double)outputs);
    const wide subnormal = DBL_TRUE_MIN * sqrtl(inner(d->direction, d->direction, count)); /* of the gradient */
    const wide rounding =
        4 * (DBL_EPSILON / (wide)h * (sqrtl(s.rounding) + length_of_products(gradient, d->base, count)) + subnormal);
    return (comparison){fabsl(s.got - expected),
                        fmaxl(length_of_products(gradient, d->direction, count), CANCELLED * s.terms),
                        rounding + sqrtl(s.bend)};
}

/* Known better than `best`: relative to the gradient. The first is always taken. */
static bool is_better(const comparison *c, const comparison *best, int k)
{
    return k == 0 || c->unsure * best->size < best->unsure * c->size;
}

/* Forward and gradient of the batch are finite: NaN is a fault of the step. */
static void judge(const comparison *c, dpid_difference_result *result)
{
    const double error = c->away == 0 ? 0 : (double)(c->away / fmaxl(c->size, c->unsure / UNSURE));
    const double resolution = c->unsure == 0 ? 0 : (double)(c->unsure / c->size);
    result->error = isnan(error) || isnan((double)c->away) ? (double)INFINITY : fmax(error, result->error);
    result->resolution = fmax(resolution, result->resolution);
}

/* ---- checks ------------------------------------------------------------------------------------------- */

static reach reach_of(const dpid_op *op, int32_t moved)
{
    if (moved >= 0)
        return BY_SIZE;
    if (!op)
        return BY_CHANNEL;
    const uint32_t flags = op->kind->flags;
    const bool rows = (flags & DPID_KIND_NORM) && !(flags & DPID_KIND_BATCH);
    return flags & DPID_KIND_ELEMENTWISE ? BY_ENTRY : rows ? BY_ROW : BY_CHANNEL;
}

dpid_difference_result dpid_difference_check(dpid_difference *d, int32_t t, int32_t moved, const double *gradient)
{
    const deepid_net *net = d->batch->net;
    dpid_difference_result result = {0};
    const int64_t count = count_moved(d, t, moved);
    const dpid_shape *shape = moved < 0 ? &net->value[value_moved(d, t, moved)].shape : NULL;
    const int64_t channels = shape ? shape->extent[shape->rank - 1] : 1;
    const void *from = moved < 0 ? dpid_net_value(net, value_moved(d, t, moved))
                                 : dpid_net_parameter_at(net, net->layer[step_at(d, t)->layer].parameter[moved]);
    memcpy(d->base, from, (size_t)count * sizeof(double));
    for (int32_t which = 0; which < d->directions; which++) {
        comparison best = {0};
        draw_direction(d, name_of(t, moved), count, channels, reach_of(op_of(d, t), moved), which);
        for (int k = 0; k < STEPS && (k == 0 || !(best.unsure <= KNOWN * best.size)); k++) {
            const comparison found = compare(d, t, moved, count, gradient, steps[k], &result.excluded);
            best = is_better(&found, &best, k) ? found : best;
        }
        judge(&best, &result);
    }
    return result;
}

/* ---- the loss --------------------------------------------------------------------------------------------- */

typedef struct {
    const dpid_difference *d;
    int64_t count;
    wide *z, *targets;
} loss_difference;

static wide loss_at(const loss_difference *l, double h)
{
    const dpid_batch *b = l->d->batch;
    const deepid_trainer *t = b->trainer;
    for (int64_t i = 0; i < l->count; i++)
        l->z[i] = (wide)l->d->base[i] + (wide)h * (wide)l->d->direction[i];
    dpid_loss_pass pass = {.option = t->loss_option,
                           .n = b->n,
                           .width = l->count / b->n,
                           .z = l->z,
                           .labels = t->labels,
                           .targets = l->targets};
    t->loss->run[b->net->head.ctx->isa][DPID_P80](&pass);
    return (wide)pass.loss_sum / (wide)b->n;
}

/* The rounding of d loss / d output in f64 counts too: it is a difference of numbers up to 1 / n, of exponentials of
   z. */
static comparison compare_loss(const loss_difference *l, const double *gradient, double h)
{
    const double *direction = l->d->direction;
    wide slope = 0;
    wide rough = 0;
    for (int k = 1; k < POINTS; k++) {
        const wide loss = loss_at(l, points[k] * h) / (wide)h;
        slope += (wide)fourth[k] * loss;
        rough += (wide)second[k] * loss;
    }
    const wide size_ = length_of_products(gradient, direction, l->count);
    double most = 0;
    for (int64_t i = 0; i < l->count; i++)
        most = fmax(most, fabs(l->d->base[i]));
    const wide rounding = 4 * DBL_EPSILON *
                          ((1 + (wide)most) * sqrtl(inner(direction, direction, l->count)) / (wide)l->d->batch->n +
                           fabsl((wide)l->d->batch->loss) / (wide)h);
    return (comparison){fabsl(slope - inner(gradient, direction, l->count)), size_, rounding + fabsl(slope - rough)};
}

int32_t dpid_difference_loss(dpid_difference *d, dpid_difference_result *result)
{
    enum { LOSS = -1 };
    const deepid_net *net = d->batch->net;
    const int32_t out = net->step[net->steps - 1].out;
    loss_difference l = {.d = d, .count = dpid_value_count(d->batch, out)};
    const double *gradient = dpid_net_value_gradient(net, out);
    DPID_TRY(dpid_arena_alloc(&d->arena, l.count, sizeof *l.z, "probe", &l.z));
    DPID_TRY(dpid_arena_alloc(&d->arena, l.count, sizeof *l.targets, "probe", &l.targets));
    for (int64_t i = 0; d->batch->trainer->targets && i < l.count; i++)
        l.targets[i] = (wide)((const double *)d->batch->trainer->targets)[i];
    memcpy(d->base, dpid_net_value(net, out), (size_t)l.count * sizeof(double));
    *result = (dpid_difference_result){0};
    for (int32_t which = 0; which < d->directions; which++) {
        comparison best = {0};
        draw_direction(d, name_of(net->steps, LOSS), l.count, l.count / d->batch->n,
                       d->batch->trainer->labels ? BY_ONE : BY_CHANNEL, which);
        for (int k = 0; k < STEPS && (k == 0 || !(best.unsure <= KNOWN * best.size)); k++) {
            const comparison found = compare_loss(&l, gradient, steps[k]);
            best = is_better(&found, &best, k) ? found : best;
        }
        judge(&best, result);
    }
    return DEEPID_OK;
}
