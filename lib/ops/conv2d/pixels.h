/* The pixels of a direct convolution's result, as many at a time as a register kernel has rows: the addresses that it
   reads from and writes to. When fewer are left, the last one fills up: it is written several times, with the same
   numbers. */
#ifndef DPID_OPS_CONV2D_PIXELS_H
#define DPID_OPS_CONV2D_PIXELS_H

#include "ops/conv2d/taps.h"
#include "tensor/simd.h"

enum { MOST_PIXELS = 16 };

/* Start with {.left = all}. */
typedef struct {
    int64_t y, x, left;
    int64_t from[MOST_PIXELS], to[MOST_PIXELS];
} pixels;

/* `rows` pixels of one row of the picture. */
DPID_INLINE void next_in_row(const int rows, const dpid_correlation *k, pixels *p)
{
    const int64_t from = k->in_start + p->y * k->in_row + p->x * k->in_step;
    const int64_t to = k->out_start + p->y * k->out_row + p->x * k->out_step;
    DPID_UNROLL for (int r = 0; r < rows; r++) p->from[r] = from + r * k->in_step;
    DPID_UNROLL for (int r = 0; r < rows; r++) p->to[r] = to + r * k->out_step;
    p->left -= rows;
    p->x += rows;
    if (p->x == k->width) {
        p->x = 0;
        p->y++;
    }
}

DPID_INLINE void next_pixels(const int rows, const dpid_correlation *k, pixels *p)
{
    if (k->width - p->x >= rows) {
        next_in_row(rows, k, p);
        return;
    }
    for (int r = 0; r < rows; r++) {
        p->from[r] = k->in_start + p->y * k->in_row + p->x * k->in_step;
        p->to[r] = k->out_start + p->y * k->out_row + p->x * k->out_step;
        if (p->left <= 1)
            continue;
        p->left--;
        if (++p->x == k->width) {
            p->x = 0;
            p->y++;
        }
    }
}

#endif
