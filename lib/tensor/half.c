/* Sixteen-bit floats.   What: half.h */
#include "tensor/half.h"

#include <math.h>

/* x / 2^shift to nearest, ties to even; shift at least 1 */
static uint32_t divide_to_even(uint32_t x, uint32_t shift)
{
    const uint32_t half = (uint32_t)1 << (shift - 1);
    const uint32_t rest = x & (2 * half - 1);
    const uint32_t down = x >> shift;
    return down + (rest > half || (rest == half && (down & 1) == 1));
}

/* ---- binary16 ---------------------------------------------------------------- */

/* As floats: infinity, 65520 = half way from the largest binary16 to 2^16, and 2^-25 = half of the smallest. */
enum { FLOAT_INFINITY = 0x7f800000, TO_INFINITY = 0x477ff000, TO_ZERO = 0x33000000 };
/* 113: a float's exponent field at 2^-14 */
enum { SIGN = 0x8000, INFINITE = 0x7c00, QUIET_NAN = 0x7e00, LEAST_NORMAL = 113 };

/* |x| = s 2^(e - 150) with a significand s of 24 bits; the unit of the last place is 2^(e - 137), and 2^-24 where e
   < 113. */
uint16_t dpid_f16_of(float x)
{
    const uint32_t sign = dpid_float_bits(x) >> 16 & SIGN;
    const uint32_t size = dpid_float_bits(x) & 0x7fffffff;
    if (size > FLOAT_INFINITY)
        return (uint16_t)(sign | QUIET_NAN);
    if (size >= TO_INFINITY)
        return (uint16_t)(sign | INFINITE);
    if (size <= TO_ZERO)
        return (uint16_t)sign;
    const uint32_t e = size >> 23;
    const uint32_t s = (size & 0x7fffff) | 0x800000;
    if (e < LEAST_NORMAL)
        return (uint16_t)(sign | divide_to_even(s, LEAST_NORMAL + 13 - e));
    /* the leading bit of s, and a carry, raise the exponent by one */
    return (uint16_t)(sign | (((e - LEAST_NORMAL) << 10) + divide_to_even(s, 13)));
}

float dpid_f16_value(uint16_t bits)
{
    const int e = bits >> 10 & 31;
    const int s = bits & 1023;
    const float size = e == 31  ? (s ? NAN : INFINITY)
                       : e == 0 ? ldexpf((float)s, -24)
                                : ldexpf((float)(s + 1024), e - 25);
    return bits & SIGN ? -size : size;
}

/* ---- bfloat16 ---------------------------------------------------------------- */

uint16_t dpid_bf16_of(float x)
{
    const uint32_t bits = dpid_float_bits(x);
    if ((bits & 0x7fffffff) > FLOAT_INFINITY)
        return (uint16_t)(bits >> 16 | 0x40);  /* quiet: a NaN whose upper half is that of infinity stays one */
    return (uint16_t)divide_to_even(bits, 16); /* a carry runs into the exponent, up to infinity */
}

float dpid_bf16_value(uint16_t bits)
{
    return dpid_bits_float((uint32_t)bits << 16);
}
