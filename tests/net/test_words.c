/* What words of a net's text promise: what stands behind a block's sum, a zero branch, starts by slope, twins of
   projections. */
#include "support/nets.h"

#include "net/twin.h"

#include <math.h>

/* Blocks end in a rectifier or in none: then numbers below 0 leave them. */
static void blocks_end_as_their_row_says(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool rectified;
    } rows[] = {{"plain", true},      {"identity", true},         {"preact", false},  {"preact_plain", false},
                {"bottleneck", true}, {"bottleneck_plain", true}, {"highway", false}, {"highway_plain", false}};
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t i = 0; deepid_block_word(i); i++) {
        char text[100];
        double least = 0;
        assert_true(i < (int64_t)(sizeof rows / sizeof *rows)); /* a new variant needs its row above */
        assert_string_equal(deepid_block_word(i), rows[i].word);
        /* a bottleneck widens by four */
        snprintf(text, sizeof text, "input 5x5x4; %s out=%d; flatten", rows[i].word,
                 strncmp(rows[i].word, "bottleneck", 10) == 0 ? 1 : 4);
        deepid_net *net = random_net(ctx, text, DEEPID_F64, 3);
        deepid_tensor *y = outputs_of(ctx, net, 7, 4);
        for (int64_t k = 0; k < deepid_tensor_count(y); k++)
            least = fmin(least, value_at(y, k));
        if ((least == 0) != rows[i].rectified)
            fail_msg("%s gives %g at least, expected %s", text, least,
                     rows[i].rectified ? "nothing below 0" : "numbers below 0");
        deepid_tensor_destroy(y);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* A branch of zeros returns x bit for bit: -0 too, which 0 would turn into +0. */
static void a_zero_branch_keeps_the_sign_of_zero(void **state)
{
    (void)state;
    static const double x[6] = {-0.0, 0.0, 1, -2, 5e-324, -0.0};
    static const int32_t dtypes[] = {DEEPID_F32, DEEPID_F64};
    deepid_ctx *ctx = new_ctx(1);
    for (int k = 0; k < 4; k++) { /* dense layers run row by row, convolutions step by step */
        deepid_net *net = NULL;
        OK(deepid_net_create(ctx,
                             k < 2 ? "input 3; identity { dense out=3 } after=none"
                                   : "input 1x1x3; identity { conv2d out=3 kernel=1 } after=none; flatten",
                             dtypes[k % 2], &net));
        deepid_tensor *in = batch_of(ctx, net, false, 2);
        deepid_tensor *out = batch_of(ctx, net, true, 2);
        for (int i = 0; i < 6; i++)
            dpid_store(net->precision, deepid_tensor_data(in), i, x[i]);
        OK(deepid_net_forward(net, in, out));
        for (int i = 0; i < 6; i++) {
            const double expected = value_at(in, i);
            if (value_at(out, i) != expected || signbit(value_at(out, i)) != signbit(expected))
                fail_msg("%s: %g comes out as %g", deepid_net_describe(net), expected, value_at(out, i));
        }
        deepid_tensor_destroy(out);
        deepid_tensor_destroy(in);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* he with a slope a: variance 2 / (1 + a^2) / fan_in, so all weights are the usual ones times sqrt(1 / (1 + a^2)). */
static void a_slope_makes_starts_smaller_by_its_square(void **state)
{
    (void)state;
    static const double slopes[] = {0, 0.5, 1, -2};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *usual = NULL;
    OK(deepid_net_create(ctx, "input 4; dense out=5; leaky_relu; dense out=2", DEEPID_F64, &usual));
    OK(deepid_net_init(usual, "he", 6));
    for (int k = 0; k < 4; k++) {
        char init[32];
        deepid_net *net = NULL;
        snprintf(init, sizeof init, "he slope=%g", slopes[k]);
        OK(deepid_net_create(ctx, "input 4; dense out=5; leaky_relu; dense out=2", DEEPID_F64, &net));
        OK(deepid_net_init(net, init, 6));
        for (int64_t i = 0; i < deepid_net_trained_count(net); i++) {
            const double w = ((const double *)deepid_net_trained_data(net))[i];
            const double expected =
                ((const double *)deepid_net_trained_data(usual))[i] / sqrt(1 + slopes[k] * slopes[k]);
            if (!(fabs(w - expected) <= 0x1p-22 * fabs(expected))) /* both are rounded to float */
                fail_msg("%s: weight %lld is %.9g, expected %.9g", init, (long long)i, w, expected);
        }
        deepid_net_destroy(net);
    }
    deepid_net_destroy(usual);
    deepid_ctx_destroy(ctx);
}

/* Twins share parameters with the net; a projection, B or C, has some of its own. */
static void twins_of_projections_are_refused(void **state)
{
    (void)state;
    static const char *const shortcuts[] = {"B", "C"};
    deepid_ctx *ctx = new_ctx(1);
    for (int k = 0; k < 2; k++) {
        char text[100];
        char *twin = NULL;
        snprintf(text, sizeof text, "input 5x5x4; identity out=8 stride=2 shortcut=%s; flatten", shortcuts[k]);
        REFUSED(dpid_twin_text(ctx, text, 0, &twin), DEEPID_ERR_UNSUPPORTED,
                "1 of the net's blocks have a projection shortcut");
        assert_null(twin);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_end_as_their_row_says),
        cmocka_unit_test(a_zero_branch_keeps_the_sign_of_zero),
        cmocka_unit_test(a_slope_makes_starts_smaller_by_its_square),
        cmocka_unit_test(twins_of_projections_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
