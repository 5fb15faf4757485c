/* Random numbers by counter, many at once: the bits of dpid_random_at (Philox 4x32-10, Salmon et al. 2011), by vectors
   of 64-bit lanes, a block in each. A product reads the lower half of a lane alone, so what stands above it is never
   cleared: a round is two products, two shifts and two sums of three. */
#ifndef DPID_TENSOR_PHILOX_H
#define DPID_TENSOR_PHILOX_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif
#if defined(__AVX512F__)
enum { DPID_PHILOX_LANES = 8 };
#elif defined(__AVX2__)
enum { DPID_PHILOX_LANES = 4 };
#else
enum { DPID_PHILOX_LANES = 2 };
#endif
/* Vectors side by side: with one, a product would wait for that of the round before. */
enum { DPID_PHILOX_VECTORS = 4, DPID_PHILOX_BLOCKS = DPID_PHILOX_VECTORS * DPID_PHILOX_LANES };
typedef uint64_t dpid_words __attribute__((vector_size(8 * DPID_PHILOX_LANES)));
typedef uint32_t dpid_half_words __attribute__((vector_size(4 * DPID_PHILOX_LANES)));

/* The product of the lower halves. */
static inline dpid_words dpid_words_product(dpid_words a, dpid_words b)
{
#if defined(__AVX512F__)
    return (dpid_words)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (dpid_words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (dpid_words)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & 0xffffffff) * (b & 0xffffffff);
#endif
}

static inline dpid_words dpid_words_all(uint32_t word)
{
    return (dpid_words){0} + word;
}

/* Four words of DPID_PHILOX_BLOCKS blocks from `first` on; of words, v holds the lower halves. */
static inline void dpid_philox_blocks(uint64_t seed, uint32_t stream, uint32_t substream, uint64_t first,
                                      dpid_words v[4][DPID_PHILOX_VECTORS])
{
    uint32_t key_a = (uint32_t)seed;
    uint32_t key_b = (uint32_t)(seed >> 32);
    static const uint64_t count[] = {0, 1, 2, 3, 4, 5, 6, 7};
    dpid_words lane;
    memcpy(&lane, count, sizeof lane);
    for (uint64_t j = 0; j < DPID_PHILOX_VECTORS; j++) {
        v[0][j] = lane + (first + j * DPID_PHILOX_LANES);
        v[1][j] = v[0][j] >> 32;
        v[2][j] = dpid_words_all(stream);
        v[3][j] = dpid_words_all(substream);
    }
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
#pragma GCC unroll 4
        for (int j = 0; j < DPID_PHILOX_VECTORS; j++) {
            const dpid_words p = dpid_words_product(v[0][j], dpid_words_all(0xD2511F53));
            const dpid_words q = dpid_words_product(v[2][j], dpid_words_all(0xCD9E8D57));
            v[0][j] = (q >> 32) ^ v[1][j] ^ dpid_words_all(key_a);
            v[1][j] = q;
            v[2][j] = (p >> 32) ^ v[3][j] ^ dpid_words_all(key_b);
            v[3][j] = p;
        }
        key_a += 0x9E3779B9;
        key_b += 0xBB67AE85;
    }
}

/* The lower halves, to out. */
static inline void dpid_words_store(const dpid_words v[DPID_PHILOX_VECTORS], uint32_t *out)
{
#pragma GCC unroll 4
    for (int j = 0; j < DPID_PHILOX_VECTORS; j++) {
        const dpid_half_words low = __builtin_convertvector(v[j], dpid_half_words);
        memcpy(out + j * DPID_PHILOX_LANES, &low, sizeof low);
    }
}

/* v[0][i] + 2^32 v[1][i] and v[2][i] + 2^32 v[3][i] are the numbers 2 (first + i) and 2 (first + i) + 1, i < n. */
static inline void dpid_philox(uint64_t seed, uint32_t stream, uint32_t substream, uint64_t first, int n,
                               uint32_t *restrict v0, uint32_t *restrict v1, uint32_t *restrict v2,
                               uint32_t *restrict v3)
{
    uint32_t *const out[] = {v0, v1, v2, v3};
    for (int i = 0; i < n; i += DPID_PHILOX_BLOCKS) {
        const int left = n - i;
        dpid_words v[4][DPID_PHILOX_VECTORS];
        dpid_philox_blocks(seed, stream, substream, first + (uint64_t)i, v);
#pragma GCC unroll 4
        for (int w = 0; w < 4; w++) {
            uint32_t last[DPID_PHILOX_BLOCKS];
            dpid_words_store(v[w], left < DPID_PHILOX_BLOCKS ? last : out[w] + i);
            if (left < DPID_PHILOX_BLOCKS)
                memcpy(out[w] + i, last, (size_t)left * sizeof *last);
        }
    }
}

#endif
