/* Scales: what "hurts" is measured by. Each has a number a seed of an arm, a margin, a cap for means, and words.
     loss         training loss; margin m
     ratio        log max(loss, floor), so that a difference is the logarithm of a ratio; margin log 2
     error        share of the training set that is wrong; margin 0.5 points
     valid_error  the same of the validation set
     valid_loss   validation loss, never capped; margin m_val */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <stdio.h>

typedef struct {
    const char *word, *name;
    const char *gap; /* "... of the gap" */
} row;

static const row rows[DPID_SCALES] = {
    [DPID_BY_LOSS] = {"loss", "training loss", "the gap"},
    [DPID_BY_RATIO] = {"ratio", "ratio of training losses", "the gap between logarithms of the training losses"},
    [DPID_BY_ERROR] = {"error", "training error", "the gap in training error"},
    [DPID_BY_VALID_ERROR] = {"valid_error", "validation error", "the gap in validation error"},
    [DPID_BY_VALID_LOSS] = {"valid_loss", "validation loss", "the gap in validation loss"},
};

const char *dpid_scale_word(dpid_scale scale)
{
    return rows[scale].word;
}

const char *dpid_scale_name(dpid_scale scale)
{
    return rows[scale].name;
}

const char *dpid_scale_gap(dpid_scale scale)
{
    return rows[scale].gap;
}

/* ---- numbers ------------------------------------------------------------------------------------- */

static double floor_of(const dpid_judge *j)
{
    const double least = 1e-300; /* a task that a constant solves: every loss is on the floor */
    return fmax(j->t.ratio_floor * j->e->const_loss, least);
}

static const double *values_of(dpid_scale scale, const dpid_arm_evidence *arm)
{
    return scale == DPID_BY_ERROR         ? arm->train_error
           : scale == DPID_BY_VALID_ERROR ? arm->valid_error
           : scale == DPID_BY_VALID_LOSS  ? arm->valid_loss
                                          : arm->train_loss;
}

/* In the units that a reader knows: losses, shares. */
dpid_series dpid_arm_plain(const dpid_judge *j, dpid_scale scale, const dpid_arm_evidence *arm)
{
    return dpid_arm_series(j, arm, arm ? values_of(scale, arm) : NULL);
}

dpid_series dpid_arm_on(const dpid_judge *j, dpid_scale scale, const dpid_arm_evidence *arm)
{
    dpid_series out = dpid_arm_plain(j, scale, arm);
    for (int64_t s = 0; scale == DPID_BY_RATIO && s < j->e->seeds; s++)
        if (!isnan(out.at[s]))
            out.at[s] = log(fmax(out.at[s], floor_of(j)));
    return out;
}

int64_t dpid_arm_shared(const dpid_judge *j, const dpid_arm_evidence *arm)
{
    const dpid_series x = dpid_arm_on(j, j->on, arm);
    const dpid_series *d = &j->base.view[j->on].d;
    int64_t shared = 0;
    for (int64_t s = 0; s < j->e->seeds; s++)
        shared += !isnan(x.at[s]) && !isnan(d->at[s]);
    return shared;
}

/* What a value counts as where a mean is taken: a diverged net is worth no more than the constant predictor. */
double dpid_scale_cap(const dpid_judge *j, dpid_scale scale)
{
    return scale == DPID_BY_LOSS         ? j->e->const_loss
           : scale == DPID_BY_RATIO      ? log(fmax(j->e->const_loss, floor_of(j)))
           : scale == DPID_BY_VALID_LOSS ? HUGE_VAL
                                         : 1;
}

/* ---- words ------------------------------------------------------------------------------------------ */

/* Of a share. Differences of shares are differences of n-ths: what is far smaller is rounding. */
static double points(double share)
{
    const double hundred = 100;
    const double rounding = 1e-12;
    return fabs(share) < rounding ? 0 : hundred * share;
}

/* "0.034 [0.03, 0.04]"; "a factor of 26 [20, 31]"; "1.7 points [1.2, 2.1]" */
dpid_words_text dpid_scale_words(dpid_scale scale, const dpid_estimate *e)
{
    dpid_words_text out;
    dpid_number_text text = dpid_interval_words(e);
    if (scale == DPID_BY_RATIO) {
        const bool none = isinf(e->low) && isinf(e->high);
        text = dpid_words_interval(exp(e->value), none ? (double)NAN : exp(e->low), none ? (double)NAN : exp(e->high));
        snprintf(out.text, sizeof out.text, "a factor of %s", text.text);
    } else if (scale == DPID_BY_ERROR || scale == DPID_BY_VALID_ERROR) {
        text = dpid_interval_words(&(dpid_estimate){points(e->value), points(e->low), points(e->high)});
        int at = 0;
        while (text.text[at] && text.text[at] != ' ')
            at++;
        snprintf(out.text, sizeof out.text, "%.*s points%s", at, text.text, text.text + at);
    } else {
        snprintf(out.text, sizeof out.text, "%s", text.text);
    }
    return out;
}

dpid_words_text dpid_scale_margin_words(dpid_scale scale, double margin)
{
    const double hundred = 100;
    dpid_words_text out;
    if (scale == DPID_BY_RATIO)
        snprintf(out.text, sizeof out.text, "a factor of %s", dpid_words(exp(margin)).text);
    else if (scale == DPID_BY_ERROR || scale == DPID_BY_VALID_ERROR)
        snprintf(out.text, sizeof out.text, "%s points", dpid_words(hundred * margin).text);
    else
        snprintf(out.text, sizeof out.text, "%s", dpid_words(margin).text);
    return out;
}

/* A median of the scale: "0.034", "1.7 %" */
dpid_words_text dpid_scale_median_words(dpid_scale scale, double median)
{
    const double hundred = 100;
    dpid_words_text out;
    const bool share = scale == DPID_BY_ERROR || scale == DPID_BY_VALID_ERROR;
    if (isinf(median))
        snprintf(out.text, sizeof out.text, "divergence");
    else
        snprintf(out.text, sizeof out.text, "%s%s", dpid_words(share ? hundred * median : median).text,
                 share ? " %" : "");
    return out;
}
