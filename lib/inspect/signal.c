/* Signal: mean, variance, zeros, dead and constant channels of every value that flows.
   A channel (of features: a unit) is dead when it is 0, constant when it is the same number, at every
   place of every sample of the batch. */
#include "inspect/probe.h"

#include <math.h>

static const dpid_option options[] = {DPID_PROBE_SAMPLES, {0}};

enum { MEAN, VARIANCE, STD, ZERO_SHARE, DEAD_SHARE, CONSTANT_SHARE, COLUMNS };

static void measure_moments(const dpid_probe_run *run, const void *x, int64_t n, double *row)
{
    const dpid_precision precision = run->net->precision;
    double sum = 0;
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        sum += dpid_fetch(precision, x, i);
    row[MEAN] = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double d = dpid_fetch(precision, x, i) - row[MEAN];
        squares += d * d;
    }
    row[VARIANCE] = squares / (double)n;
    row[STD] = sqrt(row[VARIANCE]);
}

static void count_silent(const dpid_probe_run *run, const void *x, int64_t n, int64_t channels, double *row)
{
    const dpid_precision precision = run->net->precision;
    int64_t zeros = 0;
    int64_t dead = 0;
    int64_t constant = 0;
    for (int64_t c = 0; c < channels; c++) {
        const double first = dpid_fetch(precision, x, c);
        int64_t silent = 0;
        int64_t same = 0;
        for (int64_t i = c; i < n; i += channels) {
            const double value = dpid_fetch(precision, x, i);
            silent += value == 0;
            same += value == first;
        }
        zeros += silent;
        dead += silent == n / channels;
        constant += same == n / channels;
    }
    row[ZERO_SHARE] = (double)zeros / (double)n;
    row[DEAD_SHARE] = (double)dead / (double)channels;
    row[CONSTANT_SHARE] = (double)constant / (double)channels;
}

static int32_t fill_signal(dpid_probe_run *run)
{
    double row[COLUMNS];
    for (int32_t v = 0; v < run->net->values_count; v++) {
        const dpid_shape *shape = &run->net->value[v].shape;
        const int64_t n = run->n * dpid_shape_count(shape);
        measure_moments(run, dpid_net_value(run->net, v), n, row);
        count_silent(run, dpid_net_value(run->net, v), n, shape->extent[shape->rank - 1], row);
        DPID_TRY(deepid_table_append(run->table, run->net->value[v].name, row));
    }
    return DEEPID_OK;
}

const dpid_probe dpid_probe_signal = {
    .word = "signal",
    .help = "mean, variance, std, share of zeros, of dead channels (always 0) and of constant channels of every "
            "layer's output; options: samples=256",
    .heading = "layer",
    .columns = "mean,variance,std,zero_share,dead_share,constant_share",
    .options = options,
    .fill = fill_signal,
};
