/* What the recipe has beside the loss that is told, and its words without that: weight decay, label smoothing,
   augmentation, noise in a net. */
#include "study/study.h"

#include "net/spec.h"
#include "ops/loss.h"
#include "train/optimizer.h"

#include <math.h>
#include <string.h>

int32_t dpid_study_keep(deepid_study *study, dpid_string *s, const char **out)
{
    char *text = NULL;
    const int32_t status =
        s->status == DEEPID_OK ? dpid_arena_text(&study->plan, s->text, s->length, &text) : s->status;
    dpid_string_release(s);
    *out = text;
    return status;
}

/* ---- weight decay --------------------------------------------------------------------------------- */

int32_t dpid_recipe_decay(deepid_study *study, dpid_decay *out)
{
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    const dpid_optimizer *o;
    DPID_TRY(
        dpid_set_read(study->head.ctx, &dpid_optimizers, dpid_span_of(study->text[DPID_TEXT_OPTIMIZER]), &o, option));
    out->lambda = o->decay_key >= 0 ? option[o->decay_key].r : 0;
    out->all = o->decay_all_key >= 0 && option[o->decay_all_key].i == 1;
    return DEEPID_OK;
}

int32_t dpid_optimizer_with_decay(deepid_study *study, const char *optimizer, dpid_decay decay, const char **out)
{
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    dpid_string s = {.ctx = study->head.ctx};
    const dpid_optimizer *o;
    DPID_TRY(dpid_set_read(study->head.ctx, &dpid_optimizers, dpid_span_of(optimizer), &o, option));
    *out = NULL;
    if (o->decay_key < 0)
        return DEEPID_OK;
    option[o->decay_key].r = decay.lambda;
    option[o->decay_all_key].i = decay.all && decay.lambda > 0;
    dpid_string_add(&s, o->word);
    dpid_options_print(&s, o->options, option);
    return dpid_study_keep(study, &s, out);
}

/* ---- the loss ---------------------------------------------------------------------------------------- */

int32_t dpid_study_loss(const deepid_study *study, dpid_arena *arena, const dpid_loss **loss, dpid_value *option)
{
    const char *text = study->text[DPID_TEXT_LOSS];
    return dpid_dataset_loss(arena, study->train, *text ? text : NULL, study->outputs, loss, option);
}

double dpid_study_constant_loss(const deepid_study *study, const deepid_dataset *data)
{
    dpid_arena arena = {.ctx = study->head.ctx};
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    const dpid_loss *loss;
    double constant = (double)NAN;
    if (data && dpid_study_loss(study, &arena, &loss, option) == DEEPID_OK)
        constant = dpid_dataset_constant_loss(data, loss, option); /* the same with smoothing and without */
    dpid_arena_release(&arena);
    return constant;
}

/* ---- label smoothing, weights of classes ------------------------------------------------------------ */

static int find_smoothing(const dpid_loss *loss)
{
    for (int i = 0; loss->options && loss->options[i].key; i++)
        if (strcmp(loss->options[i].key, "smoothing") == 0)
            return i;
    return -1;
}

/* As it was given where nothing in it is to be said otherwise. */
static int32_t print_loss(deepid_study *study, const dpid_loss *loss, dpid_value *option, bool plain, const char **out)
{
    dpid_string s = {.ctx = study->head.ctx};
    const int at = find_smoothing(loss);
    const bool smooth = at >= 0 && option[at].r > 0;
    *out = study->text[DPID_TEXT_LOSS];
    if (!(plain && smooth) && !dpid_loss_weights(loss, option))
        return DEEPID_OK;
    if (plain && smooth)
        option[at].r = 0;
    dpid_string_add(&s, loss->word);
    dpid_options_print(&s, loss->options, option);
    return dpid_study_keep(study, &s, out);
}

int32_t dpid_recipe_loss(deepid_study *study, bool plain, const char **out)
{
    dpid_arena arena = {.ctx = study->head.ctx};
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    const dpid_loss *loss;
    *out = study->text[DPID_TEXT_LOSS];
    int32_t status = **out ? dpid_study_loss(study, &arena, &loss, option) : DEEPID_OK;
    if (status == DEEPID_OK && **out)
        status = print_loss(study, loss, option, plain, out);
    dpid_arena_release(&arena);
    return status;
}

/* ---- what it has ----------------------------------------------------------------------------------------- */

/* What draws in the nets looked at so far, and in this one. */
static const char *name_noise(const deepid_net *net, const char *so_far)
{
    static const char depth[] = "stochastic depth";
    for (int32_t i = 0; i < net->layers; i++) {
        const dpid_kind *kind = net->layer[i].op.kind;
        const char *word = kind == &dpid_kind_stochastic_depth ? depth : "dropout";
        if (kind->flags & DPID_KIND_NOISE)
            so_far = !so_far || strcmp(so_far, word) == 0 ? word : "dropout (of units and of branches)";
    }
    return so_far;
}

static int32_t look_at(deepid_study *study, const char *text, bool *dropout, bool *batchnorm, int32_t *blocks)
{
    deepid_net *net = NULL;
    DPID_TRY(deepid_net_create(study->head.ctx, text, DEEPID_F32, &net));
    *dropout = dpid_net_has(net, DPID_KIND_NOISE);
    study->recipe.noise = name_noise(net, study->recipe.noise);
    *batchnorm = dpid_net_has(net, DPID_KIND_BATCH | DPID_KIND_NORM);
    *blocks = net->blocks;
    deepid_net_destroy(net);
    return DEEPID_OK;
}

int32_t dpid_recipe_read(deepid_study *study)
{
    dpid_recipe *r = &study->recipe;
    dpid_decay decay;
    bool shallow_norm;
    int32_t blocks[2];
    r->noise = NULL;
    DPID_TRY(look_at(study, study->shallow, &r->dropout[0], &shallow_norm, &blocks[0]));
    DPID_TRY(look_at(study, study->deep, &r->dropout[1], &r->batchnorm, &blocks[1]));
    r->by_blocks = blocks[0] > 0 && blocks[0] < blocks[1];
    DPID_TRY(dpid_recipe_decay(study, &decay));
    DPID_TRY(dpid_recipe_augments(study, &r->augmentation));
    DPID_TRY(dpid_recipe_loss(study, false, &study->loss));
    DPID_TRY(dpid_recipe_loss(study, true, &study->told_loss));
    r->decay = decay.lambda > 0;
    r->smoothing = strcmp(study->told_loss, study->loss) != 0;
    return DEEPID_OK;
}

bool dpid_recipe_minimises_more(const dpid_recipe *recipe)
{
    return recipe->dropout[0] || recipe->dropout[1] || recipe->decay || recipe->smoothing || recipe->augmentation;
}

/* ---- augmentation, noise -------------------------------------------------------------------------------- */

int32_t dpid_recipe_augments(deepid_study *study, bool *augments)
{
    dpid_augment augment = {0};
    DPID_TRY(dpid_augment_parse(study->head.ctx, study->text[DPID_TEXT_AUGMENTATION], &augment));
    *augments = augment.pad > 0 || augment.flip;
    return DEEPID_OK;
}

bool dpid_net_has(const deepid_net *net, uint32_t flags)
{
    for (int32_t i = 0; i < net->layers; i++)
        if ((net->layer[i].op.kind->flags & flags) == flags)
            return true;
    return false;
}
