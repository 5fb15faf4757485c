/* The loops over the values of a batch: batch-norm, skip and rectifier on the way in, and their gradients on the way
   out. Batch-norm alone, the fused stages of a plan and the convolution all share them, so a fused and an unfused net
   have the same bits. They run over chunks: one picture, or some rows of features, `pixels` times c reals. Parameters
   of a batch-norm are [c].
   In a net with storage each formula is several steps, and `rounding`, to nearest, is done where each of them ends:
   what rounding.h of the net says, here with the numbers at hand. NULL: nothing is rounded. */
#ifndef DPID_OPS_PICTURE_H
#define DPID_OPS_PICTURE_H

#include "base/isa.h"
#include "tensor/format.h"

#include <stdbool.h>
#include <stdint.h>

/* A rectifier: y = x above 0, else `below` times x. relu: 0; leaky_relu: its slope. kinked false: no rectifier. */
typedef struct {
    bool kinked;
    double below;
} dpid_kink;

/* u = (x - mean) gain + shift (mean NULL: u = x);
   v = u + s skip, and exactly s skip where u is 0 (skip NULL: v = u);      then the kink.
   Rounded: u, the sum, what a slope makes. */
typedef struct {
    const void *x, *mean, *gain, *shift;
    const void *skip;
    double s;
    dpid_kink kink;
    void *keep; /* NULL, or where v is also written, dense */
    const dpid_rounding *rounding;
} dpid_picture_source;

/* Is it x as it stands? */
static inline bool dpid_picture_is_plain(const dpid_picture_source *s)
{
    return !s->mean && !s->skip && !s->kink.kinked && !s->keep;
}

/* d loss / d x from g = d loss / d u in training: dx = gain (g - mean_g - (x - mean) tilt);  eval: mean_g and tilt
   NULL: dx = gain g;  gain NULL: dx = g, and no rounding. Rounded: dx. */
typedef struct {
    const void *g, *x, *mean, *gain, *mean_g, *tilt;
    const dpid_rounding *rounding;
} dpid_gradient_source;

/* How the gradient of a picture_source's result is finished:
     g = [dx, if add] + fresh + s addend, times the slope of the kink at v;      dx = g
   so dx is the gradient of what went into the kink. sums: sum g and sum g xhat, for the batch-norm that made v.
   Rounded: fresh, s addend, the sum (unless it is wide), what a slope makes; and (x - mean) gain + shift to that of
   values. */
typedef struct {
    void *dx;
    bool add;
    const void *addend;
    double s;
    dpid_kink kink;
    const void *v;                       /* kept values; NULL: computed again from these: */
    const void *x, *mean, *gain, *shift; /* (x - mean) gain + shift */
    const void *scale;                   /* its 1/sqrt(var + eps): xhat = (x - mean) scale */
    void *sums;                          /* [n][2][c] double (long double of long double); NULL: not wanted */
    const dpid_rounding *rounding, *of_value;
    bool wide;
} dpid_gradient_sink;

enum { DPID_LAYOUT_CHANNELS = 16 };

/* Where a chunk lies in memory: rows of `width` pixels, with `row` reals from row to row and `pitch` reals from pixel
   to pixel. block 0: all channels of a pixel stand side by side. Else only DPID_LAYOUT_CHANNELS of them do, and the
   next ones stand `block` reals behind. */
typedef struct {
    int64_t height, width, c, row, pitch, block;
} dpid_layout;

/* Functions of every compilation:
     picture_load      reads chunk n of the source, at most height rows and width columns of its source_width columns,
                       and writes it to `to` in this layout. Nothing between the pixels is written.
     gradient_load     the same for d loss / d x.
     gradient_store    finishes chunk n of the sink. `fresh` is dense, and may be dx itself if nothing is added to dx.
     chunk_statistics  out[0][c] = mean, out[1][c] = sum of squared deviations, in double (long double: in that).
                       Two passes over differences from the first pixel; every 32 pixels they are added to the doubles.
     chunk_round       rounds y, and says whether all was finite before.
     chunk_sums        out[0][c] = sum g, out[1][c] = sum g (x - mean) scale. */
#define DPID_PICTURE_DECLARE(suffix, real)                                                                             \
    void dpid_picture_load_##suffix(const dpid_picture_source *s, int64_t n, int64_t source_width, int64_t pixels,     \
                                    const dpid_layout *layout, real *to);                                              \
    void dpid_gradient_load_##suffix(const dpid_gradient_source *s, int64_t n, int64_t source_width, int64_t pixels,   \
                                     const dpid_layout *layout, real *to);                                             \
    void dpid_gradient_store_##suffix(const dpid_gradient_sink *s, int64_t n, int64_t pixels, int64_t c,               \
                                      const real *fresh);                                                              \
    bool dpid_chunk_round_##suffix(const dpid_rounding *rounding, int64_t n, real *y);                                 \
    void dpid_chunk_statistics_##suffix(const real *x, int64_t pixels, int64_t c, void *out);                          \
    void dpid_chunk_sums_##suffix(const real *g, const real *x, const real *mean, const real *scale, int64_t pixels,   \
                                  int64_t c, void *out);
DPID_ISA_EACH(DPID_PICTURE_DECLARE)

#endif
