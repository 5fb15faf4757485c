/* Direct convolution over a padded channels-last picture: each result is one sum over the kernel's taps in a fixed
   order, so a delta kernel returns its input bit for bit (sums with zeros; -0 becomes
   +0). What is read for which pixel: taps.h.
   These are functions of one compilation (precision and instruction set), for the files of this folder. */
#ifndef DPID_OPS_CONV2D_DIRECT_H
#define DPID_OPS_CONV2D_DIRECT_H

#include "ops/conv2d/ahead.h"
#include "ops/conv2d/taps.h"
#include "tensor/real.h"

/* y = start + correlation of a with w; start NULL: 0, else padded to whole blocks. ahead NULL: nothing is fetched */
void DPID_T(dpid_direct_multiply)(const dpid_correlation *k, const real *a, const real *w, const real *start,
                                  const dpid_ahead *ahead, real *y);
/* dw[out block][length][16] += the correlation's weight gradient; d is read like the result. Reads up to 32 reals
   behind the last pixel of a and d. */
void DPID_T(dpid_direct_accumulate)(const dpid_correlation *k, const real *a, const real *d, int64_t d_row,
                                    int64_t d_step, real *dw);

#endif
