/* Winograd's groups of tiles: whole pictures beside each other, or a band of tile rows of one. Of pairs, a set of
   tiles has two pictures in it, one in each half of a block; else one. */
#ifndef DPID_CONV2D_GROUP_H
#define DPID_CONV2D_GROUP_H

#include "ops/conv2d/engine.h"
#include "ops/conv2d/winograd.h"

typedef struct {
    int64_t first, pictures; /* of the batch */
    int64_t row;             /* first tile row of each */
} group;

static inline int64_t bands_of(const dpid_engine *e, int64_t height)
{
    return (dpid_conv2d_tiles(height) + e->band - 1) / e->band;
}

static inline int64_t sets_of(const dpid_engine *e, const group *p)
{
    return (p->pictures + e->sides - 1) / e->sides;
}

/* Picture `side` of set q, counted in the batch; -1: there is none, for the batch is odd. */
static inline int64_t picture_of(const dpid_engine *e, const group *p, int64_t q, int64_t side)
{
    const int64_t i = q * e->sides + side;
    return i < p->pictures ? p->first + i : -1;
}

enum { HALF_CHANNELS = 8 }; /* of a block of 16 */

/* Where a picture of a set begins in a plane. */
static inline real *side_of(real *plane, int64_t side)
{
    return plane + side * HALF_CHANNELS;
}

/* Tiles of set q of the group, on a grid over height x width pixels. */
static inline dpid_tiles tiles_of(const dpid_engine *e, const group *p, int64_t q, int64_t height, int64_t width)
{
    const int64_t left = dpid_conv2d_tiles(height) - p->row;
    const int64_t rows = left < 0 ? 0 : left < e->band ? left : e->band;
    const int64_t columns = dpid_conv2d_tiles(width);
    return (dpid_tiles){.rows = rows, .columns = columns, .first = q * rows * columns, .tiles = e->tiles};
}

static inline dpid_tiles tiles_of_input(const dpid_engine *e, const group *p, int64_t q)
{
    return tiles_of(e, p, q, e->g.window.h, e->g.window.w);
}

static inline dpid_tiles tiles_of_output(const dpid_engine *e, const group *p, int64_t q)
{
    return tiles_of(e, p, q, e->g.window.out_h, e->g.window.out_w);
}

#endif
