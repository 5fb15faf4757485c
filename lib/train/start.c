/* Starts that look at data: a batch for them. */
#include <deepid/train.h>

#include "base/numbers.h"
#include "data/data.h"
#include "net/init.h"

/* Samples spread evenly over the data, so that sorted classes are all there. */
static int32_t start_by(deepid_net *net, const deepid_dataset *data, const char *init, uint64_t seed, dpid_arena *arena)
{
    enum { SAMPLES = 256 };
    const int64_t n = dpid_smaller(data->count, SAMPLES);
    int64_t *order = NULL;
    double *x = NULL;
    DPID_TRY(dpid_arena_alloc(arena, n, sizeof *order, "start", &order));
    DPID_TRY(dpid_arena_alloc(arena, n * dpid_shape_count(&data->sample), sizeof *x, "start", &x));
    for (int64_t i = 0; i < n; i++)
        order[i] = i * data->count / n;
    dpid_dataset_gather(dpid_ctx_pool(net->head.ctx), data,
                        &(dpid_gathered){.order = order, .n = n, .precision = DPID_P64, .x = x});
    return dpid_net_init_by(net, init, seed, x, n);
}

static int32_t init_data(deepid_net *net, const deepid_dataset *data, const char *init, uint64_t seed)
{
    deepid_ctx *ctx = net->head.ctx;
    const dpid_shape *in = &net->value[0].shape;
    if (!dpid_is(data, DPID_MAGIC_DATASET))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "init_data: data is %s, expected a dataset",
                         data ? "not a dataset" : "NULL");
    if (!init || !dpid_init_looks_at_data(init))
        return dpid_net_init_by(net, init, seed, NULL, 0);
    if (!dpid_shape_equal(in, &data->sample))
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "the net takes %s, the data has samples of %s",
                         dpid_shape_text(in->rank, in->extent).text,
                         dpid_shape_text(data->sample.rank, data->sample.extent).text);
    dpid_arena arena = {.ctx = ctx};
    const int32_t status = start_by(net, data, init, seed, &arena);
    dpid_arena_release(&arena);
    return status;
}

int32_t deepid_net_init_data(deepid_net *net, const deepid_dataset *data, const char *init, uint64_t seed)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, init_data(net, data, init, seed));
}
