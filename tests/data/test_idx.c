/* IDX: pictures and labels, the folder of four files, damage. */
#include "support/support.h"

#include "data/data.h"

static void idx_files_are_read_and_damage_is_found(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *images = temporary("images");
    const char *labels = temporary("labels");
    const char *bad = temporary("bad");
    uint8_t i[16 + 12] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2};
    const uint8_t l[8 + 3] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2};
    for (int k = 0; k < 12; k++)
        i[16 + k] = (uint8_t)k;
    write_bytes(images, i, sizeof i);
    write_bytes(labels, l, sizeof l);
    deepid_dataset *data = NULL;
    OK(deepid_dataset_load_idx(ctx, images, labels, &data));
    assert_int_equal(deepid_dataset_count(data), 3);
    assert_int_equal(deepid_dataset_classes(data), 3);
    assert_int_equal(deepid_dataset_extent(data, 2), 1);
    assert_true(dpid_dataset_feature(data, 2, 3) == 11);
    deepid_dataset_destroy(data);
    data = NULL;
    for (size_t cut = 0; cut < sizeof i; cut++) {
        write_bytes(bad, i, cut);
        if (deepid_dataset_load_idx(ctx, bad, labels, &data) != DEEPID_ERR_FORMAT)
            fail_msg("cut after %zu bytes was taken", cut);
    }
    memset(i + 4, 0x7f, 12); /* 2^93 elements in 28 bytes */
    write_bytes(bad, i, sizeof i);
    REFUSED(deepid_dataset_load_idx(ctx, bad, labels, &data), DEEPID_ERR_FORMAT,
            "says 2139062143x2139062143x2139062143: it is more than can be counted");
    REFUSED(deepid_dataset_load_idx(ctx, images, images, &data), DEEPID_ERR_FORMAT,
            "expected one for each of the 3 samples");
    REFUSED(deepid_dataset_load_idx(ctx, images, temporary("none"), &data), DEEPID_ERR_IO, "cannot open");
    REFUSED(deepid_dataset_load_idx(ctx, NULL, labels, &data), DEEPID_ERR_ARGUMENT, "must not be NULL");
    assert_null(data);
    deepid_ctx_destroy(ctx);
}

/* Two 1 x 1 training pictures, one of the test. */
static void the_folder_has_the_four_published_names(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 8};
    static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 1, 0};
    static const uint8_t test_images[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9};
    static const uint8_t test_labels[] = {0, 0, 8, 1, 0, 0, 0, 1, 1};
    char folder[300];
    deepid_dataset *train = NULL;
    deepid_dataset *test = NULL;
    write_bytes(temporary("train-images-idx3-ubyte"), images, sizeof images);
    write_bytes(temporary("train-labels-idx1-ubyte"), labels, sizeof labels);
    write_bytes(temporary("t10k-images-idx3-ubyte"), test_images, sizeof test_images);
    snprintf(folder, sizeof folder, "%s", temporary(""));
    REFUSED(deepid_dataset_load_idx_folder(ctx, folder, &train, &test), DEEPID_ERR_IO, "t10k-labels-idx1-ubyte.gz");
    assert_null(train);
    write_bytes(temporary("t10k-labels-idx1-ubyte"), test_labels, sizeof test_labels);
    OK(deepid_dataset_load_idx_folder(ctx, folder, &train, &test));
    assert_int_equal(deepid_dataset_count(train), 2);
    assert_int_equal(deepid_dataset_labels(train)[0], 1);
    assert_true(dpid_dataset_feature(train, 1, 0) == 8 && dpid_dataset_feature(test, 0, 0) == 9);
    deepid_dataset_destroy(test);
    deepid_dataset_destroy(train);
    REFUSED(deepid_dataset_load_idx_folder(ctx, NULL, &train, &test), DEEPID_ERR_ARGUMENT, "must not be NULL");
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idx_files_are_read_and_damage_is_found),
        cmocka_unit_test(the_folder_has_the_four_published_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
