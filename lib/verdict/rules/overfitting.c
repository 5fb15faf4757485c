/* overfitting: the deep net fits the sample and validates worse. Two scales, the loss and the share of wrong classes;
   a log loss may rise while the answers stay right, and then the net is over-confident.
     no harm in training   the gap of gaps G = (val - train)_D - (val - train)_S and the harm D_val are surely above m
     harm, or unsure       the same harm at the same training loss (matched.c), where there are curves
   Refuted where the same net trained otherwise fits as well and validates better (retrained.c). */
#include "verdict/rules/overfitting.h"

#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LOSS, ERROR, SCALES };

typedef struct {
    dpid_validation_scale scale[SCALES];
    dpid_contrast early; /* D_val at the best point of training */
    double level;        /* the training loss of the same fit */
    dpid_retrained other;
} validation;

/* ---- measures -------------------------------------------------------------------------------------- */

/* val - train; a diverged run has no gap */
static dpid_series gap_of(const dpid_judge *j, const dpid_arm_evidence *arm, const dpid_series *valid,
                          const double *fit)
{
    const dpid_series train = dpid_arm_series(j, arm, fit);
    const dpid_series out = dpid_series_make(j);
    for (int64_t s = 0; s < j->e->seeds; s++)
        out.at[s] = isinf(train.at[s]) ? (double)NAN : valid->at[s] - train.at[s];
    return out;
}

static int32_t measure_scale(const dpid_judge *j, int which, dpid_validation_scale *v)
{
    const dpid_arm_evidence *arm[2] = {j->d, j->s};
    dpid_series valid[2];
    dpid_series gap[2];
    for (int i = 0; i < 2; i++) {
        const dpid_arm_evidence *a = arm[i];
        valid[i] = dpid_arm_series(j, a, !a ? NULL : which == LOSS ? a->valid_loss : a->valid_error);
        gap[i] = gap_of(j, a, &valid[i], !a ? NULL : which == LOSS ? a->train_loss : a->train_error);
    }
    v->deep = valid[0];
    v->shallow = valid[1];
    v->margin = j->base.view[which == LOSS ? DPID_BY_VALID_LOSS : DPID_BY_VALID_ERROR].margin;
    DPID_TRY(dpid_series_median(j, &valid[0], &v->median_d));
    DPID_TRY(dpid_series_median(j, &valid[1], &v->median_s));
    DPID_TRY(dpid_contrast_of(j, &valid[0], &valid[1], DPID_RANKS_ONLY, &v->harm));
    return dpid_contrast_of(j, &gap[0], &gap[1], DPID_RANKS_ONLY, &v->gap);
}

/* Where training is harmed, or may be, the gap of gaps says little: a worse fit has another gap. */
static bool is_found(const dpid_judge *j, const dpid_validation_scale *v)
{
    const bool by_match = j->harm_state == DPID_HARM || (j->harm_state == DPID_HARM_UNSURE && v->matched.n > 0);
    const dpid_contrast *gap = by_match ? &v->matched : &v->gap;
    return v->harm.rank.low > v->margin && gap->rank.low > v->margin;
}

static int32_t measure(const dpid_judge *j, validation *v)
{
    const dpid_series best[2] = {dpid_arm_series(j, j->d, j->d ? j->d->best_valid_loss : NULL),
                                 dpid_arm_series(j, j->s, j->s ? j->s->best_valid_loss : NULL)};
    for (int k = 0; k < SCALES; k++)
        DPID_TRY(measure_scale(j, k, &v->scale[k]));
    DPID_TRY(dpid_match_fits(j, v->scale, &v->level));
    for (int k = 0; k < SCALES; k++)
        v->scale[k].found = is_found(j, &v->scale[k]);
    DPID_TRY(dpid_contrast_of(j, &best[0], &best[1], DPID_RANKS_ONLY, &v->early));
    return dpid_retrained_best(j, v->scale, &v->other);
}

static int32_t set_numbers(dpid_judge *j, dpid_finding *f, const validation *v)
{
    const dpid_validation_scale *loss = &v->scale[LOSS];
    const dpid_validation_scale *error = &v->scale[ERROR];
    f->scale = DPID_BY_VALID_LOSS;
    DPID_TRY(dpid_set_contrast(j, f, &loss->harm));
    DPID_TRY(dpid_set_text(j, &f->arm, "D"));
    dpid_set_number(f, "valid_margin", loss->margin);
    dpid_set_number(f, "median_shallow", loss->median_s);
    dpid_set_number(f, "median_deep", loss->median_d);
    DPID_TRY(dpid_set_estimate(j, f, "gap_of_gaps", &loss->gap.rank));
    if (v->early.n > 0)
        DPID_TRY(dpid_set_estimate(j, f, "early_stopping", &v->early.rank));
    if (loss->matched.n > 0) {
        dpid_set_number(f, "matched_training_loss", v->level);
        DPID_TRY(dpid_set_estimate(j, f, "matched_difference", &loss->matched.rank));
    }
    if (error->matched.n > 0)
        DPID_TRY(dpid_set_estimate(j, f, "matched_error_difference", &error->matched.rank));
    if (error->harm.n == 0)
        return DEEPID_OK;
    dpid_set_number(f, "error_margin", error->margin);
    dpid_set_number(f, "error_shallow", error->median_s);
    dpid_set_number(f, "error_deep", error->median_d);
    return dpid_set_estimate(j, f, "error_difference", &error->harm.rank);
}

/* ---- in words ---------------------------------------------------------------------------------------- */

/* "75.3 %" of a share of wrong ones */
static dpid_words_text right(double wrong)
{
    dpid_words_text out;
    snprintf(out.text, sizeof out.text, "%s %%", dpid_words(100 * (1 - wrong)).text);
    return out;
}

/* "the accuracy is 75.3 % deep against 74.6 % shallow, surely no worse" */
static void say_accuracy(dpid_string *s, const dpid_validation_scale *error)
{
    const dpid_estimate points = {100 * error->harm.rank.value, 100 * error->harm.rank.low,
                                  100 * error->harm.rank.high};
    const char *what = points.low > 100 * error->margin     ? "surely worse"
                       : points.high < -100 * error->margin ? "surely better"
                       : points.high < 100 * error->margin  ? "surely not worse"
                                                            : "not surely worse";
    dpid_string_format(s, "the accuracy is %s deep against %s shallow, %s (difference in errors %s points, margin %s)",
                       right(error->median_d).text, right(error->median_s).text, what,
                       dpid_interval_words(&points).text, dpid_words(100 * error->margin).text);
}

static void say_early_stopping(const dpid_judge *j, const validation *v, dpid_string *s)
{
    if (v->early.n == 0 || !(v->scale[LOSS].harm.rank.low > v->scale[LOSS].margin)) /* of the loss: no harm, no cure */
        return;
    const char *what = v->early.rank.low > j->valid_margin    ? "it survives early stopping"
                       : v->early.rank.high < j->valid_margin ? "early stopping repairs it"
                                                              : "whether early stopping repairs it is not sure";
    dpid_string_format(s, " At the best moment of each run the loss differs by %s: %s.",
                       dpid_interval_words(&v->early.rank).text, what);
}

static void say_matched(const validation *v, dpid_string *s)
{
    const dpid_validation_scale *x = &v->scale[LOSS];
    if (x->matched.n > 0)
        dpid_string_format(s, " At the same training loss (median %s) the validation loss differs by %s, margin %s.",
                           dpid_words(v->level).text, dpid_interval_words(&x->matched.rank).text,
                           dpid_words(x->margin).text);
}

static void say_losses(const dpid_judge *j, const validation *v, dpid_string *s)
{
    const dpid_validation_scale *loss = &v->scale[LOSS];
    dpid_string_format(s,
                       "Validation loss is %s deep against %s shallow (difference %s, margin %s), training loss %s "
                       "against %s",
                       dpid_words(loss->median_d).text, dpid_words(loss->median_s).text,
                       dpid_interval_words(&loss->harm.rank).text, dpid_words(loss->margin).text,
                       dpid_words(j->median_d).text, dpid_words(j->median_s).text);
    if (v->scale[ERROR].harm.n > 0) {
        dpid_string_add(s, "; ");
        say_accuracy(s, &v->scale[ERROR]);
    }
    dpid_string_add(s, ".");
}

/* ---- found ------------------------------------------------------------------------------------------- */

/* Worse by log loss, and not surely by error: the answers stay, their probabilities do not. */
static bool over_confident(const validation *v)
{
    const dpid_contrast *error = &v->scale[ERROR].harm;
    return error->n > 0 && !(error->rank.low > v->scale[ERROR].margin);
}

/* By the loss, or else by the error: the numbers that decided. */
static void say_found(const validation *v, dpid_string *s)
{
    const dpid_validation_scale *loss = &v->scale[LOSS];
    const dpid_validation_scale *error = &v->scale[ERROR];
    if (!over_confident(v))
        dpid_string_add(s, " The deep net fits the sample better than the task");
    else
        dpid_string_format(s, " The deep net is over-confident: its loss is worse and its accuracy %s",
                           v->scale[ERROR].harm.rank.high < v->scale[ERROR].margin ? "surely is not"
                                                                                   : "is not surely so");
    if (loss->found)
        dpid_string_format(s, " (gap of gaps %s, margin %s).", dpid_interval_words(&loss->gap.rank).text,
                           dpid_words(loss->margin).text);
    else
        dpid_string_format(
            s, " (%s of errors %s, margin %s).",
            error->matched.n > 0 ? "at the same training loss a difference" : "gap of gaps",
            dpid_scale_words(DPID_BY_VALID_ERROR, error->matched.n > 0 ? &error->matched.rank : &error->gap.rank).text,
            dpid_scale_margin_words(DPID_BY_VALID_ERROR, error->margin).text);
}

/* "With another optimiser (adam) the same net ends at training loss 0.0005 and validates at 0.16 instead of 0.3" */
static int32_t say_other(const dpid_judge *j, const validation *v, dpid_string *s)
{
    const dpid_retrained *x = &v->other;
    const dpid_validation_scale *scale = &v->scale[x->by_error ? ERROR : LOSS];
    dpid_string_format(s, "with ");
    DPID_TRY(dpid_say_arm(s, x->arm, false));
    dpid_string_format(s, " the same net fits at least as well (training loss %s, D %s) and validates ",
                       dpid_words(x->train).text, dpid_words(j->median_d).text);
    if (x->by_error)
        dpid_string_format(s, "%s right instead of %s", right(x->valid).text, right(scale->median_d).text);
    else
        dpid_string_format(s, "at %s instead of %s", dpid_words(x->valid).text, dpid_words(scale->median_d).text);
    dpid_string_format(s, " (shallow %s)",
                       x->by_error ? right(scale->median_s).text : dpid_words(scale->median_s).text);
    return s->status;
}

static int32_t found(dpid_judge *j, dpid_finding *f, const validation *v)
{
    dpid_string s = {.ctx = j->ctx};
    const bool minor = j->harm_state == DPID_HARM && v->scale[LOSS].beyond.rank.high < 0;
    f->status = j->harm_state == DPID_HARM_NONE && !v->other.arm ? DPID_CONFIRMED
                : minor                                          ? DPID_MINOR
                                                                 : DPID_CONTRIBUTES;
    dpid_set_number(f, "over_confident", over_confident(v));
    dpid_set_number(f, "by_error", !v->scale[LOSS].found);
    say_losses(j, v, &s);
    say_found(v, &s);
    if (j->harm_state == DPID_HARM)
        dpid_string_add(&s, minor ? " But training is harmed, and most of the harm in validation comes with that."
                                  : " Training is harmed as well.");
    else if (j->harm_state == DPID_HARM_UNSURE)
        dpid_string_add(&s, " Whether training is harmed as well is not sure.");
    say_matched(v, &s);
    say_early_stopping(j, v, &s);
    if (v->other.arm) {
        dpid_string_add(&s, " A part of it is the training: ");
        say_other(j, v, &s);
        dpid_string_add(&s, ".");
    }
    return dpid_keep(j, &s, &f->sentence);
}

/* ---- not found ----------------------------------------------------------------------------------------- */

static int32_t by_training(dpid_judge *j, dpid_finding *f, const validation *v)
{
    dpid_string s = {.ctx = j->ctx};
    f->status = DPID_REFUTED;
    f->rule = "overfitting.trained_otherwise";
    DPID_TRY(dpid_set_text(j, &f->arm, "%s", v->other.arm->word));
    DPID_TRY(dpid_set_estimate(j, f, "trained_otherwise", &v->other.better.rank));
    dpid_string_add(&s, "Not overfitting, but the training: ");
    say_other(j, v, &s);
    dpid_string_add(&s, ". ");
    say_losses(j, v, &s);
    return dpid_keep(j, &s, &f->sentence);
}

static int32_t harm_in_training(dpid_judge *j, dpid_finding *f, const validation *v)
{
    dpid_string s = {.ctx = j->ctx};
    f->status = DPID_REFUTED;
    f->rule = "overfitting.harm_in_training";
    f->effect = j->base.view[j->on].harm.rank;
    f->scale = j->on;
    dpid_string_add(&s, "Not the explanation: training itself is harmed (");
    if (isinf(j->median_d)) {
        dpid_string_add(&s, "the deep net ");
        dpid_say_end(j, &s, j->d);
    } else {
        dpid_string_format(&s, "training loss %s deep against %s shallow, difference %s", dpid_words(j->median_d).text,
                           dpid_words(j->median_s).text, dpid_scale_words(j->on, &f->effect).text);
    }
    dpid_string_add(&s, "), and overfitting does not raise the training loss.");
    say_matched(v, &s);
    return dpid_keep(j, &s, &f->sentence);
}

/* Nets near the constant predictor differ by chance: what has no fit has no overfit. */
static int32_t without_fit(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "overfitting.no_fit";
    return dpid_set_text(j, &f->sentence,
                         "Does not apply: the deep net does not fit the sample (training loss %s, the constant "
                         "predictor %s).",
                         dpid_words(j->median_d).text, dpid_words(j->e->const_loss).text);
}

/* Below the margin, or nobody knows. */
static bool surely_below(const dpid_contrast *c, double margin)
{
    return c->n == 0 || c->rank.high < margin;
}

static int32_t undecided(dpid_judge *j, dpid_finding *f, const validation *v)
{
    dpid_string s = {.ctx = j->ctx};
    const dpid_validation_scale *loss = &v->scale[LOSS];
    const bool by_error = surely_below(&loss->harm, loss->margin) || surely_below(&loss->gap, loss->margin);
    const dpid_validation_scale *open = by_error ? &v->scale[ERROR] : loss;
    f->status = DPID_UNDECIDED;
    DPID_TRY(dpid_settle_seeds(j, f, open->harm.rank.low > open->margin ? &open->gap : &open->harm, open->margin));
    dpid_string_add(&s, "Not decided. ");
    say_losses(j, v, &s);
    dpid_string_format(&s, " The gap between validation and training differs by %s.",
                       dpid_interval_words(&loss->gap.rank).text);
    say_matched(v, &s);
    return dpid_keep(j, &s, &f->sentence);
}

static int32_t by_numbers(dpid_judge *j, dpid_finding *f, const validation *v)
{
    bool below = true;
    f->rule = j->harm_state == DPID_HARM ? "overfitting.same_fit" : "overfitting.gap_of_gaps";
    for (int k = 0; k < SCALES; k++) {
        const dpid_validation_scale *x = &v->scale[k];
        below = below && (surely_below(&x->harm, x->margin) || surely_below(&x->gap, x->margin));
    }
    if ((v->scale[LOSS].found || v->scale[ERROR].found) && dpid_learned_nothing(j, j->median_d))
        return without_fit(j, f);
    if ((v->scale[LOSS].found || v->scale[ERROR].found) && v->other.half)
        return by_training(j, f, v);
    if (v->scale[LOSS].found || v->scale[ERROR].found)
        return found(j, f, v);
    if (j->harm_state == DPID_HARM)
        return harm_in_training(j, f, v);
    if (!below)
        return undecided(j, f, v);
    dpid_string s = {.ctx = j->ctx};
    f->status = DPID_REFUTED;
    dpid_string_add(&s, "No overfitting. ");
    say_losses(j, v, &s);
    dpid_string_format(&s, " The gap between validation and training differs by %s.",
                       dpid_interval_words(&v->scale[LOSS].gap.rank).text);
    return dpid_keep(j, &s, &f->sentence);
}

/* Errors of validation without losses: whether they are worse is known, and not whether the sample is fitted better. */
static int32_t errors_alone(dpid_judge *j, dpid_finding *f, const dpid_validation_scale *v)
{
    DPID_TRY(dpid_set_text(j, &f->to_settle, "Give the validation losses too."));
    return dpid_set_text(
        j, &f->sentence,
        "Not decided: %s of the answers of validation are wrong with the deep net, %s with the shallow "
        "one (difference %s, margin %s), but validation losses are not known.",
        dpid_scale_median_words(DPID_BY_VALID_ERROR, v->median_d).text,
        dpid_scale_median_words(DPID_BY_VALID_ERROR, v->median_s).text,
        dpid_scale_words(DPID_BY_VALID_ERROR, &v->harm.rank).text,
        dpid_scale_margin_words(DPID_BY_VALID_ERROR, v->margin).text);
}

int32_t dpid_rule_overfitting(dpid_judge *j, dpid_finding *f)
{
    validation v;
    bool decided;
    if (j->harm_state == DPID_HARM_UNKNOWN)
        return dpid_rule_harm(j, f, &decided);
    DPID_TRY(measure(j, &v));
    DPID_TRY(set_numbers(j, f, &v));
    if (v.scale[LOSS].gap.n > 0 || j->harm_state == DPID_HARM)
        return by_numbers(j, f, &v);
    f->status = DPID_UNDECIDED;
    f->rule = "overfitting.missing";
    if (v.scale[ERROR].harm.n > 0)
        return errors_alone(j, f, &v.scale[ERROR]);
    DPID_TRY(dpid_set_text(j, &f->to_settle, "Give validation data."));
    return dpid_set_text(j, &f->sentence, "Not decided: there are no validation losses.");
}

/* ---- in the answer ------------------------------------------------------------------------------------- */

static void say_by_error(const dpid_judge *j, dpid_string *s)
{
    const dpid_view *view = &j->base.view[DPID_BY_VALID_ERROR];
    dpid_string_format(s, " They overfit: %s of the answers of validation are wrong instead of %s (difference %s)",
                       dpid_scale_median_words(DPID_BY_VALID_ERROR, view->median_d).text,
                       dpid_scale_median_words(DPID_BY_VALID_ERROR, view->median_s).text,
                       dpid_scale_words(DPID_BY_VALID_ERROR, &view->harm.rank).text);
}

/* Errors of validation are known, and losses are not. */
static void say_errors_alone(const dpid_judge *j, dpid_string *s)
{
    const dpid_view *view = &j->base.view[DPID_BY_VALID_ERROR];
    if (view->harm.rank.low > view->margin)
        dpid_string_format(s,
                           " Validation is worse: %s of its answers are wrong instead of %s (difference %s); whether "
                           "that is overfitting is not decided without validation losses.",
                           dpid_scale_median_words(DPID_BY_VALID_ERROR, view->median_d).text,
                           dpid_scale_median_words(DPID_BY_VALID_ERROR, view->median_s).text,
                           dpid_scale_words(DPID_BY_VALID_ERROR, &view->harm.rank).text);
}

void dpid_say_overfitting(const dpid_judge *j, dpid_string *s)
{
    const dpid_finding *f = &j->v->finding[DPID_OVERFITTING];
    const double deep = deepid_verdict_number_named(j->v, DPID_OVERFITTING, "median_deep");
    const double shallow = deepid_verdict_number_named(j->v, DPID_OVERFITTING, "median_shallow");
    const bool confident = deepid_verdict_number_named(j->v, DPID_OVERFITTING, "over_confident") == 1;
    if (!strcmp(f->rule, "overfitting.missing"))
        say_errors_alone(j, s);
    if (f->status < DPID_CONTRIBUTES && f->status != DPID_REFUTED)
        return;
    if (f->status >= DPID_CONTRIBUTES && deepid_verdict_number_named(j->v, DPID_OVERFITTING, "by_error") == 1)
        say_by_error(j, s);
    else if (f->status >= DPID_CONTRIBUTES)
        dpid_string_format(s, " They %s: validation loss %s instead of %s (difference %s)",
                           confident ? "make the net over-confident" : "overfit", dpid_words(deep).text,
                           dpid_words(shallow).text, dpid_interval_words(&f->effect).text);
    else if (f->rule && !strcmp(f->rule, "overfitting.trained_otherwise"))
        dpid_string_format(s, " Validation is worse (loss %s deep, %s shallow), by the training and not by overfitting",
                           dpid_words(deep).text, dpid_words(shallow).text);
    else
        dpid_string_format(s, " Validation shows no overfitting: loss %s deep, %s shallow", dpid_words(deep).text,
                           dpid_words(shallow).text);
    dpid_string_add(s, ".");
}
