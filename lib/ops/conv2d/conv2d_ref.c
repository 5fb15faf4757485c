/* Convolution, plain: the six loops of the formula. */
#include "ops/conv2d/conv2d.h"
#include "ops/reference.h"

static double pixel(const dpid_window *w, const double *x, int64_t row, int64_t column, int64_t c)
{
    const bool inside = row >= 0 && row < w->h && column >= 0 && column < w->w;
    return inside ? x[(row * w->w + column) * w->c + c] : 0;
}

static double one_output(const dpid_conv2d *g, const double *x, const double *weight, int64_t i, int64_t j, int64_t o)
{
    const dpid_window *w = &g->window;
    const int64_t first = o / g->out_g * g->in_g;
    double sum = 0;
    for (int64_t k = 0; k < w->kernel_h; k++)
        for (int64_t l = 0; l < w->kernel_w; l++)
            for (int64_t c = 0; c < g->in_g; c++)
                sum += weight[((o * w->kernel_h + k) * w->kernel_w + l) * g->in_g + c] *
                       pixel(w, x, i * w->stride_h - w->top + k * w->dilation_h,
                             j * w->stride_w - w->left + l * w->dilation_w, first + c);
    return sum;
}

DPID_REFERENCE(conv2d);
DPID_REFERENCE(conv2d)
{
    (void)mode;
    dpid_conv2d g;
    (void)dpid_conv2d_make(NULL, op, &g);
    const dpid_window *w = &g.window;
    for (int64_t image = 0; image < n; image++)
        for (int64_t i = 0; i < w->out_h; i++)
            for (int64_t j = 0; j < w->out_w; j++)
                for (int64_t o = 0; o < g.out; o++)
                    *y++ = one_output(&g, x + image * w->h * w->w * w->c, parameter[0], i, j, o) +
                           (op->parameters > 1 ? parameter[1][o] : 0);
}

DPID_CASES(conv2d, "out=3 kernel=3", "out=4 kernel=1", "out=2 kernel=2", "out=3 kernel=3 stride=2 padding=1 bias=0",
           "out=2 kernel=2x3 stride=1x2", "out=3 kernel=3 dilation=2", "out=2 kernel=3 padding=0x2x1x3",
           "out=5 kernel=1 stride=2", "out=3 kernel=5 padding=2", "out=10 kernel=3 groups=5",
           "out=34 kernel=3 groups=17 stride=2", "out=20 kernel=3", "out=33 kernel=3 stride=3x2 dilation=1x2 padding=2",
           "out=2 kernel=1 stride=4", "out=36 kernel=2 padding=1", "out=8 kernel=3", "out=24 kernel=3 stride=2",
           "out=3 kernel=4x3 stride=2 padding=same_upper", "out=20 kernel=3 stride=2 padding=same_upper", NULL)
