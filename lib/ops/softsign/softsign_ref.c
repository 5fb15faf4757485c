/* Softsign, plain: y = x / (1 + |x|). */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(softsign, v / (1 + fabs(v)))

DPID_CASES(softsign, NULL)
