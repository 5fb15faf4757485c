/* Nets to ONNX files: nets by chance come back with the same outputs. That ONNX Runtime gives them too was seen
   once for 896 of them (docs/onnx.md); here the reader, which is held to its outputs in test_load.c, is the
   judge. */
#include "support/random_net.h"

#include <math.h>

enum { NETS = 60, SAMPLES_MOST = 3 };

/* Running statistics and biases that are not those of a new net. */
static void settle(deepid_net *net, uint64_t seed)
{
    for (int32_t i = 0; i < net->parameters; i++) {
        const dpid_parameter *p = &net->parameter[i];
        double *values = calloc((size_t)p->count, sizeof *values);
        const bool around_one = p->spec.role == DPID_ROLE_SCALE || p->spec.role == DPID_ROLE_VARIANCE;
        random_array(seed + (uint64_t)i, p->count, around_one ? 0.5 : -0.5, around_one ? 1.5 : 0.5, values);
        for (int64_t k = 0; k < p->count && p->spec.role != DPID_ROLE_WEIGHT; k++)
            dpid_store(net->precision, dpid_net_parameter_at(net, i), k, values[k]);
        free(values);
    }
}

static double *outputs(deepid_ctx *ctx, deepid_net *net, const double *x, int64_t samples, int64_t *count)
{
    OK(dpid_net_prepare(net, samples, false));
    for (int64_t i = 0; i < samples * dpid_shape_count(&net->value[0].shape); i++)
        dpid_store(net->precision, dpid_net_input(net), i, x[i]);
    OK(dpid_net_run_forward(net, DPID_EVAL, samples));
    *count = samples * dpid_shape_count(&net->value[net->step[net->steps - 1].out].shape);
    double *y = calloc((size_t)*count, sizeof *y);
    for (int64_t i = 0; i < *count; i++)
        y[i] = dpid_fetch(net->precision, dpid_net_output(net), i);
    return y;
}

/* Numbers that are folded (the skip's factor into a batch-norm) are rounded once more. */
static void gives_the_same(deepid_ctx *ctx, const drawn_net *drawn, deepid_net *net, deepid_net *back)
{
    const int64_t samples = drawn->batch < SAMPLES_MOST ? drawn->batch : SAMPLES_MOST;
    const int64_t in = samples * dpid_shape_count(&net->value[0].shape);
    double *x = calloc((size_t)in, sizeof *x);
    int64_t count;
    int64_t there;
    double most = 0;
    random_array(drawn->seed, in, -2, 2, x);
    double *y = outputs(ctx, net, x, samples, &count);
    double *z = outputs(ctx, back, x, samples, &there);
    assert_int_equal(there, count);
    for (int64_t i = 0; i < count; i++)
        most = fmax(most, fabs(y[i]));
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(y[i] - z[i]) <= 1e-5 * most))
            fail_msg("seed %llu: output %lld is %g, it was %g\n  %s\n  %s", (unsigned long long)drawn->seed,
                     (long long)i, z[i], y[i], drawn->text, deepid_net_describe(back));
    free(x);
    free(y);
    free(z);
}

static void nets_by_chance_come_back(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("net.onnx");
    int32_t seen = 0;
    for (uint64_t seed = 1; seed <= NETS; seed++) {
        drawn_net drawn;
        deepid_net *net = NULL;
        deepid_net *back = NULL;
        draw_net(ctx, seed, &drawn);
        OK(deepid_net_create(ctx, drawn.text, seed % 4 ? DEEPID_F32 : DEEPID_F64, &net));
        OK(deepid_net_init(net, "he", seed));
        settle(net, seed);
        const int32_t status = deepid_net_save_onnx(net, path);
        if (status == DEEPID_ERR_UNSUPPORTED && strstr(deepid_ctx_error(ctx), "ONNX has no operator for it")) {
            deepid_net_destroy(net);
            continue;
        }
        OK(status);
        if (deepid_net_load_onnx(ctx, path, &back) == DEEPID_OK)
            gives_the_same(ctx, &drawn, net, back);
        else if (!strstr(deepid_ctx_error(ctx), "the graph has no layer") && /* flatten of features, small pools */
                 !(strstr(drawn.text, "highway") && strstr(deepid_ctx_error(ctx), "multiplies two branches")))
            fail_msg("seed %llu: %s\n  %s", (unsigned long long)seed, deepid_ctx_error(ctx), drawn.text);
        seen += back != NULL;
        deepid_net_destroy(back);
        deepid_net_destroy(net);
    }
    assert_true(seen > NETS / 2);
    deepid_ctx_destroy(ctx);
}

/* A chain without anything to fold: text, type and numbers are the same, to the last bit. */
static void plain_numbers_come_back_bit_for_bit(void **state)
{
    (void)state;
    static const char text[] = "input 6x5x3; conv2d out=4 kernel=3 stride=2 padding=1; batchnorm eps=0.001; relu; 2 * "
                               "identity { conv2d out=4 kernel=3 bias=0; batchnorm; gelu form=tanh } after=relu; "
                               "identity { conv2d out=4 kernel=1; scale }; identity s=0.5 { conv2d out=4 kernel=1; "
                               "scale per=channel }; "
                               "rmsnorm eps=0.01; maxpool kernel=2; flatten; rmsnorm; dense out=3";
    deepid_ctx *ctx = new_ctx(1);
    for (int32_t dtype = DEEPID_F32; dtype <= DEEPID_F64; dtype++) {
        deepid_net *net = NULL;
        deepid_net *back = NULL;
        OK(deepid_net_create(ctx, text, dtype, &net));
        OK(deepid_net_init(net, "he", 3));
        settle(net, 3);
        OK(deepid_net_save_onnx(net, temporary("net.onnx")));
        OK(deepid_net_load_onnx(ctx, temporary("net.onnx"), &back));
        assert_string_equal(deepid_net_describe(back), deepid_net_describe(net));
        assert_int_equal(deepid_net_dtype(back), dtype);
        const size_t bytes = dtype == DEEPID_F32 ? sizeof(float) : sizeof(double);
        assert_memory_equal(back->values, net->values, bytes * (size_t)net->values_reals);
        assert_memory_equal(back->states, net->states, bytes * (size_t)net->states_reals);
        deepid_net_destroy(back);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* What differs from the defaults of ONNX is written, and read again. */
static void options_of_pools_and_activations_are_written(void **state)
{
    (void)state;
    static const char *const layers[] = {
        "maxpool kernel=3 ceil_mode=1",
        "maxpool kernel=2 stride=2 padding=1 dilation=2 ceil_mode=1",
        "avgpool kernel=3 padding=1 count_include_pad=1",
        "avgpool kernel=3 stride=2 padding=1 ceil_mode=1 count_include_pad=1",
        "avgpool kernel=3 padding=1 ceil_mode=1",
        "celu alpha=0.3",
        "hardsigmoid",
        "softsign",
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        drawn_net drawn = {.batch = 2};
        deepid_net *net = NULL;
        deepid_net *back = NULL;
        snprintf(drawn.text, sizeof drawn.text, "input 6x8x2; %s", layers[i]);
        OK(deepid_net_create(ctx, drawn.text, i % 2 ? DEEPID_F64 : DEEPID_F32, &net));
        OK(deepid_net_save_onnx(net, temporary("net.onnx")));
        OK(deepid_net_load_onnx(ctx, temporary("net.onnx"), &back));
        gives_the_same(ctx, &drawn, net, back);
        deepid_net_destroy(back);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

static void what_onnx_lacks_is_refused_by_name(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, "input 2; plain { dense out=2; gradient_cast }", DEEPID_F32, &net));
    REFUSED(deepid_net_save_onnx(net, temporary("net.onnx")), DEEPID_ERR_UNSUPPORTED,
            "layer 'block1.gradient_cast' (gradient_cast): ONNX has no operator for it");
    REFUSED(deepid_net_save_onnx(net, NULL), DEEPID_ERR_ARGUMENT, "path is NULL");
    deepid_net_destroy(net);
    OK(deepid_net_create(ctx, "input 2; dense out=2", DEEPID_F32, &net));
    REFUSED(deepid_net_save_onnx(net, temporary("no/folder/net.onnx")), DEEPID_ERR_IO, "net.onnx");
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nets_by_chance_come_back),
        cmocka_unit_test(plain_numbers_come_back_bit_for_bit),
        cmocka_unit_test(options_of_pools_and_activations_are_written),
        cmocka_unit_test(what_onnx_lacks_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
