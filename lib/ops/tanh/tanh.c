/* Hyperbolic tangent: y = tanh x.   Derivation: tanh.md   Reference: tanh_ref.c */
#include "ops/elementwise.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    return tanh(x);
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)x;
    (void)option;
    return (1 - y) * (1 + y);
}

DPID_ACTIVATION(tanh, "y = tanh x", 0, NULL)
