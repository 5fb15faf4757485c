/* The logistic function s(x) = 1 / (1 + e^-x), which several activations contain. It is accurate relative to its size
   on both sides, because e^-|x| never overflows. */
#ifndef DPID_OPS_LOGISTIC_H
#define DPID_OPS_LOGISTIC_H

#include "tensor/elementary.h"
#include "tensor/real.h"

static inline real logistic(real x)
{
    const real e = DPID_EXP(-(real)fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

/* x, but not below a point where s(x) is 0 already: 0 times -infinity would be NaN. */
static inline real not_below(real x)
{
    return x < -20000 ? -20000 : x;
}

/* x, bounded on both sides, for a factor that meets a 0 there: its square would be infinite long before x is. */
static inline real bounded(real x)
{
    const real least = not_below(x);
    return least > 20000 ? 20000 : least;
}

#endif
