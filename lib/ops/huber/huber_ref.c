/* Huber's loss, plain. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_LOSS(huber);
DPID_REFERENCE_LOSS(huber)
{
    const double delta = option[0].r;
    double loss = 0;
    (void)labels;
    for (int64_t i = 0; i < n * width; i++) {
        const double d = fabs(z[i] - targets[i]);
        loss += (d <= delta ? d * d / 2 : delta * (d - delta / 2)) / (double)(n * width);
    }
    return loss;
}

DPID_CASES(huber, "delta=0.25", "delta=100", NULL)
