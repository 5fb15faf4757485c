/* Root mean square normalisation, plain: each row of the last axis on its own. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE(rmsnorm);
DPID_REFERENCE(rmsnorm)
{
    (void)mode;
    const int64_t c = dpid_op_channels(op);
    for (int64_t i = 0; i < n * dpid_shape_count(&op->in); i += c) {
        double squares = 0;
        for (int64_t j = 0; j < c; j++)
            squares += x[i + j] * x[i + j];
        for (int64_t j = 0; j < c; j++)
            y[i + j] = parameter[0][j] * x[i + j] / sqrt(squares / (double)c + op->option[0].r);
    }
}

DPID_CASES(rmsnorm, "eps=0.1", NULL)
