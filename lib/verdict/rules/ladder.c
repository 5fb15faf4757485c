/* The ladder of precision: what storing numbers in another format changes of the deep net, of the shallow one, and so
   with depth. Of one format f, seed by seed:
     worse with depth = (D_f - D) - (S_f - S)
   Where both of a difference diverge, or both nets learn nothing, it says nothing of depth. It decides no cause: the
   recipe does not store so. Two arms beside a format say how it hurts: what loss scaling mends was gradients out of the
   range, what master weights or stochastic rounding mend was lost in rounding. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- with depth ------------------------------------------------------------------------------------ */

/* Two runs that diverge differ by nothing that is known. */
static double less(double a, double b)
{
    return isinf(a) && a == b ? (double)NAN : a - b;
}

static dpid_series change_of(const dpid_judge *j, const dpid_series *stored, const dpid_series *plain)
{
    const dpid_series out = dpid_series_make(j);
    for (int64_t k = 0; k < j->e->seeds; k++)
        out.at[k] = less(stored->at[k], plain->at[k]);
    return out;
}

/* An arm beside the one that differs from it in the format alone, at one rate. plain NULL: nobody ran it. */
typedef struct {
    const dpid_arm_evidence *arm;
    dpid_series change; /* arm less plain */
    dpid_contrast by;
} rung;

static int32_t stand(const dpid_judge *j, const dpid_arm_evidence *arm, const dpid_arm_evidence *plain, rung *out)
{
    const dpid_series stored = dpid_arm_on(j, j->on, arm);
    const dpid_series beside = dpid_arm_on(j, j->on, plain);
    const dpid_series nothing = dpid_series_make(j);
    *out = (rung){.arm = arm, .change = change_of(j, &stored, &beside)};
    return dpid_contrast_of(j, &out->change, &nothing, DPID_INTERVAL_ONLY, &out->by);
}

/* Why nothing is known of depth, in words; NULL: nothing speaks against it. */
static int32_t find_silence(const dpid_judge *j, const dpid_arm_evidence *deep, const dpid_arm_evidence *shallow,
                            const char **why)
{
    bool d;
    bool s;
    bool d_stored;
    bool s_stored;
    DPID_TRY(dpid_arm_learned_nothing(j, dpid_arm_at_tuned_rate(j, "D"), &d));
    DPID_TRY(dpid_arm_learned_nothing(j, dpid_arm_at_tuned_rate(j, "S"), &s));
    DPID_TRY(dpid_arm_learned_nothing(j, deep, &d_stored));
    DPID_TRY(dpid_arm_learned_nothing(j, shallow, &s_stored));
    const bool diverge = dpid_arm_all_diverged(j, deep) && dpid_arm_all_diverged(j, shallow);
    *why = d && d_stored          ? "the deep net learns nothing without it either"
           : s && s_stored        ? "the shallow net learns nothing without it either"
           : diverge              ? "both diverge"
           : d_stored && s_stored ? "both nets learn nothing in it"
                                  : NULL;
    return DEEPID_OK;
}

/* ---- words ------------------------------------------------------------------------------------------- */

static const char *compared(const dpid_judge *j, const dpid_estimate *e)
{
    return e->low > j->on_margin     ? "surely worse"
           : e->high < -j->on_margin ? "surely better"
           : e->high < j->on_margin  ? "not worse by the margin"
           : e->low > 0              ? "worse, by the margin or not is not sure"
                                     : "whether that is worse is not sure";
}

static const char *with_depth(const dpid_judge *j, const dpid_estimate *e)
{
    return e->low > j->on_margin     ? "surely worse with depth"
           : e->high < -j->on_margin ? "surely better with depth"
           : e->high < j->on_margin  ? "not worse with depth by the margin"
           : e->low > 0              ? "worse with depth, by the margin or not is not sure"
                                     : "whether it is worse with depth is not sure";
}

/* "the deep net ends at a training loss of 0.55: surely worse (difference to D 0.03 [0.01, 0.05], margin 0.02)" */
static void say_deep(const dpid_judge *j, const rung *deep, dpid_string *s)
{
    const dpid_estimate *by = &deep->by.rank;
    dpid_string_format(s, " In %s the deep net ", dpid_arm_said(deep->arm->word).text);
    dpid_say_end(j, s, deep->arm);
    if (isfinite(by->value))
        dpid_string_format(s, ": %s (difference to D %s, margin %s)", compared(j, by), dpid_scale_words(j->on, by).text,
                           dpid_scale_margin_words(j->on, j->on_margin).text);
    else
        dpid_string_format(s, ": %s", isnan(by->value) ? "not compared, D diverges where it does" : compared(j, by));
}

/* "; the shallow net ends at 0.1 (difference to S 0 [0, 0.01]). The difference of the two is 0.03 [0.01, 0.05]: surely
   worse with depth"; why: nothing is known of that */
static void say_depth(const dpid_judge *j, const rung *shallow, const dpid_estimate *depth, const char *why,
                      dpid_string *s)
{
    dpid_string_add(s, "; the shallow net ");
    dpid_say_end(j, s, shallow->arm);
    if (isfinite(shallow->by.rank.value))
        dpid_string_format(s, " (difference to S %s)", dpid_scale_words(j->on, &shallow->by.rank).text);
    if (why) {
        dpid_string_format(s, ". Whether it is worse with depth is not known: %s", why);
        return;
    }
    if (isfinite(depth->value))
        dpid_string_format(s, ". The difference of the two differences is %s", dpid_scale_words(j->on, depth).text);
    dpid_string_format(s, ": %s", with_depth(j, depth));
}

/* ---- what mends it ------------------------------------------------------------------------------------- */

static const struct {
    const char *arm, *mended, *mends, *since;
} rows[] = {
    {"D_f16", "D_f16:scaled", "Loss scaling mends", NULL},
    {"D_bf16", "D_bf16:stochastic", "Stochastic rounding mends", "updates or sums are lost in rounding"},
    {"D_bf16:weights", "D_bf16", "Master weights mend", "updates are lost in rounding"},
};

/* A dynamic scale skips steps that overflow, too. */
static const char *out_of_range(const dpid_judge *j, const dpid_arm_evidence *unscaled)
{
    int64_t run;
    return dpid_arm_diverged(j, unscaled, &run) > 0 ? "gradients leave the range (underflow or overflow)"
                                                    : "gradients underflow";
}

/* Where the format is surely worse, and surely less so with that arm's help. */
static int32_t say_mended(const dpid_judge *j, const rung *deep, dpid_string *s)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows && deep->by.rank.low > j->on_margin; i++) {
        const dpid_arm_evidence *arm = dpid_judge_arm(j, rows[i].mended);
        dpid_contrast by;
        if (strcmp(deep->arm->word, rows[i].arm) != 0 || !arm)
            continue;
        const dpid_series stored = dpid_arm_on(j, j->on, deep->arm);
        const dpid_series mended = dpid_arm_on(j, j->on, arm);
        DPID_TRY(dpid_contrast_of(j, &stored, &mended, DPID_INTERVAL_ONLY, &by));
        if (by.n == 0 || !(by.rank.low > j->on_margin))
            continue;
        dpid_string_format(s, ". %s that", rows[i].mends);
        if (isfinite(by.rank.value))
            dpid_string_format(s, ", by %s", dpid_scale_words(j->on, &by.rank).text);
        dpid_string_format(s, ": %s", rows[i].since ? rows[i].since : out_of_range(j, deep->arm));
    }
    return s->status;
}

/* ---- one format ------------------------------------------------------------------------------------------ */

static const dpid_arm_evidence *shallow_of(const dpid_judge *j, const dpid_arm_evidence *deep)
{
    char word[64];
    snprintf(word, sizeof word, "S%s", deep->word + 1);
    return dpid_judge_arm(j, word);
}

/* At how many seeds both were run. */
static int64_t count_shared(const dpid_judge *j, const dpid_arm_evidence *a, const dpid_arm_evidence *b)
{
    const dpid_series x = dpid_arm_on(j, j->on, a);
    const dpid_series y = dpid_arm_on(j, j->on, b);
    int64_t shared = 0;
    for (int64_t k = 0; k < j->e->seeds; k++)
        shared += !isnan(x.at[k]) && !isnan(y.at[k]);
    return shared;
}

/* The name is the verdict's own: words of arms are lent. prefix: "depth:" of "bf16" */
static int32_t set_named(dpid_judge *j, dpid_finding *f, const char *prefix, const char *word, const dpid_estimate *e)
{
    char *name;
    DPID_TRY(dpid_set_text(j, &name, "%s%s", prefix, word));
    return dpid_set_estimate(j, f, name, e);
}

/* The shallow net beside it, and the difference of the differences. */
static int32_t say_shallow(dpid_judge *j, dpid_finding *f, const rung *deep, const dpid_arm_evidence *beside,
                           dpid_string *s)
{
    rung shallow;
    dpid_contrast depth;
    const char *why;
    DPID_TRY(stand(j, beside, dpid_arm_at_tuned_rate(j, "S"), &shallow));
    DPID_TRY(find_silence(j, deep->arm, beside, &why));
    const dpid_series more = change_of(j, &deep->change, &shallow.change);
    const dpid_series nothing = dpid_series_make(j);
    DPID_TRY(dpid_contrast_of(j, &more, &nothing, DPID_INTERVAL_ONLY, &depth));
    if (!why && depth.n < j->least_seeds && depth.n < count_shared(j, beside, deep->arm))
        why = "both diverge, or do without it as well, at too many seeds";
    say_depth(j, &shallow, &depth.rank, why, s);
    if (shallow.by.n > 0)
        DPID_TRY(set_named(j, f, "", beside->word, &shallow.by.rank));
    return why ? DEEPID_OK : set_named(j, f, "depth:", beside->word + 2, &depth.rank);
}

static int32_t say_format(dpid_judge *j, dpid_finding *f, const dpid_arm_evidence *arm, dpid_string *s)
{
    const dpid_arm_evidence *beside = shallow_of(j, arm);
    rung deep;
    DPID_TRY(stand(j, arm, dpid_arm_at_tuned_rate(j, "D"), &deep));
    if (count_shared(j, arm, dpid_arm_at_tuned_rate(j, "D")) == 0)
        return DEEPID_OK;
    if (deep.by.n > 0)
        DPID_TRY(set_named(j, f, "", arm->word, &deep.by.rank));
    say_deep(j, &deep, s);
    if (beside && count_shared(j, beside, dpid_arm_at_tuned_rate(j, "S")) > 0 && count_shared(j, beside, arm) > 0)
        DPID_TRY(say_shallow(j, f, &deep, beside, s));
    DPID_TRY(say_mended(j, &deep, s));
    dpid_string_add(s, ".");
    return s->status;
}

static bool has_format(const dpid_arm_evidence *arm)
{
    return dpid_arm_is_coarser(arm) || !strcmp(arm->word, "D_f32");
}

/* Of a recipe that stores in a format itself storage.c has said what the others repair; here it gets the numbers. */
int32_t dpid_say_ladder(dpid_judge *j, dpid_finding *f, dpid_string *s)
{
    dpid_string unsaid = {.ctx = j->ctx};
    dpid_string *to = dpid_recipe_format(j) ? &unsaid : s;
    int32_t status = s->status;
    for (int64_t i = 0; i < j->e->arms && j->d && status == DEEPID_OK; i++)
        if (has_format(&j->e->arm[i]))
            status = say_format(j, f, &j->e->arm[i], to);
    dpid_string_release(&unsaid);
    return status;
}
