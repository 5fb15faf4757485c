/* Layer normalisation: y = gamma (x - mean) / sqrt(var + eps) + beta over the last axis of each row.
   Derivation: layernorm.md      Reference: layernorm_ref.c */
#include "ops/op.h"
#include "ops/row_sums.h"
#include "tensor/real.h"

enum { GAMMA, BETA };
enum { CHUNK_ROWS = 256 };

typedef struct {
    const dpid_pass *pass;
    int64_t c, padded, rows, chunks;
    row_wide *part; /* [chunks][2][padded]: sum dy xhat, sum dy */
} layer;

static layer layer_of(const dpid_pass *pass)
{
    layer l = {.pass = pass, .c = pass->op->in.extent[pass->op->in.rank - 1], .part = pass->scratch};
    l.padded = row_padded(l.c);
    l.rows = pass->n * (dpid_shape_count(&pass->op->in) / l.c);
    l.chunks = (l.rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    return l;
}

static int64_t chunk_end(const layer *l, int64_t chunk)
{
    return (chunk + 1) * CHUNK_ROWS < l->rows ? (chunk + 1) * CHUNK_ROWS : l->rows;
}

/* ---- forward ------------------------------------------------------------------- */

/* Of a row: x - mean - rest is normalised, where rest is the rounding error of the mean. It is used where it is larger
   than the rounding of a y of size 1; in f64 the mean has no rest. */
typedef struct {
    real mean, rest, scale;
} statistics;

/* Of the rows of a group: the sums of d = x - centre and of d^2, so that var = mean(d^2) - mean(d)^2. The centre is the
   first number, near enough to the mean in all but few rows; those are summed again around their mean. */
typedef struct {
    row_wide sum[ROW_GROUP], squares[ROW_GROUP], centre[ROW_GROUP];
} group_sums;

DPID_INLINE void add_numbers(row_lanes x, row_lanes centre, row_lanes *sum, row_lanes *squares)
{
    const row_lanes d = x - centre;
    *sum += d;
    *squares += d * d;
}

static void add_row(const real *restrict x, int64_t c, real centre, group_sums *sums, int64_t i)
{
    const row_lanes middle = row_all((row_wide)centre);
    row_lanes sum = {0};
    row_lanes squares = {0};
    int64_t j = 0;
    for (; j + ROW_LANES <= c; j += ROW_LANES)
        add_numbers(row_load(x + j), middle, &sum, &squares);
    if (j < c)
        add_numbers(row_load_last(x + j, c - j, centre), middle, &sum, &squares);
    sums->sum[i] = row_fold(sum);
    sums->squares[i] = row_fold(squares);
    sums->centre[i] = (row_wide)centre;
}

/* mean(d)^2 < 9 var fails where the first number is more than three deviations from the mean, so that the difference
   cancels, and where squares overflow. */
static void add_row_again(const real *restrict x, int64_t c, group_sums *sums, int64_t i)
{
    const row_wide sum = sums->sum[i];
    if (!(10 * sum * sum < 9 * (row_wide)c * sums->squares[i]))
        add_row(x, c, (real)(sums->centre[i] + sum / (row_wide)c), sums, i);
}

static void finish_group(const group_sums *sums, int64_t c, row_wide eps, statistics *s)
{
    real scale[ROW_GROUP];
    row_wide mean[ROW_GROUP];
#pragma GCC unroll 1
    for (int64_t i = 0; i < ROW_GROUP; i++) {
        const row_wide d = sums->sum[i] / (row_wide)c;
        const row_wide var = sums->squares[i] / (row_wide)c - d * d;
        mean[i] = sums->centre[i] + d;
        scale[i] = (real)(1 / sqrt((var < 0 ? 0 : var) + eps)); /* NaN stays NaN */
    }
#pragma GCC unroll 1
    for (int64_t i = 0; i < ROW_GROUP; i++) {
        s[i].mean = (real)mean[i];
        s[i].scale = isinf(scale[i]) ? 0 : scale[i]; /* no deviation and eps=0: y is beta, and no gradient goes back */
        const real rest = (real)(mean[i] - (row_wide)s[i].mean);
        const real least = 8 * REAL_EPSILON;
        s[i].rest = fabs(rest * s[i].scale) > least ? rest : 0;
    }
}

static void normalise(const layer *l, int64_t row, statistics s)
{
    const int64_t c = l->c;
    const real *restrict gamma = l->pass->parameter[GAMMA];
    const real *restrict beta = l->pass->parameter[BETA];
    const real *restrict x = (const real *)l->pass->x + row * c;
    real *restrict y = (real *)l->pass->y + row * c;
    for (int64_t j = 0; j < c; j++)
        y[j] = (x[j] - s.mean - s.rest) * s.scale * gamma[j] + beta[j];
}

static void forward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    for (int64_t first = chunk * CHUNK_ROWS; first < chunk_end(l, chunk); first += ROW_GROUP) {
        const int64_t rows = dpid_smaller(ROW_GROUP, chunk_end(l, chunk) - first);
        group_sums sums = {0};
        statistics s[ROW_GROUP];
        for (int64_t i = 0; i < rows; i++) {
            const real *x = (const real *)l->pass->x + (first + i) * l->c;
            add_row(x, l->c, x[0], &sums, i);
            add_row_again(x, l->c, &sums, i);
        }
        finish_group(&sums, l->c, (row_wide)l->pass->op->option[0].r, s);
        for (int64_t i = 0; i < rows; i++) {
            ((statistics *)l->pass->saved)[first + i] = s[i];
            normalise(l, first + i, s[i]);
        }
    }
}

static void layernorm_forward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    dpid_pool_run(pass->pool, l.chunks, forward_chunk, (void *)&l);
}

/* ---- backward: with g = gamma dy, dx = scale (g - mean(g) - xhat mean(g xhat)) -------- */

typedef struct {
    real mean_g, mean_product;
} row_means;

typedef struct {
    row_lanes mean, scale; /* of the row, in all lanes */
    row_lanes sum, product;
} gradient_sums;

DPID_INLINE void add_gradients(row_lanes x, row_lanes dy, row_lanes gamma, gradient_sums *s, row_wide *dgamma,
                               row_wide *dbeta)
{
    const row_lanes at = (x - s->mean) * s->scale;
    const row_lanes g = gamma * dy;
    *(row_lanes *)dgamma += dy * at;
    *(row_lanes *)dbeta += dy;
    s->sum += g;
    s->product += g * at;
}

/* Adds to dgamma and dbeta, and gives the means of g and g xhat. */
static row_means row_gradients(const layer *l, int64_t row, statistics of_row, row_wide *restrict dgamma,
                               row_wide *restrict dbeta)
{
    const int64_t c = l->c;
    const real *restrict gamma = l->pass->parameter[GAMMA];
    const real *restrict x = (const real *)l->pass->x + row * c;
    const real *restrict dy = (const real *)l->pass->dy + row * c;
    gradient_sums s = {.mean = row_all((row_wide)of_row.mean + (row_wide)of_row.rest),
                       .scale = row_all((row_wide)of_row.scale)};
    int64_t j = 0;
    for (; j + ROW_LANES <= c; j += ROW_LANES)
        add_gradients(row_load(x + j), row_load(dy + j), row_load(gamma + j), &s, dgamma + j, dbeta + j);
    if (j < c)
        add_gradients(row_load_last(x + j, c - j, of_row.mean), row_load_last(dy + j, c - j, 0),
                      row_load_last(gamma + j, c - j, 0), &s, dgamma + j, dbeta + j);
    return (row_means){(real)(row_fold(s.sum) / (row_wide)c), (real)(row_fold(s.product) / (row_wide)c)};
}

static void input_gradient(const layer *l, int64_t row, statistics s, row_means m)
{
    const int64_t c = l->c;
    const real *restrict gamma = l->pass->parameter[GAMMA];
    const real *restrict x = (const real *)l->pass->x + row * c;
    const real *restrict dy = (const real *)l->pass->dy + row * c;
    real *restrict dx = (real *)l->pass->dx + row * c;
    for (int64_t j = 0; j < c; j++)
        dx[j] = s.scale * (gamma[j] * dy[j] - m.mean_g - (x[j] - s.mean - s.rest) * s.scale * m.mean_product);
}

static void backward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    row_wide *dgamma = l->part + 2 * chunk * l->padded;
    row_wide *dbeta = dgamma + l->padded;
    for (int64_t j = 0; j < 2 * l->padded; j++)
        dgamma[j] = 0;
    for (int64_t i = chunk * CHUNK_ROWS; i < chunk_end(l, chunk); i++) {
        const statistics s = ((const statistics *)l->pass->saved)[i];
        const row_means m = row_gradients(l, i, s, dgamma, dbeta);
        if (l->pass->dx)
            input_gradient(l, i, s, m);
    }
}

/* dgamma += sum dy xhat      dbeta += sum dy */
static void layernorm_backward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    dpid_pool_run(pass->pool, l.chunks, backward_chunk, (void *)&l);
    for (int64_t chunk = 1; chunk < l.chunks; chunk++)
        for (int64_t j = 0; j < 2 * l.padded; j++)
            l.part[j] += l.part[2 * chunk * l.padded + j];
    for (int which = GAMMA; which <= BETA; which++) {
        real *gradient = pass->dparameter[which];
        for (int64_t j = 0; gradient && j < l.c; j++)
            gradient[j] += (real)l.part[which * l.padded + j];
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
    return 2 * 2 * row_padded(c) * ((rows + CHUNK_ROWS - 1) / CHUNK_ROWS);
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
