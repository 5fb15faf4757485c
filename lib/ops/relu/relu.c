/* Rectifier: y = max(x, 0).   Derivation: relu.md   Reference: relu_ref.c */
#define DPID_FLAT_PARTS
#define DPID_ACTIVATION_GAIN 0.5
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

#if DPID_ONCE
static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_half_line(1);
    a.kappa = 1;
    a.least = 0;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("relu"), {NO(RANGE), BIT, NO(RANGE)}},
    {"sandwich", SANDWICH("relu"), {NO(KINK), BIT, EXACT}},
    {"wide", WIDE("relu"), ALWAYS(BIT)},
    {0},
};
#endif

DPID_ACTIVATION(relu, "y = max(x, 0)",
                DPID_KIND_KINKED | DPID_KIND_RECTIFIER | DPID_KIND_GATE | DPID_KIND_SLOPE_OF_VALUE, NULL)
