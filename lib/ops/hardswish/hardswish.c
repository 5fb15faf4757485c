/* Hard swish: y = x min(max(x + 3, 0), 6) / 6.   Derivation: hardswish.md   Reference: hardswish_ref.c */
#include "ops/elementwise.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    const real gate = x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3;
    return x >= 3 ? x : x * gate / 6;
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
}

DPID_ACTIVATION(hardswish, "y = x min(max(x + 3, 0), 6) / 6", DPID_KIND_KINKED, NULL)
