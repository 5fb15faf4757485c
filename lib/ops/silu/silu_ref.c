/* Sigmoid-weighted linear unit, plain: y = x / (1 + e^-x). */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(silu, v / (1 + exp(-v)))

DPID_CASES(silu, NULL)
