/* Exact sums in any order.   What and why: fixed.h */
#include "train/fixed.h"

#include "base/numbers.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- the largest term: its sign-free bits are the largest too, and those of what is not finite beyond all  */

#define EXPONENT(name, real, bits, mantissa, infinite, bias)                                                           \
    static int64_t name(const real *x, int64_t n)                                                                      \
    {                                                                                                                  \
        const bits sign_free = ~(bits)0 >> 1;                                                                          \
        bits most = 0;                                                                                                 \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            bits b;                                                                                                    \
            memcpy(&b, &x[i], sizeof b);                                                                               \
            b &= sign_free;                                                                                            \
            most = b > most ? b : most;                                                                                \
        }                                                                                                              \
        const int64_t field = (int64_t)(most >> (mantissa));                                                           \
        return most == 0 ? DPID_FIXED_ZERO : field == (infinite) ? DPID_FIXED_NONFINITE : field - (bias);              \
    }
EXPONENT(exponent_f32, float, uint32_t, 23, 255, 126)
EXPONENT(exponent_f64, double, uint64_t, 52, 2047, 1022)

int64_t dpid_fixed_exponent(dpid_precision p, const void *x, int64_t n)
{
    assert(p != DPID_P80);
    return p == DPID_P32 ? exponent_f32(x, n) : exponent_f64(x, n);
}

bool dpid_fixed_is_exponent(int64_t exponent)
{
    enum { LEAST = -1022, MOST = 1024 };
    return exponent == DPID_FIXED_ZERO || exponent == DPID_FIXED_NONFINITE || (exponent >= LEAST && exponent <= MOST);
}

/* ---- sums ----------------------------------------------------------------------------------------- */

int32_t dpid_fixed_digits(int64_t exponent, int64_t terms)
{
    enum { SUM_BITS = 62, MOST = 1000 }; /* 2^MOST is a double */
    if (exponent == DPID_FIXED_ZERO)
        return 0;
    int64_t digits = SUM_BITS - exponent;
    for (int64_t most = 1; most < terms; most *= 2)
        digits--;
    return (int32_t)dpid_smaller(digits, MOST);
}

/* An exponent that is too small for x, from an allreduce that is wrong, gives a wrong sum and no more. */
static int64_t sum_of(int64_t a, long long b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Products with a power of two are exact: no term of a float is below the least normal double. */
void dpid_fixed_add(dpid_precision p, const void *x, int64_t n, int32_t digits, int64_t *restrict sum)
{
    const double scale = ldexp(1, digits);
    const float *restrict x32 = x;
    const double *restrict x64 = x;
    for (int64_t i = 0; p == DPID_P32 && i < n; i++)
        sum[i] = sum_of(sum[i], llrint((double)x32[i] * scale));
    for (int64_t i = 0; p == DPID_P64 && i < n; i++)
        sum[i] = sum_of(sum[i], llrint(x64[i] * scale));
}

void dpid_fixed_take(dpid_precision p, const int64_t *restrict sum, int64_t n, int32_t digits, void *x)
{
    const double quantum = ldexp(1, -digits);
    float *restrict x32 = x;
    double *restrict x64 = x;
    for (int64_t i = 0; p == DPID_P32 && i < n; i++)
        x32[i] = (float)((double)(float)sum[i] * quantum);
    for (int64_t i = 0; p == DPID_P64 && i < n; i++)
        x64[i] = (double)sum[i] * quantum;
}
