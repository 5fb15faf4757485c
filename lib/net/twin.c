/* Twins: the blocks of a text with another skip weight, y = after(F(x) + s shortcut(x)). */
#include "net/twin.h"

#include "net/row.h"

#include <string.h>

/* The row whose word says what the block is: plain without a skip, residual with one. */
static int32_t twin_row(int32_t row, double s)
{
    const dpid_variant *own = dpid_variant_at(row);
    int32_t twin = 0;
    if ((own->s != 0) == (s != 0))
        return row;
    while (strcmp(dpid_variant_at(twin)->word, own->twin) != 0)
        twin++;
    return twin;
}

/* ---- the text --------------------------------------------------------------------------------- */

typedef struct {
    int64_t blocks, projections;
} found;

/* Trained scales start at 1 in plain blocks: a branch that starts silent would be a block that does, and no gradient
   comes through a few of them. */
static int32_t start_scales(dpid_arena *arena, dpid_item *body)
{
    for (; body; body = body->next)
        if (body->kind && body->kind->flags & DPID_KIND_SCALE)
            DPID_TRY(dpid_item_set(arena, body, "init", 1));
    return DEEPID_OK;
}

/* A block without a skip cannot pass a sample by: it has no stochastic depth, unless it is nothing else. */
static void drop_depth(dpid_item **body)
{
    for (dpid_item **at = body; *at;)
        if ((*at)->kind == &dpid_kind_stochastic_depth && (*body)->next)
            *at = (*at)->next;
        else
            at = &(*at)->next;
}

static int32_t set_skips(dpid_arena *arena, dpid_item *item, double s, bool pad, found *f)
{
    for (; item; item = item->next) {
        if (item->kind)
            continue;
        f->blocks++;
        f->projections += item->shortcut == DPID_SHORTCUT_B || item->shortcut == DPID_SHORTCUT_C;
        const int32_t twin = twin_row(item->variant, s);
        /* plain gates start as open as those beside a skip start shut: else a few of them let nothing through */
        if (twin != item->variant && item->gate != 0)
            item->gate = -item->gate;
        item->variant = twin;
        item->s = s;
        if (s == 0) {
            drop_depth(&item->body);
            DPID_TRY(start_scales(arena, item->body));
        }
        if (pad && item->shortcut == DPID_SHORTCUT_IDENTITY)
            item->shortcut = DPID_SHORTCUT_A;
    }
    return DEEPID_OK;
}

static int32_t check(deepid_ctx *ctx, found f)
{
    if (f.blocks == 0)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                         "the net has no block and no row of layers that keeps its shape, so no skip can be put around "
                         "one; write its layers as blocks, such as plain { dense out=16; relu }");
    if (f.projections > 0)
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                         "%lld of the net's blocks have a projection shortcut, whose parameters a twin with another "
                         "skip would not share; take shortcut=A",
                         (long long)f.projections);
    return DEEPID_OK;
}

/* A net without blocks: its longest row of layers becomes blocks. */
static int32_t fold(dpid_arena *arena, const char *text, dpid_spec *spec)
{
    deepid_net *net = NULL;
    int64_t blocks;
    DPID_TRY(dpid_net_create_within(arena->ctx, text, DEEPID_F32, -1, &net));
    const int32_t status = dpid_spec_fold(arena, spec, net, &blocks);
    deepid_net_destroy(net);
    return status;
}

static int32_t write(dpid_arena *arena, const char *text, double s, bool pad, dpid_string *out)
{
    dpid_spec spec = {.items = NULL};
    found f = {0};
    DPID_TRY(dpid_spec_parse(arena, text, &spec));
    DPID_TRY(fold(arena, text, &spec));
    DPID_TRY(set_skips(arena, spec.items, s, pad, &f));
    DPID_TRY(check(arena->ctx, f));
    out->length = 0;
    dpid_spec_print(out, &spec);
    return out->status;
}

/* Is it a net? */
static int32_t try(const dpid_string *text)
{
    deepid_net *net = NULL;
    const int32_t status = dpid_net_create_within(text->ctx, text->text, DEEPID_F32, -1, &net);
    deepid_net_destroy(net);
    return status;
}

int32_t dpid_twin_text(deepid_ctx *ctx, const char *text, double s, char **out)
{
    dpid_arena arena = {.ctx = ctx};
    dpid_string twin = {.ctx = ctx};
    int32_t status = write(&arena, text, s, false, &twin);
    if (status == DEEPID_OK)
        status = try(&twin);
    if (status == DEEPID_ERR_SHAPE) {
        status = write(&arena, text, s, true, &twin);
        if (status == DEEPID_OK)
            status = try(&twin);
    }
    if (status == DEEPID_OK)
        status = dpid_copy_text(ctx, twin.text, out);
    dpid_string_release(&twin);
    dpid_arena_release(&arena);
    return status;
}
