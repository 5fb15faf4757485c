/* Rows of layers: the longest stretch of a net that is one piece again and again. */
#include "net/row.h"

#include <string.h>

typedef struct {
    dpid_item **item; /* all are layers */
    const deepid_net *net;
    int64_t count;
} layers;

typedef struct {
    int64_t first, period, copies;
} row;

static bool same(const dpid_item *a, const dpid_item *b)
{
    return a->kind == b->kind && a->options.length == b->options.length &&
           strncmp(a->options.text, b->options.text, (size_t)a->options.length) == 0;
}

/* What enters layer i; of a net without blocks step i is layer i. */
static const dpid_shape *shape_before(const layers *l, int64_t i)
{
    return &l->net->value[i == 0 ? 0 : l->net->step[i - 1].out].shape;
}

/* Does a copy of the piece first .. first + period - 1 stand at `at`? */
static bool is_copy(const layers *l, int64_t first, int64_t period, int64_t at)
{
    if (at + period >= l->count)
        return false;
    for (int64_t i = 0; i < period; i++)
        if (!same(l->item[first + i], l->item[at + i]))
            return false;
    return true;
}

static row row_at(const layers *l, int64_t first, int64_t period)
{
    row r = {first, period, 0};
    if (first + period >= l->count || !dpid_shape_equal(shape_before(l, first), shape_before(l, first + period)))
        return r;
    while (is_copy(l, first, period, first + r.copies * period))
        r.copies++;
    return r;
}

/* Of at least so many copies: the one of most layers; of those the one of the shortest piece, then the first. The last
   layer gives the net's answer and is in none. */
static row longest(const layers *l, int64_t copies)
{
    enum { PERIOD_MAX = 64 };
    row best = {0, 1, 0};
    for (int64_t period = 1; period <= l->count / 2 && period <= PERIOD_MAX; period++) {
        for (int64_t first = 0; first + period < l->count; first++) {
            if (!(l->item[first]->kind->flags & DPID_KIND_WEIGHT))
                continue;
            const row r = row_at(l, first, period);
            if (r.copies >= copies && r.copies * r.period > best.copies * best.period)
                best = r;
        }
    }
    return best;
}

static int32_t list_layers(dpid_arena *arena, const dpid_spec *spec, layers *l)
{
    for (const dpid_item *item = spec->items; item; item = item->next)
        l->count++;
    DPID_TRY(dpid_arena_alloc(arena, l->count + 1, sizeof *l->item, "row", &l->item));
    int64_t i = 0;
    for (dpid_item *item = spec->items; item; item = item->next)
        l->item[i++] = item;
    return DEEPID_OK;
}

int32_t dpid_spec_fold(dpid_arena *arena, dpid_spec *spec, const deepid_net *net, int64_t *blocks)
{
    layers l = {.net = net};
    dpid_item *block = NULL;
    *blocks = 0;
    if (net->blocks > 0)
        return DEEPID_OK;
    DPID_TRY(list_layers(arena, spec, &l));
    if (l.count != net->layers) /* an item that is several layers, or none */
        return DEEPID_OK;
    const row repeated = longest(&l, 2);
    const row r = repeated.copies > 0 ? repeated : longest(&l, 1);
    if (r.copies == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(arena, 1, sizeof *block, "row", &block));
    *block = (dpid_item){.next = l.item[r.first + r.copies * r.period],
                         .where = l.item[r.first]->where,
                         .count = r.copies,
                         .shortcut = DPID_SHORTCUT_IDENTITY,
                         .body = l.item[r.first]};
    while (strcmp(dpid_variant_at(block->variant)->word, "plain") != 0)
        block->variant++;
    l.item[r.first + r.period - 1]->next = NULL;
    if (r.first == 0)
        spec->items = block;
    else
        l.item[r.first - 1]->next = block;
    *blocks = r.copies;
    return DEEPID_OK;
}
