/* Legends: names of classes and categories; the classes of labels that are whole numbers. */
#include "data/legend.h"

#include "data/data.h"
#include "data/lexicon.h"

#include <string.h>

int32_t dpid_legend_create(deepid_ctx *ctx, dpid_legend **out)
{
    DPID_TRY(dpid_alloc(ctx, 1, sizeof **out, "legend", out));
    (*out)->arena.ctx = ctx;
    (*out)->about = (*out)->warnings = "";
    return DEEPID_OK;
}

void dpid_legend_destroy(dpid_legend *legend)
{
    if (!legend)
        return;
    deepid_ctx *ctx = legend->arena.ctx;
    dpid_arena_release(&legend->arena);
    dpid_free(ctx, legend);
}

int32_t dpid_legend_keep(dpid_legend *legend, dpid_string *text, const char **out)
{
    char *copy = NULL;
    int32_t status = text->status;
    if (status == DEEPID_OK)
        status = dpid_arena_text(&legend->arena, text->text ? text->text : "", text->length, &copy);
    dpid_string_release(text);
    if (status == DEEPID_OK)
        *out = copy;
    return status;
}

void dpid_legend_print_classes(const dpid_legend *legend, dpid_string *out)
{
    enum { LISTED = 10 };
    for (int64_t k = 0; k < legend->classes; k++) {
        if (legend->classes > LISTED && k == LISTED - 1 && k < legend->classes - 1) {
            dpid_string_add(out, ", ...");
            k = legend->classes - 1;
        }
        dpid_string_format(out, "%s%s = %lld", k ? ", " : "", legend->class_name[k], (long long)k);
    }
}

/* ---- labels that are whole numbers ----------------------------------------------------------------- */

int64_t dpid_distinct_find(const dpid_distinct *set, double value)
{
    int64_t low = 0;
    int64_t high = set->count;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (set->value[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t dpid_distinct_add(dpid_arena *arena, dpid_distinct *set, double value, const char *what)
{
    enum { FIRST = 64 };
    const int64_t at = dpid_distinct_find(set, value);
    if (at < set->count && set->value[at] == value)
        return DEEPID_OK;
    if (set->count == DPID_CLASSES_MAX)
        return dpid_fail(arena->ctx, DEEPID_ERR_LABEL, "%s more than %d different labels, expected at most that many",
                         what, DPID_CLASSES_MAX);
    if (set->count == set->room) {
        double *grown = NULL;
        set->room = set->room ? 2 * set->room : FIRST;
        DPID_TRY(dpid_arena_alloc(arena, set->room, sizeof *grown, "labels", &grown));
        if (set->count > 0)
            memcpy(grown, set->value, sizeof *grown * (size_t)set->count);
        set->value = grown;
    }
    memmove(set->value + at + 1, set->value + at, sizeof *set->value * (size_t)(set->count - at));
    set->value[at] = value;
    set->count++;
    return DEEPID_OK;
}

int32_t dpid_legend_number_classes(dpid_legend *legend, const double *values, int64_t count)
{
    legend->classes = count;
    DPID_TRY(dpid_arena_alloc(&legend->arena, count, sizeof *legend->class_name, "classes", &legend->class_name));
    for (int64_t k = 0; k < count; k++) {
        char *name = NULL;
        const dpid_number_text text = dpid_number(values[k]);
        DPID_TRY(dpid_arena_text(&legend->arena, text.text, (int64_t)strlen(text.text), &name));
        legend->class_name[k] = name;
        legend->mapped |= values[k] != (double)k;
    }
    return DEEPID_OK;
}

/* ---- classes that another legend has numbered ---------------------------------------------------------- */

int32_t dpid_legend_match_classes(dpid_legend *legend, const dpid_legend *like, const char *path, int64_t *number)
{
    dpid_lexicon known = {.arena = &legend->arena};
    const char **names = NULL;
    for (int64_t k = 0; k < like->classes; k++) {
        int64_t unused;
        DPID_TRY(dpid_lexicon_add(&known, like->class_name[k], (int64_t)strlen(like->class_name[k]), &unused));
    }
    for (int64_t k = 0; k < legend->classes; k++) {
        number[k] = dpid_lexicon_find(&known, legend->class_name[k], (int64_t)strlen(legend->class_name[k]));
        if (number[k] < 0)
            return dpid_fail(legend->arena.ctx, DEEPID_ERR_LABEL, "'%s': the training data has no class '%.60s'", path,
                             legend->class_name[k]);
    }
    DPID_TRY(dpid_arena_alloc(&legend->arena, like->classes, sizeof *names, "classes", &names));
    for (int64_t k = 0; k < like->classes; k++)
        names[k] = known.word[k];
    legend->class_name = names;
    legend->classes = like->classes;
    legend->mapped = like->mapped;
    return DEEPID_OK;
}
