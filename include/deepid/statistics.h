/**
 * @defgroup statistics Statistics
 * Statistics for a handful of seeds: exact tests, intervals without a distribution, bootstrap; on plain arrays.
 * Methods and references: docs/verdict.md
 * @{
 */
#ifndef DEEPID_STATISTICS_H
#define DEEPID_STATISTICS_H

#include <deepid/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Common to all: a diverged run is +infinity, the worst rank. Functions of ranks take infinities and may return them;
   functions of means refuse them (DEEPID_ERR_NUMERIC), so cap first. Outputs are written when the call succeeds. Random
   numbers are Philox's, by seed and counter: the same on every machine and for any number of threads. */

/* ---- order ------------------------------------------------------------------------------------------------------ */

/**
 * Quantile q: linear between the order statistics, which stand at 0, 1, ..., n - 1, at the place q (n - 1) (type 7 of
 * Hyndman and Fan 1996). Between -infinity and +infinity it is 0.
 *
 * @param[in,out] ctx  memory, and the sentence of an error
 * @param[in]     n    1 to 1000000000 values
 * @param[in]     x    n values, in any order; infinities are fine
 * @param[in]     q    0 to 1
 * @param[out]    out  the quantile
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or out is NULL, or n or q is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy and a sort of n values.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_quantile(deepid_ctx *ctx, int64_t n, const double *x, double q, double *out);

/**
 * Median: the middle value, or the mean of the two middle ones when n is even.
 *
 * @param[in,out] ctx  memory, and the sentence of an error
 * @param[in]     n    1 to 1000000000 values
 * @param[in]     x    n values, in any order; infinities are fine
 * @param[out]    out  the median
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or out is NULL, or n is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy and a sort of n values.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_median(deepid_ctx *ctx, int64_t n, const double *x, double *out);

/**
 * Ranks 1 to n, the least value first; equal values share their mean rank. +infinity is the worst: the largest rank.
 *
 * @param[in,out] ctx    memory, and the sentence of an error
 * @param[in]     n      1 to 1000000000 values
 * @param[in]     x      n values; infinities are fine
 * @param[out]    ranks  n ranks, the i-th that of x[i]
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or ranks is NULL, or n is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   two copies and a sort of n values.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_ranks(deepid_ctx *ctx, int64_t n, const double *x, double *ranks);

/* ---- tests: two-sided p ----------------------------------------------------------------------------------------- */

/**
 * Sign-flip test of "d is symmetric about 0", by the mean (Fisher 1935). Exact for n <= 16: the share of all 2^n sign
 * patterns whose |sum| is at least the one seen. Beyond, Monte Carlo: p = (1 + hits) / (1 + draws).
 *
 * @param[in,out] ctx    memory, and the sentence of an error
 * @param[in]     n      1 to 1000000 differences
 * @param[in]     d      n differences, finite
 * @param[in]     draws  for n > 16: draws of the Monte Carlo, 1 to 10000000; 0 = 99999
 * @param[in]     seed   for n > 16: of the draws
 * @param[out]    p      above 0, at most 1; exact: at least 2 / 2^n
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  d or p is NULL, or n or draws is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN or infinite: names it; cap a diverged run first
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   n 2^n additions, or n / 4 a draw and 4 n numbers of memory.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_sign_flip(deepid_ctx *ctx, int64_t n, const double *d, int64_t draws,
                                               uint64_t seed, double *p);

/**
 * Wilcoxon's signed-rank test (1945), exact for what was seen: the ranks of |d| are given, every sign pattern is as
 * likely (dynamic programming over sums of ranks). Equal |d| share their mean rank; zeros are ranked, then dropped
 * (Pratt 1959). All zero: p = 1. Of more than 100 that are not zero by Edgeworth's expansion of the same distribution,
 * whose error is below 0.0002.
 *
 * @param[in,out] ctx        memory, and the sentence of an error
 * @param[in]     n          1 to 1000000 differences
 * @param[in]     d          n differences; infinities are the largest ranks
 * @param[out]    statistic  T+, the sum of the ranks of the positive ones
 * @param[out]    p          min(1, 2 min(P(T <= T+), P(T >= T+)))
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  d, statistic or p is NULL, or n is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   about n^3 additions and n^2 numbers of memory up to 100 values, beyond a sort.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_signed_rank(deepid_ctx *ctx, int64_t n, const double *d, double *statistic,
                                                 double *p);

/**
 * Wilcoxon's rank-sum test (1945), which is Mann and Whitney's (1947), for independent samples; exact given the ties
 * (dynamic programming).
 *
 * @param[in,out] ctx        memory, and the sentence of an error
 * @param[in]     n          values of x, at least 1; n + m at most 200
 * @param[in]     x          n values; infinities are fine
 * @param[in]     m          values of y, at least 1
 * @param[in]     y          m values; infinities are fine
 * @param[out]    statistic  U = the pairs with x > y, an equal pair counts 1/2
 * @param[out]    p          min(1, 2 min(P(U <= u), P(U >= u)))
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, y, statistic or p is NULL, or n or m is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   about n (n + m)^3 additions, n (n + m)^2 numbers of memory.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_rank_sum(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y,
                                              double *statistic, double *p);

/**
 * Permutation test of equal means for independent samples (Fisher 1935). Exact, over all ways to choose n of n + m,
 * when there are at most 200000 ways (10 and 10: 184756); else Monte Carlo: p = (1 + hits) / (1 + draws).
 *
 * @param[in,out] ctx    memory, and the sentence of an error
 * @param[in]     n      values of x, at least 1; n + m at most 1000000
 * @param[in]     x      n values, finite
 * @param[in]     m      values of y, at least 1
 * @param[in]     y      m values, finite
 * @param[in]     draws  for Monte Carlo: 1 to 10000000 draws; 0 = 99999
 * @param[in]     seed   for Monte Carlo: of the draws
 * @param[out]    p      share of splits whose |difference of means| is at least the one seen; above 0, at most 1
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, y or p is NULL, or n, m or draws is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN or infinite: names it; cap a diverged run first
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   n + m additions a split.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_permutation(deepid_ctx *ctx, int64_t n, const double *x, int64_t m,
                                                 const double *y, int64_t draws, uint64_t seed, double *p);

/**
 * Holm's step-down p values (1979), for n tests at once: in the order of p, adjusted_(i) = max over j <= i of min(1, (n
 * - j + 1) p_(j)).
 *
 * @param[in,out] ctx       memory, and the sentence of an error
 * @param[in]     n         1 to 1000000000 tests
 * @param[in]     p         n p values, 0 to 1
 * @param[out]    adjusted  n doubles, the i-th that of p[i]; may be p itself
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  p or adjusted is NULL, n is out of range, or a p is not 0 to 1
 * @retval DEEPID_ERR_NUMERIC   a p is NaN
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   at most n^2 / 2 comparisons: made for a handful of tests.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_holm(deepid_ctx *ctx, int64_t n, const double *p, double *adjusted);

/* ---- intervals -------------------------------------------------------------------------------------------------- */

/**
 * Where differences lie: Hodges and Lehmann's estimate (1963), the median of the n (n + 1) / 2 averages (d_i + d_j) /
 * 2, i <= j, and the interval that the exact signed-rank test does not refuse. Too few values for the level (n < 6 at
 * 0.95, since 2 / 2^5 > 0.05): the interval is -infinity to infinity. With ties it covers more often than level says.
 * Above 100 values the ends' ranks are those of the test's expansion, at most one away from the exact ones.
 * An average of -infinity and +infinity is -infinity for the lower end, +infinity for the upper, 0 for the estimate.
 *
 * @param[in,out] ctx       memory, and the sentence of an error
 * @param[in]     n         1 to 1000000 differences
 * @param[in]     d         n differences; infinities are fine
 * @param[in]     level     of the interval, above 0 and below 1; usual 0.95
 * @param[out]    estimate  may be infinite, as the ends may
 * @param[out]    low       lower end
 * @param[out]    high      upper end
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  d or an output is NULL, or n or level is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   about n^3 additions and n^2 numbers of memory up to 100 values, then 200 passes over n values.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_hodges_lehmann(deepid_ctx *ctx, int64_t n, const double *d, double level,
                                                    double *estimate, double *low, double *high);

/**
 * By how much x lies above y, for independent samples: the median of the n m differences x_i - y_j (Hodges and Lehmann
 * 1963), and the interval that the exact rank-sum test does not refuse. Too few values for the level: the interval is
 * -infinity to infinity. Above 200 values together the ends' ranks are those of the test's expansion, at most one or
 * 1 % away from the exact ones. A difference of two equal infinities is -infinity for the lower end, +infinity for the
 * upper, 0 for the estimate.
 *
 * @param[in,out] ctx       memory, and the sentence of an error
 * @param[in]     n         values of x, 1 to 1000000
 * @param[in]     x         n values; infinities are fine
 * @param[in]     m         values of y, 1 to 1000000
 * @param[in]     y         m values; infinities are fine
 * @param[in]     level     of the interval, above 0 and below 1; usual 0.95
 * @param[out]    estimate  may be infinite, as the ends may
 * @param[out]    low       lower end
 * @param[out]    high      upper end
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, y or an output is NULL, or n, m or level is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   about n (n + m)^3 additions and n (n + m)^2 numbers of memory up to 200 values, then 200 passes over them.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_shift(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y,
                                           double level, double *estimate, double *low, double *high);

/**
 * Mean with the BCa bootstrap interval: bias-corrected and accelerated (Efron 1987; Efron and Tibshirani 1993, chapter
 * 14), the acceleration from the jackknife.
 *
 * @param[in,out] ctx        memory, and the sentence of an error
 * @param[in]     n          2 to 100000 values
 * @param[in]     x          n values, finite
 * @param[in]     level      of the interval, above 0 and below 1; usual 0.95
 * @param[in]     resamples  99 to 1000000; 0 = 9999
 * @param[in]     seed       of the resampling
 * @param[out]    estimate   the mean of x
 * @param[out]    low        lower end
 * @param[out]    high       upper end
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or an output is NULL, or n, level or resamples is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN or infinite: names it; cap a diverged run first
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   n draws a resample.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_bootstrap_mean(deepid_ctx *ctx, int64_t n, const double *x, double level,
                                                    int64_t resamples, uint64_t seed, double *estimate, double *low,
                                                    double *high);

/**
 * The share of a gap that an intervention closes, g = (mean from - mean by) / (mean from - mean to), with Fieller's
 * interval (1954): every g for which a paired t test does not refuse that from - by - g (from - to) has the mean 0. It
 * has the level it says as far as a t test has: on simulated and on trained losses 95 % intervals cover 94 to 96 % at 8
 * to 20 seeds (docs/calibration.md). Where the gap's own t interval holds 0, no share can be excluded: the ends are
 * -infinity and infinity. A gap of 0 gives the estimate -infinity or infinity by the numerator's sign, 0 / 0 gives 0.
 *
 * @param[in,out] ctx       memory, and the sentence of an error
 * @param[in]     n         2 to 100000 seeds
 * @param[in]     from      n losses of the deep net, finite
 * @param[in]     by        n losses with the intervention, of the same seeds
 * @param[in]     to        n losses of the reference, of the same seeds
 * @param[in]     level     of the interval, above 0 and below 1; usual 0.95
 * @param[out]    estimate  the share: 0 closes nothing, 1 the whole gap
 * @param[out]    low       lower end; -infinity: no bound
 * @param[out]    high      upper end; infinity: no bound
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  an array or an output is NULL, or n or level is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN or infinite: names it; cap a diverged run first
 *
 * @cost   a few passes over the arrays; allocates nothing.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_share(deepid_ctx *ctx, int64_t n, const double *from, const double *by,
                                           const double *to, double level, double *estimate, double *low, double *high);

/**
 * The share of a gap that an intervention closes, when the runs of `by` are independent of the seeds of `from` and
 * `to`: the formula of deepid_statistics_share, and every g for which Welch's t test (1947) does not refuse that
 * (1 - g) from + g to and by have the same mean. Without bounds, and at a gap of 0, as there.
 *
 * @param[in,out] ctx       memory, and the sentence of an error
 * @param[in]     n         2 to 100000 seeds of from and to
 * @param[in]     from      n losses of the deep net, finite
 * @param[in]     to        n losses of the reference, of the same seeds
 * @param[in]     m         2 to 100000 runs of by
 * @param[in]     by        m losses with the intervention, finite
 * @param[in]     level     of the interval, above 0 and below 1; usual 0.95
 * @param[out]    estimate  the share: 0 closes nothing, 1 the whole gap
 * @param[out]    low       lower end; -infinity: no bound
 * @param[out]    high      upper end; infinity: no bound
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  an array or an output is NULL, or n, m or level is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN or infinite: names it; cap a diverged run first
 *
 * @cost   at most 400 passes over from and to; allocates nothing.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_share_independent(deepid_ctx *ctx, int64_t n, const double *from, const double *to,
                                                       int64_t m, const double *by, double level, double *estimate,
                                                       double *low, double *high);

/**
 * deepid_statistics_share under its old name. It once bootstrapped (BCa), and its 95 % interval covered
 * 90 % at ten seeds; nothing is resampled now.
 *
 * @param[in,out] ctx        as there
 * @param[in]     n          as there
 * @param[in]     from       as there
 * @param[in]     by         as there
 * @param[in]     to         as there
 * @param[in]     level      as there
 * @param[in]     resamples  not used
 * @param[in]     seed       not used
 * @param[out]    estimate   as there
 * @param[out]    low        as there
 * @param[out]    high       as there
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  as there
 * @retval DEEPID_ERR_NUMERIC   as there
 *
 * @cost   as there.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_bootstrap_share(deepid_ctx *ctx, int64_t n, const double *from, const double *by,
                                                     const double *to, double level, int64_t resamples, uint64_t seed,
                                                     double *estimate, double *low, double *high);

/**
 * deepid_statistics_share_independent under its old name; nothing is resampled.
 *
 * @param[in,out] ctx        as there
 * @param[in]     n          as there
 * @param[in]     from       as there
 * @param[in]     to         as there
 * @param[in]     m          as there
 * @param[in]     by         as there
 * @param[in]     level      as there
 * @param[in]     resamples  not used
 * @param[in]     seed       not used
 * @param[out]    estimate   as there
 * @param[out]    low        as there
 * @param[out]    high       as there
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  as there
 * @retval DEEPID_ERR_NUMERIC   as there
 *
 * @cost   as there.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_bootstrap_share_independent(deepid_ctx *ctx, int64_t n, const double *from,
                                                                 const double *to, int64_t m, const double *by,
                                                                 double level, int64_t resamples, uint64_t seed,
                                                                 double *estimate, double *low, double *high);

/**
 * "No difference": two one-sided tests of size alpha (Schuirmann 1987) by the Hodges-Lehmann interval of level 1 - 2
 * alpha.
 *
 * @param[in,out] ctx         memory, and the sentence of an error
 * @param[in]     n           1 to 1000000 differences
 * @param[in]     d           n differences; infinities are fine
 * @param[in]     margin      what is smaller counts as no difference: above 0 and finite, in units of d
 * @param[in]     alpha       above 0 and below 0.5; usual 0.05
 * @param[out]    low         lower end
 * @param[out]    high        upper end
 * @param[out]    equivalent  1 when -margin < low and high < margin, else 0
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  d or an output is NULL, or n, margin or alpha is out of range
 * @retval DEEPID_ERR_NUMERIC   a value is NaN
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_statistics_hodges_lehmann.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_equivalence(deepid_ctx *ctx, int64_t n, const double *d, double margin,
                                                 double alpha, double *low, double *high, int32_t *equivalent);

/**
 * Clopper and Pearson's exact interval (1934) of a share, k of n: the shares that the binomial test does not refuse.
 *
 * @param[in,out] ctx    memory, and the sentence of an error
 * @param[in]     k      0 to n
 * @param[in]     n      1 to 1000000000
 * @param[in]     level  of the interval, above 0 and below 1; usual 0.95
 * @param[out]    low    lower end, 0 for k = 0
 * @param[out]    high   upper end, 1 for k = n
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  low or high is NULL, or k, n or level is out of range
 *
 * @cost   about 200 sqrt(n) steps of a continued fraction; allocates nothing.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_clopper_pearson(deepid_ctx *ctx, int64_t k, int64_t n, double level, double *low,
                                                     double *high);

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/**
 * Least squares: y = intercept + slope x, slope = sum (x - mean x) (y - mean y) / sum (x - mean x)^2.
 *
 * @param[in,out] ctx        memory, and the sentence of an error
 * @param[in]     n          2 to 100000000 points
 * @param[in]     x          n values, finite, not all equal
 * @param[in]     y          n values, finite
 * @param[out]    slope      units of y over units of x
 * @param[out]    intercept  the line at x = 0, in units of y
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  an array or an output is NULL, n is out of range, or all x are equal
 * @retval DEEPID_ERR_NUMERIC   a value is NaN or infinite: names it
 *
 * @cost   a few passes; allocates nothing.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_line(deepid_ctx *ctx, int64_t n, const double *x, const double *y, double *slope,
                                          double *intercept);

/**
 * Theil and Sen's line (Theil 1950, Sen 1968), which few outliers do not move: slope is the median of the slopes
 * between points with different x, intercept the median of y - slope x.
 *
 * @param[in,out] ctx        memory, and the sentence of an error
 * @param[in]     n          2 to 5000 points
 * @param[in]     x          n values, finite, not all equal
 * @param[in]     y          n values, finite
 * @param[out]    slope      units of y over units of x
 * @param[out]    intercept  the line at x = 0, in units of y
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  an array or an output is NULL, n is out of range, or all x are equal
 * @retval DEEPID_ERR_NUMERIC   a value is NaN or infinite: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a sort of n^2 / 2 slopes.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_theil_sen(deepid_ctx *ctx, int64_t n, const double *x, const double *y,
                                               double *slope, double *intercept);

/**
 * A slope with an interval across seeds: the slope of each seed, then deepid_statistics_hodges_lehmann over them.
 * Residuals of one line are not independent, seeds are.
 *
 * @param[in,out] ctx       memory, and the sentence of an error
 * @param[in]     method    "least_squares" (deepid_statistics_line) or "theil_sen"
 * @param[in]     seeds     1 to 1000000
 * @param[in]     n         points a seed: 2 to 100000000, of theil_sen to 5000
 * @param[in]     x         n values shared by the seeds, finite, not all equal
 * @param[in]     y         seeds x n values, finite, a row a seed
 * @param[in]     level     of the interval, above 0 and below 1; usual 0.95
 * @param[out]    estimate  the slope, units of y over units of x
 * @param[out]    low       lower end; -infinity for fewer than 6 seeds at 0.95
 * @param[out]    high      upper end; +infinity likewise
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  method is unknown, an array or an output is NULL, seeds, n or level is out of range, or
 *                              all x are equal
 * @retval DEEPID_ERR_NUMERIC   a value is NaN or infinite: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a line a seed, and deepid_statistics_hodges_lehmann.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_statistics_slope(deepid_ctx *ctx, const char *method, int64_t seeds, int64_t n,
                                           const double *x, const double *y, double level, double *estimate,
                                           double *low, double *high);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
