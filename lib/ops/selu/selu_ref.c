/* Scaled exponential linear unit, plain: y = gamma x for x >= 0, gamma alpha (e^x - 1) for x < 0. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(selu, option[1].r *(v < 0 ? option[0].r * expm1(v) : v))

DPID_CASES(selu, "alpha=1.5", "gamma=0.75", "alpha=1 gamma=2", NULL)
