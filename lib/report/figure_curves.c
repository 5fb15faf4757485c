/* Training and validation curves by depth and arm: thin lines are seeds, thick ones medians, one panel without and
   one with a skip. */
#include "report/study_page.h"

#include "base/words.h"
#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

enum { NETS_MAX = 12, LINES_MAX = 100 };

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
    double *seed; /* of each line of values */
    int64_t seeds;
} curves;

/* How many points each seed of an arm has; the return: the most. */
static int64_t count_points(dpid_study_page *p, const char *arm, int64_t *count)
{
    const deepid_table *t = p->m->history;
    const double *seed = deepid_table_column(t, deepid_table_find_column(t, "seed"));
    dpid_row_name last = {NULL, false};
    int64_t longest = 0;
    for (int64_t row = 0; seed && row < deepid_table_rows(t); row++) {
        const int64_t s = dpid_rows_are(t, row, arm, &last) ? dpid_seed_place(&p->sum, seed[row]) : -1;
        if (s >= 0 && ++count[s] > longest)
            longest = count[s];
    }
    return longest;
}

/* Points of a seed in their order; line[s]: where those of seed s go; at[s]: how many are there. x is of one seed that
   has all of them. */
static void take_points(dpid_study_page *p, const char *arm, const char *column, int64_t whole, const int64_t *line,
                        int64_t *at, curves *c)
{
    const deepid_table *t = p->m->history;
    const double *seed = deepid_table_column(t, deepid_table_find_column(t, "seed"));
    const double *epoch = deepid_table_column(t, deepid_table_find_column(t, "epoch"));
    const double *value = deepid_table_column(t, deepid_table_find_column(t, column));
    dpid_row_name last = {NULL, false};
    for (int64_t row = 0; row < deepid_table_rows(t); row++) {
        const int64_t s = dpid_rows_are(t, row, arm, &last) ? dpid_seed_place(&p->sum, seed[row]) : -1;
        if (s < 0)
            continue;
        if (s == whole && epoch)
            c->x[at[s]] = epoch[row];
        c->value[line[s] * c->n + at[s]++] = value[row];
    }
}

/* A run that ended early is not finite from there on. */
static curves curves_of(dpid_study_page *p, const char *arm, const char *column)
{
    const int64_t seeds = p->sum.seeds;
    int64_t *count = NULL;
    if (p->status == DEEPID_OK)
        dpid_note(p, dpid_arena_alloc(&p->arena, 3 * seeds, sizeof *count, "report", &count));
    const int64_t longest = count ? count_points(p, arm, count) : 0;
    const bool known = deepid_table_find_column(p->m->history, column) >= 0;
    double *room = longest > 0 && known ? dpid_room(p, (seeds + 2) * longest + seeds) : NULL;
    if (!room)
        return (curves){0};
    int64_t *line = count + seeds;
    int64_t whole = 0;
    curves c = {longest, room, room + 2 * longest, room + longest, room + (seeds + 2) * longest, 0};
    for (int64_t s = 0; s < seeds; s++) {
        line[s] = c.seeds;
        c.seed[c.seeds] = p->sum.seed[s];
        c.seeds += count[s] > 0;
        whole = count[s] == longest ? s : whole;
        for (int64_t i = count[s]; i < longest && count[s] > 0; i++)
            c.value[line[s] * longest + i] = (double)INFINITY;
    }
    take_points(p, arm, column, whole, line, line + seeds, &c);
    dpid_note(p, dpid_medians_known(p->ctx, c.seeds, longest, c.value, c.median));
    return c;
}

/* Of many seeds as many lines as can be told apart, evenly chosen. */
static bool is_drawn(int64_t s, int64_t seeds)
{
    return seeds <= LINES_MAX || s * LINES_MAX / seeds != (s - 1) * LINES_MAX / seeds || s == 0;
}

static void draw_net(dpid_study_page *p, deepid_chart *chart, const dpid_page_arm *arm, const char *role,
                     const char *column, bool dash)
{
    const curves c = curves_of(p, arm->word, column);
    const char *name = dpid_arm_name(p, arm->word);
    const char *label = arm->depth > 0 ? dpid_say(p, "depth %lld", (long long)arm->depth) : name;
    for (int64_t s = 0; s < c.seeds; s++) {
        const double end = c.value[(s + 1) * c.n - 1];
        if (!is_drawn(s, c.seeds))
            continue;
        dpid_note(p, deepid_chart_line(chart, dpid_say(p, "role=%s", role), NULL,
                                       dpid_say(p, "%s, seed %s: ends at %s", name, dpid_number(c.seed[s]).text,
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
    const char *last = NULL;
    bool shown = false;
    for (int64_t row = 0; row < deepid_table_rows(t); row++) {
        const double value = deepid_table_get(t, row, k);
        const char *name = deepid_table_row_name(t, row);
        if (name != last)
            shown = dpid_find_arm(p, name) && dpid_arm_shows(name, DPID_SHOW_CURVE);
        last = name;
        if (!isfinite(value) || value <= 0 || !shown)
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

static const char *end_words(dpid_study_page *p, const char *what, double median)
{
    return isinf(median) ? dpid_say(p, "diverges (%s loss)", what)
                         : dpid_say(p, "ends at a %s loss of %s", what, dpid_words(median).text);
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
    const bool depths = d->depth > 0 && s->depth > 0;
    return dpid_say(p, "%s %s, %s %s %s: %s in %lld of %s%s.",
                    depths ? dpid_say(p, "Depth %lld", (long long)d->depth) : "The deep net",
                    end_words(p, what, dpid_median_of(&p->sum, p->sum.seeds, deep)),
                    depths ? dpid_say(p, "depth %lld", (long long)s->depth) : "the shallow one",
                    isinf(dpid_median_of(&p->sum, p->sum.seeds, deep)) ? "ends at" : "at",
                    dpid_words(dpid_median_of(&p->sum, p->sum.seeds, shallow)).text, lower ? "lower" : "higher",
                    (long long)(lower ? better : worse), dpid_counted(p, both, "seed"), tail);
}

/* Of any arm that is drawn. */
static bool has_points(const dpid_study_page *p, const char *column)
{
    const deepid_table *t = p->m->history;
    const int64_t k = t ? deepid_table_find_column(t, column) : -1;
    for (int64_t row = 0; k >= 0 && row < deepid_table_rows(t); row++)
        if (!isnan(deepid_table_get(t, row, k)) && dpid_arm_shows(deepid_table_row_name(t, row), DPID_SHOW_CURVE))
            return true;
    return false;
}

static void add_curves(dpid_study_page *p, const char *column, const char *what, bool dash)
{
    const dpid_page_arm *plain[NETS_MAX];
    const dpid_page_arm *skip[NETS_MAX];
    const int32_t plains = collect(p, true, column, plain);
    const int32_t skips = collect(p, false, column, skip);
    if (plains + skips == 0 || !has_points(p, column)) {
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
        dpid_say(p, "%s loss on a log axis by epoch, over the whole set. Thin: one seed%s. Thick%s: median of %s.",
                 dash ? "Validation" : "Training", p->sum.seeds > LINES_MAX ? ", 100 of them" : "",
                 dash ? " and dashed" : "", dpid_counted(p, p->sum.seeds, "seed")),
        first,
        plains ? (*block   ? block
                  : second ? "as given"
                           : NULL)
               : "identity skip",
        second, "identity skip", numbers_of(p, all, plains + skips, column), "history.csv");
}

void dpid_figure_curves(dpid_study_page *p)
{
    add_curves(p, "train_loss", "training", false);
    add_curves(p, "valid_loss", "validation", true);
}
