/* Charts: marks are copied in, axes grow with them. */
#include "report/chart.h"

#include <string.h>

/* ---- create, destroy ------------------------------------------------------------------- */

static int32_t keep(deepid_chart *chart, const char *text, const char **out)
{
    char *copy = NULL;
    DPID_TRY(dpid_arena_text(&chart->arena, text ? text : "", text ? (int64_t)strlen(text) : 0, &copy));
    *out = copy;
    return DEEPID_OK;
}

static int32_t chart_create(deepid_ctx *ctx, const char *x_name, const char *y_name, const char *axes, deepid_chart **out)
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
    int32_t status = keep(chart, x_name, &chart->x_name);
    if (status == DEEPID_OK)
        status = keep(chart, y_name, &chart->y_name);
    if (status == DEEPID_OK)
        *out = chart;
    else
        deepid_chart_destroy(chart);
    return status;
}

int32_t deepid_chart_create(deepid_ctx *ctx, const char *x_name, const char *y_name, const char *axes, deepid_chart **out)
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

/* ---- marks ------------------------------------------------------------------------------- */

enum { ROLE, WEIGHT, DASH, SHAPE };
static const dpid_option style_options[] = {
    {"role", DPID_CHOICE, 0, 0, 0, "plain|identity|witness|shallow|depth1|depth2|depth3", false, "colour"},
    {"weight", DPID_CHOICE, 0, 0, 0, "thin|thick", false, "thin for a seed, thick for the median"},
    {"dash", DPID_INT, 0, 0, 1, NULL, false, "1: dashed (validation)"},
    {"mark", DPID_CHOICE, 0, 0, 0, "dot|diamond|tick", false, "shape of points"},
    {0},
};

static int32_t copy_numbers(deepid_chart *chart, int64_t n, const double *from, double **out)
{
    DPID_TRY(dpid_arena_alloc(&chart->arena, n, sizeof **out, "chart", out));
    memcpy(*out, from, sizeof *from * (size_t)n);
    return DEEPID_OK;
}

static int32_t set_style(deepid_chart *chart, const char *style, dpid_mark *mark)
{
    static const char *const roles[] = {"plain", "identity", "witness", "shallow", "depth1", "depth2", "depth3"};
    dpid_value values[DPID_OPTIONS_MAX];
    dpid_string css = {.ctx = chart->head.ctx};
    DPID_TRY(dpid_options_parse(chart->head.ctx, "style", dpid_span_of(style), style_options, values));
    dpid_string_format(&css, "%s %s%s", roles[values[ROLE].i], values[WEIGHT].i ? "thick" : "thin", values[DASH].i ? " dash" : "");
    mark->shape = (int32_t)values[SHAPE].i;
    const int32_t status = css.status == DEEPID_OK ? keep(chart, css.text, &mark->css) : css.status;
    dpid_string_release(&css);
    return status;
}

static int32_t add_mark(deepid_chart *chart, dpid_mark_type type, const char *style, const char *label, const char *title, int64_t n, const double *x, const double *y, const double *y2,
                        dpid_mark **out)
{
    dpid_mark *mark = NULL;
    if (n < 0 || (n > 0 && (!x || !y)))
        return dpid_fail(chart->head.ctx, DEEPID_ERR_ARGUMENT, "chart: %s", n < 0 ? "n is negative" : "x or y is NULL");
    DPID_TRY(dpid_arena_alloc(&chart->arena, 1, sizeof *mark, "chart", &mark));
    mark->type = type;
    mark->n = n;
    DPID_TRY(set_style(chart, style, mark));
    DPID_TRY(copy_numbers(chart, n, x, &mark->x));
    DPID_TRY(copy_numbers(chart, n, y, &mark->y));
    if (y2)
        DPID_TRY(copy_numbers(chart, n, y2, &mark->y2));
    if (label && *label)
        DPID_TRY(keep(chart, label, &mark->label));
    DPID_TRY(keep(chart, title, &mark->title));
    for (int64_t i = 0; i < n; i++) {
        if (type != DPID_MARK_RULE)
            dpid_axis_include(&chart->x, x[i]);
        dpid_axis_include(&chart->y, y[i]);
        if (y2)
            dpid_axis_include(&chart->y, y2[i]);
    }
    *chart->tail = mark;
    chart->tail = &mark->next;
    if (out)
        *out = mark;
    return DEEPID_OK;
}

int32_t deepid_chart_line(deepid_chart *chart, const char *style, const char *label, const char *title, int64_t n, const double *x, const double *y)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, add_mark(chart, DPID_MARK_LINE, style, label, title, n, x, y, NULL, NULL));
}

int32_t deepid_chart_band(deepid_chart *chart, const char *style, const char *label, const char *title, int64_t n, const double *x, const double *lower, const double *upper)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    if (!upper)
        return dpid_leave(chart->head.ctx, dpid_fail(chart->head.ctx, DEEPID_ERR_ARGUMENT, "chart: upper is NULL"));
    return dpid_leave(chart->head.ctx, add_mark(chart, DPID_MARK_BAND, style, label, title, n, x, lower, upper, NULL));
}

static int32_t add_points(deepid_chart *chart, const char *style, const char *label, const char *const *titles, int64_t n, const double *x, const double *y)
{
    dpid_mark *mark = NULL;
    DPID_TRY(add_mark(chart, DPID_MARK_POINTS, style, label, "", n, x, y, NULL, &mark));
    if (!titles)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(&chart->arena, n, sizeof *mark->titles, "chart", &mark->titles));
    for (int64_t i = 0; i < n; i++)
        DPID_TRY(keep(chart, titles[i], &mark->titles[i]));
    return DEEPID_OK;
}

int32_t deepid_chart_points(deepid_chart *chart, const char *style, const char *label, const char *const *titles, int64_t n, const double *x, const double *y)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, add_points(chart, style, label, titles, n, x, y));
}

int32_t deepid_chart_rule(deepid_chart *chart, const char *style, const char *label, double y)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, add_mark(chart, DPID_MARK_RULE, style, label, label, 1, &y, &y, NULL, NULL));
}

int32_t deepid_chart_set_y_range(deepid_chart *chart, double low, double high)
{
    if (!dpid_is(chart, DPID_MAGIC_CHART))
        return DEEPID_ERR_ARGUMENT;
    if (!dpid_axis_takes(&chart->y, low) || !dpid_axis_takes(&chart->y, high) || low > high)
        return dpid_fail(chart->head.ctx, DEEPID_ERR_ARGUMENT, "chart: the y range is %s to %s", dpid_number(low).text, dpid_number(high).text);
    dpid_axis_include(&chart->y, low);
    dpid_axis_include(&chart->y, high);
    return DEEPID_OK;
}
