/* Direct convolution: the addresses that the register kernels read and write.   Promises: direct.h */
#include "ops/conv2d/direct.h"

#include "base/numbers.h"
#include "ops/conv2d/pixels.h"
#include "ops/conv2d/register.h"

#include <string.h>

/* ---- forward, input gradient ---------------------------------------------------------- */

_Static_assert((int)ROWS <= (int)MOST_PIXELS && (int)WIDE_ROWS <= (int)MOST_PIXELS, "their addresses have room");

/* ROWS pixels of one or two blocks of the result; blocks 0: of half a block. */
DPID_INLINE void multiply_pixels(const int blocks, const dpid_correlation *k, const real *a, const pixels *p,
                                 const real *w, const real *start, real *o, const int64_t *to)
{
    if (blocks == 0)
        multiply_half(ROWS, a, p->from, k->span, k->spans, w, start, o, to);
    else
        multiply(ROWS, blocks, a, p->from, k->span, k->spans, w, k->length * BLOCK, start, o, to, BLOCK);
}

/* A block that is not full goes through a buffer, because y has no room for all its 16 channels. */
DPID_INLINE void multiply_part(const int blocks, const dpid_correlation *k, const real *a, const pixels *p,
                               const real *w, const real *start, int64_t channels, real *y)
{
    real buffer[ROWS * 2 * BLOCK];
    int64_t to[ROWS];
    for (int r = 0; r < ROWS; r++)
        to[r] = r * 2 * BLOCK;
    multiply_pixels(blocks, k, a, p, w, start, buffer, to);
    for (int r = 0; r < ROWS; r++)
        memcpy(y + p->to[r], buffer + to[r], (size_t)channels * sizeof *y);
}

/* Blocks of the result from channel c on. wide: where WIDE_ROWS pixels are left, they go in pairs. */
DPID_INLINE void multiply_blocks(const int blocks, const bool wide, const dpid_correlation *k, const real *a,
                                 const real *w, const real *start, int64_t c, const dpid_prefetch *ahead, real *y)
{
    const bool whole = k->channels - c >= (blocks == 0 ? HALF_BLOCK : blocks * BLOCK);
    const int64_t most = wide ? WIDE_ROWS : ROWS;
    const int64_t all = k->height * k->width;
    const real *from = start ? start + c : NULL;
    pixels p = {.left = all};
    int64_t rows;
    for (int64_t done = 0; done < all; done += rows) {
        rows = wide && all - done >= WIDE_ROWS ? WIDE_ROWS : ROWS;
        if (ahead && c == 0)
            dpid_prefetch_part(ahead, done / most, (all + most - 1) / most);
        if (wide && rows == WIDE_ROWS) {
            next_pixels(WIDE_ROWS, k, &p);
            multiply_pairs(a, p.from, k->in_step, k->span, k->spans, w, from, y + c, p.to);
            continue;
        }
        next_pixels(ROWS, k, &p);
        if (whole)
            multiply_pixels(blocks, k, a, &p, w, from, y + c, p.to);
        else
            multiply_part(blocks, k, a, &p, w, from, k->channels - c, y + c);
    }
}

/* Functions of their own: gcc runs out of registers where all four loops are in one. */
#define MULTIPLY(name, blocks, wide)                                                                                   \
    static __attribute__((noinline)) void name(const dpid_correlation *k, const real *a, const real *w,                \
                                               const real *start, int64_t c, const dpid_prefetch *ahead, real *y)      \
    {                                                                                                                  \
        multiply_blocks(blocks, wide, k, a, w, start, c, ahead, y);                                                    \
    }
MULTIPLY(multiply_two, 2, false)
MULTIPLY(multiply_wide, 1, true)
MULTIPLY(multiply_one, 1, false)
MULTIPLY(multiply_half_of_one, 0, false)

void DPID_T(dpid_direct_multiply)(const dpid_correlation *k, bool narrow, const real *a, const real *w,
                                  const real *start, const dpid_prefetch *ahead, real *y)
{
    const int64_t block = k->length * BLOCK;
    const bool pairs = WIDE_ROWS > 0 && !narrow && k->width % 2 == 0;
    int64_t c = 0;
    for (; TWO_BLOCKS && k->channels - c > BLOCK; c += 2 * BLOCK, w += 2 * block)
        multiply_two(k, a, w, start, c, ahead, y);
    for (; pairs && k->channels - c >= BLOCK; c += BLOCK, w += block)
        multiply_wide(k, a, w, start, c, ahead, y);
    for (; k->channels - c > HALF_BLOCK; c += BLOCK, w += block)
        multiply_one(k, a, w, start, c, ahead, y);
    if (c < k->channels)
        multiply_half_of_one(k, a, w, start, c, ahead, y);
}

/* ---- weight gradient --------------------------------------------------------------------- */

/* blocks 0: of half a block */
DPID_INLINE void accumulate_some(const int rows, const int blocks, const real *a, const real *d, const walk *p,
                                 real *dw, int64_t second)
{
    if (blocks == 0)
        accumulate_half(rows, a, d, p, dw);
    else
        accumulate(rows, rows, blocks, a, d, BLOCK, p, false, dw, second);
}

/* The next `rows` rows of dw. When only `left` rows are left, they go through a buffer. Their sums start from what dw
   holds, as all others do: which rows are left over depends on the instruction set, and the bits must not. */
DPID_INLINE void accumulate_rows(const int rows, const int blocks, int64_t left, const real *a, const real *d,
                                 const walk *p, real *dw, int64_t second)
{
    if (left >= rows) {
        accumulate_some(rows, blocks, a, d, p, dw, second);
        return;
    }
    real buffer[2][WEIGHT_ROWS * BLOCK] = {{0}};
    const size_t bytes = (size_t)(left * BLOCK) * sizeof *dw;
    const int used = blocks == 0 ? 1 : blocks;
    for (int b = 0; b < used; b++)
        memcpy(buffer[b], dw + b * second, bytes);
    if (left > rows / 2 + 1)
        accumulate_some(rows, blocks, a, d, p, buffer[0], WEIGHT_ROWS * BLOCK);
    else /* such as 9 of 16 rows: the first layer's kernel row of three pixels with three colours */
        accumulate_some(rows / 2 + 1, blocks, a, d, p, buffer[0], WEIGHT_ROWS * BLOCK);
    for (int b = 0; b < used; b++)
        memcpy(dw + b * second, buffer[b], bytes);
}

DPID_INLINE void accumulate_blocks(const int rows, const int blocks, const dpid_correlation *k, const real *a,
                                   const real *d, const walk *p, real *dw)
{
    const int64_t second = k->length * BLOCK;
    for (int64_t t = 0; t < k->spans; t++) {
        const int64_t length = k->span[t].length;
        for (int64_t r = 0; r < length; r += rows)
            accumulate_rows(rows, blocks, dpid_smaller(rows, length - r), a + k->span[t].offset + r, d, p,
                            dw + r * BLOCK, second);
        dw += length * BLOCK;
    }
}

/* First layers: 3x3 pixels with three colours, or with one. All their weights have room in the registers, so the
   pictures are read once and not once a span. */
enum { SMALL_SPANS = 3, COLOURS = 3 };

/* Reals of a span of such a window; 0: it is none. */
static int64_t small_length(const dpid_correlation *k)
{
    const dpid_tap_span *s = k->span;
    if (!TWO_BLOCKS || k->spans != SMALL_SPANS || s[1].length != s[0].length || s[2].length != s[0].length ||
        s[2].offset - s[1].offset != s[1].offset - s[0].offset)
        return 0;
    return s->length == SMALL_SPANS || s->length == SMALL_SPANS * COLOURS ? s->length : 0;
}

DPID_INLINE void accumulate_small(const int length, const dpid_correlation *k, const real *a, const real *d,
                                  const walk *p, real *dw)
{
    const int rows = TWO_BLOCKS ? SMALL_SPANS * length : 1;
    accumulate(rows, length, 1, a + k->span->offset, d, 0, p, false, dw, 0);
}

void DPID_T(dpid_direct_accumulate)(const dpid_correlation *k, const real *a, const real *d, int64_t d_row,
                                    int64_t d_step, real *dw)
{
    const walk p = {.a_row = k->in_row,
                    .a_step = k->in_step,
                    .d_row = d_row,
                    .d_step = d_step,
                    .height = k->height,
                    .width = k->width,
                    .a_span = k->spans > 1 ? k->span[1].offset - k->span[0].offset : 0};
    const int64_t small = small_length(k);
    int64_t c = 0;
    for (; small > 0 && k->channels - c > HALF_BLOCK; c += BLOCK, dw += k->length * BLOCK)
        if (small == SMALL_SPANS)
            accumulate_small(SMALL_SPANS, k, a + k->in_start, d + c, &p, dw);
        else
            accumulate_small(SMALL_SPANS * COLOURS, k, a + k->in_start, d + c, &p, dw);
    for (; TWO_BLOCKS && k->channels - c > BLOCK; c += 2 * BLOCK, dw += 2 * k->length * BLOCK)
        accumulate_blocks(TWO_BLOCK_WEIGHT_ROWS, 2, k, a + k->in_start, d + c, &p, dw);
    for (; k->channels - c > HALF_BLOCK; c += BLOCK, dw += k->length * BLOCK)
        accumulate_blocks(WEIGHT_ROWS, 1, k, a + k->in_start, d + c, &p, dw);
    if (c < k->channels)
        accumulate_blocks(WEIGHT_ROWS, 0, k, a + k->in_start, d + c, &p, dw);
}
