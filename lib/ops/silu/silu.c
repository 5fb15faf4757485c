/* Sigmoid-weighted linear unit: y = x / (1 + e^-x).   Derivation: silu.md   Reference: silu_ref.c */
#include "ops/elementwise.h"
#include "ops/logistic.h"

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    return not_below(x) * logistic(x);
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    const real s = logistic(x);
    return s * (1 + bounded(x) * (1 - s));
}

#if DPID_ONCE
#define SILU_TAIL_F32 19.6
#define SILU_TAIL_F64 40.4
#define SILU_LEAST (-0.2785)

static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_smooth(0.5, 0, 2, 0.5);
    a.kappa = 1;
    a.tail_f32 = SILU_TAIL_F32;
    a.tail_f64 = SILU_TAIL_F64;
    a.least = SILU_LEAST;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("silu"), {NO(RANGE), NO(CURVED), NO(RANGE)}},
    {"sandwich", SANDWICH("silu"), {NO(CURVED), NEAR, NEAR}},
    {"wide", WIDE("silu"), ALWAYS(EXACT)},
    {0},
};
#endif

DPID_ACTIVATION(silu, "y = x / (1 + e^-x)", 0, NULL)
