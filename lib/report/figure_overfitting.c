/* Validation against training loss, a dot a net: overfitting lies above the line where both are equal. */
#include "report/study_page.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

/* "plain, depth 30", where causes are asked of it at its tuned rate "plain, depth 30, tuned rate" */
static const char *name_of(dpid_study_page *p, const char *word)
{
    static const char *const tuned[][2] = {{"S_rate", "S"}, {"D_rate", "D"}};
    for (size_t i = 0; i < sizeof tuned / sizeof *tuned; i++)
        if (strcmp(word, tuned[i][0]) == 0)
            return dpid_say(p, "%s, tuned rate", dpid_arm_name(p, tuned[i][1]));
    return dpid_arm_name(p, word);
}

static int64_t add_nets(dpid_study_page *p, deepid_chart *chart, const char *word, const char *style, double *low,
                        double *high)
{
    const double *train = dpid_arm_values(&p->sum, word, "train_loss");
    const double *valid = dpid_arm_values(&p->sum, word, "valid_loss");
    double *room = train && valid ? dpid_room(p, 2 * p->sum.seeds) : NULL;
    int64_t n = 0;
    for (int64_t s = 0; room && s < p->sum.seeds; s++) {
        if (isnan(train[s]) || isnan(valid[s]))
            continue;
        room[n] = train[s];
        room[p->sum.seeds + n++] = valid[s];
        if (isfinite(train[s]) && train[s] > 0 && isfinite(valid[s]) && valid[s] > 0) {
            *low = fmin(*low, fmin(train[s], valid[s]));
            *high = fmax(*high, fmax(train[s], valid[s]));
        }
    }
    if (n > 0)
        dpid_note(p, deepid_chart_points(chart, style, name_of(p, word), NULL, n, room, room + p->sum.seeds));
    return n;
}

static deepid_table *numbers_of(dpid_study_page *p)
{
    const char *const words[] = {dpid_asked_of(p, "S"), dpid_asked_of(p, "D"), "D_res"};
    deepid_table *table = dpid_new_table(p, "net", "training loss,validation loss");
    for (size_t i = 0; i < sizeof words / sizeof *words && p->status == DEEPID_OK; i++) {
        const double row[] = {dpid_median_of(&p->sum, p->sum.seeds, dpid_arm_values(&p->sum, words[i], "train_loss")),
                              dpid_median_of(&p->sum, p->sum.seeds, dpid_arm_values(&p->sum, words[i], "valid_loss"))};
        if (!isnan(row[0]) && p->status == DEEPID_OK)
            dpid_note(p, deepid_table_append(table, name_of(p, words[i]), row));
    }
    return table;
}

/* A gap that widens looks like overfitting also where the verdict has found that it is not. */
static const char *headline_of(dpid_study_page *p)
{
    const double gap = dpid_gap_of_gaps(&p->sum, dpid_asked_of(p, "S"), dpid_asked_of(p, "D"));
    const int64_t finding = deepid_verdict_find(p->m->verdict, "overfitting");
    const bool refuted = strcmp(deepid_verdict_status(p->m->verdict, finding), "refuted") == 0;
    if (isnan(gap))
        return "Validation against training loss.";
    if (fabs(gap) <= p->sum.margin)
        return dpid_say(p, "The gap between validation and training loss is that of the shallow net: %s, margin %s.",
                        dpid_words(gap).text, dpid_words(p->sum.margin).text);
    return dpid_say(p,
                    "The gap between validation and training loss is %s %s in the deep net than in the shallow one%s.",
                    dpid_words(fabs(gap)).text, gap >= 0 ? "wider" : "narrower",
                    gap >= 0 && refuted ? "; the evidence says why that is not overfitting" : "");
}

void dpid_figure_overfitting(dpid_study_page *p)
{
    double low = (double)INFINITY;
    double high = 0;
    deepid_chart *chart = dpid_new_chart(p, "training loss", "validation loss", "x=log y=log");
    if (!chart)
        return;
    int64_t n = add_nets(p, chart, dpid_asked_of(p, "D"), "role=plain", &low, &high);
    n += add_nets(p, chart, dpid_asked_of(p, "S"), "role=shallow mark=tick", &low, &high);
    n += add_nets(p, chart, "D_res", "role=identity mark=diamond", &low, &high);
    if (n == 0 || !(low < high)) {
        deepid_chart_destroy(chart);
        dpid_leave_out(p, "validation against training loss", "no validation losses");
        return;
    }
    const double ends[] = {low, high};
    dpid_note(p, deepid_chart_line(chart, "role=shallow dash=1", NULL, "both losses are equal", 2, ends, ends));
    dpid_add_figure(p, headline_of(p),
                    dpid_say(p,
                             "Each mark is a trained net, both axes logarithmic. On the dashed line both losses are "
                             "equal; overfitting lies above it.%s",
                             dpid_tuned_words(p)),
                    chart, numbers_of(p), "results.csv");
}
