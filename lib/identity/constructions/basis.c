/* Data-restricted: data of affine rank r pass through r channels.
   z = V^T (x - mean), x = mean + V z, V the first r right singular vectors of the rows.
   The error is what the other directions hold. */
#include "identity/witness/chain.h"

#include "tensor/linear_algebra.h"

#include <math.h>
#include <string.h>

static int32_t singular_of(dpid_arena *arena, const dpid_domain *domain, const double *mean, double *sigma, double *v)
{
    double *rows = NULL;
    DPID_TRY(dpid_alloc(arena->ctx, domain->rows * domain->channels, sizeof *rows, "identity basis", &rows));
    for (int64_t i = 0; i < domain->rows; i++)
        for (int64_t c = 0; c < domain->channels; c++)
            rows[i * domain->channels + c] = domain->x[i * domain->channels + c] - mean[c];
    const int32_t status = dpid_right_singular(arena->ctx, domain->rows, domain->channels, rows, sigma, v);
    dpid_free(arena->ctx, rows);
    return status;
}

static double coordinate(const dpid_basis *b, const double *x, int64_t k)
{
    double z = 0;
    for (int64_t c = 0; c < b->channels; c++)
        z += b->vector[k * b->channels + c] * (x[c] - b->mean[c]);
    return z;
}

static void measure_codes(const dpid_domain *domain, dpid_basis *b)
{
    for (int64_t k = 0; k < b->dimensions; k++) {
        double sum = 0;
        double squares = 0;
        b->low[k] = INFINITY;
        b->high[k] = -INFINITY;
        for (int64_t i = 0; i < domain->rows; i++) {
            const double z = coordinate(b, domain->x + i * b->channels, k);
            b->low[k] = fmin(b->low[k], z);
            b->high[k] = fmax(b->high[k], z);
            sum += z;
            squares += z * z;
        }
        b->code_mean[k] = sum / (double)domain->rows;
        b->code_variance[k] = fmax(0, squares / (double)domain->rows - b->code_mean[k] * b->code_mean[k]);
    }
}

/* max |x - mean - V z| */
static double residual(const dpid_domain *domain, const dpid_basis *b, double *back)
{
    double largest = 0;
    for (int64_t i = 0; i < domain->rows; i++) {
        const double *x = domain->x + i * b->channels;
        memcpy(back, b->mean, (size_t)b->channels * sizeof *back);
        for (int64_t k = 0; k < b->dimensions; k++) {
            const double z = coordinate(b, x, k);
            for (int64_t c = 0; c < b->channels; c++)
                back[c] += z * b->vector[k * b->channels + c];
        }
        for (int64_t c = 0; c < b->channels; c++)
            largest = fmax(largest, fabs(back[c] - x[c]));
    }
    return largest;
}

int32_t dpid_basis_make(dpid_arena *arena, const dpid_domain *domain, int64_t most, bool centred, dpid_basis *out)
{
    const int64_t n = domain->channels;
    double *sigma = NULL;
    double *memory = NULL;
    *out = (dpid_basis){.channels = n};
    DPID_TRY(dpid_arena_alloc(arena, n * n, sizeof *out->vector, "identity basis", &out->vector));
    DPID_TRY(dpid_arena_alloc(arena, n, sizeof *sigma, "identity basis", &sigma));
    DPID_TRY(dpid_arena_alloc(arena, 6 * n, sizeof *memory, "identity basis", &memory));
    out->mean = memory;
    out->low = memory + n;
    out->high = memory + 2 * n;
    out->code_mean = memory + 3 * n;
    out->code_variance = memory + 4 * n;
    if (centred)
        memcpy(out->mean, domain->mean, (size_t)n * sizeof *out->mean);
    DPID_TRY(singular_of(arena, domain, out->mean, sigma, out->vector));
    out->dimensions = dpid_rank(n, sigma);
    out->dimensions = out->dimensions > most ? most : out->dimensions;
    measure_codes(domain, out);
    out->error = residual(domain, out, memory + 5 * n);
    return DEEPID_OK;
}

const dpid_construction dpid_construction_data_basis = {
    "data_basis", "T0: through fewer channels, along the principal directions of the data", "T0", NULL};
