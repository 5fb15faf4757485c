/* Probes of blocks and layers: learned_identity, lesion, response, signal, against nets whose answer is known. */
#include "support/support.h"

#include "net/net.h"

#include <math.h>

static deepid_net *net_of(deepid_ctx *ctx, const char *text, int32_t dtype, const char *init, uint64_t seed)
{
    deepid_net *net = NULL;
    OK(deepid_net_create(ctx, text, dtype, &net));
    OK(deepid_net_init(net, init, seed));
    return net;
}

static deepid_dataset *data_of(deepid_ctx *ctx, const char *text)
{
    deepid_dataset *data = NULL;
    OK(deepid_dataset_generate(ctx, text, 77, &data));
    return data;
}

static deepid_table *probe(deepid_ctx *ctx, deepid_net *net, const deepid_dataset *data, const char *text)
{
    deepid_table *table = NULL;
    OK(deepid_net_inspect(net, data, text, &table));
    return table;
}

static double cell(const deepid_table *table, int64_t row, const char *column)
{
    const int64_t c = deepid_table_find_column(table, column);
    if (c < 0 || row >= deepid_table_rows(table))
        fail_msg("there is no row %lld with a column %s", (long long)row, column);
    return deepid_table_get(table, row, c);
}

static void cell_near(const deepid_table *table, int64_t row, const char *column, double expected, double tolerance,
                      int line)
{
    const double got = cell(table, row, column);
    if (!(fabs(got - expected) <= tolerance) && !(isnan(got) && isnan(expected)))
        fail_msg("line %d: %s of %s is %.17g, expected %.17g within %g", line, column,
                 deepid_table_row_name(table, row), got, expected, tolerance);
}
#define NEAR(table, row, column, expected, tolerance) cell_near(table, row, column, expected, tolerance, __LINE__)

/* A Cholesky factorisation of 16 columns in double: some 16 roundings of 1e-16, and pivots below 1e-12 left out. */
static const double r2_error = 2e-12;

/* ---- learned_identity ------------------------------------------------------------------------- */

static void a_witness_and_a_zero_branch_are_learned_identities(void **state)
{
    (void)state;
    static const char *const blocks[] = {"plain { dense out=8; batchnorm; relu }",
                                         "identity { dense out=8; batchnorm; relu; dense out=8 } after=relu"};
    static const char *const pictures[] = {"plain { conv2d out=4 kernel=3; relu }", "identity out=4"};
    deepid_ctx *ctx = new_ctx(2);
    for (int i = 0; i < 4; i++) {
        deepid_net *net =
            net_of(ctx,
                   i < 2 ? "input 2; plain { dense out=8; relu }; dense out=2"
                         : "input 8x8x1; plain { conv2d out=4 kernel=3; relu }; global_avgpool; dense out=4",
                   DEEPID_F32, "he", 5);
        deepid_dataset *data = data_of(ctx, i < 2 ? "spirals" : "gratings n=70");
        deepid_net *deeper = NULL;
        OK(deepid_net_deepen(net, 1, i < 2 ? blocks[i] : pictures[i - 2], 3, "witness", &deeper));
        deepid_table *table = probe(ctx, deeper, data, "learned_identity");
        deepid_table *lesion = probe(ctx, deeper, data, "lesion");
        assert_int_equal(deepid_table_rows(table), 4);
        for (int64_t k = 1; k < 4; k++) {
            /* batch-norm at its identity: x / sqrt(1 + eps), times gamma = sqrt(1 + eps) rounded to f32 */
            const double rounding = i == 0 ? 1e-5 : 0;
            NEAR(table, k, "relative_change", 0, rounding);
            NEAR(table, k, "affine_r2", 1, i == 0 ? 1e-10 : r2_error);
            NEAR(lesion, k, "loss_change", 0, rounding);
            NEAR(lesion, k, "error_change", 0, 0);
        }
        deepid_table_destroy(table);
        deepid_table_destroy(lesion);
        deepid_net_destroy(deeper);
        deepid_dataset_destroy(data);
        deepid_net_destroy(net);
    }
    deepid_ctx_destroy(ctx);
}

/* The points (+-1, +-1). Block 1 gives (x2 + 3, x1 + 3): affine, and |B(X) - X|^2 = sum of (x2 - x1 + 3)^2 + (x1 -
   x2 + 3)^2 = (9 + 9) + (25 + 1) + (1 + 25) + (9 + 9) = 88, |X|^2 = 8. Block 2 gives relu(x1 + x2) twice: 2, 0, 0,
   0, squares about the mean 3; the best affine fit 1/2 + (x1 + x2) / 2 leaves 4 times (1/2)^2 = 1: R^2 = 2/3. */
static void regressions_have_their_known_shares(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = data_of(ctx, "parity bits=2");
    deepid_net *net = net_of(ctx, "input 2; plain { dense out=2 }; plain { dense out=2; relu }; dense out=2",
                             DEEPID_F64, "zero_last", 1);
    double *w = deepid_net_parameter_data(net, "block1.dense.weight");
    double *b = deepid_net_parameter_data(net, "block1.dense.bias");
    double *second = deepid_net_parameter_data(net, "block2.dense.weight");
    const double swap[] = {0, 1, 1, 0};
    memcpy(w, swap, sizeof swap);
    b[0] = b[1] = 3;
    for (int k = 0; k < 4; k++)
        second[k] = 1;
    ((double *)deepid_net_parameter_data(net, "block2.dense.bias"))[0] = -6;
    ((double *)deepid_net_parameter_data(net, "block2.dense.bias"))[1] = -6;
    deepid_table *table = probe(ctx, net, data, "learned_identity");
    NEAR(table, 0, "relative_change", sqrt(88.0 / 8), 1e-14);
    NEAR(table, 0, "affine_r2", 1, r2_error);
    NEAR(table, 0, "input_rank", 2, 0);
    NEAR(table, 1, "affine_r2", 2.0 / 3, r2_error);
    deepid_table_destroy(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* n points in general position are fitted by any affine map of n - 1 or more features; a feature that is another
   one's double adds no rank. */
static void few_samples_and_dependent_features_are_fitted_by_their_rank(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = data_of(ctx, "spirals");
    deepid_net *net =
        net_of(ctx, "input 2; dense out=16; tanh; plain { dense out=16; tanh }; dense out=2", DEEPID_F32, "he", 2);
    deepid_table *table = probe(ctx, net, data, "learned_identity samples=10");
    NEAR(table, 0, "input_rank", 9, 0);
    /* f32 values, regressed to their last bit: (6e-8)^2 times the condition of ten points */
    NEAR(table, 0, "affine_r2", 1, 1e-7);
    deepid_table_destroy(table);
    float *w = deepid_net_parameter_data(net, "dense1.weight");
    for (int k = 0; k < 30; k++)
        w[2 + k] = 2 * w[k % 2]; /* every unit twice the first before tanh: one direction each way, curved */
    table = probe(ctx, net, data, "learned_identity samples=200");
    NEAR(table, 0, "input_rank", 2, 0);
    deepid_table_destroy(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void what_cannot_be_told_is_nan(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = data_of(ctx, "spirals n=16");
    deepid_net *net = net_of(ctx, "input 2; plain { dense out=4; relu }; plain { dense out=4; relu }; dense out=2",
                             DEEPID_F32, "he", 2);
    deepid_table *table = probe(ctx, net, data, "learned_identity");
    deepid_table *lesion = probe(ctx, net, data, "lesion");
    assert_int_equal(deepid_table_rows(table), 2);
    NEAR(table, 0, "relative_change", (double)NAN, 0); /* 2 -> 4 */
    NEAR(lesion, 0, "loss_change", (double)NAN, 0);
    NEAR(lesion, 0, "error", (double)NAN, 0);
    assert_true(isfinite(cell(table, 1, "affine_r2")));
    assert_true(isfinite(cell(lesion, 1, "loss_change")));
    deepid_table_destroy(table);
    deepid_table_destroy(lesion);
    table = probe(ctx, net, data, "learned_identity samples=1"); /* one sample varies in nothing */
    NEAR(table, 1, "affine_r2", (double)NAN, 0);
    assert_true(isfinite(cell(table, 1, "relative_change")));
    deepid_table_destroy(table);
    ((float *)deepid_net_parameter_data(net, "block2.dense.weight"))[3] = NAN;
    table = probe(ctx, net, data, "learned_identity");
    lesion = probe(ctx, net, data, "lesion");
    NEAR(table, 1, "affine_r2", (double)NAN, 0);
    NEAR(table, 1, "relative_change", (double)NAN, 0);
    NEAR(lesion, 1, "loss_change", (double)NAN, 0);
    assert_true(isfinite(cell(lesion, 1, "loss"))); /* the NaN is in the block that was taken out */
    deepid_table_destroy(table);
    deepid_table_destroy(lesion);
    deepid_net_destroy(net);
    net = net_of(ctx, "input 2; dense out=2", DEEPID_F32, "he", 2);
    table = probe(ctx, net, data, "learned_identity");
    lesion = probe(ctx, net, data, "lesion");
    assert_int_equal(deepid_table_rows(table), 0);
    assert_int_equal(deepid_table_rows(lesion), 0);
    deepid_table_destroy(table);
    deepid_table_destroy(lesion);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- lesion ------------------------------------------------------------------------------------- */

/* The loss without block k is that of a net that never had it: texts with and without, parameters copied by hand. */
static void a_lesion_is_the_net_without_the_block(void **state)
{
    (void)state;
    static const struct {
        const char *data, *head, *block, *tail;
        int blocks;
    } rows[] = {
        {"spirals n=200", "input 2; dense out=8; relu", "plain { dense out=8; batchnorm; relu }", "dense out=2", 4},
        {"gratings n=90", "input 8x8x1; conv2d out=4 kernel=3; relu", "identity out=4", "global_avgpool; dense out=4",
         3},
        {"linear n=64", "input 4", "identity { dense out=4 } after=none", "dense out=4", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deepid_ctx *ctx = new_ctx(1 + (int32_t)i);
        deepid_dataset *data = data_of(ctx, rows[i].data);
        char text[200];
        snprintf(text, sizeof text, "%s; %d * %s; %s", rows[i].head, rows[i].blocks, rows[i].block, rows[i].tail);
        deepid_net *net = net_of(ctx, text, DEEPID_F32, "he", 4);
        double whole_loss;
        double whole_error;
        if (rows[i].data[0] != 'l')
            OK(deepid_net_measure_statistics(net, data));
        OK(deepid_net_evaluate(net, data, NULL, &whole_loss, &whole_error));
        deepid_table *table = probe(ctx, net, data, "lesion");
        assert_int_equal(deepid_table_rows(table), rows[i].blocks);
        for (int gone = 1; gone <= rows[i].blocks; gone++) {
            snprintf(text, sizeof text, "%s; %d * %s; %s", rows[i].head, rows[i].blocks - 1, rows[i].block,
                     rows[i].tail);
            deepid_net *shorter = net_of(ctx, text, DEEPID_F32, "he", 4);
            double loss;
            double error;
            int32_t to = 0;
            for (int32_t from = 0; from < net->parameters; from++) {
                if (net->layer[net->parameter[from].layer].block == gone)
                    continue;
                memcpy(dpid_net_parameter_at(shorter, to), dpid_net_parameter_at(net, from),
                       (size_t)net->parameter[from].count * sizeof(float));
                to++;
            }
            assert_int_equal(to, shorter->parameters);
            OK(deepid_net_evaluate(shorter, data, NULL, &loss, &error));
            /* f32 kernels, pictures by Winograd here and there: some roundings of 6e-8 */
            NEAR(table, gone - 1, "loss", loss, 1e-6 * (1 + loss));
            NEAR(table, gone - 1, "loss_change", loss - whole_loss, 2e-6 * (1 + loss));
            NEAR(table, gone - 1, "error", error, 1e-12);
            NEAR(table, gone - 1, "error_change", error - whole_error, 1e-12);
            deepid_net_destroy(shorter);
        }
        deepid_table_destroy(table);
        deepid_net_destroy(net);
        deepid_dataset_destroy(data);
        deepid_ctx_destroy(ctx);
    }
}

/* ---- response ------------------------------------------------------------------------------------- */

/* Behind a batch-norm with the batch's statistics every channel has variance gamma^2 (1 - eps / (var + eps)), mean
   beta; without one the response is the layer's own output. */
static void responses_are_taken_behind_the_normalisation(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    deepid_dataset *data = data_of(ctx, "gratings n=50");
    deepid_net *net = net_of(ctx,
                             "input 8x8x1; conv2d out=2 kernel=3; identity { conv2d out=2 kernel=3; batchnorm; relu; "
                             "conv2d out=2 kernel=3; batchnorm }; global_avgpool; dense out=4",
                             DEEPID_F64, "he", 4);
    double *gamma = deepid_net_parameter_data(net, "block1.batchnorm2.weight");
    double *beta = deepid_net_parameter_data(net, "block1.batchnorm2.bias");
    gamma[0] = 0.5;
    gamma[1] = 0.1;
    beta[1] = 2;
    deepid_table *table = probe(ctx, net, data, "response");
    deepid_table *signal = probe(ctx, net, data, "signal");
    static const char *const names[] = {"conv2d", "block1.conv2d1", "block1.conv2d2", "dense"};
    assert_int_equal(deepid_table_rows(table), 4);
    for (int64_t i = 0; i < 4; i++)
        assert_string_equal(deepid_table_row_name(table, i), names[i]);
    NEAR(table, 0, "std", cell(signal, 1, "std"), 1e-12);
    NEAR(table, 1, "channel_std", 1, 1e-4); /* eps 1e-5 beside a variance of about 1 */
    NEAR(table, 2, "channel_std", sqrt((0.25 + 0.01) / 2), 1e-4);
    NEAR(table, 2, "std", sqrt((0.25 + 0.01) / 2 + 1), 1e-4); /* and the means 0 and 2: 1 from theirs */
    deepid_table_destroy(table);
    deepid_table_destroy(signal);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- signal ------------------------------------------------------------------------------------------ */

/* parity's four points; units relu(x1), relu(-9), relu(0 x + 1): zeros 2, 4, 0 of 4; the second is dead, the second
   and third are constant. Values 1 1 0 0, 0, 1: mean 6/12, variance 1/4. */
static void zeros_dead_and_constant_units_are_counted(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = data_of(ctx, "parity bits=2");
    deepid_net *net = net_of(ctx, "input 2; dense out=3; relu; dense out=2", DEEPID_F64, "he", 4);
    const double w[] = {1, 0, 0, 0, 0, 0};
    const double b[] = {0, -9, 1};
    memcpy(deepid_net_parameter_data(net, "dense1.weight"), w, sizeof w);
    memcpy(deepid_net_parameter_data(net, "dense1.bias"), b, sizeof b);
    deepid_table *table = probe(ctx, net, data, "signal");
    assert_string_equal(deepid_table_row_name(table, 2), "relu");
    NEAR(table, 2, "mean", 0.5, 0);
    NEAR(table, 2, "variance", 0.25, 0);
    NEAR(table, 2, "std", 0.5, 0);
    NEAR(table, 2, "zero_share", 0.5, 0);
    NEAR(table, 2, "dead_share", 1.0 / 3, 1e-15);
    NEAR(table, 2, "constant_share", 2.0 / 3, 1e-15);
    NEAR(table, 0, "constant_share", 0, 0);
    deepid_table_destroy(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* A picture's channel is one unit, wherever it is silent: a channel that is 0 in some places only is not dead. */
static void a_channel_of_pictures_is_one_unit(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = data_of(ctx, "gratings n=20");
    deepid_net *net =
        net_of(ctx, "input 8x8x1; conv2d out=2 kernel=1; relu; global_avgpool; dense out=4", DEEPID_F32, "he", 4);
    float *w = deepid_net_parameter_data(net, "conv2d.weight");
    w[0] = 1;
    w[1] = 0;
    ((float *)deepid_net_parameter_data(net, "conv2d.bias"))[1] = -1;
    deepid_table *table = probe(ctx, net, data, "signal");
    assert_string_equal(deepid_table_row_name(table, 2), "relu");
    NEAR(table, 2, "dead_share", 0.5, 0);
    assert_true(cell(table, 2, "zero_share") > 0.6);
    deepid_table_destroy(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- weight_norms -------------------------------------------------------------------------------------- */

/* [3 0; 0 4; 0 0] has singular values 4 and 3; [1 1 0; 1 -1 0] has sqrt 2 twice. */
static void weights_have_their_known_norms(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = data_of(ctx, "parity bits=2");
    deepid_net *net = net_of(ctx, "input 2; dense out=3 bias=0; dense out=2", DEEPID_F64, "he", 4);
    const double first[] = {3, 0, 0, 4, 0, 0};
    const double second[] = {1, 1, 0, 1, -1, 0};
    memcpy(deepid_net_parameter_data(net, "dense1.weight"), first, sizeof first);
    memcpy(deepid_net_parameter_data(net, "dense2.weight"), second, sizeof second);
    deepid_table *table = probe(ctx, net, data, "weight_norms");
    assert_string_equal(deepid_table_row_name(table, 1), "dense2.weight");
    assert_string_equal(deepid_table_row_name(table, 2), "dense2.bias");
    NEAR(table, 0, "frobenius", 5, 1e-14);
    NEAR(table, 0, "spectral", 4, 1e-14);
    NEAR(table, 0, "stable_rank", 25.0 / 16, 1e-14);
    NEAR(table, 1, "spectral", sqrt(2), 1e-14);
    NEAR(table, 1, "stable_rank", 2, 1e-14);
    NEAR(table, 1, "gradient_over_weight", cell(table, 1, "gradient") / 2, 1e-14);
    assert_true(cell(table, 2, "spectral") == 0 && isnan(cell(table, 2, "stable_rank")));
    deepid_table_destroy(table);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_witness_and_a_zero_branch_are_learned_identities),
        cmocka_unit_test(regressions_have_their_known_shares),
        cmocka_unit_test(few_samples_and_dependent_features_are_fitted_by_their_rank),
        cmocka_unit_test(what_cannot_be_told_is_nan),
        cmocka_unit_test(a_lesion_is_the_net_without_the_block),
        cmocka_unit_test(responses_are_taken_behind_the_normalisation),
        cmocka_unit_test(zeros_dead_and_constant_units_are_counted),
        cmocka_unit_test(a_channel_of_pictures_is_one_unit),
        cmocka_unit_test(weights_have_their_known_norms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
