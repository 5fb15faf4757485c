/* Gaussian error linear unit: y = x Phi(x), or its tanh form.   Derivation: gelu.md   Reference: gelu_ref.c */
#include "ops/elementwise.h"

#define SQRT_HALF ((real)0.70710678118654752440084436210484904L)
#define INV_SQRT_2PI ((real)0.39894228040143267793994605993438187L)
#define TANH_A ((real)1.5957691216057307117597842397375275L) /* 2 sqrt(2/pi) */
#define TANH_B ((real)0.044715L)

enum { FORM_ERF, FORM_TANH };

/* sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)) = (1 + tanh(...)) / 2 without cancellation */
static inline real gate(real x)
{
    return 1 / (1 + exp(-TANH_A * (x + TANH_B * x * x * x)));
}

static inline real value(real x, const dpid_value *option)
{
    return option[0].i == FORM_ERF ? (real)0.5 * x * erfc(-x * SQRT_HALF) : x * gate(x);
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    if (option[0].i == FORM_ERF)
        return (real)0.5 * erfc(-x * SQRT_HALF) + x * INV_SQRT_2PI * exp((real)-0.5 * x * x);
    const real g = gate(x);
    return g + x * g * (1 - g) * TANH_A * (1 + 3 * TANH_B * x * x);
}

#if DPID_ONCE
static const dpid_option known[] = {
    {"form", DPID_CHOICE, 0, 0, 0, "erf|tanh", false, "exact, or the tanh approximation"},
    {0},
};
#endif

DPID_ACTIVATION(gelu, "y = x Phi(x); options: form=erf|tanh", 0, known)
