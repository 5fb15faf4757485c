/* Direct convolution: addresses for the register kernels.   What for: direct.h */
#include "ops/conv2d/direct.h"

#include "ops/conv2d/register.h"

#include <string.h>

#if defined(__AVX512F__) && DPID_PRECISION == 32
enum { PAIRS = 1 }; /* two blocks of results at a time where there are two */
#else
enum { PAIRS = 0 };
#endif

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- forward, input gradient ---------------------------------------------------------- */

/* The places of the next ROWS pixels; behind the last one it is repeated, and written again with the same numbers. */
typedef struct {
    int64_t y, x, left;
    int64_t from[ROWS], to[ROWS];
} pixels;

static void next_pixels(const dpid_correlation *k, pixels *p)
{
    for (int r = 0; r < ROWS; r++) {
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

/* ROWS pixels of blocks of the result; blocks 0: of half a block */
DPID_INLINE void multiply_pixels(const int blocks, const dpid_correlation *k, const real *a, const pixels *p,
                                 const real *w, const real *start, real *o, const int64_t *to)
{
    if (blocks == 0)
        multiply_half(ROWS, a, p->from, k->segment, k->segments, w, start, o, to);
    else
        multiply(ROWS, blocks, a, p->from, k->segment, k->segments, w, k->length * BLOCK, start, o, to, BLOCK);
}

/* blocks of the result from channel c on that are whole go straight to y, a part of one through an array */
DPID_INLINE void multiply_blocks(const int blocks, const dpid_correlation *k, const real *a, const real *w,
                                 const real *start, int64_t c, const dpid_ahead *ahead, real *y)
{
    const bool whole = k->channels - c >= (blocks == 0 ? HALF_BLOCK : blocks * BLOCK);
    const real *from = start ? start + c : NULL;
    pixels p = {.left = k->height * k->width};
    for (int64_t done = 0; done < k->height * k->width; done += ROWS) {
        next_pixels(k, &p);
        if (ahead && c == 0)
            dpid_ahead_part(ahead, done / ROWS, (k->height * k->width + ROWS - 1) / ROWS);
        if (whole) {
            multiply_pixels(blocks, k, a, &p, w, from, y + c, p.to);
            continue;
        }
        real part[ROWS * 2 * BLOCK];
        int64_t to[ROWS];
        for (int r = 0; r < ROWS; r++)
            to[r] = r * 2 * BLOCK;
        multiply_pixels(blocks, k, a, &p, w, from, part, to);
        for (int r = 0; r < ROWS; r++)
            memcpy(y + p.to[r] + c, part + to[r], (size_t)(k->channels - c) * sizeof *y);
    }
}

void DPID_T(dpid_direct_multiply)(const dpid_correlation *k, const real *a, const real *w, const real *start,
                                  const dpid_ahead *ahead, real *y)
{
    int64_t c = 0;
    for (; PAIRS && k->channels - c > BLOCK; c += 2 * BLOCK, w += 2 * k->length * BLOCK)
        multiply_blocks(2, k, a, w, start, c, ahead, y);
    for (; k->channels - c > HALF_BLOCK; c += BLOCK, w += k->length * BLOCK)
        multiply_blocks(1, k, a, w, start, c, ahead, y);
    if (c < k->channels)
        multiply_blocks(0, k, a, w, start, c, ahead, y);
}

/* ---- weight gradient --------------------------------------------------------------------- */

/* blocks 0: of half a block */
DPID_INLINE void accumulate_some(const int rows, const int blocks, const real *a, const real *d, const walk *p,
                                 real *dw, int64_t pair)
{
    if (blocks == 0)
        accumulate_half(rows, a, d, p, dw);
    else
        accumulate(rows, blocks, a, d, BLOCK, p, false, dw, pair);
}

/* rows weights from row r of segment t on. A part of a row block goes through an array, its sums from what dw holds
   like all others: how many rows a block has depends on the instruction set. */
DPID_INLINE void accumulate_rows(const int rows, const int blocks, int64_t left, const real *a, const real *d,
                                 const walk *p, real *dw, int64_t pair)
{
    if (left >= rows) {
        accumulate_some(rows, blocks, a, d, p, dw, pair);
        return;
    }
    real part[2][WEIGHT_ROWS * BLOCK] = {{0}};
    const size_t bytes = (size_t)(left * BLOCK) * sizeof *dw;
    const int used = blocks == 0 ? 1 : blocks;
    for (int b = 0; b < used; b++)
        memcpy(part[b], dw + b * pair, bytes);
    if (left > rows / 2 + 1)
        accumulate_some(rows, blocks, a, d, p, part[0], WEIGHT_ROWS * BLOCK);
    else /* 9 of 16: three pixels of three colours */
        accumulate_some(rows / 2 + 1, blocks, a, d, p, part[0], WEIGHT_ROWS * BLOCK);
    for (int b = 0; b < used; b++)
        memcpy(dw + b * pair, part[b], bytes);
}

DPID_INLINE void accumulate_blocks(const int rows, const int blocks, const dpid_correlation *k, const real *a,
                                   const real *d, const walk *p, real *dw)
{
    const int64_t pair = k->length * BLOCK;
    for (int64_t t = 0; t < k->segments; t++) {
        const int64_t length = k->segment[t].length;
        for (int64_t r = 0; r < length; r += rows)
            accumulate_rows(rows, blocks, smaller(rows, length - r), a + k->segment[t].offset + r, d, p, dw + r * BLOCK,
                            pair);
        dw += length * BLOCK;
    }
}

void DPID_T(dpid_direct_accumulate)(const dpid_correlation *k, const real *a, const real *d, int64_t d_row,
                                    int64_t d_step, real *dw)
{
    const walk p = {.a_row = k->in_row,
                    .a_step = k->in_step,
                    .d_row = d_row,
                    .d_step = d_step,
                    .height = k->height,
                    .width = k->width};
    int64_t c = 0;
    for (; PAIRS && k->channels - c > BLOCK; c += 2 * BLOCK, dw += 2 * k->length * BLOCK)
        accumulate_blocks(PAIR_WEIGHT_ROWS, 2, k, a + k->in_start, d + c, &p, dw);
    for (; k->channels - c > HALF_BLOCK; c += BLOCK, dw += k->length * BLOCK)
        accumulate_blocks(WEIGHT_ROWS, 1, k, a + k->in_start, d + c, &p, dw);
    if (c < k->channels)
        accumulate_blocks(WEIGHT_ROWS, 0, k, a + k->in_start, d + c, &p, dw);
}
