/* Dense, plain: y[i,o] = b[o] + sum over j of x[i,j] w[o,j]. */
#include "ops/reference.h"

DPID_REFERENCE(dense);
DPID_REFERENCE(dense)
{
    (void)mode;
    const int64_t in = op->in.extent[0];
    const int64_t out = op->out.extent[0];
    for (int64_t i = 0; i < n; i++) {
        for (int64_t o = 0; o < out; o++) {
            double sum = op->parameters > 1 ? parameter[1][o] : 0;
            for (int64_t j = 0; j < in; j++)
                sum += x[i * in + j] * parameter[0][o * in + j];
            y[i * out + o] = sum;
        }
    }
}

DPID_CASES(dense, "out=1", "out=7", "out=5 bias=0", NULL)
