/* What stands behind a block: the rest of the net's text as a net of its own, with the same weights. */
#include "identity/identity.h"

#include "identity/deepen/splice.h"
#include "net/spec.h"

#include <string.h>

/* Items behind the first `where` blocks, copies counted; where = 0: from the first block on. Changes the count of
   the item that is cut. */
static dpid_item *items_behind(dpid_item *item, int64_t where)
{
    for (; item; item = item->next) {
        if (item->kind)
            continue;
        if (where == 0)
            return item;
        if (item->count > where) {
            item->count -= where;
            return item;
        }
        where -= item->count;
        if (where == 0)
            return item->next;
    }
    return NULL;
}

/* The same in a net of layers alone: behind the steps that come before `value` is read. */
static dpid_item *items_from(const deepid_net *net, dpid_item *item, int32_t value)
{
    int64_t layers = 0;
    while (layers < net->steps && net->step[layers].in != value)
        layers++;
    for (; item && item->count <= layers; item = item->next)
        layers -= item->count;
    if (item)
        item->count -= layers;
    return item;
}

/* Its layers are the net's last ones, so are its numbers. */
static void copy_tail(const deepid_net *net, deepid_net *head)
{
    for (int64_t i = 0; i < head->values_reals; i++)
        dpid_store(head->precision, head->values, i,
                   dpid_fetch(net->precision, net->values, net->values_reals - head->values_reals + i));
    for (int64_t i = 0; i < head->states_reals; i++)
        dpid_store(head->precision, head->states, i,
                   dpid_fetch(net->precision, net->states, net->states_reals - head->states_reals + i));
}

static int32_t make_head(dpid_arena *arena, const deepid_net *net, int64_t where, int32_t value, deepid_net **out)
{
    dpid_spec spec;
    dpid_string text = {.ctx = arena->ctx};
    DPID_TRY(dpid_spec_parse(arena, net->text, &spec));
    spec.items = net->blocks > 0 ? items_behind(spec.items, where) : items_from(net, spec.items, value);
    spec.exact = true;
    spec.input = net->value[value].shape;
    *out = NULL;
    if (!spec.items)
        return DEEPID_OK;
    dpid_spec_print(&text, &spec);
    const int32_t status =
        text.status == DEEPID_OK ? dpid_net_create_within(arena->ctx, text.text, DEEPID_F64, -1, out) : text.status;
    dpid_string_release(&text);
    if (status == DEEPID_OK)
        copy_tail(net, *out);
    return status;
}

int32_t dpid_identity_head(const deepid_net *net, int64_t where, int32_t *value, deepid_net **out)
{
    dpid_arena arena = {.ctx = net->head.ctx};
    if (where < 0 || where > net->blocks)
        return dpid_fail(arena.ctx, DEEPID_ERR_ARGUMENT,
                         "identity: where is %lld, expected 0 to %d, the net's number of blocks", (long long)where,
                         net->blocks);
    *value = dpid_place_value(net, where);
    if (*value < 0)
        return dpid_fail(arena.ctx, DEEPID_ERR_ARGUMENT,
                         "identity: the net has no blocks and no layer with parameters to stand in front of");
    const int32_t status = make_head(&arena, net, where, *value, out);
    dpid_arena_release(&arena);
    return status;
}
