/* Text without the locale: numbers are printed and parsed in the C locale, whatever the host has set. */
#include "base/text.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers out ------------------------------------------------------------ */

static dpid_number_text print_digits(double value, int32_t digits)
{
    dpid_number_text out;
    if (isnan(value))
        return (dpid_number_text){"nan"};
    if (value == (double)INFINITY)
        return (dpid_number_text){"inf"};
    if (value == -(double)INFINITY)
        return (dpid_number_text){"-inf"};
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* glibc gives its static C locale: no allocation */
    const locale_t callers = uselocale(c);
    snprintf(out.text, sizeof out.text, "%.*g", digits, value);
    uselocale(callers);
    freelocale(c);
    return out;
}

dpid_number_text dpid_number_rounded(double value, int32_t digits)
{
    return print_digits(value, digits);
}

static bool reads_back(const dpid_number_text *number, double value)
{
    double back;
    return dpid_parse_double(number->text, (int64_t)strlen(number->text), &back) && back == value;
}

dpid_number_text dpid_number(double value)
{
    enum { ENOUGH = 17 };
    for (int32_t digits = 15; digits < ENOUGH; digits++) {
        const dpid_number_text out = print_digits(value, digits);
        if (!isfinite(value) || reads_back(&out, value))
            return out;
    }
    return print_digits(value, ENOUGH);
}

dpid_number_text dpid_number_f32(float value)
{
    enum { ENOUGH = 9 };
    for (int32_t digits = 6; digits < ENOUGH; digits++) {
        const dpid_number_text out = print_digits((double)value, digits);
        double back = 0;
        if (!isfinite(value) || (dpid_parse_double(out.text, (int64_t)strlen(out.text), &back) && (float)back == value))
            return out;
    }
    return print_digits((double)value, ENOUGH);
}

dpid_number_text dpid_shape_text(int32_t rank, const int64_t *extents)
{
    dpid_number_text out = {"scalar"};
    size_t used = 0;
    for (int32_t i = 0; i < rank && used < sizeof out.text; i++)
        used +=
            (size_t)snprintf(out.text + used, sizeof out.text - used, "%s%lld", i ? "x" : "", (long long)extents[i]);
    return out;
}

/* ---- numbers in -------------------------------------------------------------- */

static bool is_number_start(char c)
{
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'n' || c == 'N' || c == 'i' || c == 'I';
}

bool dpid_parse_double(const char *text, int64_t length, double *out)
{
    enum { LONGEST = 400 };
    char copy[LONGEST + 1];
    if (length < 1 || length > LONGEST || !is_number_start(text[0]) || memchr(text, 0, (size_t)length))
        return false;
    memcpy(copy, text, (size_t)length);
    copy[length] = 0;
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    char *end = NULL;
    const double value = strtod_l(copy, &end, c);
    freelocale(c);
    if (end != copy + length)
        return false;
    *out = value;
    return true;
}

bool dpid_parse_int(const char *text, int64_t length, int64_t *out)
{
    const bool negative = length > 0 && text[0] == '-';
    int64_t i = length > 0 && (text[0] == '-' || text[0] == '+');
    if (i >= length)
        return false;
    int64_t value = 0;
    for (; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text[i] - '0', &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *out = negative ? value : -value;
    return true;
}

/* ---- a growing string --------------------------------------------------------- */

void dpid_string_add_span(dpid_string *s, const char *text, int64_t length)
{
    enum { FIRST = 256 };
    if (s->status != DEEPID_OK)
        return;
    const int64_t need = s->length + length + 1;
    if (need > s->capacity) {
        const int64_t capacity = need > FIRST / 2 ? 2 * need : FIRST;
        s->status = dpid_grow(s->ctx, &s->text, s->length, capacity, 1, "text");
        if (s->status != DEEPID_OK)
            return;
        s->capacity = capacity;
    }
    memcpy(s->text + s->length, text, (size_t)length);
    s->length += length;
    s->text[s->length] = 0;
}

void dpid_string_add(dpid_string *s, const char *text)
{
    dpid_string_add_span(s, text, (int64_t)strlen(text));
}

void dpid_string_add_json(dpid_string *s, double value)
{
    dpid_string_add(s, isfinite(value) ? dpid_number(value).text : "null");
}

void dpid_string_format(dpid_string *s, const char *format, ...)
{
    char small[512];
    va_list list;
    va_start(list, format);
    const int length = vsnprintf(small, sizeof small, format, list);
    va_end(list);
    if (length < 0 && s->status == DEEPID_OK)
        s->status = dpid_fail(s->ctx, DEEPID_ERR_LIMIT, "text: a piece has more than 2147483647 bytes");
    if (length < (int)sizeof small) {
        dpid_string_add_span(s, small, length < 0 ? 0 : length);
        return;
    }
    char *large = NULL;
    if (s->status == DEEPID_OK)
        s->status = dpid_alloc(s->ctx, length + 1, 1, "text", &large);
    if (!large)
        return;
    va_start(list, format);
    vsnprintf(large, (size_t)length + 1, format, list);
    va_end(list);
    dpid_string_add_span(s, large, length);
    dpid_free(s->ctx, large);
}

void dpid_string_number(dpid_string *s, double value)
{
    dpid_string_add(s, dpid_number(value).text);
}

void dpid_string_release(dpid_string *s)
{
    dpid_free(s->ctx, s->text);
    *s = (dpid_string){.ctx = s->ctx};
}

/* ---- escaping ------------------------------------------------------------------ */

typedef const char *(*escape_fn)(char c);

static void add_escaped(dpid_string *s, const char *text, escape_fn escape)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const char *instead = escape((char)*p);
        const int32_t length = instead ? 1 : dpid_utf8_length((const char *)p);
        if (instead)
            dpid_string_add(s, instead);
        else if (length > 0)
            dpid_string_add_span(s, (const char *)p, length);
        else
            dpid_string_add(s, "\xef\xbf\xbd"); /* U+FFFD */
        p += length > 0 ? length : 1;
    }
}

static const char *html_escape(char c)
{
    return c == '&'    ? "&amp;"
           : c == '<'  ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '"'  ? "&quot;"
           : c == '\'' ? "&#39;"
           : c == '\n' ? "\n"
                       : NULL;
}

static const char *json_escape(char c)
{
    return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : NULL;
}

static const char *csv_escape(char c)
{
    return c == '"' ? "\"\"" : c == '\n' ? " " : c == '\r' ? " " : NULL;
}

void dpid_string_html(dpid_string *s, const char *text)
{
    add_escaped(s, text, html_escape);
}

void dpid_string_json(dpid_string *s, const char *text)
{
    dpid_string_add(s, "\"");
    add_escaped(s, text, json_escape);
    dpid_string_add(s, "\"");
}

void dpid_string_csv(dpid_string *s, const char *text)
{
    double number;
    const bool formula =
        text[0] && strchr("=+-@\t", text[0]) && !dpid_parse_double(text, (int64_t)strlen(text), &number);
    const bool quoted = formula || strpbrk(text, ",\"\n\r") != NULL;
    if (quoted)
        dpid_string_add(s, formula ? "\"'" : "\"");
    add_escaped(s, text, csv_escape);
    if (quoted)
        dpid_string_add(s, "\"");
}
