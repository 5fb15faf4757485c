/* Slopes: least squares, Theil and Sen, and either with an interval across seeds. */
#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

enum { POINTS_MAX = 100000000, PAIRED_MAX = 5000 };

static int32_t check(deepid_ctx *ctx, const char *what, int64_t n, int64_t most, const double *x, const double *y)
{
    DPID_TRY(dpid_stat_count(ctx, what, "n", n, 2, most));
    DPID_TRY(dpid_stat_finite(ctx, what, n, x));
    DPID_TRY(dpid_stat_finite(ctx, what, n, y));
    for (int64_t i = 1; i < n; i++)
        if (x[i] != x[0])
            return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: all x are %s, expected at least two different ones", what,
                     dpid_number(x[0]).text);
}

/* slope = sum (x - mean) (y - mean) / sum (x - mean)^2 */
static int32_t line(deepid_ctx *ctx, int64_t n, const double *x, const double *y, double *slope, double *intercept)
{
    DPID_TRY(dpid_stat_out(ctx, "line", slope, intercept, intercept));
    DPID_TRY(check(ctx, "line", n, POINTS_MAX, x, y));
    const double mx = dpid_mean(n, x);
    const double my = dpid_mean(n, y);
    double xx = 0;
    double xy = 0;
    for (int64_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        xy += (x[i] - mx) * (y[i] - my);
    }
    *slope = xy / xx;
    *intercept = my - *slope * mx;
    return DEEPID_OK;
}

static int64_t pair_slopes(int64_t n, const double *x, const double *y, double *slopes)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++)
            if (x[j] != x[i])
                slopes[count++] = (y[j] - y[i]) / (x[j] - x[i]);
    return count;
}

static int32_t theil_sen(deepid_ctx *ctx, int64_t n, const double *x, const double *y, double *slope, double *intercept)
{
    const double half = 0.5;
    double *value = NULL;
    DPID_TRY(dpid_stat_out(ctx, "theil_sen", slope, intercept, intercept));
    DPID_TRY(check(ctx, "theil_sen", n, PAIRED_MAX, x, y));
    DPID_TRY(dpid_alloc(ctx, n + n * (n - 1) / 2, sizeof *value, "theil_sen", &value)); /* room for n intercepts too */
    const int64_t count = pair_slopes(n, x, y, value);
    dpid_sort(count, value);
    *slope = dpid_sorted_quantile(count, value, half);
    for (int64_t i = 0; i < n; i++)
        value[i] = y[i] - *slope * x[i];
    dpid_sort(n, value);
    *intercept = dpid_sorted_quantile(n, value, half);
    dpid_free(ctx, value);
    return DEEPID_OK;
}

int32_t deepid_statistics_line(deepid_ctx *ctx, int64_t n, const double *x, const double *y, double *slope,
                               double *intercept)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, line(ctx, n, x, y, slope, intercept));
}

int32_t deepid_statistics_theil_sen(deepid_ctx *ctx, int64_t n, const double *x, const double *y, double *slope,
                                    double *intercept)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, theil_sen(ctx, n, x, y, slope, intercept));
}

/* ---- across seeds -------------------------------------------------------------------------------------- */

typedef int32_t (*fit_fn)(deepid_ctx *ctx, int64_t n, const double *x, const double *y, double *slope,
                          double *intercept);

static int32_t across(deepid_ctx *ctx, const char *method, int64_t seeds, int64_t n, const double *x, const double *y,
                      double level, double *estimate, double *low, double *high)
{
    const bool robust = method && !strcmp(method, "theil_sen");
    const fit_fn fit = robust ? theil_sen : line;
    double *slopes = NULL;
    double intercept;
    if (!robust && (!method || strcmp(method, "least_squares") != 0))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "slope: unknown method '%s'; known: least_squares, theil_sen",
                         method ? method : "NULL");
    DPID_TRY(dpid_stat_count(ctx, "slope", "seeds", seeds, 1, DPID_RANKS_MAX));
    DPID_TRY(dpid_stat_count(ctx, "slope", "n", n, 2, robust ? PAIRED_MAX : POINTS_MAX));
    DPID_TRY(dpid_stat_finite(ctx, "slope", seeds * n, y));
    DPID_TRY(dpid_alloc(ctx, seeds, sizeof *slopes, "slope", &slopes));
    int32_t status = DEEPID_OK;
    for (int64_t s = 0; s < seeds && status == DEEPID_OK; s++)
        status = fit(ctx, n, x, y + s * n, &slopes[s], &intercept);
    if (status == DEEPID_OK)
        status = deepid_statistics_hodges_lehmann(ctx, seeds, slopes, level, estimate, low, high);
    dpid_free(ctx, slopes);
    return status;
}

int32_t deepid_statistics_slope(deepid_ctx *ctx, const char *method, int64_t seeds, int64_t n, const double *x,
                                const double *y, double level, double *estimate, double *low, double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, across(ctx, method, seeds, n, x, y, level, estimate, low, high));
}
