/* Gaussian error linear unit: y = x Phi(x), or its tanh form.   Derivation: gelu.md   Reference: gelu_ref.c */
#define DPID_TWO_FORMS
#include "ops/elementwise.h"
#include "ops/logistic.h"

#define INV_SQRT_2PI ((real)0.39894228040143267793994605993438187L)
#define TANH_A ((real)1.5957691216057307117597842397375275L) /* 2 sqrt(2/pi) */
#define TANH_B ((real)0.044715L)

enum { FORM_ERF, FORM_TANH };

/* Phi(x) = 1 - q or q with q = Phi(-|x|) = e^(-x^2/2) mills(|x|): relative accuracy on both sides */
static inline real distribution(real x, real bell)
{
    const real q = bell * DPID_MILLS((real)fabs(x));
    return x < 0 ? q : 1 - q;
}

/* sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)) = (1 + tanh(...)) / 2 without cancellation */
static inline real gate(real x)
{
    return logistic(TANH_A * (x + TANH_B * x * x * x));
}

static inline real value(real x, const dpid_value *option)
{
    return not_below(x) * (option[0].i == FORM_ERF ? distribution(x, DPID_BELL((real)fabs(x))) : gate(x));
}

/* Phi(x) + x e^(-x^2/2) / sqrt(2 pi) */
static inline real slope_erf(real x)
{
    const real bell = DPID_BELL((real)fabs(x));
    return distribution(x, bell) + bounded(x) * INV_SQRT_2PI * bell;
}

static inline real slope_tanh(real x)
{
    const real g = gate(x);
    const real b = bounded(x);
    return g + b * g * (1 - g) * TANH_A * (1 + 3 * TANH_B * b * b);
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    return option[0].i == FORM_ERF ? slope_erf(x) : slope_tanh(x);
}

#if DPID_ONCE
static const dpid_option known[] = {
    {"form", DPID_CHOICE, 0, 0, 0, "erf|tanh", false, "exact, or the tanh approximation"},
    {0},
};

#define GELU_TAIL_F32 5.6
#define GELU_TAIL_F64 8.5
#define GELU_LEAST (-0.1701)
#define GELU_BEND 0.79788456080286536 /* 2 / sqrt(2 pi) */

static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_smooth(0.5, 0, 2, GELU_BEND);
    a.kappa = 1;
    a.tail_f32 = GELU_TAIL_F32;
    a.tail_f64 = GELU_TAIL_F64;
    a.least = GELU_LEAST;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("gelu"), {NO(RANGE), NO(CURVED), NO(RANGE)}},
    {"sandwich", SANDWICH("gelu"), {NO(CURVED), NEAR, NEAR}},
    {"wide", WIDE("gelu"), ALWAYS(EXACT)},
    {"wide, form=tanh", WIDE("gelu form=tanh"), ALWAYS(EXACT)},
    {0},
};
#endif

DPID_ACTIVATION(gelu, "y = x Phi(x); options: form=erf|tanh", 0, known)
