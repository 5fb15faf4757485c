/* Elementary functions that a compiler can run over vectors: no branch, no table, no call; a NaN that enters comes
   out. Files that use them need no libm in their loops. The letter f is for float, as in the C library; DPID_EXP and
   its like choose by the type of x, and for long double take the C library's. Method: e^x = 2^n e^r with r = x - n
   ln 2 in two parts, |r| <= ln 2 / 2, and e^r as a polynomial (Cody and Waite 1980, chapter 6). */
#ifndef DPID_TENSOR_ELEMENTARY_H
#define DPID_TENSOR_ELEMENTARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- a b + c ---------------------------------------------------------------- */

/* Rounded once where the instruction set can, twice elsewhere. Written out, because otherwise it would be the
   compiler's choice which products are fused, and with it the bits. */
#ifdef __FMA__
#define DPID_FUSED
#endif

static inline double dpid_fma(double a, double b, double c)
{
#ifdef DPID_FUSED
    return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

static inline float dpid_fmaf(float a, float b, float c)
{
#ifdef DPID_FUSED
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

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
    p = dpid_fma(p, r, 1.0 / 479001600);
    p = dpid_fma(p, r, 1.0 / 39916800);
    p = dpid_fma(p, r, 1.0 / 3628800);
    p = dpid_fma(p, r, 1.0 / 362880);
    p = dpid_fma(p, r, 1.0 / 40320);
    p = dpid_fma(p, r, 1.0 / 5040);
    p = dpid_fma(p, r, 1.0 / 720);
    p = dpid_fma(p, r, 1.0 / 120);
    p = dpid_fma(p, r, 1.0 / 24);
    p = dpid_fma(p, r, 1.0 / 6);
    p = dpid_fma(p, r, 0.5);
    return p;
}

/* e^(x + d) for -746 <= x <= 0, |d| far below 1: within 2 ulp; NaN stays. The power of two goes in two factors: 2^n may
   be below the least normal number. */
static inline double dpid_exp_sum(double x, double d)
{
    const double shift = 0x1.8p52; /* adding it rounds to whole numbers and leaves them in the last bits */
    const double up = 512;
    const double shifted = dpid_fma(x, 0x1.71547652b82fep0, shift);
    const double n = shifted - shift;
    const double r = dpid_fma(n, -0x1.a39ef35793c76p-33, dpid_fma(n, -0x1.62e42feep-1, x)) + d;
    const double power = dpid_fma(dpid_fma(dpid_series(r), r, 1), r, 1);
    return power * dpid_power(shifted + up) * 0x1p-512;
}

/* e^x for x <= 0, within 2 ulp */
static inline double dpid_exp(double x)
{
    return dpid_exp_sum(x < -746.0 ? -746.0 : x, 0); /* NaN stays */
}

/* e^x - 1 for x <= 0: 2^n (e^r - 1) + (2^n - 1), within 2 ulp; the sign of -0 is lost */
static inline double dpid_expm1(double x)
{
    const double shift = 0x1.8p52;
    const double least = x < -40.0 ? -40.0 : x; /* there it is -1 */
    const double shifted = dpid_fma(least, 0x1.71547652b82fep0, shift);
    const double n = shifted - shift;
    const double r = dpid_fma(n, -0x1.a39ef35793c76p-33, dpid_fma(n, -0x1.62e42feep-1, least));
    const double power = dpid_power(shifted);
    return dpid_fma(power, dpid_fma(dpid_series(r), r * r, r), power - 1);
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
    p = dpid_fma(p, z, 2.0 / 21);
    p = dpid_fma(p, z, 2.0 / 19);
    p = dpid_fma(p, z, 2.0 / 17);
    p = dpid_fma(p, z, 2.0 / 15);
    p = dpid_fma(p, z, 2.0 / 13);
    p = dpid_fma(p, z, 2.0 / 11);
    p = dpid_fma(p, z, 2.0 / 9);
    p = dpid_fma(p, z, 2.0 / 7);
    p = dpid_fma(p, z, 2.0 / 5);
    p = dpid_fma(p, z, 2.0 / 3);
    const double rest = dpid_fma(s, dpid_fma(p, z, square), k * 0x1.a39ef35793c76p-33);
    return dpid_fma(k, 0x1.62e42feep-1, (f - square) + rest);
}

/* x^2 - square, square being the rounded x^2: exactly, where that is not too small. Without a fused multiply-add by
   cutting x in two (Dekker 1971). */
static inline double dpid_square_rest(double x, double square)
{
#ifdef DPID_FUSED
    return __builtin_fma(x, x, -square);
#else
    uint64_t bits;
    double high;
    memcpy(&bits, &x, sizeof bits);
    bits &= ~(uint64_t)0x7ffffff;
    memcpy(&high, &bits, sizeof high);
    const double low = x - high;
    return ((high * high - square) + 2 * high * low) + low * low;
#endif
}

/* e^(-x^2/2) for x >= 0, within 2 ulp. The rounding of x^2, which e^x would enlarge, goes along. */
static inline double dpid_bell(double x)
{
    const double most = x > 38.625 ? 38.625 : x; /* there it is 0 */
    const double square = most * most;
    return dpid_exp_sum(-0.5 * square, -0.5 * dpid_square_rest(most, square));
}

/* (1 - Phi(x)) / e^(-x^2/2) for x >= 0, within 3 ulp, Phi the normal distribution: a polynomial in t = (x - 5) / (x
   + 5) over 2 + 1.6 x (the form of Shepherd and Laframboise 1981; coefficients by interpolation at Chebyshev's
   points, 0 <= x <= 39, relative error 1.5e-17) */
static inline double dpid_mills(double x)
{
    const double most = x > 39.0 ? 39.0 : x;
    const double t = 2 * (most / (most + 5)) - 1; /* with less rounding near 0 */
    double p = 0x1.39ec0e79d905cp-30;
    p = dpid_fma(p, t, 0x1.ac3e85159b96bp-28);
    p = dpid_fma(p, t, 0x1.641cdfa2c3428p-30);
    p = dpid_fma(p, t, -0x1.a56c0e45ba611p-25);
    p = dpid_fma(p, t, -0x1.539274d4b367cp-25);
    p = dpid_fma(p, t, 0x1.44fd91b2fb3d2p-22);
    p = dpid_fma(p, t, 0x1.eebfb742f183cp-23);
    p = dpid_fma(p, t, -0x1.0c41f32640b13p-19);
    p = dpid_fma(p, t, -0x1.9869198dedabdp-22);
    p = dpid_fma(p, t, 0x1.d56c510b1fcf8p-17);
    p = dpid_fma(p, t, -0x1.ba21fa2e62dedp-17);
    p = dpid_fma(p, t, -0x1.662507cdd61b4p-14);
    p = dpid_fma(p, t, 0x1.188f9795ff441p-12);
    p = dpid_fma(p, t, 0x1.15917d18540a5p-14);
    p = dpid_fma(p, t, -0x1.53fcb05de09c0p-9);
    p = dpid_fma(p, t, 0x1.36c2bbe0274bap-7);
    p = dpid_fma(p, t, -0x1.52c1eaf649ce1p-6);
    p = dpid_fma(p, t, 0x1.e9c6c42f41ed8p-6);
    p = dpid_fma(p, t, -0x1.7a767125f7439p-6);
    p = dpid_fma(p, t, -0x1.0bdffa3617d51p-6);
    p = dpid_fma(p, t, 0x1.89871b891f43cp-4);
    p = dpid_fma(p, t, -0x1.a184d9ab9c11ep-3);
    p = dpid_fma(p, t, 0x1.89d3abe1f95aep-1);
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
    p = dpid_fmaf(p, r, 1.3981999507E-3f);
    p = dpid_fmaf(p, r, 8.3334519073E-3f);
    p = dpid_fmaf(p, r, 4.1665795894E-2f);
    p = dpid_fmaf(p, r, 1.6666665459E-1f);
    p = dpid_fmaf(p, r, 5.0000001201E-1f);
    return p;
}

/* e^(x + d) for -106 <= x <= 0, |d| far below 1: within 2 ulp; NaN stays. The power of two goes in two factors: 2^n may
   be below the least normal number. */
static inline float dpid_exp_sumf(float x, float d)
{
    const float shift = 0x1.8p23f; /* adding it rounds to whole numbers and leaves them in the last bits */
    const float up = 64;
    const float shifted = dpid_fmaf(x, 0x1.715476p0f, shift);
    const float n = shifted - shift;
    const float r = dpid_fmaf(n, -0x1.7f7d1cp-20f, dpid_fmaf(n, -0x1.62e4p-1f, x)) + d;
    const float power = dpid_fmaf(dpid_seriesf(r), r * r, r) + 1;
    return power * dpid_powerf(shifted + up) * 0x1p-64f;
}

/* e^x for x <= 0, within 2 ulp */
static inline float dpid_expf(float x)
{
    return dpid_exp_sumf(x < -105.0f ? -105.0f : x, 0); /* NaN stays */
}

/* e^x - 1 for x <= 0: 2^n (e^r - 1) + (2^n - 1), within 2 ulp; the sign of -0 is lost */
static inline float dpid_expm1f(float x)
{
    const float shift = 0x1.8p23f;
    const float least = x < -20.0f ? -20.0f : x; /* there it is -1 */
    const float shifted = dpid_fmaf(least, 0x1.715476p0f, shift);
    const float n = shifted - shift;
    const float r = dpid_fmaf(n, -0x1.7f7d1cp-20f, dpid_fmaf(n, -0x1.62e4p-1f, least));
    const float power = dpid_powerf(shifted);
    return dpid_fmaf(power, dpid_fmaf(dpid_seriesf(r), r * r, r), power - 1);
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
    p = dpid_fmaf(p, z, 2.0f / 9);
    p = dpid_fmaf(p, z, 2.0f / 7);
    p = dpid_fmaf(p, z, 2.0f / 5);
    p = dpid_fmaf(p, z, 2.0f / 3);
    const float rest = dpid_fmaf(s, dpid_fmaf(p, z, square), k * 0x1.7f7d1cp-20f);
    return dpid_fmaf(k, 0x1.62e4p-1f, (f - square) + rest);
}

/* As dpid_square_rest. */
static inline float dpid_square_restf(float x, float square)
{
#ifdef DPID_FUSED
    return __builtin_fmaf(x, x, -square);
#else
    uint32_t bits;
    float high;
    memcpy(&bits, &x, sizeof bits);
    bits &= ~(uint32_t)0xfff;
    memcpy(&high, &bits, sizeof high);
    const float low = x - high;
    return ((high * high - square) + 2 * high * low) + low * low;
#endif
}

/* e^(-x^2/2) for x >= 0, within 2 ulp. The rounding of x^2, which e^x would enlarge, goes along. */
static inline float dpid_bellf(float x)
{
    const float most = x > 14.5f ? 14.5f : x; /* there it is 0 */
    const float square = most * most;
    return dpid_exp_sumf(-0.5f * square, -0.5f * dpid_square_restf(most, square));
}

/* (1 - Phi(x)) / e^(-x^2/2) for x >= 0, within 3 ulp, Phi the normal distribution: a polynomial in t = 2 x / (x + 2.25)
   - 3/8 over x + 2.25, which is divided by once (the form of Shepherd and Laframboise 1981; coefficients by
   interpolation at Chebyshev's points, 0 <= x <= 15) */
static inline float dpid_millsf(float x)
{
    const float most = x > 15.0f ? 15.0f : x;
    const float inverse = 1 / (most + 2.25f);
    const float t = dpid_fmaf(2, most * inverse, -0.375f);
    float p = -0.00009211765f;
    p = dpid_fmaf(p, t, 0.00036026578f);
    p = dpid_fmaf(p, t, -0.00018300177f);
    p = dpid_fmaf(p, t, -0.000083733314f);
    p = dpid_fmaf(p, t, -0.0012311706f);
    p = dpid_fmaf(p, t, -0.0025466667f);
    p = dpid_fmaf(p, t, 0.004099176f);
    p = dpid_fmaf(p, t, 0.03358127f);
    p = dpid_fmaf(p, t, 0.01668311f);
    p = dpid_fmaf(p, t, -0.44791627f);
    p = dpid_fmaf(p, t, 0.95635974f);
    return p * inverse;
}

/* tanh x. Small |x|: x + x^3 P(x^2), P of Cephes' tanhf (Moshier 1992); else 1 - 2 / (e^2|x| + 1). Error at most 2
   ulp. */
static inline float dpid_tanhf(float x)
{
    const float size = x < 0 ? -x : x;
    const float z = x * x;
    float p = -5.70498872745E-3f;
    p = dpid_fmaf(p, z, 2.06390887954E-2f);
    p = dpid_fmaf(p, z, -5.37397155531E-2f);
    p = dpid_fmaf(p, z, 1.33314422036E-1f);
    p = dpid_fmaf(p, z, -3.33332819422E-1f);
    const float small = dpid_fmaf(p * z, x, x);
    const float twice = size > 10 ? 20.0f : 2 * size; /* tanh 10 rounds to 1; NaN goes on */
    const float shift = 0x1.8p23f;
    const float shifted = dpid_fmaf(twice, 0x1.715476p0f, shift);
    const float n = shifted - shift;
    const float r = dpid_fmaf(n, -0x1.7f7d1cp-20f, dpid_fmaf(n, -0x1.62e4p-1f, twice));
    const float power = dpid_fmaf(dpid_seriesf(r), r * r, r) + 1;
    const float large = 1 - 2 / dpid_fmaf(power, dpid_powerf(shifted), 1);
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
