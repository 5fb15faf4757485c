/* One sample at a time: how a picture (or a row of features) is read through batch-norm, skip and rectifier, and how
   results are finished for the next one. Batch-norm, the fused stages of a plan and the convolution share these
   loops, so a fused and an unfused net have the same bits. A piece is `pixels` times c reals; parameters of a
   batch-norm are [c]. */
#ifndef DPID_OPS_PICTURE_H
#define DPID_OPS_PICTURE_H

#include "base/isa.h"

#include <stdbool.h>
#include <stdint.h>

/* relu: below 0; leaky_relu: below = its slope, above 0. Neither: kinked false. */
typedef struct {
    bool kinked;
    double below;
} dpid_kink;

/* u = (x - mean) gain + shift (mean NULL: u = x);
   v = u + s skip, and exactly s skip where u is 0 (skip NULL: v = u);      then the kink. */
typedef struct {
    const void *x, *mean, *gain, *shift;
    const void *skip;
    double s;
    dpid_kink kink;
    void *keep; /* NULL, or where v is also written, dense */
} dpid_picture_source;

/* d loss / d x from g = d loss / d u in training: dx = gain (g - mean_g - (x - mean) tilt);  eval: mean_g and tilt
   NULL: dx = gain g;  gain NULL: dx = g. */
typedef struct {
    const void *g, *x, *mean, *gain, *mean_g, *tilt;
} dpid_gradient_source;

/* Where d loss / d v of a picture_source goes: dx = (what stands there, when add) + new + s addend, then times the
   kink's slope at v, which makes it d loss / d (v before the kink); sums for the batch-norm behind: sum g, sum g
   xhat. */
typedef struct {
    void *dx;
    bool add;
    const void *addend;
    double s;
    dpid_kink kink;
    const void *v;                       /* kept values; NULL: worked out again from */
    const void *x, *mean, *gain, *shift; /* this batch-norm */
    const void *scale;                   /* its 1/sqrt(var + eps): xhat = (x - mean) scale */
    void *sums;                          /* [n][2][c] double (long double of long double); NULL: not wanted */
} dpid_gradient_sink;

enum { DPID_LAYOUT_CHANNELS = 16 };

/* A piece laid out with room around it: rows of `width` pixels, `pitch` reals a pixel, `row` reals a row. block 0:
   all channels of a pixel in a row; else each DPID_LAYOUT_CHANNELS of them stand block reals behind the last. */
typedef struct {
    int64_t height, width, c, row, pitch, block;
} dpid_layout;

/* Functions of every compilation:
   picture_load
   picture n of the source into `to` (its first pixel), in the layout given, of which nothing else is written; at most
   height rows and width columns of the source_width columns
   gradient_load     the same for d loss / d x
   gradient_store
   finishes picture n of the sink, whose new part lies dense in `fresh` (which may be where dx of that picture lies,
   when not add)
   chunk_statistics  in double (long double of long double): out[0][c] = mean, out[1][c] = sum of squared deviations:
   two passes from the first pixel's values on, in double every 32 pixels
   chunk_sums        out[0][c] = sum g, out[1][c] = sum g (x - mean) scale */
#define DPID_PICTURE_DECLARE(suffix, real)                                                                             \
    void dpid_picture_load_##suffix(const dpid_picture_source *s, int64_t n, int64_t source_width, int64_t pixels,     \
                                    const dpid_layout *layout, real *to);                                              \
    void dpid_gradient_load_##suffix(const dpid_gradient_source *s, int64_t n, int64_t source_width, int64_t pixels,   \
                                     const dpid_layout *layout, real *to);                                             \
    void dpid_gradient_store_##suffix(const dpid_gradient_sink *s, int64_t n, int64_t pixels, int64_t c,               \
                                      const real *fresh);                                                              \
    void dpid_chunk_statistics_##suffix(const real *x, int64_t pixels, int64_t c, void *out);                          \
    void dpid_chunk_sums_##suffix(const real *g, const real *x, const real *mean, const real *scale, int64_t pixels,   \
                                  int64_t c, void *out);
DPID_ISA_EACH(DPID_PICTURE_DECLARE)

#endif
