/* Starts: variances, orthogonality, mirrored pairs, zeros; the same numbers in f32 and f64; refusals that change
   nothing. */
#include "support/support.h"

#include "net/init.h"

#include <math.h>

static deepid_net *make(deepid_ctx *ctx, const char *text, int32_t dtype)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, dtype, &net));
    return net;
}

static double mean_square(const deepid_net *net, const char *name)
{
    const int32_t i = (int32_t)deepid_net_parameter_find(net, name);
    double sum = 0;
    for (int64_t k = 0; k < net->parameter[i].count; k++) {
        const double v = dpid_fetch(net->precision, dpid_net_parameter_at(net, i), k);
        sum += v * v / (double)net->parameter[i].count;
    }
    return sum;
}

/* ---- variances ------------------------------------------------------------------------- */

static void starts_have_their_variances(void **state)
{
    (void)state;
    static const struct {
        const char *init;
        double dense, conv; /* fans of dense: 200 in, 100 out; of conv: 9 * 16 in, 9 * 32 out */
    } rows[] = {{"he", 2.0 / 200, 2.0 / 144},
                {"he mode=fan_out dist=uniform", 2.0 / 100, 2.0 / 288},
                {"he slope=1", 1.0 / 200, 1.0 / 144},
                {"glorot", 2.0 / 300, 2.0 / 432},
                {"glorot dist=normal mode=fan_out", 1.0 / 100, 1.0 / 288},
                {"lecun", 1.0 / 200, 1.0 / 144},
                {"lecun dist=uniform", 1.0 / 200, 1.0 / 144},
                {"pytorch_default", 1.0 / 600, 1.0 / 432},
                {"orthogonal", 1.0 / 200, 1.0 / 144},
                {"orthogonal gain=3", 9.0 / 200, 9.0 / 144},
                {"delta_orthogonal", 1.0 / 200, 1.0 / 32 / 9}, /* 16 orthonormal columns of 32, one tap of 9 */
                {"normal std=0.3", 0.09, 0.09},
                {"uniform a=0.3", 0.03, 0.03},
                {"zero_last base=lecun", 1.0 / 200, 1.0 / 144},
                {"fixup", 2.0 / 200, 0}}; /* conv is the head */
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *a = make(ctx, "input 200; dense out=100; relu; dense out=2", DEEPID_F32);
    deepid_net *b = make(ctx, "input 5x5x16; conv2d out=32 kernel=3", DEEPID_F32);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OK(deepid_net_init(a, rows[i].init, 3));
        OK(deepid_net_init(b, rows[i].init, 3));
        const double dense = mean_square(a, "dense1.weight");
        const double conv = mean_square(b, "conv2d.weight");
        /* 20000 and 4608 numbers: 5 % is more than 2 sigma */
        if (fabs(dense - rows[i].dense) > 0.05 * rows[i].dense || fabs(conv - rows[i].conv) > 0.05 * rows[i].conv)
            fail_msg("%s, seed 3: variances %g and %g, expected %g and %g", rows[i].init, dense, conv, rows[i].dense,
                     rows[i].conv);
    }
    OK(deepid_net_init(a, "pytorch_default", 3)); /* biases too: 1 / (3 fan_in), 100 numbers: 30 % is 3 sigma */
    if (fabs(mean_square(a, "dense1.bias") * 600 - 1) > 0.3)
        fail_msg("pytorch_default, seed 3: mean square of the biases is %g, expected %g", mean_square(a, "dense1.bias"),
                 1.0 / 600);
    OK(deepid_net_init(a, "he", 3));
    assert_true(mean_square(a, "dense1.bias") == 0);
    deepid_net_destroy(b);
    deepid_net_destroy(a);
    deepid_ctx_destroy(ctx);
}

static void the_head_of_he_can_have_its_own_start(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 30; dense out=100; relu; dense out=50", DEEPID_F32);
    OK(deepid_net_init(net, "he mode=fan_out head=pytorch", 5));
    assert_true(fabs(mean_square(net, "dense2.weight") * 300 - 1) < 0.1);
    assert_true(fabs(mean_square(net, "dense1.weight") * 50 - 1) < 0.1);
    OK(deepid_net_init(net, "he head=zero", 5));
    assert_true(mean_square(net, "dense2.weight") == 0);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- every word ---------------------------------------------------------------------------- */

/* The net takes all words: even widths, no normalisation. */
static void every_start_gives_equal_numbers_in_f32_and_f64_and_belongs_to_its_seed(void **state)
{
    (void)state;
    static const char *const text = "input 6x6x4; conv2d out=8 kernel=3; relu; 2 * identity { conv2d out=8 kernel=3; "
                                    "relu; conv2d out=8 kernel=3 }; flatten; dense out=4; relu; dense out=4";
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *f32 = make(ctx, text, DEEPID_F32);
    deepid_net *f64 = make(ctx, text, DEEPID_F64);
    deepid_net *other = make(ctx, text, DEEPID_F32);
    for (int64_t w = 0; deepid_init_word(w); w++) {
        const char *word = deepid_init_word(w);
        assert_non_null(deepid_init_help(word));
        if (dpid_init_looks_at_data(word)) /* tests/train/test_start.c */
            continue;
        OK(deepid_net_init(f32, word, 9));
        OK(deepid_net_init(f64, word, 9));
        OK(deepid_net_init(other, word, 10));
        const float *x = deepid_net_trained_data(f32);
        const double *y = deepid_net_trained_data(f64);
        const float *z = deepid_net_trained_data(other);
        int64_t differ = 0;
        for (int64_t i = 0; i < deepid_net_trained_count(f32); i++) {
            if ((double)x[i] != y[i])
                fail_msg("%s, seed 9, number %lld: %.9g in f32, %.17g in f64", word, (long long)i, (double)x[i], y[i]);
            differ += x[i] != z[i];
        }
        if ((differ > 0) != (strcmp(word, "identity") != 0))
            fail_msg("%s: %lld numbers differ between seeds 9 and 10", word, (long long)differ);
    }
    assert_null(deepid_init_word(-1));
    assert_null(deepid_init_help("hee"));
    assert_null(deepid_init_help(NULL));
    deepid_net_destroy(other);
    deepid_net_destroy(f64);
    deepid_net_destroy(f32);
    deepid_ctx_destroy(ctx);
}

/* ---- orthogonal ------------------------------------------------------------------------------- */

/* Rows of [rows, cols] (columns where there are fewer): q_i . q_j = gain^2 [i = j]. The numbers are rounded to f32:
   2^-24 a factor, so 1e-6 gain^2 is safe. */
static void check_orthonormal(const char *what, const double *q, int64_t rows, int64_t cols, double gain)
{
    const bool by_row = rows <= cols;
    const int64_t count = by_row ? rows : cols;
    const int64_t length = by_row ? cols : rows;
    for (int64_t i = 0; i < count; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double dot = 0;
            for (int64_t k = 0; k < length; k++)
                dot += by_row ? q[i * cols + k] * q[j * cols + k] : q[k * cols + i] * q[k * cols + j];
            if (!(fabs(dot - (i == j ? gain * gain : 0)) <= 1e-6 * gain * gain))
                fail_msg("%s: product of %lld and %lld is %.9g", what, (long long)i, (long long)j, dot);
        }
    }
}

static void orthogonal_weights_are_orthonormal(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const int64_t shapes[][2] = {{40, 30}, {30, 40}, {50, 50}, {1, 7}, {7, 1}};
    char text[64];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        snprintf(text, sizeof text, "input %d; dense out=%d", (int)shapes[i][1], (int)shapes[i][0]);
        deepid_net *net = make(ctx, text, DEEPID_F64);
        OK(deepid_net_init(net, "orthogonal gain=2", 3));
        check_orthonormal(text, deepid_net_parameter_data(net, "dense.weight"), shapes[i][0], shapes[i][1], 2);
        deepid_net_destroy(net);
    }
    deepid_net *conv = make(ctx, "input 4x4x3; conv2d out=20 kernel=3x2", DEEPID_F64);
    OK(deepid_net_init(conv, "orthogonal", 3));
    check_orthonormal("conv2d", deepid_net_parameter_data(conv, "conv2d.weight"), 20, 18, 1);
    deepid_net_destroy(conv);
    deepid_ctx_destroy(ctx);
}

static void delta_orthogonal_kernels_are_zero_but_for_the_centre(void **state)
{
    (void)state;
    enum { OUT = 6, IN = 4, SIDE = 3, TAPS = SIDE * SIDE, CENTRE = 4 };
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 5x5x4; conv2d out=6 kernel=3", DEEPID_F64);
    OK(deepid_net_init(net, "delta_orthogonal gain=2", 4));
    const double *w = deepid_net_parameter_data(net, "conv2d.weight");
    double centre[OUT * IN];
    for (int o = 0; o < OUT; o++)
        for (int tap = 0; tap < TAPS; tap++)
            for (int c = 0; c < IN; c++)
                if (tap == CENTRE)
                    centre[o * IN + c] = w[(o * TAPS + tap) * IN + c];
                else
                    assert_true(w[(o * TAPS + tap) * IN + c] == 0);
    check_orthonormal("centre tap", centre, OUT, IN, 2);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

static void identity_weights_are_the_unit_matrix_as_far_as_it_goes(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 3; dense out=5; batchnorm; dense out=2", DEEPID_F32);
    OK(deepid_net_init(net, "identity", 4));
    const float *tall = deepid_net_parameter_data(net, "dense1.weight");
    const float *wide = deepid_net_parameter_data(net, "dense2.weight");
    for (int i = 0; i < 15; i++)
        assert_true(tall[i] == (i / 3 == i % 3 ? 1.0f : 0.0f));
    for (int i = 0; i < 10; i++)
        assert_true(wide[i] == (i / 5 == i % 5 ? 1.0f : 0.0f));
    assert_true(mean_square(net, "batchnorm.weight") == 1); /* a scale is no linear map */
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- looks_linear -------------------------------------------------------------------------------- */

/* relu(z) - relu(-z) = z: the net is a linear map, so f(a) + f(-a) = 2 f(0) and f(a) + f(b) = f(a + b) + f(0). */
static void looks_linear_nets_are_linear(void **state)
{
    (void)state;
    enum { SAMPLES = 5, IN = 72, OUT = 3 };
    static const char *const texts[] = {
        "input 72; dense out=8; relu; 20 * plain { dense out=8; relu }; dense out=3",
        "input 6x6x2; conv2d out=8 kernel=3; relu; 5 * plain { conv2d out=8 kernel=3; relu }; flatten; dense out=16; "
        "relu; dense out=3",
        "input 6x6x2; conv2d out=8 kernel=3 stride=2 padding=1; relu; conv2d out=12 kernel=3; relu; flatten; dense "
        "out=3",
        "input 6x6x2; conv2d out=6 kernel=3; relu; conv2d out=6 kernel=3; relu; global_avgpool; dense out=3"};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        deepid_net *net = make(ctx, texts[t], DEEPID_F64);
        deepid_tensor *x = NULL;
        deepid_tensor *y = NULL;
        const int64_t in[] = {SAMPLES, t ? 6 : IN, 6, 2};
        const int64_t out[] = {SAMPLES, OUT};
        double a[SAMPLES][IN] = {{0}}; /* a, b, -a, a + b, 0 */
        random_array(5, 2 * IN, -1, 1, a[0]);
        for (int i = 0; i < IN; i++) {
            a[2][i] = -a[0][i];
            a[3][i] = a[0][i] + a[1][i];
        }
        OK(deepid_net_init(net, "looks_linear", 3));
        OK(deepid_tensor_create(ctx, DEEPID_F64, t ? 4 : 2, in, &x));
        OK(deepid_tensor_create(ctx, DEEPID_F64, 2, out, &y));
        OK(deepid_tensor_copy_in(x, DEEPID_F64, a, NULL));
        OK(deepid_net_forward(net, x, y));
        const double(*f)[OUT] = deepid_tensor_data(y);
        for (int k = 0; k < OUT; k++) {
            const double odd = f[0][k] + f[2][k] - 2 * f[4][k];
            const double additive = f[0][k] + f[1][k] - f[3][k] - f[4][k];
            /* sums of some 100 numbers of size 1 in f64; mirrored weights are equal after rounding */
            if (!(fabs(odd) < 1e-12 && fabs(additive) < 1e-12 && fabs(f[0][k]) > 1e-3))
                fail_msg(
                    "%s, seed 3, output %d: f(a) = %g, f(a) + f(-a) - 2 f(0) = %g, f(a) + f(b) - f(a+b) - f(0) = %g",
                    texts[t], k, f[0][k], odd, additive);
        }
        deepid_tensor_destroy(y);
        deepid_tensor_destroy(x);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- biases, gain ------------------------------------------------------------------------------------ */

static void biases_are_what_the_start_says(void **state)
{
    (void)state;
    static const char *const words[] = {"he", "glorot", "lecun", "normal", "uniform", "orthogonal", "delta_orthogonal"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 5; dense out=6; batchnorm; relu; dense out=2", DEEPID_F32);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s bias=-0.25", words[i]);
        OK(deepid_net_init(net, text, 3));
        assert_true(fabs(mean_square(net, "dense1.bias") - 0.0625) < 1e-12);
        assert_true(fabs(mean_square(net, "dense2.bias") - 0.0625) < 1e-12);
        assert_true(mean_square(net, "batchnorm.bias") == 0); /* a shift is no bias */
        OK(deepid_net_init(net, words[i], 3));
        assert_true(mean_square(net, "dense1.bias") == 0);
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* E phi'(z)^2 for z of N(0, 1) and then N(0, q), q = gain^2 E (phi(z) - phi(0))^2, by a sum of 40001 points in Python.
   A square orthogonal weight of width 50 has mean square gain^2 / 50. The first layer reads the input: gain 1. */
static void gains_keep_the_gradient_through_the_activation_before(void **state)
{
    (void)state;
    static const struct {
        const char *activation;
        double second, third;
    } rows[] = {{"relu", 1.4142135623730951, 1.4142135623730951},
                {"leaky_relu slope=0.5", 1.2649110640673518, 1.2649110640673518}, /* sqrt(2 / (1 + 1/4)) */
                {"tanh", 1.4674135916307967, 1.4228629282822371},
                {"sigmoid", 4.722646085937976, 4.704448891698395}};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[160];
        snprintf(text, sizeof text, "input 50; dense out=50; %s; dense out=50; dropout; %s; dense out=50",
                 rows[i].activation, rows[i].activation);
        deepid_net *net = make(ctx, text, DEEPID_F64);
        OK(deepid_net_init(net, "gain", 4));
        const double got[] = {sqrt(50 * mean_square(net, "dense1.weight")),
                              sqrt(50 * mean_square(net, "dense2.weight")),
                              sqrt(50 * mean_square(net, "dense3.weight"))};
        const double expected[] = {1, rows[i].second, rows[i].third};
        for (int k = 0; k < 3; k++)
            if (!(fabs(got[k] - expected[k]) < 1e-5 * expected[k])) /* f32, and tails beyond 8 deviations: less */
                fail_msg("%s, layer %d: gain %.9g, expected %.9g", rows[i].activation, k + 1, got[k], expected[k]);
        assert_true((mean_square(net, "dense2.bias") == 0) == (strcmp(rows[i].activation, "sigmoid") != 0));
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* Fifty sigmoid layers: two samples still differ at the output, by a number near their distance; from lecun's start
   they are the same to 1e-20. */
static void gain_lets_a_signal_through_fifty_sigmoids(void **state)
{
    (void)state;
    enum { IN = 40 };
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx, "input 40; dense out=40; 50 * plain { sigmoid; dense out=40 }", DEEPID_F64);
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    const int64_t extents[] = {2, IN};
    double numbers[2][IN];
    random_array(6, 2 * IN, -1.7, 1.7, numbers[0]);
    OK(deepid_net_init(net, "gain", 4));
    OK(deepid_tensor_create(ctx, DEEPID_F64, 2, extents, &x));
    OK(deepid_tensor_create(ctx, DEEPID_F64, 2, extents, &y));
    OK(deepid_tensor_copy_in(x, DEEPID_F64, numbers, NULL));
    OK(deepid_net_forward(net, x, y));
    const double(*f)[IN] = deepid_tensor_data(y);
    double in = 0;
    double out = 0;
    for (int k = 0; k < IN; k++) {
        in += (numbers[0][k] - numbers[1][k]) * (numbers[0][k] - numbers[1][k]);
        out += (f[0][k] - f[1][k]) * (f[0][k] - f[1][k]);
    }
    if (!(out > 0.1 * in && out < 10 * in))
        fail_msg("seed 4: squared distances %g before and %g behind", in, out);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- zeros in residual branches ---------------------------------------------------------------------- */

static void zero_last_zeroes_the_end_of_residual_branches_only(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx,
                           "input 8; identity { dense out=8; relu; dense out=8 }; identity { dense out=8; batchnorm }; "
                           "plain { dense out=8; batchnorm };"
                           "identity shortcut=C { batchnorm; relu; dense out=8 }; identity { dense out=8; scale }; "
                           "dense out=2",
                           DEEPID_F32);
    OK(deepid_net_init(net, "zero_last base=orthogonal", 4));
    static const struct {
        const char *name;
        bool zero;
    } rows[] = {{"block1.dense1.weight", false},
                {"block1.dense2.weight", true},
                {"block2.dense.weight", false},
                {"block2.batchnorm.weight", true},
                {"block3.dense.weight", false},
                {"block3.batchnorm.weight", false},
                {"block4.batchnorm.weight", false},
                {"block4.dense.weight", true},
                {"block5.dense.weight", false},
                {"block5.scale.weight", true},
                {"dense.weight", false},
                {"block4.shortcut.dense.weight", false},
                {"block4.shortcut.batchnorm.weight", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((mean_square(net, rows[i].name) == 0) != rows[i].zero)
            fail_msg("%s has mean square %g", rows[i].name, mean_square(net, rows[i].name));
    OK(deepid_net_init(net, "zero_last mode=fan_out head=zero", 4));
    assert_true(mean_square(net, "dense.weight") == 0);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* L = 4 residual blocks of m = 2 weights: he's variance 2 / fan_in times (4^(-1/2))^2 = 1/4 (Zhang, Dauphin, Ma
   2019, section 3). */
static void fixup_scales_branches_by_their_number(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = make(ctx,
                           "input 100; dense out=100; 4 * identity { dense out=100; relu; dense out=100 }; plain { "
                           "dense out=100 }; dense out=2",
                           DEEPID_F32);
    OK(deepid_net_init(net, "fixup", 4));
    assert_true(fabs(mean_square(net, "block3.dense1.weight") * 50 * 4 - 1) < 0.05); /* 10000 numbers: 3 sigma */
    assert_true(mean_square(net, "block3.dense2.weight") == 0);
    assert_true(fabs(mean_square(net, "block5.dense.weight") * 50 - 1) < 0.05);
    assert_true(mean_square(net, "dense2.weight") == 0);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* Every other start word leaves a scale where its option says; fixup does not take it for a normalisation. */
static void trained_scales_start_where_the_text_says(void **state)
{
    (void)state;
    static const char *const words[] = {"he", "glorot", "orthogonal", "identity", "gain", "pytorch_default", "fixup"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net =
        make(ctx, "input 4; identity { dense out=4; scale init=0.25; relu; dense out=4 }; dense out=2", DEEPID_F32);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *(float *)deepid_net_parameter_data(net, "block1.scale.weight") = 5;
        OK(deepid_net_init(net, words[i], 3));
        if (*(float *)deepid_net_parameter_data(net, "block1.scale.weight") != 0.25F)
            fail_msg("%s sets the scale to %g", words[i],
                     *(float *)deepid_net_parameter_data(net, "block1.scale.weight"));
    }
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* ---- refusals --------------------------------------------------------------------------------------------- */

static void refused_starts_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *init, *part;
        int32_t status;
    } rows[] = {
        {"input 3; dense out=8; relu; dense out=7; relu; dense out=2", "looks_linear",
         "dense2.weight is 7 x 8, expected even widths", DEEPID_ERR_SHAPE},
        {"input 3; dense out=8", "looks_linear", "fewer than two weight layers", DEEPID_ERR_UNSUPPORTED},
        {"input 4x4x4; conv2d out=4 kernel=1; conv2d out=4 kernel=1 groups=2; conv2d out=2 kernel=1", "looks_linear",
         "has groups", DEEPID_ERR_UNSUPPORTED},
        {"input 4; identity { dense out=4; batchnorm }", "fixup", "has a normalisation (block1.batchnorm.weight)",
         DEEPID_ERR_UNSUPPORTED},
        {"input 4; dense out=4", "lsuv", "this start looks at data; deepid_net_init_data", DEEPID_ERR_UNSUPPORTED},
        {"input 4; dense out=4", "normal std=-1", "std is -1, expected 0 to", DEEPID_ERR_SPEC},
        {"input 4; dense out=4", "hee", "nearest: he", DEEPID_ERR_SPEC},
        {"input 4; dense out=4", "", "unknown initialisation", DEEPID_ERR_SPEC},
        {"input 4; dense out=4", "he mode=fan", "mode is 'fan'", DEEPID_ERR_SPEC},
        {"input 4; dense out=4", "he gain=2", "unknown option of he 'gain'", DEEPID_ERR_SPEC},
        {"input 4; dense out=4", "lecun; he", "lecun", DEEPID_ERR_SPEC},
        {"input 4; dense out=4", "orthogonal gain=-1", "gain is -1, expected 0 to", DEEPID_ERR_SPEC},
        {"input 4; dense out=4", "zero_last base=lecun mode=fan_out", "belong to base=he, the base is lecun",
         DEEPID_ERR_SPEC},
        {"input 4; dense out=4", NULL, "init is NULL", DEEPID_ERR_ARGUMENT},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_net *net = make(ctx, rows[i].text, DEEPID_F32);
        OK(deepid_net_init(net, "he", 1));
        const int64_t bytes = 4 * deepid_net_trained_count(net);
        const uint64_t before = bits(deepid_net_trained_data(net), bytes);
        REFUSED(deepid_net_init(net, rows[i].init, 2), rows[i].status, rows[i].part);
        if (bits(deepid_net_trained_data(net), bytes) != before)
            fail_msg("'%s' was refused and still changed '%s'", rows[i].init, rows[i].text);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_have_their_variances),
        cmocka_unit_test(the_head_of_he_can_have_its_own_start),
        cmocka_unit_test(every_start_gives_equal_numbers_in_f32_and_f64_and_belongs_to_its_seed),
        cmocka_unit_test(orthogonal_weights_are_orthonormal),
        cmocka_unit_test(delta_orthogonal_kernels_are_zero_but_for_the_centre),
        cmocka_unit_test(identity_weights_are_the_unit_matrix_as_far_as_it_goes),
        cmocka_unit_test(looks_linear_nets_are_linear),
        cmocka_unit_test(biases_are_what_the_start_says),
        cmocka_unit_test(gains_keep_the_gradient_through_the_activation_before),
        cmocka_unit_test(gain_lets_a_signal_through_fifty_sigmoids),
        cmocka_unit_test(zero_last_zeroes_the_end_of_residual_branches_only),
        cmocka_unit_test(fixup_scales_branches_by_their_number),
        cmocka_unit_test(trained_scales_start_where_the_text_says),
        cmocka_unit_test(refused_starts_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
