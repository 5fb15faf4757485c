/* solver: a solution exists and is not found; OE = L_D - min(L_W0, L_WT), or D stands above a proven floor.
   objective: the solver minimises J = L + penalty; a witness that lowers L and raises J convicts the objective. */
#include "verdict/rules.h"

#include "base/words.h"

#include <deepid/statistics.h>

#include <math.h>

typedef struct {
    dpid_series known;   /* min(L_W0, L_WT): what exists */
    dpid_contrast error; /* OE */
    dpid_contrast above; /* L_D - floor */
    dpid_contrast in_j;  /* OE of J */
    double median_known;
} gaps;

static dpid_series with_penalty(const dpid_judge *j, const dpid_arm_evidence *arm)
{
    const dpid_series loss = dpid_arm_loss(j, arm);
    dpid_series out = {{0}};
    for (int64_t s = 0; s < j->e->seeds; s++)
        out.at[s] = arm && arm->penalty ? loss.at[s] + arm->penalty[s] : (double)NAN;
    return out;
}

static int32_t measure(dpid_judge *j, gaps *g)
{
    const dpid_arm_evidence *w0 = dpid_judge_arm(j, "W0");
    const dpid_arm_evidence *wt = dpid_judge_arm(j, "WT");
    const dpid_series loss[2] = {dpid_arm_loss(j, w0), dpid_arm_loss(j, wt)};
    const dpid_series full[3] = {with_penalty(j, w0), with_penalty(j, wt), with_penalty(j, j->d)};
    const dpid_series known_j = dpid_series_min(j, &full[0], &full[1]);
    g->known = dpid_series_min(j, &loss[0], &loss[1]);
    DPID_TRY(dpid_series_median(j, &g->known, &g->median_known));
    DPID_TRY(dpid_contrast_of(j, &j->loss_d, &g->known, DPID_CAPPED, &g->error));
    DPID_TRY(dpid_contrast_of(j, &full[2], &known_j, DPID_RANKS_ONLY, &g->in_j));
    g->above = j->gap;
    return DEEPID_OK;
}

/* ---- what is told beside -------------------------------------------------------------------------- */

static int32_t say_drift(dpid_judge *j, dpid_finding *f, dpid_string *s)
{
    const dpid_series w0 = dpid_arm_loss(j, dpid_judge_arm(j, "W0"));
    const dpid_series full = dpid_arm_loss(j, dpid_judge_arm(j, "WT:1"));
    const dpid_series slow = dpid_arm_loss(j, dpid_judge_arm(j, "WT:0.01"));
    dpid_contrast up;
    dpid_contrast stay;
    DPID_TRY(dpid_contrast_of(j, &full, &w0, DPID_CAPPED, &up));
    DPID_TRY(dpid_contrast_of(j, &slow, &w0, DPID_CAPPED, &stay));
    if (up.n > 0)
        DPID_TRY(dpid_set_estimate(j, f, "drift_full_rate", &up.rank));
    if (stay.n > 0)
        DPID_TRY(dpid_set_estimate(j, f, "drift_hundredth", &stay.rank));
    if (up.rank.low > j->margin && stay.rank.high < j->margin)
        dpid_string_format(s,
                           " Trained on from that solution at the full rate the loss rises by %s, at a hundredth of it "
                           "by %s: the solution exists, but this rate cannot stay on it (sharpness).",
                           dpid_interval_words(&up.rank).text, dpid_words(stay.rank.value).text);
    return s->status;
}

/* Is S at its end? If not, "as good as the shallow net" is weak, and WT had more updates. */
static int32_t say_control(dpid_judge *j, dpid_finding *f, dpid_string *s)
{
    const dpid_series fine = dpid_arm_loss(j, dpid_judge_arm(j, "S_fine"));
    dpid_contrast gain;
    DPID_TRY(dpid_contrast_of(j, &j->loss_s, &fine, DPID_CAPPED, &gain));
    if (gain.n > 0)
        DPID_TRY(dpid_set_estimate(j, f, "shallow_gain", &gain.rank));
    if (gain.rank.low > j->margin)
        dpid_string_format(s, " The shallow net itself was not trained to its end: more updates lower it by %s.",
                           dpid_interval_words(&gain.rank).text);
    return s->status;
}

static int32_t set_numbers(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    int64_t run;
    const int64_t diverged = j->d ? dpid_arm_diverged(j, j->d, &run) : 0;
    dpid_estimate share = {0, 0, 0};
    dpid_set_number(f, "margin", j->margin);
    dpid_set_number(f, "median_shallow", j->median_s);
    dpid_set_number(f, "median_deep", j->median_d);
    dpid_set_number(f, "median_known", g->median_known);
    DPID_TRY(dpid_set_estimate(j, f, "harm", &j->harm.rank));
    dpid_set_number(f, "harm_p", j->harm.p);
    dpid_set_number(f, "equivalent", j->equivalent);
    dpid_set_number(f, "equivalence_low", j->alike.low);
    dpid_set_number(f, "equivalence_high", j->alike.high);
    if (g->in_j.n > 0 && j->has_penalty)
        DPID_TRY(dpid_set_estimate(j, f, "objective_gap", &g->in_j.rank));
    if (!j->d || run == 0)
        return DEEPID_OK;
    share.value = (double)diverged / (double)run;
    DPID_TRY(deepid_statistics_clopper_pearson(j->ctx, diverged, run, j->t.level, &share.low, &share.high));
    return dpid_set_estimate(j, f, "diverged_share", &share);
}

/* ---- objective ---------------------------------------------------------------------------------------- */

static int32_t objective(dpid_judge *j, const gaps *g)
{
    dpid_finding *f = &j->v->finding[DPID_OBJECTIVE];
    bool decided;
    f->rule = "objective.gap";
    if (!j->has_penalty) {
        f->status = DPID_NOT_APPLICABLE;
        f->rule = "objective.no_penalty";
        return dpid_set_text(
            j, &f->sentence,
            "Does not apply: the recipe has no weight decay or other penalty, so the loss is what is minimised.");
    }
    DPID_TRY(dpid_rule_harm(j, f, &decided));
    if (decided)
        return DEEPID_OK;
    if (g->in_j.n == 0) {
        f->status = DPID_UNDECIDED;
        DPID_TRY(dpid_settle_missing(j, f, "W0", false));
        return dpid_set_text(j, &f->sentence,
                             "Not decided: the penalty of a net that contains the shallow one is not known.");
    }
    DPID_TRY(dpid_set_contrast(j, f, &g->in_j));
    DPID_TRY(dpid_set_text(j, &f->arm, "W0"));
    dpid_set_number(f, "margin", j->margin);
    const bool gap = g->error.rank.low > j->margin;
    f->status = gap && g->in_j.rank.high < j->margin                             ? DPID_CONFIRMED
                : g->in_j.rank.low > j->margin || g->error.rank.high < j->margin ? DPID_REFUTED
                                                                                 : DPID_UNDECIDED;
    if (f->status == DPID_CONFIRMED)
        return dpid_set_text(
            j, &f->sentence,
            "What is minimised, loss and penalty together, is not higher where training ends than at the solution with "
            "the lower loss (difference %s, margin %s): the penalty pays for the worse fit.",
            dpid_interval_words(&g->in_j.rank).text, dpid_words(j->margin).text);
    if (f->status == DPID_REFUTED)
        return dpid_set_text(j, &f->sentence,
                             "The penalty is not the reason: with it, training ends %s above the solution that exists "
                             "(loss alone: %s, margin %s).",
                             dpid_interval_words(&g->in_j.rank).text, dpid_interval_words(&g->error.rank).text,
                             dpid_words(j->margin).text);
    DPID_TRY(dpid_settle_seeds(j, f, gap ? &g->in_j : &g->error, j->margin));
    return dpid_set_text(
        j, &f->sentence,
        "Not decided: loss and penalty together end %s above the solution that exists, the loss alone %s; margin %s.",
        dpid_interval_words(&g->in_j.rank).text, dpid_interval_words(&g->error.rank).text, dpid_words(j->margin).text);
}

/* ---- solver ---------------------------------------------------------------------------------------------- */

static int32_t confirmed(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    dpid_string s = {.ctx = j->ctx};
    f->status = DPID_CONFIRMED;
    dpid_string_format(&s, "A deep net with training loss %s exists, training ends at %s: it misses %s (margin %s).",
                       dpid_words(g->median_known).text, dpid_words(j->median_d).text,
                       dpid_interval_words(&g->error.rank).text, dpid_words(j->margin).text);
    int32_t status = say_drift(j, f, &s);
    if (status == DEEPID_OK)
        status = say_control(j, f, &s);
    s.status = status;
    return dpid_keep(j, &s, &f->sentence);
}

static int32_t by_objective(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    const dpid_finding *objective = &j->v->finding[DPID_OBJECTIVE];
    f->rule = "solver.objective";
    f->status = objective->status == DPID_CONFIRMED ? DPID_REFUTED : DPID_UNDECIDED;
    if (f->status == DPID_REFUTED)
        return dpid_set_text(j, &f->sentence,
                             "The solver does what it was asked: the loss alone is %s above a net that exists, but "
                             "loss and penalty together are not (%s).",
                             dpid_interval_words(&g->error.rank).text, dpid_interval_words(&g->in_j.rank).text);
    DPID_TRY(dpid_set_text(j, &f->to_settle, "%s",
                           objective->to_settle ? objective->to_settle : "The penalty of the witness net."));
    return dpid_set_text(j, &f->sentence,
                         "A better net exists (training ends %s above it), but whether the solver misses it or the "
                         "penalty forbids it is not decided.",
                         dpid_interval_words(&g->error.rank).text);
}

static int32_t on_floor(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    const bool certified = g->error.n > 0 && g->error.rank.low > j->margin;
    f->rule = "solver.floor";
    DPID_TRY(dpid_set_contrast(j, f, certified ? &g->error : &g->above));
    if (certified && g->above.rank.low > j->margin)
        return confirmed(j, f, g);
    if (g->above.rank.high < j->margin) {
        f->status = DPID_REFUTED;
        return dpid_set_text(
            j, &f->sentence,
            "Training ends on the proven floor: %s above %s, margin %s. There is nothing better to find.",
            dpid_interval_words(&g->above.rank).text, dpid_words(j->e->floor).text, dpid_words(j->margin).text);
    }
    f->status = DPID_UNDECIDED;
    DPID_TRY(dpid_settle_missing(j, f, "W0", false));
    return dpid_set_text(j, &f->sentence,
                         "Training ends %s above the proven floor %s; whether a net nearer to it exists is not known.",
                         dpid_interval_words(&g->above.rank).text, dpid_words(j->e->floor).text);
}

static int32_t by_gap(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    if (g->error.n == 0) {
        f->status = DPID_UNDECIDED;
        f->rule = "solver.missing";
        DPID_TRY(dpid_left_out(j, "W0", false)
                     ? dpid_set_text(
                           j, &f->to_settle,
                           "A way of training that ends surely lower: another start, another optimiser, more updates.")
                     : dpid_settle_missing(j, f, "W0", false));
        return dpid_set_text(
            j, &f->sentence,
            "Not decided: no deep net that contains the shallow one was built, so no better solution is certified.");
    }
    DPID_TRY(dpid_set_contrast(j, f, &g->error));
    DPID_TRY(dpid_set_text(j, &f->arm, "%s", dpid_judge_arm(j, "WT") ? "WT" : "W0"));
    f->rule = "solver.gap";
    const bool gap = g->error.rank.low > j->margin;
    const dpid_verdict_status objective = j->v->finding[DPID_OBJECTIVE].status;
    if (gap && (objective == DPID_CONFIRMED || objective == DPID_UNDECIDED))
        return by_objective(j, f, g);
    if (gap)
        return confirmed(j, f, g);
    if (g->error.rank.high < j->margin) {
        f->status = DPID_REFUTED;
        return dpid_set_text(j, &f->sentence,
                             "The deep net built from the shallow one is no better than the trained one (it would "
                             "lower the loss %s to %s: %s, margin %s).",
                             dpid_words(j->median_d).text, dpid_words(g->median_known).text,
                             dpid_interval_words(&g->error.rank).text, dpid_words(j->margin).text);
    }
    f->status = DPID_UNDECIDED;
    DPID_TRY(dpid_settle_seeds(j, f, &g->error, j->margin));
    return dpid_set_text(j, &f->sentence,
                         "Not decided: training ends %s above the best deep net that was built, margin %s.",
                         dpid_interval_words(&g->error.rank).text, dpid_words(j->margin).text);
}

int32_t dpid_rule_solver(dpid_judge *j, dpid_finding *f)
{
    gaps g;
    bool decided;
    DPID_TRY(measure(j, &g));
    DPID_TRY(set_numbers(j, f, &g));
    DPID_TRY(objective(j, &g));
    DPID_TRY(dpid_rule_harm(j, f, &decided));
    if (decided)
        return DEEPID_OK;
    return j->on_floor ? on_floor(j, f, &g) : by_gap(j, f, &g);
}

/* ---- the solver, from another side --------------------------------------------------------------------- */

/* Where no witness certifies it: another way to train the same net that ends surely lower has found what the recipe
   misses. */
int32_t dpid_rule_solver_found(dpid_judge *j, dpid_finding *f)
{
    const dpid_intervention *best = NULL;
    const bool open = f->status == DPID_UNDECIDED || (f->status == DPID_REFUTED && !j->on_floor);
    const dpid_verdict_status objective = j->v->finding[DPID_OBJECTIVE].status;
    if (j->harm_state != DPID_HARM || !open || (objective != DPID_NOT_APPLICABLE && objective != DPID_REFUTED))
        return DEEPID_OK;
    for (int32_t i = 0; i < j->v->findings; i++) {
        const dpid_intervention *x = &j->best[i];
        if (j->v->finding[i].hypothesis->finds && x->arm && x->effect.rank.low > j->margin &&
            (!best || x->effect.rank.low > best->effect.rank.low))
            best = x;
    }
    if (!best)
        return DEEPID_OK;
    dpid_string name = {.ctx = j->ctx};
    f->status = DPID_CONFIRMED;
    f->rule = "solver.found_otherwise";
    f->to_settle = NULL;
    int32_t status = dpid_set_contrast(j, f, &best->effect);
    dpid_set_number(f, "median_known", best->median);
    if (status == DEEPID_OK)
        status = dpid_set_text(j, &f->arm, "%s", best->arm->word);
    if (status == DEEPID_OK)
        status = dpid_say_arm(&name, best->arm, false);
    if (status == DEEPID_OK)
        status = dpid_set_text(
            j, &f->sentence,
            "The same net trained with %s ends at %s, by the recipe at %s: the recipe misses %s (margin %s).",
            name.text, dpid_words(best->median).text, dpid_words(j->median_d).text,
            dpid_interval_words(&best->effect.rank).text, dpid_words(j->margin).text);
    dpid_string_release(&name);
    return status;
}
