/* Elementary functions of the library's own: error bounds over their whole range, NaN, infinities, signed zeros. */
#include "support/support.h"

#include "tensor/elementary.h"

#include <float.h>
#include <math.h>

/* The distance of two floats (doubles) next to each other at y; below the least normal number they are equally far
   apart. */
static double ulp(double y)
{
    return ldexp(1, (fabs(y) < (double)FLT_MIN ? ilogb((double)FLT_MIN) : ilogb(y)) - (FLT_MANT_DIG - 1));
}

static long double ulp_of_double(long double y)
{
    return ldexpl(1, (fabsl(y) < (long double)DBL_MIN ? ilogb(DBL_MIN) : ilogbl(y)) - (DBL_MANT_DIG - 1));
}

/* ---- references --------------------------------------------------------------- */

static long double bell(long double x)
{
    return expl(-x * x / 2);
}

/* (1 - Phi(x)) / e^(-x^2/2); for large x Laplace's continued fraction 1 / (x + 1 / (x + 2 / (x + ...))) / sqrt(2 pi) */
static long double mills(long double x)
{
    enum { DEPTH = 300 };
    long double below = x;
    if (x < 3)
        return erfcl(x / sqrtl(2)) * expl(x * x / 2) / 2;
    for (int k = DEPTH; k > 0; k--)
        below = x + k / below;
    return 1 / below / sqrtl(8 * atanl(1));
}

static const struct {
    const char *name;
    double (*of_double)(double x);
    float (*of_float)(float x);
    long double (*expected)(long double x);
    double first, last, bound; /* range in double and float alike: beyond it the results are 0 or infinite; ulp */
} functions[] = {
    {"exp", dpid_exp, dpid_expf, expl, -INFINITY, 0, 2},
    {"expm1", dpid_expm1, dpid_expm1f, expm1l, -INFINITY, 0, 2},
    {"log1p", dpid_log1p, dpid_log1pf, log1pl, 0, 1, 2},
    {"bell", dpid_bell, dpid_bellf, bell, 0, INFINITY, 2},
    {"mills", dpid_mills, dpid_millsf, mills, 0, INFINITY, 3},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* ---- all ranges: from the least subnormal to infinity, both signs ------------------------------- */

static void check_double(int f, double x)
{
    const long double expected = functions[f].expected((long double)x);
    const double got = functions[f].of_double(x);
    if (expected > (long double)DBL_MAX
            ? got < DBL_MAX
            : !(fabsl((long double)got - expected) <= (long double)functions[f].bound * ulp_of_double(expected)))
        fail_msg("%s %.17g is %.17g, expected %.17Lg", functions[f].name, x, got, expected);
}

static void doubles_are_within_their_bound(void **state)
{
    (void)state;
    const double step = 1.00037;
    for (int f = 0; f < FUNCTIONS; f++) {
        /* mills: larger ones take the value at 39, for bell is 0 there */
        for (double x = 1e-30; x < (f == 4 ? 39 : 800); x *= step) {
            if (x <= functions[f].last)
                check_double(f, x);
            if (-x >= functions[f].first)
                check_double(f, -x);
        }
        for (double x = 5e-324; x < 1e-30; x *= 16)
            check_double(f, functions[f].first < 0 ? -x : x);
    }
}

static void floats_are_within_their_bound(void **state)
{
    (void)state;
    enum { STRIDE = 2003 }; /* every so many of all floats from 0 to infinity */
    for (int f = 0; f < FUNCTIONS; f++) {
        for (uint32_t bits = 0; bits < 0x7f800000u; bits += STRIDE) {
            for (int sign = 0; sign < 2; sign++) {
                float x;
                memcpy(&x, &bits, sizeof x);
                x = sign ? -x : x;
                if ((double)x < functions[f].first || (double)x > functions[f].last || (f == 4 && x > 15))
                    continue;
                const double expected = (double)functions[f].expected((long double)x);
                const double got = (double)functions[f].of_float(x);
                if (expected > (double)FLT_MAX ? got < (double)FLT_MAX
                                               : !(fabs(got - expected) <= functions[f].bound * ulp(expected)))
                    fail_msg("%s %.9g is %.9g, expected %.9g", functions[f].name, (double)x, got, expected);
            }
        }
    }
}

static void ends_are_exact_and_nan_stays(void **state)
{
    (void)state;
    for (int f = 0; f < FUNCTIONS; f++)
        assert_true(isnan(functions[f].of_double((double)NAN)) && isnan(functions[f].of_float(NAN)));
    assert_true(dpid_exp(0) == 1 && dpid_exp(-0.0) == 1 && dpid_expf(0) == 1 && dpid_expf(-0.0f) == 1);
    assert_true(dpid_exp(-INFINITY) == 0 && dpid_exp(-DBL_MAX) == 0 && dpid_exp(-800) == 0 &&
                dpid_expf(-INFINITY) == 0 && dpid_expf(-FLT_MAX) == 0);
    /* e^-745.1 = 4.98e-324, e^-103.9 = 7.5e-46: more than half of the least subnormal */
    assert_true(dpid_exp(-745.1) == 5e-324 && dpid_expf(-103.9f) == 1e-45f);
    assert_true(dpid_expm1(-INFINITY) == -1 && dpid_expm1(-DBL_MAX) == -1 && dpid_expm1f(-INFINITY) == -1 &&
                dpid_expm1f(-FLT_MAX) == -1);
    assert_true(dpid_expm1(-5e-324) == -5e-324 && dpid_expm1f(-1e-45f) == -1e-45f && dpid_log1p(5e-324) == 5e-324 &&
                dpid_log1pf(1e-45f) == 1e-45f);
    assert_true(dpid_log1p(0) == 0 && dpid_log1pf(0) == 0);
    assert_true(dpid_bell(0) == 1 && dpid_bell(INFINITY) == 0 && dpid_bellf(0) == 1 && dpid_bellf(INFINITY) == 0);
    assert_true(dpid_mills(0) == 0.5 && dpid_millsf(0) == 0.5f && dpid_mills(INFINITY) > 0 &&
                dpid_millsf(INFINITY) > 0);
}

/* ---- tanh ----------------------------------------------------------------------- */

static void tanh_is_odd_and_within_two_ulp(void **state)
{
    (void)state;
    enum { STRIDE = 997 }; /* every so many of all floats from 0 to infinity */
    for (uint32_t bits = 0; bits < 0x7f800000u; bits += STRIDE) {
        float x;
        memcpy(&x, &bits, sizeof x);
        const double expected = tanh((double)x);
        if (!(fabs((double)dpid_tanhf(x) - expected) <= 2 * ulp(expected)) || dpid_tanhf(-x) != -dpid_tanhf(x))
            fail_msg("tanh %.9g is %.9g, expected %.9g", (double)x, (double)dpid_tanhf(x), expected);
    }
}

static void tanh_keeps_nan_and_zeros(void **state)
{
    (void)state;
    assert_true(isnan(dpid_tanhf(NAN)));
    assert_true(dpid_tanhf(INFINITY) == 1 && dpid_tanhf(-INFINITY) == -1);
    assert_true(!signbit(dpid_tanhf(0)) && signbit(dpid_tanhf(-0.0f)));
    assert_true(dpid_tanhf(1e-42f) == 1e-42f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_are_within_their_bound), cmocka_unit_test(floats_are_within_their_bound),
        cmocka_unit_test(ends_are_exact_and_nan_stays),   cmocka_unit_test(tanh_is_odd_and_within_two_ulp),
        cmocka_unit_test(tanh_keeps_nan_and_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
