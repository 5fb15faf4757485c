/* The scope: what the answer does not cover, what was left out, which runs diverged, at which rates arms ran. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

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

/* An arm that has the rate of the most arms is not named. */
static double usual_rate(const dpid_judge *j)
{
    int64_t most = 0;
    double usual = (double)NAN;
    for (int64_t i = 0; i < j->e->arms; i++) {
        int64_t count = 0;
        for (int64_t k = 0; k < j->e->arms; k++)
            count += j->e->arm[k].learning_rate == j->e->arm[i].learning_rate;
        if (count > most || (count == most && j->e->arm[i].learning_rate < usual)) {
            most = count;
            usual = j->e->arm[i].learning_rate;
        }
    }
    return usual;
}

/* "Learning rates: 0.03; D_rate 0.003, D_start:he 0.1." */
static void say_rates(const dpid_judge *j, dpid_string *s)
{
    const double usual = j->e->by_others && !isnan(j->e->recipe_rate) ? j->e->recipe_rate : usual_rate(j);
    bool first = true;
    if (isnan(usual))
        return;
    dpid_string_format(s, " Learning rate %s", dpid_words(usual).text);
    for (int64_t i = 0; i < j->e->arms; i++) {
        const dpid_arm_evidence *arm = &j->e->arm[i];
        if (isnan(arm->learning_rate) || arm->learning_rate == usual)
            continue;
        dpid_string_format(s, "%s%s %s", first ? "; others: " : ", ", arm->word, dpid_words(arm->learning_rate).text);
        first = false;
    }
    dpid_string_add(s, ".");
}

static void say_noise(const dpid_judge *j, dpid_string *s)
{
    bool first = true;
    for (int64_t i = 0; i < j->e->arms; i++) {
        if (!j->e->arm[i].noise)
            continue;
        dpid_string_format(s, "%s%s", first ? " No rate tried surely trains: " : ", ", j->e->arm[i].word);
        first = false;
    }
    dpid_string_add(s, first ? "" : " (their rates are chosen among noise).");
}

/* "8 seeds", or "7 seeds that both nets have, of 10" */
static void say_seeds(const dpid_judge *j, dpid_string *s)
{
    const int64_t both = dpid_seeds_of_both(j);
    dpid_string_format(s, "%lld seed%s", (long long)both, both == 1 ? "" : "s");
    if (both < j->e->seeds)
        dpid_string_format(s, " that both nets have, of %lld", (long long)j->e->seeds);
}

int32_t dpid_write_scope(dpid_judge *j)
{
    dpid_string s = {.ctx = j->ctx};
    dpid_string_add(&s, "This verdict is about this net, these data, this solver and this budget: ");
    say_seeds(j, &s);
    dpid_string_format(
        &s,
        ", intervals at %s %%, margin %s. A difference is the median of the paired differences over seeds "
        "(Hodges-Lehmann), which need not be the difference of the medians.",
        dpid_words(100 * j->t.level).text, dpid_words(j->margin).text);
    say_rates(j, &s);
    say_noise(j, &s);
    say_diverged(j, &s);
    say_left_out(j, &s);
    return dpid_keep(j, &s, &j->v->scope);
}
