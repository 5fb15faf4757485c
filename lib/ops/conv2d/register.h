/* The register kernels: two loops do all arithmetic of the convolution. Channels of the result come in blocks of 16.

   multiply:     o[r][j] = start[j] + sum over spans s and k < s.length of a[row[r] + s.offset + k] b[k'][j]
                 (k' goes on counting from span to span)
   accumulate:   o[i][j] += sum over rows y and pixels x of a[y a_row + x a_step + place(i)] d[y d_row + x d_step + j]
                 place(i) = i / length a_span + i % length: the weights of one span, or of several

   A kernel computes `rows` rows of one or two blocks at a time. The numbers of rows keep 8 to 16 accumulators in
   registers: with fewer the multiply-adds wait for each other, with more some are spilled to memory. Eight are enough
   for a CPU that starts one multiply-add a cycle (base/units.h): there the narrow shapes are faster, of fewer rows.
   With two a cycle more rows share a vector of weights, since a CPU loads two vectors a cycle at most. The array of
   accumulators has a fixed size and its loops are unrolled, or gcc would keep it in memory. a is read as a scalar, so
   that the multiply-add instruction broadcasts it. */
#ifndef DPID_OPS_CONV2D_REGISTER_H
#define DPID_OPS_CONV2D_REGISTER_H

#include "ops/conv2d/direct.h"
#include "tensor/simd.h"

#include <stdbool.h>

enum { BLOCK = 16, VECTORS = BLOCK / VL }; /* VECTORS: in a block of channels */
#if defined(__AVX512F__) && DPID_PRECISION == 32
enum { TWO_BLOCKS = 1 }; /* two blocks of results at a time, where there are two */
#else
enum { TWO_BLOCKS = 0 };
#endif

/* Rows at a time: of multiply (WIDE_ROWS: in pairs, with two units), multiply_dense (also narrow, and with two blocks;
   FEW_ROWS: where less are left), accumulate (also with two blocks). */
#if defined(__AVX512F__) && DPID_PRECISION == 32
enum { WIDE_ROWS = 16 };
#else
enum { WIDE_ROWS = 0 }; /* no such shape */
#endif
#if defined(__AVX512F__) && DPID_PRECISION == 32
enum { ROWS = 8, DENSE_ROWS = 16, NARROW_ROWS = 8, TWO_BLOCK_ROWS = 8, WEIGHT_ROWS = 16, TWO_BLOCK_WEIGHT_ROWS = 8 };
#elif defined(__AVX512F__)
enum { ROWS = 8, DENSE_ROWS = 8, NARROW_ROWS = 4, TWO_BLOCK_ROWS = 4, WEIGHT_ROWS = 8, TWO_BLOCK_WEIGHT_ROWS = 4 };
#elif defined(__AVX__) && DPID_PRECISION == 32
enum { ROWS = 6, DENSE_ROWS = 4, NARROW_ROWS = 4, TWO_BLOCK_ROWS = 2, WEIGHT_ROWS = 4, TWO_BLOCK_WEIGHT_ROWS = 2 };
#elif DPID_PRECISION == 80
enum { ROWS = 1, DENSE_ROWS = 1, NARROW_ROWS = 1, TWO_BLOCK_ROWS = 1, WEIGHT_ROWS = 1, TWO_BLOCK_WEIGHT_ROWS = 1 };
#else
enum { ROWS = 2, DENSE_ROWS = 2, NARROW_ROWS = 2, TWO_BLOCK_ROWS = 1, WEIGHT_ROWS = 2, TWO_BLOCK_WEIGHT_ROWS = 1 };
#endif

enum { FEW_ROWS = (int)DENSE_ROWS < 4 ? (int)DENSE_ROWS : 4 };

enum { MOST = 32 }; /* accumulators */

/* blocks: 1 or 2. The weights of the second block stand b_second behind b, its results o_second behind o. start NULL:
   from 0. */
DPID_INLINE void multiply(const int rows, const int blocks, const real *a, const int64_t *row, const dpid_tap_span *s,
                          int64_t spans, const real *b, int64_t b_second, const real *start, real *o,
                          const int64_t *o_row, int64_t o_second)
{
    const int vectors = blocks * VECTORS;
    vec sum[MOST];
    vec w[MOST];
    const real *from[ROWS];
    DPID_UNROLL for (int v = 0; v < vectors; v++) w[v] = start ? vec_load(start + v * VL) : (vec){0};
    DPID_UNROLL for (int i = 0; i < rows * vectors; i++) sum[i] = w[i % vectors];
    DPID_UNROLL for (int r = 0; r < rows; r++) from[r] = a + row[r];
    for (int64_t t = 0; t < spans; t++) {
        int64_t k = s[t].offset;
        for (const int64_t end = k + s[t].length; k < end; k++, b += BLOCK) {
            DPID_UNROLL for (int v = 0; v < vectors; v++) w[v] =
                vec_load(b + (v / VECTORS) * b_second + (v % VECTORS) * VL);
            DPID_UNROLL for (int i = 0; i < rows * vectors; i++) sum[i] += from[i / vectors][k] * w[i % vectors];
        }
    }
    DPID_UNROLL for (int i = 0; i < rows * vectors; i++)
        vec_store(o + o_row[i / vectors] + (i % vectors / VECTORS) * o_second + (i % VECTORS) * VL, sum[i]);
}

/* multiply of WIDE_ROWS rows and one block, where every second row stands `step` behind the one before: so many
   addresses would not fit into the registers. */
DPID_INLINE void multiply_pairs(const real *a, const int64_t *row, int64_t step, const dpid_tap_span *s, int64_t spans,
                                const real *b, const real *start, real *o, const int64_t *o_row)
{
    const real *from[MOST];
    vec sum[MOST];
    const vec zero = {0};
    DPID_UNROLL for (int i = 0; i < WIDE_ROWS; i++) sum[i] = start ? vec_load(start) : zero;
    DPID_UNROLL for (int i = 0; i < WIDE_ROWS; i += 2) from[i] = a + row[i];
    for (int64_t t = 0; t < spans; t++) {
        int64_t k = s[t].offset;
        for (const int64_t end = k + s[t].length; k < end; k++, b += BLOCK) {
            const vec w = vec_load(b);
            DPID_UNROLL for (int i = 0; i < WIDE_ROWS; i += 2)
            {
                sum[i] += from[i][k] * w;
                sum[i + 1] += from[i][k + step] * w;
            }
        }
    }
    DPID_UNROLL for (int i = 0; i < WIDE_ROWS; i++) vec_store(o + o_row[i], sum[i]);
}

/* multiply where the rows of a and of o lie 16 apart, and the spans are blocks of 16, a_block apart. Each block is
   summed alone and then added to o: short sums have less rounding error, half of it at 64 channels. */
DPID_INLINE void multiply_dense(const int rows, const int blocks, const real *a, int64_t a_block, int64_t in_blocks,
                                const real *b, int64_t b_second, real *o, int64_t o_second)
{
    const int vectors = blocks * VECTORS;
    vec sum[MOST];
    vec w[MOST];
    for (int64_t t = 0; t < in_blocks; t++, a += a_block) {
        DPID_UNROLL for (int i = 0; i < rows * vectors; i++) sum[i] = (vec){0};
        for (int k = 0; k < BLOCK; k++, b += BLOCK) {
            DPID_UNROLL for (int v = 0; v < vectors; v++) w[v] =
                vec_load(b + (v / VECTORS) * b_second + (v % VECTORS) * VL);
            DPID_UNROLL for (int i = 0; i < rows * vectors; i++) sum[i] +=
                a[k + (i / vectors) * BLOCK] * w[i % vectors];
        }
        DPID_UNROLL for (int i = 0; i < rows * vectors; i++)
        {
            real *to = o + (i / vectors) * BLOCK + (i % vectors / VECTORS) * o_second + (i % VECTORS) * VL;
            vec_store(to, t == 0 ? sum[i] : vec_load(to) + sum[i]);
        }
    }
}

/* multiply_dense for all `tiles` rows, a multiple of FEW_ROWS: `rows` at a time, and few where less are left. */
DPID_INLINE void multiply_rows(const int rows, const int blocks, const real *a, int64_t tiles, int64_t in_blocks,
                               const real *b, int64_t b_second, real *o)
{
    const int64_t plane = tiles * BLOCK;
    int64_t t = 0;
    for (; t + rows <= tiles; t += rows)
        multiply_dense(rows, blocks, a + t * BLOCK, plane, in_blocks, b, b_second, o + t * BLOCK, plane);
    for (; t < tiles; t += FEW_ROWS)
        multiply_dense(FEW_ROWS, blocks, a + t * BLOCK, plane, in_blocks, b, b_second, o + t * BLOCK, plane);
}

/* multiply_rows for all blocks of results. narrow: NARROW_ROWS of one block at a time; else more of them, or of two
   blocks. */
DPID_INLINE void multiply_position(const real *v, const real *u, int64_t in_blocks, int64_t out_blocks, int64_t tiles,
                                   bool narrow, real *m)
{
    const int64_t of_block = in_blocks * BLOCK * BLOCK;
    const int64_t plane = tiles * BLOCK;
    int64_t o = 0;
    for (; narrow && o < out_blocks; o++)
        multiply_rows(NARROW_ROWS, 1, v, tiles, in_blocks, u + o * of_block, 0, m + o * plane);
    for (; TWO_BLOCKS && o + 2 <= out_blocks; o += 2)
        multiply_rows(TWO_BLOCK_ROWS, 2, v, tiles, in_blocks, u + o * of_block, of_block, m + o * plane);
    for (; o < out_blocks; o++)
        multiply_rows(DENSE_ROWS, 1, v, tiles, in_blocks, u + o * of_block, 0, m + o * plane);
}

/* The pixels that accumulate sums over: their distances in a and in d, and how many there are. */
typedef struct {
    int64_t a_row, a_step, d_row, d_step, height, width;
    int64_t a_span; /* from one span to the next, where length < rows */
} walk;

/* The second block of d stands d_second behind the first, its results o_second behind o. from_zero: o = instead of
   o +=. length: rows of one span. */
DPID_INLINE void accumulate(const int rows, const int length, const int blocks, const real *a, const real *d,
                            int64_t d_second, const walk *p, bool from_zero, real *o, int64_t o_second)
{
    const int vectors = blocks * VECTORS;
    const vec zero = {0};
    vec sum[MOST];
    vec w[MOST];
    DPID_UNROLL for (int i = 0; i < rows * vectors; i++) sum[i] =
        from_zero ? zero
                  : vec_load(o + (i / vectors) * BLOCK + (i % vectors / VECTORS) * o_second + (i % VECTORS) * VL);
    for (int64_t y = 0; y < p->height; y++) {
        const real *from = a + y * p->a_row;
        const real *with = d + y * p->d_row;
        for (int64_t x = 0; x < p->width; x++, from += p->a_step, with += p->d_step) {
            DPID_UNROLL for (int v = 0; v < vectors; v++) w[v] =
                vec_load(with + (v / VECTORS) * d_second + (v % VECTORS) * VL);
            const real *of_span[MOST];
            DPID_UNROLL for (int t = 0; t < rows / length; t++)
            {
                of_span[t] = from + t * p->a_span;
                if (length < rows)
                    DPID_HIDE(of_span[t]);
            }
            DPID_UNROLL for (int i = 0; i < rows * vectors; i++) sum[i] +=
                of_span[i / vectors / length][i / vectors % length] * w[i % vectors];
        }
    }
    DPID_UNROLL for (int i = 0; i < rows * vectors; i++)
        vec_store(o + (i / vectors) * BLOCK + (i % vectors / VECTORS) * o_second + (i % VECTORS) * VL, sum[i]);
}

/* ---- half a block: 8 results, in vectors of at most 8 ---------------------------------------

   With at most 8 channels in a block, the loops above would compute twice as much as is needed. Some CPUs do a
   multiply-add of 16 numbers in two halves: there one of 8 numbers takes half the time. */
enum { HALF_BLOCK = BLOCK / 2, HALF_VL = VL < HALF_BLOCK ? VL : HALF_BLOCK, HALF_VECTORS = HALF_BLOCK / HALF_VL };
#if DPID_VECTOR_BYTES == 64 && DPID_PRECISION == 32
typedef vec_half half;
typedef vec_half half_memory;
#else
typedef vec half;
typedef vec_memory half_memory;
#endif

DPID_INLINE half half_load(const real *p)
{
    return *(const half_memory *)p;
}

DPID_INLINE void half_store(real *p, half x)
{
    *(half_memory *)p = x;
}

/* multiply, of the first 8 results of one block */
DPID_INLINE void multiply_half(const int rows, const real *a, const int64_t *row, const dpid_tap_span *s, int64_t spans,
                               const real *b, const real *start, real *o, const int64_t *o_row)
{
    half sum[MOST];
    half w[HALF_VECTORS];
    const real *from[ROWS];
    DPID_UNROLL for (int v = 0; v < HALF_VECTORS; v++) w[v] = start ? half_load(start + v * HALF_VL) : (half){0};
    DPID_UNROLL for (int i = 0; i < rows * HALF_VECTORS; i++) sum[i] = w[i % HALF_VECTORS];
    DPID_UNROLL for (int r = 0; r < rows; r++) from[r] = a + row[r];
    for (int64_t t = 0; t < spans; t++) {
        int64_t k = s[t].offset;
        for (const int64_t end = k + s[t].length; k < end; k++, b += BLOCK) {
            DPID_UNROLL for (int v = 0; v < HALF_VECTORS; v++) w[v] = half_load(b + v * HALF_VL);
            DPID_UNROLL for (int i = 0; i < rows * HALF_VECTORS; i++) sum[i] +=
                from[i / HALF_VECTORS][k] * w[i % HALF_VECTORS];
        }
    }
    DPID_UNROLL for (int i = 0; i < rows * HALF_VECTORS; i++)
        half_store(o + o_row[i / HALF_VECTORS] + (i % HALF_VECTORS) * HALF_VL, sum[i]);
}

/* accumulate, of the first 8 of the 16 results of each row */
DPID_INLINE void accumulate_half(const int rows, const real *a, const real *d, const walk *p, real *o)
{
    half sum[MOST];
    half w[HALF_VECTORS];
    DPID_UNROLL for (int i = 0; i < rows * HALF_VECTORS; i++) sum[i] =
        half_load(o + (i / HALF_VECTORS) * BLOCK + (i % HALF_VECTORS) * HALF_VL);
    for (int64_t y = 0; y < p->height; y++) {
        const real *from = a + y * p->a_row;
        const real *with = d + y * p->d_row;
        for (int64_t x = 0; x < p->width; x++, from += p->a_step, with += p->d_step) {
            DPID_UNROLL for (int v = 0; v < HALF_VECTORS; v++) w[v] = half_load(with + v * HALF_VL);
            DPID_UNROLL for (int i = 0; i < rows * HALF_VECTORS; i++) sum[i] +=
                from[i / HALF_VECTORS] * w[i % HALF_VECTORS];
        }
    }
    DPID_UNROLL for (int i = 0; i < rows * HALF_VECTORS; i++)
        half_store(o + (i / HALF_VECTORS) * BLOCK + (i % HALF_VECTORS) * HALF_VL, sum[i]);
}

/* multiply_dense, of 8 results from 8 channels: rows lie 8 apart in a and in o */
enum { HALF_ROWS = (int)DENSE_ROWS < (int)HALF_BLOCK ? (int)DENSE_ROWS : (int)HALF_BLOCK };

DPID_INLINE void multiply_half_dense(const real *a, const real *b, real *o)
{
    half sum[MOST];
    half w[HALF_VECTORS];
    DPID_UNROLL for (int i = 0; i < HALF_ROWS * HALF_VECTORS; i++) sum[i] = (half){0};
    for (int k = 0; k < HALF_BLOCK; k++, b += BLOCK) {
        DPID_UNROLL for (int v = 0; v < HALF_VECTORS; v++) w[v] = half_load(b + v * HALF_VL);
        DPID_UNROLL for (int i = 0; i < HALF_ROWS * HALF_VECTORS; i++) sum[i] +=
            a[k + (i / HALF_VECTORS) * HALF_BLOCK] * w[i % HALF_VECTORS];
    }
    DPID_UNROLL for (int i = 0; i < HALF_ROWS * HALF_VECTORS; i++)
        half_store(o + (i / HALF_VECTORS) * HALF_BLOCK + (i % HALF_VECTORS) * HALF_VL, sum[i]);
}

#endif
