/* Final loss against depth, without and with a skip; the witness shows that the deep solution exists. */
#include "report/study_page.h"

#include "base/words.h"

#include <math.h>
#include <string.h>

enum { DEPTHS_MAX = 24 };

typedef struct {
    int32_t n;
    double depth[DEPTHS_MAX], train[DEPTHS_MAX], valid[DEPTHS_MAX];
} ladder;

/* The seeds' dots of one net, and a step of its ladder. */
static void add_net(dpid_study_page *p, deepid_chart *chart, const dpid_page_arm *arm, const char *role, ladder *out)
{
    const double *train = dpid_arm_values(&p->sum, arm->word, "train_loss");
    const double *valid = dpid_arm_values(&p->sum, arm->word, "valid_loss");
    double *where = dpid_room(p, p->sum.seeds);
    if (!train || !where || out->n == DEPTHS_MAX || arm->depth <= 0)
        return;
    for (int64_t s = 0; s < p->sum.seeds; s++)
        where[s] = isnan(train[s]) ? (double)NAN : (double)arm->depth;
    int64_t runs = 0;
    double *kept = dpid_room(p, 2 * p->sum.seeds);
    for (int64_t s = 0; kept && s < p->sum.seeds; s++) {
        if (isnan(train[s]))
            continue;
        kept[runs] = where[s];
        kept[p->sum.seeds + runs++] = train[s];
    }
    if (p->status == DEEPID_OK)
        dpid_note(p, deepid_chart_points(
                         chart, dpid_say(p, "role=%s mark=%s", role, strcmp(role, "plain") == 0 ? "dot" : "diamond"),
                         NULL, NULL, runs, kept, kept + p->sum.seeds));
    int32_t k = out->n++;
    for (; k > 0 && out->depth[k - 1] > (double)arm->depth; k--) {
        out->depth[k] = out->depth[k - 1];
        out->train[k] = out->train[k - 1];
        out->valid[k] = out->valid[k - 1];
    }
    out->depth[k] = (double)arm->depth;
    out->train[k] = dpid_median_of(&p->sum, p->sum.seeds, train);
    out->valid[k] = dpid_median_of(&p->sum, p->sum.seeds, valid);
}

static bool is_validated(const ladder *l)
{
    for (int32_t i = 0; i < l->n; i++)
        if (!isnan(l->valid[i]))
            return true;
    return false;
}

static void draw_ladder(dpid_study_page *p, deepid_chart *chart, const ladder *l, const char *role, const char *label)
{
    if (l->n == 0 || p->status != DEEPID_OK)
        return;
    dpid_note(p, deepid_chart_line(chart, dpid_say(p, "role=%s weight=thick", role), label,
                                   dpid_say(p, "%s, training: medians", label), l->n, l->depth, l->train));
    bool any = false;
    for (int32_t i = 0; i < l->n; i++)
        any = any || isfinite(l->valid[i]);
    if (any)
        dpid_note(p, deepid_chart_line(chart, dpid_say(p, "role=%s dash=1 weight=thick", role), NULL,
                                       dpid_say(p, "%s, validation: medians", label), l->n, l->depth, l->valid));
}

/* "from 0.012 at depth 2 to 0.52 at depth 30" */
static const char *way_of(dpid_study_page *p, const ladder *l)
{
    return dpid_say(p, "from %s at depth %s to %s at depth %s", dpid_words(l->train[0]).text,
                    dpid_words(l->depth[0]).text, dpid_words(l->train[l->n - 1]).text,
                    dpid_words(l->depth[l->n - 1]).text);
}

static const char *headline_of(dpid_study_page *p, const ladder *plain, const ladder *skip, double witness)
{
    const char *exists =
        isfinite(witness) ? dpid_say(p, "; a deep net with %s exists (diamond)", dpid_words(witness).text) : "";
    const char *with = skip->n > 0 ? dpid_say(p, ", with a skip to %s", dpid_words(skip->train[skip->n - 1]).text) : "";
    const bool tuned = strcmp(dpid_asked_of(p, "D"), "D") != 0;
    const char *rate = tuned ? dpid_say(p, ", at its tuned rate to %s", dpid_median_words(p, "D_rate")) : "";
    return dpid_say(p, "Training loss goes %s%s%s%s.", way_of(p, plain), rate, with, exists);
}

/* The nets as they are asked about: by their block, where it is known. */
static const char *as_given(dpid_study_page *p)
{
    const dpid_page_arm *deep = dpid_find_arm(p, "D");
    return deep && deep->block && *deep->block ? deep->block : "as given";
}

static deepid_table *numbers_of(dpid_study_page *p, const ladder *plain, const ladder *skip)
{
    const bool valid = is_validated(plain) || is_validated(skip);
    deepid_table *table =
        dpid_new_table(p, "net", valid ? "depth,training loss,validation loss" : "depth,training loss");
    for (int family = 0; family < 2; family++) {
        const ladder *l = family ? skip : plain;
        for (int32_t i = 0; i < l->n && p->status == DEEPID_OK; i++) {
            const double row[] = {l->depth[i], l->train[i], l->valid[i]};
            dpid_note(p, deepid_table_append(table, family ? "identity skip" : as_given(p), row));
        }
    }
    return table;
}

void dpid_figure_depth(dpid_study_page *p)
{
    ladder plain = {0};
    ladder skip = {0};
    const dpid_page_arm *deep = dpid_find_arm(p, "D");
    deepid_chart *chart = dpid_new_chart(p, "depth (log scale)", "loss", "x=log y=log");
    for (int64_t i = 0; i < p->m->arms && chart; i++) {
        const dpid_page_arm *arm = &p->m->arm[i];
        const bool is_plain = dpid_arm_is_plain(p, arm);
        if (dpid_arm_shows(arm->word, DPID_SHOW_CURVE))
            add_net(p, chart, arm, is_plain ? "plain" : "identity", is_plain ? &plain : &skip);
    }
    if (plain.n < 2 || plain.depth[0] == plain.depth[plain.n - 1] || p->status != DEEPID_OK) {
        deepid_chart_destroy(chart);
        dpid_leave_out(p, "loss against depth", "fewer than two depths were trained, or are known");
        return;
    }
    draw_ladder(p, chart, &plain, "plain", as_given(p));
    draw_ladder(p, chart, &skip, "identity", "identity skip");
    double witness = dpid_median_of(&p->sum, p->sum.seeds, dpid_arm_values(&p->sum, "W0", "train_loss"));
    if (deep && deep->depth > 0 && isfinite(witness) && p->status == DEEPID_OK) {
        const double at = (double)deep->depth;
        const char *title = dpid_say(p, "witness, untrained: median training loss %s", dpid_words(witness).text);
        dpid_note(p, deepid_chart_points(chart, "role=witness weight=thick mark=diamond", "witness", &title, 1, &at,
                                         &witness));
    }
    dpid_note(p, deepid_chart_set_x_ticks(chart, plain.n, plain.depth));
    dpid_add_figure(p, headline_of(p, &plain, &skip, witness),
                    dpid_say(p,
                             "Final loss by depth, both on log axes. Solid: training. %sLines: "
                             "medians. Dots and diamonds: %s.",
                             is_validated(&plain) || is_validated(&skip) ? "Dashed: validation. " : "",
                             dpid_counted(p, p->sum.seeds, "seed")),
                    chart, numbers_of(p, &plain, &skip), "results.csv");
}
