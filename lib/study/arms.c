/* The arms of one study: of each row of the registry its net, start, optimiser and rate; or the reason why it is
   left out. */
#include "study/study.h"

#include "base/numbers.h"
#include "net/init.h"
#include "net/twin.h"
#include "train/optimizer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int32_t dpid_arm_find(const deepid_study *study, const char *word)
{
    for (int32_t i = 0; word && i < study->arms; i++)
        if (strcmp(study->arm[i].word, word) == 0)
            return i;
    return -1;
}

/* ---- reasons ---------------------------------------------------------------------------------- */

static int32_t leave_out(deepid_study *study, dpid_study_arm *arm, const char *reason)
{
    char *kept = NULL;
    DPID_TRY(dpid_arena_text(&study->plan, reason, (int64_t)strlen(reason), &kept));
    arm->reason = kept;
    return DEEPID_OK;
}

/* No way for this net and this recipe. */
static int32_t no_way(deepid_study *study, dpid_study_arm *arm, const char *reason)
{
    arm->alien = true;
    return leave_out(study, arm, reason);
}

/* Refusals are answers: the arm is left out with the sentence. The rest are failures. */
static int32_t answer(deepid_study *study, dpid_study_arm *arm, int32_t status)
{
    if (status == DEEPID_OK || status == DEEPID_ERR_MEMORY || status == DEEPID_ERR_SPEC)
        return status;
    arm->impossible = true;
    return leave_out(study, arm, study->head.ctx->error);
}

int64_t dpid_study_layers(const deepid_net *net)
{
    int64_t layers = 0;
    for (int32_t i = 0; i < net->trained; i++)
        layers += net->parameter[i].spec.role == DPID_ROLE_WEIGHT;
    return layers;
}

/* ---- texts ------------------------------------------------------------------------------------- */

static int32_t twin_text(deepid_study *study, dpid_study_arm *arm)
{
    char *text = NULL;
    char *kept = NULL;
    const int32_t status = dpid_twin_text(study->head.ctx, study->deep, arm->row->skip, &text);
    if (status != DEEPID_OK)
        return answer(study, arm, status);
    const int32_t copied = dpid_arena_text(&study->plan, text, (int64_t)strlen(text), &kept);
    dpid_free(study->head.ctx, text);
    arm->text = kept;
    if (copied == DEEPID_OK && strcmp(kept, study->deep) == 0)
        return no_way(study, arm, "the deep net has this skip already");
    return copied;
}

static const char *block_word(const deepid_net *net)
{
    return net->blocks > 0 ? dpid_variant_at(net->block[0].variant)->word : "none";
}

/* Around one step and one look: multiply-adds, and what a layer costs whatever its size. */
static int32_t price(dpid_study_arm *arm, deepid_net *net, const deepid_study *study)
{
    enum { PASSES = 3, LAYER = 4000, F64 = 2, STORED = 2 };
    deepid_table *summary = NULL;
    DPID_TRY(deepid_net_summary(net, &summary));
    const double work =
        deepid_table_get(summary, deepid_table_rows(summary) - 1, deepid_table_find_column(summary, "multiply_adds"));
    const double samples = arm->batch > 0 ? (double)arm->batch : (double)study->train->count;
    const double wide = arm->dtype == DEEPID_F64 ? F64 : net->storage.on ? STORED : 1;
    arm->step_cost = wide * PASSES * (work * samples + LAYER * (double)net->layers);
    arm->look_cost = wide * (work + (double)LAYER * (double)net->layers / samples) *
                     (double)(study->train->count + (study->valid ? study->valid->count : 0));
    deepid_table_destroy(summary);
    return DEEPID_OK;
}

/* ---- starts and optimisers ------------------------------------------------------------------------ */

static bool has_rectifier(const deepid_net *net)
{
    for (int32_t i = 0; i < net->layers; i++)
        if (net->layer[i].op.kind->flags & DPID_KIND_RECTIFIER)
            return true;
    return false;
}

static bool same_word(const char *a, const char *b)
{
    dpid_span rest;
    const dpid_span first = dpid_first_word(dpid_span_of(a), &rest);
    const dpid_span second = dpid_first_word(dpid_span_of(b), &rest);
    return first.length == second.length && strncmp(first.text, second.text, (size_t)first.length) == 0;
}

/* Critical: a relu halves the variance, so its orthogonal weights take the factor sqrt 2 (He et al. 2015). */
static int32_t choose_start(deepid_study *study, dpid_study_arm *arm, deepid_net *net)
{
    const char *recipe = study->text[DPID_TEXT_INIT];
    const char *own = arm->row->init;
    if (!own) {
        arm->init = recipe;
        return DEEPID_OK;
    }
    arm->init = own;
    if (strstr(own, "orthogonal") && has_rectifier(net))
        arm->init = strcmp(own, "orthogonal") == 0 ? "orthogonal gain=1.4142135623730951"
                                                   : "delta_orthogonal gain=1.4142135623730951";
    if (strstr(own, "orthogonal") ? strcmp(arm->init, recipe) == 0 : same_word(own, recipe) && !strstr(recipe, "bias="))
        return no_way(study, arm, "it is the recipe's own start");
    const char *reason = dpid_start_no_way(own, net);
    if (reason)
        return no_way(study, arm, reason);
    return dpid_init_looks_at_data(own) ? DEEPID_OK : answer(study, arm, deepid_net_init(net, arm->init, 1));
}

static const dpid_optimizer *optimizer_of(const char *text)
{
    dpid_span rest;
    return dpid_set_find(&dpid_optimizers, dpid_first_word(dpid_span_of(text), &rest));
}

/* Another optimiser keeps the recipe's weight decay; where it has none, the arm's words say so. */
static int32_t keep_decay(deepid_study *study, dpid_study_arm *arm)
{
    dpid_decay decay;
    const char *kept = NULL;
    dpid_string said = {.ctx = study->head.ctx};
    DPID_TRY(dpid_recipe_decay(study, &decay));
    if (decay.lambda == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_optimizer_with_decay(study, arm->optimizer, decay, &kept));
    if (kept) {
        arm->optimizer = kept;
        return DEEPID_OK;
    }
    dpid_string_format(&said, "another optimiser (%s, which has no weight decay)", arm->row->optimizer);
    return dpid_study_keep(study, &said, &arm->said);
}

/* L-BFGS steps by itself: no rate, all samples a step, so as many steps as the recipe has passes. */
static int32_t choose_optimizer(deepid_study *study, dpid_study_arm *arm)
{
    const char *recipe = study->text[DPID_TEXT_OPTIMIZER];
    const char *own = arm->row->optimizer;
    if (!*arm->optimizer) /* else the row's change set it */
        arm->optimizer = arm->row->steps == 0 ? "" : own ? own : recipe;
    arm->base_rate = study->number[DPID_NUMBER_RATE];
    if (arm->row->tunes && optimizer_of(recipe)->whole)
        return no_way(study, arm, "the recipe's optimiser takes no learning rate");
    arm->steps = llround(arm->row->steps * (double)dpid_study_steps(study));
    if (!own)
        return DEEPID_OK;
    const dpid_optimizer *optimizer = optimizer_of(own);
    if (same_word(own, recipe) || (strcmp(own, "adam") == 0 && same_word("adamw", recipe)))
        return no_way(study, arm, "it is the recipe's own optimiser");
    arm->base_rate = optimizer->default_rate;
    if (optimizer->whole) {
        const int64_t each = dpid_study_steps_per_epoch(study);
        arm->steps = (arm->steps + each - 1) / each;
        arm->base_rate = study->number[DPID_NUMBER_RATE];
    }
    return keep_decay(study, arm);
}

/* Batch-norm over few samples: whether more of them help. */
static int32_t choose_batch(deepid_study *study, dpid_study_arm *arm, const deepid_net *net)
{
    const int64_t recipe = dpid_study_int(study, DPID_NUMBER_BATCH);
    if (arm->row->batch == 0)
        return DEEPID_OK;
    if (!dpid_net_has(net, DPID_KIND_BATCH | DPID_KIND_NORM))
        return no_way(study, arm, "the deep net has no batch-norm");
    if (recipe == 0 || recipe > DPID_SMALL_BATCH || recipe == study->train->count)
        return no_way(study, arm, "the recipe's batch is not small");
    arm->batch = dpid_smaller((int64_t)arm->row->batch * recipe, study->train->count);
    return DEEPID_OK;
}

/* ---- one arm ----------------------------------------------------------------------------------------- */

/* The same unit for all arms: what the user counts, when both numbers were given; else blocks or layers. */
static int64_t depth_of(const deepid_study *study, const dpid_study_arm *arm, const deepid_net *net)
{
    const double shallow = study->number[DPID_NUMBER_SHALLOW_DEPTH];
    const double deep = study->number[DPID_NUMBER_DEEP_DEPTH];
    if (shallow >= 0 && deep >= 0)
        return (int64_t)(arm->row->net == DPID_ARM_SHALLOW ? shallow : deep);
    return study->recipe.by_blocks ? net->blocks : dpid_study_layers(net);
}

static int32_t describe(deepid_study *study, dpid_study_arm *arm, deepid_net *net)
{
    const char *block = study->text[DPID_TEXT_BLOCK];
    if (arm->row->net != DPID_ARM_ADDED) {
        arm->block = *block && arm->row->net != DPID_ARM_TWIN ? block : block_word(net);
        arm->depth = depth_of(study, arm, net);
    }
    for (int32_t i = 0; i < net->blocks; i++)
        arm->skips = arm->skips || net->block[i].s != 0;
    DPID_TRY(choose_batch(study, arm, net));
    DPID_TRY(price(arm, net, study));
    DPID_TRY(choose_optimizer(study, arm));
    if (!arm->reason)
        DPID_TRY(choose_start(study, arm, net));
    arm->start = arm->init;
    if (arm->row->parent)
        arm->start = arm->row->embeds ? "trained S and identity layers" : "trained S";
    return DEEPID_OK;
}

static int32_t make_arm(deepid_study *study, dpid_study_arm *arm)
{
    deepid_net *net = NULL;
    const char *reason = NULL;
    arm->dtype = arm->row->dtype ? arm->row->dtype : (int32_t)study->number[DPID_NUMBER_DTYPE];
    arm->loss = study->loss;
    arm->loss_scale = study->text[DPID_TEXT_LOSS_SCALE];
    arm->augmentation = study->text[DPID_TEXT_AUGMENTATION];
    arm->batch = dpid_study_int(study, DPID_NUMBER_BATCH);
    arm->rate = (double)NAN;
    arm->first_task = arm->first_tuning = -1;
    arm->start = arm->optimizer = "";
    if (!arm->block) /* an added net knows its own */
        arm->block = "";
    if (arm->row->net == DPID_ARM_SHALLOW)
        arm->text = study->shallow;
    if (arm->row->net == DPID_ARM_DEEP)
        arm->text = study->deep;
    if (arm->row->net == DPID_ARM_TWIN)
        DPID_TRY(twin_text(study, arm));
    if (arm->row->change)
        DPID_TRY(arm->row->change(study, arm, &reason));
    if (reason)
        DPID_TRY(no_way(study, arm, reason));
    if (!arm->text) {
        arm->text = "";
        return DEEPID_OK;
    }
    reason = NULL;
    DPID_TRY(dpid_arm_store(study, arm, &reason));
    if (reason)
        DPID_TRY(no_way(study, arm, reason));
    if (arm->row->dtype && (int32_t)study->number[DPID_NUMBER_DTYPE] == arm->row->dtype)
        DPID_TRY(no_way(study, arm, "the recipe trains in float64 already"));
    DPID_TRY(deepid_net_create(study->head.ctx, arm->text, arm->dtype, &net));
    const int32_t status = describe(study, arm, net);
    deepid_net_destroy(net);
    return status;
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

static int32_t list_arms(deepid_study *study)
{
    enum { ROWS_MAX = 64 };
    DPID_TRY(dpid_arena_alloc(&study->plan, ROWS_MAX + study->added_count, sizeof *study->arm, "study", &study->arm));
    for (int64_t i = 0; dpid_arm_at(i); i++) {
        const dpid_arm_row *row = dpid_arm_at(i);
        if (row->extra && !dpid_arm_asked(study->text[DPID_TEXT_ARMS], row->word))
            continue;
        if (row->net != DPID_ARM_ADDED)
            study->arm[study->arms++] = (dpid_study_arm){.row = row, .word = row->word};
        for (int64_t k = 0; row->net == DPID_ARM_ADDED && k < study->added_count; k++) {
            const dpid_added_net *net = &study->added[k];
            study->arm[study->arms++] = (dpid_study_arm){
                .row = row, .word = net->word, .text = net->text, .block = net->block, .depth = net->depth};
        }
    }
    return DEEPID_OK;
}

/* Chosen words, S and D also at their tuned rates, and what a chosen arm stands on, which has a lower number. */
static int32_t choose(deepid_study *study)
{
    const char *list = study->text[DPID_TEXT_ARMS];
    bool *chosen = NULL;
    DPID_TRY(dpid_arena_alloc(&study->plan, study->arms, sizeof *chosen, "study", &chosen));
    for (int32_t i = study->arms - 1; i >= 0; i--) {
        const dpid_study_arm *arm = &study->arm[i];
        chosen[i] = chosen[i] || !*list || arm->row->fixed || arm->row->tunes || dpid_arm_asked(list, arm->word);
        if (chosen[i] && arm->parent >= 0)
            chosen[arm->parent] = true;
        if (chosen[i] && arm->row->rate_of)
            chosen[arm->rate_of] = true;
    }
    for (int32_t i = 0; i < study->arms; i++)
        if (!chosen[i] && !study->arm[i].reason)
            DPID_TRY(leave_out(study, &study->arm[i], "it was not asked for"));
    return DEEPID_OK;
}

/* An added net takes the rate of the arm that is most like it. */
static int32_t nearest_rate(const deepid_study *study, const dpid_study_arm *arm)
{
    const int32_t residual = dpid_arm_find(study, "D_res");
    if (!arm->skips)
        return dpid_arm_find(study, "S");
    return study->arm[residual].reason ? dpid_arm_find(study, "D") : residual;
}

bool dpid_steps_alone(const char *optimizer)
{
    return *optimizer && optimizer_of(optimizer)->whole;
}

/* ---- whose rate: known after the budget, and some only after tuning ------------------------------------- */

const char dpid_arm_spared_words[] = "tuning found no better rate than the recipe's";

bool dpid_arm_is_spared(const dpid_study_arm *arm)
{
    return arm->row->tunes && arm->settled && arm->rate == arm->base_rate;
}

int32_t dpid_arm_stand_in(const deepid_study *study, int32_t arm)
{
    const int32_t better = arm >= 0 ? study->arm[arm].better : -1;
    return better >= 0 && study->arm[better].settled && !dpid_arm_is_spared(&study->arm[better]) ? better : arm;
}

double dpid_arm_rate(const deepid_study *study, const dpid_study_arm *arm)
{
    if (arm->steps == 0 || arm->rate_of < 0)
        return (double)NAN;
    const bool own = arm == &study->arm[arm->rate_of];
    return (own ? arm->rate : study->arm[dpid_arm_stand_in(study, arm->rate_of)].rate) * arm->row->rate;
}

/* S_rate and D_rate, of S and D. */
static void link_tuned(deepid_study *study)
{
    for (int32_t i = 0; i < study->arms; i++)
        study->arm[i].better = -1;
    for (int32_t i = 0; i < study->arms; i++) {
        dpid_study_arm *arm = &study->arm[i];
        if (!arm->row->tunes)
            continue;
        if (!arm->reason && study->tuning_seeds == 0)
            arm->reason = "learning rates were not tuned";
        if (!arm->reason)
            study->arm[dpid_arm_find(study, arm->row->tunes)].better = i;
    }
}

/* Which rate each arm takes: its own, tuned or not, or another arm's. */
void dpid_arms_link(deepid_study *study)
{
    link_tuned(study);
    for (int32_t i = 0; i < study->arms; i++) {
        dpid_study_arm *arm = &study->arm[i];
        const dpid_study_arm *parent = arm->parent >= 0 ? &study->arm[arm->parent] : NULL;
        const dpid_study_arm *rate_of = arm->row->rate_of ? &study->arm[arm->rate_of] : NULL;
        if (!arm->reason && parent && parent->reason)
            arm->reason = parent->reason;
        if (!arm->reason && rate_of && rate_of->reason)
            arm->reason = rate_of->reason;
        if (arm->row->net == DPID_ARM_ADDED)
            arm->rate_of = nearest_rate(study, arm);
        const bool alone = dpid_steps_alone(arm->optimizer);
        const bool tunes = !arm->reason && study->tuning_seeds > 0;
        if (alone)
            arm->rate_of = i;
        arm->tuned = tunes && arm->rate_of == i && !alone && !arm->row->fixed;
        arm->tried = tunes && !arm->tuned && (arm->row->tried || (alone && (arm->row->init || arm->row->optimizer)));
        arm->low = DPID_RATE_OWN - (arm->tuned ? DPID_RATES / 2 : 0);
        arm->high = DPID_RATE_OWN + (arm->tuned ? DPID_RATES / 2 : 0);
        if (arm->rate_of == i && !arm->tuned) {
            arm->rate = alone ? (double)NAN : arm->base_rate;
            arm->settled = true;
        }
    }
}

int32_t dpid_arms_make(deepid_study *study)
{
    dpid_span rest;
    const dpid_optimizer *recipe;
    DPID_TRY(dpid_set_take(study->head.ctx, &dpid_optimizers,
                           dpid_first_word(dpid_span_of(study->text[DPID_TEXT_OPTIMIZER]), &rest), &recipe));
    DPID_TRY(dpid_recipe_read(study));
    DPID_TRY(list_arms(study));
    for (int32_t i = 0; i < study->arms; i++) {
        dpid_study_arm *arm = &study->arm[i];
        DPID_TRY(make_arm(study, arm));
        arm->parent = dpid_arm_find(study, arm->row->parent);
        arm->rate_of = arm->row->rate_of ? dpid_arm_find(study, arm->row->rate_of) : i;
    }
    return choose(study);
}
