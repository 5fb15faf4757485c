/* CSV of numbers (RFC 4180): a row a sample, one column of class labels. Cells may be in quotes; lines end with LF,
   CR LF or CR; a byte order mark and empty lines are passed over. No cell is left out in silence: the first row is
   names when no cell of it is a number, and any other cell that is no finite decimal number is refused with its
   place. */
#include "data/data.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { LABEL_LAST, LABEL_FIRST };
enum { HEADER_AUTO, HEADER_YES, HEADER_NO };
enum { FIRST = 4096 }; /* bytes that tell a text */
static const dpid_option options[] = {
    {"label", DPID_CHOICE, 0, 0, 0, "last|first", false, "column of the class labels"},
    {"header", DPID_CHOICE, 0, 0, 0, "auto|yes|no", false, "whether the first line is names"},
    {"separator", DPID_CHOICE, 0, 0, 0, "comma|semicolon|tab", false, "between numbers"},
    {"shape", DPID_EXTENTS, 0, 1, 1 << 16, NULL, false, "height x width x channels of a sample that is a picture"},
    {0},
};

typedef struct {
    deepid_ctx *ctx;
    const char *path, *at, *end;
    char separator;
    int64_t line; /* of the row, from 1 */
    int64_t next; /* line at `at` */
    int64_t columns, rows;
} reader;

/* ---- cells and rows ------------------------------------------------------------------ */

static void trim(dpid_span *cell)
{
    while (cell->length > 0 && (*cell->text == ' ' || *cell->text == '\t')) {
        cell->text++;
        cell->length--;
    }
    while (cell->length > 0 && (cell->text[cell->length - 1] == ' ' || cell->text[cell->length - 1] == '\t'))
        cell->length--;
}

/* Past the end of a line, if there is one here. */
static bool skip_newline(reader *r)
{
    if (r->at == r->end || (*r->at != '\n' && *r->at != '\r'))
        return false;
    r->at += *r->at == '\r' && r->at + 1 < r->end && r->at[1] == '\n' ? 2 : 1;
    r->next++;
    return true;
}

/* Up to the separator or the end of the line, which count for nothing inside quotes. A quote that is doubled closes
   and opens. */
static dpid_span cell_text(reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at == ' ')
        r->at++;
    bool quoted = false;
    const bool quotes = r->at < r->end && *r->at == '"';
    while (r->at < r->end && (quoted || (*r->at != r->separator && *r->at != '\n' && *r->at != '\r'))) {
        quoted ^= quotes && *r->at == '"';
        if (!skip_newline(r))
            r->at++;
    }
    return (dpid_span){start, r->at - start, start};
}

/* The next cell without blanks and quotes; true when there is another one in its row. */
static bool next_cell(reader *r, dpid_span *cell)
{
    *cell = cell_text(r);
    const bool more = r->at < r->end && *r->at == r->separator;
    if (more)
        r->at++;
    else
        skip_newline(r);
    trim(cell);
    if (cell->length > 1 && cell->text[0] == '"' && cell->text[cell->length - 1] == '"') {
        cell->text++;
        cell->length -= 2;
        trim(cell);
    }
    return more;
}

/* To the first cell of the next row that is not an empty line; false: there is none. */
static bool next_row(reader *r)
{
    const char *line = r->at;
    for (r->line = r->next; r->at < r->end; r->at++) {
        if (skip_newline(r)) {
            line = r->at--;
            r->line = r->next;
        } else if (*r->at == r->separator || (*r->at != ' ' && *r->at != '\t')) {
            r->at = line;
            return true;
        }
    }
    return false;
}

/* How many cells the row at hand has; reads it. */
static int64_t count_cells(reader *r)
{
    dpid_span cell;
    int64_t count = 1;
    while (next_cell(r, &cell))
        count++;
    return count;
}

/* ---- what a cell is ---------------------------------------------------------------------- */

/* [+-] digits [. digits] [e [+-] digits], finite: no hexadecimal, no inf and nan, in no locale another one. */
static bool is_decimal(dpid_span cell, double *value)
{
    for (int64_t i = 0; i < cell.length; i++) {
        const char c = cell.text[i];
        if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E')
            return false;
    }
    return dpid_parse_double(cell.text, cell.length, value) && isfinite(*value);
}

/* Begins with a letter of any script, and is no word for a value. C2 and E2 lead in UTF-8 to signs: a no-break
   space, a typographic minus. What begins with a digit or a sign is meant as a number: 1.5D+00, 1.#QNAN, #DIV/0!. */
static bool is_name(dpid_span cell)
{
    static const char *const values[] = {"na", "n/a", "nan", "nat", "null", "none", "true", "false"};
    double value;
    const int64_t quote = cell.length > 0 && *cell.text == '\'';
    const unsigned char c = cell.length > quote ? (unsigned char)cell.text[quote] : 0;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (cell.length == (int64_t)strlen(values[i]) && strncasecmp(cell.text, values[i], (size_t)cell.length) == 0)
            return false;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c > 0xc2 && c != 0xe2);
    return letter && !dpid_parse_double(cell.text, cell.length, &value);
}

/* Names: no cell is a number, and some cell is a name. A row of neither is a sample, whose cells will be refused.
   Reads nothing. */
static bool is_header(reader r)
{
    bool more = true;
    bool names = false;
    while (more) {
        dpid_span cell;
        double value;
        more = next_cell(&r, &cell);
        if (dpid_parse_double(cell.text, cell.length, &value))
            return false;
        names |= is_name(cell);
    }
    return names;
}

/* ---- two passes: count, then read ---------------------------------------------------------- */

static int32_t refuse_cell(const reader *r, int64_t column, dpid_span cell)
{
    enum { SHOWN = 40 };
    if (cell.length == 0)
        return dpid_fail(r->ctx, DEEPID_ERR_FORMAT,
                         "'%s', line %lld, column %lld: the cell is empty, expected a number", r->path,
                         (long long)r->line, (long long)column + 1);
    return dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s', line %lld, column %lld: '%.*s' is not a finite decimal number",
                     r->path, (long long)r->line, (long long)column + 1,
                     (int)(cell.length > SHOWN ? SHOWN : cell.length), cell.text);
}

static int32_t read_row(reader *r, int64_t label_column, deepid_dataset *data)
{
    double *x = (double *)data->owned_x + r->rows * (r->columns - 1);
    for (int64_t k = 0; k < r->columns; k++) {
        dpid_span cell;
        double value;
        next_cell(r, &cell);
        if (!is_decimal(cell, &value))
            return refuse_cell(r, k, cell);
        if (k == label_column && !(value >= 0 && value < DPID_CLASSES_MAX && value == floor(value)))
            return dpid_fail(r->ctx, DEEPID_ERR_LABEL,
                             "'%s', line %lld, column %lld: the label is %s, expected a whole number of 0 to %d",
                             r->path, (long long)r->line, (long long)k + 1, dpid_number(value).text,
                             DPID_CLASSES_MAX - 1);
        if (k != label_column)
            *x++ = value;
        else
            data->labels[r->rows] = (int32_t)value;
    }
    return DEEPID_OK;
}

static int32_t check_row(reader *r)
{
    const int64_t count = count_cells(r);
    if (r->columns == 0)
        r->columns = count;
    if (count != r->columns)
        return dpid_fail(r->ctx, DEEPID_ERR_FORMAT,
                         "'%s', line %lld: %lld numbers, expected %lld as in the lines before", r->path,
                         (long long)r->line, (long long)count, (long long)r->columns);
    if (count < 2)
        return dpid_fail(
            r->ctx, DEEPID_ERR_FORMAT,
            "'%s', line %lld: one column, expected features and a label, and another separator is an option", r->path,
            (long long)r->line);
    return DEEPID_OK;
}

/* data NULL: the rows are counted, and have the same columns. */
static int32_t read_rows(reader *r, const char *start, int64_t header, int64_t label, deepid_dataset *data)
{
    r->at = start;
    r->next = 1;
    r->rows = 0;
    if (next_row(r) && header == HEADER_YES)
        count_cells(r);
    else if (header == HEADER_AUTO && is_header(*r))
        DPID_TRY(check_row(r));
    else
        r->at = start, r->next = 1;
    for (; next_row(r); r->rows++)
        DPID_TRY(data ? read_row(r, label == LABEL_LAST ? r->columns - 1 : 0, data) : check_row(r));
    return r->rows > 0 ? DEEPID_OK : dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s' has no rows", r->path);
}

static int32_t sample_shape(const reader *r, const dpid_value *shape, dpid_shape *out)
{
    *out = (dpid_shape){1, {r->columns - 1}};
    if (!shape->given)
        return DEEPID_OK;
    *out =
        (dpid_shape){3, {shape->list[0], shape->count > 1 ? shape->list[1] : 1, shape->count > 2 ? shape->list[2] : 1}};
    if (dpid_shape_count(out) == r->columns - 1)
        return DEEPID_OK;
    return dpid_fail(r->ctx, DEEPID_ERR_SHAPE, "'%s' has %lld features, expected %lld for shape=%s", r->path,
                     (long long)r->columns - 1, (long long)dpid_shape_count(out),
                     dpid_shape_text(shape->count, shape->list).text);
}

static int32_t read_all(reader *r, const dpid_value *values, deepid_dataset **out)
{
    static const char separators[] = ",;\t";
    const char *start = r->at;
    dpid_shape sample;
    r->separator = separators[values[2].i];
    DPID_TRY(read_rows(r, start, values[1].i, values[0].i, NULL));
    DPID_TRY(sample_shape(r, &values[3], &sample));
    DPID_TRY(dpid_dataset_owned(r->ctx, DEEPID_F64, r->rows, &sample, 1, 0, out));
    DPID_TRY(read_rows(r, start, values[1].i, values[0].i, *out));
    for (int64_t i = 0; i < (*out)->count; i++)
        (*out)->classes = (*out)->labels[i] >= (*out)->classes ? (*out)->labels[i] + 1 : (*out)->classes;
    return DEEPID_OK;
}

/* It does not say; but what is no text is known by its first bytes. */
static int32_t length_of(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count, int64_t *bytes)
{
    const bool wide = count >= 2 && ((first[0] == 0xff && first[1] == 0xfe) || (first[0] == 0xfe && first[1] == 0xff));
    *bytes = DPID_LENGTH_UNSAID;
    if (wide || memchr(first, 0, (size_t)count))
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is no CSV: %s", path,
                         wide ? "it is UTF-16, expected UTF-8" : "it has a byte 0 at its beginning");
    return DEEPID_OK;
}

static int32_t load_csv(deepid_ctx *ctx, const char *path, const char *text, deepid_dataset **out)
{
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    uint8_t *bytes = NULL;
    int64_t count = 0;
    if (!path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "csv: %s is NULL", path ? "out" : "path");
    DPID_TRY(dpid_options_parse(ctx, "csv", dpid_span_of(text), options, values));
    DPID_TRY(dpid_file_read_gz(ctx, path, FIRST, length_of, &bytes, &count));
    const bool mark = count >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;
    reader r = {
        .ctx = ctx, .path = path, .at = (const char *)bytes + (mark ? 3 : 0), .end = (const char *)bytes + count};
    deepid_dataset *data = NULL;
    const int32_t status = read_all(&r, values, &data);
    dpid_free(ctx, bytes);
    if (status == DEEPID_OK)
        *out = data;
    else
        deepid_dataset_destroy(data);
    return status;
}

int32_t deepid_dataset_load_csv(deepid_ctx *ctx, const char *path, const char *csv_options, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load_csv(ctx, path, csv_options, out));
}
