/* Differences of single steps.   What and why: difference.h */
#include "inspect/difference.h"

#include "net/join.h"
#include "net/stage.h"
#include "ops/loss.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Steps relative to the deviation of what is moved. The first that agrees ends the search: a right gradient agrees with some of them whatever the curvature, a wrong one with none. */
static const double steps[] = {1e-4, 1e-3, 1e-2, 1e-5, 1e-6, 1e-7};
enum { STEPS = sizeof steps / sizeof *steps, POINTS = 5 };
static const double points[POINTS] = {0, -2, -1, 1, 2};
static const double weights[POINTS] = {0, 1.0 / 12, -8.0 / 12, 8.0 / 12, -1.0 / 12}; /* of a fourth-order first derivative */
#define GOOD 1e-8
#define KINK 1e-3      /* an output whose second differences are more than this share of its first ones stands at a kink */
#define CANCELLED 1e-4 /* a gradient smaller than this share of its terms is compared with them instead */
#define ROUNDED 1e-7   /* what the rounding of the differences may amount to at most */

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

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int32_t dpid_difference_open(const dpid_batch *batch, int32_t directions, uint64_t seed, dpid_difference *out)
{
    const deepid_net *net = batch->net;
    int64_t most = 1;
    int64_t saved = 1;
    for (int32_t v = 0; v < net->values_count; v++)
        most = larger(most, dpid_value_count(batch, v));
    for (int32_t i = 0; i < net->parameters; i++)
        most = larger(most, net->parameter[i].count);
    for (int32_t i = 0; i < net->layers; i++)
        saved = larger(saved, net->layer[i].op.saved_fixed + batch->n * net->layer[i].op.saved_per_sample);
    *out = (dpid_difference){.batch = batch, .directions = directions, .seed = seed, .arena = {.ctx = net->head.ctx}};
    double **const arrays[] = {&out->base, &out->direction, &out->moved, &out->dx, &out->dy, &out->part, &out->y[0], &out->y[1], &out->y[2], &out->y[3], &out->y[4]};
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

static double deviation(const double *x, int64_t rows, int64_t c, int64_t j)
{
    double mean = 0;
    double squares = 0;
    for (int64_t i = 0; i < rows; i++)
        mean += x[i * c + j] / (double)rows;
    for (int64_t i = 0; i < rows; i++)
        squares += (x[i * c + j] - mean) * (x[i * c + j] - mean) / (double)rows;
    return sqrt(squares);
}

static double size(const double *x, int64_t n)
{
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += x[i] * x[i];
    return sqrt(squares / (double)n);
}

/* A channel that does not vary is moved a little. */
static double sized(double own, double all)
{
    return own > 1e-6 * all ? own : all > 0 ? 1e-3 * all : 1;
}

/* c channels, each by its own deviation: batch-norm sees each in its own measure. c = 0: all by their size. */
static void draw_direction(dpid_difference *d, uint32_t what, int64_t count, int64_t c, int32_t which)
{
    const double all = size(d->base, count);
    dpid_random r = dpid_random_make(d->seed + (uint64_t)which, DPID_STREAM_NOISE, what);
    for (int64_t i = 0; i < count; i++)
        d->direction[i] = sqrt(3) * (2 * dpid_random_uniform(&r) - 1) * (c > 0 || all == 0 ? 1 : all);
    for (int64_t j = 0; j < c; j++) {
        const double scale = sized(deviation(d->base, count / c, c, j), all);
        for (int64_t i = j; i < count; i += c)
            d->direction[i] *= scale;
    }
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

static bool at_kink(const dpid_difference *d, int64_t i)
{
    const double y = d->y[0][i];
    const double near = fabs(d->y[2][i] - 2 * y + d->y[3][i]);
    const double far = fabs(d->y[1][i] - 2 * y + d->y[4][i]);
    const double first = fabs(d->y[3][i] - d->y[2][i]) + fabs(d->y[4][i] - d->y[1][i]);
    return near + far > KINK * first + 64 * DBL_EPSILON * fabs(y);
}

static double inner(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static double share_of(double away, double size)
{
    return away == 0 ? 0 : away / size;
}

static double length_of_products(const double *a, const double *b, int64_t n)
{
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += a[i] * a[i] * b[i] * b[i];
    return sqrt(squares);
}

/* sum dy (difference of y)  against  <gradient, direction>, both without the outputs at a kink: what those send back is taken from the gradient by the step's own backward, which is linear
 * in dy. */
static double compare(dpid_difference *d, int32_t t, int32_t moved, int64_t count, const double *gradient, double h, double *excluded)
{
    const double *dy = dpid_net_value_gradient(d->batch->net, step_at(d, t)->out);
    const int64_t outputs = dpid_value_count(d->batch, step_at(d, t)->out);
    const bool kinked = moved == DPID_MOVE_INPUT && op_of(d, t) && (op_of(d, t)->kind->flags & DPID_KIND_KINKED);
    double got = 0;
    double terms = 0;
    double noise = 0;
    int64_t left_out = 0;
    evaluate(d, t, moved, count, h);
    for (int64_t i = 0; i < outputs; i++) {
        const bool out = kinked && at_kink(d, i);
        double slope = 0;
        for (int k = 1; k < POINTS; k++)
            slope += weights[k] * d->y[k][i];
        d->dy[i] = out ? dy[i] : 0;
        left_out += out;
        got += out ? 0 : dy[i] * slope / h;
        terms += out ? 0 : fabs(dy[i] * slope / h);
        noise += out ? 0 : dy[i] * d->y[0][i] * dy[i] * d->y[0][i];
    }
    double expected = inner(gradient, d->direction, count);
    if (left_out > 0) {
        run_backward(d, t, moved, d->dy, d->part);
        expected -= inner(d->part, d->direction, count);
    }
    const double share = (double)left_out / (double)outputs;
    *excluded = share > *excluded ? share : *excluded;
    const double rounding = 4 * DBL_EPSILON / h * sqrt(noise);
    const double against = fmax(length_of_products(gradient, d->direction, count), fmax(CANCELLED * terms, rounding / ROUNDED));
    return share_of(fabs(got - expected), against);
}

/* ---- checks ------------------------------------------------------------------------------------------- */

dpid_difference_result dpid_difference_check(dpid_difference *d, int32_t t, int32_t moved, const double *gradient)
{
    const deepid_net *net = d->batch->net;
    dpid_difference_result result = {0};
    const int64_t count = count_moved(d, t, moved);
    const dpid_shape *shape = moved < 0 ? &net->value[value_moved(d, t, moved)].shape : NULL;
    const void *from = moved < 0 ? dpid_net_value(net, value_moved(d, t, moved)) : dpid_net_parameter_at(net, net->layer[step_at(d, t)->layer].parameter[moved]);
    memcpy(d->base, from, (size_t)count * sizeof(double));
    for (int32_t which = 0; which < d->directions; which++) {
        double best = (double)INFINITY;
        draw_direction(d, name_of(t, moved), count, shape ? shape->extent[shape->rank - 1] : 0, which);
        for (int k = 0; k < STEPS && best > GOOD; k++) {
            const double error = compare(d, t, moved, count, gradient, steps[k], &result.excluded);
            best = isnan(error) || error < best ? error : best;
        }
        result.error = isnan(best) ? (double)INFINITY : fmax(best, result.error); /* forward and gradient of the batch are finite: NaN is a fault of the step */
    }
    return result;
}

/* ---- the loss --------------------------------------------------------------------------------------------- */

typedef struct {
    const dpid_difference *d;
    int64_t count;
    long double *z, *targets;
} loss_difference;

static long double loss_at(const loss_difference *l, double h)
{
    const dpid_batch *b = l->d->batch;
    const deepid_trainer *t = b->trainer;
    for (int64_t i = 0; i < l->count; i++)
        l->z[i] = (long double)l->d->base[i] + (long double)h * (long double)l->d->direction[i];
    dpid_loss_pass pass = {.option = t->loss_option, .n = b->n, .width = l->count / b->n, .z = l->z, .labels = t->labels, .targets = l->targets};
    t->loss->run[b->net->head.ctx->isa][DPID_P80](&pass);
    return (long double)pass.loss_sum / (long double)b->n;
}

/* The rounding of d loss / d output in f64 counts too: it is a difference of numbers up to 1 / n. */
static double compare_loss(const loss_difference *l, const double *gradient, double h)
{
    long double slope = 0;
    for (int k = 1; k < POINTS; k++)
        slope += (long double)weights[k] * loss_at(l, points[k] * h) / (long double)h;
    const double *direction = l->d->direction;
    const double rounding = 4 * DBL_EPSILON * (sqrt(inner(direction, direction, l->count)) / (double)l->d->batch->n + fabs(l->d->batch->loss) / h);
    return share_of(fabs((double)slope - inner(gradient, direction, l->count)), fmax(length_of_products(gradient, direction, l->count), rounding / ROUNDED));
}

int32_t dpid_difference_loss(dpid_difference *d, double *error)
{
    enum { LOSS = -1 };
    const deepid_net *net = d->batch->net;
    const int32_t out = net->step[net->steps - 1].out;
    loss_difference l = {.d = d, .count = dpid_value_count(d->batch, out)};
    const double *gradient = dpid_net_value_gradient(net, out);
    DPID_TRY(dpid_arena_alloc(&d->arena, l.count, sizeof *l.z, "probe", &l.z));
    DPID_TRY(dpid_arena_alloc(&d->arena, l.count, sizeof *l.targets, "probe", &l.targets));
    for (int64_t i = 0; d->batch->trainer->targets && i < l.count; i++)
        l.targets[i] = (long double)((const double *)d->batch->trainer->targets)[i];
    memcpy(d->base, dpid_net_value(net, out), (size_t)l.count * sizeof(double));
    *error = 0;
    for (int32_t which = 0; which < d->directions; which++) {
        double best = (double)INFINITY;
        draw_direction(d, name_of(net->steps, LOSS), l.count, l.count / d->batch->n, which);
        for (int k = 0; k < STEPS && best > GOOD; k++) {
            const double found = compare_loss(&l, gradient, steps[k]);
            best = isnan(found) || found < best ? found : best;
        }
        *error = isnan(best) ? (double)INFINITY : fmax(best, *error);
    }
    return DEEPID_OK;
}
