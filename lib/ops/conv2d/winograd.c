/* Winograd's convolution: the transforms of many tiles, and the products between them.   Promises: winograd.h
   The transforms of one tile: tile.h */
#include "ops/conv2d/winograd.h"

#include "base/numbers.h"
#include "ops/conv2d/register.h"
#include "ops/conv2d/tile.h"

#include <string.h>

int64_t DPID_T(dpid_winograd_round)(int64_t count)
{
    return (count + FEW_ROWS - 1) / FEW_ROWS * FEW_ROWS;
}

/* ---- pictures to tiles ----------------------------------------------------------------- */

DPID_INLINE void tiles_forward(line f, const int n, const real *x, int64_t row, int64_t pitch, int64_t block,
                               int64_t blocks, const dpid_tiles *at, real *t)
{
    const int64_t position = dpid_position(blocks, at->tiles);
    const tile_in in = {steps_of(row), pitch};
    const tile_out out = {steps_of(6 * position), steps_of(position)};
    for (int64_t b = 0; b < blocks; b++, x += block) {
        real *to = t + (b * at->tiles + at->first) * BLOCK;
        for (int64_t i = 0; i < at->rows; i++) {
            const real *from = x + i * DPID_TILE * row;
            for (int64_t j = 0; j < at->columns; j++, from += DPID_TILE * pitch, to += BLOCK)
                for (int v = 0; v < BLOCK; v += VL)
                    transform(f, n, 6, from + v, &in, to + v, &out, NULL);
        }
    }
}

void DPID_T(dpid_winograd_input)(const real *x, int64_t row, int64_t block, int64_t blocks, const dpid_tiles *at,
                                 real *t)
{
    tiles_forward(input_line, 6, x, row, BLOCK, block, blocks, at, t);
}

void DPID_T(dpid_winograd_input_dense)(const real *x, int64_t row, int64_t pitch, int64_t blocks, const dpid_tiles *at,
                                       real *t)
{
    tiles_forward(input_line, 6, x, row, pitch, BLOCK, blocks, at, t);
}

void DPID_T(dpid_winograd_gradient)(const real *dy, int64_t row, int64_t block, int64_t blocks, const dpid_tiles *at,
                                    real *t)
{
    tiles_forward(gradient_line, 4, dy, row, BLOCK, block, blocks, at, t);
}

/* ---- tiles to pictures ------------------------------------------------------------------------- */

/* A tile that reaches over the border, or a block that is not full: only what lies inside is copied. */
static void store_clipped(const real *tile, int64_t channels, int64_t rows, int64_t columns, int64_t row, int64_t pitch,
                          real *y)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            memcpy(y + i * row + j * pitch, tile + (i * DPID_TILE + j) * VL, (size_t)channels * sizeof *y);
}

static vec bias_of(const real *bias, int64_t channel, int64_t channels)
{
    real lanes[VL] = {0};
    for (int64_t j = 0; bias && j < VL && channel + j < channels; j++)
        lanes[j] = bias[channel + j];
    return vec_load(lanes);
}

DPID_INLINE void tiles_backward(const bool biased, const real *t, const dpid_tiles *at, int64_t channels,
                                int64_t height, int64_t width, const real *bias, real *y)
{
    const int64_t position = dpid_position(dpid_conv2d_blocks(channels), at->tiles);
    const int64_t row = width * channels;
    const tile_in in = {steps_of(6 * position), position};
    const tile_out picture = {steps_of(row), steps_of(channels)};
    const tile_out apart = {steps_of(DPID_TILE * VL), steps_of(VL)};
    for (int64_t c = 0; c < channels; c += VL) {
        const real *from = t + ((c / BLOCK) * at->tiles + at->first) * BLOCK + c % BLOCK;
        const vec start = bias_of(bias, c, channels);
        for (int64_t i = 0; i < at->rows; i++) {
            for (int64_t j = 0; j < at->columns; j++, from += BLOCK) {
                real *to = y + i * DPID_TILE * row + j * DPID_TILE * channels + c;
                const int64_t rows = dpid_smaller(DPID_TILE, height - i * DPID_TILE);
                const int64_t columns = dpid_smaller(DPID_TILE, width - j * DPID_TILE);
                if (rows == DPID_TILE && columns == DPID_TILE && channels - c >= VL) {
                    transform(output_line, 6, DPID_TILE, from, &in, to, &picture, biased ? &start : NULL);
                } else {
                    real tile[DPID_TILE * DPID_TILE * VL];
                    transform(output_line, 6, DPID_TILE, from, &in, tile, &apart, biased ? &start : NULL);
                    store_clipped(tile, dpid_smaller(VL, channels - c), rows, columns, row, channels, to);
                }
            }
        }
    }
}

void DPID_T(dpid_winograd_output)(const real *t, const dpid_tiles *at, int64_t channels, int64_t height, int64_t width,
                                  const real *bias, real *y)
{
    if (bias)
        tiles_backward(true, t, at, channels, height, width, bias, y);
    else
        tiles_backward(false, t, at, channels, height, width, NULL, y);
}

/* ---- tiles to pictures, pairs ---------------------------------------------------------------- */

static vec bias_of_pair(const real *bias, int first, int64_t channels)
{
    real lanes[VL] = {0};
    for (int j = 0; bias && j < VL; j++)
        lanes[j] = (first + j) % HALF_BLOCK < channels ? bias[(first + j) % HALF_BLOCK] : 0;
    return vec_load(lanes);
}

/* One half of a whole tile, of 8 channels. */
DPID_INLINE void store_half(const real *tile, int64_t row, real *y)
{
    for (int i = 0; i < DPID_TILE; i++, y += row)
        DPID_UNROLL for (int j = 0; j < DPID_TILE; j++) for (int v = 0; v < HALF_BLOCK; v += HALF_VL)
            half_store(y + j * HALF_BLOCK + v, half_load(tile + (i * DPID_TILE + j) * BLOCK + v));
}

static void store_half_clipped(const real *tile, int64_t channels, int64_t rows, int64_t columns, int64_t row, real *y)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            memcpy(y + i * row + j * channels, tile + (i * DPID_TILE + j) * BLOCK, (size_t)channels * sizeof *y);
}

void DPID_T(dpid_winograd_output_pair)(const real *t, const dpid_tiles *at, int64_t channels, int64_t height,
                                       int64_t width, const real *bias, real *a, real *b)
{
    const int64_t position = dpid_position(1, at->tiles);
    const int64_t row = width * channels;
    const tile_in in = {steps_of(6 * position), position};
    const tile_out apart = {steps_of(DPID_TILE * BLOCK), steps_of(BLOCK)};
    real *const picture[] = {a, b};
    const real *from = t + at->first * BLOCK;
    vec start[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        start[v] = bias_of_pair(bias, v * VL, channels);
    for (int64_t i = 0; i < at->rows; i++) {
        for (int64_t j = 0; j < at->columns; j++, from += BLOCK) {
            real tile[DPID_TILE * DPID_TILE * BLOCK];
            const int64_t rows = dpid_smaller(DPID_TILE, height - i * DPID_TILE);
            const int64_t columns = dpid_smaller(DPID_TILE, width - j * DPID_TILE);
            for (int v = 0; v < VECTORS; v++)
                transform(output_line, 6, DPID_TILE, from + v * VL, &in, tile + v * VL, &apart, &start[v]);
            for (int side = 0; side < 2 && picture[side]; side++) {
                real *to = picture[side] + i * DPID_TILE * row + j * DPID_TILE * channels;
                if (rows == DPID_TILE && columns == DPID_TILE && channels == HALF_BLOCK)
                    store_half(tile + side * HALF_BLOCK, row, to);
                else
                    store_half_clipped(tile + side * HALF_BLOCK, channels, rows, columns, row, to);
            }
        }
    }
}

/* ---- weights ----------------------------------------------------------------------------------- */

void DPID_T(dpid_winograd_weights)(const real *w, int64_t in, int64_t out_blocks, int64_t out_block, real *u)
{
    const int64_t in_blocks = dpid_conv2d_blocks(in);
    const int64_t position = dpid_weight_position(in_blocks, out_blocks);
    const tile_in taps = {steps_of(3 * in * BLOCK), in * BLOCK};
    const tile_out positions = {steps_of(6 * position), steps_of(position)};
    for (int64_t i = 0; i < in_blocks * BLOCK; i++) {
        real *to = u + ((out_block * in_blocks + i / BLOCK) * BLOCK + i % BLOCK) * BLOCK;
        for (int v = 0; v < BLOCK; v += VL) {
            if (i < in) {
                transform(weight_line, 3, 6, w + i * BLOCK + v, &taps, to + v, &positions, NULL);
                continue;
            }
            for (int p = 0; p < DPID_POSITIONS; p++)
                vec_store(to + p * position + v, (vec){0});
        }
    }
}

void DPID_T(dpid_winograd_weight_gradient)(const real *du, int64_t in, int64_t out_blocks, real *dw)
{
    const int64_t in_blocks = dpid_conv2d_blocks(in);
    const int64_t position = dpid_weight_position(in_blocks, out_blocks);
    const tile_in positions = {steps_of(6 * position), position};
    const tile_out taps = {steps_of(3 * in * BLOCK), steps_of(in * BLOCK)};
    for (int64_t o = 0; o < out_blocks; o++) {
        for (int64_t i = 0; i < in; i++) {
            const real *from = du + ((o * in_blocks + i / BLOCK) * BLOCK + i % BLOCK) * BLOCK;
            for (int v = 0; v < BLOCK; v += VL)
                transform(weight_gradient_line, 6, 3, from + v, &positions, dw + (o * 9 * in + i) * BLOCK + v, &taps,
                          NULL);
        }
    }
}

/* ---- products ------------------------------------------------------------------------------------- */

void DPID_T(dpid_winograd_multiply)(const real *v, const real *u, int64_t in_blocks, int64_t out_blocks, int64_t tiles,
                                    bool narrow, const dpid_prefetch *ahead, real *m)
{
    for (int64_t p = 0; p < DPID_POSITIONS; p++) {
        const real *from = v + p * dpid_position(in_blocks, tiles);
        const real *by = u + p * dpid_weight_position(in_blocks, out_blocks);
        real *to = m + p * dpid_position(out_blocks, tiles);
        dpid_prefetch_part(ahead, p, DPID_POSITIONS);
        multiply_position(from, by, in_blocks, out_blocks, tiles, narrow, to);
    }
}

static void accumulate_position(const real *v, const real *z, int64_t in_blocks, int64_t out_blocks, int64_t tiles,
                                int64_t count, bool from_zero, real *du)
{
    const walk all = {.a_step = BLOCK, .d_step = BLOCK, .height = 1, .width = count};
    const int64_t of_block = in_blocks * BLOCK * BLOCK;
    const int64_t plane = tiles * BLOCK;
    for (int64_t i = 0; i < in_blocks; i++) {
        int64_t o = 0;
        for (; TWO_BLOCKS && o + 2 <= out_blocks; o += 2)
            for (int r = 0; r < BLOCK; r += TWO_BLOCK_WEIGHT_ROWS)
                accumulate(TWO_BLOCK_WEIGHT_ROWS, TWO_BLOCK_WEIGHT_ROWS, 2, v + i * plane + r, z + o * plane, plane,
                           &all, from_zero, du + o * of_block + (i * BLOCK + r) * BLOCK, of_block);
        for (; o < out_blocks; o++)
            for (int r = 0; r < BLOCK; r += WEIGHT_ROWS)
                accumulate(WEIGHT_ROWS, WEIGHT_ROWS, 1, v + i * plane + r, z + o * plane, 0, &all, from_zero,
                           du + o * of_block + (i * BLOCK + r) * BLOCK, 0);
    }
}

void DPID_T(dpid_winograd_accumulate)(const real *v, const real *z, int64_t in_blocks, int64_t out_blocks,
                                      int64_t tiles, int64_t count, bool from_zero, const dpid_prefetch *ahead,
                                      real *du)
{
    for (int64_t p = 0; p < DPID_POSITIONS; p++) {
        dpid_prefetch_part(ahead, p, DPID_POSITIONS);
        accumulate_position(v + p * dpid_position(in_blocks, tiles), z + p * dpid_position(out_blocks, tiles),
                            in_blocks, out_blocks, tiles, count, from_zero,
                            du + p * dpid_weight_position(in_blocks, out_blocks));
    }
}

/* ---- products of pairs: each tile is two rows of 8 channels ----------------------------------------- */

void DPID_T(dpid_winograd_multiply_pairs)(const real *v, const real *u, int64_t tiles, const dpid_prefetch *ahead,
                                          real *m)
{
    for (int64_t p = 0; p < DPID_POSITIONS; p++) {
        const int64_t at = p * dpid_position(1, tiles);
        dpid_prefetch_part(ahead, p, DPID_POSITIONS);
        for (int64_t r = 0; r < tiles * BLOCK; r += HALF_ROWS * HALF_BLOCK)
            multiply_half_dense(v + at + r, u + p * dpid_weight_position(1, 1), m + at + r);
    }
}

void DPID_T(dpid_winograd_accumulate_pairs)(const real *v, const real *z, int64_t tiles, int64_t count, bool from_zero,
                                            const dpid_prefetch *ahead, real *du)
{
    const walk all = {.a_step = HALF_BLOCK, .d_step = HALF_BLOCK, .height = 1, .width = 2 * count};
    for (int64_t p = 0; p < DPID_POSITIONS; p++, du += dpid_weight_position(1, 1)) {
        const int64_t at = p * dpid_position(1, tiles);
        dpid_prefetch_part(ahead, p, DPID_POSITIONS);
        if (from_zero) /* accumulate_half adds to what is there */
            memset(du, 0, HALF_BLOCK * BLOCK * sizeof *du);
        for (int r = 0; r < HALF_BLOCK; r += HALF_ROWS)
            accumulate_half(HALF_ROWS, v + at + r, z + at, &all, du + r * BLOCK);
    }
}
