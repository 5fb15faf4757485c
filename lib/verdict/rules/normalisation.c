/* normalisation: is batch-norm to blame? Larger batches ask it (D_norm:batch8). Told with or without harm: batches so
   small that their statistics are noise, and losses of the same trained net that differ by the statistics it is given,
   those of batches as in training, of all samples, or moving averages. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

enum { NOISY_BATCH = 4 }; /* up to here statistics of batches are told as noise */

typedef struct {
    dpid_contrast batch, moving; /* with these statistics, less with those of all samples */
    double median_batch, median_batch8, median_moving;
    bool small, other, stale; /* batches are small; training sees another function; moving averages do not fit */
} statistics;

static int32_t against_all(const dpid_judge *j, const double *values, double *median, dpid_contrast *out)
{
    const dpid_series x = dpid_arm_series(j, j->d, values);
    DPID_TRY(dpid_series_median(j, &x, median));
    return dpid_contrast_of(j, &x, &j->loss_d, DPID_RANKS_ONLY, out);
}

static int32_t measure(const dpid_judge *j, statistics *n)
{
    const dpid_arm_evidence *d = j->d;
    const dpid_series eight = dpid_arm_series(j, d, d ? d->batch8_loss : NULL);
    DPID_TRY(against_all(j, d ? d->batch_loss : NULL, &n->median_batch, &n->batch));
    DPID_TRY(against_all(j, d ? d->moving_loss : NULL, &n->median_moving, &n->moving));
    DPID_TRY(dpid_series_median(j, &eight, &n->median_batch8));
    n->small = j->e->batch > 0 && j->e->batch <= NOISY_BATCH;
    n->other = n->batch.rank.low > j->margin || n->batch.rank.high < -j->margin;
    n->stale = n->moving.rank.low > j->margin;
    return DEEPID_OK;
}

static int32_t set_numbers(dpid_judge *j, dpid_finding *f, const statistics *n)
{
    if (j->e->batch > 0)
        dpid_set_number(f, "batch", (double)j->e->batch);
    if (n->batch.n > 0)
        DPID_TRY(dpid_set_estimate(j, f, "batch_difference", &n->batch.rank));
    if (n->moving.n > 0)
        DPID_TRY(dpid_set_estimate(j, f, "moving_difference", &n->moving.rank));
    if (!isnan(n->median_batch8))
        dpid_set_number(f, "median_batch8", n->median_batch8);
    return DEEPID_OK;
}

/* ---- in words ---------------------------------------------------------------------------------------------- */

static void say_small(const dpid_judge *j, dpid_string *s)
{
    dpid_string_format(s,
                       "Batch-norm over %lld sample%s %s: what training sees of a sample depends on the others in its "
                       "batch.%s ",
                       (long long)j->e->batch, j->e->batch == 1 ? "" : "s",
                       j->e->batch == 1   ? "leaves nothing but its shift"
                       : j->e->batch == 2 ? "leaves little but which of the two is larger"
                                          : "takes means and variances that are mostly noise",
                       !dpid_could_run(j, "D_norm:batch8")  ? " Another normalisation would tell."
                       : dpid_judge_arm(j, "D_norm:batch8") ? ""
                                                            : " Larger batches or another normalisation would tell.");
}

static void say_statistics(const dpid_judge *j, const statistics *n, dpid_string *s)
{
    if (n->batch.n > 0)
        dpid_string_format(s,
                           "The trained deep net has the training loss %s with the statistics of all samples, %s with "
                           "those of batches as in training (difference %s, margin %s)",
                           dpid_words(j->median_d).text, dpid_words(n->median_batch).text,
                           dpid_interval_words(&n->batch.rank).text, dpid_words(j->margin).text);
    if (n->batch.n > 0 && !isnan(n->median_batch8))
        dpid_string_format(s, ", %s with batches eight times as large", dpid_words(n->median_batch8).text);
    if (n->batch.n > 0)
        dpid_string_format(s, "%s. ", n->other ? ": batch-norm makes training see another function" : "");
    if (n->stale)
        dpid_string_format(s, "With the moving averages of batch-norm it has %s (difference %s): they do not fit. ",
                           dpid_words(n->median_moving).text, dpid_interval_words(&n->moving.rank).text);
}

static int32_t does_not_apply(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "normalisation.none";
    return dpid_set_text(j, &f->sentence, "Does not apply: the deep net has no batch-norm.");
}

static int32_t is_not_said(dpid_judge *j, dpid_finding *f)
{
    f->status = DPID_NOT_APPLICABLE;
    f->rule = "normalisation.unknown";
    return dpid_set_text(j, &f->sentence, "Not asked: whether the deep net has batch-norm is not said.");
}

static int32_t not_small(dpid_judge *j, dpid_finding *f)
{
    f->rule = "normalisation.not_small";
    DPID_TRY(dpid_set_text(j, &f->to_settle, "The same study with other batches%s, or both nets without batch-norm.",
                           dpid_either(j, " (--batch)", "")));
    return dpid_set_text(j, &f->sentence,
                         "Not decided: batches of %lld samples are not small, so larger ones were not tried.",
                         (long long)j->e->batch);
}

int32_t dpid_rule_normalisation(dpid_judge *j, dpid_finding *f)
{
    dpid_string s = {.ctx = j->ctx};
    statistics n;
    if (!j->e->batchnorm)
        return j->e->batchnorm_unknown ? is_not_said(j, f) : does_not_apply(j, f);
    DPID_TRY(measure(j, &n));
    DPID_TRY(set_numbers(j, f, &n));
    DPID_TRY(dpid_rule_reason(j, f));
    if (!strcmp(f->rule, "arm.missing") && j->e->batch > DPID_SMALL_BATCH)
        DPID_TRY(not_small(j, f));
    if (n.small)
        say_small(j, &s);
    say_statistics(j, &n, &s);
    dpid_string_add(&s, f->sentence);
    return dpid_keep(j, &s, &f->sentence);
}

/* What is told of batch-norm whatever became of training. */
void dpid_say_normalisation(const dpid_judge *j, dpid_string *s)
{
    statistics n;
    if (!j->e->batchnorm || s->status != DEEPID_OK)
        return;
    s->status = measure(j, &n);
    if (s->status != DEEPID_OK)
        return;
    dpid_string_add(s, n.small || n.other || n.stale ? " " : "");
    if (n.small)
        say_small(j, s);
    if (n.other || n.stale)
        say_statistics(j, &n, s);
    if (s->status == DEEPID_OK && s->length > 0 && s->text[s->length - 1] == ' ')
        s->text[--s->length] = 0;
}
