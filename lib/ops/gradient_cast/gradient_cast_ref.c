/* Gradient cast, plain: y = x. */
#include "ops/reference.h"

DPID_REFERENCE_ELEMENTWISE(gradient_cast, v)
