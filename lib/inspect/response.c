/* Layer responses: the standard deviation of what each weight layer gives, after its normalisation, before
   nonlinearity and addition (He et al. 2015, figure 7). Small responses of residual branches mean that blocks stay
   near the identity. std: about one mean; channel_std: about each channel's mean, behind a batch-norm the root mean
   square of gamma. */
#include "inspect/probe.h"

#include <math.h>

static const dpid_option options[] = {DPID_PROBE_SAMPLES, {0}};

/* ---- which value ---------------------------------------------------------------------- */

static bool has_parameter(const dpid_op *op, dpid_role role)
{
    for (int32_t k = 0; k < op->parameters; k++)
        if (op->parameter[k].role == role)
            return true;
    return false;
}

/* What leaves the normalisation that reads value v; v itself when none does. */
static int32_t normalised(const deepid_net *net, int32_t v)
{
    for (int32_t t = 0; t < net->steps; t++)
        if (net->step[t].type == DPID_STEP_LAYER && net->step[t].in == v &&
            (net->layer[net->step[t].layer].op.kind->flags & DPID_KIND_NORM))
            return net->step[t].out;
    return v;
}

/* ---- deviations ------------------------------------------------------------------------- */

static double mean_of(const dpid_probe_run *run, const void *x, int64_t first, int64_t stride, int64_t n)
{
    double sum = 0;
    for (int64_t i = first; i < n; i += stride)
        sum += dpid_fetch(run->net->precision, x, i);
    return sum / ((double)n / (double)stride);
}

/* Sum over i = first, first + stride, .. of (x_i - mean)^2. */
static double moved(const dpid_probe_run *run, const void *x, int64_t first, int64_t stride, int64_t n)
{
    const double mean = mean_of(run, x, first, stride, n);
    double sum = 0;
    for (int64_t i = first; i < n; i += stride) {
        const double d = dpid_fetch(run->net->precision, x, i) - mean;
        sum += d * d;
    }
    return sum;
}

static void measure(const dpid_probe_run *run, int32_t v, double *row)
{
    const dpid_shape *shape = &run->net->value[v].shape;
    const void *x = dpid_net_value(run->net, v);
    const int64_t n = run->n * dpid_shape_count(shape);
    const int64_t channels = shape->extent[shape->rank - 1];
    double within = 0;
    for (int64_t c = 0; c < channels; c++)
        within += moved(run, x, c, channels, n);
    row[0] = sqrt(moved(run, x, 0, 1, n) / (double)n);
    row[1] = sqrt(within / (double)n);
}

static int32_t fill_response(dpid_probe_run *run)
{
    const deepid_net *net = run->net;
    for (int32_t t = 0; t < net->steps; t++) {
        double row[2];
        if (net->step[t].type != DPID_STEP_LAYER ||
            !has_parameter(&net->layer[net->step[t].layer].op, DPID_ROLE_WEIGHT))
            continue;
        measure(run, normalised(net, net->step[t].out), row);
        DPID_TRY(deepid_table_append(run->table, net->layer[net->step[t].layer].name, row));
    }
    return DEEPID_OK;
}

const dpid_probe dpid_probe_response = {
    .word = "response",
    .help = "std of what each weight layer gives, after its normalisation, before nonlinearity and addition: over all "
            "values, and within channels; options: samples=256",
    .heading = "layer",
    .columns = "std,channel_std",
    .options = options,
    .fill = fill_response,
};
