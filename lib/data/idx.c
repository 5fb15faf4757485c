/* IDX (MNIST, Fashion-MNIST), plain or .gz:   0 0 type rank, extents as big-endian 32-bit numbers, the data. */
#include "data/data.h"

#include <string.h>

enum { TYPE_U8 = 0x08, HEADER = 4, WORD = 4, RANK_MAX = 4, LABELS_MAX = 256 };

typedef struct {
    uint8_t *bytes;
    const uint8_t *data;
    int32_t rank;
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
    if (b[2] != TYPE_U8)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s': the type is 0x%02x, expected 0x08 (bytes)", path, b[2]);
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
    return dpid_add(HEADER + WORD * f.rank, f.count, bytes)
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

static int32_t join(deepid_ctx *ctx, const char *images_path, const idx *images, const char *labels_path,
                    const idx *labels, deepid_dataset **out)
{
    if (images->rank < 2)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' has rank %d, expected 2 to 4: samples and what is in one",
                         images_path, images->rank);
    if (labels->rank != 1 || labels->extents[0] != images->extents[0])
        return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                         "'%s' has %s labels, expected one for each of the %lld samples of '%s'", labels_path,
                         dpid_shape_text(labels->rank, labels->extents).text, (long long)images->extents[0],
                         images_path);
    int64_t classes = 0;
    for (int64_t i = 0; i < labels->count; i++)
        classes = labels->data[i] >= classes ? labels->data[i] + 1 : classes;
    const int64_t *e = images->extents;
    const dpid_shape sample =
        images->rank == 2 ? (dpid_shape){1, {e[1]}} : (dpid_shape){3, {e[1], e[2], images->rank == 4 ? e[3] : 1}};
    DPID_TRY(dpid_dataset_owned(ctx, DEEPID_U8, e[0], &sample, classes, 0, out));
    memcpy((*out)->owned_x, images->data, (size_t)images->count);
    for (int64_t i = 0; i < labels->count; i++)
        (*out)->labels[i] = labels->data[i];
    return DEEPID_OK;
}

static int32_t load_idx(deepid_ctx *ctx, const char *images_path, const char *labels_path, deepid_dataset **out)
{
    idx images;
    idx labels;
    if (!images_path || !labels_path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "idx: images_path, labels_path and out must not be NULL");
    DPID_TRY(read_idx(ctx, images_path, &images));
    int32_t status = read_idx(ctx, labels_path, &labels);
    if (status == DEEPID_OK) {
        status = join(ctx, images_path, &images, labels_path, &labels, out);
        dpid_free(ctx, labels.bytes);
    }
    dpid_free(ctx, images.bytes);
    return status;
}

int32_t deepid_dataset_load_idx(deepid_ctx *ctx, const char *images_path, const char *labels_path, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load_idx(ctx, images_path, labels_path, out));
}

/* ---- a folder with the four published names ---------------------------------------------- */

static int32_t path_in(deepid_ctx *ctx, const char *folder, const char *name, dpid_string *out)
{
    *out = (dpid_string){.ctx = ctx};
    dpid_string_format(out, "%s/%s", folder, name);
    if (out->status == DEEPID_OK && !dpid_file_exists(out->text))
        dpid_string_add(out, ".gz");
    return out->status;
}

static int32_t load_part(deepid_ctx *ctx, const char *folder, const char *images, const char *labels,
                         deepid_dataset **out)
{
    dpid_string images_path;
    dpid_string labels_path = {.ctx = ctx};
    int32_t status = path_in(ctx, folder, images, &images_path);
    if (status == DEEPID_OK)
        status = path_in(ctx, folder, labels, &labels_path);
    if (status == DEEPID_OK)
        status = load_idx(ctx, images_path.text, labels_path.text, out);
    dpid_string_release(&labels_path);
    dpid_string_release(&images_path);
    return status;
}

static int32_t load_folder(deepid_ctx *ctx, const char *folder, deepid_dataset **train, deepid_dataset **test)
{
    if (!folder || !train || !test)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "idx: folder, train and test must not be NULL");
    deepid_dataset *first = NULL;
    DPID_TRY(load_part(ctx, folder, "train-images-idx3-ubyte", "train-labels-idx1-ubyte", &first));
    const int32_t status = load_part(ctx, folder, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", test);
    if (status == DEEPID_OK)
        *train = first;
    else
        deepid_dataset_destroy(first);
    return status;
}

int32_t deepid_dataset_load_idx_folder(deepid_ctx *ctx, const char *folder, deepid_dataset **train,
                                       deepid_dataset **test)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, load_folder(ctx, folder, train, test));
}
