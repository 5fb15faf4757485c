/* Softplus: y = log(1 + e^x).   Derivation: softplus.md   Reference: softplus_ref.c */
#include "ops/elementwise.h"
#include "ops/logistic.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    return (x > 0 ? x : 0) + DPID_LOG1P(DPID_EXP(-(real)fabs(x)));
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    return logistic(x);
}

#if DPID_ONCE
#define SOFTPLUS_TAIL_F32 17.0
#define SOFTPLUS_TAIL_F64 37.0

/* |softplus''| <= 1/4 */
static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_smooth(0.5, 0.69314718055994531, 2, 0.25);
    a.kappa = 1;
    a.tail_f32 = SOFTPLUS_TAIL_F32;
    a.tail_f64 = SOFTPLUS_TAIL_F64;
    a.least = 0;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("softplus"), {NO(RANGE), NO(CURVED), NO(RANGE)}},
    {"sandwich", SANDWICH("softplus"), {NO(CURVED), NEAR, NEAR}},
    {"wide", WIDE("softplus"), ALWAYS(EXACT)},
    {0},
};
#endif

DPID_ACTIVATION(softplus, "y = log(1 + e^x)", DPID_KIND_WIDE, NULL)
