/* Sign-flip test (Fisher 1935): the share of sign patterns whose |sum s_i d_i| is at least |sum d_i|. */
#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

enum { EXACT_MAX = 16, N_MAX = 1000000, DRAWS_MAX = 10000000, BITS = 64 };

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

/* -d for an odd number, without a branch that half of the draws would mispredict. */
static double flipped(double d, uint64_t sign)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    bits ^= sign << (BITS - 1);
    memcpy(&d, &bits, sizeof d);
    return d;
}

static double drawn(int64_t n, const double *d, int64_t draws, uint64_t seed)
{
    const double least = least_sum(n, d);
    dpid_random random = dpid_random_make(seed, DPID_STREAM_STATISTICS, dpid_hash32("sign_flip", 9));
    int64_t hits = 0;
    for (int64_t draw = 0; draw < draws; draw++) {
        double sum = 0;
        uint64_t signs = 0;
        for (int64_t i = 0; i < n; i++) {
            if (i % BITS == 0)
                signs = dpid_random_bits(&random);
            sum += flipped(d[i], signs >> (i % BITS));
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
    *p = n <= EXACT_MAX ? exact(n, d) : drawn(n, d, draws ? draws : DPID_DRAWS, seed);
    return DEEPID_OK;
}

int32_t deepid_statistics_sign_flip(deepid_ctx *ctx, int64_t n, const double *d, int64_t draws, uint64_t seed,
                                    double *p)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, sign_flip(ctx, n, d, draws, seed, p));
}
