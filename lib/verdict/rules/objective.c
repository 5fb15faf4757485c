/* objective: is the better net worse by what is minimised? That is the loss in training mode (under dropout, smoothing,
   augmentation) and the penalty; where it is not higher at the end of training than at a net with a lower loss, the
   solver does what it was asked.   Measured, where the evidence has it; else training loss + penalty. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>

typedef struct {
    dpid_contrast loss;      /* D less the better of W0 and WT, on the scale where harm was found */
    dpid_contrast minimised; /* the same of what is minimised */
    double margin;           /* of the latter: where the harm is smaller than m, every difference counts */
    double median_d, median_known;
} objectives;

/* ---- what is minimised --------------------------------------------------------------------------------- */

static bool noisy(const dpid_evidence *e)
{
    return e->dropout[1] || e->smoothing || e->augmentation;
}

bool dpid_is_regularised(const dpid_judge *j)
{
    return noisy(j->e) || j->e->decay || j->has_penalty;
}

/* "dropout, weight decay": what the recipe of the deep net has */
void dpid_say_regularisers(const dpid_judge *j, dpid_string *s)
{
    const struct {
        bool has;
        const char *said;
    } all[] = {{j->e->dropout[1], dpid_say_noise(j->e)},
               {j->e->decay || j->has_penalty, "weight decay"},
               {j->e->smoothing, "label smoothing"},
               {j->e->augmentation, "augmentation"}};
    bool first = true;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!all[i].has)
            continue;
        dpid_string_format(s, "%s%s", first ? "" : ", ", all[i].said);
        first = false;
    }
}

static dpid_series minimised(const dpid_judge *j, const dpid_arm_evidence *arm, bool measured)
{
    const dpid_series loss = dpid_arm_loss(j, arm);
    dpid_series out = dpid_arm_series(j, arm, arm && measured ? arm->objective : NULL);
    for (int64_t s = 0; !measured && !noisy(j->e) && s < j->e->seeds; s++)
        out.at[s] = arm && arm->penalty ? loss.at[s] + arm->penalty[s] : (double)NAN;
    return out;
}

static int32_t measure(const dpid_judge *j, objectives *o)
{
    const dpid_arm_evidence *w[2] = {dpid_judge_arm(j, "W0"), dpid_judge_arm(j, "WT")};
    const bool measured =
        j->d && j->d->objective && ((w[0] && w[0]->objective) || (w[1] && w[1]->objective) || noisy(j->e));
    const dpid_series loss[2] = {dpid_arm_on(j, j->on, w[0]), dpid_arm_on(j, j->on, w[1])};
    const dpid_series full[2] = {minimised(j, w[0], measured), minimised(j, w[1], measured)};
    const dpid_series known[2] = {dpid_series_min(j, &loss[0], &loss[1]), dpid_series_min(j, &full[0], &full[1])};
    const dpid_series deep = minimised(j, j->d, measured);
    o->margin = j->on == DPID_BY_LOSS ? j->margin : 0;
    DPID_TRY(dpid_series_median(j, &deep, &o->median_d));
    DPID_TRY(dpid_series_median(j, &known[1], &o->median_known));
    DPID_TRY(dpid_contrast_on(j, j->on, &j->base.view[j->on].d, &known[0], &o->loss));
    return dpid_contrast_of(j, &deep, &known[1], DPID_RANKS_ONLY, &o->minimised);
}

int32_t dpid_objective_gap(const dpid_judge *j, dpid_contrast *out)
{
    objectives o;
    DPID_TRY(measure(j, &o));
    *out = o.minimised;
    return DEEPID_OK;
}

/* ---- the finding ----------------------------------------------------------------------------------------- */

static int32_t does_not_apply(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "objective.no_penalty";
    return dpid_set_text(j, &f->sentence,
                         "Does not apply: the recipe has no weight decay, dropout, smoothing or augmentation, so the "
                         "loss is what is minimised%s.",
                         j->e->batchnorm ? " (with the statistics of batches)" : "");
}

static int32_t is_not_said(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "objective.unknown";
    return dpid_set_text(j, &f->sentence,
                         "Not asked: whether something else than the loss is minimised (weight decay, dropout, "
                         "smoothing, augmentation) is not said.");
}

/* "What is minimised is the loss with dropout, weight decay (0.47 where training ends)" */
static void say_what(const dpid_judge *j, const objectives *o, dpid_string *s)
{
    dpid_string_add(s, "What is minimised is the loss with ");
    dpid_say_regularisers(j, s);
    if (!isnan(o->median_d))
        dpid_string_format(s, ", %s where training ends (the loss alone: %s)", dpid_words(o->median_d).text,
                           dpid_words(j->median_d).text);
    dpid_string_add(s, ".");
}

static int32_t unknown(dpid_judge *j, dpid_finding *f, const objectives *o)
{
    dpid_string s = {.ctx = j->ctx};
    f->status = DPID_UNDECIDED;
    f->rule = "objective.missing";
    DPID_TRY(dpid_settle_missing(j, f, "W0", false));
    dpid_string_add(&s, "Not decided. ");
    say_what(j, o, &s);
    dpid_string_add(&s, " Of a deep net that contains the shallow one it is not known.");
    return dpid_keep(j, &s, &f->sentence);
}

static int32_t judged(dpid_judge *j, dpid_finding *f, const objectives *o)
{
    dpid_string s = {.ctx = j->ctx};
    const bool gap = o->loss.rank.low > j->on_margin;
    const dpid_estimate *in_j = &o->minimised.rank;
    f->status = gap && in_j->high < o->margin                               ? DPID_CONFIRMED
                : in_j->low > o->margin || o->loss.rank.high < j->on_margin ? DPID_REFUTED
                                                                            : DPID_UNDECIDED;
    if (f->status == DPID_UNDECIDED) {
        DPID_TRY(dpid_settle_seeds(j, f, gap ? &o->minimised : &o->loss, gap ? o->margin : j->on_margin));
        dpid_string_add(&s, "Not decided. ");
    }
    say_what(j, o, &s);
    const bool below = in_j->high < 0;
    const dpid_estimate distance = {-in_j->value, -in_j->high, -in_j->low};
    dpid_string_format(&s,
                       " By that, training ends %s %s the better net that exists (%s; margin %s), by the loss alone "
                       "%s%s (margin %s)%s.",
                       dpid_interval_words(below ? &distance : in_j).text, below ? "below" : "above",
                       dpid_words(o->median_known).text, dpid_words(o->margin).text,
                       dpid_scale_words(j->on, &o->loss.rank).text, below ? " above" : "",
                       dpid_scale_margin_words(j->on, j->on_margin).text,
                       f->status == DPID_CONFIRMED ? ": the objective pays for the worse fit"
                       : f->status == DPID_REFUTED ? ": the objective is not the reason"
                                                   : "");
    return dpid_keep(j, &s, &f->sentence);
}

int32_t dpid_rule_objective(dpid_judge *j, dpid_finding *f)
{
    objectives o;
    bool decided;
    f->rule = "objective.gap";
    if (!dpid_is_regularised(j))
        return j->e->regularisers_unknown ? is_not_said(j, f) : does_not_apply(j, f);
    DPID_TRY(dpid_rule_harm(j, f, &decided));
    if (decided)
        return DEEPID_OK;
    DPID_TRY(measure(j, &o));
    if (!isnan(o.median_d))
        dpid_set_number(f, "median_minimised", o.median_d);
    if (o.minimised.n == 0)
        return unknown(j, f, &o);
    DPID_TRY(dpid_set_contrast(j, f, &o.minimised));
    DPID_TRY(dpid_set_text(j, &f->arm, "W0"));
    dpid_set_number(f, "margin", o.margin);
    return judged(j, f, &o);
}
