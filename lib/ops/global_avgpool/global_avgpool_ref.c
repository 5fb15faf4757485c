/* Mean over all pixels, plain. */
#include "ops/reference.h"

DPID_REFERENCE(global_avgpool);
DPID_REFERENCE(global_avgpool)
{
    (void)mode;
    (void)parameter;
    const int64_t c = op->out.extent[0];
    const int64_t pixels = dpid_shape_count(&op->in) / c;
    for (int64_t image = 0; image < n; image++) {
        for (int64_t j = 0; j < c; j++) {
            double sum = 0;
            for (int64_t i = 0; i < pixels; i++)
                sum += x[(image * pixels + i) * c + j];
            y[image * c + j] = sum / (double)pixels;
        }
    }
}

DPID_CASES(global_avgpool, NULL)
