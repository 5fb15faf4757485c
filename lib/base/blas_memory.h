/* Work memory for matrix products: a thread that belongs to a context has its own, taken before it works, so that
   nothing in a BLAS allocates. */
#ifndef DPID_BASE_BLAS_MEMORY_H
#define DPID_BASE_BLAS_MEMORY_H

#include <stdbool.h>

/* What a product of one tile of tensor/gemm.c needs at most, with OpenBLAS 0.3.21. It packs two things:
   - P x Q of one operand. That is 2 MiB for kernels with fixed extents and a quarter of the second-level cache for
     older ones. With the 128 KiB that alignment takes, 4 MiB do for caches of up to 15 MiB.
   - n x min(k, Q) of the other operand, DPID_BLAS_SIDE, when there are more than P columns (P > 64); else a few rows of
     it. n is 256 at most, and Q is 1024 floats or 512 doubles, unless the whole tile is small, m n k <= 2^19.
   Sources: param.h, kernel/setparam-ref.c, interface/gemm.c and driver/level3/level3.c of that version.
   tests/tensor/test_blas_memory.c runs the largest tiles by every kernel that this CPU has: 1.5 MiB were used. */
enum { DPID_BLAS_SIDE = 1 << 20, DPID_BLAS_BYTES = (4 << 20) + DPID_BLAS_SIDE };

/* False when the system has no room. With -DDEEPID_BLAS=shared there is nothing to take: *out is NULL, and the BLAS
   takes its own when it multiplies. */
bool dpid_blas_take(void **out);
/* NULL is fine. */
void dpid_blas_give(void *memory);
/* This thread multiplies in `memory` from now on; NULL: in what the BLAS allocates. Returns what it had before. */
void *dpid_blas_use(void *memory);

/* Around each product. With -DDEEPID_BLAS=shared and a serial OpenBLAS one thread multiplies at a time: that build
   hands its buffers out without a lock, and two threads would get the same one and wrong results. Else nothing. */
#ifdef DEEPID_BLAS_WRAP
static inline void dpid_blas_enter(void)
{
}
static inline void dpid_blas_leave(void)
{
}
#else
void dpid_blas_enter(void);
void dpid_blas_leave(void);
#endif

#endif
