/* Loss and error over a dataset. */
#include "support/support.h"

#include <math.h>

/* A net that always says class 0 with logits 1 and 0: wrong at each of class 1, loss log(1 + e^-1) at class 0 and 1
   more at class 1. 100 samples are one batch and a rest. */
static void evaluation_counts_every_sample_once(void **state)
{
    (void)state;
    enum { N = 100, ONES = 37 };
    deepid_ctx *ctx = new_ctx(1);
    float x[N] = {0};
    int32_t labels[N];
    const int64_t extents[2] = {N, 1};
    deepid_net *net = NULL;
    deepid_dataset *data = NULL;
    double loss;
    double error;
    for (int i = 0; i < N; i++)
        labels[i] = i >= N - ONES;
    OK(deepid_net_create(ctx, "input 1; dense out=2", DEEPID_F64, &net));
    ((double *)deepid_net_parameter_data(net, "dense.bias"))[0] = 1;
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 2, extents, NULL, labels, 2, &data));
    OK(deepid_net_evaluate(net, data, NULL, &loss, &error));
    assert_true(error == ONES / (double)N);
    assert_true(fabs(loss - (log1p(exp(-1)) + ONES / (double)N)) < 1e-13);
    deepid_dataset_destroy(data);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

/* Outputs 0 for targets 3 and 4: the mean of their squares is 25 / 2, and there is no error of classes. */
static void targets_have_a_loss_and_no_error(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const double x[2] = {1, 2};
    const double y[2] = {3, 4};
    const int64_t extents[2] = {2, 1};
    deepid_net *net = NULL;
    deepid_dataset *data = NULL;
    double loss;
    double error;
    OK(deepid_net_create(ctx, "input 1; dense out=1", DEEPID_F64, &net));
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, x, 2, extents, NULL, DEEPID_F64, y, 1, &data));
    OK(deepid_net_evaluate(net, data, NULL, &loss, &error));
    assert_true(loss == 12.5 && isnan(error));
    REFUSED(deepid_net_evaluate(net, data, "cross_entropy", &loss, NULL), DEEPID_ERR_UNSUPPORTED,
            "loss cross_entropy needs labels, the data has targets");
    deepid_dataset_destroy(data);
    deepid_net_destroy(net);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluation_counts_every_sample_once),
        cmocka_unit_test(targets_have_a_loss_and_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
