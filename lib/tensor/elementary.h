/* Elementary functions that a compiler can run over vectors: no branch, no table, no call; a NaN that enters comes
   out. Files that use them need no libm in their loops. The letter f is for float, as in the C library; DPID_EXP and
   its like choose by the type of x, and for long double take the C library's. Method: e^x = 2^n e^r with r = x - n
   ln 2 in two parts, |r| <= ln 2 / 2, and e^r as a polynomial (Cody and Waite 1980, chapter 6). */
#ifndef DPID_TENSOR_ELEMENTARY_H
#define DPID_TENSOR_ELEMENTARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- double ---------------------------------------------------------------- */

/* 2^n, n as a number with 1.5 2^52 added, -1023 < n < 1024 */
static inline double dpid_power(double shifted)
{
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;
    memcpy(&shifted, &bits, sizeof shifted);
    return shifted;
}

/* (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2: the Taylor series, what is left out is below 1e-17 */
static inline double dpid_series(double r)
{
    double p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600;
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
    return p;
}

/* e^(x + d), |d| far below 1: within 2 ulp; NaN stays */
static inline double dpid_exp_sum(double x, double d)
{
    const double shift = 0x1.8p52; /* adding it rounds to whole numbers and leaves them in the last bits */
    const double above = x < -746.0 ? -746.0 : x; /* NaN stays */
    const double least = above > 710.0 ? 710.0 : above;
    const double shifted = least * 0x1.71547652b82fep0 + shift;
    const double n = shifted - shift;
    const double r = ((least - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33) + d;
    const double half = n * 0.5 + shift; /* 2^n in two factors: n may be outside of the exponents */
    const double power = (dpid_series(r) * r + 1) * r + 1;
    return power * dpid_power(half) * dpid_power((n - (half - shift)) + shift);
}

static inline double dpid_exp(double x)
{
    return dpid_exp_sum(x, 0);
}

/* e^x - 1 for x <= 0: 2^n (e^r - 1) + (2^n - 1), within 2 ulp; the sign of -0 is lost */
static inline double dpid_expm1(double x)
{
    const double shift = 0x1.8p52;
    const double least = x < -40.0 ? -40.0 : x; /* there it is -1 */
    const double shifted = least * 0x1.71547652b82fep0 + shift;
    const double n = shifted - shift;
    const double r = (least - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    const double power = dpid_power(shifted);
    return power * (dpid_series(r) * (r * r) + r) + (power - 1);
}

/* log(1 + x) for 0 <= x <= 1, within 2 ulp: with 1 + x = 2^k (1 + f) and s = f / (2 + f), log(1 + f) = f - f^2/2 + s
   (f^2/2 + R), R = 2 s^2/3 + 2 s^4/5 + ... (fdlibm's e_log.c, Sun 1993). |s| <= 1/5: what is left out is below
   1e-17. */
static inline double dpid_log1p(double x)
{
    const double k = x > 0.5 ? 1 : 0;
    const double f = x > 0.5 ? (x - 1) * 0.5 : x;
    const double s = f / (2 + f);
    const double z = s * s;
    const double square = 0.5 * f * f;
    double p = 2.0 / 23;
    p = p * z + 2.0 / 21;
    p = p * z + 2.0 / 19;
    p = p * z + 2.0 / 17;
    p = p * z + 2.0 / 15;
    p = p * z + 2.0 / 13;
    p = p * z + 2.0 / 11;
    p = p * z + 2.0 / 9;
    p = p * z + 2.0 / 7;
    p = p * z + 2.0 / 5;
    p = p * z + 2.0 / 3;
    return k * 0x1.62e42feep-1 + ((f - square) + (s * (square + p * z) + k * 0x1.a39ef35793c76p-33));
}

/* e^(-x^2/2) for x >= 0, within 2 ulp. The rounding of x^2, which e^x would enlarge, is found exactly by cutting x
   in two (Dekker 1971) and goes along. */
static inline double dpid_bell(double x)
{
    const double most = x > 39.0 ? 39.0 : x; /* there it is 0 */
    uint64_t bits;
    double high;
    memcpy(&bits, &most, sizeof bits);
    bits &= ~(uint64_t)0x7ffffff;
    memcpy(&high, &bits, sizeof high);
    const double low = most - high;
    const double square = most * most;
    const double missing = ((high * high - square) + 2 * high * low) + low * low;
    return dpid_exp_sum(-0.5 * square, -0.5 * missing);
}

/* (1 - Phi(x)) / e^(-x^2/2) for x >= 0, within 3 ulp, Phi the normal distribution: a polynomial in t = (x - 5) / (x
   + 5) over 2 + 1.6 x (the form of Shepherd and Laframboise 1981; coefficients by interpolation at Chebyshev's
   points, 0 <= x <= 39, relative error 1.5e-17) */
static inline double dpid_mills(double x)
{
    const double most = x > 39.0 ? 39.0 : x;
    const double t = 2 * (most / (most + 5)) - 1; /* with less rounding near 0 */
    double p = 0x1.39ec0e79d905cp-30;
    p = p * t + 0x1.ac3e85159b96bp-28;
    p = p * t + 0x1.641cdfa2c3428p-30;
    p = p * t - 0x1.a56c0e45ba611p-25;
    p = p * t - 0x1.539274d4b367cp-25;
    p = p * t + 0x1.44fd91b2fb3d2p-22;
    p = p * t + 0x1.eebfb742f183cp-23;
    p = p * t - 0x1.0c41f32640b13p-19;
    p = p * t - 0x1.9869198dedabdp-22;
    p = p * t + 0x1.d56c510b1fcf8p-17;
    p = p * t - 0x1.ba21fa2e62dedp-17;
    p = p * t - 0x1.662507cdd61b4p-14;
    p = p * t + 0x1.188f9795ff441p-12;
    p = p * t + 0x1.15917d18540a5p-14;
    p = p * t - 0x1.53fcb05de09c0p-9;
    p = p * t + 0x1.36c2bbe0274bap-7;
    p = p * t - 0x1.52c1eaf649ce1p-6;
    p = p * t + 0x1.e9c6c42f41ed8p-6;
    p = p * t - 0x1.7a767125f7439p-6;
    p = p * t - 0x1.0bdffa3617d51p-6;
    p = p * t + 0x1.89871b891f43cp-4;
    p = p * t - 0x1.a184d9ab9c11ep-3;
    p = p * t + 0x1.89d3abe1f95aep-1;
    return p / (2 + 1.6 * most);
}

/* ---- float ----------------------------------------------------------------- */

/* 2^n, n as a number with 1.5 2^23 added, -127 < n < 128 */
static inline float dpid_powerf(float shifted)
{
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;
    memcpy(&shifted, &bits, sizeof shifted);
    return shifted;
}

/* (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, by Cephes' expf (Moshier 1992) */
static inline float dpid_seriesf(float r)
{
    float p = 1.9875691500E-4f;
    p = p * r + 1.3981999507E-3f;
    p = p * r + 8.3334519073E-3f;
    p = p * r + 4.1665795894E-2f;
    p = p * r + 1.6666665459E-1f;
    p = p * r + 5.0000001201E-1f;
    return p;
}

/* e^(x + d), |d| far below 1: within 2 ulp; NaN stays */
static inline float dpid_exp_sumf(float x, float d)
{
    const float shift = 0x1.8p23f; /* adding it rounds to whole numbers and leaves them in the last bits */
    const float above = x < -105.0f ? -105.0f : x; /* NaN stays */
    const float least = above > 89.0f ? 89.0f : above;
    const float shifted = least * 0x1.715476p0f + shift;
    const float n = shifted - shift;
    const float r = ((least - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f) + d;
    const float half = n * 0.5f + shift; /* 2^n in two factors: n may be outside of the exponents */
    const float power = dpid_seriesf(r) * (r * r) + r + 1;
    return power * dpid_powerf(half) * dpid_powerf((n - (half - shift)) + shift);
}

static inline float dpid_expf(float x)
{
    return dpid_exp_sumf(x, 0);
}

/* e^x - 1 for x <= 0: 2^n (e^r - 1) + (2^n - 1), within 2 ulp; the sign of -0 is lost */
static inline float dpid_expm1f(float x)
{
    const float shift = 0x1.8p23f;
    const float least = x < -20.0f ? -20.0f : x; /* there it is -1 */
    const float shifted = least * 0x1.715476p0f + shift;
    const float n = shifted - shift;
    const float r = (least - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
    const float power = dpid_powerf(shifted);
    return power * (dpid_seriesf(r) * (r * r) + r) + (power - 1);
}

/* log(1 + x) for 0 <= x <= 1, within 2 ulp: with 1 + x = 2^k (1 + f) and s = f / (2 + f), log(1 + f) = f - f^2/2 + s
   (f^2/2 + R), R = 2 s^2/3 + 2 s^4/5 + ... (fdlibm's e_log.c, Sun 1993). |s| <= 1/5: what is left out is below 4e-9. */
static inline float dpid_log1pf(float x)
{
    const float k = x > 0.5f ? 1 : 0;
    const float f = x > 0.5f ? (x - 1) * 0.5f : x;
    const float s = f / (2 + f);
    const float z = s * s;
    const float square = 0.5f * f * f;
    float p = 2.0f / 11;
    p = p * z + 2.0f / 9;
    p = p * z + 2.0f / 7;
    p = p * z + 2.0f / 5;
    p = p * z + 2.0f / 3;
    return k * 0x1.62e4p-1f + ((f - square) + (s * (square + p * z) + k * 0x1.7f7d1cp-20f));
}

/* e^(-x^2/2) for x >= 0, within 2 ulp. The rounding of x^2, which e^x would enlarge, is found exactly by cutting x
   in two (Dekker 1971) and goes along. */
static inline float dpid_bellf(float x)
{
    const float most = x > 15.0f ? 15.0f : x; /* there it is 0 */
    uint32_t bits;
    float high;
    memcpy(&bits, &most, sizeof bits);
    bits &= ~(uint32_t)0xfff;
    memcpy(&high, &bits, sizeof high);
    const float low = most - high;
    const float square = most * most;
    const float missing = ((high * high - square) + 2 * high * low) + low * low;
    return dpid_exp_sumf(-0.5f * square, -0.5f * missing);
}

/* (1 - Phi(x)) / e^(-x^2/2) for x >= 0, within 3 ulp, Phi the normal distribution: a polynomial in t = (x - 4) / (x
   + 4) over 2 + 1.6 x (the form of Shepherd and Laframboise 1981; coefficients by interpolation at Chebyshev's
   points, 0 <= x <= 15, relative error 1.8e-9) */
static inline float dpid_millsf(float x)
{
    const float most = x > 15.0f ? 15.0f : x;
    const float t = 2 * (most / (most + 4)) - 1; /* with less rounding near 0 */
    float p = -0.0001159568772f;
    p = p * t - 0.000128787695f;
    p = p * t + 0.001036046403f;
    p = p * t - 0.0002205182769f;
    p = p * t - 0.007801715555f;
    p = p * t + 0.0253051568f;
    p = p * t - 0.03917045811f;
    p = p * t + 0.01707721058f;
    p = p * t + 0.07215111607f;
    p = p * t - 0.2228846409f;
    p = p * t + 0.7930493868f;
    return p / (2 + 1.6f * most);
}

/* tanh x. Small |x|: x + x^3 P(x^2), P of Cephes' tanhf (Moshier 1992); else 1 - 2 / (e^2|x| + 1). Error at most 2
   ulp. */
static inline float dpid_tanhf(float x)
{
    const float size = x < 0 ? -x : x;
    const float z = x * x;
    const float small =
        ((((-5.70498872745E-3f * z + 2.06390887954E-2f) * z - 5.37397155531E-2f) * z + 1.33314422036E-1f) * z -
         3.33332819422E-1f) *
            z * x +
        x;
    const float twice = size > 10 ? 20.0f : 2 * size; /* tanh 10 rounds to 1; NaN goes on */
    const float shift = 0x1.8p23f;
    const float shifted = twice * 0x1.715476p0f + shift;
    const float n = shifted - shift;
    const float r = (twice - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
    const float power = dpid_seriesf(r) * (r * r) + r + 1;
    const float large = 1 - 2 / (power * dpid_powerf(shifted) + 1);
    const float sized = x < 0 ? -large : large;
    const float tiny = size < 0x1p-12f ? x : small; /* keeps -0 */
    return size < 0.625f ? tiny : sized;
}

/* ---- long double: the C library's, x >= 0 ---------------------------------------------- */

static inline long double dpid_bell_long(long double x)
{
    return expl(-x * x / 2);
}

/* 1 - Phi(x) = erfc(x / sqrt 2) / 2; 0 / 0 far out, where e^(-x^2/2) is 0 */
static inline long double dpid_mills_long(long double x)
{
    const long double sqrt_half = 0.70710678118654752440084436210484904L;
    const long double bell = dpid_bell_long(x);
    return bell > 0 ? erfcl(x * sqrt_half) / (2 * bell) : bell;
}

/* ---- by type --------------------------------------------------------------- */

#define DPID_EXP(x) _Generic((x), float : dpid_expf, double : dpid_exp, long double : expl)(x)
#define DPID_EXPM1(x) _Generic((x), float : dpid_expm1f, double : dpid_expm1, long double : expm1l)(x)
#define DPID_LOG1P(x) _Generic((x), float : dpid_log1pf, double : dpid_log1p, long double : log1pl)(x)
#define DPID_BELL(x) _Generic((x), float : dpid_bellf, double : dpid_bell, long double : dpid_bell_long)(x)
#define DPID_MILLS(x) _Generic((x), float : dpid_millsf, double : dpid_mills, long double : dpid_mills_long)(x)

#endif
