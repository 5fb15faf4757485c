/* The evidence by role: checked, divergence as infinity, margins, the harm itself. */
#include "verdict/evidence.h"

#include "verdict/rules.h"

#include <deepid/statistics.h>

#include <math.h>
#include <string.h>

dpid_evidence dpid_evidence_none(int64_t seeds, double const_loss)
{
    const double unknown = (double)NAN;
    return (dpid_evidence){.seeds = seeds,
                           .const_loss = const_loss,
                           .margin = unknown,
                           .valid_margin = unknown,
                           .floor = unknown,
                           .gradient_check_error = unknown,
                           .zeros = unknown,
                           .subnormals = unknown,
                           .infinities = unknown,
                           .min_cosine = unknown,
                           .max_relative_error = unknown,
                           .mask_flips = unknown};
}

dpid_arm_evidence dpid_arm_evidence_none(const char *word)
{
    return (dpid_arm_evidence){.word = word, .learning_rate = (double)NAN, .updates = (double)NAN};
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

static int32_t check(const dpid_judge *j)
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
    return DEEPID_OK;
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

bool dpid_untried(const dpid_judge *j, const char *set)
{
    for (int64_t i = 0; i < j->e->left_outs; i++)
        if (word_in_set(j->e->left_out[i], set) && (!j->e->left_out_possible || j->e->left_out_possible[i]))
            return true;
    return false;
}

dpid_series dpid_arm_series(const dpid_judge *j, const dpid_arm_evidence *arm, const double *values)
{
    dpid_series out = {{0}};
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
    dpid_series out = {{0}};
    for (int64_t s = 0; s < j->e->seeds; s++)
        out.at[s] = fmin(a->at[s], b->at[s]); /* of a NaN and a number: the number */
    return out;
}

int32_t dpid_series_median(const dpid_judge *j, const dpid_series *a, double *out)
{
    double known[DPID_SEEDS_MAX];
    int64_t n = 0;
    for (int64_t s = 0; s < j->e->seeds; s++)
        if (!isnan(a->at[s]))
            known[n++] = a->at[s];
    *out = (double)NAN;
    return n ? deepid_statistics_median(j->ctx, n, known, out) : DEEPID_OK;
}

int64_t dpid_arm_diverged(const dpid_judge *j, const dpid_arm_evidence *arm, int64_t *run)
{
    const dpid_series loss = dpid_arm_loss(j, arm);
    int64_t diverged = 0;
    *run = 0;
    for (int64_t s = 0; s < j->e->seeds; s++) {
        *run += !isnan(loss.at[s]);
        diverged += isinf(loss.at[s]) != 0;
    }
    return diverged;
}

/* ---- margins -------------------------------------------------------------------------------------------- */

/* m = 0.05 (L_const - L_S), but where that leaves no headroom 0.02 L_const */
static double default_margin(const dpid_judge *j, double shallow)
{
    const double share = j->t.margin_share * (j->e->const_loss - shallow);
    return fmax(isfinite(share) ? share : 0, j->t.headroom * j->e->const_loss);
}

static int32_t set_margins(dpid_judge *j)
{
    const dpid_evidence *e = j->e;
    const dpid_series valid = dpid_arm_series(j, j->s, j->s ? j->s->valid_loss : NULL);
    double median_valid;
    DPID_TRY(dpid_series_median(j, &valid, &median_valid));
    j->headroom =
        j->t.margin_share * (e->const_loss - j->median_s) >= j->t.headroom * e->const_loss && e->const_loss > 0;
    j->margin = isnan(e->margin) ? default_margin(j, j->median_s) : e->margin;
    j->valid_margin = isnan(e->valid_margin) ? default_margin(j, median_valid) : e->valid_margin;
    return DEEPID_OK;
}

/* 2 / 2^n <= 1 - level */
static int64_t seeds_of_level(double level)
{
    const double slack = 1e-12;
    int64_t n = 1;
    for (double p = 1; p > 1 - level + slack; p /= 2)
        n++;
    return n;
}

static bool any_penalty(const dpid_judge *j)
{
    for (int64_t s = 0; j->d && j->d->penalty && s < j->e->seeds; s++)
        if (j->d->penalty[s] > 0)
            return true;
    return false;
}

/* ---- the harm: L_D - L_S ------------------------------------------------------------------------------------ */

/* "No difference" is claimed by two one-sided tests, never by a large p. */
static int32_t set_alike(dpid_judge *j)
{
    double d[DPID_SEEDS_MAX];
    int64_t n = 0;
    for (int64_t s = 0; s < j->e->seeds; s++)
        if (!isnan(j->loss_d.at[s]) && !isnan(j->loss_s.at[s]))
            d[n++] = j->loss_d.at[s] == j->loss_s.at[s] ? 0 : j->loss_d.at[s] - j->loss_s.at[s];
    j->alike.value = j->harm.rank.value;
    if (!(j->margin > 0) || isinf(j->margin))
        return DEEPID_OK;
    return deepid_statistics_equivalence(j->ctx, n, d, j->margin, 1 - j->t.level, &j->alike.low, &j->alike.high,
                                         &j->equivalent);
}

static int32_t set_harm(dpid_judge *j)
{
    DPID_TRY(dpid_contrast_of(j, &j->loss_d, &j->loss_s, DPID_CAPPED, &j->harm));
    if (j->harm.n > 0)
        DPID_TRY(set_alike(j));
    if (j->harm.n > 0 && !isinf(j->median_s))
        j->harm_state = j->harm.rank.low > j->margin    ? DPID_HARM
                        : j->harm.rank.high < j->margin ? DPID_HARM_NONE
                                                        : DPID_HARM_UNSURE;
    return DEEPID_OK;
}

/* Shares are of the gap to the best that is known to be reachable: min(L_S, L_WT). */
static void set_reference(dpid_judge *j)
{
    const dpid_series tuned = dpid_arm_loss(j, dpid_judge_arm(j, "WT"));
    j->reference = dpid_series_min(j, &j->loss_s, &tuned);
}

int32_t dpid_judge_prepare(dpid_judge *j)
{
    DPID_TRY(check(j));
    j->s = dpid_judge_arm(j, "S");
    j->d = dpid_judge_arm(j, "D");
    j->loss_s = dpid_arm_loss(j, j->s);
    j->loss_d = dpid_arm_loss(j, j->d);
    DPID_TRY(dpid_series_median(j, &j->loss_s, &j->median_s));
    DPID_TRY(dpid_series_median(j, &j->loss_d, &j->median_d));
    DPID_TRY(set_margins(j));
    j->least_seeds = seeds_of_level(j->t.level);
    j->has_penalty = any_penalty(j);
    j->chaotic = j->e->twins_differ || (j->e->compared && j->e->min_cosine < j->t.cosine);
    set_reference(j);
    DPID_TRY(set_harm(j));
    return dpid_contrast_of(j, &j->loss_d, &j->reference, DPID_CAPPED, &j->gap);
}
