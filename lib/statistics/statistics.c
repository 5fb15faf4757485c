/* Checks, order, and the normal distribution: what every statistic stands on. */
#include "statistics/statistics.h"

#include "base/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- checks ---------------------------------------------------------------------------------- */

int32_t dpid_stat_count(deepid_ctx *ctx, const char *what, const char *name, int64_t n, int64_t least, int64_t most)
{
    if (n >= least && n <= most)
        return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: %s is %lld, expected %lld to %lld", what, name, (long long)n,
                     (long long)least, (long long)most);
}

static int32_t check_values(deepid_ctx *ctx, const char *what, int64_t n, const double *x, bool infinite)
{
    if (!x)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: an array is NULL, expected %lld numbers", what, (long long)n);
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            return dpid_fail(ctx, DEEPID_ERR_NUMERIC, "%s: value %lld of %lld is nan, expected a number", what,
                             (long long)i, (long long)n);
        if (isinf(x[i]) && !infinite)
            return dpid_fail(ctx, DEEPID_ERR_NUMERIC,
                             "%s: value %lld of %lld is %s, expected a finite number: a mean needs a cap", what,
                             (long long)i, (long long)n, dpid_number(x[i]).text);
    }
    return DEEPID_OK;
}

int32_t dpid_stat_ranked(deepid_ctx *ctx, const char *what, int64_t n, const double *x)
{
    return check_values(ctx, what, n, x, true);
}

int32_t dpid_stat_finite(deepid_ctx *ctx, const char *what, int64_t n, const double *x)
{
    return check_values(ctx, what, n, x, false);
}

int32_t dpid_stat_level(deepid_ctx *ctx, const char *what, const char *name, double value, double above, double below)
{
    if (value > above && value < below)
        return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: %s is %s, expected a number between %s and %s", what, name,
                     dpid_number(value).text, dpid_number(above).text, dpid_number(below).text);
}

int32_t dpid_stat_out(deepid_ctx *ctx, const char *what, const void *a, const void *b, const void *c)
{
    return a && b && c ? DEEPID_OK : dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: an output is NULL", what);
}

/* ---- mean, order --------------------------------------------------------------------------------- */

double dpid_mean(int64_t n, const double *x)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

void dpid_sort(int64_t n, double *x)
{
    qsort(x, (size_t)n, sizeof *x, dpid_compare_doubles);
}

/* (1 - w) a + w b that stays infinite where one is, and never touches an end of weight 0. */
static double between(double a, double b, double w)
{
    const double both = (1 - w) * a + w * b;
    return w == 0 || a == b ? a : isnan(both) ? 0 : both;
}

double dpid_sorted_quantile(int64_t n, const double *sorted, double q)
{
    const double place = q * (double)(n - 1);
    const int64_t i = (int64_t)floor(place);
    return i + 1 < n ? between(sorted[i], sorted[i + 1], place - (double)i) : sorted[n - 1];
}

typedef struct {
    double value;
    int64_t place;
} placed;

static int compare_placed(const void *a, const void *b)
{
    const placed *x = a;
    const placed *y = b;
    return dpid_compare_doubles(&x->value, &y->value);
}

/* A run of equal values at sorted places first .. last (from 0) shares the rank (first + 1 + last + 1) / 2. */
static void rank_runs(int64_t n, const placed *sorted, int64_t *doubled)
{
    for (int64_t first = 0, last; first < n; first = last + 1) {
        last = first;
        while (last + 1 < n && sorted[last + 1].value == sorted[first].value)
            last++;
        for (int64_t k = first; k <= last; k++)
            doubled[sorted[k].place] = first + last + 2;
    }
}

int32_t dpid_doubled_ranks(deepid_ctx *ctx, int64_t n, const double *x, int64_t *doubled)
{
    placed *sorted = NULL;
    DPID_TRY(dpid_alloc(ctx, n, sizeof *sorted, "ranks", &sorted));
    for (int64_t i = 0; i < n; i++)
        sorted[i] = (placed){x[i], i};
    qsort(sorted, (size_t)n, sizeof *sorted, compare_placed);
    rank_runs(n, sorted, doubled);
    dpid_free(ctx, sorted);
    return DEEPID_OK;
}

/* ---- the normal distribution --------------------------------------------------------------------- */

double dpid_normal_cdf(double z)
{
    const double root_half = 0.70710678118654752440;
    return 0.5 * erfc(-z * root_half);
}

/* By bisection: rare calls, and the last bit is as good as erfc's. */
double dpid_normal_quantile(double p)
{
    enum { HALVINGS = 80 };
    double low = -40; /* beyond, erfc is 0 */
    double high = 40;
    if (p <= 0 || p >= 1)
        return p <= 0 ? -HUGE_VAL : HUGE_VAL;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (low + high) / 2;
        *(dpid_normal_cdf(middle) < p ? &low : &high) = middle;
    }
    return (low + high) / 2;
}
