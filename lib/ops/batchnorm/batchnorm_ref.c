/* Batch normalisation, plain: mean and biased variance a channel, then y = gamma (x - mean) / sqrt(var + eps) +
   beta. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE(batchnorm);
DPID_REFERENCE(batchnorm)
{
    const int64_t c = op->in.extent[op->in.rank - 1];
    const int64_t rows = n * dpid_shape_count(&op->in) / c;
    for (int64_t j = 0; j < c; j++) {
        double mean = parameter[2][j];
        double var = parameter[3][j];
        if (mode == DPID_TRAIN) {
            mean = var = 0;
            for (int64_t i = 0; i < rows; i++)
                mean += x[i * c + j] / (double)rows;
            for (int64_t i = 0; i < rows; i++)
                var += (x[i * c + j] - mean) * (x[i * c + j] - mean) / (double)rows;
        }
        for (int64_t i = 0; i < rows; i++)
            y[i * c + j] = parameter[0][j] * (x[i * c + j] - mean) / sqrt(var + op->option[0].r) + parameter[1][j];
    }
}

DPID_CASES(batchnorm, "eps=0.1 momentum=0.5", NULL)
