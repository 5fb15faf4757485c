/* Hard swish, plain: y = x min(max(x + 3, 0), 6) / 6. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(hardswish, v <= -3 ? 0 * v : v >= 3 ? v : v * (v + 3) / 6)

DPID_CASES(hardswish, NULL)
