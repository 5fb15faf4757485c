/* Tasks made by a known map: a teacher net's classes, a linear map's targets, the identity. */
#include "data/generator.h"
#include "net/init.h"
#include "tensor/linear_algebra.h"

#include <math.h>
#include <stdio.h>

#define N_OPTION                                                                                                       \
    {                                                                                                                  \
        "n", DPID_INT, 256, 1, 1 << 24, NULL, false, "samples"                                                         \
    }

/* ---- teacher: classes are the largest output of a random relu net ------------------------------------- */

static const dpid_option teacher_options[] = {
    N_OPTION,
    {"in", DPID_INT, 8, 1, 4096, NULL, false, "features"},
    {"width", DPID_INT, 16, 1, 4096, NULL, false, "width of the teacher"},
    {"depth", DPID_INT, 2, 1, 100, NULL, false, "hidden layers of the teacher"},
    {"classes", DPID_INT, 4, 2, 1024, NULL, false, "classes"},
    {0},
};

static int32_t ask_teacher(dpid_generator_run *run, deepid_net *teacher)
{
    const int64_t in = run->option[1].i;
    const int64_t classes = run->option[4].i;
    DPID_TRY(deepid_net_init(teacher, "he", dpid_random_bits(&run->task)));
    DPID_TRY(dpid_net_prepare(teacher, 1, false));
    for (int64_t i = 0; i < run->count; i++) {
        float *x = dpid_net_input(teacher);
        for (int64_t k = 0; k < in; k++)
            ((float *)run->out->owned_x)[i * in + k] = x[k] = (float)dpid_random_normal(&run->random);
        DPID_TRY(dpid_net_run_forward(teacher, DPID_EVAL, 1));
        const float *z = dpid_net_output(teacher);
        int32_t best = 0;
        for (int32_t c = 1; c < classes; c++)
            best = z[c] > z[best] ? c : best;
        run->out->labels[i] = best;
    }
    return DEEPID_OK;
}

static int32_t make_teacher(dpid_generator_run *run)
{
    char text[160];
    deepid_net *teacher = NULL;
    const dpid_shape sample = {1, {run->option[1].i}};
    snprintf(text, sizeof text, "input %lld; %lld * plain { dense out=%lld; relu }; dense out=%lld",
             (long long)run->option[1].i, (long long)run->option[3].i, (long long)run->option[2].i,
             (long long)run->option[4].i);
    DPID_TRY(deepid_net_create(run->ctx, text, DEEPID_F32, &teacher));
    int32_t status = dpid_dataset_owned(run->ctx, DEEPID_F32, run->count, &sample, run->option[4].i, 0, &run->out);
    if (status == DEEPID_OK)
        status = ask_teacher(run, teacher);
    deepid_net_destroy(teacher);
    if (status != DEEPID_OK)
        deepid_dataset_destroy(run->out);
    return status;
}

const dpid_generator dpid_generator_teacher = {
    "teacher", "classes by a random relu net; options: n=256, in=8, width=16, depth=2, classes=4", teacher_options,
    make_teacher};

/* ---- linear: targets A x + noise ------------------------------------------------------------------------- */

enum { ROTATION, REFLECTION, GAUSSIAN };
static const dpid_option linear_options[] = {
    N_OPTION,
    {"in", DPID_INT, 4, 1, 4096, NULL, false, "features"},
    {"out", DPID_INT, 4, 1, 4096, NULL, false, "targets"},
    {"target", DPID_CHOICE, 0, 0, 0, "rotation|reflection|gaussian", false,
     "the map: orthogonal with determinant 1; diag(1, .., 1, -1); normal entries / sqrt(in)"},
    {"noise", DPID_REAL, 0, 0, 100, NULL, false, "standard deviation added to each target"},
    {0},
};

static int32_t draw_map(dpid_generator_run *run, dpid_arena *arena, int64_t in, int64_t out, double **map)
{
    double *a = NULL;
    double *copy = NULL;
    const int64_t kind = run->option[3].i;
    DPID_TRY(dpid_arena_alloc(arena, in * out, sizeof *a, "linear", &a));
    DPID_TRY(dpid_arena_alloc(arena, in * out, sizeof *copy, "linear", &copy));
    *map = a;
    for (int64_t i = 0; i < in * out; i++)
        a[i] = kind == REFLECTION ? (i % (in + 1) == 0 ? 1 : 0) : dpid_random_normal(&run->task) / sqrt((double)in);
    if (kind != GAUSSIAN && in != out)
        return dpid_fail(run->ctx, DEEPID_ERR_SPEC,
                         "linear: in is %lld and out is %lld, expected equal for a rotation or reflection",
                         (long long)in, (long long)out);
    if (kind == REFLECTION)
        a[in * out - 1] = -1;
    if (kind != ROTATION)
        return DEEPID_OK;
    DPID_TRY(dpid_random_orthogonal(run->ctx, &run->task, out, in, 1, a));
    for (int64_t i = 0; i < in * out; i++)
        copy[i] = a[i];
    const double sign = dpid_determinant_sign(in, copy);
    for (int64_t k = 0; k < in; k++)
        a[k] *= sign;
    return DEEPID_OK;
}

static int32_t make_linear(dpid_generator_run *run)
{
    const int64_t in = run->option[1].i;
    const int64_t out = run->option[2].i;
    const dpid_shape sample = {1, {in}};
    dpid_arena arena = {.ctx = run->ctx};
    double *a = NULL;
    int32_t status = draw_map(run, &arena, in, out, &a);
    if (status == DEEPID_OK)
        status = dpid_dataset_owned(run->ctx, DEEPID_F32, run->count, &sample, 0, out, &run->out);
    for (int64_t i = 0; status == DEEPID_OK && i < run->count; i++) {
        float *x = (float *)run->out->owned_x + i * in;
        for (int64_t k = 0; k < in; k++)
            x[k] = (float)dpid_random_normal(&run->random);
        for (int64_t o = 0; o < out; o++) {
            double sum = run->option[4].r > 0 ? run->option[4].r * dpid_random_normal(&run->random) : 0;
            for (int64_t k = 0; k < in; k++)
                sum += a[o * in + k] * (double)x[k];
            ((float *)run->out->owned_targets)[i * out + o] = (float)sum;
        }
    }
    dpid_arena_release(&arena);
    return status;
}

const dpid_generator dpid_generator_linear = {
    "linear", "targets by a linear map; options: n=256, in=4, out=4, target=rotation|reflection|gaussian, noise=0",
    linear_options, make_linear};

/* ---- identity: the target is the input ------------------------------------------------------------------------ */

enum { NORMAL, UNIFORM, ORTHANT };
static const dpid_option identity_options[] = {
    N_OPTION,
    {"in", DPID_INT, 8, 1, 1 << 16, NULL, false, "features"},
    {"dist", DPID_CHOICE, 0, 0, 0, "normal|uniform|orthant", false,
     "standard normal; uniform in (-1, 1); absolute values of normals"},
    {0},
};

static int32_t make_identity(dpid_generator_run *run)
{
    const int64_t in = run->option[1].i;
    const dpid_shape sample = {1, {in}};
    DPID_TRY(dpid_dataset_owned(run->ctx, DEEPID_F32, run->count, &sample, 0, in, &run->out));
    for (int64_t i = 0; i < run->count * in; i++) {
        const double normal =
            run->option[2].i == UNIFORM ? 2 * dpid_random_uniform(&run->random) - 1 : dpid_random_normal(&run->random);
        const float value = (float)(run->option[2].i == ORTHANT ? fabs(normal) : normal);
        ((float *)run->out->owned_x)[i] = value;
        ((float *)run->out->owned_targets)[i] = value;
    }
    return DEEPID_OK;
}

const dpid_generator dpid_generator_identity = {
    "identity", "targets equal to the inputs; options: n=256, in=8, dist=normal|uniform|orthant", identity_options,
    make_identity};
