/* Hyperbolic tangent, plain: y = tanh x. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(tanh, tanh(v))

DPID_CASES(tanh, NULL)
