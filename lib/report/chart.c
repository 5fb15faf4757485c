/* Charts: marks are copied in, axes grow with them. How they look: plane.c, rows.c, heatmap.c */
#include "report/chart.h"

#include <math.h>
#include <string.h>

/* ---- create, destroy ------------------------------------------------------------------- */

int32_t dpid_chart_keep(deepid_chart *chart, const char *text, const char **out)
{
    char *copy = NULL;
    DPID_TRY(dpid_arena_text(&chart->arena, text ? text : "", text ? (int64_t)strlen(text) : 0, &copy));
    *out = copy;
    return DEEPID_OK;
}

static int32_t chart_create(deepid_ctx *ctx, const char *x_name, const char *y_name, const char *axes,
                            deepid_chart **out)
{
    static const dpid_option options[] = {
        {"x", DPID_CHOICE, 0, 0, 0, "linear|log", false, "horizontal axis"},
        {"y", DPID_CHOICE, 0, 0, 0, "linear|log", false, "vertical axis"},
        {0},
    };
    dpid_value values[DPID_OPTIONS_MAX];
    deepid_chart *chart = NULL;
    if (!x_name || !y_name || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "chart: x_name, y_name and out must not be NULL");
    DPID_TRY(dpid_options_parse(ctx, "chart", dpid_span_of(axes), options, values));
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *chart, "chart", &chart));
    chart->head = (dpid_head){DPID_MAGIC_CHART, ctx};
    chart->arena.ctx = ctx;
    chart->svg.ctx = ctx;
    chart->tail = &chart->first;
    chart->x = (dpid_axis){.log = values[0].i == 1, .low = 1, .high = 0};
    chart->y = (dpid_axis){.log = values[1].i == 1, .low = 1, .high = 0};
    int32_t status = dpid_chart_keep(chart, x_name, &chart->x_name);
    if (status == DEEPID_OK)
        status = dpid_chart_keep(chart, y_name, &chart->y_name);
    if (status == DEEPID_OK)
        *out = chart;
    else
        deepid_chart_destroy(chart);
    return status;
}

int32_t deepid_chart_create(deepid_ctx *ctx, const char *x_name, const char *y_name, const char *axes,
                            deepid_chart **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, chart_create(ctx, x_name, y_name, axes, out));
}

void deepid_chart_destroy(deepid_chart *chart)
{
    if (!dpid_is(chart, DPID_MAGIC_CHART))
        return;
    dpid_string_release(&chart->svg);
    dpid_arena_release(&chart->arena);
    chart->head.magic = 0;
    dpid_free(chart->head.ctx, chart);
}

/* ---- what all marks have ------------------------------------------------------------------- */

int32_t dpid_chart_copy(deepid_chart *chart, int64_t n, const double *from, double **out)
{
    DPID_TRY(dpid_arena_alloc(&chart->arena, n, sizeof **out, "chart", out));
    if (n > 0)
        memcpy(*out, from, sizeof *from * (size_t)n);
    return DEEPID_OK;
}

int32_t dpid_chart_may_be(deepid_chart *chart, dpid_chart_kind kind)
{
    static const char *const words[] = {"nothing", "lines and points", "rows", "a heatmap"};
    if (chart->kind != DPID_CHART_EMPTY && chart->kind != kind)
        return dpid_fail(chart->head.ctx, DEEPID_ERR_STATE, "chart: it holds %s, so %s cannot join", words[chart->kind],
                         words[kind]);
    return DEEPID_OK;
}

enum { ROLE, WEIGHT, DASH, SHAPE };
static const dpid_option style_options[] = {
    {"role", DPID_CHOICE, 0, 0, 0, "plain|identity|witness|shallow|depth1|depth2|depth3", false, "colour"},
    {"weight", DPID_CHOICE, 0, 0, 0, "thin|thick", false, "thin for a seed, thick for the median"},
    {"dash", DPID_INT, 0, 0, 1, NULL, false, "1: dashed (validation)"},
    {"mark", DPID_CHOICE, 0, 0, 0, "dot|diamond|tick|bead|ring", false, "shape of points"},
    {0},
};

static int32_t set_style(deepid_chart *chart, const char *style, dpid_mark *mark)
{
    static const char *const roles[] = {"plain", "identity", "witness", "shallow", "depth1", "depth2", "depth3"};
    dpid_value values[DPID_OPTIONS_MAX];
    dpid_string css = {.ctx = chart->head.ctx};
    DPID_TRY(dpid_options_parse(chart->head.ctx, "style", dpid_span_of(style), style_options, values));
    mark->role = roles[values[ROLE].i];
    mark->thick = values[WEIGHT].i == 1;
    mark->shape = (dpid_shape)values[SHAPE].i;
    dpid_string_format(&css, "%s %s%s", mark->role, mark->thick ? "thick" : "thin", values[DASH].i ? " dash" : "");
    const int32_t status = css.status == DEEPID_OK ? dpid_chart_keep(chart, css.text, &mark->css) : css.status;
    dpid_string_release(&css);
    return status;
}

int32_t dpid_mark_make(deepid_chart *chart, dpid_mark_type type, const char *style, const char *label,
                       const char *title, dpid_mark **out)
{
    dpid_mark *mark = NULL;
    DPID_TRY(dpid_arena_alloc(&chart->arena, 1, sizeof *mark, "chart", &mark));
    mark->type = type;
    mark->estimate = mark->low = mark->high = (double)NAN;
    DPID_TRY(set_style(chart, style, mark));
    if (label && *label)
        DPID_TRY(dpid_chart_keep(chart, label, &mark->label));
    DPID_TRY(dpid_chart_keep(chart, title && *title ? title : label && *label ? label : chart->y_name, &mark->title));
    *out = mark;
    return DEEPID_OK;
}

void dpid_mark_append(deepid_chart *chart, dpid_mark *mark)
{
    const bool row = mark->type == DPID_MARK_ROW || mark->type == DPID_MARK_STRIP;
    if (mark->type != DPID_MARK_RULE && mark->type != DPID_MARK_ZONE)
        chart->kind = row ? DPID_CHART_ROWS : DPID_CHART_PLANE;
    *chart->tail = mark;
    chart->tail = &mark->next;
}

/* ---- marks on the plane ---------------------------------------------------------------------- */

static int32_t add_marks(deepid_chart *chart, dpid_mark_type type, const char *style, const char *label,
                         const char *title, const char *const *titles, int64_t n, const double *x, const double *y,
                         const double *y2)
{
    dpid_mark *mark = NULL;
    if (n < 0 || (n > 0 && (!x || !y)))
        return dpid_fail(chart->head.ctx, DEEPID_ERR_ARGUMENT, "chart: %s", n < 0 ? "n is negative" : "x or y is NULL");
    DPID_TRY(dpid_chart_may_be(chart, DPID_CHART_PLANE));
    DPID_TRY(dpid_mark_make(chart, type, style, label, title, &mark));
    mark->n = n;
    DPID_TRY(dpid_chart_copy(chart, n, x, &mark->x));
    DPID_TRY(dpid_chart_copy(chart, n, y, &mark->y));
    if (y2)
        DPID_TRY(dpid_chart_copy(chart, n, y2, &mark->y2));
    if (titles) {
        DPID_TRY(dpid_arena_alloc(&chart->arena, n, sizeof *mark->titles, "chart", &mark->titles));
        for (int64_t i = 0; i < n; i++)
            DPID_TRY(dpid_chart_keep(chart, titles[i], &mark->titles[i]));
    }
    for (int64_t i = 0; i < n; i++) {
        dpid_axis_include(&chart->x, x[i]); /* a value without a place still has a mark at the edge */
        if (!dpid_axis_takes(&chart->x, x[i]))
            continue;
        dpid_axis_include(&chart->y, y[i]);
        if (y2)
            dpid_axis_include(&chart->y, y2[i]);
    }
    dpid_mark_append(chart, mark);
    return DEEPID_OK;
}

int32_t deepid_chart_line(deepid_chart *chart, const char *style, const char *label, const char *title, int64_t n,
                          const double *x, const double *y)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, add_marks(chart, DPID_MARK_LINE, style, label, title, NULL, n, x, y, NULL));
}

int32_t deepid_chart_band(deepid_chart *chart, const char *style, const char *label, const char *title, int64_t n,
                          const double *x, const double *lower, const double *upper)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    if (n > 0 && !upper)
        return dpid_leave(chart->head.ctx, dpid_fail(chart->head.ctx, DEEPID_ERR_ARGUMENT, "chart: upper is NULL"));
    return dpid_leave(chart->head.ctx, add_marks(chart, DPID_MARK_BAND, style, label, title, NULL, n, x, lower, upper));
}

int32_t deepid_chart_points(deepid_chart *chart, const char *style, const char *label, const char *const *titles,
                            int64_t n, const double *x, const double *y)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, add_marks(chart, DPID_MARK_POINTS, style, label, "", titles, n, x, y, NULL));
}

/* ---- references: a rule, a zone ---------------------------------------------------------------- */

static int32_t add_reference(deepid_chart *chart, dpid_mark_type type, const char *style, const char *label, double low,
                             double high)
{
    dpid_mark *mark = NULL;
    if (chart->kind == DPID_CHART_HEATMAP)
        return dpid_chart_may_be(chart, DPID_CHART_PLANE);
    if (type == DPID_MARK_ZONE && !(low <= high))
        return dpid_fail(chart->head.ctx, DEEPID_ERR_ARGUMENT,
                         "chart: the zone reaches from %s to %s, expected low <= high", dpid_number(low).text,
                         dpid_number(high).text);
    DPID_TRY(dpid_mark_make(chart, type, style, label, "", &mark));
    mark->low = low;
    mark->high = high;
    dpid_mark_append(chart, mark);
    return DEEPID_OK;
}

int32_t deepid_chart_rule(deepid_chart *chart, const char *style, const char *label, double value)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, add_reference(chart, DPID_MARK_RULE, style, label, value, value));
}

int32_t deepid_chart_zone(deepid_chart *chart, const char *style, const char *label, double low, double high)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, add_reference(chart, DPID_MARK_ZONE, style, label, low, high));
}

/* ---- axes --------------------------------------------------------------------------------------- */

static int32_t set_y_range(deepid_chart *chart, double low, double high)
{
    if (!dpid_axis_takes(&chart->y, low) || !dpid_axis_takes(&chart->y, high) || low > high)
        return dpid_fail(chart->head.ctx, DEEPID_ERR_ARGUMENT, "chart: the y range is %s to %s", dpid_number(low).text,
                         dpid_number(high).text);
    dpid_axis_include(&chart->y, low);
    dpid_axis_include(&chart->y, high);
    return DEEPID_OK;
}

int32_t deepid_chart_set_y_range(deepid_chart *chart, double low, double high)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, set_y_range(chart, low, high));
}

static int32_t set_x_ticks(deepid_chart *chart, int64_t n, const double *ticks)
{
    if (n < 0 || n > DPID_TICKS_MAX || (n > 0 && !ticks))
        return dpid_fail(chart->head.ctx, DEEPID_ERR_ARGUMENT, "chart: %lld ticks, expected 0 to %d and an array",
                         (long long)n, (int)DPID_TICKS_MAX);
    for (int64_t i = 0; i < n; i++)
        chart->x.wish[i] = ticks[i];
    chart->x.wishes = (int32_t)n;
    return DEEPID_OK;
}

int32_t deepid_chart_set_x_ticks(deepid_chart *chart, int64_t n, const double *ticks)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, set_x_ticks(chart, n, ticks));
}

static int32_t keep_words(deepid_chart *chart, int64_t n, const char *const *words, const char *const **out)
{
    const char **kept = NULL;
    DPID_TRY(dpid_arena_alloc(&chart->arena, n, sizeof *kept, "chart", &kept));
    for (int64_t i = 0; i < n; i++)
        DPID_TRY(dpid_chart_keep(chart, words[i], &kept[i]));
    *out = kept;
    return DEEPID_OK;
}

int32_t dpid_chart_set_columns(deepid_chart *chart, int64_t n, const char *const *words, const char *const *notes)
{
    const double air = 0.5; /* of a column, beside the first and the last */
    double at[DPID_TICKS_MAX];
    for (int64_t i = 0; i < n; i++)
        at[i] = (double)i;
    DPID_TRY(set_x_ticks(chart, n, at));
    DPID_TRY(keep_words(chart, n, words, &chart->x.column));
    DPID_TRY(keep_words(chart, n, notes, &chart->x.note));
    DPID_TRY(dpid_chart_keep(chart, "", &chart->x_name));
    dpid_axis_include(&chart->x, -air);
    dpid_axis_include(&chart->x, (double)n - air);
    return DEEPID_OK;
}
