/* BCa bootstrap of a mean (Efron 1987; Efron and Tibshirani 1993, ch. 14): the ends are the quantiles alpha of the
   resampled mean with alpha = Phi(z0 + (z0 + z) / (1 - a (z0 + z))),  z0 = Phi^-1(share of resamples below the
   estimate), a = sum u^3 / (6 (sum u^2)^1.5), u = mean of the jackknife - jackknife without the value. */
#include "statistics/statistics.h"

#include <math.h>

enum { N_MAX = 100000, RESAMPLES_MIN = 99, RESAMPLES_MAX = 1000000 };

typedef struct {
    int64_t n, resamples;
    const double *x;
    double estimate;
    double *mean;      /* of each resample, sorted */
    double *jackknife; /* the mean without each value */
} sample;

/* ---- resamples ------------------------------------------------------------------------------------ */

static void draw_all(sample *s, uint64_t seed)
{
    dpid_random random = dpid_random_make(seed, DPID_STREAM_STATISTICS, dpid_hash32("bootstrap", 9));
    for (int64_t b = 0; b < s->resamples; b++) {
        double sum = 0;
        for (int64_t i = 0; i < s->n; i++)
            sum += s->x[dpid_random_below(&random, s->n)];
        s->mean[b] = sum / (double)s->n;
    }
}

/* The last value takes the place of the one left out. */
static void leave_out_each(sample *s)
{
    for (int64_t i = 0; i < s->n; i++) {
        double sum = 0;
        for (int64_t k = 0; k < s->n - 1; k++)
            sum += s->x[k == i ? s->n - 1 : k];
        s->jackknife[i] = sum / (double)(s->n - 1);
    }
}

/* ---- the interval ----------------------------------------------------------------------------------- */

static double acceleration(sample *s)
{
    double cubes = 0;
    double squares = 0;
    leave_out_each(s);
    const double mean = dpid_mean(s->n, s->jackknife);
    for (int64_t i = 0; i < s->n; i++) {
        const double u = mean - s->jackknife[i];
        cubes += u * u * u;
        squares += u * u;
    }
    const double a = cubes / (6 * pow(squares, 1.5));
    return isfinite(a) ? a : 0;
}

static double bias(const sample *s)
{
    double below = 0;
    for (int64_t b = 0; b < s->resamples; b++)
        below += s->mean[b] < s->estimate ? 1 : s->mean[b] == s->estimate ? 0.5 : 0;
    const double least = 0.5 / (double)s->resamples; /* no share is 0 or 1 */
    return dpid_normal_quantile(fmin(fmax(below / (double)s->resamples, least), 1 - least));
}

/* The alpha quantile at (B + 1) alpha of the sorted means. */
static double end_at(const sample *s, double z0, double a, double z)
{
    const double tilted = z0 + (z0 + z) / (1 - a * (z0 + z));
    const double place = (double)(s->resamples + 1) * dpid_normal_cdf(tilted) - 1;
    return dpid_sorted_quantile(s->resamples, s->mean, fmin(fmax(place / (double)(s->resamples - 1), 0), 1));
}

static void interval(sample *s, double level, uint64_t seed, double *low, double *high)
{
    s->estimate = dpid_mean(s->n, s->x);
    draw_all(s, seed);
    const double a = acceleration(s);
    const double z0 = bias(s);
    const double z = dpid_normal_quantile((1 - level) / 2);
    dpid_sort(s->resamples, s->mean);
    *low = end_at(s, z0, a, z);
    *high = end_at(s, z0, a, -z);
}

/* ---- of many values: what the ends of more and more resamples tend to ------------------------------------ */

/* z0 = a = s = g / (6 sqrt(n)), g the skewness; the alpha quantile is mean + sd / sqrt(n) (z + s (z^2 - 1)), z = Phi^-1
   alpha (Cornish and Fisher 1938). */
void dpid_mean_expanded(int64_t n, const double *x, double level, double *estimate, double *low, double *high)
{
    const double root = sqrt((double)n);
    const double mean = dpid_mean(n, x);
    double squares = 0;
    double cubes = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = x[i] - mean;
        squares += d * d / (double)n;
        cubes += d * d * d / (double)n;
    }
    const double skew = squares > 0 ? cubes / pow(squares, 1.5) / (6 * root) : 0;
    const double z = dpid_normal_quantile((1 - level) / 2);
    *estimate = mean;
    for (int side = 0; side < 2; side++) {
        const double near = skew + (side ? -z : z);
        const double tilted = skew + near / (1 - skew * near);
        *(side ? high : low) = mean + sqrt(squares) / root * (tilted + skew * (tilted * tilted - 1));
    }
}

/* ---- the door ------------------------------------------------------------------------------------------- */

static int32_t bootstrap(deepid_ctx *ctx, int64_t n, const double *x, double level, int64_t resamples, uint64_t seed,
                         double *estimate, double *low, double *high)
{
    sample s = {.n = n, .resamples = resamples ? resamples : DPID_RESAMPLES, .x = x};
    DPID_TRY(dpid_stat_count(ctx, "bootstrap", "n", n, 2, N_MAX));
    DPID_TRY(dpid_stat_finite(ctx, "bootstrap", n, x));
    DPID_TRY(dpid_stat_out(ctx, "bootstrap", estimate, low, high));
    DPID_TRY(dpid_stat_level(ctx, "bootstrap", "level", level, 0, 1));
    DPID_TRY(dpid_stat_count(ctx, "bootstrap", "resamples", s.resamples, RESAMPLES_MIN, RESAMPLES_MAX));
    int32_t status = dpid_alloc(ctx, s.resamples, sizeof *s.mean, "bootstrap", &s.mean);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, n, sizeof *s.jackknife, "bootstrap", &s.jackknife);
    if (status == DEEPID_OK) {
        interval(&s, level, seed, low, high);
        *estimate = s.estimate;
    }
    dpid_free(ctx, s.jackknife);
    dpid_free(ctx, s.mean);
    return status;
}

int32_t deepid_statistics_bootstrap_mean(deepid_ctx *ctx, int64_t n, const double *x, double level, int64_t resamples,
                                         uint64_t seed, double *estimate, double *low, double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, bootstrap(ctx, n, x, level, resamples, seed, estimate, low, high));
}
