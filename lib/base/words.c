/* Numbers as people read them: three significant digits, × 10 to a power, a true minus sign. */
#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUS "\xe2\x88\x92"

static void append(dpid_number_text *out, const char *text)
{
    const size_t used = strlen(out->text);
    snprintf(out->text + used, sizeof out->text - used, "%s", text);
}

static void append_power(dpid_number_text *out, int power)
{
    static const char *const digits[] = {"\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",
                                         "\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7",
                                         "\xe2\x81\xb8", "\xe2\x81\xb9"};
    char text[16];
    append(out, "\xc3\x97"
                "10");
    append(out, power < 0 ? "\xe2\x81\xbb" : "");
    snprintf(text, sizeof text, "%d", abs(power));
    for (const char *p = text; *p; p++)
        append(out, digits[*p - '0']);
}

/* mantissa × 10^power; pow(10, -324) is 0, so the smallest numbers are brought up first. A mantissa that rounds to
   10 is 1 of the next power. */
static void append_scientific(dpid_number_text *out, double size, int32_t digits)
{
    enum { FAR = 300 };
    int power = (int)floor(log10(size) + 1e-12);
    const double mantissa = power < -FAR ? size * 1e300 / pow(10, power + FAR) : size / pow(10, power);
    dpid_number_text text = dpid_number_rounded(mantissa, digits);
    if (strcmp(text.text, "10") == 0) {
        text = (dpid_number_text){"1"};
        power++;
    }
    append(out, text.text);
    append_power(out, power);
}

dpid_number_text dpid_words_digits(double value, int32_t digits)
{
    dpid_number_text out = {""};
    const double size = fabs(value);
    if (isnan(value)) {
        append(&out, "not a number");
        return out;
    }
    if (size == 0)
        return (dpid_number_text){"0"};
    if (value < 0)
        append(&out, MINUS);
    if (isinf(value))
        append(&out, "\xe2\x88\x9e");
    else if (size < 0.000995 || size >= 1e5)
        append_scientific(&out, size, digits);
    else if (size >= pow(10, digits))
        append(&out, dpid_number(round(size)).text);
    else
        append(&out, dpid_number_rounded(size, digits).text);
    return out;
}

dpid_number_text dpid_words(double value)
{
    enum { DIGITS = 3 };
    return dpid_words_digits(value, DIGITS);
}

dpid_number_text dpid_words_exact(double value)
{
    enum { DIGITS = 9 };
    return dpid_words_digits(value, DIGITS);
}

/* ---- intervals: both ends with the same places ------------------------------------------------ */

static int32_t places_of(const char *text)
{
    const char *point = strchr(text, '.');
    return point ? (int32_t)strlen(point + 1) : 0;
}

/* As many as the ends need with three digits each, but no more than give the larger one three and the smaller one one;
   -1: they are not written with places, being 0, infinite, or powers of ten. */
static int32_t common_places(double low, double high)
{
    enum { DIGITS = 3 };
    const double least = 0.000995;
    const double larger = fmax(fabs(low), fabs(high));
    const double smaller = fmin(fabs(low), fabs(high));
    if (!(smaller >= least && larger < 1e5))
        return -1;
    const int32_t needed = (int32_t)fmax(places_of(dpid_words(low).text), places_of(dpid_words(high).text));
    const int32_t fine = DIGITS - 1 - (int32_t)floor(log10(larger));
    const int32_t least_places = -(int32_t)floor(log10(smaller) + 1e-9);
    const int32_t most = fine > least_places ? fine : least_places;
    return needed < most ? needed : most > 0 ? most : 0;
}

static void append_end(dpid_number_text *out, double value, int32_t places)
{
    char text[32];
    snprintf(text, sizeof text, "%.*f", places < 0 ? 0 : places, fabs(value));
    append(out, places >= 0 && value < 0 ? MINUS : "");
    append(out, places >= 0 ? text : dpid_words(value).text);
}

dpid_number_text dpid_words_interval(double value, double low, double high)
{
    dpid_number_text out = dpid_words(value);
    const int32_t places = common_places(low, high);
    if (isnan(low) || isnan(high))
        return out;
    append(&out, " [");
    append_end(&out, low, places);
    append(&out, ", ");
    append_end(&out, high, places);
    append(&out, "]");
    return out;
}

dpid_number_text dpid_words_percent(double share)
{
    const double percent = 100 * share;
    const double whole = fabs(percent) < 1 ? round(10 * percent) / 10 : round(percent);
    dpid_number_text out = dpid_words_digits(whole, 6);
    append(&out, " %");
    return out;
}
