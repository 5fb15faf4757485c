/* Group normalisation, plain: each sample and each group on its own. */
#include "ops/reference.h"

#include <math.h>

DPID_REFERENCE(groupnorm);
DPID_REFERENCE(groupnorm)
{
    (void)mode;
    const int64_t c = dpid_op_channels(op);
    const int64_t in_group = c / op->option[0].i;
    const int64_t all = dpid_shape_count(&op->in);
    for (int64_t sample = 0; sample < n; sample++, x += all, y += all) {
        for (int64_t first = 0; first < c; first += in_group) {
            const double count = (double)(all / c * in_group);
            double mean = 0;
            double var = 0;
            for (int64_t i = 0; i < all; i++)
                mean += i % c / in_group == first / in_group ? x[i] / count : 0;
            for (int64_t i = 0; i < all; i++)
                var += i % c / in_group == first / in_group ? (x[i] - mean) * (x[i] - mean) / count : 0;
            for (int64_t i = 0; i < all; i++)
                if (i % c / in_group == first / in_group)
                    y[i] = (op->parameters ? parameter[0][i % c] : 1) * (x[i] - mean) / sqrt(var + op->option[1].r) +
                           (op->parameters ? parameter[1][i % c] : 0);
        }
    }
}

DPID_CASES(groupnorm, "groups=1", "groups=2", "groups=3", "groups=4 eps=0.1", "groups=2 affine=0", NULL)
