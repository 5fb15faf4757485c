/* The shortcut "option A", plain. */
#include "ops/reference.h"

DPID_REFERENCE(channel_pad);
DPID_REFERENCE(channel_pad)
{
    (void)mode;
    (void)parameter;
    const dpid_shape in = dpid_shape_picture(&op->in);
    const dpid_shape out = dpid_shape_picture(&op->out);
    const int64_t w = in.extent[1];
    const int64_t c = in.extent[2];
    const int64_t out_h = out.extent[0];
    const int64_t out_w = out.extent[1];
    const int64_t out_c = out.extent[2];
    const int64_t stride = op->option[1].i;
    for (int64_t image = 0; image < n; image++, x += dpid_shape_count(&op->in)) {
        for (int64_t i = 0; i < out_h; i++) {
            for (int64_t j = 0; j < out_w; j++) {
                for (int64_t k = 0; k < out_c; k++) {
                    const int64_t from = k - (out_c - c) / 2;
                    *y++ = from >= 0 && from < c ? x[(i * stride * w + j * stride) * c + from] : 0;
                }
            }
        }
    }
}

DPID_CASES(channel_pad, "out=20 stride=1", "out=21 stride=2", NULL)
