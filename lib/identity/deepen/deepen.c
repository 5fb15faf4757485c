/* A deeper net that contains a trained one: where the blocks go, and who fills them. */
#include "identity/deepen.h"

#include "identity/certificate/certificate.h"

#include <string.h>

#define ROW(word) &dpid_filling_##word,
static const void *const rows[] = {DPID_FILLINGS(ROW)};
static const dpid_set fillings = DPID_SET("way to deepen", rows);
enum { PLACE = 0 };

/* ---- where -------------------------------------------------------------------------------------- */

static const dpid_shape *shape_at(const dpid_deepen *d, int64_t place)
{
    const int32_t value = dpid_place_value(d->net, place);
    return value < 0 ? NULL : &d->net->value[value].shape;
}

static int32_t check_where(const dpid_deepen *d)
{
    deepid_ctx *ctx = d->net->head.ctx;
    const bool here = d->option[PLACE].i == DPID_PLACE_HERE;
    if (here && (d->where < 0 || d->where > d->net->blocks))
        return dpid_fail(
            ctx, DEEPID_ERR_ARGUMENT,
            "deepen: where is %lld, expected 0 to %d (the net's blocks), or -1 with place=early, late or spread",
            (long long)d->where, d->net->blocks);
    if (!here && d->where != -1)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "deepen: where is %lld and place says it too, expected where = -1",
                         (long long)d->where);
    if (d->count < 1 || d->count > ctx->limits.layers)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "deepen: count is %lld, expected 1 to %lld", (long long)d->count,
                         (long long)ctx->limits.layers);
    if (!shape_at(d, 0))
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                         "deepen: the net has neither a block nor a layer with parameters");
    return DEEPID_OK;
}

/* The first or last place whose values the block takes and gives back in shape; the sentence of the last try stays
   when there is none. */
static int32_t find_place(dpid_deepen *d, bool last, int64_t *out)
{
    int32_t status = DEEPID_ERR_SHAPE;
    const dpid_shape *tried = NULL;
    for (int64_t i = 0; i <= d->net->blocks; i++) {
        *out = last ? d->net->blocks - i : i;
        const dpid_shape *shape = shape_at(d, *out);
        if (tried && dpid_shape_equal(shape, tried))
            continue;
        tried = shape;
        status = dpid_block_net(d->net->head.ctx, shape, d->block, &d->unit);
        if (status != DEEPID_ERR_SHAPE)
            return status;
    }
    return status;
}

/* Even shares of count over the places of the unit's shape: the j-th of m gets count (j+1)/m - count j/m, rounded
   down each. */
static void spread(dpid_deepen *d)
{
    const dpid_shape *shape = &d->unit->value[0].shape;
    int64_t fitting = 0;
    int64_t j = 0;
    for (int64_t i = 0; i <= d->net->blocks; i++)
        fitting += dpid_shape_equal(shape_at(d, i), shape);
    for (int64_t i = 0; i <= d->net->blocks; i++) {
        if (!dpid_shape_equal(shape_at(d, i), shape))
            continue;
        d->places[i] = d->count * (j + 1) / fitting - d->count * j / fitting;
        j++;
    }
}

static int32_t choose_places(dpid_deepen *d)
{
    const int64_t place = d->option[PLACE].i;
    int64_t at = d->where;
    DPID_TRY(dpid_arena_alloc(&d->arena, d->net->blocks + 1, sizeof *d->places, "deepen", &d->places));
    if (place == DPID_PLACE_HERE)
        DPID_TRY(dpid_block_net(d->net->head.ctx, shape_at(d, at), d->block, &d->unit));
    else
        DPID_TRY(find_place(d, place == DPID_PLACE_LATE, &at));
    if (place == DPID_PLACE_SPREAD)
        spread(d);
    else
        d->places[at] = d->count;
    return DEEPID_OK;
}

/* ---- what the fillings share ------------------------------------------------------------------------ */

int32_t dpid_deepen_splice(dpid_deepen *d, const char *init, uint64_t seed)
{
    bool *added = NULL;
    DPID_TRY(dpid_splice(d->net, d->unit, d->places, init, seed, &d->arena, &d->longer, &added));
    d->added = added;
    return DEEPID_OK;
}

void dpid_unit_install(const deepid_net *unit, deepid_net *to, int32_t first)
{
    for (int32_t i = 0; i < unit->layers; i++) {
        const dpid_layer *layer = &to->layer[first + i];
        for (int32_t k = 0; k < layer->op.parameters; k++) {
            const int32_t p = unit->layer[i].parameter[k];
            for (int64_t j = 0; j < unit->parameter[p].count; j++)
                dpid_store(to->precision, dpid_net_parameter_at(to, layer->parameter[k]), j,
                           dpid_fetch(unit->precision, dpid_net_parameter_at(unit, p), j));
        }
    }
}

static int32_t first_layer_of(const deepid_net *net, int32_t block)
{
    int32_t i = 0;
    while (net->layer[i].block != block)
        i++;
    return i;
}

void dpid_deepen_install(dpid_deepen *d, int64_t place)
{
    int64_t block = 0; /* of longer, 0-based */
    for (int64_t i = 0; i < place; i++)
        block += d->places[i] + 1;
    for (int64_t i = 0; i < d->places[place]; i++)
        dpid_unit_install(d->unit, d->longer, first_layer_of(d->longer, (int32_t)(block + i + 1)));
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static int32_t fill_blocks(dpid_deepen *d, const dpid_filling *filling)
{
    DPID_TRY(check_where(d));
    DPID_TRY(dpid_check_weights(d->net, "deepen: the net"));
    DPID_TRY(choose_places(d));
    return filling->fill(d);
}

static int32_t deepen(dpid_deepen *d, const char *how, deepid_net **out)
{
    deepid_ctx *ctx = d->net->head.ctx;
    dpid_value values[DPID_OPTIONS_MAX] = {{0}};
    const dpid_filling *filling;
    if (!out || !d->block || !how)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "deepen: %s is NULL", !out ? "out" : !how ? "how" : "block");
    DPID_TRY(dpid_set_read(ctx, &fillings, dpid_span_of(how), &filling, values));
    if (d->data)
        DPID_TRY(dpid_check_samples(d->net, d->data, "deepen"));
    d->arena.ctx = ctx;
    d->option = values;
    const int32_t status = fill_blocks(d, filling);
    if (status == DEEPID_OK)
        *out = d->longer;
    else
        deepid_net_destroy(d->longer);
    deepid_net_destroy(d->unit);
    dpid_arena_release(&d->arena);
    return status;
}

int32_t deepid_net_deepen(const deepid_net *net, int64_t where, const char *block, int64_t count, const char *how,
                          deepid_net **out)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    dpid_deepen d = {.net = net, .block = block, .where = where, .count = count};
    return dpid_leave(net->head.ctx, deepen(&d, how, out));
}

int32_t deepid_net_deepen_on(const deepid_net *net, const deepid_dataset *data, int64_t where, const char *block,
                             int64_t count, const char *how, deepid_net **out)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    dpid_deepen d = {.net = net, .data = data, .block = block, .where = where, .count = count};
    if (!data)
        return dpid_leave(net->head.ctx, dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT,
                                                   "deepen: data is NULL; deepid_net_deepen needs none"));
    return dpid_leave(net->head.ctx, deepen(&d, how, out));
}

const char *deepid_deepen_word(int64_t i)
{
    return dpid_set_word(&fillings, i);
}

const char *deepid_deepen_help(const char *word)
{
    return dpid_set_help(&fillings, word);
}
