/* Public primitives: known answers at the edges that references share with their ops, sizes of more than one chunk,
   and which tensors may lie beside each other. */
#include "support/support.h"

#include <math.h>

static deepid_tensor *wrapped(deepid_ctx *ctx, int32_t rank, const int64_t *extents, double *data)
{
    deepid_tensor *t = NULL;
    OK(deepid_tensor_wrap(ctx, DEEPID_F64, rank, extents, data, &t));
    return t;
}

static void near_place(const char *what, int64_t i, double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%s[%lld] is %.17g, expected %.17g", what, (long long)i, got, expected);
}

/* ---- tensors in one array ----------------------------------------------------------------------- */

/* Neighbours touch and do not overlap, whichever comes first; one common element is refused. */
static void neighbouring_parts_of_an_array_are_apart(void **state)
{
    (void)state;
    enum { N = 6 };
    const int64_t extents[2] = {2, 3};
    deepid_ctx *ctx = new_ctx(1);
    double array[3 * N];
    for (int first = 0; first <= 2 * N; first++) { /* of y, and of dx; x lies in the middle */
        for (int i = 0; i < 3 * N; i++)
            array[i] = i < N || i >= 2 * N ? 99 : i - N - 2.5;
        deepid_tensor *x = wrapped(ctx, 2, extents, array + N);
        deepid_tensor *y = wrapped(ctx, 2, extents, array + first);
        double slopes[N] = {1, 2, 3, 4, 5, 6};
        deepid_tensor *dy = wrapped(ctx, 2, extents, slopes);
        if (first == 0 || first == 2 * N) {
            OK(deepid_relu_forward("", x, y));
            for (int i = 0; i < N; i++)
                near_place("y", i, array[first + i], fmax(i - 2.5, 0), 0);
            OK(deepid_relu_backward("", x, dy, y));
            for (int i = 0; i < N; i++)
                near_place("dx", i, array[first + i], i < 3 ? 0 : i + 1, 0);
        } else {
            REFUSED(deepid_relu_forward("", x, y), DEEPID_ERR_ARGUMENT, "x and y overlap");
            REFUSED(deepid_relu_backward("", x, dy, y), DEEPID_ERR_ARGUMENT, "x and dx overlap");
        }
        for (int i = 0; i < N; i++)
            near_place("x", i, array[N + i], i - 2.5, 0); /* as it was */
        deepid_tensor_destroy(dy);
        deepid_tensor_destroy(y);
        deepid_tensor_destroy(x);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- more rows than a chunk -------------------------------------------------------------------------- */

enum { ROWS = 2600, WIDTH = 3 };

/* gamma 1 and beta 0: y is xhat, so dgamma = sum dy y and dbeta = sum dy, over all 2600 rows. */
static void layernorm_sums_over_all_rows(void **state)
{
    (void)state;
    static double x[ROWS * WIDTH], y[ROWS * WIDTH], dy[ROWS * WIDTH], dx[ROWS * WIDTH];
    const int64_t extents[2] = {ROWS, WIDTH};
    const int64_t width[1] = {WIDTH};
    double gamma[WIDTH] = {1, 1, 1}, beta[WIDTH] = {0}, dgamma[WIDTH] = {0}, dbeta[WIDTH] = {0};
    deepid_ctx *ctx = new_ctx(2);
    random_array(1, ROWS * WIDTH, -1, 1, x);
    random_array(2, ROWS * WIDTH, 0, 1, dy);
    deepid_tensor *t[] = {wrapped(ctx, 2, extents, x),    wrapped(ctx, 1, width, gamma), wrapped(ctx, 1, width, beta),
                          wrapped(ctx, 2, extents, y),    wrapped(ctx, 2, extents, dy),  wrapped(ctx, 2, extents, dx),
                          wrapped(ctx, 1, width, dgamma), wrapped(ctx, 1, width, dbeta)};
    OK(deepid_layernorm_forward("", t[0], t[1], t[2], t[3]));
    OK(deepid_layernorm_backward("", t[0], t[1], t[2], t[4], t[5], t[6], t[7]));
    for (int j = 0; j < WIDTH; j++) {
        double products = 0;
        double sum = 0;
        for (int i = 0; i < ROWS; i++) {
            products += dy[i * WIDTH + j] * y[i * WIDTH + j];
            sum += dy[i * WIDTH + j];
        }
        near_place("dgamma", j, dgamma[j], products, 1e-10);
        near_place("dbeta", j, dbeta[j], sum, 1e-10);
    }
    for (int i = 0; i < 8; i++)
        deepid_tensor_destroy(t[i]);
    deepid_ctx_destroy(ctx);
}

/* Ones and minus ones behind one large number, which is far from the mean. */
static void layernorm_bears_a_row_that_begins_far_away(void **state)
{
    enum { LONG = 1 << 16 };
    (void)state;
    static double x[LONG], y[LONG], gamma[LONG], beta[LONG];
    const int64_t extents[2] = {1, LONG};
    for (int64_t i = 0; i < LONG; i++) {
        x[i] = i % 2 ? 1 : -1;
        gamma[i] = 1;
        beta[i] = 0.25;
    }
    for (int isa = 0; deepid_isa_word(isa); isa++) {
        deepid_ctx *ctx = new_ctx(1);
        if (deepid_ctx_set_isa(ctx, deepid_isa_word(isa)) != DEEPID_OK) { /* this CPU has it not */
            deepid_ctx_destroy(ctx);
            continue;
        }
        deepid_tensor *t[] = {wrapped(ctx, 2, extents, x), wrapped(ctx, 1, extents + 1, gamma),
                              wrapped(ctx, 1, extents + 1, beta), wrapped(ctx, 2, extents, y)};
        for (x[0] = 1e3; x[0] < 1e9; x[0] *= 100) {
            const long double mean = (x[0] + 1) / (long double)LONG;
            const long double squares = (x[0] - mean) * (x[0] - mean) + LONG / 2 * (1 - mean) * (1 - mean) +
                                        (LONG / 2 - 1) * (1 + mean) * (1 + mean);
            const long double scale = 1 / sqrtl(squares / LONG);
            OK(deepid_layernorm_forward("eps=0", t[0], t[1], t[2], t[3]));
            near_place("the large number", 0, y[0], (double)((x[0] - mean) * scale + 0.25L), 2.5e-10);
            near_place("one", 1, y[1], (double)((1 - mean) * scale + 0.25L), 1e-13);
        }
        x[0] = 2e154; /* its square overflows */
        OK(deepid_layernorm_forward("", t[0], t[1], t[2], t[3]));
        near_place("an overflow", 1, y[1], 0.25, 1e-2);
        for (int i = 0; i < 4; i++)
            deepid_tensor_destroy(t[i]);
        deepid_ctx_destroy(ctx);
    }
}

static void prelu_reaches_the_last_row(void **state)
{
    (void)state;
    static double x[ROWS * WIDTH], y[ROWS * WIDTH];
    const int64_t extents[2] = {ROWS, WIDTH};
    const int64_t width[1] = {WIDTH};
    double slope[WIDTH] = {0.5, 0.25, -1};
    deepid_ctx *ctx = new_ctx(2);
    random_array(3, ROWS * WIDTH, -1, 1, x);
    deepid_tensor *t[] = {wrapped(ctx, 2, extents, x), wrapped(ctx, 1, width, slope), wrapped(ctx, 2, extents, y)};
    OK(deepid_tensor_fill(t[2], (double)NAN));
    OK(deepid_prelu_forward(t[0], t[1], t[2]));
    for (int i = 0; i < ROWS * WIDTH; i++)
        near_place("y", i, y[i], x[i] < 0 ? slope[i % WIDTH] * x[i] : x[i], 0);
    for (int i = 0; i < 3; i++)
        deepid_tensor_destroy(t[i]);
    deepid_ctx_destroy(ctx);
}

/* 25000 rows are pieces of unequal size. running = 3/4 running + 1/4 batch, the variance by n - 1. */
static void batchnorm_measures_all_rows_and_moves_its_statistics(void **state)
{
    (void)state;
    static const int64_t counts[] = {2, 5, 25000};
    static double x[25000 * WIDTH], y[25000 * WIDTH];
    deepid_ctx *ctx = new_ctx(2);
    for (int k = 0; k < 3; k++) {
        const int64_t n = counts[k];
        const int64_t extents[2] = {n, WIDTH};
        const int64_t width[1] = {WIDTH};
        double gamma[WIDTH] = {1, 2, -1}, beta[WIDTH] = {0, 1, 0}, mean[WIDTH] = {2, 0, -1}, var[WIDTH] = {1, 3, 0.5};
        random_array(4, n * WIDTH, -1, 2, x);
        for (int64_t i = 0; i < n; i++)
            x[i * WIDTH + 1] += (double)i / (double)n; /* pieces differ */
        deepid_tensor *t[] = {wrapped(ctx, 2, extents, x),  wrapped(ctx, 1, width, gamma), wrapped(ctx, 1, width, beta),
                              wrapped(ctx, 1, width, mean), wrapped(ctx, 1, width, var),   wrapped(ctx, 2, extents, y)};
        OK(deepid_batchnorm_forward("momentum=0.25 eps=0", 1, t[0], t[1], t[2], t[3], t[4], t[5]));
        for (int j = 0; j < WIDTH; j++) {
            static const double start[2][WIDTH] = {{2, 0, -1}, {1, 3, 0.5}};
            double m = 0;
            double squares = 0;
            for (int64_t i = 0; i < n; i++)
                m += x[i * WIDTH + j] / (double)n;
            for (int64_t i = 0; i < n; i++)
                squares += (x[i * WIDTH + j] - m) * (x[i * WIDTH + j] - m);
            near_place("running mean", j, mean[j], 0.75 * start[0][j] + 0.25 * m, 1e-12);
            near_place("running variance", j, var[j], 0.75 * start[1][j] + 0.25 * squares / (double)(n - 1), 1e-12);
            near_place("the last y", j, y[(n - 1) * WIDTH + j],
                       gamma[j] * (x[(n - 1) * WIDTH + j] - m) / sqrt(squares / (double)n) + beta[j], 1e-10);
        }
        for (int i = 0; i < 6; i++)
            deepid_tensor_destroy(t[i]);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- geometry ------------------------------------------------------------------------------------------- */

/* 3 channels to 6: one zero before, two behind. */
static void channel_pad_puts_the_odd_channel_behind(void **state)
{
    (void)state;
    const int64_t in[2] = {1, 3};
    const int64_t out[2] = {1, 6};
    double x[3] = {1, 2, 3}, y[6];
    static const double expected[6] = {0, 1, 2, 3, 0, 0};
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *t[] = {wrapped(ctx, 2, in, x), wrapped(ctx, 2, out, y)};
    OK(deepid_channel_pad_forward("out=6", t[0], t[1]));
    for (int i = 0; i < 6; i++)
        near_place("y", i, y[i], expected[i], 0);
    deepid_tensor_destroy(t[0]);
    deepid_tensor_destroy(t[1]);
    deepid_ctx_destroy(ctx);
}

/* padding=same of an even kernel pads behind: y_i = x_i w_0 + x_{i+1} w_1, nothing behind the end (as TensorFlow and
   ONNX's SAME_UPPER do). */
static void same_padding_puts_the_odd_pixel_behind(void **state)
{
    (void)state;
    const int64_t in[4] = {1, 1, 4, 1};
    const int64_t kernel[4] = {1, 1, 2, 1};
    double x[4] = {1, 2, 3, 4}, w[2] = {10, 1}, y[4];
    static const double expected[4] = {12, 23, 34, 40};
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *t[] = {wrapped(ctx, 4, in, x), wrapped(ctx, 4, kernel, w), wrapped(ctx, 4, in, y)};
    OK(deepid_conv2d_forward("padding=same", t[0], t[1], NULL, t[2]));
    for (int i = 0; i < 4; i++)
        near_place("y", i, y[i], expected[i], 0);
    for (int i = 0; i < 3; i++)
        deepid_tensor_destroy(t[i]);
    deepid_ctx_destroy(ctx);
}

/* A kernel of 3 with stride 2, along an axis of 4 and of 5: (k - 1) / 2 before with the default, as in PyTorch; what
   the windows need with same_upper, as in TensorFlow: 1 behind of 4, 1 on each side of 5. */
static void a_stride_does_not_move_symmetric_padding(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        int64_t in;
        double y[3];
    } rows[] = {
        {"stride=2x1", 4, {210, 432}}, /* x_0 w_1 + x_1 w_2; x_1 w_0 + x_2 w_1 + x_3 w_2 */
        {"stride=2x1 padding=symmetric", 4, {210, 432}},
        {"stride=2x1 padding=1x0", 4, {210, 432}},
        {"stride=2x1 padding=same_upper", 4, {321, 43}}, /* x_0 w_0 + x_1 w_1 + x_2 w_2; x_2 w_0 + x_3 w_1 */
        {"stride=2x1", 5, {210, 432, 54}},
        {"stride=2x1 padding=same_upper", 5, {210, 432, 54}},
        {"stride=2x1 padding=same", 5, {210, 432, 54}},
        {"stride=3x1 padding=valid", 4, {321}},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t results = 1;
        while (results < 3 && rows[i].y[results] != 0)
            results++;
        const int64_t in[4] = {1, rows[i].in, 1, 1};
        const int64_t kernel[4] = {1, 3, 1, 1};
        const int64_t out[4] = {1, results, 1, 1};
        double x[5] = {1, 2, 3, 4, 5}, w[3] = {1, 10, 100}, y[3];
        deepid_tensor *t[] = {wrapped(ctx, 4, in, x), wrapped(ctx, 4, kernel, w), wrapped(ctx, 4, out, y)};
        OK(deepid_conv2d_forward(rows[i].options, t[0], t[1], NULL, t[2]));
        for (int64_t k = 0; k < results; k++)
            near_place(rows[i].options, (int)k, y[k], rows[i].y[k], 0);
        if (rows[i].in == 4)
            REFUSED(deepid_conv2d_forward("stride=2x1 padding=same", t[0], t[1], NULL, t[2]), DEEPID_ERR_SHAPE,
                    "conv2d: padding=same with this stride may mean two things: 1 before the 4 rows "
                    "(padding=symmetric, as in PyTorch and Caffe) or 0 (padding=same_upper, as in TensorFlow)");
        for (int k = 0; k < 3; k++)
            deepid_tensor_destroy(t[k]);
    }
    deepid_ctx_destroy(ctx);
}

/* Of equal values the first is the maximum: it alone gets the gradient. */
static void the_first_of_equal_maxima_gets_the_gradient(void **state)
{
    (void)state;
    const int64_t in[4] = {1, 2, 2, 1};
    const int64_t out[4] = {1, 1, 1, 1};
    double x[4] = {1, 3, 3, 3}, dy[1] = {5}, dx[4];
    static const double expected[4] = {0, 5, 0, 0};
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *t[] = {wrapped(ctx, 4, in, x), wrapped(ctx, 4, out, dy), wrapped(ctx, 4, in, dx)};
    OK(deepid_maxpool_backward("kernel=2", t[0], t[1], t[2]));
    for (int i = 0; i < 4; i++)
        near_place("dx", i, dx[i], expected[i], 0);
    for (int i = 0; i < 3; i++)
        deepid_tensor_destroy(t[i]);
    deepid_ctx_destroy(ctx);
}

/* Along an axis of 1, 2, 3, 4, 5: what PyTorch's max_pool1d and avg_pool1d give, which have these words. The last
   window of ceil_mode sees the 5 alone; it is not there where it would begin behind the picture. */
static void pools_have_the_words_of_pytorch(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        bool mean;
        double y[4];
    } rows[] = {
        {"kernel=2x1 stride=2x1", false, {2, 4}},
        {"kernel=2x1 stride=2x1 ceil_mode=1", false, {2, 4, 5}},
        {"kernel=2x1 stride=2x1 ceil_mode=1", true, {1.5, 3.5, 5}},
        {"kernel=1 stride=4x1 ceil_mode=1", false, {1, 5}},
        {"kernel=3x1 stride=3x1 padding=1x0 ceil_mode=1", false, {2, 5}},
        {"kernel=2x1 stride=1 dilation=3x1", false, {4, 5}},
        {"kernel=2x1 stride=2x1 padding=1x0 dilation=2x1",
         false,
         {2, 4, 4}}, /* x_-1 and x_1, x_1 and x_3, x_3 and x_5 */
        {"kernel=3x1 stride=2x1 padding=1x0", true, {1.5, 3, 4.5}},
        {"kernel=3x1 stride=2x1 padding=1x0 count_include_pad=1", true, {1, 3, 3}},
        {"kernel=2x1 stride=3x1 padding=1x0x0x0 ceil_mode=1 count_include_pad=1", true, {0.5, 3.5}},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t results = 1;
        while (results < 4 && rows[i].y[results] != 0)
            results++;
        const int64_t in[4] = {1, 5, 1, 1};
        const int64_t out[4] = {1, results, 1, 1};
        double x[5] = {1, 2, 3, 4, 5}, y[4];
        deepid_tensor *t[] = {wrapped(ctx, 4, in, x), wrapped(ctx, 4, out, y)};
        OK((rows[i].mean ? deepid_avgpool_forward : deepid_maxpool_forward)(rows[i].options, t[0], t[1]));
        for (int64_t k = 0; k < results; k++)
            near_place(rows[i].options, (int)k, y[k], rows[i].y[k], 1e-15);
        REFUSED(deepid_maxpool_forward("kernel=2x1 dilation=7x1 padding=1x0", t[0], t[1]), DEEPID_ERR_SHAPE, "");
        deepid_tensor_destroy(t[0]);
        deepid_tensor_destroy(t[1]);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- losses -------------------------------------------------------------------------------------------------- */

/* L = mean over rows of -sum_k t_k log softmax(z)_k with t = (1 - s) onehot + s / classes, and its slope (softmax -
   t) / n, written out; 1500 classes are more than a block. */
static void the_gradient_of_cross_entropy_is_its_formula(void **state)
{
    (void)state;
    enum { MOST = 3 * 1500 };
    static double z[MOST], dz[MOST];
    static const int64_t shapes[][2] = {{1, 2}, {3, 5}, {3, 1500}};
    static const double smoothings[] = {0, 0.1, 1};
    deepid_ctx *ctx = new_ctx(1);
    for (int k = 0; k < 9; k++) {
        const int64_t n = shapes[k / 3][0];
        const int64_t width = shapes[k / 3][1];
        const double s = smoothings[k % 3];
        const int32_t labels[3] = {1, 0, (int32_t)width - 1};
        char options[32];
        double loss;
        double expected = 0;
        random_array(5, n * width, -3, 3, z);
        deepid_tensor *t[] = {wrapped(ctx, 2, shapes[k / 3], z), wrapped(ctx, 2, shapes[k / 3], dz)};
        snprintf(options, sizeof options, "smoothing=%g", s);
        OK(deepid_cross_entropy_forward(options, t[0], labels, &loss));
        OK(deepid_cross_entropy_backward(options, t[0], labels, t[1]));
        for (int64_t i = 0; i < n; i++) {
            double sum = 0;
            for (int64_t c = 0; c < width; c++)
                sum += exp(z[i * width + c]);
            for (int64_t c = 0; c < width; c++) {
                const double target = (c == labels[i] ? 1 - s : 0) + s / (double)width;
                expected -= target * (z[i * width + c] - log(sum)) / (double)n;
                near_place("dz", i * width + c, dz[i * width + c], (exp(z[i * width + c]) / sum - target) / (double)n,
                           1e-14);
            }
        }
        near_place("loss", k, loss, expected, 1e-12);
        deepid_tensor_destroy(t[0]);
        deepid_tensor_destroy(t[1]);
    }
    deepid_ctx_destroy(ctx);
}

/* The mean over samples and outputs of the squares, and 2 (z - t) / (n width). */
static void the_gradient_of_squared_error_is_its_formula(void **state)
{
    (void)state;
    const int64_t extents[2] = {2, 3};
    double z[6] = {1, 2, 3, 4, 5, 6}, targets[6] = {1, 1, 1, 6, 6, 6}, dz[6];
    static const double expected[6] = {0, 1 / 3.0, 2 / 3.0, -2 / 3.0, -1 / 3.0, 0};
    double loss;
    deepid_ctx *ctx = new_ctx(1);
    deepid_tensor *t[] = {wrapped(ctx, 2, extents, z), wrapped(ctx, 2, extents, targets), wrapped(ctx, 2, extents, dz)};
    OK(deepid_squared_error_forward(t[0], t[1], &loss));
    OK(deepid_squared_error_backward(t[0], t[1], t[2]));
    near_place("loss", 0, loss, 10 / 6.0, 1e-15); /* 0 + 1 + 4 + 4 + 1 + 0 */
    for (int i = 0; i < 6; i++)
        near_place("dz", i, dz[i], expected[i], 1e-15);
    for (int i = 0; i < 3; i++)
        deepid_tensor_destroy(t[i]);
    deepid_ctx_destroy(ctx);
}

/* x = 1, dy = 1/2: dw = n width / 2 for the one number, n / 2 for each channel, on top of the 1 that stands there. */
static void scale_sums_over_all_chunks(void **state)
{
    (void)state;
    enum { N = 7001, C = 3 };
    static double x[N * C], y[N * C], dy[N * C], dx[N * C];
    const int64_t extents[2] = {N, C};
    deepid_ctx *ctx = new_ctx(2);
    for (int channels = 0; channels < 2; channels++) {
        const int64_t numbers = channels ? C : 1;
        const char *options = channels ? "per=channel init=7" : NULL;
        double w[C] = {-0.25, 0, 4}, dw[C] = {1, 1, 1};
        for (int i = 0; i < N * C; i++)
            x[i] = 1, dy[i] = 0.5, y[i] = dx[i] = NAN;
        deepid_tensor *t[] = {wrapped(ctx, 2, extents, x),  wrapped(ctx, 2, extents, y),
                              wrapped(ctx, 2, extents, dy), wrapped(ctx, 2, extents, dx),
                              wrapped(ctx, 1, &numbers, w), wrapped(ctx, 1, &numbers, dw)};
        OK(deepid_scale_forward(options, t[0], t[4], t[1]));
        OK(deepid_scale_backward(options, t[0], t[4], t[2], t[3], t[5]));
        for (int i = 0; i < N * C; i++) {
            near_place("y", i, y[i], w[i % numbers], 0);
            near_place("dx", i, dx[i], w[i % numbers] / 2, 0);
        }
        for (int i = 0; i < C; i++)
            near_place("dw", i, dw[i], i < numbers ? 1 + N * C / 2.0 / (double)numbers : 1, 0);
        OK(deepid_scale_backward(options, t[0], t[4], t[2], t[3], NULL));
        REFUSED(deepid_scale_forward(channels ? "" : "per=channel", t[0], t[4], t[1]), DEEPID_ERR_SHAPE,
                channels ? "is 3, expected 1" : "is 1, expected 3");
        for (int i = 0; i < 6; i++)
            deepid_tensor_destroy(t[i]);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbouring_parts_of_an_array_are_apart),
        cmocka_unit_test(layernorm_sums_over_all_rows),
        cmocka_unit_test(layernorm_bears_a_row_that_begins_far_away),
        cmocka_unit_test(prelu_reaches_the_last_row),
        cmocka_unit_test(batchnorm_measures_all_rows_and_moves_its_statistics),
        cmocka_unit_test(channel_pad_puts_the_odd_channel_behind),
        cmocka_unit_test(same_padding_puts_the_odd_pixel_behind),
        cmocka_unit_test(pools_have_the_words_of_pytorch),
        cmocka_unit_test(a_stride_does_not_move_symmetric_padding),
        cmocka_unit_test(the_first_of_equal_maxima_gets_the_gradient),
        cmocka_unit_test(the_gradient_of_cross_entropy_is_its_formula),
        cmocka_unit_test(the_gradient_of_squared_error_is_its_formula),
        cmocka_unit_test(scale_sums_over_all_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
