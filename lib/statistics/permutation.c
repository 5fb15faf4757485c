/* Permutation test for independent samples: the share of ways to choose n of n + m values whose mean lies as far
   from the mean of the rest as x's does from y's. */
#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

enum { WAYS_MAX = 200000, N_MAX = 1000000, DRAWS_MAX = 10000000 };

typedef struct {
    int64_t n, all; /* choose n of all */
    double *value;  /* less their mean: then |sum of the chosen| orders as |difference of means| does */
    int64_t *chosen;
    double least;
} pool;

/* C(all, n), or WAYS_MAX + 1 when it is more */
static int64_t ways(int64_t all, int64_t n)
{
    double count = 1;
    const int64_t few = n < all - n ? n : all - n;
    for (int64_t k = 1; k <= few && count <= WAYS_MAX; k++)
        count = count * (double)(all - few + k) / (double)k;
    return count > WAYS_MAX ? WAYS_MAX + 1 : (int64_t)round(count);
}

static void center(pool *p)
{
    const double slack = 1e-12; /* sums that differ by rounding alone are equal */
    double mean = 0;
    double sum = 0;
    double size = 0;
    for (int64_t i = 0; i < p->all; i++)
        mean += p->value[i] / (double)p->all;
    for (int64_t i = 0; i < p->all; i++) {
        size += fabs(p->value[i]) + fabs(mean);
        p->value[i] -= mean;
        sum += i < p->n ? p->value[i] : 0;
    }
    p->least = fabs(sum) - slack * size;
}

static bool reaches(const pool *p)
{
    double sum = 0;
    for (int64_t i = 0; i < p->n; i++)
        sum += p->value[p->chosen[i]];
    return fabs(sum) >= p->least;
}

/* The next choice in lexical order; false behind the last. */
static bool next(pool *p)
{
    int64_t i = p->n - 1;
    while (i >= 0 && p->chosen[i] == p->all - p->n + i)
        i--;
    if (i < 0)
        return false;
    p->chosen[i]++;
    for (int64_t k = i + 1; k < p->n; k++)
        p->chosen[k] = p->chosen[k - 1] + 1;
    return true;
}

static double exact(pool *p)
{
    int64_t hits = 0;
    int64_t count = 0;
    do {
        hits += reaches(p);
        count++;
    } while (next(p));
    return (double)hits / (double)count;
}

/* The first n steps of Fisher and Yates on chosen[0 .. all). */
static double drawn(pool *p, int64_t draws, uint64_t seed)
{
    dpid_random random = dpid_random_make(seed, DPID_STREAM_STATISTICS, dpid_hash32("permutation", 11));
    int64_t hits = 0;
    for (int64_t draw = 0; draw < draws; draw++) {
        for (int64_t i = 0; i < p->n; i++) {
            const int64_t other = i + dpid_random_below(&random, p->all - i);
            const int64_t kept = p->chosen[i];
            p->chosen[i] = p->chosen[other];
            p->chosen[other] = kept;
        }
        hits += reaches(p);
    }
    return (double)(1 + hits) / (double)(1 + draws);
}

static double test(pool *p, int64_t draws, uint64_t seed)
{
    for (int64_t i = 0; i < p->all; i++)
        p->chosen[i] = i;
    center(p);
    return ways(p->all, p->n) <= WAYS_MAX ? exact(p) : drawn(p, draws, seed);
}

static int32_t permutation(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y, int64_t draws,
                           uint64_t seed, double *out)
{
    DPID_TRY(dpid_stat_out(ctx, "permutation", out, out, out));
    DPID_TRY(dpid_stat_count(ctx, "permutation", "n", n, 1, N_MAX - 1));
    DPID_TRY(dpid_stat_count(ctx, "permutation", "m", m, 1, N_MAX - n));
    DPID_TRY(dpid_stat_count(ctx, "permutation", "draws", draws, 0, DRAWS_MAX));
    DPID_TRY(dpid_stat_finite(ctx, "permutation", n, x));
    DPID_TRY(dpid_stat_finite(ctx, "permutation", m, y));
    pool p = {.n = n, .all = n + m};
    int32_t status = dpid_alloc(ctx, p.all, sizeof *p.value, "permutation", &p.value);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, p.all, sizeof *p.chosen, "permutation", &p.chosen);
    if (status == DEEPID_OK) {
        memcpy(p.value, x, (size_t)n * sizeof *x);
        memcpy(p.value + n, y, (size_t)m * sizeof *y);
        *out = test(&p, draws ? draws : DPID_DRAWS, seed);
    }
    dpid_free(ctx, p.chosen);
    dpid_free(ctx, p.value);
    return status;
}

int32_t deepid_statistics_permutation(deepid_ctx *ctx, int64_t n, const double *x, int64_t m, const double *y,
                                      int64_t draws, uint64_t seed, double *p)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, permutation(ctx, n, x, m, y, draws, seed, p));
}
