/* Cross-entropy of two classes by one logit, plain: no tricks, for moderate z. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_LOSS(binary_cross_entropy);
DPID_REFERENCE_LOSS(binary_cross_entropy)
{
    double loss = 0;
    (void)option;
    (void)width;
    (void)targets;
    for (int64_t i = 0; i < n; i++) {
        const double p = 1 / (1 + exp(-z[i]));
        loss -= log(labels[i] == 1 ? p : 1 - p) / (double)n;
    }
    return loss;
}

DPID_CASES(binary_cross_entropy, NULL)
