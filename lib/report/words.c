/* Numbers as people read them: three significant digits, × 10 to a power, a true minus sign. */
#include "report/words.h"

#include <deepid/report.h>

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
    static const char *const digits[] = {"\xe2\x81\xb0", "\xc2\xb9", "\xc2\xb2", "\xc2\xb3", "\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7", "\xe2\x81\xb8", "\xe2\x81\xb9"};
    char text[16];
    append(out, "\xc3\x97" "10");
    append(out, power < 0 ? "\xe2\x81\xbb" : "");
    snprintf(text, sizeof text, "%d", abs(power));
    for (const char *p = text; *p; p++)
        append(out, digits[*p - '0']);
}

/* "1.230e-05" of the C library, cut into mantissa and power. */
static void append_scientific(dpid_number_text *out, double size)
{
    const int power = (int)floor(log10(size) + 1e-12);
    const dpid_number_text mantissa = dpid_number_rounded(size / pow(10, power), 3);
    append(out, mantissa.text);
    append_power(out, power);
}

dpid_number_text dpid_words(double value)
{
    enum { DIGITS = 3 };
    dpid_number_text out = {""};
    const double size = fabs(value);
    if (isnan(value)) {
        append(&out, "not a number");
        return out;
    }
    if (value < 0)
        append(&out, MINUS);
    if (isinf(value))
        append(&out, "\xe2\x88\x9e");
    else if (size == 0)
        return (dpid_number_text){"0"};
    else if (size < 0.000995 || size >= 1e5)
        append_scientific(&out, size);
    else if (size >= 1000)
        append(&out, dpid_number(round(size)).text);
    else
        append(&out, dpid_number_rounded(size, DIGITS).text);
    return out;
}

int32_t deepid_format_number(double value, char *buffer, int64_t size)
{
    enum { LEAST = 40 };
    if (!buffer || size < LEAST)
        return DEEPID_ERR_ARGUMENT;
    const dpid_number_text words = dpid_words(value); /* far shorter than LEAST */
    memcpy(buffer, words.text, strlen(words.text) + 1);
    return DEEPID_OK;
}
