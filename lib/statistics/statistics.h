/* What the statistics share: checks of arguments, order, null distributions. The public functions are those of
   <deepid/statistics.h>, one idea a file. Everything here takes plain arrays: no word of nets, studies or arms. */
#ifndef DPID_STATISTICS_STATISTICS_H
#define DPID_STATISTICS_STATISTICS_H

#include <deepid/statistics.h>

#include "base/base.h"

/* Null distributions of ranks are exact up to EXACT_MAX values, of two samples up to POOLED_MAX together; beyond, they
   are expanded. */
enum {
    DPID_RANKS_MAX = 1000000,
    DPID_EXACT_MAX = 100,
    DPID_POOLED_MAX = 200,
    DPID_RESAMPLES = 9999,
    DPID_DRAWS = 99999
};

/* what: the function's word for the sentence. */
int32_t dpid_stat_count(deepid_ctx *ctx, const char *what, const char *name, int64_t n, int64_t least, int64_t most);
int32_t dpid_stat_ranked(deepid_ctx *ctx, const char *what, int64_t n, const double *x); /* not NULL, no NaN */
int32_t dpid_stat_finite(deepid_ctx *ctx, const char *what, int64_t n, const double *x);
int32_t dpid_stat_level(deepid_ctx *ctx, const char *what, const char *name, double value, double above, double below);
/* outputs; pass one twice when there are fewer */
int32_t dpid_stat_out(deepid_ctx *ctx, const char *what, const void *a, const void *b, const void *c);

void dpid_sort(int64_t n, double *x); /* NaN last */
double dpid_mean(int64_t n, const double *x);
double dpid_sorted_quantile(int64_t n, const double *sorted, double q);
/* Ranks of x, doubled, so that shared ranks are whole numbers. */
int32_t dpid_doubled_ranks(deepid_ctx *ctx, int64_t n, const double *x, int64_t *doubled);

/* Null distributions of a sum of doubled ranks; *p has *count entries, at 0 .. count - 1; free it. */
/* each rank is in or out */
int32_t dpid_signed_distribution(deepid_ctx *ctx, int64_t n, const int64_t *doubled, double **p, int64_t *count);
/* n of the pooled ranks */
int32_t dpid_subset_distribution(deepid_ctx *ctx, int64_t pooled, const int64_t *doubled, int64_t n, double **p,
                                 int64_t *count);
/* min(1, 2 min(P(S <= at), P(S >= at))) */
double dpid_two_sided(const double *p, int64_t count, int64_t at);
/* P(S <= at) of a symmetric sum of whole numbers, expanded. */
double dpid_edgeworth(double at, double mean, double variance, double excess);
/* The largest k with P(S < k) <= tail, for ranks without ties, S in whole ranks from its least value: the k-th
   smallest and largest of the pairwise values bound the interval. 0: none. */
int32_t dpid_signed_order(deepid_ctx *ctx, int64_t count, double tail, int64_t *k);
int32_t dpid_subset_order(deepid_ctx *ctx, int64_t first, int64_t second, double tail, int64_t *k);
/* pairwise.c: the median of the averages of x, or of the sums of x and y, and their k-th smallest and largest (k = 0:
   -infinity and infinity). Where opposite infinities meet nobody knows the value: it counts as the lowest for the lower
   end, the highest for the upper, 0 for the median. Sorts x and y; y NULL: averages. */
void dpid_pairs_interval(int64_t n, double *x, int64_t m, double *y, int64_t k, double *estimate, double *low,
                         double *high);

/* bootstrap.c: the BCa interval of the mean of many values, without resamples */
void dpid_mean_expanded(int64_t n, const double *x, double level, double *estimate, double *low, double *high);

/* known.c: of values of which some are NaN, which are left out; NaN when nothing is known. x may be NULL. */
int32_t dpid_median_known(deepid_ctx *ctx, int64_t n, const double *x, double *median);
/* By order statistics: covers the median with at least 95 %. NaN below 6 values, where no interval does. */
int32_t dpid_median_interval(deepid_ctx *ctx, int64_t n, const double *x, double *low, double *high);
/* The median of each of the n columns of x, rows x n. */
int32_t dpid_medians_known(deepid_ctx *ctx, int64_t rows, int64_t n, const double *x, double *medians);

double dpid_normal_cdf(double z);
double dpid_normal_quantile(double p);                   /* -+infinity at 0 and 1 */
double dpid_beta_quantile(double a, double b, double p); /* x with I_x(a, b) = p, the incomplete beta function */
/* P(|T| <= t) of Student's distribution, and the t with P(|T| <= t) = level. freedom: above 0, a whole number or not */
double dpid_student_inside(double t, double freedom);
double dpid_student_quantile(double level, double freedom);

#endif
