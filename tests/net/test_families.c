/* Published parameter counts: He et al. 2015 for 6n+2 (97216 n - 21926 with batch-norm's), torchvision's for
   ImageNet. */
#include "support/support.h"

#include "net/net.h"

static int64_t count_of(const char *family, int64_t depth, const char *block)
{
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(family[0] == 'c' ? deepid_resnet_cifar(ctx, depth, block, DEEPID_F32, &net)
                        : deepid_resnet_imagenet(ctx, depth, block, DEEPID_F32, &net));
    const int64_t count = deepid_net_trained_count(net);
    deepid_net *again = NULL;
    OK(deepid_net_create(ctx, deepid_net_describe(net), DEEPID_F32, &again));
    assert_string_equal(deepid_net_describe(again), deepid_net_describe(net));
    deepid_net_destroy(again);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
    return count;
}

static void cifar_nets_have_the_published_parameters(void **state)
{
    static const int64_t expected[][2] = {{20, 269722}, {32, 464154},   {44, 658586},
                                          {56, 853018}, {110, 1727962}, {1202, 19421274}};
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(count_of("cifar", expected[i][0], "identity shortcut=A"), expected[i][1]);
        assert_int_equal(count_of("cifar", expected[i][0], "plain"), expected[i][1]);
    }
}

static void imagenet_nets_have_the_published_parameters(void **state)
{
    static const int64_t expected[][2] = {
        {18, 11689512}, {34, 21797672}, {50, 25557032}, {101, 44549160}, {152, 60192808}};
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(count_of("imagenet", expected[i][0], "identity"), expected[i][1]);
}

/* references: 40 551 040 multiply-adds an image for ResNet-20's convolutions and head */
static void resnet20_has_the_published_multiply_adds(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_resnet_cifar(ctx, 20, "identity", DEEPID_F32, &net));
    int64_t macs = 0;
    for (int32_t i = 0; i < net->layers; i++)
        if (strcmp(net->layer[i].op.kind->word, "conv2d") == 0 || strcmp(net->layer[i].op.kind->word, "dense") == 0)
            macs += net->layer[i].op.macs;
    assert_int_equal(macs, 40551040);
    deepid_table *summary = NULL;
    OK(deepid_net_summary(net, &summary));
    const int64_t last = deepid_table_rows(summary) - 1;
    assert_string_equal(deepid_table_row_name(summary, last), "total");
    assert_int_equal((int64_t)deepid_table_get(summary, last, deepid_table_find_column(summary, "parameters")), 269722);
    deepid_table_destroy(summary);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* Derived by hand from the rows. Preact cifar: the stem's batch-norm (16) moves to the end (64): + 2 * 48; each of
   the two stride blocks' first batch-norm is as wide as its input instead of its output: - 2 * (16 + 32). Together
   0. Imagenet 18, preact: one more batch-norm of 512 at the end; first batch-norms of the three stride blocks have
   64, 128, 256 channels instead of 128, 256, 512: + 1024 - 2 * 448; the projections have a batch-norm as in 18.
   Shortcut B in cifar 20: 1x1 convolutions 16 * 32 and 32 * 64 with batch-norms of 32 and 64. */
static void other_blocks_have_the_parameters_of_their_rows(void **state)
{
    (void)state;
    assert_int_equal(count_of("cifar", 20, "preact"), 269722);
    assert_int_equal(count_of("cifar", 20, "preact_plain"), 269722);
    assert_int_equal(count_of("cifar", 20, "identity shortcut=B"), 269722 + 512 + 2048 + 2 * (32 + 64));
    assert_int_equal(count_of("imagenet", 18, "preact"), 11689512 + 1024 - 2 * 448);
    /* plain twins lack the projections and their batch-norms */
    assert_int_equal(count_of("imagenet", 18, "plain"),
                     11689512 - (64 * 128 + 128 * 256 + 256 * 512) - 2 * (128 + 256 + 512));
    assert_int_equal(count_of("imagenet", 50, "plain"), count_of("imagenet", 50, "bottleneck_plain"));
}

static void an_mlp_is_the_text_one_would_type(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_resnet_mlp(ctx, 2, 16, 30, 2, "identity s=0.5 after=relu", NULL, DEEPID_F32, &net));
    assert_string_equal(deepid_net_describe(net), "input 2; dense out=16; batchnorm; relu; 30 * identity s=0.5 { dense "
                                                  "out=16; batchnorm; relu } after=relu; dense out=2");
    deepid_net_destroy(net);
    OK(deepid_resnet_mlp(ctx, 3, 4, 0, 1, "plain", "tanh", DEEPID_F64, &net));
    assert_string_equal(deepid_net_describe(net), "input 3; dense out=4; tanh; dense out=1");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_nets_have_the_published_parameters),
        cmocka_unit_test(imagenet_nets_have_the_published_parameters),
        cmocka_unit_test(resnet20_has_the_published_multiply_adds),
        cmocka_unit_test(other_blocks_have_the_parameters_of_their_rows),
        cmocka_unit_test(an_mlp_is_the_text_one_would_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
