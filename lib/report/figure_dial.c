/* The skip dial: how much of the skip is needed. */
#include "report/study_page.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

enum { STEPS_MAX = 16 };

typedef struct {
    int32_t n;
    double at[STEPS_MAX], median[STEPS_MAX];
} dial;

static void add_step(dpid_study_page *p, deepid_chart *chart, const char *word, double at, dial *out)
{
    const double *values = dpid_arm_values(&p->sum, word, "train_loss");
    double *room = dpid_room(p, 2 * p->sum.seeds);
    int64_t n = 0;
    if (!values || !room || out->n == STEPS_MAX)
        return;
    for (int64_t s = 0; s < p->sum.seeds; s++) {
        if (isnan(values[s]))
            continue;
        room[n] = at;
        room[p->sum.seeds + n++] = values[s];
    }
    dpid_note(p, deepid_chart_points(chart, at == 0 ? "role=plain" : "role=identity mark=diamond", NULL, NULL, n, room,
                                     room + p->sum.seeds));
    int32_t k = out->n++;
    for (; k > 0 && out->at[k - 1] > at; k--) {
        out->at[k] = out->at[k - 1];
        out->median[k] = out->median[k - 1];
    }
    out->at[k] = at;
    out->median[k] = dpid_median_of(&p->sum, p->sum.seeds, values);
}

/* The least skip whose loss is as good as the full one's, up to the margin. */
static const char *headline_of(dpid_study_page *p, const dial *d)
{
    const double best = d->median[d->n - 1];
    const double gain = d->median[0] - best;
    int32_t enough = d->n - 1;
    if (!(fabs(gain) > p->sum.margin))
        return dpid_say(p, "The full skip makes no difference beyond the margin: %s without, %s with it.",
                        dpid_words(d->median[0]).text, dpid_words(best).text);
    if (gain < 0)
        return dpid_say(p, "The skip does not help: training loss %s without, %s with all of it.",
                        dpid_words(d->median[0]).text, dpid_words(best).text);
    while (enough > 0 && d->median[enough - 1] <= best + p->sum.margin)
        enough--;
    if (enough == d->n - 1)
        return dpid_say(
            p, "Less than the whole skip is not enough: training loss %s with it, %s with %s of it, %s without.",
            dpid_words(best).text, dpid_words(d->median[enough - 1]).text, dpid_words(d->at[enough - 1]).text,
            dpid_words(d->median[0]).text);
    return dpid_say(p, "A skip of %s is enough: training loss %s, %s without it.", dpid_words(d->at[enough]).text,
                    dpid_words(d->median[enough]).text, dpid_words(d->median[0]).text);
}

void dpid_figure_dial(dpid_study_page *p)
{
    dial d = {0};
    deepid_chart *chart = dpid_new_chart(p, "share of the skip", "training loss", "y=log");
    bool between = false;
    for (int64_t i = 0; i < p->m->arms && chart; i++) {
        const char *word = p->m->arm[i].word;
        double at;
        if (strcmp(word, "D") == 0)
            add_step(p, chart, word, 0, &d);
        else if (strcmp(word, "D_res") == 0)
            add_step(p, chart, word, 1, &d);
        else if (strncmp(word, "dial:", 5) == 0 && dpid_parse_double(word + 5, (int64_t)strlen(word + 5), &at)) {
            const int32_t before = d.n;
            add_step(p, chart, word, at, &d);
            between = between || d.n > before;
        }
    }
    if (!between || p->status != DEEPID_OK) {
        deepid_chart_destroy(chart);
        dpid_leave_out(p, "skip dial", "no net with part of the skip was trained");
        return;
    }
    dpid_note(p,
              deepid_chart_line(chart, "role=identity weight=thick", NULL, "medians over seeds", d.n, d.at, d.median));
    dpid_note(p, deepid_chart_set_x_ticks(chart, d.n, d.at));
    deepid_table *table = dpid_new_table(p, "skip", "training loss");
    for (int32_t i = 0; i < d.n && p->status == DEEPID_OK; i++)
        dpid_note(p, deepid_table_append(table, dpid_words(d.at[i]).text, &d.median[i]));
    dpid_add_figure(p, headline_of(p, &d),
                    "Final training loss of the deep net with s times an identity skip around every block, on a log "
                    "axis. Line: medians. Marks: seeds.",
                    chart, table, "results.csv");
}
