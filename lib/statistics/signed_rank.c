/* Wilcoxon's signed-rank test, exact, of many values expanded: T+ = sum of the ranks of |d| where d > 0; zeros are
   ranked, then dropped (Pratt 1959). */
#include "statistics/statistics.h"

#include <math.h>

/* Drops the ranks of zeros, in place; returns T+ doubled. */
static int64_t drop_zeros(int64_t n, const double *d, int64_t *doubled, int64_t *kept)
{
    int64_t positive = 0;
    *kept = 0;
    for (int64_t i = 0; i < n; i++) {
        positive += d[i] > 0 ? doubled[i] : 0;
        if (d[i] != 0)
            doubled[(*kept)++] = doubled[i];
    }
    return positive;
}

/* Mean sum r / 2, variance sum r^2 / 4, fourth cumulant -sum r^4 / 8; 2^-n is the least there is. Doubled ranks lie two
   apart where no two share one, and then a half is one. */
static double expanded(int64_t n, const int64_t *doubled, int64_t at)
{
    double sum = 0;
    double squares = 0;
    double fourths = 0;
    bool whole = true;
    for (int64_t i = 0; i < n; i++) {
        const double r = (double)doubled[i];
        sum += r;
        squares += r * r;
        fourths += r * r * r * r;
        whole = whole && doubled[i] % 2 == 0;
    }
    const double step = whole ? 2 : 1;
    const double less = fmin((double)at, sum - (double)at) / step;
    const double p =
        dpid_edgeworth(less, sum / 2 / step, squares / 4 / step / step, -2 * fourths / (squares * squares));
    return fmin(1, 2 * fmax(p, ldexp(1, (int)-n)));
}

static int32_t test(deepid_ctx *ctx, int64_t n, const double *d, double *size, int64_t *doubled, double *statistic,
                    double *p)
{
    double *null = NULL;
    int64_t kept;
    int64_t count;
    for (int64_t i = 0; i < n; i++)
        size[i] = fabs(d[i]);
    DPID_TRY(dpid_doubled_ranks(ctx, n, size, doubled));
    const int64_t positive = drop_zeros(n, d, doubled, &kept);
    *statistic = (double)positive / 2;
    if (kept > DPID_EXACT_MAX) {
        *p = expanded(kept, doubled, positive);
        return DEEPID_OK;
    }
    DPID_TRY(dpid_signed_distribution(ctx, kept, doubled, &null, &count));
    *p = dpid_two_sided(null, count, positive);
    dpid_free(ctx, null);
    return DEEPID_OK;
}

static int32_t signed_rank(deepid_ctx *ctx, int64_t n, const double *d, double *statistic, double *p)
{
    double *size = NULL;
    int64_t *doubled = NULL;
    DPID_TRY(dpid_stat_out(ctx, "signed_rank", statistic, p, p));
    DPID_TRY(dpid_stat_count(ctx, "signed_rank", "n", n, 1, DPID_RANKS_MAX));
    DPID_TRY(dpid_stat_ranked(ctx, "signed_rank", n, d));
    int32_t status = dpid_alloc(ctx, n, sizeof *size, "signed_rank", &size);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, n, sizeof *doubled, "signed_rank", &doubled);
    if (status == DEEPID_OK)
        status = test(ctx, n, d, size, doubled, statistic, p);
    dpid_free(ctx, doubled);
    dpid_free(ctx, size);
    return status;
}

int32_t deepid_statistics_signed_rank(deepid_ctx *ctx, int64_t n, const double *d, double *statistic, double *p)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, signed_rank(ctx, n, d, statistic, p));
}
