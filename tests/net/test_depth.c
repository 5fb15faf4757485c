/* Stochastic depth: what survive= says, whom a draw leaves out, and what nets without it have in common with it. */
#include "support/support.h"

#include "net/net.h"

#include <math.h>

static void text_is(deepid_ctx *ctx, const char *text, const char *expected)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    assert_string_equal(deepid_net_describe(net), expected);
    deepid_net_destroy(net);
}

static void survive_puts_the_layer_at_the_end_of_the_branch(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    text_is(ctx, "input 4; 3 * identity survive=0.8 { dense out=4 } after=relu",
            "input 4; 3 * identity { dense out=4; stochastic_depth p=0.2 } after=relu");
    text_is(ctx, "input 4; identity { dense out=4 } survive=1", "input 4; identity { dense out=4 }");
    text_is(
        ctx, "input 4x4x2; preact out=2 survive=0.5",
        "input 4x4x2; preact { batchnorm; relu; conv2d out=2 kernel=3 bias=0; batchnorm; relu; conv2d out=2 kernel=3 "
        "bias=0; stochastic_depth }");
    REFUSED(deepid_net_create(ctx, "input 4; plain survive=0.5 { dense out=4 }", DEEPID_F32, &net), DEEPID_ERR_SPEC,
            "plain: survive is 0.5 and the block has no skip");
    REFUSED(deepid_net_create(ctx, "input 4; identity survive=0 { dense out=4 }", DEEPID_F32, &net), DEEPID_ERR_SPEC,
            "survive is 0, expected 0.001 to 1");
    deepid_ctx_destroy(ctx);
}

/* Huang et al. 2016, eq. 4: p_l = 1 - l / L (1 - p_L), here L = 3 and 4. */
static void families_survive_less_the_deeper(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_resnet_mlp(ctx, 2, 4, 4, 2, "identity survive=0.5 after=relu", "relu", DEEPID_F32, &net));
    assert_string_equal(
        deepid_net_describe(net),
        "input 2; dense out=4; relu; identity { dense out=4; relu; stochastic_depth p=0.125 } after=relu; "
        "identity { dense out=4; relu; stochastic_depth p=0.25 } after=relu; identity { dense out=4; "
        "relu; stochastic_depth p=0.375 } after=relu; identity { dense out=4; relu; stochastic_depth } "
        "after=relu; dense out=2");
    deepid_net_destroy(net);
    OK(deepid_resnet_cifar(ctx, 8, "identity survive=0.4", DEEPID_F32, &net));
    double p[3];
    int found = 0;
    for (int32_t i = 0; i < net->layers; i++)
        if (net->layer[i].op.kind == &dpid_kind_stochastic_depth)
            p[found++] = net->layer[i].op.option[0].r;
    assert_int_equal(found, 3);
    for (int i = 0; i < 3; i++)
        near_at("p", p[i], 0.2 * (i + 1), 1e-12);
    deepid_net_destroy(net);
    REFUSED(deepid_resnet_cifar(ctx, 8, "identity survive=2", DEEPID_F32, &net), DEEPID_ERR_SPEC,
            "survive is 2, expected 0.001 to 1");
    REFUSED(deepid_resnet_cifar(ctx, 8, "plain survive=0.5", DEEPID_F32, &net), DEEPID_ERR_SPEC, "has no skip");
    deepid_ctx_destroy(ctx);
}

/* A sample is left out as a whole, or is 1 / (1 - p) = 1.25 as large; in mode=batch all are. Of 4000 draws a share of
   0.2 +- 0.025 (4 sigma) is left out. */
static void a_sample_is_left_out_as_a_whole(void **state)
{
    (void)state;
    enum { SAMPLES = 40, WIDTH = 3, STEPS = 100 };
    deepid_ctx *ctx = new_ctx(1);
    for (int batch = 0; batch < 2; batch++) {
        deepid_net *net = NULL;
        int64_t dropped = 0;
        OK(deepid_net_create(ctx,
                             batch ? "input 3; stochastic_depth p=0.2 mode=batch" : "input 3; stochastic_depth p=0.2",
                             DEEPID_F64, &net));
        OK(dpid_net_prepare(net, SAMPLES, true));
        for (int step = 0; step < STEPS; step++) {
            int64_t here = 0;
            net->noise_step = (uint64_t)step;
            for (int i = 0; i < SAMPLES * WIDTH; i++)
                ((double *)dpid_net_input(net))[i] = 4;
            OK(dpid_net_run_forward(net, DPID_TRAIN, SAMPLES));
            const double *y = dpid_net_output(net);
            for (int i = 0; i < SAMPLES * WIDTH; i++)
                if ((y[i] != 0 && y[i] != 5) || y[i] != y[i - i % WIDTH])
                    fail_msg("step %d, sample %d: %g beside %g", step, i / WIDTH, y[i], y[i - i % WIDTH]);
            for (int i = 0; i < SAMPLES; i++)
                here += y[i * WIDTH] == 0;
            assert_true(!batch || here == 0 || here == SAMPLES);
            dropped += here;
        }
        if (!batch && (dropped < 700 || dropped > 900))
            fail_msg("%lld of 4000 samples were left out", (long long)dropped);
        if (batch && (dropped < 4 * SAMPLES || dropped > 40 * SAMPLES))
            fail_msg("%lld of 100 batches were left out", (long long)dropped / SAMPLES);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* What is left out passes the block by, bit for bit, and in evaluation the layer is not there. */
static void the_skip_of_a_sample_left_out_is_the_sample(void **state)
{
    (void)state;
    enum { SAMPLES = 16, WIDTH = 4 };
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_net *bare = NULL;
    OK(deepid_net_create(ctx, "input 4; identity survive=0.5 { dense out=4; tanh }", DEEPID_F32, &net));
    OK(deepid_net_create(ctx, "input 4; identity { dense out=4; tanh }", DEEPID_F32, &bare));
    OK(deepid_net_init(net, "he", 3));
    OK(deepid_net_init(bare, "he", 3));
    float x[SAMPLES * WIDTH], y[2][SAMPLES * WIDTH];
    for (int i = 0; i < SAMPLES * WIDTH; i++)
        x[i] = (float)sin(i + 1);
    for (int mode = 0; mode < 2; mode++) {
        for (int k = 0; k < 2; k++) {
            deepid_net *one = k ? bare : net;
            OK(dpid_net_prepare(one, SAMPLES, true));
            memcpy(dpid_net_input(one), x, sizeof x);
            OK(dpid_net_run_forward(one, mode ? DPID_TRAIN : DPID_EVAL, SAMPLES));
            memcpy(y[k], dpid_net_output(one), sizeof x);
        }
        int passed = 0;
        for (int s = 0; s < SAMPLES; s++)
            passed += memcmp(y[0] + s * WIDTH, x + s * WIDTH, WIDTH * sizeof *x) == 0;
        assert_true(mode ? passed > 2 && passed < SAMPLES - 2 : passed == 0);
        if (!mode)
            assert_memory_equal(y[0], y[1], sizeof x);
    }
    deepid_net_destroy(bare);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survive_puts_the_layer_at_the_end_of_the_branch),
        cmocka_unit_test(families_survive_less_the_deeper),
        cmocka_unit_test(a_sample_is_left_out_as_a_whole),
        cmocka_unit_test(the_skip_of_a_sample_left_out_is_the_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
