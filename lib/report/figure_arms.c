/* Every way to train the deep net beside the shallow one. */
#include "report/study_page.h"

#include "base/words.h"
#include "verdict/verdict.h"

#include <math.h>
#include <string.h>

/* The solver's finding as the verdict has it, so that page and verdict say the same; else the median over seeds of D
   - min(W0, WT). */
static const char *headline_of(dpid_study_page *p)
{
    const int64_t solver = deepid_verdict_find(p->m->verdict, "solver");
    const double effect = deepid_verdict_effect(p->m->verdict, solver);
    const double low = deepid_verdict_low(p->m->verdict, solver);
    const double high = deepid_verdict_high(p->m->verdict, solver);
    const bool tuned = strcmp(dpid_asked_of(p, "D"), "D") != 0;
    const bool loss = solver >= 0 && p->m->verdict->finding[solver].scale == DPID_BY_LOSS;
    if (loss && isfinite(effect) && low > 0)
        return dpid_say(p, "%s ends %s above a deep net that exists: the solver misses it.",
                        tuned ? "At its tuned rate the deep net" : "The deep net",
                        dpid_words_interval(effect, low, high).text);
    if (loss && isfinite(effect) && !tuned)
        return dpid_say(p, "No better deep net is known for sure: the trained one ends %s above the best that is.",
                        dpid_words_interval(effect, low, high).text);
    return dpid_say(p, "Training loss of every arm; the deep net ends at %s%s.", dpid_median_words(p, "D"),
                    tuned ? dpid_say(p, ", at its tuned rate at %s", dpid_median_words(p, "D_rate")) : "");
}

/* Linear, so that a gap is as long as it is; logarithmic where one exploded run would flatten all others. */
static const char *axes_of(dpid_study_page *p)
{
    const double exploded = 4; /* times the constant predictor's loss */
    bool positive = true;
    double most = 0;
    for (int64_t i = 0; i < p->m->arms; i++) {
        const double *values = dpid_arm_shows(p->m->arm[i].word, DPID_SHOW_LOSS)
                                   ? dpid_arm_values(&p->sum, p->m->arm[i].word, "train_loss")
                                   : NULL;
        for (int64_t s = 0; values && s < p->sum.seeds; s++) {
            positive = positive && !(values[s] <= 0);
            most = isfinite(values[s]) ? fmax(most, values[s]) : most;
        }
    }
    return positive && most > exploded * p->m->const_loss ? "x=log" : "";
}

/* Did arms run at rates of their own? */
static bool rates_differ(const dpid_study_page *p)
{
    double first = (double)NAN;
    for (int64_t i = 0; i < p->m->arms; i++) {
        const dpid_page_arm *arm = &p->m->arm[i];
        if (arm->reason || !(arm->rate > 0))
            continue;
        if (arm->rate != first && !isnan(first))
            return true;
        first = arm->rate;
    }
    return false;
}

/* One arm's row in chart and table; without a result nothing. */
static bool add_arm(dpid_study_page *p, const dpid_page_arm *arm, deepid_chart *chart, deepid_table *table)
{
    const double *values =
        dpid_arm_shows(arm->word, DPID_SHOW_LOSS) ? dpid_arm_values(&p->sum, arm->word, "train_loss") : NULL;
    if (!values)
        return false;
    double low;
    double high;
    dpid_interval_of(&p->sum, p->sum.seeds, values, &low, &high);
    const double median = dpid_median_of(&p->sum, p->sum.seeds, values);
    int64_t runs = 0;
    double *kept = dpid_room(p, p->sum.seeds);
    for (int64_t s = 0; kept && s < p->sum.seeds; s++)
        if (!isnan(values[s]))
            kept[runs++] = values[s];
    const double rate = arm->rate > 0 ? arm->rate : (double)NAN;
    const double row[] = {median, low, high, (double)dpid_spread_of(p->sum.seeds, values).finite, (double)runs, rate};
    dpid_note(p, deepid_chart_row(chart, dpid_arm_style(p, arm->word), dpid_arm_name(p, arm->word), NULL, median, low,
                                  high, runs, kept));
    dpid_note(p, deepid_table_append(table, arm->word, row));
    return true;
}

void dpid_figure_arms(dpid_study_page *p)
{
    const double *shallow = dpid_arm_values(&p->sum, dpid_asked_of(p, "S"), "train_loss");
    const double reference = dpid_median_of(&p->sum, p->sum.seeds, shallow);
    deepid_chart *chart = dpid_new_chart(p, "training loss", "", axes_of(p));
    const bool rates = rates_differ(p); /* the last column */
    deepid_table *table = dpid_new_table(
        p, "arm", rates ? "median,low,high,finite seeds,seeds,learning rate" : "median,low,high,finite seeds,seeds");
    int64_t rows = 0;
    if (isfinite(reference) && p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_zone(chart, "role=witness", "as good as the shallow net", 0,
                                       reference + fmax(p->sum.margin, 0)));
    for (int64_t i = 0; i < p->m->arms && p->status == DEEPID_OK; i++)
        rows += add_arm(p, &p->m->arm[i], chart, table);
    if (rows == 0) {
        deepid_table_destroy(table);
        deepid_chart_destroy(chart);
        dpid_leave_out(p, "training loss of the arms", "no arm was trained");
        return;
    }
    dpid_add_figure(p, headline_of(p),
                    dpid_say(p,
                             "Final training loss. Ticks: seeds. Mark and bar: median and an interval that holds it "
                             "with 95 %% confidence (none below six seeds). Band: at most the margin above the shallow "
                             "net%s.%s",
                             strcmp(dpid_asked_of(p, "S"), "S") != 0 ? " at its tuned rate" : "",
                             rates ? " The arms have learning rates of their own: see the numbers." : ""),
                    chart, table, "results.csv");
}
