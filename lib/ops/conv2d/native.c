/* Direct convolution of bf16 numbers.   Promises: native.h */
#include "ops/conv2d/native.h"

#if DPID_PRECISION == 32 && DPID_ISA == 2
#include "base/numbers.h"
#include "ops/conv2d/pixels.h"

#include <immintrin.h>
#include <string.h>

enum { BLOCK = 16, ROWS = 12 }; /* at most MOST_PIXELS */
#define NATIVE __attribute__((target("avx512bf16")))

int64_t DPID_T(dpid_native_reals)(int64_t n)
{
    return (n + 1) / 2;
}

bool DPID_T(dpid_native_fits)(const dpid_correlation *k)
{
    for (int64_t t = 0; t < k->spans; t++)
        if (k->span[t].length % 2 != 0)
            return false;
    return true;
}

/* ---- packing: the upper half of a float is the bf16 number ---------------------------------------- */

static __m512i upper_halves(const real *x)
{
    return _mm512_srli_epi32(_mm512_castps_si512(_mm512_loadu_ps(x)), 16);
}

void DPID_T(dpid_native_pack)(int64_t n, const real *x, void *to)
{
    uint16_t *y = to;
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        _mm256_storeu_si256((__m256i *)(void *)(y + i), _mm512_cvtepi32_epi16(upper_halves(x + i)));
    for (; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        y[i] = (uint16_t)(bits >> 16);
    }
}

void DPID_T(dpid_native_pack_weights)(int64_t n, const real *w, void *to)
{
    uint32_t *y = to;
    for (int64_t i = 0; i < n; i += 2 * BLOCK) {
        const __m512i second = _mm512_slli_epi32(upper_halves(w + i + BLOCK), 16);
        _mm512_storeu_si512(y + i / 2, _mm512_or_si512(upper_halves(w + i), second));
    }
}

/* ---- products ------------------------------------------------------------------------------------------ */

static inline __mmask16 lanes_from(int64_t left)
{
    return (__mmask16)(left >= BLOCK ? 0xffff : left <= 0 ? 0 : (1U << left) - 1);
}

static inline __m512bh broadcast_pair(const uint16_t *a)
{
    int32_t pair;
    memcpy(&pair, a, sizeof pair);
    return (__m512bh)_mm512_set1_epi32(pair);
}

/* ROWS pixels of one or two blocks of the result, from channel c on. */
NATIVE static inline __attribute__((always_inline)) void multiply_pixels(const int blocks, const dpid_correlation *k,
                                                                         const uint16_t *a, const pixels *p,
                                                                         const uint32_t *w, const real *start,
                                                                         int64_t c, real *y)
{
    const int64_t second = k->length / 2 * BLOCK;
    __m512 sum[ROWS][2];
    for (int r = 0; r < ROWS; r++)
        for (int b = 0; b < blocks; b++)
            sum[r][b] = start ? _mm512_loadu_ps(start + c + b * BLOCK) : _mm512_setzero_ps();
    for (int64_t t = 0; t < k->spans; t++) {
        const uint16_t *x = a + k->span[t].offset;
        for (int64_t q = 0; q < k->span[t].length; q += 2, w += BLOCK) {
            __m512bh v[2];
            for (int b = 0; b < blocks; b++)
                v[b] = (__m512bh)_mm512_loadu_si512(w + b * second);
#pragma GCC unroll 16
            for (int r = 0; r < ROWS; r++) {
                const __m512bh pair = broadcast_pair(x + p->from[r] + q);
                for (int b = 0; b < blocks; b++)
                    sum[r][b] = _mm512_dpbf16_ps(sum[r][b], pair, v[b]);
            }
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int b = 0; b < blocks; b++)
            _mm512_mask_storeu_ps(y + p->to[r] + c + b * BLOCK, lanes_from(k->channels - c - b * BLOCK), sum[r][b]);
}

NATIVE static inline __attribute__((always_inline)) void multiply_blocks(const int blocks, const dpid_correlation *k,
                                                                         const uint16_t *a, const uint32_t *w,
                                                                         const real *start, int64_t c,
                                                                         const dpid_prefetch *ahead, real *y)
{
    pixels p = {.left = k->height * k->width};
    for (int64_t done = 0; done < k->height * k->width; done += ROWS) {
        next_pixels(ROWS, k, &p);
        if (ahead && c == 0)
            dpid_prefetch_part(ahead, done / ROWS, (k->height * k->width + ROWS - 1) / ROWS);
        multiply_pixels(blocks, k, a, &p, w, start, c, y);
    }
}

NATIVE void DPID_T(dpid_native_multiply)(const dpid_correlation *k, const void *plane, int64_t first_a, const void *w,
                                         const real *start, const dpid_prefetch *ahead, real *y)
{
    const uint16_t *a = (const uint16_t *)plane + first_a;
    const uint32_t *of_block = w;
    int64_t c = 0;
    for (; k->channels - c > BLOCK; c += 2 * BLOCK, of_block += k->length * BLOCK)
        multiply_blocks(2, k, a, of_block, start, c, ahead, y);
    if (c < k->channels)
        multiply_blocks(1, k, a, of_block, start, c, ahead, y);
}
#else
int64_t DPID_T(dpid_native_reals)(int64_t n)
{
    (void)n;
    return 0;
}

bool DPID_T(dpid_native_fits)(const dpid_correlation *k)
{
    (void)k;
    return false;
}

void DPID_T(dpid_native_pack)(int64_t n, const real *x, void *to)
{
    (void)n;
    (void)x;
    (void)to;
}

void DPID_T(dpid_native_pack_weights)(int64_t n, const real *w, void *to)
{
    DPID_T(dpid_native_pack)(n, w, to);
}

void DPID_T(dpid_native_multiply)(const dpid_correlation *k, const void *plane, int64_t first_a, const void *w,
                                  const real *start, const dpid_prefetch *ahead, real *y)
{
    (void)k;
    (void)plane;
    (void)first_a;
    (void)w;
    (void)start;
    (void)ahead;
    (void)y;
}
#endif
