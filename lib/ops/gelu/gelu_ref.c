/* Gaussian error linear unit, plain: y = x Phi(x), or its tanh form. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(gelu,
                           option[0].i == 0
                               ? 0.5 * v * erfc(-v * sqrt(0.5))
                               : v / (1 + exp(-2 * sqrt(2 / 3.14159265358979323846) * (v + 0.044715 * v * v * v))))

DPID_CASES(gelu, "form=tanh", NULL)
