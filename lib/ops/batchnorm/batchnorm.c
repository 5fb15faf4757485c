/* Batch normalisation: y = gamma (x - mean) / sqrt(var + eps) + beta, a channel at a time.   Derivation: batchnorm.md   Reference: batchnorm_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { GAMMA, BETA, RUNNING_MEAN, RUNNING_VAR }; /* parameters */
enum { EPS, MOMENTUM };                          /* options */

/* ---- rows and chunks: a row is one pixel's or sample's channels; chunks depend on the channels alone ---- */

typedef struct {
    const dpid_pass *pass;
    int64_t c, rows, chunk_rows, chunks;
    wide *part; /* [chunks][2][c] */
} batch;

static int64_t rows_in_chunk(int64_t c)
{
    enum { ELEMENTS = 32768 };
    return c < ELEMENTS / 64 ? ELEMENTS / c : 64;
}

static batch batch_of(const dpid_pass *pass)
{
    batch b = {.pass = pass, .c = pass->op->in.extent[pass->op->in.rank - 1]};
    b.rows = pass->n * (dpid_shape_count(&pass->op->in) / b.c);
    b.chunk_rows = rows_in_chunk(b.c);
    b.chunks = (b.rows + b.chunk_rows - 1) / b.chunk_rows;
    b.part = pass->scratch;
    return b;
}

static int64_t chunk_end(const batch *b, int64_t chunk)
{
    return (chunk + 1) * b->chunk_rows < b->rows ? (chunk + 1) * b->chunk_rows : b->rows;
}

/* saved: mean, 1/sqrt(var + eps), unbiased var */
static real *saved_mean(const batch *b)
{
    return b->pass->saved;
}
static real *saved_scale(const batch *b)
{
    return saved_mean(b) + b->c;
}
static real *saved_unbiased(const batch *b)
{
    return saved_mean(b) + 2 * b->c;
}

/* ---- statistics: two passes in each chunk, merged by Chan, Golub, LeVeque 1979 --------------- */

static void chunk_statistics(void *arg, int64_t chunk, int32_t worker)
{
    const batch *b = arg;
    (void)worker;
    const int64_t c = b->c;
    const int64_t first = chunk * b->chunk_rows;
    const int64_t end = chunk_end(b, chunk);
    const real *restrict x = b->pass->x;
    wide *restrict mean = b->part + 2 * chunk * c;
    wide *restrict m2 = mean + c;
    for (int64_t j = 0; j < c; j++)
        mean[j] = m2[j] = 0;
    for (int64_t i = first; i < end; i++)
        for (int64_t j = 0; j < c; j++)
            m2[j] += (wide)x[i * c + j] - (wide)x[first * c + j]; /* from the first row: a constant channel has no error */
    for (int64_t j = 0; j < c; j++) {
        mean[j] = (wide)x[first * c + j] + m2[j] / (wide)(end - first);
        m2[j] = 0;
    }
    for (int64_t i = first; i < end; i++) {
        for (int64_t j = 0; j < c; j++) {
            const wide d = (wide)x[i * c + j] - mean[j];
            m2[j] += d * d;
        }
    }
}

static void merge_statistics(const batch *b)
{
    wide *restrict mean = b->part;
    wide *restrict m2 = b->part + b->c;
    for (int64_t chunk = 1; chunk < b->chunks; chunk++) {
        const wide *restrict other = b->part + 2 * chunk * b->c;
        const wide before = (wide)(chunk * b->chunk_rows);
        const wide here = (wide)(chunk_end(b, chunk) - chunk * b->chunk_rows);
        for (int64_t j = 0; j < b->c; j++) {
            const wide delta = other[j] - mean[j];
            mean[j] += delta * here / (before + here);
            m2[j] += other[b->c + j] + delta * delta * before * here / (before + here);
        }
    }
}

static void measure(const batch *b)
{
    dpid_pool_run(b->pass->pool, b->chunks, chunk_statistics, (void *)b);
    merge_statistics(b);
    const wide eps = (wide)b->pass->op->option[EPS].r;
    for (int64_t j = 0; j < b->c; j++) {
        const wide m2 = b->part[b->c + j];
        saved_mean(b)[j] = (real)b->part[j];
        saved_scale(b)[j] = (real)(1 / sqrt(m2 / (wide)b->rows + eps));
        saved_unbiased(b)[j] = (real)(b->rows > 1 ? m2 / (wide)(b->rows - 1) : m2);
    }
}

static void use_running(const batch *b)
{
    const real *mean = b->pass->parameter[RUNNING_MEAN];
    const real *var = b->pass->parameter[RUNNING_VAR];
    const real eps = (real)b->pass->op->option[EPS].r;
    for (int64_t j = 0; j < b->c; j++) {
        saved_mean(b)[j] = mean[j];
        saved_scale(b)[j] = 1 / sqrt(var[j] + eps);
    }
}

/* ---- forward ---------------------------------------------------------------------------------- */

/* y = (x - mean) gamma scale + beta; gamma scale in one division where gamma = sqrt(var + eps) must give 1 */
static void normalise_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const batch *b = arg;
    (void)worker;
    const int64_t c = b->c;
    const real *restrict x = b->pass->x;
    const real *restrict gamma = b->pass->parameter[GAMMA];
    const real *restrict beta = b->pass->parameter[BETA];
    const real *restrict mean = saved_mean(b);
    const real *restrict scale = saved_scale(b);
    real *restrict y = b->pass->y;
    for (int64_t i = chunk * b->chunk_rows; i < chunk_end(b, chunk); i++)
        for (int64_t j = 0; j < c; j++)
            y[i * c + j] = (x[i * c + j] - mean[j]) * (gamma[j] * scale[j]) + beta[j];
}

static void batchnorm_forward(const dpid_pass *pass)
{
    const batch b = batch_of(pass);
    if (pass->mode == DPID_TRAIN)
        measure(&b);
    else
        use_running(&b);
    dpid_pool_run(pass->pool, b.chunks, normalise_chunk, (void *)&b);
}

/* ---- backward ---------------------------------------------------------------------------------- */

/* part: sum dy, sum dy xhat */
static void chunk_sums(void *arg, int64_t chunk, int32_t worker)
{
    const batch *b = arg;
    (void)worker;
    const int64_t c = b->c;
    const real *restrict x = b->pass->x;
    const real *restrict dy = b->pass->dy;
    const real *restrict mean = saved_mean(b);
    const real *restrict scale = saved_scale(b);
    wide *restrict sum = b->part + 2 * chunk * c;
    wide *restrict product = sum + c;
    for (int64_t j = 0; j < 2 * c; j++)
        sum[j] = 0;
    for (int64_t i = chunk * b->chunk_rows; i < chunk_end(b, chunk); i++) {
        for (int64_t j = 0; j < c; j++) {
            sum[j] += (wide)dy[i * c + j];
            product[j] += (wide)(dy[i * c + j] * ((x[i * c + j] - mean[j]) * scale[j]));
        }
    }
}

static void sum_gradients(const batch *b)
{
    dpid_pool_run(b->pass->pool, b->chunks, chunk_sums, (void *)b);
    for (int64_t chunk = 1; chunk < b->chunks; chunk++)
        for (int64_t j = 0; j < 2 * b->c; j++)
            b->part[j] += b->part[2 * chunk * b->c + j];
}

/* train: dx = gamma scale (dy - mean(dy) - xhat mean(dy xhat));   eval: dx = gamma scale dy */
static void input_gradient_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const batch *b = arg;
    (void)worker;
    const int64_t c = b->c;
    const real *restrict x = b->pass->x;
    const real *restrict dy = b->pass->dy;
    const real *restrict gamma = b->pass->parameter[GAMMA];
    const real *restrict mean = saved_mean(b);
    const real *restrict scale = saved_scale(b);
    const wide *restrict sum = b->part;
    const wide share = b->pass->mode == DPID_TRAIN ? 1 / (wide)b->rows : 0;
    real *restrict dx = b->pass->dx;
    for (int64_t i = chunk * b->chunk_rows; i < chunk_end(b, chunk); i++) {
        for (int64_t j = 0; j < c; j++) {
            const real xhat = (x[i * c + j] - mean[j]) * scale[j];
            dx[i * c + j] = gamma[j] * scale[j] * (dy[i * c + j] - (real)(sum[j] * share) - xhat * (real)(sum[c + j] * share));
        }
    }
}

/* dgamma += sum dy xhat      dbeta += sum dy */
static void batchnorm_backward(const dpid_pass *pass)
{
    const batch b = batch_of(pass);
    real *dgamma = pass->dparameter[GAMMA];
    real *dbeta = pass->dparameter[BETA];
    sum_gradients(&b);
    for (int64_t j = 0; j < b.c; j++) {
        if (dgamma)
            dgamma[j] += (real)b.part[b.c + j];
        if (dbeta)
            dbeta[j] += (real)b.part[j];
    }
    if (pass->dx)
        dpid_pool_run(pass->pool, b.chunks, input_gradient_chunk, (void *)&b);
}

/* running = (1 - momentum) running + momentum batch; the variance unbiased */
static void batchnorm_commit(const dpid_pass *pass)
{
    const batch b = batch_of(pass);
    const real m = (real)pass->op->option[MOMENTUM].r;
    real *mean = pass->parameter[RUNNING_MEAN];
    real *var = pass->parameter[RUNNING_VAR];
    for (int64_t j = 0; j < b.c; j++) {
        mean[j] = (1 - m) * mean[j] + m * saved_mean(&b)[j];
        var[j] = (1 - m) * var[j] + m * saved_unbiased(&b)[j];
    }
}

DPID_KERNELS_DECLARE(batchnorm);
const dpid_kernels DPID_T(dpid_kernels_batchnorm) = {batchnorm_forward, batchnorm_backward, batchnorm_commit};

/* ---- the kind --------------------------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static const dpid_option known[] = {
    {"eps", DPID_REAL, 1e-5, 0, 1e6, NULL, false, "added to the variance"},
    {"momentum", DPID_REAL, 0.1, 0, 1, NULL, false, "weight of the newest batch in the running statistics"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    (void)ctx;
    const int64_t c = op->in.extent[op->in.rank - 1];
    op->out = op->in;
    op->parameters = 4;
    op->parameter[GAMMA] = (dpid_parameter_spec){.name = "weight", .role = DPID_ROLE_SCALE, .trained = true, .rank = 1, .extents = {c}, .start = 1};
    op->parameter[BETA] = (dpid_parameter_spec){.name = "bias", .role = DPID_ROLE_SHIFT, .trained = true, .rank = 1, .extents = {c}};
    op->parameter[RUNNING_MEAN] = (dpid_parameter_spec){.name = "running_mean", .role = DPID_ROLE_MEAN, .rank = 1, .extents = {c}};
    op->parameter[RUNNING_VAR] = (dpid_parameter_spec){.name = "running_var", .role = DPID_ROLE_VARIANCE, .rank = 1, .extents = {c}, .start = 1};
    op->saved_fixed = 3 * c;
    op->macs = dpid_shape_count(&op->in);
    return DEEPID_OK;
}

/* wide partial sums: two reals of f32 hold one */
static int64_t scratch(const dpid_op *op, int64_t n, int32_t workers)
{
    (void)workers;
    const int64_t c = op->in.extent[op->in.rank - 1];
    const int64_t rows = n * (dpid_shape_count(&op->in) / c);
    const int64_t chunks = (rows + rows_in_chunk(c) - 1) / rows_in_chunk(c);
    return 2 * 2 * c * chunks;
}

extern const dpid_kind dpid_kind_batchnorm;
const dpid_kind dpid_kind_batchnorm = {
    .word = "batchnorm",
    .help = "y = gamma (x - mean) / sqrt(var + eps) + beta over the batch, a channel at a time; options: eps=1e-5, momentum=0.1",
    .flags = DPID_KIND_MODE | DPID_KIND_BATCH,
    .options = known,
    .infer = infer,
    .scratch = scratch,
    .train_values = 2,
    .kernels = DPID_KERNELS(batchnorm),
};

int32_t deepid_batchnorm_forward(const char *options, int32_t train, const deepid_tensor *x, const deepid_tensor *weight, const deepid_tensor *bias, deepid_tensor *running_mean,
                                 deepid_tensor *running_var, deepid_tensor *y)
{
    const deepid_tensor *parameters[] = {weight, bias, running_mean, running_var};
    return dpid_primitive_forward(&dpid_kind_batchnorm, options, train ? DPID_TRAIN : DPID_EVAL, x, parameters, y);
}

int32_t deepid_batchnorm_backward(const char *options, int32_t train, const deepid_tensor *x, const deepid_tensor *weight, const deepid_tensor *bias, const deepid_tensor *running_mean,
                                  const deepid_tensor *running_var, const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight, deepid_tensor *dbias)
{
    const deepid_tensor *parameters[] = {weight, bias, running_mean, running_var};
    deepid_tensor *const gradients[] = {dweight, dbias, NULL, NULL};
    return dpid_primitive_backward(&dpid_kind_batchnorm, options, train ? DPID_TRAIN : DPID_EVAL, x, parameters, dy, dx, gradients);
}
#endif
