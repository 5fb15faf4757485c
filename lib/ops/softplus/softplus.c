/* Softplus: y = log(1 + e^x).   Derivation: softplus.md   Reference: softplus_ref.c */
#include "ops/elementwise.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    const real e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

DPID_ACTIVATION(softplus, "y = log(1 + e^x)", 0, NULL)
