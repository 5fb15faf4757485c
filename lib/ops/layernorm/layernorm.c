/* Layer normalisation: y = gamma (x - mean) / sqrt(var + eps) + beta over the last axis of each row.
   Derivation: layernorm.md      Reference: layernorm_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { GAMMA, BETA };
enum { CHUNK_ROWS = 256 };

typedef struct {
    const dpid_pass *pass;
    int64_t c, rows, chunks;
    wide *part; /* [chunks][2][c]: sum dy xhat, sum dy */
} layer;

static layer layer_of(const dpid_pass *pass)
{
    layer l = {.pass = pass, .c = pass->op->in.extent[pass->op->in.rank - 1], .part = pass->scratch};
    l.rows = pass->n * (dpid_shape_count(&pass->op->in) / l.c);
    l.chunks = (l.rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    return l;
}

static int64_t chunk_end(const layer *l, int64_t chunk)
{
    return (chunk + 1) * CHUNK_ROWS < l->rows ? (chunk + 1) * CHUNK_ROWS : l->rows;
}

/* ---- sums over a row: LANES partial sums, then a fixed tree --------------------- */

enum { LANES = 8 };

static inline wide fold(const wide *lane)
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* ---- forward ------------------------------------------------------------------- */

/* Of a row: x - mean - rest is normalised, where rest is the rounding error of the mean. It is used where it is larger
   than the rounding of a y of size 1; in f64 the mean has no rest. */
typedef struct {
    real mean, rest, scale;
} statistics;

static statistics row_statistics(const real *restrict x, int64_t c, wide eps)
{
    wide sum[LANES] = {0};
    wide squares[LANES] = {0};
    int64_t j = 0;
    for (; j + LANES <= c; j += LANES)
        for (int64_t l = 0; l < LANES; l++)
            sum[l] += (wide)x[j + l] - (wide)x[0];
    for (int64_t l = 0; j + l < c; l++)
        sum[l] += (wide)x[j + l] - (wide)x[0];
    const wide m = (wide)x[0] + fold(sum) / (wide)c;
    for (j = 0; j + LANES <= c; j += LANES)
        for (int64_t l = 0; l < LANES; l++)
            squares[l] += ((wide)x[j + l] - m) * ((wide)x[j + l] - m);
    for (int64_t l = 0; j + l < c; l++)
        squares[l] += ((wide)x[j + l] - m) * ((wide)x[j + l] - m);
    statistics s = {.mean = (real)m, .scale = (real)(1 / sqrt(fold(squares) / (wide)c + eps))};
    if (isinf(s.scale))
        s.scale = 0; /* a row without deviation and eps=0: y is beta, and no gradient goes back */
    const real rest = (real)(m - (wide)s.mean);
    const real least = 8 * REAL_EPSILON;
    s.rest = fabs(rest * s.scale) > least ? rest : 0;
    return s;
}

static void forward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    const int64_t c = l->c;
    const real *restrict gamma = l->pass->parameter[GAMMA];
    const real *restrict beta = l->pass->parameter[BETA];
    for (int64_t i = chunk * CHUNK_ROWS; i < chunk_end(l, chunk); i++) {
        const real *restrict x = (const real *)l->pass->x + i * c;
        real *restrict y = (real *)l->pass->y + i * c;
        const statistics s = ((statistics *)l->pass->saved)[i] = row_statistics(x, c, (wide)l->pass->op->option[0].r);
        for (int64_t j = 0; j < c; j++)
            y[j] = (x[j] - s.mean - s.rest) * s.scale * gamma[j] + beta[j];
    }
}

static void layernorm_forward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    dpid_pool_run(pass->pool, l.chunks, forward_chunk, (void *)&l);
}

/* ---- backward: with g = gamma dy, dx = scale (g - mean(g) - xhat mean(g xhat)) -------- */

static void input_gradient_row(const layer *l, int64_t i)
{
    const int64_t c = l->c;
    const real *restrict gamma = l->pass->parameter[GAMMA];
    const real *restrict x = (const real *)l->pass->x + i * c;
    const real *restrict dy = (const real *)l->pass->dy + i * c;
    real *restrict dx = (real *)l->pass->dx + i * c;
    const statistics s = ((const statistics *)l->pass->saved)[i];
    wide sum[LANES] = {0};
    wide product[LANES] = {0};
    int64_t j = 0;
    for (; j + LANES <= c; j += LANES) {
        for (int64_t k = 0; k < LANES; k++) {
            const wide g = (wide)(gamma[j + k] * dy[j + k]);
            sum[k] += g;
            product[k] += g * (wide)((x[j + k] - s.mean - s.rest) * s.scale);
        }
    }
    for (int64_t k = 0; j + k < c; k++) {
        const wide g = (wide)(gamma[j + k] * dy[j + k]);
        sum[k] += g;
        product[k] += g * (wide)((x[j + k] - s.mean - s.rest) * s.scale);
    }
    const real mean_g = (real)(fold(sum) / (wide)c);
    const real mean_product = (real)(fold(product) / (wide)c);
    for (j = 0; j < c; j++)
        dx[j] = s.scale * (gamma[j] * dy[j] - mean_g - (x[j] - s.mean - s.rest) * s.scale * mean_product);
}

static void backward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    const int64_t c = l->c;
    wide *restrict dgamma = l->part + 2 * chunk * c;
    wide *restrict dbeta = dgamma + c;
    for (int64_t j = 0; j < 2 * c; j++)
        dgamma[j] = 0;
    for (int64_t i = chunk * CHUNK_ROWS; i < chunk_end(l, chunk); i++) {
        const real *restrict x = (const real *)l->pass->x + i * c;
        const real *restrict dy = (const real *)l->pass->dy + i * c;
        const statistics s = ((const statistics *)l->pass->saved)[i];
        for (int64_t j = 0; j < c; j++) {
            dgamma[j] += (wide)(dy[j] * ((x[j] - s.mean - s.rest) * s.scale));
            dbeta[j] += (wide)dy[j];
        }
        if (l->pass->dx)
            input_gradient_row(l, i);
    }
}

/* dgamma += sum dy xhat      dbeta += sum dy */
static void layernorm_backward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    dpid_pool_run(pass->pool, l.chunks, backward_chunk, (void *)&l);
    for (int64_t chunk = 1; chunk < l.chunks; chunk++)
        for (int64_t j = 0; j < 2 * l.c; j++)
            l.part[j] += l.part[2 * chunk * l.c + j];
    for (int which = GAMMA; which <= BETA; which++) {
        real *gradient = pass->dparameter[which];
        for (int64_t j = 0; gradient && j < l.c; j++)
            gradient[j] += (real)l.part[which * l.c + j];
    }
}

DPID_KERNELS_DECLARE(layernorm);
const dpid_kernels DPID_T(dpid_kernels_layernorm) = {layernorm_forward, layernorm_backward, NULL};

/* ---- the kind --------------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static const dpid_option known[] = {
    {"eps", DPID_REAL, 1e-5, 0, 1e6, NULL, false, "added to the variance"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    (void)ctx;
    const int64_t c = op->in.extent[op->in.rank - 1];
    op->out = op->in;
    op->parameters = 2;
    op->parameter[GAMMA] = (dpid_parameter_spec){
        .name = "weight", .role = DPID_ROLE_SCALE, .trained = true, .rank = 1, .extents = {c}, .start = 1};
    op->parameter[BETA] =
        (dpid_parameter_spec){.name = "bias", .role = DPID_ROLE_SHIFT, .trained = true, .rank = 1, .extents = {c}};
    op->saved_per_sample = 3 * (dpid_shape_count(&op->in) / c); /* mean, rest and scale of each row */
    op->macs = dpid_shape_count(&op->in);
    return DEEPID_OK;
}

static int64_t scratch(const dpid_op *op, int64_t n, int32_t workers)
{
    (void)workers;
    const int64_t c = op->in.extent[op->in.rank - 1];
    const int64_t rows = n * (dpid_shape_count(&op->in) / c);
    return 2 * 2 * c * ((rows + CHUNK_ROWS - 1) / CHUNK_ROWS);
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"alone", FEATURES, "layernorm", "", ALWAYS(NO(INVARIANCE))},
    {0},
};

const dpid_kind dpid_kind_layernorm = {
    .word = "layernorm",
    .help = "y = gamma (x - mean) / sqrt(var + eps) + beta over the features (vectors) or the channels of each pixel; "
            "options: eps=1e-5",
    .flags = DPID_KIND_NORM | DPID_KIND_WIDE,
    .options = known,
    .infer = infer,
    .scratch = scratch,
    .claims = claims,
    .kernels = DPID_KERNELS(layernorm),
};

int32_t deepid_layernorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                 const deepid_tensor *bias, deepid_tensor *y)
{
    const deepid_tensor *parameters[] = {weight, bias};
    return dpid_primitive_forward(&dpid_kind_layernorm, options, DPID_EVAL, x, parameters, y);
}

int32_t deepid_layernorm_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                  const deepid_tensor *bias, const deepid_tensor *dy, deepid_tensor *dx,
                                  deepid_tensor *dweight, deepid_tensor *dbias)
{
    const deepid_tensor *parameters[] = {weight, bias};
    deepid_tensor *const gradients[] = {dweight, dbias};
    return dpid_primitive_backward(&dpid_kind_layernorm, options, DPID_EVAL, x, parameters, dy, dx, gradients);
}
#endif
