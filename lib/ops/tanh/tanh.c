/* Hyperbolic tangent: y = tanh x.   Derivation: tanh.md   Reference: tanh_ref.c */
#include "ops/elementwise.h"
#include "tensor/elementary.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
#if DPID_PRECISION == 32
    return dpid_tanhf(x); /* by vectors */
#else
    return tanh(x);
#endif
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)x;
    (void)option;
    return (1 - y) * (1 + y);
}

DPID_ACTIVATION(tanh, "y = tanh x", DPID_KIND_SLOPE_OF_VALUE, NULL)
