/* Memory of the caller, seen through its strides. */
#include "support/support.h"

#include "data/data.h"

static void wrapped_memory_is_read_through_its_strides(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    uint8_t planes[2][3][2][2]; /* [n, c, h, w]: seen as [n, h, w, c] */
    for (int i = 0; i < 24; i++)
        ((uint8_t *)planes)[i] = (uint8_t)i;
    const int64_t extents[] = {2, 2, 2, 3};
    const int64_t strides[] = {12, 2, 1, 4};
    const int32_t labels[] = {0, 1};
    deepid_dataset *data = NULL;
    OK(deepid_dataset_wrap(ctx, DEEPID_U8, planes, 4, extents, strides, labels, 2, &data));
    for (int n = 0; n < 2; n++)
        for (int p = 0; p < 4; p++)
            for (int c = 0; c < 3; c++)
                assert_true(dpid_dataset_feature(data, n, p * 3 + c) == planes[n][c][p / 2][p % 2]);
    deepid_tensor *x = NULL;
    OK(deepid_tensor_create(ctx, DEEPID_F64, 4, extents, &x));
    OK(deepid_dataset_copy(data, 0, 2, x));
    assert_true(((double *)deepid_tensor_data(x))[1] == 4);
    REFUSED(deepid_dataset_copy(data, 1, 2, x), DEEPID_ERR_ARGUMENT, "there are 2");
    deepid_tensor_destroy(x);
    deepid_dataset_destroy(data);
    const int32_t bad[] = {0, 2};
    data = NULL;
    REFUSED(deepid_dataset_wrap(ctx, DEEPID_U8, planes, 4, extents, strides, bad, 2, &data), DEEPID_ERR_LABEL,
            "label of row 1 is 2, expected 0 to 1");
    REFUSED(deepid_dataset_wrap(ctx, 12, planes, 4, extents, strides, labels, 2, &data), DEEPID_ERR_DTYPE,
            "dtype is 12");
    REFUSED(deepid_dataset_wrap(ctx, DEEPID_U8, planes, 1, extents, strides, labels, 2, &data), DEEPID_ERR_SHAPE,
            "rank is 1");
    REFUSED(deepid_dataset_wrap(ctx, DEEPID_U8, NULL, 4, extents, strides, labels, 2, &data), DEEPID_ERR_ARGUMENT,
            "data is NULL");
    REFUSED(deepid_dataset_wrap(ctx, DEEPID_U8, planes, 4, extents, strides, labels, 0, &data), DEEPID_ERR_ARGUMENT,
            "classes is 0");
    assert_null(data);
    deepid_ctx_destroy(ctx);
}

/* [n, length, channels] through strides, channels first in memory; features are one channel. */
static void wrapped_pictures_of_one_channel_become_series(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    const float x[2 * 2 * 3] = {0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32}; /* [n, channels, length] */
    const int64_t extents[4] = {2, 3, 2, 1};
    const int64_t strides[3] = {6, 1, 3};
    const int32_t labels[2] = {0, 1};
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 3, extents, strides, labels, 2, &data));
    OK(deepid_dataset_set_series(data));
    OK(deepid_dataset_set_series(data)); /* they are */
    assert_int_equal(deepid_dataset_rank(data), 2);
    assert_int_equal(deepid_dataset_extent(data, 0), 3);
    for (int k = 0; k < 6; k++)
        assert_true(dpid_dataset_feature(data, 1, k) == 20 + k / 2 + 10 * (k % 2));
    deepid_dataset_destroy(data);
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 2, (const int64_t[]){2, 6}, NULL, labels, 2, &data));
    OK(deepid_dataset_set_series(data));
    assert_int_equal(deepid_dataset_extent(data, 0), 6);
    assert_int_equal(deepid_dataset_extent(data, 1), 1);
    assert_true(dpid_dataset_feature(data, 1, 2) == 22 - 0);
    deepid_dataset_destroy(data);
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 4, (const int64_t[]){2, 1, 3, 2}, NULL, labels, 2, &data));
    REFUSED(deepid_dataset_set_series(data), DEEPID_ERR_SHAPE, "a sample is 1x3x2, expected features, or");
    assert_int_equal(deepid_dataset_rank(data), 3);
    deepid_dataset_destroy(data);
    assert_int_equal(deepid_dataset_set_series(NULL), DEEPID_ERR_ARGUMENT);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrapped_memory_is_read_through_its_strides),
        cmocka_unit_test(wrapped_pictures_of_one_channel_become_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
