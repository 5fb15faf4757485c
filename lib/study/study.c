/* Studies: made from two nets and data, checked at once. */
#include "study/study.h"

#include "ops/loss.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- is this a question at all? ----------------------------------------------------------- */

/* One logit and an output for each class have different losses; nets are compared by one. */
static int32_t check_outputs(deepid_study *study, int64_t outputs)
{
    if (study->outputs == 0)
        study->outputs = outputs;
    if (study->train->classes < 2 || (outputs == 1) == (study->outputs == 1))
        return DEEPID_OK;
    return dpid_fail(study->head.ctx, DEEPID_ERR_SHAPE,
                     "the net gives %lld, the shallow net gives %lld: the nets of a study have one loss, that of one "
                     "output or that of an output for each class",
                     (long long)outputs, (long long)study->outputs);
}

/* The net is made once here, so that a bad text is refused now and not in a worker. */
static int32_t check_net(deepid_study *study, const char *text, const char **canonical, int64_t *layers)
{
    deepid_ctx *ctx = study->head.ctx;
    const deepid_dataset *data = study->train;
    deepid_net *net = NULL;
    char *kept = NULL;
    DPID_TRY(deepid_net_create(ctx, text, DEEPID_F32, &net));
    const dpid_shape *in = &net->value[0].shape;
    const dpid_shape *out = &net->value[net->step[net->steps - 1].out].shape;
    const int64_t width = data->labels ? data->classes : data->target_width;
    int32_t status = dpid_arena_text(&study->arena, net->text, (int64_t)strlen(net->text), &kept);
    if (status == DEEPID_OK && !dpid_shape_equal(in, &data->sample))
        status = dpid_fail(ctx, DEEPID_ERR_SHAPE, "the net takes %s, the data has samples of %s",
                           dpid_shape_text(in->rank, in->extent).text,
                           dpid_shape_text(data->sample.rank, data->sample.extent).text);
    if (status == DEEPID_OK && !dpid_dataset_fits(data, out))
        status = dpid_fail(ctx, DEEPID_ERR_SHAPE, "the net gives %s, the data has %lld %s",
                           dpid_shape_text(out->rank, out->extent).text, (long long)width,
                           data->labels ? "classes" : "targets");
    if (status == DEEPID_OK)
        status = check_outputs(study, out->extent[0]);
    *canonical = kept;
    *layers = dpid_study_layers(net);
    deepid_net_destroy(net);
    return status;
}

static int32_t check_classes(deepid_ctx *ctx, const deepid_dataset *data)
{
    int64_t *count = NULL;
    int32_t status = DEEPID_OK;
    if (!data->labels)
        return DEEPID_OK;
    DPID_TRY(dpid_alloc(ctx, data->classes, sizeof *count, "study", &count));
    for (int64_t i = 0; i < data->count; i++)
        count[data->labels[i]]++;
    for (int64_t k = 0; k < data->classes && status == DEEPID_OK; k++) {
        const char *name = deepid_dataset_class_name(data, k);
        if (count[k] == 0)
            status = dpid_fail(ctx, DEEPID_ERR_LABEL,
                               "study: class %lld of 0 to %lld%s%.40s%s has no training sample; %s", (long long)k,
                               (long long)data->classes - 1, name ? " (" : "", name ? name : "", name ? ")" : "",
                               name ? "leave it out, or give it more samples than validation takes"
                                    : "number the classes without gaps");
    }
    dpid_free(ctx, count);
    return status;
}

static int32_t check_nets(deepid_study *study, const char *shallow, const char *deep)
{
    int64_t few;
    int64_t many;
    DPID_TRY(check_classes(study->head.ctx, study->train));
    DPID_TRY(dpid_study_blame(study->head.ctx, "shallow", check_net(study, shallow, &study->shallow, &few)));
    DPID_TRY(dpid_study_blame(study->head.ctx, "deep", check_net(study, deep, &study->deep, &many)));
    if (few < many)
        return DEEPID_OK;
    return dpid_fail(
        study->head.ctx, DEEPID_ERR_ARGUMENT,
        "study: the shallow net has %lld layers with weights, the deep one %lld; expected a deep net with more",
        (long long)few, (long long)many);
}

/* ---- create, destroy ------------------------------------------------------------------------ */

static int32_t study_create(deepid_ctx *ctx, const char *shallow, const char *deep, const deepid_dataset *train,
                            deepid_study **out)
{
    deepid_study *study = NULL;
    if (!out || !shallow || !deep || !dpid_is(train, DPID_MAGIC_DATASET))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "study: %s",
                         !out                ? "out is NULL"
                         : !shallow || !deep ? "a text is NULL"
                                             : "train must be a dataset");
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *study, "study", &study));
    *study = (deepid_study){.head = {DPID_MAGIC_STUDY, ctx},
                            .arena = {.ctx = ctx},
                            .plan = {.ctx = ctx},
                            .choice.arena = {.ctx = ctx},
                            .train = train};
    int32_t status = dpid_settings_start(study);
    if (status == DEEPID_OK)
        status = check_nets(study, shallow, deep);
    if (status == DEEPID_OK)
        *out = study;
    else
        deepid_study_destroy(study);
    return status;
}

int32_t deepid_study_create(deepid_ctx *ctx, const char *shallow, const char *deep, const deepid_dataset *train,
                            deepid_study **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, study_create(ctx, shallow, deep, train, out));
}

void deepid_study_destroy(deepid_study *study)
{
    if (!dpid_is(study, DPID_MAGIC_STUDY))
        return;
    dpid_study_forget(study);
    dpid_arena_release(&study->arena);
    study->head.magic = 0;
    dpid_free(study->head.ctx, study);
}

/* ---- data and nets that come later ------------------------------------------------------------- */

static int32_t set_validation(deepid_study *study, const deepid_dataset *valid)
{
    const deepid_dataset *train = study->train;
    if (valid && !dpid_is(valid, DPID_MAGIC_DATASET))
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: valid must be a dataset or NULL");
    if (valid && (!dpid_shape_equal(&train->sample, &valid->sample) || train->target_width != valid->target_width ||
                  (train->labels != NULL) != (valid->labels != NULL)))
        return dpid_fail(study->head.ctx, DEEPID_ERR_SHAPE,
                         "study: train has samples of %s, valid of %s, or only one of them has labels",
                         dpid_shape_text(train->sample.rank, train->sample.extent).text,
                         dpid_shape_text(valid->sample.rank, valid->sample.extent).text);
    if (valid && valid->classes > train->classes)
        return dpid_fail(study->head.ctx, DEEPID_ERR_SHAPE, "study: train has %lld classes, valid %lld",
                         (long long)train->classes, (long long)valid->classes);
    dpid_study_forget(study);
    study->valid = valid;
    return DEEPID_OK;
}

int32_t deepid_study_set_validation(deepid_study *study, const deepid_dataset *valid)
{
    DPID_TRY(dpid_study_enter_to_change(study));
    return dpid_leave(study->head.ctx, set_validation(study, valid));
}

static int32_t make_room(deepid_study *study)
{
    enum { FIRST = 16 };
    dpid_added_net *grown = NULL;
    if (study->added_count < study->added_room)
        return DEEPID_OK;
    const int64_t room = study->added_room ? 2 * study->added_room : FIRST;
    DPID_TRY(dpid_arena_alloc(&study->arena, room, sizeof *grown, "study", &grown));
    if (study->added_count)
        memcpy(grown, study->added, sizeof *grown * (size_t)study->added_count);
    study->added = grown;
    study->added_room = room;
    return DEEPID_OK;
}

static int32_t add_net(deepid_study *study, const char *block, int64_t depth, const char *net_text)
{
    char word[64];
    dpid_added_net net = {.depth = depth};
    int64_t layers;
    char *kept[2] = {NULL};
    if (!block || !net_text || strchr(block, ',') || strlen(block) + 32 > sizeof word || depth < 0)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT,
                         "study: block must be a word of at most 31 letters, depth 0 or more, net_text a text");
    snprintf(word, sizeof word, "depth:%s:%lld", block, (long long)depth);
    for (int64_t i = 0; i < study->added_count; i++)
        if (strcmp(study->added[i].word, word) == 0)
            return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: there is a net %s already", word);
    DPID_TRY(check_net(study, net_text, &net.text, &layers));
    DPID_TRY(dpid_arena_text(&study->arena, word, (int64_t)strlen(word), &kept[0]));
    DPID_TRY(dpid_arena_text(&study->arena, block, (int64_t)strlen(block), &kept[1]));
    DPID_TRY(make_room(study));
    dpid_study_forget(study);
    net.word = kept[0];
    net.block = kept[1];
    study->added[study->added_count++] = net;
    return DEEPID_OK;
}

int32_t deepid_study_add_net(deepid_study *study, const char *block, int64_t depth, const char *net_text)
{
    DPID_TRY(dpid_study_enter_to_change(study));
    return dpid_leave(study->head.ctx, add_net(study, block, depth, net_text));
}

void deepid_study_request_stop(deepid_study *study)
{
    if (dpid_is(study, DPID_MAGIC_STUDY))
        atomic_store(&study->stop, 1);
}
