/* Group normalisation: y = gamma (x - mean) / sqrt(var + eps) + beta over all pixels and the channels of a group.
   Derivation: groupnorm.md      Reference: groupnorm_ref.c */
#include "ops/groupnorm/groupnorm.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { GAMMA, BETA };
enum { GROUPS, EPS, AFFINE };
enum { MEAN, REST, SCALE, SAVED };                                  /* kept of each group; x - mean - rest is centred */
enum { CENTRE, WIDTH, SUM_DY, SUM_PRODUCT, OFFSET, SLOPE, ARRAYS }; /* of each channel, in scratch */

typedef struct {
    const dpid_pass *pass;
    int64_t c, groups, in_group, pixels;
} layer;

static layer layer_of(const dpid_pass *pass)
{
    const dpid_op *op = pass->op;
    layer l = {.pass = pass, .c = dpid_op_channels(op), .groups = op->saved_per_sample / SAVED};
    l.in_group = l.c / l.groups;
    l.pixels = dpid_shape_count(&op->in) / l.c;
    return l;
}

static wide *array_of(const layer *l, int64_t sample, int which)
{
    return (wide *)l->pass->scratch + (sample * ARRAYS + which) * l->c;
}

static real *saved_of(const layer *l, int64_t sample, int64_t group)
{
    return (real *)l->pass->saved + (sample * l->groups + group) * SAVED;
}

/* gamma and beta are 1 and 0 where they are not trained. */
static inline real factor(const real *gamma, int64_t j)
{
    return gamma ? gamma[j] : 1;
}

/* The mean over a group of what is summed for each channel. */
static wide mean_of_group(const layer *l, const wide *sum, int64_t group)
{
    wide all = 0;
    for (int64_t j = group * l->in_group; j < (group + 1) * l->in_group; j++)
        all += sum[j];
    return all / (wide)(l->in_group * l->pixels);
}

static void fill_group(const layer *l, wide *array, int64_t group, wide value)
{
    for (int64_t j = group * l->in_group; j < (group + 1) * l->in_group; j++)
        array[j] = value;
}

static void clear(const layer *l, wide *array)
{
    for (int64_t j = 0; j < l->c; j++)
        array[j] = 0;
}

/* ---- forward: one task is one sample ---------------------------------------------------- */

static void sum_squares(const layer *l, const real *restrict x, const wide *restrict centre, wide *restrict sum)
{
    for (int64_t p = 0; p < l->pixels; p++, x += l->c)
        for (int64_t j = 0; j < l->c; j++)
            sum[j] += ((wide)x[j] - centre[j]) * ((wide)x[j] - centre[j]);
}

/* centre and width of each channel, the mean and 1 / sqrt(var + eps) of its group */
static void find_statistics(const layer *l, int64_t sample, const real *restrict x)
{
    wide *restrict centre = array_of(l, sample, CENTRE);
    wide *restrict width = array_of(l, sample, WIDTH);
    clear(l, centre);
    clear(l, width);
    for (int64_t p = 0; p < l->pixels; p++)
        for (int64_t j = 0; j < l->c; j++)
            centre[j] += (wide)x[p * l->c + j];
    for (int64_t g = 0; g < l->groups; g++)
        fill_group(l, centre, g, mean_of_group(l, centre, g));
    sum_squares(l, x, centre, width);
    for (int64_t g = 0; g < l->groups; g++) {
        real *kept = saved_of(l, sample, g);
        const wide mean = centre[g * l->in_group];
        kept[MEAN] = (real)mean;
        kept[REST] = (real)(mean - (wide)kept[MEAN]);
        kept[SCALE] = (real)(1 / sqrt(mean_of_group(l, width, g) + (wide)l->pass->op->option[EPS].r));
        if (isinf(kept[SCALE]))
            kept[SCALE] = 0; /* a group without deviation and eps=0: y is beta, and no gradient goes back */
        fill_group(l, width, g, (wide)kept[SCALE]);
    }
}

static void forward_sample(void *arg, int64_t sample, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    const int64_t count = l->c * l->pixels;
    const real *restrict x = (const real *)l->pass->x + sample * count;
    real *restrict y = (real *)l->pass->y + sample * count;
    const real *restrict gamma = l->pass->parameter[GAMMA];
    const real *restrict beta = l->pass->parameter[BETA];
    const wide *restrict centre = array_of(l, sample, CENTRE);
    const wide *restrict width = array_of(l, sample, WIDTH);
    find_statistics(l, sample, x);
    for (int64_t p = 0; p < l->pixels; p++, x += l->c, y += l->c)
        for (int64_t j = 0; j < l->c; j++)
            y[j] = beta ? (real)(((wide)x[j] - centre[j]) * width[j]) * gamma[j] + beta[j]
                        : (real)(((wide)x[j] - centre[j]) * width[j]);
}

static void groupnorm_forward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    dpid_pool_run(pass->pool, pass->n, forward_sample, (void *)&l);
}

/* ---- backward: with g = gamma dy, dx = scale (g - mean(g) - xhat mean(g xhat)) ------------- */

/* For each channel: the sums of dy and dy xhat; then for each group the means of g and g xhat. */
static void find_sums(const layer *l, int64_t sample, const real *restrict x, const real *restrict dy)
{
    const real *restrict gamma = l->pass->parameter[GAMMA];
    wide *restrict centre = array_of(l, sample, CENTRE);
    wide *restrict width = array_of(l, sample, WIDTH);
    wide *restrict sum = array_of(l, sample, SUM_DY);
    wide *restrict product = array_of(l, sample, SUM_PRODUCT);
    wide *restrict offset = array_of(l, sample, OFFSET);
    wide *restrict slope = array_of(l, sample, SLOPE);
    for (int64_t g = 0; g < l->groups; g++) {
        const real *kept = saved_of(l, sample, g);
        fill_group(l, centre, g, (wide)kept[MEAN] + (wide)kept[REST]);
        fill_group(l, width, g, (wide)kept[SCALE]);
    }
    clear(l, sum);
    clear(l, product);
    for (int64_t p = 0; p < l->pixels; p++, x += l->c, dy += l->c) {
        for (int64_t j = 0; j < l->c; j++) {
            sum[j] += (wide)dy[j];
            product[j] += (wide)dy[j] * (((wide)x[j] - centre[j]) * width[j]);
        }
    }
    for (int64_t j = 0; j < l->c; j++) {
        offset[j] = (wide)factor(gamma, j) * sum[j];
        slope[j] = (wide)factor(gamma, j) * product[j];
    }
    for (int64_t g = 0; g < l->groups; g++) {
        fill_group(l, offset, g, mean_of_group(l, offset, g));
        fill_group(l, slope, g, mean_of_group(l, slope, g));
    }
}

static void backward_sample(void *arg, int64_t sample, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    const int64_t count = l->c * l->pixels;
    const real *restrict x = (const real *)l->pass->x + sample * count;
    const real *restrict dy = (const real *)l->pass->dy + sample * count;
    const real *restrict gamma = l->pass->parameter[GAMMA];
    find_sums(l, sample, x, dy);
    if (!l->pass->dx)
        return;
    real *restrict dx = (real *)l->pass->dx + sample * count;
    const wide *restrict centre = array_of(l, sample, CENTRE);
    const wide *restrict width = array_of(l, sample, WIDTH);
    const wide *restrict offset = array_of(l, sample, OFFSET);
    const wide *restrict slope = array_of(l, sample, SLOPE);
    for (int64_t p = 0; p < l->pixels; p++, x += l->c, dy += l->c, dx += l->c)
        for (int64_t j = 0; j < l->c; j++)
            dx[j] = (real)(width[j] * ((wide)factor(gamma, j) * (wide)dy[j] - offset[j] -
                                       ((wide)x[j] - centre[j]) * width[j] * slope[j]));
}

/* dgamma += sum dy xhat      dbeta += sum dy      samples in their order */
static void groupnorm_backward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    real *dgamma = pass->dparameter[GAMMA];
    real *dbeta = pass->dparameter[BETA];
    dpid_pool_run(pass->pool, pass->n, backward_sample, (void *)&l);
    for (int64_t j = 0; j < l.c; j++) {
        wide sum = 0;
        wide product = 0;
        for (int64_t i = 0; i < pass->n; i++) {
            sum += array_of(&l, i, SUM_DY)[j];
            product += array_of(&l, i, SUM_PRODUCT)[j];
        }
        if (dgamma)
            dgamma[j] += (real)product;
        if (dbeta)
            dbeta[j] += (real)sum;
    }
}

DPID_KERNELS_DECLARE(groupnorm);
const dpid_kernels DPID_T(dpid_kernels_groupnorm) = {groupnorm_forward, groupnorm_backward, NULL};

/* ---- the kind --------------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static const dpid_option known[] = {
    {"groups", DPID_INT, 0, 1, 1 << 20, NULL, true, "groups of channels; as many as channels: instance norm"},
    {"eps", DPID_REAL, 1e-5, 0, 1e6, NULL, false, "added to the variance"},
    {"affine", DPID_INT, 1, 0, 1, NULL, false, "1: with gamma and beta"},
    {0},
};

void dpid_groupnorm_fill(dpid_op *op, int64_t groups, bool affine)
{
    const int64_t c = dpid_op_channels(op);
    op->out = op->in;
    op->parameters = affine ? 2 : 0;
    op->parameter[GAMMA] = (dpid_parameter_spec){
        .name = "weight", .role = DPID_ROLE_SCALE, .trained = true, .rank = 1, .extents = {c}, .start = 1};
    op->parameter[BETA] =
        (dpid_parameter_spec){.name = "bias", .role = DPID_ROLE_SHIFT, .trained = true, .rank = 1, .extents = {c}};
    op->saved_per_sample = SAVED * groups;
    op->macs = dpid_shape_count(&op->in);
}

int64_t dpid_groupnorm_scratch(const dpid_op *op, int64_t n, int32_t workers)
{
    (void)workers;
    return 2 * ARRAYS * dpid_op_channels(op) * n; /* a wide is two reals at most */
}

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    const int64_t c = dpid_op_channels(op);
    const int64_t groups = op->option[GROUPS].i;
    if (c % groups != 0 || (op->in.rank == 1 && c == groups))
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "groupnorm: groups is %lld, expected a divisor of the %lld channels, and two values or more "
                         "in a group",
                         (long long)groups, (long long)c);
    dpid_groupnorm_fill(op, groups, op->option[AFFINE].i == 1);
    return DEEPID_OK;
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"two groups", FEATURES, "groupnorm groups=2", "", ALWAYS(NO(INVARIANCE))},
    {"of channels", PICTURE, "groupnorm groups=4", "", ALWAYS(NO(INVARIANCE))},
    {0},
};

const dpid_kind dpid_kind_groupnorm = {
    .word = "groupnorm",
    .help =
        "y = gamma (x - mean) / sqrt(var + eps) + beta over all pixels and the channels of a group; options: groups "
        "(required), eps=1e-5, affine=1",
    .flags = DPID_KIND_NORM | DPID_KIND_WIDE,
    .options = known,
    .infer = infer,
    .scratch = dpid_groupnorm_scratch,
    .claims = claims,
    .kernels = DPID_KERNELS(groupnorm),
};

int32_t deepid_groupnorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                 const deepid_tensor *bias, deepid_tensor *y)
{
    const deepid_tensor *parameters[] = {weight, bias};
    return dpid_primitive_forward(&dpid_kind_groupnorm, options, DPID_EVAL, x, parameters, y);
}

int32_t deepid_groupnorm_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                  const deepid_tensor *bias, const deepid_tensor *dy, deepid_tensor *dx,
                                  deepid_tensor *dweight, deepid_tensor *dbias)
{
    const deepid_tensor *parameters[] = {weight, bias};
    deepid_tensor *const gradients[] = {dweight, dbias};
    return dpid_primitive_backward(&dpid_kind_groupnorm, options, DPID_EVAL, x, parameters, dy, dx, gradients);
}
#endif
