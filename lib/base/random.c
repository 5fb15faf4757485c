/* Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011) by Random123: block i of a stream is a pure function of (seed,
   stream, substream, i). */
#include "base/random.h"

#include <assert.h>
#include <math.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

/* ---- bits ------------------------------------------------------------------ */

typedef struct {
    uint64_t number[2];
} pair;

/* One block gives two numbers: counter 2k and 2k+1. */
static pair pair_at(uint64_t seed, uint32_t stream, uint32_t substream, uint64_t block)
{
    const philox4x32_ctr_t at = {{(uint32_t)block, (uint32_t)(block >> 32), stream, substream}};
    const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const philox4x32_ctr_t out = philox4x32_R(10, at, key);
    return (pair){{(uint64_t)out.v[0] | (uint64_t)out.v[1] << 32, (uint64_t)out.v[2] | (uint64_t)out.v[3] << 32}};
}

uint64_t dpid_random_at(uint64_t seed, uint32_t stream, uint32_t substream, uint64_t counter)
{
    return pair_at(seed, stream, substream, counter >> 1).number[counter & 1];
}

dpid_random dpid_random_make(uint64_t seed, uint32_t stream, uint32_t substream)
{
    return (dpid_random){.seed = seed, .stream = stream, .substream = substream};
}

uint64_t dpid_random_bits(dpid_random *r)
{
    return dpid_random_at(r->seed, r->stream, r->substream, r->counter++);
}

/* ---- distributions --------------------------------------------------------- */

double dpid_random_uniform(dpid_random *r)
{
    return ((double)(dpid_random_bits(r) >> 12) + 0.5) * 0x1p-52; /* never 0, never 1 */
}

/* Box and Muller 1958: sqrt(-2 ln u) cos(2 pi v) */
double dpid_random_normal(dpid_random *r)
{
    const double two_pi = 6.283185307179586476925;
    const double u = dpid_random_uniform(r);
    const double v = dpid_random_uniform(r);
    return sqrt(-2 * log(u)) * cos(two_pi * v);
}

__extension__ typedef unsigned __int128 wide;

/* Lemire 2019: multiply, reject the few that would be too many: -1. The division is seldom asked for. */
static int64_t below(uint64_t bits, uint64_t bound)
{
    const wide product = (wide)bits * bound;
    return (uint64_t)product >= bound || (uint64_t)product >= (0 - bound) % bound ? (int64_t)(product >> 64) : -1;
}

int64_t dpid_random_below(dpid_random *r, int64_t n)
{
    assert(n > 0);
    for (;;) {
        const int64_t number = below(dpid_random_bits(r), (uint64_t)n);
        if (number >= 0)
            return number;
    }
}

/* The numbers of dpid_random_below, with one block for two of them. */
void dpid_random_permutation(dpid_random *r, int64_t n, int64_t *out)
{
    pair p = pair_at(r->seed, r->stream, r->substream, r->counter >> 1);
    for (int64_t i = 0; i < n; i++)
        out[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = -1;
        while (j < 0) {
            if (r->counter % 2 == 0)
                p = pair_at(r->seed, r->stream, r->substream, r->counter >> 1);
            j = below(p.number[r->counter++ % 2], (uint64_t)i + 1);
        }
        const int64_t t = out[i];
        out[i] = out[j];
        out[j] = t;
    }
}

/* ---- hashes: FNV-1a --------------------------------------------------------- */

uint32_t dpid_hash32(const char *text, int64_t length)
{
    uint32_t hash = 2166136261u;
    for (int64_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)text[i]) * 16777619u;
    return hash;
}

uint64_t dpid_hash64(const void *data, int64_t length, uint64_t start)
{
    uint64_t hash = start ? start : 14695981039346656037u;
    for (int64_t i = 0; i < length; i++)
        hash = (hash ^ ((const uint8_t *)data)[i]) * 1099511628211u;
    return hash;
}
