/* The rehearsal: the recipe of a study is tried on one of its nets before anything is written. Is it one at all? */
#include "study/study.h"

#include "train/trainer.h"

#include <stdio.h>

static int32_t set_recipe(const deepid_study *study, deepid_trainer *trainer)
{
    deepid_ctx *ctx = ((const dpid_head *)trainer)->ctx;
    char *const *text = study->text;
#define SET(key, call) DPID_TRY(dpid_study_blame(ctx, key, call))
    SET("optimizer", deepid_trainer_set_optimizer(trainer, text[DPID_TEXT_OPTIMIZER]));
    SET("schedule", deepid_trainer_set_schedule(trainer, text[DPID_TEXT_SCHEDULE]));
    if (*text[DPID_TEXT_LOSS])
        SET("loss", deepid_trainer_set_loss(trainer, text[DPID_TEXT_LOSS]));
    SET("augmentation", deepid_trainer_set_augmentation(trainer, text[DPID_TEXT_AUGMENTATION]));
    if (!dpid_steps_alone(text[DPID_TEXT_OPTIMIZER]))
        SET("learning_rate", deepid_trainer_set_learning_rate(trainer, study->number[DPID_NUMBER_RATE]));
    SET("loss_scale", deepid_trainer_set_loss_scale(trainer, text[DPID_TEXT_LOSS_SCALE]));
    SET("clip", deepid_trainer_set_clip(trainer, study->number[DPID_NUMBER_CLIP]));
    SET("batch", deepid_trainer_set_batch(trainer, dpid_study_int(study, DPID_NUMBER_BATCH)));
    SET("steps", deepid_trainer_set_total_steps(trainer, dpid_study_steps(study)));
#undef SET
    return DEEPID_OK;
}

/* As forward will ask it at the first step. */
static int32_t check_batch(const deepid_net *net, const deepid_trainer *trainer)
{
    for (int32_t i = 0; i < net->layers; i++)
        DPID_TRY(dpid_op_check_batch(net->head.ctx, &net->layer[i].op, DPID_TRAIN, dpid_trainer_batch(trainer)));
    return DEEPID_OK;
}

/* A net by this text with its start and its trainer, given to use; all of it is destroyed here. */
static int32_t build(deepid_ctx *ctx, const deepid_study *study, const char *text, dpid_recipe_use *use, void *user)
{
    deepid_dataset *train = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    DPID_TRY(deepid_ctx_set_threads(ctx, 1));
    DPID_TRY(deepid_ctx_set_isa(ctx, deepid_ctx_isa(study->head.ctx)));
    int32_t status = dpid_dataset_view(ctx, study->train, &train);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, text, (int32_t)study->number[DPID_NUMBER_DTYPE], &net);
    if (status == DEEPID_OK && *study->text[DPID_TEXT_STORAGE])
        status = dpid_study_blame(ctx, "storage", deepid_net_set_storage(net, study->text[DPID_TEXT_STORAGE]));
    if (status == DEEPID_OK)
        status = dpid_study_blame(ctx, "init", deepid_net_init_data(net, study->train, study->text[DPID_TEXT_INIT], 1));
    if (status == DEEPID_OK)
        status = deepid_trainer_create(net, train, &trainer);
    if (status == DEEPID_OK)
        status = set_recipe(study, trainer);
    if (status == DEEPID_OK)
        status = dpid_study_blame(ctx, "batch", check_batch(net, trainer));
    if (status == DEEPID_OK && use)
        status = use(study, trainer, net, train, user);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(train);
    return status;
}

int32_t dpid_recipe_build(const deepid_study *study, const char *text, dpid_recipe_use *use, void *user, char *error,
                          int64_t error_bytes)
{
    deepid_ctx *ctx = NULL;
    if (dpid_ctx_create_for(study->head.ctx, &ctx) != DEEPID_OK) {
        snprintf(error, (size_t)error_bytes, "study: no memory for a context");
        return DEEPID_ERR_MEMORY;
    }
    const int32_t status = build(ctx, study, text, use, user);
    if (status != DEEPID_OK)
        snprintf(error, (size_t)error_bytes, "%s", deepid_ctx_error(ctx));
    deepid_ctx_destroy(ctx);
    return status;
}

int32_t dpid_recipe_check(const deepid_study *study)
{
    char error[DPID_ERROR_MAX];
    int32_t status = dpid_recipe_build(study, study->shallow, NULL, NULL, error, sizeof error);
    if (status == DEEPID_OK)
        status = dpid_recipe_build(study, study->deep, NULL, NULL, error, sizeof error);
    return status == DEEPID_OK ? DEEPID_OK : dpid_fail(study->head.ctx, status, "%s", error);
}
