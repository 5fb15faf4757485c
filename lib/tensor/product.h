/* Products of small matrices, computed in registers. Every result is one sum over k, from 0 on, one multiply-add after
   the other. So its bits depend neither on tiles, nor on how many rows are computed together, nor on threads. For
   matrices that fit into the caches; large ones go to gemm.h. Row-major; ld*: elements from row to row. */
#ifndef DPID_TENSOR_PRODUCT_H
#define DPID_TENSOR_PRODUCT_H

#include "base/isa.h"

#include <stdbool.h>
#include <stdint.h>

/* An epilogue: what is done to a sum while it is in a register, in this order. Matrices are laid out like c; NULL:
   leave this out. */
typedef struct {
    const void *bias; /* + bias[j] */
    bool rectify;     /* to 0 where negative */
    const void *of;   /* only what the rectifier that gave of[i,j] lets through */
    const void *plus; /* + plus[i,j]; may be c */
    bool dropped;     /* c itself is not stored */
    const void *skip; /* beside c: joined[i,j] = c[i,j] + s skip[i,j], and s skip[i,j] where c[i,j] is 0 */
    double s;
    void *joined;
    void *mask;          /* with joined: the slopes of the rectifier that gave c, as a mask */
    const void *through; /* beside c: back[i,j] = what of c[i,j] the rectifier of this mask lets through */
    void *back;
} dpid_product_epilogue;

/* A mask holds the slopes of a rectifier in two bits a number, "is above 0" and "is not a number". DPID_MASK_ROWS rows
   share one row of dpid_product_pad(n) words; a word has the size of a real (of long double: 8 bytes). */
enum { DPID_MASK_ROWS = 8 };

/* nn: c[i,j] = epilogue(sum_k a[i,k] b[k,j]) tn: c[i,j] = sum_k a[k,i] b[k,j] (+ c[i,j] when add; the sum first) tt:
   c[i,j] = epilogue(sum_k a[k,i] b[j,k]), m and n multiples of dpid_product_pad(1). The bits are those of nn of the
       transposed matrices. Tiles of the result are transposed in registers, so that only a has to be transposed before,
       and not b: worth it where a is the smaller one.
   k = 0 gives zeros. transpose: y[j,i] = x[i,j]; y's rows are filled up with zeros to dpid_product_pad(rows) numbers,
   which is also their
       least distance. */
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
