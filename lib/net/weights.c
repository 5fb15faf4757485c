/* A net to a file and back: its parameters and states as tensors, its text in the metadata. */
#include "net/build.h"
#include "net/match.h"

#include <string.h>
#include <unistd.h>

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

/* A net's own file has its tensors in the net's order: the place behind the last find is tried first. */
static const dpid_file_tensor *find_near(const dpid_safetensors *file, const char *name, int64_t *near)
{
    const bool here = *near < file->count && strcmp(file->tensor[*near].name, name) == 0;
    const dpid_file_tensor *t = here ? &file->tensor[*near] : dpid_safetensors_find(file, name);
    *near = t ? t - file->tensor + 1 : *near;
    return t;
}

/* nn.PReLU() has one slope for all channels. */
static bool is_one_slope(const dpid_parameter *p, const dpid_file_tensor *t, const dpid_weights_layout *layout)
{
    return layout->pytorch && p->spec.role == DPID_ROLE_SLOPE && t->rank == 1 && t->count == 1;
}

static int32_t check_tensor(const deepid_net *net, const char *path, const dpid_parameter *p, const dpid_file_tensor *t,
                            const dpid_weights_layout *layout)
{
    int64_t extents[DPID_RANK_MAX] = {0};
    dpid_weights_extents(layout, p, extents);
    if (!t)
        return dpid_fail(net->head.ctx, DEEPID_ERR_FORMAT, "'%s' has no tensor '%s'", path, p->name);
    if (!dpid_file_numbers(t))
        return dpid_fail(net->head.ctx, DEEPID_ERR_DTYPE, "'%s': %s is %s, expected F64, F32, F16 or BF16", path,
                         t->name, t->word);
    if (!layout->pytorch && t->dtype != DEEPID_F32 && t->dtype != DEEPID_F64) /* what the library never wrote */
        return dpid_fail(net->head.ctx, DEEPID_ERR_DTYPE,
                         "'%s': %s is %s, expected F32 or F64 (weights of PyTorch may be F16 or BF16 too)", path,
                         t->name, t->word);
    if (layout->pytorch && (net->layer[p->layer].op.kind->flags & DPID_KIND_SCALE) && dpid_tensor_is_vector(t) &&
        t->count == p->count) /* PyTorch has [], [1], [c, 1, 1] */
        return DEEPID_OK;
    if (t->rank > DPID_RANK_MAX)
        return dpid_fail(net->head.ctx, DEEPID_ERR_SHAPE, "'%s': %s has %d axes, expected %s", path, t->name, t->rank,
                         dpid_shape_text(p->spec.rank, extents).text);
    if (is_one_slope(p, t, layout))
        return DEEPID_OK;
    if (t->rank != p->spec.rank || memcmp(t->extents, extents, sizeof *extents * (size_t)t->rank) != 0)
        return dpid_fail(net->head.ctx, DEEPID_ERR_SHAPE, "'%s': %s is %s, expected %s", path, t->name,
                         dpid_shape_text(t->rank, t->extents).text, dpid_shape_text(p->spec.rank, extents).text);
    return DEEPID_OK;
}

/* Bit for bit where neither type nor order changes. */
static void read_tensor(deepid_net *net, int32_t i, const dpid_file_tensor *t, const dpid_weights_layout *layout)
{
    const dpid_parameter *p = &net->parameter[i];
    const bool turned = dpid_weights_turned(layout, p);
    const bool one = is_one_slope(p, t, layout);
    dpid_file_number *number = dpid_file_numbers(t);
    void *target = dpid_net_parameter_at(net, i);
    if (t->dtype == net->dtype && net->precision != DPID_P80 && !turned && !one) {
        memcpy(target, t->data, (size_t)(p->count * dpid_precision_bytes(net->precision)));
        return;
    }
    for (int64_t k = 0; k < p->count; k++)
        dpid_store(net->precision, target, k, number(t->data, one ? 0 : turned ? dpid_weights_place(layout, p, k) : k));
}

/* from[i]: the tensor of parameter i. All is checked before the first value changes. */
static int32_t read_values(deepid_net *net, const dpid_file_tensor *const *from, const char *path,
                           const dpid_weights_layout *layout)
{
    for (int32_t i = 0; i < net->parameters; i++)
        DPID_TRY(check_tensor(net, path, &net->parameter[i], from[i], layout));
    net->packed = false;
    for (int32_t i = 0; i < net->parameters; i++)
        read_tensor(net, i, from[i], layout);
    return DEEPID_OK;
}

static int32_t find_by_name(dpid_arena *arena, const deepid_net *net, const dpid_safetensors *file,
                            const dpid_file_tensor ***from)
{
    int64_t near = 0;
    DPID_TRY(dpid_arena_alloc(arena, net->parameters, sizeof **from, "weights", from));
    for (int32_t i = 0; i < net->parameters; i++)
        (*from)[i] = find_near(file, net->parameter[i].name, &near);
    return DEEPID_OK;
}

int32_t dpid_net_read_values(deepid_net *net, const dpid_safetensors *file, const char *path)
{
    const dpid_weights_layout ours = {.pytorch = false};
    const dpid_file_tensor **from = NULL;
    dpid_arena arena = {.ctx = net->head.ctx};
    int32_t status = find_by_name(&arena, net, file, &from);
    if (status == DEEPID_OK)
        status = read_values(net, from, path, &ours);
    dpid_arena_release(&arena);
    return status;
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

/* What torch.save writes: a zip, before PyTorch 1.6 a pickle. */
static bool is_of_torch(deepid_ctx *ctx, const char *path)
{
    uint8_t first[4] = {0};
    int64_t bytes;
    int64_t got = 0;
    int fd;
    if (dpid_file_open(ctx, path, &fd, &bytes) != DEEPID_OK)
        return false;
    const int32_t status = dpid_file_read_some(ctx, path, fd, first, sizeof first, &got);
    close(fd);
    return status == DEEPID_OK && got == (int64_t)sizeof first &&
           (memcmp(first, "PK\3\4", sizeof first) == 0 || memcmp(first, "\x80\x02", 2) == 0);
}

static int32_t read_safetensors(deepid_ctx *ctx, const char *path, dpid_safetensors *out)
{
    const int32_t status = dpid_safetensors_read(ctx, path, out);
    if (status != DEEPID_ERR_FORMAT || !is_of_torch(ctx, path))
        return status;
    return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                     "'%s' is a file of torch.save (pickled Python), expected safetensors; in Python: "
                     "safetensors.torch.save_file(module.state_dict(), \"NAME.safetensors\")",
                     path);
}

int32_t dpid_net_load_of(deepid_ctx *ctx, const char *path, int32_t dtype, const char *task, deepid_net **out)
{
    dpid_safetensors file;
    if (!path || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "net: %s is NULL", path ? "out" : "path");
    DPID_TRY(read_safetensors(ctx, path, &file));
    int32_t status = task ? check_task(ctx, &file, path, task) : DEEPID_OK;
    if (status == DEEPID_OK)
        status = dpid_net_from_safetensors(ctx, &file, path, dtype, out);
    if (status == DEEPID_OK)
        dpid_weights_warn(*out, path);
    dpid_safetensors_release(&file);
    return status;
}

int32_t deepid_net_load(deepid_ctx *ctx, const char *path, int32_t dtype, deepid_net **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, dpid_net_load_of(ctx, path, dtype, NULL, out));
}

/* ---- weights of another program --------------------------------------------------------------- */

/* What was found where, for the log. */
static void tell(const deepid_net *net, const char *path, const dpid_modules *mine, const dpid_modules *theirs,
                 const int32_t *place)
{
    dpid_log(net->head.ctx, 1, "'%s': %d modules matched%s", path, mine->count,
             theirs->left_aside > 0 ? ", num_batches_tracked left aside" : "");
    for (int32_t i = 0; i < mine->count; i++)
        dpid_log(net->head.ctx, 1, "%s <- %s [%s]", mine->module[i].prefix, theirs->module[place[i]].prefix,
                 mine->module[i].shapes);
}

static int32_t count_like(const dpid_modules *list, const char *shapes)
{
    int32_t count = 0;
    for (int32_t i = 0; i < list->count; i++)
        count += strcmp(list->module[i].shapes, shapes) == 0;
    return count;
}

/* Slopes of so many channels that the file has not as often are looked for as one slope each. */
static void share_slopes(const deepid_net *net, const dpid_modules *theirs, dpid_modules *mine)
{
    static const char one[] = "weight 1";
    for (int32_t i = 0; i < mine->count; i++) {
        const char *shapes = mine->module[i].shapes;
        if (net->layer[mine->module[i].layer].op.kind != &dpid_kind_prelu || shapes == one ||
            count_like(mine, shapes) == count_like(theirs, shapes))
            continue;
        for (int32_t k = mine->count - 1; k >= i; k--)
            if (net->layer[mine->module[k].layer].op.kind == &dpid_kind_prelu &&
                strcmp(mine->module[k].shapes, shapes) == 0)
                mine->module[k].shapes = one;
    }
}

/* Modules whose texts of shapes are equal have equal parts, by suffix. */
static int32_t find_by_module(dpid_arena *arena, const deepid_net *net, const dpid_safetensors *file, const char *path,
                              const dpid_weights_layout *layout, const char *names, const dpid_file_tensor ***from)
{
    dpid_modules mine;
    dpid_modules theirs;
    dpid_modules named;
    int32_t *place = NULL;
    DPID_TRY(dpid_modules_of_net(arena, net, layout, &mine));
    DPID_TRY(dpid_modules_of_file(arena, net, file, &theirs));
    if (layout->pytorch)
        share_slopes(net, &theirs, &mine);
    DPID_TRY(dpid_arena_alloc(arena, mine.count, sizeof *place, "weights", &place));
    DPID_TRY(dpid_arena_alloc(arena, net->parameters, sizeof **from, "weights", from));
    if (names) {
        DPID_TRY(dpid_modules_of_names(arena, net, names, &named));
        DPID_TRY(dpid_match_by_names(arena, path, &mine, &theirs, &named, place));
    } else
        DPID_TRY(dpid_match_by_order(arena, path, &mine, &theirs, place));
    for (int32_t i = 0; i < mine.count; i++)
        for (int32_t k = 0; k < mine.module[i].parts; k++)
            (*from)[mine.module[i].part[k].parameter] = theirs.module[place[i]].part[k].tensor;
    tell(net, path, &mine, &theirs, place);
    return DEEPID_OK;
}

static int32_t load_from(dpid_arena *arena, deepid_net *net, const dpid_safetensors *file, const char *path,
                         bool pytorch, bool by_order, const char *names)
{
    dpid_weights_layout layout;
    const dpid_file_tensor **from = NULL;
    DPID_TRY(dpid_weights_layout_make(arena, net, pytorch, &layout));
    if (names || by_order)
        DPID_TRY(find_by_module(arena, net, file, path, &layout, names, &from));
    else
        DPID_TRY(find_by_name(arena, net, file, &from));
    return read_values(net, from, path, &layout);
}

static int32_t load_weights(deepid_net *net, const char *path, const char *words, const char *names)
{
    dpid_safetensors file;
    bool pytorch;
    bool by_order;
    dpid_arena arena = {.ctx = net->head.ctx};
    if (!path)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: path is NULL");
    DPID_TRY(dpid_weights_options(net->head.ctx, words, &pytorch, &by_order));
    DPID_TRY(read_safetensors(net->head.ctx, path, &file));
    const int32_t status = load_from(&arena, net, &file, path, pytorch, by_order, names);
    if (status == DEEPID_OK)
        dpid_weights_warn(net, path);
    dpid_arena_release(&arena);
    dpid_safetensors_release(&file);
    return status;
}

int32_t deepid_net_load_weights(deepid_net *net, const char *path, const char *options)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, load_weights(net, path, options, NULL));
}

int32_t deepid_net_load_weights_named(deepid_net *net, const char *path, const char *options, const char *names)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    const int32_t status = names ? load_weights(net, path, options, names)
                                 : dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: names is NULL");
    return dpid_leave(net->head.ctx, status);
}
