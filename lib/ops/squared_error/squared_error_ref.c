/* Mean squared error, plain. */
#include <stdint.h>

double dpid_reference_squared_error(int64_t n, int64_t width, const double *z, const double *targets);
double dpid_reference_squared_error(int64_t n, int64_t width, const double *z, const double *targets)
{
    double loss = 0;
    for (int64_t i = 0; i < n * width; i++)
        loss += (z[i] - targets[i]) * (z[i] - targets[i]) / (double)(n * width);
    return loss;
}
