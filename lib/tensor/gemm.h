/* Matrix products. Row-major. Cut into a fixed tile grid that does not know the thread count; each tile is one
   single-threaded BLAS call (plain loops for long double). So the bits do not depend on the pool. gemm.c is the only
   file that includes cblas.h. */
#ifndef DPID_TENSOR_GEMM_H
#define DPID_TENSOR_GEMM_H

#include "base/pool.h"

#include <stdint.h>

/* C[m,n] = A B (+ C when add).  nn: A[m,k] B[k,n]   nt: A[m,k] B[n,k]^T   tn: A[k,m]^T B[k,n].
   ld*: elements between rows. pool NULL: this thread only (use that inside a task). k = 0 gives zeros (or C
   unchanged when add). */
#define DPID_GEMM_DECLARE(form, suffix, real)                                                                          \
    void dpid_gemm_##form##_##suffix(dpid_pool *pool, int64_t m, int64_t n, int64_t k, const real *a, int64_t lda,     \
                                     const real *b, int64_t ldb, bool add, real *c, int64_t ldc);
#define DPID_GEMM_DECLARE_FORMS(suffix, real)                                                                          \
    DPID_GEMM_DECLARE(nn, suffix, real) DPID_GEMM_DECLARE(nt, suffix, real) DPID_GEMM_DECLARE(tn, suffix, real)
DPID_GEMM_DECLARE_FORMS(f32, float)
DPID_GEMM_DECLARE_FORMS(f64, double)
DPID_GEMM_DECLARE_FORMS(f80, long double)

/* The BLAS behind it, for build_info: "OpenBLAS 0.3.21 ... Haswell". */
const char *dpid_blas_name(void);

#endif
