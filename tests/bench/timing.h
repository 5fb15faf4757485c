/* Seconds, medians, and rounds of at least so long: what all benchmarks share. */
#ifndef DPID_BENCH_TIMING_H
#define DPID_BENCH_TIMING_H

#include <stdint.h>

double seconds_now(void);
/* The q-quantile of n values, which it sorts; 0.5 is the median. */
double quantile(double *values, int64_t n, double q);
/* Seconds of one call of work(arg): the median over rounds, each of as many calls as last for round_seconds. Calls
   it twice before. */
double seconds_of(void (*work)(void *arg), void *arg, int64_t rounds, double round_seconds);

#endif
