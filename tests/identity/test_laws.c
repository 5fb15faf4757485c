/* The laws behind approximate witnesses: how the error falls with eps, where rounding stops it, what it costs in
   sharpness. Derivations: docs/identity.md */
#include "support/support.h"

#include <math.h>

/* A witness for `block` in front of a dense net, on the box [-1, 1] unless options say else. */
static deepid_identity *ask(deepid_ctx *ctx, const char *input, const char *block, const char *options)
{
    deepid_net *net = NULL;
    deepid_identity *answer = NULL;
    char text[64];
    char all[160];
    snprintf(text, sizeof text, "%s; %s", input, strchr(input, 'x') ? "conv2d out=4 kernel=1" : "dense out=8");
    snprintf(all, sizeof all, "%s %s", strstr(options, "domain") ? "" : "domain=box", options);
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    OK(deepid_identity_examine_with(net, 0, block, NULL, all, &answer));
    deepid_net_destroy(net);
    return answer;
}

static double number(deepid_ctx *ctx, const char *block, const char *options, const char *word)
{
    deepid_identity *answer = ask(ctx, "input 8", block, options);
    const double value = deepid_identity_number(answer, word);
    deepid_identity_destroy(answer);
    return value;
}

static void near(double came, double expected, double share, const char *what)
{
    if (!(fabs(came - expected) <= share * fabs(expected)))
        fail_msg("%s: %g, expected %g within %g %%", what, came, expected, 100 * share);
}

#define SANDWICH(phi) "dense out=8; " phi "; dense out=8"

/* error(eps) = coefficient eps^power M^(power + 1): the ends of the box are among the numbers tried, so the largest
   error is reached; higher terms are below 2 % at these eps. */
static void errors_follow_their_law_over_eps(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const struct {
        const char *block;
        double coefficient;
        int power;
    } laws[] = {
        {SANDWICH("tanh"), 1.0 / 3, 2}, {SANDWICH("sigmoid"), 1.0 / 12, 2}, {SANDWICH("gelu"), 0.79788456080286536, 1},
        {SANDWICH("silu"), 0.5, 1},     {SANDWICH("elu"), 0.5, 1},          {SANDWICH("softplus"), 0.25, 1},
    };
    for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
        for (int k = 6; k <= 10; k += 2) {
            char options[128];
            snprintf(options, sizeof options, "construction=small_scale dtype=f64 eps=%.10g", ldexp(1, -k));
            /* the law speaks of real numbers; f64 rounding of sigmoid and softplus, u / eps, is 1e-12 here */
            near(number(ctx, laws[i].block, options, "error_f64"),
                 laws[i].coefficient * pow(ldexp(1, -k), laws[i].power), 0.02, laws[i].block);
        }
    }
    deepid_ctx_destroy(ctx);
}

static void tanh_errors_in_f32_fall_to_one_ulp(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    /* 1.3e-3, 8e-5, 5e-6, 3.6e-7 at eps = 2^-4 ... 2^-10, then at most the last place of numbers below 1: tanh x
       rounds to x or its neighbour */
    static const double expected[] = {1.3e-3, 8.1e-5, 5.1e-6, 3.7e-7};
    for (int i = 0; i < 4; i++) {
        char options[128];
        snprintf(options, sizeof options, "eps=%.10g", ldexp(1, -4 - 2 * i));
        near(number(ctx, SANDWICH("tanh"), options, "error_f32"), expected[i], i < 3 ? 0.03 : 0.5, options);
    }
    assert_true(number(ctx, SANDWICH("tanh"), "eps=0.000244140625", "error_f32") <= 0x1p-24 * (1 + 1e-6));
    deepid_ctx_destroy(ctx);
}

/* floor = M (12 u)^(2/3) / 4 = 2.0e-5 M in f32, 3.0e-11 M in f64 */
static void sigmoid_stops_at_the_floor_that_rounding_sets(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    near(number(ctx, SANDWICH("sigmoid"), "", "floor"), pow(12 * 0x1p-24, 2.0 / 3) / 4, 1e-9, "floor in f32");
    near(number(ctx, SANDWICH("sigmoid"), "dtype=f64", "floor"), pow(12 * 0x1p-53, 2.0 / 3) / 4, 1e-9, "floor in f64");
    near(number(ctx, SANDWICH("sigmoid"), "low=-8 high=8", "floor"), 8 * pow(12 * 0x1p-24, 2.0 / 3) / 4, 1e-9,
         "floor for M = 8");
    const double best = number(ctx, SANDWICH("sigmoid"), "", "error_f32");
    assert_true(best >= 2.0e-5 / 2 && best <= 3.6e-5);
    /* a smaller eps is worse, not better */
    assert_true(number(ctx, SANDWICH("sigmoid"), "eps=0.00048828125", "error_f32") > 2 * best);
    deepid_ctx_destroy(ctx);
}

/* W' = 1/eps multiplies what a step in W does: lambda_max grows as 1/eps^2. */
static void sharpness_of_the_tanh_witness_grows_as_one_over_eps_squared(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const double at_6 = number(ctx, SANDWICH("tanh"), "eps=0.015625", "sharpness");
    const double at_8 = number(ctx, SANDWICH("tanh"), "eps=0.00390625", "sharpness");
    const double at_10 = number(ctx, SANDWICH("tanh"), "eps=0.0009765625", "sharpness");
    near(at_8 / at_6, 16, 0.02, "sharpness from 2^-6 to 2^-8");
    near(at_10 / at_8, 16, 0.02, "sharpness from 2^-8 to 2^-10");
    /* and the stability ratio says when SGD leaves it: rate lambda / 2 */
    near(number(ctx, SANDWICH("tanh"), "eps=0.015625 rate=0.25", "stability"), at_6 * 0.25 / 2, 1e-9, "stability");
    near(number(ctx, SANDWICH("tanh"), "eps=0.015625 rate=0.25 momentum=0.9", "stability"), at_6 * 0.25 / 3.8, 1e-9,
         "stability with momentum");
    deepid_ctx_destroy(ctx);
}

static void tolerance_buys_error_with_sharpness(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const double coarse = number(ctx, SANDWICH("tanh"), "tolerance=1e-3", "error_f64");
    const double fine = number(ctx, SANDWICH("tanh"), "tolerance=1e-7", "error_f64");
    assert_true(coarse <= 1e-3 && coarse > 1e-4 && fine <= 1e-7 && fine > 1e-8);
    assert_true(number(ctx, SANDWICH("tanh"), "tolerance=1e-7", "sharpness") >
                1000 * number(ctx, SANDWICH("tanh"), "tolerance=1e-3", "sharpness"));
    deepid_ctx_destroy(ctx);
}

/* x = -(1/a) phi(-phi(x)): all factors are powers of two, nothing rounds (down to subnormal numbers). */
static void leaky_relu_of_a_power_of_two_slope_rounds_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_identity *answer =
        ask(ctx, "input 8", "dense out=8; leaky_relu slope=0.25; dense out=8; leaky_relu slope=0.25; dense out=8",
            "domain=real");
    assert_string_equal(deepid_identity_construction(answer), "two_slope");
    assert_true(deepid_identity_number(answer, "error_f64") == 0 &&
                deepid_identity_number(answer, "error_f32") < 0x1p-120);
    deepid_identity_destroy(answer);
    deepid_ctx_destroy(ctx);
}

/* One odd layer: the pair needs an even number. */
static void two_slopes_need_two_layers(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_identity *answer = ask(ctx, "input 8", SANDWICH("leaky_relu"), "domain=real");
    assert_int_equal(deepid_identity_reason(answer), DEEPID_REASON_KINK);
    assert_int_equal(deepid_identity_proved(answer), 1);
    deepid_identity_destroy(answer);
    deepid_ctx_destroy(ctx);
}

/* In f32 GELU meets its line at 5.6, SiLU at 19.6, softplus at 17: the shift costs the rounding of numbers of that
   size, 2^-22 ... 2^-20. */
static void tails_cost_the_rounding_of_their_shift(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    near(number(ctx, SANDWICH("gelu"), "construction=tail", "error_f32"), 0x1p-22, 0.3, "gelu");
    near(number(ctx, SANDWICH("silu"), "construction=tail", "error_f32"), 0x1p-20, 0.3, "silu");
    near(number(ctx, SANDWICH("softplus"), "construction=tail", "error_f32"), 0x1p-20, 0.3, "softplus");
    assert_true(number(ctx, SANDWICH("gelu"), "construction=tail", "sharpness") <
                1e-3 * number(ctx, SANDWICH("gelu"), "construction=small_scale", "sharpness"));
    deepid_ctx_destroy(ctx);
}

/* Absorbing -c into a zero-padded convolution is wrong at borders; where kernels reach beyond their pixel the
   witness that keeps 0 is taken. */
static void convolutions_get_witnesses_that_keep_zero(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_identity *conv = ask(ctx, "input 6x6x4", "conv2d out=4 kernel=3; gelu; conv2d out=4 kernel=3", "");
    deepid_identity *dense = ask(ctx, "input 8", SANDWICH("gelu"), "");
    assert_string_equal(deepid_identity_construction(conv), "small_scale");
    assert_string_equal(deepid_identity_construction(dense), "tail");
    assert_true(deepid_identity_number(conv, "border_safe") == 1 && deepid_identity_number(dense, "border_safe") == 0);
    deepid_identity_destroy(conv);
    deepid_identity_destroy(dense);
    deepid_ctx_destroy(ctx);
}

/* Twenty-eight layers: K eps^2 M^3 / 3 shared among them stays within the tolerance. */
static void deep_stacks_share_the_tolerance(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char text[28 * 24 + 32] = "dense out=8; tanh";
    for (int i = 1; i < 28; i++)
        strcat(text, "; dense out=8; tanh");
    strcat(text, "; dense out=8");
    deepid_identity *answer = ask(ctx, "input 8", text, "tolerance=1e-4");
    const double error = deepid_identity_number(answer, "error_f64");
    const double eps = deepid_identity_number(answer, "eps");
    near(error, 28 * eps * eps / 3, 0.02, "28 layers");
    assert_true(error <= 1e-4);
    deepid_identity_destroy(answer);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_follow_their_law_over_eps),
        cmocka_unit_test(tanh_errors_in_f32_fall_to_one_ulp),
        cmocka_unit_test(sigmoid_stops_at_the_floor_that_rounding_sets),
        cmocka_unit_test(sharpness_of_the_tanh_witness_grows_as_one_over_eps_squared),
        cmocka_unit_test(tolerance_buys_error_with_sharpness),
        cmocka_unit_test(leaky_relu_of_a_power_of_two_slope_rounds_nothing),
        cmocka_unit_test(two_slopes_need_two_layers),
        cmocka_unit_test(tails_cost_the_rounding_of_their_shift),
        cmocka_unit_test(convolutions_get_witnesses_that_keep_zero),
        cmocka_unit_test(deep_stacks_share_the_tolerance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
