/* Sigmoid-weighted linear unit: y = x / (1 + e^-x).   Derivation: silu.md   Reference: silu_ref.c */
#include "ops/elementwise.h"
#include "ops/logistic.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    return not_below(x) * logistic(x);
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    const real s = logistic(x);
    return s * (1 + bounded(x) * (1 - s));
}

DPID_ACTIVATION(silu, "y = x / (1 + e^-x)", 0, NULL)
