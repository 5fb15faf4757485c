/* Series [length, channels]: nets of conv1d are those of conv2d on pictures of one row, bit for bit; what does not fit
   is refused in words of one axis; PyTorch's weights are [out, in, kernel]. */
#include "support/support.h"

#include "net/net.h"

static deepid_net *make(deepid_ctx *ctx, const char *text)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    OK(deepid_net_init(net, "he bias=0.1", 3));
    return net;
}

static const struct {
    const char *series, *picture;
} pairs[] = {
    {"input 33x3; conv1d out=8 kernel=5 stride=2; batchnorm; relu; maxpool kernel=2; flatten; dense out=3",
     "input 1x33x3; conv2d out=8 kernel=1x5 stride=1x2; batchnorm; relu; maxpool kernel=1x2 stride=1x2; flatten; "
     "dense out=3"},
    {"input 20x16; 2 * identity { conv1d out=16 kernel=3 padding=2x0 bias=0; batchnorm; relu; conv1d out=16 kernel=3 "
     "bias=0; batchnorm }; identity { conv1d out=24 kernel=3 bias=0; batchnorm } shortcut=B; "
     "avgpool kernel=3 stride=1 padding=1 count_include_pad=1; global_avgpool; dense out=2",
     "input 1x20x16; 2 * identity { conv2d out=16 kernel=1x3 padding=0x0x2x0 bias=0; batchnorm; relu; conv2d out=16 "
     "kernel=1x3 bias=0; batchnorm }; identity { conv2d out=24 kernel=1x3 bias=0; batchnorm } shortcut=B; "
     "avgpool kernel=1x3 stride=1 padding=0x1 count_include_pad=1; global_avgpool; dense out=2"},
    {"input 17x5; conv1d out=20 kernel=3 dilation=3 groups=5; layernorm; tanh; groupnorm groups=4; channel_pad out=21 "
     "stride=3; global_avgpool",
     "input 1x17x5; conv2d out=20 kernel=1x3 dilation=1x3 groups=5; layernorm; tanh; groupnorm groups=4; channel_pad "
     "out=21 stride=3; global_avgpool"},
};
enum { BATCH = 6, PAIRS = sizeof pairs / sizeof *pairs };

/* Output, gradient of the input and of all parameters, one after the other. */
static float *numbers_of(deepid_ctx *ctx, deepid_net *net, const float *x, int64_t *count)
{
    const int64_t in = dpid_shape_count(&net->value[0].shape) * BATCH;
    OK(deepid_net_prepare(net, BATCH, 1));
    memcpy(dpid_net_input(net), x, (size_t)in * sizeof *x);
    OK(dpid_net_run_forward(net, DPID_TRAIN, BATCH));
    const int64_t out = dpid_net_outputs(net) * BATCH;
    *count = out + in + net->values_reals;
    float *all = calloc((size_t)*count, sizeof *all);
    memcpy(all, dpid_net_output(net), (size_t)out * sizeof *all);
    for (int64_t i = 0; i < out; i++)
        ((float *)dpid_net_output_gradient(net))[i] = (float)(i % 7) - 3;
    dpid_net_clear_gradients(net);
    dpid_net_run_backward(net, DPID_TRAIN, BATCH, all + out);
    memcpy(all + out + in, net->gradients, (size_t)net->values_reals * sizeof *all);
    return all;
}

static void a_series_is_a_picture_of_one_row(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int i = 0; i < PAIRS; i++) {
        deepid_net *series = make(ctx, pairs[i].series);
        deepid_net *picture = make(ctx, pairs[i].picture);
        int64_t counts[2];
        float x[BATCH * 400];
        assert_int_equal(series->values_reals, picture->values_reals);
        memcpy(picture->values, series->values, (size_t)series->values_reals * sizeof(float));
        assert_true(dpid_shape_count(&series->value[0].shape) <= 400);
        for (int k = 0; k < BATCH * 400; k++)
            x[k] = (float)((k * 37) % 101) / 50 - 1;
        float *a = numbers_of(ctx, series, x, &counts[0]);
        float *b = numbers_of(ctx, picture, x, &counts[1]);
        assert_int_equal(counts[0], counts[1]);
        for (int64_t k = 0; k < counts[0]; k++)
            if (memcmp(&a[k], &b[k], sizeof *a) != 0)
                fail_msg("%s: number %lld is %g, expected %g", pairs[i].series, (long long)k, (double)a[k],
                         (double)b[k]);
        free(a);
        free(b);
        deepid_net_destroy(picture);
        deepid_net_destroy(series);
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void what_does_not_fit_a_series_is_said_of_one_axis(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
        int32_t status;
    } cases[] = {
        {"input 8x3; conv2d out=4 kernel=3", "input is 8x3, expected height x width x channels; a series takes conv1d",
         DEEPID_ERR_SHAPE},
        {"input 8x8x3; conv1d out=4 kernel=3", "input is 8x8x3, expected length x channels; a picture takes conv2d",
         DEEPID_ERR_SHAPE},
        {"input 8; conv1d out=4 kernel=3", "conv1d: input is 8, expected length x channels", DEEPID_ERR_SHAPE},
        {"input 8x3; conv1d out=4 kernel=9 padding=valid", "the kernel reaches over 9 steps, expected at most 8",
         DEEPID_ERR_SHAPE},
        {"input 8x3; conv1d out=4 kernel=3x3", "conv1d: kernel has 2 numbers, expected 1 for a series",
         DEEPID_ERR_SPEC},
        {"input 8x3; conv1d out=4 kernel=3 padding=1x1x1x1", "padding has 4 numbers, expected 1 or 2 (before x after)",
         DEEPID_ERR_SPEC},
        {"input 8x3; maxpool kernel=2 padding=2", "padding 2x2 is not smaller than the kernel 2", DEEPID_ERR_SHAPE},
        {"input 8x3; conv1d out=4 kernel=3 groups=2", "conv1d: groups is 2, expected a divisor of the 3 input",
         DEEPID_ERR_SHAPE},
        {"input 8x3; dense out=2", "dense: input is 8x3, expected features", DEEPID_ERR_SHAPE},
        {"input 8x3; identity { conv1d out=4 kernel=3 }", "turns 8x3 into 8x4, so the skip needs shortcut",
         DEEPID_ERR_SHAPE},
        {"input 0x3; relu", "length x channels (such as 128x3)", DEEPID_ERR_SPEC},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        deepid_net *net = NULL;
        REFUSED(deepid_net_create(ctx, cases[i].text, DEEPID_F32, &net), cases[i].status, cases[i].sentence);
    }
    deepid_ctx_destroy(ctx);
}

static void a_word_alone_is_a_block_of_conv1d(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 12x8; identity out=8; bottleneck out=2; preact out=16 stride=2 shortcut=B");
    const char *text = deepid_net_describe(net);
    assert_null(strstr(text, "conv2d"));
    deepid_net *again = make(ctx, text);
    assert_string_equal(deepid_net_describe(again), text);
    deepid_net_destroy(again);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static const dpid_file_tensor *of_rank(const dpid_safetensors *file, int32_t rank)
{
    for (int64_t i = 0; i < file->count; i++)
        if (file->tensor[i].rank == rank)
            return &file->tensor[i];
    fail_msg("no tensor of rank %d", rank);
    return NULL;
}

/* A kernel of PyTorch is [out, in, kernel]: w[o, k, c] is its number (o in + c) kernel + k. Behind the flatten its
   features go by channel. */
static void weights_go_to_pytorch_and_back(void **state)
{
    (void)state;
    static const char *const text = "input 6x3; conv1d out=4 kernel=5 bias=0; batchnorm; flatten; dense out=2";
    enum { OUT = 4, KERNEL = 5, IN = 3, LENGTH = 6 };
    const char *path = temporary("series.safetensors");
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, text);
    deepid_net *back = make(ctx, text);
    for (int64_t i = 0; i < net->values_reals; i++)
        ((float *)net->values)[i] = (float)i;
    OK(deepid_net_save_weights(net, path, "pytorch", NULL));
    dpid_safetensors file;
    OK(dpid_safetensors_read(ctx, path, &file));
    const dpid_file_tensor *w = of_rank(&file, 3);
    const dpid_file_tensor *dense = of_rank(&file, 2);
    const float *ours = dpid_net_parameter_at(net, net->layer[0].parameter[0]);
    const float *matrix = dpid_net_parameter_at(net, net->layer[3].parameter[0]);
    assert_int_equal(w->rank, 3);
    assert_true(w->extents[0] == OUT && w->extents[1] == IN && w->extents[2] == KERNEL);
    for (int o = 0; o < OUT; o++)
        for (int k = 0; k < KERNEL; k++)
            for (int c = 0; c < IN; c++)
                assert_true(((const float *)w->data)[(o * IN + c) * KERNEL + k] == ours[(o * KERNEL + k) * IN + c]);
    for (int i = 0; i < LENGTH; i++)
        for (int c = 0; c < OUT; c++)
            assert_true(((const float *)dense->data)[c * LENGTH + i] == matrix[i * OUT + c]);
    dpid_safetensors_release(&file);
    OK(deepid_net_load_weights(back, path, "pytorch match=order"));
    assert_memory_equal(back->values, net->values, (size_t)net->values_reals * sizeof(float));
    deepid_net_destroy(back);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_series_is_a_picture_of_one_row),
        cmocka_unit_test(what_does_not_fit_a_series_is_said_of_one_axis),
        cmocka_unit_test(a_word_alone_is_a_block_of_conv1d),
        cmocka_unit_test(weights_go_to_pytorch_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
