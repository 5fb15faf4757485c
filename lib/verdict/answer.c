/* The answer: two or three sentences, umbrella first, and what they do not cover. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

static bool is(const dpid_judge *j, int32_t hypothesis, dpid_verdict_status status)
{
    return j->v->finding[hypothesis].status == status;
}

static double number(const dpid_judge *j, int32_t hypothesis, const char *name)
{
    return deepid_verdict_number_named(j->v, hypothesis, name);
}

/* ---- what repairs ----------------------------------------------------------------------------- */

typedef struct {
    const dpid_intervention *x[DPID_FINDINGS_MAX + 1];
    int32_t count;
} repairs;

static void collect(repairs *r, const dpid_intervention *x)
{
    if (x->arm && !isnan(x->share.value))
        r->x[r->count++] = x;
}

/* Those that repair most first; insertion keeps the order of equals. */
static void sort_repairs(repairs *r)
{
    for (int32_t i = 1; i < r->count; i++) {
        const dpid_intervention *x = r->x[i];
        int32_t k = i;
        for (; k > 0 && r->x[k - 1]->share.value < x->share.value; k--)
            r->x[k] = r->x[k - 1];
        r->x[k] = x;
    }
}

/* "Another start (looks-linear) repairs 96 % [95, 97] of the gap, an identity skip 100 % [99, 100]; float64 1 % [-8,
   9]." The semicolon stands where repairs end that are surely worth something. */
static void say_repairs(const dpid_judge *j, dpid_string *s)
{
    repairs r = {.count = 0};
    for (int32_t i = 0; i < j->v->findings; i++)
        collect(&r, &j->best[i]);
    collect(&r, &j->skip);
    sort_repairs(&r);
    if (r.count == 0)
        return;
    const bool nothing = r.x[0]->status < DPID_CONTRIBUTES;
    dpid_string_add(s, nothing ? " Nothing that was tried surely repairs it: " : " ");
    for (int32_t i = 0; i < r.count; i++) {
        const bool others =
            i > 0 && !nothing && r.x[i]->status < DPID_CONTRIBUTES && r.x[i - 1]->status >= DPID_CONTRIBUTES;
        dpid_string_add(s, i == 0 ? "" : others ? "; " : ", ");
        dpid_say_arm(s, r.x[i]->arm, i == 0 && !nothing);
        dpid_string_format(s, "%s %s%s", i == 0 && !nothing ? " repairs" : "", dpid_percent_words(&r.x[i]->share).text,
                           i == 0 ? " of the gap" : "");
    }
    dpid_string_add(s, ".");
}

/* ---- causes, when training is harmed -------------------------------------------------------------- */

static void say_harm(const dpid_judge *j, dpid_string *s)
{
    dpid_string_format(s, "The added layers hurt training: loss %s instead of %s (difference %s).",
                       dpid_words(j->median_d).text, dpid_words(j->median_s).text,
                       dpid_interval_words(&j->harm.rank).text);
}

static void say_default_start(const dpid_judge *j, dpid_string *s)
{
    if (j->e->default_init)
        dpid_string_format(
            s, "Look at the start before you blame depth: the recipe leaves it to the framework's default (%s). ",
            j->e->init_word ? j->e->init_word : "unnamed");
}

static void say_cause(const dpid_judge *j, dpid_string *s)
{
    const dpid_finding *solver = &j->v->finding[DPID_SOLVER];
    if (is(j, DPID_REPRESENTATION, DPID_CONFIRMED))
        dpid_string_format(s,
                           "The added layers cannot be the identity (%s): no weights bring the training loss below %s, "
                           "the shallow net has %s, and training ends at %s%s.",
                           j->e->floor_theorem ? j->e->floor_theorem : "a proven floor", dpid_words(j->e->floor).text,
                           dpid_words(j->median_s).text, dpid_words(j->median_d).text,
                           solver->status == DPID_REFUTED ? ", on that floor" : "");
    else if (is(j, DPID_OBJECTIVE, DPID_CONFIRMED))
        dpid_string_format(s,
                           "The objective prefers it: a deep net with training loss %s exists, training ends at %s, "
                           "but loss and penalty together are not higher there (difference %s).",
                           dpid_words(number(j, DPID_SOLVER, "median_known")).text, dpid_words(j->median_d).text,
                           dpid_interval_words(&j->v->finding[DPID_OBJECTIVE].effect).text);
    else if (solver->status == DPID_CONFIRMED)
        dpid_string_format(s,
                           "The solver does not find it: a deep net with training loss %s exists, training ends at %s "
                           "(the difference is %s).",
                           dpid_words(number(j, DPID_SOLVER, "median_known")).text, dpid_words(j->median_d).text,
                           dpid_interval_words(&solver->effect).text);
    else
        say_harm(j, s);
}

/* The range finding is no share of its own: it says how float64 repairs. */
static void say_range(const dpid_judge *j, dpid_string *s)
{
    if (j->v->finding[DPID_RANGE].status >= DPID_CONTRIBUTES)
        dpid_string_add(s, " What float64 repairs is range: gradients leave that of the run's precision.");
}

/* ---- the other outcomes -------------------------------------------------------------------------------- */

static void say_overfitting(const dpid_judge *j, dpid_string *s)
{
    const dpid_finding *f = &j->v->finding[DPID_OVERFITTING];
    if (f->status >= DPID_CONTRIBUTES)
        dpid_string_format(s, " They overfit: validation loss %s instead of %s (difference %s).",
                           dpid_words(number(j, DPID_OVERFITTING, "median_deep")).text,
                           dpid_words(number(j, DPID_OVERFITTING, "median_shallow")).text,
                           dpid_interval_words(&f->effect).text);
    else if (f->status == DPID_REFUTED)
        dpid_string_format(s, " Validation shows no overfitting: loss %s deep, %s shallow.",
                           dpid_words(number(j, DPID_OVERFITTING, "median_deep")).text,
                           dpid_words(number(j, DPID_OVERFITTING, "median_shallow")).text);
}

static void say_no_harm(const dpid_judge *j, dpid_string *s)
{
    dpid_string_format(
        s, "The added layers do not hurt training: loss %s deep, %s shallow (difference %s, margin %s%s).",
        dpid_words(j->median_d).text, dpid_words(j->median_s).text, dpid_interval_words(&j->harm.rank).text,
        dpid_words(j->margin).text, j->equivalent ? "; the same within the margin, by two one-sided tests" : "");
    say_overfitting(j, s);
}

static void say_unsure(const dpid_judge *j, dpid_string *s)
{
    const dpid_finding *f = &j->v->finding[DPID_SOLVER];
    if (j->harm_state == DPID_HARM_UNKNOWN)
        dpid_string_format(s, "Not decided: %s.",
                           !j->d                ? "the deep net was not trained"
                           : !j->s              ? "the shallow net was not trained"
                           : isinf(j->median_s) ? "the shallow net itself diverges"
                                                : "no seed was run on both nets");
    else if (j->harm.n < j->least_seeds)
        dpid_string_format(s, "Not decided: with %lld seed%s there is no interval (training loss %s deep, %s shallow).",
                           (long long)j->harm.n, j->harm.n == 1 ? "" : "s", dpid_words(j->median_d).text,
                           dpid_words(j->median_s).text);
    else
        dpid_string_format(s,
                           "Whether the added layers hurt training is not decided: loss %s deep, %s shallow, "
                           "difference %s against the margin %s.",
                           dpid_words(j->median_d).text, dpid_words(j->median_s).text,
                           dpid_interval_words(&j->harm.rank).text, dpid_words(j->margin).text);
    if (f->to_settle)
        dpid_string_format(s, " To settle it: %c%s",
                           f->to_settle[0] >= 'A' && f->to_settle[0] <= 'Z' ? f->to_settle[0] - 'A' + 'a'
                                                                            : f->to_settle[0],
                           f->to_settle + (f->to_settle[0] != 0));
    if (j->v->finding[DPID_OVERFITTING].status >= DPID_CONTRIBUTES)
        say_overfitting(j, s);
}

static void say_no_headroom(const dpid_judge *j, dpid_string *s)
{
    if (j->headroom || isnan(j->median_s))
        return;
    dpid_string_format(s,
                       "No headroom: the best constant predictor has a training loss of %s, the shallow net %s; there "
                       "is little for depth to lose. ",
                       dpid_words(j->e->const_loss).text, dpid_words(j->median_s).text);
}

static int32_t write_answer(dpid_judge *j)
{
    dpid_string s = {.ctx = j->ctx};
    if (is(j, DPID_BUG, DPID_CONFIRMED)) {
        dpid_string_format(&s, "%s", j->v->finding[DPID_BUG].sentence);
        return dpid_keep(j, &s, &j->v->answer);
    }
    say_no_headroom(j, &s);
    if (j->harm_state == DPID_HARM) {
        say_default_start(j, &s);
        say_cause(j, &s);
        say_repairs(j, &s);
        say_range(j, &s);
    } else if (j->harm_state == DPID_HARM_NONE) {
        say_no_harm(j, &s);
    } else {
        say_unsure(j, &s);
    }
    return dpid_keep(j, &s, &j->v->answer);
}

/* ---- scope ------------------------------------------------------------------------------------------------ */

static const char *reason_of(const dpid_judge *j, int64_t i)
{
    const char *reason = j->e->left_out_reason ? j->e->left_out_reason[i] : NULL;
    return reason ? reason : "";
}

/* "W0, WT (no witness); D_3T (budget)": arms of one reason together, where the first of them stands. */
static void say_left_out(const dpid_judge *j, dpid_string *s)
{
    for (int64_t i = 0; i < j->e->left_outs; i++) {
        const char *reason = reason_of(j, i);
        int64_t first = 0;
        while (strcmp(reason_of(j, first), reason) != 0)
            first++;
        if (first < i)
            continue;
        dpid_string_add(s, i ? "; " : " Not run: ");
        for (int64_t k = i; k < j->e->left_outs; k++)
            if (!strcmp(reason_of(j, k), reason))
                dpid_string_format(s, "%s%s", k == i ? "" : ", ", j->e->left_out[k]);
        if (*reason)
            dpid_string_format(s, " (%s)", reason);
    }
    dpid_string_add(s, j->e->left_outs > 0 ? "." : "");
}

static void say_diverged(const dpid_judge *j, dpid_string *s)
{
    bool first = true;
    for (int64_t i = 0; i < j->e->arms; i++) {
        int64_t run;
        const int64_t diverged = dpid_arm_diverged(j, &j->e->arm[i], &run);
        if (diverged == 0)
            continue;
        dpid_string_format(s, "%s%s %lld of %lld", first ? " Diverged, and counted as worst: " : ", ",
                           j->e->arm[i].word, (long long)diverged, (long long)run);
        first = false;
    }
    dpid_string_add(s, first ? "" : ".");
}

static int32_t write_scope(dpid_judge *j)
{
    dpid_string s = {.ctx = j->ctx};
    dpid_string_format(&s,
                       "This verdict is about this net, these data, this solver and this budget: %lld seed%s, "
                       "intervals at %s %%, margin %s.",
                       (long long)j->e->seeds, j->e->seeds == 1 ? "" : "s", dpid_words(100 * j->t.level).text,
                       dpid_words(j->margin).text);
    say_diverged(j, &s);
    say_left_out(j, &s);
    return dpid_keep(j, &s, &j->v->scope);
}

int32_t dpid_write_answer(dpid_judge *j)
{
    DPID_TRY(write_answer(j));
    return write_scope(j);
}
