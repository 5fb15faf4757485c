/* Stochastic depth, plain: y = x in evaluation, and the training form with the mask drawn the documented way. */
#include "ops/reference.h"

DPID_REFERENCE(stochastic_depth);
DPID_REFERENCE(stochastic_depth)
{
    (void)parameter;
    const double p = op->option[0].r;
    const int64_t count = dpid_shape_count(&op->in);
    for (int64_t i = 0; i < n * count; i++) {
        const uint64_t place = op->option[1].i == 0 ? (uint64_t)(i / count) : 0;
        const double u = (double)(dpid_random_at(0, DPID_STREAM_DEPTH, 0, place) >> 11) / 9007199254740992.0;
        y[i] = mode == DPID_EVAL ? x[i] : u < p ? 0 : x[i] / (1 - p);
    }
}

DPID_CASES(stochastic_depth, "p=0.3", "p=0.7 mode=batch", NULL)
