/* Putting blocks between the blocks of a net. That changes the numbers of blocks, and so the names of layers, but not
   the order of the old layers: parameters are copied by order. */
#include "identity/deepen/splice.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- places ------------------------------------------------------------------------------ */

/* The last layer with parameters: the head. -1: none. */
static int32_t head_of(const deepid_net *net)
{
    int32_t head = net->layers - 1;
    while (head >= 0 && net->layer[head].op.parameters == 0)
        head--;
    return head;
}

int32_t dpid_place_value(const deepid_net *net, int64_t place)
{
    if (place > 0)
        return net->block[place - 1].out;
    if (net->blocks > 0)
        return net->block[0].in;
    const int32_t head = head_of(net);
    return head < 0 ? -1 : net->step[head].in; /* without blocks a step is a layer */
}

/* ---- the block ----------------------------------------------------------------------------- */

/* "identity" alone: for pictures and series the usual block of that word. */
static int32_t complete_word(deepid_ctx *ctx, const dpid_shape *shape, const char *block, dpid_string *text)
{
    dpid_span rest;
    const dpid_span word = dpid_first_word(dpid_span_of(block), &rest);
    dpid_string_add(text, block);
    const dpid_variant *known = dpid_set_find(&dpid_variants, word);
    if (!known || dpid_first_word(rest, &rest).length > 0)
        return text->status;
    if (shape->rank == 1)
        return dpid_fail(ctx, DEEPID_ERR_SPEC,
                         "block '%.*s': a word alone is a block of convolutions, here flow %s values; give its layers, "
                         "such as %.*s { dense out=%lld; relu }",
                         (int)word.length, word.text, dpid_shape_text(shape->rank, shape->extent).text,
                         (int)word.length, word.text, (long long)shape->extent[0]);
    const int64_t c = shape->extent[shape->rank - 1];
    dpid_string_format(text, " out=%lld", (long long)(known->wide ? (c + 3) / 4 : c));
    return text->status;
}

/* The block begins on line 2 of the text that is parsed: line 1 of its own. */
static int32_t own_lines(deepid_ctx *ctx, int32_t status)
{
    char sentence[DPID_ERROR_MAX];
    snprintf(sentence, sizeof sentence, "%s", ctx->error);
    const char *digits = strncmp(sentence, "line ", 5) == 0 ? sentence + 5 : NULL;
    const char *comma = digits ? strchr(digits, ',') : NULL;
    int64_t line;
    if (!comma || !dpid_parse_int(digits, comma - digits, &line))
        return dpid_fail(ctx, status, "block: %s", sentence);
    return dpid_fail(ctx, status, "block: line %lld%s", (long long)line - 1, comma);
}

static int32_t check_single(deepid_ctx *ctx, const dpid_spec *spec, const char *block)
{
    const dpid_item *item = spec->items;
    if (!item || item->next || item->kind)
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "block '%s': expected one block, such as plain { dense out=16; relu }",
                         block);
    if (item->count != 1)
        return dpid_fail(ctx, DEEPID_ERR_SPEC,
                         "block '%s': it is repeated %lld times; how often it is added is a number of its own", block,
                         (long long)item->count);
    return DEEPID_OK;
}

static int32_t check_shape(const deepid_net *net, const char *block)
{
    const dpid_shape *in = &net->value[0].shape;
    const dpid_shape *out = &net->value[net->block[0].out].shape;
    if (dpid_shape_equal(in, out))
        return DEEPID_OK;
    return dpid_fail(net->head.ctx, DEEPID_ERR_SHAPE,
                     "block '%s' turns %s into %s: only a block that keeps the shape can be the identity", block,
                     dpid_shape_text(in->rank, in->extent).text, dpid_shape_text(out->rank, out->extent).text);
}

static int32_t make_block(deepid_ctx *ctx, const dpid_shape *shape, const char *block, dpid_arena *arena,
                          dpid_string *text, deepid_net **out)
{
    dpid_spec spec = {.items = NULL};
    dpid_string_format(text, "input %s;\n", dpid_shape_text(shape->rank, shape->extent).text);
    DPID_TRY(complete_word(ctx, shape, block, text));
    int32_t status = dpid_spec_parse(arena, text->text, &spec);
    if (status == DEEPID_ERR_SPEC)
        return own_lines(ctx, status);
    DPID_TRY(status);
    DPID_TRY(check_single(ctx, &spec, block));
    status = dpid_net_create_within(ctx, text->text, DEEPID_F64, -1, out);
    return status == DEEPID_ERR_SPEC ? own_lines(ctx, status) : status;
}

int32_t dpid_block_net(deepid_ctx *ctx, const dpid_shape *shape, const char *block, deepid_net **out)
{
    dpid_arena arena = {.ctx = ctx};
    dpid_string text = {.ctx = ctx};
    deepid_net *net = NULL;
    int32_t status = make_block(ctx, shape, block, &arena, &text, &net);
    if (status == DEEPID_OK)
        status = check_shape(net, block);
    if (status == DEEPID_OK)
        *out = net;
    else
        deepid_net_destroy(net);
    dpid_string_release(&text);
    dpid_arena_release(&arena);
    return status;
}

/* ---- the text, cut open -------------------------------------------------------------------------- */

typedef struct {
    const deepid_net *net;
    dpid_arena *arena;
    const dpid_item *block;
    const int64_t *count;
    int64_t place; /* blocks passed */
    dpid_item **tail;
} cutter;

static int32_t put(cutter *c, const dpid_item *item, int64_t count)
{
    if (count == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(c->arena, 1, sizeof **c->tail, "net text", c->tail));
    **c->tail = *item;
    (*c->tail)->count = count;
    (*c->tail)->next = NULL;
    c->tail = &(*c->tail)->next;
    return DEEPID_OK;
}

static int32_t cut_blocks(cutter *c, const dpid_item *item)
{
    int64_t run = 0;
    for (int64_t i = 0; i < item->count; i++) {
        if (c->place == 0)
            DPID_TRY(put(c, c->block, c->count[0]));
        run++;
        if (c->count[++c->place] == 0)
            continue;
        DPID_TRY(put(c, item, run));
        DPID_TRY(put(c, c->block, c->count[c->place]));
        run = 0;
    }
    return put(c, item, run);
}

static int32_t cut_items(cutter *c, const dpid_item *item)
{
    const int64_t head = c->net->blocks == 0 ? head_of(c->net) : -1;
    int64_t layer = 0;
    for (; item; item = item->next) {
        const bool here = item->kind && head >= layer && head < layer + item->count;
        if (!item->kind) {
            DPID_TRY(cut_blocks(c, item));
            continue;
        }
        if (here) {
            DPID_TRY(put(c, item, head - layer));
            DPID_TRY(put(c, c->block, c->count[0]));
        }
        DPID_TRY(put(c, item, here ? item->count - (head - layer) : item->count));
        layer += item->count;
    }
    return DEEPID_OK;
}

static int32_t cut_text(const deepid_net *net, const deepid_net *block, const int64_t *count, dpid_arena *arena,
                        dpid_string *text)
{
    dpid_spec spec = {.items = NULL};
    dpid_spec inner = {.items = NULL};
    DPID_TRY(dpid_spec_parse(arena, net->text, &spec));
    DPID_TRY(dpid_spec_parse(arena, block->text, &inner));
    dpid_spec longer = {.input = spec.input};
    cutter c = {.net = net, .arena = arena, .block = inner.items, .count = count, .tail = &longer.items};
    DPID_TRY(cut_items(&c, spec.items));
    dpid_spec_print(text, &longer);
    return text->status;
}

/* ---- the parameters, by order ------------------------------------------------------------------------ */

static int32_t mark_added(const deepid_net *net, const deepid_net *longer, const int64_t *count, dpid_arena *arena,
                          bool **out)
{
    int64_t at = 0;
    DPID_TRY(dpid_arena_alloc(arena, longer->blocks + 1, sizeof **out, "blocks", out));
    for (int64_t place = 0; place <= net->blocks; place++) {
        for (int64_t i = 0; i < count[place]; i++)
            (*out)[at++] = true;
        at += place < net->blocks;
    }
    assert(at == longer->blocks);
    return DEEPID_OK;
}

static void copy_layer(const deepid_net *from, const dpid_layer *old, deepid_net *to, const dpid_layer *layer)
{
    assert(old->op.kind == layer->op.kind && old->op.parameters == layer->op.parameters);
    for (int32_t k = 0; k < layer->op.parameters; k++) {
        const dpid_parameter *p = &from->parameter[old->parameter[k]];
        memcpy(dpid_net_parameter_at(to, layer->parameter[k]), dpid_net_parameter_at(from, old->parameter[k]),
               (size_t)(p->count * dpid_precision_bytes(from->precision)));
    }
}

static void copy_old(const deepid_net *net, deepid_net *longer, const bool *added)
{
    int32_t old = 0;
    for (int32_t i = 0; i < longer->layers; i++) {
        const dpid_layer *layer = &longer->layer[i];
        if (layer->block == 0 || !added[layer->block - 1])
            copy_layer(net, &net->layer[old++], longer, layer);
    }
    assert(old == net->layers);
    longer->mode = net->mode;
    longer->noise_seed = net->noise_seed;
    longer->noise_step = net->noise_step;
}

int32_t dpid_splice(const deepid_net *net, const deepid_net *block, const int64_t *count, const char *init,
                    uint64_t seed, dpid_arena *arena, deepid_net **out, bool **added)
{
    deepid_ctx *ctx = net->head.ctx;
    dpid_string text = {.ctx = ctx};
    deepid_net *longer = NULL;
    int32_t status = cut_text(net, block, count, arena, &text);
    if (status == DEEPID_OK)
        status = dpid_net_create_within(ctx, text.text, net->dtype, -1, &longer);
    if (status == DEEPID_OK && init)
        status = deepid_net_init(longer, init, seed);
    if (status == DEEPID_OK)
        status = mark_added(net, longer, count, arena, added);
    dpid_string_release(&text);
    if (status != DEEPID_OK) {
        deepid_net_destroy(longer);
        return status;
    }
    copy_old(net, longer, *added);
    *out = longer;
    return DEEPID_OK;
}
