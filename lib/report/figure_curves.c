/* Training and validation curves by depth and arm: thin lines are seeds, thick ones medians, one panel without and
   one with a skip. */
#include "report/study_page.h"

#include "base/words.h"
#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

enum { NETS_MAX = 12 };

/* ---- which nets stand in a panel -------------------------------------------------------------- */

/* By depth, at most NETS_MAX. */
static int32_t collect(dpid_study_page *p, bool plain, const char *column, const dpid_page_arm **out)
{
    int32_t count = 0;
    for (int64_t i = 0; i < p->m->arms; i++) {
        const dpid_page_arm *arm = &p->m->arm[i];
        if (!dpid_arm_shows(arm->word, DPID_SHOW_CURVE) || dpid_arm_is_plain(p, arm) != plain ||
            !dpid_arm_values(&p->sum, arm->word, column) || count == NETS_MAX)
            continue;
        int32_t k = count++;
        for (; k > 0 && out[k - 1]->depth > arm->depth; k--)
            out[k] = out[k - 1];
        out[k] = arm;
    }
    return count;
}

static const char *depth_role(int32_t i, int32_t count)
{
    static const char *const roles[] = {"depth1", "depth2", "depth3"};
    return roles[count < 2 ? 2 : i * 2 / (count - 1)];
}

/* ---- one net ------------------------------------------------------------------------------------- */

typedef struct {
    int64_t n; /* points, the same for all seeds: those that all of them have */
    double *x, *value, *median;
    int64_t seeds;
} curves;

static int64_t points_of(const deepid_table *t, const char *arm, int64_t seed_column, double seed, int64_t *first)
{
    int64_t n = 0;
    for (int64_t row = 0; row < deepid_table_rows(t); row++) {
        if (deepid_table_get(t, row, seed_column) != seed || strcmp(deepid_table_row_name(t, row), arm) != 0)
            continue;
        if (n++ == 0)
            *first = row;
    }
    return n;
}

/* One seed's points lie together, in order. A run that ended early is not finite from there on. */
static curves curves_of(dpid_study_page *p, const char *arm, const char *column)
{
    const deepid_table *t = p->m->history;
    const int64_t seed_column = deepid_table_find_column(t, "seed");
    const int64_t epoch_column = deepid_table_find_column(t, "epoch");
    const int64_t value_column = deepid_table_find_column(t, column);
    int64_t longest = 0;
    int64_t first = 0;
    for (int64_t s = 0; s < p->sum.seeds; s++) {
        const int64_t n = points_of(t, arm, seed_column, p->sum.seed[s], &first);
        longest = n > longest ? n : longest;
    }
    double *room = longest > 0 && value_column >= 0 ? dpid_room(p, (p->sum.seeds + 3) * longest) : NULL;
    if (!room)
        return (curves){0};
    curves c = {longest, room, room + 2 * longest, room + longest, 0};
    for (int64_t s = 0; s < p->sum.seeds; s++) {
        const int64_t n = points_of(t, arm, seed_column, p->sum.seed[s], &first);
        for (int64_t i = 0; i < n; i++) {
            c.x[i] = n == longest ? deepid_table_get(t, first + i, epoch_column) : c.x[i];
            c.value[c.seeds * longest + i] = deepid_table_get(t, first + i, value_column);
        }
        for (int64_t i = n; i < longest; i++)
            c.value[c.seeds * longest + i] = (double)INFINITY;
        c.seeds += n > 0;
    }
    dpid_note(p, dpid_medians_known(p->ctx, c.seeds, longest, c.value, c.median));
    return c;
}

static void draw_net(dpid_study_page *p, deepid_chart *chart, const dpid_page_arm *arm, const char *role,
                     const char *column, bool dash)
{
    const curves c = curves_of(p, arm->word, column);
    const char *name = dpid_arm_name(p, arm->word);
    const char *label = dpid_say(p, "depth %lld", (long long)arm->depth);
    for (int64_t s = 0; s < c.seeds; s++) {
        const double end = c.value[(s + 1) * c.n - 1];
        dpid_note(p, deepid_chart_line(chart, dpid_say(p, "role=%s", role), NULL,
                                       dpid_say(p, "%s, seed %s: ends at %s", name, dpid_number(p->sum.seed[s]).text,
                                                dpid_words(end).text),
                                       c.n, c.x, c.value + s * c.n));
    }
    if (c.n > 0)
        dpid_note(p, deepid_chart_line(chart, dpid_say(p, "role=%s weight=thick dash=%d", role, dash), label,
                                       dpid_say(p, "%s, median of %s: ends at %s", name,
                                                dpid_counted(p, c.seeds, "seed"), dpid_words(c.median[c.n - 1]).text),
                                       c.n, c.x, c.median));
}

/* ---- the figure -------------------------------------------------------------------------------------- */

/* Both panels share their range, cut at twice the constant predictor's loss from above so that one diverging run
   does not flatten the rest. */
static void share_range(dpid_study_page *p, const char *column, deepid_chart *first, deepid_chart *second)
{
    const deepid_table *t = p->m->history;
    const int64_t k = deepid_table_find_column(t, column);
    double low = (double)INFINITY;
    double high = 0;
    for (int64_t row = 0; row < deepid_table_rows(t); row++) {
        const double value = deepid_table_get(t, row, k);
        const char *name = deepid_table_row_name(t, row);
        const dpid_page_arm *arm = dpid_find_arm(p, name);
        if (!isfinite(value) || value <= 0 || !arm || !dpid_arm_shows(arm->word, DPID_SHOW_CURVE))
            continue;
        low = fmin(low, value);
        high = fmax(high, value);
    }
    if (low > high)
        return;
    dpid_note(p, deepid_chart_set_y_range(first, low, high));
    if (second)
        dpid_note(p, deepid_chart_set_y_range(second, low, high));
}

static deepid_chart *make_panel(dpid_study_page *p, const dpid_page_arm *const *arms, int32_t count, const char *column,
                                const char *what, bool dash)
{
    deepid_chart *chart = dpid_new_chart(p, "epoch", what, "y=log");
    for (int32_t i = 0; i < count && chart; i++)
        draw_net(p, chart, arms[i], depth_role(i, count), column, dash);
    return chart;
}

static deepid_table *numbers_of(dpid_study_page *p, const dpid_page_arm *const *arms, int32_t count, const char *column)
{
    deepid_table *table = dpid_new_table(p, "net", "median,lowest,highest,seeds");
    for (int32_t i = 0; i < count && p->status == DEEPID_OK; i++) {
        const double *values = dpid_arm_values(&p->sum, arms[i]->word, column);
        const dpid_spread spread = dpid_spread_of(p->sum.seeds, values);
        const double row[] = {dpid_median_of(&p->sum, p->sum.seeds, values), spread.lowest, spread.highest,
                              (double)spread.runs};
        if (p->status == DEEPID_OK)
            dpid_note(p, deepid_table_append(table, dpid_arm_name(p, arms[i]->word), row));
    }
    return table;
}

/* "Depth 30 ends at a training loss of 0.52, depth 2 at 0.012, above it in 8 of 8 seeds; with an identity skip depth
   30 ends at 0.01." */
static const char *headline_of(dpid_study_page *p, const char *column, const char *what)
{
    const double *shallow = dpid_arm_values(&p->sum, "S", column);
    const double *deep = dpid_arm_values(&p->sum, "D", column);
    const double *skip = dpid_arm_values(&p->sum, "D_res", column);
    const dpid_page_arm *s = dpid_find_arm(p, "S");
    const dpid_page_arm *d = dpid_find_arm(p, "D");
    if (!shallow || !deep || !s || !d)
        return dpid_say(p, "%c%s loss by epoch, where both nets were not trained.", what[0] - 'a' + 'A', what + 1);
    int64_t both;
    const int64_t worse = dpid_times_above(p->sum.seeds, deep, shallow, &both);
    const int64_t better = dpid_times_above(p->sum.seeds, shallow, deep, &both);
    const bool lower = better > worse;
    const double *tuned = dpid_arm_values(&p->sum, "D_rate", column);
    const char *tail = "";
    if (tuned)
        tail = dpid_say(p, "; at its tuned rate it ends at %s",
                        dpid_words(dpid_median_of(&p->sum, p->sum.seeds, tuned)).text);
    if (skip)
        tail = dpid_say(p, "%s; with an identity skip it ends at %s", tail,
                        dpid_words(dpid_median_of(&p->sum, p->sum.seeds, skip)).text);
    return dpid_say(p, "Depth %lld ends at a %s loss of %s, depth %lld at %s: %s in %lld of %s%s.", (long long)d->depth,
                    what, dpid_words(dpid_median_of(&p->sum, p->sum.seeds, deep)).text, (long long)s->depth,
                    dpid_words(dpid_median_of(&p->sum, p->sum.seeds, shallow)).text, lower ? "lower" : "higher",
                    (long long)(lower ? better : worse), dpid_counted(p, both, "seed"), tail);
}

static void add_curves(dpid_study_page *p, const char *column, const char *what, bool dash)
{
    const dpid_page_arm *plain[NETS_MAX];
    const dpid_page_arm *skip[NETS_MAX];
    const int32_t plains = collect(p, true, column, plain);
    const int32_t skips = collect(p, false, column, skip);
    if (!p->m->history || plains + skips == 0) {
        dpid_leave_out(p, dpid_say(p, "%s curves", what), "no history with these losses");
        return;
    }
    deepid_chart *first =
        make_panel(p, plains ? plain : skip, plains ? plains : skips, column, dpid_say(p, "%s loss", what), dash);
    deepid_chart *second =
        plains && skips ? make_panel(p, skip, skips, column, dpid_say(p, "%s loss", what), dash) : NULL;
    if (p->status == DEEPID_OK)
        share_range(p, column, first, second);
    const dpid_page_arm *all[2 * NETS_MAX];
    for (int32_t i = 0; i < plains + skips; i++)
        all[i] = i < plains ? plain[i] : skip[i - plains];
    const char *block = plains ? plain[plains - 1]->block : "";
    dpid_add_figure_pair(
        p, headline_of(p, column, what),
        dpid_say(p, "%s loss on a log axis by epoch, over the whole set. Thin: one seed. Thick%s: median of %s.",
                 dash ? "Validation" : "Training", dash ? " and dashed" : "", dpid_counted(p, p->sum.seeds, "seed")),
        first, plains ? (*block ? block : "without a skip") : "identity skip", second, "identity skip",
        numbers_of(p, all, plains + skips, column), "history.csv");
}

void dpid_figure_curves(dpid_study_page *p)
{
    add_curves(p, "train_loss", "training", false);
    add_curves(p, "valid_loss", "validation", true);
}
