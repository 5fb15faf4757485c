/* Signal: mean, variance and dead units of every value that flows.   A unit is dead when it is 0 for every sample of the batch. */
#include "inspect/probe.h"

#include <math.h>

static const dpid_option options[] = {DPID_PROBE_SAMPLES, {0}};

/* mean, variance, std, zero share, dead share */
static void measure(const dpid_probe_run *run, int32_t v, double *row)
{
    const deepid_net *net = run->net;
    const void *x = dpid_net_value(net, v);
    const int64_t units = dpid_shape_count(&net->value[v].shape);
    const double count = (double)(units * run->n);
    double mean = 0;
    double squares = 0;
    int64_t zeros = 0;
    int64_t dead = 0;
    for (int64_t i = 0; i < units * run->n; i++)
        mean += dpid_fetch(net->precision, x, i) / count;
    for (int64_t k = 0; k < units; k++) {
        int64_t silent = 0;
        for (int64_t i = 0; i < run->n; i++) {
            const double value = dpid_fetch(net->precision, x, i * units + k);
            squares += (value - mean) * (value - mean) / count;
            silent += value == 0;
        }
        zeros += silent;
        dead += silent == run->n;
    }
    row[0] = mean;
    row[1] = squares;
    row[2] = sqrt(squares);
    row[3] = (double)zeros / count;
    row[4] = (double)dead / (double)units;
}

static int32_t fill(dpid_probe_run *run)
{
    double row[5];
    for (int32_t v = 0; v < run->net->values_count; v++) {
        measure(run, v, row);
        DPID_TRY(deepid_table_append(run->table, run->net->value[v].name, row));
    }
    return DEEPID_OK;
}

const dpid_probe dpid_probe_signal = {"signal", "mean, variance, std, share of zeros and of dead units of every layer's output; options: samples=256", "layer",
                                      "mean,variance,std,zero_share,dead_share", options, fill};
