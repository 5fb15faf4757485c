/* Memory that the next loop over a picture will touch, fetched in parts while a product computes: without it the
   loops wait for memory while the product leaves it idle (docs/performance.md has what it gives). */
#ifndef DPID_OPS_CONV2D_AHEAD_H
#define DPID_OPS_CONV2D_AHEAD_H

#include "tensor/real.h"

#include <stdint.h>

enum { DPID_AHEAD_RANGES = 8, DPID_AHEAD_LINE = 64 };

typedef struct {
    const char *start[DPID_AHEAD_RANGES];
    int64_t bytes[DPID_AHEAD_RANGES];
    int32_t count;
    int64_t share, shares; /* one of several loops that fetch the ranges between them; shares 0: one alone */
} dpid_ahead;

/* p NULL, or a range that is there already: nothing */
static inline void dpid_ahead_add(dpid_ahead *a, const real *p, int64_t reals)
{
    for (int32_t k = 0; k < a->count; k++)
        if (a->start[k] == (const char *)p)
            return;
    if (!p || a->count == DPID_AHEAD_RANGES)
        return;
    a->start[a->count] = (const char *)p;
    a->bytes[a->count++] = reals * (int64_t)sizeof(real);
}

/* Part i of n of this share. Always inline: gcc takes a function that only prefetches for one without effect, and
   drops the call. */
static inline __attribute__((always_inline)) void dpid_ahead_part(const dpid_ahead *a, int64_t i, int64_t n)
{
    if (a->shares > 0) {
        i += a->share * n;
        n *= a->shares;
    }
    for (int32_t k = 0; k < a->count; k++) {
        const int64_t end = a->bytes[k] * (i + 1) / n;
        for (int64_t b = a->bytes[k] * i / n / DPID_AHEAD_LINE * DPID_AHEAD_LINE; b < end; b += DPID_AHEAD_LINE)
            __builtin_prefetch(a->start[k] + b, 0, 2);
    }
}

#endif
