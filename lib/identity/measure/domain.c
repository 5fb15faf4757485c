/* The domain: where a block would stand, what do the values look like there? */
#include "identity/witness/chain.h"

#include <math.h>

dpid_domain dpid_domain_real(void)
{
    return (dpid_domain){.type = DPID_DOMAIN_REAL, .low = -INFINITY, .high = INFINITY};
}

dpid_domain dpid_domain_orthant(void)
{
    return (dpid_domain){.type = DPID_DOMAIN_ORTHANT, .low = 0, .high = INFINITY};
}

dpid_domain dpid_domain_box(double low, double high)
{
    return (dpid_domain){.type = DPID_DOMAIN_BOX, .low = low, .high = high};
}

/* ---- data: min, max, zeros, mean and variance by channel ------------------------------- */

static int32_t measure_range(deepid_ctx *ctx, dpid_domain *d)
{
    int64_t zeros = 0;
    d->low = INFINITY;
    d->high = -INFINITY;
    for (int64_t i = 0; i < d->rows * d->channels; i++) {
        if (!isfinite(d->x[i]))
            return dpid_fail(ctx, DEEPID_ERR_NUMERIC,
                             "identity: value %lld of the data at this place is %s, expected finite numbers",
                             (long long)i, dpid_number(d->x[i]).text);
        d->low = fmin(d->low, d->x[i]);
        d->high = fmax(d->high, d->x[i]);
        zeros += d->x[i] == 0;
    }
    d->zero_share = (double)zeros / (double)(d->rows * d->channels);
    return DEEPID_OK;
}

static void measure_channels(dpid_domain *d)
{
    const double rows = (double)d->rows;
    for (int64_t i = 0; i < d->rows; i++)
        for (int64_t c = 0; c < d->channels; c++)
            d->mean[c] += d->x[i * d->channels + c] / rows;
    for (int64_t i = 0; i < d->rows; i++) {
        for (int64_t c = 0; c < d->channels; c++) {
            const double away = d->x[i * d->channels + c] - d->mean[c];
            d->variance[c] += away * away / rows;
        }
    }
}

/* Affine rank of the rows. */
static int32_t measure_rank(deepid_ctx *ctx, dpid_domain *d)
{
    dpid_arena arena = {.ctx = ctx};
    dpid_basis basis;
    const int32_t status = dpid_basis_make(&arena, d, d->channels, true, &basis);
    d->rank = basis.dimensions;
    dpid_arena_release(&arena);
    return status;
}

int32_t dpid_domain_measure(deepid_ctx *ctx, int64_t samples, const dpid_shape *shape, const double *x,
                            dpid_domain *out)
{
    dpid_domain d = {.type = DPID_DOMAIN_DATA,
                     .samples = samples,
                     .rows = samples * dpid_pixels(shape),
                     .channels = dpid_channels(shape),
                     .x = x};
    DPID_TRY(measure_range(ctx, &d));
    DPID_TRY(dpid_alloc(ctx, 2 * d.channels, sizeof *d.mean, "identity domain", &d.mean));
    d.variance = d.mean + d.channels;
    measure_channels(&d);
    const int32_t status = measure_rank(ctx, &d);
    if (status == DEEPID_OK)
        *out = d;
    else
        dpid_domain_release(ctx, &d);
    return status;
}

void dpid_domain_release(deepid_ctx *ctx, dpid_domain *domain)
{
    dpid_free(ctx, domain->mean);
    domain->mean = domain->variance = NULL;
}
