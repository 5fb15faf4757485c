/* The answer: a few sentences, umbrella first. What it does not cover: scope.c */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

static bool is(const dpid_judge *j, int32_t hypothesis, dpid_verdict_status status)
{
    return j->v->finding[hypothesis].status == status;
}

static double number(const dpid_judge *j, int32_t hypothesis, const char *name)
{
    return deepid_verdict_number_named(j->v, hypothesis, name);
}

/* ---- what repairs ----------------------------------------------------------------------------- */

typedef struct {
    const dpid_intervention *x[DPID_FINDINGS_MAX + 2];
    int32_t count;
} repairs;

static void collect(repairs *r, const dpid_intervention *x)
{
    if (x->arm && !x->all_diverged && !isnan(x->share.value))
        r->x[r->count++] = x;
}

/* Those that repair most first; insertion keeps the order of equals. */
static void sort_repairs(repairs *r)
{
    for (int32_t i = 1; i < r->count; i++) {
        const dpid_intervention *x = r->x[i];
        int32_t k = i;
        for (; k > 0 && r->x[k - 1]->share.value < x->share.value; k--)
            r->x[k] = r->x[k - 1];
        r->x[k] = x;
    }
}

/* All but the rate, of which the answer has spoken. */
static repairs collect_all(const dpid_judge *j)
{
    repairs r = {.count = 0};
    for (int32_t i = 0; i < j->v->findings; i++)
        if (i != DPID_RATE)
            collect(&r, &j->best[i]);
    collect(&r, &j->skip);
    collect(&r, &j->order);
    sort_repairs(&r);
    return r;
}

/* "Another start (looks-linear) repairs 96 % [95, 97] of the gap, an identity skip 100 % [99, 100]; float64 1 % [-8,
   9]." The semicolon stands where repairs end that are surely worth something. */
static void say_repairs(const dpid_judge *j, dpid_string *s)
{
    const repairs r = collect_all(j);
    if (r.count == 0)
        return;
    const bool nothing = r.x[0]->status < DPID_CONTRIBUTES;
    dpid_string_add(s, nothing ? " Nothing that was tried surely repairs it: " : " ");
    for (int32_t i = 0; i < r.count; i++) {
        const bool others =
            i > 0 && !nothing && r.x[i]->status < DPID_CONTRIBUTES && r.x[i - 1]->status >= DPID_CONTRIBUTES;
        dpid_string_add(s, i == 0 ? "" : others ? "; " : ", ");
        dpid_say_arm(s, r.x[i]->arm, i == 0 && !nothing);
        dpid_string_format(s, "%s %s", i == 0 && !nothing ? " repairs" : "", dpid_percent_words(&r.x[i]->share).text);
        if (i == 0)
            dpid_string_format(s, " of %s%s", dpid_scale_gap(j->on),
                               r.x[0]->share.low > 1 ? " (it ends below the shallow net)" : "");
    }
    dpid_string_add(s, ".");
}

/* ---- validation ----------------------------------------------------------------------------------- */

/* Training is fine, validation is not: what repairs that. */
static void say_valid_repair(dpid_judge *j, dpid_string *s)
{
    dpid_intervention x = {.arm = NULL};
    if (s->status == DEEPID_OK)
        s->status = dpid_best_in_validation(j, &x);
    if (s->status != DEEPID_OK || !x.arm)
        return;
    dpid_string_format(s, " Of %s, ", dpid_scale_gap(j->base.valid_on));
    dpid_say_arm(s, x.arm, false);
    dpid_string_format(s, " repairs %s.", dpid_percent_words(&x.valid_share).text);
}

/* Where what repairs training repairs validation too, training is the cause of both. */
static void say_valid_cause(const dpid_judge *j, dpid_string *s)
{
    const repairs r = collect_all(j);
    for (int32_t i = 0; i < r.count; i++) {
        const dpid_intervention *x = r.x[i];
        if (x->status != DPID_CONFIRMED || !(x->valid_share.low > j->t.share))
            continue;
        dpid_string_format(s, " Validation is worse because training is: ");
        dpid_say_arm(s, x->arm, false);
        dpid_string_format(s, " repairs %s of %s.", dpid_percent_words(&x->valid_share).text,
                           dpid_scale_gap(j->base.valid_on));
        return;
    }
}

/* Without harm: what makes the deep net surely better all the same, small batches and penalties cured. These arms run
   at the tuned rate, so where D is judged at the recipe's they change two things. */
static void say_better_recipe(dpid_judge *j, dpid_string *s)
{
    for (int64_t i = 0; i < j->e->arms && s->status == DEEPID_OK && j->d && !j->kept_rate; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        dpid_intervention x;
        if (!dpid_arm_in_set(arm, "D_norm") && !dpid_arm_in_set(arm, "D_free"))
            continue;
        s->status = dpid_intervene_briefly(j, arm, &x);
        if (s->status != DEEPID_OK || !(x.effect.rank.low > j->on_margin) || !isfinite(x.median))
            continue;
        dpid_string_add(s, " By ");
        dpid_say_arm(s, arm, false);
        dpid_string_format(s, " the deep net ends surely lower: at a training loss of %s instead of %s.",
                           dpid_words(x.median).text, dpid_words(j->median_d).text);
    }
}

/* A skip that is better at every seed is worth a sentence, also without harm. */
static void say_better_skip(const dpid_judge *j, dpid_string *s)
{
    static const dpid_scale scales[] = {DPID_BY_LOSS, DPID_BY_VALID_ERROR};
    const dpid_arm_evidence *skip = dpid_judge_arm(j, "D_res");
    for (int i = 0; i < 2 && skip && j->d; i++) {
        const dpid_series x = dpid_arm_plain(j, scales[i], skip);
        const dpid_series d = dpid_arm_plain(j, scales[i], j->d);
        int64_t both = 0;
        int64_t lower = 0;
        const double median = dpid_median_said(j, s, &x);
        for (int64_t k = 0; k < j->e->seeds; k++) {
            both += !isnan(x.at[k]) && !isnan(d.at[k]);
            lower += x.at[k] < d.at[k];
        }
        if (lower < both || both < j->least_seeds)
            continue;
        dpid_string_format(s, " With an identity skip the %s is lower at %lld of %lld seeds (%s instead of %s).",
                           dpid_scale_name(scales[i]), (long long)lower, (long long)both,
                           dpid_scale_median_words(scales[i], median).text,
                           dpid_scale_median_words(scales[i], j->base.view[scales[i]].median_d).text);
    }
}

/* ---- causes, when training is harmed -------------------------------------------------------------- */

static int64_t seeds_above(const dpid_judge *j, int64_t *both)
{
    int64_t above = 0;
    *both = 0;
    for (int64_t k = 0; k < j->e->seeds; k++) {
        *both += !isnan(j->loss_d.at[k]) && !isnan(j->loss_s.at[k]);
        above += j->loss_d.at[k] > j->loss_s.at[k];
    }
    return above;
}

static void say_harm(const dpid_judge *j, dpid_string *s)
{
    const dpid_view *view = &j->base.view[j->on];
    int64_t both;
    const int64_t above = seeds_above(j, &both);
    const char *still = j->tuned && j->v->finding[DPID_RATE].status >= DPID_CONTRIBUTES ? "still " : "";
    if (j->on == DPID_BY_LOSS && isinf(j->median_d)) {
        dpid_string_format(s, "The added layers %shurt training: the deep net ", still);
        dpid_say_end(j, s, j->d);
        dpid_string_format(s, ", the shallow one ends at %s.", dpid_words(j->median_s).text);
        return;
    }
    if (j->on == DPID_BY_LOSS) {
        dpid_string_format(
            s, "The added layers %shurt training: loss %s instead of %s (median of the paired differences %s).", still,
            dpid_words(j->median_d).text, dpid_words(j->median_s).text, dpid_interval_words(&j->harm.rank).text);
        return;
    }
    dpid_string_format(s,
                       "The added layers %shurt training, a little but for certain: loss %s instead of %s, higher at "
                       "%lld of %lld seeds; ",
                       still, dpid_words(j->median_d).text, dpid_words(j->median_s).text, (long long)above,
                       (long long)both);
    if (j->on == DPID_BY_RATIO)
        dpid_string_format(s, "the ratio is %s", dpid_scale_words(j->on, &view->harm.rank).text);
    else
        dpid_string_format(s, "the training error is %s instead of %s (median of the paired differences %s)",
                           dpid_scale_median_words(j->on, view->median_d).text,
                           dpid_scale_median_words(j->on, view->median_s).text,
                           dpid_scale_words(j->on, &view->harm.rank).text);
    dpid_string_format(s, ". By the loss alone %s (%s, margin %s).",
                       j->base.view[DPID_BY_LOSS].state == DPID_HARM_NONE ? "it is surely less than the margin"
                                                                          : "that is not sure",
                       dpid_interval_words(&j->harm.rank).text, dpid_words(j->margin).text);
}

static void say_default_start(const dpid_judge *j, dpid_string *s)
{
    if (j->e->default_init)
        dpid_string_format(
            s, "Look at the start before you blame depth: the recipe leaves it to the framework's default (%s). ",
            j->e->init_word ? j->e->init_word : "unnamed");
}

/* Units that answer to no sample before training begins: why another start repairs it, or may. */
static void say_dead_at_birth(const dpid_judge *j, dpid_string *s)
{
    const double many = 0.5; /* of a layer; a few are dead in every start of rectifiers */
    const double all = 0.99; /* no gradient passes it */
    for (int64_t i = 0; i < j->e->explanations && !is(j, DPID_CONDITIONING, DPID_REFUTED); i++) {
        const dpid_explanation *x = &j->e->explanation[i];
        const bool explains =
            j->v->finding[DPID_CONDITIONING].status >= DPID_CONTRIBUTES && !(x->after > x->before / 2);
        if (!strstr(x->name, "dead at birth") || !(x->before >= (explains ? many : all)))
            continue;
        dpid_string_format(s, " Before training %.0f %% of the units of a layer are dead", 100 * x->before);
        if (!isnan(x->after))
            dpid_string_format(s, ", from the best other start %.0f %%", 100 * x->after);
        dpid_string_add(s, ".");
    }
}

static void say_representation(const dpid_judge *j, dpid_string *s)
{
    dpid_string_format(s,
                       "The added layers cannot be the identity (%s): no weights bring the training loss below %s, "
                       "the shallow net has %s, and training ends at %s%s.",
                       j->e->floor_theorem ? j->e->floor_theorem : "a proven floor", dpid_words(j->e->floor).text,
                       dpid_words(j->median_s).text, dpid_words(j->median_d).text,
                       is(j, DPID_SOLVER, DPID_REFUTED) ? ", on that floor" : "");
}

static void say_objective(const dpid_judge *j, dpid_string *s)
{
    dpid_string_format(s,
                       "The objective prefers the worse fit: a deep net with training loss %s exists, training ends "
                       "at %s, but what is minimised, the loss with ",
                       dpid_words(number(j, DPID_SOLVER, "median_known")).text, dpid_words(j->median_d).text);
    dpid_say_regularisers(j, s);
    dpid_string_format(s, ", is not higher where it ends (difference %s).",
                       dpid_interval_words(&j->v->finding[DPID_OBJECTIVE].effect).text);
}

static void say_solver(const dpid_judge *j, dpid_string *s)
{
    const dpid_finding *solver = &j->v->finding[DPID_SOLVER];
    dpid_string_format(s, "The solver does not find it: a deep net with training loss %s exists, training ",
                       dpid_words(number(j, DPID_SOLVER, "median_known")).text);
    if (isinf(j->median_d))
        dpid_say_end(j, s, j->d);
    else
        dpid_string_format(s, "ends at %s (median of the paired differences %s)", dpid_words(j->median_d).text,
                           dpid_scale_words(solver->scale, &solver->effect).text);
    dpid_string_add(s, ".");
}

static void say_too_short(const dpid_judge *j, dpid_string *s)
{
    dpid_string_format(s,
                       " Training was too short to say why: the shallow net is far from its end as well (the constant "
                       "predictor has %s), and three times the updates repair ",
                       dpid_words(j->e->const_loss).text);
    if (is(j, DPID_BUDGET, DPID_CONFIRMED))
        dpid_string_add(s, "most of the gap.");
    else
        dpid_string_format(s, "%s of the gap.", dpid_percent_words(&j->v->finding[DPID_BUDGET].share).text);
}

static void say_cause(const dpid_judge *j, dpid_string *s)
{
    const bool certified = is(j, DPID_SOLVER, DPID_CONFIRMED);
    const bool objective = is(j, DPID_OBJECTIVE, DPID_CONFIRMED);
    const bool floor = is(j, DPID_REPRESENTATION, DPID_CONFIRMED);
    const bool small = j->on != DPID_BY_LOSS;
    if (small || (!floor && !objective && !certified))
        say_harm(j, s);
    dpid_string_add(s, small && (floor || objective || certified) ? " " : "");
    if (floor)
        say_representation(j, s);
    else if (objective)
        say_objective(j, s);
    else if (certified)
        say_solver(j, s);
    else if (j->too_short)
        say_too_short(j, s);
}

/* How precision hurts. By float64 alone the range finding is no share of its own: it says how that repairs. */
static void say_precision(const dpid_judge *j, dpid_string *s)
{
    const dpid_finding *range = &j->v->finding[DPID_RANGE];
    if (range->status >= DPID_CONTRIBUTES && strcmp(range->rule, "range.f64") == 0)
        dpid_string_format(s, " What %s repairs is range: gradients leave that of the run's precision.",
                           dpid_arm_said(range->arm).text);
    for (int32_t i = 0; i < j->hows; i++)
        dpid_string_format(s, " %s", j->how[i]);
}

/* ---- the other outcomes -------------------------------------------------------------------------------- */

static void say_no_harm(dpid_judge *j, dpid_string *s)
{
    if (j->v->finding[DPID_RATE].status >= DPID_CONTRIBUTES)
        dpid_string_add(s, "At that rate nothing is left to explain. The added layers do not hurt training there");
    else
        dpid_string_add(s, "The added layers do not hurt training");
    dpid_string_format(s, ": loss %s deep, %s shallow (median of the paired differences %s, margin %s%s).",
                       dpid_words(j->median_d).text, dpid_words(j->median_s).text,
                       dpid_interval_words(&j->harm.rank).text, dpid_words(j->margin).text,
                       j->equivalent ? "; the same within the margin, by two one-sided tests" : "");
    dpid_say_open_scale(j, s);
    dpid_say_accuracy(j, s);
    dpid_say_overfitting(j, s);
    say_valid_repair(j, s);
    say_better_skip(j, s);
    say_better_recipe(j, s);
}

static void say_to_settle(const dpid_finding *f, dpid_string *s)
{
    if (!f->to_settle)
        return;
    const char first = f->to_settle[0];
    dpid_string_format(s, " To settle it: %c%s", first >= 'A' && first <= 'Z' ? first - 'A' + 'a' : first,
                       f->to_settle + (first != 0));
}

static void say_unsure(dpid_judge *j, dpid_string *s)
{
    if (j->harm_state == DPID_HARM_UNKNOWN && j->d && !isnan(j->median_d) && dpid_worse_than_constant(j, j->median_s))
        dpid_string_format(s,
                           "Not decided: the shallow net itself does not train (training loss %s shallow, %s deep, the "
                           "constant predictor has %s).",
                           dpid_words(j->median_s).text, dpid_words(j->median_d).text,
                           dpid_words(j->e->const_loss).text);
    else if (j->harm_state == DPID_HARM_UNKNOWN)
        dpid_string_format(s, "Not decided: %s.",
                           !j->d                ? "the deep net was not trained"
                           : !j->s              ? "the shallow net was not trained"
                           : isinf(j->median_s) ? "the shallow net itself diverges"
                                                : "no seed was run on both nets");
    else if (j->harm.n < j->least_seeds)
        dpid_string_format(s, "Not decided: with %lld seed%s there is no interval (training loss %s deep, %s shallow).",
                           (long long)j->harm.n, j->harm.n == 1 ? "" : "s", dpid_words(j->median_d).text,
                           dpid_words(j->median_s).text);
    else
        dpid_string_format(s,
                           "Whether the added layers hurt training is not decided: loss %s deep, %s shallow, "
                           "median of the paired differences %s against the margin %s.",
                           dpid_words(j->median_d).text, dpid_words(j->median_s).text,
                           dpid_interval_words(&j->harm.rank).text, dpid_words(j->margin).text);
    if (j->harm_state != DPID_HARM_UNKNOWN)
        dpid_say_accuracy(j, s);
    say_to_settle(&j->v->finding[DPID_SOLVER], s);
    if (j->v->finding[DPID_OVERFITTING].status >= DPID_CONTRIBUTES)
        dpid_say_overfitting(j, s);
    say_better_skip(j, s);
    say_better_recipe(j, s);
}

/* Few updates after which the shallow net is far from its end, or may be: nothing that is said of depth lasts. */
static bool say_short(const dpid_judge *j, dpid_string *s)
{
    const bool gains = j->shallow_gain.low > j->margin;
    if (!dpid_few_updates(j) || (!gains && j->headroom) || !isfinite(j->median_s))
        return false;
    if (gains)
        dpid_string_format(s,
                           "Training was too short to judge depth by: after %.0f updates the shallow net is far from "
                           "its end (more updates lower its loss by %s). ",
                           dpid_updates(j), dpid_interval_words(&j->shallow_gain).text);
    else
        dpid_string_format(s,
                           "Training may be too short to judge depth by: after %.0f updates the shallow net has a "
                           "training loss of %s, the best constant predictor %s. More updates%s would tell. ",
                           dpid_updates(j), dpid_words(j->median_s).text, dpid_words(j->e->const_loss).text,
                           dpid_either(j, " (--steps)", ""));
    return true;
}

static void say_no_headroom(const dpid_judge *j, dpid_string *s)
{
    if (j->headroom || !isfinite(j->median_s) || dpid_worse_than_constant(j, j->median_s) ||
        j->v->finding[DPID_RATE].status >= DPID_CONTRIBUTES)
        return;
    dpid_string_format(
        s,
        "No headroom: %sthe best constant predictor has a training loss of %s, the shallow net %s; there "
        "is little for depth to lose. ",
        dpid_learned_nothing(j, j->median_s) && dpid_learned_nothing(j, j->median_d) ? "neither net trains, " : "",
        dpid_words(j->e->const_loss).text, dpid_words(j->median_s).text);
}

static void say_way_out(const dpid_judge *j, dpid_string *s)
{
    const dpid_series loss = dpid_arm_loss(j, j->way_out);
    const double median = dpid_median_said(j, s, &loss);
    dpid_string_format(s, "Neither net trains: training loss %s deep, %s shallow, the constant predictor has %s.",
                       dpid_words(j->median_d).text, dpid_words(j->median_s).text, dpid_words(j->e->const_loss).text);
    dpid_say_way_out(j, s);
    dpid_string_format(s, ": it ends at %s.", dpid_words(median).text);
    say_to_settle(&j->v->finding[DPID_SOLVER], s);
}

/* "S and D were not trained alike (rate 0.1 against 0.01), ... " No study does that; who trains elsewhere may. */
static void say_unlike(const dpid_judge *j, dpid_string *s)
{
    const dpid_arm_evidence *shallow = j->recipe.s;
    const dpid_arm_evidence *deep = j->recipe.d;
    if (!j->e->by_others || !shallow || !deep)
        return;
    const bool rates = fabs(shallow->learning_rate - deep->learning_rate) > 0;
    const bool updates = fabs(shallow->updates - deep->updates) > 0;
    if (!rates && !updates)
        return;
    dpid_string_add(s, "The two nets were not trained alike (");
    if (rates)
        dpid_string_format(s, "learning rate %s deep, %s shallow", dpid_words(deep->learning_rate).text,
                           dpid_words(shallow->learning_rate).text);
    if (updates)
        dpid_string_format(s, "%s%.0f updates deep, %.0f shallow", rates ? "; " : "", deep->updates, shallow->updates);
    dpid_string_add(s, "): what is told of added layers may be that. ");
}

static void say_all(dpid_judge *j, dpid_string *s)
{
    say_unlike(j, s);
    dpid_say_rate(j, s);
    if (j->way_out) {
        say_way_out(j, s);
    } else if (j->harm_state == DPID_HARM) {
        say_default_start(j, s);
        dpid_say_capacity(j, s);
        say_cause(j, s);
        dpid_say_accuracy(j, s);
        say_repairs(j, s);
        say_dead_at_birth(j, s);
        say_precision(j, s);
        say_valid_cause(j, s);
    } else {
        if (!say_short(j, s))
            say_no_headroom(j, s);
        if (j->harm_state == DPID_HARM_NONE)
            say_no_harm(j, s);
        else
            say_unsure(j, s);
    }
    dpid_say_regularisation(j, s);
    dpid_say_normalisation(j, s);
}

int32_t dpid_write_answer(dpid_judge *j)
{
    dpid_string s = {.ctx = j->ctx};
    if (is(j, DPID_BUG, DPID_CONFIRMED))
        dpid_string_format(&s, "%s", j->v->finding[DPID_BUG].sentence);
    else
        say_all(j, &s);
    DPID_TRY(dpid_keep(j, &s, &j->v->answer));
    return dpid_write_scope(j);
}
