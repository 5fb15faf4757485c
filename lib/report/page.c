/* A page, written from top to bottom: one HTML file without scripts that asks nobody for anything. */
#include <deepid/report.h>

#include "base/base.h"
#include "report/chart.h"
#include "report/style.h"
#include "report/words.h"

#include <math.h>
#include <string.h>

struct deepid_report {
    dpid_head head;
    dpid_string html;
};

static void add_element(dpid_string *s, const char *open, const char *text, const char *close)
{
    dpid_string_add(s, open);
    dpid_string_html(s, text);
    dpid_string_add(s, close);
    dpid_string_add(s, "\n");
}

/* ---- create, destroy -------------------------------------------------------------------- */

static int32_t report_create(deepid_ctx *ctx, const char *question, const char *subject, deepid_report **out)
{
    deepid_report *report = NULL;
    if (!question || !subject || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "report: question, subject and out must not be NULL");
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *report, "report", &report));
    report->head = (dpid_head){DPID_MAGIC_REPORT, ctx};
    report->html.ctx = ctx;
    dpid_string *s = &report->html;
    dpid_string_add(s, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    add_element(s, "<title>", question, "</title>");
    dpid_string_add(s, "<style>\n");
    dpid_string_add(s, dpid_style);
    dpid_string_add(s, "</style></head><body>\n");
    add_element(s, "<h1>", question, "</h1>");
    add_element(s, "<p class=\"subject\">", subject, "</p>");
    const int32_t status = s->status;
    if (status == DEEPID_OK)
        *out = report;
    else
        deepid_report_destroy(report);
    return status;
}

int32_t deepid_report_create(deepid_ctx *ctx, const char *question, const char *subject, deepid_report **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, report_create(ctx, question, subject, out));
}

void deepid_report_destroy(deepid_report *report)
{
    if (!dpid_is(report, DPID_MAGIC_REPORT))
        return;
    dpid_string_release(&report->html);
    report->head.magic = 0;
    dpid_free(report->head.ctx, report);
}

/* ---- text ---------------------------------------------------------------------------------- */

static int32_t add_text(deepid_report *report, const char *open, const char *text, const char *close)
{
    DPID_TRY(dpid_enter(report, DPID_MAGIC_REPORT));
    if (!text)
        return dpid_leave(report->head.ctx, dpid_fail(report->head.ctx, DEEPID_ERR_ARGUMENT, "report: text is NULL"));
    add_element(&report->html, open, text, close);
    return dpid_leave(report->head.ctx, report->html.status);
}

int32_t deepid_report_answer(deepid_report *report, const char *text)
{
    return add_text(report, "<p class=\"answer\">", text, "</p>");
}

int32_t deepid_report_heading(deepid_report *report, const char *text)
{
    return add_text(report, "<h2>", text, "</h2>");
}

int32_t deepid_report_paragraph(deepid_report *report, const char *text)
{
    return add_text(report, "<p>", text, "</p>");
}

int32_t deepid_report_code(deepid_report *report, const char *text)
{
    return add_text(report, "<pre>", text, "</pre>");
}

/* ---- tables ----------------------------------------------------------------------------------- */

/* Is this column one of "a,b,c"? NULL: all are. */
static bool wanted(const char *columns, const char *name)
{
    const size_t length = strlen(name);
    for (const char *p = columns; p && *p;) {
        const size_t here = strcspn(p, ",");
        if (here == length && memcmp(p, name, length) == 0)
            return true;
        p += here + (p[here] == ',');
    }
    return !columns;
}

static void add_table(dpid_string *s, const deepid_table *table, const char *columns)
{
    dpid_string_add(s, "<div class=\"wide\"><table><thead><tr><th>");
    dpid_string_html(s, deepid_table_row_heading(table));
    dpid_string_add(s, "</th>");
    for (int64_t k = 0; k < deepid_table_columns(table); k++)
        if (wanted(columns, deepid_table_column_name(table, k)))
            add_element(s, "<th>", deepid_table_column_name(table, k), "</th>");
    dpid_string_add(s, "</tr></thead><tbody>\n");
    for (int64_t i = 0; i < deepid_table_rows(table); i++) {
        add_element(s, "<tr><td>", deepid_table_row_name(table, i), "</td>");
        for (int64_t k = 0; k < deepid_table_columns(table); k++) {
            const double value = deepid_table_get(table, i, k);
            if (wanted(columns, deepid_table_column_name(table, k)))
                dpid_string_format(s, "<td title=\"%s\">%s</td>", dpid_number(value).text, isnan(value) ? "\xe2\x80\x93" : dpid_words(value).text);
        }
        dpid_string_add(s, "</tr>\n");
    }
    dpid_string_add(s, "</tbody></table></div>\n");
}

static int32_t report_table(deepid_report *report, const char *heading, const deepid_table *table, const char *columns)
{
    dpid_string *s = &report->html;
    if (!dpid_is(table, DPID_MAGIC_TABLE))
        return dpid_fail(report->head.ctx, DEEPID_ERR_ARGUMENT, "report: table is %s, expected a table", table ? "not a table" : "NULL");
    if (heading)
        add_element(s, "<h2>", heading, "</h2>");
    add_table(s, table, columns);
    return s->status;
}

int32_t deepid_report_table(deepid_report *report, const char *heading, const deepid_table *table, const char *columns)
{
    DPID_TRY(dpid_enter(report, DPID_MAGIC_REPORT));
    return dpid_leave(report->head.ctx, report_table(report, heading, table, columns));
}

/* ---- figures ------------------------------------------------------------------------------------- */

static void add_chart(dpid_string *s, deepid_chart *chart, const char *caption)
{
    dpid_string_add(s, "<div>");
    if (caption)
        add_element(s, "<h3>", caption, "</h3>");
    const char *svg = deepid_chart_svg(chart, caption);
    if (!*svg && s->status == DEEPID_OK)
        s->status = DEEPID_ERR_MEMORY; /* the sentence is the chart's */
    dpid_string_add(s, svg);
    dpid_string_add(s, "</div>\n");
}

static int32_t report_figure(deepid_report *report, const char *headline, const char *explanation, deepid_chart *first, const char *first_caption, deepid_chart *second,
                             const char *second_caption, const deepid_table *numbers, const char *file)
{
    dpid_string *s = &report->html;
    if (!headline || !explanation || !dpid_is(first, DPID_MAGIC_CHART) || (second && !dpid_is(second, DPID_MAGIC_CHART)))
        return dpid_fail(report->head.ctx, DEEPID_ERR_ARGUMENT, "report: a figure needs a headline, an explanation and a chart");
    add_element(s, "<figure><h2>", headline, "</h2>");
    add_element(s, "<p class=\"how\">", explanation, "</p>");
    dpid_string_add(s, second ? "<div class=\"pair\">\n" : "<div class=\"one\">\n");
    add_chart(s, first, first_caption);
    if (second)
        add_chart(s, second, second_caption);
    dpid_string_add(s, "</div>");
    if (numbers) {
        dpid_string_add(s, "<details><summary>the numbers</summary>");
        add_table(s, numbers, NULL);
        dpid_string_add(s, "</details>");
    }
    if (file)
        add_element(s, "<figcaption>all values: ", file, "</figcaption>");
    dpid_string_add(s, "</figure>\n");
    return s->status;
}

int32_t deepid_report_figure(deepid_report *report, const char *headline, const char *explanation, deepid_chart *first, const char *first_caption, deepid_chart *second,
                             const char *second_caption, const deepid_table *numbers, const char *file)
{
    DPID_TRY(dpid_enter(report, DPID_MAGIC_REPORT));
    return dpid_leave(report->head.ctx, report_figure(report, headline, explanation, first, first_caption, second, second_caption, numbers, file));
}

/* ---- write ------------------------------------------------------------------------------------------ */

static int32_t report_write(deepid_report *report, const char *path)
{
    static const char end[] = "</body></html>\n";
    dpid_writer writer;
    if (!path)
        return dpid_fail(report->head.ctx, DEEPID_ERR_ARGUMENT, "report: path is NULL");
    DPID_TRY(report->html.status);
    DPID_TRY(dpid_writer_open(report->head.ctx, path, &writer));
    int32_t status = dpid_writer_write(&writer, report->html.text, report->html.length);
    if (status == DEEPID_OK)
        status = dpid_writer_write(&writer, end, (int64_t)strlen(end));
    if (status == DEEPID_OK)
        return dpid_writer_commit(&writer);
    dpid_writer_discard(&writer);
    return status;
}

int32_t deepid_report_write(deepid_report *report, const char *path)
{
    DPID_TRY(dpid_enter(report, DPID_MAGIC_REPORT));
    return dpid_leave(report->head.ctx, report_write(report, path));
}
