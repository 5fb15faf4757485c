/* Dropout, plain: the evaluation form y = x, and the training form with the mask drawn the documented way. */
#include "ops/reference.h"

DPID_REFERENCE(dropout);
DPID_REFERENCE(dropout)
{
    (void)parameter;
    const double p = op->option[0].r;
    for (int64_t i = 0; i < n * dpid_shape_count(&op->in); i++) {
        const double u = (double)(dpid_random_at(0, DPID_STREAM_NOISE, 0, (uint64_t)i) >> 11) / 9007199254740992.0;
        y[i] = mode == DPID_EVAL ? x[i] : u < p ? 0 : x[i] / (1 - p);
    }
}

DPID_CASES(dropout, "p=0.3", NULL)
