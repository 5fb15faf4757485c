/* Holm 1979: adjusted_(i) = max over j <= i of min(1, (n - j + 1) p_(j)), p_(1) the smallest. */
#include "statistics/statistics.h"

#include <math.h>

enum { N_MAX = 1000000000 };

static int32_t check(deepid_ctx *ctx, int64_t n, const double *p, const double *adjusted)
{
    DPID_TRY(dpid_stat_out(ctx, "holm", adjusted, adjusted, adjusted));
    DPID_TRY(dpid_stat_count(ctx, "holm", "n", n, 1, N_MAX));
    DPID_TRY(dpid_stat_ranked(ctx, "holm", n, p));
    for (int64_t i = 0; i < n; i++)
        if (p[i] < 0 || p[i] > 1)
            return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "holm: p %lld is %s, expected 0 to 1", (long long)i,
                             dpid_number(p[i]).text);
    return DEEPID_OK;
}

typedef struct {
    int64_t n, *place; /* places by growing p */
    const double *p;
} ladder;

/* Insertion keeps equal p in the order they came: a handful of contrasts. */
static void sort_places(ladder *l)
{
    for (int64_t i = 0; i < l->n; i++) {
        int64_t k = i;
        for (; k > 0 && l->p[l->place[k - 1]] > l->p[i]; k--)
            l->place[k] = l->place[k - 1];
        l->place[k] = i;
    }
}

static int32_t holm(deepid_ctx *ctx, int64_t n, const double *p, double *adjusted)
{
    ladder l = {.n = n, .p = p};
    double largest = 0;
    DPID_TRY(check(ctx, n, p, adjusted));
    DPID_TRY(dpid_alloc(ctx, n, sizeof *l.place, "holm", &l.place));
    sort_places(&l);
    for (int64_t i = 0; i < n; i++) {
        largest = fmax(largest, fmin(1, (double)(n - i) * p[l.place[i]]));
        adjusted[l.place[i]] = largest;
    }
    dpid_free(ctx, l.place);
    return DEEPID_OK;
}

int32_t deepid_statistics_holm(deepid_ctx *ctx, int64_t n, const double *p, double *adjusted)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, holm(ctx, n, p, adjusted));
}
