/* Layer normalisation, plain: each row of the last axis on its own. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE(layernorm);
DPID_REFERENCE(layernorm)
{
    (void)mode;
    const int64_t c = op->in.extent[op->in.rank - 1];
    for (int64_t i = 0; i < n * dpid_shape_count(&op->in); i += c) {
        double mean = 0;
        double var = 0;
        for (int64_t j = 0; j < c; j++)
            mean += x[i + j] / (double)c;
        for (int64_t j = 0; j < c; j++)
            var += (x[i + j] - mean) * (x[i + j] - mean) / (double)c;
        for (int64_t j = 0; j < c; j++)
            y[i + j] = parameter[0][j] * (x[i + j] - mean) / sqrt(var + op->option[0].r) + parameter[1][j];
    }
}

DPID_CASES(layernorm, NULL)
