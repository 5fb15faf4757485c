/* One op with its arrays, ready to be run again and again as a net runs it: the kernels of the registry, with
   nothing allocated, checked or copied between, and backward without the forward that a public primitive runs before
   it. And what it has to do at least. */
#ifndef DPID_BENCH_OP_CASE_H
#define DPID_BENCH_OP_CASE_H

#include "ops/op.h"

typedef struct {
    deepid_ctx *ctx;
    dpid_op op;
    dpid_pass pass;
    const dpid_kernels *kernels;
    dpid_precision precision;
    dpid_arena arena;
} op_case;

/* Bytes that are read and written when each array is touched as seldom as the formula allows and nothing stays in a
   cache; size: of all arrays. flops: additions, products, quotients; a multiply-add is two; taps of a convolution
   that lie outside of the picture are left out, and Winograd's transform is counted as what it replaces. */
typedef struct {
    double flops, reads, writes, size;
} op_work;

/* exact: no Winograd. input_gradient: backward gives dx, as for all but a net's first layer. Fails as dpid_op_create
   does. */
int32_t op_case_open(deepid_ctx *ctx, const char *word, const char *options, int64_t n, const dpid_shape *in,
                     dpid_precision precision, bool exact, bool input_gradient, op_case *out);
void op_case_close(op_case *c);
void op_case_forward(void *op_case);
void op_case_backward(void *op_case); /* after a forward */
op_work op_case_work(const op_case *c, bool backward);

/* count numbers between -1 and 1, times scale; zero-filled where scale is 0. */
int32_t bench_numbers(dpid_arena *arena, dpid_precision precision, int64_t count, double scale, void *out /* T ** */);

#endif
