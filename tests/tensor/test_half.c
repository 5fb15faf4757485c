/* Sixteen-bit floats: every value there and back, every tie to even, both ends; beside the compiler's own where it
   has one. */
#include "support/support.h"

#include "tensor/half.h"

#include <math.h>

enum { SEED = 20241124 };

static void every_value_comes_back(void **state)
{
    (void)state;
    for (int h = 0; h < 65536; h++) {
        const float f16 = dpid_f16_value((uint16_t)h);
        const float bf16 = dpid_bf16_value((uint16_t)h);
        if (!isnan(f16) && dpid_f16_of(f16) != h)
            fail_msg("f16 %04x is %a and comes back as %04x", h, (double)f16, dpid_f16_of(f16));
        if (isnan(f16) && !isnan(dpid_f16_value(dpid_f16_of(f16))))
            fail_msg("f16 NaN %04x does not stay one", h);
        if (isnan(bf16) ? !isnan(dpid_bf16_value(dpid_bf16_of(bf16))) : dpid_bf16_of(bf16) != h)
            fail_msg("bf16 %04x is %a and comes back as %04x", h, (double)bf16, dpid_bf16_of(bf16));
    }
}

/* Between neighbours a < b, both exact in float: the middle goes to the even one, a float below it to a, a float
   above it to b. */
static void middles_go_to_the_even_neighbour(void **state)
{
    (void)state;
    for (int h = 0; h < 0x7bff; h++) {
        const float a = dpid_f16_value((uint16_t)h);
        const float b = dpid_f16_value((uint16_t)(h + 1));
        const float middle = (a + b) / 2;
        const int even = h % 2 == 0 ? h : h + 1;
        if (dpid_f16_of(middle) != even || dpid_f16_of(nextafterf(middle, a)) != h ||
            dpid_f16_of(nextafterf(middle, b)) != h + 1 || dpid_f16_of(-middle) != even + 0x8000)
            fail_msg("between f16 %04x and the next: %04x, %04x, %04x", h, dpid_f16_of(nextafterf(middle, a)),
                     dpid_f16_of(middle), dpid_f16_of(nextafterf(middle, b)));
    }
    for (int h = 0; h < 0x7f7f; h += 7) {
        const float a = dpid_bf16_value((uint16_t)h);
        const float b = dpid_bf16_value((uint16_t)(h + 1));
        const float middle = (float)(((double)a + (double)b) / 2);
        if (dpid_bf16_of(middle) != (h % 2 == 0 ? h : h + 1) || dpid_bf16_of(nextafterf(middle, a)) != h ||
            dpid_bf16_of(nextafterf(middle, b)) != h + 1)
            fail_msg("between bf16 %04x and the next: %04x", h, dpid_bf16_of(middle));
    }
}

/* largest 65504 = (2 - 2^-10) 2^15, half way to 2^16 is 65520; least normal 2^-14, least 2^-24, half of it 2^-25 is
   a tie with 0 */
static void the_ends_are_those_of_the_standard(void **state)
{
    (void)state;
    assert_true(dpid_f16_value(0x7bff) == 65504 && dpid_f16_value(0x0400) == 0x1p-14F &&
                dpid_f16_value(1) == 0x1p-24F && dpid_f16_value(0x3c00) == 1);
    assert_int_equal(dpid_f16_of(65519.996F), 0x7bff);
    assert_int_equal(dpid_f16_of(65520), 0x7c00);
    assert_int_equal(dpid_f16_of(-3e38F), 0xfc00);
    assert_int_equal(dpid_f16_of(0x1p-25F), 0);
    assert_int_equal(dpid_f16_of(-0x1.000002p-25F), 0x8001);
    assert_int_equal(dpid_f16_of(0x1p-149F), 0);
    assert_int_equal(dpid_f16_of(-0.0F), 0x8000);
    assert_int_equal(dpid_f16_of(INFINITY), 0x7c00);
    assert_true(isinf(dpid_f16_value(0xfc00)) && signbit(dpid_f16_value(0xfc00)) && signbit(dpid_f16_value(0x8000)));
    assert_int_equal(dpid_bf16_of(3.4e38F), 0x7f80); /* above 0x1.ffp127: to infinity */
    assert_int_equal(dpid_bf16_of(0x1.fep127F), 0x7f7f);
}

static void expect_same(float got, float expected, float x)
{
    if (memcmp(&got, &expected, sizeof got) != 0)
        fail_msg("%a becomes %a, expected %a", (double)x, (double)got, (double)expected);
}

static void there_and_back_is_one_step(void **state)
{
    (void)state;
    enum { STRIDE = 1021 }; /* every so many of all floats, NaNs among them; and both neighbours of every tie */
    for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += STRIDE) {
        /* ties are at 0x1000 and 0x8000 */
        const uint32_t low =
            (uint32_t)(bits / STRIDE % 4 == 0 ? (bits & ~(uint64_t)0xfff) + bits / STRIDE / 4 % 3 - 1 : bits);
        float x;
        memcpy(&x, &low, sizeof x);
        expect_same(dpid_f16_rounded(x), dpid_f16_value(dpid_f16_of(x)), x);
        expect_same(dpid_bf16_rounded(x), dpid_bf16_value(dpid_bf16_of(x)), x);
    }
}

#ifdef __FLT16_MANT_DIG__
static void it_rounds_as_the_compiler_does(void **state)
{
    (void)state;
    enum { TRIES = 200000 };
    for (int i = 0; i < TRIES; i++) {
        double number[2];
        random_array(SEED + (uint64_t)i, 2, -1, 1, number);
        const float x = (float)ldexp(number[0], (int)(30 * number[1]));
        const _Float16 theirs = (_Float16)x;
        uint16_t expected;
        memcpy(&expected, &theirs, sizeof expected);
        if (dpid_f16_of(x) != expected)
            fail_msg("%a (seed %d): %04x, the compiler says %04x", (double)x, SEED + i, dpid_f16_of(x), expected);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_comes_back),
        cmocka_unit_test(middles_go_to_the_even_neighbour),
        cmocka_unit_test(the_ends_are_those_of_the_standard),
        cmocka_unit_test(there_and_back_is_one_step),
#ifdef __FLT16_MANT_DIG__
        cmocka_unit_test(it_rounds_as_the_compiler_does),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
