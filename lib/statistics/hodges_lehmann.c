/* Hodges and Lehmann 1963: the median of pairwise values, and the interval that the exact rank test does not refuse.
   One sample: the averages (d_i + d_j) / 2, i <= j, with the signed ranks. Two samples: the differences x_i - y_j,
   with the rank sums. */
#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

static int32_t one_sample(deepid_ctx *ctx, int64_t n, const double *d, double level, double *estimate, double *low,
                          double *high)
{
    double *sorted = NULL;
    int64_t k;
    DPID_TRY(dpid_stat_out(ctx, "hodges_lehmann", estimate, low, high));
    DPID_TRY(dpid_stat_count(ctx, "hodges_lehmann", "n", n, 1, DPID_RANKS_MAX));
    DPID_TRY(dpid_stat_ranked(ctx, "hodges_lehmann", n, d));
    DPID_TRY(dpid_stat_level(ctx, "hodges_lehmann", "level", level, 0, 1));
    DPID_TRY(dpid_signed_order(ctx, n, (1 - level) / 2, &k));
    DPID_TRY(dpid_alloc(ctx, n, sizeof *sorted, "hodges_lehmann", &sorted));
    memcpy(sorted, d, (size_t)n * sizeof *d);
    dpid_pairs_interval(n, sorted, 0, NULL, k, estimate, low, high);
    dpid_free(ctx, sorted);
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
    double *sorted = NULL;
    int64_t k;
    DPID_TRY(dpid_stat_out(ctx, "shift", estimate, low, high));
    DPID_TRY(dpid_stat_count(ctx, "shift", "n", n, 1, DPID_RANKS_MAX));
    DPID_TRY(dpid_stat_count(ctx, "shift", "m", m, 1, DPID_RANKS_MAX));
    DPID_TRY(dpid_stat_ranked(ctx, "shift", n, x));
    DPID_TRY(dpid_stat_ranked(ctx, "shift", m, y));
    DPID_TRY(dpid_stat_level(ctx, "shift", "level", level, 0, 1));
    DPID_TRY(dpid_subset_order(ctx, n, m, (1 - level) / 2, &k));
    DPID_TRY(dpid_alloc(ctx, n + m, sizeof *sorted, "shift", &sorted));
    memcpy(sorted, x, (size_t)n * sizeof *x);
    for (int64_t i = 0; i < m; i++)
        sorted[n + i] = -y[i];
    dpid_pairs_interval(n, sorted, m, sorted + n, k, estimate, low, high);
    dpid_free(ctx, sorted);
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
