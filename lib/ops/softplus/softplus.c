/* Softplus: y = log(1 + e^x).   Derivation: softplus.md   Reference: softplus_ref.c */
#include "ops/elementwise.h"
#include "ops/logistic.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    return (x > 0 ? x : 0) + DPID_LOG1P(DPID_EXP(-(real)fabs(x)));
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    return logistic(x);
}

DPID_ACTIVATION(softplus, "y = log(1 + e^x)", 0, NULL)
