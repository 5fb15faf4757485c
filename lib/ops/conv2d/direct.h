/* Direct convolution over a padded channels-last picture. Each result is one sum over the kernel's taps in a fixed
   order. So a delta kernel returns its input bit for bit, but for -0, which becomes +0: the other terms are zeros.
   What is read for which pixel: taps.h.
   These are functions of one compilation (precision and instruction set), for the files of this folder. */
#ifndef DPID_OPS_CONV2D_DIRECT_H
#define DPID_OPS_CONV2D_DIRECT_H

#include "ops/conv2d/prefetch.h"
#include "ops/conv2d/taps.h"
#include "tensor/real.h"

#include <stdbool.h>

/* y = start + correlation of a with w. start: NULL for 0, else padded to whole blocks. ahead: NULL, or what is
   prefetched meanwhile. narrow: see register.h */
void DPID_T(dpid_direct_multiply)(const dpid_correlation *k, bool narrow, const real *a, const real *w,
                                  const real *start, const dpid_prefetch *ahead, real *y);
/* dw[blocks][length][16] += the weight gradient of the correlation; d is the gradient of its result. Up to 32 reals
   behind the last pixel of a and d are read, and their sums are not used. */
void DPID_T(dpid_direct_accumulate)(const dpid_correlation *k, const real *a, const real *d, int64_t d_row,
                                    int64_t d_step, real *dw);

#endif
