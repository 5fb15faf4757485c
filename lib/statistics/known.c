/* Statistics of values of which some are not known: NaN is left out, infinity counts. */
#include "statistics/statistics.h"

#include <math.h>

/* Without NaN, sorted; *out: dpid_free. */
static int32_t sort_known(deepid_ctx *ctx, int64_t n, const double *x, double **out, int64_t *count)
{
    *count = 0;
    *out = NULL;
    DPID_TRY(dpid_alloc(ctx, n + 1, sizeof **out, "median", out));
    for (int64_t i = 0; x && i < n; i++)
        if (!isnan(x[i]))
            (*out)[(*count)++] = x[i];
    dpid_sort(*count, *out);
    return DEEPID_OK;
}

int32_t dpid_median_known(deepid_ctx *ctx, int64_t n, const double *x, double *median)
{
    const double half = 0.5;
    double *sorted;
    int64_t count;
    DPID_TRY(sort_known(ctx, n, x, &sorted, &count));
    *median = count > 0 ? dpid_sorted_quantile(count, sorted, half) : (double)NAN;
    dpid_free(ctx, sorted);
    return DEEPID_OK;
}

/* [x_(k), x_(n+1-k)] with the largest k of 2 P(Binomial(n, 1/2) < k) <= 0.05. */
int32_t dpid_median_interval(deepid_ctx *ctx, int64_t n, const double *x, double *low, double *high)
{
    const double tail = 0.025;
    double *sorted;
    int64_t count;
    DPID_TRY(sort_known(ctx, n, x, &sorted, &count));
    double one = pow(0.5, (double)count); /* P(B = k) */
    double below = one;                   /* P(B <= k) */
    int64_t k = 0;
    while (k < count && below <= tail) {
        k++;
        one *= (double)(count - k + 1) / (double)k;
        below += one;
    }
    *low = k > 0 ? sorted[k - 1] : (double)NAN;
    *high = k > 0 ? sorted[count - k] : (double)NAN;
    dpid_free(ctx, sorted);
    return DEEPID_OK;
}

int32_t dpid_medians_known(deepid_ctx *ctx, int64_t rows, int64_t n, const double *x, double *medians)
{
    double *column = NULL;
    DPID_TRY(dpid_alloc(ctx, rows + 1, sizeof *column, "median", &column));
    int32_t status = DEEPID_OK;
    for (int64_t i = 0; i < n && status == DEEPID_OK; i++) {
        for (int64_t r = 0; r < rows; r++)
            column[r] = x[r * n + i];
        status = dpid_median_known(ctx, rows, column, &medians[i]);
    }
    dpid_free(ctx, column);
    return status;
}
