/* Products of matrices of bf16 numbers by the CPU's instruction for them (AVX512-BF16, VDPBF16PS), which adds two
   products at a time into a float. Operands and results are floats; operands have to be numbers of bf16, or are cut to
   such.

   Each result is one sum over k, two terms at a time, from 0 on: so its bits depend neither on tiles nor on threads.
   The instruction adds by rules of its own: to nearest even whatever the mode is, and what is subnormal, an operand or
   a sum, is 0 (Intel's manual, VDPBF16PS). Against the same sum in float, in any order, for k up to 2^20:
     |difference| <= 2 k 2^-24 sum |a b| + 2^-126 (2 k + the sum of |b| where a is subnormal, of |a| where b is)
   because each of the two sums rounds at most k times, partial sums that sum |a b| bounds, and products of bf16 numbers
   are exact in float. Infinity and NaN are as in float, but where a subnormal meets an infinity (NaN here) or a partial
   sum overflows on one way alone.   Why and when: docs/design/0013-storage.md */
#ifndef DPID_TENSOR_BF16_PRODUCT_H
#define DPID_TENSOR_BF16_PRODUCT_H

#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>

/* C[m,n] = A B (+ C when add, the sum first; or + bias[j]).  nt: A[m,k] B[n,k]^T   nn: A[m,k] B[k,n]
   tn: A[k,m]^T B[k,n]. memory: dpid_bf16_product_bytes(m, n, k). Only where dpid_isa_has_bf16(). */
typedef struct {
    int64_t m, n, k;
    const float *a;
    int64_t lda;
    const float *b;
    int64_t ldb;
    const float *bias; /* NULL: none */
    bool add;
    float *c;
    int64_t ldc;
    void *memory;
} dpid_bf16_job;

/* False: more than can be counted. */
bool dpid_bf16_product_bytes(int64_t m, int64_t n, int64_t k, int64_t *bytes);
void dpid_bf16_product_nt(dpid_pool *pool, const dpid_bf16_job *job);
void dpid_bf16_product_nn(dpid_pool *pool, const dpid_bf16_job *job);
void dpid_bf16_product_tn(dpid_pool *pool, const dpid_bf16_job *job);

#endif
