/* Instance normalisation, plain: each channel of each sample on its own. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE(instancenorm);
DPID_REFERENCE(instancenorm)
{
    (void)mode;
    const int64_t c = dpid_op_channels(op);
    const int64_t pixels = dpid_shape_count(&op->in) / c;
    for (int64_t sample = 0; sample < n; sample++, x += pixels * c, y += pixels * c) {
        for (int64_t j = 0; j < c; j++) {
            double mean = 0;
            double var = 0;
            for (int64_t i = 0; i < pixels; i++)
                mean += x[i * c + j] / (double)pixels;
            for (int64_t i = 0; i < pixels; i++)
                var += (x[i * c + j] - mean) * (x[i * c + j] - mean) / (double)pixels;
            for (int64_t i = 0; i < pixels; i++)
                y[i * c + j] =
                    (op->parameters ? parameter[0][j] : 1) * (x[i * c + j] - mean) / sqrt(var + op->option[1].r) +
                    (op->parameters ? parameter[1][j] : 0);
        }
    }
}

DPID_CASES(instancenorm, "affine=0", "eps=0.1", NULL)
