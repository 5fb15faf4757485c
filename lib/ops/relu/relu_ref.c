/* Rectifier, plain: y = max(x, 0). */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(relu, v < 0 ? 0 : v)

DPID_CASES(relu, NULL)
