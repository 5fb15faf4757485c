/* Published parameter counts: He et al. 2015 for 6n+2 (97216 n - 21926 with batch-norm's), torchvision's for ImageNet. */
#include "support/support.h"

#include "net/net.h"

static int64_t count_of(const char *family, int64_t depth, const char *block)
{
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(family[0] == 'c' ? deepid_resnet_cifar(ctx, depth, block, DEEPID_F32, &net) : deepid_resnet_imagenet(ctx, depth, block, DEEPID_F32, &net));
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
    static const int64_t expected[][2] = {{20, 269722}, {32, 464154}, {44, 658586}, {56, 853018}, {110, 1727962}, {1202, 19421274}};
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(count_of("cifar", expected[i][0], "identity shortcut=A"), expected[i][1]);
        assert_int_equal(count_of("cifar", expected[i][0], "plain"), expected[i][1]);
    }
}

static void imagenet_nets_have_the_published_parameters(void **state)
{
    static const int64_t expected[][2] = {{18, 11689512}, {34, 21797672}, {50, 25557032}, {101, 44549160}, {152, 60192808}};
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

static void impossible_families_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    REFUSED(deepid_resnet_cifar(ctx, 21, "identity", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT, "depth is 21, expected 6n + 2");
    REFUSED(deepid_resnet_cifar(ctx, 20, "residual", DEEPID_F32, &net), DEEPID_ERR_SPEC, "unknown block 'residual'");
    REFUSED(deepid_resnet_cifar(ctx, 20, NULL, DEEPID_F32, &net), DEEPID_ERR_SPEC, "block is 'NULL'");
    REFUSED(deepid_resnet_imagenet(ctx, 19, "plain", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT, "expected 18, 34, 50, 101 or 152");
    REFUSED(deepid_resnet_mlp(ctx, 2, 0, 3, 2, "plain", NULL, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT, "mlp: width is 0");
    REFUSED(deepid_resnet_cifar(ctx, 20, "identity shortcut=identity", DEEPID_F32, &net), DEEPID_ERR_SHAPE, "shortcut=A, B or C");
    assert_null(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_nets_have_the_published_parameters),
        cmocka_unit_test(imagenet_nets_have_the_published_parameters),
        cmocka_unit_test(resnet20_has_the_published_multiply_adds),
        cmocka_unit_test(impossible_families_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
