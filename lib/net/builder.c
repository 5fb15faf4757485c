/* The same text as one would type, piece by piece; the pieces are checked when the net is made. */
#include "net/net.h"

#include <string.h>

struct deepid_builder {
    dpid_head head;
    dpid_string text;
    bool inside; /* an open block */
    bool fresh;  /* nothing in it yet */
};

static int32_t builder_create(deepid_ctx *ctx, int32_t rank, const int64_t *extents, deepid_builder **out)
{
    if (!out || !extents)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "builder: %s is NULL", out ? "extents" : "out");
    if (rank < 1 || rank > DPID_SHAPE_RANK_MAX)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "builder: rank is %d, expected 1 (features), 2 (length x channels) or 3 (height x width x "
                         "channels)",
                         rank);
    for (int32_t i = 0; i < rank; i++)
        if (extents[i] < 1)
            return dpid_fail(ctx, DEEPID_ERR_SHAPE, "builder: extent %d is %lld, expected 1 or more", i,
                             (long long)extents[i]);
    deepid_builder *builder = NULL;
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *builder, "builder", &builder));
    builder->head = (dpid_head){DPID_MAGIC_BUILDER, ctx};
    builder->text.ctx = ctx;
    dpid_string_format(&builder->text, "input %s", dpid_shape_text(rank, extents).text);
    if (builder->text.status != DEEPID_OK) {
        const int32_t status = builder->text.status;
        deepid_builder_destroy(builder);
        return status;
    }
    *out = builder;
    return DEEPID_OK;
}

int32_t deepid_builder_create(deepid_ctx *ctx, int32_t rank, const int64_t *extents, deepid_builder **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, builder_create(ctx, rank, extents, out));
}

void deepid_builder_destroy(deepid_builder *builder)
{
    if (!dpid_is(builder, DPID_MAGIC_BUILDER))
        return;
    dpid_string_release(&builder->text);
    builder->head.magic = 0;
    dpid_free(builder->head.ctx, builder);
}

/* ---- pieces -------------------------------------------------------------------- */

static int32_t check_piece(deepid_ctx *ctx, const char *piece)
{
    if (!piece)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "builder: the text is NULL");
    if (strpbrk(piece, ";{}#"))
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "builder: '%s' holds one of ; { } #, expected one layer or block",
                         piece);
    return DEEPID_OK;
}

static int32_t add_layer(deepid_builder *builder, const char *layer)
{
    DPID_TRY(check_piece(builder->head.ctx, layer));
    dpid_string_add(&builder->text, builder->fresh ? " " : "; ");
    dpid_string_add(&builder->text, layer);
    builder->fresh = false;
    return builder->text.status;
}

int32_t deepid_builder_layer(deepid_builder *builder, const char *layer)
{
    DPID_TRY(dpid_enter(builder, DPID_MAGIC_BUILDER));
    return dpid_leave(builder->head.ctx, add_layer(builder, layer));
}

static int32_t block_begin(deepid_builder *builder, int64_t count, const char *word, const char *options)
{
    if (builder->inside)
        return dpid_fail(builder->head.ctx, DEEPID_ERR_STATE, "builder: a block is open already; blocks do not nest");
    if (count < 0)
        return dpid_fail(builder->head.ctx, DEEPID_ERR_ARGUMENT, "builder: count is %lld, expected 0 or more",
                         (long long)count);
    if (!word || !deepid_block_help(word))
        return dpid_fail(builder->head.ctx, DEEPID_ERR_SPEC, "builder: unknown block '%s'", word ? word : "NULL");
    DPID_TRY(check_piece(builder->head.ctx, options ? options : ""));
    dpid_string_format(&builder->text, "; %lld * %s%s%s {", (long long)count, word, options ? " " : "",
                       options ? options : "");
    builder->inside = builder->fresh = true;
    return builder->text.status;
}

int32_t deepid_builder_block_begin(deepid_builder *builder, int64_t count, const char *word, const char *options)
{
    DPID_TRY(dpid_enter(builder, DPID_MAGIC_BUILDER));
    return dpid_leave(builder->head.ctx, block_begin(builder, count, word, options));
}

static int32_t block_end(deepid_builder *builder)
{
    if (!builder->inside)
        return dpid_fail(builder->head.ctx, DEEPID_ERR_STATE, "builder: no block is open");
    dpid_string_add(&builder->text, " }");
    builder->inside = builder->fresh = false;
    return builder->text.status;
}

int32_t deepid_builder_block_end(deepid_builder *builder)
{
    DPID_TRY(dpid_enter(builder, DPID_MAGIC_BUILDER));
    return dpid_leave(builder->head.ctx, block_end(builder));
}

const char *deepid_builder_text(deepid_builder *builder)
{
    return dpid_is(builder, DPID_MAGIC_BUILDER) && builder->text.text ? builder->text.text : "";
}

static int32_t builder_net(deepid_builder *builder, int32_t dtype, deepid_net **out)
{
    if (builder->inside)
        return dpid_fail(builder->head.ctx, DEEPID_ERR_STATE, "builder: a block is still open");
    DPID_TRY(builder->text.status);
    return deepid_net_create(builder->head.ctx, builder->text.text, dtype, out);
}

int32_t deepid_builder_net(deepid_builder *builder, int32_t dtype, deepid_net **out)
{
    DPID_TRY(dpid_enter(builder, DPID_MAGIC_BUILDER));
    return dpid_leave(builder->head.ctx, builder_net(builder, dtype, out));
}
