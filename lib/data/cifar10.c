/* CIFAR-10 binary: records of a label byte and 3 planes of 32 x 32 bytes; planes become channels-last. */
#include "data/data.h"

enum { SIDE = 32, COLOURS = 3, PIXELS = SIDE * SIDE, RECORD = 1 + COLOURS * PIXELS, CLASSES = 10 };

static int32_t check_file(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count)
{
    if (count == 0 || count % RECORD != 0)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                         "'%s' has %lld bytes, expected a multiple of %d (a label and 3 x 32 x 32 bytes)", path,
                         (long long)count, RECORD);
    for (int64_t i = 0; i < count / RECORD; i++)
        if (bytes[i * RECORD] >= CLASSES)
            return dpid_fail(ctx, DEEPID_ERR_LABEL, "'%s': label of record %lld is %d, expected 0 to 9", path,
                             (long long)i, bytes[i * RECORD]);
    return DEEPID_OK;
}

static void copy_records(const uint8_t *bytes, int64_t records, uint8_t *x, int32_t *labels)
{
    for (int64_t i = 0; i < records; i++, bytes += RECORD) {
        labels[i] = bytes[0];
        for (int64_t p = 0; p < PIXELS; p++)
            for (int64_t c = 0; c < COLOURS; c++)
                x[(i * PIXELS + p) * COLOURS + c] = bytes[1 + c * PIXELS + p];
    }
}

/* The records of several files in one dataset. */
static int32_t load_files(deepid_ctx *ctx, const char *const *paths, int32_t files, deepid_dataset **out)
{
    enum { FILES_MAX = 5 };
    uint8_t *bytes[FILES_MAX] = {NULL};
    int64_t counts[FILES_MAX] = {0};
    int64_t records = 0;
    int32_t status = DEEPID_OK;
    for (int32_t i = 0; i < files && status == DEEPID_OK; i++) {
        status = dpid_file_read_gz(ctx, paths[i], 0, NULL, &bytes[i], &counts[i]);
        if (status == DEEPID_OK)
            status = check_file(ctx, paths[i], bytes[i], counts[i]);
        records += counts[i] / RECORD;
    }
    const dpid_shape sample = {3, {SIDE, SIDE, COLOURS}};
    if (status == DEEPID_OK)
        status = dpid_dataset_owned(ctx, DEEPID_U8, records, &sample, CLASSES, 0, out);
    int64_t at = 0;
    for (int32_t i = 0; i < files; i++) {
        if (status == DEEPID_OK)
            copy_records(bytes[i], counts[i] / RECORD, (uint8_t *)(*out)->owned_x + at * COLOURS * PIXELS,
                         (*out)->labels + at);
        at += counts[i] / RECORD;
        dpid_free(ctx, bytes[i]);
    }
    return status;
}

static int32_t load_one(deepid_ctx *ctx, const char *path, deepid_dataset **out)
{
    if (!path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "cifar10: %s is NULL", path ? "out" : "path");
    return load_files(ctx, &path, 1, out);
}

int32_t deepid_dataset_load_cifar10(deepid_ctx *ctx, const char *path, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load_one(ctx, path, out));
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
        status = load_files(ctx, paths, BATCHES, out);
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
    const int32_t status = path.status == DEEPID_OK ? load_one(ctx, path.text, test) : path.status;
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
