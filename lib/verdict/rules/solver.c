/* solver: a solution exists and is not found, at equal updates: D is above W0, which cost those of S; or D_2T is above
   WT, which had twice as many; or D stands above a proven floor. After too few updates nobody is convicted.
   Where what is minimised is another quantity, it waits for that: objective.c */
#include "verdict/rules.h"

#include "base/words.h"

#include <deepid/statistics.h>

#include <math.h>

typedef struct {
    dpid_series known;   /* min(L_W0, L_WT): what exists */
    dpid_contrast error; /* OE, of losses */
    dpid_contrast gap;   /* the same at equal updates, on the scale where harm was found */
    const char *arm;     /* which of W0 and WT it is taken to */
    bool unequal;        /* WT had twice as many updates as D */
    dpid_contrast above; /* L_D - floor */
    dpid_contrast in_j;  /* OE of J */
    double median_known;
} gaps;

/* D - W0, or D_2T - WT where only that is sure. Without W0: to WT, with the words that it had more updates. */
static int32_t measure_gap(dpid_judge *j, gaps *g)
{
    const dpid_arm_evidence *w0 = dpid_judge_arm(j, "W0");
    const dpid_arm_evidence *wt = dpid_judge_arm(j, "WT");
    const dpid_arm_evidence *twice = dpid_judge_arm(j, "D_2T");
    const dpid_series known[2] = {dpid_arm_on(j, j->on, w0), dpid_arm_on(j, j->on, wt)};
    const dpid_series longer = dpid_arm_on(j, j->on, twice);
    dpid_contrast other;
    g->arm = "W0";
    g->unequal = false;
    DPID_TRY(dpid_contrast_on(j, j->on, &j->base.view[j->on].d, &known[0], &g->gap));
    DPID_TRY(dpid_contrast_on(j, j->on, &longer, &known[1], &other));
    g->unequal = g->gap.n == 0 && other.n == 0;
    if (g->unequal)
        DPID_TRY(dpid_contrast_on(j, j->on, &j->base.view[j->on].d, &known[1], &other));
    if (other.n > 0 && !(g->gap.rank.low > j->on_margin) && (g->gap.n == 0 || other.rank.low > j->on_margin)) {
        g->gap = other;
        g->arm = "WT";
    }
    return DEEPID_OK;
}

double dpid_updates(const dpid_judge *j)
{
    return j->e->updates > 0 ? (double)j->e->updates : j->d ? j->d->updates : (double)NAN;
}

bool dpid_few_updates(const dpid_judge *j)
{
    return dpid_updates(j) > 0 && dpid_updates(j) < j->t.few_updates;
}

/* Too few updates: S is far from its end, or near the constant predictor, and three times as many repair most. Of few
   updates they need not repair most: surely more than the margin is enough. */
static int32_t measure_shortness(dpid_judge *j)
{
    const dpid_arm_evidence *longer = dpid_judge_arm(j, "D_3T");
    const dpid_series fine = dpid_arm_loss(j, dpid_judge_arm(j, "S_fine"));
    dpid_contrast gain;
    dpid_intervention x;
    DPID_TRY(dpid_contrast_of(j, &j->loss_s, &fine, DPID_CAPPED, &gain));
    j->shallow_gain = gain.rank;
    if (!longer || j->harm_state != DPID_HARM)
        return DEEPID_OK;
    DPID_TRY(dpid_intervene(j, longer, false, &x));
    const bool far = gain.rank.low > j->margin;
    j->too_short = (x.status == DPID_CONFIRMED && (far || !j->headroom)) ||
                   (x.status == DPID_CONTRIBUTES && far && dpid_few_updates(j));
    return DEEPID_OK;
}

static int32_t measure(dpid_judge *j, gaps *g)
{
    const dpid_arm_evidence *w0 = dpid_judge_arm(j, "W0");
    const dpid_arm_evidence *wt = dpid_judge_arm(j, "WT");
    const dpid_series loss[2] = {dpid_arm_loss(j, w0), dpid_arm_loss(j, wt)};
    g->known = dpid_series_min(j, &loss[0], &loss[1]);
    DPID_TRY(measure_gap(j, g));
    DPID_TRY(measure_shortness(j));
    DPID_TRY(dpid_series_median(j, g->gap.n == 0 ? &g->known : &loss[g->arm[1] == 'T'], &g->median_known));
    DPID_TRY(dpid_contrast_of(j, &j->loss_d, &g->known, DPID_CAPPED, &g->error));
    DPID_TRY(dpid_objective_gap(j, &g->in_j));
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
        dpid_string_format(
            s,
            " Trained on from that solution at the full rate the loss rises by %s, at a hundredth of "
            "that rate it changes by %s: the solution exists, but this rate cannot stay on it (sharpness).",
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
    dpid_set_number(f, "margin", j->on_margin);
    dpid_set_number(f, "median_shallow", j->median_s);
    dpid_set_number(f, "median_deep", j->median_d);
    dpid_set_number(f, "median_known", g->median_known);
    DPID_TRY(dpid_set_estimate(j, f, "harm", &j->base.view[j->on].harm.rank));
    dpid_set_number(f, "harm_p", j->base.view[j->on].harm.p);
    dpid_set_number(f, "equivalent", j->equivalent);
    dpid_set_number(f, "equivalence_low", j->alike.low);
    dpid_set_number(f, "equivalence_high", j->alike.high);
    if (g->in_j.n > 0 && dpid_is_regularised(j))
        DPID_TRY(dpid_set_estimate(j, f, "objective_gap", &g->in_j.rank));
    if (!j->d || run == 0)
        return DEEPID_OK;
    share.value = (double)diverged / (double)run;
    DPID_TRY(deepid_statistics_clopper_pearson(j->ctx, diverged, run, j->t.level, &share.low, &share.high));
    return dpid_set_estimate(j, f, "diverged_share", &share);
}

/* ---- solver ---------------------------------------------------------------------------------------------- */

/* "0.3 [0.2, 0.4] (margin 0.03)" */
static void say_missed(const dpid_judge *j, const dpid_contrast *gap, dpid_string *s)
{
    dpid_string_format(s, "%s (margin %s)", dpid_scale_words(j->on, &gap->rank).text,
                       dpid_scale_margin_words(j->on, j->on_margin).text);
}

static int32_t confirmed(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    dpid_string s = {.ctx = j->ctx};
    const bool longer = g->arm[1] == 'T';
    f->status = DPID_CONFIRMED;
    dpid_string_format(&s, "A deep net with training loss %s exists%s, training%s ", dpid_words(g->median_known).text,
                       !longer      ? " at the cost of the shallow net's updates"
                       : g->unequal ? " (it had twice as many updates)"
                                    : "",
                       longer && !g->unequal ? " for as many updates" : "");
    double median = j->median_d;
    const dpid_series twice = dpid_arm_loss(j, dpid_judge_arm(j, "D_2T"));
    int32_t status = longer && !g->unequal ? dpid_series_median(j, &twice, &median) : DEEPID_OK;
    if (isinf(median)) {
        dpid_say_end(j, &s, longer && !g->unequal ? dpid_judge_arm(j, "D_2T") : j->d);
    } else {
        dpid_string_format(&s, "ends at %s: it misses ", dpid_words(median).text);
        say_missed(j, &g->gap, &s);
    }
    dpid_string_add(&s, ".");
    if (status == DEEPID_OK)
        status = say_drift(j, f, &s);
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
                             "what is minimised is not (%s).",
                             dpid_interval_words(&g->error.rank).text, dpid_interval_words(&g->in_j.rank).text);
    DPID_TRY(dpid_set_text(j, &f->to_settle, "%s",
                           objective->to_settle ? objective->to_settle : "What is minimised, of the witness net."));
    return dpid_set_text(j, &f->sentence,
                         "A better net exists (training ends %s above it), but whether the solver misses it or what "
                         "it minimises forbids it is not decided.",
                         dpid_interval_words(&g->error.rank).text);
}

/* W0, when it was not run; another way to train, when it was and stands on no floor either. */
static int32_t settle_floor(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    return g->gap.n == 0 && !dpid_left_out(j, "W0", false)
               ? dpid_settle_missing(j, f, "W0", false)
               : dpid_set_text(j, &f->to_settle, "A deep net nearer to the floor, or a higher floor.");
}

static int32_t on_floor(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    const bool certified = g->gap.n > 0 && g->gap.rank.low > j->on_margin;
    f->rule = "solver.floor";
    DPID_TRY(dpid_set_contrast(j, f, certified ? &g->gap : &g->above));
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
    DPID_TRY(settle_floor(j, f, g));
    return dpid_set_text(j, &f->sentence,
                         "Training ends %s above the proven floor %s; whether a net nearer to it exists is not known.",
                         dpid_interval_words(&g->above.rank).text, dpid_words(j->e->floor).text);
}

static int32_t nothing_built(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_UNDECIDED;
    f->rule = "solver.missing";
    DPID_TRY(
        dpid_left_out(j, "W0", false) && !dpid_could_run(j, "W0")
            ? dpid_set_text(j, &f->to_settle,
                            "A way of training that ends surely lower: another start, another optimiser, more updates.")
            : dpid_settle_missing(j, f, "W0", false));
    return dpid_set_text(
        j, &f->sentence,
        "Not decided: no deep net that contains the shallow one was built, so no better solution is certified.");
}

static int32_t after_too_few(dpid_judge *j, dpid_finding *f)
{
    const double updates = dpid_updates(j);
    dpid_intervention x;
    DPID_TRY(dpid_intervene(j, dpid_judge_arm(j, "D_3T"), false, &x));
    const dpid_words_text part = dpid_percent_words(&x.share);
    const bool most = x.status == DPID_CONFIRMED;
    f->status = DPID_UNDECIDED;
    f->rule = "solver.too_short";
    DPID_TRY(updates > 0
                 ? dpid_set_text(j, &f->to_settle, "More updates for both nets: %s%.0f or more.",
                                 dpid_either(j, "--steps ", ""), 3 * updates)
                 : dpid_set_text(j, &f->to_settle, "More updates for both nets%s.", dpid_either(j, " (--steps)", "")));
    return dpid_set_text(j, &f->sentence,
                         "Not decided: training was too short to blame the solver. The shallow net is far from its end "
                         "as well (training loss %s, the constant predictor %s), and three times the updates repair "
                         "%s of the gap.",
                         dpid_words(j->median_s).text, dpid_words(j->e->const_loss).text, most ? "most" : part.text);
}

/* After few updates, and nobody knows what more of them would do. */
static int32_t after_how_many(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_UNDECIDED;
    f->rule = "solver.too_short";
    DPID_TRY(dpid_settle_missing(j, f, "D_3T", false));
    return dpid_set_text(j, &f->sentence,
                         "Not decided: a better deep net exists (training loss %s against %s), but after %.0f updates "
                         "training may be too short to blame the solver; more updates were not tried.",
                         dpid_words(deepid_verdict_number_named(j->v, DPID_SOLVER, "median_known")).text,
                         dpid_words(j->median_d).text, dpid_updates(j));
}

/* Evidence of others may call a net W0 that does not do what S does. */
static int32_t no_copy(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    f->status = DPID_UNDECIDED;
    f->rule = "solver.no_copy";
    DPID_TRY(
        dpid_set_text(j, &f->to_settle, "A W0 whose outputs are those of S: compare them before anything is trained."));
    return dpid_set_text(j, &f->sentence,
                         "Not decided: the deep net that was built from the shallow one (%s) has a training loss of %s "
                         "and the shallow net %s, so it is no copy of that and shows no better solution.",
                         g->arm, dpid_words(g->median_known).text, dpid_words(j->median_s).text);
}

static int32_t by_gap(dpid_judge *j, dpid_finding *f, const gaps *g)
{
    dpid_string s = {.ctx = j->ctx};
    if (g->gap.n == 0)
        return nothing_built(j, f);
    DPID_TRY(dpid_set_contrast(j, f, &g->gap));
    DPID_TRY(dpid_set_text(j, &f->arm, "%s", g->arm));
    f->scale = j->on;
    f->rule = g->arm[1] == 'T' && !g->unequal ? "solver.gap_twice" : "solver.gap";
    const bool gap = g->gap.rank.low > j->on_margin;
    const dpid_verdict_status objective = j->v->finding[DPID_OBJECTIVE].status;
    if (gap && (objective == DPID_CONFIRMED || objective == DPID_UNDECIDED))
        return by_objective(j, f, g);
    if (gap && j->too_short)
        return after_too_few(j, f);
    if (gap && dpid_few_updates(j) && !dpid_judge_arm(j, "D_3T"))
        return after_how_many(j, f);
    if (gap)
        return confirmed(j, f, g);
    if (g->gap.rank.high < j->on_margin && j->e->by_others && g->median_known > j->median_s + j->margin)
        return no_copy(j, f, g);
    if (g->gap.rank.high < j->on_margin) {
        f->status = DPID_REFUTED;
        dpid_string_format(&s,
                           "The deep net built from the shallow one is no better than the trained one by more than the "
                           "margin (training loss %s against %s): ",
                           dpid_words(g->median_known).text, dpid_words(j->median_d).text);
    } else {
        f->status = DPID_UNDECIDED;
        DPID_TRY(dpid_settle_seeds(j, f, &g->gap, j->on_margin));
        dpid_string_add(&s, "Not decided: training ends above the best deep net that was built by ");
    }
    say_missed(j, &g->gap, &s);
    dpid_string_add(&s, ".");
    return dpid_keep(j, &s, &f->sentence);
}

int32_t dpid_rule_solver(dpid_judge *j, dpid_finding *f)
{
    gaps g;
    bool decided;
    DPID_TRY(measure(j, &g));
    DPID_TRY(set_numbers(j, f, &g));
    DPID_TRY(dpid_rule_objective(j, &j->v->finding[DPID_OBJECTIVE]));
    DPID_TRY(dpid_rule_harm(j, f, &decided));
    if (decided)
        return DEEPID_OK;
    return j->on_floor ? on_floor(j, f, &g) : by_gap(j, f, &g);
}

/* ---- the solver, from another side --------------------------------------------------------------------- */

/* ": the recipe misses 0.5 [0.4, 0.6] (margin 0.03)", or nothing where runs that diverge leave no number. */
static int32_t say_distance(dpid_judge *j, const dpid_intervention *best, char **out)
{
    const bool interval = isfinite(best->effect.rank.low);
    if (!interval && isnan(best->share.value))
        return dpid_set_text(j, out, "%s", "");
    return dpid_set_text(j, out, ": the recipe misses %s%s (margin %s)",
                         interval ? dpid_scale_words(j->on, &best->effect.rank).text
                                  : dpid_percent_words(&best->share).text,
                         interval ? "" : " of the gap", dpid_scale_margin_words(j->on, j->on_margin).text);
}

/* Where no witness certifies it: another start or optimiser, at as many updates, that ends surely lower has found what
   the recipe misses. More updates convict nobody. */
int32_t dpid_rule_solver_found(dpid_judge *j, dpid_finding *f)
{
    const dpid_intervention *best = NULL;
    const bool open = !j->too_short && (f->status == DPID_UNDECIDED || (f->status == DPID_REFUTED && !j->on_floor));
    const dpid_verdict_status objective = j->v->finding[DPID_OBJECTIVE].status;
    if (j->harm_state != DPID_HARM || !open || (objective != DPID_NOT_APPLICABLE && objective != DPID_REFUTED))
        return DEEPID_OK;
    for (int32_t i = 0; i < j->v->findings; i++) {
        const dpid_intervention *x = &j->best[i];
        if (i != DPID_BUDGET && j->v->finding[i].hypothesis->finds && x->arm &&
            (x->status == DPID_CONFIRMED || x->sure_low > j->on_margin) &&
            (!best || x->effect.rank.value > best->effect.rank.value))
            best = x;
    }
    if (!best)
        return DEEPID_OK;
    dpid_string name = {.ctx = j->ctx};
    f->status = DPID_CONFIRMED;
    f->rule = "solver.found_otherwise";
    f->to_settle = NULL;
    int32_t status = dpid_set_contrast(j, f, &best->effect);
    f->scale = j->on;
    dpid_set_number(f, "median_known", best->median);
    if (status == DEEPID_OK)
        status = dpid_set_text(j, &f->arm, "%s", best->arm->word);
    if (status == DEEPID_OK)
        status = dpid_say_arm(&name, best->arm, false);
    char *missed = "";
    if (status == DEEPID_OK)
        status = say_distance(j, best, &missed);
    if (status == DEEPID_OK)
        status = dpid_set_text(j, &f->sentence, "With %s the same net ends at %s, by the recipe %s%s%s.", name.text,
                               dpid_words(best->median).text, isinf(j->median_d) ? "it diverges" : "at ",
                               isinf(j->median_d) ? "" : dpid_words(j->median_d).text, missed);
    dpid_string_release(&name);
    return status;
}
