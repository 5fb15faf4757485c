/* Mish, plain: y = x tanh(log(1 + e^x)). */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(mish, v *tanh(log1p(exp(v))))

DPID_CASES(mish, NULL)
