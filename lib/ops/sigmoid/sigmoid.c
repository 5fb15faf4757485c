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

DPID_ACTIVATION(sigmoid, "y = 1 / (1 + e^-x)", DPID_KIND_SLOPE_OF_VALUE, NULL)
