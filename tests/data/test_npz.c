/* .npz of numpy: arrays by name, damage, what is no archive of arrays. files/arrays.npz is made by files/arrays.py. */
#include "support/support.h"

#include "data/data.h"

static const char *const file = DEEPID_TESTS "/data/files/arrays.npz";

/* False: the library was built without libzip, and says so. */
static bool can_read(deepid_ctx *ctx)
{
    deepid_dataset *data = NULL;
    const int32_t status = deepid_dataset_load_npz(ctx, file, "", &data);
    deepid_dataset_destroy(data);
    if (status != DEEPID_ERR_UNSUPPORTED)
        return true;
    assert_non_null(strstr(deepid_ctx_error(ctx), "libzip-dev"));
    print_message("built without libzip\n");
    return false;
}

static void arrays_are_found_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        double first, second; /* of sample 1 */
        int64_t classes, width;
    } cases[] = {
        {"", 0.5, 0.625, 3, 0},
        {"x=x y=y", 0.5, 0.625, 3, 0},
        {"x=first", 0.875, 0.75, 3, 0},
        {"x=half y=real", 0.5, 0.625, 0, 1},
    };
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases && can_read(ctx); i++) {
        deepid_dataset *data = NULL;
        OK(deepid_dataset_load_npz(ctx, file, cases[i].options, &data));
        assert_int_equal(deepid_dataset_count(data), 6);
        assert_int_equal(deepid_dataset_extent(data, 0), 4);
        assert_int_equal(deepid_dataset_classes(data), cases[i].classes);
        assert_int_equal(deepid_dataset_target_width(data), cases[i].width);
        assert_true(dpid_dataset_feature(data, 1, 0) == cases[i].first);
        assert_true(dpid_dataset_feature(data, 1, 1) == cases[i].second);
        deepid_dataset_destroy(data);
    }
    deepid_dataset *data = NULL;
    char source[400];
    snprintf(source, sizeof source, "npz:\"%s\" x=zz", file);
    deepid_dataset *none = NULL;
    if (can_read(ctx))
        REFUSED(deepid_dataset_open(ctx, source, 1, &data, &none), DEEPID_ERR_SPEC,
                "has no array 'zz'; it has x, y, first, half, real");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* The archive with x under another name: what is there is told, and how to say which is which. */
static void arrays_of_other_names_are_asked_for(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    size_t bytes;
    char *whole = read_bytes(file, &bytes);
    for (size_t i = 0; i + 5 < bytes; i++)
        if (memcmp(whole + i, "x.npy", 5) == 0)
            whole[i] = 'q';
    const char *path = put_file("names.npz", whole, bytes);
    free(whole);
    if (can_read(ctx)) {
        REFUSED(deepid_dataset_load_npz(ctx, path, "", &data), DEEPID_ERR_SPEC, "say x=NAME y=NAME");
        REFUSED(deepid_dataset_load_npz(ctx, path, "", &data), DEEPID_ERR_SPEC,
                "has a usual name of inputs; it has q, y, first, half, real");
        OK(deepid_dataset_load_npz(ctx, path, "x=q y=y", &data));
    }
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* Every byte turned, every length cut: read as it was, or refused; nothing is left behind. What comes out unrefused has
   the same numbers, since each array has a CRC, but for names, dates and such. */
static void damage_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    size_t bytes;
    char *whole = read_bytes(file, &bytes);
    const char *path = temporary("bad.npz");
    int refused = 0;
    assert_true(bytes > 1000);
    for (size_t i = 0; i < 2 * bytes && can_read(ctx); i += 7) {
        char *copy = malloc(bytes);
        memcpy(copy, whole, bytes);
        copy[i % bytes] = (char)(copy[i % bytes] ^ 0x10);
        write_bytes(path, copy, i < bytes ? bytes : i - bytes);
        free(copy);
        if (deepid_dataset_load_npz(ctx, path, "", &data) == DEEPID_OK)
            assert_true(dpid_dataset_feature(data, 5, 3) == 23.0 / 8 && deepid_dataset_labels(data)[5] == 2);
        else
            refused++;
        deepid_dataset_destroy(data);
        data = NULL;
        assert_int_equal(deepid_ctx_memory(ctx), 0);
    }
    free(whole);
    if (can_read(ctx))
        assert_true(refused > (int)bytes / 7);
    deepid_ctx_destroy(ctx);
}

/* Both records of x.npy claim 2^31 - 1 bytes, which so few packed ones cannot hold. */
static void claims_are_checked_before_memory_is_taken(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    size_t bytes;
    char *whole = read_bytes(file, &bytes);
    for (size_t i = 0; i + 46 < bytes; i++)
        if (memcmp(whole + i, "PK\1\2", 4) == 0)
            memcpy(whole + i + 24, "\xff\xff\xff\x7f", 4);
    const char *path = put_file("bomb.npz", whole, bytes);
    free(whole);
    deepid_ctx_set_limit(ctx, "memory_bytes", 1 << 20);
    if (can_read(ctx))
        REFUSED(deepid_dataset_load_npz(ctx, path, "", &data), DEEPID_ERR_FORMAT,
                "x.npy says that it has 2147483647 bytes");
    if (can_read(ctx))
        REFUSED(deepid_dataset_load_npz(ctx, put_file("no.npz", "not a zip at all", 16), "", &data), DEEPID_ERR_FORMAT,
                "is no .npz");
    assert_null(data);
    deepid_ctx_destroy(ctx);
}

static int32_t load(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *data = NULL;
    (void)arg;
    const int32_t status = deepid_dataset_load_npz(ctx, file, "x=first", &data);
    deepid_dataset_destroy(data);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const bool can = can_read(ctx);
    deepid_ctx_destroy(ctx);
    if (can)
        survives_every_failing_allocation("arrays of an archive", load, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_found_by_name),
        cmocka_unit_test(arrays_of_other_names_are_asked_for),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(claims_are_checked_before_memory_is_taken),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
