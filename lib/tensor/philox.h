/* Random numbers by counter, many at once: the bits of dpid_random_at (Philox 4x32-10, Salmon et al. 2011), in a
   loop that a compiler runs by vectors. */
#ifndef DPID_TENSOR_PHILOX_H
#define DPID_TENSOR_PHILOX_H

#include <stdint.h>

/* v[0][i] + 2^32 v[1][i] and v[2][i] + 2^32 v[3][i] are the numbers 2 (first + i) and 2 (first + i) + 1, i < n. */
static inline void dpid_philox(uint64_t seed, uint32_t stream, uint32_t substream, uint64_t first, int n,
                               uint32_t *restrict v0, uint32_t *restrict v1, uint32_t *restrict v2,
                               uint32_t *restrict v3)
{
    for (int i = 0; i < n; i++) {
        uint32_t a = (uint32_t)(first + (uint64_t)i);
        uint32_t b = (uint32_t)((first + (uint64_t)i) >> 32);
        uint32_t c = stream;
        uint32_t d = substream;
        uint32_t key_a = (uint32_t)seed;
        uint32_t key_b = (uint32_t)(seed >> 32);
#pragma GCC unroll 10
        for (int round = 0; round < 10; round++) {
            const uint64_t p = (uint64_t)0xD2511F53 * a;
            const uint64_t q = (uint64_t)0xCD9E8D57 * c;
            a = (uint32_t)(q >> 32) ^ b ^ key_a;
            b = (uint32_t)q;
            c = (uint32_t)(p >> 32) ^ d ^ key_b;
            d = (uint32_t)p;
            key_a += 0x9E3779B9;
            key_b += 0xBB67AE85;
        }
        v0[i] = a;
        v1[i] = b;
        v2[i] = c;
        v3[i] = d;
    }
}

#endif
