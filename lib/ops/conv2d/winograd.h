/* Winograd's convolution F(4x4, 3x3): a tile of 6x6 inputs gives 4x4 outputs with 36 products instead of 144 (Lavin
   and Gray 2016, arXiv:1509.09308, section 4).
     forward      Y = A^T [ (G w G^T) . (B^T x B) ] A      . = product over channels at each of the 36 positions
     weight gradient   dw = G^T [ (B^T x B)^T . (A dy A^T) ] G        the exact transpose of the forward map
     input gradient    the forward map of the padded dy with flipped, transposed weights
   Transformed tiles lie as t[36 positions][blocks of 16 channels][tiles][16]. Below, as in the paper, v is the
   transformed input, u the transformed weights, m = v u their product; z is the transformed dy.
   Derivation: conv2d.md

   Pairs: with at most 8 channels, a block holds two pictures, one in each half. For the transforms into tiles that
   makes no difference. The products, and the transform of results, have functions of their own.

   These are functions of one compilation (precision and instruction set), for the files of this folder. */
#ifndef DPID_OPS_CONV2D_WINOGRAD_H
#define DPID_OPS_CONV2D_WINOGRAD_H

#include "ops/conv2d/prefetch.h"
#include "tensor/real.h"

#include <stdbool.h>
#include <stdint.h>

enum { DPID_POSITIONS = 36, DPID_TILE = 4 }; /* outputs of a tile: 4x4; it sees 6x6 */

/* One plane's tiles in a tile batch: rows x columns of them, from number `first` on, of `tiles` in all. */
typedef struct {
    int64_t rows, columns, first, tiles;
} dpid_tiles;

/* Reals from one position to the next. 16 reals more than needed, or all 36 positions could fall on one cache set. */
static inline int64_t dpid_position(int64_t blocks, int64_t tiles)
{
    return blocks * tiles * 16 + 16;
}

/* The same of transformed weights u[36][out blocks][in blocks][16 in][16 out]. */
static inline int64_t dpid_weight_position(int64_t in_blocks, int64_t out_blocks)
{
    return in_blocks * out_blocks * 256 + 16;
}

/* count rounded up to whole groups of the tiles that the products compute at a time. */
int64_t DPID_T(dpid_winograd_round)(int64_t count);

/* t = B^T x B.  x: padded picture in blocks of 16 channels, x[blocks][rows][columns][16]: `row` reals from row to
   row, `block` from block to block */
void DPID_T(dpid_winograd_input)(const real *x, int64_t row, int64_t block, int64_t blocks, const dpid_tiles *at,
                                 real *t);
/* the same of a picture with all channels of a pixel side by side, `pitch` reals a pixel, at least 16 for each block */
void DPID_T(dpid_winograd_input_dense)(const real *x, int64_t row, int64_t pitch, int64_t blocks, const dpid_tiles *at,
                                       real *t);
/* t = A dy A^T, dy in blocks like x */
void DPID_T(dpid_winograd_gradient)(const real *dy, int64_t row, int64_t block, int64_t blocks, const dpid_tiles *at,
                                    real *t);
/* y = A^T t A, clipped to height x width pixels of `channels` */
void DPID_T(dpid_winograd_output)(const real *t, const dpid_tiles *at, int64_t channels, int64_t height, int64_t width,
                                  const real *bias, real *y);
/* the same of pairs: one half of each tile goes to picture a, the other to b; b NULL: there is no second picture */
void DPID_T(dpid_winograd_output_pair)(const real *t, const dpid_tiles *at, int64_t channels, int64_t height,
                                       int64_t width, const real *bias, real *a, real *b);
/* u = G w G^T for one block of results.  w[9][in][16]: taps row by row */
void DPID_T(dpid_winograd_weights)(const real *w, int64_t in, int64_t out_blocks, int64_t out_block, real *u);
/* dw[out block][9][in][16] = G^T du G, du like u */
void DPID_T(dpid_winograd_weight_gradient)(const real *du, int64_t in, int64_t out_blocks, real *dw);
/* m = v u at each position; meanwhile `ahead` is prefetched. narrow: see register.h */
void DPID_T(dpid_winograd_multiply)(const real *v, const real *u, int64_t in_blocks, int64_t out_blocks, int64_t tiles,
                                    bool narrow, const dpid_prefetch *ahead, real *m);
/* du (+)= v^T z at each position, over the first `count` of `tiles` tiles */
void DPID_T(dpid_winograd_accumulate)(const real *v, const real *z, int64_t in_blocks, int64_t out_blocks,
                                      int64_t tiles, int64_t count, bool from_zero, const dpid_prefetch *ahead,
                                      real *du);

/* The same of pairs. u and du have one block of inputs and one of results, and 8 channels of each are used. */
void DPID_T(dpid_winograd_multiply_pairs)(const real *v, const real *u, int64_t tiles, const dpid_prefetch *ahead,
                                          real *m);
void DPID_T(dpid_winograd_accumulate_pairs)(const real *v, const real *z, int64_t tiles, int64_t count, bool from_zero,
                                            const dpid_prefetch *ahead, real *du);

#endif
