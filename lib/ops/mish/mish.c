/* Mish: y = x tanh(log(1 + e^x)).   Derivation: mish.md   Reference: mish_ref.c */
#include "ops/elementwise.h"
#include "ops/logistic.h"

/* tanh(log(1 + e^x)) = n / d in t = e^-|x|, which never overflows: n = t (t + 2), d = n + 2 for x < 0, and
   n = 1 + 2 t, d = n + 2 t^2 else. What is left to 1 is (d - n) / d, without a difference. */
typedef struct {
    real gate, rest;
} mish_gate;

static inline mish_gate gate_of(real x)
{
    const real t = DPID_EXP(-(real)fabs(x));
    const real n = x < 0 ? t * (t + 2) : 1 + 2 * t;
    const real more = x < 0 ? 2 : 2 * t * t;
    return (mish_gate){n / (n + more), more / (n + more)};
}

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    return not_below(x) * gate_of(x).gate;
}

/* g + x (1 - g^2) s(x), g the gate and s the logistic function */
static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    const mish_gate g = gate_of(x);
    return g.gate + bounded(x) * (g.rest * (1 + g.gate) * logistic(x));
}

#if DPID_ONCE
/* phi(t) = t beyond these, up to half an ulp of the result's scale (docs/identity.md, T5) */
#define TAIL_F32 9.9
#define TAIL_F64 20.3
#define LEAST (-0.3089)
#define SLOPE 0.6   /* tanh(log 2) */
#define BEND 0.6443 /* sup |mish''|, near -0.09 */

static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_smooth(SLOPE, 0, 2, BEND);
    a.tail_f32 = TAIL_F32;
    a.tail_f64 = TAIL_F64;
    a.least = LEAST;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("mish"), {NO(RANGE), NO(CURVED), NO(RANGE)}},
    {"sandwich", SANDWICH("mish"), {NO(CURVED), NEAR, NEAR}},
    {"wide", WIDE("mish"), {NO(UNKNOWN), NEAR, NEAR}}, /* its odd part is no line: phi(1) - phi(-1) is 1.17 */
    {0},
};
#endif

DPID_ACTIVATION(mish, "y = x tanh(log(1 + e^x))", 0, NULL)
