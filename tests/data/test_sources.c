/* Generators, readers, parts, normalisation, batches. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>

static void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void write_text(const char *path, const char *text)
{
    write_file(path, text, strlen(text));
}

/* ---- generators ------------------------------------------------------------------------- */

static void every_generator_makes_balanced_repeatable_data(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t i = 0; deepid_generator_word(i); i++) {
        deepid_dataset *a = NULL;
        deepid_dataset *b = NULL;
        deepid_dataset *c = NULL;
        OK(deepid_dataset_generate(ctx, deepid_generator_word(i), 1, &a));
        OK(deepid_dataset_generate(ctx, deepid_generator_word(i), 1, &b));
        OK(deepid_dataset_generate(ctx, deepid_generator_word(i), 2, &c));
        assert_int_equal(deepid_dataset_count(a), 256);
        assert_int_equal(deepid_dataset_hash(a), deepid_dataset_hash(b));
        const bool whole = strcmp(deepid_generator_word(i), "parity") == 0; /* every vector once: no draw */
        assert_true((deepid_dataset_hash(a) == deepid_dataset_hash(c)) == whole);
        const double constant = deepid_dataset_constant_loss(a);
        assert_true(constant > 0.1 && constant < 3);
        assert_non_null(deepid_generator_help(deepid_generator_word(i)));
        deepid_dataset_destroy(c);
        deepid_dataset_destroy(b);
        deepid_dataset_destroy(a);
    }
    deepid_dataset *none = NULL;
    REFUSED(deepid_dataset_generate(ctx, "spiral", 1, &none), DEEPID_ERR_SPEC, "nearest: spirals");
    REFUSED(deepid_dataset_generate(ctx, "spirals n=0", 1, &none), DEEPID_ERR_SPEC, "n is 0");
    REFUSED(deepid_dataset_generate(ctx, "linear in=3 out=4", 1, &none), DEEPID_ERR_SPEC, "expected equal");
    REFUSED(deepid_dataset_generate(ctx, NULL, 1, &none), DEEPID_ERR_SPEC, "unknown generator ''");
    deepid_ctx_destroy(ctx);
}

/* ---- wrapped memory ------------------------------------------------------------------------- */

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

/* ---- parts, normalisation, noise ---------------------------------------------------------------- */

static void parts_are_disjoint_balanced_and_outlive_the_whole(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *whole = NULL;
    deepid_dataset *a = NULL;
    deepid_dataset *b = NULL;
    OK(deepid_dataset_generate(ctx, "gratings n=120 classes=3", 1, &whole));
    OK(deepid_dataset_split(whole, 90, 5, &a, &b));
    deepid_dataset_destroy(whole);
    int64_t seen[120] = {0};
    int64_t members[3] = {0};
    for (int i = 0; i < 120; i++)
        seen[i < 90 ? a->index[i] : b->index[i - 90]]++;
    for (int i = 0; i < 90; i++)
        members[deepid_dataset_labels(a)[i]]++;
    for (int i = 0; i < 120; i++)
        assert_int_equal(seen[i], 1);
    for (int c = 0; c < 3; c++)
        assert_int_equal(members[c], 30);
    OK(deepid_dataset_normalize(b, "feature", a));
    OK(deepid_dataset_normalize(a, "feature", a));
    double mean = 0;
    double squares = 0;
    for (int i = 0; i < 90; i++) {
        mean += dpid_dataset_feature(a, i, 7) / 90;
        squares += pow(dpid_dataset_feature(a, i, 7), 2) / 90;
    }
    assert_true(fabs(mean) < 1e-12 && fabs(squares - 1) < 1e-12);
    REFUSED(deepid_dataset_normalize(a, "pixel", a), DEEPID_ERR_SPEC, "unknown normalisation 'pixel'");
    const uint64_t before = deepid_dataset_hash(a);
    int32_t old[90];
    memcpy(old, deepid_dataset_labels(a), sizeof old);
    OK(deepid_dataset_add_label_noise(a, 0.2, 3));
    int64_t changed = 0;
    for (int i = 0; i < 90; i++)
        changed += old[i] != deepid_dataset_labels(a)[i];
    assert_int_equal(changed, 18);
    assert_true(before != deepid_dataset_hash(a));
    REFUSED(deepid_dataset_add_label_noise(a, 1.5, 3), DEEPID_ERR_ARGUMENT, "share is 1.5");
    deepid_dataset *none = NULL;
    REFUSED(deepid_dataset_split(a, 90, 1, &none, &none), DEEPID_ERR_ARGUMENT, "expected 1 to 89");
    deepid_dataset_destroy(b);
    deepid_dataset_destroy(a);
    deepid_ctx_destroy(ctx);
}

/* fast paths, plain path and augmentation agree with the definition */
static void batches_are_what_they_say(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    enum { N = 5, SIDE = 6, PIXELS = SIDE * SIDE };
    uint8_t pixels[N * PIXELS];
    int32_t labels[N] = {0};
    for (int i = 0; i < N * PIXELS; i++)
        pixels[i] = (uint8_t)(i * 37 % 251);
    const int64_t extents[] = {N, SIDE, SIDE};
    deepid_dataset *data = NULL;
    OK(deepid_dataset_wrap(ctx, DEEPID_U8, pixels, 3, extents, NULL, labels, 1, &data));
    OK(deepid_dataset_normalize(data, "global", data));
    const int64_t order[] = {3, 1};
    float x[2 * PIXELS];
    dpid_dataset_gather(NULL, data, &(dpid_gathered){.order = order, .n = 2, .precision = DPID_P32, .x = x});
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < PIXELS; k++)
            assert_true(x[i * PIXELS + k] == (float)dpid_dataset_feature(data, order[i], k));
    dpid_augment augment;
    OK(dpid_augment_parse(ctx, "crop pad=2 flip=1", &augment));
    bool mirrored = false;
    bool moved = false;
    for (uint64_t epoch = 0; epoch < 20; epoch++) {
        dpid_dataset_gather(
            NULL, data,
            &(dpid_gathered){
                .order = order, .n = 1, .augment = &augment, .epoch = epoch, .precision = DPID_P32, .x = x});
        int matches = 0;
        for (int flip = 0; flip < 2; flip++) {
            for (int down = -2; down <= 2; down++) {
                for (int across = -2; across <= 2; across++) {
                    bool same = true;
                    for (int p = 0; p < PIXELS && same; p++) {
                        const int row = p / SIDE + down;
                        const int column = (flip ? SIDE - 1 - p % SIDE : p % SIDE) + across;
                        const bool inside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
                        same = x[p] == (inside ? (float)dpid_dataset_feature(data, order[0], row * SIDE + column) : 0);
                    }
                    matches += same;
                    mirrored |= same && flip;
                    moved |= same && down != 0;
                }
            }
        }
        assert_int_equal(matches, 1);
    }
    assert_true(mirrored && moved);
    int64_t first[50];
    int64_t second[50];
    dpid_epoch_order(1, 0, 50, first);
    dpid_epoch_order(1, 1, 50, second);
    assert_true(memcmp(first, second, sizeof first) != 0);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- readers --------------------------------------------------------------------------------------- */

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
    write_file(images, i, sizeof i);
    write_file(labels, l, sizeof l);
    deepid_dataset *data = NULL;
    OK(deepid_dataset_load_idx(ctx, images, labels, &data));
    assert_int_equal(deepid_dataset_count(data), 3);
    assert_int_equal(deepid_dataset_classes(data), 3);
    assert_int_equal(deepid_dataset_extent(data, 2), 1);
    assert_true(dpid_dataset_feature(data, 2, 3) == 11);
    deepid_dataset_destroy(data);
    data = NULL;
    for (size_t cut = 0; cut < sizeof i; cut++) {
        write_file(bad, i, cut);
        if (deepid_dataset_load_idx(ctx, bad, labels, &data) != DEEPID_ERR_FORMAT)
            fail_msg("cut after %zu bytes was taken", cut);
    }
    memset(i + 4, 0x7f, 12); /* 2^93 elements in 28 bytes */
    write_file(bad, i, sizeof i);
    REFUSED(deepid_dataset_load_idx(ctx, bad, labels, &data), DEEPID_ERR_FORMAT,
            "says 2139062143x2139062143x2139062143: it is more than can be counted");
    REFUSED(deepid_dataset_load_idx(ctx, images, images, &data), DEEPID_ERR_FORMAT,
            "expected one for each of the 3 samples");
    REFUSED(deepid_dataset_load_idx(ctx, images, temporary("none"), &data), DEEPID_ERR_IO, "cannot open");
    REFUSED(deepid_dataset_load_idx(ctx, NULL, labels, &data), DEEPID_ERR_ARGUMENT, "must not be NULL");
    assert_null(data);
    deepid_ctx_destroy(ctx);
}

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
    write_file(path, bytes, sizeof bytes);
    deepid_dataset *data = NULL;
    OK(deepid_dataset_load_cifar10(ctx, path, &data));
    assert_true(dpid_dataset_feature(data, 1, (5 * 32 + 6) * 3 + 2) == bytes[3073 + 1 + 2 * 1024 + 5 * 32 + 6]);
    assert_int_equal(deepid_dataset_labels(data)[0], 9);
    deepid_dataset_destroy(data);
    data = NULL;
    bytes[3073] = 10;
    write_file(path, bytes, sizeof bytes);
    REFUSED(deepid_dataset_load_cifar10(ctx, path, &data), DEEPID_ERR_LABEL, "label of record 1 is 10");
    write_file(path, bytes, 3072);
    REFUSED(deepid_dataset_load_cifar10(ctx, path, &data), DEEPID_ERR_FORMAT, "multiple of 3073");
    deepid_ctx_destroy(ctx);
}

static void npy_and_csv_are_read_and_damage_is_found(void **state)
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
    write_file(x, buffer, 104);
    char labels[256] =
        "\x93NUMPY\x01\x00\x46\x00{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }             \n";
    memcpy(labels + 80, "\0\1\0\3", 4);
    write_file(y, labels, 84);
    deepid_dataset *data = NULL;
    OK(deepid_dataset_load_npy(ctx, x, y, &data));
    assert_true(dpid_dataset_feature(data, 0, 1) == 3 && dpid_dataset_feature(data, 1, 2) == 6);
    assert_int_equal(deepid_dataset_classes(data), 4);
    deepid_dataset_destroy(data);
    data = NULL;
    for (size_t cut = 0; cut < 104; cut++) {
        write_file(bad, buffer, cut);
        if (deepid_dataset_load_npy(ctx, bad, y, &data) != DEEPID_ERR_FORMAT)
            fail_msg("cut after %zu bytes was taken", cut);
    }
    memcpy(strstr(buffer + 10, "True"), "true", 4);
    write_file(bad, buffer, 104);
    REFUSED(deepid_dataset_load_npy(ctx, bad, y, &data), DEEPID_ERR_FORMAT, "fortran_order is neither True nor False");
    const char *csv = temporary("table.csv");
    write_text(csv, "a,b,class\r\n1,2,0\r\n\r\n3, 4.5e0 ,2\n");
    OK(deepid_dataset_load_csv(ctx, csv, "", &data));
    assert_int_equal(deepid_dataset_count(data), 2);
    assert_int_equal(deepid_dataset_classes(data), 3);
    assert_true(dpid_dataset_feature(data, 1, 1) == 4.5);
    deepid_dataset_destroy(data);
    data = NULL;
    write_text(csv, "1,2,0\n1,2\n");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "", &data), DEEPID_ERR_FORMAT, "line 2: 2 numbers, expected 3");
    write_text(csv, "1,x,0\n");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "", &data), DEEPID_ERR_FORMAT,
            "line 1, column 2: 'x' is not a finite decimal number");
    write_text(csv, "1,2,0.5\n");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "", &data), DEEPID_ERR_LABEL, "the label is 0.5");
    write_text(csv, "");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "", &data), DEEPID_ERR_FORMAT, "no rows");
    write_text(csv, "1,2,0\n");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "shape=3x3", &data), DEEPID_ERR_SHAPE, "has 2 features, expected 9");
    REFUSED(deepid_dataset_load_csv(ctx, csv, "sep=tab", &data), DEEPID_ERR_SPEC, "unknown option of csv 'sep'");
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
    write_file(path, buffer, 80 + bytes);
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

/* ---- CSV as people and spreadsheets write it ------------------------------------------------------------- */

/* Features and labels that come out, or the refusal. */
static const char *read_csv(deepid_ctx *ctx, const char *text, const char *options)
{
    static char out[600];
    const char *path = temporary("cells.csv");
    deepid_dataset *data = NULL;
    write_text(path, text);
    if (deepid_dataset_load_csv(ctx, path, options, &data) != DEEPID_OK) {
        snprintf(out, sizeof out, "%s",
                 strstr(deepid_ctx_error(ctx), "',") ? strstr(deepid_ctx_error(ctx), "',") + 3 : deepid_ctx_error(ctx));
        return out;
    }
    size_t used = 0;
    for (int64_t i = 0; i < data->count; i++) {
        for (int64_t k = 0; k < data->sample.extent[0]; k++)
            used += (size_t)snprintf(out + used, sizeof out - used, "%s ",
                                     dpid_number(dpid_dataset_feature(data, i, k)).text);
        used += (size_t)snprintf(out + used, sizeof out - used, "[%d] ", data->labels[i]);
    }
    deepid_dataset_destroy(data);
    return out;
}

static void no_sample_of_a_csv_is_lost(void **state)
{
    (void)state;
    static const struct {
        const char *text, *options, *expected;
    } cases[] = {
        {"\xef\xbb\xbf"
         "1,2,0\n3,4,1\n",
         "", "1 2 [0] 3 4 [1] "}, /* a byte order mark, with and without names */
        {"\xef\xbb\xbf"
         "a,b,c\n3,4,1\n",
         "", "3 4 [1] "},
        {"1,2,0\r\n3,4,1\r\n", "", "1 2 [0] 3 4 [1] "}, /* ends of lines */
        {"1,2,0\r3,4,1", "", "1 2 [0] 3 4 [1] "},
        {"\n \n1,2,0\n\r\n\t\n3,4,1\n\n", "", "1 2 [0] 3 4 [1] "},            /* empty lines */
        {"\"5.1\",\" 2 \",\"0\"\n 3 , \"4\" ,1\n", "", "5.1 2 [0] 3 4 [1] "}, /* quotes, blanks */
        {"\"a, b\",\"of\ntwo \"\"lines\"\"\",c\n3,4,1\n5,x,1\n", "",
         "line 4, column 2: 'x' is not a finite decimal number"},
        {",a,b\n1,2,0\n", "", "1 2 [0] "},                          /* a nameless column of names */
        {"+1.,.5,0\n-3e2,4E-400,1\n", "", "1 0.5 [0] -300 0 [1] "}, /* underflow is 0 */
        {"4.9e-324,1e-310,0\n", "", "4.94065645841247e-324 9.99999999999997e-311 [0] "},
        {"1;2;0\n", "separator=semicolon", "1 2 [0] "},
        {"1\t2\t0\n", "separator=tab", "1 2 [0] "},
        {"\t2\t0\n", "separator=tab", "line 1, column 1: the cell is empty, expected a number"},
        {"1,2,0\n", "label=first", "2 0 [1] "},
        {"title of the table\n1,2,0\n", "header=yes", "1 2 [0] "},
        {"1,2,0\n3,4,1\n", "header=yes", "3 4 [1] "},
        /* the first row is a sample as soon as one cell is a number */
        {",3.5,0\n1,2,0\n", "", "line 1, column 1: the cell is empty, expected a number"},
        {"?,3.5,0\n1,2,0\n", "", "line 1, column 1: '?' is not a finite decimal number"},
        {"NA,3.5,0\n1,2,0\n", "", "line 1, column 1: 'NA' is not a finite decimal number"},
        {"5 1,3.5,0\n1,2,0\n", "", "line 1, column 1: '5 1' is not a finite decimal number"},
        {"\xe2\x88\x92"
         "5,3.5,0\n1,2,0\n",
         "",
         "line 1, column 1: '\xe2\x88\x92"
         "5' is not a finite decimal number"},
        {"a,b,1\n1,2,0\n", "", "line 1, column 1: 'a' is not a finite decimal number"},
        {"a,nan,b\n1,2,0\n", "", "line 1, column 1: 'a' is not a finite decimal number"},
        {"?,NA,\n1,2,0\n", "", "line 1, column 1: '?' is not a finite decimal number"}, /* nor names */
        /* of Fortran, of old C, of spreadsheets, of R */
        {"1.5D+00,2D+00,0D+00\n1,2,0\n", "", "line 1, column 1: '1.5D+00' is not a finite decimal number"},
        {"1.#INF,-1.#IND,1.#QNAN\n1,2,0\n", "", "line 1, column 1: '1.#INF' is not a finite decimal number"},
        {"\"1,5e3\",\"2,5e3\",\"0e0\"\n1,2,0\n", "", "line 1, column 1: '1,5e3' is not a finite decimal number"},
        {"#DIV/0!,#VALUE!,#N/A\n1,2,0\n", "", "line 1, column 1: '#DIV/0!' is not a finite decimal number"},
        {"<NA>,NaT,\\N\n1,2,0\n", "", "line 1, column 1: '<NA>' is not a finite decimal number"},
        {"True,FALSE,true\n1,2,0\n", "", "line 1, column 1: 'True' is not a finite decimal number"},
        {"\xe2\x88\x92"
         "1e5,5kg,0e\n1,2,0\n",
         "",
         "line 1, column 1: '\xe2\x88\x92"
         "1e5' is not a finite decimal number"},
        {"'a',2nd,#\n1,2,0\n", "", "1 2 [0] "}, /* one name is enough */
        {"1st,_b,2nd\n1,2,0\n", "", "1 2 [0] "},
        {"\xc3\xa4,1x1,1x2\n1,2,0\n", "", "1 2 [0] "},
        {"a,b,c\n1,2,0\n", "header=no", "line 1, column 1: 'a' is not a finite decimal number"},
        /* every cell is a finite decimal number */
        {"1,2,0\nnan,4,1\n", "", "line 2, column 1: 'nan' is not a finite decimal number"},
        {"1,2,0\n3,-Infinity,1\n", "", "line 2, column 2: '-Infinity' is not a finite decimal number"},
        {"1,2,0\n3,4,inf\n", "", "line 2, column 3: 'inf' is not a finite decimal number"},
        {"1,2,0\n0x10,4,1\n", "", "line 2, column 1: '0x10' is not a finite decimal number"},
        {"1,2,0\n0x1p3,4,1\n", "", "line 2, column 1: '0x1p3' is not a finite decimal number"},
        {"1,2,0\n1e400,4,1\n", "", "line 2, column 1: '1e400' is not a finite decimal number"},
        {"1,2,0\n1_000,4,1\n", "", "line 2, column 1: '1_000' is not a finite decimal number"},
        {"1,2,0\n1d5,4,1\n", "", "line 2, column 1: '1d5' is not a finite decimal number"},
        {"1,2,0\n3 kg,4,1\n", "", "line 2, column 1: '3 kg' is not a finite decimal number"},
        {"1,2,0\n-,4,1\n", "", "line 2, column 1: '-' is not a finite decimal number"},
        {"1,2,0\n\"3\"4,4,1\n", "", "line 2, column 1: '\"3\"4' is not a finite decimal number"},
        {"1,2,0\n3,4,65536\n", "", "line 2, column 3: the label is 65536, expected a whole number of 0 to 65535"},
        {"1,2,0,\n3,4,1,\n", "", "line 1, column 4: the cell is empty, expected a number"}, /* a separator too many */
        {"1,2,0\n3,4,1,\n", "", "line 2: 4 numbers, expected 3 as in the lines before"},
        {"a,b\n1,2,0\n", "", "line 2: 3 numbers, expected 2 as in the lines before"},
        {"1\n2\n", "", "line 1: one column, expected features and a label, and another separator is an option"},
        {"1;2;0\n", "", "line 1: one column, expected features and a label, and another separator is an option"},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = read_csv(ctx, cases[i].text, cases[i].options);
        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("case %zu, '%s': '%s', expected '%s'", i, cases[i].text, got, cases[i].expected);
    }
    const char *wide = temporary("wide.csv");
    deepid_dataset *data = NULL;
    write_file(wide,
               "\xff\xfe"
               "1\0,\0",
               6);
    REFUSED(deepid_dataset_load_csv(ctx, wide, "", &data), DEEPID_ERR_FORMAT,
            "wide.csv' is no CSV: it is UTF-16, expected UTF-8");
    write_file(wide, "1,2\0,0\n", 8);
    REFUSED(deepid_dataset_load_csv(ctx, wide, "", &data), DEEPID_ERR_FORMAT, "it has a byte 0");
    REFUSED(deepid_dataset_load_csv(ctx, wide, "label=none", &data), DEEPID_ERR_SPEC, "last|first");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* ---- the real data --------------------------------------------------------------------------------------- */

static void fashion_mnist_and_optdigits_are_complete(void **state)
{
    (void)state;
#ifdef DEEPID_SHARED_DATA
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_dataset *test = NULL;
    OK(deepid_dataset_open(ctx, "idx:" DEEPID_SHARED_DATA "/fashion-mnist", 1, &train, &test));
    assert_int_equal(deepid_dataset_count(train), 60000);
    assert_int_equal(deepid_dataset_count(test), 10000);
    int64_t members[10] = {0};
    for (int64_t i = 0; i < 60000; i++)
        members[deepid_dataset_labels(train)[i]]++;
    for (int c = 0; c < 10; c++)
        assert_int_equal(members[c], 6000);
    deepid_dataset_destroy(test);
    deepid_dataset_destroy(train);
    OK(deepid_dataset_open(ctx, "csv:" DEEPID_SHARED_DATA "/optdigits", 1, &train, &test));
    assert_int_equal(deepid_dataset_count(train), 3823);
    assert_int_equal(deepid_dataset_count(test), 1797);
    assert_int_equal(deepid_dataset_rank(train), 3);
    deepid_dataset_destroy(test);
    deepid_dataset_destroy(train);
    deepid_ctx_destroy(ctx);
#else
    print_message("the real data are not beside the project\n");
    skip();
#endif
}

static int32_t load_all(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *a = NULL;
    deepid_dataset *b = NULL;
    (void)arg;
    int32_t status = deepid_dataset_open(ctx, "teacher n=10", 1, &a, &b);
    deepid_dataset_destroy(a);
    deepid_dataset_destroy(b);
    a = NULL;
    if (status == DEEPID_OK)
        status = deepid_dataset_generate(ctx, "linear n=10", 1, &a);
    deepid_dataset_destroy(a);
    a = NULL;
    if (status == DEEPID_OK)
        status = deepid_dataset_load_csv(ctx, temporary("oom.csv"), "", &a);
    deepid_dataset_destroy(a);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    write_text(temporary("oom.csv"), "1,2,0\n3,4,1\n");
    survives_every_failing_allocation("opening data", load_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_generator_makes_balanced_repeatable_data),
        cmocka_unit_test(wrapped_memory_is_read_through_its_strides),
        cmocka_unit_test(parts_are_disjoint_balanced_and_outlive_the_whole),
        cmocka_unit_test(batches_are_what_they_say),
        cmocka_unit_test(idx_files_are_read_and_damage_is_found),
        cmocka_unit_test(cifar_planes_become_channels_last),
        cmocka_unit_test(npy_numbers_are_finite_and_labels_small),
        cmocka_unit_test(no_sample_of_a_csv_is_lost),
        cmocka_unit_test(npy_and_csv_are_read_and_damage_is_found),
        cmocka_unit_test(fashion_mnist_and_optdigits_are_complete),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
