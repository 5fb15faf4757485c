/* The rehearsal: both nets are started and handed to a trainer with every word of the recipe, in a context of its own,
   before anything is written. So a word that is unknown, or a batch that does not fit, leaves no folder behind. */
#include "study/study.h"

#include "train/trainer.h"

static int32_t set_recipe(const deepid_study *study, deepid_trainer *trainer)
{
    const char *loss = study->text[DPID_TEXT_LOSS];
    DPID_TRY(deepid_trainer_set_optimizer(trainer, study->text[DPID_TEXT_OPTIMIZER]));
    DPID_TRY(deepid_trainer_set_schedule(trainer, study->text[DPID_TEXT_SCHEDULE]));
    if (*loss)
        DPID_TRY(deepid_trainer_set_loss(trainer, loss));
    DPID_TRY(deepid_trainer_set_augmentation(trainer, study->text[DPID_TEXT_AUGMENTATION]));
    DPID_TRY(deepid_trainer_set_clip(trainer, study->number[DPID_NUMBER_CLIP]));
    return deepid_trainer_set_batch(trainer, dpid_study_int(study, DPID_NUMBER_BATCH));
}

/* As forward will ask it at the first step. */
static int32_t check_batch(const deepid_net *net, const deepid_trainer *trainer)
{
    for (int32_t i = 0; i < net->layers; i++)
        DPID_TRY(dpid_op_check_batch(net->head.ctx, &net->layer[i].op, DPID_TRAIN, dpid_trainer_batch(trainer)));
    return DEEPID_OK;
}

static int32_t rehearse_net(deepid_ctx *ctx, const deepid_study *study, const deepid_dataset *train, const char *text)
{
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    int32_t status = deepid_net_create(ctx, text, (int32_t)study->number[DPID_NUMBER_DTYPE], &net);
    if (status == DEEPID_OK)
        status = deepid_net_init(net, study->text[DPID_TEXT_INIT], 1);
    if (status == DEEPID_OK)
        status = deepid_trainer_create(net, train, &trainer);
    if (status == DEEPID_OK)
        status = set_recipe(study, trainer);
    if (status == DEEPID_OK)
        status = check_batch(net, trainer);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    return status;
}

static int32_t rehearse(deepid_ctx *ctx, const deepid_study *study)
{
    deepid_dataset *train = NULL;
    DPID_TRY(deepid_ctx_set_threads(ctx, 1));
    DPID_TRY(dpid_dataset_view(ctx, study->train, &train));
    int32_t status = rehearse_net(ctx, study, train, study->shallow);
    if (status == DEEPID_OK)
        status = rehearse_net(ctx, study, train, study->deep);
    deepid_dataset_destroy(train);
    return status;
}

int32_t dpid_study_rehearse(deepid_study *study)
{
    deepid_ctx *ctx = NULL;
    if (dpid_ctx_create_for(study->head.ctx, &ctx) != DEEPID_OK)
        return dpid_fail(study->head.ctx, DEEPID_ERR_MEMORY, "study: no memory for a context");
    int32_t status = rehearse(ctx, study);
    if (status != DEEPID_OK)
        status = dpid_fail(study->head.ctx, status, "%s", deepid_ctx_error(ctx));
    deepid_ctx_destroy(ctx);
    return status;
}
