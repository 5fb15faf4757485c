/* Hodges and Lehmann 1963: the median of pairwise values, and the interval that the exact rank test does not refuse.
   One sample: the averages (d_i + d_j) / 2, i <= j, with the signed ranks. Two samples: the differences x_i - y_j,
   with the rank sums. */
#include "statistics/statistics.h"

#include <math.h>

/* Ranks 1 .. n, doubled: the null distribution without ties. */
static int32_t plain_ranks(deepid_ctx *ctx, int64_t n, int64_t **doubled)
{
    DPID_TRY(dpid_alloc(ctx, n, sizeof **doubled, "ranks", doubled));
    for (int64_t i = 0; i < n; i++)
        (*doubled)[i] = 2 * (i + 1);
    return DEEPID_OK;
}

/* Which order statistics are the ends: m = 0 for one sample. */
static int32_t order_of(deepid_ctx *ctx, int64_t n, int64_t m, double level, int64_t *k)
{
    int64_t *doubled = NULL;
    double *null = NULL;
    int64_t count;
    DPID_TRY(plain_ranks(ctx, n + m, &doubled));
    const int32_t status = m ? dpid_subset_distribution(ctx, n + m, doubled, n, &null, &count)
                             : dpid_signed_distribution(ctx, n, doubled, &null, &count);
    if (status == DEEPID_OK)
        *k = dpid_interval_order(null, count, m ? n * (n + 1) : 0, (1 - level) / 2);
    dpid_free(ctx, null);
    dpid_free(ctx, doubled);
    return status;
}

static double average(double a, double b)
{
    return a / 2 + b / 2;
}

static int32_t one_sample(deepid_ctx *ctx, int64_t n, const double *d, double level, double *estimate, double *low,
                          double *high)
{
    double *walsh = NULL;
    int64_t k;
    int64_t count = 0;
    DPID_TRY(dpid_stat_out(ctx, "hodges_lehmann", estimate, low, high));
    DPID_TRY(dpid_stat_count(ctx, "hodges_lehmann", "n", n, 1, DPID_RANKS_MAX));
    DPID_TRY(dpid_stat_ranked(ctx, "hodges_lehmann", n, d));
    DPID_TRY(dpid_stat_level(ctx, "hodges_lehmann", "level", level, 0, 1));
    DPID_TRY(order_of(ctx, n, 0, level, &k));
    DPID_TRY(dpid_alloc(ctx, n * (n + 1) / 2, sizeof *walsh, "hodges_lehmann", &walsh));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i; j < n; j++)
            walsh[count++] = average(d[i], d[j]);
    dpid_order_interval(count, walsh, k, estimate, low, high);
    dpid_free(ctx, walsh);
    return DEEPID_OK;
}

int32_t deepid_statistics_hodges_lehmann(deepid_ctx *ctx, int64_t n, const double *d, double level, double *estimate,
                                         double *low, double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, one_sample(ctx, n, d, level, estimate, low, high));
}

/* x - y: two diverged runs are as bad as each other, but by how much nobody knows. */
static int32_t two_samples(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y, double level,
                           double *estimate, double *low, double *high)
{
    double *pair = NULL;
    int64_t k;
    DPID_TRY(dpid_stat_out(ctx, "shift", estimate, low, high));
    DPID_TRY(dpid_stat_count(ctx, "shift", "n", n, 1, DPID_POOLED_MAX - 1));
    DPID_TRY(dpid_stat_count(ctx, "shift", "m", m, 1, DPID_POOLED_MAX - n));
    DPID_TRY(dpid_stat_ranked(ctx, "shift", n, x));
    DPID_TRY(dpid_stat_ranked(ctx, "shift", m, y));
    DPID_TRY(dpid_stat_level(ctx, "shift", "level", level, 0, 1));
    DPID_TRY(order_of(ctx, n, m, level, &k));
    DPID_TRY(dpid_alloc(ctx, n * m, sizeof *pair, "shift", &pair));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            pair[i * m + j] = x[i] - y[j];
    dpid_order_interval(n * m, pair, k, estimate, low, high);
    dpid_free(ctx, pair);
    return DEEPID_OK;
}

int32_t deepid_statistics_shift(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y, double level,
                                double *estimate, double *low, double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, two_samples(ctx, n, x, m, y, level, estimate, low, high));
}

/* ---- "no difference" ------------------------------------------------------------------------------------- */

/* Two one-sided tests (Schuirmann 1987): both refuse at alpha when the interval of level 1 - 2 alpha lies inside the
   margins. */
static int32_t equivalence(deepid_ctx *ctx, int64_t n, const double *d, double margin, double alpha, double *low,
                           double *high, int32_t *equivalent)
{
    const double half = 0.5;
    double estimate;
    DPID_TRY(dpid_stat_out(ctx, "equivalence", low, high, equivalent));
    DPID_TRY(dpid_stat_level(ctx, "equivalence", "margin", margin, 0, HUGE_VAL));
    DPID_TRY(dpid_stat_level(ctx, "equivalence", "alpha", alpha, 0, half));
    DPID_TRY(one_sample(ctx, n, d, 1 - 2 * alpha, &estimate, low, high));
    *equivalent = *low > -margin && *high < margin;
    return DEEPID_OK;
}

int32_t deepid_statistics_equivalence(deepid_ctx *ctx, int64_t n, const double *d, double margin, double alpha,
                                      double *low, double *high, int32_t *equivalent)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, equivalence(ctx, n, d, margin, alpha, low, high, equivalent));
}
