/* The logistic function s(x) = 1 / (1 + e^-x), which several activations contain; relative accuracy on both sides, for e^-|x| never overflows. */
#ifndef DPID_OPS_LOGISTIC_H
#define DPID_OPS_LOGISTIC_H

#include "tensor/elementary.h"
#include "tensor/real.h"

static inline real logistic(real x)
{
    const real e = DPID_EXP(-(real)fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

#endif
