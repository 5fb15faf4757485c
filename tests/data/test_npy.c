/* .npy: orders, endings, numbers that are finite, labels that are small, damage. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>

static void arrays_are_read_and_damage_is_found(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *x = temporary("x.npy");
    const char *y = temporary("y.npy");
    const char *bad = temporary("bad.npy");
    char buffer[256] =
        "\x93NUMPY\x01\x00\x46\x00{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }             \n";
    const float values[] = {1, 2, 3, 4, 5, 6};
    memcpy(buffer + 80, values, 24);
    write_bytes(x, buffer, 104);
    char labels[256] =
        "\x93NUMPY\x01\x00\x46\x00{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }             \n";
    memcpy(labels + 80, "\0\1\0\3", 4);
    write_bytes(y, labels, 84);
    deepid_dataset *data = NULL;
    OK(deepid_dataset_load_npy(ctx, x, y, &data));
    assert_true(dpid_dataset_feature(data, 0, 1) == 3 && dpid_dataset_feature(data, 1, 2) == 6);
    assert_int_equal(deepid_dataset_classes(data), 4);
    deepid_dataset_destroy(data);
    data = NULL;
    for (size_t cut = 0; cut < 104; cut++) {
        write_bytes(bad, buffer, cut);
        if (deepid_dataset_load_npy(ctx, bad, y, &data) != DEEPID_ERR_FORMAT)
            fail_msg("cut after %zu bytes was taken", cut);
    }
    memcpy(strstr(buffer + 10, "True"), "true", 4);
    write_bytes(bad, buffer, 104);
    REFUSED(deepid_dataset_load_npy(ctx, bad, y, &data), DEEPID_ERR_FORMAT, "fortran_order is neither True nor False");
    assert_null(data);
    deepid_ctx_destroy(ctx);
}

static const char *npy_file(const char *name, const char *descr, const char *shape, const void *values, size_t bytes)
{
    char buffer[256];
    const char *path = temporary(name);
    memset(buffer, ' ', sizeof buffer);
    memcpy(buffer, "\x93NUMPY\x01\x00\x46\x00", 10);
    buffer[10 + snprintf(buffer + 10, 70, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)] =
        ' ';
    memcpy(buffer + 80, values, bytes);
    write_bytes(path, buffer, 80 + bytes);
    return path;
}

/* Two rows of two columns. */
static int32_t load_pair(deepid_ctx *ctx, const char *descr, const void *x, size_t x_bytes, const char *y_descr,
                         const void *y, size_t y_bytes, deepid_dataset **out)
{
    return deepid_dataset_load_npy(ctx, npy_file("pair_x.npy", descr, "2, 2", x, x_bytes),
                                   npy_file("pair_y.npy", y_descr, "2,", y, y_bytes), out);
}

static void npy_numbers_are_finite_and_labels_small(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    float x[4] = {1, 2, 3, 4};
    double wide[4] = {1, 2, 3, 4};
    double targets[2] = {1, 2};
    int32_t labels[2] = {0, 65535};
    OK(load_pair(ctx, "<f4", x, sizeof x, "<i4", labels, sizeof labels, &data));
    assert_int_equal(deepid_dataset_classes(data), 65536);
    deepid_dataset *a = NULL;
    deepid_dataset *b = NULL;
    OK(deepid_dataset_split(data, 1, 1, &a, &b));
    assert_true(fabs(deepid_dataset_constant_loss(data) - log(2)) < 1e-15);
    deepid_dataset_destroy(b);
    deepid_dataset_destroy(a);
    deepid_dataset_destroy(data);
    data = NULL;
    labels[1] = 1000000000;
    REFUSED(load_pair(ctx, "<f4", x, sizeof x, "<i4", labels, sizeof labels, &data), DEEPID_ERR_LABEL,
            "label of row 1 is 1000000000, expected 0 to 65535");
    labels[1] = -1;
    REFUSED(load_pair(ctx, "<f4", x, sizeof x, "<i4", labels, sizeof labels, &data), DEEPID_ERR_LABEL,
            "label of row 1 is -1");
    labels[1] = 1;
    x[3] = (float)NAN;
    REFUSED(load_pair(ctx, "<f4", x, sizeof x, "<i4", labels, sizeof labels, &data), DEEPID_ERR_FORMAT,
            "pair_x.npy': element 1 of row 1 is nan, expected a finite float");
    wide[2] = -(double)INFINITY;
    REFUSED(load_pair(ctx, "<f8", wide, sizeof wide, "<i4", labels, sizeof labels, &data), DEEPID_ERR_FORMAT,
            "pair_x.npy': element 0 of row 1 is -inf");
    wide[2] = 3;
    targets[1] = 1e39; /* targets are kept as floats */
    REFUSED(load_pair(ctx, "<f8", wide, sizeof wide, "<f8", targets, sizeof targets, &data), DEEPID_ERR_FORMAT,
            "pair_y.npy': element 0 of row 1 is 1e+39, expected a finite float");
    assert_null(data);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_read_and_damage_is_found),
        cmocka_unit_test(npy_numbers_are_finite_and_labels_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
