/* Leaky rectifier: y = x for x >= 0, slope x for x < 0.   Derivation: leaky_relu.md   Reference: leaky_relu_ref.c */
#define DPID_FLAT_PARTS
#include "ops/elementwise.h"

static inline real value(real x, const dpid_value *option)
{
    const real below = (real)option[0].r == 0 ? 0 : (real)option[0].r * x; /* 0, and not NaN, for -infinity */
    return x < 0 ? below : x;
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    const real below = (real)option[0].r;
    return x > 0 ? 1 : x <= 0 ? below : x; /* NaN stays NaN */
}

static inline bool is_flat(real x, const dpid_value *option)
{
    return (x <= 0) & ((real)option[0].r == 0);
}

#if DPID_ONCE
static const dpid_option known[] = {
    {"slope", DPID_REAL, 0.01, -1e6, 1e6, NULL, false, "factor of negative inputs"},
    {0},
};

static dpid_activation facts(const dpid_value *o)
{
    dpid_activation a = dpid_activation_half_line(1);
    a.down = o[0].r;
    a.up = 1;
    a.kappa = 1 + o[0].r;
    if (o[0].r == 1) /* the identity itself */
        a.line.low = -(double)INFINITY, a.kinks = 0;
    if (o[0].r <= 0)
        a.least = 0;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("leaky_relu"), {NO(KINK), BIT, NO(KINK)}},
    {"sandwich", SANDWICH("leaky_relu"), {NO(KINK), BIT, EXACT}},
    {"twice", TWICE("leaky_relu"), {EXACT, BIT, EXACT}},
    {"wide", WIDE("leaky_relu"), {EXACT, BIT, EXACT}},
    {0},
};
#endif

DPID_ACTIVATION(leaky_relu, "y = x where x >= 0, slope x elsewhere; options: slope=0.01",
                DPID_KIND_KINKED | DPID_KIND_RECTIFIER | DPID_KIND_GATE, known)
