/* Hard sigmoid: y = min(max(x + 3, 0), 6) / 6.   Derivation: hardsigmoid.md   Reference: hardsigmoid_ref.c */
#define DPID_FLAT_PARTS
#include "ops/elementwise.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    const real inside = (x + 3) / 6;
    return x <= -3 ? 0 : x >= 3 ? 1 : inside;
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    return x <= -3 || x >= 3 ? 0 : x == x ? (real)1 / 6 : x;
}

static inline bool is_flat(real x, const dpid_value *option)
{
    (void)option;
    return (x <= -3) | (x >= 3);
}

#if DPID_ONCE
#define HARDSIGMOID_END 3

static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_unknown();
    a.line = (dpid_line){-HARDSIGMOID_END, HARDSIGMOID_END, 1.0 / 6, 0.5};
    a.rounds = true;
    a.least = 0;
    a.most = 1;
    a.kink[0] = -HARDSIGMOID_END;
    a.kink[1] = HARDSIGMOID_END;
    a.kinks = 2;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("hardsigmoid"), {NO(BOUNDED), NO(BOUNDED), NO(RANGE)}},
    {"sandwich", SANDWICH("hardsigmoid"), {NO(BOUNDED), NO(BOUNDED), EXACT}},
    {0},
};
#endif

DPID_ACTIVATION(hardsigmoid, "y = min(max(x + 3, 0), 6) / 6", DPID_KIND_KINKED | DPID_KIND_SELECT, NULL)
