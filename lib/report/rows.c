/* Rows: one name a row, the estimate with its interval and the seeds' values along one axis (a forest plot), or the
   seeds' dots alone (a strip). */
#include "report/chart.h"
#include "base/words.h"
#include "statistics/statistics.h"

#include <math.h>
#include <string.h>

enum { ROW = 24, TOP = DPID_CHART_TOP, AIR = 8, BASE_SHIFT = 4 };

/* ---- rows are added ------------------------------------------------------------------------- */

/* The median, NaN counted as the worst. */
static int32_t median_of(deepid_ctx *ctx, int64_t n, const double *values, double *out)
{
    double *sorted = NULL;
    *out = (double)NAN;
    if (n == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_alloc(ctx, n, sizeof *sorted, "chart", &sorted));
    memcpy(sorted, values, sizeof *sorted * (size_t)n);
    dpid_sort(n, sorted);
    const double low = sorted[(n - 1) / 2];
    const double high = sorted[n / 2];
    *out = low == high ? low : low / 2 + high / 2;
    dpid_free(ctx, sorted);
    return DEEPID_OK;
}

static int32_t add_row(deepid_chart *chart, dpid_mark_type type, const char *style, const char *label,
                       const char *title, double estimate, double low, double high, int64_t n, const double *values)
{
    dpid_mark *mark = NULL;
    if (!label || !*label || n < 0 || (n > 0 && !values))
        return dpid_fail(chart->head.ctx, DEEPID_ERR_ARGUMENT, "chart: %s",
                         !label || !*label ? "a row needs a label"
                         : n < 0           ? "n is negative"
                                           : "values is NULL");
    DPID_TRY(dpid_chart_may_be(chart, DPID_CHART_ROWS));
    DPID_TRY(dpid_mark_make(chart, type, style, label, title, &mark));
    mark->n = n;
    DPID_TRY(dpid_chart_copy(chart, n, values, &mark->y));
    mark->estimate = estimate;
    mark->low = low;
    mark->high = high;
    if (type == DPID_MARK_STRIP)
        DPID_TRY(median_of(chart->head.ctx, n, values, &mark->estimate));
    dpid_axis_include(&chart->x, mark->estimate);
    dpid_axis_include(&chart->x, low);
    dpid_axis_include(&chart->x, high);
    for (int64_t i = 0; i < n; i++)
        dpid_axis_include(&chart->x, values[i]);
    dpid_mark_append(chart, mark);
    return DEEPID_OK;
}

int32_t deepid_chart_row(deepid_chart *chart, const char *style, const char *label, const char *title, double estimate,
                         double low, double high, int64_t n, const double *values)
{
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx,
                      add_row(chart, DPID_MARK_ROW, style, label, title, estimate, low, high, n, values));
}

int32_t deepid_chart_strip(deepid_chart *chart, const char *style, const char *label, const char *title, int64_t n,
                           const double *values)
{
    const double none = (double)NAN;
    DPID_TRY(dpid_enter(chart, DPID_MAGIC_CHART));
    return dpid_leave(chart->head.ctx,
                      add_row(chart, DPID_MARK_STRIP, style, label, title, none, none, none, n, values));
}

/* ---- drawing ------------------------------------------------------------------------------------ */

typedef struct {
    dpid_string *s;
    const deepid_chart *chart;
    dpid_outside outside;
    double bottom;
} picture;

static bool is_row(const dpid_mark *m)
{
    return m->type == DPID_MARK_ROW || m->type == DPID_MARK_STRIP;
}

/* Where value lies; what lies nowhere is at the edge: minus infinity and what is not above 0 left, the rest right. */
static double place_or_edge(const picture *p, double value, dpid_shape *arrow)
{
    const dpid_axis *x = &p->chart->x;
    *arrow = isfinite(value) || value < 0 ? DPID_SHAPE_LEFT : DPID_SHAPE_RIGHT;
    return dpid_axis_takes(x, value) ? dpid_axis_place(x, value) : *arrow == DPID_SHAPE_LEFT ? x->start : x->end;
}

/* One seed: a tick on the row, or a dot beside its neighbours'. */
static void add_seed(picture *p, const dpid_mark *m, int64_t i, double y)
{
    static const double beside[] = {0, -4, 4, -2, 2, -6, 6};
    enum { BESIDES = sizeof beside / sizeof *beside };
    const bool inside = dpid_axis_takes(&p->chart->x, m->y[i]);
    dpid_shape arrow;
    const double x = place_or_edge(p, m->y[i], &arrow);
    dpid_string title = {.ctx = p->s->ctx};
    dpid_string_format(&title, "%s: %s", m->label, dpid_words_exact(m->y[i]).text);
    const bool strip = m->type == DPID_MARK_STRIP;
    dpid_svg_mark(p->s, m->role,
                  !inside ? arrow
                  : strip ? DPID_SHAPE_DOT
                          : DPID_SHAPE_BAR,
                  x, y + (strip && inside ? beside[i % BESIDES] : 0), title.text);
    if (title.status != DEEPID_OK)
        p->s->status = title.status;
    dpid_string_release(&title);
}

static void add_estimate(picture *p, const dpid_mark *m, double y, const char *title)
{
    enum { HALF = 8 };
    dpid_shape arrow;
    char css[48] = "thick ";
    strncat(css, m->role, sizeof css - strlen(css) - 1);
    if (!isnan(m->low) && !isnan(m->high)) {
        const double low = place_or_edge(p, m->low, &arrow);
        const double high = place_or_edge(p, m->high, &arrow);
        dpid_svg_line(p->s, "interval", m->role, low, y, high, y, title);
    }
    if (isnan(m->estimate))
        return;
    const bool inside = dpid_axis_takes(&p->chart->x, m->estimate);
    const double x = place_or_edge(p, m->estimate, &arrow);
    if (!inside)
        dpid_svg_mark(p->s, css, arrow, x, y, title);
    else if (m->type == DPID_MARK_STRIP)
        dpid_svg_line(p->s, "median", m->role, x, y - HALF, x, y + HALF, title);
    else
        dpid_svg_mark(p->s, css, m->shape == DPID_SHAPE_TICK ? DPID_SHAPE_BAR : m->shape, x, y, title);
}

static void add_one(picture *p, const dpid_mark *m, double y)
{
    const dpid_axis *x = &p->chart->x;
    const dpid_number_text words = dpid_words(m->estimate);
    dpid_string title = {.ctx = p->s->ctx};
    dpid_string_format(&title, "%s: %s%s", m->title, m->type == DPID_MARK_STRIP ? "median " : "",
                       dpid_words_interval(m->estimate, m->low, m->high).text);
    dpid_svg_line(p->s, "grid", NULL, x->start, y, x->end, y, NULL);
    for (int64_t i = 0; i < m->n; i++)
        add_seed(p, m, i, y);
    add_estimate(p, m, y, title.text);
    dpid_svg_text(p->s, "row", NULL, "end", x->start - AIR, y + BASE_SHIFT, x->start - AIR - DPID_CHART_EDGE, m->label);
    dpid_svg_text(p->s, "row", NULL, "start", x->end + AIR, y + BASE_SHIFT,
                  DPID_CHART_WIDTH - DPID_CHART_EDGE - x->end - AIR, isnan(m->estimate) ? "\xe2\x80\x93" : words.text);
    if (title.status != DEEPID_OK)
        p->s->status = title.status;
    dpid_string_release(&title);
}

/* A vertical line or shaded range through all rows, its name above as long as there is room. */
static void add_reference(picture *p, const dpid_mark *m, double limit, double *used)
{
    enum { BASE = 11 };
    const dpid_axis *x = &p->chart->x;
    dpid_shape arrow;
    const double low = place_or_edge(p, m->low, &arrow);
    const double high = m->type == DPID_MARK_RULE ? low : place_or_edge(p, m->high, &arrow);
    dpid_string title = {.ctx = p->s->ctx};
    dpid_string_format(&title, m->type == DPID_MARK_RULE ? "%s: %s" : "%s: %s to %s", m->title, dpid_words(m->low).text,
                       dpid_words(m->high).text);
    if (m->type == DPID_MARK_ZONE)
        dpid_svg_rect(p->s, "zone", m->role, low, TOP - 4, fmax(high - low, 1), p->bottom - TOP + 4, 1, title.text);
    else if (dpid_axis_takes(x, m->low))
        dpid_svg_line(p->s, "rule", m->role, low, TOP - 4, low, p->bottom, title.text);
    if (title.status != DEEPID_OK)
        p->s->status = title.status;
    dpid_string_release(&title);
    const double width = m->label ? dpid_text_width(m->label) : 0;
    const double at = fmax(*used, fmin(low, limit - width));
    if (!m->label || at + width > limit)
        return;
    dpid_svg_text(p->s, "label", m->role, "start", at, BASE, width, m->label);
    *used = at + width + AIR;
}

static void place_axis(deepid_chart *chart)
{
    enum { LABEL_MOST = DPID_CHART_WIDTH * 42 / 100, NUMBER_LEAST = 16 };
    double left = 0;
    double right = NUMBER_LEAST;
    for (const dpid_mark *m = chart->first; m; m = m->next) {
        if (!is_row(m))
            continue;
        left = fmax(left, dpid_text_width(m->label));
        right = fmax(right, dpid_text_width(dpid_words(m->estimate).text) * !isnan(m->estimate));
    }
    chart->x.start = DPID_CHART_EDGE + fmin(left, LABEL_MOST) + AIR;
    chart->x.end = DPID_CHART_WIDTH - DPID_CHART_EDGE - right - AIR;
    chart->x.air = 0.03;
    dpid_axis_finish(&chart->x);
}

int32_t dpid_draw_rows(deepid_chart *chart, const char *label)
{
    picture p = {.s = &chart->svg, .chart = chart};
    int64_t rows = 0;
    for (const dpid_mark *m = chart->first; m; m = m->next)
        rows += is_row(m);
    p.bottom = TOP + ROW * (double)rows;
    place_axis(chart);
    for (const dpid_mark *m = chart->first; m; m = m->next) /* counted first: references leave room for the note */
        for (int64_t i = 0; is_row(m) && i < m->n; i++)
            if (!dpid_axis_takes(&chart->x, m->y[i]))
                dpid_outside_add(&p.outside, m->y[i]);
    dpid_svg_open(p.s, DPID_CHART_WIDTH, p.bottom + DPID_CHART_BOTTOM, label);
    double used = DPID_CHART_EDGE;
    const double noted = dpid_draw_outside(p.s, &p.outside, DPID_CHART_WIDTH - DPID_CHART_EDGE);
    for (const dpid_mark *m = chart->first; m; m = m->next)
        if (!is_row(m))
            add_reference(&p, m, DPID_CHART_WIDTH - DPID_CHART_EDGE - noted - (noted > 0 ? AIR : 0), &used);
    double y = TOP + ROW / 2;
    for (const dpid_mark *m = chart->first; m; m = m->next) {
        if (!is_row(m))
            continue;
        add_one(&p, m, y);
        y += ROW;
    }
    dpid_draw_x_axis(p.s, &chart->x, p.bottom, chart->x_name);
    dpid_svg_close(p.s);
    return p.s->status;
}
