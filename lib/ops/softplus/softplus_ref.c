/* Softplus, plain: y = log(1 + e^x). */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(softplus, (v > 0 ? v : 0) + log1p(exp(-fabs(v))))

DPID_CASES(softplus, NULL)
