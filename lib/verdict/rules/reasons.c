/* Why does the solver miss it? An arm changes one thing of the recipe: the steps, the start, the optimiser. The reason
   is judged by what its arm repairs, on the scale where harm was found; where it is a set of arms, by its best one.
     confirmed    surely more than half of the gap
     contributes  surely more than the margin
     minor        surely less than half, and maybe more than the margin
     refuted      surely less than the margin
   A set is not refuted while one of its arms was not tried. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "median training loss 0.519 instead of 0.542", of an error also "training error 0.8 % instead of 1.7 %" */
static void say_medians(const dpid_judge *j, dpid_string *s, const dpid_intervention *x)
{
    const dpid_series plain = dpid_arm_plain(j, j->on, x->arm);
    const double median = dpid_median_said(j, s, &plain);
    const dpid_series from = dpid_arm_loss(j, x->from ? x->from : j->d);
    const double before = dpid_median_said(j, s, &from);
    dpid_string_format(s, "median training loss %s instead of %s", dpid_words(x->median).text,
                       isinf(before) ? "divergence" : dpid_words(before).text);
    if (j->on == DPID_BY_ERROR && !x->from && isfinite(median) && isfinite(j->base.view[j->on].median_d))
        dpid_string_format(s, ", training error %s instead of %s", dpid_scale_median_words(j->on, median).text,
                           dpid_scale_median_words(j->on, j->base.view[j->on].median_d).text);
}

/* "Float64 repairs 1 % [-8, 9] of the gap: median training loss 0.519 instead of 0.542" */
static void say_repair(const dpid_judge *j, dpid_string *s, const dpid_intervention *x)
{
    dpid_say_arm(s, x->arm, true);
    if (!isnan(x->share.value))
        dpid_string_format(s, " repairs %s of %s", dpid_percent_words(&x->share).text, dpid_scale_gap(j->on));
    else
        dpid_string_format(
            s, " lowers the %s by %s (margin %s)", j->on == DPID_BY_ERROR ? "training error" : "training loss",
            dpid_scale_words(j->on, &x->effect.rank).text, dpid_scale_margin_words(j->on, j->on_margin).text);
    if (x->from) {
        dpid_string_add(s, " beyond ");
        dpid_say_arm(s, x->from, false);
    }
    dpid_string_add(s, ": ");
    say_medians(j, s, x);
}

static dpid_words_text effect_words(const dpid_judge *j, const dpid_intervention *x)
{
    const char *from = x->from ? x->from->word : "D";
    dpid_words_text out;
    if (isfinite(x->effect.rank.value))
        return dpid_scale_words(j->on, &x->effect.rank);
    if (x->effect.rank.value > 0)
        snprintf(out.text, sizeof out.text, "where %s diverges, it does not", from);
    else
        snprintf(out.text, sizeof out.text, "it diverges where %s does not", from);
    return out;
}

static void say_judgement(const dpid_judge *j, dpid_string *s, const dpid_intervention *x)
{
    const dpid_words_text effect = effect_words(j, x);
    const dpid_words_text margin = dpid_scale_margin_words(j->on, j->on_margin);
    const bool alone = x->effect.rank.low > j->on_margin;
    if (x->status == DPID_CONFIRMED)
        dpid_string_add(s, ". That is surely more than half.");
    else if (x->status == DPID_CONTRIBUTES)
        dpid_string_format(s, ". That is surely more than the margin (%s, margin %s), not surely more than half.",
                           effect.text, margin.text);
    else if (x->status == DPID_REFUTED && x->effect.rank.high < j->on_margin)
        dpid_string_format(s, ". That is surely less than the margin (%s, margin %s).", effect.text, margin.text);
    else if (x->status == DPID_REFUTED)
        dpid_string_format(s, ". That is surely less than the margin, which is %s of the gap.",
                           dpid_words_percent(dpid_margin_of_gap(j)).text);
    else if (x->status == DPID_MINOR)
        dpid_string_format(s, ". That is surely less than half: not the main cause. It may contribute (%s, margin %s).",
                           effect.text, margin.text);
    else
        dpid_string_format(s, ". Whether that is half, or more than the margin, is not sure (%s, margin %s).",
                           effect.text, margin.text);
    if (alone && x->status < DPID_CONTRIBUTES)
        dpid_string_format(s,
                           " Taken alone it is more than the margin; one of %lld causes that are asked may be so by "
                           "chance.",
                           (long long)j->asked);
    if (x->best_of > 1)
        dpid_string_format(s, " It is the best of %lld, chosen by the same seeds; the interval allows for that.",
                           (long long)x->best_of);
    if (!isnan(x->valid_share.value))
        dpid_string_format(s, " Of %s it repairs %s.", dpid_scale_gap(j->base.valid_on),
                           dpid_percent_words(&x->valid_share).text);
}

static int32_t say_all_diverged(dpid_judge *j, dpid_finding *f, const dpid_intervention *x, dpid_string *s)
{
    const dpid_arm_evidence *arm = x->arm;
    dpid_say_arm(s, arm, true);
    dpid_string_add(s, " ");
    dpid_say_end(j, s, arm);
    if (arm->rates_tried > 1)
        dpid_string_format(s, ", at the best of %lld rates tried (%s to %s)", (long long)arm->rates_tried,
                           dpid_words(arm->lowest_rate).text, dpid_words(arm->highest_rate).text);
    else if (!isnan(arm->learning_rate))
        dpid_string_format(s, ", at the one rate tried (%s)", dpid_words(arm->learning_rate).text);
    dpid_string_add(s, ". Runs that do not end show nothing of what it repairs.");
    return dpid_set_text(j, &f->to_settle, "Runs of it that end: a smaller rate%s, or clipping%s.",
                         dpid_either(j, " (--lr)", ""), dpid_either(j, " (--clip 1)", ""));
}

int32_t dpid_settle_intervention(dpid_judge *j, dpid_finding *f, const dpid_intervention *x)
{
    dpid_contrast asked = x->effect;
    if (asked.rank.value > j->on_margin && isfinite(x->sure_low))
        asked.rank.low = x->sure_low;
    const bool few = asked.n < x->least_seeds; /* for so many causes */
    const double least = (double)x->least_seeds;
    const double by_effect = few ? least : dpid_seeds_needed(asked.n, &asked.rank, j->on_margin);
    const double by_share = dpid_seeds_needed(asked.n, &x->share, j->t.share);
    if (asked.n >= j->least_seeds && isfinite(fmin(by_effect, by_share)))
        return dpid_settle_count(j, f, asked.n, fmin(by_effect, by_share));
    return dpid_settle_seeds(j, f, &asked, j->on_margin);
}

int32_t dpid_set_intervention(dpid_judge *j, dpid_finding *f, const dpid_intervention *x, dpid_string *s)
{
    f->status = x->status;
    f->share = x->share;
    f->valid_share = x->valid_share;
    f->scale = j->on;
    DPID_TRY(dpid_set_contrast(j, f, &x->effect));
    DPID_TRY(dpid_set_text(j, &f->arm, "%s", x->arm->word));
    dpid_set_number(f, "margin", j->on_margin);
    dpid_set_number(f, "median", x->median);
    dpid_set_number(f, "learning_rate", x->arm->learning_rate);
    dpid_set_number(f, "best_of", (double)x->best_of);
    dpid_set_number(f, "asked", (double)j->asked);
    dpid_set_number(f, "low_of_all_asked", x->sure_low);
    if (!isnan(x->share.value))
        DPID_TRY(dpid_set_estimate(j, f, "share", &x->share));
    if (!isnan(x->valid_share.value))
        DPID_TRY(dpid_set_estimate(j, f, "valid_share", &x->valid_share));
    if (x->all_diverged)
        return say_all_diverged(j, f, x, s);
    if (x->status == DPID_UNDECIDED)
        DPID_TRY(dpid_settle_intervention(j, f, x));
    say_repair(j, s, x);
    say_judgement(j, s, x);
    return s->status;
}

/* ---- sets ---------------------------------------------------------------------------------------- */

/* ", the others: orthogonal -1 % [-8, 8]": every member that was tried, as numbers too */
static int32_t say_others(dpid_judge *j, dpid_finding *f, const char *set, const dpid_intervention *best,
                          dpid_string *s)
{
    bool first = true;
    for (int64_t i = 0; i < j->e->arms; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        dpid_intervention x;
        char *name;
        if (!dpid_arm_in_set(arm, set))
            continue;
        DPID_TRY(dpid_intervene_briefly(j, arm, &x));
        if (x.effect.n == 0)
            continue;
        DPID_TRY(
            dpid_set_text(j, &name, "%s:%s", isnan(x.share.value) ? "effect" : "share", arm->word + strlen(set) + 1));
        DPID_TRY(dpid_set_estimate(j, f, name, isnan(x.share.value) ? &x.effect.rank : &x.share));
        if (arm == best->arm)
            continue;
        dpid_string_format(s, "%s%s ", first ? " Of the others tried: " : ", ", arm->word + strlen(set) + 1);
        dpid_string_add(s, x.all_diverged         ? "diverged"
                           : isnan(x.share.value) ? dpid_scale_words(j->on, &x.effect.rank).text
                                                  : dpid_percent_words(&x.share).text);
        first = false;
    }
    dpid_string_add(s, first ? "" : ".");
    return s->status;
}

static int32_t keep_open(dpid_judge *j, dpid_finding *f, const char *set, dpid_string *s)
{
    f->status = DPID_UNDECIDED;
    dpid_string_add(
        s, " But another member of the set was not tried, and one that fails proves nothing about the others.");
    return dpid_settle_missing(j, f, set, true);
}

/* Norms and slopes before and after explain; they never decide. */
static int32_t say_explanations(dpid_judge *j, dpid_finding *f, dpid_string *s)
{
    bool first = true;
    for (int64_t i = 0; i < j->e->explanations; i++) {
        const dpid_explanation *x = &j->e->explanation[i];
        char *name[2];
        DPID_TRY(dpid_set_text(j, &name[0], "%s:before", x->name));
        DPID_TRY(dpid_set_text(j, &name[1], "%s:after", x->name));
        dpid_set_number(f, name[0], x->before);
        dpid_set_number(f, name[1], x->after);
        if (x->before == 0 && !(x->after > 0)) /* nothing to tell, and the number stays */
            continue;
        dpid_string_format(s, "%s%s %s", first ? " At the start: " : ", ", x->name, dpid_words(x->before).text);
        if (!isnan(x->after))
            dpid_string_format(s, " (%s with the other start)", dpid_words(x->after).text);
        first = false;
    }
    dpid_string_add(s, first ? "" : ".");
    return s->status;
}

static int32_t say_default_start(dpid_judge *j, dpid_finding *f, dpid_string *s)
{
    if (!j->e->default_init)
        return DEEPID_OK;
    dpid_set_number(f, "default_start", 1);
    dpid_string_format(s, "The recipe leaves the start to its framework's default (%s). ",
                       j->e->init_word ? j->e->init_word : "unnamed");
    return s->status;
}

/* ---- one reason ------------------------------------------------------------------------------------- */

static int32_t not_asked(dpid_judge *j, dpid_finding *f, bool *done)
{
    const bool floor = j->on_floor && j->v->finding[DPID_SOLVER].status == DPID_REFUTED;
    const bool objective = j->v->finding[DPID_OBJECTIVE].status == DPID_CONFIRMED;
    *done = floor || objective;
    if (!*done)
        return DEEPID_OK;
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "solver.not_asked";
    return dpid_set_text(j, &f->sentence, "Does not apply: it asks why the solver misses a solution, and %s.",
                         objective ? "what it minimises is not higher where it ends"
                                   : "it ends on the floor of what the net can represent");
}

static int32_t not_run(dpid_judge *j, dpid_finding *f, const char *word, bool set)
{
    dpid_string s = {.ctx = j->ctx};
    const char *reason = dpid_left_out(j, word, set);
    f->status = DPID_UNDECIDED;
    f->rule = "arm.missing";
    DPID_TRY(dpid_settle_missing(j, f, word, set));
    if (f == &j->v->finding[DPID_CONDITIONING])
        say_default_start(j, f, &s);
    dpid_string_format(&s, "Not decided: no arm %s was run%s%s%s.", word, reason && *reason ? " (" : "",
                       reason ? reason : "", reason && *reason ? ")" : "");
    return dpid_keep(j, &s, &f->sentence);
}

int32_t dpid_rule_reason(dpid_judge *j, dpid_finding *f)
{
    const char *word = f->hypothesis->arm;
    const bool set = f->hypothesis->set;
    const bool start = f == &j->v->finding[DPID_CONDITIONING];
    dpid_intervention *best = &j->best[f - j->v->finding];
    dpid_string s = {.ctx = j->ctx};
    int64_t tried;
    bool done;
    DPID_TRY(dpid_rule_harm(j, f, &done));
    if (!done && f->hypothesis->finds)
        DPID_TRY(not_asked(j, f, &done));
    if (done)
        return DEEPID_OK;
    DPID_TRY(dpid_intervene_best(j, word, set, best, &tried));
    if (tried == 0)
        return not_run(j, f, word, set);
    f->rule = f->hypothesis->rule;
    dpid_set_number(f, "tried", (double)tried);
    int32_t status = start ? say_default_start(j, f, &s) : DEEPID_OK;
    if (status == DEEPID_OK)
        status = dpid_set_intervention(j, f, best, &s);
    if (status == DEEPID_OK && set)
        status = say_others(j, f, word, best, &s);
    if (status == DEEPID_OK && start)
        status = say_explanations(j, f, &s);
    if (status == DEEPID_OK && (f->status == DPID_REFUTED || f->status == DPID_MINOR) && set && dpid_untried(j, word))
        status = keep_open(j, f, word, &s);
    if (status != DEEPID_OK)
        dpid_string_release(&s);
    return status == DEEPID_OK ? dpid_keep(j, &s, &f->sentence) : status;
}
