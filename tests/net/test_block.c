/* Blocks: gradients of every variant, exact identities, plain twins. */
#include "support/support.h"

#include "net/net.h"

#include <math.h>

/* ---- a directional derivative of a whole net against 4th-order central differences --------------- */

static double projected(deepid_net *net, deepid_tensor *x, deepid_tensor *y, const double *direction, deepid_ctx *ctx)
{
    double sum = 0;
    OK(deepid_net_forward(net, x, y));
    for (int64_t i = 0; i < deepid_tensor_count(y); i++)
        sum += ((const double *)deepid_tensor_data(y))[i] * direction[i];
    return sum;
}

/* Of the sum above along v: weights first, then inputs. */
static double difference(deepid_ctx *ctx, deepid_net *net, deepid_tensor *x, deepid_tensor *y, const double *direction,
                         const double *v)
{
    static const double at[] = {-2, -1, 1, 2};
    static const double weight[] = {1, -8, 8, -1};
    const double h = 2e-5;
    const int64_t weights = deepid_net_trained_count(net);
    const int64_t all = weights + deepid_tensor_count(x);
    double *w = deepid_net_trained_data(net);
    double *xs = deepid_tensor_data(x);
    double sum = 0;
    for (int k = 0; k < 4; k++) {
        for (int64_t i = 0; i < all; i++)
            *(i < weights ? &w[i] : &xs[i - weights]) += at[k] * h * v[i];
        sum += weight[k] * projected(net, x, y, direction, ctx) / (12 * h);
        for (int64_t i = 0; i < all; i++)
            *(i < weights ? &w[i] : &xs[i - weights]) -= at[k] * h * v[i];
    }
    return sum;
}

static void net_matches_differences(const char *text, int64_t n, uint64_t seed)
{
    deepid_ctx *ctx = new_ctx(2);
    deepid_net *net = NULL;
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    deepid_tensor *dy = NULL;
    deepid_tensor *dx = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F64, &net));
    OK(deepid_net_init(net, "he", seed));
    OK(deepid_net_set_mode(net, DEEPID_TRAIN));
    int64_t in[5] = {n};
    int64_t out[5] = {n};
    for (int32_t i = 0; i < deepid_net_input_rank(net); i++)
        in[i + 1] = deepid_net_input_extent(net, i);
    for (int32_t i = 0; i < deepid_net_output_rank(net); i++)
        out[i + 1] = deepid_net_output_extent(net, i);
    OK(deepid_tensor_create(ctx, DEEPID_F64, 1 + deepid_net_input_rank(net), in, &x));
    OK(deepid_tensor_clone(x, &dx));
    OK(deepid_tensor_create(ctx, DEEPID_F64, 1 + deepid_net_output_rank(net), out, &y));
    OK(deepid_tensor_clone(y, &dy));
    random_array(seed, deepid_tensor_count(x), -1, 1, deepid_tensor_data(x));
    random_array(seed + 1, deepid_tensor_count(dy), -1, 1, deepid_tensor_data(dy));
    OK(deepid_net_forward(net, x, y));
    OK(deepid_tensor_fill(dx, (double)NAN));
    OK(deepid_net_backward(net, dy, dx));

    const int64_t weights = deepid_net_trained_count(net);
    const int64_t inputs = deepid_tensor_count(x);
    double *v = malloc(sizeof *v * (size_t)(weights + inputs));
    random_array(seed + 2, weights + inputs, -1, 1, v);
    const double *gw = deepid_net_trained_gradient(net);
    const double *gx = deepid_tensor_data(dx);
    double analytic = 0;
    double scale = 0;
    for (int64_t i = 0; i < weights + inputs; i++) {
        const double g = i < weights ? gw[i] : gx[i - weights];
        analytic += g * v[i];
        scale += g * g;
    }
    const double numeric = difference(ctx, net, x, y, deepid_tensor_data(dy), v);
    if (!(fabs(analytic - numeric) <= 1e-9 * sqrt(scale * (double)(weights + inputs))))
        fail_msg("%s\n  seed %llu: derivative %.12g, differences say %.12g (gradient norm %.3g)", text,
                 (unsigned long long)seed, analytic, numeric, sqrt(scale));
    free(v);
    deepid_tensor_destroy(dx);
    deepid_tensor_destroy(dy);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* tanh instead of relu keeps the differences away from kinks */
static void every_variant_has_the_right_gradient(void **state)
{
    (void)state;
    static const char *const dense[] = {"", "s=0.5", "shortcut=C", "shortcut=C projection=bias"};
    static const char *const pictures[] = {"shortcut=A", "shortcut=B", "shortcut=C", "shortcut=A s=0.3",
                                           "shortcut=B projection=bare"};
    char text[512];
    for (int64_t variant = 0; deepid_block_word(variant); variant++) {
        const bool gated = dpid_variant_at(variant)->gate != 0; /* no shortcuts; pictures below */
        for (size_t i = 0; i < (gated ? 2 : sizeof dense / sizeof *dense); i++) {
            snprintf(text, sizeof text,
                     "input 5; dense out=7; tanh; 3 * %s %s { dense out=7; batchnorm; tanh; dense out=7 } after=tanh; "
                     "dense out=3",
                     deepid_block_word(variant), dense[i]);
            net_matches_differences(text, 6, 11 + (uint64_t)i);
        }
        for (size_t i = 0; !gated && i < sizeof pictures / sizeof *pictures; i++) {
            snprintf(text, sizeof text,
                     "input 6x5x3; conv2d out=4 kernel=3; tanh; %s %s { conv2d out=6 kernel=3 stride=2 padding=1 "
                     "bias=0; batchnorm; tanh; conv2d out=6 kernel=3 } after=silu; "
                     "global_avgpool; dense out=3",
                     deepid_block_word(variant), pictures[i]);
            net_matches_differences(text, 4, 21 + (uint64_t)i);
        }
    }
}

static void layers_in_a_row_have_the_right_gradient(void **state)
{
    (void)state;
    net_matches_differences("input 6x6x4; conv2d out=6 kernel=3x2 groups=2 dilation=2; gelu; avgpool kernel=2; "
                            "layernorm; flatten; dense out=5; softplus; dense out=2",
                            3, 5);
    net_matches_differences("input 4; 2 * identity { dense out=4; tanh }; dense out=2", 5, 6);
    net_matches_differences("input 5x4x3; 2 * highway { conv2d out=3 kernel=3; batchnorm }; highway_plain { conv2d "
                            "out=3 kernel=3; tanh } after=silu; global_avgpool; dense out=2",
                            4, 7);
    net_matches_differences("input 6x3; highway s=0.4 gate=0 { conv1d out=3 kernel=3; tanh } norm=layernorm; flatten; "
                            "dense out=2",
                            4, 8);
    net_matches_differences("input 4; identity { dense out=4; sigmoid }", 1, 7);
}

/* ---- exact identities ----------------------------------------------------------------------------- */

/* -0, subnormals, huge values: all come back bit for bit. */
static void zero_branch_returns_its_input_bit_for_bit(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const int32_t dtypes[] = {DEEPID_F32, DEEPID_F64};
    for (int d = 0; d < 2; d++) {
        deepid_net *net = NULL;
        deepid_tensor *x = NULL;
        deepid_tensor *y = NULL;
        const int64_t extents[] = {2, 4};
        OK(deepid_net_create(ctx, "input 4; identity { dense out=4; relu; dense out=4 }", dtypes[d], &net));
        OK(deepid_net_init(net, "zero_last", 3));
        OK(deepid_tensor_create(ctx, dtypes[d], 2, extents, &x));
        OK(deepid_tensor_create(ctx, dtypes[d], 2, extents, &y));
        const double values[] = {-0.0, 0.0, 1e-42, -1e-42, 3e38, -3e38, 1.0 / 3, -1};
        OK(deepid_tensor_copy_in(x, DEEPID_F64, values, NULL));
        OK(deepid_net_prepare(net, 2, 1));
        OK(deepid_net_forward(net, x, y));
        assert_memory_equal(deepid_tensor_data(x), deepid_tensor_data(y), 8 * (d ? 8 : 4));
        deepid_tensor *dx = NULL;
        OK(deepid_tensor_clone(y, &dx));
        OK(deepid_net_backward(net, x, dx)); /* dy passes: the branch's last weights are 0 */
        for (int i = 0; i < 8; i++)
            assert_true(d ? ((double *)deepid_tensor_data(dx))[i] == ((double *)deepid_tensor_data(x))[i]
                          : ((float *)deepid_tensor_data(dx))[i] == ((float *)deepid_tensor_data(x))[i]);
        deepid_tensor_destroy(dx);
        deepid_tensor_destroy(y);
        deepid_tensor_destroy(x);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

static void unit_weights_and_relu_return_nonnegative_input_bit_for_bit(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const char *const texts[] = {"input 75; 20 * plain { dense out=75; relu }",
                                        "input 5x5x3; 20 * plain { conv2d out=3 kernel=3; relu }"};
    for (int t = 0; t < 2; t++) {
        deepid_net *net = NULL;
        deepid_tensor *x = NULL;
        deepid_tensor *y = NULL;
        const int64_t extents[][4] = {{40, 75}, {40, 5, 5, 3}};
        OK(deepid_net_create(ctx, texts[t], DEEPID_F32, &net));
        OK(deepid_net_init(net, "identity", 1));
        OK(deepid_tensor_create(ctx, DEEPID_F32, t ? 4 : 2, extents[t], &x));
        OK(deepid_tensor_clone(x, &y));
        double values[3000];
        random_array(9, 3000, 0, 1, values);
        for (int i = 0; i < 3000; i++)
            values[i] = i % 7 == 0 ? 0 : i % 11 == 0 ? values[i] * 1e-40 : i % 13 == 0 ? values[i] * 1e38 : values[i];
        OK(deepid_tensor_copy_in(x, DEEPID_F64, values, NULL));
        OK(deepid_net_forward(net, x, y));
        assert_memory_equal(deepid_tensor_data(x), deepid_tensor_data(y), 3000 * 4);
        deepid_tensor_destroy(y);
        deepid_tensor_destroy(x);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- twins ------------------------------------------------------------------------------------------- */

static void plain_twin_has_the_same_parameters_and_numbers(void **state)
{
    (void)state;
    static const char *const twins[][2] = {
        {"identity", "plain"}, {"preact", "preact_plain"}, {"bottleneck", "bottleneck_plain"}};
    deepid_ctx *ctx = new_ctx(1);
    for (int t = 0; t < 3; t++) {
        deepid_net *a = NULL;
        deepid_net *b = NULL;
        OK(deepid_resnet_cifar(ctx, t == 2 ? 29 : 20, twins[t][0], DEEPID_F32, &a));
        OK(deepid_resnet_cifar(ctx, t == 2 ? 29 : 20, twins[t][1], DEEPID_F32, &b));
        OK(deepid_net_init(a, "he", 4));
        OK(deepid_net_init(b, "he", 4));
        assert_int_equal(deepid_net_trained_count(a), deepid_net_trained_count(b));
        assert_int_equal(bits(deepid_net_trained_data(a), 4 * deepid_net_trained_count(a)),
                         bits(deepid_net_trained_data(b), 4 * deepid_net_trained_count(b)));
        deepid_net_destroy(b);
        deepid_net_destroy(a);
    }
    deepid_ctx_destroy(ctx);
}

/* shared prefix and suffix of a shallow and a deep net: equal names, equal numbers */
static void shared_layers_share_their_start(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *shallow = NULL;
    deepid_net *deep = NULL;
    OK(deepid_resnet_mlp(ctx, 2, 16, 2, 2, "plain", NULL, DEEPID_F32, &shallow));
    OK(deepid_resnet_mlp(ctx, 2, 16, 30, 2, "plain", NULL, DEEPID_F32, &deep));
    OK(deepid_net_init(shallow, "he", 8));
    OK(deepid_net_init(deep, "he", 8));
    for (int64_t i = 0; i < deepid_net_parameter_count(shallow); i++) {
        const char *name = deepid_net_parameter_name(shallow, i);
        assert_true(deepid_net_parameter_find(deep, name) >= 0);
        const float *a = deepid_net_parameter_data(shallow, name);
        const float *b = deepid_net_parameter_data(deep, name);
        assert_true(a[0] == b[0]);
    }
    int64_t copied = 0;
    OK(deepid_net_copy_parameters(deep, shallow, &copied));
    assert_int_equal(copied, deepid_net_parameter_count(shallow));
    deepid_net_destroy(deep);
    deepid_net_destroy(shallow);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_has_the_right_gradient),
        cmocka_unit_test(layers_in_a_row_have_the_right_gradient),
        cmocka_unit_test(zero_branch_returns_its_input_bit_for_bit),
        cmocka_unit_test(unit_weights_and_relu_return_nonnegative_input_bit_for_bit),
        cmocka_unit_test(plain_twin_has_the_same_parameters_and_numbers),
        cmocka_unit_test(shared_layers_share_their_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
