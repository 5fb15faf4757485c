/* Decimal numbers, read fast and rounded once: what strtod gives, to the bit.   m 10^e  with a whole m below 2^64.

   Up to 2^53 and 10^22 both m and the power are doubles, and one operation rounds once (Clinger 1990). Up to 10^27 they
   are long doubles; their result, rounded to 64 bits, rounds on to the right double unless it lies half way between two
   of them. What is left, one number in some thousands, is strtod's. */
#include "base/text.h"

#include <float.h>
#include <math.h>
#include <string.h>

_Static_assert(LDBL_MANT_DIG == 64, "a long double is taken to have a mantissa of 64 bits");

enum { DIGITS_MAX = 19, DOUBLE_POWER = 22, POWER_MAX = 27, EXPONENT_MAX = 100000 };

static const long double power[POWER_MAX + 1] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                                 1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
                                                 1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};

typedef struct {
    uint64_t m;
    int64_t exponent;
    int32_t digits; /* of m */
    bool any, lost; /* a digit was read; one that is not 0 is not in m */
} decimal;

static const char *read_digits(const char *p, const char *end, bool fraction, decimal *d)
{
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        const unsigned digit = (unsigned)(*p - '0');
        d->any = true;
        if (d->digits < DIGITS_MAX) {
            d->m = d->m * 10 + digit;
            d->digits += d->m > 0;
            d->exponent -= fraction;
        } else {
            d->lost |= digit > 0;
            d->exponent += !fraction;
        }
    }
    return p;
}

/* Behind e or E; without a digit there it belongs to no number. */
static const char *read_exponent(const char *p, const char *end, decimal *d)
{
    const char *at = p + 1;
    const bool negative = at < end && *at == '-';
    int64_t value = 0;
    at += at < end && (*at == '-' || *at == '+');
    const char *first = at;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        value = value < EXPONENT_MAX ? value * 10 + (*at - '0') : value;
    d->exponent += negative ? -value : value;
    return at > first ? at : p;
}

/* False: it takes more than one rounding. */
static bool round_once(const decimal *d, double *out)
{
    const int64_t places = d->exponent < 0 ? -d->exponent : d->exponent;
    const uint64_t half = 0x400;
    if (d->lost || (places > POWER_MAX && d->m > 0))
        return false;
    if (d->m == 0) {
        *out = 0;
        return true;
    }
    if (d->m <= (uint64_t)1 << DBL_MANT_DIG && places <= DOUBLE_POWER) {
        *out = d->exponent < 0 ? (double)d->m / (double)power[places] : (double)d->m * (double)power[places];
        return true;
    }
    const long double value = d->exponent < 0 ? (long double)d->m / power[places] : (long double)d->m * power[places];
    uint64_t mantissa;
    memcpy(&mantissa, &value, sizeof mantissa);
    *out = (double)value;
    return (mantissa & (2 * half - 1)) != half;
}

static bool round_slowly(const char *text, const char *end, char point, double *out)
{
    enum { LONGEST = 400 };
    char copy[LONGEST];
    if (end - text > LONGEST)
        return false;
    for (int64_t i = 0; i < end - text; i++)
        copy[i] = text[i] == point ? '.' : text[i];
    return dpid_parse_double(copy, end - text, out) && isfinite(*out);
}

const char *dpid_read_decimal(const char *text, const char *end, char point, double *out)
{
    decimal d = {.m = 0};
    const bool negative = text < end && *text == '-';
    const char *p = text + (text < end && (*text == '-' || *text == '+'));
    p = read_digits(p, end, false, &d);
    if (p < end && *p == point)
        p = read_digits(p + 1, end, true, &d);
    if (!d.any)
        return NULL;
    if (p < end && (*p == 'e' || *p == 'E'))
        p = read_exponent(p, end, &d);
    if (!round_once(&d, out))
        return round_slowly(text, p, point, out) ? p : NULL;
    *out = negative ? -*out : *out;
    return p;
}
