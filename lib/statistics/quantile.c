/* Quantiles, the median, ranks. */
#include "statistics/statistics.h"

#include <string.h>

enum { N_MAX = 1000000000 }; /* what is beyond is an error of the caller's: nobody has such an array */

static int32_t quantile(deepid_ctx *ctx, const char *what, int64_t n, const double *x, double q, double *out)
{
    double *sorted = NULL;
    DPID_TRY(dpid_stat_out(ctx, what, out, out, out));
    DPID_TRY(dpid_stat_count(ctx, what, "n", n, 1, N_MAX));
    DPID_TRY(dpid_stat_ranked(ctx, what, n, x));
    if (!(q >= 0 && q <= 1))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: q is %s, expected 0 to 1", what, dpid_number(q).text);
    DPID_TRY(dpid_alloc(ctx, n, sizeof *sorted, what, &sorted));
    memcpy(sorted, x, (size_t)n * sizeof *x);
    dpid_sort(n, sorted);
    *out = dpid_sorted_quantile(n, sorted, q);
    dpid_free(ctx, sorted);
    return DEEPID_OK;
}

int32_t deepid_statistics_quantile(deepid_ctx *ctx, int64_t n, const double *x, double q, double *out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, quantile(ctx, "quantile", n, x, q, out));
}

int32_t deepid_statistics_median(deepid_ctx *ctx, int64_t n, const double *x, double *out)
{
    const double half = 0.5;
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, quantile(ctx, "median", n, x, half, out));
}

static int32_t ranks_of(deepid_ctx *ctx, int64_t n, const double *x, double *ranks)
{
    int64_t *doubled = NULL;
    DPID_TRY(dpid_stat_out(ctx, "ranks", ranks, ranks, ranks));
    DPID_TRY(dpid_stat_count(ctx, "ranks", "n", n, 1, N_MAX));
    DPID_TRY(dpid_stat_ranked(ctx, "ranks", n, x));
    DPID_TRY(dpid_alloc(ctx, n, sizeof *doubled, "ranks", &doubled));
    const int32_t status = dpid_doubled_ranks(ctx, n, x, doubled);
    for (int64_t i = 0; i < n && status == DEEPID_OK; i++)
        ranks[i] = (double)doubled[i] / 2;
    dpid_free(ctx, doubled);
    return status;
}

int32_t deepid_statistics_ranks(deepid_ctx *ctx, int64_t n, const double *x, double *ranks)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, ranks_of(ctx, n, x, ranks));
}
