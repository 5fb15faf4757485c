/* Elementary functions that a compiler can run over vectors: no branch, no table, no call; a NaN that enters comes out. Files that use them need no libm in their loops.
   Method: e^x = 2^n e^r with r = x - n ln 2 in two parts, |r| <= ln 2 / 2, and e^r as a polynomial (Cody and Waite 1980, chapter 6). */
#ifndef DPID_TENSOR_ELEMENTARY_H
#define DPID_TENSOR_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

/* e^x for x <= 0 (and a little above), relative error at most 4e-16; below -708 the result may lose digits, below -745 it is 0. */
static inline double dpid_exp(double x)
{
    const double shift = 0x1.8p52; /* adding it rounds to whole numbers and leaves them in the last bits */
    const double least = x < -746.0 ? -746.0 : x;
    const double shifted = least * 0x1.71547652b82fep0 + shift;
    const double n = shifted - shift;
    const double r = (least - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    double p = 1.0 / 479001600; /* the Taylor series: what is left out is below 2e-17 */
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    int64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    const int64_t half = (int64_t)((uint64_t)bits << 32) >> 33; /* 2^n in two factors: n may be below the least exponent */
    const int64_t rest = ((int64_t)((uint64_t)bits << 32) >> 32) - half;
    const uint64_t low = (uint64_t)(half + 1023) << 52;
    const uint64_t high = (uint64_t)(rest + 1023) << 52;
    double a;
    double b;
    memcpy(&a, &low, sizeof a);
    memcpy(&b, &high, sizeof b);
    return p * a * b;
}

/* tanh x. Small |x|: x + x^3 P(x^2), P of Cephes' tanhf (Moshier 1992); else 1 - 2 / (e^2|x| + 1). Error at most 2 ulp. */
static inline float dpid_tanhf(float x)
{
    const float size = x < 0 ? -x : x;
    const float z = x * x;
    const float small = ((((-5.70498872745E-3f * z + 2.06390887954E-2f) * z - 5.37397155531E-2f) * z + 1.33314422036E-1f) * z - 3.33332819422E-1f) * z * x + x;
    const float twice = size > 10 ? 20.0f : 2 * size; /* tanh 10 rounds to 1; NaN goes on */
    const float shift = 0x1.8p23f;
    const float shifted = twice * 0x1.715476p0f + shift;
    const float n = shifted - shift;
    const float r = (twice - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
    float p = 1.9875691500E-4f; /* Cephes' expf */
    p = p * r + 1.3981999507E-3f;
    p = p * r + 8.3334519073E-3f;
    p = p * r + 4.1665795894E-2f;
    p = p * r + 1.6666665459E-1f;
    p = p * r + 5.0000001201E-1f;
    p = p * (r * r) + r + 1;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    const uint32_t scale = (bits + 127) << 23;
    float power;
    memcpy(&power, &scale, sizeof power);
    const float large = 1 - 2 / (p * power + 1);
    const float sized = x < 0 ? -large : large;
    const float tiny = size < 0x1p-12f ? x : small; /* keeps -0 */
    return size < 0.625f ? tiny : sized;
}

#endif
