/* The probes, one line each; each looks at a clone, so the net is what it was. */
#include "inspect/probe.h"

#include "ops/loss.h"
#include "train/trainer.h"

#include <string.h>

/* blocks and representations: */
static const dpid_probe *const probes[] = {&dpid_probe_signal, &dpid_probe_gradient_norm, &dpid_probe_response,
                                           /* numerics: */
                                           &dpid_probe_learned_identity, &dpid_probe_lesion, &dpid_probe_linear_probe,
                                           &dpid_probe_cka, &dpid_probe_gradient_check, &dpid_probe_gradient_accuracy,
                                           &dpid_probe_range, &dpid_probe_shattering, &dpid_probe_validity_radius,
                                           &dpid_probe_curvature};
static const char *const words[] = {"signal",
                                    "gradient_norm",
                                    "response", /* blocks and representations: */
                                    "learned_identity",
                                    "lesion",
                                    "linear_probe",
                                    "cka", /* numerics: */
                                    "gradient_check",
                                    "gradient_accuracy",
                                    "range",
                                    "shattering",
                                    "validity_radius",
                                    "curvature",
                                    NULL};
enum { COUNT = sizeof probes / sizeof *probes };

static const dpid_probe *find(dpid_span word)
{
    for (int i = 0; i < COUNT; i++)
        if (dpid_span_is(word, probes[i]->word))
            return probes[i];
    return NULL;
}

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
    dpid_span rest;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    const dpid_span word = dpid_first_word(dpid_span_of(text), &rest);
    const dpid_probe *probe = find(word);
    if (!out || !dpid_is(data, DPID_MAGIC_DATASET))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "inspect: %s", out ? "data is not a dataset" : "out is NULL");
    if (!probe)
        return dpid_fail_word(ctx, "probe", word, words);
    DPID_TRY(dpid_options_parse(ctx, probe->word, rest, probe->options, values));
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
    return i >= 0 && i < COUNT ? words[i] : NULL;
}

const char *deepid_probe_help(const char *word)
{
    const dpid_probe *probe = word ? find(dpid_span_of(word)) : NULL;
    return probe ? probe->help : NULL;
}
