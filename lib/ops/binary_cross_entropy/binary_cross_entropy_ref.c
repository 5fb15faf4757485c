/* Cross-entropy of two classes by one logit, plain: no tricks, for moderate z. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_LOSS(binary_cross_entropy);
DPID_REFERENCE_LOSS(binary_cross_entropy)
{
    const double *weights = option[0].reals;
    double loss = 0;
    double total = 0;
    (void)width;
    (void)targets;
    for (int64_t i = 0; i < n; i++) {
        const double p = 1 / (1 + exp(-z[i]));
        const double weight = weights ? weights[labels[i]] : 1;
        loss -= weight * log(labels[i] == 1 ? p : 1 - p);
        total += weight;
    }
    return loss / total;
}

DPID_CASES(binary_cross_entropy, "weights=balanced", "weights=0.2,5", NULL)
