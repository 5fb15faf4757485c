/* What the answer says of the learning rate: it stands before all causes, since they are asked at the tuned rates. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

static void say_rate_repairs(const dpid_judge *j, dpid_string *s)
{
    const dpid_finding *f = &j->v->finding[DPID_RATE];
    dpid_string_format(s, "%s: at %s the deep net ",
                       f->status == DPID_CONFIRMED     ? "The learning rate is the cause"
                       : f->status == DPID_CONTRIBUTES ? "The learning rate is part of it"
                       : f->status == DPID_REFUTED     ? "Tuning does not help the deep net"
                                                       : "The deep net was tuned",
                       dpid_recipe_rate_words(j).text);
    dpid_say_end(j, s, j->recipe.d);
    dpid_string_format(s, ", %s it ", dpid_at_rate_words(j->base.d).text);
    dpid_say_end(j, s, j->base.d);
    if (!isnan(f->share.value) && !dpid_rate_fails_both(j))
        dpid_string_format(s, " (%s of %s)", dpid_percent_words(&f->share).text, dpid_scale_gap(f->scale));
    dpid_string_add(s, ". ");
}

/* The rate that tuning took for the deep net, and why it is not used. */
static void say_kept_rate(const dpid_judge *j, dpid_string *s)
{
    dpid_string_format(s, "The deep net is judged at %s, where it ", dpid_recipe_rate_words(j).text);
    dpid_say_end(j, s, j->base.d);
    dpid_string_format(s, ": %s, which tuning took, is no better at these seeds (there it ",
                       dpid_at_rate_words(j->kept_rate).text + strlen("at "));
    dpid_say_end(j, s, j->kept_rate);
    dpid_string_add(s, "). ");
}

/* Of other rates; one that may help is told first only where it may be half of the harm. */
static void say_no_other_rate(const dpid_judge *j, dpid_string *s)
{
    const dpid_arm_evidence *tuned = dpid_tuned_deep(j);
    int64_t run;
    const int64_t diverged = dpid_arm_diverged(j, j->d, &run);
    if (tuned->rates_tried > 0 && tuned->rates_diverged == tuned->rates_tried)
        dpid_string_format(s, "The deep net diverges at every rate tried (%lld, from %s to %s). ",
                           (long long)tuned->rates_tried, dpid_words(tuned->lowest_rate).text,
                           dpid_words(tuned->highest_rate).text);
    else if (tuned->rates_tried > 0 && tuned->noise)
        dpid_string_format(s,
                           "No rate tried (%lld, from %s to %s) takes the deep net surely below the constant "
                           "predictor. ",
                           (long long)tuned->rates_tried, dpid_words(tuned->lowest_rate).text,
                           dpid_words(tuned->highest_rate).text);
    else if (j->v->finding[DPID_RATE].status == DPID_UNDECIDED && j->harm_state == DPID_HARM &&
             tuned->other_gain > j->t.share * (fmin(j->median_d, j->e->const_loss) - j->median_s))
        dpid_string_format(s,
                           "Another learning rate may help: at %s the mean loss of the tuning seeds is lower by %s, "
                           "%s. ",
                           dpid_words(tuned->other_rate).text, dpid_words(tuned->other_gain).text,
                           tuned->other_everywhere ? "and at every one of them" : "though not at every seed");
    else if (tuned->rates_tried == 0 && 2 * diverged >= run && diverged > 0)
        dpid_string_format(s, "At %s the deep net diverges at %s, and no other rate was tried%s. ",
                           dpid_recipe_rate_words(j).text, dpid_seeds_words(diverged, run).text,
                           dpid_either(j, " (--tuning 3)", ""));
    else if (tuned->rates_tried == 0 && j->harm_state == DPID_HARM && dpid_learned_nothing(j, j->median_d))
        dpid_string_format(s, "At %s the deep net does not train, and no other rate was tried%s. ",
                           dpid_recipe_rate_words(j).text, dpid_either(j, " (--tuning 3)", ""));
}

/* The recipe's rate is not the best for the shallow net. */
static void say_shallow_rate(const dpid_judge *j, dpid_string *s)
{
    if (dpid_rate_fails_both(j)) {
        dpid_say_both_fail(j, s);
    } else {
        const bool gains = j->base.view[DPID_BY_LOSS].median_s < j->recipe.view[DPID_BY_LOSS].median_s;
        dpid_string_format(s, "%s: at %s it ",
                           gains ? "The shallow net gains from another rate"
                                 : "Tuning took another rate for the shallow net, which does not gain from it",
                           dpid_recipe_rate_words(j).text);
        dpid_say_end(j, s, j->recipe.s);
        dpid_string_format(s, ", %s it ", dpid_at_rate_words(j->base.s).text);
        dpid_say_end(j, s, j->base.s);
    }
    dpid_string_add(s, j->base.d == j->recipe.d ? "; it is compared at that. "
                                                : "; both nets are compared at their tuned rates. ");
    if (j->recipe.state == DPID_HARM_NONE && j->base.state != DPID_HARM_NONE)
        dpid_string_format(s, "At %s the added layers do not hurt training. ", dpid_recipe_rate_words(j).text);
}

void dpid_say_rate(const dpid_judge *j, dpid_string *s)
{
    const dpid_view *recipe = &j->recipe.view[DPID_BY_LOSS];
    if (isnan(recipe->median_s) || isnan(recipe->median_d))
        return;
    if (j->base.s != j->recipe.s)
        say_shallow_rate(j, s);
    if (j->base.d != j->recipe.d)
        say_rate_repairs(j, s);
    else if (j->kept_rate)
        say_kept_rate(j, s);
    else
        say_no_other_rate(j, s);
}
