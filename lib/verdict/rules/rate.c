/* rate: what another learning rate repairs. Harm is taken at the recipe's rate, S against D; D_rate is D at the rate
   that tuning found, and is judged as any intervention is. Where the recipe's rate takes even the shallow net nowhere,
   the gap is to S_rate. Without D_rate, tuning kept the recipe's rate, or was not asked for. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <stdio.h>

/* ---- what tuning looked at ------------------------------------------------------------------------- */

const dpid_arm_evidence *dpid_tuned_deep(const dpid_judge *j)
{
    const dpid_arm_evidence *d = j->recipe.d;
    return d && d->rates_tried > 0 ? d : j->base.d;
}

bool dpid_rate_fails_both(const dpid_judge *j)
{
    return j->base.s != j->recipe.s && !isnan(j->recipe.view[DPID_BY_LOSS].median_s) &&
           dpid_learned_nothing(j, j->recipe.view[DPID_BY_LOSS].median_s) &&
           !dpid_learned_nothing(j, j->base.view[DPID_BY_LOSS].median_s);
}

/* NaN: not known. */
static double recipe_rate(const dpid_judge *j)
{
    return isnan(j->e->recipe_rate) && j->recipe.d ? j->recipe.d->learning_rate : j->e->recipe_rate;
}

static void set_rates(dpid_judge *j, dpid_finding *f)
{
    const dpid_arm_evidence *tuned = dpid_tuned_deep(j);
    dpid_set_number(f, "recipe_rate", recipe_rate(j));
    if (!tuned || tuned->rates_tried == 0)
        return;
    dpid_set_number(f, "rates_tried", (double)tuned->rates_tried);
    dpid_set_number(f, "rates_diverged", (double)tuned->rates_diverged);
    dpid_set_number(f, "lowest_rate", tuned->lowest_rate);
    dpid_set_number(f, "highest_rate", tuned->highest_rate);
}

/* ---- D_rate was run ------------------------------------------------------------------------------------ */

dpid_words_text dpid_recipe_rate_words(const dpid_judge *j)
{
    dpid_words_text out = {"the recipe's rate"};
    if (!isnan(recipe_rate(j)))
        snprintf(out.text, sizeof out.text, "the recipe's rate (%s)", dpid_words(recipe_rate(j)).text);
    return out;
}

dpid_words_text dpid_at_rate_words(const dpid_arm_evidence *arm)
{
    dpid_words_text out = {"at its tuned rate"};
    if (!isnan(arm->learning_rate))
        snprintf(out.text, sizeof out.text, "at %s", dpid_words(arm->learning_rate).text);
    return out;
}

void dpid_say_both_fail(const dpid_judge *j, dpid_string *s)
{
    dpid_string_format(s, "T%s fails for the shallow net too: it ", dpid_recipe_rate_words(j).text + 1);
    dpid_say_end(j, s, j->recipe.s);
    dpid_string_format(s, ", %s it ", dpid_at_rate_words(j->base.s).text);
    dpid_say_end(j, s, j->base.s);
}

static void say_rates(const dpid_judge *j, dpid_string *s, const dpid_intervention *x)
{
    if (dpid_rate_fails_both(j)) {
        dpid_say_both_fail(j, s);
        dpid_string_add(s, ". ");
    }
    dpid_string_format(s, "At %s the deep net ", dpid_recipe_rate_words(j).text);
    dpid_say_end(j, s, j->recipe.d);
    dpid_string_format(s, "; %s it ", dpid_at_rate_words(x->arm).text);
    dpid_say_end(j, s, x->arm);
    dpid_string_add(s, ". ");
}

static int32_t by_arm(dpid_judge *j, dpid_finding *f)
{
    dpid_judge at = *j; /* the same questions at the recipe's rate */
    dpid_string s = {.ctx = j->ctx};
    dpid_intervention *x = &j->best[DPID_RATE];
    bool decided = false;
    DPID_TRY(dpid_judge_at(&at, &j->recipe));
    at.tuned = false;
    if (dpid_rate_fails_both(j) || dpid_arm_shared(&at, j->base.d) == 0) { /* without errors, by the loss */
        at.on = DPID_BY_LOSS;
        at.on_margin = j->margin;
    }
    if (dpid_rate_fails_both(j) && !isnan(j->recipe.view[DPID_BY_LOSS].median_d))
        at.harm_state = DPID_HARM;
    DPID_TRY(dpid_rule_harm(&at, f, &decided));
    if (decided)
        return DEEPID_OK;
    at.reference = dpid_arm_on(j, at.on, j->base.s);
    DPID_TRY(dpid_contrast_on(j, at.on, &at.base.view[at.on].d, &at.reference, &at.gap));
    DPID_TRY(dpid_intervene(&at, j->base.d, false, x));
    say_rates(j, &s, x);
    int32_t status = dpid_set_intervention(&at, f, x, &s);
    f->rule = "rate.tuned";
    if (status != DEEPID_OK)
        dpid_string_release(&s);
    return status == DEEPID_OK ? dpid_keep(j, &s, &f->sentence) : status;
}

/* ---- it was not ----------------------------------------------------------------------------------------- */

static int32_t not_tuned(dpid_judge *j, dpid_finding *f)
{
    const char *reason = j->e->by_others ? NULL : dpid_left_out(j, "D_rate", false);
    f->status = DPID_UNDECIDED;
    f->rule = "rate.not_tuned";
    DPID_TRY(dpid_set_text(j, &f->to_settle, "Try other rates for every arm: %s.",
                           dpid_either(j, "--tuning 3", "tuning.csv, then D_rate at the best")));
    return dpid_set_text(j, &f->sentence, "Not decided: no rate but %s was tried%s%s%s.",
                         dpid_recipe_rate_words(j).text, reason && *reason ? " (" : "", reason ? reason : "",
                         reason && *reason ? ")" : "");
}

static int32_t all_diverged(dpid_judge *j, dpid_finding *f, const dpid_arm_evidence *tuned)
{
    f->status = DPID_UNDECIDED;
    f->rule = "rate.all_diverged";
    DPID_TRY(dpid_set_text(j, &f->to_settle, "A rate below %s%s, or clipping%s.", dpid_words(tuned->lowest_rate).text,
                           dpid_either(j, " (--lr)", ""), dpid_either(j, " (--clip 1)", "")));
    return dpid_set_text(j, &f->sentence,
                         "Not decided: the deep net diverges at every rate tried (%lld, from %s to %s). A smaller one "
                         "may train it.",
                         (long long)tuned->rates_tried, dpid_words(tuned->lowest_rate).text,
                         dpid_words(tuned->highest_rate).text);
}

/* Rates were tried, and the one that D runs at was not among them: nothing tells whether another is better. */
static int32_t own_untried(dpid_judge *j, dpid_finding *f, const dpid_arm_evidence *tuned)
{
    f->status = DPID_UNDECIDED;
    f->rule = "rate.own_untried";
    DPID_TRY(dpid_set_text(j, &f->to_settle, "Try %s at the tuning seeds too, or run D_rate at the best.",
                           dpid_recipe_rate_words(j).text));
    return dpid_set_text(j, &f->sentence,
                         "Not decided: rates were tried (%lld, from %s to %s), but %s is not among them%s, so nothing "
                         "tells whether another one is better.",
                         (long long)tuned->rates_tried, dpid_words(tuned->lowest_rate).text,
                         dpid_words(tuned->highest_rate).text, dpid_recipe_rate_words(j).text,
                         isnan(recipe_rate(j)) ? " or not said" : "");
}

/* Where runs diverge at some rates and the others train nothing, a smaller one may. */
static int32_t among_noise(dpid_judge *j, dpid_finding *f, const dpid_arm_evidence *tuned)
{
    const bool open = tuned->rates_diverged > 0;
    f->status = open ? DPID_UNDECIDED : DPID_REFUTED;
    f->rule = "rate.noise";
    if (open)
        DPID_TRY(dpid_set_text(j, &f->to_settle, "A rate below %s%s, or clipping%s.",
                               dpid_words(tuned->lowest_rate).text, dpid_either(j, " (--lr)", ""),
                               dpid_either(j, " (--clip 1)", "")));
    return dpid_set_text(j, &f->sentence,
                         "%sNo rate tried (%lld, from %s to %s) takes the deep net surely below the constant "
                         "predictor, so it stays at %s.%s",
                         open ? "Not decided. " : "", (long long)tuned->rates_tried,
                         dpid_words(tuned->lowest_rate).text, dpid_words(tuned->highest_rate).text,
                         dpid_recipe_rate_words(j).text,
                         open ? " At some of them all runs diverge; a smaller one may train it." : "");
}

/* To three digits, as a flag. */
static double rounded(double rate)
{
    const double unit = pow(10, floor(log10(rate)) - 2);
    return unit < 1 ? round(rate / unit) / round(1 / unit) : round(rate / unit) * unit;
}

/* Another rate has the lower mean at the tuning seeds, and was not taken since it is not better at every one. */
static int32_t another_may_help(dpid_judge *j, dpid_finding *f, const dpid_arm_evidence *tuned)
{
    char margin[128];
    snprintf(margin, sizeof margin, "margin %s", dpid_words(j->margin).text);
    f->status = DPID_UNDECIDED;
    f->rule = "rate.recipe";
    dpid_set_number(f, "other_rate", tuned->other_rate);
    dpid_set_number(f, "other_gain", tuned->other_gain);
    DPID_TRY(j->e->by_others
                 ? dpid_set_text(j, &f->to_settle, "Run D_rate at the rate %s%s.", dpid_words(tuned->other_rate).text,
                                 tuned->other_everywhere ? "" : ", or try more tuning seeds")
                 : dpid_set_text(j, &f->to_settle,
                                 "The same study at the rate %s (--lr %s), or more tuning seeds (--tuning 6).",
                                 dpid_words(tuned->other_rate).text, dpid_number(rounded(tuned->other_rate)).text));
    return dpid_set_text(
        j, &f->sentence,
        "Not decided: of %lld rates tried, from %s to %s, %s %s at every tuning seed, %s "
        "at %s the mean loss of the tuning seeds is lower by %s (%s).",
        (long long)tuned->rates_tried, dpid_words(tuned->lowest_rate).text, dpid_words(tuned->highest_rate).text,
        tuned->other_everywhere ? "one was better than" : "none was better than", dpid_recipe_rate_words(j).text,
        tuned->other_everywhere ? "and D_rate was not run at it:" : "but", dpid_words(tuned->other_rate).text,
        dpid_words(tuned->other_gain).text,
        j->on == DPID_BY_LOSS ? margin : "the harm is one of another scale, of which tuning knows nothing");
}

/* Tuning knows losses. Where the harm is seen on another scale, a gain below the loss's margin may be all of it. */
static int32_t recipe_is_best(dpid_judge *j, dpid_finding *f, const dpid_arm_evidence *tuned)
{
    const double telling = 0.1; /* of D's loss */
    if (tuned->noise)
        return among_noise(j, f, tuned);
    if (tuned->other_gain > j->margin || (j->on != DPID_BY_LOSS && tuned->other_gain > telling * j->median_d))
        return another_may_help(j, f, tuned);
    f->status = DPID_REFUTED;
    f->rule = "rate.recipe";
    return dpid_set_text(j, &f->sentence,
                         "Of %lld rates tried, from %s to %s, none was better than %s at every tuning seed and by "
                         "more than the margin.",
                         (long long)tuned->rates_tried, dpid_words(tuned->lowest_rate).text,
                         dpid_words(tuned->highest_rate).text, dpid_recipe_rate_words(j).text);
}

int32_t dpid_rule_rate(dpid_judge *j, dpid_finding *f)
{
    const dpid_arm_evidence *tuned = dpid_tuned_deep(j);
    bool decided;
    set_rates(j, f);
    if (j->recipe.s && j->recipe.d && j->base.d != j->recipe.d)
        return by_arm(j, f);
    DPID_TRY(dpid_rule_harm(j, f, &decided));
    if (decided)
        return DEEPID_OK;
    if (tuned->rates_tried == 0 || (j->e->by_others && tuned->rates_tried == 1 && !tuned->own_untried))
        return not_tuned(j, f);
    if (tuned->own_untried)
        return own_untried(j, f, tuned);
    if (tuned->rates_diverged == tuned->rates_tried)
        return all_diverged(j, f, tuned);
    return recipe_is_best(j, f, tuned);
}
