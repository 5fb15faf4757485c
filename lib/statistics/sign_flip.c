/* Sign-flip test (Fisher 1935): the share of sign patterns whose |sum s_i d_i| is at least |sum d_i|. */
#include "statistics/statistics.h"

#include <math.h>

enum { EXACT_MAX = 16, N_MAX = 1000000, DRAWS_MAX = 10000000, BITS = 64, GROUP = 4, PATTERNS = 16 };

/* Sums that differ by rounding alone are equal. */
static double least_sum(int64_t n, const double *d)
{
    const double slack = 1e-12;
    double sum = 0;
    double size = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += d[i];
        size += fabs(d[i]);
    }
    return fabs(sum) - slack * size;
}

static double exact(int64_t n, const double *d)
{
    const double least = least_sum(n, d);
    const int64_t patterns = INT64_C(1) << n;
    int64_t hits = 0;
    for (int64_t pattern = 0; pattern < patterns; pattern++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += pattern >> i & 1 ? -d[i] : d[i];
        hits += fabs(sum) >= least;
    }
    return (double)hits / (double)patterns;
}

/* Every sum of signed values of four of them: a draw adds one of these for each four signs. */
static void fill_sums(int64_t n, const double *d, double *sums)
{
    for (int64_t first = 0; first < n; first += GROUP) {
        for (int64_t signs = 0; signs < PATTERNS; signs++) {
            double sum = 0;
            for (int64_t i = first; i < n && i < first + GROUP; i++)
                sum += signs >> (i - first) & 1 ? -d[i] : d[i];
            sums[first / GROUP * PATTERNS + signs] = sum;
        }
    }
}

static double drawn(int64_t n, const double *d, const double *sums, int64_t draws, uint64_t seed)
{
    const double least = least_sum(n, d);
    dpid_random random = dpid_random_make(seed, DPID_STREAM_STATISTICS, dpid_hash32("sign_flip", 9));
    int64_t hits = 0;
    for (int64_t draw = 0; draw < draws; draw++) {
        const double *part = sums;
        double sum = 0;
        uint64_t signs = 0;
        for (int64_t i = 0; i < n; i += GROUP, part += PATTERNS) {
            signs = i % BITS == 0 ? dpid_random_bits(&random) : signs >> GROUP;
            sum += part[signs % PATTERNS];
        }
        hits += fabs(sum) >= least;
    }
    return (double)(1 + hits) / (double)(1 + draws);
}

static int32_t sign_flip(deepid_ctx *ctx, int64_t n, const double *d, int64_t draws, uint64_t seed, double *p)
{
    DPID_TRY(dpid_stat_out(ctx, "sign_flip", p, p, p));
    DPID_TRY(dpid_stat_count(ctx, "sign_flip", "n", n, 1, N_MAX));
    DPID_TRY(dpid_stat_count(ctx, "sign_flip", "draws", draws, 0, DRAWS_MAX));
    DPID_TRY(dpid_stat_finite(ctx, "sign_flip", n, d));
    if (n <= EXACT_MAX) {
        *p = exact(n, d);
        return DEEPID_OK;
    }
    double *sums = NULL;
    DPID_TRY(dpid_alloc(ctx, (n + GROUP - 1) / GROUP * PATTERNS, sizeof *sums, "sign_flip", &sums));
    fill_sums(n, d, sums);
    *p = drawn(n, d, sums, draws ? draws : DPID_DRAWS, seed);
    dpid_free(ctx, sums);
    return DEEPID_OK;
}

int32_t deepid_statistics_sign_flip(deepid_ctx *ctx, int64_t n, const double *d, int64_t draws, uint64_t seed,
                                    double *p)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, sign_flip(ctx, n, d, draws, seed, p));
}
