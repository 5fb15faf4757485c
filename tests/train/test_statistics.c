/* Measured statistics: evaluation behind them is training mode on all samples at once. */
#include "support/nets.h"

#include <math.h>

enum { CLASSES = 2 };

static void off_by(const char *text, int64_t n, double got, double allowed)
{
    if (!(got <= allowed))
        fail_msg("%lld samples: evaluation is %.3g of the largest output from training mode, allowed %.3g\n  %s",
                 (long long)n, got, allowed, text);
}

static void check_net(deepid_ctx *ctx, const char *text, int32_t dtype, int64_t n, double allowed)
{
    deepid_net *net = random_net(ctx, text, dtype, 11);
    deepid_tensor *x = batch_of(ctx, net, false, n);
    deepid_tensor *trained = batch_of(ctx, net, true, n);
    deepid_tensor *y = batch_of(ctx, net, true, n);
    deepid_dataset *data = NULL;
    int32_t *labels = calloc((size_t)n, sizeof *labels);
    int64_t extents[4] = {n};
    for (int32_t i = 0; i < deepid_net_input_rank(net); i++)
        extents[i + 1] = deepid_net_input_extent(net, i);
    fill_random(x, 12);
    OK(deepid_dataset_wrap(ctx, dtype, deepid_tensor_data(x), 1 + deepid_net_input_rank(net), extents, NULL, labels,
                           CLASSES, &data));
    OK(deepid_net_set_mode(net, DEEPID_TRAIN));
    OK(deepid_net_forward(net, x, trained));
    OK(deepid_net_measure_statistics(net, data));
    OK(deepid_net_set_mode(net, DEEPID_EVAL));
    OK(deepid_net_forward(net, x, y));
    off_by(text, n, distance(y, trained), allowed);
    deepid_dataset_destroy(data);
    free(labels);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(trained);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
}

#define BLOCK                                                                                                          \
    "identity { conv2d out=8 kernel=3 bias=0; batchnorm; relu; conv2d out=8 kernel=3 bias=0; batchnorm } after=relu; "

/* One batch and several, vectors and pictures, deep: the variance of training is 1/n in each layer, so nothing may
   compound. In f32 the statistics are rounded to it. */
static void evaluation_equals_training_mode_at_any_depth(void **state)
{
    static const struct {
        const char *text;
        int64_t n;
    } cases[] = {
        {"input 4; batchnorm; dense out=2", 65},
        {"input 4; 100 * batchnorm; dense out=2", 65},
        {"input 4; 30 * batchnorm; dense out=2", 2500},
        {"input 4; dense out=6; batchnorm; relu; 5 * identity { dense out=6; batchnorm; relu; dense out=6; batchnorm } "
         "after=relu; dense out=2",
         2050},
        {"input 6x5x3; conv2d out=8 kernel=3; batchnorm momentum=0; relu; " BLOCK BLOCK "global_avgpool; dense out=2",
         40},
        {"input 6x5x3; conv2d out=8 kernel=3; batchnorm; relu; " BLOCK BLOCK "global_avgpool; dense out=2", 1100},
        {"input 6x5x3; batchnorm eps=0; identity out=7 stride=2 shortcut=B; preact out=7; global_avgpool; dense out=2",
         33},
    };
    deepid_ctx *ctx = new_ctx(2);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_net(ctx, cases[i].text, DEEPID_F64, cases[i].n, 1e-11);
        check_net(ctx, cases[i].text, DEEPID_F32, cases[i].n, 1e-4);
    }
    deepid_ctx_destroy(ctx);
}

/* The running variance that training leaves is unbiased: of 0, 1, 2, 3 it is 5/3, the measured one 5/4. */
static void running_variances_are_unbiased_and_measured_ones_are_not(void **state)
{
    deepid_ctx *ctx = new_ctx(1);
    deepid_net *net = NULL;
    deepid_dataset *data = NULL;
    deepid_tensor *x = NULL;
    deepid_tensor *y = NULL;
    double values[] = {0, 1, 2, 3};
    const int32_t labels[] = {0, 1, 0, 1};
    const int64_t extents[] = {4, 1};
    (void)state;
    OK(deepid_net_create(ctx, "input 1; batchnorm momentum=1; dense out=2", DEEPID_F64, &net));
    OK(deepid_tensor_create(ctx, DEEPID_F64, 2, extents, &x));
    y = batch_of(ctx, net, true, 4);
    OK(deepid_tensor_copy_in(x, DEEPID_F64, values, NULL));
    OK(deepid_net_set_mode(net, DEEPID_TRAIN));
    OK(deepid_net_forward(net, x, y));
    assert_true(fabs(((const double *)net->states)[1] - 5.0 / 3) < 1e-15);
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, values, 2, extents, NULL, labels, CLASSES, &data));
    OK(deepid_net_measure_statistics(net, data));
    assert_true(((const double *)net->states)[0] == 1.5 && fabs(((const double *)net->states)[1] - 5.0 / 4) < 1e-15);
    deepid_dataset_destroy(data);
    deepid_tensor_destroy(y);
    deepid_tensor_destroy(x);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluation_equals_training_mode_at_any_depth),
        cmocka_unit_test(running_variances_are_unbiased_and_measured_ones_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
