#include "timing.h"

#include <stdlib.h>
#include <time.h>

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double d = *(const double *)a - *(const double *)b;
    return (d > 0) - (d < 0);
}

double quantile(double *values, int64_t n, double q)
{
    qsort(values, (size_t)n, sizeof *values, ascending);
    const double place = q * (double)(n - 1);
    const int64_t below = (int64_t)place;
    const int64_t above = below + 1 < n ? below + 1 : below;
    return values[below] + (place - (double)below) * (values[above] - values[below]);
}

static double seconds_per_call(void (*work)(void *arg), void *arg, int64_t calls)
{
    const double start = seconds_now();
    for (int64_t i = 0; i < calls; i++)
        work(arg);
    return (seconds_now() - start) / (double)calls;
}

double seconds_of(void (*work)(void *arg), void *arg, int64_t rounds, double round_seconds)
{
    work(arg);
    const double estimate = seconds_per_call(work, arg, 1) + 1e-9;
    const int64_t calls = (int64_t)(round_seconds / estimate) + 1;
    double *seconds = malloc(sizeof *seconds * (size_t)rounds);
    if (!seconds)
        abort();
    for (int64_t round = 0; round < rounds; round++)
        seconds[round] = seconds_per_call(work, arg, calls);
    const double median = quantile(seconds, rounds, 0.5);
    free(seconds);
    return median;
}
