/* Softmax cross-entropy, plain: no tricks, for moderate z. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE_LOSS(cross_entropy);
DPID_REFERENCE_LOSS(cross_entropy)
{
    const double smoothing = option[0].r;
    const double *weights = option[1].reals;
    double loss = 0;
    double total = 0;
    (void)targets;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < width; k++)
            sum += exp(z[i * width + k]);
        for (int64_t k = 0; k < width; k++) {
            const double target = smoothing / (double)width + (k == labels[i] ? 1 - smoothing : 0);
            loss -= (weights ? weights[k] : 1) * target * log(exp(z[i * width + k]) / sum);
        }
        total += weights ? weights[labels[i]] : 1;
    }
    return loss / total;
}

DPID_CASES(cross_entropy, "smoothing=0.1", "smoothing=1", "weights=balanced", "weights=0.5,3,1,0.1",
           "smoothing=0.3 weights=2,0.01,1,10", NULL)
