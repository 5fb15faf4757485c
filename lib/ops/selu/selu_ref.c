/* Scaled exponential linear unit, plain: y = lambda x for x >= 0, lambda alpha (e^x - 1) for x < 0. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_ELEMENTWISE(selu, 1.0507009873554804934193349852946 *
                                     (v < 0 ? 1.6732632423543772848170429916717 * expm1(v) : v))

DPID_CASES(selu, NULL)
