/* Logistic function: y = 1 / (1 + e^-x).   Derivation: sigmoid.md   Reference: sigmoid_ref.c */
#include "ops/elementwise.h"
#include "ops/logistic.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    return logistic(x);
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)x;
    (void)option;
    return y * (1 - y);
}

#if DPID_ONCE
/* |sigmoid'''| <= 1/8 */
static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_smooth(0.25, 0.5, 3, 0.125);
    a.least = 0;
    a.most = 1;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("sigmoid"), {NO(BOUNDED), NO(BOUNDED), NO(RANGE)}},
    {"sandwich", SANDWICH("sigmoid"), {NO(BOUNDED), NO(BOUNDED), FLOOR}},
    {0},
};
#endif

DPID_ACTIVATION(sigmoid, "y = 1 / (1 + e^-x)", DPID_KIND_SLOPE_OF_VALUE, NULL)
