/* The evidence by role: checked, arms by word, one number a seed. A diverged run counts as infinity. */
#include "verdict/evidence.h"

#include "base/options.h"
#include "statistics/statistics.h"
#include "verdict/rules.h"

#include <math.h>
#include <string.h>

dpid_evidence dpid_evidence_none(int64_t seeds, double const_loss)
{
    const double unknown = (double)NAN;
    return (dpid_evidence){.seeds = seeds,
                           .const_loss = const_loss,
                           .least_loss = unknown,
                           .margin = unknown,
                           .valid_margin = unknown,
                           .largest_class = unknown,
                           .valid_largest_class = unknown,
                           .valid_const_loss = unknown,
                           .floor = unknown,
                           .gradient_check_error = unknown,
                           .gradient_check_second = unknown,
                           .recipe_rate = unknown,
                           .zeros = unknown,
                           .subnormals = unknown,
                           .infinities = unknown,
                           .min_cosine = unknown,
                           .max_relative_error = unknown,
                           .mask_flips = unknown};
}

double dpid_learnable(const dpid_evidence *e)
{
    return isnan(e->least_loss) ? e->const_loss : e->const_loss - e->least_loss;
}

dpid_arm_evidence dpid_arm_evidence_none(const char *word)
{
    const double unknown = (double)NAN;
    return (dpid_arm_evidence){.word = word,
                               .learning_rate = unknown,
                               .updates = unknown,
                               .tuning_loss = unknown,
                               .lowest_rate = unknown,
                               .highest_rate = unknown,
                               .other_rate = unknown,
                               .other_gain = unknown};
}

/* ---- checks -------------------------------------------------------------------------------------- */

static int32_t check_arm(const dpid_judge *j, int64_t i)
{
    const dpid_arm_evidence *a = &j->e->arm[i];
    if (!a->word || !a->train_loss)
        return dpid_fail(j->ctx, DEEPID_ERR_ARGUMENT, "verdict: arm %lld has no %s", (long long)i,
                         a->word ? "training losses" : "word");
    for (int64_t k = 0; k < i; k++)
        if (!strcmp(j->e->arm[k].word, a->word))
            return dpid_fail(j->ctx, DEEPID_ERR_ARGUMENT, "verdict: there are two arms '%s'", a->word);
    for (int64_t s = 0; s < j->e->seeds; s++)
        if (isinf(a->train_loss[s]) && a->train_loss[s] < 0)
            return dpid_fail(j->ctx, DEEPID_ERR_NUMERIC, "verdict: the loss of arm '%s', seed %lld, is -inf", a->word,
                             (long long)s);
    return DEEPID_OK;
}

static int32_t check_storage(const dpid_judge *j)
{
    const char *words[16] = {NULL};
    dpid_span rest;
    for (int64_t i = 0; dpid_number_format_at(i); i++)
        words[i] = dpid_number_format_at(i)->word;
    if (!j->e->storage || dpid_number_format_of(j->e->storage))
        return DEEPID_OK;
    return dpid_fail_word(j->ctx, "verdict: storage", dpid_first_word(dpid_span_of(j->e->storage), &rest), words);
}

int32_t dpid_evidence_check(const dpid_judge *j)
{
    const dpid_evidence *e = j->e;
    if (e->seeds < 1 || e->seeds > DPID_SEEDS_MAX)
        return dpid_fail(j->ctx, DEEPID_ERR_ARGUMENT, "verdict: there are %lld seeds, expected 1 to %d",
                         (long long)e->seeds, DPID_SEEDS_MAX);
    if (e->arms < 1 || e->arms > DPID_ARMS_MAX || !e->arm)
        return dpid_fail(j->ctx, DEEPID_ERR_ARGUMENT, "verdict: there are %lld arms, expected 1 to %d",
                         (long long)e->arms, DPID_ARMS_MAX);
    if (!isfinite(e->const_loss) || e->const_loss < 0)
        return dpid_fail(j->ctx, DEEPID_ERR_NUMERIC,
                         "verdict: const_loss is %s, expected the finite loss of the best constant predictor",
                         dpid_number(e->const_loss).text);
    for (int64_t i = 0; i < e->arms; i++)
        DPID_TRY(check_arm(j, i));
    return check_storage(j);
}

/* ---- arms ------------------------------------------------------------------------------------------- */

const dpid_arm_evidence *dpid_judge_arm(const dpid_judge *j, const char *word)
{
    for (int64_t i = 0; i < j->e->arms; i++)
        if (!strcmp(j->e->arm[i].word, word))
            return &j->e->arm[i];
    return NULL;
}

static bool word_in_set(const char *word, const char *set)
{
    const size_t length = strlen(set);
    return !strncmp(word, set, length) && word[length] == ':';
}

bool dpid_arm_in_set(const dpid_arm_evidence *arm, const char *set)
{
    return word_in_set(arm->word, set);
}

const char *dpid_left_out(const dpid_judge *j, const char *word, bool set)
{
    for (int64_t i = 0; i < j->e->left_outs; i++) {
        const char *out = j->e->left_out[i];
        if (!strcmp(out, word) || (set && word_in_set(out, word)))
            return j->e->left_out_reason && j->e->left_out_reason[i] ? j->e->left_out_reason[i] : "";
    }
    return NULL;
}

bool dpid_could_run(const dpid_judge *j, const char *word)
{
    for (int64_t i = 0; i < j->e->left_outs; i++)
        if (!strcmp(j->e->left_out[i], word))
            return !j->e->left_out_possible || j->e->left_out_possible[i];
    return true;
}

bool dpid_untried(const dpid_judge *j, const char *set)
{
    for (int64_t i = 0; i < j->e->left_outs; i++)
        if (word_in_set(j->e->left_out[i], set) && (!j->e->left_out_possible || j->e->left_out_possible[i]))
            return true;
    return false;
}

dpid_series dpid_series_make(const dpid_judge *j)
{
    dpid_series out = {NULL};
    const int32_t status = dpid_arena_alloc(&j->room->arena, j->e->seeds, sizeof *out.at, "verdict", &out.at);
    if (status == DEEPID_OK)
        return out;
    j->room->status = status;
    return (dpid_series){j->room->spare};
}

dpid_series dpid_arm_series(const dpid_judge *j, const dpid_arm_evidence *arm, const double *values)
{
    const dpid_series out = dpid_series_make(j);
    for (int64_t s = 0; s < j->e->seeds; s++)
        out.at[s] = !values ? (double)NAN : arm->diverged && arm->diverged[s] ? HUGE_VAL : values[s];
    return out;
}

dpid_series dpid_arm_loss(const dpid_judge *j, const dpid_arm_evidence *arm)
{
    return dpid_arm_series(j, arm, arm ? arm->train_loss : NULL);
}

dpid_series dpid_series_min(const dpid_judge *j, const dpid_series *a, const dpid_series *b)
{
    const dpid_series out = dpid_series_make(j);
    for (int64_t s = 0; s < j->e->seeds; s++)
        out.at[s] = fmin(a->at[s], b->at[s]); /* of a NaN and a number: the number */
    return out;
}

int32_t dpid_series_median(const dpid_judge *j, const dpid_series *a, double *out)
{
    return dpid_median_known(j->ctx, j->e->seeds, a->at, out);
}

int64_t dpid_arm_diverged(const dpid_judge *j, const dpid_arm_evidence *arm, int64_t *run)
{
    int64_t diverged = 0;
    *run = 0;
    for (int64_t s = 0; arm && s < j->e->seeds; s++) {
        const bool flagged = arm->diverged && arm->diverged[s];
        *run += flagged || !isnan(arm->train_loss[s]);
        diverged += flagged || isinf(arm->train_loss[s]);
    }
    return diverged;
}

bool dpid_arm_all_diverged(const dpid_judge *j, const dpid_arm_evidence *arm)
{
    int64_t run;
    const int64_t diverged = dpid_arm_diverged(j, arm, &run);
    return run > 0 && diverged == run;
}

bool dpid_arm_changes_deep(const dpid_judge *j, const dpid_arm_evidence *arm)
{
    return arm->word[0] == 'D' && arm != j->recipe.d && arm != j->base.d;
}
