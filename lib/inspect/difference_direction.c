/* Directions along which steps are moved.   What and why: difference.h */
#include "inspect/difference_parts.h"

typedef dpid_wide wide;

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

static double scale_of(dpid_reach by, double deviation_, double x)
{
    switch (by) {
    case DPID_BY_ONE:
        return 1;
    case DPID_BY_UNIT:
        return 1 + fabs(x);
    case DPID_BY_ENTRY:
        return fmin(deviation_, 1) + fabs(x);
    default:
        return deviation_;
    }
}

/* The deviation of n entries, a stride apart, and its use. */
static void scale_entries(dpid_difference *d, int64_t first, int64_t n, int64_t stride, double all, dpid_reach by)
{
    const double own = deviation(d->base + first, n, stride);
    const double scale = by != DPID_BY_ROW ? sized(own, all) : own > 0 ? own : 1e-3 * (all > 0 ? fmin(all, 1) : 1);
    for (int64_t i = first; i < first + n * stride; i += stride)
        d->direction[i] *= scale_of(by, scale, d->base[i]);
}

void dpid_difference_draw(dpid_difference *d, uint32_t what, int64_t count, int64_t c, dpid_reach by, int32_t which)
{
    const double all = size(d->base, count);
    dpid_random r = dpid_random_make(d->seed + (uint64_t)which, DPID_STREAM_NOISE, what);
    for (int64_t i = 0; i < count; i++)
        d->direction[i] = sqrt(3) * (2 * dpid_random_uniform(&r) - 1) * (by == DPID_BY_SIZE && all > 0 ? all : 1);
    for (int64_t row = 0; row < count / c && by == DPID_BY_ROW; row++)
        scale_entries(d, row * c, c, 1, size(d->base + row * c, c), by);
    for (int64_t j = 0; j < c && by != DPID_BY_SIZE && by != DPID_BY_ROW; j++)
        scale_entries(d, j, count / c, c, all, by);
}

/* ---- the second way: every part moves the output as much as the others, if the gradient is right -------- */

/* effect: by how much the outputs' own size moves the loss; most: the largest output. */
static void measure_output(const dpid_difference *d, int32_t t, wide *effect, double *most)
{
    const deepid_net *net = d->batch->net;
    const int32_t v = net->step[t].out;
    const int64_t units = dpid_value_count(d->batch, v) / d->batch->n;
    wide squares = 0;
    *most = 0;
    for (int64_t first = 0; first < dpid_value_count(d->batch, v); first += units) {
        wide here = 0;
        wide slopes = 0;
        for (int64_t i = first; i < first + units; i++) {
            const wide dy = dpid_wide_at(d, dpid_net_value_gradient(net, v), i);
            here = fmaxl(here, fabsl(dpid_wide_at(d, dpid_net_value(net, v), i)));
            slopes += dy * dy;
        }
        squares += here * here * slopes;
        *most = fmax(*most, (double)here);
    }
    *effect = sqrtl(squares);
}

/* n entries, a stride apart, go at most as far as they did, or as far as `most`. */
static void level_entries(dpid_difference *d, const void *gradient, int64_t first, int64_t n, int64_t stride,
                          wide effect, double most)
{
    wide squares = 0;
    double far = 0;
    for (int64_t i = first; i < first + n * stride; i += stride) {
        squares += dpid_wide_at(d, gradient, i) * dpid_wide_at(d, gradient, i);
        far = fmax(far, fabs(d->direction[i]));
    }
    const double wanted = squares > 0 ? (double)(effect / sqrtl(squares)) : (double)INFINITY;
    const double factor = fmin(wanted, fmax(far, most)) / far;
    for (int64_t i = first; i < first + n * stride && far > 0; i += stride)
        d->direction[i] *= factor;
}

void dpid_difference_level(dpid_difference *d, int32_t t, int64_t count, int64_t c, dpid_reach by, const void *gradient)
{
    wide effect;
    double most;
    measure_output(d, t, &effect, &most);
    if (by == DPID_BY_SIZE)
        level_entries(d, gradient, 0, count, 1, effect, size(d->base, count) == 0 ? most : 0);
    for (int64_t row = 0; row < count / c && by == DPID_BY_ROW; row++)
        level_entries(d, gradient, row * c, c, 1, effect, 0);
    for (int64_t j = 0; j < c && by == DPID_BY_CHANNEL; j++)
        level_entries(d, gradient, j, count / c, c, effect, 0);
}

uint32_t dpid_difference_name(int32_t t, int32_t moved)
{
    return (uint32_t)(t * (DPID_OP_PARAMETERS_MAX + 2) + moved + 2);
}
