/* Scaled exponential linear unit: y = lambda x for x >= 0, lambda alpha (e^x - 1) for x < 0.      Derivation: selu.md
   Reference: selu_ref.c */
#include "ops/elementwise.h"
#include "tensor/elementary.h"

/* Klambauer et al. 2017, eq. 14 */
#define LAMBDA ((real)1.0507009873554804934193349852946L)
#define LAMBDA_ALPHA ((real)1.7580993408473768599402175208123L)

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    const real below = LAMBDA_ALPHA * DPID_EXPM1(x);
    return x < 0 ? below : LAMBDA * x;
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    const real below = LAMBDA_ALPHA * DPID_EXP(x);
    return x > 0 ? LAMBDA : below; /* NaN stays NaN */
}

#if DPID_ONCE
#define SELU_LAMBDA 1.0507009873554804934193349852946
#define SELU_ALPHA 1.6732632423543772848170429916717

static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_half_line(SELU_LAMBDA);
    a.least = -SELU_LAMBDA * SELU_ALPHA;
    a.rounds = true;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("selu"), {NO(RANGE), EXACT, NO(KINK)}},
    {"sandwich", SANDWICH("selu"), {NO(KINK), EXACT, EXACT}},
    {0},
};
#endif

DPID_ACTIVATION(selu, "y = lambda x where x >= 0, lambda alpha (e^x - 1) elsewhere", DPID_KIND_KINKED | DPID_KIND_GATE,
                NULL)
