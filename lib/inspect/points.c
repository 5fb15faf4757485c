/* The net as it stands: evaluation mode, population statistics, a chunk of samples at a time; and the values between
   blocks that probes compare. */
#include "inspect/probe.h"

#include <string.h>

/* ---- chunks ------------------------------------------------------------------------- */

int64_t dpid_probe_chunk(const deepid_net *net)
{
    enum { MOST = 64, VALUES_BYTES = 1 << 26 };
    int64_t sample = 0;
    for (int32_t v = 0; v < net->values_count; v++)
        sample += dpid_shape_count(&net->value[v].shape) * dpid_precision_bytes(net->precision);
    /* cppcheck-suppress zerodiv ; every net has the values of its input */
    const int64_t fit = VALUES_BYTES / sample;
    return fit < 1 ? 1 : fit > MOST ? MOST : fit;
}

int32_t dpid_probe_prepare(deepid_net *net, const deepid_dataset *data)
{
    deepid_ctx *ctx = net->head.ctx;
    const dpid_shape *in = &net->value[0].shape;
    if (data->head.ctx != ctx)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "inspect: the net and the data belong to different contexts");
    if (!dpid_shape_equal(in, &data->sample))
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "the net takes %s, the data has samples of %s",
                         dpid_shape_text(in->rank, in->extent).text,
                         dpid_shape_text(data->sample.rank, data->sample.extent).text);
    DPID_TRY(dpid_net_prepare(net, dpid_probe_chunk(net), false));
    return dpid_net_keep_all(net, true);
}

int32_t dpid_probe_chunks(deepid_net *net, const deepid_dataset *data, int64_t n, int32_t *labels, void *targets,
                          dpid_chunk_fn take, void *user)
{
    const int64_t chunk = dpid_probe_chunk(net);
    int64_t *order = NULL;
    int32_t status = dpid_alloc(net->head.ctx, chunk, sizeof *order, "inspect", &order);
    for (int64_t first = 0; status == DEEPID_OK && first < n; first += chunk) {
        const int64_t count = n - first < chunk ? n - first : chunk;
        for (int64_t i = 0; i < count; i++)
            order[i] = first + i;
        dpid_dataset_gather(dpid_ctx_pool(net->head.ctx), data,
                            &(dpid_gathered){.order = order,
                                             .n = count,
                                             .precision = net->precision,
                                             .x = dpid_net_input(net),
                                             .labels = labels,
                                             .targets = targets});
        status = dpid_net_run_forward(net, DPID_EVAL, count);
        if (status == DEEPID_OK)
            status = take(user, first, count);
    }
    dpid_free(net->head.ctx, order);
    return status;
}

/* ---- points --------------------------------------------------------------------------- */

static void add_point(int32_t value, int32_t *points, int32_t *count)
{
    if (*count == 0 || points[*count - 1] != value)
        points[(*count)++] = value;
}

int32_t dpid_points_find(const deepid_net *net, dpid_arena *arena, int32_t **points, int32_t *count)
{
    enum { ENDS = 2 };
    DPID_TRY(dpid_arena_alloc(arena, 2 * (int64_t)net->blocks + ENDS, sizeof **points, "inspect", points));
    *count = 0;
    add_point(0, *points, count);
    for (int32_t b = 0; b < net->blocks; b++) {
        add_point(net->block[b].in, *points, count);
        add_point(net->block[b].out, *points, count);
    }
    add_point(net->step[net->steps - 1].out, *points, count);
    return DEEPID_OK;
}

const char *dpid_point_name(const deepid_net *net, int32_t value)
{
    for (int32_t b = 0; b < net->blocks; b++)
        if (net->block[b].out == value)
            return net->block[b].name;
    return net->value[value].name;
}

/* ---- collecting ------------------------------------------------------------------------- */

typedef struct {
    const deepid_net *net;
    const int32_t *points;
    int32_t count;
    void **x;
} collection;

static int32_t take_points(void *user, int64_t first, int64_t count)
{
    const collection *c = user;
    for (int32_t k = 0; k < c->count; k++) {
        const int64_t bytes =
            dpid_shape_count(&c->net->value[c->points[k]].shape) * dpid_precision_bytes(c->net->precision);
        memcpy((char *)c->x[k] + first * bytes, dpid_net_value(c->net, c->points[k]), (size_t)(count * bytes));
    }
    return DEEPID_OK;
}

int32_t dpid_points_collect(deepid_net *net, const deepid_dataset *data, int64_t n, const int32_t *points,
                            int32_t count, dpid_arena *arena, void ***x)
{
    DPID_TRY(dpid_arena_alloc(arena, count, sizeof **x, "inspect", x));
    for (int32_t k = 0; k < count; k++)
        DPID_TRY(dpid_arena_alloc(arena, n * dpid_shape_count(&net->value[points[k]].shape),
                                  dpid_precision_bytes(net->precision), "inspect: values", &(*x)[k]));
    collection c = {net, points, count, *x};
    return dpid_probe_chunks(net, data, n, NULL, NULL, take_points, &c);
}
