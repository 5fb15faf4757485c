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

DPID_ACTIVATION(selu, "y = lambda x where x >= 0, lambda alpha (e^x - 1) elsewhere", DPID_KIND_KINKED, NULL)
