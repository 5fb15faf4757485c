/* What tests of whole nets share.   What for: nets.h */
#include "support/nets.h"

#include "tensor/tensor.h"

#include <math.h>
#include <stdlib.h>

/* Weights by `he`, and batch-norms of every kind of numbers: gains of both signs, means and shifts off 0, variances
   from small to large. */
deepid_net *random_net(deepid_ctx *ctx, const char *text, int32_t dtype, uint64_t seed)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, dtype, &net));
    OK(deepid_net_init(net, "he", seed));
    for (int32_t i = 0; i < net->parameters; i++) {
        const dpid_parameter *p = &net->parameter[i];
        if (p->spec.role == DPID_ROLE_WEIGHT || p->spec.role == DPID_ROLE_SLOPE)
            continue;
        const bool variance = p->spec.role == DPID_ROLE_VARIANCE;
        double *numbers = malloc((size_t)p->count * sizeof *numbers);
        assert_non_null(numbers);
        random_array(seed + 7 * (uint64_t)i, p->count, variance ? 0.05 : -0.5, variance ? 4 : 1.5, numbers);
        for (int64_t k = 0; k < p->count; k++)
            dpid_store(net->precision, dpid_net_parameter_at(net, i), k, numbers[k]);
        free(numbers);
    }
    return net;
}

deepid_tensor *batch_of(deepid_ctx *ctx, const deepid_net *net, bool output, int64_t n)
{
    deepid_tensor *t = NULL;
    int64_t extents[4] = {n};
    const int32_t rank = output ? deepid_net_output_rank(net) : deepid_net_input_rank(net);
    for (int32_t axis = 0; axis < rank; axis++)
        extents[axis + 1] = output ? deepid_net_output_extent(net, axis) : deepid_net_input_extent(net, axis);
    OK(deepid_tensor_create(ctx, deepid_net_dtype(net), rank + 1, extents, &t));
    return t;
}

double value_at(const deepid_tensor *t, int64_t i)
{
    return t->dtype == DEEPID_F32 ? (double)((const float *)t->data)[i] : ((const double *)t->data)[i];
}

void fill_random(deepid_tensor *t, uint64_t seed)
{
    double *numbers = calloc((size_t)t->count, sizeof *numbers);
    random_array(seed, t->count, -1, 1, numbers);
    for (int64_t i = 0; i < t->count; i++)
        dpid_store(t->dtype == DEEPID_F32 ? DPID_P32 : DPID_P64, t->data, i, numbers[i]);
    free(numbers);
}

/* Outputs of one net for n samples of a seed; yours. */
deepid_tensor *outputs_of(deepid_ctx *ctx, deepid_net *net, int64_t n, uint64_t seed)
{
    deepid_tensor *x = batch_of(ctx, net, false, n);
    deepid_tensor *y = batch_of(ctx, net, true, n);
    fill_random(x, seed);
    OK(deepid_tensor_fill(y, (double)NAN));
    OK(deepid_net_forward(net, x, y));
    deepid_tensor_destroy(x);
    return y;
}

static double largest(const deepid_tensor *t)
{
    double most = 0;
    for (int64_t i = 0; i < t->count; i++)
        most = fmax(most, fabs(value_at(t, i)));
    return most;
}

/* Largest difference by the largest output; NaN in either is infinity. */
double distance(const deepid_tensor *a, const deepid_tensor *b)
{
    double most = 0;
    for (int64_t i = 0; i < a->count; i++) {
        const double d = fabs(value_at(a, i) - value_at(b, i));
        most = isnan(d) ? (double)INFINITY : fmax(most, d);
    }
    return most / largest(b);
}

void open_exact(deepid_ctx *ctx, deepid_net **net, deepid_dataset **data)
{
    static const float x[] = {1, 2, -3, 4, 0, 1, 2, -2};
    static const float targets[] = {1, -1, 2, 0};
    static const float w1[] = {1, 2, -1, 1};
    static const float w2[] = {2, -1};
    *data = wrapped_targets(ctx, 4, 2, x, 1, targets);
    OK(deepid_net_create(ctx, "input 2; dense out=2 bias=0; relu; dense out=1 bias=0", DEEPID_F32, net));
    set_parameter(*net, "dense1.weight", w1, 4);
    set_parameter(*net, "dense2.weight", w2, 2);
}

/* ---- probes ----------------------------------------------------------------------------------- */

typedef struct {
    const char *net, *words;
} probe;

static int32_t probe_once(deepid_ctx *ctx, void *arg)
{
    const probe *p = arg;
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    int32_t status = deepid_dataset_generate(ctx, "spirals n=8", 77, &data);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, p->net, DEEPID_F32, &net);
    if (status == DEEPID_OK)
        status = deepid_net_inspect(net, data, p->words, &t);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    return status;
}

void probe_survives_every_failing_allocation(const char *net, const char *words)
{
    probe p = {net, words};
    survives_every_failing_allocation(words, probe_once, &p);
}
