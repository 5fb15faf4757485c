/* From marks to SVG: 460 x 280 units, light horizontal grid, one axis line below, labels at the ends of lines, titles on every mark. */
#include "report/chart.h"
#include "report/words.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 460, HEIGHT = 280, LEFT = 52, TOP = 16, BOTTOM = 40, LABEL_GAP = 14, LETTER = 7, RIGHT_LEAST = 16, LABELS_MAX = 64 };

static void number(dpid_string *s, double value)
{
    const double tenths = 10;
    dpid_string_number(s, round(value * tenths) / tenths);
}

/* ---- text ---------------------------------------------------------------------------- */

/* Characters, not bytes. */
static int32_t letters(const char *text)
{
    int32_t count = 0;
    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static void add_text(dpid_string *s, const char *css, const char *anchor, double x, double y, const char *text)
{
    dpid_string_format(s, "<text class=\"%s\" text-anchor=\"%s\" x=\"", css, anchor);
    number(s, x);
    dpid_string_add(s, "\" y=\"");
    number(s, y);
    dpid_string_add(s, "\">");
    dpid_string_html(s, text);
    dpid_string_add(s, "</text>");
}

static void add_title(dpid_string *s, const char *text)
{
    if (!text || !*text)
        return;
    dpid_string_add(s, "<title>");
    dpid_string_html(s, text);
    dpid_string_add(s, "</title>");
}

/* ---- frame ------------------------------------------------------------------------------ */

static void add_segment(dpid_string *s, const char *css, double x1, double y1, double x2, double y2)
{
    dpid_string_format(s, "<line class=\"%s\" x1=\"", css);
    number(s, x1);
    dpid_string_add(s, "\" y1=\"");
    number(s, y1);
    dpid_string_add(s, "\" x2=\"");
    number(s, x2);
    dpid_string_add(s, "\" y2=\"");
    number(s, y2);
    dpid_string_add(s, "\"/>");
}

static void add_frame(dpid_string *s, const deepid_chart *chart)
{
    const double right = chart->x.end;
    for (int32_t i = 0; i < chart->y.ticks; i++) {
        const double y = dpid_axis_place(&chart->y, chart->y.tick[i]);
        add_segment(s, "grid", LEFT, y, right, y);
        add_text(s, "tick", "end", LEFT - 6, y + 4, dpid_words(chart->y.tick[i]).text);
    }
    add_segment(s, "axis", LEFT, HEIGHT - BOTTOM, right, HEIGHT - BOTTOM);
    for (int32_t i = 0; i < chart->x.ticks; i++)
        add_text(s, "tick", "middle", dpid_axis_place(&chart->x, chart->x.tick[i]), HEIGHT - BOTTOM + 16, dpid_words(chart->x.tick[i]).text);
    add_text(s, "name", "end", right, HEIGHT - 6, chart->x_name);
    add_text(s, "name", "start", 2, 11, chart->y_name);
}

/* ---- marks ------------------------------------------------------------------------------- */

static bool shown(const deepid_chart *chart, const dpid_mark *m, int64_t i)
{
    return dpid_axis_takes(&chart->x, m->x[i]) && dpid_axis_takes(&chart->y, m->y[i]);
}

static void add_place(dpid_string *s, const deepid_chart *chart, double x, double y)
{
    number(s, dpid_axis_place(&chart->x, x));
    dpid_string_add(s, " ");
    number(s, dpid_axis_place(&chart->y, y));
}

/* What is not finite breaks the line and is counted at the upper edge. */
static void add_line(dpid_string *s, const deepid_chart *chart, const dpid_mark *m)
{
    bool open = false;
    dpid_string_format(s, "<path class=\"line %s\" d=\"", m->css);
    for (int64_t i = 0; i < m->n; i++) {
        if (!shown(chart, m, i)) {
            open = false;
            continue;
        }
        dpid_string_add(s, open ? "L" : "M");
        add_place(s, chart, m->x[i], m->y[i]);
        open = true;
    }
    dpid_string_add(s, "\">");
    add_title(s, m->title);
    dpid_string_add(s, "</path>");
}

static void add_band(dpid_string *s, const deepid_chart *chart, const dpid_mark *m)
{
    dpid_string_format(s, "<path class=\"band %s\" d=\"", m->css);
    bool open = false;
    for (int64_t i = 0; i < 2 * m->n; i++) {
        const int64_t k = i < m->n ? i : 2 * m->n - 1 - i;
        const double y = i < m->n ? m->y2[k] : m->y[k];
        if (!dpid_axis_takes(&chart->x, m->x[k]) || !dpid_axis_takes(&chart->y, m->y[k]) || !dpid_axis_takes(&chart->y, m->y2[k]))
            continue;
        dpid_string_add(s, open ? "L" : "M");
        add_place(s, chart, m->x[k], y);
        open = true;
    }
    dpid_string_add(s, open ? "Z\">" : "\">");
    add_title(s, m->title);
    dpid_string_add(s, "</path>");
}

static void add_point(dpid_string *s, const deepid_chart *chart, const dpid_mark *m, int64_t i)
{
    static const char *const shapes[] = {"m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", "m0 -5l5 5l-5 5l-5 -5z", "m-6 -1.5h12v3h-12z"};
    dpid_string_format(s, "<path class=\"point %s\" d=\"M", m->css);
    add_place(s, chart, m->x[i], m->y[i]);
    dpid_string_add(s, shapes[m->shape]);
    dpid_string_add(s, "\">");
    add_title(s, m->titles ? m->titles[i] : m->title);
    dpid_string_add(s, "</path>");
}

/* Values above every axis: an arrow at the edge with their number. */
static void add_outside(dpid_string *s, const deepid_chart *chart, const dpid_mark *m, int64_t *outside)
{
    int64_t count = 0;
    double last = (double)NAN;
    for (int64_t i = 0; i < m->n; i++) {
        if (shown(chart, m, i) || !dpid_axis_takes(&chart->x, m->x[i]))
            continue;
        count++;
        last = m->x[i];
    }
    if (count == 0 || m->type == DPID_MARK_RULE)
        return;
    dpid_string_format(s, "<path class=\"point %s\" d=\"M", m->css);
    number(s, dpid_axis_place(&chart->x, last));
    dpid_string_format(s, " %dm0 -5l5 8h-10z\"><title>%lld not finite</title></path>", TOP + 6, (long long)count);
    *outside += count;
}

static void add_mark(dpid_string *s, const deepid_chart *chart, const dpid_mark *m, int64_t *outside)
{
    if (m->type == DPID_MARK_LINE)
        add_line(s, chart, m);
    else if (m->type == DPID_MARK_BAND)
        add_band(s, chart, m);
    else if (m->type == DPID_MARK_RULE && dpid_axis_takes(&chart->y, m->y[0])) {
        const double y = dpid_axis_place(&chart->y, m->y[0]);
        dpid_string_add(s, "<g><title>");
        dpid_string_html(s, m->title);
        dpid_string_format(s, ": %s</title>", dpid_number(m->y[0]).text);
        char css[64] = "rule ";
        strncat(css, m->css, sizeof css - strlen(css) - 1);
        add_segment(s, css, LEFT, y, chart->x.end, y);
        dpid_string_add(s, "</g>");
    } else
        for (int64_t i = 0; i < m->n && m->type == DPID_MARK_POINTS; i++)
            if (shown(chart, m, i))
                add_point(s, chart, m, i);
    add_outside(s, chart, m, outside);
}

/* ---- labels at the ends: sorted by height, pushed apart, kept inside ------------------------- */

typedef struct {
    const dpid_mark *mark;
    double y;
} end_label;

static int32_t collect_labels(const deepid_chart *chart, end_label *labels)
{
    int32_t count = 0;
    for (const dpid_mark *m = chart->first; m && count < LABELS_MAX; m = m->next) {
        int64_t last = m->n - 1;
        while (m->label && m->type != DPID_MARK_RULE && last >= 0 && !shown(chart, m, last))
            last--;
        if (!m->label)
            continue;
        labels[count++] = (end_label){m, last >= 0 && dpid_axis_takes(&chart->y, m->y[last]) ? dpid_axis_place(&chart->y, m->y[last]) : TOP};
    }
    for (int32_t i = 1; i < count; i++)
        for (int32_t k = i; k > 0 && labels[k].y < labels[k - 1].y; k--) {
            const end_label t = labels[k];
            labels[k] = labels[k - 1];
            labels[k - 1] = t;
        }
    return count;
}

static void push_apart(end_label *labels, int32_t count)
{
    for (int32_t i = 1; i < count; i++)
        labels[i].y = fmax(labels[i].y, labels[i - 1].y + LABEL_GAP);
    const double bottom = HEIGHT - BOTTOM;
    for (int32_t i = count - 1; i >= 0; i--) {
        const double limit = i == count - 1 ? bottom : labels[i + 1].y - LABEL_GAP;
        labels[i].y = fmin(labels[i].y, limit);
    }
}

static void add_labels(dpid_string *s, const deepid_chart *chart)
{
    end_label labels[LABELS_MAX];
    const int32_t count = collect_labels(chart, labels);
    push_apart(labels, count);
    for (int32_t i = 0; i < count; i++) {
        char css[64] = "label ";
        strncat(css, labels[i].mark->css, sizeof css - strlen(css) - 1);
        add_text(s, css, "start", chart->x.end + 6, labels[i].y + 4, labels[i].mark->label);
    }
}

/* ---- the whole ---------------------------------------------------------------------------------- */

static void place_axes(deepid_chart *chart)
{
    int32_t widest = 0;
    for (const dpid_mark *m = chart->first; m; m = m->next)
        widest = m->label && letters(m->label) > widest ? letters(m->label) : widest;
    const int32_t right = widest * LETTER + RIGHT_LEAST;
    chart->x.start = LEFT;
    chart->x.end = WIDTH - (right < WIDTH / 2 ? right : WIDTH / 2);
    chart->y.start = HEIGHT - BOTTOM;
    chart->y.end = TOP + 6;
    bool points = false;
    for (const dpid_mark *m = chart->first; m; m = m->next)
        points |= m->type == DPID_MARK_POINTS;
    chart->x.air = points ? 0.04 : 0; /* points keep off the edges, curves begin at the axis */
    chart->y.air = 0.04;
    dpid_axis_finish(&chart->x);
    dpid_axis_finish(&chart->y);
}

static int32_t draw(deepid_chart *chart, const char *label)
{
    int64_t outside = 0;
    const dpid_axis x = chart->x; /* the data's ranges; drawing widens them */
    const dpid_axis y = chart->y;
    dpid_string *s = &chart->svg;
    dpid_string_release(s);
    place_axes(chart);
    dpid_string_format(s, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    dpid_string_html(s, label ? label : chart->y_name);
    dpid_string_add(s, "\">");
    add_frame(s, chart);
    for (const dpid_mark *m = chart->first; m; m = m->next)
        add_mark(s, chart, m, &outside);
    add_labels(s, chart);
    if (outside > 0) {
        dpid_string text = {.ctx = s->ctx};
        dpid_string_format(&text, "%lld not finite", (long long)outside);
        if (text.text)
            add_text(s, "tick", "end", chart->x.end, TOP - 5, text.text);
        dpid_string_release(&text);
    }
    dpid_string_add(s, "</svg>");
    chart->x = x;
    chart->y = y;
    return s->status;
}

const char *deepid_chart_svg(deepid_chart *chart, const char *label)
{
    if (dpid_enter(chart, DPID_MAGIC_CHART) != DEEPID_OK)
        return "";
    const int32_t status = dpid_leave(chart->head.ctx, draw(chart, label));
    return status == DEEPID_OK ? chart->svg.text : "";
}
