/* CIFAR-10 and CIFAR-100 in their binary versions: records of one or two label bytes and 3 planes of 32 x 32 bytes;
   planes become channels-last. */
#include "data/data.h"

enum { SIDE = 32, COLOURS = 3, PIXELS = SIDE * SIDE };

/* Where a record has its label, among how many. */
typedef struct {
    const char *name, *words;
    int32_t labels, at, classes;
} kind;
static const kind cifar10 = {"cifar10", "a label", 1, 0, 10};
static const kind cifar100[] = {{"cifar100", "two labels", 2, 1, 100},
                                {"cifar100", "two labels", 2, 0, 20}}; /* fine, coarse */

static int64_t record_of(const kind *k)
{
    return k->labels + COLOURS * PIXELS;
}

static int32_t check_file(deepid_ctx *ctx, const kind *k, const char *path, const uint8_t *bytes, int64_t count)
{
    const int64_t record = record_of(k);
    if (count == 0 || count % record != 0)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                         "'%s' has %lld bytes, expected a multiple of %lld (%s and 3 x 32 x 32 bytes)", path,
                         (long long)count, (long long)record, k->words);
    for (int64_t i = 0; i < count / record; i++)
        if (bytes[i * record + k->at] >= k->classes)
            return dpid_fail(ctx, DEEPID_ERR_LABEL, "'%s': label of record %lld is %d, expected 0 to %d", path,
                             (long long)i, bytes[i * record + k->at], k->classes - 1);
    return DEEPID_OK;
}

static void copy_records(const kind *k, const uint8_t *bytes, int64_t records, uint8_t *x, int32_t *labels)
{
    for (int64_t i = 0; i < records; i++, bytes += record_of(k)) {
        labels[i] = bytes[k->at];
        for (int64_t p = 0; p < PIXELS; p++)
            for (int64_t c = 0; c < COLOURS; c++)
                x[(i * PIXELS + p) * COLOURS + c] = bytes[k->labels + c * PIXELS + p];
    }
}

/* The records of several files in one dataset. */
static int32_t load_files(deepid_ctx *ctx, const kind *k, const char *const *paths, int32_t files, deepid_dataset **out)
{
    enum { FILES_MAX = 5 };
    uint8_t *bytes[FILES_MAX] = {NULL};
    int64_t counts[FILES_MAX] = {0};
    int64_t records = 0;
    int32_t status = DEEPID_OK;
    for (int32_t i = 0; i < files && status == DEEPID_OK; i++) {
        status = dpid_file_read_gz(ctx, paths[i], 0, NULL, &bytes[i], &counts[i]);
        if (status == DEEPID_OK)
            status = check_file(ctx, k, paths[i], bytes[i], counts[i]);
        records += counts[i] / record_of(k);
    }
    const dpid_shape sample = {3, {SIDE, SIDE, COLOURS}};
    if (status == DEEPID_OK)
        status = dpid_dataset_owned(ctx, DEEPID_U8, records, &sample, k->classes, 0, out);
    int64_t at = 0;
    for (int32_t i = 0; i < files; i++) {
        if (status == DEEPID_OK)
            copy_records(k, bytes[i], counts[i] / record_of(k), (uint8_t *)(*out)->owned_x + at * COLOURS * PIXELS,
                         (*out)->labels + at);
        at += counts[i] / record_of(k);
        dpid_free(ctx, bytes[i]);
    }
    return status;
}

static int32_t load_one(deepid_ctx *ctx, const kind *k, const char *path, deepid_dataset **out)
{
    if (!path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "%s: %s is NULL", k->name, path ? "out" : "path");
    return load_files(ctx, k, &path, 1, out);
}

int32_t deepid_dataset_load_cifar10(deepid_ctx *ctx, const char *path, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load_one(ctx, &cifar10, path, out));
}

/* ---- the published folder: data_batch_1.bin ... data_batch_5.bin, test_batch.bin ------------- */

static int32_t load_numbered(deepid_ctx *ctx, const char *folder, deepid_dataset **out)
{
    enum { BATCHES = 5 };
    dpid_string names[BATCHES];
    const char *paths[BATCHES];
    int32_t status = DEEPID_OK;
    for (int i = 0; i < BATCHES; i++) {
        names[i] = (dpid_string){.ctx = ctx};
        dpid_string_format(&names[i], "%s/data_batch_%d.bin", folder, i + 1);
        paths[i] = names[i].text;
        status = status == DEEPID_OK ? names[i].status : status;
    }
    if (status == DEEPID_OK)
        status = load_files(ctx, &cifar10, paths, BATCHES, out);
    for (int i = 0; i < BATCHES; i++)
        dpid_string_release(&names[i]);
    return status;
}

static int32_t load_folder(deepid_ctx *ctx, const char *folder, deepid_dataset **train, deepid_dataset **test)
{
    deepid_dataset *first = NULL;
    dpid_string path = {.ctx = ctx};
    if (!folder || !train || !test)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "cifar10: folder, train and test must not be NULL");
    DPID_TRY(load_numbered(ctx, folder, &first));
    dpid_string_format(&path, "%s/test_batch.bin", folder);
    const int32_t status = path.status == DEEPID_OK ? load_one(ctx, &cifar10, path.text, test) : path.status;
    dpid_string_release(&path);
    if (status == DEEPID_OK)
        *train = first;
    else
        deepid_dataset_destroy(first);
    return status;
}

int32_t deepid_dataset_load_cifar10_folder(deepid_ctx *ctx, const char *folder, deepid_dataset **train,
                                           deepid_dataset **test)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load_folder(ctx, folder, train, test));
}

/* ---- CIFAR-100: train.bin, test.bin ------------------------------------------------------------- */

static int32_t find_kind(deepid_ctx *ctx, const char *text, const kind **out)
{
    static const dpid_option options[] = {
        {"labels", DPID_CHOICE, 0, 0, 0, "fine|coarse", false, "100 classes, or 20 superclasses"},
        {0},
    };
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    DPID_TRY(dpid_options_parse(ctx, "cifar100", dpid_span_of(text), options, values));
    *out = &cifar100[values[0].i];
    return DEEPID_OK;
}

static int32_t load_100(deepid_ctx *ctx, const char *path, const char *text, deepid_dataset **out)
{
    const kind *k;
    DPID_TRY(find_kind(ctx, text, &k));
    return load_one(ctx, k, path, out);
}

int32_t deepid_dataset_load_cifar100(deepid_ctx *ctx, const char *path, const char *options, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load_100(ctx, path, options, out));
}

static int32_t load_part(deepid_ctx *ctx, const kind *k, const char *folder, const char *name, deepid_dataset **out)
{
    dpid_string path = {.ctx = ctx};
    dpid_string_format(&path, "%s/%s", folder, name);
    const int32_t status = path.status == DEEPID_OK ? load_one(ctx, k, path.text, out) : path.status;
    dpid_string_release(&path);
    return status;
}

int32_t dpid_cifar100_load_folder(deepid_ctx *ctx, const char *folder, const char *text, deepid_dataset **train,
                                  deepid_dataset **test)
{
    const kind *k;
    deepid_dataset *first = NULL;
    if (!folder || !train || !test)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "cifar100: folder, train and test must not be NULL");
    DPID_TRY(find_kind(ctx, text, &k));
    DPID_TRY(load_part(ctx, k, folder, "train.bin", &first));
    const int32_t status = load_part(ctx, k, folder, "test.bin", test);
    if (status == DEEPID_OK)
        *train = first;
    else
        deepid_dataset_destroy(first);
    return status;
}

int32_t deepid_dataset_load_cifar100_folder(deepid_ctx *ctx, const char *folder, const char *options,
                                            deepid_dataset **train, deepid_dataset **test)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_cifar100_load_folder(ctx, folder, options, train, test));
}
