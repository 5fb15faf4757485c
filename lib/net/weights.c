/* A net to a file and back: its parameters and states as tensors, its text in the metadata. */
#include "net/build.h"

#include <string.h>

#define KEY_NET "deepid.net"
#define KEY_FORMAT "deepid.format" /* written and checked by safetensors.c */
#define KEY_TASK "deepid.task"     /* of a study */

/* ---- out ------------------------------------------------------------------------- */

int32_t dpid_net_file_entries(const deepid_net *net, dpid_arena *arena, dpid_file_tensor **tensors, int64_t *count)
{
    dpid_file_tensor *list = NULL;
    DPID_TRY(dpid_arena_alloc(arena, net->parameters, sizeof *list, "net's file", &list));
    for (int32_t i = 0; i < net->parameters; i++) {
        const dpid_parameter *p = &net->parameter[i];
        list[i] = (dpid_file_tensor){
            .name = p->name, .dtype = net->dtype, .rank = p->spec.rank, .data = dpid_net_parameter_at(net, i)};
        memcpy(list[i].extents, p->spec.extents, sizeof *p->spec.extents * (size_t)p->spec.rank);
    }
    *tensors = list;
    *count = net->parameters;
    return DEEPID_OK;
}

int32_t dpid_net_save_of(const deepid_net *net, const char *path, const char *task)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_arena arena = {.ctx = ctx};
    dpid_file_tensor *tensors = NULL;
    int64_t count = 0;
    const dpid_file_text metadata[] = {{KEY_NET, net->text}, {KEY_TASK, task}};
    if (!path)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "net: path is NULL");
    if (net->layers > DPID_FILE_LAYERS && net->layers > net->values_reals + net->states_reals)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT,
                         "a net of %d layers and %lld numbers is not saved: beyond %d layers a file needs a number for "
                         "each, or nobody reads it",
                         net->layers, (long long)(net->values_reals + net->states_reals), DPID_FILE_LAYERS);
    int32_t status = dpid_net_file_entries(net, &arena, &tensors, &count);
    if (status == DEEPID_OK)
        status = dpid_safetensors_write(ctx, path, tensors, count, metadata, task ? 2 : 1);
    dpid_arena_release(&arena);
    return status;
}

int32_t deepid_net_save(const deepid_net *net, const char *path)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, dpid_net_save_of(net, path, NULL));
}

/* ---- in --------------------------------------------------------------------------- */

typedef enum { LAYOUT_DEEPID, LAYOUT_PYTORCH } layout;

/* Extents as the file has them: PyTorch's convolutions are [out, in, kh, kw]. */
static void file_extents(const dpid_parameter_spec *spec, layout from, int64_t *extents)
{
    memcpy(extents, spec->extents, sizeof *extents * (size_t)spec->rank);
    if (from == LAYOUT_PYTORCH && spec->rank == 4) {
        extents[1] = spec->extents[3];
        extents[2] = spec->extents[1];
        extents[3] = spec->extents[2];
    }
}

/* Place in the file of element i of ours. */
static int64_t file_place(const dpid_parameter_spec *spec, layout from, int64_t i)
{
    if (from == LAYOUT_DEEPID || spec->rank != 4)
        return i;
    const int64_t in = spec->extents[3];
    const int64_t taps = spec->extents[1] * spec->extents[2];
    return (i / (taps * in) * in + i % in) * taps + i / in % taps;
}

/* A net's own file has its tensors in the net's order: the place behind the last find is tried first. */
static const dpid_file_tensor *find_near(const dpid_safetensors *file, const char *name, int64_t *near)
{
    const bool here = *near < file->count && strcmp(file->tensor[*near].name, name) == 0;
    const dpid_file_tensor *t = here ? &file->tensor[*near] : dpid_safetensors_find(file, name);
    *near = t ? t - file->tensor + 1 : *near;
    return t;
}

static int32_t check_tensor(const deepid_net *net, const char *path, const dpid_parameter *p, const dpid_file_tensor *t,
                            layout from)
{
    int64_t extents[DPID_RANK_MAX] = {0};
    file_extents(&p->spec, from, extents);
    if (!t)
        return dpid_fail(net->head.ctx, DEEPID_ERR_FORMAT, "'%s' has no tensor '%s'", path, p->name);
    if (!dpid_dtype_is_real(t->dtype))
        return dpid_fail(net->head.ctx, DEEPID_ERR_DTYPE, "'%s': %s is %s, expected F32 or F64", path, p->name,
                         t->word);
    if (t->rank > DPID_RANK_MAX)
        return dpid_fail(net->head.ctx, DEEPID_ERR_SHAPE, "'%s': %s has %d axes, expected %s", path, p->name, t->rank,
                         dpid_shape_text(p->spec.rank, extents).text);
    if (t->rank != p->spec.rank || memcmp(t->extents, extents, sizeof *extents * (size_t)t->rank) != 0)
        return dpid_fail(net->head.ctx, DEEPID_ERR_SHAPE, "'%s': %s is %s, expected %s", path, p->name,
                         dpid_shape_text(t->rank, t->extents).text, dpid_shape_text(p->spec.rank, extents).text);
    return DEEPID_OK;
}

static double file_value(const dpid_file_tensor *t, int64_t i)
{
    if (t->dtype == DEEPID_F32) {
        float value;
        memcpy(&value, (const char *)t->data + i * (int64_t)sizeof value, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, (const char *)t->data + i * (int64_t)sizeof value, sizeof value);
    return value;
}

/* Bit for bit where neither type nor order changes. */
static void read_tensor(deepid_net *net, int32_t i, const dpid_file_tensor *t, layout from)
{
    const dpid_parameter *p = &net->parameter[i];
    void *target = dpid_net_parameter_at(net, i);
    if (t->dtype == net->dtype && net->precision != DPID_P80 && (from == LAYOUT_DEEPID || p->spec.rank != 4))
        memcpy(target, t->data, (size_t)(p->count * dpid_precision_bytes(net->precision)));
    else
        for (int64_t k = 0; k < p->count; k++)
            dpid_store(net->precision, target, k, file_value(t, file_place(&p->spec, from, k)));
}

/* All is checked before the first value changes. */
static int32_t read_values(deepid_net *net, const dpid_safetensors *file, const char *path, layout from)
{
    int64_t near = 0;
    for (int32_t i = 0; i < net->parameters; i++)
        DPID_TRY(check_tensor(net, path, &net->parameter[i], find_near(file, net->parameter[i].name, &near), from));
    near = 0;
    net->packed = false;
    for (int32_t i = 0; i < net->parameters; i++)
        read_tensor(net, i, find_near(file, net->parameter[i].name, &near), from);
    return DEEPID_OK;
}

int32_t dpid_net_read_values(deepid_net *net, const dpid_safetensors *file, const char *path)
{
    return read_values(net, file, path, LAYOUT_DEEPID);
}

/* No dtype packs more than two numbers into a byte; of one that we do not know the shape may say anything. */
static int64_t numbers_in(const dpid_safetensors *file)
{
    int64_t sum = 0; /* no overflow: the bytes lie in memory */
    for (int64_t i = 0; i < file->count; i++) {
        const dpid_file_tensor *t = &file->tensor[i];
        sum += t->count < 2 * t->bytes ? t->count : 2 * t->bytes;
    }
    return sum;
}

/* Also where one is only left aside: no digit is lost. */
static bool holds_f64(const dpid_safetensors *file)
{
    for (int64_t i = 0; i < file->count; i++)
        if (file->tensor[i].dtype == DEEPID_F64)
            return true;
    return false;
}

int32_t dpid_net_from_safetensors(deepid_ctx *ctx, dpid_safetensors *file, const char *path, int32_t dtype,
                                  deepid_net **out)
{
    const char *text = NULL;
    const char *format = dpid_safetensors_text(file, KEY_FORMAT);
    deepid_net *net = NULL;
    DPID_TRY(dpid_safetensors_net(file, &text));
    if (!text || !format)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' holds no deepid net: its metadata lacks %s", path,
                         text ? KEY_FORMAT : KEY_NET);
    const int32_t stored = holds_f64(file) ? DEEPID_F64 : DEEPID_F32;
    DPID_TRY(dpid_net_create_within(ctx, text, dtype ? dtype : stored, numbers_in(file), &net));
    const int32_t status = dpid_net_read_values(net, file, path);
    if (status == DEEPID_OK)
        *out = net;
    else
        deepid_net_destroy(net);
    return status;
}

static int32_t check_task(deepid_ctx *ctx, const dpid_safetensors *file, const char *path, const char *task)
{
    const char *theirs = dpid_safetensors_text(file, KEY_TASK);
    if (theirs && strcmp(theirs, task) == 0)
        return DEEPID_OK;
    return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                     "'%s' is not the net of its task: its " KEY_TASK
                     " is '%.40s', expected '%s'; remove it and tasks/%s.json to run the task again",
                     path, theirs ? theirs : "missing", task, task);
}

int32_t dpid_net_load_of(deepid_ctx *ctx, const char *path, int32_t dtype, const char *task, deepid_net **out)
{
    dpid_safetensors file;
    if (!path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "net: %s is NULL", path ? "out" : "path");
    DPID_TRY(dpid_safetensors_read(ctx, path, &file));
    int32_t status = task ? check_task(ctx, &file, path, task) : DEEPID_OK;
    if (status == DEEPID_OK)
        status = dpid_net_from_safetensors(ctx, &file, path, dtype, out);
    dpid_safetensors_release(&file);
    return status;
}

int32_t deepid_net_load(deepid_ctx *ctx, const char *path, int32_t dtype, deepid_net **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_net_load_of(ctx, path, dtype, NULL, out));
}

static int32_t load_weights(deepid_net *net, const char *path, const char *word)
{
    dpid_safetensors file;
    const bool pytorch = word && strcmp(word, "pytorch") == 0;
    if (!path)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: path is NULL");
    if (!word || (!pytorch && strcmp(word, "deepid") != 0))
        return dpid_fail(net->head.ctx, DEEPID_ERR_SPEC, "net: layout is '%s', expected deepid or pytorch",
                         word ? word : "NULL");
    DPID_TRY(dpid_safetensors_read(net->head.ctx, path, &file));
    const int32_t status = read_values(net, &file, path, pytorch ? LAYOUT_PYTORCH : LAYOUT_DEEPID);
    dpid_safetensors_release(&file);
    return status;
}

int32_t deepid_net_load_weights(deepid_net *net, const char *path, const char *layout_word)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, load_weights(net, path, layout_word));
}
