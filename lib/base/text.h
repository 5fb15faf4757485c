/* Text without the locale: numbers in and out, a growing string. */
#ifndef DPID_BASE_TEXT_H
#define DPID_BASE_TEXT_H

#include "base/context.h"

enum { DPID_NUMBER_MAX = 96 }; /* a shape of DPID_RANK_MAX extents below 2^31 fits */
typedef struct {
    char text[DPID_NUMBER_MAX];
} dpid_number_text;

/* The shortest text that reads back exactly ("0.1", "1e-300", "nan", "inf", "-inf"); '.' in every locale. */
dpid_number_text dpid_number(double value);
/* Rounded to so many significant digits. */
dpid_number_text dpid_number_rounded(double value, int32_t digits);
/* The same for a float: shortest text that reads back as the same float. */
dpid_number_text dpid_number_f32(float value);
/* Parses all of text[0..length), in any locale as in C's; false when it is not entirely a number. Takes nan and inf. */
bool dpid_parse_double(const char *text, int64_t length, double *out);
/* The decimal number that text[0..end) begins with, [+-] digits [point digits] [e [+-] digits], as the nearest double.
   Returns what is behind it; NULL: there is none, or it is not finite. */
const char *dpid_read_decimal(const char *text, const char *end, char point, double *out);
bool dpid_parse_int(const char *text, int64_t length, int64_t *out);
/* "2x3x4" of a shape. */
dpid_number_text dpid_shape_text(int32_t rank, const int64_t *extents);

/* A growing string. Start with {.ctx = ctx}. After an add that failed it stays failed, and status says why: so one
   check at the end is enough. */
typedef struct {
    deepid_ctx *ctx;
    char *text; /* NUL-terminated once something was added; NULL before */
    int64_t length, capacity;
    int32_t status;
} dpid_string;
void dpid_string_add(dpid_string *s, const char *text);
/* As JSON has it: null where value is not finite. */
void dpid_string_add_json(dpid_string *s, double value);
void dpid_string_add_span(dpid_string *s, const char *text, int64_t length);
/* As printf, but without %f %g %e: they follow the host's locale. Use dpid_string_number. */
void dpid_string_format(dpid_string *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void dpid_string_number(dpid_string *s, double value);
/* text with & < > " ' escaped for HTML; control characters and invalid UTF-8 replaced by U+FFFD. */
void dpid_string_html(dpid_string *s, const char *text);
/* A JSON string with its quotes; a CSV field, quoted where it must be and never read as a formula. */
void dpid_string_json(dpid_string *s, const char *text);
void dpid_string_csv(dpid_string *s, const char *text);
void dpid_string_release(dpid_string *s);

#endif
