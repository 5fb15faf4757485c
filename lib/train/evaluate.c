/* Loss and error over a dataset. */
#include "train/trainer.h"

#include <math.h>

enum { EVALUATE_BATCH = 64 }; /* one size, so that the bits depend on the net and the data alone */

/* ---- evaluate ----------------------------------------------------------------------------- */

typedef struct {
    deepid_net *net;
    const deepid_dataset *data;
    const dpid_loss *loss;
    dpid_value option[DPID_OPTIONS_MAX];
    int64_t *order;
    int32_t *labels;
    void *targets;
} evaluation;

static int32_t check_shapes(const evaluation *e)
{
    const dpid_shape *in = &e->net->value[0].shape;
    const dpid_shape *out = &e->net->value[e->net->step[e->net->steps - 1].out].shape;
    const int64_t width = e->data->labels ? e->data->classes : e->data->target_width;
    if (!dpid_shape_equal(in, &e->data->sample))
        return dpid_fail(e->net->head.ctx, DEEPID_ERR_SHAPE, "the net takes %s, the data has samples of %s",
                         dpid_shape_text(in->rank, in->extent).text,
                         dpid_shape_text(e->data->sample.rank, e->data->sample.extent).text);
    if (!dpid_dataset_fits(e->data, out))
        return dpid_fail(e->net->head.ctx, DEEPID_ERR_SHAPE, "the net gives %s, the data has %lld %s",
                         dpid_shape_text(out->rank, out->extent).text, (long long)width,
                         e->data->labels ? "classes" : "targets");
    return DEEPID_OK;
}

static int32_t run_all(evaluation *e, double *loss, double *error)
{
    deepid_net *net = e->net;
    const int64_t width = dpid_shape_count(&net->value[net->step[net->steps - 1].out].shape);
    double sum = 0;
    int64_t wrong = 0;
    for (int64_t first = 0; first < e->data->count; first += EVALUATE_BATCH) {
        const int64_t n = e->data->count - first < EVALUATE_BATCH ? e->data->count - first : EVALUATE_BATCH;
        for (int64_t i = 0; i < n; i++)
            e->order[i] = first + i;
        dpid_dataset_gather(dpid_ctx_pool(net->head.ctx), e->data,
                            &(dpid_gathered){.order = e->order,
                                             .n = n,
                                             .precision = net->precision,
                                             .x = dpid_net_input(net),
                                             .labels = e->labels,
                                             .targets = e->targets});
        DPID_TRY(dpid_net_run_forward(net, DPID_EVAL, n));
        dpid_loss_pass pass = {.option = e->option,
                               .n = n,
                               .width = width,
                               .z = dpid_net_output(net),
                               .labels = e->labels,
                               .targets = e->targets};
        e->loss->run[net->head.ctx->isa][net->precision](&pass);
        sum += pass.loss_sum;
        wrong += pass.wrong;
    }
    if (loss)
        *loss = sum / dpid_loss_total(e->loss, e->option, e->data->labels, e->data->count);
    if (error)
        *error = e->data->labels ? (double)wrong / (double)e->data->count : (double)NAN;
    return DEEPID_OK;
}

static int32_t net_evaluate(deepid_net *net, const deepid_dataset *data, const char *loss, double *mean_loss,
                            double *error)
{
    deepid_ctx *ctx = net->head.ctx;
    evaluation e = {.net = net, .data = data};
    dpid_arena arena = {.ctx = ctx};
    if (!dpid_is(data, DPID_MAGIC_DATASET))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "evaluate: data is %s, expected a dataset",
                         data ? "not a dataset" : "NULL");
    DPID_TRY(check_shapes(&e));
    int32_t status = dpid_dataset_loss(&arena, data, loss, dpid_net_outputs(net), &e.loss, e.option);
    if (status == DEEPID_OK)
        status = dpid_net_prepare(net, EVALUATE_BATCH, false);
    if (status == DEEPID_OK)
        status = dpid_arena_alloc(&arena, EVALUATE_BATCH, sizeof *e.order, "evaluate", &e.order);
    if (status == DEEPID_OK)
        status = dpid_arena_alloc(&arena, EVALUATE_BATCH, sizeof *e.labels, "evaluate", &e.labels);
    if (status == DEEPID_OK && data->target_width > 0)
        status = dpid_arena_alloc(&arena, EVALUATE_BATCH * data->target_width, dpid_precision_bytes(net->precision),
                                  "evaluate", &e.targets);
    if (status == DEEPID_OK)
        status = run_all(&e, mean_loss, error);
    dpid_arena_release(&arena);
    return status;
}

int32_t deepid_net_evaluate(deepid_net *net, const deepid_dataset *data, const char *loss, double *mean_loss,
                            double *error)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, net_evaluate(net, data, loss, mean_loss, error));
}
