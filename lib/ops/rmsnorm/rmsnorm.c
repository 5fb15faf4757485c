/* Root mean square normalisation: y = gamma x / sqrt(mean(x^2) + eps) over the last axis of each row.
   Derivation: rmsnorm.md      Reference: rmsnorm_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { CHUNK_ROWS = 256, LANES = 8 };

typedef struct {
    const dpid_pass *pass;
    int64_t c, rows, chunks;
    wide *part; /* [chunks][c]: sum dy xhat */
} layer;

/* Kept of a row: 1 / sqrt(mean(x^2) + eps) and what its rounding left. */
enum { SCALE, REST, SAVED };

static layer layer_of(const dpid_pass *pass)
{
    layer l = {.pass = pass, .c = dpid_op_channels(pass->op), .part = pass->scratch};
    l.rows = pass->n * (dpid_shape_count(&pass->op->in) / l.c);
    l.chunks = (l.rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    return l;
}

static int64_t chunk_end(const layer *l, int64_t chunk)
{
    return dpid_smaller((chunk + 1) * CHUNK_ROWS, l->rows);
}

/* ---- sums over a row: LANES partial sums, then a fixed tree --------------------- */

static inline wide fold(const wide *lane)
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static wide mean_of_squares(const real *restrict x, int64_t c)
{
    wide lane[LANES] = {0};
    int64_t j = 0;
    for (; j + LANES <= c; j += LANES)
        for (int64_t k = 0; k < LANES; k++)
            lane[k] += (wide)x[j + k] * (wide)x[j + k];
    for (int64_t k = 0; j + k < c; k++)
        lane[k] += (wide)x[j + k] * (wide)x[j + k];
    return fold(lane) / (wide)c;
}

/* The mean of gamma dy xhat. */
static wide mean_of_products(const real *restrict gamma, const real *restrict dy, const real *restrict x, wide scale,
                             int64_t c)
{
    wide lane[LANES] = {0};
    int64_t j = 0;
    for (; j + LANES <= c; j += LANES)
        for (int64_t k = 0; k < LANES; k++)
            lane[k] += (wide)gamma[j + k] * (wide)dy[j + k] * (wide)x[j + k];
    for (int64_t k = 0; j + k < c; k++)
        lane[k] += (wide)gamma[j + k] * (wide)dy[j + k] * (wide)x[j + k];
    return fold(lane) * scale / (wide)c;
}

/* ---- forward and backward: with g = gamma dy, dx = scale (g - xhat mean(g xhat)) --------- */

static void forward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    const int64_t c = l->c;
    const real *restrict gamma = l->pass->parameter[0];
    for (int64_t i = chunk * CHUNK_ROWS; i < chunk_end(l, chunk); i++) {
        const real *restrict x = (const real *)l->pass->x + i * c;
        real *restrict y = (real *)l->pass->y + i * c;
        real *kept = (real *)l->pass->saved + i * SAVED;
        wide scale = 1 / sqrt(mean_of_squares(x, c) + (wide)l->pass->op->option[0].r);
        if (isinf((real)scale))
            scale = 0; /* a row of zeros and eps=0: y is 0, and no gradient goes back */
        kept[SCALE] = (real)scale;
        kept[REST] = (real)(scale - (wide)kept[SCALE]);
        for (int64_t j = 0; j < c; j++)
            y[j] = x[j] * kept[SCALE] * gamma[j];
    }
}

static void rmsnorm_forward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    dpid_pool_run(pass->pool, l.chunks, forward_chunk, (void *)&l);
}

static void backward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    const int64_t c = l->c;
    const real *restrict gamma = l->pass->parameter[0];
    wide *restrict dgamma = l->part + chunk * c;
    for (int64_t j = 0; j < c; j++)
        dgamma[j] = 0;
    for (int64_t i = chunk * CHUNK_ROWS; i < chunk_end(l, chunk); i++) {
        const real *restrict x = (const real *)l->pass->x + i * c;
        const real *restrict dy = (const real *)l->pass->dy + i * c;
        const real *kept = (const real *)l->pass->saved + i * SAVED;
        const wide scale = (wide)kept[SCALE] + (wide)kept[REST];
        for (int64_t j = 0; j < c; j++)
            dgamma[j] += (wide)dy[j] * (wide)x[j] * scale;
        if (!l->pass->dx)
            continue;
        real *restrict dx = (real *)l->pass->dx + i * c;
        const wide mean = mean_of_products(gamma, dy, x, scale, c);
        for (int64_t j = 0; j < c; j++) /* what is left where the two cancel is right to a rounding */
            dx[j] = (real)(scale * ((wide)gamma[j] * (wide)dy[j] - (wide)x[j] * scale * mean));
    }
}

/* dgamma += sum dy xhat */
static void rmsnorm_backward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    real *gradient = pass->dparameter[0];
    dpid_pool_run(pass->pool, l.chunks, backward_chunk, (void *)&l);
    for (int64_t chunk = 1; chunk < l.chunks; chunk++)
        for (int64_t j = 0; j < l.c; j++)
            l.part[j] += l.part[chunk * l.c + j];
    for (int64_t j = 0; gradient && j < l.c; j++)
        gradient[j] += (real)l.part[j];
}

DPID_KERNELS_DECLARE(rmsnorm);
const dpid_kernels DPID_T(dpid_kernels_rmsnorm) = {rmsnorm_forward, rmsnorm_backward, NULL};

/* ---- the kind --------------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static const dpid_option known[] = {
    {"eps", DPID_REAL, 1e-5, 0, 1e6, NULL, false, "added to the mean of the squares"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    (void)ctx;
    const int64_t c = dpid_op_channels(op);
    op->out = op->in;
    op->parameters = 1;
    op->parameter[0] = (dpid_parameter_spec){
        .name = "weight", .role = DPID_ROLE_SCALE, .trained = true, .rank = 1, .extents = {c}, .start = 1};
    op->saved_per_sample = SAVED * (dpid_shape_count(&op->in) / c);
    op->macs = dpid_shape_count(&op->in);
    return DEEPID_OK;
}

static int64_t scratch(const dpid_op *op, int64_t n, int32_t workers)
{
    (void)workers;
    const int64_t c = dpid_op_channels(op);
    const int64_t rows = n * (dpid_shape_count(&op->in) / c);
    return 2 * c * ((rows + CHUNK_ROWS - 1) / CHUNK_ROWS);
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"alone", FEATURES, "rmsnorm", "", {NO(BOUNDED), NO(BOUNDED), NO(CURVED)}},
    {0},
};

const dpid_kind dpid_kind_rmsnorm = {
    .word = "rmsnorm",
    .help = "y = gamma x / sqrt(mean(x^2) + eps) over the features (vectors) or the channels of each pixel; options: "
            "eps=1e-5",
    .flags = DPID_KIND_NORM | DPID_KIND_KEEPS_MEAN | DPID_KIND_WIDE,
    .options = known,
    .infer = infer,
    .scratch = scratch,
    .claims = claims,
    .kernels = DPID_KERNELS(rmsnorm),
};

int32_t deepid_rmsnorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                               deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_rmsnorm, options, DPID_EVAL, x, &weight, y);
}

int32_t deepid_rmsnorm_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight)
{
    return dpid_primitive_backward(&dpid_kind_rmsnorm, options, DPID_EVAL, x, &weight, dy, dx, &dweight);
}
#endif
