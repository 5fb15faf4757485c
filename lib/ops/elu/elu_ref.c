/* Exponential linear unit, plain: y = x for x >= 0, alpha (e^x - 1) for x < 0. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(elu, v < 0 ? option[0].r * expm1(v) : v)

DPID_CASES(elu, "alpha=0.7", NULL)
