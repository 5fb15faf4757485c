/**
 * @file statistics.h  Statistics for a handful of seeds: exact tests, intervals without a distribution, bootstrap;
 * on plain arrays. Methods and references: docs/verdict.md
 */
#ifndef DEEPID_STATISTICS_H
#define DEEPID_STATISTICS_H

#include <deepid/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Common to all: ctx is lent, for memory and the sentence of an error. Arrays are lent, outputs are written when the
   call succeeds and must not be NULL. A diverged run is +infinity: the worst rank. Functions of ranks take
   infinities and may return them; functions of means refuse them (DEEPID_ERR_NUMERIC): cap first. Statuses:
   DEEPID_OK; DEEPID_ERR_ARGUMENT: a NULL, a count or a number out of its range; DEEPID_ERR_NUMERIC: a NaN, an
   infinity where a mean is taken; DEEPID_ERR_MEMORY. Random numbers: Philox by (seed, counter), the same on every
   machine and for any number of threads. One thread at a time for each context. */

/* ---- order ------------------------------------------------------------------------------------------- */

/**
 * Quantile q (0..1) of n values, 1 to 1000000000, linear between order statistics at 0 .. n - 1 (type 7 of Hyndman
 * and Fan 1996). Infinities are fine. Cost: a sort.
 */
DEEPID_API int32_t deepid_statistics_quantile(deepid_ctx *ctx, int64_t n, const double *x, double q, double *out);
/** Median: the mean of the two middle values when n is even. */
DEEPID_API int32_t deepid_statistics_median(deepid_ctx *ctx, int64_t n, const double *x, double *out);
/** Ranks 1 .. n, equal values share their mean rank; +infinity is the worst, the largest rank. ranks: n doubles. */
DEEPID_API int32_t deepid_statistics_ranks(deepid_ctx *ctx, int64_t n, const double *x, double *ranks);

/* ---- tests: two-sided p -------------------------------------------------------------------------------- */

/**
 * Sign-flip test of "d is symmetric about 0", by the mean (Fisher 1935). Exact for n <= 16: the share of all 2^n
 * sign patterns whose |sum| is at least the one seen. Beyond, Monte Carlo: (1 + hits) / (1 + draws).
 *
 * @param[in]  ctx    lent
 * @param[in]  n      1 to 1000000 differences
 * @param[in]  d      finite
 * @param[in]  draws  for n > 16: 1 to 10^7; 0 = 99999
 * @param[in]  seed   for n > 16
 * @param[out] p      0 < p <= 1; at least 2 / 2^n unless all is 0
 *
 * @return The statuses above.
 * @cost   n 2^n additions, or n draws
 */
DEEPID_API int32_t deepid_statistics_sign_flip(deepid_ctx *ctx, int64_t n, const double *d, int64_t draws,
                                               uint64_t seed, double *p);

/**
 * Wilcoxon's signed-rank test, exact for what was seen: the ranks of |d| are given, every sign pattern is as likely
 * (dynamic programming over sums of ranks). Equal |d| share their mean rank; zeros are ranked, then dropped (Pratt
 * 1959). All zero: p = 1.
 *
 * @param[in]  ctx        lent
 * @param[in]  n          1 to 500
 * @param[in]  d          differences; infinities are the largest ranks
 * @param[out] statistic  T+, the sum of the ranks of the positive ones
 * @param[out] p          min(1, 2 min(P(T <= T+), P(T >= T+)))
 *
 * @return The statuses above.
 * @cost   n^3
 */
DEEPID_API int32_t deepid_statistics_signed_rank(deepid_ctx *ctx, int64_t n, const double *d, double *statistic,
                                                 double *p);

/**
 * Wilcoxon's rank-sum (Mann and Whitney's) test for independent samples, exact given the ties (dynamic programming).
 *
 * @param[in]  ctx        lent
 * @param[in]  n          at least 1; n + m at most 200
 * @param[in]  x          n values; infinities are fine
 * @param[in]  m          at least 1
 * @param[in]  y          m values
 * @param[out] statistic  U = pairs with x > y, an equal pair counts 1/2
 * @param[out] p          min(1, 2 min(P(U <= u), P(U >= u)))
 *
 * @return The statuses above.
 * @cost   n (n + m)^3
 */
DEEPID_API int32_t deepid_statistics_rank_sum(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y,
                                              double *statistic, double *p);

/**
 * Permutation test of equal means for independent samples. Exact (all ways to choose n of n + m) when there are at
 * most 200000 ways (10 and 10: 184756), else Monte Carlo: (1 + hits) / (1 + draws).
 *
 * @param[in]  ctx    lent
 * @param[in]  n      at least 1; n + m at most 1000000
 * @param[in]  x      n finite values
 * @param[in]  m      at least 1
 * @param[in]  y      m finite values
 * @param[in]  draws  for Monte Carlo: 1 to 10^7; 0 = 99999
 * @param[in]  seed   for Monte Carlo
 * @param[out] p      share of splits whose |difference of means| is at least the one seen
 *
 * @return The statuses above.
 * @cost   n + m a split
 */
DEEPID_API int32_t deepid_statistics_permutation(deepid_ctx *ctx, int64_t n, const double *x, int64_t m,
                                                 const double *y, int64_t draws, uint64_t seed, double *p);

/**
 * Holm's step-down p values (1979): in the order of p, adjusted_(i) = max over j <= i of min(1, (n - j + 1) p_(j)).
 * n >= 1, p in 0..1; adjusted: n doubles, may be p itself.
 */
DEEPID_API int32_t deepid_statistics_holm(deepid_ctx *ctx, int64_t n, const double *p, double *adjusted);

/* ---- intervals ---------------------------------------------------------------------------------------------- */

/**
 * Where differences lie: Hodges and Lehmann's estimate (1963), the median of the n (n + 1) / 2 averages of two, and
 * the interval that the exact signed-rank test does not refuse. Too few values for the level (n < 6 at 0.95, since 2
 * / 2^5 > 0.05): the interval is -infinity .. infinity. With ties it covers more often than level says. An average
 * of -infinity and +infinity is -infinity for the lower end, +infinity for the upper, 0 for the estimate.
 *
 * @param[in]  ctx       lent
 * @param[in]  n         1 to 500
 * @param[in]  d         infinities are fine
 * @param[in]  level     0 < level < 1
 * @param[out] estimate  may be infinite, as the ends may
 * @param[out] low       lower end
 * @param[out] high      upper end
 *
 * @return The statuses above.
 * @cost   n^3
 */
DEEPID_API int32_t deepid_statistics_hodges_lehmann(deepid_ctx *ctx, int64_t n, const double *d, double level,
                                                    double *estimate, double *low, double *high);

/**
 * The same for independent samples: by how much x lies above y, the median of the n m differences x - y, and the
 * interval of the exact rank-sum test. n + m at most 200.
 */
DEEPID_API int32_t deepid_statistics_shift(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y,
                                           double level, double *estimate, double *low, double *high);

/**
 * Mean with the BCa bootstrap interval (bias-corrected and accelerated: Efron 1987; acceleration from the jackknife).
 *
 * @param[in]  ctx        lent
 * @param[in]  n          2 to 100000
 * @param[in]  x          finite
 * @param[in]  level      0 < level < 1
 * @param[in]  resamples  99 to 10^6; 0 = 9999
 * @param[in]  seed       of the resampling
 * @param[out] estimate   the mean
 * @param[out] low        lower end
 * @param[out] high       upper end
 *
 * @return The statuses above.
 * @cost   n resamples
 */
DEEPID_API int32_t deepid_statistics_bootstrap_mean(deepid_ctx *ctx, int64_t n, const double *x, double level,
                                                    int64_t resamples, uint64_t seed, double *estimate, double *low,
                                                    double *high);

/**
 * The share of a gap that an intervention closes, (mean from - mean by) / (mean from - mean to), with its BCa
 * interval: the three are resampled jointly, seed by seed. A gap of 0 gives +-infinity by the numerator's sign, 0 /
 * 0 gives 0: look at the gap's own interval first.
 *
 * @param[in]  ctx        lent
 * @param[in]  n          2 to 100000 seeds
 * @param[in]  from       losses of the deep net, finite
 * @param[in]  by         losses with the intervention, same seeds
 * @param[in]  to         losses of the reference, same seeds
 * @param[in]  level      0 < level < 1
 * @param[in]  resamples  99 to 10^6; 0 = 9999
 * @param[in]  seed       of the resampling
 * @param[out] estimate   the share
 * @param[out] low        lower end
 * @param[out] high       upper end
 *
 * @return The statuses above.
 * @cost   3 n resamples
 */
DEEPID_API int32_t deepid_statistics_bootstrap_share(deepid_ctx *ctx, int64_t n, const double *from, const double *by,
                                                     const double *to, double level, int64_t resamples, uint64_t seed,
                                                     double *estimate, double *low, double *high);

/** The same when by's m >= 2 runs are independent of the n seeds of from and to: resampled apart. */
DEEPID_API int32_t deepid_statistics_bootstrap_share_independent(deepid_ctx *ctx, int64_t n, const double *from,
                                                                 const double *to, int64_t m, const double *by,
                                                                 double level, int64_t resamples, uint64_t seed,
                                                                 double *estimate, double *low, double *high);

/**
 * "No difference": two one-sided tests of size alpha (0 < alpha < 0.5; usual 0.05) by the Hodges-Lehmann interval of
 * level 1 - 2 alpha; equivalent = 1 when it lies inside -margin .. margin. margin > 0.
 */
DEEPID_API int32_t deepid_statistics_equivalence(deepid_ctx *ctx, int64_t n, const double *d, double margin,
                                                 double alpha, double *low, double *high, int32_t *equivalent);

/** Clopper and Pearson's exact interval (1934) of a share: k of n, 0 <= k <= n, 1 <= n <= 10^9. */
DEEPID_API int32_t deepid_statistics_clopper_pearson(deepid_ctx *ctx, int64_t k, int64_t n, double level, double *low,
                                                     double *high);

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/** Least squares: y = intercept + slope x; n >= 2, finite, x not all equal. */
DEEPID_API int32_t deepid_statistics_line(deepid_ctx *ctx, int64_t n, const double *x, const double *y, double *slope,
                                          double *intercept);
/**
 * Theil and Sen: the median of the slopes between points with different x (2 <= n <= 5000), and the median of y -
 * slope x.
 */
DEEPID_API int32_t deepid_statistics_theil_sen(deepid_ctx *ctx, int64_t n, const double *x, const double *y,
                                               double *slope, double *intercept);
/**
 * A slope with an interval across seeds (residuals of one line are not independent, seeds are): the slope of each
 * seed, then Hodges and Lehmann.
 *
 * @param[in]  ctx       lent
 * @param[in]  method    "least_squares" or "theil_sen"
 * @param[in]  seeds     1 to 500
 * @param[in]  n         points a seed
 * @param[in]  x         n, shared by the seeds
 * @param[in]  y         seeds x n, a row a seed
 * @param[in]  level     0 < level < 1
 * @param[out] estimate  the slope
 * @param[out] low       lower end; -infinity for fewer than 6 seeds at 0.95
 * @param[out] high      upper end
 *
 * @return The statuses above.
 */
DEEPID_API int32_t deepid_statistics_slope(deepid_ctx *ctx, const char *method, int64_t seeds, int64_t n,
                                           const double *x, const double *y, double level, double *estimate,
                                           double *low, double *high);

#ifdef __cplusplus
}
#endif
#endif
