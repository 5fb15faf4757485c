/* Exponential linear unit: y = x for x >= 0, alpha (e^x - 1) for x < 0.   Derivation: elu.md   Reference: elu_ref.c */
#define DPID_FLAT_PARTS
#include "ops/elementwise.h"
#include "tensor/elementary.h"

static inline real value(real x, const dpid_value *option)
{
    const real below = (real)option[0].r * DPID_EXPM1(x);
    return x < 0 ? below : x;
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    const real below = (real)option[0].r * DPID_EXP(x);
    return x > 0 ? 1 : below; /* NaN stays NaN */
}

static inline bool is_flat(real x, const dpid_value *option)
{
    return (x <= 0) & ((real)option[0].r == 0);
}

#if DPID_ONCE
static const dpid_option known[] = {
    {"alpha", DPID_REAL, 1, 0, 1e6, NULL, false, "scale of the negative part"},
    {0},
};

static dpid_activation facts(const dpid_value *o)
{
    dpid_activation a = dpid_activation_half_line(1);
    a.least = -o[0].r;
    if (o[0].r == 1) { /* once differentiable at 0 */
        a.kinks = 0;
        a.slope = 1;
        a.bend = 1;
        a.order = 2;
    }
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("elu"), {NO(RANGE), BIT, NO(CURVED)}},
    {"sandwich", SANDWICH("elu"), {NO(CURVED), BIT, EXACT}},
    {"wide", WIDE("elu"), {NO(UNKNOWN), BIT, EXACT}},
    {0},
};
#endif

DPID_ACTIVATION(elu, "y = x where x >= 0, alpha (e^x - 1) elsewhere; options: alpha=1",
                DPID_KIND_KINKED | DPID_KIND_GATE, known)
