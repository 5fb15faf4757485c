/* Exact sums: any order, any grouping, the same bits; and near the true sum. */
#include "support/support.h"

#include "base/random.h"
#include "train/fixed.h"

#include <float.h>
#include <math.h>

enum { TERMS = 16, TRIALS = 200 };

/* Terms of every size down to the subnormal ones, and zeros of both signs. */
static void draw_terms(uint64_t seed, dpid_precision p, int spread, double *terms)
{
    dpid_random r = dpid_random_make(seed, DPID_STREAM_DATA, 1);
    const int64_t range = p == DPID_P32 ? 140 : 1040;
    for (int i = 0; i < TERMS; i++) {
        const double x =
            ldexp(dpid_random_normal(&r), (int)(dpid_random_below(&r, spread) - dpid_random_below(&r, spread)));
        const double far = ldexp(x, (int)(-dpid_random_below(&r, range)));
        const double term = dpid_random_below(&r, 5) == 0 ? -0.0 : dpid_random_below(&r, 3) == 0 ? far : x;
        terms[i] = p == DPID_P32 ? (double)(float)term : term;
    }
}

static int64_t exponent_of(dpid_precision p, const double *terms, int64_t n)
{
    float f[TERMS];
    for (int64_t i = 0; i < n; i++)
        f[i] = (float)terms[i];
    return p == DPID_P32 ? dpid_fixed_exponent(p, f, n) : dpid_fixed_exponent(p, terms, n);
}

static int64_t add(dpid_precision p, double term, int32_t digits)
{
    const float f = (float)term;
    int64_t sum = 0;
    dpid_fixed_add(p, p == DPID_P32 ? (const void *)&f : &term, 1, digits, &sum);
    return sum;
}

static double take(dpid_precision p, int64_t sum, int32_t digits)
{
    float f;
    double d;
    dpid_fixed_take(p, &sum, 1, digits, p == DPID_P32 ? (void *)&f : &d);
    return p == DPID_P32 ? (double)f : d;
}

/* The true sum by long double, whose 64 bits hold terms of like size; the allowance is half a quantum a term, the
   rounding of the result and of the reference. */
static void a_sum_is_near_the_true_one(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < TRIALS; seed++)
        for (dpid_precision p = DPID_P32; p <= DPID_P64; p++) {
            double terms[TERMS];
            draw_terms(seed, p, 1 + (int)(seed % 60), terms);
            const int64_t exponent = exponent_of(p, terms, TERMS);
            const int32_t digits = dpid_fixed_digits(exponent, TERMS);
            int64_t sum = 0;
            long double exact = 0;
            long double size = 0;
            for (int i = 0; i < TERMS; i++) {
                sum += add(p, terms[i], digits);
                exact += (long double)terms[i];
                size += fabsl((long double)terms[i]);
            }
            const double got = take(p, sum, digits);
            const long double allowed =
                TERMS * ldexpl(0.5L, -digits) +
                fabsl(exact) * (p == DPID_P32 ? (long double)FLT_EPSILON : (long double)DBL_EPSILON) +
                size * LDBL_EPSILON * TERMS + (p == DPID_P32 ? (long double)FLT_TRUE_MIN : 0);
            if (!(fabsl((long double)got - exact) <= allowed))
                fail_msg("seed %llu, %s: sum %.17g, expected %.21Lg within %.3Lg", (unsigned long long)seed,
                         p == DPID_P32 ? "f32" : "f64", got, exact, allowed);
        }
}

/* Partial sums of any subset stay in range, so any tree of additions gives the same integer. */
static void no_sum_of_some_terms_reaches_the_limit(void **state)
{
    (void)state;
    for (int64_t terms = 1; terms <= 4096; terms = terms * 3 / 2 + 1) {
        const float most32 = FLT_MAX;
        const double most64 = DBL_MAX;
        const int32_t digits32 = dpid_fixed_digits(dpid_fixed_exponent(DPID_P32, &most32, 1), terms);
        const int32_t digits64 = dpid_fixed_digits(dpid_fixed_exponent(DPID_P64, &most64, 1), terms);
        assert_true(add(DPID_P32, (double)most32, digits32) <= ((int64_t)1 << 62) / terms);
        assert_true(add(DPID_P64, most64, digits64) <= ((int64_t)1 << 62) / terms);
        assert_true(add(DPID_P32, (double)most32, digits32) > ((int64_t)1 << 62) / terms / 4);
    }
}

/* One term comes back as it went in: a float has 24 digits, and 61 lie below the largest of its array. */
static void what_is_not_far_below_the_largest_is_exact(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < TRIALS; seed++) {
        dpid_random r = dpid_random_make(seed, DPID_STREAM_DATA, 2);
        const float largest = (float)dpid_random_normal(&r);
        const float x = largest * (0.5F + (float)dpid_random_uniform(&r) / 2) * 0x1p-36F;
        const int32_t digits = dpid_fixed_digits(exponent_of(DPID_P32, &(double){(double)largest}, 1), 1);
        if (take(DPID_P32, add(DPID_P32, (double)x, digits), digits) != (double)x)
            fail_msg("seed %llu: %.9g beside %.9g is not exact", (unsigned long long)seed, (double)x, (double)largest);
    }
}

static void exponents_bound_the_largest(void **state)
{
    (void)state;
    static const double values[] = {1, -1, 0.75, -3, 1e-30, FLT_MAX, FLT_MIN, 0x1p-149, -0x1p-140};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (dpid_precision p = DPID_P32; p <= DPID_P64; p++) {
            const double x[] = {0, values[i], -0.0};
            const int64_t e = exponent_of(p, x, 3);
            assert_true(fabs(values[i]) < ldexp(1, (int)e));
            assert_true(fabs(values[i]) >= ldexp(1, (int)e - 1) || e == -126);
        }
    for (dpid_precision p = DPID_P32; p <= DPID_P64; p++) {
        assert_true(exponent_of(p, (double[]){0, -0.0}, 2) == DPID_FIXED_ZERO);
        assert_true(exponent_of(p, (double[]){1, (double)NAN}, 2) == DPID_FIXED_NONFINITE);
        assert_true(exponent_of(p, (double[]){-(double)INFINITY, 1}, 2) == DPID_FIXED_NONFINITE);
        assert_int_equal(dpid_fixed_digits(DPID_FIXED_ZERO, 3), 0);
    }
    assert_true(isfinite(take(DPID_P64, add(DPID_P64, 0x1p-1074, dpid_fixed_digits(-1074, 1)), 1000)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_is_near_the_true_one),
        cmocka_unit_test(no_sum_of_some_terms_reaches_the_limit),
        cmocka_unit_test(what_is_not_far_below_the_largest_is_exact),
        cmocka_unit_test(exponents_bound_the_largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
