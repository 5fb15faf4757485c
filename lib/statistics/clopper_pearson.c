/* Clopper and Pearson 1934: the shares that the binomial test does not refuse. P(X >= k | p) = I_p(k, n - k + 1),
   the incomplete beta function; its tails are set to (1 - level) / 2. */
#include "statistics/statistics.h"

#include <float.h>
#include <math.h>

/* Continued fraction of I_x(a, b), by Lentz's method (Press et al., Numerical Recipes, 6.4); converges fast for x <
   (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    enum { TERMS = 100000 }; /* about sqrt(max(a, b)) are needed */
    const double tiny = DBL_MIN;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int i = 1; i <= TERMS; i++) {
        const double step[2] = {i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i)),
                                -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1))};
        double change = 1;
        for (int half = 0; half < 2; half++) {
            d = 1 + step[half] * d;
            c = 1 + step[half] / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            change = d * c;
            h *= change;
        }
        if (fabs(change - 1) < DBL_EPSILON)
            break;
    }
    return h;
}

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* I_x(a, b) */
static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    const double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* x with I_x(a, b) = p */
static double beta_quantile(double a, double b, double p)
{
    enum { HALVINGS = 100 };
    double low = 0;
    double high = 1;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (low + high) / 2;
        *(incomplete_beta(a, b, middle) < p ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

static int32_t clopper_pearson(deepid_ctx *ctx, int64_t k, int64_t n, double level, double *low, double *high)
{
    enum { N_MAX = 1000000000 };
    DPID_TRY(dpid_stat_out(ctx, "clopper_pearson", low, high, high));
    DPID_TRY(dpid_stat_count(ctx, "clopper_pearson", "n", n, 1, N_MAX));
    DPID_TRY(dpid_stat_count(ctx, "clopper_pearson", "k", k, 0, n));
    DPID_TRY(dpid_stat_level(ctx, "clopper_pearson", "level", level, 0, 1));
    const double tail = (1 - level) / 2;
    *low = k == 0 ? 0 : beta_quantile((double)k, (double)(n - k + 1), tail);
    *high = k == n ? 1 : beta_quantile((double)(k + 1), (double)(n - k), 1 - tail);
    return DEEPID_OK;
}

int32_t deepid_statistics_clopper_pearson(deepid_ctx *ctx, int64_t k, int64_t n, double level, double *low,
                                          double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, clopper_pearson(ctx, k, n, level, low, high));
}
