/* The cells of a CSV, read once, into a table of doubles: numbers as they are, a text as its number in its column's
   lexicon, NaN for what is missing. A column holds numbers or texts and never both; what does not fit is refused with
   its place. */
#include "data/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 40 };

typedef struct {
    deepid_ctx *ctx;
    dpid_csv *csv;
    int64_t line;
    bool gap;         /* the row has a missing cell */
    dpid_string text; /* of a cell with doubled quotes */
} reading;

/* ---- refusals ------------------------------------------------------------------------------------- */

static int32_t refuse(const reading *r, int64_t k, int64_t line, const char *text, int64_t length, const char *advice)
{
    const dpid_csv *csv = r->csv;
    return dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s', %s: '%.*s' is not a finite decimal number%s", csv->path,
                     dpid_csv_place(csv, line, k).text, (int)(length > SHOWN ? SHOWN : length), text, advice);
}

/* What it may be instead. */
static int32_t refuse_text(const reading *r, int64_t k, const dpid_csv_cell *cell)
{
    char advice[2 * DPID_NUMBER_MAX + 120] = "";
    double value;
    const char *end = cell->text.text + cell->text.length;
    const dpid_csv *csv = r->csv;
    const bool thousands = dpid_csv_thousands(cell->text);
    if (csv->asked.point == '.' && dpid_read_decimal(cell->text.text, end, ',', &value) == end)
        snprintf(advice, sizeof advice, "; decimal=, reads it as %s%s", dpid_number(value).text,
                 thousands ? "; where the comma separates thousands, leave it out of the file" : "");
    else if (thousands)
        snprintf(advice, sizeof advice, "; leave separators of thousands out of the file");
    else if (dpid_csv_date(cell->text))
        snprintf(advice, sizeof advice,
                 "; a date is no number: write one instead, such as days since the first, or drop=%s leaves it out",
                 dpid_csv_called(csv, k).text);
    else if (!csv->names && r->line == csv->first_line)
        snprintf(advice, sizeof advice, "; header=yes takes the first row as names");
    else if (csv->column[k].role != DPID_CSV_TARGET)
        snprintf(advice, sizeof advice, "; categories=%s takes the column as text, drop=%s leaves it out",
                 dpid_csv_called(csv, k).text, dpid_csv_called(csv, k).text);
    return refuse(r, k, r->line, cell->text.text, cell->text.length, advice);
}

static int32_t refuse_missing(const reading *r, int64_t k, const dpid_csv_cell *cell)
{
    const dpid_csv *csv = r->csv;
    const bool feature = csv->column[k].role == DPID_CSV_FEATURE;
    return dpid_fail(
        r->ctx, DEEPID_ERR_FORMAT, "'%s', %s: the cell is %s%.*s%s; missing=drop leaves such rows out%s%s%s%s",
        csv->path, dpid_csv_place(csv, r->line, k).text, cell->text.length ? "missing ('" : "empty",
        (int)cell->text.length, cell->text.text, cell->text.length ? "')" : "",
        feature ? ", missing=mean takes the column's mean, drop=" : ", and a label or target cannot be filled in",
        feature ? dpid_csv_called(csv, k).text : "", feature ? " leaves the column out" : "",
        csv->names && !*csv->column[k].name ? "; skip=... leaves out a title above the names" : "");
}

static int32_t refuse_many(const reading *r, int64_t k, int64_t most)
{
    const dpid_csv *csv = r->csv;
    return dpid_fail(r->ctx, csv->column[k].role == DPID_CSV_CLASS ? DEEPID_ERR_LABEL : DEEPID_ERR_FORMAT,
                     "'%s', %s: more than %lld different texts in the column, expected categories; drop=%s leaves it "
                     "out",
                     csv->path, dpid_csv_place(csv, r->line, k).text, (long long)most, dpid_csv_called(csv, k).text);
}

/* ---- a cell -------------------------------------------------------------------------------------------- */

/* A label that is a number is whole, and no other whole number is the same double. */
static int32_t check_label(const reading *r, int64_t k, const dpid_csv_cell *cell)
{
    const double whole = 9007199254740992; /* 2^53: it and the next one are one double */
    const dpid_csv *csv = r->csv;
    if (fabs(cell->value) >= whole)
        return dpid_fail(r->ctx, DEEPID_ERR_LABEL,
                         "'%s', %s: the label is %.*s, expected a whole number below 2^53, since larger ones are not "
                         "kept apart; categories=%s takes the column as text",
                         csv->path, dpid_csv_place(csv, r->line, k).text,
                         (int)(cell->text.length > SHOWN ? SHOWN : cell->text.length), cell->text.text,
                         dpid_csv_called(csv, k).text);
    if (cell->value == floor(cell->value))
        return DEEPID_OK;
    char other[DPID_NUMBER_MAX + 40] = "";
    if (csv->likely >= 0)
        snprintf(other, sizeof other, ", or label=%s", dpid_csv_called(csv, csv->likely).text);
    return dpid_fail(r->ctx, DEEPID_ERR_LABEL,
                     "'%s', %s: the label is %s, expected a whole number or a text; to predict a number say "
                     "targets=%s%s",
                     csv->path, dpid_csv_place(csv, r->line, k).text, dpid_number(cell->value).text,
                     dpid_csv_called(csv, k).text, other);
}

/* A text that stands above numbers. */
static int32_t refuse_first(const reading *r, int64_t k)
{
    char advice[160] = "";
    const dpid_csv_column *c = &r->csv->column[k];
    if (r->csv->names && c->text_line == r->csv->first_line + 1)
        snprintf(advice, sizeof advice, "; skip=%lld where line %lld has the names", (long long)r->csv->first_line,
                 (long long)c->text_line);
    if (*c->name)
        snprintf(advice + strlen(advice), sizeof advice - strlen(advice),
                 "; drop=... leaves the column out, categories=... takes it as text");
    else if (c->text_line == r->csv->first_line)
        snprintf(advice, sizeof advice, "; header=yes takes the first row as names");
    return refuse(r, k, c->text_line, c->texts.word[0], (int64_t)strlen(c->texts.word[0]), advice);
}

static int32_t take_number(reading *r, int64_t k, const dpid_csv_cell *cell, double *to)
{
    const dpid_csv *csv = r->csv;
    dpid_csv_column *c = &csv->column[k];
    if (c->texts.count > 0)
        return refuse_first(r, k);
    if (c->role == DPID_CSV_CLASS)
        DPID_TRY(check_label(r, k, cell));
    c->numbers = true;
    *to = cell->value;
    return DEEPID_OK;
}

/* With a quote for each that is doubled, and blanks for control characters: texts are told on terminals. */
static int32_t plain_text(reading *r, dpid_csv_cell *cell)
{
    bool plain = !cell->doubled;
    for (int64_t i = 0; i < cell->text.length; i++)
        plain = plain && !dpid_csv_control(cell->text.text[i]);
    if (plain)
        return DEEPID_OK;
    r->text.length = 0;
    for (int64_t i = 0; i < cell->text.length; i++) {
        dpid_string_add_span(&r->text, dpid_csv_control(cell->text.text[i]) ? " " : cell->text.text + i, 1);
        i += cell->doubled && cell->text.text[i] == '"';
    }
    cell->text = (dpid_span){r->text.text, r->text.length, r->text.text};
    return r->text.status;
}

static int32_t take_text(reading *r, int64_t k, dpid_csv_cell *cell, double *to)
{
    enum { CATEGORIES = 256 };
    dpid_csv_column *c = &r->csv->column[k];
    const int64_t most = c->role == DPID_CSV_CLASS ? DPID_CLASSES_MAX : CATEGORIES;
    const bool texts = c->role != DPID_CSV_TARGET && r->csv->class_columns < 2;
    int64_t number;
    if (!c->as_text && (c->numbers || dpid_csv_numberlike(cell->text) || (c->role != DPID_CSV_FEATURE && !texts)))
        return refuse_text(r, k, cell);
    DPID_TRY(plain_text(r, cell));
    c->text_line = c->texts.count ? c->text_line : r->line;
    DPID_TRY(dpid_lexicon_add(&c->texts, cell->text.text, cell->text.length, &number));
    *to = (double)number;
    return number < most ? DEEPID_OK : refuse_many(r, k, most);
}

static int32_t take_cell(reading *r, int64_t k, dpid_csv_cell *cell, double *to)
{
    dpid_csv_column *c = &r->csv->column[k];
    if (cell->number && !c->as_text)
        return take_number(r, k, cell, to);
    if (!dpid_csv_missing(cell))
        return take_text(r, k, cell, to);
    const int64_t how = r->csv->asked.missing;
    if (how == DPID_CSV_REFUSE || (how == DPID_CSV_MEAN && c->role != DPID_CSV_FEATURE))
        return refuse_missing(r, k, cell);
    c->gaps++;
    r->gap |= how == DPID_CSV_DROP;
    *to = (double)NAN;
    return DEEPID_OK;
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

static int32_t fail_length(const reading *r, dpid_csv_text row)
{
    const int64_t count = dpid_csv_count(row);
    return dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s', line %lld: %lld cell%s, expected %lld as in the lines before",
                     r->csv->path, (long long)r->line, (long long)count, count == 1 ? "" : "s",
                     (long long)(r->csv->columns + r->csv->spare));
}

/* One column a class: exactly one of them is 1, the others are 0. */
static int32_t check_onehot(const reading *r, const double *row)
{
    const dpid_csv *csv = r->csv;
    int64_t ones = 0;
    for (int64_t i = 0; i < csv->class_columns; i++) {
        const double value = row[csv->column[csv->class_column[i]].slot];
        ones += value == 1;
        if (value != 0 && value != 1)
            return dpid_fail(r->ctx, DEEPID_ERR_LABEL, "'%s', %s: %s, expected 0 or 1 in a column of one class",
                             csv->path, dpid_csv_place(csv, r->line, csv->class_column[i]).text,
                             dpid_number(value).text);
    }
    return ones == 1 ? DEEPID_OK
                     : dpid_fail(r->ctx, DEEPID_ERR_LABEL,
                                 "'%s', line %lld: %lld of the %lld columns of classes are 1, expected one", csv->path,
                                 (long long)r->line, (long long)ones, (long long)csv->class_columns);
}

static int32_t read_row(reading *r, dpid_csv_text *t, double *row)
{
    const dpid_csv *csv = r->csv;
    const dpid_csv_text start = *t;
    r->line = t->line;
    r->gap = false;
    const int64_t cells = csv->columns + csv->spare;
    for (int64_t k = 0; k < cells; k++) {
        dpid_csv_cell cell;
        dpid_csv_next(t, &cell);
        if (cell.broken && k < csv->columns)
            return dpid_fail(r->ctx, DEEPID_ERR_FORMAT,
                             "'%s', %s: the quotes around the cell do not end it; a quote inside is written twice",
                             csv->path, dpid_csv_place(csv, r->line, k).text);
        if (cell.last != (k == cells - 1))
            return fail_length(r, start);
        if (k < csv->columns && csv->column[k].slot >= 0)
            DPID_TRY(take_cell(r, k, &cell, row + csv->column[k].slot));
    }
    return csv->class_columns > 1 && !r->gap ? check_onehot(r, row) : DEEPID_OK;
}

static int32_t fail_empty(deepid_ctx *ctx, const dpid_csv *csv)
{
    int64_t worst = 0;
    for (int64_t k = 1; k < csv->columns; k++)
        worst = csv->column[k].gaps > csv->column[worst].gaps ? k : worst;
    if (csv->left_out == 0)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' has no rows%s", csv->path,
                         csv->names ? " behind its names" : "");
    const dpid_number_text name = dpid_csv_called(csv, worst);
    return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                     "'%s': every row of %lld has a missing cell, %lld of them in column %s; drop=%s leaves that "
                     "column out",
                     csv->path, (long long)csv->left_out, (long long)csv->column[worst].gaps, name.text, name.text);
}

/* No more rows than lines, nor than the bytes of their cells allow. */
static int64_t most_rows(const dpid_csv *csv, const dpid_csv_text *t)
{
    int64_t lines = 1;
    for (const char *p = t->at; p < t->end; p++)
        lines += *p == '\n' || *p == '\r';
    const int64_t fit = (t->end - t->at + 1) / csv->columns;
    return lines < fit ? lines : fit;
}

int32_t dpid_csv_read(deepid_ctx *ctx, dpid_csv *csv, dpid_csv_text *t)
{
    reading r = {.ctx = ctx, .csv = csv, .text = {.ctx = ctx}};
    int64_t cells = 0;
    if (!dpid_mul(most_rows(csv, t), csv->used, &cells))
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s' has more cells than can be counted", csv->path);
    DPID_TRY(dpid_alloc(ctx, cells, sizeof *csv->table, csv->path, &csv->table));
    int32_t status = DEEPID_OK;
    while (status == DEEPID_OK && dpid_csv_row(t)) {
        status = csv->rows * csv->used + csv->used <= cells ? read_row(&r, t, csv->table + csv->rows * csv->used)
                                                            : fail_length(&r, *t);
        csv->rows += !r.gap;
        csv->left_out += r.gap;
    }
    dpid_string_release(&r.text);
    DPID_TRY(status);
    return csv->rows > 0 ? DEEPID_OK : fail_empty(ctx, csv);
}
