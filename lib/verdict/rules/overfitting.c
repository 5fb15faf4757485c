/* overfitting: no harm in training, the gap of gaps G = (Lval - Ltr)_D - (Lval - Ltr)_S and the harm in validation
   D_val are both surely above m_val. Validation losses are never capped; whether it survives early stopping is told. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>

typedef struct {
    dpid_contrast harm, gap, early; /* D_val, G, D_val at the best point of training */
    double median_d, median_s;
    dpid_contrast error; /* of the share of wrong classes */
} validation;

/* Lval - Ltr; a diverged run has no gap */
static dpid_series gap_of(const dpid_judge *j, const dpid_arm_evidence *arm, const dpid_series *valid)
{
    const dpid_series train = dpid_arm_loss(j, arm);
    dpid_series out = {{0}};
    for (int64_t s = 0; s < j->e->seeds; s++)
        out.at[s] = isinf(train.at[s]) ? (double)NAN : valid->at[s] - train.at[s];
    return out;
}

static int32_t measure(dpid_judge *j, validation *v)
{
    const dpid_arm_evidence *arm[2] = {j->d, j->s};
    dpid_series valid[2];
    dpid_series gap[2];
    dpid_series best[2];
    dpid_series error[2];
    for (int i = 0; i < 2; i++) {
        valid[i] = dpid_arm_series(j, arm[i], arm[i] ? arm[i]->valid_loss : NULL);
        best[i] = dpid_arm_series(j, arm[i], arm[i] ? arm[i]->best_valid_loss : NULL);
        error[i] = dpid_arm_series(j, arm[i], arm[i] ? arm[i]->valid_error : NULL);
        gap[i] = gap_of(j, arm[i], &valid[i]);
    }
    DPID_TRY(dpid_series_median(j, &valid[0], &v->median_d));
    DPID_TRY(dpid_series_median(j, &valid[1], &v->median_s));
    DPID_TRY(dpid_contrast_of(j, &valid[0], &valid[1], DPID_RANKS_ONLY, &v->harm));
    DPID_TRY(dpid_contrast_of(j, &gap[0], &gap[1], DPID_RANKS_ONLY, &v->gap));
    DPID_TRY(dpid_contrast_of(j, &best[0], &best[1], DPID_RANKS_ONLY, &v->early));
    return dpid_contrast_of(j, &error[0], &error[1], DPID_RANKS_ONLY, &v->error);
}

static int32_t set_numbers(dpid_judge *j, dpid_finding *f, const validation *v)
{
    DPID_TRY(dpid_set_contrast(j, f, &v->harm));
    DPID_TRY(dpid_set_text(j, &f->arm, "D"));
    dpid_set_number(f, "valid_margin", j->valid_margin);
    dpid_set_number(f, "median_shallow", v->median_s);
    dpid_set_number(f, "median_deep", v->median_d);
    DPID_TRY(dpid_set_estimate(j, f, "gap_of_gaps", &v->gap.rank));
    if (v->early.n > 0)
        DPID_TRY(dpid_set_estimate(j, f, "early_stopping", &v->early.rank));
    return v->error.n > 0 ? dpid_set_estimate(j, f, "error_difference", &v->error.rank) : DEEPID_OK;
}

static void say_early_stopping(const dpid_judge *j, const validation *v, dpid_string *s)
{
    if (v->early.n == 0)
        return;
    const char *what = v->early.rank.low > j->valid_margin    ? "it survives early stopping"
                       : v->early.rank.high < j->valid_margin ? "early stopping repairs it"
                                                              : "whether early stopping repairs it is not sure";
    dpid_string_format(s, " At the best moment of each run the difference is %s: %s.",
                       dpid_interval_words(&v->early.rank).text, what);
}

static int32_t overfits(dpid_judge *j, dpid_finding *f, const validation *v)
{
    dpid_string s = {.ctx = j->ctx};
    f->status = j->harm_state == DPID_HARM_NONE ? DPID_CONFIRMED : DPID_CONTRIBUTES;
    dpid_string_format(&s,
                       "Validation loss is %s deep against %s shallow (difference %s), training loss %s against %s: "
                       "the deep net fits the sample better than the task (gap of gaps %s, margin %s).",
                       dpid_words(v->median_d).text, dpid_words(v->median_s).text,
                       dpid_interval_words(&v->harm.rank).text, dpid_words(j->median_d).text,
                       dpid_words(j->median_s).text, dpid_interval_words(&v->gap.rank).text,
                       dpid_words(j->valid_margin).text);
    if (f->status == DPID_CONTRIBUTES)
        dpid_string_add(&s, " Whether training is harmed as well is not sure.");
    say_early_stopping(j, v, &s);
    return dpid_keep(j, &s, &f->sentence);
}

static int32_t by_numbers(dpid_judge *j, dpid_finding *f, const validation *v)
{
    const double m = j->valid_margin;
    f->rule = "overfitting.gap_of_gaps";
    if (v->gap.rank.low > m && v->harm.rank.low > m)
        return overfits(j, f, v);
    if (v->gap.rank.high < m || v->harm.rank.high < m) {
        f->status = DPID_REFUTED;
        return dpid_set_text(j, &f->sentence,
                             "No overfitting: validation loss %s deep against %s shallow (difference %s); the gap "
                             "between validation and training differs by %s, margin %s.",
                             dpid_words(v->median_d).text, dpid_words(v->median_s).text,
                             dpid_interval_words(&v->harm.rank).text, dpid_interval_words(&v->gap.rank).text,
                             dpid_words(m).text);
    }
    f->status = DPID_UNDECIDED;
    DPID_TRY(dpid_settle_seeds(j, f, v->gap.rank.low > m ? &v->harm : &v->gap, m));
    return dpid_set_text(
        j, &f->sentence,
        "Not decided: validation loss %s deep against %s shallow, difference %s, gap of gaps %s, margin %s.",
        dpid_words(v->median_d).text, dpid_words(v->median_s).text, dpid_interval_words(&v->harm.rank).text,
        dpid_interval_words(&v->gap.rank).text, dpid_words(m).text);
}

int32_t dpid_rule_overfitting(dpid_judge *j, dpid_finding *f)
{
    validation v;
    bool decided;
    if (j->harm_state == DPID_HARM_UNKNOWN)
        return dpid_rule_harm(j, f, &decided);
    DPID_TRY(measure(j, &v));
    DPID_TRY(set_numbers(j, f, &v));
    if (j->harm_state == DPID_HARM) {
        f->status = DPID_REFUTED;
        f->rule = "overfitting.harm_in_training";
        f->effect = j->harm.rank;
        return dpid_set_text(j, &f->sentence,
                             "Not the explanation: training itself is harmed (training loss %s deep against %s "
                             "shallow, difference %s), and overfitting does not raise the training loss.",
                             dpid_words(j->median_d).text, dpid_words(j->median_s).text,
                             dpid_interval_words(&j->harm.rank).text);
    }
    if (v.gap.n > 0)
        return by_numbers(j, f, &v);
    f->status = DPID_UNDECIDED;
    f->rule = "overfitting.missing";
    DPID_TRY(dpid_set_text(j, &f->to_settle, "Give validation data."));
    return dpid_set_text(j, &f->sentence, "Not decided: there are no validation losses.");
}
