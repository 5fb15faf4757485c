/* Exact null distributions of sums of ranks, by dynamic programming over the ranks. */
#include "statistics/statistics.h"

#include <math.h>

static int64_t sum_of(int64_t n, const int64_t *x)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

/* P_r(t) = (P_{r-1}(t) + P_{r-1}(t - rank_r)) / 2 */
int32_t dpid_signed_distribution(deepid_ctx *ctx, int64_t n, const int64_t *doubled, double **p, int64_t *count)
{
    *count = sum_of(n, doubled) + 1;
    DPID_TRY(dpid_alloc(ctx, *count, sizeof **p, "signed ranks", p));
    (*p)[0] = 1;
    int64_t top = 0; /* the largest sum so far */
    for (int64_t r = 0; r < n; r++) {
        top += doubled[r];
        for (int64_t t = top; t >= 0; t--)
            (*p)[t] = ((*p)[t] + (t >= doubled[r] ? (*p)[t - doubled[r]] : 0)) / 2;
    }
    return DEEPID_OK;
}

/* ways_r(j, t) = ways_{r-1}(j, t) + ways_{r-1}(j - 1, t - rank_r): subsets of j ranks of sum t; below 200 ranks they
   fit a double's range */
int32_t dpid_subset_distribution(deepid_ctx *ctx, int64_t pooled, const int64_t *doubled, int64_t n, double **p,
                                 int64_t *count)
{
    double *ways = NULL;
    *count = sum_of(pooled, doubled) + 1;
    DPID_TRY(dpid_alloc(ctx, (n + 1) * *count, sizeof *ways, "rank sums", &ways));
    ways[0] = 1;
    for (int64_t r = 0; r < pooled; r++)
        for (int64_t j = r < n ? r + 1 : n; j > 0; j--)
            for (int64_t t = *count - 1; t >= doubled[r]; t--)
                ways[j * *count + t] += ways[(j - 1) * *count + t - doubled[r]];
    const int32_t status = dpid_alloc(ctx, *count, sizeof **p, "rank sums", p);
    double all = 0;
    for (int64_t t = 0; t < *count; t++)
        all += ways[n * *count + t];
    for (int64_t t = 0; t < *count && status == DEEPID_OK; t++)
        (*p)[t] = ways[n * *count + t] / all;
    dpid_free(ctx, ways);
    return status;
}

double dpid_two_sided(const double *p, int64_t count, int64_t at)
{
    double below = 0;
    double above = 0;
    for (int64_t t = 0; t <= at; t++)
        below += p[t];
    for (int64_t t = count - 1; t >= at; t--)
        above += p[t];
    return fmin(1, 2 * fmin(below, above));
}

int64_t dpid_interval_order(const double *p, int64_t count, int64_t least, double tail)
{
    const double slack = 1e-12; /* of sums of probabilities, so that a tail of 0.025 itself is allowed */
    double below = 0;
    int64_t k = 0;
    for (int64_t t = least; t < count; t += 2) { /* doubled ranks */
        below += p[t];
        if (below > tail + slack)
            break;
        k++;
    }
    return k;
}

/* The marks stand for values that nobody knows: lowest for the lower end, highest for the upper, 0 for the middle. */
void dpid_order_interval(int64_t count, double *value, int64_t k, double *estimate, double *low, double *high)
{
    const double half = 0.5;
    int64_t marks = 0;
    for (int64_t i = 0; i < count; i++) {
        if (isnan(value[i])) {
            value[i] = value[marks];
            value[marks++] = 0;
        }
    }
    const int64_t known = count - marks;
    dpid_sort(known, value + marks);
    *low = k <= marks ? -HUGE_VAL : value[k - 1];
    *high = k <= marks ? HUGE_VAL : value[count - (k - marks)];
    dpid_sort(count, value);
    *estimate = dpid_sorted_quantile(count, value, half);
}
