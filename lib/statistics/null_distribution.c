/* Null distributions of sums of ranks: exact, by dynamic programming over the ranks; of many ranks expanded. */
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

/* ---- without ties: which order statistics are the ends ------------------------------------------------- */

/* The largest k with P(S < k) <= tail, where S is a rank sum less its least value. */
static int64_t exact_order(const double *p, int64_t count, int64_t least, double tail)
{
    const double slack = 1e-12; /* of sums of probabilities, so that a tail of 0.025 itself is allowed */
    double below = 0;
    int64_t k = 0;
    for (int64_t t = least; t < count; t++) {
        below += p[t];
        if (below > tail + slack)
            break;
        k++;
    }
    return k;
}

/* Edgeworth's expansion for a symmetric sum of whole numbers (Fix and Hodges 1955): P(S <= at) = Phi(z) - phi(z) g / 24
   (z^3 - 3 z), z of at and a half, g its excess kurtosis. */
double dpid_edgeworth(double at, double mean, double variance, double excess)
{
    const double half = 0.5;
    const double root = 0.39894228040143267794; /* 1 / sqrt(2 pi) */
    const double z = (at + half - mean) / sqrt(variance);
    const double bent = root * exp(-z * z / 2) * excess / 24 * (z * z * z - 3 * z);
    return fmin(fmax(dpid_normal_cdf(z) - bent, 0), 1);
}

static int64_t expanded_order(double mean, double variance, double excess, double tail)
{
    int64_t low = 0;
    int64_t high = (int64_t)mean + 1;
    while (low < high) { /* the largest k that holds */
        const int64_t middle = low + (high - low + 1) / 2;
        if (dpid_edgeworth((double)(middle - 1), mean, variance, excess) <= tail)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static int32_t plain_ranks(deepid_ctx *ctx, int64_t n, int64_t **ranks)
{
    DPID_TRY(dpid_alloc(ctx, n, sizeof **ranks, "ranks", ranks));
    for (int64_t i = 0; i < n; i++)
        (*ranks)[i] = i + 1;
    return DEEPID_OK;
}

/* m = 0 for signed ranks. */
static int32_t count_order(deepid_ctx *ctx, int64_t n, int64_t m, double tail, int64_t *k)
{
    int64_t *ranks = NULL;
    double *null = NULL;
    int64_t count;
    DPID_TRY(plain_ranks(ctx, n + m, &ranks));
    const int32_t status = m ? dpid_subset_distribution(ctx, n + m, ranks, n, &null, &count)
                             : dpid_signed_distribution(ctx, n, ranks, &null, &count);
    if (status == DEEPID_OK)
        *k = exact_order(null, count, m ? n * (n + 1) / 2 : 0, tail);
    dpid_free(ctx, null);
    dpid_free(ctx, ranks);
    return status;
}

/* Mean n (n + 1) / 4, variance sum r^2 / 4, fourth cumulant -sum r^4 / 8. */
int32_t dpid_signed_order(deepid_ctx *ctx, int64_t count, double tail, int64_t *k)
{
    const double n = (double)count;
    const double squares = n * (n + 1) * (2 * n + 1) / 6;
    const double fourths = squares * (3 * n * n + 3 * n - 1) / 5;
    if (count <= DPID_EXACT_MAX)
        return count_order(ctx, count, 0, tail, k);
    *k = expanded_order(n * (n + 1) / 4, squares / 4, -2 * fourths / (squares * squares), tail);
    return DEEPID_OK;
}

/* Mean n m / 2, variance n m (n + m + 1) / 12, excess -6 (n^2 + m^2 + n m + n + m) / (5 n m (n + m + 1)). */
int32_t dpid_subset_order(deepid_ctx *ctx, int64_t first, int64_t second, double tail, int64_t *k)
{
    const double n = (double)first;
    const double m = (double)second;
    const double all = n * m * (n + m + 1);
    if (first + second <= DPID_POOLED_MAX)
        return count_order(ctx, first, second, tail, k);
    *k = expanded_order(n * m / 2, all / 12, -6 * (n * n + m * m + n * m + n + m) / (5 * all), tail);
    return DEEPID_OK;
}
