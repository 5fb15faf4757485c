/* Clopper and Pearson 1934: the shares that the binomial test does not refuse. P(X >= k | p) = I_p(k, n - k + 1),
   the incomplete beta function; its tails are set to (1 - level) / 2. */
#include "statistics/statistics.h"

static int32_t clopper_pearson(deepid_ctx *ctx, int64_t k, int64_t n, double level, double *low, double *high)
{
    enum { N_MAX = 1000000000 };
    DPID_TRY(dpid_stat_out(ctx, "clopper_pearson", low, high, high));
    DPID_TRY(dpid_stat_count(ctx, "clopper_pearson", "n", n, 1, N_MAX));
    DPID_TRY(dpid_stat_count(ctx, "clopper_pearson", "k", k, 0, n));
    DPID_TRY(dpid_stat_level(ctx, "clopper_pearson", "level", level, 0, 1));
    const double tail = (1 - level) / 2;
    *low = k == 0 ? 0 : dpid_beta_quantile((double)k, (double)(n - k + 1), tail);
    *high = k == n ? 1 : dpid_beta_quantile((double)(k + 1), (double)(n - k), 1 - tail);
    return DEEPID_OK;
}

int32_t deepid_statistics_clopper_pearson(deepid_ctx *ctx, int64_t k, int64_t n, double level, double *low,
                                          double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, clopper_pearson(ctx, k, n, level, low, high));
}
