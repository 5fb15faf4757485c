/* Gradient accuracy and range: known roundings, known flips, known ranges, and the numbers of deep batch-norm nets. */
#include "support/nets.h"
#include "support/support.h"

#include "inspect/precision.h"

#include <float.h>
#include <math.h>

enum { SEED = 77 };

static deepid_table *inspect(deepid_ctx *ctx, const char *text, const char *init, int32_t dtype,
                             const deepid_dataset *data, const char *word)
{
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    OK(deepid_net_create(ctx, text, dtype, &net));
    OK(deepid_net_init(net, init, SEED));
    OK(deepid_net_inspect(net, data, word, &t));
    deepid_net_destroy(net);
    return t;
}

static deepid_dataset *spirals(deepid_ctx *ctx, int n)
{
    char spec[64];
    deepid_dataset *data = NULL;
    snprintf(spec, sizeof spec, "spirals n=%d noise=0.06", n);
    OK(deepid_dataset_generate(ctx, spec, SEED, &data));
    return data;
}

/* ---- the measures --------------------------------------------------------------------------- */

static void ulps_are_those_of_the_format(void **state)
{
    (void)state;
    assert_true(dpid_ulp(DPID_P32, 1) == 0x1p-23 && dpid_ulp(DPID_P32, -1.99) == 0x1p-23 &&
                dpid_ulp(DPID_P32, 2) == 0x1p-22 && dpid_ulp(DPID_P64, 1) == 0x1p-52);
    assert_true(dpid_ulp(DPID_P32, 0) == 0x1p-149 && dpid_ulp(DPID_P32, 1e-40) == 0x1p-149 &&
                dpid_ulp(DPID_P32, 0x1p-126) == 0x1p-149 && dpid_ulp(DPID_P32, 0x1p-125) == 0x1p-148);
    for (int e = -120; e < 120; e += 7) {
        const float x = ldexpf(1.3F, e);
        assert_true(dpid_ulp(DPID_P32, (double)x) == (double)nextafterf(x, INFINITY) - (double)x);
    }
}

/* Small integers and powers of two: nothing rounds, so every error is 0, every cosine 1. */
static void exact_arithmetic_has_no_error(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    deepid_dataset *data = NULL;
    open_exact(ctx, &net, &data);
    OK(deepid_net_inspect(net, data, "gradient_accuracy", &t));
    static const char *const rows[] = {"dense1", "relu", "dense2"};
    for (int i = 0; i < 3; i++) {
        assert_true(table_number(t, rows[i], "relative") == 0 && table_number(t, rows[i], "ulp_max") == 0 &&
                    table_number(t, rows[i], "reference_error") == 0 && table_number(t, rows[i], "trusted") == 1);
        assert_true(fabs(table_number(t, rows[i], "cosine") - 1) < 1e-15);
    }
    assert_true(table_number(t, "relu", "flips") == 0 && isnan(table_number(t, "dense1", "flips")) &&
                isnan(table_number(t, "relu", "weight_relative")));
    assert_true(table_number(t, "dense1", "weight_relative") == 0 &&
                fabs(table_number(t, "dense1", "weight_cosine") - 1) < 1e-15);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* A gradient rounded to binary16: errors are uniform in [0, half an ulp of binary16] = [0, 2^12] ulps of f32 (13
   bits are lost), so the median is 2048, the 99th percentile 4055, the largest at most 4096 and what f32 itself
   rounds. bfloat16 loses 16 bits: 2^15. In units of the number that is 2^-11 at most, and at most 2^-11 / sqrt 3 in
   the mean square. */
static void a_cast_gradient_is_off_by_half_its_last_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double half;
    } rows[] = {{"input 2; dense out=64; tanh; gradient_cast scale=4096; dense out=2", 0x1p12},
                {"input 2; dense out=64; tanh; gradient_cast format=bf16; dense out=2", 0x1p15}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = spirals(ctx, 256);
    for (int i = 0; i < 2; i++) {
        deepid_table *t = inspect(ctx, rows[i].text, "he", DEEPID_F32, data, "gradient_accuracy samples=256 trust=no");
        const double median = table_number(t, "tanh", "ulp_median") / rows[i].half;
        const double p99 = table_number(t, "tanh", "ulp_p99") / rows[i].half;
        const double most = table_number(t, "tanh", "ulp_max") / rows[i].half;
        const double relative = table_number(t, "tanh", "relative") * 8388608 / rows[i].half;
        /* 16384 entries: sd of the median 0.004 */
        if (!(fabs(median - 0.5) < 0.03 && fabs(p99 - 0.99) < 0.01 && most > 0.99 && most < 1.01 && relative > 0.3 &&
              relative < 0.6))
            fail_msg("%s: median %g, p99 %g, largest %g of half a unit; relative %g (seed %d)", rows[i].text, median,
                     p99, most, relative, SEED);
        assert_true(table_number(t, "gradient_cast", "ulp_max") < 1000 && isnan(table_number(t, "tanh", "trusted")));
        deepid_table_destroy(t);
        t = inspect(ctx, rows[i].text, "he", DEEPID_F64, data, "gradient_accuracy samples=16");
        assert_true(table_number(t, "tanh", "relative") < 1e-15 &&
                    table_number(t, "tanh", "trusted") == 1); /* no cast in f64 */
        deepid_table_destroy(t);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* 3 * fl(1/3) = 1 + 2^-25, which f32 rounds to 1: behind a bias of -1 it is 0 (masked) in f32 and 2^-25 (open) in
 * f64. So a sample of 1/3 flips, one of 1 (2 > 0) does not: share 1/4, predicted sqrt(2/4). */
static void a_mask_that_rounding_flips_is_counted(void **state)
{
    (void)state;
    static const float x[] = {1.0F / 3, 1, 1, 1};
    static const float targets[] = {5, 6, 7, 8};
    static const float three[] = {3};
    static const float one[] = {1};
    static const float minus[] = {-1};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    deepid_dataset *data = wrapped_targets(ctx, 4, 1, x, 1, targets);
    OK(deepid_net_create(ctx, "input 1; dense out=1 bias=0; dense out=1; relu; dense out=1 bias=0", DEEPID_F32, &net));
    set_parameter(net, "dense1.weight", three, 1);
    set_parameter(net, "dense2.weight", one, 1);
    set_parameter(net, "dense2.bias", minus, 1);
    set_parameter(net, "dense3.weight", one, 1);
    OK(deepid_net_inspect(net, data, "gradient_accuracy", &t));
    assert_true(table_number(t, "relu", "flips") == 0.25 && table_number(t, "relu", "predicted") == sqrt(0.5));
    assert_true(table_number(t, "dense2", "relative") >
                /* dL/dz = 2 (z - t) / 4: the gradient of a sample that is missing, -2.5, beside three of (2 - t) / 2
                   = -2, -2.5, -3: 2.5 / 5.05 = 0.495 */
                0.4);
    assert_true(fabs(table_number(t, "dense2", "relative") - 2.5 / sqrt(2.5 * 2.5 + 4 + 2.5 * 2.5 + 9)) < 1e-6);
    deepid_table_destroy(t);
    OK(deepid_net_inspect(net, data, "range", &t)); /* the zero comes from the flip: not a fault of range */
    assert_true(table_number(t, "net", "zero") == 0);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Depth: at the start of plain batch-norm relu nets f32 has an error of a few per cent at 30 layers and has lost the
   gradient at 100, f64 has 1e-13 and 1e-7 (five draws of a prototype in another language: 0.03 to 0.2; above 1;
   2e-13 to 5e-13; 1e-7 to 4e-7); a residual net of 100 layers without batch-norm has 1e-6. Wide brackets: one draw. */
static void f32_loses_the_gradient_of_deep_batchnorm_nets(void **state)
{
    (void)state;
    static const struct {
        const char *text, *row, *init;
        int32_t dtype;
        double low, high;
    } rows[] = {{"input 2; dense out=16; batchnorm; relu; 29 * plain { dense out=16; batchnorm; relu }; dense out=2",
                 "dense1", "he", DEEPID_F32, 1e-5, 0.7},
                {"input 2; dense out=16; batchnorm; relu; 99 * plain { dense out=16; batchnorm; relu }; dense out=2",
                 "dense1", "he", DEEPID_F32, 0.7, 1e3},
                {"input 2; dense out=16; batchnorm; relu; 29 * plain { dense out=16; batchnorm; relu }; dense out=2",
                 "dense1", "he", DEEPID_F64, 1e-15, 1e-10},
                {"input 2; dense out=16; relu; 50 * identity { dense out=16; relu; dense out=16 }; dense out=2",
                 "dense1", "zero_last", DEEPID_F32, 1e-8, 1e-3}};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = spirals(ctx, 64);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_table *t = inspect(ctx, rows[i].text, rows[i].init, rows[i].dtype, data, "gradient_accuracy");
        const double error = table_number(t, rows[i].row, "relative");
        if (!(error > rows[i].low && error < rows[i].high))
            fail_msg("%s, dtype %d, seed %d: relative error %g, expected %g to %g\n%s", rows[i].text, rows[i].dtype,
                     SEED, error, rows[i].low, rows[i].high, deepid_table_text(t));
        assert_true(table_number(t, rows[i].row, "trusted") == 1);
        deepid_table_destroy(t);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- range -------------------------------------------------------------------------------------- */

/* dL/dz = 2 (z - t) / 4 with z = x = 0: -t / 2 = 1e-8, 1e-5, 1, 1e5 go through a cast to binary16: 0, subnormal
   there but an f32 of 1e-5, itself, infinite. */
static void a_cast_leaves_the_range_and_is_counted(void **state)
{
    (void)state;
    static const float x[] = {0, 0, 0, 0};
    static const float targets[] = {-2e-8F, -2e-5F, -2, -2e5F};
    static const float one[] = {1};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    deepid_dataset *data = wrapped_targets(ctx, 4, 1, x, 1, targets);
    OK(deepid_net_create(ctx, "input 1; gradient_cast; dense out=1 bias=0", DEEPID_F32, &net));
    set_parameter(net, "dense.weight", one, 1);
    OK(deepid_net_inspect(net, data, "range", &t));
    assert_true(table_number(t, "input", "entries") == 4 && table_number(t, "input", "zero") == 1 &&
                table_number(t, "input", "infinite") == 1 && table_number(t, "input", "subnormal") == 0);
    assert_true(table_number(t, "gradient_cast", "zero") == 0 && table_number(t, "gradient_cast", "infinite") == 0);
    assert_true(table_number(t, "net", "zero") == 1 && table_number(t, "net", "infinite") == 1 &&
                table_number(t, "net", "nan") == 0 && table_number(t, "net", "entries") == 12);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Two weights of 1e-20: dL/dx = 1e-40 dL/dz is subnormal in f32; two of 1e-30: 0 in f32, 1e-60 in f64. In f64
   neither is out of range. */
static void underflow_is_told_and_f64_has_none(void **state)
{
    (void)state;
    static const float x[] = {1, 2, 3};
    static const float targets[] = {-1, -2, -3};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = wrapped_targets(ctx, 3, 1, x, 1, targets);
    for (int i = 0; i < 4; i++) {
        const float w[] = {i < 2 ? 1e-20F : 1e-30F};
        deepid_net *net = NULL;
        deepid_net *f64 = NULL;
        deepid_table *t = NULL;
        OK(deepid_net_create(ctx, "input 1; dense out=1 bias=0; dense out=1 bias=0", DEEPID_F32, &net));
        set_parameter(net, "dense1.weight", w, 1);
        set_parameter(net, "dense2.weight", w, 1);
        OK(deepid_net_clone(net, DEEPID_F64, &f64));
        OK(deepid_net_inspect(i % 2 ? f64 : net, data, "range", &t));
        assert_true(table_number(t, "input", "zero") == (i == 2 ? 3 : 0) &&
                    table_number(t, "input", "subnormal") == (i == 0 ? 3 : 0));
        assert_true(table_number(t, "dense1", "zero") == 0 && table_number(t, "dense2", "weight_zero") == 0);
        deepid_table_destroy(t);
        deepid_net_destroy(f64);
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* One sample x = 1, 1e-6, 1e-9, 0 and all weights 1: z = 1.000001, t = 1/2, so dL/dz = 2 (z - t) = 1 and g = x. At
   rate 0.1 |rate g| = 0.1, 1e-7, 1e-10, 0 against ulp(1) / 2 = 2^-24 = 6e-8: the last two updates are lost. At rate
   0.01 that of 1e-8 is lost too. */
static void updates_below_half_an_ulp_are_lost(void **state)
{
    (void)state;
    static const float x[] = {1, 1e-6F, 1e-9F, 0};
    static const float targets[] = {0.5F};
    static const float w[] = {1, 1, 1, 1};
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    deepid_dataset *data = wrapped_targets(ctx, 1, 4, x, 1, targets);
    OK(deepid_net_create(ctx, "input 4; dense out=1 bias=0", DEEPID_F32, &net));
    set_parameter(net, "dense.weight", w, 4);
    OK(deepid_net_inspect(net, data, "range", &t));
    assert_true(table_number(t, "dense", "lost") == 0.5 && table_number(t, "net", "lost") == 0.5 &&
                isnan(table_number(t, "input", "lost")));
    deepid_table_destroy(t);
    OK(deepid_net_inspect(net, data, "range rate=0.01", &t));
    assert_true(table_number(t, "dense", "lost") == 0.75);
    deepid_table_destroy(t);
    REFUSED(deepid_net_inspect(net, data, "range rate=-1", &t), DEEPID_ERR_SPEC, "rate is -1");
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Ordinary nets: nothing leaves the range, whatever rounding flips. The gradient of a bias before a batch-norm is 0 in
   exact arithmetic; what rounding leaves of it is 0 or not by chance, and no matter of range. */
static void nothing_leaves_the_range_of_ordinary_nets(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "input 2; dense out=16; batchnorm; relu; 60 * plain { dense out=16; batchnorm; relu }; dense out=2",
        "input 2; dense out=16; batchnorm; leaky_relu; 20 * identity { dense out=16; hardtanh; dense out=16 } "
        "after=relu; dense out=2",
        "input 2; dense out=16; tanh; 30 * plain { dense out=16; tanh }; dense out=2"};
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data = spirals(ctx, 64);
    for (int i = 0; i < 3; i++) {
        deepid_table *t = inspect(ctx, texts[i], "he", DEEPID_F32, data, "range");
        static const char *const columns[] = {"zero",        "subnormal",        "infinite",        "nan",
                                              "weight_zero", "weight_subnormal", "weight_infinite", "weight_nan"};
        for (int c = 0; c < 8; c++)
            if (table_number(t, "net", columns[c]) > 0)
                fail_msg("%s: %g %s", texts[i], table_number(t, "net", columns[c]), columns[c]);
        deepid_table_destroy(t);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* The bias before a batch-norm: sum over samples of dL/dy is 0 in exact arithmetic. Over 4 samples rounding leaves
   exactly 0 at some of the 256 units in f32 and not in f64. */
static void a_sum_that_cancels_is_no_matter_of_range(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = spirals(ctx, 4);
    deepid_table *t =
        inspect(ctx, "input 2; dense out=256; batchnorm; tanh; dense out=2", "he", DEEPID_F32, data, "range samples=4");
    if (table_number(t, "dense1", "weight_zero") != 0)
        fail_msg("seed %d: %g zeros", SEED, table_number(t, "dense1", "weight_zero"));
    deepid_table_destroy(t);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Two weights of 1e-25 behind a layer: its gradients are 1e-50 in f64 and 0 in f32, and nothing cancels. */
static void gradients_of_parameters_that_underflow_are_counted(void **state)
{
    (void)state;
    static const float x[] = {1, 3};
    static const float targets[] = {-0.1F, -0.3F};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = wrapped_targets(ctx, 2, 1, x, 1, targets);
    const float small[] = {1e-25F};
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    OK(deepid_net_create(ctx, "input 1; dense out=1; dense out=1 bias=0; dense out=1 bias=0", DEEPID_F32, &net));
    set_parameter(net, "dense2.weight", small, 1);
    set_parameter(net, "dense3.weight", small, 1);
    OK(deepid_net_inspect(net, data, "range", &t));
    assert_true(table_number(t, "dense1", "weight_zero") == 2); /* weight and bias: 1e-50 in f64 */
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- edges ---------------------------------------------------------------------------------------- */

static void one_sample_nan_weights_and_threads(void **state)
{
    (void)state;
    static const char *const words[] = {"gradient_accuracy samples=1", "range samples=1"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = spirals(ctx, 40);
    for (int i = 0; i < 2; i++) {
        deepid_net *net = NULL;
        deepid_table *t = NULL;
        uint64_t first = 0;
        OK(deepid_net_create(ctx, "input 2; dense out=4; relu; dense out=2", DEEPID_F32, &net));
        OK(deepid_net_init(net, "he", SEED));
        for (int threads = 1; threads <= 3; threads++) {
            OK(deepid_ctx_set_threads(ctx, threads));
            OK(deepid_net_inspect(net, data, words[i], &t));
            const uint64_t here = bits(deepid_table_column(t, 0), 8 * deepid_table_rows(t));
            first = threads == 1 ? here : first;
            assert_int_equal(here, first);
            deepid_table_destroy(t);
        }
        ((float *)deepid_net_parameter_data(net, "dense1.weight"))[2] = NAN;
        OK(deepid_net_inspect(net, data, words[i], &t));
        if (i == 0)
            assert_true(isnan(table_number(t, "dense1", "relative")) &&
                        isinf(table_number(t, "dense1", "ulp_max")) == 1);
        else
            assert_true(table_number(t, "net", "nan") == 0); /* NaN in both */
        deepid_table_destroy(t);
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    const char *net = "input 2; dense out=3; batchnorm; relu; dense out=2";
    probe_survives_every_failing_allocation(net, "gradient_accuracy");
    probe_survives_every_failing_allocation(net, "range");
}

/* ---- ranks and borders ------------------------------------------------------------------------ */

/* The median and the 99th percentile are the least numbers of the list that a half and 99 % of it do not exceed:
   worked out from the gradients themselves, with odd and even counts. */
static void quantiles_of_ulps_are_the_least_that_hold_their_share(void **state)
{
    (void)state;
    static const double shares[] = {0.5, 0.99, 1};
    static const char *const columns[] = {"ulp_median", "ulp_p99", "ulp_max"};
    deepid_ctx *ctx = new_ctx(1);
    for (int n = 1; n <= 9; n++) {
        deepid_dataset *data = spirals(ctx, n);
        deepid_net *net = NULL;
        deepid_table *t = NULL;
        dpid_batch low;
        dpid_batch high;
        OK(deepid_net_create(ctx, "input 2; dense out=5; tanh; dense out=3; tanh; dense out=2", DEEPID_F32, &net));
        OK(deepid_net_init(net, "he", SEED));
        OK(deepid_net_inspect(net, data, "gradient_accuracy", &t));
        OK(dpid_pair_open(net, data, n, &low, &high));
        for (int32_t k = 0; k < low.net->steps; k++) {
            const int32_t v = low.net->step[k].out;
            const int64_t count = dpid_value_count(&low, v);
            const float *a = dpid_net_value_gradient(low.net, v);
            const double *b = dpid_net_value_gradient(high.net, v);
            for (int q = 0; q < 3; q++) {
                const double told = table_number(t, low.net->value[v].name, columns[q]);
                int64_t below = 0;
                int64_t within = 0;
                for (int64_t i = 0; i < count; i++) {
                    const double ulps = fabs((double)a[i] - b[i]) / dpid_ulp(DPID_P32, b[i]);
                    below += ulps < told;
                    within += ulps <= told;
                }
                if (!((double)within >= shares[q] * (double)count && (double)below < shares[q] * (double)count))
                    fail_msg("%d samples, %s of %s is %g: %lld of %lld are not above it, %lld below", n, columns[q],
                             low.net->value[v].name, told, (long long)within, (long long)count, (long long)below);
            }
        }
        dpid_batch_close(&high);
        dpid_batch_close(&low);
        deepid_table_destroy(t);
        deepid_net_destroy(net);
        deepid_dataset_destroy(data);
    }
    deepid_ctx_destroy(ctx);
}

/* d loss / d output = 2 z: 2^-126 is the least normal number, and no subnormal one; half of it is. */
static void the_least_normal_number_is_normal(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int half = 0; half < 2; half++) {
        const float x[1] = {half ? 0x1p-128f : 0x1p-127f};
        const float target[1] = {0};
        const float one[1] = {1};
        deepid_net *net = NULL;
        deepid_table *t = NULL;
        deepid_dataset *data = wrapped_targets(ctx, 1, 1, x, 1, target);
        OK(deepid_net_create(ctx, "input 1; dense out=1 bias=0", DEEPID_F32, &net));
        set_parameter(net, "dense.weight", one, 1);
        OK(deepid_net_inspect(net, data, "range", &t));
        assert_true(table_number(t, "dense", "subnormal") == half && table_number(t, "dense", "zero") == 0);
        deepid_table_destroy(t);
        deepid_net_destroy(net);
        deepid_dataset_destroy(data);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_of_ulps_are_the_least_that_hold_their_share),
        cmocka_unit_test(the_least_normal_number_is_normal),
        cmocka_unit_test(ulps_are_those_of_the_format),
        cmocka_unit_test(exact_arithmetic_has_no_error),
        cmocka_unit_test(a_cast_gradient_is_off_by_half_its_last_place),
        cmocka_unit_test(a_mask_that_rounding_flips_is_counted),
        cmocka_unit_test(f32_loses_the_gradient_of_deep_batchnorm_nets),
        cmocka_unit_test(a_cast_leaves_the_range_and_is_counted),
        cmocka_unit_test(underflow_is_told_and_f64_has_none),
        cmocka_unit_test(updates_below_half_an_ulp_are_lost),
        cmocka_unit_test(nothing_leaves_the_range_of_ordinary_nets),
        cmocka_unit_test(a_sum_that_cancels_is_no_matter_of_range),
        cmocka_unit_test(gradients_of_parameters_that_underflow_are_counted),
        cmocka_unit_test(one_sample_nan_weights_and_threads),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
