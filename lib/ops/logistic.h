/* The logistic function s(x) = 1 / (1 + e^-x), which several activations contain; relative accuracy on both sides,
   for e^-|x| never overflows. */
#ifndef DPID_OPS_LOGISTIC_H
#define DPID_OPS_LOGISTIC_H

#include "tensor/elementary.h"
#include "tensor/real.h"

static inline real logistic(real x)
{
    const real e = DPID_EXP(-(real)fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

/* x, but no further left than where s(x) and its like have long been 0: 0 times -infinity would be NaN. */
static inline real not_below(real x)
{
    return x < -20000 ? -20000 : x;
}

/* On both sides, for a factor of what is 0 there: that of a square would be infinite long before x is. */
static inline real bounded(real x)
{
    const real least = not_below(x);
    return least > 20000 ? 20000 : least;
}

#endif
