/* The page of a comparison: both answers, what differs, the arms drawn and written, the findings side by side. */
#include "report/compare.h"

#include "base/words.h"
#include "report/page.h"

#include <deepid/chart.h>
#include <deepid/page.h>

#include <math.h>
#include <stdio.h>

/* ---- tables of words --------------------------------------------------------------------------- */

static void open_table(dpid_string *s, const char *heading, const char *what, const char *last)
{
    dpid_html_element(s, "<h2>", heading, "</h2>");
    dpid_string_add(s, "<div class=\"scroll\"><table class=\"sides\"><thead><tr>");
    dpid_html_element(s, "<th>", what, "</th>");
    dpid_string_add(s, "<th>A</th><th>B</th>");
    if (last)
        dpid_html_element(s, "<th>", last, "</th>");
    dpid_string_add(s, "</tr></thead><tbody>\n");
}

static void close_table(dpid_string *s)
{
    dpid_string_add(s, "</tbody></table></div>\n");
}

static void add_row(dpid_string *s, const char *name, const char *a, const char *b, const char *last)
{
    dpid_html_element(s, "<tr><th scope=\"row\">", name, "</th>");
    dpid_html_element(s, "<td>", a, "</td>");
    dpid_html_element(s, "<td>", b, "</td>");
    if (last)
        dpid_html_element(s, "<td>", last, "</td>");
    dpid_string_add(s, "</tr>\n");
}

static void add_settings(const deepid_comparison *c, deepid_page *page)
{
    dpid_string *s = dpid_page_text(page);
    if (c->settings == 0) {
        dpid_html_element(s, "<p class=\"text\">", c->other_kinds ? c->caution : "The settings are the same.", "</p>");
        return;
    }
    open_table(s, "Settings that differ", "setting", NULL);
    for (int64_t i = 0; i < c->settings; i++)
        add_row(s, dpid_compared_name(c, i), dpid_compared_setting(c, i, 0), dpid_compared_setting(c, i, 1), NULL);
    close_table(s);
    if (c->caution)
        dpid_html_element(s, "<p class=\"text\">", c->caution, "</p>");
}

static void add_findings(const deepid_comparison *c, deepid_page *page)
{
    dpid_string *s = dpid_page_text(page);
    open_table(s, "What the verdicts say, and the share of the gap that is repaired", "hypothesis", NULL);
    for (int64_t i = 0; i < c->findings; i++)
        add_row(s, dpid_compared_hypothesis(c, i), dpid_compared_status(c, i, 0).text,
                dpid_compared_status(c, i, 1).text, NULL);
    close_table(s);
}

/* ---- arms ---------------------------------------------------------------------------------------------- */

static dpid_number_text interval(double value, double low, double high)
{
    const dpid_number_text none = {"\xe2\x80\x93"};
    return isnan(value) ? none : dpid_words_interval(value, low, high);
}

static void add_numbers(const deepid_comparison *c, int column, deepid_page *page)
{
    dpid_string *s = dpid_page_text(page);
    const dpid_beside *t = c->beside[column];
    char heading[96];
    snprintf(heading, sizeof heading, "Arms: %s", dpid_told_name(column));
    open_table(s, heading, "arm", "B \xe2\x88\x92 A");
    for (int64_t i = 0; i < c->arms; i++)
        add_row(s, dpid_compared_arm(c, i), interval(t[i].median[0], t[i].low[0], t[i].high[0]).text,
                interval(t[i].median[1], t[i].low[1], t[i].high[1]).text,
                interval(t[i].shift, t[i].shift_low, t[i].shift_high).text);
    close_table(s);
}

/* Losses that differ by more than this are drawn on a logarithmic axis. */
static bool wants_log(const deepid_comparison *c, int column)
{
    const double wide = 20;
    double least = (double)INFINITY;
    double most = 0;
    for (int64_t i = 0; i < c->arms; i++)
        for (int k = 0; k < 2; k++) {
            const double x = c->beside[column][i].median[k];
            least = isfinite(x) ? fmin(least, x) : least;
            most = isfinite(x) ? fmax(most, x) : most;
        }
    return least > 0 && most > wide * least;
}

static int32_t draw_arm(const deepid_comparison *c, int column, int64_t i, deepid_chart *chart)
{
    static const char *const styles[2] = {"role=plain mark=dot", "role=identity mark=diamond"};
    for (int k = 0; k < 2; k++) {
        const dpid_beside *b = &c->beside[column][i];
        char label[96];
        if (c->arm[i].of[k] < 0)
            continue;
        const dpid_told_arm *arm = &c->study[k].arm[c->arm[i].of[k]];
        snprintf(label, sizeof label, "%.80s, %s", arm->word, k ? "B" : "A");
        DPID_TRY(deepid_chart_row(chart, styles[k], label, NULL, b->median[k], b->low[k], b->high[k], arm->n,
                                  arm->value[column]));
    }
    return DEEPID_OK;
}

static int32_t draw_arms(const deepid_comparison *c, int column, deepid_page *page)
{
    deepid_chart *chart = NULL;
    char headline[96];
    snprintf(headline, sizeof headline, "Every arm of both studies: %s", dpid_told_name(column));
    int32_t status =
        deepid_chart_create(page->head.ctx, dpid_told_name(column), "arm", wants_log(c, column) ? "x=log" : "", &chart);
    for (int64_t i = 0; i < c->arms && status == DEEPID_OK; i++)
        status = draw_arm(c, column, i, chart);
    if (status == DEEPID_OK)
        status = deepid_page_figure(page, headline,
                                    "A: dots, B: diamonds, at the median; the bar is its 95 % interval, a tick a seed.",
                                    chart, NULL, NULL, NULL, NULL, NULL);
    deepid_chart_destroy(chart);
    return status;
}

/* ---- the page -------------------------------------------------------------------------------------------- */

static int32_t add_study(const dpid_told_study *study, const char *name, deepid_page *page)
{
    dpid_string heading = {.ctx = page->head.ctx};
    dpid_string_format(&heading, "%s: %s", name, study->folder);
    int32_t status = heading.status == DEEPID_OK ? deepid_page_heading(page, heading.text) : heading.status;
    dpid_string_release(&heading);
    if (status == DEEPID_OK)
        status = deepid_page_paragraph(page, study->answer);
    return status == DEEPID_OK && *study->command ? deepid_page_code(page, study->command) : status;
}

static int32_t fill(const deepid_comparison *c, deepid_page *page)
{
    DPID_TRY(add_study(&c->study[0], "A", page));
    DPID_TRY(add_study(&c->study[1], "B", page));
    add_settings(c, page);
    add_findings(c, page);
    for (int column = 0; column < DPID_TOLD; column++)
        if (c->beside[column])
            add_numbers(c, column, page);
    dpid_html_element(
        dpid_page_text(page), "<p class=\"text\">",
        "Medians over seeds; intervals at 95 %. B \xe2\x88\x92 A is the shift between the two, the seeds taken "
        "as independent.",
        "</p>");
    DPID_TRY(deepid_page_heading(page, "The arms, drawn"));
    DPID_TRY(page->html.status);
    for (int column = 0; column < DPID_TOLD; column++)
        if (c->beside[column])
            DPID_TRY(draw_arms(c, column, page));
    return page->html.status;
}

static int32_t write_page(const deepid_comparison *c, const char *path)
{
    deepid_page *page = NULL;
    dpid_string subject = {.ctx = c->head.ctx};
    if (!path)
        return dpid_fail(c->head.ctx, DEEPID_ERR_ARGUMENT, "comparison: path is NULL");
    dpid_string_format(&subject, "A: %s \xc2\xb7 B: %s", c->study[0].folder, c->study[1].folder);
    int32_t status = subject.status;
    if (status == DEEPID_OK)
        status = deepid_page_create(c->head.ctx, "Two studies, side by side", subject.text, &page);
    if (status == DEEPID_OK)
        status = fill(c, page);
    if (status == DEEPID_OK)
        status = deepid_page_write(page, path);
    deepid_page_destroy(page);
    dpid_string_release(&subject);
    return status;
}

int32_t deepid_comparison_write(const deepid_comparison *c, const char *path)
{
    DPID_TRY(dpid_enter(c, DPID_MAGIC_COMPARISON));
    return dpid_leave(c->head.ctx, write_page(c, path));
}
