/* Where a convolution reads: padded pictures, and kernels as lists of memory runs. Whole numbers only; the same for
   every precision.

   A correlation is a list of segments - runs of memory behind a pixel's place - with weights w[block of 16
   results][length of all segments][16]. The forward map is one correlation. The input
   gradient is one for each residue of the pixel's place modulo the stride, over the taps that reach it:
   dx[i] = sum over k with i + top - k dilation = stride o of dy[o] w[k]. */
#ifndef DPID_OPS_CONV2D_TAPS_H
#define DPID_OPS_CONV2D_TAPS_H

#include "ops/conv2d/conv2d.h"

/* A picture with zeros around it: pixel (0, 0) of the picture stands at (top, left). */
typedef struct {
    int64_t rows, columns, pitch, top, left; /* pitch: reals a pixel */
    /* Winograd's planes hold 16 channels each and lie behind each other, block reals apart; else there is one plane
       of all channels */
    int64_t blocks, block;
} dpid_plane;

typedef struct {
    int64_t offset, length;
} dpid_segment;

typedef struct {
    int64_t k, l; /* row and column in the kernel */
} dpid_tap;

typedef struct {
    dpid_segment *segment;
    int64_t segments, length; /* of all segments together */
    dpid_tap *tap;            /* in the order of the weights */
    int64_t taps;
    /* pixel (y, x), y < height, x < width, reads at in_start + y in_row + x in_step and writes at out_start + y
       out_row + x out_step */
    int64_t height, width, in_start, in_row, in_step, out_start, out_row, out_step;
    int64_t channels; /* of the result, in one group */
    int64_t weights;  /* where its weights begin, in reals */
} dpid_correlation;

int64_t dpid_conv2d_blocks(int64_t channels); /* of 16 */
/* Tiles of 4x4 that cover this many rows or columns. */
int64_t dpid_conv2d_tiles(int64_t extent);

dpid_plane dpid_plane_forward(const dpid_conv2d *g, bool winograd);
dpid_plane dpid_plane_backward(const dpid_conv2d *g, bool winograd);

int64_t dpid_taps_classes(const dpid_conv2d *g); /* correlations of the input gradient */
/* of memory for either of these, which fill out (one, or classes) and lay their lists into memory */
int64_t dpid_taps_bytes(const dpid_conv2d *g);
void dpid_taps_forward(const dpid_conv2d *g, const dpid_plane *p, void *memory, dpid_correlation **out);
void dpid_taps_backward(const dpid_conv2d *g, const dpid_plane *p, void *memory, dpid_correlation **out);
/* Reals of the weights of one group: of the forward correlation, of all backward ones. */
int64_t dpid_taps_forward_weights(const dpid_conv2d *g);
int64_t dpid_taps_backward_weights(const dpid_conv2d *g);

#endif
