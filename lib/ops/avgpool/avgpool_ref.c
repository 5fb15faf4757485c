/* Mean over windows, plain: sum and count of what lies inside the picture, or inside it and its padding. */
#include "ops/reference.h"
#include "ops/window.h"

DPID_REFERENCE(avgpool);
DPID_REFERENCE(avgpool)
{
    (void)mode;
    (void)parameter;
    const dpid_window w = dpid_pool_window(op);
    for (int64_t image = 0; image < n; image++, x += w.h * w.w * w.c) {
        for (int64_t i = 0; i < w.out_h; i++) {
            for (int64_t j = 0; j < w.out_w; j++) {
                for (int64_t c = 0; c < w.c; c++) {
                    double sum = 0;
                    double count = 0;
                    for (int64_t k = 0; k < w.kernel_h * w.kernel_w; k++) {
                        const int64_t row = i * w.stride_h - w.top + k / w.kernel_w;
                        const int64_t column = j * w.stride_w - w.left + k % w.kernel_w;
                        const bool inside = row >= 0 && row < w.h && column >= 0 && column < w.w;
                        if (row < w.h + w.bottom && column < w.w + w.right)
                            count += inside || op->option[DPID_POOL_EXTRA].i;
                        if (!inside)
                            continue;
                        sum += x[(row * w.w + column) * w.c + c];
                    }
                    *y++ = sum / count;
                }
            }
        }
    }
}

DPID_CASES(avgpool, "kernel=2", "kernel=3 padding=1 stride=2", "kernel=3 padding=1 count_include_pad=1",
           "kernel=3x2 padding=1 ceil_mode=1 count_include_pad=1", "kernel=3 ceil_mode=1",
           "kernel=3 padding=1x0 count_include_pad=1", NULL)
