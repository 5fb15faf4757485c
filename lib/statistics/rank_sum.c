/* Wilcoxon's rank-sum test, exact given the ties: W = sum of x's ranks among all, U = W - n (n + 1) / 2. */
#include "statistics/statistics.h"

#include <string.h>

static int32_t test(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y, double *pool,
                    int64_t *doubled, double *statistic, double *p)
{
    double *null = NULL;
    int64_t count;
    int64_t sum = 0;
    memcpy(pool, x, (size_t)n * sizeof *x);
    memcpy(pool + n, y, (size_t)m * sizeof *y);
    DPID_TRY(dpid_doubled_ranks(ctx, n + m, pool, doubled));
    for (int64_t i = 0; i < n; i++)
        sum += doubled[i];
    DPID_TRY(dpid_subset_distribution(ctx, n + m, doubled, n, &null, &count));
    *statistic = (double)(sum - n * (n + 1)) / 2;
    *p = dpid_two_sided(null, count, sum);
    dpid_free(ctx, null);
    return DEEPID_OK;
}

static int32_t rank_sum(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y, double *statistic,
                        double *p)
{
    double *pool = NULL;
    int64_t *doubled = NULL;
    DPID_TRY(dpid_stat_out(ctx, "rank_sum", statistic, p, p));
    DPID_TRY(dpid_stat_count(ctx, "rank_sum", "n", n, 1, DPID_POOLED_MAX - 1));
    DPID_TRY(dpid_stat_count(ctx, "rank_sum", "m", m, 1, DPID_POOLED_MAX - n));
    DPID_TRY(dpid_stat_ranked(ctx, "rank_sum", n, x));
    DPID_TRY(dpid_stat_ranked(ctx, "rank_sum", m, y));
    int32_t status = dpid_alloc(ctx, n + m, sizeof *pool, "rank_sum", &pool);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, n + m, sizeof *doubled, "rank_sum", &doubled);
    if (status == DEEPID_OK)
        status = test(ctx, n, x, m, y, pool, doubled, statistic, p);
    dpid_free(ctx, doubled);
    dpid_free(ctx, pool);
    return status;
}

int32_t deepid_statistics_rank_sum(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y,
                                   double *statistic, double *p)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, rank_sum(ctx, n, x, m, y, statistic, p));
}
