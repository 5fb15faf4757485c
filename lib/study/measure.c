/* What training minimises, measured on nets that are done: the penalty; the objective, which is the loss as training
   sees it (noise, smoothing, augmentation, statistics of batches) and the penalty; and of nets with batch-norm the
   loss by whose statistics. Nothing here changes a net. */
#include "study/study.h"

#include "base/numbers.h"
#include "ops/loss.h"
#include "train/optimizer.h"

#include <math.h>
#include <string.h>

/* lambda/2 ||theta||^2 over what the recipe's optimiser decays: what it minimises beside the loss. */
int32_t dpid_measure_penalty(const dpid_job *job, const deepid_net *net, double *penalty)
{
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    const dpid_optimizer *o;
    *penalty = 0;
    DPID_TRY(
        dpid_set_read(job->ctx, &dpid_optimizers, dpid_span_of(job->study->text[DPID_TEXT_OPTIMIZER]), &o, option));
    const double decay = o->decay_key >= 0 ? option[o->decay_key].r : 0;
    const bool all = o->decay_all_key >= 0 && option[o->decay_all_key].i == 1;
    for (int32_t i = 0; decay > 0 && i < net->trained; i++) {
        const dpid_parameter *p = &net->parameter[i];
        for (int64_t k = 0; (all || p->spec.role == DPID_ROLE_WEIGHT) && k < p->count; k++) {
            const double w = dpid_fetch(net->precision, net->values, p->offset + k);
            *penalty += decay / 2 * w * w;
        }
    }
    return DEEPID_OK;
}

/* ---- the mean loss over epochs, in training mode ------------------------------------------------------ */

typedef struct {
    deepid_net *net;
    const deepid_dataset *data;
    const char *text; /* of the loss */
    int64_t batch, epochs;
    const dpid_augment *augment; /* NULL: samples as they stand */
    bool still;                  /* batch statistics, but no noise */
    const dpid_loss *loss;
    dpid_value option[DPID_OPTIONS_MAX];
    int64_t *order;
    int32_t *labels;
    void *targets;
} epochs_run;

enum { EPOCH_SEED = 3000017 }; /* apart from the study's and tuning's: orders and noise of no training */

static int32_t add_batch(epochs_run *e, int64_t epoch, int64_t first, double *sum)
{
    deepid_net *net = e->net;
    net->noise_step = (uint64_t)(epoch * (e->data->count / e->batch) + first / e->batch);
    dpid_dataset_gather(dpid_ctx_pool(net->head.ctx), e->data,
                        &(dpid_gathered){.order = e->order + first,
                                         .n = e->batch,
                                         .augment = e->augment,
                                         .epoch = (uint64_t)epoch,
                                         .precision = net->precision,
                                         .x = dpid_net_input(net),
                                         .labels = e->labels,
                                         .targets = e->targets});
    DPID_TRY(dpid_net_run_forward(net, DPID_TRAIN, e->batch));
    dpid_loss_pass pass = {.option = e->option,
                           .n = e->batch,
                           .width = dpid_shape_count(&net->value[net->step[net->steps - 1].out].shape),
                           .z = dpid_net_output(net),
                           .labels = e->labels,
                           .targets = e->targets};
    e->loss->run[net->head.ctx->isa][net->precision](&pass);
    *sum += pass.loss_sum * ((double)e->batch / dpid_loss_total(e->loss, e->option, e->labels, e->batch));
    return DEEPID_OK;
}

/* Full batches in the order of an epoch, as training takes them. */
static int32_t run_epochs(epochs_run *e, double *mean)
{
    const int64_t batches = e->data->count / e->batch;
    double sum = 0;
    for (int64_t epoch = 0; epoch < e->epochs; epoch++) {
        dpid_epoch_order(EPOCH_SEED, (uint64_t)epoch, e->data->count, e->order);
        for (int64_t i = 0; i < batches; i++)
            DPID_TRY(add_batch(e, epoch, i * e->batch, &sum));
    }
    *mean = sum / (double)(e->epochs * batches * e->batch);
    if (isnan(*mean))
        *mean = (double)INFINITY;
    return DEEPID_OK;
}

static int32_t make_room(epochs_run *e, dpid_arena *arena)
{
    const deepid_dataset *data = e->data;
    DPID_TRY(dpid_arena_alloc(arena, data->count, sizeof *e->order, "measure", &e->order));
    DPID_TRY(dpid_arena_alloc(arena, e->batch, sizeof *e->labels, "measure", &e->labels));
    return data->target_width > 0 ? dpid_arena_alloc(arena, e->batch * data->target_width,
                                                     dpid_precision_bytes(e->net->precision), "measure", &e->targets)
                                  : DEEPID_OK;
}

static int32_t mean_loss(epochs_run e, double *mean)
{
    deepid_net *net = e.net;
    dpid_arena arena = {.ctx = net->head.ctx};
    const uint64_t seed = net->noise_seed;
    const uint64_t step = net->noise_step;
    int32_t status =
        dpid_dataset_loss(&arena, e.data, *e.text ? e.text : NULL, dpid_net_outputs(net), &e.loss, e.option);
    if (status == DEEPID_OK)
        status = make_room(&e, &arena);
    if (status == DEEPID_OK)
        status = dpid_net_prepare(net, e.batch, false);
    net->noise_seed = EPOCH_SEED;
    net->still = e.still;
    if (status == DEEPID_OK)
        status = run_epochs(&e, mean);
    net->still = false;
    net->noise_seed = seed;
    net->noise_step = step;
    dpid_arena_release(&arena);
    return status;
}

/* ---- the objective ------------------------------------------------------------------------------------- */

static int64_t batch_of(const dpid_job *job)
{
    return job->arm->batch > 0 ? job->arm->batch : job->train->count;
}

/* One epoch does where nothing is drawn; else the mean of a few. */
int32_t dpid_measure_objective(const dpid_job *job, deepid_net *net, double *objective)
{
    enum { EPOCHS = 4 };
    dpid_augment augment = {.seed = EPOCH_SEED};
    double penalty;
    if (!dpid_recipe_minimises_more(&job->study->recipe))
        return DEEPID_OK;
    DPID_TRY(dpid_augment_parse(job->ctx, job->arm->augmentation, &augment));
    augment.seed = EPOCH_SEED;
    const bool augments = augment.pad > 0 || augment.flip;
    const bool draws = augments || dpid_net_has(net, DPID_KIND_NOISE) || dpid_net_has(net, DPID_KIND_BATCH);
    DPID_TRY(mean_loss((epochs_run){.net = net,
                                    .data = job->train,
                                    .text = job->arm->loss,
                                    .batch = batch_of(job),
                                    .epochs = draws ? EPOCHS : 1,
                                    .augment = augments ? &augment : NULL},
                       objective));
    DPID_TRY(dpid_measure_penalty(job, net, &penalty));
    *objective += penalty;
    return DEEPID_OK;
}

/* ---- batch-norm: by whose statistics ---------------------------------------------------------------------- */

static int32_t batch_loss(const dpid_job *job, int64_t batch, double *loss)
{
    return mean_loss((epochs_run){.net = job->net,
                                  .data = job->train,
                                  .text = job->study->told_loss,
                                  .batch = dpid_smaller(batch, job->train->count),
                                  .epochs = 1,
                                  .still = true},
                     loss);
}

static void swap_bytes(void *a, void *b, size_t bytes)
{
    unsigned char *p = a;
    unsigned char *q = b;
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char kept = p[i];
        p[i] = q[i];
        q[i] = kept;
    }
}

int32_t dpid_measure_batches(const dpid_job *job, void *moving, dpid_outcome *out)
{
    enum { LARGE = 8 };
    deepid_net *net = job->net;
    const char *loss = job->study->told_loss;
    const size_t bytes = (size_t)(net->states_reals * dpid_precision_bytes(net->precision));
    if (!dpid_net_has(net, DPID_KIND_BATCH | DPID_KIND_NORM))
        return DEEPID_OK;
    DPID_TRY(batch_loss(job, batch_of(job), &out->batch_loss));
    DPID_TRY(batch_loss(job, LARGE * batch_of(job), &out->batch8_loss));
    swap_bytes(net->states, moving, bytes);
    const int32_t status = deepid_net_evaluate(net, job->train, *loss ? loss : NULL, &out->moving_loss, NULL);
    swap_bytes(net->states, moving, bytes);
    if (isnan(out->moving_loss))
        out->moving_loss = (double)INFINITY;
    return status;
}
