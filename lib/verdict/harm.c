/* Is there harm at all? L_D - L_S against the margin m. Where there is none, or it is not known, that alone decides
   every cause of harm. */
#include "verdict/rules.h"

#include "base/words.h"

#include <deepid/statistics.h>

#include <math.h>
#include <string.h>

/* ---- who is compared -------------------------------------------------------------------------------- */

static bool any_penalty(const dpid_judge *j)
{
    for (int64_t s = 0; j->d && j->d->penalty && s < j->e->seeds; s++)
        if (j->d->penalty[s] > 0)
            return true;
    return false;
}

const dpid_arm_evidence *dpid_arm_at_tuned_rate(const dpid_judge *j, const char *word)
{
    const dpid_arm_evidence *arm = dpid_judge_arm(j, word[0] == 'S' ? "S_rate" : "D_rate");
    int64_t run = 0;
    if (arm)
        dpid_arm_diverged(j, arm, &run);
    return run > 0 ? arm : dpid_judge_arm(j, word);
}

bool dpid_was_asked(const dpid_judge *j, const dpid_hypothesis *row)
{
    for (int64_t i = 0; row->arm && i < j->e->arms; i++)
        if (!strcmp(j->e->arm[i].word, row->arm) || dpid_arm_in_set(&j->e->arm[i], row->arm))
            return true;
    return false;
}

/* Rounding and range are one question, asked by float64; of a recipe that stores in a format they may be two. */
static bool is_asked(const dpid_judge *j, int64_t i)
{
    const bool by_both = dpid_was_asked(j, dpid_hypothesis_at(i)) || (i == DPID_ROUNDING && dpid_judge_arm(j, "D_f32"));
    if (!dpid_recipe_format(j) || (i != DPID_ROUNDING && i != DPID_RANGE))
        return dpid_was_asked(j, dpid_hypothesis_at(i));
    return by_both || dpid_can_separate(j, (int32_t)i);
}

/* Causes that an arm was run for: each may be called one by chance. */
static int64_t count_asked(const dpid_judge *j)
{
    int64_t asked = 0;
    for (int64_t i = 0; dpid_hypothesis_at(i); i++)
        asked += is_asked(j, i);
    return asked;
}

/* ---- the harm: D - S ---------------------------------------------------------------------------------- */

/* "No difference" is claimed by two one-sided tests, never by a large p. */
static int32_t set_alike(dpid_judge *j)
{
    const dpid_series d = dpid_series_make(j);
    int64_t n = 0;
    for (int64_t s = 0; s < j->e->seeds; s++)
        if (!isnan(j->loss_d.at[s]) && !isnan(j->loss_s.at[s]))
            d.at[n++] = j->loss_d.at[s] == j->loss_s.at[s] ? 0 : j->loss_d.at[s] - j->loss_s.at[s];
    j->alike.value = j->harm.rank.value;
    if (n == 0 || !(j->margin > 0) || isinf(j->margin))
        return DEEPID_OK;
    return deepid_statistics_equivalence(j->ctx, n, d.at, j->margin, 1 - j->t.level, &j->alike.low, &j->alike.high,
                                         &j->equivalent);
}

/* What rules ask most, in short. */
static void name_base(dpid_judge *j)
{
    const dpid_view *loss = &j->base.view[DPID_BY_LOSS];
    j->s = j->base.s;
    j->d = j->base.d;
    j->loss_s = loss->s;
    j->loss_d = loss->d;
    j->median_s = loss->median_s;
    j->median_d = loss->median_d;
    j->margin = loss->margin;
    j->harm = loss->harm;
    j->valid_margin = j->base.view[DPID_BY_VALID_LOSS].margin;
    j->harm_state = j->base.state;
    j->on = j->base.on;
    j->on_margin = j->base.view[j->on].margin;
    j->headroom = dpid_margin_share(&j->t, j->e->const_loss, j->median_s) >= j->t.headroom * dpid_learnable(j->e) &&
                  j->e->const_loss > 0;
}

/* Shares are of the gap to the best that is known to be reachable: min(S, WT). */
static int32_t set_reference(dpid_judge *j)
{
    const dpid_series trained_on = dpid_arm_on(j, j->on, dpid_judge_arm(j, "WT"));
    const dpid_view *view = &j->base.view[j->on];
    j->reference = dpid_series_min(j, &view->s, &trained_on);
    return dpid_contrast_on(j, j->on, &view->d, &j->reference, &j->gap);
}

int32_t dpid_judge_at(dpid_judge *j, const dpid_pair *pair)
{
    j->base = *pair;
    name_base(j);
    DPID_TRY(set_alike(j));
    return set_reference(j);
}

/* Tuning looks at few seeds. Where the rate that it took is no better for the deep net at the study's, and shows a harm
   that the recipe's rate does not, the deep net is judged at the recipe's. */
static int32_t choose_base(dpid_judge *j, const dpid_arm_evidence *s, const dpid_arm_evidence *d)
{
    dpid_pair kept;
    j->tuned = s != j->recipe.s || d != j->recipe.d;
    j->base = j->recipe;
    if (j->tuned)
        DPID_TRY(dpid_pair_of(j, s, d, &j->base));
    if (d == j->recipe.d)
        return DEEPID_OK;
    DPID_TRY(dpid_pair_of(j, s, j->recipe.d, &kept));
    const bool no_better = kept.view[DPID_BY_LOSS].median_d <= j->base.view[DPID_BY_LOSS].median_d;
    const bool less = kept.state < j->base.state || (kept.state == DPID_HARM_UNSURE && j->base.state == kept.state);
    if (!no_better || !less || kept.state == DPID_HARM_UNKNOWN)
        return DEEPID_OK;
    const bool none = j->recipe.state == DPID_HARM_NONE && kept.state == DPID_HARM_UNSURE &&
                      !dpid_learned_nothing(j, j->recipe.view[DPID_BY_LOSS].median_s);
    j->kept_rate = d;
    j->base = none ? j->recipe : kept;
    j->tuned = j->base.s != j->recipe.s;
    return DEEPID_OK;
}

int32_t dpid_judge_prepare(dpid_judge *j)
{
    DPID_TRY(dpid_evidence_check(j));
    DPID_TRY(dpid_arena_alloc(&j->room->arena, j->e->seeds, sizeof *j->room->spare, "verdict", &j->room->spare));
    const dpid_arm_evidence *s = dpid_judge_arm(j, "S");
    const dpid_arm_evidence *d = dpid_judge_arm(j, "D");
    const dpid_arm_evidence *base_s = dpid_arm_at_tuned_rate(j, "S");
    const dpid_arm_evidence *base_d = dpid_arm_at_tuned_rate(j, "D");
    j->level = j->t.level;
    j->least_seeds = dpid_seeds_of_level(j->t.level);
    DPID_TRY(dpid_pair_of(j, s, d, &j->recipe));
    DPID_TRY(choose_base(j, base_s, base_d));
    j->chaotic = j->e->twins_differ || (j->e->compared && j->e->min_cosine < j->t.cosine);
    j->asked = count_asked(j);
    DPID_TRY(dpid_judge_at(j, &j->base));
    j->has_penalty = any_penalty(j);
    return dpid_find_way_out(j);
}

/* ---- where the harm decides a cause ------------------------------------------------------------------------- */

dpid_scale dpid_open_scale(const dpid_judge *j)
{
    for (int scale = DPID_BY_RATIO; scale < (int)DPID_TRAINING_SCALES; scale++)
        if (j->base.view[scale].state == DPID_HARM_UNSURE && j->base.view[scale].harm.n >= j->least_seeds)
            return (dpid_scale)scale;
    return DPID_SCALES;
}

void dpid_say_open_scale(const dpid_judge *j, dpid_string *s)
{
    const dpid_scale open = dpid_open_scale(j);
    if (open != DPID_SCALES)
        dpid_string_format(s, " By the %s that is not sure (%s, margin %s).", dpid_scale_name(open),
                           dpid_scale_words(open, &j->base.view[open].harm.rank).text,
                           dpid_scale_margin_words(open, j->base.view[open].margin).text);
}

void dpid_say_tuned_rates(const dpid_judge *j, dpid_string *s)
{
    if (isnan(j->base.s->learning_rate) || isnan(j->base.d->learning_rate))
        dpid_string_add(s, "at the tuned rates");
    else if (j->base.s->learning_rate == j->base.d->learning_rate)
        dpid_string_format(s, "at the tuned rate (%s)", dpid_words(j->base.d->learning_rate).text);
    else
        dpid_string_format(s, "at the tuned rates (shallow %s, deep %s)", dpid_words(j->base.s->learning_rate).text,
                           dpid_words(j->base.d->learning_rate).text);
}

const char *dpid_higher_words(const dpid_estimate *difference)
{
    return difference->high < 0    ? "lower"
           : difference->value > 0 ? "higher, by less than the margin"
                                   : "not higher by the margin";
}

/* An arm of the cause that diverged at every seed: it refutes nothing, the question does not arise. */
static bool shows_nothing(const dpid_judge *j, const dpid_hypothesis *row)
{
    for (int64_t i = 0; row->arm && i < j->e->arms; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        if ((!strcmp(arm->word, row->arm) || dpid_arm_in_set(arm, row->arm)) && dpid_arm_all_diverged(j, arm))
            return true;
    }
    return false;
}

static int32_t no_harm(dpid_judge *j, dpid_finding *f)
{
    dpid_string s = {.ctx = j->ctx};
    f->status = j->tuned && shows_nothing(j, f->hypothesis) ? DPID_NOT_APPLICABLE : DPID_REFUTED;
    f->rule = "harm.none";
    f->to_settle = NULL; /* a witness that is not sure may have asked for more */
    if (j->tuned && j->base.d != j->recipe.d)
        dpid_string_add(&s, "Nothing is left to explain ");
    else
        dpid_string_add(&s, "Nothing to explain");
    if (j->tuned && j->base.d != j->recipe.d)
        dpid_say_tuned_rates(j, &s);
    dpid_string_format(&s, ": the deep net's training loss is %s (median %s against %s, difference %s, margin %s).",
                       dpid_higher_words(&j->harm.rank), dpid_words(j->median_d).text, dpid_words(j->median_s).text,
                       dpid_interval_words(&j->harm.rank).text, dpid_words(j->margin).text);
    dpid_say_open_scale(j, &s);
    return dpid_keep(j, &s, &f->sentence);
}

/* The scale that is decided with the fewest seeds: the loss either way, another only where harm is likely on it. */
static dpid_scale nearest_scale(const dpid_judge *j)
{
    dpid_scale nearest = DPID_BY_LOSS;
    double fewest = dpid_seeds_needed(j->harm.n, &j->harm.rank, j->margin);
    for (int scale = DPID_BY_RATIO; scale < (int)DPID_TRAINING_SCALES; scale++) {
        const dpid_view *view = &j->base.view[scale];
        const double needed = dpid_seeds_needed(view->harm.n, &view->harm.rank, view->margin);
        if (view->state != DPID_HARM_UNSURE || view->harm.rank.value <= view->margin || needed >= fewest)
            continue;
        nearest = (dpid_scale)scale;
        fewest = needed;
    }
    return nearest;
}

static int32_t unsure(dpid_judge *j, dpid_finding *f)
{
    const dpid_scale nearest = nearest_scale(j);
    const dpid_view *view = &j->base.view[nearest];
    dpid_string s = {.ctx = j->ctx};
    f->status = DPID_UNDECIDED;
    f->rule = "harm.unsure";
    DPID_TRY(dpid_settle_seeds(j, f, &view->harm, view->margin));
    if (j->harm.n < j->least_seeds)
        return dpid_set_text(
            j, &f->sentence,
            "Not decided: with %lld seed%s no interval can be given (median training loss %s deep, %s shallow).",
            (long long)j->harm.n, j->harm.n == 1 ? "" : "s", dpid_words(j->median_d).text,
            dpid_words(j->median_s).text);
    dpid_string_format(&s,
                       "Not decided, since it is not sure that there is harm to explain: the training loss differs "
                       "by %s, the margin is %s",
                       dpid_interval_words(&j->harm.rank).text, dpid_words(j->margin).text);
    if (nearest != DPID_BY_LOSS)
        dpid_string_format(&s, "; the %s differs by %s, the margin is %s", dpid_scale_name(nearest),
                           dpid_scale_words(nearest, &view->harm.rank).text,
                           dpid_scale_margin_words(nearest, view->margin).text);
    dpid_string_add(&s, ".");
    return dpid_keep(j, &s, &f->sentence);
}

static int32_t unknown_harm(dpid_judge *j, dpid_finding *f)
{
    const char *missing = !j->d ? "D" : "S";
    f->status = DPID_UNDECIDED;
    f->rule = "harm.unknown";
    if (isinf(j->median_s)) {
        DPID_TRY(dpid_set_text(j, &f->to_settle,
                               "A recipe that the shallow net survives: a smaller rate%s, or clipping%s.",
                               dpid_either(j, " (--lr)", ""), dpid_either(j, " (--clip)", "")));
        return dpid_set_text(j, &f->sentence,
                             "Not decided: the shallow net itself diverges at half of the seeds or more, so there is "
                             "nothing to compare with.");
    }
    if (dpid_worse_than_constant(j, j->median_s)) {
        DPID_TRY(dpid_set_text(j, &f->to_settle,
                               "A recipe by which the shallow net trains: a smaller rate%s, or more updates%s.",
                               dpid_either(j, " (--lr)", ""), dpid_either(j, " (--steps)", "")));
        return dpid_set_text(j, &f->sentence,
                             "Not decided: the shallow net itself does not train (training loss %s, the constant "
                             "predictor %s), so there is nothing to compare with.",
                             dpid_words(j->median_s).text, dpid_words(j->e->const_loss).text);
    }
    DPID_TRY(dpid_settle_missing(j, f, missing, false));
    return dpid_set_text(j, &f->sentence, "Not decided: arm %s was not run, or shares no seed with the other.",
                         missing);
}

static int32_t neither_trains(dpid_judge *j, dpid_finding *f)
{
    dpid_string s = {.ctx = j->ctx};
    f->status = DPID_UNDECIDED;
    f->rule = "harm.neither_trains";
    DPID_TRY(dpid_settle_way_out(j, f));
    dpid_string_format(
        &s,
        "Not decided: neither net trains (training loss %s deep, %s shallow, the constant predictor %s), "
        "so there is no depth to compare.",
        dpid_words(j->median_d).text, dpid_words(j->median_s).text, dpid_words(j->e->const_loss).text);
    dpid_say_way_out(j, &s);
    dpid_string_add(&s, ".");
    return dpid_keep(j, &s, &f->sentence);
}

int32_t dpid_rule_harm(dpid_judge *j, dpid_finding *f, bool *decided)
{
    *decided = j->harm_state != DPID_HARM || j->way_out;
    if (!*decided)
        return DEEPID_OK;
    if (j->way_out)
        return neither_trains(j, f);
    f->scale = DPID_BY_LOSS;
    if (j->harm_state != DPID_HARM_UNKNOWN)
        f->effect = j->harm.rank;
    if (j->harm_state == DPID_HARM_NONE)
        return no_harm(j, f);
    if (j->harm_state == DPID_HARM_UNSURE)
        return unsure(j, f);
    return unknown_harm(j, f);
}
