/* Continuously differentiable exponential linear unit: y = x for x >= 0, alpha (e^(x / alpha) - 1) for x < 0.
   Derivation: celu.md   Reference: celu_ref.c */
#include "ops/elementwise.h"
#include "tensor/elementary.h"

static inline real value(real x, const dpid_value *option)
{
    const real alpha = (real)option[0].r;
    const real below = alpha * DPID_EXPM1(x / alpha);
    return x < 0 ? below : x;
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    const real below = DPID_EXP(x / (real)option[0].r);
    return x > 0 ? 1 : below; /* NaN stays NaN */
}

#if DPID_ONCE
static const dpid_option known[] = {
    {"alpha", DPID_REAL, 1, 1e-3, 1e6, NULL, false, "the least value is -alpha"},
    {0},
};

/* celu'' is between 0 and 1 / alpha */
static dpid_activation facts(const dpid_value *o)
{
    dpid_activation a = dpid_activation_half_line(1);
    a.least = -o[0].r;
    a.kinks = 0;
    a.slope = 1;
    a.bend = 1 / o[0].r;
    a.order = 2;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("celu"), {NO(RANGE), BIT, NO(CURVED)}},
    {"sandwich", SANDWICH("celu"), {NO(CURVED), BIT, EXACT}},
    {"wide", WIDE("celu"), {NO(UNKNOWN), BIT, EXACT}},
    {0},
};
#endif

DPID_ACTIVATION(celu, "y = x where x >= 0, alpha (e^(x / alpha) - 1) elsewhere; options: alpha=1",
                DPID_KIND_KINKED | DPID_KIND_GATE, known)
