/* Batch normalisation: y = gamma (x - mean) / sqrt(var + eps) + beta, a channel at a time.
   Derivation: batchnorm.md      Reference: batchnorm_ref.c
   The loops over values are those of picture.h; here is what stands between them. They run over chunks: a chunk is one
   picture, or some rows of features. */
#include "ops/batchnorm/batchnorm.h"
#include "ops/picture.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { GAMMA, BETA, RUNNING_MEAN, RUNNING_VAR }; /* parameters */
enum { EPS, MOMENTUM, BACKWARD_EPS };            /* options */

/* ---- arrays: [c] each, in saved ------------------------------------------------------------ */

/* the last two are filled where backward_eps is given */
enum { MEAN, REST, VARIANCE, SCALE, GAIN, SHIFT, UNBIASED, MEAN_G, TILT, BACK_SCALE, BACK_GAIN, ARRAYS };

static real *array(const dpid_pass *pass, int which)
{
    return (real *)pass->saved + which * dpid_op_channels(pass->op);
}

/* The planted fault: backward takes another eps than forward. */
static bool is_faulty(const dpid_pass *pass)
{
    return pass->op->option[BACKWARD_EPS].given;
}

dpid_batchnorm_arrays DPID_T(dpid_batchnorm_arrays_of)(const dpid_pass *pass)
{
    const bool train = pass->mode == DPID_TRAIN;
    return (dpid_batchnorm_arrays){.mean = array(pass, MEAN),
                                   .gain = array(pass, GAIN),
                                   .scale = array(pass, SCALE),
                                   .back_gain = array(pass, is_faulty(pass) ? BACK_GAIN : GAIN),
                                   .mean_g = train ? array(pass, MEAN_G) : NULL,
                                   .tilt = train ? array(pass, TILT) : NULL,
                                   .shift = array(pass, SHIFT),
                                   .variance = array(pass, VARIANCE)};
}

/* ---- before normalising: mean, gain = gamma / sqrt(var + eps), shift ------------------------------ */

/* 1 / deviation, and 0 where that is infinite: a channel without deviation and eps=0. Then y is beta, and no
   gradient goes back. */
static real scale_of(wide deviation)
{
    const real scale = (real)(1 / deviation);
    return isinf(scale) ? 0 : scale;
}

/* y = (x - mean - rest) gain + beta = (x - mean) gain + shift, where rest is the rounding error of the mean. From a
   mean of about 32 deviations on, rest is larger than the rounding of a y of size 1, and is used. Else it is taken as
   0, and shift is beta. In f64 the mean has no rest. */
static void use_rest(const dpid_pass *pass, int64_t j, wide mean)
{
    const real least = 8 * REAL_EPSILON;
    const real beta = ((const real *)pass->parameter[BETA])[j];
    const real rest = (real)(mean - (wide)array(pass, MEAN)[j]);
    const bool counts = fabs(rest * array(pass, SCALE)[j]) > least;
    array(pass, REST)[j] = counts ? rest : 0;
    array(pass, SHIFT)[j] = counts ? beta - rest * array(pass, GAIN)[j] : beta;
}

/* parts[0] becomes the statistics of all chunks: the others are merged into it in order (Chan, Golub, LeVeque 1979). */
static void merge(wide *parts, int64_t chunks, int64_t rows, int64_t total, int64_t c)
{
    wide *restrict mean = parts;
    wide *restrict m2 = parts + c;
    for (int64_t chunk = 1; chunk < chunks; chunk++) {
        const wide *restrict other = parts + 2 * chunk * c;
        const wide before = (wide)(chunk * rows);
        const wide here = (wide)(chunk + 1 < chunks ? rows : total - chunk * rows);
        const wide share = here / (before + here);
        for (int64_t j = 0; j < c; j++) {
            const wide delta = other[j] - mean[j];
            mean[j] += delta * share;
            m2[j] += other[c + j] + delta * delta * before * share;
        }
    }
}

/* back_scale = 1 / sqrt(var + backward_eps)      back_gain = gamma back_scale */
static void use_backward_eps(const dpid_pass *pass, int64_t j, wide var)
{
    array(pass, BACK_SCALE)[j] = scale_of(sqrt(var + (wide)pass->op->option[BACKWARD_EPS].r));
    array(pass, BACK_GAIN)[j] = ((const real *)pass->parameter[GAMMA])[j] * array(pass, BACK_SCALE)[j];
}

static bool measures(const dpid_pass *pass)
{
    return pass->norm && pass->norm->phase == DPID_NORM_MEASURE;
}

static bool uses(const dpid_pass *pass)
{
    return pass->norm && pass->norm->phase == DPID_NORM_USE;
}

/* Values a channel, here. */
static int64_t values_here(const dpid_pass *pass)
{
    return pass->n * (dpid_shape_count(&pass->op->in) / dpid_op_channels(pass->op));
}

static int64_t values_in_all(const dpid_pass *pass)
{
    return uses(pass) ? pass->norm->total : values_here(pass);
}

/* The first of the parts: what this rank has, from its chunks; or what all have. */
static void take_statistics(const dpid_pass *pass, wide *parts, int64_t chunks, int64_t rows)
{
    const int64_t c = dpid_op_channels(pass->op);
    if (!uses(pass))
        merge(parts, chunks, rows, values_here(pass), c);
    for (int64_t j = 0; measures(pass) && j < 2 * c; j++)
        pass->norm->own[j] = (double)parts[j];
    for (int64_t j = 0; uses(pass) && j < 2 * c; j++)
        parts[j] = (wide)pass->norm->all[j];
}

static void use_batch(const dpid_pass *pass, wide *parts, int64_t chunks, int64_t rows)
{
    const int64_t c = dpid_op_channels(pass->op);
    const int64_t total = values_in_all(pass);
    const wide eps = (wide)pass->op->option[EPS].r;
    take_statistics(pass, parts, chunks, rows);
    if (measures(pass))
        return;
    for (int64_t j = 0; j < c; j++) {
        const wide m2 = parts[c + j];
        array(pass, MEAN)[j] = (real)parts[j];
        array(pass, VARIANCE)[j] = (real)(m2 / (wide)total);
        array(pass, SCALE)[j] = scale_of(sqrt(m2 / (wide)total + eps));
        array(pass, GAIN)[j] = ((const real *)pass->parameter[GAMMA])[j] * array(pass, SCALE)[j];
        array(pass, UNBIASED)[j] = (real)(total > 1 ? m2 / (wide)(total - 1) : m2);
        use_rest(pass, j, parts[j]);
        if (is_faulty(pass))
            use_backward_eps(pass, j, m2 / (wide)total);
    }
}

/* The gain is one division: gamma = sqrt(var + eps) makes it exactly 1. */
static void use_running(const dpid_pass *pass)
{
    const real *var = pass->parameter[RUNNING_VAR];
    const real eps = (real)pass->op->option[EPS].r;
    for (int64_t j = 0; j < dpid_op_channels(pass->op); j++) {
        const real deviation = sqrt(var[j] + eps);
        array(pass, MEAN)[j] = ((const real *)pass->parameter[RUNNING_MEAN])[j];
        array(pass, SCALE)[j] = scale_of(deviation);
        array(pass, GAIN)[j] = array(pass, SCALE)[j] == 0 ? 0 : ((const real *)pass->parameter[GAMMA])[j] / deviation;
        array(pass, SHIFT)[j] = ((const real *)pass->parameter[BETA])[j];
        array(pass, REST)[j] = 0;
        if (is_faulty(pass))
            use_backward_eps(pass, j, var[j]);
    }
}

void DPID_T(dpid_batchnorm_prepare)(const dpid_pass *pass, void *parts, int64_t chunks, int64_t rows)
{
    if (pass->mode == DPID_TRAIN)
        use_batch(pass, parts, chunks, rows);
    else
        use_running(pass);
}

/* ---- before the input gradient ------------------------------------------------------------------- */

/* tilt contains scale twice. One of the two is in the sum of g xhat already; this is the other. With a backward_eps
   both are back_scale. */
static wide tilt_scale(const dpid_pass *pass, int64_t j)
{
    const wide scale = (wide)array(pass, SCALE)[j];
    if (!is_faulty(pass))
        return scale;
    const wide back = (wide)array(pass, BACK_SCALE)[j];
    return scale == 0 ? 0 : back * (back / scale);
}

/* Of sums [2][c], sum g xhat with the rest of the mean put in. */
static wide sum_g_xhat(const dpid_pass *pass, wide sum_g, wide sum_g_x, int64_t j)
{
    const wide rest = (wide)array(pass, REST)[j];
    return rest == 0 ? sum_g_x : sum_g_x - rest * (wide)array(pass, SCALE)[j] * sum_g;
}

/* What the input gradient takes away: of the sums of the whole batch. */
static void use_sums(const dpid_pass *pass, wide sum_g, wide sum_g_x, int64_t j)
{
    const wide total = (wide)values_in_all(pass);
    const wide rest = (wide)array(pass, REST)[j];
    array(pass, TILT)[j] = (real)(tilt_scale(pass, j) * (sum_g_xhat(pass, sum_g, sum_g_x, j) / total));
    array(pass, MEAN_G)[j] =
        rest == 0 ? (real)(sum_g / total) : (real)(sum_g / total - rest * (wide)array(pass, TILT)[j]);
}

/* The first of the parts becomes the sums of all chunks; or what they were when they were measured. */
static void take_sums(const dpid_pass *pass, wide *sum, int64_t chunks)
{
    const int64_t c = dpid_op_channels(pass->op);
    for (int64_t chunk = 1; !uses(pass) && chunk < chunks; chunk++)
        for (int64_t j = 0; j < 2 * c; j++)
            sum[j] += sum[2 * chunk * c + j];
    for (int64_t j = 0; measures(pass) && j < 2 * c; j++)
        pass->norm->own[j] = (double)sum[j];
    for (int64_t j = 0; uses(pass) && j < 2 * c; j++)
        sum[j] = (wide)pass->norm->own[j];
}

/* dgamma += sum g xhat      dbeta += sum g      mean_g = sum g / m
   tilt = scale sum g xhat / m, m values a channel.
   The chunks sum with (x - mean) scale for xhat, and dx subtracts (x - mean) tilt. Both leave out the rest of the mean:
   here it is put into the sum and into mean_g. */
void DPID_T(dpid_batchnorm_gradient)(const dpid_pass *pass, void *parts, int64_t chunks)
{
    const int64_t c = dpid_op_channels(pass->op);
    wide *sum = parts;
    real *dgamma = pass->dparameter[GAMMA];
    real *dbeta = pass->dparameter[BETA];
    take_sums(pass, sum, chunks);
    for (int64_t j = 0; !measures(pass) && j < c; j++) {
        if (uses(pass))
            use_sums(pass, (wide)pass->norm->all[j], (wide)pass->norm->all[c + j], j);
        else
            use_sums(pass, sum[j], sum[c + j], j);
        if (dgamma)
            dgamma[j] += (real)sum_g_xhat(pass, sum[j], sum[c + j], j);
        if (dbeta)
            dbeta[j] += (real)sum[j];
    }
}

/* running = (1 - momentum) running + momentum batch; the variance unbiased */
static void batchnorm_commit(const dpid_pass *pass)
{
    const real m = (real)pass->op->option[MOMENTUM].r;
    real *mean = pass->parameter[RUNNING_MEAN];
    real *var = pass->parameter[RUNNING_VAR];
    for (int64_t j = 0; j < dpid_op_channels(pass->op); j++) {
        mean[j] = (1 - m) * mean[j] + m * array(pass, MEAN)[j];
        var[j] = (1 - m) * var[j] + m * array(pass, UNBIASED)[j];
    }
}

/* ---- the op: chunks are cut by the shape and the batch alone, so that bits do not depend on threads
   -------------------- */

typedef struct {
    const dpid_pass *pass;
    int64_t c, rows, chunks, total; /* rows of a chunk, of all */
    dpid_batchnorm_arrays arrays;
} batch;

static int64_t chunk_rows(const dpid_op *op)
{
    enum { ELEMENTS = 32768 };
    const int64_t c = dpid_op_channels(op);
    if (op->in.rank > 1)
        return dpid_shape_count(&op->in) / c;
    return c < ELEMENTS / 64 ? ELEMENTS / c : 64;
}

static batch batch_of(const dpid_pass *pass)
{
    batch b = {.pass = pass,
               .c = dpid_op_channels(pass->op),
               .rows = chunk_rows(pass->op),
               .arrays = DPID_T(dpid_batchnorm_arrays_of)(pass)};
    b.total = pass->n * (dpid_shape_count(&pass->op->in) / b.c);
    b.chunks = (b.total + b.rows - 1) / b.rows;
    return b;
}

static int64_t rows_of(const batch *b, int64_t chunk)
{
    return chunk + 1 < b->chunks ? b->rows : b->total - chunk * b->rows;
}

static wide *sums_of(const batch *b, int64_t chunk)
{
    return (wide *)b->pass->scratch + 2 * chunk * b->c;
}

static void measure_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const batch *b = arg;
    (void)worker;
    DPID_T(dpid_chunk_statistics)
    ((const real *)b->pass->x + chunk * b->rows * b->c, rows_of(b, chunk), b->c, sums_of(b, chunk));
}

static void normalise_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const batch *b = arg;
    (void)worker;
    const dpid_picture_source s = {
        .x = b->pass->x, .mean = b->arrays.mean, .gain = b->arrays.gain, .shift = b->arrays.shift};
    const dpid_layout dense = {.height = 1, .width = rows_of(b, chunk), .c = b->c, .pitch = b->c};
    DPID_T(dpid_picture_load)(&s, chunk, b->rows, b->rows, &dense, (real *)b->pass->y + chunk * b->rows * b->c);
}

static void batchnorm_forward(const dpid_pass *pass)
{
    const batch b = batch_of(pass);
    if (pass->mode == DPID_TRAIN && !uses(pass))
        dpid_pool_run(pass->pool, b.chunks, measure_chunk, (void *)&b);
    DPID_T(dpid_batchnorm_prepare)(pass, pass->scratch, b.chunks, b.rows);
    if (!measures(pass))
        dpid_pool_run(pass->pool, b.chunks, normalise_chunk, (void *)&b);
}

static void sum_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const batch *b = arg;
    (void)worker;
    const int64_t at = chunk * b->rows * b->c;
    DPID_T(dpid_chunk_sums)
    ((const real *)b->pass->dy + at, (const real *)b->pass->x + at, b->arrays.mean, b->arrays.scale, rows_of(b, chunk),
     b->c, sums_of(b, chunk));
}

static void input_gradient_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const batch *b = arg;
    (void)worker;
    const dpid_gradient_source s = {.g = b->pass->dy,
                                    .x = b->pass->x,
                                    .mean = b->arrays.mean,
                                    .gain = b->arrays.back_gain,
                                    .mean_g = b->arrays.mean_g,
                                    .tilt = b->arrays.tilt};
    const dpid_layout dense = {.height = 1, .width = rows_of(b, chunk), .c = b->c, .pitch = b->c};
    DPID_T(dpid_gradient_load)(&s, chunk, b->rows, b->rows, &dense, (real *)b->pass->dx + chunk * b->rows * b->c);
}

static void batchnorm_backward(const dpid_pass *pass)
{
    const batch b = batch_of(pass);
    if (!uses(pass))
        dpid_pool_run(pass->pool, b.chunks, sum_chunk, (void *)&b);
    DPID_T(dpid_batchnorm_gradient)(pass, pass->scratch, b.chunks);
    if (pass->dx && !measures(pass))
        dpid_pool_run(pass->pool, b.chunks, input_gradient_chunk, (void *)&b);
}

DPID_KERNELS_DECLARE(batchnorm);
const dpid_kernels DPID_T(dpid_kernels_batchnorm) = {batchnorm_forward, batchnorm_backward, batchnorm_commit};

/* ---- the kind --------------------------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static const dpid_option known[] = {
    {"eps", DPID_REAL, 1e-5, 0, 1e6, NULL, false, "added to the variance"},
    {"momentum", DPID_REAL, 0.1, 0, 1, NULL, false, "weight of the newest batch in the running statistics"},
    {"backward_eps", DPID_REAL, -1, 0, 1e6, NULL, false,
     "a planted fault: backward takes this eps; not given: the same as eps"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    (void)ctx;
    const int64_t c = dpid_op_channels(op);
    op->out = op->in;
    op->parameters = 4;
    op->parameter[GAMMA] = (dpid_parameter_spec){
        .name = "weight", .role = DPID_ROLE_SCALE, .trained = true, .rank = 1, .extents = {c}, .start = 1};
    op->parameter[BETA] =
        (dpid_parameter_spec){.name = "bias", .role = DPID_ROLE_SHIFT, .trained = true, .rank = 1, .extents = {c}};
    op->parameter[RUNNING_MEAN] =
        (dpid_parameter_spec){.name = "running_mean", .role = DPID_ROLE_MEAN, .rank = 1, .extents = {c}};
    op->parameter[RUNNING_VAR] =
        (dpid_parameter_spec){.name = "running_var", .role = DPID_ROLE_VARIANCE, .rank = 1, .extents = {c}, .start = 1};
    op->saved_fixed = ARRAYS * c;
    op->macs = dpid_shape_count(&op->in);
    return DEEPID_OK;
}

/* wide parts: two reals of f32 hold one */
static int64_t scratch(const dpid_op *op, int64_t n, int32_t workers)
{
    (void)workers;
    const int64_t rows = n * (dpid_shape_count(&op->in) / dpid_op_channels(op));
    const int64_t chunks = (rows + chunk_rows(op) - 1) / chunk_rows(op);
    return 2 * 2 * dpid_op_channels(op) * chunks;
}

#define DECLARE(suffix, real)                                                                                          \
    void dpid_batchnorm_prepare_##suffix(const dpid_pass *pass, void *parts, int64_t chunks, int64_t rows);            \
    void dpid_batchnorm_gradient_##suffix(const dpid_pass *pass, void *parts, int64_t chunks);                         \
    dpid_batchnorm_arrays dpid_batchnorm_arrays_of_##suffix(const dpid_pass *pass);
DPID_ISA_EACH(DECLARE)
const dpid_batchnorm_prepare_fn dpid_batchnorm_prepare[DPID_ISAS][DPID_PRECISIONS] =
    DPID_ISA_TABLE(dpid_batchnorm_prepare);
const dpid_batchnorm_gradient_fn dpid_batchnorm_gradient[DPID_ISAS][DPID_PRECISIONS] =
    DPID_ISA_TABLE(dpid_batchnorm_gradient);
const dpid_batchnorm_arrays_fn dpid_batchnorm_arrays_of[DPID_ISAS][DPID_PRECISIONS] =
    DPID_ISA_TABLE(dpid_batchnorm_arrays_of);

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"eval", FEATURES, "batchnorm", "", ALWAYS(BIT)},
    {"train", FEATURES, "batchnorm", "mode=train", ALWAYS(NO(INVARIANCE))},
    {0},
};

const dpid_kind dpid_kind_batchnorm = {
    .word = "batchnorm",
    .help = "y = gamma (x - mean) / sqrt(var + eps) + beta over the batch, a channel at a time; options: eps=1e-5, "
            "momentum=0.1, backward_eps=(eps): another value is a planted fault",
    .flags = DPID_KIND_MODE | DPID_KIND_BATCH | DPID_KIND_AFFINE | DPID_KIND_NORM,
    .options = known,
    .infer = infer,
    .scratch = scratch,
    .train_values = 2,
    .claims = claims,
    .kernels = DPID_KERNELS(batchnorm),
};

int32_t deepid_batchnorm_forward(const char *options, int32_t train, const deepid_tensor *x,
                                 const deepid_tensor *weight, const deepid_tensor *bias, deepid_tensor *running_mean,
                                 deepid_tensor *running_var, deepid_tensor *y)
{
    const deepid_tensor *parameters[] = {weight, bias, running_mean, running_var};
    return dpid_primitive_forward(&dpid_kind_batchnorm, options, train ? DPID_TRAIN : DPID_EVAL, x, parameters, y);
}

int32_t deepid_batchnorm_backward(const char *options, int32_t train, const deepid_tensor *x,
                                  const deepid_tensor *weight, const deepid_tensor *bias,
                                  const deepid_tensor *running_mean, const deepid_tensor *running_var,
                                  const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight,
                                  deepid_tensor *dbias)
{
    const deepid_tensor *parameters[] = {weight, bias, running_mean, running_var};
    deepid_tensor *const gradients[] = {dweight, dbias, NULL, NULL};
    return dpid_primitive_backward(&dpid_kind_batchnorm, options, train ? DPID_TRAIN : DPID_EVAL, x, parameters, dy, dx,
                                   gradients);
}
#endif
