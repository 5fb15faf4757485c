/* Is there harm at all? L_D - L_S against the margin m. Where there is none, or it is not known, that alone decides
   every cause of harm. */
#include "verdict/rules.h"

#include "base/words.h"

#include <deepid/statistics.h>

#include <math.h>

/* ---- margins -------------------------------------------------------------------------------------------- */

static int32_t set_margins(dpid_judge *j)
{
    const dpid_evidence *e = j->e;
    const dpid_series valid = dpid_arm_series(j, j->s, j->s ? j->s->valid_loss : NULL);
    double median_valid;
    DPID_TRY(dpid_series_median(j, &valid, &median_valid));
    j->headroom =
        dpid_margin_share(&j->t, e->const_loss, j->median_s) >= j->t.headroom * e->const_loss && e->const_loss > 0;
    j->margin = isnan(e->margin) ? dpid_margin_of(&j->t, e->const_loss, j->median_s) : e->margin;
    j->valid_margin = isnan(e->valid_margin) ? dpid_margin_of(&j->t, e->const_loss, median_valid) : e->valid_margin;
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
    DPID_TRY(dpid_evidence_check(j));
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

/* ---- where the harm decides a cause ------------------------------------------------------------------------- */

static int32_t no_harm(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_REFUTED;
    f->rule = "harm.none";
    return dpid_set_text(j, &f->sentence,
                         "Nothing to explain: the deep net's training loss is not higher (median %s against %s, "
                         "difference %s, margin %s).",
                         dpid_words(j->median_d).text, dpid_words(j->median_s).text,
                         dpid_interval_words(&j->harm.rank).text, dpid_words(j->margin).text);
}

static int32_t unsure(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_UNDECIDED;
    f->rule = "harm.unsure";
    DPID_TRY(dpid_settle_seeds(j, f, &j->harm, j->margin));
    if (j->harm.n < j->least_seeds)
        return dpid_set_text(
            j, &f->sentence,
            "Not decided: with %lld seed%s no interval can be given (median training loss %s deep, %s shallow).",
            (long long)j->harm.n, j->harm.n == 1 ? "" : "s", dpid_words(j->median_d).text,
            dpid_words(j->median_s).text);
    return dpid_set_text(j, &f->sentence,
                         "Not decided, since it is not sure that there is harm to explain: the training loss differs "
                         "by %s, the margin is %s.",
                         dpid_interval_words(&j->harm.rank).text, dpid_words(j->margin).text);
}

static int32_t unknown_harm(dpid_judge *j, dpid_finding *f)
{
    const char *missing = !j->d ? "D" : "S";
    f->status = DPID_UNDECIDED;
    f->rule = "harm.unknown";
    if (isinf(j->median_s)) {
        DPID_TRY(
            dpid_set_text(j, &f->to_settle, "A recipe that the shallow net survives: a smaller rate, or clipping."));
        return dpid_set_text(j, &f->sentence,
                             "Not decided: the shallow net itself diverges at half of the seeds or more, so there is "
                             "nothing to compare with.");
    }
    DPID_TRY(dpid_settle_missing(j, f, missing, false));
    return dpid_set_text(j, &f->sentence, "Not decided: arm %s was not run, or shares no seed with the other.",
                         missing);
}

int32_t dpid_rule_harm(dpid_judge *j, dpid_finding *f, bool *decided)
{
    *decided = j->harm_state != DPID_HARM;
    if (!*decided)
        return DEEPID_OK;
    if (j->harm_state != DPID_HARM_UNKNOWN)
        f->effect = j->harm.rank;
    if (j->harm_state == DPID_HARM_NONE)
        return no_harm(j, f);
    if (j->harm_state == DPID_HARM_UNSURE)
        return unsure(j, f);
    return unknown_harm(j, f);
}
