/* Random numbers by counter (Philox 4x32-10, Salmon et al. 2011): number i of a stream is a function of (seed,
   stream, substream, i). */
#ifndef DPID_BASE_RANDOM_H
#define DPID_BASE_RANDOM_H

#include <stdint.h>

/* Streams never share numbers, so changing one thing leaves the others' numbers alone. */
enum {
    DPID_STREAM_INIT = 1,
    DPID_STREAM_ORDER = 2,
    DPID_STREAM_AUGMENT = 3,
    DPID_STREAM_NOISE = 4,
    DPID_STREAM_DATA = 5,
    DPID_STREAM_STATISTICS = 6,
    DPID_STREAM_DEPTH = 7,
    DPID_STREAM_STORAGE = 8
};

typedef struct {
    uint64_t seed;
    uint32_t stream;    /* DPID_STREAM_... */
    uint32_t substream; /* what for: hash of a parameter's name, an epoch, ... */
    uint64_t counter;   /* next number; the whole state */
} dpid_random;

dpid_random dpid_random_make(uint64_t seed, uint32_t stream, uint32_t substream);
uint64_t dpid_random_bits(dpid_random *r);            /* 64 fresh bits */
double dpid_random_uniform(dpid_random *r);           /* in (0, 1): (k + 1/2) 2^-52, never 0 or 1 */
double dpid_random_normal(dpid_random *r);            /* Box-Muller, two counters a number, no cached half */
int64_t dpid_random_below(dpid_random *r, int64_t n); /* 0..n-1, unbiased; n at least 1 */
void dpid_random_permutation(dpid_random *r, int64_t n, int64_t *out); /* Fisher-Yates */
/* The 64 bits of number `counter`, without a state: for masks that are computed anew on the way back (dropout). */
uint64_t dpid_random_at(uint64_t seed, uint32_t stream, uint32_t substream, uint64_t counter);
uint32_t dpid_hash32(const char *text, int64_t length);                 /* FNV-1a; names to substreams */
uint64_t dpid_hash64(const void *data, int64_t length, uint64_t start); /* FNV-1a 64, start 0 = the standard basis */

#endif
