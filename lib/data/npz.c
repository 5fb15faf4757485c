/* NumPy's .npz: a zip archive of .npy arrays, read by libzip. What a file claims is compared with what it can hold
   before anything is allocated by it, and each array is checked by its CRC. */
#include "data/npy.h"

#include <string.h>

#ifdef DEEPID_LIBZIP
#include <zip.h>

enum { RATIO_MAX = 1032 /* of deflate: zlib's technical details */ };

enum { OPTION_X, OPTION_Y, OPTION_LAYOUT };
static const dpid_option options[] = {
    [OPTION_X] = {"x", DPID_TEXT, .help = "name of the array of inputs"},
    [OPTION_Y] = {"y", DPID_TEXT, .help = "name of the array of labels or targets"},
    [OPTION_LAYOUT] = DPID_LAYOUT_OPTION,
    {0},
};

typedef struct {
    deepid_ctx *ctx;
    const char *path;
    zip_t *zip;
} archive;

/* ---- names ------------------------------------------------------------------------------------------ */

/* "x, y, labels": as options name them. *pickle: it is of torch.save. */
static void print_names(const archive *a, dpid_string *s, bool *pickle)
{
    static const char ending[] = ".npy";
    const zip_int64_t count = zip_get_num_entries(a->zip, 0);
    for (zip_int64_t i = 0; i < count && s->length < DPID_ERROR_MAX; i++) {
        const char *entry = zip_get_name(a->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        const size_t length = entry ? strlen(entry) : 0;
        const size_t end = sizeof ending - 1;
        const bool array = length >= end && strcmp(entry + length - end, ending) == 0;
        dpid_string_add(s, i ? ", " : "");
        dpid_string_add_span(s, entry ? entry : "?", entry ? (int64_t)(length - (array ? end : 0)) : 1);
        *pickle |= entry && strstr(entry, "data.pkl");
    }
}

/* asked NULL: none of the usual names is there. */
static int32_t fail_name(const archive *a, const dpid_span *asked, const char *what)
{
    dpid_string known = {.ctx = a->ctx};
    bool pickle = false;
    print_names(a, &known, &pickle);
    const char *names = known.text && *known.text ? known.text : "nothing";
    int32_t status = known.status;
    if (status == DEEPID_OK && pickle)
        status = dpid_fail(a->ctx, DEEPID_ERR_FORMAT,
                           "'%s' is of torch.save, which only Python can read: numpy.savez('x.npz', x=x.numpy(), "
                           "y=y.numpy())",
                           a->path);
    else if (status == DEEPID_OK && asked)
        status = dpid_fail(a->ctx, DEEPID_ERR_SPEC, "npz: '%s' has no array '%.*s'; it has %s", a->path,
                           (int)asked->length, asked->text, names);
    else if (status == DEEPID_OK)
        status = dpid_fail(a->ctx, DEEPID_ERR_SPEC,
                           "npz: say x=NAME y=NAME: no array of '%s' has a usual name of %s; it has %s", a->path, what,
                           names);
    dpid_string_release(&known);
    return status;
}

/* "NAME.npy" of an archive; the first of the usual names where none is asked for. */
static int32_t find_array(const archive *a, const dpid_value *asked, const char *const *usual, const char *what,
                          zip_uint64_t *index)
{
    zip_int64_t found = -1;
    dpid_string name = {.ctx = a->ctx};
    for (; asked->given ? name.length == 0 : *usual && found < 0; usual += !asked->given) {
        name.length = 0;
        dpid_string_add_span(&name, asked->given ? asked->text.text : *usual,
                             asked->given ? asked->text.length : (int64_t)strlen(*usual));
        dpid_string_add(&name, ".npy");
        if (name.status != DEEPID_OK)
            break;
        found = zip_name_locate(a->zip, name.text, ZIP_FL_ENC_RAW);
    }
    const int32_t status = name.status;
    dpid_string_release(&name);
    *index = (zip_uint64_t)found;
    if (status != DEEPID_OK || found >= 0)
        return status;
    return fail_name(a, asked->given ? &asked->text : NULL, what);
}

/* ---- one array --------------------------------------------------------------------------------------- */

static int32_t damaged(const archive *a, const char *name, zip_file_t *file)
{
    return dpid_fail(a->ctx, DEEPID_ERR_FORMAT, "'%s': %s cannot be unpacked: %s", a->path, name,
                     file ? zip_file_strerror(file) : zip_strerror(a->zip));
}

/* Could there be that many bytes in as many packed ones? */
static int32_t check_size(const archive *a, const char *name, const zip_stat_t *stat)
{
    const int64_t most = a->ctx->limits.file_bytes;
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if ((stat->valid & needed) != needed || stat->size / RATIO_MAX > stat->comp_size)
        return dpid_fail(a->ctx, DEEPID_ERR_FORMAT,
                         "'%s': %s says that it has %llu bytes, which %llu bytes cannot hold", a->path, name,
                         (unsigned long long)stat->size, (unsigned long long)stat->comp_size);
    return stat->size <= (zip_uint64_t)most
               ? DEEPID_OK
               : dpid_fail(a->ctx, DEEPID_ERR_LIMIT, "'%s': %s has %llu bytes, the limit file_bytes is %lld", a->path,
                           name, (unsigned long long)stat->size, (long long)most);
}

/* All bytes, and not one more: with the last the CRC is compared. */
static int32_t unpack(const archive *a, const char *name, zip_file_t *file, int64_t size, uint8_t *to)
{
    int64_t used = 0;
    zip_int64_t got = 1;
    uint8_t more;
    while (used < size && (got = zip_fread(file, to + used, (zip_uint64_t)(size - used))) > 0)
        used += got;
    if (got >= 0 && used == size)
        got = zip_fread(file, &more, 1);
    if (got < 0)
        return damaged(a, name, file);
    return used == size && got == 0 ? DEEPID_OK
                                    : dpid_fail(a->ctx, DEEPID_ERR_FORMAT,
                                                "'%s': %s says that it has %lld bytes, it "
                                                "has %s",
                                                a->path, name, (long long)size, used < size ? "less" : "more");
}

static int32_t read_array(const archive *a, zip_uint64_t index, uint8_t **bytes, dpid_npy *f)
{
    zip_stat_t stat;
    int64_t need = 0;
    if (zip_stat_index(a->zip, index, 0, &stat) != 0)
        return damaged(a, "an array", NULL);
    const char *name = stat.name ? stat.name : "an array";
    DPID_TRY(check_size(a, name, &stat));
    zip_file_t *file = zip_fopen_index(a->zip, index, 0);
    if (!file)
        return damaged(a, name, NULL);
    int32_t status = dpid_alloc(a->ctx, (int64_t)stat.size + 1, 1, name, bytes);
    if (status == DEEPID_OK)
        status = unpack(a, name, file, (int64_t)stat.size, *bytes);
    zip_fclose(file);
    DPID_TRY(status);
    DPID_TRY(dpid_npy_parse(a->ctx, name, *bytes, (int64_t)stat.size, f, &need));
    return need == (int64_t)stat.size
               ? DEEPID_OK
               : dpid_fail(a->ctx, DEEPID_ERR_FORMAT, "'%s': %s has %lld bytes, expected %lld by its header", a->path,
                           name, (long long)stat.size, (long long)need);
}

/* ---- the archive --------------------------------------------------------------------------------------- */

static int32_t open_archive(archive *a, const uint8_t *bytes, int64_t count)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(bytes, (zip_uint64_t)count, 0, &error);
    a->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    int32_t status = DEEPID_OK;
    if (!a->zip) {
        status = zip_error_code_zip(&error) == ZIP_ER_MEMORY
                     ? dpid_fail(a->ctx, DEEPID_ERR_MEMORY, "'%s': no memory to unpack", a->path)
                     : dpid_fail(a->ctx, DEEPID_ERR_FORMAT, "'%s' is no .npz: %s", a->path, zip_error_strerror(&error));
        if (source)
            zip_source_free(source);
    }
    zip_error_fini(&error);
    return status;
}

static int32_t read_pair(const archive *a, const dpid_value *values, const deepid_dataset *like, deepid_dataset **out)
{
    static const char *const inputs[] = {"x", "X", "x_train", "data", "images", "arr_0", NULL};
    static const char *const outputs[] = {"y", "Y", "y_train", "label", "labels", "targets", "arr_1", NULL};
    dpid_npy x;
    dpid_npy y;
    uint8_t *x_bytes = NULL;
    uint8_t *y_bytes = NULL;
    zip_uint64_t x_index;
    zip_uint64_t y_index;
    DPID_TRY(find_array(a, &values[OPTION_X], inputs, "inputs", &x_index));
    DPID_TRY(find_array(a, &values[OPTION_Y], outputs, "labels or targets", &y_index));
    int32_t status = read_array(a, x_index, &x_bytes, &x);
    if (status == DEEPID_OK)
        status = read_array(a, y_index, &y_bytes, &y);
    if (status == DEEPID_OK)
        status = dpid_npy_join(a->ctx, zip_get_name(a->zip, x_index, ZIP_FL_ENC_RAW), &x,
                               zip_get_name(a->zip, y_index, ZIP_FL_ENC_RAW), &y, values[OPTION_LAYOUT].i, like, out);
    dpid_free(a->ctx, y_bytes);
    dpid_free(a->ctx, x_bytes);
    return status;
}

int32_t dpid_npz_load(deepid_ctx *ctx, const char *path, const char *text, const deepid_dataset *like,
                      deepid_dataset **out)
{
    archive a = {.ctx = ctx, .path = path};
    uint8_t *bytes = NULL;
    int64_t count = 0;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    if (!path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "npz: %s is NULL", path ? "out" : "path");
    DPID_TRY(dpid_options_parse(ctx, "npz", dpid_span_of(text), options, values));
    DPID_TRY(dpid_file_read(ctx, path, &bytes, &count));
    int32_t status = open_archive(&a, bytes, count);
    if (status == DEEPID_OK)
        status = read_pair(&a, values, like, out);
    if (a.zip)
        zip_discard(a.zip);
    dpid_free(ctx, bytes);
    return status;
}

#else

int32_t dpid_npz_load(deepid_ctx *ctx, const char *path, const char *text, const deepid_dataset *like,
                      deepid_dataset **out)
{
    (void)path, (void)text, (void)like, (void)out;
    return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED, "npz: this build has no libzip; install libzip-dev and build again");
}

#endif

int32_t deepid_dataset_load_npz(deepid_ctx *ctx, const char *path, const char *npz_options, deepid_dataset **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_npz_load(ctx, path, npz_options, NULL, out));
}
