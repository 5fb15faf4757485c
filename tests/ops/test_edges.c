/* Known answers and edges of single ops: batch-norm's conventions, losses at extremes, delta kernels, accuracy near
   zero, refusals of the primitives. */
#include "support/support.h"

#include "ops/op.h"

#include <float.h>
#include <math.h>

static deepid_tensor *tensor(deepid_ctx *ctx, int32_t dtype, int32_t rank, const int64_t *extents, const double *values)
{
    deepid_tensor *t = NULL;
    OK(deepid_tensor_create(ctx, dtype, rank, extents, &t));
    if (values)
        OK(deepid_tensor_copy_in(t, DEEPID_F64, values, NULL));
    return t;
}

/* running variance of 0, 1, 2, 3 is the unbiased 5/3 (momentum 1); a constant column gives exactly beta; one NaN
   sample stays in its channel */
static void batchnorm_keeps_its_conventions(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const int64_t e[] = {4, 2};
    const int64_t c[] = {2};
    const double x[] = {0, 7, 1, 7, 2, 7, 3, 7};
    const double one[] = {1, 1};
    const double beta[] = {0.25, -0.3};
    deepid_tensor *tx = tensor(ctx, DEEPID_F64, 2, e, x);
    deepid_tensor *ty = tensor(ctx, DEEPID_F64, 2, e, NULL);
    deepid_tensor *w = tensor(ctx, DEEPID_F64, 1, c, one);
    deepid_tensor *b = tensor(ctx, DEEPID_F64, 1, c, beta);
    deepid_tensor *mean = tensor(ctx, DEEPID_F64, 1, c, NULL);
    deepid_tensor *var = tensor(ctx, DEEPID_F64, 1, c, one);
    OK(deepid_batchnorm_forward("momentum=1", 1, tx, w, b, mean, var, ty));
    const double *y = deepid_tensor_data(ty);
    assert_true(fabs(((double *)deepid_tensor_data(var))[0] - 5.0 / 3) < 1e-15);
    assert_true(((double *)deepid_tensor_data(mean))[1] == 7 && ((double *)deepid_tensor_data(var))[1] == 0);
    for (int i = 0; i < 4; i++)
        assert_true(y[2 * i + 1] == -0.3);
    const int64_t single[] = {1, 2};
    deepid_tensor *sx = tensor(ctx, DEEPID_F64, 2, single, x);
    deepid_tensor *sy = tensor(ctx, DEEPID_F64, 2, single, NULL);
    REFUSED(deepid_batchnorm_forward("", 1, sx, w, b, mean, var, sy), DEEPID_ERR_SHAPE, "1 value a channel");
    REFUSED(deepid_batchnorm_forward("", 1, tx, w, b, mean, NULL, ty), DEEPID_ERR_ARGUMENT, "running_var is NULL");
    REFUSED(deepid_batchnorm_forward("eps=-1", 1, tx, w, b, mean, var, ty), DEEPID_ERR_SPEC, "eps is -1");
    REFUSED(deepid_batchnorm_forward("", 1, tx, tx, b, mean, var, ty), DEEPID_ERR_SHAPE, "weight is 4x2, expected 2");
    deepid_tensor *all[] = {tx, ty, w, b, mean, var, sx, sy};
    for (int i = 0; i < 8; i++)
        deepid_tensor_destroy(all[i]);
    deepid_ctx_destroy(ctx);
}

/* x = a, -a, a, -a with a^2 = var = 1e-5 and dy = 1, 1, -1, -1: mean(dy) = mean(dy xhat) = 0, so dx = dy / sqrt(var
   + eps): 1/sqrt(1e-5) with eps 1e-12, and 1/sqrt(2e-5), 1.41 times less, where backward takes 1e-5. dgamma = sum dy
   xhat = 0 either way; with dy = xhat the input gradient of the faulty one is not 0 but dy (1 - var / (var + 1e-5))
   / sqrt(2e-5) = dy / (2 sqrt(2e-5)). */
static void batchnorm_backward_eps_is_a_fault_of_that_size(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const int64_t e[] = {4, 1};
    const int64_t c[] = {1};
    const double a = sqrt(1e-5);
    const double values[] = {a, -a, a, -a};
    const double even[] = {1, 1, -1, -1};
    const double odd[] = {1, -1, 1, -1};
    const double one = 1;
    const double var = 1e-5;
    deepid_tensor *x = tensor(ctx, DEEPID_F64, 2, e, values);
    deepid_tensor *dx = tensor(ctx, DEEPID_F64, 2, e, NULL);
    deepid_tensor *w = tensor(ctx, DEEPID_F64, 1, c, &one);
    deepid_tensor *b = tensor(ctx, DEEPID_F64, 1, c, NULL);
    deepid_tensor *mean = tensor(ctx, DEEPID_F64, 1, c, NULL);
    deepid_tensor *variance = tensor(ctx, DEEPID_F64, 1, c, &var);
    const struct {
        const char *options;
        int32_t train;
        const double *dy;
        double expected; /* dx / dy */
    } rows[] = {{"eps=1e-12", 1, even, 1 / sqrt(1e-5 + 1e-12)},
                {"eps=1e-12 backward_eps=1e-5", 1, even, 1 / sqrt(2e-5)},
                {"eps=1e-12 backward_eps=1e-5", 1, odd, 0.5 / sqrt(2e-5)},
                {"eps=1e-12 backward_eps=1e-12", 1, even, 1 / sqrt(1e-5 + 1e-12)},
                {"eps=1e-12 backward_eps=1e-5", 0, even, 1 / sqrt(2e-5)},
                {"eps=1e-12", 0, even, 1 / sqrt(1e-5 + 1e-12)}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        deepid_tensor *dy = tensor(ctx, DEEPID_F64, 2, e, rows[r].dy);
        OK(deepid_batchnorm_backward(rows[r].options, rows[r].train, x, w, b, mean, variance, dy, dx, NULL, NULL));
        for (int i = 0; i < 4; i++) {
            const double got = ((double *)deepid_tensor_data(dx))[i] / rows[r].dy[i];
            if (!(fabs(got / rows[r].expected - 1) < 1e-6)) /* eps 1e-12 beside var 1e-5 in the third row: 1e-7 */
                fail_msg("%s, train %d: dx / dy is %.9g, expected %.9g", rows[r].options, rows[r].train, got,
                         rows[r].expected);
        }
        deepid_tensor_destroy(dy);
    }
    deepid_tensor *all[] = {x, dx, w, b, mean, variance};
    for (int i = 0; i < 6; i++)
        deepid_tensor_destroy(all[i]);
    deepid_ctx_destroy(ctx);
}

/* With scale 1e-6: 0.0298 = 2^-25 / 1e-6 is the largest that vanishes, 60 comes back within 2^-11, 7e10 is infinite;
   the f64 gradient passes. */
static void gradient_cast_stores_f32_gradients_in_sixteen_bits(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const int64_t e[] = {1, 4};
    const double values[] = {0.0298, 0.0299, 60, 7e10};
    for (int32_t dtype = DEEPID_F32; dtype <= DEEPID_F64; dtype++) {
        deepid_tensor *x = tensor(ctx, dtype, 2, e, values);
        deepid_tensor *dx = tensor(ctx, dtype, 2, e, NULL);
        double got[4];
        OK(deepid_gradient_cast_backward("format=f16 scale=1e-6", x, x, dx));
        for (int i = 0; i < 4; i++)
            got[i] = dtype == DEEPID_F32 ? (double)((float *)deepid_tensor_data(dx))[i]
                                         : ((double *)deepid_tensor_data(dx))[i];
        if (dtype == DEEPID_F64) {
            assert_memory_equal(got, values, sizeof got);
        } else {
            assert_true(got[0] == 0 && isinf(got[3]));
            assert_true(fabs(got[1] - 0x1p-24 / 1e-6) < 1e-7); /* the least subnormal: 0.0596 */
            assert_true(fabs(got[2] / 60 - 1) <= 0x1p-11);
        }
        OK(deepid_gradient_cast_forward("", x, dx));
        assert_memory_equal(deepid_tensor_data(x), deepid_tensor_data(dx), dtype == DEEPID_F32 ? 16 : 32);
        REFUSED(deepid_gradient_cast_forward("format=f8", x, dx), DEEPID_ERR_SPEC, "f8");
        deepid_tensor_destroy(dx);
        deepid_tensor_destroy(x);
    }
    deepid_ctx_destroy(ctx);
}

static void losses_survive_extremes(void **state)
{
    (void)state;
    static const struct {
        double z[3];
        double expected; /* loss of label 0 */
    } rows[] = {{{0, 0, 0}, 1.0986122886681098},
                {{3e38, -3e38, 0}, 0},
                {{-3e38, 3e38, 0}, 6e38},
                {{1e4, 1e4, -1e4}, 0.69314718055994531},
                {{-40, 0, -1e30}, 40}};
    deepid_ctx *ctx = new_ctx(1);
    const int64_t e[] = {1, 3};
    const int32_t label = 0;
    double loss;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_tensor *z = tensor(ctx, DEEPID_F32, 2, e, rows[i].z);
        deepid_tensor *dz = tensor(ctx, DEEPID_F32, 2, e, NULL);
        OK(deepid_cross_entropy_forward("", z, &label, &loss));
        if (fabs(loss - rows[i].expected) > 1e-6 * (1 + rows[i].expected))
            fail_msg("row %zu: loss %.9g, expected %.9g", i, loss, rows[i].expected);
        OK(deepid_cross_entropy_backward("", z, &label, dz));
        double sum = 0;
        for (int k = 0; k < 3; k++)
            sum += (double)((float *)deepid_tensor_data(dz))[k];
        assert_true(fabs(sum) < 1e-6);
        deepid_tensor_destroy(dz);
        deepid_tensor_destroy(z);
    }
    const double bad[] = {-(double)INFINITY, -(double)INFINITY, -(double)INFINITY};
    const double smooth[] = {1, 2, 3};
    deepid_tensor *z = tensor(ctx, DEEPID_F64, 2, e, bad);
    OK(deepid_cross_entropy_forward("", z, &label, &loss));
    assert_true(isnan(loss));
    OK(deepid_tensor_copy_in(z, DEEPID_F64, smooth, NULL));
    OK(deepid_cross_entropy_forward("smoothing=0.3", z, &label, &loss));
    const double lse = log(exp(1) + exp(2) + exp(3));
    assert_true(fabs(loss - (0.8 * (lse - 1) + 0.1 * (lse - 2) + 0.1 * (lse - 3))) < 1e-14);
    const int32_t out = 3;
    const int32_t below = -1;
    REFUSED(deepid_cross_entropy_forward("", z, &out, &loss), DEEPID_ERR_LABEL, "label of row 0 is 3, expected 0 to 2");
    REFUSED(deepid_cross_entropy_forward("", z, &below, &loss), DEEPID_ERR_LABEL, "is -1");
    REFUSED(deepid_cross_entropy_forward("", z, NULL, &loss), DEEPID_ERR_ARGUMENT, "labels is NULL");
    REFUSED(deepid_squared_error_forward(z, NULL, &loss), DEEPID_ERR_ARGUMENT, "targets is NULL");
    assert_int_equal(deepid_cross_entropy_forward("", NULL, &label, &loss), DEEPID_ERR_ARGUMENT);
    deepid_tensor_destroy(z);
    deepid_ctx_destroy(ctx);
}

static void delta_kernels_return_their_input_bit_for_bit(void **state)
{
    (void)state;
    static const struct {
        int64_t k;
        const char *options;
    } rows[] = {{1, ""}, {3, ""}, {5, ""}, {3, "dilation=2"}, {3, "padding=1"}, {2, "padding=0x1x0x1"}};
    deepid_ctx *ctx = new_ctx(2);
    const int64_t e[] = {3, 7, 6, 5};
    double values[630];
    random_array(3, 630, -2, 2, values);
    for (int i = 0; i < 630; i += 9)
        values[i] = i % 2 ? 1e-40 : 3e37;
    deepid_tensor *x = tensor(ctx, DEEPID_F32, 4, e, values);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const int64_t we[] = {5, rows[r].k, rows[r].k, 5};
        deepid_tensor *w = tensor(ctx, DEEPID_F32, 4, we, NULL);
        deepid_tensor *y = tensor(ctx, DEEPID_F32, 4, e, NULL);
        float *weight = deepid_tensor_data(w);
        const int64_t centre = (rows[r].k - 1) / 2;
        for (int64_t o = 0; o < 5; o++)
            weight[((o * rows[r].k + centre) * rows[r].k + centre) * 5 + o] = 1;
        OK(deepid_conv2d_forward(rows[r].options, x, w, NULL, y));
        if (memcmp(deepid_tensor_data(x), deepid_tensor_data(y), 630 * 4) != 0)
            fail_msg("kernel %lld, %s: the output differs from the input", (long long)rows[r].k, rows[r].options);
        deepid_tensor_destroy(y);
        deepid_tensor_destroy(w);
    }
    deepid_tensor_destroy(x);
    deepid_ctx_destroy(ctx);
}

/* relative accuracy near zero and for large negative x: within 4 ulp of the f64 kernel, which the contract test
   holds to its reference */
static void activations_keep_relative_accuracy(void **state)
{
    (void)state;
    enum { N = 4000 };
    deepid_ctx *ctx = new_ctx(1);
    const int64_t e[] = {N};
    double values[N];
    random_array(5, N, -1, 1, values);
    for (int i = 0; i < N; i++)
        values[i] = (double)(float)(i < 1000   ? values[i] * 1e-30
                                    : i < 2000 ? values[i] * 1e-6
                                    : i < 3000 ? values[i] * 10
                                               : values[i]);
    deepid_tensor *x32 = tensor(ctx, DEEPID_F32, 1, e, values);
    deepid_tensor *x64 = tensor(ctx, DEEPID_F64, 1, e, values);
    deepid_tensor *y32 = tensor(ctx, DEEPID_F32, 1, e, NULL);
    deepid_tensor *y64 = tensor(ctx, DEEPID_F64, 1, e, NULL);
    for (int64_t k = 0; k < dpid_kinds.count; k++) {
        const dpid_kind *kind = dpid_kind_at(k);
        if (!(kind->flags & DPID_KIND_ELEMENTWISE))
            continue;
        OK(dpid_primitive_forward(kind, NULL, DPID_EVAL, x32, NULL, y32));
        OK(dpid_primitive_forward(kind, NULL, DPID_EVAL, x64, NULL, y64));
        for (int i = 0; i < N; i++) {
            const double got = (double)((float *)deepid_tensor_data(y32))[i];
            const double expected = ((double *)deepid_tensor_data(y64))[i];
            const double ulp = fmax(fabs(expected), (double)FLT_MIN) * (double)FLT_EPSILON;
            /* gelu and silu at x near -10 multiply x's rounding by x: 8 ulp there */
            if (!(fabs(got - expected) <= (fabs(values[i]) > 2 ? 60 : 5) * ulp))
                fail_msg("%s(%.9g) is %.9g, expected %.9g: %.1f ulp", kind->word, values[i], got, expected,
                         fabs(got - expected) / ulp);
        }
    }
    const double edges[] = {-0.0, (double)NAN, (double)INFINITY, -(double)INFINITY};
    OK(deepid_tensor_fill(x64, 0));
    memcpy(deepid_tensor_data(x64), edges, sizeof edges);
    OK(deepid_relu_forward("", x64, y64));
    const double *y = deepid_tensor_data(y64);
    assert_true(signbit(y[0]) && isnan(y[1]) && isinf(y[2]) && y[3] == 0);
    REFUSED(deepid_relu_forward("", x64, x64), DEEPID_ERR_ARGUMENT, "overlap");
    REFUSED(deepid_relu_forward("", x64, y32), DEEPID_ERR_DTYPE, "y is f32, expected f64");
    REFUSED(deepid_relu_forward("slope=1", x64, y64), DEEPID_ERR_SPEC, "takes no options");
    REFUSED(deepid_relu_backward("", x64, y64, y64), DEEPID_ERR_ARGUMENT, "dy and dx overlap");
    assert_int_equal(deepid_relu_forward("", NULL, y64), DEEPID_ERR_ARGUMENT);
    deepid_tensor_destroy(y64);
    deepid_tensor_destroy(y32);
    deepid_tensor_destroy(x64);
    deepid_tensor_destroy(x32);
    deepid_ctx_destroy(ctx);
}

static void primitives_refuse_what_does_not_fit(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const int64_t xe[] = {5, 3};
    const int64_t we[] = {4, 3};
    const int64_t ye[] = {5, 4};
    const int64_t be[] = {4};
    deepid_tensor *x = tensor(ctx, DEEPID_F32, 2, xe, NULL);
    deepid_tensor *w = tensor(ctx, DEEPID_F32, 2, we, NULL);
    deepid_tensor *y = tensor(ctx, DEEPID_F32, 2, ye, NULL);
    deepid_tensor *b = tensor(ctx, DEEPID_F32, 1, be, NULL);
    OK(deepid_dense_forward(x, w, b, y));
    OK(deepid_dense_forward(x, w, NULL, y));
    REFUSED(deepid_dense_forward(y, w, b, y), DEEPID_ERR_SHAPE, "dense: weight is 4x3, expected 4x4");
    REFUSED(deepid_dense_forward(x, w, b, x), DEEPID_ERR_SHAPE, "dense: y is 5x3, expected 5x4");
    REFUSED(deepid_dense_forward(x, w, w, y), DEEPID_ERR_SHAPE, "dense: bias is 4x3, expected 4");
    assert_int_equal(deepid_dense_forward(x, NULL, b, y), DEEPID_ERR_ARGUMENT);
    OK(deepid_dense_backward(x, w, y, NULL, NULL, b));
    OK(deepid_dense_backward(x, w, y, NULL, NULL, NULL));
    REFUSED(deepid_conv2d_forward("", x, w, b, y), DEEPID_ERR_SHAPE,
            "expected [out, kernel height, kernel width, in / groups]");
    REFUSED(deepid_maxpool_forward("kernel=2", x, y), DEEPID_ERR_SHAPE,
            "maxpool: input is 3, expected height x width x channels");
    REFUSED(deepid_channel_pad_forward("out=2", x, y), DEEPID_ERR_SHAPE, "expected at least the 3 of the input");
    for (int64_t i = 0; deepid_layer_word(i); i++)
        assert_non_null(deepid_layer_help(deepid_layer_word(i)));
    assert_null(deepid_layer_help("dens"));
    deepid_tensor_destroy(b);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(w);
    deepid_tensor_destroy(x);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batchnorm_keeps_its_conventions),
        cmocka_unit_test(batchnorm_backward_eps_is_a_fault_of_that_size),
        cmocka_unit_test(gradient_cast_stores_f32_gradients_in_sixteen_bits),
        cmocka_unit_test(losses_survive_extremes),
        cmocka_unit_test(delta_kernels_return_their_input_bit_for_bit),
        cmocka_unit_test(activations_keep_relative_accuracy),
        cmocka_unit_test(primitives_refuse_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
