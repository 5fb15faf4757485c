/* CSV by RFC 4180, cut into cells: a quote that is doubled stands for itself, delimiters and ends of lines count for
   nothing between quotes; lines end with LF, CR LF or CR. */
#include "base/csv.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- between cells ------------------------------------------------------------------------------ */

static bool blank(const dpid_csv_text *t, char c)
{
    return c == ' ' || (c == '\t' && t->delimiter != '\t');
}

static void skip_blanks(dpid_csv_text *t)
{
    while (t->at < t->end && blank(t, *t->at))
        t->at++;
}

/* Past the end of a line, if there is one here. */
static bool skip_newline(dpid_csv_text *t)
{
    if (t->at == t->end || (*t->at != '\n' && *t->at != '\r'))
        return false;
    t->at += *t->at == '\r' && t->at + 1 < t->end && t->at[1] == '\n' ? 2 : 1;
    t->next++;
    return true;
}

/* Over blanks and what ends a cell. False, and nothing is passed over, when something else stands here. */
static bool end_cell(dpid_csv_text *t, bool *last)
{
    const char *start = t->at;
    skip_blanks(t);
    *last = t->at == t->end || skip_newline(t);
    if (*last)
        return true;
    if (*t->at == t->delimiter)
        t->at++;
    else if (t->delimiter != ' ' || t->at == start)
        t->at = start;
    return t->at != start;
}

static bool is_comment(const dpid_csv_text *t)
{
    return t->comment && *t->at == t->comment;
}

bool dpid_csv_row(dpid_csv_text *t)
{
    while (t->at < t->end) {
        const char *start = t->at;
        t->line = t->next;
        skip_blanks(t);
        if (t->at < t->end && is_comment(t))
            while (t->at < t->end && *t->at != '\n' && *t->at != '\r')
                t->at++;
        if (t->at < t->end && !skip_newline(t)) {
            t->at = t->delimiter == ' ' ? t->at : start;
            return true;
        }
    }
    return false;
}

/* ---- a cell ---------------------------------------------------------------------------------------- */

static bool ends_text(const dpid_csv_text *t, char c)
{
    return c == t->delimiter || c == '\n' || c == '\r' || (t->delimiter == ' ' && c == '\t');
}

/* Up to the next delimiter or end of line, blanks behind it left out. */
static void read_text(dpid_csv_text *t, dpid_csv_cell *cell)
{
    const char *start = t->at;
    while (t->at < t->end && !ends_text(t, *t->at))
        t->at++;
    const char *end = t->at;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    cell->text = (dpid_span){start, end - start, start};
    end_cell(t, &cell->last);
}

/* From the quote that opens; what stands behind the one that closes belongs to a broken cell. */
static void read_quoted(dpid_csv_text *t, dpid_csv_cell *cell)
{
    const char *start = ++t->at;
    while (t->at < t->end) {
        const bool twice = *t->at == '"' && t->at + 1 < t->end && t->at[1] == '"';
        if (*t->at == '"' && !twice)
            break;
        cell->doubled |= twice;
        if (twice)
            t->at += 2;
        else if (!skip_newline(t))
            t->at++;
    }
    const char *stop = t->at;
    cell->broken = t->at == t->end;
    t->at += !cell->broken;
    if (!end_cell(t, &cell->last)) {
        cell->broken = true;
        read_text(t, cell);
    }
    for (; start < stop && dpid_is_blank(*start); start++) {
    }
    for (; stop > start && dpid_is_blank(stop[-1]); stop--) {
    }
    cell->text = (dpid_span){start, stop - start, start};
    cell->number = stop > start && dpid_read_decimal(start, stop, t->point, &cell->value) == stop;
}

void dpid_csv_next(dpid_csv_text *t, dpid_csv_cell *cell)
{
    *cell = (dpid_csv_cell){.number = false};
    skip_blanks(t);
    const char *start = t->at;
    const char *stop = dpid_read_decimal(start, t->end, t->point, &cell->value);
    if (stop) {
        t->at = stop;
        cell->number = end_cell(t, &cell->last);
        cell->text = (dpid_span){start, stop - start, start};
    }
    if (cell->number)
        return;
    t->at = start;
    if (start < t->end && *start == '"')
        read_quoted(t, cell);
    else
        read_text(t, cell);
}

int64_t dpid_csv_count(dpid_csv_text t)
{
    dpid_csv_cell cell = {.last = false};
    int64_t count = 0;
    for (; !cell.last; count++)
        dpid_csv_next(&t, &cell);
    return count;
}

/* ---- what a cell that is no number says ---------------------------------------------------------------- */

static bool is_any_of(dpid_span text, const char *const *words)
{
    for (; *words; words++)
        if (text.length == (int64_t)strlen(*words) && strncasecmp(text.text, *words, (size_t)text.length) == 0)
            return true;
    return false;
}

bool dpid_csv_missing(const dpid_csv_cell *cell)
{
    static const char *const words[] = {"",     "na",   "n/a", "#n/a",    "<na>",    "nan", "-nan", "nat",
                                        "null", "none", "?",   "-1.#ind", "1.#qnan", "\\n", NULL};
    return !cell->number && is_any_of(cell->text, words);
}

/* A minus or dash of typographers, E2 88 92 and E2 80 93 in UTF-8; the signs of pound and euro. */
static int64_t sign_bytes(dpid_span text)
{
    static const char *const signs[] = {"+", "-", "\xe2\x88\x92", "\xe2\x80\x93", "$", "\xc2\xa3", "\xe2\x82\xac"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const int64_t length = (int64_t)strlen(signs[i]);
        if (text.length > length && memcmp(text.text, signs[i], (size_t)length) == 0)
            return length;
    }
    return 0;
}

static bool digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* Past at most so many digits. */
static const char *skip_digits(const char *p, const char *end, int64_t most)
{
    for (; most > 0 && digit(p, end); most--)
        p++;
    return p;
}

/* Bytes of what people write between thousands, no-break blanks and the typographic apostrophe among it; 0: no such. */
static int64_t separator_bytes(const char *p, const char *end)
{
    static const char *const separators[] = {",", ".", " ", "'", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x99"};
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
        const int64_t length = (int64_t)strlen(separators[i]);
        if (end - p > length && memcmp(p, separators[i], (size_t)length) == 0)
            return length;
    }
    return 0;
}

/* Up to three digits, then a separator and three digits, again and again; then perhaps a point of the other kind. */
bool dpid_csv_thousands(dpid_span text)
{
    enum { GROUP = 3 };
    const char *end = text.text + text.length;
    const char *p = text.text + (text.length > 0 && (*text.text == '-' || *text.text == '+'));
    const char *separator = skip_digits(p, end, GROUP);
    const int64_t length = separator_bytes(separator, end);
    if (separator == p || length == 0)
        return false;
    for (p = separator; end - p > length && memcmp(p, separator, (size_t)length) == 0;) {
        const char *stop = skip_digits(p + length, end, GROUP);
        if (stop - p - length != GROUP || digit(stop, end))
            return false;
        p = stop;
    }
    if (p < end && (*p == '.' || *p == ',') && *p != *separator)
        p = skip_digits(p + 1, end, end - p);
    return p == end;
}

/* Three groups of digits with the same sign between them; a time may follow. */
bool dpid_csv_date(dpid_span text)
{
    enum { YEAR = 4 };
    const char *end = text.text + text.length;
    const char *first = skip_digits(text.text, end, YEAR);
    if (first == text.text || first == end || !strchr("-/.", *first))
        return false;
    const char *second = skip_digits(first + 1, end, 2);
    if (second == first + 1 || second == end || *second != *first)
        return false;
    const char *third = skip_digits(second + 1, end, YEAR);
    return third > second + 1 && (third == end || *third == ' ' || *third == 'T');
}

/* '0.5': RFC 4180 knows double quotes alone. */
static bool single_quoted_number(dpid_span text)
{
    double value;
    const bool quoted = text.length > 2 && *text.text == '\'' && text.text[text.length - 1] == '\'';
    return quoted && dpid_parse_double(text.text + 1, text.length - 2, &value);
}

bool dpid_csv_numberlike(dpid_span text)
{
    double value;
    if (single_quoted_number(text))
        return true;
    const int64_t sign = sign_bytes(text);
    const char *p = text.text + sign;
    const int64_t left = text.length - sign;
    const bool point = left > 1 && (*p == '.' || *p == ',') && p[1] >= '0' && p[1] <= '9';
    return point || (left > 0 && *p >= '0' && *p <= '9') || dpid_parse_double(text.text, text.length, &value);
}

/* C2 and E2 lead in UTF-8 to signs: a no-break space, a typographic minus. What begins with a digit or a sign is meant
   as a number: 1.5D+00, 1.#QNAN, #DIV/0!. */
bool dpid_csv_is_name(const dpid_csv_cell *cell)
{
    static const char *const values[] = {"true", "false", NULL};
    double value;
    const int64_t quote = cell->text.length > 0 && *cell->text.text == '\'';
    const unsigned char c = cell->text.length > quote ? (unsigned char)cell->text.text[quote] : 0;
    if (cell->number || dpid_csv_missing(cell) || is_any_of(cell->text, values))
        return false;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c > 0xc2 && c != 0xe2);
    return letter && !dpid_parse_double(cell->text.text, cell->text.length, &value);
}
