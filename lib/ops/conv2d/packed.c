/* A convolution with packed weights, run over pictures where they lie.   Promises: packed.h
   The arithmetic: register.h, tile.h */
#include "ops/conv2d/packed.h"

#include "base/numbers.h"
#include "base/units.h"
#include "ops/conv2d/register.h"
#include "ops/conv2d/tile.h"
#include "ops/lanes.h"

#include <string.h>

enum { PANEL = 2 }; /* blocks of results in a panel */

static int64_t panels_of_group(const dpid_packed_conv *c)
{
    return (c->out_blocks + PANEL - 1) / PANEL;
}

/* A panel of the results: `blocks` blocks from `block` on, of one group of channels. */
typedef struct {
    int64_t group, block, blocks;
} panel;

static panel panel_of(const dpid_packed_conv *c, int64_t number)
{
    const int64_t of_group = panels_of_group(c);
    const int64_t block = number % of_group * PANEL;
    return (panel){number / of_group, block, dpid_smaller(PANEL, c->out_blocks - block)};
}

static int64_t group_weights(const dpid_packed_conv *c)
{
    return c->out_blocks * BLOCK * c->g.patch;
}

/* Winograd's weights lie as u[panels][36 positions]. Where the panel begins whose first block this is. */
static int64_t transformed_at(const dpid_packed_conv *c, int64_t block)
{
    const int64_t rest = block % PANEL;
    return DPID_POSITIONS * (block / PANEL * dpid_weight_position(c->in_blocks, PANEL) +
                             (rest ? dpid_weight_position(c->in_blocks, rest) : 0));
}

static real *bias_of(const dpid_packed_conv *c, const void *packed)
{
    return (real *)packed + c->weights;
}

/* ---- packing ------------------------------------------------------------------------------ */

/* to[k][j] = w[16 block + j][k], k over the patch */
static void pack_block(const dpid_packed_conv *c, const real *w, int64_t block, real *to)
{
    const int64_t lanes = dpid_smaller(BLOCK, c->g.out_g - block * BLOCK);
    const real *from = w + block * BLOCK * c->g.patch;
    for (int64_t k = 0; k < c->g.patch; k++)
        for (int64_t j = 0; j < BLOCK; j++)
            to[k * BLOCK + j] = j < lanes ? from[j * c->g.patch + k] : 0;
}

static void pack(const dpid_packed_conv *c, const real *w, const real *b, real *scratch, real *packed)
{
    for (int64_t group = 0; group < c->g.groups; group++) {
        for (int64_t block = 0; block < c->out_blocks; block++) {
            real *bias = bias_of(c, packed) + (group * c->out_blocks + block) * BLOCK;
            for (int64_t j = 0; j < BLOCK; j++)
                bias[j] = b && block * BLOCK + j < c->g.out_g ? b[group * c->g.out_g + block * BLOCK + j] : 0;
            if (!c->winograd) {
                pack_block(c, w + group * c->g.out_g * c->g.patch, block,
                           packed + group * group_weights(c) + block * c->g.patch * BLOCK);
                continue;
            }
            const panel p = panel_of(c, block / PANEL);
            pack_block(c, w, block, scratch);
            DPID_T(dpid_winograd_weights)
            (scratch, c->g.in_g, p.blocks, block - p.block, packed + transformed_at(c, p.block));
        }
    }
}

/* ---- the epilogue: what is done to a sum on its way to memory ----------------------------------------- */

/* dpid_view_epilogue as the loops want it. sharp: the kink's slope below 0 is 0. */
typedef struct {
    vec factor, below;
    bool skipped, kinked, sharp;
} epilogue;

static epilogue epilogue_of(const dpid_view_epilogue *end)
{
    return (epilogue){vec_all((real)end->s), vec_all((real)end->kink.below), end->skip.at != NULL, end->kink.kinked,
                      (real)end->kink.below == 0};
}

DPID_INLINE void end_lanes(const epilogue *f, const int lanes, vec u, const real *skip, real *y)
{
    if (f->skipped)
        u = joined(u, f->factor * load_lanes(skip, lanes));
    if (f->kinked)
        u = bent(u, f->sharp, f->below);
    store_lanes(y, u, lanes);
}

/* ---- Winograd ------------------------------------------------------------------------------------- */

/* The tiles that go through the transforms together: of `count` units from `first` on; `tiles` is rounded up. */
typedef struct {
    int64_t first, count, tiles;
} tile_batch;

static void transform_input(const dpid_packed_job *job, const tile_batch *b, real *v)
{
    const dpid_packed_conv *c = job->conv;
    const dpid_view *x = &job->x;
    const real *corner = (const real *)x->at - c->g.window.top * x->row - c->g.window.left * x->pitch;
    int64_t rows;
    for (int64_t u = 0; u < b->count; u += rows) {
        const int64_t row = (b->first + u) % c->units;
        rows = dpid_smaller(c->units - row, b->count - u);
        const dpid_tiles at = {.rows = rows, .columns = c->columns, .first = u * c->columns, .tiles = b->tiles};
        DPID_T(dpid_winograd_input_dense)
        (corner + (b->first + u) / c->units * x->picture + row * DPID_TILE * x->row, x->row, x->pitch, c->in_blocks,
         &at, v);
    }
}

static void multiply_panel(const real *v, const real *u, bool narrow, int64_t in_blocks, int64_t blocks, int64_t tiles,
                           real *m)
{
    for (int64_t p = 0; p < DPID_POSITIONS; p++) {
        multiply_position(v, u, in_blocks, blocks, tiles, narrow, m);
        v += dpid_position(in_blocks, tiles);
        u += dpid_weight_position(in_blocks, blocks);
        m += dpid_position(blocks, tiles);
    }
}

/* The epilogue of a tile: which, and the distances between its results and between the skips that they meet. */
typedef struct {
    const epilogue *f;
    vec bias;
    steps row, column, skip_row, skip_column;
} tile_epilogue;

DPID_INLINE void end_row(const tile_epilogue *e, const int i, const vec *x, const real *skip, real *y)
{
    vec out[6];
    output_line(x, 1, out, 1);
    y = at_step(y, &e->row, i);
    skip = at_step(skip, &e->skip_row, i);
    DPID_HIDE(y);
    DPID_UNROLL for (int j = 0; j < DPID_TILE; j++)
        end_lanes(e->f, VL, out[j] + e->bias, at_step(skip, &e->skip_column, j), at_step(y, &e->column, j));
}

DPID_INLINE void end_tile(const tile_epilogue *e, const real *m, const tile_in *from, const real *skip, real *y)
{
    vec first[6], second[6];
    DPID_UNROLL for (int i = 0; i < 2; i++)
    {
        two_columns(output_line, 6, i, i + 2, m, from, first, second);
        end_row(e, i, first, skip, y);
        end_row(e, i + 2, second, skip, y);
    }
}

/* A tile that reaches over the border, or whose channels do not fill a vector. */
static void end_clipped(const dpid_packed_job *job, const tile_epilogue *e, const real *m, const tile_in *from,
                        int lanes, int64_t rows, int64_t columns, const real *skip, real *y)
{
    const tile_out apart = {steps_of(DPID_TILE * VL), steps_of(VL)};
    real tile[DPID_TILE * DPID_TILE * VL];
    transform(output_line, 6, DPID_TILE, m, from, tile, &apart, &e->bias);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            end_lanes(e->f, lanes, vec_load(tile + (i * DPID_TILE + j) * VL),
                      skip + i * job->end.skip.row + j * job->end.skip.pitch, y + i * job->y.row + j * job->y.pitch);
}

static void transform_output_row(const dpid_packed_job *job, const epilogue *f, int64_t unit, int64_t channel,
                                 const real *m, int64_t position)
{
    const dpid_packed_conv *c = job->conv;
    const dpid_view *y = &job->y;
    const dpid_view *skip = &job->end.skip;
    const tile_in in = {steps_of(6 * position), position};
    const tile_epilogue e = {f,
                             vec_load(bias_of(c, job->packed) + channel),
                             steps_of(y->row),
                             steps_of(y->pitch),
                             steps_of(skip->row),
                             steps_of(skip->pitch)};
    const int64_t row = unit % c->units * DPID_TILE;
    const int64_t rows = dpid_smaller(DPID_TILE, c->g.window.out_h - row);
    const int lanes = (int)dpid_smaller(VL, c->g.out - channel);
    real *to = (real *)y->at + unit / c->units * y->picture + row * y->row + channel;
    /* without a skip it is not read: any address will do */
    const real *from =
        f->skipped ? (const real *)skip->at + unit / c->units * skip->picture + row * skip->row + channel : to;
    for (int64_t j = 0; j < c->columns; j++, m += BLOCK, to += DPID_TILE * y->pitch, from += DPID_TILE * skip->pitch) {
        const int64_t columns = dpid_smaller(DPID_TILE, c->g.window.out_w - j * DPID_TILE);
        if (rows < DPID_TILE || columns < DPID_TILE || lanes < VL)
            end_clipped(job, &e, m, &in, lanes, rows, columns, from, to);
        else
            end_tile(&e, m, &in, from, to);
    }
}

static void transform_output(const dpid_packed_job *job, const epilogue *f, const tile_batch *b, const panel *p,
                             const real *m)
{
    const int64_t position = dpid_position(p->blocks, b->tiles);
    for (int64_t block = 0; block < p->blocks; block++)
        for (int64_t u = 0; u < b->count; u++)
            for (int64_t v = 0; v < BLOCK && (p->block + block) * BLOCK + v < job->conv->g.out; v += VL)
                transform_output_row(job, f, b->first + u, (p->block + block) * BLOCK + v,
                                     m + (block * b->tiles + u * job->conv->columns) * BLOCK + v, position);
}

static void run_winograd(const dpid_packed_job *job, int64_t first, int64_t end, int64_t first_panel, int64_t panel_end)
{
    const dpid_packed_conv *c = job->conv;
    const epilogue f = epilogue_of(&job->end);
    for (; first < end; first += c->batch_units) {
        tile_batch b = {.first = first, .count = dpid_smaller(c->batch_units, end - first)};
        b.tiles = DPID_T(dpid_winograd_round)(b.count * c->columns);
        real *v = job->scratch;
        real *m = v + DPID_POSITIONS * dpid_position(c->in_blocks, b.tiles);
        transform_input(job, &b, v);
        for (int64_t q = first_panel; q < panel_end; q++) {
            const panel p = panel_of(c, q);
            multiply_panel(v, (const real *)job->packed + transformed_at(c, p.block), c->narrow, c->in_blocks, p.blocks,
                           b.tiles, m);
            transform_output(job, &f, &b, &p, m);
        }
    }
}

/* ---- direct ------------------------------------------------------------------------------------------ */

/* A result: its row and its column. */
typedef struct {
    int64_t y, x;
} place;

/* The sums of one pixel go through the epilogue: channels channel .. channel + channels - 1. */
DPID_INLINE void end_pixel(const dpid_packed_job *job, const epilogue *f, int64_t picture, place at, int64_t channel,
                           int64_t channels, const real *sums)
{
    const dpid_view *y = &job->y;
    const dpid_view *skip = &job->end.skip;
    real *to = (real *)y->at + picture * y->picture + at.y * y->row + at.x * y->pitch + channel;
    /* without a skip it is not read: any address will do */
    const real *from =
        f->skipped ? (const real *)skip->at + picture * skip->picture + at.y * skip->row + at.x * skip->pitch + channel
                   : to;
    int64_t v = 0;
    for (; v + VL <= channels; v += VL)
        end_lanes(f, VL, vec_load(sums + v), from + v, to + v);
    if (v < channels)
        end_lanes(f, (int)(channels - v), vec_load(sums + v), from + v, to + v);
}

/* The next ROWS results of those that are left, and where they read: how many they are. The last one fills up. */
static int64_t next_places(const dpid_correlation *k, place *next, int64_t left, place at[ROWS], int64_t from[ROWS])
{
    for (int64_t r = 0; r < ROWS; r++) {
        at[r] = *next;
        from[r] = next->y * k->in_row + next->x * k->in_step;
        if (r + 1 < left && ++next->x == k->width)
            *next = (place){next->y + 1, 0};
    }
    return dpid_smaller(ROWS, left);
}

/* Rows first .. end - 1 of the results of one picture; blocks of results from `block` on of one group. */
DPID_INLINE void direct_blocks(const int blocks, const dpid_packed_job *job, const epilogue *f, int64_t picture,
                               int64_t first, int64_t end, int64_t group, int64_t block)
{
    const dpid_packed_conv *c = job->conv;
    const dpid_correlation *k = c->taps;
    const dpid_view *x = &job->x;
    const real *a = (const real *)x->at + picture * x->picture - c->g.window.top * x->row -
                    c->g.window.left * x->pitch + group * c->g.in_g;
    const real *w = (const real *)job->packed + group * group_weights(c) + block * k->length * BLOCK;
    const real *start = bias_of(c, job->packed) + (group * c->out_blocks + block) * BLOCK;
    const int64_t channel = group * c->g.out_g + block * BLOCK;
    const int64_t channels = dpid_smaller(blocks * BLOCK, c->g.out_g - block * BLOCK);
    real sums[ROWS * PANEL * BLOCK];
    place next = {.y = first};
    place at[ROWS];
    int64_t from[ROWS];
    int64_t to[ROWS];
    for (int r = 0; r < ROWS; r++)
        to[r] = r * blocks * BLOCK;
    int64_t count;
    for (int64_t left = (end - first) * k->width; left > 0; left -= count) {
        count = next_places(k, &next, left, at, from);
        multiply(ROWS, blocks, a, from, k->span, k->spans, w, k->length * BLOCK, start, sums, to, BLOCK);
        for (int64_t r = 0; r < count; r++)
            end_pixel(job, f, picture, at[r], channel, channels, sums + to[r]);
    }
}

static void run_direct(const dpid_packed_job *job, int64_t first, int64_t end, int64_t first_panel, int64_t panel_end)
{
    const dpid_packed_conv *c = job->conv;
    const epilogue f = epilogue_of(&job->end);
    int64_t rows;
    for (; first < end; first += rows) {
        const int64_t row = first % c->units;
        rows = dpid_smaller(c->units - row, end - first);
        for (int64_t q = first_panel; q < panel_end; q++) {
            const panel p = panel_of(c, q);
            if (TWO_BLOCKS && p.blocks == 2) {
                direct_blocks(2, job, &f, first / c->units, row, row + rows, p.group, p.block);
                continue;
            }
            for (int64_t b = 0; b < p.blocks; b++)
                direct_blocks(1, job, &f, first / c->units, row, row + rows, p.group, p.block + b);
        }
    }
}

/* ---- tables ------------------------------------------------------------------------------------------- */

void DPID_T(dpid_packed_conv_pack)(const dpid_packed_conv *conv, const void *w, const void *b, void *scratch,
                                   void *packed);
void DPID_T(dpid_packed_conv_pack)(const dpid_packed_conv *conv, const void *w, const void *b, void *scratch,
                                   void *packed)
{
    pack(conv, w, b, scratch, packed);
}

void DPID_T(dpid_packed_conv_run)(const dpid_packed_job *job, int64_t first, int64_t end, int64_t first_panel,
                                  int64_t panel_end);
void DPID_T(dpid_packed_conv_run)(const dpid_packed_job *job, int64_t first, int64_t end, int64_t first_panel,
                                  int64_t panel_end)
{
    (job->conv->winograd ? run_winograd : run_direct)(job, first, end, first_panel, panel_end);
}

#if DPID_ONCE
#define DECLARE(suffix, real)                                                                                          \
    void dpid_packed_conv_pack_##suffix(const dpid_packed_conv *conv, const void *w, const void *b, void *scratch,     \
                                        void *packed);                                                                 \
    void dpid_packed_conv_run_##suffix(const dpid_packed_job *job, int64_t first, int64_t end, int64_t first_panel,    \
                                       int64_t panel_end);
DPID_ISA_EACH(DECLARE)
const dpid_packed_pack_fn dpid_packed_pack[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_packed_conv_pack);
const dpid_packed_run_fn dpid_packed_run[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_packed_conv_run);

/* ---- sizes ------------------------------------------------------------------------------------------------ */

/* BATCH_TILES: so many tiles stay in the cache. ROUND: a multiple of what each instruction set rounds tiles up to. */
enum { BATCH_TILES = 32, ROUND = 16 };

/* Pairs need two pictures, and here the batch may be a single one. */
static bool goes_by_winograd(const dpid_op *op, bool exact)
{
    return !exact && dpid_conv2d_has_winograd(op) && !dpid_conv2d_has_pairs(op);
}

dpid_margin dpid_packed_conv_margin(const dpid_op *op, bool exact)
{
    dpid_conv2d g;
    (void)dpid_conv2d_make(NULL, op, &g); /* cannot fail: it succeeded when the op was made */
    const dpid_plane p = dpid_plane_forward(&g, goes_by_winograd(op, exact));
    return (dpid_margin){p.top, dpid_larger(0, p.rows - p.top - g.window.h), p.left,
                         dpid_larger(0, p.columns - p.left - g.window.w), p.blocks * p.pitch};
}

int64_t dpid_packed_conv_bytes(const dpid_op *op)
{
    dpid_conv2d g;
    (void)dpid_conv2d_make(NULL, op, &g);
    return dpid_taps_bytes(&g);
}

static int64_t round_up(int64_t count)
{
    return (count + ROUND - 1) / ROUND * ROUND;
}

void dpid_packed_conv_make(const dpid_op *op, bool exact, int64_t row, int64_t pitch, void *memory,
                           dpid_packed_conv *out)
{
    dpid_packed_conv c = {.winograd = goes_by_winograd(op, exact), .narrow = dpid_units() == 1};
    (void)dpid_conv2d_make(NULL, op, &c.g);
    const dpid_plane plane = {.columns = row / pitch, .pitch = pitch};
    dpid_correlation *taps = NULL;
    dpid_taps_forward(&c.g, &plane, memory, &taps);
    c.taps = taps;
    c.in_blocks = dpid_conv2d_blocks(c.g.in_g);
    c.out_blocks = dpid_conv2d_blocks(c.g.out_g);
    c.panels = c.g.groups * panels_of_group(&c);
    c.units = c.winograd ? dpid_conv2d_tiles(c.g.window.out_h) : c.g.window.out_h;
    c.columns = c.winograd ? dpid_conv2d_tiles(c.g.window.out_w) : c.g.window.out_w;
    c.batch_units = c.winograd ? dpid_larger(1, BATCH_TILES / c.columns) : 1;
    c.weights = c.winograd ? transformed_at(&c, c.out_blocks) : c.g.groups * group_weights(&c);
    c.packed = c.weights + c.g.groups * c.out_blocks * BLOCK;
    if (c.winograd) {
        const int64_t tiles = round_up(c.batch_units * c.columns);
        c.scratch =
            dpid_larger(BLOCK * c.g.patch, DPID_POSITIONS * (dpid_position(c.in_blocks, tiles) +
                                                             dpid_position(dpid_smaller(PANEL, c.out_blocks), tiles)));
    }
    *out = c;
}
#endif
