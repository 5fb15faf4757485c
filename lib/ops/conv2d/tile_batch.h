/* Tile batches: the tiles that Winograd's convolution transforms and multiplies together. Small pictures are in it
   whole, several side by side; of a large one, a tile batch has a band, some of its rows of tiles. Each plane has one
   picture, or, with pairs, two: one on each side, which is half a block of channels. */
#ifndef DPID_OPS_CONV2D_TILE_BATCH_H
#define DPID_OPS_CONV2D_TILE_BATCH_H

#include "ops/conv2d/engine.h"
#include "ops/conv2d/winograd.h"

typedef struct {
    int64_t first, pictures; /* pictures first .. first + pictures - 1 of the batch */
    int64_t row;             /* the band begins at this row of tiles */
} tile_batch;

static inline int64_t bands_of(const dpid_engine *e, int64_t height)
{
    return (dpid_conv2d_tiles(height) + e->band_rows - 1) / e->band_rows;
}

static inline int64_t planes_of(const dpid_engine *e, const tile_batch *b)
{
    return (b->pictures + e->sides - 1) / e->sides;
}

/* The number in the batch of the picture on this side of plane q; -1: the batch has an odd number, and it is
   missing. */
static inline int64_t picture_of(const dpid_engine *e, const tile_batch *b, int64_t q, int64_t side)
{
    const int64_t i = q * e->sides + side;
    return i < b->pictures ? b->first + i : -1;
}

enum { SIDE_CHANNELS = 8 };

/* Where the picture on this side of a plane begins. */
static inline real *side_of(real *plane, int64_t side)
{
    return plane + side * SIDE_CHANNELS;
}

/* The tiles of plane q in this tile batch, where results are height x width pixels. */
static inline dpid_tiles tiles_of(const dpid_engine *e, const tile_batch *b, int64_t q, int64_t height, int64_t width)
{
    const int64_t left = dpid_conv2d_tiles(height) - b->row;
    const int64_t rows = left < 0 ? 0 : left < e->band_rows ? left : e->band_rows;
    const int64_t columns = dpid_conv2d_tiles(width);
    return (dpid_tiles){.rows = rows, .columns = columns, .first = q * rows * columns, .tiles = e->tiles};
}

static inline dpid_tiles tiles_of_input(const dpid_engine *e, const tile_batch *b, int64_t q)
{
    return tiles_of(e, b, q, e->g.window.h, e->g.window.w);
}

static inline dpid_tiles tiles_of_output(const dpid_engine *e, const tile_batch *b, int64_t q)
{
    return tiles_of(e, b, q, e->g.window.out_h, e->g.window.out_w);
}

#endif
