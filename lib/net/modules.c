/* Tensors by module: what stands before the last dot of their names. */
#include "net/modules.h"

#include <stdlib.h>
#include <string.h>

#define BATCHES "num_batches_tracked"
#define AVERAGED "n_averaged" /* of torch.optim.swa_utils.AveragedModel */

/* ---- names ------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits at p, of which `left` may be: without leading zeros, and how long. */
static size_t take_number(const char **p, size_t left)
{
    size_t zeros = 0;
    size_t length = 0;
    while (zeros < left && (*p)[zeros] == '0')
        zeros++;
    *p += zeros;
    while (zeros + length < left && is_digit((*p)[length]))
        length++;
    return length;
}

/* The order of two components without their numbers; *numbers that of the first numbers which differ. */
static int compare_stems(const char *a, size_t a_length, const char *b, size_t b_length, int *numbers)
{
    const char *a_end = a + a_length;
    const char *b_end = b + b_length;
    *numbers = 0;
    while (a < a_end && b < b_end) {
        if (!is_digit(*a) || !is_digit(*b)) {
            if (*a != *b)
                return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
            a++;
            b++;
            continue;
        }
        const size_t a_digits = take_number(&a, (size_t)(a_end - a));
        const size_t b_digits = take_number(&b, (size_t)(b_end - b));
        const int order = a_digits != b_digits ? (a_digits < b_digits ? -1 : 1) : memcmp(a, b, a_digits);
        *numbers = *numbers ? *numbers : order;
        a += a_digits;
        b += b_digits;
    }
    return (a < a_end) - (b < b_end);
}

bool dpid_name_same_stem(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int numbers;
    return compare_stems(a, a_length, b, b_length, &numbers) == 0;
}

int dpid_name_compare(const char *a, const char *b)
{
    const char *a_whole = a;
    const char *b_whole = b;
    while (*a && *b) {
        const size_t a_length = strcspn(a, ".");
        const size_t b_length = strcspn(b, ".");
        int numbers;
        const int stems = compare_stems(a, a_length, b, b_length, &numbers);
        if (stems || numbers)
            return stems ? stems : numbers;
        if (a_length != b_length || memcmp(a, b, a_length) != 0) /* "a01" and "a1" */
            return a_length != b_length ? (a_length < b_length ? -1 : 1) : memcmp(a, b, a_length);
        a += a_length + (a[a_length] == '.');
        b += b_length + (b[b_length] == '.');
    }
    return *a || *b ? (*a != 0) - (*b != 0) : strcmp(a_whole, b_whole);
}

/* ---- modules ------------------------------------------------------------------------------- */

/* Where the last component of a name begins. */
static const char *suffix_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

static int32_t copy_prefix(dpid_arena *arena, const char *name, char **out)
{
    const int64_t length = suffix_of(name) - name;
    return dpid_arena_text(arena, name, length > 0 ? length - 1 : 0, out);
}

static int compare_parts(const void *a, const void *b)
{
    return strcmp(((const dpid_module_part *)a)->suffix, ((const dpid_module_part *)b)->suffix);
}

static int32_t describe(dpid_arena *arena, dpid_module *m, const dpid_file_tensor *tensors)
{
    dpid_string s = {.ctx = arena->ctx};
    char *text = NULL;
    qsort(m->part, (size_t)m->parts, sizeof *m->part, compare_parts);
    for (int32_t k = 0; k < m->parts; k++) {
        const dpid_file_tensor *t = m->part[k].tensor ? m->part[k].tensor : &tensors[m->part[k].parameter];
        const int32_t rank = t->rank < DPID_RANK_MAX ? t->rank : DPID_RANK_MAX;
        if (m->part[k].alone) {
            dpid_string_format(&s, "%s %lld", m->part[k].suffix, (long long)t->count);
            continue;
        }
        dpid_string_format(&s, "%s%s %s%s", k ? ", " : "", m->part[k].suffix,
                           rank ? dpid_shape_text(rank, t->extents).text : "1", rank < t->rank ? "x..." : "");
    }
    const int32_t status = s.status == DEEPID_OK ? dpid_arena_text(arena, s.text, s.length, &text) : s.status;
    dpid_string_release(&s);
    m->shapes = text;
    return status;
}

static int32_t add_layer(dpid_arena *arena, const deepid_net *net, const dpid_file_tensor *tensors, int32_t i,
                         dpid_modules *out)
{
    const dpid_layer *layer = &net->layer[i];
    dpid_module *m = &out->module[out->count];
    *m = (dpid_module){.prefix = layer->name,
                       .parts = layer->op.parameters,
                       .shortcut = layer->shortcut,
                       .layer = i,
                       .block = layer->block};
    if (m->parts == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(arena, m->parts, sizeof *m->part, "modules", &m->part));
    for (int32_t k = 0; k < m->parts; k++)
        m->part[k] = (dpid_module_part){.suffix = layer->op.parameter[k].name, .parameter = layer->parameter[k]};
    out->count++;
    return describe(arena, m, tensors);
}

int32_t dpid_modules_of_net(dpid_arena *arena, const deepid_net *net, const dpid_weights_layout *layout,
                            dpid_modules *out)
{
    dpid_file_tensor *tensors = NULL;
    *out = (dpid_modules){.count = 0};
    DPID_TRY(dpid_arena_alloc(arena, net->layers, sizeof *out->module, "modules", &out->module));
    DPID_TRY(dpid_arena_alloc(arena, net->parameters, sizeof *tensors, "modules", &tensors));
    for (int32_t i = 0; i < net->parameters; i++) {
        tensors[i].rank = net->parameter[i].spec.rank;
        dpid_weights_extents(layout, &net->parameter[i], tensors[i].extents);
    }
    for (int32_t i = 0; i < net->layers; i++)
        DPID_TRY(add_layer(arena, net, tensors, i, out));
    return DEEPID_OK;
}

/* ---- of a file ------------------------------------------------------------------------------- */

typedef struct {
    const char *prefix;
    const dpid_file_tensor *tensor;
    bool alone;
} prefixed;

static int compare_prefixed(const void *a, const void *b)
{
    return dpid_name_compare(((const prefixed *)a)->prefix, ((const prefixed *)b)->prefix);
}

static bool names_tensor(const deepid_net *net, const char *name)
{
    const char *suffix = suffix_of(name);
    for (int32_t i = 0; i < net->parameters; i++)
        if (strcmp(suffix, net->parameter[i].spec.name) == 0)
            return true;
    return strcmp(suffix, BATCHES) == 0;
}

bool dpid_tensor_is_vector(const dpid_file_tensor *t)
{
    int32_t axes = 0;
    for (int32_t k = 0; k < t->rank && k < DPID_RANK_MAX; k++)
        axes += t->extents[k] != 1;
    return axes <= 1 && t->rank <= DPID_RANK_MAX;
}

static bool has_scale(const deepid_net *net)
{
    for (int32_t i = 0; i < net->layers; i++)
        if (net->layer[i].op.kind->flags & DPID_KIND_SCALE)
            return true;
    return false;
}

int32_t dpid_modules_of_file(dpid_arena *arena, const deepid_net *net, const dpid_safetensors *file, dpid_modules *out)
{
    const bool scales = has_scale(net);
    prefixed *list = NULL;
    dpid_module_part *parts = NULL;
    int64_t count = 0;
    *out = (dpid_modules){.count = 0};
    DPID_TRY(dpid_arena_alloc(arena, file->count, sizeof *list, "modules", &list));
    DPID_TRY(dpid_arena_alloc(arena, file->count, sizeof *parts, "modules", &parts));
    DPID_TRY(dpid_arena_alloc(arena, file->count, sizeof *out->module, "modules", &out->module));
    for (int64_t i = 0; i < file->count; i++) {
        char *prefix = NULL;
        const char *suffix = suffix_of(file->tensor[i].name);
        const bool needed = strcmp(suffix, BATCHES) != 0 && strcmp(suffix, AVERAGED) != 0;
        const bool alone =
            scales && dpid_tensor_is_vector(&file->tensor[i]) && !names_tensor(net, file->tensor[i].name);
        out->left_aside += !needed;
        DPID_TRY(copy_prefix(arena, file->tensor[i].name, &prefix));
        if (needed)
            list[count++] = (prefixed){alone ? file->tensor[i].name : prefix, &file->tensor[i], alone};
    }
    qsort(list, (size_t)count, sizeof *list, compare_prefixed);
    for (int64_t i = 0; i < count; i++) {
        const bool same = i > 0 && strcmp(list[i].prefix, list[i - 1].prefix) == 0;
        if (!same)
            out->module[out->count++] = (dpid_module){.prefix = list[i].prefix, .part = &parts[i]};
        parts[i] = (dpid_module_part){.suffix = list[i].alone ? "weight" : suffix_of(list[i].tensor->name),
                                      .tensor = list[i].tensor,
                                      .alone = list[i].alone};
        out->module[out->count - 1].parts++;
    }
    for (int32_t i = 0; i < out->count; i++)
        DPID_TRY(describe(arena, &out->module[i], NULL));
    return DEEPID_OK;
}

/* ---- of names ---------------------------------------------------------------------------------- */

/* The module of this prefix: most often the last one. */
static dpid_module *module_of(dpid_modules *list, const char *prefix)
{
    for (int32_t i = list->count - 1; i >= 0; i--)
        if (strcmp(list->module[i].prefix, prefix) == 0)
            return &list->module[i];
    list->module[list->count] = (dpid_module){.prefix = prefix};
    return &list->module[list->count++];
}

static int32_t add_name(dpid_arena *arena, const deepid_net *net, const char *name, dpid_modules *out)
{
    char *prefix = NULL;
    const bool tensor = names_tensor(net, name);
    if (!tensor) {
        (void)module_of(out, name);
        return DEEPID_OK;
    }
    DPID_TRY(copy_prefix(arena, name, &prefix));
    dpid_module *m = module_of(out, prefix);
    if (strcmp(suffix_of(name), BATCHES) == 0) {
        m->has_batches = true;
        return DEEPID_OK;
    }
    if (!m->part)
        DPID_TRY(dpid_arena_alloc(arena, DPID_OP_PARAMETERS_MAX, sizeof *m->part, "modules", &m->part));
    if (m->parts == DPID_OP_PARAMETERS_MAX)
        return dpid_fail(arena->ctx, DEEPID_ERR_SPEC, "names: '%.80s' has more than %d tensors", prefix, m->parts);
    m->part[m->parts++].suffix = suffix_of(name);
    return DEEPID_OK;
}

int32_t dpid_modules_of_names(dpid_arena *arena, const deepid_net *net, const char *names, dpid_modules *out)
{
    int64_t lines = 1;
    *out = (dpid_modules){.count = 0};
    for (const char *p = names; *p; p++)
        lines += *p == '\n';
    DPID_TRY(dpid_arena_alloc(arena, lines, sizeof *out->module, "modules", &out->module));
    for (const char *p = names; *p;) {
        const char *end = strchrnul(p, '\n');
        const char *stop = end;
        char *name = NULL;
        while (p < stop && dpid_is_blank(*p))
            p++;
        while (stop > p && dpid_is_blank(stop[-1]))
            stop--;
        DPID_TRY(dpid_arena_text(arena, p, stop - p, &name));
        if (*name)
            DPID_TRY(add_name(arena, net, name, out));
        p = *end ? end + 1 : end;
    }
    for (int32_t i = 0; i < out->count; i++)
        if (out->module[i].parts > 0)
            qsort(out->module[i].part, (size_t)out->module[i].parts, sizeof(dpid_module_part), compare_parts);
    return DEEPID_OK;
}

/* ---- for sentences ------------------------------------------------------------------------------- */

void dpid_modules_print(dpid_string *s, const dpid_modules *modules, int32_t first, int64_t most)
{
    const int64_t start = s->length;
    dpid_string_add(s, first > 0 ? "..., " : "");
    for (int32_t i = first; i < modules->count; i++) {
        const dpid_module *m = &modules->module[i];
        const char *shapes = m->shapes ? m->shapes : "";
        if (i > first && s->length - start + (int64_t)(strlen(m->prefix) + strlen(shapes)) > most) {
            dpid_string_add(s, ", ...");
            return;
        }
        dpid_string_format(s, "%s%.60s [%.80s]", i > first ? ", " : "", m->prefix, shapes);
    }
}
