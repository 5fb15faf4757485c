/* Hyperbolic tangent: y = tanh x.   Derivation: tanh.md   Reference: tanh_ref.c */
#define DPID_ACTIVATION_GAIN 1
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

#if DPID_ONCE
/* |tanh'''| <= 2 */
static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_smooth(1, 0, 3, 2);
    a.least = -1;
    a.most = 1;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("tanh"), {NO(BOUNDED), NO(BOUNDED), NO(CURVED)}},
    {"sandwich", SANDWICH("tanh"), {NO(BOUNDED), NO(BOUNDED), NEAR}},
    {"twice", TWICE("tanh"), {NO(BOUNDED), NO(BOUNDED), NEAR}},
    {0},
};
#endif

DPID_ACTIVATION(tanh, "y = tanh x", DPID_KIND_SLOPE_OF_VALUE, NULL)
