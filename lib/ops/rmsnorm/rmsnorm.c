/* Root mean square normalisation: y = gamma x / sqrt(mean(x^2) + eps) over the last axis of each row.
   Derivation: rmsnorm.md      Reference: rmsnorm_ref.c */
#include "ops/op.h"
#include "ops/row_sums.h"
#include "tensor/real.h"

#include <string.h>

enum { CHUNK_ROWS = 256 };

typedef struct {
    const dpid_pass *pass;
    int64_t c, padded, rows, chunks;
    row_wide *part; /* [chunks][padded]: sum dy xhat */
} layer;

/* Kept of a row: 1 / sqrt(mean(x^2) + eps) and what its rounding left. */
enum { SCALE, REST, SAVED };

static layer layer_of(const dpid_pass *pass)
{
    layer l = {.pass = pass, .c = dpid_op_channels(pass->op), .part = pass->scratch};
    l.padded = row_padded(l.c);
    l.rows = pass->n * (dpid_shape_count(&pass->op->in) / l.c);
    l.chunks = (l.rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    return l;
}

static int64_t chunk_end(const layer *l, int64_t chunk)
{
    return dpid_smaller((chunk + 1) * CHUNK_ROWS, l->rows);
}

/* ---- forward ------------------------------------------------------------------------ */

static row_wide sum_squares(const real *restrict x, int64_t c)
{
    row_lanes sum = {0};
    int64_t j = 0;
    for (; j + ROW_LANES <= c; j += ROW_LANES)
        sum += row_load(x + j) * row_load(x + j);
    if (j < c)
        sum += row_load_last(x + j, c - j, 0) * row_load_last(x + j, c - j, 0);
    return row_fold(sum);
}

/* 1 / sqrt(mean(x^2) + eps) of the rows of a group, as it is kept. */
static void finish_group(const row_wide *squares, int64_t c, row_wide eps, real (*kept)[SAVED])
{
    row_wide scale[ROW_GROUP];
#pragma GCC unroll 1
    for (int64_t i = 0; i < ROW_GROUP; i++)
        scale[i] = 1 / sqrt(squares[i] / (row_wide)c + eps);
    for (int64_t i = 0; i < ROW_GROUP; i++) {
        if (isinf((real)scale[i]))
            scale[i] = 0; /* a row of zeros and eps=0: y is 0, and no gradient goes back */
        kept[i][SCALE] = (real)scale[i];
        kept[i][REST] = (real)(scale[i] - (row_wide)kept[i][SCALE]);
    }
}

static void forward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    const int64_t c = l->c;
    const real *restrict gamma = l->pass->parameter[0];
    for (int64_t first = chunk * CHUNK_ROWS; first < chunk_end(l, chunk); first += ROW_GROUP) {
        const int64_t rows = dpid_smaller(ROW_GROUP, chunk_end(l, chunk) - first);
        row_wide squares[ROW_GROUP] = {0};
        real kept[ROW_GROUP][SAVED];
        for (int64_t i = 0; i < rows; i++)
            squares[i] = sum_squares((const real *)l->pass->x + (first + i) * c, c);
        finish_group(squares, c, (row_wide)l->pass->op->option[0].r, kept);
        memcpy((real *)l->pass->saved + first * SAVED, kept, (size_t)rows * sizeof *kept);
        for (int64_t i = 0; i < rows; i++) {
            const real *restrict x = (const real *)l->pass->x + (first + i) * c;
            real *restrict y = (real *)l->pass->y + (first + i) * c;
            for (int64_t j = 0; j < c; j++)
                y[j] = x[j] * kept[i][SCALE] * gamma[j];
        }
    }
}

static void rmsnorm_forward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    dpid_pool_run(pass->pool, l.chunks, forward_chunk, (void *)&l);
}

/* ---- backward: with g = gamma dy, dx = scale (g - xhat mean(g xhat)) --------- */

DPID_INLINE row_lanes add_gradient(row_lanes x, row_lanes dy, row_lanes gamma, row_lanes scale, row_wide *dgamma)
{
    *(row_lanes *)dgamma += dy * x * scale;
    return gamma * dy * x;
}

/* Adds to dgamma, and gives the mean of g xhat. */
static row_wide row_gradients(const layer *l, int64_t row, row_wide scale, row_wide *restrict dgamma)
{
    const int64_t c = l->c;
    const real *restrict gamma = l->pass->parameter[0];
    const real *restrict x = (const real *)l->pass->x + row * c;
    const real *restrict dy = (const real *)l->pass->dy + row * c;
    row_lanes sum = {0};
    int64_t j = 0;
    for (; j + ROW_LANES <= c; j += ROW_LANES)
        sum += add_gradient(row_load(x + j), row_load(dy + j), row_load(gamma + j), row_all(scale), dgamma + j);
    if (j < c)
        sum += add_gradient(row_load_last(x + j, c - j, 0), row_load_last(dy + j, c - j, 0),
                            row_load_last(gamma + j, c - j, 0), row_all(scale), dgamma + j);
    return row_fold(sum) * scale / (row_wide)c;
}

/* What is left where the two cancel is right to a rounding. */
static void input_gradient(const layer *l, int64_t row, row_wide scale, row_wide mean)
{
    const real *restrict gamma = l->pass->parameter[0];
    const real *restrict x = (const real *)l->pass->x + row * l->c;
    const real *restrict dy = (const real *)l->pass->dy + row * l->c;
    real *restrict dx = (real *)l->pass->dx + row * l->c;
    const row_wide part = scale * mean;
    for (int64_t j = 0; j < l->c; j++)
        dx[j] = (real)(scale * ((row_wide)gamma[j] * (row_wide)dy[j] - (row_wide)x[j] * part));
}

static void backward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    row_wide *dgamma = l->part + chunk * l->padded;
    for (int64_t j = 0; j < l->padded; j++)
        dgamma[j] = 0;
    for (int64_t i = chunk * CHUNK_ROWS; i < chunk_end(l, chunk); i++) {
        const real *kept = (const real *)l->pass->saved + i * SAVED;
        const row_wide scale = (row_wide)kept[SCALE] + (row_wide)kept[REST];
        const row_wide mean = row_gradients(l, i, scale, dgamma);
        if (l->pass->dx)
            input_gradient(l, i, scale, mean);
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
            l.part[j] += l.part[chunk * l.padded + j];
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
    return 2 * row_padded(c) * ((rows + CHUNK_ROWS - 1) / CHUNK_ROWS);
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
