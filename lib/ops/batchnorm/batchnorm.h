/* The parts of a batch-norm that a fused plan runs by themselves: what comes before and after the loops over
   pictures (picture.h). */
#ifndef DPID_OPS_BATCHNORM_H
#define DPID_OPS_BATCHNORM_H

#include "base/isa.h"
#include "ops/op.h"

/* The arrays [c] that loops over pictures read; they lie in pass->saved. mean_g and tilt are NULL in DPID_EVAL. gain
   is forward's; back_gain, the input gradient's, is the same but for backward_eps. shift is beta, corrected for the
   rounding of the mean. variance is this batch's, as it normalises by it: 1/m; filled in DPID_TRAIN. */
typedef struct {
    void *mean, *gain, *scale, *shift, *back_gain, *mean_g, *tilt, *variance;
} dpid_batchnorm_arrays;

/* parts: [pieces][2][c] of chunk_statistics or chunk_sums, each over `rows` rows but the last, which may have fewer.
   prepare
   fills mean, scale, gain, shift: from the parts in DPID_TRAIN, from the running statistics in DPID_EVAL (parts NULL)
   gradient  dgamma += sum g xhat, dbeta += sum g; fills mean_g and tilt */
typedef void (*dpid_batchnorm_prepare_fn)(const dpid_pass *pass, void *parts, int64_t pieces, int64_t rows);
typedef void (*dpid_batchnorm_gradient_fn)(const dpid_pass *pass, void *parts, int64_t pieces);
typedef dpid_batchnorm_arrays (*dpid_batchnorm_arrays_fn)(const dpid_pass *pass);
extern const dpid_batchnorm_prepare_fn dpid_batchnorm_prepare[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_batchnorm_gradient_fn dpid_batchnorm_gradient[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_batchnorm_arrays_fn dpid_batchnorm_arrays_of[DPID_ISAS][DPID_PRECISIONS];

#endif
