/* Vectors over `real`, as long as the registers of the instruction set that this file is compiled for (GCC vector
   extensions; long double: vectors of one). Loads and stores need no alignment. A loop that must be unrolled to keep
   its accumulators in registers stands behind DPID_UNROLL. */
#ifndef DPID_TENSOR_SIMD_H
#define DPID_TENSOR_SIMD_H

#include "tensor/real.h"

#include <stdint.h>

#if defined(__AVX512F__)
#define DPID_VECTOR_BYTES 64
#elif defined(__AVX__)
#define DPID_VECTOR_BYTES 32
#else
#define DPID_VECTOR_BYTES 16
#endif

#if DPID_PRECISION == 80
enum { VL = 1 };
typedef real vec;
typedef real vec_memory;
#else
enum { VL = DPID_VECTOR_BYTES / (int)sizeof(real) };
typedef real vec __attribute__((vector_size(DPID_VECTOR_BYTES)));
typedef real vec_memory __attribute__((vector_size(DPID_VECTOR_BYTES), aligned(sizeof(real)), may_alias));
#if DPID_PRECISION == 32
typedef int32_t vec_bits __attribute__((vector_size(DPID_VECTOR_BYTES)));
#else
typedef int64_t vec_bits __attribute__((vector_size(DPID_VECTOR_BYTES)));
#endif
#endif

#define DPID_INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define DPID_UNROLL _Pragma("clang loop unroll(full)")
#else
#define DPID_UNROLL _Pragma("GCC unroll 64")
#endif

/* Makes the compiler forget what it knows of an address or a distance. Otherwise it computes all addresses of an
   unrolled loop in front of it, and has no registers left to keep them. */
#define DPID_HIDE(p) __asm__("" : "+r"(p))

DPID_INLINE vec vec_load(const real *p)
{
    return *(const vec_memory *)p;
}

DPID_INLINE void vec_store(real *p, vec x)
{
    *(vec_memory *)p = x;
}

/* The lower half of a vector: loaded with zeros above it, stored alone. HALF is 0 where a vector has less than four
   lanes. */
#if DPID_PRECISION != 80 && DPID_VECTOR_BYTES / (DPID_PRECISION / 8) >= 4
enum { HALF = VL / 2 };
typedef real vec_half __attribute__((vector_size(DPID_VECTOR_BYTES / 2), aligned(sizeof(real)), may_alias));
#if DPID_VECTOR_BYTES / (DPID_PRECISION / 8) == 16
#define DPID_LOWER 0, 1, 2, 3, 4, 5, 6, 7
#define DPID_UPPER 8, 9, 10, 11, 12, 13, 14, 15
#elif DPID_VECTOR_BYTES / (DPID_PRECISION / 8) == 8
#define DPID_LOWER 0, 1, 2, 3
#define DPID_UPPER 4, 5, 6, 7
#else
#define DPID_LOWER 0, 1
#define DPID_UPPER 2, 3
#endif

DPID_INLINE vec vec_load_half(const real *p)
{
    return (vec)__builtin_shufflevector(*(const vec_half *)p, (vec_half){0}, DPID_LOWER, DPID_UPPER);
}

DPID_INLINE void vec_store_half(real *p, vec x)
{
    *(vec_half *)p = __builtin_shufflevector(x, x, DPID_LOWER);
}
#else
enum { HALF = 0 };

DPID_INLINE vec vec_load_half(const real *p)
{
    (void)p;
    return (vec){0};
}

DPID_INLINE void vec_store_half(real *p, vec x)
{
    (void)p;
    (void)x;
}
#endif

DPID_INLINE vec vec_all(real x)
{
    return (vec){0} + x;
}

/* below where x < 0, else x: keeps -0 and NaN */
DPID_INLINE vec vec_kink(vec x, vec below)
{
#if DPID_PRECISION == 80
    return x < 0 ? below : x;
#else
    const vec_bits negative = x < (vec){0};
    return (vec)((negative & (vec_bits)below) | (~negative & (vec_bits)x));
#endif
}

/* above where x > 0, below where x <= 0, NaN where x is NaN. What a slope lets through is selected, not multiplied:
   0 times an infinity would be NaN. */
DPID_INLINE vec vec_slope(vec x, vec above, vec below)
{
#if DPID_PRECISION == 80
    return x > 0 ? above : x <= 0 ? below : x;
#else
    const vec_bits positive = x > (vec){0};
    const vec_bits known = x == x;
    return (vec)((positive & (vec_bits)above) | (~positive & known & (vec_bits)below) | (~known & (vec_bits)x));
#endif
}

/* what max(x, 0) lets through of d: vec_slope(x, d, 0) with less work */
DPID_INLINE vec vec_gate(vec x, vec d)
{
#if DPID_PRECISION == 80
    return x > 0 ? d : x <= 0 ? 0 : x;
#else
    const vec_bits positive = x > (vec){0};
    const vec_bits unknown = x != x;
    return (vec)((positive & (vec_bits)d) | (unknown & (vec_bits)x));
#endif
}

/* a where x is 0, else b */
DPID_INLINE vec vec_where_zero(vec x, vec a, vec b)
{
#if DPID_PRECISION == 80
    return x == 0 ? a : b;
#else
    const vec_bits zero = x == (vec){0};
    return (vec)((zero & (vec_bits)a) | (~zero & (vec_bits)b));
#endif
}

#endif
