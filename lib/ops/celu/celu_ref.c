/* Continuously differentiable exponential linear unit, plain: y = x for x >= 0, alpha (e^(x / alpha) - 1) for x < 0. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(celu, v < 0 ? option[0].r * expm1(v / option[0].r) : v)

DPID_CASES(celu, "alpha=0.3", NULL)
