/* The share of the gap that each way to train closes. The numbers are the verdict's own: of the gap that it found, on
   the scale on which it found it. */
#include "report/study_page.h"

#include "base/words.h"
#include "verdict/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the verdict's shares ------------------------------------------------------------------------------ */

/* Of a skip, whole or in part. */
static bool remedy_share(const deepid_verdict *v, const char *word, dpid_estimate *out)
{
    const char *name = strcmp(word, "D_res") == 0 ? "skip" : word;
    for (int32_t i = 0; i < v->remedies; i++)
        if (strcmp(v->remedy[i].arm, name) == 0 && !isnan(v->remedy[i].share.value)) {
            *out = v->remedy[i].share;
            return true;
        }
    return false;
}

/* Of the arm that decided a finding, of all the gap where there is one. beyond: the arm whose share it comes on top of;
   NULL: none. */
static bool finding_share(const deepid_verdict *v, const char *word, dpid_estimate *out, const char **beyond)
{
    bool found = false;
    for (int32_t i = 0; i < v->findings; i++) {
        const dpid_finding *f = &v->finding[i];
        if (!f->arm || strcmp(f->arm, word) != 0 || isnan(f->share.value) || (found && f->beyond))
            continue;
        *out = f->share;
        *beyond = f->beyond;
        found = true;
        if (!f->beyond)
            break;
    }
    return found;
}

/* Of another member of a set: the numbers share:MEMBER and its ends. */
static bool member_share(const deepid_verdict *v, const char *word, dpid_estimate *out)
{
    static const char *const end[] = {"", "_low", "_high"};
    double *const value[] = {&out->value, &out->low, &out->high};
    for (int32_t i = 0; i < v->findings; i++) {
        const dpid_hypothesis *h = v->finding[i].hypothesis;
        const size_t length = h->set && h->arm ? strlen(h->arm) : 0;
        if (length == 0 || strncmp(word, h->arm, length) != 0 || word[length] != ':')
            continue;
        for (int k = 0; k < 3; k++) {
            char name[96];
            snprintf(name, sizeof name, "share:%s%s", word + length + 1, end[k]);
            *value[k] = deepid_verdict_number_named(v, i, name);
        }
        if (!isnan(out->value))
            return true;
    }
    return false;
}

static bool share_of(const deepid_verdict *v, const char *word, dpid_estimate *out, const char **beyond)
{
    *beyond = NULL;
    return remedy_share(v, word, out) || finding_share(v, word, out, beyond) || member_share(v, word, out);
}

/* ---- the figure ---------------------------------------------------------------------------------------- */

typedef struct {
    deepid_chart *chart;
    deepid_table *table;
    int64_t rows;
    double best; /* of those that close the verdict's gap; the rate's is another */
    const char *best_name;
    double rate; /* the share of the tuned rate; NaN: none */
} shares;

static void add_share(dpid_study_page *p, const char *word, const char *beyond, const dpid_estimate *share, shares *f)
{
    const double row[] = {share->value, share->low, share->high};
    const char *name = beyond ? dpid_say(p, "%s beyond %s", dpid_arm_name(p, word), dpid_arm_said(beyond).text)
                              : dpid_arm_name(p, word);
    dpid_note(p, deepid_chart_row(f->chart, dpid_arm_style(p, word), name, dpid_say(p, "%s closes", name), share->value,
                                  share->low, share->high, 0, NULL));
    dpid_note(p, deepid_table_append(f->table, word, row));
    f->rows++;
    if (strcmp(word, "D_rate") == 0)
        f->rate = share->value;
    else if (!(share->value <= f->best)) {
        const dpid_arm_text said = dpid_arm_said(word);
        f->best = share->value;
        f->best_name = dpid_arm_is_twin(word) ? dpid_say(p, "the %s", dpid_arm_label(word).text)
                       : beyond               ? dpid_say(p, "%s beyond %s", said.text, dpid_arm_said(beyond).text)
                       : *said.text           ? dpid_say(p, "%s", said.text)
                                              : word;
    }
}

static const char *headline_of(dpid_study_page *p, const shares *f)
{
    const char *rate = isnan(f->rate) ? ""
                                      : dpid_say(p, "The tuned rate closes %s of the gap at the recipe's rate. ",
                                                 dpid_words_percent(f->rate).text);
    if (isnan(f->best))
        return rate;
    if (f->best <= 0)
        return dpid_say(p, "%sNothing %sthat was tried closes the gap.", rate, *rate ? "else " : "");
    return dpid_say(p, "%sOf what was tried, %s closes the largest share of the %sgap: %s.", rate, f->best_name,
                    *rate ? "remaining " : "", dpid_words_percent(f->best).text);
}

/* Why there is no share: no gap, or nothing that could close it. */
static const char *why_none(const deepid_verdict *v)
{
    if (!v)
        return "there is no verdict";
    for (int32_t i = 0; i < DPID_TRAINING_SCALES; i++)
        if (v->harm[i].state == DPID_HARM)
            return "no other way to train was tried";
    return "no gap in training is sure";
}

static const char *caption_of(dpid_study_page *p, const shares *f)
{
    const bool both = !isnan(f->rate) && !isnan(f->best);
    return dpid_say(
        p,
        "Share that each way to train closes of %s, from the deep net to the better of shallow and witness "
        "net, with its 95 %% interval over seeds. 1: all of it; above 1 it ends below both; beyond half, a cause is "
        "confirmed.%s",
        isnan(f->best) ? "the gap at the recipe's rate" : dpid_scale_gap(p->m->verdict->scale),
        both ? " The tuned rate's is of the gap at the recipe's rate, the others are of what is left." : "");
}

void dpid_figure_shares(dpid_study_page *p)
{
    const deepid_verdict *v = p->m->verdict;
    shares f = {dpid_new_chart(p, "share of the gap closed", "", ""),
                dpid_new_table(p, "arm", "share,low,high"),
                0,
                (double)NAN,
                "",
                (double)NAN};
    dpid_note(p, f.chart ? deepid_chart_rule(f.chart, "role=shallow", "half", 0.5) : DEEPID_OK);
    for (int64_t i = 0; v && i < p->m->arms && p->status == DEEPID_OK; i++) {
        const char *word = p->m->arm[i].word;
        const char *beyond;
        dpid_estimate share;
        if (dpid_arm_shows(word, DPID_SHOW_SHARE) && !p->m->arm[i].reason && share_of(v, word, &share, &beyond))
            add_share(p, word, beyond, &share, &f);
    }
    if (f.rows == 0) {
        deepid_table_destroy(f.table);
        deepid_chart_destroy(f.chart);
        dpid_leave_out(p, "shares of the gap", why_none(v));
        return;
    }
    dpid_add_figure(p, headline_of(p, &f), caption_of(p, &f), f.chart, f.table, "verdict.json");
}
