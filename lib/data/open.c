/* A source as the command line names it:
   GENERATOR ... | idx:FOLDER | cifar10:FOLDER | cifar100:FOLDER | csv:FILE | csv:FOLDER | npy:X,Y | npz:FILE |
   pictures:FOLDER */
#include "data/data.h"
#include "data/generator.h"
#include "data/idx.h"
#include "data/npy.h"
#include "data/pictures.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- PATH OPTIONS -------------------------------------------------------------------------------- */

/* The first word, or what stands between double quotes. */
static dpid_span file_name(dpid_span text, dpid_span *rest)
{
    const char *close = text.length > 1 && *text.text == '"' ? strchr(text.text + 1, '"') : NULL;
    if (!close)
        return dpid_first_word(text, rest);
    *rest = dpid_span_of(close + 1);
    return (dpid_span){text.text + 1, close - text.text - 1, text.text};
}

/* PATH OPTIONS: the path alone goes to *path, which the caller releases. */
static int32_t take_path(deepid_ctx *ctx, const char *where, dpid_string *path, const char **options)
{
    dpid_span rest;
    const dpid_span file = file_name(dpid_span_of(where), &rest);
    *path = (dpid_string){.ctx = ctx};
    dpid_string_add_span(path, file.text, file.length); /* "" is a text too */
    *options = rest.text;
    return path->status;
}

/* ---- csv:FOLDER: the .tra and .tes of the UCI repository, such as optdigits ----------------- */

static int32_t find_ending(deepid_ctx *ctx, const char *folder, const char *ending, dpid_string *out)
{
    DIR *dir = opendir(folder);
    *out = (dpid_string){.ctx = ctx};
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        const size_t length = strlen(entry->d_name);
        if (length > strlen(ending) && strcmp(entry->d_name + length - strlen(ending), ending) == 0 && !out->text)
            dpid_string_format(out, "%s/%s", folder, entry->d_name);
    }
    if (dir)
        closedir(dir);
    if (out->status == DEEPID_OK && !out->text)
        return dpid_fail(ctx, DEEPID_ERR_IO, "no file *%s in the folder '%s'", ending, folder);
    return out->status;
}

/* 64 features are an 8 x 8 picture: that is what this folder is known for. */
static int32_t open_csv_folder(deepid_ctx *ctx, const char *folder, const char *options, const deepid_dataset *like,
                               deepid_dataset **train, deepid_dataset **valid)
{
    dpid_string path;
    int32_t status = find_ending(ctx, folder, ".tra", &path);
    if (status == DEEPID_OK)
        status = dpid_csv_load(ctx, path.text, options, like, train);
    dpid_string_release(&path);
    DPID_TRY(status);
    status = find_ending(ctx, folder, ".tes", &path);
    if (status == DEEPID_OK)
        status = dpid_csv_load(ctx, path.text, options, like ? like : *train, valid);
    dpid_string_release(&path);
    if (status != DEEPID_OK) {
        deepid_dataset_destroy(*train);
        *train = NULL;
    }
    return status;
}

static int32_t open_csv(deepid_ctx *ctx, const char *where, const deepid_dataset *like, deepid_dataset **train,
                        deepid_dataset **valid)
{
    struct stat info;
    dpid_string path;
    const char *options;
    int32_t status = take_path(ctx, where, &path, &options);
    if (status == DEEPID_OK && stat(path.text, &info) == 0 && S_ISDIR(info.st_mode))
        status = open_csv_folder(ctx, path.text, *options ? options : "shape=8x8x1", like, train, valid);
    else if (status == DEEPID_OK)
        status = dpid_csv_load(ctx, path.text, options, like, train);
    dpid_string_release(&path);
    return status;
}

/* X,Y layout=nchw */
static int32_t open_npy(deepid_ctx *ctx, const char *where, const deepid_dataset *like, deepid_dataset **train,
                        deepid_dataset **valid)
{
    (void)valid;
    dpid_span options;
    const dpid_span files = dpid_first_word(dpid_span_of(where), &options);
    const char *comma = memchr(files.text, ',', (size_t)files.length);
    if (!comma)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "npy: '%s' is not X,Y: two files joined by a comma", where);
    dpid_string x = {.ctx = ctx};
    dpid_string y = {.ctx = ctx};
    dpid_string_add_span(&x, files.text, comma - files.text);
    dpid_string_add_span(&y, comma + 1, files.text + files.length - comma - 1);
    int32_t status = x.status != DEEPID_OK ? x.status : y.status;
    if (status == DEEPID_OK)
        status = dpid_npy_load(ctx, x.text, y.text, options.text, like, train);
    dpid_string_release(&y);
    dpid_string_release(&x);
    return status;
}

static int32_t open_npz(deepid_ctx *ctx, const char *where, const deepid_dataset *like, deepid_dataset **train,
                        deepid_dataset **valid)
{
    (void)valid;
    dpid_string path;
    const char *options;
    int32_t status = take_path(ctx, where, &path, &options);
    if (status == DEEPID_OK)
        status = dpid_npz_load(ctx, path.text, options, like, train);
    dpid_string_release(&path);
    return status;
}

static int32_t open_idx(deepid_ctx *ctx, const char *where, const deepid_dataset *like, deepid_dataset **train,
                        deepid_dataset **valid)
{
    dpid_string path;
    const char *options;
    int32_t status = take_path(ctx, where, &path, &options);
    if (status == DEEPID_OK)
        status = dpid_idx_load_folder(ctx, path.text, options, like, train, valid);
    dpid_string_release(&path);
    return status;
}

static int32_t open_cifar10(deepid_ctx *ctx, const char *where, const deepid_dataset *like, deepid_dataset **train,
                            deepid_dataset **valid)
{
    (void)like;
    return deepid_dataset_load_cifar10_folder(ctx, where, train, valid);
}

static int32_t open_cifar100(deepid_ctx *ctx, const char *where, const deepid_dataset *like, deepid_dataset **train,
                             deepid_dataset **valid)
{
    (void)like;
    dpid_string path;
    const char *options;
    int32_t status = take_path(ctx, where, &path, &options);
    if (status == DEEPID_OK)
        status = dpid_cifar100_load_folder(ctx, path.text, options, train, valid);
    dpid_string_release(&path);
    return status;
}

static int32_t open_pictures(deepid_ctx *ctx, const char *where, const deepid_dataset *like, deepid_dataset **train,
                             deepid_dataset **valid)
{
    dpid_string path;
    const char *options;
    int32_t status = take_path(ctx, where, &path, &options);
    if (status == DEEPID_OK)
        status = dpid_pictures_load(ctx, path.text, options, like, train, valid);
    dpid_string_release(&path);
    return status;
}

/* Training and validation samples of one task; validation four times as many. */
static int32_t open_generator(deepid_ctx *ctx, const char *source, uint64_t seed, deepid_dataset **train,
                              deepid_dataset **valid)
{
    enum { VALID_FACTOR = 4 };
    DPID_TRY(dpid_generate(ctx, source, seed, 0, 0, train));
    const int32_t status = dpid_generate(ctx, source, seed, 1, VALID_FACTOR * (*train)->count, valid);
    if (status != DEEPID_OK) {
        deepid_dataset_destroy(*train);
        *train = NULL;
    }
    return status;
}

/* ---- the sources that are files: WORD:WHERE -------------------------------------------------- */

typedef struct {
    const char *word, *where;
    int32_t (*open)(deepid_ctx *ctx, const char *where, const deepid_dataset *like, deepid_dataset **train,
                    deepid_dataset **valid);
} file_source;

static const file_source idx = {"idx", "FOLDER", open_idx};
static const file_source cifar10 = {"cifar10", "FOLDER", open_cifar10};
static const file_source cifar100 = {"cifar100", "FOLDER", open_cifar100};
static const file_source csv = {"csv", "FILE", open_csv};
static const file_source npy = {"npy", "X,Y", open_npy};
static const file_source npz = {"npz", "FILE", open_npz};
static const file_source pictures = {"pictures", "FOLDER", open_pictures};
static const void *const rows[] = {&idx, &cifar10, &cifar100, &csv, &npy, &npz, &pictures};
static const dpid_set sources = DPID_SET("data", rows);

static int32_t fail_unknown(deepid_ctx *ctx, const char *text)
{
    dpid_string known = {.ctx = ctx};
    dpid_set_print(&known, &dpid_generators);
    for (int64_t i = 0; i < sources.count; i++)
        dpid_string_format(&known, ", %s:%s", dpid_set_word(&sources, i),
                           dpid_set_help(&sources, dpid_set_word(&sources, i)));
    const int32_t status = known.status == DEEPID_OK
                               ? dpid_fail(ctx, DEEPID_ERR_SPEC, "unknown data '%s'; known: %s", text, known.text)
                               : known.status;
    dpid_string_release(&known);
    return status;
}

static int32_t open_source(deepid_ctx *ctx, const char *text, uint64_t seed, const deepid_dataset *like,
                           deepid_dataset **train, deepid_dataset **valid)
{
    dpid_span rest;
    if (!text || !train || !valid)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: source, train and valid must not be NULL");
    *train = *valid = NULL;
    const char *colon = strchr(text, ':');
    const file_source *found = colon ? dpid_set_find(&sources, (dpid_span){text, colon - text, text}) : NULL;
    if (found)
        return found->open(ctx, colon + 1, like, train, valid);
    if (dpid_set_find(&dpid_generators, dpid_first_word(dpid_span_of(text), &rest)))
        return open_generator(ctx, text, seed, train, valid);
    return fail_unknown(ctx, text);
}

int32_t deepid_dataset_open(deepid_ctx *ctx, const char *source, uint64_t seed, deepid_dataset **train,
                            deepid_dataset **valid)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, open_source(ctx, source, seed, NULL, train, valid));
}

int32_t deepid_dataset_open_like(deepid_ctx *ctx, const char *source, uint64_t seed, const deepid_dataset *like,
                                 deepid_dataset **train, deepid_dataset **valid)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, like && dpid_is(like, DPID_MAGIC_DATASET)
                               ? open_source(ctx, source, seed, like, train, valid)
                               : dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "dataset: like is no dataset"));
}
