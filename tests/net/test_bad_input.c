/* Wrong handles, wrong numbers, wrong shapes: every public function of nets, builders and families says so and
   changes nothing. */
#include "support/support.h"

#include "net/net.h"

/* ---- handles that are none ------------------------------------------------------------------ */

/* NULL, and a handle of another kind (a context). */
static void handles_that_are_no_nets_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *handles[] = {NULL, (deepid_net *)ctx};
    for (int i = 0; i < 2; i++) {
        deepid_net *net = handles[i];
        deepid_net *out = NULL;
        deepid_table *table = NULL;
        int64_t copied = 7;
        const int32_t statuses[] = {deepid_net_clone(net, 0, &out),
                                    deepid_net_init(net, "he", 1),
                                    deepid_net_prepare(net, 1, 0),
                                    deepid_net_set_mode(net, DEEPID_EVAL),
                                    deepid_net_forward(net, NULL, NULL),
                                    deepid_net_backward(net, NULL, NULL),
                                    deepid_net_zero_gradients(net),
                                    deepid_net_summary(net, &table),
                                    deepid_net_save(net, "x"),
                                    deepid_net_load_weights(net, "x", "deepid"),
                                    deepid_net_copy_parameters(net, net, &copied)};
        for (size_t k = 0; k < sizeof statuses / sizeof *statuses; k++)
            if (statuses[k] != DEEPID_ERR_ARGUMENT)
                fail_msg("call %zu on %s: %s", k, net ? "a context" : "NULL", deepid_status_name(statuses[k]));
        assert_null(out);
        assert_null(table);
        assert_int_equal(copied, 7);
        assert_string_equal(deepid_net_describe(net), "");
        assert_int_equal(deepid_net_mode(net), DEEPID_EVAL);
        assert_int_equal(deepid_net_dtype(net), 0);
        assert_int_equal(deepid_net_input_rank(net), -1);
        assert_int_equal(deepid_net_input_extent(net, 0), -1);
        assert_int_equal(deepid_net_output_rank(net), -1);
        assert_int_equal(deepid_net_output_extent(net, 0), -1);
        assert_int_equal(deepid_net_block_count(net), -1);
        assert_int_equal(deepid_net_parameter_count(net), -1);
        assert_null(deepid_net_parameter_name(net, 0));
        assert_int_equal(deepid_net_parameter_find(net, "dense.weight"), -1);
        assert_int_equal(deepid_net_parameter_trained(net, 0), 0);
        assert_int_equal(deepid_net_parameter_rank(net, 0), -1);
        assert_int_equal(deepid_net_parameter_extent(net, 0, 0), -1);
        assert_null(deepid_net_parameter_data(net, "dense.weight"));
        assert_null(deepid_net_parameter_gradient(net, "dense.weight"));
        assert_int_equal(deepid_net_trained_count(net), -1);
        assert_null(deepid_net_trained_data(net));
        assert_null(deepid_net_trained_gradient(net));
        deepid_net_destroy(net);
    }
    OK(deepid_ctx_set_threads(ctx, 1)); /* destroying it as a net did nothing */
    deepid_ctx_destroy(ctx);
}

static void contexts_that_are_none_are_refused(void **state)
{
    (void)state;
    const int64_t two[] = {2};
    deepid_net *net = NULL;
    deepid_builder *builder = NULL;
    assert_int_equal(deepid_net_create(NULL, "input 2; relu", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_net_load(NULL, "x", 0, &net), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_builder_create(NULL, 1, two, &builder), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_resnet_mlp(NULL, 2, 2, 2, 2, "plain", NULL, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_resnet_cifar(NULL, 20, "plain", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_resnet_pictures(NULL, 20, "plain", 8, 8, 1, 4, 2, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_resnet_imagenet(NULL, 18, "plain", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT);
    assert_null(net);
    assert_null(builder);
}

/* ---- nets -------------------------------------------------------------------------------------- */

static void arguments_of_nets_are_checked(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_net *out = NULL;
    REFUSED(deepid_net_create(ctx, NULL, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT, "net: text is NULL");
    REFUSED(deepid_net_create(ctx, "input 2; relu", DEEPID_F32, NULL), DEEPID_ERR_ARGUMENT, "net: out is NULL");
    REFUSED(deepid_net_create(ctx, "input 2; relu", 0, &net), DEEPID_ERR_DTYPE,
            "dtype is 0, expected DEEPID_F32 (1) or DEEPID_F64 (2)");
    OK(deepid_net_create(ctx, "input 3; dense out=2; batchnorm", DEEPID_F32, &net));
    REFUSED(deepid_net_clone(net, 0, NULL), DEEPID_ERR_ARGUMENT, "net: out is NULL");
    REFUSED(deepid_net_clone(net, DEEPID_I64, &out), DEEPID_ERR_DTYPE, "dtype is 8");
    REFUSED(deepid_net_init(net, NULL, 1), DEEPID_ERR_ARGUMENT, "init is NULL");
    REFUSED(deepid_net_set_mode(net, 2), DEEPID_ERR_ARGUMENT,
            "mode is 2, expected DEEPID_EVAL (0) or DEEPID_TRAIN (1)");
    REFUSED(deepid_net_prepare(net, 0, 1), DEEPID_ERR_ARGUMENT, "batch is 0, expected 1 or more");
    REFUSED(deepid_net_summary(net, NULL), DEEPID_ERR_ARGUMENT, "net: out is NULL");
    REFUSED(deepid_net_save(net, NULL), DEEPID_ERR_ARGUMENT, "net: path is NULL");
    REFUSED(deepid_net_load(ctx, NULL, 0, &out), DEEPID_ERR_ARGUMENT, "net: path is NULL");
    REFUSED(deepid_net_load(ctx, "x", 0, NULL), DEEPID_ERR_ARGUMENT, "net: out is NULL");
    REFUSED(deepid_net_load_weights(net, NULL, "deepid"), DEEPID_ERR_ARGUMENT, "net: path is NULL");
    REFUSED(deepid_net_load_weights(net, "x", NULL), DEEPID_ERR_SPEC, "layout is 'NULL'");
    REFUSED(deepid_net_copy_parameters(net, NULL, NULL), DEEPID_ERR_ARGUMENT, "other is NULL, expected a net");
    REFUSED(deepid_net_copy_parameters(net, (const deepid_net *)ctx, NULL), DEEPID_ERR_ARGUMENT, "other is not a net");
    assert_null(out);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void tensors_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    deepid_tensor *f64 = NULL;
    deepid_tensor *none = NULL;
    deepid_tensor *scalar = NULL;
    const int64_t in[] = {2, 3};
    const int64_t out[] = {2, 2};
    const int64_t empty[] = {0, 3};
    OK(deepid_net_create(ctx, "input 3; dense out=2; batchnorm", DEEPID_F32, &net));
    OK(deepid_tensor_create(ctx, DEEPID_F32, 2, in, &x));
    OK(deepid_tensor_create(ctx, DEEPID_F32, 2, out, &y));
    OK(deepid_tensor_create(ctx, DEEPID_F64, 2, in, &f64));
    OK(deepid_tensor_create(ctx, DEEPID_F32, 2, empty, &none));
    OK(deepid_tensor_create(ctx, DEEPID_F32, 0, NULL, &scalar));
    OK(deepid_tensor_fill(y, 5));
    REFUSED(deepid_net_forward(net, y, y), DEEPID_ERR_SHAPE, "net: x is 2x2, expected 2x3");
    REFUSED(deepid_net_forward(net, x, x), DEEPID_ERR_SHAPE, "net: y is 2x3, expected 2x2");
    REFUSED(deepid_net_forward(net, f64, y), DEEPID_ERR_DTYPE, "net: x is f64, expected f32");
    REFUSED(deepid_net_forward(net, x, f64), DEEPID_ERR_DTYPE, "net: y is f64, expected f32");
    REFUSED(deepid_net_forward(net, NULL, y), DEEPID_ERR_ARGUMENT, "x is NULL");
    REFUSED(deepid_net_forward(net, x, NULL), DEEPID_ERR_ARGUMENT, "y is NULL");
    REFUSED(deepid_net_forward(net, scalar, y), DEEPID_ERR_SHAPE, "net: x is");
    REFUSED(deepid_net_forward(net, none, none), DEEPID_ERR_SHAPE, "net: y is 0x3, expected 0x2");
    for (int i = 0; i < 4; i++)
        assert_true(((const float *)deepid_tensor_data(y))[i] == 5);
    OK(deepid_net_set_mode(net, DEEPID_TRAIN));
    OK(deepid_net_forward(net, x, y));
    REFUSED(deepid_net_backward(net, x, NULL), DEEPID_ERR_SHAPE, "net: dy is 2x3, expected 2x2");
    REFUSED(deepid_net_backward(net, NULL, NULL), DEEPID_ERR_ARGUMENT, "dy is NULL");
    REFUSED(deepid_net_backward(net, y, y), DEEPID_ERR_SHAPE, "net: dx is 2x2, expected 2x3");
    REFUSED(deepid_net_backward(net, y, f64), DEEPID_ERR_DTYPE, "net: dx is f64, expected f32");
    assert_true(((const float *)deepid_net_trained_gradient(net))[0] == 0);
    deepid_tensor_destroy(scalar);
    deepid_tensor_destroy(none);
    deepid_tensor_destroy(f64);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void reads_beyond_the_end_give_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, "input 3; dense out=2; batchnorm", DEEPID_F32, &net));
    static const int64_t places[] = {-1, 6, INT64_MAX, INT64_MIN};
    assert_int_equal(deepid_net_parameter_count(net), 6);
    for (int i = 0; i < 4; i++) {
        assert_null(deepid_net_parameter_name(net, places[i]));
        assert_int_equal(deepid_net_parameter_rank(net, places[i]), -1);
        assert_int_equal(deepid_net_parameter_extent(net, places[i], 0), -1);
        assert_int_equal(deepid_net_parameter_trained(net, places[i]), 0);
        assert_null(deepid_block_word(i == 1 ? 1000 : places[i]));
        assert_null(deepid_init_word(i == 1 ? 1000 : places[i]));
    }
    assert_int_equal(deepid_net_parameter_extent(net, 0, -1), -1);
    assert_int_equal(deepid_net_parameter_extent(net, 0, 2), -1);
    assert_int_equal(deepid_net_input_extent(net, 1), -1);
    assert_int_equal(deepid_net_output_extent(net, -1), -1);
    assert_int_equal(deepid_net_parameter_find(net, NULL), -1);
    assert_null(deepid_net_parameter_data(net, "dense.scale"));
    assert_null(deepid_net_parameter_gradient(net, "dense.weight")); /* not prepared */
    OK(deepid_net_prepare(net, 2, 1));
    assert_non_null(deepid_net_parameter_gradient(net, "dense.weight"));
    assert_null(deepid_net_parameter_gradient(net, "batchnorm.running_mean"));
    assert_null(deepid_block_help("residual"));
    assert_null(deepid_block_help(NULL));
    for (int64_t i = 0; deepid_block_word(i); i++)
        assert_non_null(deepid_block_help(deepid_block_word(i)));
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- builders ------------------------------------------------------------------------------------ */

static void arguments_of_builders_are_checked(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const int64_t extents[] = {4, 0, 4};
    deepid_builder *b = NULL;
    deepid_net *net = NULL;
    REFUSED(deepid_builder_create(ctx, 1, NULL, &b), DEEPID_ERR_ARGUMENT, "builder: extents is NULL");
    REFUSED(deepid_builder_create(ctx, 1, extents, NULL), DEEPID_ERR_ARGUMENT, "builder: out is NULL");
    REFUSED(deepid_builder_create(ctx, 4, extents, &b), DEEPID_ERR_SHAPE, "rank is 4, expected 1");
    REFUSED(deepid_builder_create(ctx, 2, extents, &b), DEEPID_ERR_SHAPE, "extent 1 is 0, expected 1 or more");
    REFUSED(deepid_builder_create(ctx, 3, extents, &b), DEEPID_ERR_SHAPE, "extent 1 is 0, expected 1 or more");
    assert_null(b);
    OK(deepid_builder_create(ctx, 1, extents, &b));
    REFUSED(deepid_builder_layer(b, NULL), DEEPID_ERR_ARGUMENT, "the text is NULL");
    REFUSED(deepid_builder_layer(b, "relu; relu"), DEEPID_ERR_SPEC, "holds one of ; { } #");
    REFUSED(deepid_builder_block_begin(b, -1, "plain", NULL), DEEPID_ERR_ARGUMENT, "count is -1");
    REFUSED(deepid_builder_block_begin(b, 1, "residual", NULL), DEEPID_ERR_SPEC, "unknown block 'residual'");
    REFUSED(deepid_builder_block_begin(b, 1, NULL, NULL), DEEPID_ERR_SPEC, "unknown block 'NULL'");
    REFUSED(deepid_builder_block_begin(b, 1, "plain", "s=1 }"), DEEPID_ERR_SPEC, "holds one of ; { } #");
    REFUSED(deepid_builder_block_end(b), DEEPID_ERR_STATE, "no block is open");
    assert_string_equal(deepid_builder_text(b), "input 4"); /* none of them left a trace */
    REFUSED(deepid_builder_net(b, DEEPID_F32, &net), DEEPID_ERR_SPEC, "no layers");
    OK(deepid_builder_block_begin(b, 1, "plain", NULL));
    REFUSED(deepid_builder_block_begin(b, 1, "plain", NULL), DEEPID_ERR_STATE, "do not nest");
    REFUSED(deepid_builder_net(b, DEEPID_F32, &net), DEEPID_ERR_STATE, "still open");
    OK(deepid_builder_layer(b, "dens out=3"));
    OK(deepid_builder_block_end(b));
    REFUSED(deepid_builder_net(b, DEEPID_F32, &net), DEEPID_ERR_SPEC, "unknown layer or block 'dens'");
    REFUSED(deepid_builder_net(b, DEEPID_F32, NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    assert_null(net);
    deepid_builder *handles[] = {NULL, (deepid_builder *)ctx};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(deepid_builder_layer(handles[i], "relu"), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_builder_block_begin(handles[i], 1, "plain", NULL), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_builder_block_end(handles[i]), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_builder_net(handles[i], DEEPID_F32, &net), DEEPID_ERR_ARGUMENT);
        assert_string_equal(deepid_builder_text(handles[i]), "");
        deepid_builder_destroy(handles[i]);
    }
    deepid_builder_destroy(b);
    deepid_ctx_destroy(ctx);
}

/* ---- families --------------------------------------------------------------------------------------- */

static void impossible_families_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    REFUSED(deepid_resnet_cifar(ctx, 21, "identity", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT,
            "depth is 21, expected 6n + 2 for identity blocks: 8, 14, 20");
    REFUSED(deepid_resnet_cifar(ctx, 14, "bottleneck", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT, "expected 9n + 2");
    REFUSED(deepid_resnet_cifar(ctx, 20, "residual", DEEPID_F32, &net), DEEPID_ERR_SPEC, "unknown block 'residual'");
    REFUSED(deepid_resnet_cifar(ctx, 20, NULL, DEEPID_F32, &net), DEEPID_ERR_SPEC, "block is 'NULL'");
    REFUSED(deepid_resnet_cifar(ctx, 20, "", DEEPID_F32, &net), DEEPID_ERR_SPEC, "block is ''");
    REFUSED(deepid_resnet_cifar(ctx, 20, "identity width=3", DEEPID_F32, &net), DEEPID_ERR_SPEC,
            "unknown option of identity 'width'");
    REFUSED(deepid_resnet_cifar(ctx, 20, "identity shortcut=identity", DEEPID_F32, &net), DEEPID_ERR_SHAPE,
            "shortcut=A, B or C");
    REFUSED(deepid_resnet_cifar(ctx, 20, "identity", 0, &net), DEEPID_ERR_DTYPE, "dtype is 0");
    REFUSED(deepid_resnet_cifar(ctx, 20, "identity", DEEPID_F32, NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    REFUSED(deepid_resnet_cifar(ctx, INT64_MAX, "identity", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT, "depth is");
    REFUSED(deepid_resnet_pictures(ctx, 8, "plain", 2, 8, 3, 4, 10, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT,
            "height is 2, expected 4 to");
    REFUSED(deepid_resnet_pictures(ctx, 8, "plain", 8, 8, 3, 0, 10, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT,
            "base width is 0");
    REFUSED(deepid_resnet_pictures(ctx, 8, "plain", 8, 8, 3, 4, 0, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT,
            "classes is 0");
    REFUSED(deepid_resnet_imagenet(ctx, 19, "plain", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT,
            "expected 18, 34, 50, 101 or 152");
    REFUSED(deepid_resnet_imagenet(ctx, 50, "preact", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT,
            "depth 50 has bottleneck blocks, expected identity or plain");
    REFUSED(deepid_resnet_imagenet(ctx, 18, "bottleneck", DEEPID_F32, &net), DEEPID_ERR_ARGUMENT,
            "depth 18 has basic blocks");
    REFUSED(deepid_resnet_mlp(ctx, 2, 0, 3, 2, "plain", NULL, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT,
            "mlp: width is 0");
    REFUSED(deepid_resnet_mlp(ctx, 2, 4, -1, 2, "plain", NULL, DEEPID_F32, &net), DEEPID_ERR_ARGUMENT,
            "mlp: blocks is -1");
    REFUSED(deepid_resnet_mlp(ctx, 2, 4, 3, 2, "plain", "rely", DEEPID_F32, &net), DEEPID_ERR_SPEC, "nearest: relu");
    REFUSED(deepid_resnet_mlp(ctx, 2, 4, 3, 2, NULL, NULL, DEEPID_F32, &net), DEEPID_ERR_SPEC, "block is 'NULL'");
    assert_null(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_that_are_no_nets_are_refused), cmocka_unit_test(contexts_that_are_none_are_refused),
        cmocka_unit_test(arguments_of_nets_are_checked),        cmocka_unit_test(tensors_that_do_not_fit_are_refused),
        cmocka_unit_test(reads_beyond_the_end_give_nothing),    cmocka_unit_test(arguments_of_builders_are_checked),
        cmocka_unit_test(impossible_families_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
