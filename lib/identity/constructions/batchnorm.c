/* Batch-norm undone: gamma = sqrt(v + eps), beta = mean give back x in evaluation.
   Fixed statistics: mean 0, a variance v with v + eps = 4^-k in f32 and f64, gamma = 2^-k: then gamma / sqrt(v +
   eps) is 1 to the bit, whatever the data are. Data statistics: the mean and variance that a batch has here:
   rounding, but training mode and measured statistics stay near. */
#include "identity/witness/chain.h"

#include <math.h>

enum { GAMMA, BETA, MEAN, VARIANCE };

static void store(const dpid_writing *writing, const dpid_part *part, int32_t which, int64_t channel, double value)
{
    dpid_store(writing->net->precision, dpid_net_parameter_at(writing->net, part->layer->parameter[which]), channel,
               value);
}

/* v with fl(v + eps) = whole in both precisions, when v is kept in either; -1: none near. */
static double variance_for(double eps, double whole)
{
    double v = whole - eps;
    for (int tries = 0; tries < 3; tries++, v = (double)nextafterf((float)v, INFINITY)) {
        const float narrow = (float)v + (float)eps;
        if (v >= 0 && (double)narrow == whole && v + eps == whole)
            return v;
    }
    return -1;
}

/* *scale = sqrt(v + eps) exactly. */
static double fixed_variance(double eps, double *scale)
{
    for (*scale = 1; *scale <= 0x1p20; *scale *= 2)
        if (variance_for(eps, *scale * *scale) >= 0)
            return variance_for(eps, *scale * *scale);
    *scale = sqrt(1 + eps);
    return 1;
}

/* mean and variance of a x + c */
static void write_data(const dpid_writing *writing, const dpid_part *part, const dpid_code *code, int64_t channel,
                       int64_t carrier, double sign, double factor, double eps)
{
    const double mean = sign * code->a * code->mean[carrier] + code->c;
    const double variance = code->a * code->a * code->variance[carrier];
    store(writing, part, GAMMA, channel, factor * sqrt(variance + eps));
    store(writing, part, BETA, channel, factor * mean);
    store(writing, part, MEAN, channel, mean);
    store(writing, part, VARIANCE, channel, variance);
}

bool dpid_write_norm(const dpid_writing *writing, const dpid_part *part, const dpid_code *code, double factor)
{
    const double eps = part->layer->op.option[0].r;
    const int64_t channels = dpid_channels(&part->layer->op.in);
    double scale;
    const double variance = fixed_variance(eps, &scale);
    for (int64_t c = 0; c < channels; c++) {
        store(writing, part, GAMMA, c, scale * factor);
        store(writing, part, BETA, c, 0);
        store(writing, part, MEAN, c, 0);
        store(writing, part, VARIANCE, c, variance);
    }
    const bool measured =
        writing->data_statistics && code->mean && (code->form == DPID_CODE_PLAIN || code->form == DPID_CODE_PAIR);
    for (int64_t i = 0; measured && i < code->carriers; i++) {
        write_data(writing, part, code, code->plus[i], i, 1, factor, eps);
        if (code->form == DPID_CODE_PAIR)
            write_data(writing, part, code, code->minus[i], i, -1, factor, eps);
    }
    return !measured && scale * scale == variance + eps &&
           factor == dpid_power_below(fabs(factor)) * (factor < 0 ? -1 : 1);
}
