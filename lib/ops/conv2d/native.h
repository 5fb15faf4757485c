/* Direct convolution of bf16 numbers by the CPU's instruction for them, two terms at a time: the sums of direct.h in
   the order of its taps, within the bound of tensor/bf16_product.h. Planes and weights are packed from those that the
   direct convolution reads: a plane number by number to sixteen bits, weights [length][16] to pairs,
   [length / 2][16][2].
   Built for floats with AVX-512 alone; elsewhere nothing fits, and the others are never called.
   These are functions of one compilation, for the files of this folder. */
#ifndef DPID_OPS_CONV2D_NATIVE_H
#define DPID_OPS_CONV2D_NATIVE_H

#include "ops/conv2d/prefetch.h"
#include "ops/conv2d/taps.h"
#include "tensor/real.h"

/* Reals that n packed ones take. 0 where none are ever packed. */
int64_t DPID_T(dpid_native_reals)(int64_t n);
/* A pair is of one span, so their lengths have to be even. */
bool DPID_T(dpid_native_fits)(const dpid_correlation *k);
void DPID_T(dpid_native_pack)(int64_t n, const real *x, void *to);
void DPID_T(dpid_native_pack_weights)(int64_t n, const real *w, void *to);
/* y = start + correlation of a with w, as dpid_direct_multiply; first_a: where a begins in the packed plane. */
void DPID_T(dpid_native_multiply)(const dpid_correlation *k, const void *plane, int64_t first_a, const void *w,
                                  const real *start, const dpid_prefetch *ahead, real *y);

#endif
