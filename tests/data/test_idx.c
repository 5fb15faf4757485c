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

/* ---- types and names ----------------------------------------------------------------------------------------- */

static void put_big_endian(uint8_t *to, const void *value, int size)
{
    for (int k = 0; k < size; k++)
        to[k] = ((const uint8_t *)value)[size - 1 - k];
}

/* Two samples of two numbers, -2 (of bytes 254) and 3. */
static void every_type_is_read(void **state)
{
    (void)state;
    static const struct {
        uint8_t code;
        int32_t dtype;
        int size;
        double first;
    } cases[] = {{0x08, DEEPID_U8, 1, 254}, {0x09, DEEPID_I8, 1, -2},  {0x0b, DEEPID_I16, 2, -2},
                 {0x0c, DEEPID_I32, 4, -2}, {0x0d, DEEPID_F32, 4, -2}, {0x0e, DEEPID_F64, 8, -2}};
    deepid_ctx *ctx = new_ctx(1);
    const int8_t i8[2] = {-2, 3};
    const int16_t i16[2] = {-2, 3};
    const int32_t i32[2] = {-2, 3};
    const float f32[2] = {-2, 3};
    const double f64[2] = {-2, 3};
    const void *values[] = {i8, i8, i16, i32, f32, f64};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        uint8_t x[12 + 4 * 8] = {0, 0, cases[c].code, 2, 0, 0, 0, 2, 0, 0, 0, 2};
        uint8_t y[8 + 2 * 8] = {0, 0, cases[c].code, 1, 0, 0, 0, 2};
        for (int k = 0; k < 4; k++)
            put_big_endian(x + 12 + k * cases[c].size, (const char *)values[c] + k % 2 * cases[c].size, cases[c].size);
        memcpy(y + 8, x + 12, 2 * (size_t)cases[c].size);
        const char *images = put_file("images", x, 12 + 4 * (size_t)cases[c].size);
        const char *labels = put_file("labels", y, 8 + 2 * (size_t)cases[c].size);
        deepid_dataset *data = NULL;
        if (cases[c].code >= 0x0d) {
            REFUSED(deepid_dataset_load_idx(ctx, images, labels, &data), DEEPID_ERR_FORMAT, "expected integers");
            const uint8_t other[] = {0, 0, 8, 1, 0, 0, 0, 2, 9, 4};
            labels = put_file("labels", other, sizeof other);
        }
        OK(deepid_dataset_load_idx(ctx, images, labels, &data));
        assert_int_equal(data->dtype, cases[c].dtype);
        assert_true(dpid_dataset_feature(data, 1, 0) == cases[c].first && dpid_dataset_feature(data, 1, 1) == 3);
        assert_int_equal(deepid_dataset_classes(data), 2);
        assert_int_equal(deepid_dataset_labels(data)[0], cases[c].code == 0x08 || cases[c].code >= 0x0d);
        deepid_dataset_destroy(data);
    }
    const uint8_t nan[] = {0, 0, 13, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0x7f, 0xc0, 0, 0};
    const uint8_t one[] = {0, 0, 8, 1, 0, 0, 0, 1, 0};
    const uint8_t odd[] = {0, 0, 10, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0};
    deepid_dataset *data = NULL;
    REFUSED(deepid_dataset_load_idx(ctx, put_file("nan", nan, sizeof nan), put_file("one", one, sizeof one), &data),
            DEEPID_ERR_FORMAT, "element 1 of sample 0 is nan");
    REFUSED(deepid_dataset_load_idx(ctx, put_file("odd", odd, sizeof odd), put_file("one", one, sizeof one), &data),
            DEEPID_ERR_FORMAT, "the type is 0x0a");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* Letters are numbered from 1; QMNIST has the label in front of seven other numbers. */
static void qmnist_and_emnist_have_their_names(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 8};
    static const uint8_t letters[] = {0, 0, 8, 1, 0, 0, 0, 2, 2, 1};
    static const uint8_t test[] = {0, 0, 8, 1, 0, 0, 0, 2, 2, 2};
    uint8_t writers[12 + 2 * 2 * 4] = {0, 0, 12, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 3};
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    char source[400];
    snprintf(source, sizeof source, "idx:%s", temporary(""));
    for (int part = 0; part < 2; part++) {
        remove(temporary(part ? "t10k-images-idx3-ubyte" : "train-images-idx3-ubyte"));
        write_bytes(
            temporary(part ? "emnist-letters-test-images-idx3-ubyte" : "emnist-letters-train-images-idx3-ubyte"),
            images, sizeof images);
        write_bytes(
            temporary(part ? "emnist-letters-test-labels-idx1-ubyte" : "emnist-letters-train-labels-idx1-ubyte"),
            part ? test : letters, sizeof letters);
    }
    OK(deepid_dataset_open(ctx, source, 1, &train, &valid));
    assert_int_equal(deepid_dataset_classes(train), 2);
    assert_int_equal(deepid_dataset_labels(train)[0], 1);
    assert_int_equal(deepid_dataset_labels(valid)[0], 1);
    assert_int_equal(deepid_dataset_classes(valid), 2);
    assert_string_equal(deepid_dataset_class_name(train, 1), "2");
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(train);
    for (int part = 0; part < 2; part++) {
        write_bytes(temporary(part ? "qmnist-test-images-idx3-ubyte" : "qmnist-train-images-idx3-ubyte"), images,
                    sizeof images);
        write_bytes(temporary(part ? "qmnist-test-labels-idx2-int" : "qmnist-train-labels-idx2-int"), writers,
                    sizeof writers);
    }
    train = valid = NULL;
    REFUSED(deepid_dataset_open(ctx, source, 1, &train, &valid), DEEPID_ERR_SPEC, "holds 2 sets of pictures; say set=");
    strcat(source, " set=qmnist");
    OK(deepid_dataset_open(ctx, source, 1, &train, &valid));
    assert_string_equal(deepid_dataset_class_name(train, 0), "3");
    assert_int_equal(deepid_dataset_labels(train)[0], 1);
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(train);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idx_files_are_read_and_damage_is_found),
        cmocka_unit_test(the_folder_has_the_four_published_names),
        cmocka_unit_test(every_type_is_read),
        cmocka_unit_test(qmnist_and_emnist_have_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
