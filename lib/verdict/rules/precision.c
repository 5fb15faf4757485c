/* rounding and range: what float64 repairs (D64). It is range instead of rounding when the counters fire: gradient
   entries that are zero, subnormal or infinite in the run's precision and not in the reference. In chaotic nets D
   and D64 are independent runs. Inexact gradients that f64 does not repair are a symptom. Where the recipe stores its
   numbers in a format, arms of other formats tell the two apart instead: storage.c. Other formats are told beside it:
   ladder.c */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

static bool counters_fire(const dpid_evidence *e)
{
    return e->zeros > 0 || e->subnormals > 0 || e->infinities > 0;
}

/* "...; 12 gradient entries are zero, 3 subnormal, 0 infinite where the reference's are not" */
static void say_counters(const dpid_judge *j, dpid_finding *f, dpid_string *s)
{
    const dpid_evidence *e = j->e;
    if (!e->counted)
        return;
    dpid_set_number(f, "zeros", e->zeros);
    dpid_set_number(f, "subnormals", e->subnormals);
    dpid_set_number(f, "infinities", e->infinities);
    dpid_string_format(
        s, " Gradient entries that are zero, subnormal or infinite and would not be in higher precision: %s, %s, %s.",
        dpid_words(e->zeros).text, dpid_words(e->subnormals).text, dpid_words(e->infinities).text);
}

static void say_accuracy(const dpid_judge *j, dpid_finding *f, const dpid_intervention *x, dpid_string *s)
{
    const dpid_evidence *e = j->e;
    if (e->compared) {
        dpid_set_number(f, "min_cosine", e->min_cosine);
        dpid_set_number(f, "max_relative_gradient_error", e->max_relative_error);
        dpid_set_number(f, "mask_flips", e->mask_flips);
    }
    dpid_set_number(f, "independent", j->chaotic && !x->from);
    if (j->chaotic && !x->from)
        dpid_string_format(s, " Small differences grow here, so %s runs are judged as independent of the others.",
                           strcmp(x->arm->word, "D64") == 0 ? "float64" : "its");
    const bool large = e->compared && e->max_relative_error > j->t.gradient_error;
    if (large && (x->share.high < j->t.symptom_share || (isnan(x->share.value) && x->status == DPID_REFUTED)))
        dpid_string_format(s,
                           " The gradients are inexact (relative error up to %s, cosine down to %s), but that is a "
                           "symptom, not the cause.",
                           dpid_words(e->max_relative_error).text, dpid_words(e->min_cosine).text);
}

/* ---- one arm for both --------------------------------------------------------------------------------- */

/* What the repair says of one of the two: by the counters, or where there are none by what an arm said of the other,
   which is told apart. */
static dpid_verdict_status status_of(const dpid_judge *j, int32_t hypothesis, const dpid_intervention *x,
                                     const dpid_separation *other)
{
    const bool open = x->status > DPID_UNDECIDED;
    if (x->status == DPID_REFUTED || x->all_diverged)
        return x->status;
    if (j->e->counted && counters_fire(j->e) == (hypothesis == DPID_ROUNDING))
        return DPID_REFUTED;
    if (other->x.arm)
        return open && other->x.status != DPID_REFUTED ? DPID_UNDECIDED : x->status;
    return open && !j->e->counted ? DPID_UNDECIDED : x->status;
}

/* "What float64 repairs, 3 % [-2, 9] of the gap, is not range: no gradient entry leaves it." */
static void say_shortly(const dpid_judge *j, const dpid_intervention *x, bool rounding, dpid_string *s)
{
    const bool share = !isnan(x->share.value);
    dpid_string_add(s, "What ");
    dpid_say_arm(s, x->arm, false);
    dpid_string_format(s, " repairs, %s%s%s, is ",
                       share ? dpid_percent_words(&x->share).text : dpid_scale_words(j->on, &x->effect.rank).text,
                       share ? " of " : "", share ? dpid_scale_gap(j->on) : "");
    dpid_string_add(s, x->status == DPID_REFUTED ? "surely less than the margin."
                       : rounding                ? "range, not rounding: gradient entries leave the range."
                                                 : "not range: no gradient entry leaves it.");
}

static int32_t say_which_is_open(dpid_judge *j, dpid_finding *f, dpid_string *s)
{
    const char *arm = dpid_separating_arm(j);
    dpid_string_format(s, " Whether by rounding or by range is not known%s.",
                       j->e->counted ? "" : ": gradient entries were not counted");
    if (arm)
        return dpid_settle_missing(j, f, arm, false);
    return dpid_set_text(j, &f->to_settle, "Count the gradient entries that leave the range of the run's precision.");
}

static int32_t write(dpid_judge *j, int32_t hypothesis, const dpid_intervention *x, const dpid_separation *other)
{
    dpid_finding *f = &j->v->finding[hypothesis];
    dpid_string s = {.ctx = j->ctx};
    const bool rounding = hypothesis == DPID_ROUNDING;
    const dpid_verdict_status status = status_of(j, hypothesis, x, other);
    f->rule = rounding ? "rounding.f64" : "range.f64";
    int32_t result = dpid_set_intervention(j, f, x, &s);
    f->status = status;
    if (status == DPID_REFUTED && result == DEEPID_OK && (!rounding || x->status != DPID_REFUTED)) {
        f->to_settle = NULL;
        dpid_string_release(&s); /* the other finding has it all */
        say_shortly(j, x, rounding, &s);
    }
    if (status == DPID_UNDECIDED && x->status > DPID_UNDECIDED && result == DEEPID_OK)
        result = say_which_is_open(j, f, &s);
    if (!rounding)
        say_counters(j, f, &s);
    else
        say_accuracy(j, f, x, &s);
    if (result != DEEPID_OK)
        dpid_string_release(&s);
    return result == DEEPID_OK ? dpid_keep(j, &s, &f->sentence) : result;
}

/* ---- an arm for each -------------------------------------------------------------------------------------- */

static int32_t write_separated(dpid_judge *j, int32_t hypothesis, const dpid_separation *told)
{
    dpid_finding *f = &j->v->finding[hypothesis];
    dpid_string s = {.ctx = j->ctx};
    f->rule = hypothesis == DPID_ROUNDING ? "rounding.storage" : "range.storage";
    int32_t result = dpid_set_intervention(j, f, &told->x, &s);
    dpid_string_format(&s, " %s", told->why);
    if (f->status >= DPID_CONTRIBUTES)
        j->how[j->hows++] = told->answer;
    if (hypothesis == DPID_RANGE)
        say_counters(j, f, &s);
    else
        say_accuracy(j, f, &told->x, &s);
    if (result == DEEPID_OK)
        result = dpid_say_helps(j, hypothesis, told, &s);
    if (result != DEEPID_OK)
        dpid_string_release(&s);
    return result == DEEPID_OK ? dpid_keep(j, &s, &f->sentence) : result;
}

/* The other one was confirmed by an arm of its own, and this one has none: at most the rest is left for it. */
static int32_t write_rest(dpid_judge *j, int32_t hypothesis, const dpid_separation *other)
{
    dpid_finding *f = &j->v->finding[hypothesis];
    dpid_string s = {.ctx = j->ctx};
    const bool rounding = hypothesis == DPID_ROUNDING;
    const bool little = 1 - other->x.share.low < dpid_margin_of_gap(j);
    f->rule = rounding ? "rounding.rest" : "range.rest";
    f->status = little ? DPID_REFUTED : DPID_MINOR;
    DPID_TRY(dpid_set_text(j, &f->arm, "%s", other->x.arm->word));
    dpid_say_arm(&s, other->x.arm, true);
    dpid_string_format(&s, " repairs %s of %s, and that is %s: what is left for %s is surely less than %s.",
                       dpid_percent_words(&other->x.share).text, dpid_scale_gap(j->on), rounding ? "range" : "rounding",
                       rounding ? "rounding" : "range", little ? "the margin" : "half");
    if (!rounding)
        say_counters(j, f, &s);
    return dpid_keep(j, &s, &f->sentence);
}

/* ---- both -------------------------------------------------------------------------------------------------- */

static int32_t without_arm(dpid_judge *j, dpid_finding *f)
{
    const char *separates = dpid_separating_arm(j);
    const char *word = separates ? separates : "D64";
    const char *reason = dpid_left_out(j, word, false);
    if (j->e->is_f64) {
        f->status = DPID_NOT_APPLICABLE;
        f->rule = "precision.is_f64";
        return dpid_set_text(j, &f->sentence, "Does not apply: the recipe itself trains in float64.");
    }
    f->status = DPID_UNDECIDED;
    f->rule = "arm.missing";
    DPID_TRY(dpid_settle_missing(j, f, word, false));
    return dpid_set_text(j, &f->sentence, "Not decided: arm %s was not run%s%s%s.", word, reason && *reason ? " (" : "",
                         reason ? reason : "", reason && *reason ? ")" : "");
}

/* The arm of more bits and a wider range: float64, or float32 where that has both. */
static int32_t intervene_by_both(dpid_judge *j, dpid_intervention *out)
{
    const dpid_number_format *recipe = dpid_recipe_format(j);
    const bool by_float32 = recipe && recipe->range < dpid_number_format_of("f32")->range;
    const dpid_arm_evidence *arm = dpid_judge_arm(j, "D64");
    if (by_float32 && (!arm || dpid_arm_shared(j, arm) == 0))
        arm = dpid_judge_arm(j, "D_f32");
    *out = (dpid_intervention){.arm = NULL};
    return arm && !j->e->is_f64 ? dpid_intervene(j, arm, j->chaotic, out) : DEEPID_OK;
}

static int32_t write_one(dpid_judge *j, int32_t hypothesis, const dpid_separation *told, const dpid_separation *other,
                         const dpid_intervention *both)
{
    if (told->x.arm)
        return write_separated(j, hypothesis, told);
    if (other->x.arm && other->x.status == DPID_CONFIRMED)
        return write_rest(j, hypothesis, other);
    if (!both->arm || both->effect.n == 0)
        return without_arm(j, &j->v->finding[hypothesis]);
    return write(j, hypothesis, both, other);
}

/* For the list of what repairs: each arm once, and what it changes of D. */
static int32_t note_best(dpid_judge *j, const dpid_separation *rounding, const dpid_separation *range,
                         const dpid_intervention *both)
{
    const bool asked = both->arm && both->effect.n > 0;
    if (rounding->x.arm)
        j->best[DPID_ROUNDING] = rounding->x;
    else if (asked)
        j->best[DPID_ROUNDING] = *both;
    if (range->x.arm && range->x.arm != rounding->x.arm)
        j->best[DPID_RANGE] = range->x;
    for (int32_t h = DPID_ROUNDING; h <= DPID_RANGE; h++)
        if (j->best[h].from)
            DPID_TRY(dpid_intervene_briefly(j, j->best[h].arm, &j->best[h]));
    return DEEPID_OK;
}

static int32_t rounding_or_range(dpid_judge *j, dpid_finding *f)
{
    dpid_finding *range = &j->v->finding[DPID_RANGE];
    dpid_separation by_bits;
    dpid_separation by_range;
    dpid_intervention both;
    bool decided = false;
    DPID_TRY(dpid_rule_harm(j, f, &decided));
    DPID_TRY(dpid_rule_harm(j, range, &decided));
    if (decided)
        return DEEPID_OK;
    DPID_TRY(dpid_separate(j, DPID_ROUNDING, &by_bits));
    DPID_TRY(dpid_separate(j, DPID_RANGE, &by_range));
    DPID_TRY(intervene_by_both(j, &both));
    DPID_TRY(note_best(j, &by_bits, &by_range, &both));
    DPID_TRY(write_one(j, DPID_ROUNDING, &by_bits, &by_range, &both));
    return write_one(j, DPID_RANGE, &by_range, &by_bits, &both);
}

/* ---- coarser precisions ---------------------------------------------------------------------------- */

bool dpid_arm_is_coarser(const dpid_arm_evidence *arm)
{
    static const char *const formats[] = {"D_bf16", "D_f16", "D_tf32", "D_f8"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!strcmp(arm->word, formats[i]) || dpid_arm_in_set(arm, formats[i]))
            return true;
    return false;
}

int32_t dpid_rule_rounding(dpid_judge *j, dpid_finding *f)
{
    dpid_string s = {.ctx = j->ctx};
    DPID_TRY(rounding_or_range(j, f));
    dpid_string_add(&s, f->sentence);
    if (s.status == DEEPID_OK)
        s.status = dpid_say_ladder(j, f, &s);
    return dpid_keep(j, &s, &f->sentence);
}
