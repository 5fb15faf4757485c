/* Where a convolution reads. Whole numbers only, the same for every precision.

   A tap is one place of the kernel. For a given pixel, the taps read the plane in spans: a span is a run of memory at a
   fixed distance from the pixel. Taps that read adjacent memory share a span. A correlation is a list of spans with its
   weights w[blocks of results][length of all spans][16].

   The forward map is one correlation. The input gradient is dx[i] = sum of dy[o] w[k] over all k and o with
   i + top - k dilation = stride o. Which taps have such an o depends on i modulo the stride: pixels with the same
   remainders are a class, and each class has a correlation. */
#ifndef DPID_OPS_CONV2D_TAPS_H
#define DPID_OPS_CONV2D_TAPS_H

#include "ops/conv2d/conv2d.h"

/* A plane: a picture with zeros around it. Pixel (0, 0) of the picture stands at (top, left). */
typedef struct {
    int64_t rows, columns, pitch, top, left; /* pitch: reals a pixel */
    int64_t blocks, block; /* Winograd: each block of 16 channels has rows and columns of its own, `block` reals apart;
                              else one block of all channels */
} dpid_plane;

typedef struct {
    int64_t offset, length;
} dpid_tap_span;

typedef struct {
    int64_t k, l; /* row and column in the kernel */
} dpid_tap;

typedef struct {
    dpid_tap_span *span;
    int64_t spans, length; /* length: of all spans together */
    dpid_tap *tap;         /* in the order of the weights */
    int64_t taps;
    /* pixel (y, x), y < height, x < width, reads at in_start + y in_row + x in_step and writes at out_start + y
       out_row + x out_step */
    int64_t height, width, in_start, in_row, in_step, out_start, out_row, out_step;
    int64_t channels; /* of the result, in one group */
    int64_t weights;  /* offset of its weights, in reals */
} dpid_correlation;

int64_t dpid_conv2d_blocks(int64_t channels); /* of 16 */
/* Tiles of 4x4 that cover this many rows or columns. */
int64_t dpid_conv2d_tiles(int64_t extent);

dpid_plane dpid_plane_forward(const dpid_conv2d *g, bool winograd);
dpid_plane dpid_plane_backward(const dpid_conv2d *g, bool winograd);

int64_t dpid_taps_classes(const dpid_conv2d *g); /* correlations of the input gradient */
/* Both lay their lists into memory of dpid_taps_bytes bytes. out: one correlation, or one for each class. */
int64_t dpid_taps_bytes(const dpid_conv2d *g);
void dpid_taps_forward(const dpid_conv2d *g, const dpid_plane *p, void *memory, dpid_correlation **out);
void dpid_taps_backward(const dpid_conv2d *g, const dpid_plane *p, void *memory, dpid_correlation **out);
/* Reals of the weights of one group: of the forward correlation, of all backward ones. */
int64_t dpid_taps_forward_weights(const dpid_conv2d *g);
int64_t dpid_taps_backward_weights(const dpid_conv2d *g);

#endif
