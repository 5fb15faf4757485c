/* Clipping, plain: y = min(max(x, min), max). */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(hardtanh, v<option[0].r ? option[0].r : v> option[1].r ? option[1].r : v)

DPID_CASES(hardtanh, "min=-0.5 max=2", NULL)
