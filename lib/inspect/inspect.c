/* A probe at work: it looks at a clone, so the net is what it was. */
#include "inspect/probe.h"

#include "ops/loss.h"
#include "train/trainer.h"

#define ROW(word) &dpid_probe_##word,
static const void *const rows[] = {DPID_PROBES(ROW)};
static const dpid_set probes = DPID_SET("probe", rows);

/* The first samples in order; loss and gradients of one training batch, as a trainer computes them. */
static int32_t run_batch(dpid_probe_run *run)
{
    deepid_trainer *trainer = NULL;
    DPID_TRY(deepid_trainer_create(run->net, run->data, &trainer));
    int32_t status = deepid_trainer_set_batch(trainer, run->n);
    if (status == DEEPID_OK)
        status = dpid_trainer_prepare(trainer);
    if (status == DEEPID_OK)
        status = dpid_net_keep_all(run->net, true);
    double loss;
    double norm;
    for (int64_t i = 0; status == DEEPID_OK && i < run->n; i++)
        trainer->order[i] = i;
    if (status == DEEPID_OK)
        status = dpid_trainer_gradient(trainer, trainer->order, run->n, &loss, &norm);
    deepid_trainer_destroy(trainer);
    return status;
}

static int32_t fill_table(const dpid_probe *probe, dpid_probe_run *run, deepid_table **out)
{
    if (!probe->own)
        DPID_TRY(probe->evaluates ? dpid_probe_prepare(run->net, run->data) : run_batch(run));
    DPID_TRY(deepid_table_create(run->net->head.ctx, probe->heading, probe->columns, &run->table));
    const int32_t status = probe->fill(run);
    if (status == DEEPID_OK)
        *out = run->table;
    else
        deepid_table_destroy(run->table);
    return status;
}

static int32_t inspect(deepid_net *net, const deepid_dataset *data, const char *text, deepid_table **out)
{
    deepid_ctx *ctx = net->head.ctx;
    const dpid_probe *probe;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    if (!out || !dpid_is(data, DPID_MAGIC_DATASET))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "inspect: %s", out ? "data is not a dataset" : "out is NULL");
    DPID_TRY(dpid_set_read(ctx, &probes, dpid_span_of(text), &probe, values));
    dpid_probe_run run = {
        .data = data, .option = values, .n = values[0].i > 0 && values[0].i < data->count ? values[0].i : data->count};
    DPID_TRY(deepid_net_clone(net, 0, &run.net));
    const int32_t status = fill_table(probe, &run, out);
    deepid_net_destroy(run.net);
    return status;
}

int32_t deepid_net_inspect(deepid_net *net, const deepid_dataset *data, const char *probe, deepid_table **out)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, inspect(net, data, probe, out));
}

const char *deepid_probe_word(int64_t i)
{
    return dpid_set_word(&probes, i);
}

const char *deepid_probe_help(const char *word)
{
    return dpid_set_help(&probes, word);
}
