/* Gradient norms with their slopes, shattering, validity radius: known answers, the literature's numbers, edges. */
#include "support/nets.h"
#include "support/support.h"

#include <math.h>

enum { SEED = 77 };

static void near(const deepid_table *t, const char *row, const char *name, double expected, double tolerance)
{
    const double got = table_number(t, row, name);
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%s of %s is %.9g, expected %.9g within %g (seed %d)\n%s", name, row, got, expected, tolerance, SEED,
                 deepid_table_text((deepid_table *)t));
}

static deepid_dataset *task(deepid_ctx *ctx, const char *spec)
{
    deepid_dataset *data = NULL;
    OK(deepid_dataset_generate(ctx, spec, SEED, &data));
    return data;
}

static deepid_table *inspect(deepid_ctx *ctx, const char *text, const char *init, const deepid_dataset *data,
                             const char *word)
{
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    OK(deepid_net_init(net, init, SEED));
    OK(deepid_net_inspect(net, data, word, &t));
    deepid_net_destroy(net);
    return t;
}

/* ---- gradient norms and their slope -------------------------------------------------------------- */

/* A linear chain with all weights 2 and one unit: each layer multiplies the gradient by 2 on the way back, and
 * forward the signal, so |w| |dL/dw| is the same everywhere. dL/dz = 2 (z - t) = 2. */
static void a_chain_of_twos_has_the_factor_two(void **state)
{
    (void)state;
    static const float x[] = {1};
    static const float targets[] = {31};
    static const float two[] = {2};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = wrapped_targets(ctx, 1, 1, x, 1, targets);
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    OK(deepid_net_create(ctx, "input 1; 5 * plain { dense out=1 bias=0 }", DEEPID_F64, &net));
    for (int i = 1; i <= 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "block%d.dense.weight", i);
        *(double *)deepid_net_parameter_data(net, name) = (double)two[0];
    }
    OK(deepid_net_inspect(net, data, "gradient_norm", &t));
    near(t, "block5.dense", "activation", 2, 0); /* z = 32 */
    near(t, "block1.dense", "activation", 32, 0);
    for (int i = 1; i <= 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "block%d.dense", i);
        near(t, name, "factor", 2, 1e-12);
        near(t, name, "weight_factor", 1, 1e-12);
        near(t, name, "theory", 2, 1e-12); /* sqrt(fan_out w^2) */
        near(t, name, "fitted", table_number(t, name, "activation"), 1e-9);
    }
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Yang et al. 2019: in a batch-norm relu net the gradient's norm grows by sqrt(pi / (pi - 1)) = 1.2112 a layer on
   the way back, here with their width 1024, batch 512, 10 layers. Theirs is the limit of infinite width and batch: 1
   %. Not of the dense outputs, where the first, whose input is no rectifier's, has another scale that its batch-norm
   takes away; |W| |dL/dW| does not see it. */
static void batchnorm_relu_nets_explode_by_1_2112_a_layer(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data = task(ctx, "teacher n=512 in=1024 classes=10");
    deepid_table *t = inspect(ctx, "input 1024; 10 * plain { dense out=1024 bias=0; batchnorm; relu }; dense out=10",
                              "he", data, "gradient_norm samples=512");
    near(t, "block5.dense", "theory", 1.2112, 5e-5);
    near(t, "block5.dense", "weight_factor", 1.2112, 0.01 * 1.2112);
    near(t, "block5.batchnorm", "theory", 1.2112, 5e-5);
    near(t, "block5.batchnorm", "factor", 1.2112, 0.01 * 1.2112);
    near(t, "block5.relu", "factor", 1.2112, 0.01 * 1.2112);
    assert_true(isnan(table_number(t, "dense", "factor")) && isnan(table_number(t, "dense", "theory")));
    deepid_table_destroy(t);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* U(-1/sqrt(fan_in), 1/sqrt(fan_in)) has variance 1 / (3 fan_in): 1/sqrt 3 = 0.577 a tanh layer where signals are
   small, and 1/sqrt 6 = 0.408 a relu layer. Theory by the drawn weights: width 256, so 1 %. Measured slopes: tanh's
   own slope below 1 makes it less (0.567 to 0.574 in another language), draws of 10 layers vary by a few per cent. */
static void the_default_start_shrinks_by_one_over_root_three_and_six(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double expected, low, high;
    } rows[] = {
        {"input 64; dense out=256; tanh; 10 * plain { dense out=256; tanh }; dense out=10", 0.57735, 0.55, 0.585},
        {"input 64; dense out=256; relu; 10 * plain { dense out=256; relu }; dense out=10", 0.40825, 0.385, 0.43}};
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data = task(ctx, "teacher n=256 in=64 classes=10");
    for (int i = 0; i < 2; i++) {
        deepid_table *t = inspect(ctx, rows[i].text, "pytorch_default", data, "gradient_norm");
        near(t, "block3.dense", "theory", rows[i].expected, 0.01 * rows[i].expected);
        const double factor = table_number(t, "block3.dense", "factor");
        if (!(factor > rows[i].low && factor < rows[i].high))
            fail_msg("%s: factor %g (seed %d)\n%s", rows[i].text, factor, SEED, deepid_table_text(t));
        deepid_table_destroy(t);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Layers outside blocks repeat as well; a skip, and two layers, leave theory and fit silent. */
static void groups_are_layers_that_repeat(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = task(ctx, "spirals n=64");
    deepid_table *t =
        inspect(ctx, "input 2; dense out=8; relu; dense out=8; relu; dense out=8; relu; dense out=8; relu; dense out=2",
                "he", data, "gradient_norm");
    near(t, "relu1", "factor", table_number(t, "relu4", "factor"), 0);
    /* dense2, 3 and 4 are 8 -> 8; dense1 and dense5 stand alone */
    assert_true(isnan(table_number(t, "dense1", "factor")) && isfinite(table_number(t, "dense2", "factor")));
    deepid_table_destroy(t);
    t = inspect(ctx, "input 2; dense out=8; relu; 4 * identity { dense out=8; relu; dense out=8 }; dense out=2", "he",
                data, "gradient_norm");
    assert_true(isfinite(table_number(t, "block2.dense1", "factor")) &&
                isnan(table_number(t, "block2.dense1", "theory")));
    deepid_table_destroy(t);
    t = inspect(ctx, "input 2; 2 * plain { dense out=2; tanh }; dense out=2", "he", data, "gradient_norm samples=1");
    assert_true(isnan(table_number(t, "block2.dense", "factor")));
    deepid_table_destroy(t);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- shattering --------------------------------------------------------------------------------------- */

/* Three samples through I, relu, (1 1): masks 10, 01, 11 give gradients along (1,0), (0,1), (1,1): cosines 0, 1/sqrt
   2, 1/sqrt 2, mean 0.4714. Expected by angles of the inputs (1,-1), (-1,1), (1,1): cosines -1, 0, 0, so (0 + 1/2 +
   1/2) / 3; by halves 1/2. Behind the rectifier all gradients are the same. */
static void three_masks_have_the_correlation_of_their_overlaps(void **state)
{
    (void)state;
    static const float x[] = {1, -1, -1, 1, 1, 1};
    static const float targets[] = {0, 0, 0};
    static const float identity[] = {1, 0, 0, 1};
    static const float ones[] = {1, 1};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = wrapped_targets(ctx, 3, 2, x, 1, targets);
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    OK(deepid_net_create(ctx, "input 2; dense out=2 bias=0; relu; dense out=1 bias=0", DEEPID_F32, &net));
    set_parameter(net, "dense1.weight", identity, 4);
    set_parameter(net, "dense2.weight", ones, 2);
    OK(deepid_net_inspect(net, data, "shattering", &t));
    near(t, "dense2", "correlation", 1, 1e-15);
    near(t, "relu", "correlation", 1, 1e-15);
    near(t, "relu", "expected_angle", 1, 0);
    near(t, "dense1", "correlation", sqrt(2) / 3, 1e-15);
    near(t, "dense1", "expected_angle", 1.0 / 3, 1e-7); /* arccos near 1 */
    near(t, "dense1", "expected_half", 0.5, 0);
    near(t, "input", "correlation", sqrt(2) / 3, 1e-15);
    deepid_table_destroy(t);
    OK(deepid_net_inspect(net, data, "shattering samples=1", &t)); /* no pair */
    assert_true(isnan(table_number(t, "input", "correlation")));
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* He-started relu nets without batch-norm: inputs become collinear, so the angles' product falls as a power of depth
   and the halves' do not apply (prototype: 0.034 at 10 layers, measured of the same order). With batch-norm in
   evaluation mode... the start's running statistics are 0 and 1, so nothing is normalised; in training the two lines
   agree within a factor as pre-activations are nearly orthogonal. */
static void rectifiers_shatter_as_their_angles_say(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data = task(ctx, "teacher n=64 in=256 classes=4");
    deepid_table *t =
        inspect(ctx, "input 256; 10 * plain { dense out=256; relu }; dense out=4", "he", data, "shattering");
    const double rho = table_number(t, "input", "correlation");
    const double expected = table_number(t, "input", "expected_angle");
    if (!(rho > 0.6 * expected && rho < 1.6 * expected && expected > 0.01 && expected < 0.1))
        fail_msg("correlation %g, by angles %g (seed %d)\n%s", rho, expected, SEED, deepid_table_text(t));
    near(t, "input", "expected_half", 1.0 / 1024, 0);
    deepid_table_destroy(t);
    /* a linear net: one gradient for all */
    t = inspect(ctx, "input 256; 4 * plain { dense out=256 }; dense out=4", "he", data, "shattering");
    near(t, "input", "correlation", 1, 1e-12);
    near(t, "input", "expected_angle", 1, 0);
    deepid_table_destroy(t);
    t = inspect(ctx, "input 256; 2 * identity { dense out=256; relu; dense out=256 }; dense out=4", "he", data,
                "shattering");
    assert_true(table_number(t, "input", "correlation") > 0.3 && isnan(table_number(t, "input", "expected_angle")));
    deepid_table_destroy(t);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- validity radius ------------------------------------------------------------------------------------ */

/* L = mean of (w . x - t)^2 over x = (1,0), (0,2): Hessian diag(1, 4). With the gradient (1, 1): g(a) = (1 - a, 1 -
   4a), and cos = (p + q) / sqrt(2 (p^2 + q^2)) = 1/2 at q / p = sqrt 3 - 2, so a = (3 - sqrt 3) / (6 - sqrt 3) =
   0.29709. w = (2, 3): t1 = w1 - 1 = 1, t2 = 2 w2 - 1/2 = 5.5. Rounding 2^-24 sqrt 13, distance a sqrt 2. */
static void a_quadratic_has_a_radius_to_work_out(void **state)
{
    (void)state;
    static const float x[] = {1, 0, 0, 2};
    static const float targets[] = {1, 5.5F};
    static const float w[] = {2, 3};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = wrapped_targets(ctx, 2, 2, x, 1, targets);
    deepid_net *net = NULL;
    deepid_table *t = NULL;
    const double a = (3 - sqrt(3)) / (6 - sqrt(3));
    OK(deepid_net_create(ctx, "input 2; dense out=1 bias=0", DEEPID_F32, &net));
    set_parameter(net, "dense.weight", w, 2);
    for (int i = 0; i < 3; i++) {
        static const char *const words[] = {"validity_radius", "validity_radius rate=1e-9", "validity_radius rate=1e6"};
        static const double rates[] = {0.1, 1e-9, 1e6};
        OK(deepid_net_inspect(net, data, words[i], &t));
        near(t, "net", "radius", a, 1e-4 * a); /* bisected to 2^(1 / 65536) = 1 + 1e-5 */
        near(t, "net", "radius_over_rate", a / rates[i], 1e-4 * a / rates[i]);
        near(t, "net", "distance_over_rounding", a * sqrt(2) / (0x1p-24 * sqrt(13)),
             1e-4 * a * sqrt(2) / (0x1p-24 * sqrt(13)));
        near(t, "net", "gradient_norm", sqrt(2), 1e-12);
        near(t, "net", "weight_norm", sqrt(13), 1e-12);
        deepid_table_destroy(t);
    }
    static const float best[] = {1, 2.75F};
    set_parameter(net, "dense.weight", best, 2);
    OK(deepid_net_inspect(net, data, "validity_radius", &t)); /* a stationary point */
    assert_true(isnan(table_number(t, "net", "radius")) && table_number(t, "net", "gradient_norm") == 0);
    deepid_table_destroy(t);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- edges ----------------------------------------------------------------------------------------------- */

static void bits_do_not_depend_on_threads_and_nan_is_refused_or_shown(void **state)
{
    (void)state;
    static const char *const words[] = {"gradient_norm", "shattering", "validity_radius"};
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = task(ctx, "gratings n=40");
    for (int i = 0; i < 3; i++) {
        deepid_net *net = NULL;
        deepid_table *t = NULL;
        uint64_t first = 0;
        OK(deepid_net_create(
            ctx, "input 8x8x1; conv2d out=8 kernel=3; batchnorm; relu; 3 * identity out=8; global_avgpool; dense out=4",
            DEEPID_F32, &net));
        OK(deepid_net_init(net, "he", SEED));
        for (int threads = 1; threads <= 3; threads++) {
            OK(deepid_ctx_set_threads(ctx, threads));
            OK(deepid_net_inspect(net, data, words[i], &t));
            const uint64_t here = bits(deepid_table_column(t, 0), 8 * deepid_table_rows(t));
            first = threads == 1 ? here : first;
            assert_int_equal(here, first);
            deepid_table_destroy(t);
        }
        ((float *)deepid_net_parameter_data(net, "conv2d.weight"))[2] = NAN;
        if (i == 1) {
            OK(deepid_net_inspect(net, data, words[i], &t));
            assert_true(isnan(table_number(t, "input", "correlation")));
            deepid_table_destroy(t);
        } else {
            REFUSED(deepid_net_inspect(net, data, words[i], &t), DEEPID_ERR_NUMERIC, "conv2d");
        }
        deepid_net_destroy(net);
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    const char *net = "input 2; 3 * plain { dense out=2; batchnorm; relu }";
    probe_survives_every_failing_allocation(net, "gradient_norm");
    probe_survives_every_failing_allocation(net, "shattering");
    probe_survives_every_failing_allocation(net, "validity_radius");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_of_twos_has_the_factor_two),
        cmocka_unit_test(batchnorm_relu_nets_explode_by_1_2112_a_layer),
        cmocka_unit_test(the_default_start_shrinks_by_one_over_root_three_and_six),
        cmocka_unit_test(groups_are_layers_that_repeat),
        cmocka_unit_test(three_masks_have_the_correlation_of_their_overlaps),
        cmocka_unit_test(rectifiers_shatter_as_their_angles_say),
        cmocka_unit_test(a_quadratic_has_a_radius_to_work_out),
        cmocka_unit_test(bits_do_not_depend_on_threads_and_nan_is_refused_or_shown),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
