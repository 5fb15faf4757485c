/* The identity certificate: the deep net that holds the shallow one, seed by seed, beside the one trained from
   scratch. */
#include "report/study_page.h"

#include "base/words.h"

#include <math.h>

static void add_points(dpid_study_page *p, deepid_chart *chart, const char *style, const char *label,
                       const double *values)
{
    int64_t n = 0;
    double *room = values ? dpid_room(p, 2 * p->sum.seeds) : NULL;
    for (int64_t s = 0; room && s < p->sum.seeds; s++) {
        if (isnan(values[s]))
            continue;
        room[n] = p->sum.seed[s];
        room[p->sum.seeds + n++] = values[s];
    }
    if (n > 0)
        dpid_note(p, deepid_chart_points(chart, style, label, NULL, n, room, room + p->sum.seeds));
}

static deepid_table *numbers_of(dpid_study_page *p, const double *const *series)
{
    deepid_table *table = dpid_new_table(p, "seed", "shallow,witness,witness trained on,deep from scratch");
    for (int64_t s = 0; s < p->sum.seeds && p->status == DEEPID_OK; s++) {
        double row[4];
        for (int k = 0; k < 4; k++)
            row[k] = series[k] ? series[k][s] : (double)NAN;
        dpid_note(p, deepid_table_append(table, dpid_number(p->sum.seed[s]).text, row));
    }
    return table;
}

void dpid_figure_certificate(dpid_study_page *p)
{
    const char *shallow = dpid_asked_of(p, "S"); /* the witness is made of it */
    const char *deep = dpid_asked_of(p, "D");
    const double *series[] = {
        dpid_arm_values(&p->sum, shallow, "train_loss"), dpid_arm_values(&p->sum, "W0", "train_loss"),
        dpid_arm_values(&p->sum, "WT", "train_loss"), dpid_arm_values(&p->sum, deep, "train_loss")};
    const dpid_page_arm *witness = dpid_find_arm(p, "W0");
    if (!series[0] || !series[1]) {
        dpid_leave_out(p, "identity certificate",
                       witness && witness->reason ? witness->reason : "no witness net was made");
        return;
    }
    const dpid_distance apart = dpid_distance_of(p->sum.seeds, series[1], series[0]);
    if (apart.pairs == 0) {
        dpid_leave_out(p, "identity certificate", "no seed has both losses");
        return;
    }
    deepid_chart *chart = dpid_new_chart(p, "seed", "training loss", "y=log");
    add_points(p, chart, "role=plain weight=thick mark=dot", "deep, scratch", series[3]);
    add_points(p, chart, "role=shallow weight=thick mark=tick", "shallow", series[0]);
    add_points(p, chart, "role=witness weight=thick mark=diamond", "witness", series[1]);
    add_points(p, chart, "role=witness mark=diamond", "trained on", series[2]);
    if (p->sum.seeds <= 24 && p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_set_x_ticks(chart, p->sum.seeds, p->sum.seed));
    const char *all = dpid_counted(p, apart.pairs, "seed");
    const char *same =
        apart.equal > 0 ? dpid_say(p, ", and not at all in %lld of %s", (long long)apart.equal, all) : "";
    const char *headline =
        apart.largest == 0
            ? dpid_say(p,
                       "The deep net can hold the shallow one: with identity layers in between, its training "
                       "loss is the same in %s.",
                       all)
        : apart.largest <= fmax(p->sum.margin, 0)
            ? dpid_say(p, "The deep net can hold the shallow one: its training loss differs by %s at most%s.",
                       dpid_words(apart.largest).text, same)
            : dpid_say(p, "The witness misses the shallow net's training loss by up to %s, more than the margin of %s.",
                       dpid_words(apart.largest).text, dpid_words(p->sum.margin).text);
    dpid_add_figure(p, headline,
                    dpid_say(p,
                             "Training loss by seed on a log axis. Witness (filled diamond): the trained shallow net "
                             "with identity layers in between, untrained; the pale one was trained on. Dot: the same "
                             "deep net from scratch.%s",
                             dpid_tuned_words(p)),
                    chart, numbers_of(p, series), "results.csv");
}
