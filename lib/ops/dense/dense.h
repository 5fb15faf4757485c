/* The three products of a dense layer, for the stages of a net. */
#ifndef DPID_OPS_DENSE_DENSE_H
#define DPID_OPS_DENSE_DENSE_H

#include "ops/op.h"

/* Are its products those of tensor/product.h? Then a row of y, dx or dw has the same bits, whichever other rows are
   computed with it. */
bool dpid_dense_is_small(const dpid_op *op);

/* A layer with so many weights that packing the operands of pass->native pays; and the bytes that takes, 0 if it is
   none. False: more than can be counted. */
bool dpid_dense_has_native(const dpid_op *op);
bool dpid_dense_native_bytes(const dpid_op *op, int64_t n, int64_t *bytes);

/* The epilogue of a small layer's product: what is done to a result while it is in a register, and would be a pass over
   memory otherwise. Arrays are of the pass's samples. */
typedef struct {
    bool rectify;     /* y = max(x w^T + b, 0) */
    const void *skip; /* NULL, or: joined = y + s skip, exactly s skip where y is 0 */
    double s;
    void *joined; /* pass->y may be NULL then: nobody wants it */
    void *mask;   /* NULL, or with joined: how a rectifier that gave y slopes (tensor/product.h) */
} dpid_dense_forward_epilogue;

typedef struct {
    bool rectified;      /* x came out of a rectifier, and dx is the gradient of what went in there */
    const void *plus;    /* NULL, or: dx = dy w + plus; may be dx itself */
    const void *through; /* NULL, or a mask: back = dx times its slopes */
    void *back;
} dpid_dense_backward_epilogue;

/* The products of a small layer. None uses the pool. */
typedef struct {
    /* y; the scratch holds w^T, or x^T where that is less work */
    void (*forward)(const dpid_pass *pass, const dpid_dense_forward_epilogue *epilogue);
    void (*input_gradient)(const dpid_pass *pass, const dpid_dense_backward_epilogue *epilogue); /* dx */
    /* Rows first .. first + count - 1 of dw, and those entries of db, over the pass's samples: added to what is
       there, or in its place. squares, unless NULL, gets the sum of their squares. */
    void (*weight_gradient)(const dpid_pass *pass, int64_t first, int64_t count, bool add, double *squares);
} dpid_dense_parts;
#define DPID_DENSE_DECLARE(suffix, real) extern const dpid_dense_parts dpid_dense_parts_##suffix;
DPID_ISA_EACH(DPID_DENSE_DECLARE)
extern const dpid_dense_parts *const dpid_dense_parts_of[DPID_ISAS][DPID_PRECISIONS];

#endif
