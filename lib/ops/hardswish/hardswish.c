/* Hard swish: y = x min(max(x + 3, 0), 6) / 6.   Derivation: hardswish.md   Reference: hardswish_ref.c */
#define DPID_FLAT_PARTS
#include "ops/elementwise.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    const real gate = x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3;
    const real between = x <= -3 ? 0 : x * gate / 6; /* for -infinity, too */
    return x >= 3 ? x : between;
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
}

static inline bool is_flat(real x, const dpid_value *option)
{
    (void)option;
    return x <= -3;
}

#if DPID_ONCE
#define HARDSWISH_END 3

static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_unknown();
    a.line = (dpid_line){HARDSWISH_END, (double)INFINITY, 1, 0};
    a.kappa = 1;
    a.least = -0.375;
    a.kink[0] = -HARDSWISH_END;
    a.kink[1] = HARDSWISH_END;
    a.kinks = 2;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("hardswish"), {NO(RANGE), NO(KINK), NO(RANGE)}},
    {"sandwich", SANDWICH("hardswish"), {NO(KINK), EXACT, EXACT}},
    {"wide", WIDE("hardswish"), ALWAYS(EXACT)},
    {0},
};
#endif

DPID_ACTIVATION(hardswish, "y = x min(max(x + 3, 0), 6) / 6", DPID_KIND_KINKED | DPID_KIND_SELECT, NULL)
