/* The same batch in two precisions: what probes compare. */
#ifndef DPID_INSPECT_PRECISION_H
#define DPID_INSPECT_PRECISION_H

#include "inspect/batch.h"

/* The least normal number. */
long double dpid_least_normal(dpid_precision p);
/* The unit of the last place of x, in f32 or f64; one unit for all subnormal numbers. */
double dpid_ulp(dpid_precision p, double x);
/* True for relu and its kin, whose slope changes with the sign of the input: that sign is the mask. */
bool dpid_has_mask(const dpid_op *op);
/* True when entry i of what a layer with a mask reads has another sign in the other precision. */
bool dpid_is_flipped(const dpid_batch *low, const dpid_batch *high, int32_t value, int64_t i);

/* Opens a batch in the net's own precision and one in the next higher precision, and runs both. */
int32_t dpid_pair_open(const deepid_net *net, const deepid_dataset *data, int64_t n, dpid_batch *low, dpid_batch *high);

#endif
