/* Normalised targets: values, parts, views, words, refusals. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>

static const float x[6] = {1, 2, 3, 4, 5, 6};
static const float targets[12] = {10, 7, 20, 7, 30, 7, 40, 7, 50, 7, 60, 7};

/* 10 to 60: mean 35, variance 10^2 35 / 12; a constant target becomes 0. */
static void targets_have_mean_0_and_variance_1(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = wrapped_targets(ctx, 6, 1, x, 2, targets);
    deepid_dataset *part = NULL;
    deepid_dataset *rest = NULL;
    deepid_dataset *view = NULL;
    const double deviation = 10 * sqrt(35.0 / 12);
    OK(deepid_dataset_normalize(data, "targets", data));
    for (int64_t i = 0; i < 6; i++) {
        near_at("target 1", dpid_dataset_target(data, i, 0), ((double)targets[2 * i] - 35) / deviation, 1e-15);
        near_at("target 2", dpid_dataset_target(data, i, 1), 0, 1e-14);
        near_at("a feature", dpid_dataset_feature(data, i, 0), (double)x[i], 0);
    }
    near_at("the best constant's loss", deepid_dataset_constant_loss(data), 0.5, 1e-15);
    assert_string_equal(deepid_dataset_about(data),
                        "targets normalised, losses are of z: target 1 = 35 + 17.08 z, target 2 = 7 + 1 z");
    OK(deepid_dataset_split(data, 4, 1, &part, &rest));
    OK(dpid_dataset_view(ctx, part, &view));
    assert_true(deepid_dataset_hash(view) == deepid_dataset_hash(part));
    assert_string_equal(deepid_dataset_about(view), deepid_dataset_about(data));
    near_at("a part's target", dpid_dataset_target(part, 0, 0), ((double)targets[2 * part->index[0]] - 35) / deviation,
            1e-15);
    deepid_dataset_destroy(view);
    deepid_dataset_destroy(part);
    deepid_dataset_destroy(rest);
    OK(deepid_dataset_normalize(data, "targets", data)); /* again: nothing is left to do */
    near_at("target 1", dpid_dataset_target(data, 0, 0), (10 - 35) / deviation, 1e-14);
    assert_string_equal(deepid_dataset_about(data),
                        "targets normalised, losses are of z: target 1 = 35 + 17.08 z, target 2 = 7 + 1 z");
    deepid_dataset_destroy(data);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* The mean of 49 times 0.1 is not 0.1: what differs of it is no deviation, and other data are not blown up by it. */
static void a_constant_is_no_small_deviation(void **state)
{
    (void)state;
    enum { MANY = 49 };
    deepid_ctx *ctx = new_ctx(1);
    float same[MANY];
    float one[1] = {1};
    for (int i = 0; i < MANY; i++)
        same[i] = 0.1F;
    deepid_dataset *data = wrapped_targets(ctx, MANY, 1, same, 1, same);
    deepid_dataset *other = wrapped_targets(ctx, 1, 1, one, 1, one);
    OK(deepid_dataset_normalize(other, "feature", data));
    OK(deepid_dataset_normalize(other, "targets", data));
    near_at("a feature", dpid_dataset_feature(other, 0, 0), 1 - (double)0.1F, 1e-14);
    near_at("a target", dpid_dataset_target(other, 0, 0), 1 - (double)0.1F, 1e-14);
    deepid_dataset_destroy(other);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* R^2 of other data is by the same shift and factor; batches hold what is read one by one. */
static void others_are_normalised_by_the_reference(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = wrapped_targets(ctx, 6, 1, x, 2, targets);
    deepid_dataset *other = wrapped_targets(ctx, 2, 1, x, 2, targets + 4);
    const int64_t order[] = {1, 0};
    double in[2];
    double out[4];
    OK(deepid_dataset_normalize(other, "targets", data));
    near_at("target 1", dpid_dataset_target(other, 0, 0), (30 - 35) / (10 * sqrt(35.0 / 12)), 1e-15);
    dpid_dataset_gather(NULL, other,
                        &(dpid_gathered){.order = order, .n = 2, .precision = DPID_P64, .x = in, .targets = out});
    near_at("in a batch", out[2], dpid_dataset_target(other, 0, 0), 0);
    deepid_dataset_destroy(other);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void what_has_no_targets_or_others_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *labels = generated(ctx, "spirals n=10", 1);
    deepid_dataset *two = wrapped_targets(ctx, 6, 1, x, 2, targets);
    deepid_dataset *one = wrapped_targets(ctx, 6, 1, x, 1, targets);
    REFUSED(deepid_dataset_normalize(labels, "targets", labels), DEEPID_ERR_UNSUPPORTED,
            "the data has 0 targets, the reference 0: labels are not normalised");
    REFUSED(deepid_dataset_normalize(two, "targets", one), DEEPID_ERR_UNSUPPORTED,
            "the data has 2 targets, the reference 1");
    REFUSED(deepid_dataset_normalize(two, "targets", NULL), DEEPID_ERR_ARGUMENT, "reference is not a dataset");
    assert_true(dpid_dataset_target(two, 0, 0) == 10);
    deepid_dataset_destroy(labels);
    deepid_dataset_destroy(two);
    deepid_dataset_destroy(one);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static int32_t normalise(deepid_ctx *ctx, void *arg)
{
    const int64_t extents[] = {6, 1};
    deepid_dataset *data = NULL;
    deepid_dataset *part = NULL;
    (void)arg;
    int32_t status = deepid_dataset_wrap_targets(ctx, DEEPID_F32, x, 2, extents, NULL, DEEPID_F32, targets, 2, &data);
    for (int i = 0; i < 2 && status == DEEPID_OK; i++)
        status = deepid_dataset_normalize(data, "targets", data);
    if (status == DEEPID_OK)
        status = deepid_dataset_sample(data, 3, 1, &part);
    deepid_dataset_destroy(part);
    deepid_dataset_destroy(data);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    survives_every_failing_allocation("normalised targets", normalise, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_have_mean_0_and_variance_1),
        cmocka_unit_test(a_constant_is_no_small_deviation),
        cmocka_unit_test(others_are_normalised_by_the_reference),
        cmocka_unit_test(what_has_no_targets_or_others_is_refused),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
