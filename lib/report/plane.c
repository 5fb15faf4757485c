/* Lines, bands and points on a plane: light horizontal grid, one axis line below, labels at the ends of lines, a
   title on every mark. */
#include "report/chart.h"
#include "base/words.h"

#include <math.h>
#include <string.h>

enum { LABELS_MAX = 64, BASE_SHIFT = 4, LABEL_AIR = 6 };

typedef struct {
    dpid_string *s;
    const deepid_chart *chart;
    dpid_outside outside; /* of the whole picture */
} picture;

/* ---- marks -------------------------------------------------------------------------------- */

static bool shown(const deepid_chart *chart, const dpid_mark *m, int64_t i)
{
    return dpid_axis_takes(&chart->x, m->x[i]) && dpid_axis_takes(&chart->y, m->y[i]) &&
           (!m->y2 || dpid_axis_takes(&chart->y, m->y2[i]));
}

static void add_place(dpid_string *s, double x, double y)
{
    dpid_svg_number(s, x);
    dpid_string_add(s, " ");
    dpid_svg_number(s, y);
}

/* What has no place breaks the line. Steps below one unit both ways are not drawn, but for the last; a single point
   is a dot of the line's round cap. */
static void add_line(picture *p, const dpid_mark *m)
{
    dpid_string *s = p->s;
    double last_x = 0;
    double last_y = 0;
    bool open = false;
    int64_t drawn = 0;
    for (int64_t i = 0; i < m->n; i++) {
        if (!shown(p->chart, m, i)) {
            open = false;
            continue;
        }
        const double x = dpid_axis_place(&p->chart->x, m->x[i]);
        const double y = dpid_axis_place(&p->chart->y, m->y[i]);
        const bool ends = i + 1 == m->n || !shown(p->chart, m, i + 1);
        if (open && !ends && fabs(x - last_x) < 1 && fabs(y - last_y) < 1)
            continue;
        if (drawn++ == 0)
            dpid_string_format(s, "<path class=\"line %s\" d=\"", m->css);
        dpid_string_add(s, open ? "L" : "M");
        add_place(s, x, y);
        if (!open && ends)
            dpid_string_add(s, "h0");
        last_x = x;
        last_y = y;
        open = true;
    }
    if (drawn == 0)
        return;
    dpid_string_add(s, "\">");
    dpid_svg_title(s, m->title);
    dpid_string_add(s, "</path>\n");
}

/* Along the upper edge and back along the lower one, for each run of points that have a place. */
static void add_band(picture *p, const dpid_mark *m)
{
    dpid_string *s = p->s;
    int64_t drawn = 0;
    for (int64_t first = 0, end; first < m->n; first = end + 1) {
        for (end = first; end < m->n && shown(p->chart, m, end); end++)
            ;
        if (end == first)
            continue;
        if (drawn++ == 0)
            dpid_string_format(s, "<path class=\"band %s\" d=\"", m->role);
        for (int64_t k = 0; k < 2 * (end - first); k++) {
            const bool forth = k < end - first;
            const int64_t i = forth ? first + k : 2 * end - first - k - 1;
            dpid_string_add(s, k ? "L" : "M");
            add_place(s, dpid_axis_place(&p->chart->x, m->x[i]),
                      dpid_axis_place(&p->chart->y, forth ? m->y2[i] : m->y[i]));
        }
        dpid_string_add(s, "Z");
    }
    if (drawn == 0)
        return;
    dpid_string_add(s, "\">");
    dpid_svg_title(s, m->title);
    dpid_string_add(s, "</path>\n");
}

/* "plain: layers 30, training loss 0.52" */
static void add_point(picture *p, const dpid_mark *m, int64_t i)
{
    dpid_string title = {.ctx = p->s->ctx};
    if (m->titles)
        dpid_string_add(&title, m->titles[i]);
    else
        dpid_string_format(&title, "%s%s%s %s, %s %s", m->label ? m->label : "", m->label ? ": " : "", p->chart->x_name,
                           dpid_words_exact(m->x[i]).text, p->chart->y_name, dpid_words_exact(m->y[i]).text);
    dpid_svg_mark(p->s, m->css, m->shape, dpid_axis_place(&p->chart->x, m->x[i]),
                  dpid_axis_place(&p->chart->y, m->y[i]), title.text);
    if (title.status != DEEPID_OK)
        p->s->status = title.status;
    dpid_string_release(&title);
}

/* A ring is drawn round another mark; where that is an arrow at the upper edge, round the arrow. */
static void add_ring_outside(picture *p, const dpid_mark *m)
{
    for (int64_t i = 0; i < m->n; i++)
        if (!shown(p->chart, m, i) && dpid_axis_takes(&p->chart->x, m->x[i]))
            dpid_svg_mark(p->s, m->css, m->shape, dpid_axis_place(&p->chart->x, m->x[i]), DPID_CHART_TOP,
                          m->titles ? m->titles[i] : m->title);
}

/* An arrow at the upper edge for what is not finite, at the lower one for what is not above 0 (or minus infinity),
   with their number. */
static void add_outside(picture *p, const dpid_mark *m)
{
    dpid_outside up = {0, 0};
    dpid_outside down = {0, 0};
    double where[2] = {(double)NAN, (double)NAN};
    for (int64_t i = 0; i < m->n; i++) {
        if (shown(p->chart, m, i))
            continue;
        const double wrong = !dpid_axis_takes(&p->chart->x, m->x[i])   ? m->x[i]
                             : !dpid_axis_takes(&p->chart->y, m->y[i]) ? m->y[i]
                                                                       : m->y2[i];
        const int below = isfinite(wrong) || wrong < 0;
        dpid_outside_add(below ? &down : &up, wrong);
        if (isnan(where[below]) && dpid_axis_takes(&p->chart->x, m->x[i]))
            where[below] = dpid_axis_place(&p->chart->x, m->x[i]);
    }
    for (int below = 0; below < 2; below++) {
        const dpid_outside *o = below ? &down : &up;
        dpid_string title = {.ctx = p->s->ctx};
        if (o->not_finite + o->not_positive == 0)
            continue;
        dpid_string_format(&title, "%s: %lld of %lld values %s", m->title, (long long)(o->not_finite + o->not_positive),
                           (long long)m->n,
                           o->not_positive == 0 ? "are not finite"
                           : o->not_finite == 0 ? "are not above 0"
                                                : "are not finite or not above 0");
        dpid_svg_mark(p->s, m->css, below ? DPID_SHAPE_DOWN : DPID_SHAPE_UP,
                      isnan(where[below]) ? p->chart->x.start : where[below],
                      below ? DPID_CHART_HEIGHT - DPID_CHART_BOTTOM - 4 : DPID_CHART_TOP, title.text);
        if (title.status != DEEPID_OK)
            p->s->status = title.status;
        dpid_string_release(&title);
        p->outside.not_finite += o->not_finite;
        p->outside.not_positive += o->not_positive;
    }
}

/* A dotted line, or a shaded range, across the plot. */
static void add_reference(picture *p, const dpid_mark *m)
{
    const dpid_axis *y = &p->chart->y;
    const double low = dpid_axis_takes(y, m->low) ? dpid_axis_place(y, m->low) : y->start;
    const double high = dpid_axis_takes(y, m->high) ? dpid_axis_place(y, m->high) : y->end;
    dpid_string title = {.ctx = p->s->ctx};
    if (m->type == DPID_MARK_RULE && !dpid_axis_takes(y, m->low))
        return;
    dpid_string_format(&title, m->type == DPID_MARK_RULE ? "%s: %s" : "%s: %s to %s", m->title, dpid_words(m->low).text,
                       dpid_words(m->high).text);
    if (m->type == DPID_MARK_RULE)
        dpid_svg_line(p->s, "rule", m->role, p->chart->x.start, low, p->chart->x.end, low, title.text);
    else
        dpid_svg_rect(p->s, "zone", m->role, p->chart->x.start, high, p->chart->x.end - p->chart->x.start,
                      fmax(low - high, 1), 1, title.text);
    if (title.status != DEEPID_OK)
        p->s->status = title.status;
    dpid_string_release(&title);
}

static void add_mark(picture *p, const dpid_mark *m)
{
    if (m->type == DPID_MARK_LINE)
        add_line(p, m);
    else if (m->type == DPID_MARK_BAND)
        add_band(p, m);
    for (int64_t i = 0; i < m->n && m->type == DPID_MARK_POINTS; i++)
        if (shown(p->chart, m, i))
            add_point(p, m, i);
    if (m->shape == DPID_SHAPE_RING)
        add_ring_outside(p, m);
    else
        add_outside(p, m);
}

/* ---- labels at the ends ----------------------------------------------------------------------- */

/* Where a label would like to stand: at the last value that is drawn. */
static double end_of(const deepid_chart *chart, const dpid_mark *m)
{
    double value = m->type == DPID_MARK_RULE || m->type == DPID_MARK_ZONE ? m->high : (double)NAN;
    for (int64_t i = m->n - 1; i >= 0 && isnan(value); i--)
        if (shown(chart, m, i))
            value = m->y2 ? m->y2[i] : m->y[i];
    return dpid_axis_takes(&chart->y, value) ? dpid_axis_place(&chart->y, value) : DPID_CHART_TOP;
}

/* Thick marks first, so that what has no room is the least. Returns how many there are in all. */
static int64_t collect_labels(const deepid_chart *chart, const dpid_mark **labels, int64_t room)
{
    int64_t count = 0;
    for (int thin = 0; thin < 2; thin++)
        for (const dpid_mark *m = chart->first; m; m = m->next)
            if (m->label && m->thick != (thin == 1) && count++ < room)
                labels[count - 1] = m;
    return count;
}

static void add_labels(picture *p)
{
    enum {
        LOW = DPID_CHART_TOP,
        HIGH = DPID_CHART_HEIGHT - DPID_CHART_BOTTOM - 6,
        ROOM = (HIGH - LOW) / DPID_TEXT_LINE + 1
    };
    const dpid_mark *labels[LABELS_MAX];
    double places[LABELS_MAX];
    const deepid_chart *chart = p->chart;
    const double x = chart->x.end + LABEL_AIR;
    const double room = DPID_CHART_WIDTH - DPID_CHART_EDGE - x;
    const int64_t all = collect_labels(chart, labels, ROOM);
    const int64_t count = all <= ROOM ? all : ROOM - 1;
    for (int64_t i = 0; i < count; i++) {
        const dpid_mark *label = labels[i];
        const double place = end_of(chart, label);
        int64_t k = i;
        for (; k > 0 && places[k - 1] > place; k--) {
            places[k] = places[k - 1];
            labels[k] = labels[k - 1];
        }
        places[k] = place;
        labels[k] = label;
    }
    dpid_push_apart(places, count, DPID_TEXT_LINE, LOW, all <= ROOM ? HIGH : HIGH - DPID_TEXT_LINE);
    for (int64_t i = 0; i < count; i++)
        dpid_svg_text(p->s, "label", labels[i]->role, "start", x, places[i] + BASE_SHIFT, room, labels[i]->label);
    if (all > ROOM) {
        dpid_string more = {.ctx = p->s->ctx};
        dpid_string_format(&more, "+ %lld more", (long long)(all - count));
        if (more.status == DEEPID_OK)
            dpid_svg_text(p->s, "tick", NULL, "start", x, HIGH + BASE_SHIFT, room, more.text);
        else
            p->s->status = more.status;
        dpid_string_release(&more);
    }
}

/* ---- the whole ----------------------------------------------------------------------------------- */

/* The left margin is as wide as the widest tick, the right one as the widest label. */
static void place_axes(deepid_chart *chart)
{
    enum { RIGHT_LEAST = 16, RIGHT_MOST = DPID_CHART_WIDTH * 45 / 100, Y_END = DPID_CHART_TOP + 5 };
    double right = RIGHT_LEAST;
    double left = 0;
    bool points = false;
    for (const dpid_mark *m = chart->first; m; m = m->next) {
        right = fmax(right, m->label ? dpid_text_width(m->label) + LABEL_AIR + DPID_CHART_EDGE + 1 : 0);
        points |= m->type == DPID_MARK_POINTS;
    }
    chart->y.start = DPID_CHART_HEIGHT - DPID_CHART_BOTTOM;
    chart->y.end = Y_END;
    chart->x.air = points ? 0.04 : 0; /* points keep off the edges, curves begin at the axis */
    chart->y.air = 0.04;
    dpid_axis_finish(&chart->y);
    for (int32_t i = 0; i < chart->y.ticks; i++)
        left = fmax(left, dpid_text_width(dpid_axis_text(&chart->y, i).text));
    chart->x.start = left + LABEL_AIR + DPID_CHART_EDGE;
    chart->x.end = DPID_CHART_WIDTH - fmin(right, RIGHT_MOST);
    dpid_axis_finish(&chart->x);
}

static bool y_ticks_touch(const dpid_axis *y)
{
    for (int32_t i = 1; i < y->ticks; i++)
        if (fabs(dpid_axis_place(y, y->tick[i]) - dpid_axis_place(y, y->tick[i - 1])) < DPID_TEXT_LINE)
            return true;
    return false;
}

static void add_grid(picture *p, dpid_axis *y)
{
    const dpid_axis *x = &p->chart->x;
    while (y->ticks > 1 && y_ticks_touch(y))
        dpid_axis_thin(y);
    for (int32_t i = 0; i < y->ticks; i++) {
        const double at = dpid_axis_place(y, y->tick[i]);
        dpid_svg_line(p->s, "grid", NULL, x->start, at, x->end, at, NULL);
        dpid_svg_text(p->s, "tick", NULL, "end", x->start - LABEL_AIR, at + BASE_SHIFT, x->start,
                      dpid_axis_text(y, i).text);
    }
}

int32_t dpid_draw_plane(deepid_chart *chart, const char *label)
{
    enum { BASE = 11, AIR = 12 };
    picture p = {&chart->svg, chart, {0, 0}};
    place_axes(chart);
    dpid_svg_open(p.s, DPID_CHART_WIDTH, DPID_CHART_HEIGHT, label);
    add_grid(&p, &chart->y);
    for (const dpid_mark *m = chart->first; m; m = m->next)
        if (m->type == DPID_MARK_ZONE || m->type == DPID_MARK_RULE)
            add_reference(&p, m);
    dpid_draw_x_axis(p.s, &chart->x, chart->y.start, chart->x_name);
    for (const dpid_mark *m = chart->first; m; m = m->next)
        add_mark(&p, m);
    add_labels(&p);
    const double noted = dpid_draw_outside(p.s, &p.outside, DPID_CHART_WIDTH - DPID_CHART_EDGE);
    dpid_svg_text(p.s, "name", NULL, "start", DPID_CHART_EDGE, BASE,
                  DPID_CHART_WIDTH - 2 * DPID_CHART_EDGE - noted - AIR, chart->y_name);
    dpid_svg_close(p.s);
    return p.s->status;
}
