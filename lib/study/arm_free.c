/* The arms D_free: the deep net without one of the things that make what is minimised another quantity than the loss
   that is told: dropout, weight decay, label smoothing, augmentation. What each repairs is its price. */
#include "study/study.h"

#include "net/spec.h"

#include <string.h>

/* A block of which nothing is left goes too. Returns how many dropouts there were. */
static int32_t drop_noise(dpid_item **items)
{
    int32_t found = 0;
    for (dpid_item **at = items; *at;) {
        dpid_item *item = *at;
        const bool block = !item->kind;
        const bool noise = item->kind && (item->kind->flags & DPID_KIND_NOISE) != 0;
        found += noise ? 1 : drop_noise(&item->body);
        if (noise || (block && !item->body))
            *at = item->next;
        else
            at = &item->next;
    }
    return found;
}

int32_t dpid_arm_free_dropout(deepid_study *study, dpid_study_arm *arm, const char **reason)
{
    dpid_spec spec = {.items = NULL};
    dpid_string s = {.ctx = study->head.ctx};
    DPID_TRY(dpid_spec_parse(&study->plan, study->deep, &spec));
    if (drop_noise(&spec.items) == 0)
        *reason = "the deep net has no dropout";
    dpid_spec_print(&s, &spec);
    DPID_TRY(dpid_study_keep(study, &s, &arm->text));
    if (!study->recipe.noise)
        return DEEPID_OK;
    dpid_string said = {.ctx = study->head.ctx};
    dpid_string_format(&said, "training without %s", study->recipe.noise);
    return dpid_study_keep(study, &said, &arm->said);
}

/* The recipe's words with weight_decay=0. */
int32_t dpid_arm_free_decay(deepid_study *study, dpid_study_arm *arm, const char **reason)
{
    dpid_decay decay;
    DPID_TRY(dpid_recipe_decay(study, &decay));
    if (decay.lambda == 0) {
        *reason = "the recipe has no weight decay";
        return DEEPID_OK;
    }
    return dpid_optimizer_with_decay(study, study->text[DPID_TEXT_OPTIMIZER], (dpid_decay){0, false}, &arm->optimizer);
}

int32_t dpid_arm_free_smoothing(deepid_study *study, dpid_study_arm *arm, const char **reason)
{
    arm->loss = study->told_loss;
    if (strcmp(arm->loss, study->loss) == 0)
        *reason = "the recipe does not smooth labels";
    return DEEPID_OK;
}

int32_t dpid_arm_free_augmentation(deepid_study *study, dpid_study_arm *arm, const char **reason)
{
    bool augments;
    DPID_TRY(dpid_recipe_augments(study, &augments));
    if (!augments)
        *reason = "the recipe does not augment samples";
    arm->augmentation = "none";
    return DEEPID_OK;
}
