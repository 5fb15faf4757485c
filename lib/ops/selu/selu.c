/* Scaled exponential linear unit: y = gamma x for x >= 0, gamma alpha (e^x - 1) for x < 0.      Derivation: selu.md
   Reference: selu_ref.c */
#define DPID_CONSTANTS
#include "ops/elementwise.h"
#include "tensor/elementary.h"

enum { ALPHA, GAMMA };
enum { LEFT, RIGHT }; /* constants: gamma alpha, gamma */

/* Klambauer et al. 2017, eq. 14, and gamma alpha */
#define SELU_GAMMA 1.0507009873554804934193349852946L
#define SELU_ALPHA 1.6732632423543772848170429916717L
#define SELU_LEFT 1.7580993408473768599402175208123L

static inline void constants(const dpid_value *option, dpid_value *constant)
{
    const double alpha = option[ALPHA].r;
    const double gamma = option[GAMMA].r;
    constant[LEFT].r = alpha == (double)SELU_ALPHA && gamma == (double)SELU_GAMMA ? (double)SELU_LEFT : gamma * alpha;
    constant[RIGHT].r = gamma;
}

/* The usual numbers with all the digits of `real`, others as they are given. */
#if DPID_PRECISION == 80
#define DIGITS(constant, usual) ((constant).r == (double)(usual) ? (usual) : (real)(constant).r)
#else
#define DIGITS(constant, usual) ((real)(constant).r)
#endif

static inline real value(real x, const dpid_value *option)
{
    const real below = DIGITS(option[LEFT], SELU_LEFT) * DPID_EXPM1(x);
    return x < 0 ? below : DIGITS(option[RIGHT], SELU_GAMMA) * x;
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    const real below = DIGITS(option[LEFT], SELU_LEFT) * DPID_EXP(x);
    return x > 0 ? DIGITS(option[RIGHT], SELU_GAMMA) : below; /* NaN stays NaN */
}

#if DPID_ONCE
static const dpid_option known[] = {
    {"alpha", DPID_REAL, (double)SELU_ALPHA, 0, 1e6, NULL, false, "scale of the negative part"},
    {"gamma", DPID_REAL, (double)SELU_GAMMA, 1e-6, 1e6, NULL, false, "scale of all"},
    {0},
};

static dpid_activation facts(const dpid_value *o)
{
    dpid_activation a = dpid_activation_half_line(o[GAMMA].r);
    a.least = -o[GAMMA].r * o[ALPHA].r;
    a.rounds = true;
    if (o[ALPHA].r == 1) { /* once differentiable at 0 */
        a.kinks = 0;
        a.slope = o[GAMMA].r;
        a.bend = o[GAMMA].r;
        a.order = 2;
    }
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("selu"), {NO(RANGE), EXACT, NO(KINK)}},
    {"sandwich", SANDWICH("selu"), {NO(KINK), EXACT, EXACT}},
    {0},
};
#endif

DPID_ACTIVATION(selu,
                "y = gamma x where x >= 0, gamma alpha (e^x - 1) elsewhere; options: alpha=1.6732632423543773, "
                "gamma=1.0507009873554805",
                DPID_KIND_KINKED | DPID_KIND_GATE, known)
