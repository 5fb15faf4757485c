/* Hard sigmoid, plain: y = min(max(x + 3, 0), 6) / 6. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(hardsigmoid, v <= -3 ? 0 * v : v >= 3 ? 1 : (v + 3) / 6)

DPID_CASES(hardsigmoid, NULL)
