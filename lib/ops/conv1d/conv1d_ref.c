/* Convolution of series, plain: the loops of the formula. */
#include "ops/reference.h"
#include "ops/window.h"

enum { OUT, KERNEL, STRIDE, PADDING, DILATION, GROUPS };

DPID_REFERENCE(conv1d);
DPID_REFERENCE(conv1d)
{
    (void)mode;
    dpid_window w;
    (void)dpid_window_make(NULL, "conv1d", &op->in, &op->option[KERNEL], &op->option[STRIDE], &op->option[PADDING],
                           &op->option[DILATION], &w);
    const int64_t length = op->in.extent[0];
    const int64_t c = op->in.extent[1];
    const int64_t kernel = op->option[KERNEL].list[0];
    const int64_t in_g = c / op->option[GROUPS].i;
    const int64_t out = op->option[OUT].i;
    const int64_t out_g = out / op->option[GROUPS].i;
    for (int64_t sample = 0; sample < n; sample++, x += length * c)
        for (int64_t i = 0; i < op->out.extent[0]; i++)
            for (int64_t o = 0; o < out; o++) {
                double sum = op->parameters > 1 ? parameter[1][o] : 0;
                for (int64_t k = 0; k < kernel; k++) {
                    const int64_t at = i * op->option[STRIDE].list[0] - w.left + k * op->option[DILATION].list[0];
                    for (int64_t j = 0; j < in_g && at >= 0 && at < length; j++)
                        sum += parameter[0][(o * kernel + k) * in_g + j] * x[at * c + o / out_g * in_g + j];
                }
                *y++ = sum;
            }
}

DPID_CASES(conv1d, "out=3 kernel=3", "out=4 kernel=1", "out=2 kernel=2", "out=16 kernel=5 stride=2",
           "out=3 kernel=3 stride=2 padding=1 bias=0", "out=3 kernel=3 dilation=2", "out=2 kernel=3 padding=2x0",
           "out=8 kernel=7 padding=same_upper stride=3", "out=10 kernel=3 groups=5", "out=20 kernel=3",
           "out=33 kernel=4 padding=valid", "out=2 kernel=1 stride=4", "out=6 kernel=3 groups=3", NULL)
