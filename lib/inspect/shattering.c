/* Shattering: rho(l) = mean over pairs of samples of cos(dL_i/dx_i, dL_j/dx_j) at layer l, with the same gradient at
   every sample's output (Balduzzi et al. 2017). 1: all samples agree where to go; 0: white noise. Beside it what a
   chain of rectifiers is expected to do: a pair keeps prod(1 - arccos(c_l) / pi), c_l the cosine of its inputs at
   rectifier l, and 2^-L where those are orthogonal. */
#include "inspect/batch.h"
#include "inspect/probe.h"

#include "tensor/linear_algebra.h"

#include <math.h>
#include <string.h>

enum { SAMPLES, MODE, SEED };
static const dpid_option options[] = {
    DPID_PROBE_SAMPLES_OF(64),
    {"mode", DPID_CHOICE, 1, 0, 0, "eval|train", false, "of batchnorm and dropout"},
    {"seed", DPID_INT, 1, 0, 1e15, NULL, false, "of the direction at the output"},
    {0},
};

/* ---- rows of an array ------------------------------------------------------------------- */

/* Mean cosine of all pairs of rows that are not 0: |sum of unit rows|^2 = m + 2 sum of cosines. */
static double mean_cosine(const double *x, int64_t rows, int64_t n, double *sum)
{
    double m = 0;
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int64_t i = 0; i < rows; i++) {
        const double size = dpid_length(n, x + i * n);
        if (size == 0)
            continue;
        m++;
        for (int64_t k = 0; k < n; k++)
            sum[k] += x[i * n + k] / size;
    }
    const double all = dpid_length(n, sum);
    return m < 2 ? (double)NAN : (all * all - m) / (m * (m - 1));
}

/* Mean over pairs of 1 - arccos(c) / pi = 2 P(both inputs of a unit are positive), for jointly Gaussian inputs (Cho
   and Saul 2009). */
static double mean_overlap(const double *z, int64_t rows, int64_t n)
{
    double sum = 0;
    double pairs = 0;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < i; j++) {
            double both = 0;
            for (int64_t k = 0; k < n; k++)
                both += z[i * n + k] * z[j * n + k];
            const double c = both / dpid_length(n, z + i * n) / dpid_length(n, z + j * n);
            if (isnan(c))
                continue;
            sum += 1 - acos(fmax(-1, fmin(1, c))) / acos(-1);
            pairs++;
        }
    }
    return pairs > 0 ? sum / pairs : (double)NAN;
}

/* ---- what theory expects -------------------------------------------------------------------- */

typedef struct {
    double angle, half; /* of the gradient of a value; NaN: theory says nothing */
} expected;

/* From a step's output to its input; a sum with a skip, another activation and a maximum end the chain. */
static expected through(const dpid_batch *b, const dpid_step *step, expected e)
{
    const dpid_shape *shape = &b->net->value[step->in].shape;
    if (step->type == DPID_STEP_GATE)
        return (expected){(double)NAN, (double)NAN};
    if (step->type == DPID_STEP_JOIN)
        return step->s == 0 ? e : (expected){(double)NAN, (double)NAN};
    const dpid_op *op = &b->net->layer[step->layer].op;
    if (op->kind == &dpid_kind_relu)
        return (expected){e.angle * mean_overlap(dpid_net_value(b->net, step->in), b->n, dpid_shape_count(shape)),
                          e.half / 2};
    return op->kind->flags & DPID_KIND_AFFINE ? e : (expected){(double)NAN, (double)NAN};
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static int32_t append(dpid_probe_run *run, const dpid_batch *b, int32_t v, const expected *e, double *sum)
{
    const double rho =
        mean_cosine(dpid_net_value_gradient(b->net, v), b->n, dpid_shape_count(&b->net->value[v].shape), sum);
    const double row[] = {rho, e[v].angle, e[v].half};
    return deepid_table_append(run->table, b->net->value[v].name, row);
}

/* The same direction at every output. */
static void set_output_gradient(const dpid_batch *b, uint64_t seed)
{
    double *dz = dpid_net_output_gradient(b->net);
    const int64_t width = dpid_value_count(b, b->net->step[b->net->steps - 1].out) / b->n;
    dpid_random r = dpid_random_make(seed, DPID_STREAM_NOISE, 0);
    for (int64_t k = 0; k < width; k++)
        dz[k] = dpid_random_normal(&r);
    for (int64_t i = 1; i < b->n; i++)
        memcpy(dz + i * width, dz, (size_t)width * sizeof *dz);
}

static int32_t measure(dpid_probe_run *run, dpid_batch *b, dpid_arena *arena)
{
    const deepid_net *net = b->net;
    expected *e = NULL;
    double *sum = NULL;
    int64_t most = 1;
    for (int32_t v = 0; v < net->values_count; v++)
        most = dpid_shape_count(&net->value[v].shape) > most ? dpid_shape_count(&net->value[v].shape) : most;
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *e, "probe", &e));
    DPID_TRY(dpid_arena_alloc(arena, most, sizeof *sum, "probe", &sum));
    DPID_TRY(dpid_batch_forward(b));
    set_output_gradient(b, (uint64_t)run->option[SEED].i);
    dpid_net_clear_gradients(b->net);
    dpid_net_run_backward(b->net, b->mode, b->n, b->dx);
    for (int32_t v = 0; v < net->values_count; v++)
        e[v] = (expected){(double)NAN, (double)NAN};
    e[net->step[net->steps - 1].out] = (expected){1, 1};
    for (int32_t t = net->steps - 1; t >= 0; t--)
        e[net->step[t].in] = through(b, &net->step[t], e[net->step[t].out]);
    DPID_TRY(append(run, b, 0, e, sum));
    for (int32_t t = 0; t < net->steps; t++)
        DPID_TRY(append(run, b, net->step[t].out, e, sum));
    return DEEPID_OK;
}

static int32_t fill_shattering(dpid_probe_run *run)
{
    dpid_batch batch;
    dpid_arena arena = {.ctx = run->net->head.ctx};
    DPID_TRY(dpid_batch_open(run->net, run->data, DPID_P64, (dpid_mode)run->option[MODE].i, run->n, true, &batch));
    const int32_t status = measure(run, &batch, &arena);
    dpid_arena_release(&arena);
    dpid_batch_close(&batch);
    return status;
}

const dpid_probe dpid_probe_shattering = {
    .word = "shattering",
    .help = "mean cosine of two samples' gradients with the same gradient at the output, and what a chain of "
            "rectifiers is expected to leave of it; options: samples=64, mode=train|eval, seed=1",
    .heading = "value",
    .columns = "correlation,expected_angle,expected_half",
    .options = options,
    .fill = fill_shattering,
    .own = true,
};
