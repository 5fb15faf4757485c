/* BCa bootstrap (Efron 1987; Efron and Tibshirani 1993, ch. 14): the ends are the quantiles alpha of the resampled
   statistic with alpha = Phi(z0 + (z0 + z) / (1 - a (z0 + z))),  z0 = Phi^-1(share of resamples below the estimate),
   a = sum_g sum u^3 / n_g^3 / (6 (sum_g sum u^2 / n_g^2)^1.5), u = (n_g - 1) (mean of the jackknife - jackknife
   without the value), over the one or two independent groups g. */
#include "statistics/statistics.h"

#include <math.h>

enum { GROUPS = 2, N_MAX = 100000, RESAMPLES_MIN = 99, RESAMPLES_MAX = 1000000 };

typedef struct {
    const double *from, *by, *to; /* from NULL: the mean of by */
    int32_t by_group;             /* whose places by is read at */
    int32_t groups;
    int64_t n[GROUPS];
    int64_t *place[GROUPS]; /* the resample */
} sample;

/* ---- statistics of a resample -------------------------------------------------------------------- */

static double mean_at(int64_t n, const int64_t *place, const double *x)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[place[i]];
    return sum / (double)n;
}

/* (mean from - mean by) / (mean from - mean to) */
static double share_of(double from, double by, double to)
{
    const double closed = from - by;
    const double gap = from - to;
    return gap != 0 ? closed / gap : closed > 0 ? HUGE_VAL : closed < 0 ? -HUGE_VAL : 0;
}

static double statistic(const sample *s, const int64_t *n)
{
    const double by = mean_at(n[s->by_group], s->place[s->by_group], s->by);
    return s->from ? share_of(mean_at(n[0], s->place[0], s->from), by, mean_at(n[0], s->place[0], s->to)) : by;
}

/* ---- resamples ------------------------------------------------------------------------------------ */

static void in_order(sample *s)
{
    for (int32_t g = 0; g < s->groups; g++)
        for (int64_t i = 0; i < s->n[g]; i++)
            s->place[g][i] = i;
}

static void draw_all(sample *s, int64_t resamples, uint64_t seed, double *value)
{
    dpid_random random = dpid_random_make(seed, DPID_STREAM_STATISTICS, dpid_hash32("bootstrap", 9));
    for (int64_t b = 0; b < resamples; b++) {
        for (int32_t g = 0; g < s->groups; g++)
            for (int64_t i = 0; i < s->n[g]; i++)
                s->place[g][i] = dpid_random_below(&random, s->n[g]);
        value[b] = statistic(s, s->n);
    }
}

/* Statistic without value i of group g: the last one takes its place. */
static double without(sample *s, int32_t g, int64_t i)
{
    int64_t n[GROUPS] = {s->n[0], s->n[1]};
    n[g]--;
    s->place[g][i] = n[g];
    const double value = statistic(s, n);
    s->place[g][i] = i;
    return value;
}

static double acceleration(sample *s, double *jackknife)
{
    double cubes = 0;
    double squares = 0;
    in_order(s);
    for (int32_t g = 0; g < s->groups; g++) {
        const double n = (double)s->n[g];
        double mean = 0;
        for (int64_t i = 0; i < s->n[g]; i++) {
            jackknife[i] = without(s, g, i);
            mean += jackknife[i] / n;
        }
        for (int64_t i = 0; i < s->n[g]; i++) {
            const double u = (n - 1) * (mean - jackknife[i]) / n;
            cubes += u * u * u;
            squares += u * u;
        }
    }
    const double a = cubes / (6 * pow(squares, 1.5));
    return isfinite(a) ? a : 0;
}

/* ---- the interval ----------------------------------------------------------------------------------- */

static double bias(int64_t resamples, const double *value, double estimate)
{
    double below = 0;
    for (int64_t b = 0; b < resamples; b++)
        below += value[b] < estimate ? 1 : value[b] == estimate ? 0.5 : 0;
    const double least = 0.5 / (double)resamples; /* no share is 0 or 1 */
    return dpid_normal_quantile(fmin(fmax(below / (double)resamples, least), 1 - least));
}

/* The alpha quantile at (B + 1) alpha of the sorted values. */
static double end_at(int64_t resamples, const double *sorted, double z0, double a, double z)
{
    const double tilted = z0 + (z0 + z) / (1 - a * (z0 + z));
    const double place = (double)(resamples + 1) * dpid_normal_cdf(tilted) - 1;
    return dpid_sorted_quantile(resamples, sorted, fmin(fmax(place / (double)(resamples - 1), 0), 1));
}

static void interval(sample *s, double level, int64_t resamples, uint64_t seed, double *value, double *jackknife,
                     double *estimate, double *low, double *high)
{
    in_order(s);
    *estimate = statistic(s, s->n);
    draw_all(s, resamples, seed, value);
    const double a = acceleration(s, jackknife);
    const double z0 = bias(resamples, value, *estimate);
    const double z = dpid_normal_quantile((1 - level) / 2);
    dpid_sort(resamples, value);
    *low = end_at(resamples, value, z0, a, z);
    *high = end_at(resamples, value, z0, a, -z);
}

static int32_t bootstrap(deepid_ctx *ctx, sample *s, double level, int64_t resamples, uint64_t seed, double *estimate,
                         double *low, double *high)
{
    double *value = NULL;
    double *jackknife = NULL;
    DPID_TRY(dpid_stat_out(ctx, "bootstrap", estimate, low, high));
    DPID_TRY(dpid_stat_level(ctx, "bootstrap", "level", level, 0, 1));
    if (resamples != 0)
        DPID_TRY(dpid_stat_count(ctx, "bootstrap", "resamples", resamples, RESAMPLES_MIN, RESAMPLES_MAX));
    const int64_t draws = resamples ? resamples : DPID_RESAMPLES;
    int32_t status = dpid_alloc(ctx, draws, sizeof *value, "bootstrap", &value);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, s->n[0] > s->n[1] ? s->n[0] : s->n[1], sizeof *jackknife, "bootstrap", &jackknife);
    for (int32_t g = 0; g < s->groups && status == DEEPID_OK; g++)
        status = dpid_alloc(ctx, s->n[g], sizeof **s->place, "bootstrap", &s->place[g]);
    if (status == DEEPID_OK)
        interval(s, level, draws, seed, value, jackknife, estimate, low, high);
    for (int32_t g = 0; g < s->groups; g++)
        dpid_free(ctx, s->place[g]);
    dpid_free(ctx, jackknife);
    dpid_free(ctx, value);
    return status;
}

/* ---- doors ---------------------------------------------------------------------------------------------- */

static int32_t check(deepid_ctx *ctx, const char *name, int64_t n, const double *x)
{
    DPID_TRY(dpid_stat_count(ctx, "bootstrap", name, n, 2, N_MAX));
    return dpid_stat_finite(ctx, "bootstrap", n, x);
}

static int32_t mean(deepid_ctx *ctx, int64_t n, const double *x, double level, int64_t resamples, uint64_t seed,
                    double *estimate, double *low, double *high)
{
    sample s = {.by = x, .groups = 1, .n = {n}};
    DPID_TRY(check(ctx, "n", n, x));
    return bootstrap(ctx, &s, level, resamples, seed, estimate, low, high);
}

int32_t deepid_statistics_bootstrap_mean(deepid_ctx *ctx, int64_t n, const double *x, double level, int64_t resamples,
                                         uint64_t seed, double *estimate, double *low, double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, mean(ctx, n, x, level, resamples, seed, estimate, low, high));
}

static int32_t share(deepid_ctx *ctx, int64_t n, const double *from, const double *by, const double *to, double level,
                     int64_t resamples, uint64_t seed, double *estimate, double *low, double *high)
{
    sample s = {.from = from, .by = by, .to = to, .groups = 1, .n = {n}};
    DPID_TRY(check(ctx, "n", n, from));
    DPID_TRY(check(ctx, "n", n, by));
    DPID_TRY(check(ctx, "n", n, to));
    return bootstrap(ctx, &s, level, resamples, seed, estimate, low, high);
}

int32_t deepid_statistics_bootstrap_share(deepid_ctx *ctx, int64_t n, const double *from, const double *by,
                                          const double *to, double level, int64_t resamples, uint64_t seed,
                                          double *estimate, double *low, double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, share(ctx, n, from, by, to, level, resamples, seed, estimate, low, high));
}

static int32_t share_apart(deepid_ctx *ctx, int64_t n, const double *from, const double *to, int64_t m,
                           const double *by, double level, int64_t resamples, uint64_t seed, double *estimate,
                           double *low, double *high)
{
    sample s = {.from = from, .by = by, .to = to, .by_group = 1, .groups = GROUPS, .n = {n, m}};
    DPID_TRY(check(ctx, "n", n, from));
    DPID_TRY(check(ctx, "n", n, to));
    DPID_TRY(check(ctx, "m", m, by));
    return bootstrap(ctx, &s, level, resamples, seed, estimate, low, high);
}

int32_t deepid_statistics_bootstrap_share_independent(deepid_ctx *ctx, int64_t n, const double *from, const double *to,
                                                      int64_t m, const double *by, double level, int64_t resamples,
                                                      uint64_t seed, double *estimate, double *low, double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, share_apart(ctx, n, from, to, m, by, level, resamples, seed, estimate, low, high));
}
