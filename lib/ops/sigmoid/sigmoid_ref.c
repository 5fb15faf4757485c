/* Logistic function, plain: y = 1 / (1 + e^-x). */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(sigmoid, 1 / (1 + exp(-v)))

DPID_CASES(sigmoid, NULL)
