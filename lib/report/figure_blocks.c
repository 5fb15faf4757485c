/* The trained blocks: how near each is to the identity, what is lost without it, what a linear classifier reads
   after it. */
#include "report/study_page.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

/* ---- learned identity --------------------------------------------------------------------------- */

void dpid_figure_learned_identity(dpid_study_page *p)
{
    const dpid_layers deep = dpid_layers_of(p, "D", "learned_identity", "relative_change", false);
    const dpid_layers skip = dpid_layers_of(p, "D_res", "learned_identity", "relative_change", false);
    const dpid_layers *both[] = {&deep, &skip};
    if (deep.n == 0 && skip.n == 0) {
        dpid_leave_out(p, "learned identity by block", "not probed");
        return;
    }
    deepid_chart *chart = dpid_new_chart(p, "block", "relative change", "y=log");
    dpid_draw_layers(p, chart, "role=plain", dpid_arm_name(p, "D"), &deep);
    dpid_draw_layers(p, chart, "role=identity", "identity skip", &skip);
    dpid_note(p, p->status == DEEPID_OK ? deepid_chart_rule(chart, "role=shallow", "1: all of it", 1) : DEEPID_OK);
    if (p->status == DEEPID_OK)
        dpid_count_ticks(p, chart, deep.n ? deep.n : skip.n);
    const double plain = dpid_median_of(&p->sum, deep.n, deep.median);
    const double with = dpid_median_of(&p->sum, skip.n, skip.median);
    const char *headline =
        deep.n && skip.n
            ? dpid_say(p, "The median block changes what passes by %s times its size; with the skip by %s.",
                       dpid_words(plain).text, dpid_words(with).text)
            : dpid_say(p, "The median block changes what passes by %s times its size.",
                       dpid_words(deep.n ? plain : with).text);
    dpid_add_figure(p, headline,
                    "|B(x) \xe2\x88\x92 x| / |x| of each trained block B, on a log axis: 0 is the identity. Thick: "
                    "median. Thin: seeds.",
                    chart, dpid_layers_table(p, "without a skip,identity skip", 2, both),
                    "probes/D.learned_identity.csv");
}

/* ---- lesion ---------------------------------------------------------------------------------------- */

static int64_t harmless(const dpid_study_page *p, const dpid_layers *layers)
{
    int64_t count = 0;
    for (int64_t i = 0; i < layers->n; i++)
        count += layers->median[i] <= p->sum.margin;
    return count;
}

static int64_t measured(const dpid_layers *layers)
{
    int64_t count = 0;
    for (int64_t i = 0; i < layers->n; i++)
        count += !isnan(layers->median[i]);
    return count;
}

/* "none of 30 blocks", "all 4 blocks", "27 of 30 blocks" */
static const char *removable(dpid_study_page *p, const dpid_layers *layers)
{
    const int64_t all = measured(layers);
    const int64_t some = harmless(p, layers);
    const char *blocks = dpid_counted(p, all, "block");
    return some == 0     ? dpid_say(p, "none of %s", blocks)
           : some == all ? dpid_say(p, "all %s", blocks)
                         : dpid_say(p, "%lld of %s", (long long)some, blocks);
}

/* A net that has learned nothing loses nothing without a block. */
static bool has_learned(dpid_study_page *p, const char *arm)
{
    const dpid_thresholds usual = dpid_thresholds_default();
    const double stuck = (p->m->thresholds ? p->m->thresholds : &usual)->stuck;
    const double *loss = dpid_arm_values(&p->sum, arm, "train_loss");
    return !(dpid_median_of(&p->sum, p->sum.seeds, loss) > (1 - stuck) * p->m->const_loss);
}

static const char *lesion_headline(dpid_study_page *p, const dpid_layers *deep, const dpid_layers *skip)
{
    static const char how[] = "can be taken out without loss beyond the margin";
    const char *with = measured(skip) ? removable(p, skip) : "";
    const char *tail = *with ? dpid_say(p, "; with the skip %s", with) : "";
    if (!measured(deep))
        return dpid_say(p, "With the skip %s %s.", with, how);
    if (!has_learned(p, "D"))
        return dpid_say(p, "Without a skip the net has learned nothing that a block could lose%s%s%s.", tail,
                        *with ? " " : "", *with ? how : "");
    const char *without = removable(p, deep);
    return dpid_say(p, "%c%s %s%s.", without[0] >= 'a' ? without[0] - 'a' + 'A' : without[0], without + 1, how, tail);
}

void dpid_figure_lesion(dpid_study_page *p)
{
    const dpid_layers deep = dpid_layers_of(p, "D", "lesion", "loss_change", false);
    const dpid_layers skip = dpid_layers_of(p, "D_res", "lesion", "loss_change", false);
    const dpid_layers *both[] = {&deep, &skip};
    if (measured(&deep) + measured(&skip) == 0) {
        dpid_leave_out(p, "lesion by block", "not probed, or no block keeps its input's shape");
        return;
    }
    deepid_chart *chart = dpid_new_chart(p, "block", "change of the training loss", "");
    dpid_draw_layers(p, chart, "role=plain", dpid_arm_name(p, "D"), &deep);
    dpid_draw_layers(p, chart, "role=identity", "identity skip", &skip);
    dpid_note(p, p->status == DEEPID_OK ? deepid_chart_rule(chart, "role=shallow", "no change", 0) : DEEPID_OK);
    if (p->status == DEEPID_OK)
        dpid_count_ticks(p, chart, deep.n ? deep.n : skip.n);
    dpid_add_figure(p, lesion_headline(p, &deep, &skip),
                    dpid_say(p,
                             "Change of the training loss when one trained block is replaced by the identity; the "
                             "margin is %s. Thick: median. Thin: seeds.",
                             dpid_words(p->sum.margin).text),
                    chart, dpid_layers_table(p, "without a skip,identity skip", 2, both), "probes/D.lesion.csv");
}

/* ---- what a linear classifier reads ------------------------------------------------------------------ */

static void draw_probe(dpid_study_page *p, deepid_chart *chart, const char *arm, const char *style, const char *label,
                       dpid_layers *accuracy, dpid_layers *control)
{
    *accuracy = dpid_layers_of(p, arm, "linear_probe", "accuracy", false);
    *control = dpid_layers_of(p, arm, "linear_probe", "control_accuracy", false);
    dpid_draw_layers(p, chart, style, label, accuracy);
    if (control->n > 0 && p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_line(chart, dpid_say(p, "%s dash=1", style), NULL,
                                       dpid_say(p, "%s, shuffled labels: the control", label), control->n, control->x,
                                       control->median));
}

/* "98 % after block3", and what is lost behind it, if that is more than two points. */
static const char *peak_of(dpid_study_page *p, const dpid_layers *layers)
{
    const double lost = 0.02;
    int64_t best = 0;
    for (int64_t i = 1; i < layers->n; i++)
        best = layers->median[i] > layers->median[best] ? i : best;
    const double end = layers->median[layers->n - 1];
    const char *tail =
        layers->median[best] - end > lost ? dpid_say(p, ", %s at the end", dpid_words_percent(end).text) : "";
    return dpid_say(p, "%s after %s%s", dpid_words_percent(layers->median[best]).text, layers->name[best], tail);
}

void dpid_figure_linear_probe(dpid_study_page *p)
{
    dpid_layers deep;
    dpid_layers skip;
    dpid_layers deep_control;
    dpid_layers skip_control;
    deepid_chart *chart = dpid_new_chart(p, "place in the net, from input to output", "accuracy", "");
    if (!chart)
        return;
    draw_probe(p, chart, "D", "role=plain", dpid_arm_name(p, "D"), &deep, &deep_control);
    draw_probe(p, chart, "D_res", "role=identity", "identity skip", &skip, &skip_control);
    if (deep.n == 0 && skip.n == 0) {
        deepid_chart_destroy(chart);
        dpid_leave_out(p, "linear probe by layer", "not probed");
        return;
    }
    const dpid_layers chance = dpid_layers_of(p, deep.n ? "D" : "D_res", "linear_probe", "chance", false);
    if (chance.n > 0 && p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_rule(chart, "role=shallow", "chance", chance.median[0]));
    if (p->status == DEEPID_OK)
        dpid_count_ticks(p, chart, deep.n ? deep.n : skip.n);
    const dpid_layers *series[] = {&deep, &deep_control, &skip, &skip_control};
    const char *with = deep.n && skip.n ? dpid_say(p, "; with the skip %s", peak_of(p, &skip)) : "";
    dpid_add_figure(p, dpid_say(p, "A linear classifier reads most, %s%s.", peak_of(p, deep.n ? &deep : &skip), with),
                    "Held-out accuracy of a linear classifier on what passes each place of the trained nets. Thick: "
                    "median. Thin: seeds. Dashed: the control with shuffled labels.",
                    chart,
                    dpid_layers_table(p, "without a skip,control,identity skip,control with the skip", 4, series),
                    "probes/D.linear_probe.csv");
}
