/* Elementary functions of the library's own: error bounds over their whole range, NaN, infinities, signed zeros. */
#include "support/support.h"

#include "tensor/elementary.h"

#include <float.h>
#include <math.h>

static void exp_is_within_two_ulp(void **state)
{
    (void)state;
    for (double x = 0.3; x > -707; x -= 0.00137) {
        const long double expected = expl((long double)x);
        if (!(fabsl((long double)dpid_exp(x) - expected) <= 4.5e-16L * expected))
            fail_msg("exp %.17g is %.17g, expected %.17Lg", x, dpid_exp(x), expected);
    }
    assert_true(dpid_exp(0) == 1 && dpid_exp(-0.0) == 1);
}

static void exp_goes_down_to_zero_and_keeps_nan(void **state)
{
    (void)state;
    for (double x = -707; x > -746; x -= 0.01)
        assert_true(fabs(dpid_exp(x) - exp(x)) <= 2e-15 * exp(x) + 5e-324);
    assert_true(dpid_exp(-800) == 0 && dpid_exp(-INFINITY) == 0 && dpid_exp(-DBL_MAX) == 0);
    assert_true(isnan(dpid_exp((double)NAN)));
}

/* The distance of two floats next to each other at y; below the least normal number they are equally far apart. */
static double ulp(double y)
{
    return ldexp(1, (fabs(y) < (double)FLT_MIN ? ilogb((double)FLT_MIN) : ilogb(y)) - (FLT_MANT_DIG - 1));
}

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
        cmocka_unit_test(exp_is_within_two_ulp),
        cmocka_unit_test(exp_goes_down_to_zero_and_keeps_nan),
        cmocka_unit_test(tanh_is_odd_and_within_two_ulp),
        cmocka_unit_test(tanh_keeps_nan_and_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
