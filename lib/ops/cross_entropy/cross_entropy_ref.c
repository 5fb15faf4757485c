/* Softmax cross-entropy, plain: no tricks, for moderate z. */
#include <math.h>
#include <stdint.h>

double dpid_reference_cross_entropy(int64_t n, int64_t width, const double *z, const int32_t *labels, double smoothing);
double dpid_reference_cross_entropy(int64_t n, int64_t width, const double *z, const int32_t *labels, double smoothing)
{
    double loss = 0;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < width; k++)
            sum += exp(z[i * width + k]);
        for (int64_t k = 0; k < width; k++) {
            const double target = smoothing / (double)width + (k == labels[i] ? 1 - smoothing : 0);
            loss -= target * log(exp(z[i * width + k]) / sum) / (double)n;
        }
    }
    return loss;
}
