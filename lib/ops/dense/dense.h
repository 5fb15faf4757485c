/* Dense layers in parts, for the stages of a net. */
#ifndef DPID_OPS_DENSE_DENSE_H
#define DPID_OPS_DENSE_DENSE_H

#include "ops/op.h"

/* Its products are done in registers: a row of y or dx has the same bits whatever other rows are worked out with it, and so has a row of dw. */
bool dpid_dense_is_small(const dpid_op *op);

/* The parts of a small layer. None uses the pool. */
typedef struct {
    void (*pack)(const dpid_pass *pass);                  /* w^T into the scratch */
    void (*forward)(const dpid_pass *pass, bool rectify); /* with w^T from there; rectify: y = max(x w^T + b, 0) */
    /* dx; rectified: x came out of a rectifier, and dx is the gradient of what went in there */
    void (*input_gradient)(const dpid_pass *pass, bool rectified);
    /* Rows first .. first + count - 1 of dw, and those entries of db, over the pass's samples: added to what is there, or in its place. */
    void (*weight_gradient)(const dpid_pass *pass, int64_t first, int64_t count, bool add);
} dpid_dense_parts;
#define DPID_DENSE_DECLARE(suffix, real) extern const dpid_dense_parts dpid_dense_parts_##suffix;
DPID_ISA_EACH(DPID_DENSE_DECLARE)
extern const dpid_dense_parts *const dpid_dense_parts_of[DPID_ISAS][DPID_PRECISIONS];

#endif
