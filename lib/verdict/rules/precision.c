/* rounding and range: what float64 repairs (D64). It is range instead of rounding when the counters fire: gradient
   entries that are zero, subnormal or infinite in the run's precision and not in the reference. In chaotic nets D
   and D64 are independent runs. Inexact gradients that f64 does not repair are a symptom. Coarser precisions (D_bf16,
   D_f16, ...) are told beside it and decide nothing. */
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
    dpid_set_number(f, "independent", j->chaotic);
    if (j->chaotic)
        dpid_string_add(s, " Small differences grow here, so float64 runs are judged as independent of the others.");
    const bool large = e->compared && e->max_relative_error > j->t.gradient_error;
    if (large && (x->share.high < j->t.symptom_share || (isnan(x->share.value) && x->status == DPID_REFUTED)))
        dpid_string_format(s,
                           " The gradients are inexact (relative error up to %s, cosine down to %s), but that is a "
                           "symptom, not the cause.",
                           dpid_words(e->max_relative_error).text, dpid_words(e->min_cosine).text);
}

/* Which of the two the repair speaks for; the other one is refuted, or both are. */
static void share_out(const dpid_judge *j, const dpid_intervention *x, dpid_verdict_status *rounding,
                      dpid_verdict_status *range)
{
    const dpid_verdict_status repair = x->status;
    *rounding = *range = repair;
    if (repair == DPID_REFUTED || x->all_diverged)
        return;
    if (!j->e->counted)
        *rounding = *range = repair < DPID_UNDECIDED ? repair : DPID_UNDECIDED;
    else if (counters_fire(j->e))
        *rounding = DPID_REFUTED;
    else
        *range = DPID_REFUTED;
}

/* "What float64 repairs, 3 % [-2, 9] of the gap, is not range: no gradient entry leaves it." */
static void say_shortly(const dpid_judge *j, const dpid_intervention *x, bool rounding, dpid_string *s)
{
    const bool share = !isnan(x->share.value);
    dpid_string_format(s, "What float64 repairs, %s%s%s, is ",
                       share ? dpid_percent_words(&x->share).text : dpid_scale_words(j->on, &x->effect.rank).text,
                       share ? " of " : "", share ? dpid_scale_gap(j->on) : "");
    dpid_string_add(s, x->status == DPID_REFUTED ? "surely less than the margin."
                       : rounding                ? "range, not rounding: gradient entries leave the range."
                                                 : "not range: no gradient entry leaves it.");
}

static int32_t write(dpid_judge *j, int32_t hypothesis, dpid_verdict_status status, const dpid_intervention *x)
{
    dpid_finding *f = &j->v->finding[hypothesis];
    dpid_string s = {.ctx = j->ctx};
    const bool rounding = hypothesis == DPID_ROUNDING;
    f->rule = rounding ? "rounding.f64" : "range.f64";
    int32_t result = dpid_set_intervention(j, f, x, &s);
    f->status = status;
    if (status == DPID_REFUTED && result == DEEPID_OK && (!rounding || x->status != DPID_REFUTED)) {
        f->to_settle = NULL;
        dpid_string_release(&s); /* the other finding has it all */
        say_shortly(j, x, rounding, &s);
    }
    if (status == DPID_UNDECIDED && x->status > DPID_UNDECIDED && result == DEEPID_OK) {
        dpid_string_add(&s, " Whether by rounding or by range is not known: gradient entries were not counted.");
        result =
            dpid_set_text(j, &f->to_settle, "Count the gradient entries that leave the range of the run's precision.");
    }
    if (!rounding)
        say_counters(j, f, &s);
    else
        say_accuracy(j, f, x, &s);
    if (result != DEEPID_OK)
        dpid_string_release(&s);
    return result == DEEPID_OK ? dpid_keep(j, &s, &f->sentence) : result;
}

static int32_t without_arm(dpid_judge *j, dpid_finding *f)
{
    const char *reason = dpid_left_out(j, "D64", false);
    if (j->e->is_f64) {
        f->status = DPID_NOT_APPLICABLE;
        f->rule = "precision.is_f64";
        return dpid_set_text(j, &f->sentence, "Does not apply: the recipe itself trains in float64.");
    }
    f->status = DPID_UNDECIDED;
    f->rule = "arm.missing";
    DPID_TRY(dpid_settle_missing(j, f, "D64", false));
    return dpid_set_text(j, &f->sentence, "Not decided: arm D64 was not run%s%s%s.", reason && *reason ? " (" : "",
                         reason ? reason : "", reason && *reason ? ")" : "");
}

static int32_t rounding_or_range(dpid_judge *j, dpid_finding *f)
{
    const dpid_arm_evidence *arm = dpid_judge_arm(j, "D64");
    dpid_intervention x = {.arm = NULL};
    dpid_verdict_status status[2];
    bool decided = false;
    dpid_finding *range = &j->v->finding[DPID_RANGE];
    DPID_TRY(dpid_rule_harm(j, f, &decided));
    DPID_TRY(dpid_rule_harm(j, range, &decided));
    if (decided)
        return DEEPID_OK;
    if (arm && !j->e->is_f64)
        DPID_TRY(dpid_intervene(j, arm, j->chaotic, &x));
    if (!x.arm || x.effect.n == 0) {
        DPID_TRY(without_arm(j, f));
        return without_arm(j, range);
    }
    j->best[DPID_ROUNDING] = x;
    share_out(j, &x, &status[0], &status[1]);
    DPID_TRY(write(j, DPID_ROUNDING, status[0], &x));
    return write(j, DPID_RANGE, status[1], &x);
}

/* ---- coarser precisions ---------------------------------------------------------------------------- */

/* " In bfloat16 the deep net ends at a training loss of 0.55: above D by 0.03 [0.01, 0.05], margin 0.02" */
static int32_t say_coarser(dpid_judge *j, dpid_finding *f, const dpid_arm_evidence *arm, dpid_string *s)
{
    const dpid_series on = dpid_arm_on(j, j->on, arm);
    dpid_contrast above;
    DPID_TRY(dpid_contrast_on(j, j->on, &on, &j->base.view[j->on].d, &above));
    if (above.n == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_set_estimate(j, f, arm->word, &above.rank));
    dpid_string_format(s, " In %s the deep net ", dpid_arm_said(arm->word).text);
    dpid_say_end(j, s, arm);
    if (isfinite(above.rank.value))
        dpid_string_format(s, ": %s (difference to D %s, margin %s)",
                           above.rank.low > j->on_margin     ? "surely worse"
                           : above.rank.high < -j->on_margin ? "surely better"
                           : above.rank.high < j->on_margin  ? "not worse by the margin"
                                                             : "whether that is worse is not sure",
                           dpid_scale_words(j->on, &above.rank).text,
                           dpid_scale_margin_words(j->on, j->on_margin).text);
    dpid_string_add(s, ".");
    return s->status;
}

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
    for (int64_t i = 0; i < j->e->arms && j->d && s.status == DEEPID_OK; i++)
        if (dpid_arm_is_coarser(&j->e->arm[i]))
            s.status = say_coarser(j, f, &j->e->arm[i], &s);
    return dpid_keep(j, &s, &f->sentence);
}
