/* Maximum over windows, plain. */
#include "ops/reference.h"
#include "ops/window.h"

#include <math.h>

DPID_REFERENCE(maxpool);
DPID_REFERENCE(maxpool)
{
    (void)mode;
    (void)parameter;
    const dpid_window w = dpid_pool_window(op);
    for (int64_t image = 0; image < n; image++, x += w.h * w.w * w.c) {
        for (int64_t i = 0; i < w.out_h; i++) {
            for (int64_t j = 0; j < w.out_w; j++) {
                for (int64_t c = 0; c < w.c; c++) {
                    double largest = -(double)INFINITY;
                    for (int64_t k = 0; k < w.kernel_h * w.kernel_w; k++) {
                        const int64_t row = i * w.stride_h - w.top + k / w.kernel_w * w.dilation_h;
                        const int64_t column = j * w.stride_w - w.left + k % w.kernel_w * w.dilation_w;
                        if (row >= 0 && row < w.h && column >= 0 && column < w.w)
                            largest = fmax(largest, x[(row * w.w + column) * w.c + c]);
                    }
                    *y++ = largest;
                }
            }
        }
    }
}

DPID_CASES(maxpool, "kernel=2", "kernel=3 padding=1 stride=1", "kernel=1x2 stride=2x1", "kernel=3 ceil_mode=1",
           "kernel=3 padding=1x0", "kernel=2x3 stride=1x2 dilation=2 padding=1 ceil_mode=1", NULL)
