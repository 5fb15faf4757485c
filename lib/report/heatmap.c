/* A matrix as cells: the fuller the colour, the larger the value, so both themes read the same; every value in its
   cell's title. */
#include "report/chart.h"
#include "base/words.h"

#include <math.h>
#include <string.h>

enum {
    CELLS_MOST = 128,
    TOP = DPID_CHART_TOP,
    AIR = 8,
    BASE_SHIFT = 4,
    SCALE_WIDTH = 10,
    SCALE_STEPS = 12,
    SCALE_LEAST = 48
};

/* ---- the matrix is copied in -------------------------------------------------------------------- */

static int32_t copy_names(deepid_chart *chart, int64_t n, const char *const *names, const char ***out)
{
    DPID_TRY(dpid_arena_alloc(&chart->arena, n, sizeof **out, "chart", out));
    for (int64_t i = 0; i < n; i++)
        DPID_TRY(dpid_chart_keep(chart, names ? names[i] : dpid_number((double)i + 1).text, &(*out)[i]));
    return DEEPID_OK;
}

/* Of the heat's own texts: "role=identity scale=log". */
static int32_t set_scale(deepid_chart *chart, const char *style, dpid_heat *heat)
{
    static const char *const roles[] = {"identity", "plain", "witness", "shallow"};
    static const dpid_option options[] = {
        {"role", DPID_CHOICE, 0, 0, 0, "identity|plain|witness|shallow", false, "colour"},
        {"scale", DPID_CHOICE, 0, 0, 0, "linear|log", false, "what the colour follows"},
        {0},
    };
    dpid_value values[DPID_OPTIONS_MAX];
    DPID_TRY(dpid_options_parse(chart->head.ctx, "heatmap", dpid_span_of(style), options, values));
    heat->role = roles[values[0].i];
    heat->log = values[1].i == 1;
    return DEEPID_OK;
}

static int32_t add_heatmap(deepid_chart *chart, const char *style, int64_t rows, int64_t columns, const double *values,
                           const char *const *row_names, const char *const *column_names)
{
    deepid_ctx *ctx = chart->head.ctx;
    dpid_heat *heat = NULL;
    double *copy = NULL;
    if (rows < 1 || columns < 1 || rows > CELLS_MOST || columns > CELLS_MOST)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "chart: a heatmap of %lld x %lld values, expected 1 to %d each way",
                         (long long)rows, (long long)columns, (int)CELLS_MOST);
    if (!values)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "chart: values is NULL");
    if (chart->kind != DPID_CHART_EMPTY)
        return dpid_fail(ctx, DEEPID_ERR_STATE, "chart: a heatmap stands alone, but the chart holds %s already",
                         chart->kind == DPID_CHART_HEATMAP ? "one" : "marks");
    DPID_TRY(dpid_arena_alloc(&chart->arena, 1, sizeof *heat, "chart", &heat));
    DPID_TRY(set_scale(chart, style, heat));
    DPID_TRY(dpid_chart_copy(chart, rows * columns, values, &copy));
    DPID_TRY(copy_names(chart, rows, row_names, &heat->row_names));
    DPID_TRY(copy_names(chart, columns, column_names, &heat->column_names));
    heat->rows = rows;
    heat->columns = columns;
    heat->values = copy;
    chart->y.log = heat->log;
    for (int64_t i = 0; i < rows * columns; i++)
        dpid_axis_include(&chart->y, copy[i]); /* y: the scale of colours */
    chart->heat = heat;
    chart->kind = DPID_CHART_HEATMAP;
    return DEEPID_OK;
}

int32_t deepid_chart_heatmap(deepid_chart *chart, const char *style, int64_t rows, int64_t columns,
                             const double *values, const char *const *row_names, const char *const *column_names)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, add_heatmap(chart, style, rows, columns, values, row_names, column_names));
}

static int32_t add_table(deepid_chart *chart, const char *style, const deepid_table *table)
{
    deepid_ctx *ctx = chart->head.ctx;
    const int64_t rows = deepid_table_rows(table);
    const int64_t columns = deepid_table_columns(table);
    dpid_arena arena = {.ctx = ctx};
    double *values = NULL;
    const char **names = NULL;
    if (!dpid_is(table, DPID_MAGIC_TABLE))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "chart: table is %s, expected a table",
                         table ? "not a table" : "NULL");
    int32_t status = dpid_arena_alloc(&arena, rows * columns, sizeof *values, "chart", &values);
    if (status == DEEPID_OK)
        status = dpid_arena_alloc(&arena, rows + columns, sizeof *names, "chart", &names);
    for (int64_t i = 0; i < rows && status == DEEPID_OK; i++) {
        names[i] = deepid_table_row_name(table, i);
        for (int64_t k = 0; k < columns; k++)
            values[i * columns + k] = deepid_table_get(table, i, k);
    }
    for (int64_t k = 0; k < columns && status == DEEPID_OK; k++)
        names[rows + k] = deepid_table_column_name(table, k);
    if (status == DEEPID_OK)
        status = add_heatmap(chart, style, rows, columns, values, names, names + rows);
    dpid_arena_release(&arena);
    return status;
}

int32_t deepid_chart_heatmap_table(deepid_chart *chart, const char *style, const deepid_table *table)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx, add_table(chart, style, table));
}

/* ---- drawing ------------------------------------------------------------------------------------------ */

/* How full the colour is: the share of the scale; of the largest size when values have both signs. */
static double fullness(const dpid_axis *scale, double value)
{
    enum { FAINT = 8, FULL = 100 };
    const double share = scale->low < 0 && scale->high > 0 ? fabs(value / fmax(-scale->low, scale->high))
                         : scale->low < scale->high        ? dpid_axis_place(scale, value)
                                                           : 1;
    return (FAINT + (FULL - FAINT) * fmin(fmax(share, 0), 1)) / FULL;
}

static const char *colour(const dpid_heat *heat, double value)
{
    return value >= 0 ? heat->role : strcmp(heat->role, "plain") == 0 ? "identity" : "plain";
}

/* Cells of one colour share a group, which keeps a page of many cells small; "" is the group of values without a
   place. */
static bool belongs(const deepid_chart *chart, double value, const char *role)
{
    return dpid_axis_takes(&chart->y, value) ? strcmp(colour(chart->heat, value), role) == 0 : !*role;
}

static void add_cell(dpid_string *s, const deepid_chart *chart, int64_t i, int64_t k, double width, double height)
{
    const dpid_heat *heat = chart->heat;
    const double value = heat->values[i * heat->columns + k];
    const double x = chart->x.start + width * (double)k;
    const double y = TOP + height * (double)i;
    dpid_string title = {.ctx = s->ctx};
    dpid_string_format(&title, "%s, %s: %s", heat->row_names[i], heat->column_names[k],
                       dpid_words_digits(value, 4).text);
    if (dpid_axis_takes(&chart->y, value))
        dpid_svg_rect(s, NULL, NULL, x, y, width, height, fullness(&chart->y, value), title.text);
    else
        dpid_svg_rect(s, NULL, NULL, x + width / 4, y + height / 4, width / 2, height / 2, 1, title.text);
    if (title.status != DEEPID_OK)
        s->status = title.status;
    dpid_string_release(&title);
}

static void add_cells(dpid_string *s, const deepid_chart *chart, double width, double height)
{
    static const char *const roles[] = {"identity", "plain", "witness", "shallow", ""};
    const dpid_heat *heat = chart->heat;
    for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
        bool open = false;
        for (int64_t i = 0; i < heat->rows; i++)
            for (int64_t k = 0; k < heat->columns; k++) {
                if (!belongs(chart, heat->values[i * heat->columns + k], roles[r]))
                    continue;
                if (!open)
                    dpid_string_format(s, "<g class=\"%s%s\">\n", *roles[r] ? "cell " : "missing", roles[r]);
                add_cell(s, chart, i, k, width, height);
                open = true;
            }
        dpid_string_add(s, open ? "</g>\n" : "");
    }
}

/* Every so many names that neighbours keep apart. */
static int64_t stride(double widest, double step)
{
    const int64_t every = (int64_t)ceil((widest + 2) / step);
    return every < 1 ? 1 : every;
}

static double widest(const char *const *names, int64_t n)
{
    double width = 0;
    for (int64_t i = 0; i < n; i++)
        width = fmax(width, dpid_text_width(names[i]));
    return width;
}

static void add_names(dpid_string *s, const deepid_chart *chart, double width, double height)
{
    enum { WORDS = 15, NAME = 31, NAME_MOST = 90 };
    const dpid_heat *heat = chart->heat;
    const dpid_axis *x = &chart->x;
    const double bottom = TOP + height * (double)heat->rows;
    const double room = fmin(widest(heat->column_names, heat->columns), NAME_MOST);
    const int64_t down = stride(DPID_TEXT_LINE - 2, height);
    const int64_t across = stride(room, width);
    for (int64_t i = 0; i < heat->rows; i += down)
        dpid_svg_text(s, "tick", NULL, "end", x->start - AIR + 2, TOP + height * ((double)i + 0.5) + BASE_SHIFT,
                      x->start - AIR, heat->row_names[i]);
    for (int64_t k = 0; k < heat->columns; k += across) {
        const double half = fmin(dpid_text_width(heat->column_names[k]), room) / 2;
        const double middle = x->start + width * ((double)k + 0.5);
        if (middle - half < DPID_CHART_EDGE || middle + half > DPID_CHART_WIDTH - DPID_CHART_EDGE)
            continue;
        dpid_svg_text(s, "tick", NULL, "middle", middle, bottom + WORDS, room, heat->column_names[k]);
    }
    dpid_svg_text(s, "name", NULL, "end", x->end, bottom + NAME, x->end - DPID_CHART_EDGE, chart->x_name);
}

/* The scale at the right: steps of colour from the largest value above to the least below. */
static void add_scale(dpid_string *s, const deepid_chart *chart, double height)
{
    const dpid_axis *y = &chart->y;
    const double x = chart->x.end + AIR;
    const double room = DPID_CHART_WIDTH - DPID_CHART_EDGE - x - SCALE_WIDTH - AIR / 2;
    const double step = height / SCALE_STEPS;
    if (y->low > y->high)
        return;
    for (int i = 0; i < SCALE_STEPS; i++) {
        const double share = 1 - (i + 0.5) / SCALE_STEPS;
        const long double at = y->from + share * (y->to - y->from);
        const double value = (double)(y->log ? powl(10, at) : at);
        if (dpid_axis_takes(y, value))
            dpid_svg_rect(s, "cell", colour(chart->heat, value), x, TOP + step * i, SCALE_WIDTH, step,
                          fullness(y, value), dpid_words(value).text);
    }
    dpid_svg_text(s, "tick", NULL, "start", x + SCALE_WIDTH + AIR / 2, TOP + DPID_TEXT_UP, room,
                  dpid_words(y->high).text);
    dpid_svg_text(s, "tick", NULL, "start", x + SCALE_WIDTH + AIR / 2, TOP + height - 1, room, dpid_words(y->low).text);
}

int32_t dpid_draw_heatmap(deepid_chart *chart, const char *label)
{
    enum { CELL_LEAST = 4, CELL_MOST = 24, BASE = 11, NAME_MOST = DPID_CHART_WIDTH / 4 };
    const dpid_heat *heat = chart->heat;
    dpid_string *s = &chart->svg;
    dpid_outside outside = {0, 0};
    for (int64_t i = 0; i < heat->rows * heat->columns; i++)
        if (!dpid_axis_takes(&chart->y, heat->values[i]))
            dpid_outside_add(&outside, heat->values[i]);
    const double numbers =
        fmax(dpid_text_width(dpid_words(chart->y.low).text), dpid_text_width(dpid_words(chart->y.high).text));
    chart->x.start = DPID_CHART_EDGE + fmin(widest(heat->row_names, heat->rows), NAME_MOST) + AIR;
    chart->x.end = DPID_CHART_WIDTH - DPID_CHART_EDGE - AIR - SCALE_WIDTH - AIR / 2 - numbers;
    const double width = (chart->x.end - chart->x.start) / (double)heat->columns;
    const double height = fmin(fmax(width, CELL_LEAST), CELL_MOST);
    const double scale = fmax(height * (double)heat->rows, SCALE_LEAST);
    dpid_axis *y = &chart->y;
    y->start = 0;
    y->end = 1;
    y->from = y->log ? log10l(y->low) : (long double)y->low;
    y->to = y->log ? log10l(y->high) : (long double)y->high;
    dpid_svg_open(s, DPID_CHART_WIDTH, TOP + scale + DPID_CHART_BOTTOM - 4, label);
    add_cells(s, chart, width, height);
    add_names(s, chart, width, height);
    add_scale(s, chart, fmin(scale, DPID_CHART_HEIGHT / 2));
    const double noted = dpid_draw_outside(s, &outside, DPID_CHART_WIDTH - DPID_CHART_EDGE);
    dpid_svg_text(s, "name", NULL, "start", DPID_CHART_EDGE, BASE, DPID_CHART_WIDTH - 2 * DPID_CHART_EDGE - noted - AIR,
                  chart->y_name);
    dpid_svg_close(s);
    return s->status;
}
