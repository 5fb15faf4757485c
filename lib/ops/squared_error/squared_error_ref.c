/* Mean squared error, plain. */
#include "ops/reference.h"

DPID_REFERENCE_LOSS(squared_error);
DPID_REFERENCE_LOSS(squared_error)
{
    double loss = 0;
    (void)option;
    (void)labels;
    for (int64_t i = 0; i < n * width; i++)
        loss += (z[i] - targets[i]) * (z[i] - targets[i]) / (double)(n * width);
    return loss;
}

DPID_CASES(squared_error, NULL)
