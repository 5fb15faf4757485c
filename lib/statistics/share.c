/* The share of a gap that an intervention closes, g = (mean from - mean by) / (mean from - mean to), with Fieller's
   interval (1954): the g for which a t test does not refuse that from - by - g (from - to) has the mean 0.
     paired       h^2 (gap^2 - t^2 var gap) + 2 h k rest.gap - k rest.rest <= 0,  h = g - estimate,
                  k = t^2 / (n (n - 1)),  rest = (from - by) - estimate (from - to),  dots: of what differs from means
     independent  Welch's test (1947) of (1 - g) from + g to against by; its freedom depends on g
   Where the gap itself is not surely other than 0, g has no bounds. */
#include "statistics/statistics.h"

#include <math.h>

enum { N_MAX = 100000 };

/* ---- moments ------------------------------------------------------------------------------------------ */

/* Of a sample: its mean, and that mean's variance. */
typedef struct {
    double mean, variance;
} moments;

/* a x + b y */
static moments mixed(int64_t n, double a, const double *x, double b, const double *y)
{
    const double mean = a * dpid_mean(n, x) + b * dpid_mean(n, y);
    double squares = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = a * x[i] + b * y[i] - mean;
        squares += d * d;
    }
    return (moments){mean, squares / (double)(n - 1) / (double)n};
}

static double ratio(double closed, double gap)
{
    return gap != 0 ? closed / gap : closed > 0 ? HUGE_VAL : closed < 0 ? -HUGE_VAL : 0;
}

/* ---- paired: a quadratic ---------------------------------------------------------------------------- */

static void paired_interval(int64_t n, const double *from, const double *by, const double *to, double level,
                            double *estimate, double *low, double *high)
{
    const double t = dpid_student_quantile(level, (double)(n - 1));
    const moments gap = mixed(n, 1, from, -1, to);
    const double closed = dpid_mean(n, from) - dpid_mean(n, by);
    const double g = ratio(closed, gap.mean);
    const double a = gap.mean * gap.mean - t * t * gap.variance;
    double rest_rest = 0;
    double rest_gap = 0;
    *estimate = g;
    *low = -HUGE_VAL;
    *high = HUGE_VAL;
    if (!(a > 0))
        return;
    for (int64_t i = 0; i < n; i++) {
        const double of_gap = from[i] - to[i] - gap.mean;
        const double rest = from[i] - by[i] - closed - g * of_gap;
        rest_rest += rest * rest;
        rest_gap += rest * of_gap;
    }
    const double k = t * t / (double)n / (double)(n - 1);
    const double root = sqrt(k * rest_gap * k * rest_gap + a * k * rest_rest);
    *low = g - (k * rest_gap + root) / a;
    *high = g - (k * rest_gap - root) / a;
}

/* ---- independent: outward from the estimate ----------------------------------------------------------- */

typedef struct {
    int64_t n, m;
    const double *from, *to;
    moments by;
    double level;
} apart;

/* Welch's test does not refuse g. */
static bool holds(const apart *s, double g)
{
    const moments mix = mixed(s->n, 1 - g, s->from, g, s->to);
    const double v = mix.variance;
    const double w = s->by.variance;
    const double difference = fabs(mix.mean - s->by.mean);
    if (v + w == 0)
        return difference == 0;
    const double freedom = (v + w) * (v + w) / (v * v / (double)(s->n - 1) + w * w / (double)(s->m - 1));
    return dpid_student_inside(difference / sqrt(v + w), freedom) <= s->level;
}

/* The end on one side, sign -1 or 1: a step from the estimate, doubled until it is outside, then halved. */
static double end_of(const apart *s, double estimate, double sign)
{
    enum { DOUBLINGS = 60, HALVINGS = 60 };
    double inside = 0;
    double outside = ldexp(1, -DOUBLINGS / 2);
    for (int i = 0; holds(s, estimate + sign * outside); i++) {
        if (i == DOUBLINGS)
            return sign * HUGE_VAL;
        inside = outside;
        outside *= 2;
    }
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (inside + outside) / 2;
        *(holds(s, estimate + sign * middle) ? &inside : &outside) = middle;
    }
    return estimate + sign * inside;
}

static void independent_interval(const apart *s, double *estimate, double *low, double *high)
{
    const double t = dpid_student_quantile(s->level, (double)(s->n - 1));
    const moments gap = mixed(s->n, 1, s->from, -1, s->to);
    const bool bounded = gap.mean * gap.mean > t * t * gap.variance;
    const double g = ratio(dpid_mean(s->n, s->from) - s->by.mean, gap.mean);
    *estimate = g;
    *low = bounded ? end_of(s, g, -1) : -HUGE_VAL;
    *high = bounded ? end_of(s, g, 1) : HUGE_VAL;
}

/* ---- doors ---------------------------------------------------------------------------------------------- */

static int32_t check(deepid_ctx *ctx, const char *name, int64_t n, const double *x)
{
    DPID_TRY(dpid_stat_count(ctx, "share", name, n, 2, N_MAX));
    return dpid_stat_finite(ctx, "share", n, x);
}

static int32_t check_rest(deepid_ctx *ctx, double level, const double *estimate, const double *low, const double *high)
{
    DPID_TRY(dpid_stat_out(ctx, "share", estimate, low, high));
    return dpid_stat_level(ctx, "share", "level", level, 0, 1);
}

static int32_t share(deepid_ctx *ctx, int64_t n, const double *from, const double *by, const double *to, double level,
                     double *estimate, double *low, double *high)
{
    DPID_TRY(check(ctx, "n", n, from));
    DPID_TRY(check(ctx, "n", n, by));
    DPID_TRY(check(ctx, "n", n, to));
    DPID_TRY(check_rest(ctx, level, estimate, low, high));
    paired_interval(n, from, by, to, level, estimate, low, high);
    return DEEPID_OK;
}

int32_t deepid_statistics_share(deepid_ctx *ctx, int64_t n, const double *from, const double *by, const double *to,
                                double level, double *estimate, double *low, double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, share(ctx, n, from, by, to, level, estimate, low, high));
}

static int32_t share_apart(deepid_ctx *ctx, int64_t n, const double *from, const double *to, int64_t m,
                           const double *by, double level, double *estimate, double *low, double *high)
{
    DPID_TRY(check(ctx, "n", n, from));
    DPID_TRY(check(ctx, "n", n, to));
    DPID_TRY(check(ctx, "m", m, by));
    DPID_TRY(check_rest(ctx, level, estimate, low, high));
    const apart s = {.n = n, .m = m, .from = from, .to = to, .by = mixed(m, 1, by, 0, by), .level = level};
    independent_interval(&s, estimate, low, high);
    return DEEPID_OK;
}

int32_t deepid_statistics_share_independent(deepid_ctx *ctx, int64_t n, const double *from, const double *to, int64_t m,
                                            const double *by, double level, double *estimate, double *low, double *high)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, share_apart(ctx, n, from, to, m, by, level, estimate, low, high));
}

/* ---- the old names: their resamples and seed have nothing left to say -------------------------------- */

int32_t deepid_statistics_bootstrap_share(deepid_ctx *ctx, int64_t n, const double *from, const double *by,
                                          const double *to, double level, int64_t resamples, uint64_t seed,
                                          double *estimate, double *low, double *high)
{
    (void)resamples;
    (void)seed;
    return deepid_statistics_share(ctx, n, from, by, to, level, estimate, low, high);
}

int32_t deepid_statistics_bootstrap_share_independent(deepid_ctx *ctx, int64_t n, const double *from, const double *to,
                                                      int64_t m, const double *by, double level, int64_t resamples,
                                                      uint64_t seed, double *estimate, double *low, double *high)
{
    (void)resamples;
    (void)seed;
    return deepid_statistics_share_independent(ctx, n, from, to, m, by, level, estimate, low, high);
}
