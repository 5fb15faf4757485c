/* A batch in a precision of the probe's choice.   What it promises: batch.h */
#include "inspect/batch.h"

#include "ops/loss.h"

#include <math.h>
#include <string.h>

/* ---- the samples -------------------------------------------------------------------- */

/* Through numbers of precision `from`. */
static int32_t gather(dpid_batch *b, const deepid_dataset *data, dpid_precision from)
{
    deepid_ctx *ctx = b->net->head.ctx;
    deepid_trainer *t = b->trainer;
    const int64_t features = b->n * dpid_shape_count(&data->sample);
    const int64_t targets = b->n * data->target_width;
    void *x = NULL;
    void *target = NULL;
    int32_t status = dpid_alloc(ctx, features, dpid_precision_bytes(from), "probe", &x);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, targets, dpid_precision_bytes(from), "probe", &target);
    if (status == DEEPID_OK) {
        dpid_dataset_gather(
            NULL, data,
            &(dpid_gathered){
                .order = t->order, .n = b->n, .precision = from, .x = x, .labels = t->labels, .targets = target});
        for (int64_t i = 0; i < features; i++)
            dpid_store(b->net->precision, dpid_net_input(b->net), i, dpid_fetch(from, x, i));
        for (int64_t i = 0; i < targets; i++)
            dpid_store(b->net->precision, t->targets, i, dpid_fetch(from, target, i));
    }
    dpid_free(ctx, target);
    dpid_free(ctx, x);
    return status;
}

static int32_t open(dpid_batch *b, const deepid_net *net, const deepid_dataset *data, dpid_precision precision,
                    bool whole)
{
    DPID_TRY(dpid_net_clone_as(net, precision, &b->net));
    DPID_TRY(deepid_trainer_create(b->net, data, &b->trainer));
    DPID_TRY(deepid_trainer_set_batch(b->trainer, b->n));
    DPID_TRY(dpid_trainer_prepare(b->trainer));
    DPID_TRY(dpid_net_keep_all(b->net, whole));
    DPID_TRY(dpid_alloc(b->net->head.ctx, dpid_value_count(b, 0), dpid_precision_bytes(precision), "probe", &b->dx));
    for (int64_t i = 0; i < b->n; i++)
        b->trainer->order[i] = i;
    b->net->noise_seed = b->trainer->seed;
    b->net->noise_step = 0;
    return gather(b, data, net->precision);
}

int32_t dpid_batch_open(const deepid_net *net, const deepid_dataset *data, dpid_precision precision, dpid_mode mode,
                        int64_t n, bool whole, dpid_batch *out)
{
    dpid_batch batch = {.n = n, .mode = mode, .loss = (double)NAN};
    const int32_t status = open(&batch, net, data, precision, whole);
    if (status == DEEPID_OK)
        *out = batch;
    else
        dpid_batch_close(&batch);
    return status;
}

void dpid_batch_close(dpid_batch *batch)
{
    if (batch->net)
        dpid_free(batch->net->head.ctx, batch->dx);
    deepid_trainer_destroy(batch->trainer);
    deepid_net_destroy(batch->net);
    *batch = (dpid_batch){.net = NULL};
}

/* ---- running -------------------------------------------------------------------------- */

int32_t dpid_batch_forward(dpid_batch *batch)
{
    deepid_net *net = batch->net;
    const deepid_trainer *t = batch->trainer;
    DPID_TRY(dpid_net_run_forward(net, batch->mode, batch->n));
    dpid_loss_pass pass = {.option = t->loss_option,
                           .n = batch->n,
                           .width = dpid_shape_count(&net->value[net->step[net->steps - 1].out].shape),
                           .z = dpid_net_output(net),
                           .labels = t->labels,
                           .targets = t->targets,
                           .dz = dpid_net_output_gradient(net)};
    t->loss->run[net->head.ctx->isa][net->precision](&pass);
    batch->loss = pass.loss_sum / (double)batch->n;
    return DEEPID_OK;
}

int32_t dpid_batch_run(dpid_batch *batch)
{
    DPID_TRY(dpid_batch_forward(batch));
    dpid_net_clear_gradients(batch->net);
    dpid_net_run_backward(batch->net, batch->mode, batch->n, batch->dx);
    return DEEPID_OK;
}

int32_t dpid_batch_check_finite(const dpid_batch *batch, const char *probe)
{
    const char *where = dpid_net_find_nonfinite(batch->net, "output", batch->n);
    if (where || !isfinite(batch->loss))
        return dpid_fail(batch->net->head.ctx, DEEPID_ERR_NUMERIC, "%s: the output of %s is not finite", probe,
                         where ? where : "the loss");
    where = dpid_net_find_nonfinite(batch->net, "gradient", batch->n);
    return where ? dpid_fail(batch->net->head.ctx, DEEPID_ERR_NUMERIC, "%s: the gradient of %s is not finite", probe,
                             where)
                 : DEEPID_OK;
}

/* ---- places ----------------------------------------------------------------------------- */

void *dpid_parameter_gradient_at(const deepid_net *net, int32_t i)
{
    return (char *)net->gradients + net->parameter[i].offset * dpid_precision_bytes(net->precision);
}

int64_t dpid_value_count(const dpid_batch *batch, int32_t v)
{
    return batch->n * dpid_shape_count(&batch->net->value[v].shape);
}
