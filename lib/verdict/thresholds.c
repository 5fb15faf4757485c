/* The thresholds of the rules: words with a default, a range and a meaning. */
#include "verdict/evidence.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    size_t place;
    double fallback, min, max;
    const char *help;
} rows[] = {
    {"level", offsetof(dpid_thresholds, level), 0.95, 0.6, 0.9999,
     "level of every interval, 0.6 to 0.9999, default 0.95; an exact interval at 0.95 needs 6 seeds"},
    {"margin_share", offsetof(dpid_thresholds, margin_share), 0.05, 0, 1,
     "margin m as a share of (loss of the best constant predictor - loss of the shallow net), 0 to 1, default 0.05"},
    {"margin_ratio", offsetof(dpid_thresholds, margin_ratio), 2, 1, 1e6,
     "harm when the deep net's training loss is surely more than this times the shallow net's, 1 to 1e6, default 2"},
    {"ratio_floor", offsetof(dpid_thresholds, ratio_floor), 0.002, 1e-9, 1,
     "for that ratio a loss below this share of the constant predictor's counts as that, 1e-9 to 1, default 0.002"},
    {"margin_error", offsetof(dpid_thresholds, margin_error), 0.005, 0, 1,
     "harm when the deep net is surely wrong at more of the training set by this share, 0 to 1, default 0.005"},
    {"margin_valid_error", offsetof(dpid_thresholds, margin_valid_error), 0.005, 0, 1,
     "the same of the validation set, 0 to 1, default 0.005"},
    {"headroom", offsetof(dpid_thresholds, headroom), 0.02, 0, 1,
     "\"no headroom\" when m is below this share of the constant predictor's loss, 0 to 1, default 0.02"},
    {"stuck", offsetof(dpid_thresholds, stuck), 0.1, 0, 1,
     "a net that learned less than this share of the constant predictor's loss does not train, 0 to 1, default 0.1"},
    {"few_updates", offsetof(dpid_thresholds, few_updates), 100, 0, 1e12,
     "after fewer updates the solver is not convicted without an arm of more of them, 0 to 1e12, default 100"},
    {"share", offsetof(dpid_thresholds, share), 0.5, 0, 1,
     "an intervention that surely repairs more than this share of the gap is confirmed, 0 to 1, default 0.5"},
    {"symptom_share", offsetof(dpid_thresholds, symptom_share), 0.2, 0, 1,
     "inexact gradients are a symptom when f64 surely repairs less than this share, 0 to 1, default 0.2"},
    {"cosine", offsetof(dpid_thresholds, cosine), 0.99, 0, 1,
     "gradients less parallel than this to the reference make runs chaotic, 0 to 1, default 0.99"},
    {"gradient_error", offsetof(dpid_thresholds, gradient_error), 0.05, 0, 1e300,
     "a relative gradient error above this is called large, 0 or more, default 0.05"},
    {"output_difference", offsetof(dpid_thresholds, output_difference), 0.01, 0, 1e300,
     "W0 is no copy of S when an output differs by more than this share of the largest, 0 or more, default 0.01"},
    {"resamples", offsetof(dpid_thresholds, resamples), 9999, 199, 999999,
     "resamples of the bootstrap of means, 199 to 999999, default 9999"},
    {"seed", offsetof(dpid_thresholds, seed), 1, 0, 9007199254740992.0,
     "seed of the bootstrap of means, 0 to 2^53, default 1"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static int32_t row_of(const char *word)
{
    for (int32_t i = 0; word && i < ROWS; i++)
        if (!strcmp(word, rows[i].word))
            return i;
    return -1;
}

dpid_thresholds dpid_thresholds_default(void)
{
    dpid_thresholds out;
    for (int32_t i = 0; i < ROWS; i++)
        memcpy((char *)&out + rows[i].place, &rows[i].fallback, sizeof(double));
    return out;
}

double dpid_margin_share(const dpid_thresholds *thresholds, double const_loss, double shallow)
{
    return thresholds->margin_share * (const_loss - shallow);
}

double dpid_margin_of(const dpid_thresholds *thresholds, double const_loss, double learnable, double shallow)
{
    const double share = dpid_margin_share(thresholds, const_loss, shallow);
    return fmax(isfinite(share) ? share : 0, thresholds->headroom * learnable);
}

double dpid_thresholds_get(const dpid_thresholds *thresholds, const char *key)
{
    const int32_t i = row_of(key);
    double value = (double)NAN;
    if (i >= 0)
        memcpy(&value, (const char *)thresholds + rows[i].place, sizeof value);
    return value;
}

static int32_t unknown(deepid_ctx *ctx, const char *key)
{
    dpid_string s = {.ctx = ctx};
    for (int32_t i = 0; i < ROWS; i++)
        dpid_string_format(&s, "%s%s", i ? ", " : "", rows[i].word);
    const int32_t status = s.status != DEEPID_OK
                               ? s.status
                               : dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "verdict: unknown threshold '%s'; known: %s",
                                           key ? key : "NULL", s.text);
    dpid_string_release(&s);
    return status;
}

int32_t dpid_thresholds_set(deepid_ctx *ctx, dpid_thresholds *thresholds, const char *key, double value)
{
    const int32_t i = row_of(key);
    if (i < 0)
        return unknown(ctx, key);
    if (!(value >= rows[i].min && value <= rows[i].max))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "verdict: %s is %s, expected %s to %s", key, dpid_number(value).text,
                         dpid_number(rows[i].min).text, dpid_number(rows[i].max).text);
    memcpy((char *)thresholds + rows[i].place, &value, sizeof value);
    return DEEPID_OK;
}

const char *deepid_verdict_threshold_word(int64_t i)
{
    return i >= 0 && i < ROWS ? rows[i].word : NULL;
}

const char *deepid_verdict_threshold_help(const char *word)
{
    const int32_t i = row_of(word);
    return i < 0 ? NULL : rows[i].help;
}

double deepid_verdict_threshold_default(const char *word)
{
    const int32_t i = row_of(word);
    return i < 0 ? (double)NAN : rows[i].fallback;
}
