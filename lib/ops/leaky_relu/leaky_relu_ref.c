/* Leaky rectifier, plain: y = x for x >= 0, slope x for x < 0. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(leaky_relu, v < 0 ? option[0].r * v : v)

DPID_CASES(leaky_relu, "slope=0.3", NULL)
