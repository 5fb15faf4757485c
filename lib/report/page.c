/* A page, written from top to bottom: one HTML file (and well-formed XML) without scripts that asks nobody for
   anything. */
#include "report/page.h"

#include "report/chart.h"
#include "report/style.h"
#include "base/words.h"

#include <math.h>
#include <string.h>

void dpid_html_element(dpid_string *s, const char *open, const char *text, const char *close)
{
    dpid_string_add(s, open);
    dpid_string_html(s, text);
    dpid_string_add(s, close);
    dpid_string_add(s, "\n");
}

static void add_picture_style(dpid_string *s)
{
    for (size_t i = 0; i < sizeof dpid_style_picture / sizeof *dpid_style_picture; i++)
        dpid_string_add(s, dpid_style_picture[i]);
}

void dpid_add_file_style(dpid_string *s)
{
    dpid_string_add(s, dpid_style_colours);
    add_picture_style(s);
}

dpid_string *dpid_page_text(deepid_page *page)
{
    if (page->grid)
        dpid_string_add(&page->html, "</div>\n");
    page->grid = false;
    return &page->html;
}

/* ---- create, destroy -------------------------------------------------------------------- */

static int32_t page_create(deepid_ctx *ctx, const char *question, const char *subject, deepid_page **out)
{
    deepid_page *page = NULL;
    if (!question || !subject || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "page: question, subject and out must not be NULL");
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *page, "page", &page));
    page->head = (dpid_head){DPID_MAGIC_PAGE, ctx};
    page->html.ctx = ctx;
    dpid_string *s = &page->html;
    dpid_string_add(
        s, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
           "content=\"width=device-width,initial-scale=1\"/>\n"
           "<meta name=\"color-scheme\" content=\"light dark\"/>\n<meta http-equiv=\"Content-Security-Policy\" "
           "content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n");
    dpid_html_element(s, "<title>", question, "</title>");
    dpid_string_add(s, "<style>\n");
    dpid_string_add(s, dpid_style_colours);
    for (size_t i = 0; i < sizeof dpid_style_page / sizeof *dpid_style_page; i++)
        dpid_string_add(s, dpid_style_page[i]);
    add_picture_style(s);
    dpid_string_add(s, "</style></head><body><main>\n");
    dpid_string_format(s, "<header><p class=\"over\">deepid %s</p>\n", deepid_version());
    dpid_html_element(s, "<h1>", question, "</h1>");
    dpid_html_element(s, "<p class=\"subject\">", subject, "</p></header>");
    const int32_t status = s->status;
    if (status == DEEPID_OK)
        *out = page;
    else
        deepid_page_destroy(page);
    return status;
}

int32_t deepid_page_create(deepid_ctx *ctx, const char *question, const char *subject, deepid_page **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, page_create(ctx, question, subject, out));
}

void deepid_page_destroy(deepid_page *page)
{
    if (!dpid_is(page, DPID_MAGIC_PAGE))
        return;
    dpid_string_release(&page->html);
    page->head.magic = 0;
    dpid_free(page->head.ctx, page);
}

/* ---- text ---------------------------------------------------------------------------------- */

static int32_t add_text(deepid_page *page, const char *open, const char *text, const char *close)
{
    DPID_TRY(dpid_enter(page, DPID_MAGIC_PAGE));
    if (!text)
        return dpid_leave(page->head.ctx, dpid_fail(page->head.ctx, DEEPID_ERR_ARGUMENT, "page: text is NULL"));
    dpid_html_element(dpid_page_text(page), open, text, close);
    return dpid_leave(page->head.ctx, page->html.status);
}

static size_t prefix_length(const char *word, const char *prefix)
{
    return strncmp(word, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
}

/* Of "×10⁻⁴" behind its digits: superscripts are two or three bytes. */
static size_t power_length(const char *word)
{
    size_t length = prefix_length(word, "\xc3\x97"
                                        "10");
    size_t more = length;
    while (more > 0) {
        more = prefix_length(word + length, "\xe2\x81") ? 3 : prefix_length(word + length, "\xc2") ? 2 : 0;
        length += more;
    }
    return length;
}

/* A word that is a number with a point and no percentage, without its comma or full stop: what the eye looks for in an
   answer. */
static int64_t number_length(const char *word)
{
    const size_t sign = prefix_length(word, "\xe2\x88\x92");
    size_t digits = strspn(word + sign, "0123456789.");
    if (digits > 0 && word[sign + digits - 1] == '.')
        digits--;
    const char *end = word + sign + digits;
    const char *point = strchr(word + sign, '.');
    return point && point < end && !prefix_length(end, " %") ? end - word + (int64_t)power_length(end) : 0;
}

static int32_t add_bold_numbers(dpid_string *s, const char *text)
{
    dpid_string part = {.ctx = s->ctx};
    for (const char *p = text; *p && part.status == DEEPID_OK;) {
        const int64_t number = p == text || strchr(" [(", p[-1]) ? number_length(p) : 0;
        const int64_t bytes = number > 0 ? number : strchr(" [(", p[0]) ? 1 : (int64_t)strcspn(p, " [(");
        part.length = 0;
        dpid_string_add_span(&part, p, bytes);
        dpid_string_add(s, number > 0 ? "<b>" : "");
        if (p[0] == ' ' && p[1] == '%')
            dpid_string_add(s, "\xc2\xa0"); /* no line begins with a per cent sign */
        else
            dpid_string_html(s, part.text ? part.text : "");
        dpid_string_add(s, number > 0 ? "</b>" : "");
        p += bytes;
    }
    const int32_t status = part.status;
    dpid_string_release(&part);
    return status != DEEPID_OK ? status : s->status;
}

static int32_t page_answer(deepid_page *page, const char *text, const char *more)
{
    if (!text)
        return dpid_fail(page->head.ctx, DEEPID_ERR_ARGUMENT, "page: text is NULL");
    dpid_string *s = dpid_page_text(page);
    dpid_string_add(s, "<section class=\"answer\"><p>");
    DPID_TRY(add_bold_numbers(s, text));
    dpid_string_add(s, "</p>\n");
    if (more && *more)
        dpid_html_element(s, "<p class=\"more\">", more, "</p>");
    dpid_string_add(s, "</section>\n");
    return s->status;
}

int32_t deepid_page_answer(deepid_page *page, const char *text, const char *more)
{
    DPID_TRY(dpid_enter(page, DPID_MAGIC_PAGE));
    return dpid_leave(page->head.ctx, page_answer(page, text, more));
}

int32_t deepid_page_heading(deepid_page *page, const char *text)
{
    return add_text(page, "<h2>", text, "</h2>");
}

int32_t deepid_page_paragraph(deepid_page *page, const char *text)
{
    return add_text(page, "<p class=\"text\">", text, "</p>");
}

int32_t deepid_page_code(deepid_page *page, const char *text)
{
    return add_text(page, "<pre>", text, "</pre>");
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

static void add_cell(dpid_string *s, double value)
{
    if (isnan(value))
        dpid_string_add(s, "<td title=\"not a number\">\xe2\x80\x93</td>");
    else if (strcmp(dpid_words_exact(value).text, dpid_words(value).text) == 0)
        dpid_string_format(s, "<td>%s</td>", dpid_words(value).text);
    else
        dpid_string_format(s, "<td title=\"%s\">%s</td>", dpid_words_exact(value).text, dpid_words(value).text);
}

void dpid_html_table(dpid_string *s, const deepid_table *table, const char *columns)
{
    dpid_string_add(s, "<div class=\"scroll\"><table class=\"numbers\"><thead><tr>");
    dpid_html_element(s, "<th>", deepid_table_row_heading(table), "</th>");
    for (int64_t k = 0; k < deepid_table_columns(table); k++)
        if (wanted(columns, deepid_table_column_name(table, k)))
            dpid_html_element(s, "<th>", deepid_table_column_name(table, k), "</th>");
    dpid_string_add(s, "</tr></thead><tbody>\n");
    for (int64_t i = 0; i < deepid_table_rows(table); i++) {
        dpid_html_element(s, "<tr><th scope=\"row\">", deepid_table_row_name(table, i), "</th>");
        for (int64_t k = 0; k < deepid_table_columns(table); k++)
            if (wanted(columns, deepid_table_column_name(table, k)))
                add_cell(s, deepid_table_get(table, i, k));
        dpid_string_add(s, "</tr>\n");
    }
    dpid_string_add(s, "</tbody></table></div>\n");
}

static int32_t page_table(deepid_page *page, const char *heading, const deepid_table *table, const char *columns)
{
    if (!dpid_is(table, DPID_MAGIC_TABLE))
        return dpid_fail(page->head.ctx, DEEPID_ERR_ARGUMENT, "page: table is %s, expected a table",
                         table ? "not a table" : "NULL");
    dpid_string *s = dpid_page_text(page);
    if (heading)
        dpid_html_element(s, "<h2>", heading, "</h2>");
    dpid_html_table(s, table, columns);
    return s->status;
}

int32_t deepid_page_table(deepid_page *page, const char *heading, const deepid_table *table, const char *columns)
{
    DPID_TRY(dpid_enter(page, DPID_MAGIC_PAGE));
    return dpid_leave(page->head.ctx, page_table(page, heading, table, columns));
}

/* ---- figures ------------------------------------------------------------------------------------- */

static void add_chart(dpid_string *s, deepid_chart *chart, const char *headline, const char *caption)
{
    dpid_string label = {.ctx = s->ctx};
    dpid_string_format(&label, "%s%s%s", caption ? caption : "", caption ? ": " : "", headline);
    dpid_string_add(s, "<div>");
    if (caption)
        dpid_html_element(s, "<h3>", caption, "</h3>");
    const char *svg = deepid_chart_svg(chart, label.text);
    if ((!*svg || label.status != DEEPID_OK) && s->status == DEEPID_OK)
        s->status = DEEPID_ERR_MEMORY; /* the sentence is the chart's */
    dpid_string_add(s, svg);
    dpid_string_add(s, "</div>\n");
    dpid_string_release(&label);
}

static int32_t page_figure(deepid_page *page, const char *headline, const char *explanation, deepid_chart *first,
                           const char *first_caption, deepid_chart *second, const char *second_caption,
                           const deepid_table *numbers, const char *file)
{
    dpid_string *s = &page->html;
    if (!headline || !explanation || !dpid_is(first, DPID_MAGIC_CHART) ||
        (second && !dpid_is(second, DPID_MAGIC_CHART)) || (numbers && !dpid_is(numbers, DPID_MAGIC_TABLE)))
        return dpid_fail(page->head.ctx, DEEPID_ERR_ARGUMENT,
                         "page: a figure needs a headline, an explanation and a chart; what else is given must be a "
                         "chart and a table");
    if (!page->grid)
        dpid_string_add(s, "<div class=\"figures\">\n");
    page->grid = true;
    dpid_string_add(s, second ? "<figure class=\"wide\"><figcaption>" : "<figure><figcaption>");
    dpid_html_element(s, "<b>", headline, "</b>");
    dpid_html_element(s, "<span>", explanation, "</span></figcaption>");
    dpid_string_add(s, second ? "<div class=\"pair\">\n" : "");
    add_chart(s, first, headline, first_caption);
    if (second)
        add_chart(s, second, headline, second_caption);
    dpid_string_add(s, second ? "</div>" : "");
    dpid_string_add(s, "<div class=\"below\">");
    if (numbers) {
        dpid_string_add(s, "<details><summary>the numbers</summary>");
        dpid_html_table(s, numbers, NULL);
        dpid_string_add(s, "</details>");
    }
    if (file)
        dpid_html_element(s, "<p class=\"file\">", file, "</p>");
    dpid_string_add(s, "</div></figure>\n");
    return s->status;
}

int32_t deepid_page_figure(deepid_page *page, const char *headline, const char *explanation, deepid_chart *first,
                           const char *first_caption, deepid_chart *second, const char *second_caption,
                           const deepid_table *numbers, const char *file)
{
    DPID_TRY(dpid_enter(page, DPID_MAGIC_PAGE));
    return dpid_leave(page->head.ctx, page_figure(page, headline, explanation, first, first_caption, second,
                                                  second_caption, numbers, file));
}

/* ---- write ------------------------------------------------------------------------------------------ */

static int32_t page_write(deepid_page *page, const char *path)
{
    const char *end = page->grid ? "</div>\n</main></body></html>\n" : "</main></body></html>\n";
    dpid_writer writer;
    if (!path)
        return dpid_fail(page->head.ctx, DEEPID_ERR_ARGUMENT, "page: path is NULL");
    DPID_TRY(page->html.status);
    DPID_TRY(dpid_writer_open(page->head.ctx, path, &writer));
    int32_t status = dpid_writer_write(&writer, page->html.text, page->html.length);
    if (status == DEEPID_OK)
        status = dpid_writer_write(&writer, end, (int64_t)strlen(end));
    if (status == DEEPID_OK)
        return dpid_writer_commit(&writer);
    dpid_writer_discard(&writer);
    return status;
}

int32_t deepid_page_write(deepid_page *page, const char *path)
{
    DPID_TRY(dpid_enter(page, DPID_MAGIC_PAGE));
    return dpid_leave(page->head.ctx, page_write(page, path));
}
