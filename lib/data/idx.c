/* IDX (MNIST and its kin), plain or .gz:   0 0 type rank, extents as big-endian 32-bit numbers, the data. */
#include "data/idx.h"

#include <math.h>
#include <string.h>

enum { HEADER = 4, WORD = 4, RANK_MAX = 4 };

typedef struct {
    uint8_t code;
    int32_t dtype;
} idx_type;
static const idx_type types[] = {{0x08, DEEPID_U8},  {0x09, DEEPID_I8},  {0x0b, DEEPID_I16},
                                 {0x0c, DEEPID_I32}, {0x0d, DEEPID_F32}, {0x0e, DEEPID_F64}};

typedef struct {
    uint8_t *bytes;
    const uint8_t *data;
    int32_t dtype, rank;
    int64_t extents[RANK_MAX];
    int64_t count;
} idx;

static int64_t big_endian(const uint8_t *p)
{
    return (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 | (int64_t)p[3];
}

/* The header, from the first bytes of the file: they need not hold the data. */
static int32_t parse(deepid_ctx *ctx, const char *path, const uint8_t *b, int64_t bytes, idx *f)
{
    if (bytes < HEADER || b[0] != 0 || b[1] != 0)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                         "'%s' is not an IDX file: it does not begin with two zero bytes, a type and a rank", path);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        f->dtype = types[i].code == b[2] ? types[i].dtype : f->dtype;
    if (!f->dtype)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s': the type is 0x%02x, expected 0x08, 0x09 or 0x0b to 0x0e", path,
                         b[2]);
    f->rank = b[3];
    if (f->rank < 1 || f->rank > RANK_MAX)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s': the rank is %d, expected 1 to %d", path, f->rank, RANK_MAX);
    if (bytes < HEADER + WORD * f->rank)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' ends inside its header: %lld bytes", path, (long long)bytes);
    for (int32_t i = 0; i < f->rank; i++)
        f->extents[i] = big_endian(b + HEADER + WORD * i);
    const bool counted = dpid_product(f->rank, f->extents, &f->count);
    if (!counted || f->count == 0)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' says %s: it is %s", path,
                         dpid_shape_text(f->rank, f->extents).text, counted ? "empty" : "more than can be counted");
    return DEEPID_OK;
}

static int32_t length_of(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count, int64_t *bytes)
{
    idx f = {0};
    DPID_TRY(parse(ctx, path, first, count, &f));
    return dpid_mul(f.count, dpid_dtype_bytes(f.dtype), bytes) && dpid_add(HEADER + WORD * f.rank, *bytes, bytes)
               ? DEEPID_OK
               : dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' says more than can be counted", path);
}

static int32_t read_idx(deepid_ctx *ctx, const char *path, idx *f)
{
    int64_t bytes = 0;
    *f = (idx){0};
    DPID_TRY(dpid_file_read_gz(ctx, path, HEADER + WORD * RANK_MAX, length_of, &f->bytes, &bytes));
    const int32_t status = parse(ctx, path, f->bytes, bytes, f);
    f->data = f->bytes + HEADER + WORD * f->rank;
    if (status != DEEPID_OK)
        dpid_free(ctx, f->bytes);
    return status;
}

/* ---- numbers of the machine's byte order ------------------------------------------------------- */

static void copy_native(const idx *f, void *to)
{
    const int64_t size = dpid_dtype_bytes(f->dtype);
    uint8_t *bytes = to;
    for (int64_t i = 0; i < f->count && size > 1; i++)
        for (int64_t k = 0; k < size; k++)
            bytes[i * size + k] = f->data[i * size + size - 1 - k];
    if (size == 1)
        memcpy(to, f->data, (size_t)f->count);
}

static int32_t check_finite(deepid_ctx *ctx, const char *path, const deepid_dataset *data)
{
    const int64_t features = dpid_shape_count(&data->sample);
    const bool whole = data->dtype != DEEPID_F32 && data->dtype != DEEPID_F64;
    for (int64_t i = 0; i < data->count * features && !whole; i++) {
        const double value = dpid_dataset_feature(data, i / features, i % features);
        if (!isfinite(value))
            return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                             "'%s': element %lld of sample %lld is %s, expected a finite number (both are counted "
                             "from 0)",
                             path, (long long)(i % features), (long long)(i / features), dpid_number(value).text);
    }
    return DEEPID_OK;
}

/* ---- labels ---------------------------------------------------------------------------------------- */

/* Label of sample i. Labels of rank 2 have it in front: QMNIST tells the writer and more behind it. */
static double label_of(const idx *labels, int64_t i)
{
    const int64_t size = dpid_dtype_bytes(labels->dtype);
    const uint8_t *p = labels->data + i * (labels->count / labels->extents[0]) * size;
    int64_t value = labels->dtype == DEEPID_U8 ? p[0] : (int8_t)p[0];
    for (int64_t k = 1; k < size; k++)
        value = value * 256 + p[k];
    return (double)value;
}

/* The classes are the different labels by their size, as those of a CSV. */
static int32_t fill_labels(const char *path, const idx *labels, const dpid_legend *like, deepid_dataset *data)
{
    dpid_legend *legend = data->legend;
    dpid_distinct values = {NULL, 0, 0};
    int64_t *number = NULL;
    for (int64_t i = 0; i < data->count; i++)
        DPID_TRY(dpid_distinct_add(&legend->arena, &values, label_of(labels, i), path));
    DPID_TRY(dpid_legend_number_classes(legend, values.value, values.count));
    DPID_TRY(dpid_arena_alloc(&legend->arena, values.count, sizeof *number, "classes", &number));
    for (int64_t k = 0; k < values.count; k++)
        number[k] = k;
    if (like && like->classes > 0)
        DPID_TRY(dpid_legend_match_classes(legend, like, path, number));
    for (int64_t i = 0; i < data->count; i++)
        data->labels[i] = (int32_t)number[dpid_distinct_find(&values, label_of(labels, i))];
    data->classes = legend->classes;
    return DEEPID_OK;
}

/* ---- a dataset ---------------------------------------------------------------------------------------- */

static int32_t check_pair(deepid_ctx *ctx, const char *images_path, const idx *images, const char *labels_path,
                          const idx *labels)
{
    if (images->rank < 2)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' has rank %d, expected 2 to 4: samples and what is in one",
                         images_path, images->rank);
    if (labels->rank > 2 || labels->extents[0] != images->extents[0])
        return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                         "'%s' has %s labels, expected one for each of the %lld samples of '%s'", labels_path,
                         dpid_shape_text(labels->rank, labels->extents).text, (long long)images->extents[0],
                         images_path);
    if (labels->dtype == DEEPID_F32 || labels->dtype == DEEPID_F64)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s': labels are floats, expected integers", labels_path);
    return DEEPID_OK;
}

static int32_t fill(deepid_ctx *ctx, const char *images_path, const idx *images, const char *labels_path,
                    const idx *labels, const dpid_legend *like, deepid_dataset *data)
{
    DPID_TRY(dpid_legend_create(ctx, &data->legend));
    copy_native(images, data->owned_x);
    DPID_TRY(check_finite(ctx, images_path, data));
    return fill_labels(labels_path, labels, like, data);
}

static int32_t join(deepid_ctx *ctx, const char *images_path, const idx *images, const char *labels_path,
                    const idx *labels, const dpid_legend *like, deepid_dataset **out)
{
    DPID_TRY(check_pair(ctx, images_path, images, labels_path, labels));
    const int64_t *e = images->extents;
    const dpid_shape sample =
        images->rank == 2 ? (dpid_shape){1, {e[1]}} : (dpid_shape){3, {e[1], e[2], images->rank == 4 ? e[3] : 1}};
    deepid_dataset *data = NULL;
    DPID_TRY(dpid_dataset_owned(ctx, images->dtype, e[0], &sample, 1, 0, &data));
    const int32_t status = fill(ctx, images_path, images, labels_path, labels, like, data);
    if (status == DEEPID_OK)
        *out = data;
    else
        deepid_dataset_destroy(data);
    return status;
}

int32_t dpid_idx_load(deepid_ctx *ctx, const char *images_path, const char *labels_path, const deepid_dataset *like,
                      deepid_dataset **out)
{
    idx images;
    idx labels;
    if (!images_path || !labels_path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "idx: images_path, labels_path and out must not be NULL");
    DPID_TRY(read_idx(ctx, images_path, &images));
    int32_t status = read_idx(ctx, labels_path, &labels);
    if (status == DEEPID_OK) {
        status = join(ctx, images_path, &images, labels_path, &labels, dpid_dataset_legend(like), out);
        dpid_free(ctx, labels.bytes);
    }
    dpid_free(ctx, images.bytes);
    return status;
}

int32_t deepid_dataset_load_idx(deepid_ctx *ctx, const char *images_path, const char *labels_path, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_idx_load(ctx, images_path, labels_path, NULL, out));
}
