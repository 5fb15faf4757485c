/* A folder of pictures, a folder a class, becomes a dataset: all are looked at, then memory is taken, then each is
   decoded into its place. */
#include "data/pictures.h"

#include <string.h>

enum { OPTION_SIZE, OPTION_FIT, OPTION_CHANNELS, OPTION_DAMAGED };
static const dpid_option options[] = {
    [OPTION_SIZE] = {"size", DPID_EXTENTS, 0, 1, 16384, .help = "height x width that pictures are resized to"},
    [OPTION_FIT] = {"fit", DPID_CHOICE, 0, 0, 0, "stretch|crop", false, "what size does to other proportions"},
    [OPTION_CHANNELS] = {"channels", DPID_CHOICE, 0, 0, 0, "auto|1|3|4", false, "gray, colours, colours and alpha"},
    [OPTION_DAMAGED] = {"damaged", DPID_CHOICE, 0, 0, 0, "refuse|drop", false, "files that cannot be read"},
    {0},
};

/* ---- the shape of all of them ----------------------------------------------------------------------------- */

/* Within the folder. */
static const char *name_of(const dpid_pictures *p, int64_t i)
{
    const char *name = p->file[i].path + strlen(p->folder);
    return name + (*name == '/');
}

static int32_t fail_size(deepid_ctx *ctx, const dpid_pictures *p, int64_t i, const dpid_shape *sample,
                         const char *other)
{
    const dpid_picture *look = &p->file[i].look;
    return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                     "pictures: '%s' is %lldx%lld, %s %lldx%lld (height x width); size=%lldx%lld resizes all to that, "
                     "size=N to a square",
                     p->file[i].path, (long long)look->height, (long long)look->width, other,
                     (long long)sample->extent[0], (long long)sample->extent[1], (long long)sample->extent[0],
                     (long long)sample->extent[1]);
}

/* Without size= all have that of the first, or of the data that these are to be like. */
static int32_t choose_size(deepid_ctx *ctx, const dpid_pictures *p, const dpid_value *size, const deepid_dataset *like,
                           dpid_shape *sample)
{
    dpid_string other = {.ctx = ctx};
    int32_t status = DEEPID_OK;
    sample->extent[0] = like ? like->sample.extent[0] : p->file[0].look.height;
    sample->extent[1] = like ? like->sample.extent[1] : p->file[0].look.width;
    if (size->given) {
        sample->extent[0] = size->list[0];
        sample->extent[1] = size->list[size->count - 1];
        return DEEPID_OK;
    }
    for (int64_t i = 0; i < p->count && status == DEEPID_OK; i++) {
        if (p->file[i].look.height == sample->extent[0] && p->file[i].look.width == sample->extent[1])
            continue;
        dpid_string_format(&other, "%s%s%s is", like ? "" : "'", like ? "the training data" : name_of(p, 0),
                           like ? "" : "'");
        status = other.status == DEEPID_OK ? fail_size(ctx, p, i, sample, other.text) : other.status;
    }
    dpid_string_release(&other);
    return status;
}

static int64_t choose_channels(const dpid_pictures *p, int64_t asked, const deepid_dataset *like)
{
    static const int64_t channels[] = {0, 1, 3, 4};
    bool gray = true;
    for (int64_t i = 0; i < p->count; i++)
        gray = gray && p->file[i].look.gray;
    return asked ? channels[asked] : like ? like->sample.extent[2] : gray ? 1 : 3;
}

static int32_t choose_fit(deepid_ctx *ctx, const dpid_pictures *p, const dpid_value *values, const deepid_dataset *like,
                          dpid_picture_fit *fit)
{
    const deepid_dataset *pictures = like && like->sample.rank == 3 ? like : NULL;
    *fit = (dpid_picture_fit){.sample = {.rank = 3}, .dtype = DEEPID_U8, .crop = values[OPTION_FIT].i == 1};
    for (int64_t i = 0; i < p->count; i++)
        fit->dtype = p->file[i].look.deep ? DEEPID_F32 : fit->dtype;
    fit->sample.extent[2] = choose_channels(p, values[OPTION_CHANNELS].i, pictures);
    if (fit->sample.extent[2] == 2 || fit->sample.extent[2] > 4)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "pictures: the training data has %lld channels, expected 1, 3 or 4",
                         (long long)fit->sample.extent[2]);
    return choose_size(ctx, p, &values[OPTION_SIZE], pictures, &fit->sample);
}

/* ---- the samples ------------------------------------------------------------------------------------------- */

static int32_t read_picture(deepid_ctx *ctx, const dpid_picture_file *file, const dpid_picture_fit *fit, void *rgba,
                            void *to, bool *see_through)
{
    uint8_t *bytes = NULL;
    int64_t count = 0;
    DPID_TRY(dpid_file_read(ctx, file->path, &bytes, &count));
    int32_t status = dpid_picture_decode(ctx, file->path, bytes, count, &file->look, rgba);
    dpid_free(ctx, bytes);
    if (status == DEEPID_OK)
        status = dpid_picture_write(ctx, &file->look, rgba, fit, to, see_through);
    return status;
}

/* Room for the largest of them when it is decoded. */
static int32_t take_room(deepid_ctx *ctx, const dpid_pictures *p, uint8_t **rgba)
{
    int64_t most = 0;
    for (int64_t i = 0; i < p->count; i++) {
        const dpid_picture *look = &p->file[i].look;
        const int64_t bytes = look->height * look->width * 4 * (look->deep ? 2 : 1);
        most = bytes > most ? bytes : most;
    }
    return dpid_alloc(ctx, most, 1, "the largest picture", rgba);
}

/* One after the other; what is dropped leaves no gap. */
static int32_t read_each(deepid_ctx *ctx, dpid_pictures *p, const dpid_picture_fit *fit, void *rgba,
                         deepid_dataset *data, int64_t *see_through)
{
    const int64_t bytes = dpid_shape_count(&fit->sample) * dpid_dtype_bytes(fit->dtype);
    int64_t kept = 0;
    for (int64_t i = 0; i < p->count; i++) {
        bool through;
        const int32_t status =
            read_picture(ctx, &p->file[i], fit, rgba, (uint8_t *)data->owned_x + kept * bytes, &through);
        DPID_TRY(dpid_pictures_drop(p, status));
        if (status != DEEPID_OK)
            continue;
        *see_through += through && fit->sample.extent[2] < 4;
        data->labels[kept] = data->labels[i];
        p->file[kept++] = p->file[i];
    }
    data->count = p->count = kept;
    return kept > 0 ? DEEPID_OK : dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s': all pictures are damaged", p->folder);
}

static int32_t read_all(deepid_ctx *ctx, dpid_pictures *p, const dpid_picture_fit *fit, deepid_dataset *data,
                        int64_t *see_through)
{
    uint8_t *rgba = NULL;
    DPID_TRY(take_room(ctx, p, &rgba));
    const int32_t status = read_each(ctx, p, fit, rgba, data, see_through);
    dpid_free(ctx, rgba);
    return status;
}

/* ---- the classes -------------------------------------------------------------------------------------------- */

static int32_t name_classes(const dpid_pictures *p, const dpid_legend *like, deepid_dataset *data)
{
    dpid_legend *legend = data->legend;
    int64_t *number = NULL;
    legend->classes = p->classes;
    DPID_TRY(dpid_arena_alloc(&legend->arena, p->classes, sizeof *legend->class_name, "classes", &legend->class_name));
    DPID_TRY(dpid_arena_alloc(&legend->arena, p->classes, sizeof *number, "classes", &number));
    for (int64_t k = 0; k < p->classes; k++) {
        char *name = NULL;
        DPID_TRY(dpid_arena_text(&legend->arena, p->class_name[k], (int64_t)strlen(p->class_name[k]), &name));
        legend->class_name[k] = name;
        legend->mapped |= strcmp(name, dpid_number((double)k).text) != 0;
        number[k] = k;
    }
    if (like && like->classes > 0)
        DPID_TRY(dpid_legend_match_classes(legend, like, p->folder, number));
    for (int64_t i = 0; i < p->count; i++)
        data->labels[i] = (int32_t)number[p->file[i].label];
    data->classes = legend->classes;
    return DEEPID_OK;
}

/* ---- a dataset --------------------------------------------------------------------------------------------- */

static int32_t fill(deepid_ctx *ctx, dpid_pictures *p, const dpid_picture_fit *fit, const char *unread,
                    const deepid_dataset *like, deepid_dataset *data)
{
    int64_t see_through = 0;
    DPID_TRY(dpid_legend_create(ctx, &data->legend));
    DPID_TRY(name_classes(p, dpid_dataset_legend(like), data));
    DPID_TRY(read_all(ctx, p, fit, data, &see_through));
    return dpid_pictures_words(p, fit, unread, see_through, data->legend);
}

static int32_t make_dataset(deepid_ctx *ctx, dpid_pictures *p, const dpid_value *values, const char *unread,
                            const deepid_dataset *like, deepid_dataset **out)
{
    dpid_picture_fit fit;
    deepid_dataset *data = NULL;
    DPID_TRY(choose_fit(ctx, p, values, like, &fit));
    DPID_TRY(dpid_dataset_owned(ctx, fit.dtype, p->count, &fit.sample, p->classes, 0, &data));
    const int32_t status = fill(ctx, p, &fit, unread, like, data);
    if (status == DEEPID_OK)
        *out = data;
    else
        deepid_dataset_destroy(data);
    return status;
}

static int32_t load_part(deepid_ctx *ctx, const char *folder, const dpid_value *values, const char *unread,
                         const deepid_dataset *like, deepid_dataset **out)
{
    dpid_pictures pictures;
    DPID_TRY(dpid_pictures_find(ctx, folder, values[OPTION_DAMAGED].i == 1, &pictures));
    const int32_t status = make_dataset(ctx, &pictures, values, unread, like, out);
    dpid_pictures_release(&pictures);
    return status;
}

static int32_t load_parts(deepid_ctx *ctx, const char *folder, const dpid_value *values, const deepid_dataset *like,
                          deepid_dataset **train, deepid_dataset **valid)
{
    dpid_picture_parts parts = {.arena = {.ctx = ctx}};
    deepid_dataset *first = NULL;
    *valid = NULL;
    int32_t status = dpid_pictures_find_parts(folder, &parts);
    if (status == DEEPID_OK)
        status = load_part(ctx, parts.train, values, parts.unread, like, &first);
    if (status == DEEPID_OK && parts.valid)
        status = load_part(ctx, parts.valid, values, NULL, like ? like : first, valid);
    dpid_arena_release(&parts.arena);
    if (status == DEEPID_OK)
        *train = first;
    else
        deepid_dataset_destroy(first);
    return status;
}

int32_t dpid_pictures_load(deepid_ctx *ctx, const char *folder, const char *text, const deepid_dataset *like,
                           deepid_dataset **train, deepid_dataset **valid)
{
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    if (!folder || !train || !valid)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "pictures: folder, train and valid must not be NULL");
    DPID_TRY(dpid_picture_check_build(ctx));
    DPID_TRY(dpid_options_parse(ctx, "pictures", dpid_span_of(text), options, values));
    if (values[OPTION_SIZE].count > 2)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "pictures: size has %d numbers, expected HxW or N",
                         values[OPTION_SIZE].count);
    if (values[OPTION_FIT].given && !values[OPTION_SIZE].given)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "pictures: fit says how size= is reached, and size is not given");
    return load_parts(ctx, folder, values, like, train, valid);
}

int32_t deepid_dataset_load_pictures(deepid_ctx *ctx, const char *folder, const char *picture_options,
                                     deepid_dataset **train, deepid_dataset **valid)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_pictures_load(ctx, folder, picture_options, NULL, train, valid));
}
