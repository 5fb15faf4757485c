/* Trained scale, plain: y = w x, one number for all or one a channel. */
#include "ops/reference.h"

DPID_REFERENCE(scale);
DPID_REFERENCE(scale)
{
    (void)mode;
    const int64_t numbers = op->parameter[0].extents[0];
    for (int64_t i = 0; i < n * dpid_shape_count(&op->in); i++)
        y[i] = parameter[0][i % numbers] * x[i];
}

DPID_CASES(scale, "per=channel", "init=0", "per=channel init=1e-5", NULL)
