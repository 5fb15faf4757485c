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
    assert_int_equal(deepid_dataset_classes(data), 2);
    assert_string_equal(deepid_dataset_class_name(data, 1), "3");
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
    char *whole = malloc(80 + bytes);
    memcpy(whole, buffer, 80);
    memcpy(whole + 80, values, bytes);
    write_bytes(path, whole, 80 + bytes);
    free(whole);
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
    assert_int_equal(deepid_dataset_classes(data), 2);
    assert_string_equal(deepid_dataset_class_name(data, 1), "65535");
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
            "label of row 1 is 1000000000, expected -65535 to 65535");
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

/* ---- what numpy and torch have by default ------------------------------------------------------------------ */

static void labels_are_numbered_as_those_of_a_table(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    const float x[3] = {1, 2, 3};
    const int64_t labels[3] = {3, 1, 2};
    const int8_t signs[3] = {1, -1, 1};
    const uint8_t truths[3] = {0, 1, 0};
    const char *path = npy_file("x.npy", "<f4", "3, 1", x, sizeof x);
    OK(deepid_dataset_load_npy(ctx, path, npy_file("y.npy", "<i8", "3, 1", labels, sizeof labels), &data));
    assert_int_equal(deepid_dataset_classes(data), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(deepid_dataset_labels(data)[i], labels[i] - 1);
    assert_string_equal(deepid_dataset_about(data), "x 3x1 of float32, labels 3x1 of int64: 1 = 0, 2 = 1, 3 = 2");
    deepid_dataset_destroy(data);
    OK(deepid_dataset_load_npy(ctx, path, npy_file("y.npy", "|i1", "3,", signs, sizeof signs), &data));
    assert_int_equal(deepid_dataset_labels(data)[0], 1);
    assert_int_equal(deepid_dataset_labels(data)[1], 0);
    deepid_dataset_destroy(data);
    OK(deepid_dataset_load_npy(ctx, path, npy_file("y.npy", "|b1", "3,", truths, sizeof truths), &data));
    assert_int_equal(deepid_dataset_labels(data)[1], 1);
    assert_null(deepid_dataset_class_name(data, 1));
    deepid_dataset_destroy(data);
    data = NULL;
    const int64_t onehot[6] = {1, 0, 0, 1, 1, 0};
    REFUSED(deepid_dataset_load_npy(ctx, path, npy_file("y.npy", "<i8", "3, 2", onehot, sizeof onehot), &data),
            DEEPID_ERR_FORMAT, "y.argmax(1)");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* 1, -2, the largest, the least above 0 */
static void halves_are_read(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    const uint16_t x[4] = {0x3c00, 0xc000, 0x7bff, 0x0001};
    const uint16_t bad[4] = {0x3c00, 0x7c00, 0, 0};
    const int64_t labels[2] = {0, 1};
    const double expected[4] = {1, -2, 65504, 0x1p-24};
    OK(load_pair(ctx, "<f2", x, sizeof x, "<i8", labels, sizeof labels, &data));
    for (int k = 0; k < 4; k++)
        assert_true(dpid_dataset_feature(data, k / 2, k % 2) == expected[k]);
    deepid_dataset_destroy(data);
    data = NULL;
    REFUSED(load_pair(ctx, "<f2", bad, sizeof bad, "<i8", labels, sizeof labels, &data), DEEPID_ERR_FORMAT,
            "element 1 of row 0 is inf");
    deepid_ctx_destroy(ctx);
}

/* [n, c, h, w] = [2, 3, 5, 6] */
static void channels_that_come_first_are_noticed_and_turned(void **state)
{
    (void)state;
    enum { N = 2, C = 3, H = 5, W = 6 };
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_dataset *none = NULL;
    uint8_t x[N * C * H * W];
    char source[600];
    const int64_t labels[N] = {0, 1};
    for (size_t i = 0; i < sizeof x; i++)
        x[i] = (uint8_t)i;
    const char *path = npy_file("nchw.npy", "|u1", "2, 3, 5, 6", x, sizeof x);
    const char *y = npy_file("y.npy", "<i8", "2,", labels, sizeof labels);
    REFUSED(deepid_dataset_load_npy(ctx, path, y, &data), DEEPID_ERR_SHAPE, "Say layout=nchw");
    snprintf(source, sizeof source, "npy:%s,%s layout=nhwc", path, y);
    OK(deepid_dataset_open(ctx, source, 1, &data, &none));
    assert_int_equal(deepid_dataset_extent(data, 0), C);
    deepid_dataset_destroy(data);
    snprintf(source, sizeof source, "npy:%s,%s layout=nchw", path, y);
    OK(deepid_dataset_open(ctx, source, 1, &data, &none));
    assert_int_equal(deepid_dataset_extent(data, 0), H);
    assert_int_equal(deepid_dataset_extent(data, 2), C);
    for (int i = 0; i < N * H * W * C; i++) {
        const int n = i / (H * W * C);
        const int place = i % (H * W * C) / C;
        if (dpid_dataset_feature(data, n, i % (H * W * C)) != x[(n * C + i % C) * H * W + place])
            fail_msg("pixel %d of picture %d, channel %d", place, n, i % C);
    }
    deepid_dataset_destroy(data);
    data = NULL;
    snprintf(source, sizeof source, "npy:%s,%s layout=nchw", y, y);
    REFUSED(deepid_dataset_open(ctx, source, 1, &data, &none), DEEPID_ERR_FORMAT, "expected [n, features]");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void series_are_read_with_channels_first_or_last(void **state)
{
    (void)state;
    enum { N = 2, C = 3, L = 5 };
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_dataset *none = NULL;
    uint8_t x[N * C * L];
    char source[600];
    const int64_t labels[N] = {0, 1};
    for (size_t i = 0; i < sizeof x; i++)
        x[i] = (uint8_t)i;
    const char *path = npy_file("ncl.npy", "|u1", "2, 3, 5", x, sizeof x);
    const char *flat = npy_file("nl.npy", "|u1", "2, 15", x, sizeof x);
    const char *y = npy_file("y.npy", "<i8", "2,", labels, sizeof labels);
    for (int first = 0; first < 2; first++) {
        snprintf(source, sizeof source, "npy:%s,%s layout=%s", path, y, first ? "ncl" : "nlc");
        OK(deepid_dataset_open(ctx, source, 1, &data, &none));
        assert_int_equal(deepid_dataset_rank(data), 2);
        assert_int_equal(deepid_dataset_extent(data, 0), first ? L : C);
        assert_int_equal(deepid_dataset_extent(data, 1), first ? C : L);
        for (int i = 0; i < N * L * C; i++)
            if (dpid_dataset_feature(data, i / (L * C), i % (L * C)) !=
                (first ? x[i / (L * C) * L * C + i % C * L + i % (L * C) / C] : x[i]))
                fail_msg("%s: number %d", source, i);
        deepid_dataset_destroy(data);
    }
    snprintf(source, sizeof source, "npy:%s,%s layout=ncl", flat, y);
    OK(deepid_dataset_open(ctx, source, 1, &data, &none));
    assert_int_equal(deepid_dataset_extent(data, 0), L * C);
    assert_int_equal(deepid_dataset_extent(data, 1), 1);
    deepid_dataset_destroy(data);
    data = NULL;
    path = npy_file("nchw.npy", "|u1", "2, 3, 5, 1", x, sizeof x);
    snprintf(source, sizeof source, "npy:%s,%s layout=ncl", path, y);
    REFUSED(deepid_dataset_open(ctx, source, 1, &data, &none), DEEPID_ERR_SHAPE,
            "expected series: [n, channels, length] for layout=ncl");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void what_only_python_reads_is_refused_with_the_line_that_turns_it(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    const float x[4] = {0, 1, 2, 3};
    const char *pickle = put_file("x.pkl", "\x80\x04\x95\x10zzzzzzzzzzzz", 16);
    const char *objects = npy_file("objects.npy", "|O", "2,", x, sizeof x);
    const char *archive = put_file("x.pt", "PK\3\4zzzzzzzzzzzz", 16);
    REFUSED(deepid_dataset_load_npy(ctx, objects, objects, &data), DEEPID_ERR_FORMAT, "allow_pickle=True");
    const char *texts = npy_file("texts.npy", "<U2", "2,", x, sizeof x);
    REFUSED(deepid_dataset_load_npy(ctx, texts, texts, &data), DEEPID_ERR_FORMAT, "return_inverse=True)[1]");
    REFUSED(deepid_dataset_load_npy(ctx, pickle, pickle, &data), DEEPID_ERR_FORMAT, "pickle.load(open('x.pkl', 'rb'))");
    REFUSED(deepid_dataset_load_npy(ctx, archive, archive, &data), DEEPID_ERR_FORMAT, "torch.load('x.pt').numpy()");
    assert_null(data);
    deepid_ctx_destroy(ctx);
}

static void targets_that_look_like_classes_are_warned_of(void **state)
{
    (void)state;
    enum { N = 40 };
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    float x[N];
    for (int i = 0; i < N; i++)
        x[i] = (float)(i % 3);
    const char *path = npy_file("x.npy", "<f4", "40, 1", x, sizeof x);
    OK(deepid_dataset_load_npy(ctx, path, npy_file("y.npy", "<f4", "40,", x, sizeof x), &data));
    assert_non_null(strstr(deepid_dataset_warnings(data), "whole numbers from 0 to 2: if they are classes"));
    deepid_dataset_destroy(data);
    x[7] = 0.5f;
    OK(deepid_dataset_load_npy(ctx, path, npy_file("y.npy", "<f4", "40,", x, sizeof x), &data));
    assert_null(strstr(deepid_dataset_warnings(data), "classes"));
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_read_and_damage_is_found),
        cmocka_unit_test(npy_numbers_are_finite_and_labels_small),
        cmocka_unit_test(labels_are_numbered_as_those_of_a_table),
        cmocka_unit_test(halves_are_read),
        cmocka_unit_test(channels_that_come_first_are_noticed_and_turned),
        cmocka_unit_test(series_are_read_with_channels_first_or_last),
        cmocka_unit_test(what_only_python_reads_is_refused_with_the_line_that_turns_it),
        cmocka_unit_test(targets_that_look_like_classes_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
