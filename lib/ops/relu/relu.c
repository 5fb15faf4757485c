/* Rectifier: y = max(x, 0).   Derivation: relu.md   Reference: relu_ref.c */
#define DPID_FLAT_PARTS
#include "ops/elementwise.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    return x < 0 ? 0 : x; /* keeps -0 and NaN */
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    return x > 0 ? 1 : x <= 0 ? 0 : x; /* NaN stays NaN */
}

static inline bool is_flat(real x, const dpid_value *option)
{
    (void)option;
    return x <= 0;
}

DPID_ACTIVATION(relu, "y = max(x, 0)", DPID_KIND_KINKED | DPID_KIND_SLOPE_OF_VALUE, NULL)
