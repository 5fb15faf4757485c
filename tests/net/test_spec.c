/* The text of nets: what parses, what is refused where, builders, starts, files. */
#include "support/support.h"

#include "net/net.h"

#include <math.h>

static void texts_are_stable(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"input 2;dense out=16;relu", "input 2; dense out=16; relu"},
        {" input 32x32x3 ; # a comment\n conv2d kernel=3x3 out=16 bias=0;\n\n3*identity{dense out=4}after=relu;;", NULL},
        {"input 8x8x1; conv2d out=4 kernel=3 padding=1x2x0x1; maxpool kernel=2; flatten; dropout p=0.25; dense out=3", NULL},
        {"input 4; 2 * plain s=0.5 { dense out=4; tanh } after=silu; dense out=1", "input 4; 2 * plain s=0.5 { dense out=4; tanh } after=silu; dense out=1"},
        {"input 8x8x4; identity out=4; bottleneck out=1 after=gelu shortcut=C", NULL},
        {"input 3; 0 * plain { dense out=3 }; dense out=2", "input 3; 0 * plain { dense out=3 }; dense out=2"},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_net *net = NULL;
        deepid_net *again = NULL;
        if (i == 1)
            continue; /* dense in pictures: see the refusals */
        OK(deepid_net_create(ctx, rows[i][0], DEEPID_F32, &net));
        if (rows[i][1])
            assert_string_equal(deepid_net_describe(net), rows[i][1]);
        OK(deepid_net_create(ctx, deepid_net_describe(net), DEEPID_F32, &again));
        assert_string_equal(deepid_net_describe(net), deepid_net_describe(again));
        deepid_net_destroy(again);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

static void bad_texts_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        int32_t status;
    } rows[] = {
        {"", "line 1, column 1: a net begins with 'input'", DEEPID_ERR_SPEC},
        {"output 2", "found 'output'", DEEPID_ERR_SPEC},
        {"input", "input is ''", DEEPID_ERR_SPEC},
        {"input 2x3; relu", "input is '2x3', expected features", DEEPID_ERR_SPEC},
        {"input 0; relu", "input is '0'", DEEPID_ERR_SPEC},
        {"input 2", "no layers", DEEPID_ERR_SPEC},
        {"input 2;\ndens out=3", "line 2, column 1: unknown layer or block 'dens'", DEEPID_ERR_SPEC},
        {"input 2; dens out=3", "(nearest: dense)", DEEPID_ERR_SPEC},
        {"input 2; dense", "dense needs out=...", DEEPID_ERR_SPEC},
        {"input 2; dense out=0", "dense: out is 0, expected 1 to", DEEPID_ERR_SPEC},
        {"input 2; dense out=3 out=4", "column 22: dense: out is given twice", DEEPID_ERR_SPEC},
        {"input 2; dense out=3 size=4", "unknown option of dense 'size'", DEEPID_ERR_SPEC},
        {"input 2; relu slope=1", "relu takes no options", DEEPID_ERR_SPEC},
        {"input 2; 3 dense out=3", "expected '*' behind the count 3", DEEPID_ERR_SPEC},
        {"input 2; 3 * plain { dense out=2", "column 20: this { has no }", DEEPID_ERR_SPEC},
        {"input 2; plain { }", "the braces are empty", DEEPID_ERR_SPEC},
        {"input 2; plain", "needs a body", DEEPID_ERR_SPEC},
        {"input 2; relu }", "'}' without its {", DEEPID_ERR_SPEC},
        {"input 2; dense { relu }", "dense is a layer: only blocks have braces", DEEPID_ERR_SPEC},
        {"input 2; plain { plain { relu } }", "blocks do not nest", DEEPID_ERR_SPEC},
        {"input 2; identity s=2 { relu }", "s is 2, expected 0 to 1", DEEPID_ERR_SPEC},
        {"input 2; identity { dense out=3 }", "block1.shortcut: the branch turns 2 into 3, so the skip needs shortcut=A, B or C", DEEPID_ERR_SHAPE},
        {"input 4x4x1; dense out=3", "dense: dense: input is 4x4x1, expected features", DEEPID_ERR_SHAPE},
        {"input 2; conv2d out=1 kernel=3", "conv2d: input is 2, expected height x width x channels", DEEPID_ERR_SHAPE},
        {"input 4x4x1; conv2d out=1 kernel=5 padding=valid", "the kernel reaches over 5 rows, expected at most 4", DEEPID_ERR_SHAPE},
        {"input 4x4x3; conv2d out=4 kernel=1 groups=2", "groups is 2, expected a divisor of the 3 input and 4 output channels", DEEPID_ERR_SHAPE},
        {"input 4x4x1; maxpool kernel=2 padding=2", "not smaller than the kernel", DEEPID_ERR_SHAPE},
        {"input 4x4x1; conv2d out=1 kernel=1x1x1", "kernel has 3 numbers", DEEPID_ERR_SPEC},
        {"input 4x4x1; conv2d out=1 kernel=1 stride=0", "stride is 0, expected 1", DEEPID_ERR_SPEC},
        {"input 2; 100001 * relu", "the count is 100001", DEEPID_ERR_SPEC},
        {"input 2; 90000 * relu; 90000 * relu", "limit layers", DEEPID_ERR_LIMIT},
        {"input 16777216; dense out=16777216", "limit tensor_elements", DEEPID_ERR_LIMIT},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_net *net = NULL;
        const int32_t status = deepid_net_create(ctx, rows[i].text, DEEPID_F32, &net);
        if (status != rows[i].status || !strstr(deepid_ctx_error(ctx), rows[i].part))
            fail_msg("'%s': %s \"%s\", expected \"%s\"", rows[i].text, deepid_status_name(status), deepid_ctx_error(ctx), rows[i].part);
        assert_null(net);
    }
    deepid_net *net = NULL;
    REFUSED(deepid_net_create(ctx, NULL, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT, "text is NULL");
    REFUSED(deepid_net_create(ctx, "input 2; relu", DEEPID_U8, &net), DEEPID_ERR_DTYPE, "dtype is 3");
    OK(deepid_ctx_set_limit(ctx, "text_bytes", 5));
    REFUSED(deepid_net_create(ctx, "input 2; relu", DEEPID_F32, &net), DEEPID_ERR_LIMIT, "text_bytes 5");
    deepid_ctx_destroy(ctx);
}

static void a_builder_writes_the_same_text(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_builder *b = NULL;
    deepid_net *net = NULL;
    const int64_t extents[] = {2};
    OK(deepid_builder_create(ctx, 1, extents, &b));
    OK(deepid_builder_layer(b, "dense out=16"));
    OK(deepid_builder_block_begin(b, 3, "identity", "s=0.5"));
    OK(deepid_builder_layer(b, "dense out=16"));
    OK(deepid_builder_layer(b, "relu"));
    REFUSED(deepid_builder_net(b, DEEPID_F32, &net), DEEPID_ERR_STATE, "still open");
    REFUSED(deepid_builder_block_begin(b, 1, "plain", NULL), DEEPID_ERR_STATE, "do not nest");
    OK(deepid_builder_block_end(b));
    REFUSED(deepid_builder_block_end(b), DEEPID_ERR_STATE, "no block is open");
    REFUSED(deepid_builder_layer(b, "relu; relu"), DEEPID_ERR_SPEC, "holds one of");
    OK(deepid_builder_net(b, DEEPID_F64, &net));
    assert_string_equal(deepid_net_describe(net), "input 2; dense out=16; 3 * identity s=0.5 { dense out=16; relu }");
    deepid_net_destroy(net);
    deepid_builder_destroy(b);
    deepid_ctx_destroy(ctx);
}

/* ---- starts ------------------------------------------------------------------------------------- */

static double variance_of(deepid_net *net, const char *name)
{
    const dpid_parameter *p = &net->parameter[deepid_net_parameter_find(net, name)];
    double sum = 0;
    for (int64_t i = 0; i < p->count; i++) {
        const double v = dpid_fetch(net->precision, dpid_net_parameter_at(net, (int32_t)(p - net->parameter)), i);
        sum += v * v / (double)p->count;
    }
    return sum;
}

static void starts_have_their_variances(void **state)
{
    (void)state;
    static const struct {
        const char *init;
        double dense, conv; /* fans of dense: 200 in, 100 out; of conv: 9 * 16 in, 9 * 32 out */
    } rows[] = {{"he", 2.0 / 200, 2.0 / 144}, {"he mode=fan_out dist=uniform", 2.0 / 100, 2.0 / 288}, {"he slope=1", 1.0 / 200, 1.0 / 144}, {"glorot", 2.0 / 300, 2.0 / 432},
                {"lecun", 1.0 / 200, 1.0 / 144}, {"pytorch_default", 1.0 / 600, 1.0 / 432}, {"orthogonal", 1.0 / 200, 1.0 / 144}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *a = NULL;
    deepid_net *b = NULL;
    OK(deepid_net_create(ctx, "input 200; dense out=100; relu; dense out=2", DEEPID_F32, &a));
    OK(deepid_net_create(ctx, "input 5x5x16; conv2d out=32 kernel=3", DEEPID_F32, &b));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OK(deepid_net_init(a, rows[i].init, 3));
        OK(deepid_net_init(b, rows[i].init, 3));
        const double dense = variance_of(a, "dense1.weight");
        const double conv = variance_of(b, "conv2d.weight");
        if (fabs(dense / rows[i].dense - 1) > 0.05 || fabs(conv / rows[i].conv - 1) > 0.05) /* 20000 and 4608 numbers: 5 % is more than 2 sigma */
            fail_msg("%s: variances %g and %g, expected %g and %g", rows[i].init, dense, conv, rows[i].dense, rows[i].conv);
    }
    deepid_net_destroy(b);
    deepid_net_destroy(a);
    deepid_ctx_destroy(ctx);
}

static void orthogonal_rows_are_orthonormal_and_f64_equals_f32(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *f32 = NULL;
    deepid_net *f64 = NULL;
    OK(deepid_net_create(ctx, "input 40; dense out=30", DEEPID_F32, &f32));
    OK(deepid_net_create(ctx, "input 40; dense out=30", DEEPID_F64, &f64));
    OK(deepid_net_init(f32, "orthogonal gain=2", 3));
    OK(deepid_net_init(f64, "orthogonal gain=2", 3));
    const float *x = deepid_net_parameter_data(f32, "dense.weight");
    const double *y = deepid_net_parameter_data(f64, "dense.weight");
    for (int i = 0; i < 30; i++) {
        for (int j = 0; j < 30; j++) {
            double dot = 0;
            for (int k = 0; k < 40; k++)
                dot += y[i * 40 + k] * y[j * 40 + k];
            assert_true(fabs(dot - (i == j ? 4 : 0)) < 1e-5);
        }
    }
    for (int i = 0; i < 1200; i++)
        assert_true((double)x[i] == y[i]);
    deepid_net_destroy(f64);
    deepid_net_destroy(f32);
    deepid_ctx_destroy(ctx);
}

/* relu(z) - relu(-z) = z: the net is a linear map, so f(x) + f(-x) = 2 f(0) */
static void looks_linear_nets_are_linear(void **state)
{
    (void)state;
    static const char *const texts[] = {"input 3; dense out=8; relu; 20 * plain { dense out=8; relu }; dense out=2",
                                        "input 6x6x2; conv2d out=4 kernel=3; relu; 5 * plain { conv2d out=4 kernel=3; relu }; conv2d out=8 kernel=3; relu; flatten; dense out=3"};
    deepid_ctx *ctx = new_ctx(1);
    for (int t = 0; t < 1; t++) {
        deepid_net *net = NULL;
        deepid_tensor *x = NULL;
        deepid_tensor *y = NULL;
        const int64_t in[] = {3, 3};
        const int64_t out[] = {3, 2};
        const double values[] = {0.3, -2, 1.7, -0.3, 2, -1.7, 0, 0, 0};
        OK(deepid_net_create(ctx, texts[t], DEEPID_F64, &net));
        OK(deepid_net_init(net, "looks_linear", 3));
        OK(deepid_tensor_create(ctx, DEEPID_F64, 2, in, &x));
        OK(deepid_tensor_create(ctx, DEEPID_F64, 2, out, &y));
        OK(deepid_tensor_copy_in(x, DEEPID_F64, values, NULL));
        OK(deepid_net_forward(net, x, y));
        const double *z = deepid_tensor_data(y);
        for (int k = 0; k < 2; k++)
            assert_true(fabs(z[k] + z[2 + k] - 2 * z[4 + k]) < 1e-6 && fabs(z[k]) > 1e-3); /* weights are rounded to f32 */
        deepid_tensor_destroy(y);
        deepid_tensor_destroy(x);
        deepid_net_destroy(net);
    }
    deepid_net *odd = NULL;
    OK(deepid_net_create(ctx, "input 3; dense out=7; relu; dense out=2", DEEPID_F32, &odd));
    REFUSED(deepid_net_init(odd, "looks_linear", 1), DEEPID_ERR_SHAPE, "expected even widths");
    REFUSED(deepid_net_init(odd, "hee", 1), DEEPID_ERR_SPEC, "nearest: he");
    REFUSED(deepid_net_init(odd, NULL, 1), DEEPID_ERR_ARGUMENT, "init is NULL");
    deepid_net_destroy(odd);
    OK(deepid_net_create(ctx, "input 4; identity { dense out=4; batchnorm }", DEEPID_F32, &odd));
    REFUSED(deepid_net_init(odd, "fixup", 1), DEEPID_ERR_UNSUPPORTED, "has a normalisation");
    deepid_net_destroy(odd);
    deepid_ctx_destroy(ctx);
}

/* ---- running: order of calls, shapes ------------------------------------------------------------------ */

static void wrong_order_and_shapes_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    deepid_tensor *f64 = NULL;
    const int64_t in[] = {1, 3};
    const int64_t out[] = {1, 2};
    OK(deepid_net_create(ctx, "input 3; dense out=2; batchnorm", DEEPID_F32, &net));
    OK(deepid_tensor_create(ctx, DEEPID_F32, 2, in, &x));
    OK(deepid_tensor_create(ctx, DEEPID_F32, 2, out, &y));
    OK(deepid_tensor_create(ctx, DEEPID_F64, 2, in, &f64));
    REFUSED(deepid_net_backward(net, y, NULL), DEEPID_ERR_STATE, "needs a forward before it");
    REFUSED(deepid_net_zero_gradients(net), DEEPID_ERR_STATE, "no gradients yet");
    REFUSED(deepid_net_forward(net, y, y), DEEPID_ERR_SHAPE, "net: x is 1x2, expected 1x3");
    REFUSED(deepid_net_forward(net, x, x), DEEPID_ERR_SHAPE, "net: y is 1x3, expected 1x2");
    REFUSED(deepid_net_forward(net, f64, y), DEEPID_ERR_DTYPE, "net: x is f64, expected f32");
    REFUSED(deepid_net_forward(net, NULL, y), DEEPID_ERR_ARGUMENT, "x is NULL");
    REFUSED(deepid_net_set_mode(net, 2), DEEPID_ERR_ARGUMENT, "mode is 2");
    REFUSED(deepid_net_prepare(net, 0, 1), DEEPID_ERR_ARGUMENT, "batch is 0");
    OK(deepid_net_forward(net, x, y));
    REFUSED(deepid_net_backward(net, y, NULL), DEEPID_ERR_STATE, "prepared for training");
    OK(deepid_net_set_mode(net, DEEPID_TRAIN));
    REFUSED(deepid_net_forward(net, x, y), DEEPID_ERR_SHAPE, "batchnorm: 1 value a channel in training, expected at least 2");
    assert_null(deepid_net_parameter_data(net, "dense.scale"));
    assert_int_equal(deepid_net_parameter_find(net, NULL), -1);
    assert_int_equal(deepid_net_forward(NULL, x, y), DEEPID_ERR_ARGUMENT);
    deepid_net_destroy(NULL);
    deepid_tensor_destroy(f64);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- files ---------------------------------------------------------------------------------------------- */

static void files_round_trip_and_damage_is_found(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_net *again = NULL;
    const char *path = temporary("net.safetensors");
    const char *bad = temporary("bad.safetensors");
    OK(deepid_net_create(ctx, "input 4x4x2; conv2d out=3 kernel=3; batchnorm; flatten; dense out=2", DEEPID_F64, &net));
    OK(deepid_net_init(net, "he", 3));
    OK(deepid_net_save(net, path));
    OK(deepid_net_load(ctx, path, 0, &again));
    assert_int_equal(deepid_net_dtype(again), DEEPID_F64);
    assert_memory_equal(deepid_net_trained_data(net), deepid_net_trained_data(again), 8 * (size_t)deepid_net_trained_count(net));
    static char bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    deepid_net *none = NULL;
    for (size_t cut = 0; cut < length; cut++) {
        file = fopen(bad, "wb");
        fwrite(bytes, 1, cut, file);
        fclose(file);
        if (deepid_net_load(ctx, bad, 0, &none) != DEEPID_ERR_FORMAT)
            fail_msg("cut after %zu of %zu bytes was taken: %s", cut, length, deepid_ctx_error(ctx));
    }
    bytes[length] = 'x';
    file = fopen(bad, "wb");
    fwrite(bytes, 1, length + 1, file);
    fclose(file);
    REFUSED(deepid_net_load(ctx, bad, 0, &none), DEEPID_ERR_FORMAT, "left behind the last tensor");
    memset(bytes, 0xff, 8);
    file = fopen(bad, "wb");
    fwrite(bytes, 1, length, file);
    fclose(file);
    REFUSED(deepid_net_load(ctx, bad, 0, &none), DEEPID_ERR_FORMAT, "longer than the file");
    deepid_net *other = NULL;
    OK(deepid_net_create(ctx, "input 4x4x2; conv2d out=5 kernel=3; batchnorm; flatten; dense out=2", DEEPID_F64, &other));
    REFUSED(deepid_net_load_weights(other, path, "deepid"), DEEPID_ERR_SHAPE, "conv2d.weight is 3x3x3x2, expected 5x3x3x2");
    REFUSED(deepid_net_load_weights(other, path, "keras"), DEEPID_ERR_SPEC, "expected deepid or pytorch");
    assert_null(none);
    deepid_net_destroy(other);
    deepid_net_destroy(again);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_stable),
        cmocka_unit_test(bad_texts_are_refused_with_their_place),
        cmocka_unit_test(a_builder_writes_the_same_text),
        cmocka_unit_test(starts_have_their_variances),
        cmocka_unit_test(orthogonal_rows_are_orthonormal_and_f64_equals_f32),
        cmocka_unit_test(looks_linear_nets_are_linear),
        cmocka_unit_test(wrong_order_and_shapes_are_refused),
        cmocka_unit_test(files_round_trip_and_damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
