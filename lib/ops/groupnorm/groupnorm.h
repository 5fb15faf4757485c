/* What instancenorm shares with groupnorm: kernels that find the number of groups in the op. */
#ifndef DPID_OPS_GROUPNORM_H
#define DPID_OPS_GROUPNORM_H

#include "ops/op.h"

/* The lower half of an op of so many groups, which divide its channels. Its option 1 is eps. */
void dpid_groupnorm_fill(dpid_op *op, int64_t groups, bool affine);
int64_t dpid_groupnorm_scratch(const dpid_op *op, int64_t n, int32_t workers);

#endif
