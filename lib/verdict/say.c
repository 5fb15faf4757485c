/* Findings in words and numbers: every sentence is made from what was computed. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *dpid_either(const dpid_judge *j, const char *study, const char *others)
{
    return j->e->by_others ? others : study;
}

/* ---- numbers --------------------------------------------------------------------------------- */

void dpid_set_number(dpid_finding *f, const char *name, double value)
{
    for (int32_t k = 0; k < f->numbers; k++) {
        if (!strcmp(f->number[k].name, name)) {
            f->number[k].value = value;
            return;
        }
    }
    if (f->numbers < DPID_NUMBERS_MAX)
        f->number[f->numbers++] = (dpid_named_number){name, value};
}

int32_t dpid_set_estimate(dpid_judge *j, dpid_finding *f, const char *name, const dpid_estimate *e)
{
    static const char *const ends[] = {"", "_low", "_high"};
    const double value[] = {e->value, e->low, e->high};
    char *word; /* the name may be the evidence's, which does not last as long */
    for (int i = 0; i < 3; i++) {
        DPID_TRY(dpid_set_text(j, &word, "%s%s", name, ends[i]));
        dpid_set_number(f, word, value[i]);
    }
    return DEEPID_OK;
}

int32_t dpid_set_contrast(dpid_judge *j, dpid_finding *f, const dpid_contrast *c)
{
    f->effect = c->rank;
    dpid_set_number(f, "seeds", (double)c->n);
    dpid_set_number(f, "p", c->p);
    return isnan(c->mean.value) ? DEEPID_OK : dpid_set_estimate(j, f, "mean", &c->mean);
}

/* ---- text --------------------------------------------------------------------------------------- */

int32_t dpid_keep(dpid_judge *j, dpid_string *s, char **out)
{
    int32_t status = s->status;
    if (status == DEEPID_OK)
        status = dpid_arena_text(&j->v->arena, s->text ? s->text : "", s->length, out);
    dpid_string_release(s);
    return status;
}

int32_t dpid_set_text(dpid_judge *j, char **out, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *text = NULL;
    DPID_TRY(dpid_arena_alloc(&j->v->arena, length + 1, 1, "verdict", &text));
    va_start(list, format);
    vsnprintf(text, (size_t)length + 1, format, list);
    va_end(list);
    *out = text;
    return DEEPID_OK;
}

/* An interval without ends is none. */
dpid_number_text dpid_interval_words(const dpid_estimate *e)
{
    const bool none = isinf(e->low) && isinf(e->high) && isfinite(e->value);
    return none ? dpid_words_interval(e->value, (double)NAN, (double)NAN)
                : dpid_words_interval(e->value, e->low, e->high);
}

dpid_words_text dpid_seeds_words(int64_t some, int64_t all)
{
    dpid_words_text out = {"the one seed"};
    if (all != 1)
        snprintf(out.text, sizeof out.text, "%lld of %lld seeds", (long long)some, (long long)all);
    return out;
}

/* The interval's ends are percents too: the sign stands once. */
dpid_words_text dpid_percent_words(const dpid_estimate *e)
{
    dpid_words_text out;
    const dpid_number_text text[3] = {dpid_words_percent(e->value), dpid_words_percent(e->low),
                                      dpid_words_percent(e->high)};
    snprintf(out.text, sizeof out.text, "%s [%.*s, %.*s]", text[0].text, (int)strcspn(text[1].text, " "), text[1].text,
             (int)strcspn(text[2].text, " "), text[2].text);
    return out;
}

double dpid_median_said(const dpid_judge *j, dpid_string *s, const dpid_series *values)
{
    double median = (double)NAN;
    if (s->status == DEEPID_OK)
        s->status = dpid_series_median(j, values, &median);
    return median;
}

/* ---- arms ------------------------------------------------------------------------------------------ */

int32_t dpid_say_arm(dpid_string *s, const dpid_arm_evidence *arm, bool begin)
{
    const int64_t at = s->length;
    const dpid_arm_text said = dpid_arm_said(arm->word);
    const bool known = arm->said || *said.text;
    if (!known && !strncmp(arm->word, "WT", 2))
        dpid_string_format(s, "training on from the solution that was built (%s)", arm->word);
    else
        dpid_string_format(s, "%s%s", known ? "" : "arm ", !known ? arm->word : arm->said ? arm->said : said.text);
    if (begin && s->status == DEEPID_OK && s->text[at] >= 'a' && s->text[at] <= 'z')
        s->text[at] = (char)(s->text[at] - 'a' + 'A');
    return s->status;
}

void dpid_say_end(const dpid_judge *j, dpid_string *s, const dpid_arm_evidence *arm)
{
    dpid_series ended = dpid_arm_loss(j, arm);
    int64_t run;
    const int64_t diverged = dpid_arm_diverged(j, arm, &run);
    for (int64_t k = 0; k < j->e->seeds; k++)
        if (isinf(ended.at[k]))
            ended.at[k] = (double)NAN;
    if (diverged > 0)
        dpid_string_format(s, "diverges at %s", dpid_seeds_words(diverged, run).text);
    if (diverged < run)
        dpid_string_format(s, "%sends at a training loss of %s", diverged > 0 ? ", and else " : "",
                           dpid_words(dpid_median_said(j, s, &ended)).text);
}

/* ---- what would settle it ------------------------------------------------------------------------------ */

/* half width (n / N)^1/2 < |estimate - threshold| */
double dpid_seeds_needed(int64_t n, const dpid_estimate *e, double threshold)
{
    const double distance = fabs(e->value - threshold);
    const double half = e->value > threshold ? e->value - e->low : e->high - e->value;
    if (!isfinite(half) || !isfinite(distance) || distance == 0)
        return HUGE_VAL;
    return fmax((double)n + 1, ceil((double)n * (half / distance) * (half / distance)));
}

/* " (--seeds 33)" */
static dpid_words_text seeds_flag(const dpid_judge *j, double seeds)
{
    dpid_words_text out = {""};
    if (!j->e->by_others)
        snprintf(out.text, sizeof out.text, " (--seeds %s)", dpid_words(seeds).text);
    return out;
}

int32_t dpid_settle_count(dpid_judge *j, dpid_finding *f, int64_t n, double needed)
{
    const double affordable = 100;
    dpid_set_number(f, "seeds_to_settle", needed);
    if (needed > affordable)
        return dpid_set_text(j, &f->to_settle,
                             "More than 100 seeds; a smaller margin of interest (--margin), or another design.");
    return dpid_set_text(j, &f->to_settle, "About %s seeds instead of %lld%s, if the spread stays as it is.",
                         dpid_words(needed).text, (long long)n, seeds_flag(j, needed).text);
}

int32_t dpid_settle_seeds(dpid_judge *j, dpid_finding *f, const dpid_contrast *c, double threshold)
{
    if (c->n < j->least_seeds) {
        dpid_set_number(f, "seeds_to_settle", (double)j->least_seeds);
        return dpid_set_text(j, &f->to_settle, "At least %lld seeds%s: with %lld there is no exact %s %% interval.",
                             (long long)j->least_seeds, seeds_flag(j, (double)j->least_seeds).text, (long long)c->n,
                             dpid_words(100 * j->t.level).text);
    }
    if (!isfinite(c->rank.low) || !isfinite(c->rank.high))
        return dpid_set_text(j, &f->to_settle,
                             "Runs that do not diverge (a smaller rate%s, or clipping%s): as it is, the "
                             "interval has no end.",
                             dpid_either(j, ", --lr", ""), dpid_either(j, ", --clip 1", ""));
    return dpid_settle_count(j, f, c->n, dpid_seeds_needed(c->n, &c->rank, threshold));
}

static bool was_run(const dpid_arm_evidence *arm, int64_t seed)
{
    return !isnan(arm->train_loss[seed]) || (arm->diverged && arm->diverged[seed]);
}

int64_t dpid_seeds_of_both(const dpid_judge *j)
{
    const dpid_arm_evidence *s = dpid_judge_arm(j, "S");
    const dpid_arm_evidence *d = dpid_judge_arm(j, "D");
    int64_t both = 0;
    for (int64_t i = 0; s && d && i < j->e->seeds; i++)
        both += was_run(s, i) && was_run(d, i);
    return s && d ? both : j->e->seeds;
}

/* What one does who has no flags: "Run W0 at 8 seeds (left out: ...)", of a set one of its members. */
static int32_t settle_by_others(dpid_judge *j, dpid_finding *f, const char *word, bool set, const char *reason)
{
    static const char *const members[] = {"D_start:lsuv", "D_opt:adam", "D_free:decay", "D_norm:batch8"};
    const char *member = word;
    for (size_t i = 0; set && i < sizeof members / sizeof *members; i++)
        if (!strncmp(members[i], word, strlen(word)) && !dpid_judge_arm(j, members[i]))
            member = members[i];
    const bool known = reason && *reason;
    const bool other = set && member != word;
    const int64_t both = dpid_seeds_of_both(j);
    if ((!strcmp(word, "S") || !strcmp(word, "D")) && dpid_judge_arm(j, word))
        return dpid_set_text(j, &f->to_settle, "Run S and D at the same seeds, %lld or more.",
                             (long long)j->least_seeds);
    return dpid_set_text(j, &f->to_settle, "Run %s%s at %lld seeds%s%s%s.", other ? "an arm of the set, such as " : "",
                         member, (long long)(both < j->least_seeds ? j->least_seeds : both),
                         known ? " (left out: " : "", known ? reason : "", known ? ")" : "");
}

/* An arm that stands on the page is never asked for. */
int32_t dpid_settle_missing(dpid_judge *j, dpid_finding *f, const char *word, bool set)
{
    const char *reason = dpid_left_out(j, word, set);
    const bool known = reason && *reason;
    const dpid_arm_evidence *arm = dpid_judge_arm(j, word);
    if (j->e->by_others)
        return settle_by_others(j, f, word, set, reason);
    if (!set && arm)
        return dpid_set_text(j, &f->to_settle, "Arm %s at the seeds of the others: --seeds %lld.", word,
                             (long long)(j->e->seeds < j->least_seeds ? j->least_seeds : j->e->seeds));
    const bool unpaid = known && strstr(reason, "budget of");
    return dpid_set_text(j, &f->to_settle, "Run %s %s%s%s%s: %s.", set ? "every arm of the set" : "arm", word,
                         known ? " (left out: " : "", known ? reason : "", known ? ")" : "",
                         unpaid ? "a larger --budget" : "add it to --arms");
}

const char *dpid_say_noise(const dpid_evidence *e)
{
    return e->noise ? e->noise : "dropout";
}
