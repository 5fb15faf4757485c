/* Products of small matrices in registers: every result is one sum over k from 0 on, one multiply-add after the
   other, so its bits depend on no tiling, no number of rows at a time, no thread count. For matrices that fit the
   caches; large ones go to gemm.h. Row-major; ld*: elements between rows. */
#ifndef DPID_TENSOR_PRODUCT_H
#define DPID_TENSOR_PRODUCT_H

#include "base/isa.h"

#include <stdbool.h>
#include <stdint.h>

/* An epilogue: what becomes of a sum on its way out of the registers, in this order. The matrices have c's extents
   and rows; NULL: nothing of the kind. */
typedef struct {
    const void *bias; /* + bias[j] */
    bool rectify;     /* to 0 where negative */
    const void *of;   /* what a rectifier that gave of[i,j] lets through */
    const void *plus; /* + plus[i,j]; may be c */
    bool dropped;     /* c itself is not wanted */
    const void *skip; /* beside c: joined[i,j] = c[i,j] + s skip[i,j], and s skip[i,j] where c[i,j] is 0 */
    double s;
    void *joined;
    void *mask;          /* with joined: what a rectifier that gave c will let through */
    const void *through; /* beside c: back[i,j] = what of c[i,j] the rectifier lets through that a mask tells of */
    void *back;
} dpid_product_epilogue;

/* A mask: for every DPID_MASK_ROWS rows one row of dpid_product_pad(n) words of a real's size (8 bytes of long
   double); of each row two bits, "is above 0" and "is not a number". */
enum { DPID_MASK_ROWS = 8 };

/* nn: c[i,j] = epilogue(sum_k a[i,k] b[k,j]).      tn: c[i,j] = sum_k a[k,i] b[k,j] (+ c[i,j] when add; the sum first).
   tt: c[i,j] = epilogue(sum_k a[k,i] b[j,k]), m and n multiples of
   dpid_product_pad(1): the bits of nn with both transposed, tile by tile transposed in registers; it saves to transpose
   b where a is smaller. k = 0 gives zeros. transpose: y[j,i] = x[i,j]; y's rows are filled up with zeros to
   dpid_product_pad(rows) numbers, which is also their least distance. */
#define DPID_PRODUCT_DECLARE(suffix, real)                                                                             \
    void dpid_product_nn_##suffix(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b,          \
                                  int64_t ldb, const dpid_product_epilogue *epilogue, real *c, int64_t ldc);           \
    void dpid_product_tn_##suffix(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b,          \
                                  int64_t ldb, bool add, real *c, int64_t ldc);                                        \
    void dpid_product_tt_##suffix(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b,          \
                                  int64_t ldb, const dpid_product_epilogue *epilogue, real *c, int64_t ldc);           \
    void dpid_transpose_##suffix(int64_t rows, int64_t columns, const real *x, int64_t ldx, real *y, int64_t ldy);
DPID_ISA_EACH(DPID_PRODUCT_DECLARE)

/* n rounded up to whole vectors of any instruction set. */
static inline int64_t dpid_product_pad(int64_t n)
{
    enum { LONGEST = 16 };
    return (n + LONGEST - 1) / LONGEST * LONGEST;
}

#endif
