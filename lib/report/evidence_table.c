/* The evidence table: one row a hypothesis, reasons indented under their cause; verdict, effect drawn and written,
   how we know. */
#include "report/study_page.h"

#include "report/svg.h"
#include "base/words.h"
#include "verdict/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- which rows, in which order ------------------------------------------------------------------ */

/* In the order of the registry's places. */
static int32_t sort_places(const deepid_verdict *v, const dpid_finding **sorted)
{
    for (int32_t i = 0; i < v->findings; i++) {
        int32_t k = i;
        for (; k > 0 && sorted[k - 1]->hypothesis->place > v->finding[i].hypothesis->place; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = &v->finding[i];
    }
    return v->findings;
}

/* A cause stands with its reasons; confirmed causes come first, all else in the order of places. */
static int32_t order_rows(const deepid_verdict *v, const dpid_finding **order)
{
    const dpid_finding *sorted[DPID_FINDINGS_MAX];
    const int32_t rows = sort_places(v, sorted);
    int32_t count = 0;
    for (int late = 0; late < 2; late++)
        for (int32_t i = 0, head = 0; i < rows; i++) {
            head = sorted[i]->hypothesis->reason ? head : i;
            if ((sorted[head]->status != DPID_CONFIRMED) == (late == 1))
                order[count++] = sorted[i];
        }
    return count;
}

/* ---- the drawn interval ----------------------------------------------------------------------------- */

enum { WIDTH = 150, HEIGHT = 26, EDGE = 8, MIDDLE = HEIGHT / 2 };

typedef struct {
    double low, high; /* of the scale that all rows share */
} scale;

/* A factor or a share of errors has no place on the axis of losses. */
static bool is_loss(const dpid_finding *f)
{
    return f->hypothesis->loss && (f->scale == DPID_BY_LOSS || f->scale == DPID_BY_VALID_LOSS);
}

/* What does not apply, or is refuted though its effect is surely more than the margin, accounts for nothing: that
   effect has another cause. */
static bool accounts(const deepid_verdict *v, const dpid_finding *f)
{
    const double margin = deepid_verdict_number_named(v, f - v->finding, "margin");
    const bool other = f->status == DPID_REFUTED && f->effect.low > (isnan(margin) ? v->margin : margin);
    return !isnan(f->effect.value) && f->status != DPID_NOT_APPLICABLE && !other;
}

static scale scale_of(const dpid_study_page *p)
{
    scale s = {-fmax(p->sum.margin, 0), fmax(p->sum.margin, 0)};
    for (int32_t i = 0; i < p->m->verdict->findings; i++) {
        const dpid_finding *f = &p->m->verdict->finding[i];
        const double values[] = {f->effect.value, f->effect.low, f->effect.high};
        for (int k = 0; k < 3 && is_loss(f) && accounts(p->m->verdict, f); k++)
            if (isfinite(values[k])) {
                s.low = fmin(s.low, values[k]);
                s.high = fmax(s.high, values[k]);
            }
    }
    return s.low < s.high ? s : (scale){-1, 1};
}

static double place(scale s, double value)
{
    const double share = value / (s.high - s.low) - s.low / (s.high - s.low);
    return EDGE + fmax(0, fmin(1, share)) * (WIDTH - 2 * EDGE);
}

static void add_spark(dpid_string *s, const dpid_study_page *p, scale range, const dpid_finding *f)
{
    const char *role = f->hypothesis->role ? f->hypothesis->role : "plain";
    const double effect = f->effect.value;
    const double low = f->effect.low;
    const double high = f->effect.high;
    dpid_string_format(s, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", WIDTH, HEIGHT,
                       dpid_words_interval(effect, low, high).text);
    const double zero = place(range, 0);
    const double margin = fmax(p->sum.margin, 0);
    dpid_svg_line(s, "axis", NULL, zero, 3, zero, HEIGHT - 3, NULL);
    if (margin > 0)
        dpid_svg_rect(s, "zone", "witness", place(range, -margin), 5,
                      fmax(place(range, margin) - place(range, -margin), 1), HEIGHT - 10, 1,
                      "no difference: within the margin");
    if (!isnan(low) && !isnan(high))
        dpid_svg_line(s, "interval", role, place(range, low), MIDDLE, place(range, high), MIDDLE,
                      dpid_words_interval(effect, low, high).text);
    char css[32];
    snprintf(css, sizeof css, "thick %s", role);
    dpid_svg_mark(s, css, isinf(effect) ? (effect > 0 ? DPID_SHAPE_RIGHT : DPID_SHAPE_LEFT) : DPID_SHAPE_DOT,
                  place(range, effect), MIDDLE, dpid_words(effect).text);
    dpid_string_add(s, "</svg>");
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static void add_effect(dpid_string *s, const dpid_study_page *p, scale range, const dpid_finding *f)
{
    dpid_string_add(s, "<td class=\"effect\">");
    if (!accounts(p->m->verdict, f))
        dpid_string_add(s, "\xe2\x80\x93");
    else {
        if (is_loss(f))
            add_spark(s, p, range, f);
        dpid_words_text all = dpid_scale_words(f->scale, &f->effect);
        char *bracket = strchr(all.text, '[');
        if (bracket) /* the interval is small print */
            bracket[-1] = 0;
        dpid_string_add(s, "<span>");
        dpid_string_html(s, all.text);
        if (bracket)
            dpid_html_element(s, " <small>", bracket, "</small>");
        dpid_string_add(s, "</span>");
    }
    dpid_string_add(s, "</td>\n");
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* How many rows from here on are known in the same words: those are said once. */
static int32_t alike(const deepid_verdict *v, const dpid_finding *const *order, int32_t i, int32_t count)
{
    int32_t rows = 1;
    while (i + rows < count &&
           same_text(deepid_verdict_sentence(v, order[i + rows] - v->finding),
                     deepid_verdict_sentence(v, order[i] - v->finding)) &&
           same_text(order[i + rows]->to_settle, order[i]->to_settle))
        rows++;
    return rows;
}

static void add_why(dpid_string *s, const deepid_verdict *v, const dpid_finding *finding, int32_t rows)
{
    dpid_string_add(s, "<td class=\"why\"");
    if (rows > 1)
        dpid_string_format(s, " rowspan=\"%d\"", (int)rows);
    dpid_html_element(s, "><span>", deepid_verdict_sentence(v, finding - v->finding), "</span>");
    if (finding->to_settle)
        dpid_html_element(s, "<span class=\"settle\">To settle it: ", finding->to_settle, "</span>");
    dpid_string_add(s, "</td>");
}

/* rows: how many its last cell is for; 0: an earlier row has said it. */
static void add_row(dpid_string *s, const dpid_study_page *p, scale range, const dpid_finding *finding, int32_t rows)
{
    const deepid_verdict *v = p->m->verdict;
    const int64_t f = finding - v->finding;
    const char *status = deepid_verdict_status(v, f);
    dpid_string_add(s, finding->hypothesis->reason ? "<tr class=\"reason\">" : "<tr>");
    dpid_html_element(s, "<th scope=\"row\">", finding->hypothesis->name, "<br/>");
    dpid_string_format(s, "<span class=\"chip %s\" title=\"rule: ", status);
    dpid_string_html(s, deepid_verdict_rule(v, f));
    dpid_html_element(s, "\">", finding->status == DPID_NOT_APPLICABLE ? "not applicable" : status, "</span></th>");
    add_effect(s, p, range, finding);
    if (rows > 0)
        add_why(s, v, finding, rows);
    dpid_string_add(s, "</tr>\n");
}

void dpid_add_evidence(dpid_study_page *p)
{
    const dpid_finding *order[DPID_FINDINGS_MAX];
    if (!p->m->verdict || p->status != DEEPID_OK)
        return;
    const int32_t count = order_rows(p->m->verdict, order);
    const scale range = scale_of(p);
    dpid_string *s = dpid_page_text(p->page);
    dpid_string_add(s,
                    "<h2>Evidence</h2>\n<div class=\"scroll\"><table "
                    "class=\"evidence\"><thead><tr><th>hypothesis and verdict</th><th>what it accounts for,<br/>95 % "
                    "interval</th><th>how we know</th></tr></thead><tbody>\n");
    for (int32_t i = 0, said = 0; i < count; i++) {
        const int32_t rows = i < said ? 0 : alike(p->m->verdict, order, i, count);
        said = i + rows > said ? i + rows : said;
        add_row(s, p, range, order[i], rows);
    }
    dpid_string_add(s, "</tbody></table></div>\n");
    dpid_note(p, s->status);
}
