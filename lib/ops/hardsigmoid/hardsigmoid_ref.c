/* Hard sigmoid, plain: y = min(max(alpha x + beta, 0), 1). */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(hardsigmoid, isnan(v) ? v : fmin(fmax(option[0].r *v + option[1].r, 0), 1))

DPID_CASES(hardsigmoid, "alpha=0.25", "alpha=0.5 beta=0.25", "alpha=1 beta=2", NULL)
