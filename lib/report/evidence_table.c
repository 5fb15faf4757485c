/* The evidence table: one row a hypothesis, reasons indented under their cause; verdict, effect drawn and written,
   how we know. */
#include "report/study_page.h"

#include "report/svg.h"
#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- which rows, in which order ------------------------------------------------------------------ */

typedef struct {
    const char *hypothesis, *name;
    bool reason; /* of the cause above it */
    bool loss;   /* its effect is in units of the loss */
} evidence_row;

static const evidence_row rows[] = {
    {"solver", "The solver does not find it", false, true},
    {"conditioning", "\xe2\x80\xa6 because of the start", true, true},
    {"optimiser", "\xe2\x80\xa6 because of the optimiser", true, true},
    {"budget", "\xe2\x80\xa6 because of the budget", true, true},
    {"objective", "\xe2\x80\xa6 because of the objective", true, true},
    {"representation", "The layers cannot be the identity", false, true},
    {"rounding", "Rounding in the chain rule", false, true},
    {"range", "Underflow or overflow", false, true},
    {"overfitting", "Overfitting", false, true},
    {"bug", "A bug in the gradients", false, false},
};
enum { ROWS = sizeof rows / sizeof *rows };

static const char *status_of(const dpid_study_page *p, int32_t row)
{
    return deepid_verdict_status(p->m->verdict, deepid_verdict_find(p->m->verdict, rows[row].hypothesis));
}

/* A cause stands with its reasons; confirmed causes come first, all else in the order above. */
static int32_t order_rows(const dpid_study_page *p, int32_t *order)
{
    int32_t count = 0;
    for (int late = 0; late < 2; late++)
        for (int32_t i = 0, head = 0; i < ROWS; i++) {
            head = rows[i].reason ? head : i;
            const bool late_row = strcmp(status_of(p, head), "confirmed") != 0;
            if (late_row == (late == 1) && deepid_verdict_find(p->m->verdict, rows[i].hypothesis) >= 0)
                order[count++] = i;
        }
    return count;
}

/* ---- the drawn interval ----------------------------------------------------------------------------- */

enum { WIDTH = 150, HEIGHT = 26, EDGE = 8, MIDDLE = HEIGHT / 2 };

typedef struct {
    double low, high; /* of the scale that all rows share */
} scale;

static scale scale_of(const dpid_study_page *p)
{
    scale s = {-fmax(p->margin, 0), fmax(p->margin, 0)};
    for (int32_t i = 0; i < ROWS; i++) {
        const int64_t f = deepid_verdict_find(p->m->verdict, rows[i].hypothesis);
        const double values[] = {deepid_verdict_effect(p->m->verdict, f), deepid_verdict_low(p->m->verdict, f),
                                 deepid_verdict_high(p->m->verdict, f)};
        for (int k = 0; k < 3 && rows[i].loss && f >= 0; k++)
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

static void add_spark(dpid_string *s, const dpid_study_page *p, scale range, const char *role, double effect,
                      double low, double high)
{
    dpid_string_format(s, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", WIDTH, HEIGHT,
                       dpid_words_interval(effect, low, high).text);
    const double zero = place(range, 0);
    const double margin = fmax(p->margin, 0);
    dpid_svg_line(s, "axis", NULL, zero, 3, zero, HEIGHT - 3, NULL);
    if (margin > 0)
        dpid_svg_rect(s, "zone", "witness", place(range, -margin), 5,
                      fmax(place(range, margin) - place(range, -margin), 1), HEIGHT - 10, 1,
                      "no difference: within the margin");
    if (!isnan(low) && !isnan(high))
        dpid_svg_line(s, "interval", role, place(range, low), MIDDLE, place(range, high), MIDDLE,
                      dpid_words_interval(effect, low, high).text);
    char css[32];
    snprintf(css, sizeof css, "thick %s", role); /* "witness" or "plain" */
    dpid_svg_mark(s, css, isinf(effect) ? (effect > 0 ? DPID_SHAPE_RIGHT : DPID_SHAPE_LEFT) : DPID_SHAPE_DOT,
                  place(range, effect), MIDDLE, dpid_words(effect).text);
    dpid_string_add(s, "</svg>");
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static void add_effect(dpid_string *s, const dpid_study_page *p, scale range, int32_t row, int64_t finding)
{
    const double effect = deepid_verdict_effect(p->m->verdict, finding);
    const double low = deepid_verdict_low(p->m->verdict, finding);
    const double high = deepid_verdict_high(p->m->verdict, finding);
    dpid_string_add(s, "<td class=\"effect\">");
    if (isnan(effect))
        dpid_string_add(s, "\xe2\x80\x93");
    else {
        if (rows[row].loss)
            add_spark(s, p, range, strcmp(rows[row].hypothesis, "representation") == 0 ? "witness" : "plain", effect,
                      low, high);
        const dpid_number_text all = dpid_words_interval(effect, low, high);
        const char *bracket = strchr(all.text, '[');
        dpid_string_add(s, "<span>");
        dpid_string_html(s, dpid_words(effect).text);
        if (bracket)
            dpid_html_element(s, " <small>", bracket, "</small>");
        dpid_string_add(s, "</span>");
    }
    dpid_string_add(s, "</td>\n");
}

static void add_row(dpid_string *s, const dpid_study_page *p, scale range, int32_t row)
{
    const deepid_verdict *v = p->m->verdict;
    const int64_t f = deepid_verdict_find(v, rows[row].hypothesis);
    const char *status = deepid_verdict_status(v, f);
    const char *settle = deepid_verdict_to_settle(v, f);
    dpid_string_add(s, rows[row].reason ? "<tr class=\"reason\">" : "<tr>");
    dpid_html_element(s, "<th scope=\"row\">", rows[row].name, "</th>");
    dpid_string_format(s, "<td><span class=\"chip %s\" title=\"rule: ", status);
    dpid_string_html(s, deepid_verdict_rule(v, f));
    dpid_html_element(s, "\">", strcmp(status, "not_applicable") == 0 ? "not applicable" : status, "</span></td>");
    add_effect(s, p, range, row, f);
    dpid_string_add(s, "<td class=\"why\">");
    dpid_string_html(s, deepid_verdict_sentence(v, f));
    if (*settle)
        dpid_html_element(s, " <span class=\"settle\">To settle it: ", settle, "</span>");
    dpid_string_add(s, "</td></tr>\n");
}

void dpid_add_evidence(dpid_study_page *p)
{
    int32_t order[ROWS];
    const int32_t count = order_rows(p, order);
    if (count == 0 || p->status != DEEPID_OK)
        return;
    const scale range = scale_of(p);
    dpid_string *s = dpid_page_text(p->page);
    dpid_string_add(s, "<h2>Evidence</h2>\n<div class=\"scroll\"><table "
                       "class=\"evidence\"><thead><tr><th>hypothesis</th><th>verdict</th><th>loss it accounts for, 95 "
                       "% interval</th><th>how we know</th></tr></thead><tbody>\n");
    for (int32_t i = 0; i < count; i++)
        add_row(s, p, range, order[i]);
    dpid_string_add(s, "</tbody></table></div>\n");
    dpid_note(p, s->status);
}
