/* What a batch-norm does before and after its loops over values. A fused plan calls these, and leaves the loops to the
   convolutions beside it (picture.h). */
#ifndef DPID_OPS_BATCHNORM_H
#define DPID_OPS_BATCHNORM_H

#include "base/isa.h"
#include "ops/op.h"

/* The arrays [c] that loops over pictures read; they lie in pass->saved. mean_g and tilt are NULL in DPID_EVAL. gain
   is forward's; back_gain is the input gradient's, and differs only with backward_eps. shift is beta, corrected for the
   rounding of the mean. variance is the biased one of this batch, by which it is normalised; filled in DPID_TRAIN. */
typedef struct {
    void *mean, *gain, *scale, *shift, *back_gain, *mean_g, *tilt, *variance;
} dpid_batchnorm_arrays;

/* parts: [chunks][2][c] of chunk_statistics or chunk_sums, each over `rows` rows but the last, which may have fewer.
   prepare
   fills mean, scale, gain, shift: from the parts in DPID_TRAIN, from the running statistics in DPID_EVAL (parts NULL)
   gradient  dgamma += sum g xhat, dbeta += sum g; fills mean_g and tilt */
typedef void (*dpid_batchnorm_prepare_fn)(const dpid_pass *pass, void *parts, int64_t chunks, int64_t rows);
typedef void (*dpid_batchnorm_gradient_fn)(const dpid_pass *pass, void *parts, int64_t chunks);
typedef dpid_batchnorm_arrays (*dpid_batchnorm_arrays_fn)(const dpid_pass *pass);
extern const dpid_batchnorm_prepare_fn dpid_batchnorm_prepare[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_batchnorm_gradient_fn dpid_batchnorm_gradient[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_batchnorm_arrays_fn dpid_batchnorm_arrays_of[DPID_ISAS][DPID_PRECISIONS];

#endif
