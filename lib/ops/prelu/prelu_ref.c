/* Parametric rectifier, plain: y = x for x >= 0, w[c] x for x < 0. */
#include "ops/reference.h"

DPID_REFERENCE(prelu);
DPID_REFERENCE(prelu)
{
    (void)mode;
    const int64_t c = op->in.extent[op->in.rank - 1];
    for (int64_t i = 0; i < n * dpid_shape_count(&op->in); i++)
        y[i] = x[i] < 0 ? parameter[0][i % c] * x[i] : x[i];
}

DPID_CASES(prelu, NULL)
