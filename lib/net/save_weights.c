/* The weights of a net for another program: in the names and the layout of PyTorch. */
#include "net/modules.h"

#include <stdio.h>
#include <string.h>

#define BATCHES "num_batches_tracked"

/* ---- names ----------------------------------------------------------------------------------- */

static int32_t set_name(dpid_arena *arena, dpid_module *m, const char *name)
{
    char *kept = NULL;
    DPID_TRY(dpid_arena_text(arena, name, (int64_t)strlen(name), &kept));
    m->prefix = kept;
    return DEEPID_OK;
}

typedef struct {
    int64_t item, branch, shortcut; /* numbers to come */
    int32_t block;                  /* the last one with a skip */
} numbering;

/* A layer outside of blocks, or of one without a skip, is an item of an nn.Sequential; a block with a skip is one that
   has two, `branch` and `shortcut`, and perhaps `norm`. */
static void name_of(const deepid_net *net, int32_t layer, numbering *at, char text[static 64])
{
    const dpid_layer *l = &net->layer[layer];
    if (l->block == 0 || net->block[l->block - 1].s == 0) {
        snprintf(text, 64, "%lld", (long long)at->item++);
        return;
    }
    if (l->block != at->block)
        *at = (numbering){.item = at->item + 1, .block = l->block};
    if (l->behind) {
        snprintf(text, 64, "%lld.norm", (long long)at->item - 1);
        return;
    }
    snprintf(text, 64, "%lld.%s.%lld", (long long)at->item - 1,
             l->gate       ? "gate"
             : l->shortcut ? "shortcut"
                           : "branch",
             (long long)(l->shortcut ? at->shortcut++ : at->branch++));
}

static int32_t name_by_rule(dpid_arena *arena, const deepid_net *net, dpid_modules *mine)
{
    char text[64];
    numbering at = {0};
    int32_t m = 0;
    for (int32_t i = 0; i < net->layers && m < mine->count; i++) {
        name_of(net, i, &at, text);
        if (mine->module[m].layer == i)
            DPID_TRY(set_name(arena, &mine->module[m++], text));
    }
    return DEEPID_OK;
}

static int32_t check_named(const deepid_net *net, const dpid_module *m, const dpid_module *named)
{
    bool fits = named->parts == 0 || named->parts == m->parts;
    for (int32_t k = 0; fits && k < named->parts; k++)
        fits = strcmp(named->part[k].suffix, m->part[k].suffix) == 0;
    return fits ? DEEPID_OK
                : dpid_fail(net->head.ctx, DEEPID_ERR_SPEC,
                            "names: '%.80s' has %d tensors, of which not all are those of %s [%.120s]", named->prefix,
                            named->parts, m->prefix, m->shapes);
}

static bool has_statistics(const deepid_net *net, const dpid_module *m)
{
    bool has = false;
    for (int32_t k = 0; k < m->parts; k++)
        has |= net->parameter[m->part[k].parameter].spec.role == DPID_ROLE_VARIANCE;
    return has;
}

/* Where tensors are named, num_batches_tracked is written only when it is named too. */
static int32_t name_by_list(dpid_arena *arena, const deepid_net *net, const char *names, dpid_modules *mine)
{
    dpid_modules named;
    DPID_TRY(dpid_modules_of_names(arena, net, names, &named));
    if (named.count != mine->count)
        return dpid_fail(arena->ctx, DEEPID_ERR_SPEC, "names has %d modules, the net %d layers with parameters",
                         named.count, mine->count);
    bool tensors = false;
    for (int32_t i = 0; i < named.count; i++)
        tensors |= named.module[i].parts > 0;
    for (int32_t i = 0; i < mine->count; i++) {
        dpid_module *m = &mine->module[i];
        if (tensors && named.module[i].parts == 0 && (net->layer[m->layer].op.kind->flags & DPID_KIND_SCALE))
            m->part[0].suffix = ""; /* among names of tensors one like "block.alpha" is the whole name */
        DPID_TRY(check_named(net, m, &named.module[i]));
        m->prefix = named.module[i].prefix;
        m->has_batches &= named.module[i].parts == 0 || named.module[i].has_batches;
    }
    return DEEPID_OK;
}

static int32_t name_modules(dpid_arena *arena, const deepid_net *net, const dpid_weights_layout *layout,
                            const char *names, dpid_modules *mine)
{
    for (int32_t i = 0; i < mine->count; i++)
        mine->module[i].has_batches = layout->pytorch && has_statistics(net, &mine->module[i]);
    if (names)
        return name_by_list(arena, net, names, mine);
    return layout->pytorch ? name_by_rule(arena, net, mine) : DEEPID_OK;
}

/* ---- tensors ----------------------------------------------------------------------------------- */

static int32_t join_names(dpid_arena *arena, const char *prefix, const char *suffix, char **out)
{
    dpid_string s = {.ctx = arena->ctx};
    dpid_string_format(&s, "%s%s%s", prefix, *prefix && *suffix ? "." : "", suffix);
    const int32_t status = s.status == DEEPID_OK ? dpid_arena_text(arena, s.text, s.length, out) : s.status;
    dpid_string_release(&s);
    return status;
}

static int32_t add_batches(dpid_arena *arena, const dpid_modules *mine, dpid_file_tensor *list, int64_t *count)
{
    static const int64_t zero;
    for (int32_t i = 0; i < mine->count; i++) {
        char *name = NULL;
        if (!mine->module[i].has_batches)
            continue;
        DPID_TRY(join_names(arena, mine->module[i].prefix, BATCHES, &name));
        list[(*count)++] = (dpid_file_tensor){.name = name, .dtype = DEEPID_I64, .data = &zero};
    }
    return DEEPID_OK;
}

static int32_t turn(dpid_arena *arena, const deepid_net *net, const dpid_weights_layout *layout, int32_t i,
                    dpid_file_tensor *t)
{
    const dpid_parameter *p = &net->parameter[i];
    void *turned = NULL;
    t->data = dpid_net_parameter_at(net, i);
    if (!dpid_weights_turned(layout, p))
        return DEEPID_OK;
    const int64_t bytes = dpid_precision_bytes(net->precision);
    DPID_TRY(dpid_arena_alloc(arena, p->count, bytes, "weights", &turned));
    for (int64_t k = 0; k < p->count; k++)
        memcpy((char *)turned + dpid_weights_place(layout, p, k) * bytes, (const char *)t->data + k * bytes,
               (size_t)bytes);
    t->data = turned;
    return DEEPID_OK;
}

static int32_t list_tensors(dpid_arena *arena, const deepid_net *net, const dpid_weights_layout *layout,
                            const dpid_modules *mine, dpid_file_tensor **list, int64_t *count)
{
    *count = 0;
    DPID_TRY(dpid_arena_alloc(arena, (int64_t)net->parameters + mine->count, sizeof **list, "weights", list));
    DPID_TRY(add_batches(arena, mine, *list, count)); /* of 8 bytes, and so first: others need not lie at such places */
    for (int32_t i = 0; i < mine->count; i++) {
        for (int32_t k = 0; k < mine->module[i].parts; k++) {
            const int32_t parameter = mine->module[i].part[k].parameter;
            dpid_file_tensor *t = &(*list)[(*count)++];
            char *name = NULL;
            DPID_TRY(join_names(arena, mine->module[i].prefix, mine->module[i].part[k].suffix, &name));
            *t = (dpid_file_tensor){.name = name, .dtype = net->dtype, .rank = net->parameter[parameter].spec.rank};
            dpid_weights_extents(layout, &net->parameter[parameter], t->extents);
            DPID_TRY(turn(arena, net, layout, parameter, t));
        }
    }
    return DEEPID_OK;
}

/* ---- the file -------------------------------------------------------------------------------------- */

static int32_t save(dpid_arena *arena, const deepid_net *net, const char *path, bool pytorch, const char *names)
{
    static const dpid_file_text maker = {"format", "pt"}; /* which Hugging Face's readers ask for */
    dpid_weights_layout layout;
    dpid_modules mine;
    dpid_file_tensor *list = NULL;
    int64_t count;
    DPID_TRY(dpid_weights_layout_make(arena, net, pytorch, &layout));
    DPID_TRY(dpid_modules_of_net(arena, net, &layout, &mine));
    DPID_TRY(name_modules(arena, net, &layout, names, &mine));
    DPID_TRY(list_tensors(arena, net, &layout, &mine, &list, &count));
    return dpid_safetensors_write(arena->ctx, path, list, count, &maker, pytorch);
}

int32_t deepid_net_save_weights(const deepid_net *net, const char *path, const char *layout, const char *names)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    deepid_ctx *ctx = net->head.ctx;
    dpid_arena arena = {.ctx = ctx};
    bool pytorch;
    bool by_order;
    int32_t status = path ? dpid_weights_options(ctx, layout, &pytorch, &by_order)
                          : dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "net: path is NULL");
    if (status == DEEPID_OK && by_order)
        status = dpid_fail(ctx, DEEPID_ERR_SPEC, "layout: match=order is for loading");
    if (status == DEEPID_OK)
        status = save(&arena, net, path, pytorch, names);
    dpid_arena_release(&arena);
    return dpid_leave(ctx, status);
}
