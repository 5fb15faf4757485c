/* Folders of pictures: every kind of PNG and JPEG as PIL reads it, sizes, parts, names of files, damage, bombs.
   files/pictures and the .npy beside it are made by files/pictures.py. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES DEEPID_TESTS "/data/files/"
static const char *const pictures = FILES "pictures";

/* False: the library was built without libspng and libjpeg, and says so. */
static bool can_read(deepid_ctx *ctx)
{
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    const int32_t status = deepid_dataset_load_pictures(ctx, pictures, "", &train, &valid);
    deepid_dataset_destroy(train);
    if (status != DEEPID_ERR_UNSUPPORTED)
        return true;
    assert_non_null(strstr(deepid_ctx_error(ctx), "install libspng-dev and libjpeg62-turbo-dev"));
    print_message("built without libspng and libjpeg\n");
    return false;
}

/* ---- folders that a test makes ------------------------------------------------------------------------ */

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(temporary(name), 0777), 0);
}

/* A picture of files/pictures under another name. */
static void put(const char *from, const char *name)
{
    char path[400];
    size_t bytes;
    snprintf(path, sizeof path, "%s/%s", pictures, from);
    char *data = read_bytes(path, &bytes);
    write_bytes(temporary(name), data, bytes);
    free(data);
}

/* The training data of a folder; *valid is destroyed where a test does not want it. */
static int32_t load(deepid_ctx *ctx, const char *folder, const char *options, deepid_dataset **train)
{
    deepid_dataset *valid = NULL;
    *train = NULL;
    const int32_t status = deepid_dataset_load_pictures(ctx, temporary(folder), options, train, &valid);
    deepid_dataset_destroy(valid);
    return status;
}

/* ---- pixels ---------------------------------------------------------------------------------------------- */

static void compare(const deepid_dataset *got, const deepid_dataset *expected)
{
    const double of_png = 1e-4; /* floats of 16 bits */
    const double of_jpeg = 2;   /* versions of libjpeg round otherwise */
    const int64_t channels = deepid_dataset_extent(got, 2);
    assert_int_equal(deepid_dataset_count(got), deepid_dataset_count(expected));
    for (int64_t i = 0; i < deepid_dataset_count(got); i++) {
        assert_int_equal(deepid_dataset_labels(got)[i], deepid_dataset_labels(expected)[i]);
        const double tolerance = deepid_dataset_labels(got)[i] ? of_png : of_jpeg;
        for (int64_t p = 0; p < 48; p++)
            for (int64_t c = 0; c < channels; c++) {
                double value = dpid_dataset_feature(expected, i, 4 * p + c);
                if (channels == 1) /* in 8 bits PIL rounds, 16 are not rounded here */
                    value = 0.299 * value + 0.587 * dpid_dataset_feature(expected, i, 4 * p + 1) +
                            0.114 * dpid_dataset_feature(expected, i, 4 * p + 2);
                char what[80];
                snprintf(what, sizeof what, "picture %d, pixel %d, channel %d", (int)i, (int)p, (int)c);
                near_at(what, dpid_dataset_feature(got, i, channels * p + c), value,
                        tolerance + (channels == 1 ? 0.501 : 0));
            }
    }
}

static void every_kind_is_read_as_pil_reads_it(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *expected = NULL;
    deepid_dataset *got = NULL;
    deepid_dataset *none = NULL;
    OK(deepid_dataset_open(ctx, "npy:" FILES "pictures_x.npy," FILES "pictures_y.npy layout=nhwc", 1, &expected,
                           &none));
    for (int channels = 1; channels <= 4 && can_read(ctx); channels += 2 - channels / 3) {
        char options[32];
        snprintf(options, sizeof options, "channels=%d", channels);
        OK(deepid_dataset_load_pictures(ctx, pictures, options, &got, &none));
        assert_null(none);
        assert_int_equal(deepid_dataset_extent(got, 2), channels);
        assert_string_equal(deepid_dataset_class_name(got, 0), "jpeg");
        compare(got, expected);
        const bool told = strstr(deepid_dataset_warnings(got), "12 pictures have transparent pixels");
        assert_true(told == (channels < 4));
        deepid_dataset_destroy(got);
    }
    if (can_read(ctx)) {
        OK(deepid_dataset_load_pictures(ctx, pictures, NULL, &got, &none));
        assert_string_equal(deepid_dataset_about(got),
                            "36 pictures (30 PNG, 6 JPEG) in 2 folders: jpeg = 0, png = 1; 15 gray, taken as colours; "
                            "8 of 16 bits, kept as fractions of 0 to 255");
        deepid_dataset_destroy(got);
    }
    deepid_dataset_destroy(expected);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* As PIL, which rounds after each axis: one level. */
static void sizes_are_reached_by_the_triangle_filter(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const struct {
        const char *options;
        int64_t height, width;
    } cases[] = {{"size=4x5", 4, 5}, {"size=13x10 fit=stretch", 13, 10}, {"fit=crop size=3", 3, 3}};
    size_t bytes;
    char *expected = read_bytes(FILES "pictures_resized.npy", &bytes);
    const uint8_t *value = (const uint8_t *)expected + bytes - (size_t)(20 + 130 + 9) * 3;
    deepid_dataset *got = NULL;
    make_folder("resized");
    make_folder("resized/a");
    put("png/2-8.png", "resized/a/1");
    for (size_t i = 0; i < sizeof cases / sizeof *cases && can_read(ctx); i++) {
        OK(load(ctx, "resized", cases[i].options, &got));
        assert_int_equal(deepid_dataset_extent(got, 0), cases[i].height);
        assert_int_equal(deepid_dataset_extent(got, 1), cases[i].width);
        for (int64_t k = 0; k < cases[i].height * cases[i].width * 3; k++)
            near_at(cases[i].options, dpid_dataset_feature(got, 0, k), *value++, 1);
        deepid_dataset_destroy(got);
    }
    if (can_read(ctx)) {
        OK(load(ctx, "resized", "size=3 fit=crop", &got));
        assert_string_equal(deepid_dataset_about(got), "1 PNG picture in 1 folder: a = 0; 6x8, cropped to 3x3");
        deepid_dataset_destroy(got);
        REFUSED(load(ctx, "resized", "fit=crop", &got), DEEPID_ERR_SPEC, "size is not given");
        REFUSED(load(ctx, "resized", "size=3x3x3", &got), DEEPID_ERR_SPEC, "expected HxW or N");
        REFUSED(load(ctx, "resized", "channels=2", &got), DEEPID_ERR_SPEC, "auto|1|3|4");
    }
    free(expected);
    deepid_ctx_destroy(ctx);
}

/* ---- folders ------------------------------------------------------------------------------------------------ */

/* The 12 x 20 picture is the 6 x 8 one with another header; it is refused before it is decoded. */
static void two_sizes_are_refused_by_name(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *got = NULL;
    make_folder("sizes");
    make_folder("sizes/a");
    make_folder("sizes/b");
    put("png/0-8.png", "sizes/a/1.png");
    put("png/0-8.png", "sizes/b/2.png");
    size_t bytes;
    char *data = read_bytes(temporary("sizes/b/2.png"), &bytes);
    memcpy(data + 16, "\0\0\0\x14\0\0\0\x0c\x08\0\0\0\0\x47\x67\xc2\x27", 17);
    write_bytes(temporary("sizes/b/2.png"), data, bytes);
    free(data);
    if (can_read(ctx)) {
        REFUSED(load(ctx, "sizes", "", &got), DEEPID_ERR_SHAPE,
                "sizes/b/2.png' is 12x20, 'a/1.png' is 6x8 (height x width); size=6x8 resizes all to that");
        REFUSED(load(ctx, "sizes", "size=6", &got), DEEPID_ERR_FORMAT, "sizes/b/2.png' cannot be read as PNG");
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void names_of_files_do_not_matter(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *got = NULL;
    make_folder("names");
    make_folder("names/10");
    make_folder("names/9");
    make_folder("names/9/deeper");
    make_folder("names/__MACOSX");
    make_folder("names/.git");
    put("png/0-8.png", "names/9/A.JPG");        /* a PNG all the same */
    put("jpeg/gray.jpg", "names/9/no suffix");  /* a JPEG */
    put("png/0-8.png", "names/9/deeper/b.png"); /* of class 9 */
    put("png/0-8.png", "names/10/c.PNG");
    put("png/0-8.png", "names/9/._A.JPG");  /* hidden */
    put("png/0-8.png", "names/.git/x.png"); /* hidden */
    write_text(temporary("names/9/Thumbs.db"), "no picture");
    write_text(temporary("names/labels.csv"), "a,b");
    assert_int_equal(symlink("../9/A.JPG", temporary("names/10/link.png")), 0);
    if (can_read(ctx)) {
        OK(load(ctx, "names", "", &got));
        static const int32_t labels[] = {0, 0, 0, 1, 1}; /* 9 is less than 10 */
        assert_int_equal(deepid_dataset_count(got), 5);
        assert_memory_equal(deepid_dataset_labels(got), labels, sizeof labels);
        assert_int_equal(deepid_dataset_extent(got, 2), 1);
        assert_string_equal(deepid_dataset_class_name(got, 1), "10");
        assert_string_equal(deepid_dataset_about(got),
                            "5 pictures (4 PNG, 1 JPEG) in 2 folders: 9 = 0, 10 = 1; 2 other files passed over");
        assert_non_null(
            strstr(deepid_dataset_warnings(got), "1 folder has no pictures and is no class, the first is '__MACOSX'"));
        deepid_dataset_destroy(got);
    }
    deepid_ctx_destroy(ctx);
}

static void what_only_claims_to_be_a_picture_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *got = NULL;
    static const struct {
        const char *name, *bytes, *part;
    } cases[] = {
        {"a.gif", "GIF89a..........", "a.gif' is a GIF, expected a PNG or a JPEG"},
        {"a.jpg", "RIFF....WEBPVP8 ", "a.jpg' is a WebP"},
        {"a.Jpeg", "<html>", "a.Jpeg' is no picture"},
        {"a.png", "", "a.png' is empty"},
        {"a.png", "\x89PNG\r\n\x1a\n", "a.png' cannot be read as PNG: it is truncated"},
        {"a.png", "\xff\xd8\xff", "a.png' cannot be read as JPEG"},
    };
    make_folder("claims");
    make_folder("claims/k");
    if (can_read(ctx))
        REFUSED(load(ctx, "claims", "", &got), DEEPID_ERR_FORMAT, "has no pictures in folders");
    for (size_t i = 0; i < sizeof cases / sizeof *cases && can_read(ctx); i++) {
        char name[40];
        snprintf(name, sizeof name, "claims/k/%s", cases[i].name);
        write_bytes(temporary(name), cases[i].bytes, strlen(cases[i].bytes));
        REFUSED(load(ctx, "claims", "", &got), DEEPID_ERR_FORMAT, cases[i].part);
        unlink(temporary(name));
    }
    if (can_read(ctx)) {
        assert_int_equal(symlink("nowhere", temporary("claims/k/gone")), 0);
        REFUSED(load(ctx, "claims", "", &got), DEEPID_ERR_IO, "claims/k/gone");
        unlink(temporary("claims/k/gone"));
        assert_int_equal(mkfifo(temporary("claims/k/pipe.png"), 0666), 0);
        REFUSED(load(ctx, "claims", "", &got), DEEPID_ERR_IO, "not a regular file but a pipe");
        unlink(temporary("claims/k/pipe.png"));
        assert_int_equal(symlink(".", temporary("claims/k/loop")), 0);
        REFUSED(load(ctx, "claims", "", &got), DEEPID_ERR_LIMIT, "does a link lead back?");
        REFUSED(load(ctx, "claims/none", "", &got), DEEPID_ERR_IO, "No such file");
        REFUSED(deepid_dataset_load_pictures(ctx, NULL, "", &got, &got), DEEPID_ERR_ARGUMENT, "must not be NULL");
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* ---- two parts ---------------------------------------------------------------------------------------------- */

static void train_and_test_are_two_parts(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    char source[320];
    static const char *const folders[] = {"parts",       "parts/Train", "parts/Train/a", "parts/Train/b",
                                          "parts/extra", "parts/Test",  "parts/Test/b",  "parts/Test/c"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        make_folder(folders[i]);
    put("png/0-8.png", "parts/Train/a/1.png");
    put("png/0-8i.png", "parts/Train/b/1.png");
    put("png/2-8.png", "parts/Test/b/1.png");
    snprintf(source, sizeof source, "pictures:\"%s\"", temporary("parts"));
    if (can_read(ctx)) {
        OK(deepid_dataset_open(ctx, source, 1, &train, &valid));
        assert_string_equal(deepid_dataset_about(train),
                            "2 PNG pictures in 2 folders: a = 0, b = 1; folders that are not read: extra");
        assert_int_equal(deepid_dataset_count(valid), 1);
        assert_int_equal(deepid_dataset_labels(valid)[0], 1); /* as in the first part */
        assert_int_equal(deepid_dataset_extent(valid, 2), 1); /* a colour picture, made gray as they are */
        deepid_dataset_destroy(valid);
        put("png/0-8.png", "parts/Test/c/1.png");
        deepid_dataset *more = NULL;
        REFUSED(deepid_dataset_open_like(ctx, source, 1, train, &more, &valid), DEEPID_ERR_LABEL,
                "the training data has no class 'c'");
        assert_null(more);
        deepid_dataset_destroy(train);
    }
    deepid_ctx_destroy(ctx);
}

/* Where train is a kind of vehicle. */
static void a_class_may_be_called_train(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *got = NULL;
    make_folder("vehicles");
    make_folder("vehicles/train");
    make_folder("vehicles/car");
    put("png/0-8.png", "vehicles/train/1.png");
    put("png/0-8.png", "vehicles/car/1.png");
    if (can_read(ctx)) {
        OK(load(ctx, "vehicles", "", &got));
        assert_string_equal(deepid_dataset_class_name(got, 1), "train");
        deepid_dataset_destroy(got);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- damage, bombs ------------------------------------------------------------------------------------------- */

static void truncated_files_are_named(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const char *const files[] = {"png/6-16i.png", "png/3-4.png", "jpeg/halved.jpg", "jpeg/progressive.jpg"};
    deepid_dataset *got = NULL;
    make_folder("cut");
    make_folder("cut/k");
    for (size_t f = 0; f < sizeof files / sizeof *files && can_read(ctx); f++) {
        char path[400];
        size_t bytes;
        snprintf(path, sizeof path, "%s/%s", pictures, files[f]);
        char *data = read_bytes(path, &bytes);
        const size_t end = f < 2 ? 4 : 0; /* the check of a PNG's last, empty chunk may lack */
        for (size_t length = 8; length < bytes - end; length++) {
            write_bytes(temporary("cut/k/one.png"), data, length);
            REFUSED(load(ctx, "cut", "size=2", &got), DEEPID_ERR_FORMAT, "cut/k/one.png' cannot be read as");
            assert_int_equal(deepid_ctx_memory(ctx), 0);
        }
        free(data);
    }
    deepid_ctx_destroy(ctx);
}

/* One damaged in its header, one behind it, and one that is none: what follows them moves up. */
static void damaged_files_are_dropped_where_that_is_asked_for(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *got = NULL;
    static const char *const folders[] = {"drop", "drop/a", "drop/b"};
    static const char *const bad[] = {"drop/a/1.png", "drop/a/2.png", "drop/b/1.jpg"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        make_folder(folders[i]);
    put("png/0-8.png", "drop/a/0.png");
    put("png/0-8i.png", "drop/a/3.png");
    put("png/0-4.png", "drop/b/2.png");
    for (size_t i = 0; i < 3; i++) {
        size_t bytes;
        put("png/0-8.png", bad[i]);
        char *data = read_bytes(temporary(bad[i]), &bytes);
        write_bytes(temporary(bad[i]), data, i == 0 ? 20 : i == 1 ? bytes - 20 : 0);
        free(data);
    }
    if (can_read(ctx)) {
        deepid_dataset *one = NULL;
        REFUSED(load(ctx, "drop", "", &got), DEEPID_ERR_FORMAT, "drop/a/1.png' cannot be read as PNG");
        OK(load(ctx, "drop", "damaged=drop", &got));
        assert_int_equal(deepid_dataset_count(got), 3);
        assert_int_equal(deepid_dataset_labels(got)[1], 0);
        assert_int_equal(deepid_dataset_labels(got)[2], 1);
        assert_non_null(strstr(deepid_dataset_about(got), "3 PNG pictures in 2 folders: a = 0, b = 1; 3 damaged files "
                                                          "left out, the first: '"));
        for (size_t i = 0; i < 3; i++)
            unlink(temporary(bad[i]));
        OK(load(ctx, "drop", "", &one));
        assert_int_equal(deepid_dataset_hash(got), deepid_dataset_hash(one));
        deepid_dataset_destroy(one);
        deepid_dataset_destroy(got);
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* Every byte turned: it is read or refused, and nothing is left behind. Of a PNG each chunk has a check. */
static void damage_is_survived(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    static const char *const files[] = {"png/2-8.png", "jpeg/cmyk.jpg", "jpeg/progressive.jpg"};
    deepid_dataset *got = NULL;
    make_folder("turned");
    make_folder("turned/k");
    deepid_ctx_set_limit(ctx, "memory_bytes", 1 << 22);
    for (size_t f = 0; f < sizeof files / sizeof *files && can_read(ctx); f++) {
        char path[400];
        size_t bytes;
        size_t refused = 0;
        snprintf(path, sizeof path, "%s/%s", pictures, files[f]);
        char *data = read_bytes(path, &bytes);
        for (size_t i = 0; i < bytes; i++) {
            data[i] = (char)(data[i] ^ (1 << i % 8));
            write_bytes(temporary("turned/k/one.png"), data, bytes);
            refused += load(ctx, "turned", "size=2", &got) != DEEPID_OK;
            deepid_dataset_destroy(got);
            assert_int_equal(deepid_ctx_memory(ctx), 0);
            data[i] = (char)(data[i] ^ (1 << i % 8));
        }
        if (f == 0)
            assert_int_equal(refused, bytes);
        free(data);
    }
    deepid_ctx_destroy(ctx);
}

/* 60000 x 60000 pixels are 14 GB when they are decoded. */
static void claims_are_checked_before_memory_is_taken(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *got = NULL;
    static const char header[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\0\0\0\0\xa5\xb9\x2a\x9e";
    make_folder("bomb");
    make_folder("bomb/k");
    if (can_read(ctx)) {
        write_bytes(temporary("bomb/k/one.png"), header, sizeof header - 1);
        REFUSED(load(ctx, "bomb", "size=2", &got), DEEPID_ERR_FORMAT,
                "one.png' says that it has 60000 x 60000 pixels, which 33 bytes cannot hold");
        char *large = calloc(4 << 20, 1); /* as many bytes could hold them */
        memcpy(large, header, sizeof header - 1);
        write_bytes(temporary("bomb/k/one.png"), large, 4 << 20);
        free(large);
        REFUSED(load(ctx, "bomb", "size=2", &got), DEEPID_ERR_LIMIT, "60000 x 60000 pixels, the most is 134217728");
    }
    if (can_read(ctx)) {
        size_t bytes;
        char path[400];
        snprintf(path, sizeof path, "%s/jpeg/gray.jpg", pictures);
        char *data = read_bytes(path, &bytes);
        for (size_t i = 0; i + 9 < bytes; i++)
            if (memcmp(data + i, "\xff\xc0\0\x0b\x08", 5) == 0)
                memcpy(data + i + 5, "\xff\xdc\xff\xdc", 4);
        write_bytes(temporary("bomb/k/one.png"), data, bytes);
        REFUSED(load(ctx, "bomb", "size=2", &got), DEEPID_ERR_LIMIT, "65500 x 65500 pixels");
        free(data);
        put("png/0-8.png", "bomb/k/one.png");
        deepid_ctx_set_limit(ctx, "memory_bytes", 1 << 20);
        REFUSED(load(ctx, "bomb", "size=2048", &got), DEEPID_ERR_LIMIT, "memory_bytes");
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static int32_t load_resized(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *train = NULL;
    deepid_dataset *valid = NULL;
    const int32_t status = deepid_dataset_load_pictures(ctx, arg, "size=3 fit=crop", &train, &valid);
    deepid_dataset_destroy(valid);
    deepid_dataset_destroy(train);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const bool can = can_read(ctx);
    deepid_ctx_destroy(ctx);
    static const char *const folders[] = {"memory", "memory/train", "memory/train/a", "memory/test", "memory/test/a"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        make_folder(folders[i]);
    put("png/6-16i.png", "memory/train/a/1.png");
    put("jpeg/progressive.jpg", "memory/test/a/1.png");
    if (can)
        survives_every_failing_allocation("a folder of pictures", load_resized, (void *)(uintptr_t)temporary("memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read_as_pil_reads_it),
        cmocka_unit_test(sizes_are_reached_by_the_triangle_filter),
        cmocka_unit_test(two_sizes_are_refused_by_name),
        cmocka_unit_test(names_of_files_do_not_matter),
        cmocka_unit_test(what_only_claims_to_be_a_picture_is_refused),
        cmocka_unit_test(train_and_test_are_two_parts),
        cmocka_unit_test(a_class_may_be_called_train),
        cmocka_unit_test(truncated_files_are_named),
        cmocka_unit_test(damaged_files_are_dropped_where_that_is_asked_for),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(claims_are_checked_before_memory_is_taken),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
