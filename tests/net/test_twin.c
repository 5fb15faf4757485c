/* Twins: the same net with other skips. */
#include "support/support.h"

#include "net/twin.h"

static void twin_is(deepid_ctx *ctx, const char *text, double s, const char *expected)
{
    char *twin = NULL;
    OK(dpid_twin_text(ctx, text, s, &twin));
    assert_string_equal(twin, expected);
    dpid_free(ctx, twin);
}

static void blocks_get_the_skip_and_the_word_that_says_so(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    twin_is(ctx, "input 2; dense out=4; relu; 3 * plain { dense out=4; relu }; dense out=2", 1,
            "input 2; dense out=4; relu; 3 * identity { dense out=4; relu }; dense out=2");
    twin_is(ctx, "input 2; dense out=4; 3 * identity { dense out=4; relu } after=tanh; dense out=2", 0,
            "input 2; dense out=4; 3 * plain { dense out=4; relu } after=tanh; dense out=2");
    twin_is(ctx, "input 4; plain { dense out=4 }", 0.25, "input 4; identity s=0.25 { dense out=4 }");
    twin_is(ctx, "input 4; preact_plain { dense out=4 }; bottleneck_plain { dense out=4 }", 1,
            "input 4; preact { dense out=4 }; bottleneck { dense out=4 }");
    twin_is(ctx, "input 4 exact=1; identity { dense out=4 }", 1, "input 4 exact=1; identity { dense out=4 }");
    deepid_ctx_destroy(ctx);
}

/* A plain block whose scale starts at 0 would give 0. The way back leaves what the text says. */
static void trained_scales_start_at_one_in_plain_twins(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    twin_is(ctx,
            "input 4; scale init=3; 2 * identity { dense out=4; relu; dense out=4; scale init=0 }; identity { dense "
            "out=4; scale per=channel init=1e-05 }",
            0,
            "input 4; scale init=3; 2 * plain { dense out=4; relu; dense out=4; scale }; plain { dense out=4; scale "
            "per=channel }");
    twin_is(ctx, "input 4; plain { dense out=4; scale init=0.5 }", 1,
            "input 4; identity { dense out=4; scale init=0.5 }");
    twin_is(ctx, "input 4; identity { dense out=4; scale init=0 }", 0.5,
            "input 4; identity s=0.5 { dense out=4; scale init=0 }");
    deepid_ctx_destroy(ctx);
}

/* A sample that leaves the branch of a plain block out would be 0. */
static void plain_twins_have_no_stochastic_depth(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    twin_is(ctx, "input 4; 2 * identity survive=0.8 { dense out=4; relu }; dense out=2", 0,
            "input 4; 2 * plain { dense out=4; relu }; dense out=2");
    twin_is(ctx, "input 4; identity { stochastic_depth p=0.25; dense out=4; dropout }", 0,
            "input 4; plain { dense out=4; dropout }");
    twin_is(ctx, "input 4; identity { stochastic_depth p=0.25 }", 0, "input 4; plain { stochastic_depth p=0.25 }");
    twin_is(ctx, "input 4; identity survive=0.75 { dense out=4 }", 0.5,
            "input 4; identity s=0.5 { dense out=4; stochastic_depth p=0.25 }");
    deepid_ctx_destroy(ctx);
}

static void a_block_that_changes_the_shape_gets_the_shortcut_without_parameters(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    twin_is(ctx,
            "input 8x8x2; plain { conv2d out=4 kernel=3 stride=2 padding=1 } after=relu; global_avgpool; dense out=2",
            1,
            "input 8x8x2; identity shortcut=A { conv2d out=4 kernel=3 stride=2 padding=1 } after=relu; global_avgpool; "
            "dense out=2");
    deepid_ctx_destroy(ctx);
}

static void twins_of_the_families_are_the_families_other_nets(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *plain = NULL;
    deepid_net *residual = NULL;
    OK(deepid_resnet_cifar(ctx, 20, "plain", DEEPID_F32, &plain));
    OK(deepid_resnet_cifar(ctx, 20, "identity", DEEPID_F32, &residual));
    twin_is(ctx, deepid_net_describe(residual), 0, deepid_net_describe(plain));
    deepid_net_destroy(plain);
    deepid_net_destroy(residual);
    deepid_ctx_destroy(ctx);
}

/* The row that repeats most, in the piece that is shortest; the last layer answers and is in none. */
static void a_row_of_layers_becomes_blocks(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    twin_is(ctx, "input 2; dense out=4; relu; dense out=4; relu; dense out=4; relu; dense out=2", 1,
            "input 2; dense out=4; relu; 2 * identity { dense out=4; relu }; dense out=2");
    twin_is(ctx, "input 4; dense out=4; dense out=4; dense out=4", 1,
            "input 4; 2 * identity { dense out=4 }; dense out=4");
    twin_is(ctx,
            "input 8x8x1; conv2d out=4 kernel=3; batchnorm; relu; conv2d out=4 kernel=3; batchnorm; relu; conv2d out=4 "
            "kernel=3; batchnorm; relu; global_avgpool; dense out=2",
            0.5,
            "input 8x8x1; conv2d out=4 kernel=3; batchnorm; relu; 2 * identity s=0.5 { conv2d out=4 kernel=3; "
            "batchnorm; relu }; global_avgpool; dense out=2");
    /* one copy where nothing repeats */
    twin_is(ctx, "input 2; dense out=5; tanh; dense out=5; tanh; dense out=3", 1,
            "input 2; dense out=5; tanh; identity { dense out=5; tanh }; dense out=3");
    deepid_ctx_destroy(ctx);
}

static void without_blocks_or_with_projections_there_is_no_twin(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char *twin = NULL;
    REFUSED(dpid_twin_text(ctx, "input 2; dense out=2", 1, &twin), DEEPID_ERR_UNSUPPORTED, "no block");
    REFUSED(dpid_twin_text(ctx, "input 4x4x2; identity shortcut=B { conv2d out=4 kernel=3 }", 0, &twin),
            DEEPID_ERR_UNSUPPORTED, "projection");
    REFUSED(dpid_twin_text(ctx, "input 2; dens out=2", 1, &twin), DEEPID_ERR_SPEC, "dens");
    assert_null(twin);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_get_the_skip_and_the_word_that_says_so),
        cmocka_unit_test(trained_scales_start_at_one_in_plain_twins),
        cmocka_unit_test(plain_twins_have_no_stochastic_depth),
        cmocka_unit_test(a_block_that_changes_the_shape_gets_the_shortcut_without_parameters),
        cmocka_unit_test(twins_of_the_families_are_the_families_other_nets),
        cmocka_unit_test(a_row_of_layers_becomes_blocks),
        cmocka_unit_test(without_blocks_or_with_projections_there_is_no_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
