/* Differences of the loss, in long double.   What and why: difference.h */
#include "inspect/difference_parts.h"

#include "ops/loss.h"

#include <string.h>

typedef dpid_wide wide;

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

/* The rounding of d loss / d output in f64 counts too. It is a difference of numbers up to 1 / n, of exponentials of z;
   where softmax is saturated (n |g| is 0 or 1), z does not matter. */
static wide rounding_of_gradient(const loss_difference *l, const double *gradient)
{
    const wide n = (wide)l->d->batch->n;
    wide most = 0;
    wide squares = 0;
    for (int64_t i = 0; i < l->count; i++)
        most = fmaxl(most, fabsl((wide)l->d->base[i]));
    for (int64_t i = 0; i < l->count; i++) {
        const wide g = fabsl((wide)gradient[i]);
        const wide off = l->d->batch->trainer->labels ? g * (1 + most * fabsl(1 - n * g)) : (1 + most) / n;
        squares += off * off * (wide)l->d->direction[i] * (wide)l->d->direction[i];
    }
    return sqrtl(squares);
}

static dpid_comparison compare_loss(const loss_difference *l, const double *gradient, double h)
{
    const double *direction = l->d->direction;
    wide slope = 0;
    wide rough = 0;
    for (int k = 1; k < DPID_POINTS; k++) {
        const wide loss = loss_at(l, dpid_points[k] * h) / (wide)h;
        slope += (wide)dpid_fourth[k] * loss;
        rough += (wide)dpid_second[k] * loss;
    }
    const wide rounding =
        4 * DBL_EPSILON * (rounding_of_gradient(l, gradient) + fabsl((wide)l->d->batch->loss) / (wide)h);
    return (dpid_comparison){slope, dpid_difference_inner(l->d, gradient, direction, l->count),
                             dpid_difference_length(l->d, gradient, direction, l->count),
                             rounding + fabsl(slope - rough), rounding};
}

static void check_loss(const loss_difference *l, const double *gradient, dpid_difference_result *result)
{
    dpid_comparison best = {0};
    int which = 0;
    for (int k = 0; k < DPID_STEPS && (k == 0 || !(best.unsure <= DPID_KNOWN * best.size)); k++) {
        const dpid_comparison found = compare_loss(l, gradient, dpid_steps[k]);
        which = dpid_comparison_is_better(&found, &best, k) ? k : which;
        best = which == k ? found : best;
    }
    bool agreed = true;
    if (dpid_comparison_is_suspect(&best)) {
        const dpid_comparison other = compare_loss(l, gradient, DPID_CLOSER * dpid_steps[which]);
        agreed = dpid_comparison_agrees(&best, &other);
    }
    dpid_comparison_judge(&best, agreed, result);
}

int32_t dpid_difference_loss(dpid_difference *d, uint64_t seed, dpid_difference_result *result)
{
    enum { LOSS = -1 };
    const deepid_net *net = d->batch->net;
    const int32_t out = net->step[net->steps - 1].out;
    loss_difference l = {.d = d, .count = dpid_value_count(d->batch, out)};
    const double *gradient = dpid_net_value_gradient(net, out);
    const uint64_t own = d->seed;
    DPID_TRY(dpid_arena_alloc(&d->arena, l.count, sizeof *l.z, "probe", &l.z));
    DPID_TRY(dpid_arena_alloc(&d->arena, l.count, sizeof *l.targets, "probe", &l.targets));
    for (int64_t i = 0; d->batch->trainer->targets && i < l.count; i++)
        l.targets[i] = (wide)((const double *)d->batch->trainer->targets)[i];
    memcpy(d->base, dpid_net_value(net, out), (size_t)l.count * sizeof(double));
    *result = (dpid_difference_result){0};
    d->seed = seed;
    for (int32_t which = 0; which < d->directions; which++) {
        dpid_difference_draw(d, dpid_difference_name(net->steps, LOSS), l.count, l.count / d->batch->n,
                             !d->batch->trainer->labels ? DPID_BY_CHANNEL
                             : seed == own              ? DPID_BY_ONE
                                                        : DPID_BY_UNIT,
                             which);
        check_loss(&l, gradient, result);
    }
    d->seed = own;
    return DEEPID_OK;
}
