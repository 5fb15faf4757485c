/* Warnings: what is wrong with data is named, and nothing is said of data that are as they should be. */
#include "support/support.h"

#include <math.h>

enum { N = 6, FEATURES = 3 };

static deepid_dataset *classes(deepid_ctx *ctx, const double *x, const int32_t *labels)
{
    const int64_t extents[] = {N, FEATURES};
    deepid_dataset *data = NULL;
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, x, 2, extents, NULL, labels, 2, &data));
    return data;
}

static const int32_t two[N] = {0, 1, 0, 1, 0, 1};

static void sound_data_have_none(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    OK(deepid_dataset_generate(ctx, "spirals n=40", 1, &data));
    assert_string_equal(deepid_dataset_warnings(data), "");
    assert_null(deepid_dataset_warnings(NULL));
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Two values of 18; the first stands in row 1. */
static void what_is_not_finite_is_counted_and_placed(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    double x[N * FEATURES];
    for (int i = 0; i < N * FEATURES; i++)
        x[i] = i + 1;
    x[5] = (double)NAN;
    x[7] = (double)INFINITY;
    deepid_dataset *data = classes(ctx, x, two);
    assert_string_equal(deepid_dataset_warnings(data),
                        "2 of 18 input values are not finite, the first is input 2 of row 1: nan.\n");
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void one_class_and_one_target_are_named(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const int64_t extents[] = {N, FEATURES};
    const int32_t ones[N] = {1, 1, 1, 1, 1, 1};
    const float targets[N] = {4, 4, 4, 4, 4, 4};
    double x[N * FEATURES] = {1, 2, 3, 4};
    deepid_dataset *data = classes(ctx, x, ones);
    assert_string_equal(deepid_dataset_warnings(data), "All 6 samples have label 1: there is nothing to tell apart.\n");
    deepid_dataset_destroy(data);
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, x, 2, extents, NULL, DEEPID_F32, targets, 1, &data));
    assert_string_equal(deepid_dataset_warnings(data),
                        "All 6 samples have the same target: there is nothing to learn.\n");
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Magnitudes 2e6, 1 and none: a feature of zeros has no scale. Normalised they are alike, and one that is 0.7
   throughout is zeros. */
static void scales_a_million_apart_are_named_until_normalised(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    double x[N * FEATURES] = {0};
    for (int i = 0; i < N; i++) {
        x[FEATURES * i] = i % 2 ? -2e6 : 1e6;
        x[FEATURES * i + 1] = i / 5.0;
    }
    deepid_dataset *data = classes(ctx, x, two);
    assert_string_equal(deepid_dataset_warnings(data),
                        "The scales of the inputs differ by a factor of 2e+06: feature 0 goes up to 2e+06, feature 1 "
                        "to 1; normalise each feature, or no one learning rate suits them.\n");
    deepid_dataset_destroy(data);
    for (int i = 0; i < N; i++)
        x[FEATURES * i + 2] = 0.7;
    data = classes(ctx, x, two);
    OK(deepid_dataset_normalize(data, "feature", data));
    assert_string_equal(deepid_dataset_warnings(data), "");
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_data_have_none),
        cmocka_unit_test(what_is_not_finite_is_counted_and_placed),
        cmocka_unit_test(one_class_and_one_target_are_named),
        cmocka_unit_test(scales_a_million_apart_are_named_until_normalised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
