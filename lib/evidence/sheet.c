/* A CSV file row by row, its columns found by name. */
#include "evidence/sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- refusals --------------------------------------------------------------------------------- */

enum { SHOWN = 40 };

static int shown(dpid_span text)
{
    return (int)(text.length < SHOWN ? text.length : SHOWN);
}

static int32_t refuse_at(const dpid_sheet *s, int64_t at, dpid_span name, const char *format, va_list list)
{
    char what[400];
    vsnprintf(what, sizeof what, format, list);
    return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s', line %lld, column %lld (%.*s): %s", s->path,
                     (long long)s->text.line, (long long)at + 1, shown(name), name.text, what);
}

static int32_t refuse_named(const dpid_sheet *s, int64_t at, dpid_span name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static int32_t refuse_named(const dpid_sheet *s, int64_t at, dpid_span name, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int32_t status = refuse_at(s, at, name, format, list);
    va_end(list);
    return status;
}

int32_t dpid_sheet_refuse(const dpid_sheet *sheet, int column, const char *format, ...)
{
    va_list list;
    int32_t status;
    va_start(list, format);
    if (sheet->at[column] >= 0) {
        status = refuse_at(sheet, sheet->at[column], sheet->name[sheet->at[column]], format, list);
    } else {
        char what[400];
        vsnprintf(what, sizeof what, format, list);
        status = dpid_fail(sheet->ctx, DEEPID_ERR_FORMAT, "'%s', line %lld, %s (there is no such column): %s",
                           sheet->path, (long long)sheet->text.line, sheet->column[column].name, what);
    }
    va_end(list);
    return status;
}

/* A quote without its end takes all that follows into its cell. */
static int32_t refuse_quotes(const dpid_sheet *s, int64_t at, const dpid_csv_cell *cell)
{
    const dpid_span name = at < s->width ? s->name[at] : (dpid_span){"", 0, ""};
    const char *p = cell->text.text + cell->text.length;
    while (p < s->text.end && dpid_is_blank(*p))
        p++;
    return refuse_named(s, at, name, "%s",
                        p == s->text.end ? "the quote that opens here does not end"
                                         : "something follows the quote that ends here");
}

/* ---- the first row ------------------------------------------------------------------------------- */

/* What cuts the names into the most. */
static char find_delimiter(dpid_csv_text t)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = ',';
    int64_t most = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        t.delimiter = candidates[i];
        dpid_csv_text first = t;
        const int64_t count = dpid_csv_row(&first) ? dpid_csv_count(first) : 0;
        if (count > most) {
            most = count;
            best = candidates[i];
        }
    }
    return best;
}

/* "unknown column 'trian_loss'; known: ... (nearest: train_loss)" without dpid_fail_word's own place. */
static int32_t refuse_name(const dpid_sheet *s, int64_t at)
{
    const char *words[DPID_SHEET_COLUMNS + 1] = {NULL};
    char sentence[DPID_ERROR_MAX];
    if (s->name[at].length == 0)
        return refuse_named(s, at, s->name[at], "it has no name; only the first column may have none");
    for (int i = 0; i < s->columns; i++)
        words[i] = s->column[i].name;
    const int32_t status = dpid_fail_word(s->ctx, "column", s->name[at], words);
    snprintf(sentence, sizeof sentence, "%s", deepid_ctx_error(s->ctx));
    const char *from = strstr(sentence, "unknown ");
    return status == DEEPID_ERR_SPEC && from ? refuse_named(s, at, s->name[at], "%s", from) : status;
}

static bool same(dpid_span span, const char *word)
{
    return word && (int64_t)strlen(word) == span.length && memcmp(span.text, word, (size_t)span.length) == 0;
}

/* Which column that is asked for has this name; -1: none. */
static int find(const dpid_sheet *s, const char *const *names, dpid_span name)
{
    for (int k = 0; k < s->columns; k++)
        if (same(name, names ? names[k] : s->column[k].name))
            return k;
    return -1;
}

/* The first column may have no name: some tables count their rows there. */
static int32_t take_names(dpid_sheet *s, const char *const *names)
{
    for (int64_t i = 0; i < s->width; i++) {
        dpid_csv_next(&s->text, &s->cell[i]);
        s->name[i] = s->cell[i].text;
        s->name[i].whole = s->name[i].text;
    }
    for (int64_t i = 0; i < s->width; i++) {
        const int k = find(s, names, s->name[i]);
        if (s->cell[i].broken)
            return refuse_quotes(s, i, &s->cell[i]);
        if (k < 0 && s->strict && !(i == 0 && s->name[i].length == 0))
            return refuse_name(s, i);
        if (k >= 0 && s->at[k] >= 0)
            return refuse_named(s, i, s->name[i], "two columns have this name; the first is column %lld",
                                (long long)s->at[k] + 1);
        if (k >= 0)
            s->at[k] = i;
    }
    return DEEPID_OK;
}

static int32_t start(dpid_sheet *s, int64_t count, const char *const *names)
{
    const bool mark = count >= 3 && memcmp(s->bytes, "\xef\xbb\xbf", 3) == 0;
    s->text = (dpid_csv_text){.ctx = s->ctx,
                              .path = s->path,
                              .at = (const char *)s->bytes + (mark ? 3 : 0),
                              .end = (const char *)s->bytes + count,
                              .point = '.',
                              .next = 1};
    if (memchr(s->bytes, 0, (size_t)count))
        return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s' is no CSV in UTF-8: it holds a zero byte", s->path);
    s->text.delimiter = find_delimiter(s->text);
    if (!dpid_csv_row(&s->text))
        return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s' is empty, expected names of columns in its first row",
                         s->path);
    s->width = dpid_csv_count(s->text);
    DPID_TRY(dpid_alloc(s->ctx, s->width, sizeof *s->name, s->path, &s->name));
    DPID_TRY(dpid_alloc(s->ctx, s->width, sizeof *s->cell, s->path, &s->cell));
    return take_names(s, names);
}

int32_t dpid_sheet_open(deepid_ctx *ctx, const char *path, const dpid_column *column, int columns,
                        const char *const *names, bool strict, dpid_sheet *out)
{
    int64_t count;
    *out = (dpid_sheet){.ctx = ctx, .path = path, .column = column, .columns = columns, .strict = strict};
    for (int k = 0; k < columns; k++)
        out->at[k] = -1;
    DPID_TRY(dpid_file_read(ctx, path, &out->bytes, &count));
    return start(out, count, names);
}

void dpid_sheet_release(dpid_sheet *sheet)
{
    dpid_free(sheet->ctx, sheet->bytes);
    dpid_free(sheet->ctx, sheet->name);
    dpid_free(sheet->ctx, sheet->cell);
}

/* ---- rows -------------------------------------------------------------------------------------------- */

/* Where a quote does not end it is why the cells are too few. */
static int32_t refuse_count(const dpid_sheet *s, int64_t count)
{
    dpid_csv_text rest = s->text;
    for (int64_t i = 0; i < count; i++) {
        dpid_csv_cell cell;
        dpid_csv_next(&rest, &cell);
        if (cell.broken)
            return refuse_quotes(s, i, &cell);
    }
    return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s', line %lld has %lld cell%s, expected %lld as in line 1", s->path,
                     (long long)s->text.line, (long long)count, count == 1 ? "" : "s", (long long)s->width);
}

int32_t dpid_sheet_next(dpid_sheet *sheet, bool *more)
{
    *more = dpid_csv_row(&sheet->text);
    if (!*more)
        return DEEPID_OK;
    const int64_t count = dpid_csv_count(sheet->text);
    if (count != sheet->width)
        return refuse_count(sheet, count);
    for (int64_t i = 0; i < sheet->width; i++) {
        dpid_csv_next(&sheet->text, &sheet->cell[i]);
        if (sheet->cell[i].broken)
            return refuse_quotes(sheet, i, &sheet->cell[i]);
    }
    return DEEPID_OK;
}

/* ---- cells --------------------------------------------------------------------------------------------- */

/* Logs write True and False. */
static bool is_flag(const dpid_column *column, dpid_span text, double *out)
{
    const bool yes = same(text, "true") || same(text, "True");
    const bool no = same(text, "false") || same(text, "False");
    *out = yes;
    return column->whole && column->max == 1 && (yes || no);
}

/* "0,5" and "1.234,5": a number where the comma is a point. */
static bool has_decimal_comma(dpid_span text)
{
    char copy[SHOWN + 1];
    int64_t length = 0;
    double value;
    const char *comma = text.length > 0 ? memchr(text.text, ',', (size_t)text.length) : NULL;
    if (!comma || text.length > SHOWN)
        return false;
    for (const char *p = text.text; p < text.text + text.length; p++)
        if (*p != '.' || p > comma)
            copy[length++] = (char)(*p == ',' ? '.' : *p);
    return dpid_parse_double(copy, length, &value);
}

static int32_t refuse_number(const dpid_sheet *s, int64_t at, const char *expected)
{
    const dpid_span text = s->cell[at].text;
    if (has_decimal_comma(text))
        return refuse_named(s, at, s->name[at],
                            "'%.*s' has a decimal comma, expected a decimal point; write the file anew with points in "
                            "its numbers (pandas: decimal='.'; a spreadsheet: a language such as English)",
                            shown(text), text.text);
    return refuse_named(s, at, s->name[at], "'%.*s' is no number, expected %s", shown(text), text.text, expected);
}

int32_t dpid_sheet_number(const dpid_sheet *sheet, int column, double *out)
{
    const int64_t at = sheet->at[column];
    *out = (double)NAN;
    if (at < 0 || dpid_csv_missing(&sheet->cell[at]))
        return DEEPID_OK;
    const dpid_csv_cell *cell = &sheet->cell[at];
    if (cell->number)
        *out = cell->value;
    else if (!dpid_parse_double(cell->text.text, cell->text.length, out) &&
             !is_flag(&sheet->column[column], cell->text, out))
        return refuse_number(sheet, at, sheet->column[column].expected);
    return DEEPID_OK;
}

/* A doubled quote stands for one; the apostrophe before what a spreadsheet would run is ours. */
static void unquote(char *text, bool doubled)
{
    char *to = text;
    const bool guarded = text[0] == '\'' && text[1] && strchr("=+-@\t", text[1]);
    for (const char *p = text + guarded; *p; p++) {
        *to++ = *p;
        p += doubled && p[0] == '"' && p[1] == '"';
    }
    *to = 0;
}

int32_t dpid_sheet_text(const dpid_sheet *sheet, int column, dpid_arena *arena, const char **out)
{
    const int64_t at = sheet->at[column];
    char *text = NULL;
    *out = "";
    if (at < 0)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_text(arena, sheet->cell[at].text.text, sheet->cell[at].text.length, &text));
    unquote(text, sheet->cell[at].doubled);
    *out = text;
    return DEEPID_OK;
}
