/* Small things that every layer does with numbers. */
#ifndef DPID_BASE_NUMBERS_H
#define DPID_BASE_NUMBERS_H

#include <stdint.h>

static inline int64_t dpid_smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t dpid_larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* For qsort: doubles, the smallest first, NaN last. */
int dpid_compare_doubles(const void *a, const void *b);

/* Seconds of a clock that only runs forward. */
double dpid_seconds_now(void);

#endif
