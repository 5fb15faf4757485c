/* Exact sums. Each term becomes a whole multiple of one quantum, a power of two, and those are added as integers: any
   order and grouping gives the same bits. The quantum goes by the largest of all terms and their number, so that no sum
   reaches 2^62; a term is off by half a quantum at most, 2^-61 of the largest for one term, 2^-57 for 16.
   Why: docs/design/0012-allreduce.md */
#ifndef DPID_TRAIN_FIXED_H
#define DPID_TRAIN_FIXED_H

#include "tensor/tensor.h"

/* What dpid_fixed_exponent gives where all are zero, and where one is not finite. */
#define DPID_FIXED_ZERO INT64_MIN
#define DPID_FIXED_NONFINITE INT64_MAX

/* An e with |x[i]| < 2^e for all i, at most one above the least. x: float or double. */
int64_t dpid_fixed_exponent(dpid_precision p, const void *x, int64_t n);
bool dpid_fixed_is_exponent(int64_t exponent); /* it can have come from there */
/* The binary digits after the point of sums of at most so many terms below 2^exponent. */
int32_t dpid_fixed_digits(int64_t exponent, int64_t terms);
/* sum[i] += x[i] in quanta, x finite */
void dpid_fixed_add(dpid_precision p, const void *x, int64_t n, int32_t digits, int64_t *sum);
/* x[i] = sum[i] quanta, rounded once (twice when it is below the least normal number) */
void dpid_fixed_take(dpid_precision p, const int64_t *sum, int64_t n, int32_t digits, void *x);

#endif
