/* Is backward the gradient of forward? This looks at one step of a net at a time, in f64, at the values that flow
   through it. It takes fourth-order differences of the step's forward along random directions and holds them against
   its gradients. A net's gradient is a chain of steps, so right steps and right sums (gradient_check.c) make a right
   gradient. Differences of the whole net are not needed; in a deep one chaos and kinks would spoil them. */
#ifndef DPID_INSPECT_DIFFERENCE_H
#define DPID_INSPECT_DIFFERENCE_H

#include "inspect/batch.h"

/* Two ways to look, for a fault that one alone shows may be one of the differences:
   first    a step of the f64 net; directions by what the step reads (its size, its deviations)
   second   the step's twin in long double on the same values, its own gradient in long double, other directions: each
            part of what is moved goes as far as the gradient says that it moves the output as much as the others do.
            So a dead channel before a batch-norm, whose eps of 1e-5 is all its deviation, moves by 1e-3, and its
            neighbour of size 1e24 by 1e24. And two step sizes have to agree */
typedef struct {
    const dpid_batch *batch; /* f64 (second way: or long double), every value and gradient kept; a backward has run */
    int32_t directions;
    uint64_t seed;
    bool second;
    dpid_batch twin; /* second: the batch, else empty */
    dpid_arena arena;
    double *base, *direction;
    void *moved, *y[5], *dx, *dy, *part, *saved; /* of the batch's precision; y at h = 0, -2, -1, 1, 2 */
} dpid_difference;

/* Which input of a step is moved by a small amount. */
enum { DPID_MOVE_INPUT = -1, DPID_MOVE_SKIP = -2 }; /* or a parameter, 0.. */

typedef struct {
    /* largest over the directions of |difference - gradient| / size of the gradient. Where rounding hides the
       difference, the denominator is raised so that this alone gives no more than 1e-7 */
    double error;
    double excluded; /* largest share of outputs that stood at a kink and were left out */
    /* How well the differences are known, relative to the gradient: smaller errors cannot be seen. Infinity: two step
       sizes do not agree */
    double resolution;
} dpid_difference_result;

int32_t dpid_difference_open(const dpid_batch *batch, int32_t directions, uint64_t seed, dpid_difference *out);
/* The second way to look at the same batch. In long double where a forward takes no more than seconds, else in f64.
   *out stays where it is. */
int32_t dpid_difference_open_second(const dpid_batch *batch, int32_t directions, uint64_t seed, dpid_difference *out);
void dpid_difference_close(dpid_difference *d);
/* The gradient of the loss in what step t reads (its input or its skip), by the step's own backward, into d->dx (of the
   batch's precision). */
void dpid_difference_backward(dpid_difference *d, int32_t t, int32_t moved);
/* Holds differences of step t against `gradient`, of the batch's precision, which is that of its input (n samples),
   its skip or a parameter. */
dpid_difference_result dpid_difference_check(dpid_difference *d, int32_t t, int32_t moved, const void *gradient);
/* The same against what the step's own backward says: the second way. */
dpid_difference_result dpid_difference_check_own(dpid_difference *d, int32_t t, int32_t moved);
/* Holds differences of the loss against d loss / d output. They are taken in long double, since a small loss is a
   small difference of large numbers. Of an f64 batch; directions by this seed. */
int32_t dpid_difference_loss(dpid_difference *d, uint64_t seed, dpid_difference_result *result);

#endif
