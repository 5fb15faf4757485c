/* What an arm's net stores its numbers in, and its loss's scale: the row's, or the recipe's, or what the net's text
   says. It is part of the arm's text. */
#include "study/study.h"

#include "net/spec.h"
#include "verdict/arms.h"

#include <string.h>

/* The words of the row, or of the recipe; NULL: as the text has it. Of a float64 arm: none. */
static const char *wanted(const deepid_study *study, const dpid_study_arm *arm)
{
    if (arm->row->dtype == DEEPID_F64)
        return "f32";
    if (arm->row->storage)
        return arm->row->storage;
    return *study->text[DPID_TEXT_STORAGE] ? study->text[DPID_TEXT_STORAGE] : NULL;
}

/* Of the recipe: what D stores in. */
static int32_t recipe_storage(deepid_study *study, const dpid_storage *of_text, dpid_storage *out)
{
    *out = *of_text;
    return *study->text[DPID_TEXT_STORAGE] ? dpid_storage_parse(study->head.ctx, study->text[DPID_TEXT_STORAGE], out)
                                           : DEEPID_OK;
}

static bool same(const dpid_storage *a, const dpid_storage *b)
{
    return memcmp(a->said, b->said, sizeof a->said) == 0;
}

/* "bfloat16 with master weights"; "float16 without loss scaling": of the recipe's format without what the recipe has */
static int32_t say_without(deepid_study *study, dpid_study_arm *arm, bool master, bool unscaled)
{
    dpid_string s = {.ctx = study->head.ctx};
    if (!master && !unscaled)
        return DEEPID_OK;
    dpid_string_format(&s, "%s%s%s%s", dpid_arm_said(arm->word).text, master ? " with master weights" : "",
                       master && unscaled ? " and" : "", unscaled ? " without loss scaling" : "");
    return dpid_study_keep(study, &s, &arm->said);
}

/* "D_bf16:stochastic" of a recipe in bf16 changes that one thing of it. Where the recipe keeps no master weights,
   D_bf16 is D with them; D_f16 has no loss scale. */
static int32_t follow_recipe(deepid_study *study, dpid_study_arm *arm, const dpid_storage *recipe, dpid_storage *own)
{
    const bool master = recipe->weights == DPID_WEIGHTS_FORMAT && own->weights == DPID_WEIGHTS_MASTER;
    const bool unscaled =
        strcmp(arm->loss_scale, "none") == 0 && strcmp(study->text[DPID_TEXT_LOSS_SCALE], "none") != 0;
    if (!arm->row->storage || !own->on || own->values.format != recipe->values.format)
        return DEEPID_OK;
    if (!strchr(arm->word, ':'))
        return say_without(study, arm, master, unscaled);
    dpid_storage_inherit(own, recipe);
    return DEEPID_OK;
}

/* Why an arm with a storage of its own tells nothing; NULL: it does. */
static const char *find_reason(const deepid_study *study, const dpid_study_arm *arm, const dpid_storage *recipe,
                               const dpid_storage *own)
{
    const bool scaled = strcmp(arm->loss_scale, study->text[DPID_TEXT_LOSS_SCALE]) != 0;
    if (!arm->row->storage)
        return NULL;
    if (arm->dtype == DEEPID_F64)
        return "storage is for float32 nets, and the recipe trains in float64";
    if (same(recipe, own) && !scaled)
        return own->on ? "it is the recipe's own storage" : "the recipe stores in float32 already";
    return arm->row->loss_scale && dpid_steps_alone(study->text[DPID_TEXT_OPTIMIZER])
               ? "the recipe's optimiser cannot skip steps"
               : NULL;
}

int32_t dpid_arm_store(deepid_study *study, dpid_study_arm *arm, const char **reason)
{
    const char *words = wanted(study, arm);
    dpid_spec spec = {.items = NULL};
    dpid_storage recipe;
    dpid_string s = {.ctx = study->head.ctx};
    arm->loss_scale = arm->row->loss_scale ? arm->row->loss_scale : study->text[DPID_TEXT_LOSS_SCALE];
    if (!words)
        return DEEPID_OK;
    DPID_TRY(dpid_spec_parse(&study->plan, arm->text, &spec));
    DPID_TRY(recipe_storage(study, &spec.storage, &recipe));
    DPID_TRY(dpid_storage_parse(study->head.ctx, words, &spec.storage));
    DPID_TRY(follow_recipe(study, arm, &recipe, &spec.storage));
    *reason = find_reason(study, arm, &recipe, &spec.storage);
    if (*reason)
        return DEEPID_OK;
    dpid_spec_print(&s, &spec);
    return dpid_study_keep(study, &s, &arm->text);
}
