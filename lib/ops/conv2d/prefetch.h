/* Prefetching: while a product computes, the memory that the next loop will touch is fetched into the cache, a little
   at a time. Otherwise that loop waits for memory, which the product leaves idle (docs/performance.md says what it
   gains). */
#ifndef DPID_OPS_CONV2D_PREFETCH_H
#define DPID_OPS_CONV2D_PREFETCH_H

#include "tensor/real.h"

#include <stdint.h>

enum { DPID_PREFETCH_RANGES = 8, DPID_PREFETCH_LINE = 64 };

typedef struct {
    const char *start[DPID_PREFETCH_RANGES];
    int64_t bytes[DPID_PREFETCH_RANGES];
    int32_t count;
    int64_t share, shares; /* several loops fetch these ranges: this is number `share` of them; shares 0: only one */
} dpid_prefetch;

/* One more range to fetch. Nothing happens if p is NULL, or if the range is listed already. */
static inline void dpid_prefetch_add(dpid_prefetch *a, const real *p, int64_t reals)
{
    for (int32_t k = 0; k < a->count; k++)
        if (a->start[k] == (const char *)p)
            return;
    if (!p || a->count == DPID_PREFETCH_RANGES)
        return;
    a->start[a->count] = (const char *)p;
    a->bytes[a->count++] = reals * (int64_t)sizeof(real);
}

/* Fetch part i of n of this share. Always inline: gcc holds that a function which only prefetches has no effect, and
   drops calls of it. */
static inline __attribute__((always_inline)) void dpid_prefetch_part(const dpid_prefetch *a, int64_t i, int64_t n)
{
    if (a->shares > 0) {
        i += a->share * n;
        n *= a->shares;
    }
    for (int32_t k = 0; k < a->count; k++) {
        const int64_t end = a->bytes[k] * (i + 1) / n;
        for (int64_t b = a->bytes[k] * i / n / DPID_PREFETCH_LINE * DPID_PREFETCH_LINE; b < end;
             b += DPID_PREFETCH_LINE)
            __builtin_prefetch(a->start[k] + b, 0, 2);
    }
}

#endif
