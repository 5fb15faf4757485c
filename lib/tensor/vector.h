/* Plain loops over arrays, and reductions in a fixed order; compiled for each precision. All loops are chunked by
   fixed sizes, so bits do not depend on threads. */
#ifndef DPID_TENSOR_VECTOR_H
#define DPID_TENSOR_VECTOR_H

#include "base/isa.h"
#include "base/pool.h"
#include "tensor/tensor.h"

#include <stdint.h>

#define DPID_VECTOR_DECLARE(suffix, real)                                                                              \
    void dpid_fill_##suffix(real *x, int64_t n, double value);                                                         \
    void dpid_add_to_##suffix(real *y, const real *x, int64_t n); /* y += x */                                         \
    void dpid_scale_##suffix(real *x, int64_t n, double a);       /* x *= a */                                         \
    double dpid_sum_##suffix(const real *x, int64_t n);           /* pairwise, in double or better */                  \
    double dpid_sum_squares_##suffix(const real *x, int64_t n);   /* the same */                                       \
    double dpid_sum_squares_by_##suffix(dpid_pool *pool, const void *x, int64_t n); /* the same bits, by a pool */     \
    double dpid_max_abs_##suffix(const real *x, int64_t n);                         /* NaN when one is NaN */          \
    bool dpid_all_finite_##suffix(const real *x, int64_t n);                                                           \
    void dpid_column_sums_##suffix(int64_t rows, int64_t cols, const real *x, int64_t ld,                              \
                                   real *sums); /* sums[j] += sum_i x[i,j], fixed order */                             \
    void dpid_to_double_##suffix(const real *x, int64_t n, double *y);                                                 \
    void dpid_from_double_##suffix(const double *x, int64_t n, real *y);
DPID_ISA_EACH(DPID_VECTOR_DECLARE)

extern double (*const dpid_sum_squares_by[DPID_ISAS][DPID_PRECISIONS])(dpid_pool *pool, const void *x, int64_t n);

#endif
