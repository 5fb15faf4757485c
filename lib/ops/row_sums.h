/* Sums over a row in double or better: ROW_LANES partial sums, then a fixed tree. A row that is no multiple is filled
   up with a number that adds nothing. Rows are taken a few at a time: roots and quotients, of which there is one a row,
   go by vectors then. */
#ifndef DPID_OPS_ROW_SUMS_H
#define DPID_OPS_ROW_SUMS_H

#include "tensor/simd.h"

#ifdef __AVX512F__
#include <immintrin.h>
#endif
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wpsabi" /* nothing here is called: all is inlined */
#endif

enum { ROW_GROUP = 8 };
#if DPID_PRECISION == 80
enum { ROW_LANES = 1 };
typedef real row_wide;
typedef real row_reals;
typedef real row_lanes;
#else
enum { ROW_LANES = 8 };
typedef double row_wide;
typedef real row_reals __attribute__((vector_size(ROW_LANES * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef row_wide row_lanes
    __attribute__((vector_size(ROW_LANES * sizeof(row_wide)), aligned(sizeof(row_wide)), may_alias));
#endif

DPID_INLINE row_lanes row_widen(row_reals x)
{
#if DPID_PRECISION == 32 && defined(__AVX512F__)
    return (row_lanes)_mm512_cvtps_pd((__m256)x); /* GCC 12 makes two of it and puts them together */
#elif DPID_PRECISION == 32
    return __builtin_convertvector(x, row_lanes);
#else
    return x;
#endif
}

DPID_INLINE row_lanes row_load(const real *p)
{
    return row_widen(*(const row_reals *)p);
}

/* The last n numbers of a row, n < ROW_LANES, and `fill` behind them. */
DPID_INLINE row_lanes row_load_last(const real *p, int64_t n, real fill)
{
    real part[ROW_LANES];
    for (int64_t l = 0; l < ROW_LANES; l++)
        part[l] = l < n ? p[l] : fill;
    return row_load(part);
}

/* The length of an array for a row that may be filled up. */
DPID_INLINE int64_t row_padded(int64_t c)
{
    return (c + 7) / 8 * 8;
}

DPID_INLINE row_lanes row_all(row_wide x)
{
    return (row_lanes){0} + x;
}

/* Lane l and lane l + 4, then l + 2, l + 1. */
DPID_INLINE row_wide row_fold(row_lanes x)
{
#if DPID_PRECISION == 80
    return x;
#else
    x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
    x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5);
    return x[0] + x[1];
#endif
}

#endif
