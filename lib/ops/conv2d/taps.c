/* Planes and correlations.   The words: taps.h */
#include "ops/conv2d/taps.h"

#include "base/numbers.h"
#include "tensor/real.h"

#if DPID_ONCE

enum { BLOCK = 16 };

int64_t dpid_conv2d_blocks(int64_t channels)
{
    return (channels + BLOCK - 1) / BLOCK;
}

int64_t dpid_conv2d_tiles(int64_t extent)
{
    return (extent + 3) / 4;
}

static int64_t divide_down(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* ---- planes ------------------------------------------------------------------------ */

static dpid_plane in_blocks(dpid_plane p, int64_t blocks)
{
    p.blocks = blocks;
    p.block = p.rows * p.columns * p.pitch;
    return p;
}

dpid_plane dpid_plane_forward(const dpid_conv2d *g, bool winograd)
{
    const dpid_window *w = &g->window;
    if (winograd)
        return in_blocks((dpid_plane){4 * dpid_conv2d_tiles(w->out_h) + 2, 4 * dpid_conv2d_tiles(w->out_w) + 2, BLOCK,
                                      w->top, w->left, 0, 0},
                         dpid_conv2d_blocks(w->c));
    const int64_t rows = (w->out_h - 1) * w->stride_h + (w->kernel_h - 1) * w->dilation_h + 1;
    const int64_t columns = (w->out_w - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w + 1;
    if (w->top == 0 && w->left == 0 && rows <= w->h && columns <= w->w) /* the picture itself, see planes.h */
        return in_blocks((dpid_plane){w->h, w->w, w->c, 0, 0, 0, 0}, 1);
    return in_blocks((dpid_plane){rows, columns, w->c, w->top, w->left, 0, 0}, 1);
}

/* The plane of dy needs a place for every o = (i + before - k dilation) / stride, i in the picture, k in the kernel.
   Places outside of dy hold zeros. */
static void gradient_extent(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation, int64_t before,
                            int64_t *extent, int64_t *start)
{
    const int64_t lowest = divide_down(before - (kernel - 1) * dilation, stride);
    const int64_t highest = (in - 1 + before) / stride;
    *start = dpid_larger(0, -lowest);
    *extent = *start + dpid_larger(out, highest + 1);
}

dpid_plane dpid_plane_backward(const dpid_conv2d *g, bool winograd)
{
    const dpid_window *w = &g->window;
    dpid_plane p = {.pitch = winograd ? BLOCK : g->out};
    if (winograd) {
        p.top = 2 - w->top;
        p.left = 2 - w->left;
        p.rows = dpid_larger(4 * dpid_conv2d_tiles(w->h) + 2, 4 * dpid_conv2d_tiles(w->out_h) + p.top);
        p.columns = dpid_larger(4 * dpid_conv2d_tiles(w->w) + 2, 4 * dpid_conv2d_tiles(w->out_w) + p.left);
        return in_blocks(p, dpid_conv2d_blocks(g->out));
    }
    gradient_extent(w->h, w->out_h, w->kernel_h, w->stride_h, w->dilation_h, w->top, &p.rows, &p.top);
    gradient_extent(w->w, w->out_w, w->kernel_w, w->stride_w, w->dilation_w, w->left, &p.columns, &p.left);
    return in_blocks(p, 1);
}

/* ---- correlations --------------------------------------------------------------------- */

int64_t dpid_taps_classes(const dpid_conv2d *g)
{
    return g->window.stride_h * g->window.stride_w;
}

int64_t dpid_taps_bytes(const dpid_conv2d *g)
{
    const int64_t taps = g->window.kernel_h * g->window.kernel_w;
    return dpid_taps_classes(g) * (int64_t)sizeof(dpid_correlation) +
           taps * (int64_t)(sizeof(dpid_tap_span) + sizeof(dpid_tap));
}

int64_t dpid_taps_forward_weights(const dpid_conv2d *g)
{
    return dpid_conv2d_blocks(g->out_g) * BLOCK * g->patch;
}

int64_t dpid_taps_backward_weights(const dpid_conv2d *g)
{
    return dpid_conv2d_blocks(g->in_g) * BLOCK * g->window.kernel_h * g->window.kernel_w * g->out_g;
}

/* A tap that reads on where the last span ends makes that span longer. */
static void add_tap(dpid_correlation *c, dpid_tap tap, int64_t offset, int64_t length)
{
    dpid_tap_span *last = c->span + c->spans - 1;
    c->tap[c->taps++] = tap;
    c->length += length;
    if (c->spans > 0 && last->offset + last->length == offset)
        last->length += length;
    else
        c->span[c->spans++] = (dpid_tap_span){offset, length};
}

void dpid_taps_forward(const dpid_conv2d *g, const dpid_plane *p, void *memory, dpid_correlation **out)
{
    const dpid_window *w = &g->window;
    const int64_t row = p->columns * p->pitch;
    dpid_correlation *c = memory;
    *c = (dpid_correlation){.height = w->out_h,
                            .width = w->out_w,
                            .in_row = w->stride_h * row,
                            .in_step = w->stride_w * p->pitch,
                            .out_row = w->out_w * g->out,
                            .out_step = g->out,
                            .channels = g->out_g};
    c->span = (dpid_tap_span *)(c + 1);
    c->tap = (dpid_tap *)(c->span + w->kernel_h * w->kernel_w);
    for (int64_t k = 0; k < w->kernel_h; k++)
        for (int64_t l = 0; l < w->kernel_w; l++)
            add_tap(c, (dpid_tap){k, l}, k * w->dilation_h * row + l * w->dilation_w * p->pitch, g->in_g);
    *out = c;
}

/* The taps that reach the pixels of a class: rows y, y + stride_h, ..., columns x, x + stride_w, ... From the last tap
   to the first, because then their places in dy ascend. */
static void add_class(const dpid_conv2d *g, int64_t row, int64_t pitch, int64_t y, int64_t x, dpid_correlation *c)
{
    const dpid_window *w = &g->window;
    for (int64_t k = w->kernel_h - 1; k >= 0; k--) {
        const int64_t i = y + w->top - k * w->dilation_h;
        for (int64_t l = w->kernel_w - 1; l >= 0; l--) {
            const int64_t j = x + w->left - l * w->dilation_w;
            if (i % w->stride_h == 0 && j % w->stride_w == 0)
                add_tap(c, (dpid_tap){k, l}, i / w->stride_h * row + j / w->stride_w * pitch, g->out_g);
        }
    }
}

void dpid_taps_backward(const dpid_conv2d *g, const dpid_plane *p, void *memory, dpid_correlation **out)
{
    const dpid_window *w = &g->window;
    const int64_t row = p->columns * p->pitch;
    dpid_correlation *all = memory;
    dpid_tap_span *span = (dpid_tap_span *)(all + dpid_taps_classes(g));
    dpid_tap *tap = (dpid_tap *)(span + w->kernel_h * w->kernel_w);
    int64_t weights = 0;
    for (int64_t y = 0; y < w->stride_h; y++) {
        for (int64_t x = 0; x < w->stride_w; x++) {
            dpid_correlation *c = &all[y * w->stride_w + x];
            *c = (dpid_correlation){.span = span,
                                    .tap = tap,
                                    .height = (w->h - y + w->stride_h - 1) / w->stride_h,
                                    .width = (w->w - x + w->stride_w - 1) / w->stride_w,
                                    .in_start = p->top * row + p->left * p->pitch,
                                    .in_row = row,
                                    .in_step = p->pitch,
                                    .out_start = (y * w->w + x) * w->c,
                                    .out_row = w->stride_h * w->w * w->c,
                                    .out_step = w->stride_w * w->c,
                                    .channels = g->in_g,
                                    .weights = weights};
            add_class(g, row, p->pitch, y, x, c);
            span += c->spans;
            tap += c->taps;
            weights += dpid_conv2d_blocks(g->in_g) * BLOCK * c->length;
        }
    }
    *out = all;
}

#endif
