/* Population statistics of batch-norm: the mean and variance of all samples, as training mode would take them from one
   batch of all of them. So the variance is the one that training normalises by, 1/n. Where the samples fit one batch,
   one forward in training mode does. Where they do not, one batch-norm after the other is measured, batch by batch:
   what flows into it depends on the batch-norms before it, which have the statistics of all samples by then. */
#include "net/pass.h"
#include "ops/batchnorm/batchnorm.h"
#include "train/trainer.h"

#include <math.h>
#include <string.h>

typedef struct {
    deepid_net *net;
    const deepid_dataset *data;
    dpid_arena *arena;
    int64_t batches;
    int64_t *order;
    double *mean, *m2; /* of every state's place: those of the means and of the variances lie beside each other */
} measure;

static bool is_norm(const deepid_net *net, int32_t t)
{
    const dpid_step *step = &net->step[t];
    return step->type == DPID_STEP_LAYER && dpid_kernels_of(net, step)->commit != NULL;
}

/* ---- one batch of one batch-norm ------------------------------------------------------------- */

enum { RUNNING_MEAN = 2, RUNNING_VAR = 3 }; /* parameters of a batch-norm */

static const dpid_parameter *state_of(const deepid_net *net, int32_t t, int which)
{
    return &net->parameter[net->layer[net->step[t].layer].parameter[which]];
}

/* What the batch's n samples say goes to what `before` samples have said (Chan, Golub, LeVeque 1979). */
static void merge(const measure *m, int32_t t, int64_t before, int64_t n)
{
    const deepid_net *net = m->net;
    const dpid_pass pass = dpid_pass_of(net, &net->step[t], DPID_TRAIN, n);
    const dpid_batchnorm_arrays a = dpid_batchnorm_arrays_of[net->head.ctx->isa][net->precision](&pass);
    const dpid_parameter *p = state_of(net, t, RUNNING_MEAN);
    const double share = (double)n / (double)(before + n);
    for (int64_t k = 0; k < p->count; k++) {
        double *mean = &m->mean[p->offset + k];
        double *m2 = &m->m2[p->offset + k];
        const double delta = dpid_fetch(net->precision, a.mean, k) - *mean;
        *mean += delta * share;
        *m2 += dpid_fetch(net->precision, a.variance, k) * (double)n + delta * delta * (double)before * share;
    }
}

static void install(const measure *m, int32_t t)
{
    const deepid_net *net = m->net;
    const dpid_parameter *mean = state_of(net, t, RUNNING_MEAN);
    const dpid_parameter *variance = state_of(net, t, RUNNING_VAR);
    for (int64_t k = 0; k < mean->count; k++) {
        dpid_store(net->precision, net->states, mean->offset + k, m->mean[mean->offset + k]);
        dpid_store(net->precision, net->states, variance->offset + k, m->m2[mean->offset + k] / (double)m->data->count);
    }
}

/* ---- all ---------------------------------------------------------------------------------------- */

static int64_t first_of(const measure *m, int64_t batch)
{
    return m->data->count * batch / m->batches;
}

/* The net's input: samples of the batch. Returns their number. */
static int64_t gather(const measure *m, int64_t batch)
{
    deepid_net *net = m->net;
    const int64_t first = first_of(m, batch);
    const int64_t n = first_of(m, batch + 1) - first;
    for (int64_t i = 0; i < n; i++)
        m->order[i] = first + i;
    dpid_dataset_gather(
        dpid_ctx_pool(net->head.ctx), m->data,
        &(dpid_gathered){.order = m->order, .n = n, .precision = net->precision, .x = dpid_net_input(net)});
    return n;
}

static int32_t make_room(measure *m, int64_t batch)
{
    DPID_TRY(dpid_arena_alloc(m->arena, m->net->states_reals, sizeof *m->mean, "statistics", &m->mean));
    DPID_TRY(dpid_arena_alloc(m->arena, m->net->states_reals, sizeof *m->m2, "statistics", &m->m2));
    return dpid_arena_alloc(m->arena, batch, sizeof *m->order, "statistics", &m->order);
}

static int32_t measure_at_once(measure *m)
{
    const int64_t n = m->data->count;
    DPID_TRY(make_room(m, n));
    DPID_TRY(dpid_net_prepare(m->net, n, true));
    (void)gather(m, 0);
    DPID_TRY(dpid_net_run_forward(m->net, DPID_TRAIN, n));
    for (int32_t t = 0; t < m->net->steps; t++)
        if (is_norm(m->net, t))
            merge(m, t, 0, n);
    for (int32_t t = 0; t < m->net->steps; t++)
        if (is_norm(m->net, t))
            install(m, t);
    return DEEPID_OK;
}

/* Into the states of m->net, a copy that keeps every value of a batch. */
static int32_t measure_in_turn(measure *m)
{
    const int64_t batch = (m->data->count + m->batches - 1) / m->batches;
    DPID_TRY(make_room(m, batch));
    DPID_TRY(dpid_net_prepare(m->net, batch, false));
    DPID_TRY(dpid_net_keep_all(m->net, true));
    for (int32_t t = 0; t < m->net->steps; t++) {
        if (!is_norm(m->net, t))
            continue;
        for (int64_t b = 0; b < m->batches; b++) {
            const int64_t n = gather(m, b);
            DPID_TRY(dpid_net_run_to_norm(m->net, t, n));
            merge(m, t, first_of(m, b), n);
        }
        install(m, t);
    }
    return DEEPID_OK;
}

static int32_t measure_copy(measure *m, deepid_net *net)
{
    deepid_net *copy = NULL;
    DPID_TRY(dpid_net_clone_as(net, net->precision, &copy));
    m->net = copy;
    const int32_t status = measure_in_turn(m);
    if (status == DEEPID_OK)
        memcpy(net->states, copy->states, (size_t)(net->states_reals * dpid_precision_bytes(net->precision)));
    deepid_net_destroy(copy);
    return status;
}

/* ---- public ---------------------------------------------------------------------------------------- */

int64_t dpid_statistics_batch(const deepid_dataset *data)
{
    enum { MOST = 1024, LEAST = 128, PIXELS = 1 << 17 };
    if (data->sample.rank == 1)
        return MOST;
    const int64_t fit = PIXELS / (dpid_shape_count(&data->sample) / data->sample.extent[data->sample.rank - 1]);
    return fit > MOST ? MOST : fit < LEAST ? LEAST : fit;
}

static int32_t check(const deepid_net *net, const deepid_dataset *data)
{
    const dpid_shape *in = &net->value[0].shape;
    if (!dpid_is(data, DPID_MAGIC_DATASET))
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "measure_statistics: data is %s, expected a dataset",
                         data ? "not a dataset" : "NULL");
    if (!dpid_shape_equal(in, &data->sample))
        return dpid_fail(net->head.ctx, DEEPID_ERR_SHAPE, "the net takes %s, the data has samples of %s",
                         dpid_shape_text(in->rank, in->extent).text,
                         dpid_shape_text(data->sample.rank, data->sample.extent).text);
    return DEEPID_OK;
}

static int32_t measure_statistics(deepid_net *net, const deepid_dataset *data)
{
    dpid_arena arena = {.ctx = net->head.ctx};
    measure m = {.net = net, .data = data, .arena = &arena};
    DPID_TRY(check(net, data));
    if (net->states_reals == 0)
        return DEEPID_OK;
    const int64_t most = dpid_statistics_batch(data);
    m.batches = (data->count + most - 1) / most;
    for (int32_t i = 0; i < net->layers; i++)
        DPID_TRY(dpid_op_check_batch(net->head.ctx, &net->layer[i].op, DPID_TRAIN, data->count / m.batches));
    const int32_t status = m.batches == 1 ? measure_at_once(&m) : measure_copy(&m, net);
    dpid_arena_release(&arena);
    return status;
}

int32_t deepid_net_measure_statistics(deepid_net *net, const deepid_dataset *data)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, measure_statistics(net, data));
}
