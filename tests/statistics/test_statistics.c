/* Statistics: published tables and examples, exact enumeration by plain loops, numbers of scipy 1.17.1 quoted as
   constants, and what is refused. */
#include "support/support.h"

#include "base/random.h"
#include "statistics/statistics.h"

#include <math.h>

enum { MANY = 4 };
static const double infinity = HUGE_VAL;

/* ---- data of the books ------------------------------------------------------------------- */

/* Darwin's maize, crossed less self-fertilised, eighths of an inch (Fisher 1935, section 17) */
static const double maize[15] = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};
/* Hours between failures of air conditioning (Davison and Hinkley 1997, table 1.2) */
static const double conditioning[12] = {3, 5, 7, 18, 43, 85, 91, 98, 100, 130, 230, 487};

/* ---- order --------------------------------------------------------------------------------- */

static void quantiles_are_linear_between_order_statistics(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const double x[5] = {4, infinity, 1, 2, 3};
    double out;
    OK(deepid_statistics_median(ctx, 5, x, &out));
    near_at("median of 1 2 3 4 inf", out, 3, 0);
    OK(deepid_statistics_median(ctx, 4, (const double[]){1, 2, 10, 4}, &out));
    near_at("median of 1 2 4 10", out, 3, 0);
    OK(deepid_statistics_quantile(ctx, 5, x, 0.6875, &out)); /* place 2.75 */
    near_at("quantile", out, 3.75, 1e-15);
    OK(deepid_statistics_quantile(ctx, 5, x, 0.8, &out)); /* place 3.2, towards infinity */
    assert_true(isinf(out) && out > 0);
    OK(deepid_statistics_quantile(ctx, 5, x, 0.75, &out)); /* place 3, infinity has weight 0 */
    near_at("quantile", out, 4, 0);
    double ranks[6];
    OK(deepid_statistics_ranks(ctx, 6, (const double[]){2, infinity, 1, 2, infinity, -3}, ranks));
    const double expected[6] = {3.5, 5.5, 2, 3.5, 5.5, 1};
    for (int i = 0; i < 6; i++)
        near_at("rank", ranks[i], expected[i], 0);
    deepid_ctx_destroy(ctx);
}

/* ---- signed ranks ----------------------------------------------------------------------------- */

/* The largest T that is significant at 0.05, two-sided, for n = 6 .. 20 (Wilcoxon and Wilcox 1964; in most books) */
static void signed_ranks_have_the_critical_values_of_the_tables(void **state)
{
    (void)state;
    static const int critical[15] = {0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52};
    deepid_ctx *ctx = new_ctx(1);
    for (int n = 6; n <= 20; n++) {
        for (int more = 0; more < 2; more++) {
            double d[20];
            int left = critical[n - 6] + more; /* the positive ranks, taken from the largest that fits */
            for (int rank = n; rank > 0; rank--) {
                const bool positive = rank <= left;
                d[rank - 1] = positive ? rank : -rank;
                left -= positive ? rank : 0;
            }
            double t;
            double p;
            OK(deepid_statistics_signed_rank(ctx, n, d, &t, &p));
            near_at("T+", t, critical[n - 6] + more, 0);
            if ((p <= 0.05) != (more == 0))
                fail_msg("n = %d, T+ = %g: p is %g", n, t, p);
        }
    }
    double t;
    double p;
    /* 2 / 2^5: five seeds cannot reach 0.05 */
    OK(deepid_statistics_signed_rank(ctx, 5, (const double[]){1, 2, 3, 4, 5}, &t, &p));
    near_at("p of five", p, 0.0625, 1e-15);
    OK(deepid_statistics_signed_rank(ctx, 15, maize, &t,
                                     &p)); /* scipy.stats.wilcoxon(method="exact"): 24, the smaller sum */
    near_at("T+ of maize", 120 - t, 24, 0);
    near_at("p of maize", p, 0.041259765625, 1e-15);
    deepid_ctx_destroy(ctx);
}

/* All 2^n sign patterns over the ranks that a double loop gives. */
static double plain_signed_rank(int n, const double *d)
{
    double rank[12];
    double seen = 0;
    int below = 0;
    int above = 0;
    for (int i = 0; i < n; i++) {
        rank[i] = 0.5;
        for (int j = 0; j < n; j++)
            rank[i] += fabs(d[j]) < fabs(d[i]) ? 1 : fabs(d[j]) == fabs(d[i]) ? 0.5 : 0;
        rank[i] = d[i] == 0 ? 0 : rank[i];
        seen += d[i] > 0 ? rank[i] : 0;
    }
    for (int pattern = 0; pattern < 1 << n; pattern++) {
        double t = 0;
        for (int i = 0; i < n; i++)
            t += pattern >> i & 1 ? rank[i] : 0;
        below += t <= seen;
        above += t >= seen;
    }
    return fmin(1, 2.0 * fmin(below, above) / (1 << n));
}

static void signed_ranks_agree_with_all_sign_patterns_in_ties_zeros_and_infinities(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        double d[12];
        const int n = 1 + (int)(seed % 12);
        random_array(seed, n, -4, 5, d);
        for (int i = 0; i < n; i++)
            d[i] = floor(d[i]) == 4 ? infinity : floor(d[i]); /* -4 .. 3, many equal */
        double t;
        double p;
        OK(deepid_statistics_signed_rank(ctx, n, d, &t, &p));
        if (fabs(p - plain_signed_rank(n, d)) > 1e-12)
            fail_msg("seed %d: p is %.15g, expected %.15g", (int)seed, p, plain_signed_rank(n, d));
    }
    double t;
    double p;
    OK(deepid_statistics_signed_rank(ctx, 10, (const double[]){0, 0, 1.5, -2, 2, 3, 3, -1, 4, 6}, &t,
                                     &p)); /* scipy: zero_method="pratt", exact permutations */
    near_at("p with zeros", p, 0.078125, 1e-15);
    OK(deepid_statistics_signed_rank(ctx, 3, (const double[]){0, 0, 0}, &t, &p));
    near_at("p of nothing", p, 1, 0);
    deepid_ctx_destroy(ctx);
}

/* ---- sign flips ----------------------------------------------------------------------------------- */

/* Fisher 1935, section 21: in 835 of 32768 patterns the sum is above 314, in 28 it is 314: 863 on this side, as many
   on the other */
static void sign_flips_of_darwins_maize_are_fishers(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    double p;
    OK(deepid_statistics_sign_flip(ctx, 15, maize, 0, 0, &p));
    near_at("p", p, 2 * 863 / 32768.0, 1e-15);
    double tenths[15];
    for (int i = 0; i < 15; i++)
        tenths[i] = 0.1 * maize[i]; /* no tenth is a double: the 56 equal sums have to stay equal */
    OK(deepid_statistics_sign_flip(ctx, 15, tenths, 0, 0, &p));
    near_at("p in tenths", p, 2 * 863 / 32768.0, 1e-15);
    /* all 16 sums are 6, 12 or 24 or 30 tenths, none below 6; two of them come out a bit below 0.6 */
    const double mixed[4] = {0.1 * -3, 0.1 * 9, 0.1 * 9, 0.1 * -9};
    OK(deepid_statistics_sign_flip(ctx, 4, mixed, 0, 0, &p));
    near_at("p where rounding splits equal sums", p, 1, 0);
    double again;
    double more[17] = {0, 0};
    memcpy(more + 2, maize, sizeof maize); /* two zeros flip nothing: the same p, drawn */
    OK(deepid_statistics_sign_flip(ctx, 17, more, 0, 5, &p));
    near_at("drawn p", p, 2 * 863 / 32768.0, 0.0029); /* 4 standard deviations of a share of 0.0527 in 99999 draws */
    OK(deepid_statistics_sign_flip(ctx, 17, more, 0, 5, &again));
    assert_true(p == again);
    for (int i = 0; i < 17; i++)
        more[i] = 1;
    /* 2 / 2^17 is out of reach of 999 draws: p is never 0 */
    OK(deepid_statistics_sign_flip(ctx, 17, more, 999, 1, &p));
    near_at("least p", p, 0.001, 1e-15);
    deepid_ctx_destroy(ctx);
}

/* ---- independent samples ------------------------------------------------------------------------------ */

/* The largest U that is significant at 0.05, two-sided, for n = m = 4 .. 12 (Mann and Whitney's table, Siegel 1956) */
static void rank_sums_have_the_critical_values_of_the_tables(void **state)
{
    (void)state;
    static const int critical[9] = {0, 2, 5, 8, 13, 17, 23, 30, 37};
    deepid_ctx *ctx = new_ctx(1);
    for (int n = 4; n <= 12; n++) {
        for (int more = 0; more < 2; more++) {
            double x[12];
            double y[12];
            int left = critical[n - 4] + more; /* x[i] beats as many y as fit */
            for (int i = 0; i < n; i++)
                y[i] = i + 1;
            for (int i = n - 1; i >= 0; i--) {
                const int beats = left > n ? n : left;
                x[i] = beats + 0.5 + 0.01 * i;
                left -= beats;
            }
            double u;
            double p;
            OK(deepid_statistics_rank_sum(ctx, n, x, n, y, &u, &p));
            near_at("U", u, critical[n - 4] + more, 0);
            if ((p <= 0.05) != (more == 0))
                fail_msg("n = m = %d, U = %g: p is %g", n, u, p);
        }
    }
    deepid_ctx_destroy(ctx);
}

static void independent_samples_agree_with_all_splits(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const double x[5] = {1.1, 2.2, 2.2, 5, 7};
    const double y[6] = {2.2, 3, 4, 6, 8, 9};
    double u;
    double p;
    OK(deepid_statistics_rank_sum(ctx, 5, x, 6, y, &u, &p)); /* scipy.stats.mannwhitneyu with all permutations */
    near_at("U", u, 8, 0);
    near_at("p of ranks", p, 0.23809523809523808, 1e-14);
    OK(deepid_statistics_permutation(ctx, 5, x, 6, y, 0, 0, &p)); /* itertools.combinations: 127 of 462 */
    near_at("p of means", p, 127 / 462.0, 1e-14);
    OK(deepid_statistics_rank_sum(ctx, 5, (const double[]){19, 22, 16, 29, 24}, 4, (const double[]){20, 11, 17, 12}, &u,
                                  &p)); /* scipy: method="exact" */
    near_at("U", u, 17, 0);
    near_at("p", p, 1 / 9.0, 1e-14);
    /* diverged: worst ranks */
    OK(deepid_statistics_rank_sum(ctx, 4, (const double[]){infinity, infinity, infinity, 9}, 4,
                                  (const double[]){1, 2, 3, 4}, &u, &p));
    near_at("U", u, 16, 0);
    near_at("p", p, 2 / 70.0, 1e-14);
    double a[12];
    double b[12];
    random_array(3, 12, 0, 1, a);
    random_array(4, 12, 0.2, 1.2, b); /* C(24, 12) = 2704156 ways: drawn */
    double drawn[2];
    OK(deepid_statistics_permutation(ctx, 12, a, 12, b, 0, 1, &drawn[0]));
    OK(deepid_statistics_permutation(ctx, 12, a, 12, b, 0, 2, &drawn[1]));
    /* 4 standard deviations of a difference of shares of at most 1/2 in 99999 draws */
    near_at("drawn p", drawn[0], drawn[1], 0.009);
    assert_true(drawn[0] != drawn[1]);
    deepid_ctx_destroy(ctx);
}

/* ---- several tests ---------------------------------------------------------------------------------------- */

/* p = .01 .04 .03 .005, four tests: 4 x .005 = .02; 3 x .01 = .03; 2 x .03 = .06; .04 may not be below .06 */
static void holm_steps_down(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    double p[MANY] = {0.01, 0.04, 0.03, 0.005};
    static const double expected[MANY] = {0.03, 0.06, 0.06, 0.02};
    double out[MANY];
    OK(deepid_statistics_holm(ctx, MANY, p, out));
    for (int i = 0; i < MANY; i++)
        near_at("adjusted p", out[i], expected[i], 1e-15);
    OK(deepid_statistics_holm(ctx, MANY, p, p)); /* in place */
    assert_memory_equal(p, out, sizeof p);
    OK(deepid_statistics_holm(ctx, 2, (const double[]){0.9, 0.8}, out));
    near_at("capped", out[0], 1, 0);
    deepid_ctx_destroy(ctx);
}

/* ---- Hodges and Lehmann -------------------------------------------------------------------------------------- */

/* The interval's promise: shifts inside are not refused by the exact test, shifts outside are. */
static void intervals_hold_exactly_the_shifts_that_the_test_does_not_refuse(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        const int n = 6 + (int)(seed % 8);
        const int m = 4 + (int)(seed % 5);
        double d[16];
        double y[16];
        double moved[16];
        double middle;
        double end[2];
        random_array(seed, n, -1, 2, d);
        random_array(seed + 100, m, -1, 1, y);
        for (int two = 0; two < 2; two++) {
            OK(two ? deepid_statistics_shift(ctx, n, d, m, y, 0.95, &middle, &end[0], &end[1])
                   : deepid_statistics_hodges_lehmann(ctx, n, d, 0.95, &middle, &end[0], &end[1]));
            for (int side = 0; side < 2; side++) {
                for (int outside = 0; outside < 2; outside++) {
                    const double shift = end[side] + (side == outside ? 1e-9 : -1e-9);
                    double statistic;
                    double p;
                    for (int i = 0; i < n; i++)
                        moved[i] = d[i] - shift;
                    OK(two ? deepid_statistics_rank_sum(ctx, n, moved, m, y, &statistic, &p)
                           : deepid_statistics_signed_rank(ctx, n, moved, &statistic, &p));
                    if ((p <= 0.05) != (outside == 1))
                        fail_msg("seed %d, %d sample(s), end %d: p is %g at %.12g of [%g, %g]", (int)seed, two + 1,
                                 side, p, shift, end[0], end[1]);
                }
            }
            assert_true(end[0] <= middle && middle <= end[1]);
        }
    }
    deepid_ctx_destroy(ctx);
}

static void few_seeds_have_no_interval_and_infinities_stay_honest(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    double e;
    double low;
    double high;
    OK(deepid_statistics_hodges_lehmann(ctx, 5, (const double[]){1, 2, 3, 4, 5}, 0.95, &e, &low, &high));
    assert_true(low == -infinity && high == infinity);
    near_at("estimate", e, 3, 0);
    /* 2 / 2^5 <= 0.1 */
    OK(deepid_statistics_hodges_lehmann(ctx, 5, (const double[]){1, 2, 3, 4, 5}, 0.9, &e, &low, &high));
    assert_true(low == 1 && high == 5);
    /* a tail of 1 / 2^5 itself is allowed */
    OK(deepid_statistics_hodges_lehmann(ctx, 5, (const double[]){1, 2, 3, 4, 5}, 1 - 2 / 32.0, &e, &low, &high));
    assert_true(low == 1 && high == 5);
    /* ends: least and largest */
    OK(deepid_statistics_hodges_lehmann(ctx, 6, (const double[]){1, 2, 3, 4, 5, infinity}, 0.95, &e, &low, &high));
    assert_true(low == 1 && high == infinity);
    /* 21 averages: the eleventh of 1 1.5 2 2 2.5 2.5 3 3 3 3.5 3.5 4 4 4.5 5 and 6 infinite ones is 3.5 */
    near_at("estimate", e, 3.5, 0);
    deepid_ctx_destroy(ctx);
}

static void equivalence_asks_for_an_interval_inside_the_margin(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    double d[10];
    double low;
    double high;
    double same[3];
    int32_t equivalent;
    random_array(7, 10, -0.1, 0.1, d);
    OK(deepid_statistics_equivalence(ctx, 10, d, 0.2, 0.05, &low, &high, &equivalent));
    OK(deepid_statistics_hodges_lehmann(ctx, 10, d, 0.9, &same[0], &same[1], &same[2]));
    assert_true(equivalent == 1 && low == same[1] && high == same[2]);
    /* the end itself is not inside */
    OK(deepid_statistics_equivalence(ctx, 10, d, high, 0.05, &low, &high, &equivalent));
    assert_int_equal(equivalent, 0);
    OK(deepid_statistics_equivalence(ctx, 10, d, -low / 2, 0.05, &low, &high, &equivalent));
    assert_int_equal(equivalent, 0);
    double turned[10];
    for (int i = 0; i < 10; i++)
        turned[i] = -d[i];
    /* the lower end is the far one: at the margin itself it is not inside */
    const double *far_below = -same[1] > same[2] ? d : turned;
    OK(deepid_statistics_equivalence(ctx, 10, far_below, fmax(-same[1], same[2]), 0.05, &low, &high, &equivalent));
    assert_true(equivalent == 0 && -low > high);
    OK(deepid_statistics_equivalence(ctx, 10, far_below, nextafter(-low, 1), 0.05, &low, &high, &equivalent));
    assert_int_equal(equivalent, 1);
    OK(deepid_statistics_equivalence(ctx, 3, d, 100, 0.05, &low, &high, &equivalent)); /* three seeds show nothing */
    assert_int_equal(equivalent, 0);
    deepid_ctx_destroy(ctx);
}

/* ---- many values ------------------------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* The k-th of values of which `marks` nobody knows, `all` of them together: known ones in order, marks where they are
   put. */
static double plain_end(int64_t known, const double *value, int64_t marks, int64_t k, bool upper)
{
    if (k <= marks)
        return upper ? infinity : -infinity;
    return upper ? value[known - (k - marks)] : value[k - 1 - marks];
}

/* Against every pair in a row: ties, infinities of both signs, both kinds of pairs. */
static void pairwise_order_is_that_of_all_pairs_in_a_row(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static double value[40 * 40];
    for (uint64_t seed = 1; seed <= 400; seed++) {
        dpid_random random = dpid_random_make(seed, 0, 0);
        double x[2][40];
        const int64_t n = 1 + dpid_random_below(&random, 40);
        const int64_t m = seed % 2 ? 0 : 1 + dpid_random_below(&random, 40);
        const int64_t kinds = 1 + dpid_random_below(&random, 12); /* few kinds: ties */
        for (int side = 0; side < 2; side++)
            for (int64_t i = 0; i < (side ? m : n); i++) {
                const int64_t kind = dpid_random_below(&random, kinds);
                x[side][i] = kind == 10   ? infinity
                             : kind == 11 ? -infinity
                             : kinds == 1 ? dpid_random_uniform(&random) * 1e-5 - 3e-6
                                          : (double)(kind - 4) / 3;
            }
        int64_t known = 0;
        int64_t marks = 0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = m ? 0 : i; k < (m ? m : n); k++) {
                const double v = m ? x[0][i] + x[1][k] : x[0][i] / 2 + x[0][k] / 2;
                if (isnan(v))
                    marks++;
                else
                    value[known++] = v;
            }
        qsort(value, (size_t)known, sizeof *value, ascending);
        const int64_t k = dpid_random_below(&random, (known + marks) / 2 + 1);
        double got[3];
        const double expected[2] = {plain_end(known, value, marks, k, false), plain_end(known, value, marks, k, true)};
        dpid_pairs_interval(n, x[0], m, m ? x[1] : NULL, k, &got[0], &got[1], &got[2]);
        for (int64_t i = 0; i < marks; i++)
            value[known + i] = 0;
        qsort(value, (size_t)(known + marks), sizeof *value, ascending);
        const double middle = dpid_sorted_quantile(known + marks, value, 0.5);
        if (got[1] != expected[0] || got[2] != expected[1] || got[0] != middle)
            fail_msg("seed %d: n %d, m %d, k %d: %.17g [%.17g, %.17g], expected %.17g [%.17g, %.17g]", (int)seed,
                     (int)n, (int)m, (int)k, got[0], got[1], got[2], middle, expected[0], expected[1]);
    }
    deepid_ctx_destroy(ctx);
}

/* The largest k with P(S < k) <= tail, from the exact distribution of n ranks, or of n among n + m. */
static int64_t exact_order(deepid_ctx *ctx, int64_t n, int64_t m, double tail)
{
    int64_t *ranks = NULL;
    double *null = NULL;
    int64_t count;
    int64_t k = 0;
    double below = 0;
    OK(dpid_alloc(ctx, n + m, sizeof *ranks, "ranks", &ranks));
    for (int64_t i = 0; i < n + m; i++)
        ranks[i] = i + 1;
    OK(m ? dpid_subset_distribution(ctx, n + m, ranks, n, &null, &count)
         : dpid_signed_distribution(ctx, n, ranks, &null, &count));
    const int64_t least = m ? n * (n + 1) / 2 : 0;
    while ((below += null[least + k]) <= tail)
        k++;
    dpid_free(ctx, null);
    dpid_free(ctx, ranks);
    return k;
}

/* Of more values than are counted out, the rank of an end is at most one from the exact one, of two samples one or
   1 %; mostly it is that. */
static void expanded_orders_are_the_exact_ones(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const double tails[] = {0.05, 0.025, 0.0025, 0.0001};
    int same = 0;
    int all = 0;
    for (int64_t n = 101; n <= 260; n += 53)
        for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
            int64_t k;
            const int64_t exact = exact_order(ctx, n, 0, tails[i]);
            OK(dpid_signed_order(ctx, n, tails[i], &k));
            if (llabs(k - exact) > 1)
                fail_msg("n %d, tail %g: the order is %d, exactly %d", (int)n, tails[i], (int)k, (int)exact);
            same += k == exact;
            all++;
        }
    for (int64_t n = 12; n <= 60; n += 24)
        for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
            int64_t k;
            const int64_t exact = exact_order(ctx, n, 201 - n, tails[i]);
            OK(dpid_subset_order(ctx, n, 201 - n, tails[i], &k));
            if (fabs((double)(k - exact)) > fmax(1, 0.01 * (double)exact)) /* twelve are few */
                fail_msg("n %d of 201, tail %g: the order is %d, exactly %d", (int)n, tails[i], (int)k, (int)exact);
            same += k == exact;
            all++;
        }
    if (2 * same < all)
        fail_msg("only %d of %d orders are the exact ones", same, all);
    deepid_ctx_destroy(ctx);
}

/* Beside the exact p of the same ranks, with ties and zeros. */
static void expanded_signed_ranks_are_the_exact_ones(void **state)
{
    (void)state;
    enum { N = 140 };
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        double d[N];
        double size[N];
        int64_t ranks[N];
        int64_t kept = 0;
        int64_t count;
        double *null = NULL;
        double t;
        double p;
        random_array(seed, N, -0.8, 1, d);
        for (int i = 0; i < N; i++) {
            d[i] = seed % 2 ? round(20 * d[i]) : d[i]; /* ties and zeros */
            size[i] = fabs(d[i]);
        }
        OK(dpid_doubled_ranks(ctx, N, size, ranks));
        for (int i = 0; i < N; i++)
            if (d[i] != 0)
                ranks[kept++] = ranks[i];
        OK(dpid_signed_distribution(ctx, kept, ranks, &null, &count));
        OK(deepid_statistics_signed_rank(ctx, N, d, &t, &p));
        const double exact = dpid_two_sided(null, count, (int64_t)(2 * t));
        if (fabs(p - exact) > 2e-4)
            fail_msg("seed %d: p is %g, exactly %g", (int)seed, p, exact);
        dpid_free(ctx, null);
    }
    double ones[N];
    double t;
    double p;
    for (int i = 0; i < N; i++)
        ones[i] = i + 1;
    OK(deepid_statistics_signed_rank(ctx, N, ones, &t, &p));
    assert_true(p >= ldexp(1, 1 - N) && p < 1e-12); /* no p is 0 */
    deepid_ctx_destroy(ctx);
}

/* Means of 400 skewed values: beside 200000 resamples, whose ends vary by 0.01 of a standard deviation of the mean. */
static void expanded_means_are_those_of_many_resamples(void **state)
{
    (void)state;
    enum { N = 400 };
    deepid_ctx *ctx = new_ctx(1);
    double x[N];
    double drawn[3];
    double got[3];
    random_array(5, N, 0, 1, x);
    for (int i = 0; i < N; i++)
        x[i] = exp(2 * x[i] * x[i]);
    OK(deepid_statistics_bootstrap_mean(ctx, N, x, 0.95, 200000, 1, &drawn[0], &drawn[1], &drawn[2]));
    dpid_mean_expanded(N, x, 0.95, &got[0], &got[1], &got[2]);
    const double deviation = (drawn[2] - drawn[1]) / 4;
    near_at("mean", got[0], drawn[0], 1e-12);
    near_at("low", got[1], drawn[1], 0.04 * deviation);
    near_at("high", got[2], drawn[2], 0.04 * deviation);
    for (int i = 0; i < N; i++)
        x[i] = 2;
    dpid_mean_expanded(N, x, 0.95, &got[0], &got[1], &got[2]);
    assert_true(got[0] == 2 && got[1] == 2 && got[2] == 2); /* nothing varies */
    deepid_ctx_destroy(ctx);
}

/* ---- bootstrap -------------------------------------------------------------------------------------------------- */

/* scipy.stats.bootstrap(method="BCa"), 400000 resamples, three seeds: 56.92 57.00 57.08 and 226.58 226.50 226.25. At
   99999 resamples the ends' standard deviations are about 0.15 and 1: the density of the mean is about 0.004 at the
   lower end, 0.0007 at the upper. */
static void bca_of_a_mean_is_scipys(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    double e;
    double low;
    double high;
    OK(deepid_statistics_bootstrap_mean(ctx, 12, conditioning, 0.95, 99999, 1, &e, &low, &high));
    near_at("mean", e, 1297 / 12.0, 1e-12);
    near_at("low", low, 57.0, 0.7);
    near_at("high", high, 226.5, 4);
    double again[3];
    OK(deepid_statistics_bootstrap_mean(ctx, 12, conditioning, 0.95, 99999, 1, &again[0], &again[1], &again[2]));
    assert_true(low == again[1] && high == again[2]);
    OK(deepid_statistics_bootstrap_mean(ctx, 12, conditioning, 0.95, 99999, 2, &again[0], &again[1], &again[2]));
    assert_true(low != again[1] || high != again[2]);
    /* nothing varies */
    OK(deepid_statistics_bootstrap_mean(ctx, 3, (const double[]){2, 2, 2}, 0.95, 0, 1, &e, &low, &high));
    assert_true(e == 2 && low == 2 && high == 2);
    /* symmetric, three in ten resamples equal the mean */
    OK(deepid_statistics_bootstrap_mean(ctx, 6, (const double[]){0, 0, 0, 1, 1, 1}, 0.95, 99999, 1, &e, &low, &high));
    near_at("low + high", low + high, 1, 1e-12);
    deepid_ctx_destroy(ctx);
}

/* All 5^5 resamples of five values by plain loops, with the formulas of Efron and Tibshirani 14.9, 14.10, 14.14,
   14.15 written out. */
static void bca_agrees_with_all_resamples(void **state)
{
    (void)state;
    static double value[3125];
    static const double x[5] = {0.1, 0.4, 0.5, 1.3, 2.7};
    deepid_ctx *ctx = new_ctx(1);
    double below = 0;
    double cubes = 0;
    double squares = 0;
    for (int code = 0; code < 3125; code++) {
        value[code] = (x[code % 5] + x[code / 5 % 5] + x[code / 25 % 5] + x[code / 125 % 5] + x[code / 625]) / 5;
        below += value[code] < 1 - 1e-12 ? 1 : value[code] < 1 + 1e-12 ? 0.5 : 0; /* the mean is 1 */
    }
    for (int i = 0; i < 5; i++) {
        const double u = 1 - (5 - x[i]) / 4;
        cubes += u * u * u;
        squares += u * u;
    }
    const double a = cubes / (6 * pow(squares, 1.5));
    double z0 = -1;
    for (int i = 0; i < 100000 && 0.5 * erfc(-z0 / sqrt(2)) < below / 3125; i++)
        z0 += 1e-4;
    qsort(value, 3125, sizeof *value, ascending);
    double end[2];
    for (int side = 0; side < 2; side++) {
        const double z = z0 + (side ? 1.959964 : -1.959964);
        const double alpha = 0.5 * erfc(-(z0 + z / (1 - a * z)) / sqrt(2));
        end[side] = value[(int)(alpha * 3125)];
    }
    double e;
    double low;
    double high;
    OK(deepid_statistics_bootstrap_mean(ctx, 5, x, 0.95, 199999, 11, &e, &low, &high));
    near_at("low", low, end[0], 0.021); /* one step between neighbouring means is at most 0.02 there */
    near_at("high", high, end[1], 0.041);
    deepid_ctx_destroy(ctx);
}

/* The interval of 99 resamples once more, from the same draws: with alpha = 0.05 and z0 = a = 0 the ends would be
   the fifth and the 95th value, so a place of B instead of B + 1 shows. */
static void ends_of_few_resamples_are_the_right_order_statistics(void **state)
{
    (void)state;
    enum { N = 12, B = 99 };
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        dpid_random random = dpid_random_make(seed, DPID_STREAM_STATISTICS, dpid_hash32("bootstrap", 9));
        double value[B];
        double below = 0;
        double cubes = 0;
        double squares = 0;
        double sum = 0;
        for (int i = 0; i < N; i++)
            sum += conditioning[i];
        for (int b = 0; b < B; b++) {
            double drawn = 0;
            for (int i = 0; i < N; i++)
                drawn += conditioning[dpid_random_below(&random, N)];
            below += drawn < sum ? 1 : drawn == sum ? 0.5 : 0; /* whole numbers: no rounding */
            value[b] = drawn / N;
        }
        for (int i = 0; i < N; i++) {
            const double u = conditioning[i] - sum / N; /* (n - 1) times what the mean loses without it */
            cubes += u * u * u;
            squares += u * u;
        }
        const double a = cubes / (6 * pow(squares, 1.5));
        double z0 = -5;
        for (double step = 1; step > 1e-15; step /= 2)
            while (0.5 * erfc(-(z0 + step) / sqrt(2)) < below / B)
                z0 += step;
        qsort(value, B, sizeof *value, ascending);
        double end[3];
        OK(deepid_statistics_bootstrap_mean(ctx, N, conditioning, 0.9, B, seed, &end[0], &end[1], &end[2]));
        for (int side = 0; side < 2; side++) {
            const double z = z0 + (side ? 1.6448536269514722 : -1.6448536269514722);
            const double place = (B + 1) * 0.5 * erfc(-(z0 + z / (1 - a * z)) / sqrt(2)) - 1; /* from 0 */
            const int i = (int)fmax(0, fmin(place, B - 2));
            const double share = fmax(0, fmin(place - i, 1));
            const double expected = (1 - share) * value[i] + share * value[i + 1];
            if (!(fabs(end[1 + side] - expected) <= 1e-9 * expected))
                fail_msg("seed %d, end %d: %.15g, expected %.15g", (int)seed, side, end[1 + side], expected);
        }
    }
    deepid_ctx_destroy(ctx);
}

/* The promise of an interval: of 95 % intervals about 95 % hold the truth. 300 normal samples of 12: BCa is known to
   be a little short there. */
static void intervals_cover(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    int bca = 0;
    int exact = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        double u[24];
        double x[12];
        double e;
        double low;
        double high;
        random_array(seed, 24, 0, 1, u);
        for (int i = 0; i < 12; i++)
            x[i] = 3 + sqrt(-2 * log(u[i])) * cos(6.283185307179586 * u[12 + i]);
        OK(deepid_statistics_bootstrap_mean(ctx, 12, x, 0.95, 1999, seed, &e, &low, &high));
        bca += low <= 3 && 3 <= high;
        OK(deepid_statistics_hodges_lehmann(ctx, 12, x, 0.95, &e, &low, &high));
        exact += low <= 3 && 3 <= high;
    }
    assert_in_range(bca, 264, 294);   /* 0.92 to 0.95 is usual at n = 12; 0.88 to 0.98 allows for 300 samples */
    assert_in_range(exact, 274, 297); /* 0.9507 exactly; 3 standard deviations below and above */
    deepid_ctx_destroy(ctx);
}

/* ---- shares of counts -----------------------------------------------------------------------------------------------
 */

/* scipy.stats.binomtest(k, n).proportion_ci(0.95, "exact"), as in Clopper and Pearson's chart; 0 of 10: 1 -
   0.025^(1/10) */
static void clopper_pearson_agrees_with_the_tables(void **state)
{
    (void)state;
    static const double rows[][4] = {
        {7, 20, 0.1539092047845412, 0.5921885345328283},     {0, 10, 0, 0.30849710781876294},
        {1, 10, 0.0025285785444625728, 0.44501611702819543}, {10, 10, 0.6915028921812371, 1},
        {5, 10, 0.1870860284474045, 0.8129139715525955},     {40, 1000, 0.028727625285890804, 0.05407269681936851},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double low;
        double high;
        OK(deepid_statistics_clopper_pearson(ctx, (int64_t)rows[i][0], (int64_t)rows[i][1], 0.95, &low, &high));
        near_at("low", low, rows[i][2], 1e-10); /* log gamma and the fraction keep about 12 digits */
        near_at("high", high, rows[i][3], 1e-10);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- lines
   ----------------------------------------------------------------------------------------------------------- */

static void slopes_are_scipys_and_the_robust_one_forgives_an_outlier(void **state)
{
    (void)state;
    static const double x[6] = {0, 1, 2, 3, 4, 5};
    static const double y[6] = {1, 2.1, 2.9, 4.3, 9, 6.1};
    deepid_ctx *ctx = new_ctx(1);
    double slope;
    double intercept;
    OK(deepid_statistics_line(ctx, 6, x, y, &slope, &intercept)); /* scipy.stats.linregress */
    near_at("slope", slope, 1.36, 1e-14);
    near_at("intercept", intercept, 0.8333333333333339, 1e-14);
    /* scipy.stats.theilslopes: slope 1.1; its intercept is another one */
    OK(deepid_statistics_theil_sen(ctx, 6, x, y, &slope, &intercept));
    near_at("robust slope", slope, 1.1, 1e-14);
    near_at("robust intercept", intercept, 1, 1e-14); /* y - 1.1 x: 1 1 .7 1 4.6 .6: median 1 */
    /* slopes of all pairs: 2 1 7/4 1/2 5/3 4: the middle of 5/3 and 7/4; neighbours alone would give 2 */
    OK(deepid_statistics_theil_sen(ctx, 4, (const double[]){0, 1, 3, 4}, (const double[]){0, 2, 3, 7}, &slope,
                                   &intercept));
    near_at("robust slope", slope, 41 / 24.0, 1e-14);
    deepid_ctx_destroy(ctx);
}

static void slopes_have_intervals_across_seeds(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    double x[5];
    double y[8 * 5];
    double scatter[8];
    double e;
    double low;
    double high;
    random_array(9, 8, -0.1, 0.1, scatter);
    for (int i = 0; i < 5; i++)
        x[i] = i;
    for (int s = 0; s < 8; s++)
        for (int i = 0; i < 5; i++)
            y[s * 5 + i] = 7 - (0.5 + scatter[s]) * i;
    for (int robust = 0; robust < 2; robust++) {
        OK(deepid_statistics_slope(ctx, robust ? "theil_sen" : "least_squares", 8, 5, x, y, 0.95, &e, &low, &high));
        assert_true(low < e && e < high && low >= -0.6 - 1e-12 && high <= -0.4 + 1e-12);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- refusals
   ------------------------------------------------------------------------------------------------------------ */

static void what_makes_no_sense_is_refused_with_a_sentence(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const double x[3] = {1, 2, (double)NAN};
    const double diverged[3] = {1, infinity, 2};
    double a;
    double b;
    double c;
    int32_t yes;
    REFUSED(deepid_statistics_median(ctx, 3, x, &a), DEEPID_ERR_NUMERIC,
            "median: value 2 of 3 is nan, expected a number");
    REFUSED(deepid_statistics_median(ctx, 0, x, &a), DEEPID_ERR_ARGUMENT, "median: n is 0, expected 1 to");
    REFUSED(deepid_statistics_median(ctx, 3, NULL, &a), DEEPID_ERR_ARGUMENT, "an array is NULL, expected 3 numbers");
    REFUSED(deepid_statistics_median(ctx, 2, x, NULL), DEEPID_ERR_ARGUMENT, "an output is NULL");
    REFUSED(deepid_statistics_quantile(ctx, 2, x, 1.5, &a), DEEPID_ERR_ARGUMENT, "q is 1.5, expected 0 to 1");
    REFUSED(deepid_statistics_signed_rank(ctx, 1000001, x, &a, &b), DEEPID_ERR_ARGUMENT,
            "n is 1000001, expected 1 to 1000000");
    REFUSED(deepid_statistics_rank_sum(ctx, 100, x, 101, x, &a, &b), DEEPID_ERR_ARGUMENT,
            "m is 101, expected 1 to 100");
    REFUSED(deepid_statistics_sign_flip(ctx, 3, diverged, 0, 0, &a), DEEPID_ERR_NUMERIC,
            "value 1 of 3 is inf, expected a finite number");
    REFUSED(deepid_statistics_permutation(ctx, 2, x, 3, x, 0, 0, &a), DEEPID_ERR_NUMERIC, "value 2 of 3 is nan");
    REFUSED(deepid_statistics_holm(ctx, 2, x, &a), DEEPID_ERR_ARGUMENT, "p 1 is 2, expected 0 to 1");
    REFUSED(deepid_statistics_hodges_lehmann(ctx, 2, x, 1, &a, &b, &c), DEEPID_ERR_ARGUMENT,
            "level is 1, expected a number between 0 and 1");
    REFUSED(deepid_statistics_bootstrap_mean(ctx, 1, x, 0.95, 0, 0, &a, &b, &c), DEEPID_ERR_ARGUMENT,
            "n is 1, expected 2 to");
    REFUSED(deepid_statistics_bootstrap_mean(ctx, 2, x, 0.95, 98, 0, &a, &b, &c), DEEPID_ERR_ARGUMENT,
            "resamples is 98, expected 99 to 1000000");
    REFUSED(deepid_statistics_bootstrap_mean(ctx, 3, diverged, 0.95, 0, 0, &a, &b, &c), DEEPID_ERR_NUMERIC,
            "a mean needs a cap");
    REFUSED(deepid_statistics_equivalence(ctx, 2, x, 0, 0.05, &a, &b, &yes), DEEPID_ERR_ARGUMENT, "margin is 0");
    REFUSED(deepid_statistics_equivalence(ctx, 2, x, 1, 0.5, &a, &b, &yes), DEEPID_ERR_ARGUMENT, "alpha is 0.5");
    REFUSED(deepid_statistics_clopper_pearson(ctx, 4, 3, 0.95, &a, &b), DEEPID_ERR_ARGUMENT, "k is 4, expected 0 to 3");
    REFUSED(deepid_statistics_line(ctx, 2, (const double[]){3, 3}, x, &a, &b), DEEPID_ERR_ARGUMENT, "all x are 3");
    REFUSED(deepid_statistics_slope(ctx, "lasso", 1, 2, x, x, 0.95, &a, &b, &c), DEEPID_ERR_ARGUMENT,
            "unknown method 'lasso'");
    deepid_ctx_destroy(ctx);
}

/* Each of them allocates. */
static int32_t all_of_them(deepid_ctx *ctx, void *arg)
{
    double a[12];
    double b;
    double c;
    (void)arg;
    int32_t s = deepid_statistics_median(ctx, 12, conditioning, a);
    s = s ? s : deepid_statistics_ranks(ctx, 12, conditioning, a);
    s = s ? s : deepid_statistics_signed_rank(ctx, 12, conditioning, a, &b);
    s = s ? s : deepid_statistics_rank_sum(ctx, 6, conditioning, 6, conditioning + 6, a, &b);
    s = s ? s : deepid_statistics_permutation(ctx, 3, conditioning, 3, conditioning + 6, 0, 0, a);
    s = s ? s : deepid_statistics_holm(ctx, 2, (const double[]){0.1, 0.2}, a);
    s = s ? s : deepid_statistics_hodges_lehmann(ctx, 12, conditioning, 0.95, a, &b, &c);
    s = s ? s : deepid_statistics_shift(ctx, 6, conditioning, 6, conditioning + 6, 0.95, a, &b, &c);
    s = s ? s : deepid_statistics_bootstrap_mean(ctx, 12, conditioning, 0.95, 99, 0, a, &b, &c);
    s = s ? s : deepid_statistics_theil_sen(ctx, 12, conditioning, conditioning, a, &b);
    return s ? s : deepid_statistics_slope(ctx, "least_squares", 2, 6, conditioning, conditioning, 0.95, a, &b, &c);
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
    (void)state;
    survives_every_failing_allocation("statistics", all_of_them, NULL);
}

/* Ten values 1..10: 2 P(B < 2) = 2 (1 + 10) / 1024 = 0.0215 <= 0.05 < 2 P(B < 3), so [2, 9]. Five: even 2 / 32 is
   more than 0.05. */
static void intervals_of_medians_cover(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const double values[] = {7, 3, 1, 10, 2, 8, 4, 9, 6, 5};
    double low;
    double high;
    OK(dpid_median_interval(ctx, 10, values, &low, &high));
    assert_true(low == 2 && high == 9);
    OK(dpid_median_interval(ctx, 6, values, &low, &high));
    assert_true(low == 1 && high == 10);
    OK(dpid_median_interval(ctx, 5, values, &low, &high));
    assert_true(isnan(low) && isnan(high));
    OK(dpid_median_known(ctx, 10, values, &low));
    assert_true(low == 5.5);
    const double holes[] = {(double)NAN, 3, (double)NAN, (double)INFINITY, 1}; /* what is not known is left out */
    OK(dpid_median_known(ctx, 5, holes, &low));
    assert_true(low == 3);
    OK(dpid_median_known(ctx, 5, NULL, &low));
    assert_true(isnan(low));
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_linear_between_order_statistics),
        cmocka_unit_test(signed_ranks_have_the_critical_values_of_the_tables),
        cmocka_unit_test(signed_ranks_agree_with_all_sign_patterns_in_ties_zeros_and_infinities),
        cmocka_unit_test(sign_flips_of_darwins_maize_are_fishers),
        cmocka_unit_test(rank_sums_have_the_critical_values_of_the_tables),
        cmocka_unit_test(independent_samples_agree_with_all_splits),
        cmocka_unit_test(holm_steps_down),
        cmocka_unit_test(pairwise_order_is_that_of_all_pairs_in_a_row),
        cmocka_unit_test(expanded_orders_are_the_exact_ones),
        cmocka_unit_test(expanded_signed_ranks_are_the_exact_ones),
        cmocka_unit_test(expanded_means_are_those_of_many_resamples),
        cmocka_unit_test(intervals_hold_exactly_the_shifts_that_the_test_does_not_refuse),
        cmocka_unit_test(few_seeds_have_no_interval_and_infinities_stay_honest),
        cmocka_unit_test(equivalence_asks_for_an_interval_inside_the_margin),
        cmocka_unit_test(bca_of_a_mean_is_scipys),
        cmocka_unit_test(bca_agrees_with_all_resamples),
        cmocka_unit_test(ends_of_few_resamples_are_the_right_order_statistics),
        cmocka_unit_test(intervals_cover),
        cmocka_unit_test(clopper_pearson_agrees_with_the_tables),
        cmocka_unit_test(slopes_are_scipys_and_the_robust_one_forgives_an_outlier),
        cmocka_unit_test(slopes_have_intervals_across_seeds),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_a_sentence),
        cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
        cmocka_unit_test(intervals_of_medians_cover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
