/* CIFAR-10 and CIFAR-100: planes become channels last, folders, damage. */
#include "support/support.h"

#include "data/data.h"

static void cifar_planes_become_channels_last(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static uint8_t bytes[2 * 3073];
    for (int k = 0; k < 2 * 3073; k++)
        bytes[k] = (uint8_t)(k * 7 % 256);
    bytes[0] = 9;
    bytes[3073] = 3;
    const char *path = temporary("cifar.bin");
    write_bytes(path, bytes, sizeof bytes);
    deepid_dataset *data = NULL;
    OK(deepid_dataset_load_cifar10(ctx, path, &data));
    assert_true(dpid_dataset_feature(data, 1, (5 * 32 + 6) * 3 + 2) == bytes[3073 + 1 + 2 * 1024 + 5 * 32 + 6]);
    assert_int_equal(deepid_dataset_labels(data)[0], 9);
    deepid_dataset_destroy(data);
    data = NULL;
    bytes[3073] = 10;
    write_bytes(path, bytes, sizeof bytes);
    REFUSED(deepid_dataset_load_cifar10(ctx, path, &data), DEEPID_ERR_LABEL, "label of record 1 is 10");
    write_bytes(path, bytes, 3072);
    REFUSED(deepid_dataset_load_cifar10(ctx, path, &data), DEEPID_ERR_FORMAT, "multiple of 3073");
    deepid_ctx_destroy(ctx);
}

/* Record k of the five training files has label k, and that of the test file 9. */
static void the_folder_is_five_files_and_a_test(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static uint8_t record[3073];
    static const char *const names[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                                        "data_batch_5.bin"};
    char folder[300];
    deepid_dataset *train = NULL;
    deepid_dataset *test = NULL;
    for (int k = 0; k < 5; k++) {
        record[0] = (uint8_t)k;
        write_bytes(temporary(names[k]), record, sizeof record);
    }
    snprintf(folder, sizeof folder, "%s", temporary(""));
    REFUSED(deepid_dataset_load_cifar10_folder(ctx, folder, &train, &test), DEEPID_ERR_IO, "test_batch.bin");
    assert_null(train);
    record[0] = 9;
    write_bytes(temporary("test_batch.bin"), record, sizeof record);
    OK(deepid_dataset_load_cifar10_folder(ctx, folder, &train, &test));
    assert_int_equal(deepid_dataset_count(train), 5);
    for (int k = 0; k < 5; k++)
        assert_int_equal(deepid_dataset_labels(train)[k], k);
    assert_int_equal(deepid_dataset_labels(test)[0], 9);
    deepid_dataset_destroy(test);
    deepid_dataset_destroy(train);
    REFUSED(deepid_dataset_load_cifar10_folder(ctx, NULL, &train, &test), DEEPID_ERR_ARGUMENT, "must not be NULL");
    REFUSED(deepid_dataset_load_cifar10(ctx, NULL, &train), DEEPID_ERR_ARGUMENT, "path is NULL");
    deepid_ctx_destroy(ctx);
}

/* A record has its superclass, then its class. */
static void cifar100_has_two_labels(void **state)
{
    (void)state;
    enum { RECORD = 3074 };
    deepid_ctx *ctx = new_ctx(1);
    static uint8_t bytes[2 * RECORD];
    deepid_dataset *train = NULL;
    deepid_dataset *test = NULL;
    char source[400];
    for (int k = 0; k < 2 * RECORD; k++)
        bytes[k] = (uint8_t)(k * 5 % 256);
    memcpy(bytes, "\x13\x63", 2);
    memcpy(bytes + RECORD, "\x01\x04", 2);
    write_bytes(temporary("train.bin"), bytes, sizeof bytes);
    snprintf(source, sizeof source, "cifar100:%s", temporary(""));
    REFUSED(deepid_dataset_open(ctx, source, 1, &train, &test), DEEPID_ERR_IO, "test.bin");
    assert_null(train);
    write_bytes(temporary("test.bin"), bytes + RECORD, RECORD);
    OK(deepid_dataset_open(ctx, source, 1, &train, &test));
    assert_int_equal(deepid_dataset_classes(test), 100);
    assert_int_equal(deepid_dataset_labels(train)[0], 0x63);
    assert_true(dpid_dataset_feature(train, 1, (5 * 32 + 6) * 3 + 2) == bytes[RECORD + 2 + 2 * 1024 + 5 * 32 + 6]);
    deepid_dataset_destroy(test);
    deepid_dataset_destroy(train);
    strcat(source, " labels=coarse");
    OK(deepid_dataset_open(ctx, source, 1, &train, &test));
    assert_int_equal(deepid_dataset_classes(train), 20);
    assert_int_equal(deepid_dataset_labels(train)[0], 0x13);
    assert_int_equal(deepid_dataset_labels(test)[0], 1);
    deepid_dataset_destroy(test);
    deepid_dataset_destroy(train);
    train = test = NULL;
    OK(deepid_dataset_load_cifar100(ctx, temporary("train.bin"), "labels=coarse", &train));
    assert_int_equal(deepid_dataset_labels(train)[0], 0x13);
    deepid_dataset_destroy(train);
    OK(deepid_dataset_load_cifar100(ctx, temporary("train.bin"), NULL, &train));
    assert_int_equal(deepid_dataset_labels(train)[0], 0x63);
    deepid_dataset_destroy(train);
    train = NULL;
    OK(deepid_dataset_load_cifar100_folder(ctx, temporary(""), NULL, &train, &test));
    assert_int_equal(deepid_dataset_count(train), 2);
    assert_int_equal(deepid_dataset_count(test), 1);
    deepid_dataset_destroy(test);
    deepid_dataset_destroy(train);
    train = test = NULL;
    REFUSED(deepid_dataset_load_cifar100(ctx, NULL, "", &train), DEEPID_ERR_ARGUMENT, "cifar100: path is NULL");
    REFUSED(deepid_dataset_load_cifar100(ctx, "x", "labels=all", &train), DEEPID_ERR_SPEC, "fine|coarse");
    REFUSED(deepid_dataset_load_cifar100_folder(ctx, "x", "", NULL, &test), DEEPID_ERR_ARGUMENT, "must not be NULL");
    bytes[0] = 20;
    write_bytes(temporary("train.bin"), bytes, sizeof bytes);
    REFUSED(deepid_dataset_open(ctx, source, 1, &train, &test), DEEPID_ERR_LABEL,
            "label of record 0 is 20, expected 0 to 19");
    write_bytes(temporary("train.bin"), bytes, 3073);
    REFUSED(deepid_dataset_open(ctx, source, 1, &train, &test), DEEPID_ERR_FORMAT,
            "multiple of 3074 (two labels and 3 x 32 x 32 bytes)");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_planes_become_channels_last),
        cmocka_unit_test(the_folder_is_five_files_and_a_test),
        cmocka_unit_test(cifar100_has_two_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
