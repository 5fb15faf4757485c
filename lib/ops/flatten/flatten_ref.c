/* Flatten, plain: y = x. */
#include "ops/reference.h"

DPID_REFERENCE_ELEMENTWISE(flatten, v)

DPID_CASES(flatten, NULL)
