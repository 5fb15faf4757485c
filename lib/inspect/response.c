/* Response of blocks: the standard deviation of what a block gives (He et al. 2015, figure 7), and |B(x) - x| / |x|: how far it is from the identity. */
#include "inspect/probe.h"

#include <math.h>

static const dpid_option options[] = {DPID_PROBE_SAMPLES, {0}};

static double deviation(const dpid_probe_run *run, int32_t v)
{
    const void *x = dpid_net_value(run->net, v);
    const int64_t n = run->n * dpid_shape_count(&run->net->value[v].shape);
    double mean = 0;
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        mean += dpid_fetch(run->net->precision, x, i) / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double d = dpid_fetch(run->net->precision, x, i) - mean;
        squares += d * d / (double)n;
    }
    return sqrt(squares);
}

/* NaN where the block changes the shape. */
static double change(const dpid_probe_run *run, const dpid_block_info *block)
{
    const deepid_net *net = run->net;
    const void *x = dpid_net_value(net, block->in);
    const void *y = dpid_net_value(net, block->out);
    double moved = 0;
    double length = 0;
    if (!dpid_shape_equal(&net->value[block->in].shape, &net->value[block->out].shape))
        return (double)NAN;
    for (int64_t i = 0; i < run->n * dpid_shape_count(&net->value[block->in].shape); i++) {
        const double from = dpid_fetch(net->precision, x, i);
        const double d = dpid_fetch(net->precision, y, i) - from;
        moved += d * d;
        length += from * from;
    }
    return sqrt(moved / length);
}

static int32_t fill(dpid_probe_run *run)
{
    for (int32_t b = 0; b < run->net->blocks; b++) {
        const dpid_block_info *block = &run->net->block[b];
        const double row[] = {deviation(run, block->branch), deviation(run, block->out), change(run, block)};
        DPID_TRY(deepid_table_append(run->table, block->name, row));
    }
    return DEEPID_OK;
}

const dpid_probe dpid_probe_response = {"response", "std of each block's branch and output, and |B(x) - x| / |x|; options: samples=256", "block", "branch_std,output_std,relative_change",
                                        options, fill};
