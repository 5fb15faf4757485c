/**
 * @defgroup builder Builders
 * The text of a net, piece by piece.
 * @{
 */
#ifndef DEEPID_BUILDER_H
#define DEEPID_BUILDER_H

#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Collects layers and blocks; what it holds is text, checked when the net is made. A call that fails leaves it as it
 * was; after DEEPID_ERR_MEMORY it stays failed.
 */
typedef struct deepid_builder deepid_builder;

/**
 * Begin a net on samples of this shape.
 *
 * @param[in]  ctx      lent for the builder's life
 * @param[in]  rank     1 (features), 2 (length, channels) or 3 (height, width, channels)
 * @param[in]  extents  rank numbers, 1 or more
 * @param[out] out      yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SHAPE     rank or an extent is outside its range
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the text
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_builder_create(deepid_ctx *ctx, int32_t rank, const int64_t *extents, deepid_builder **out);

/**
 * Destroy a builder; nets made by it stay.
 *
 * @param[in] builder  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the builder.
 */
DEEPID_API void deepid_builder_destroy(deepid_builder *builder);

/**
 * Append a layer: to the open block's branch, or else to the net.
 *
 * @param[in,out] builder  any
 * @param[in]     layer    "dense out=16", "3 * relu"; or a block without a body, "identity out=32 stride=2"
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  layer is NULL
 * @retval DEEPID_ERR_SPEC      it holds one of ; { } #
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   its characters
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_builder_layer(deepid_builder *builder, const char *layer);

/**
 * Open a block: the layers that follow are its branch, y = after(F(x) + s shortcut(x)).
 *
 * @param[in,out] builder  with no open block
 * @param[in]     count    copies, 0 or more
 * @param[in]     word     of deepid_block_word: "plain", "identity", ...
 * @param[in]     options  "s=0.5 after=relu shortcut=A"; NULL: none
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  count is below 0
 * @retval DEEPID_ERR_SPEC      an unknown word, or options with one of ; { } #
 * @retval DEEPID_ERR_STATE     a block is open
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   its characters
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_builder_block_begin(deepid_builder *builder, int64_t count, const char *word,
                                              const char *options);

/**
 * Close the open block.
 *
 * @param[in,out] builder  with an open block
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE   none is open
 * @retval DEEPID_ERR_MEMORY  no memory
 *
 * @cost   its characters
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_builder_block_end(deepid_builder *builder);

/**
 * The text so far.
 *
 * @param[in] builder  any
 *
 * @return Borrowed until the next call; "" for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the builder.
 */
DEEPID_API const char *deepid_builder_text(deepid_builder *builder);

/**
 * Make the net; the builder may go on, or make another.
 *
 * @param[in]  builder  with no open block
 * @param[in]  dtype    DEEPID_F32 or DEEPID_F64
 * @param[out] out      yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE     a block is open
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_SPEC      the text does not parse: the column counts in deepid_builder_text
 * @retval DEEPID_ERR_SHAPE     a layer does not take what comes in: names the layer
 * @retval DEEPID_ERR_DTYPE     another dtype
 * @retval DEEPID_ERR_LIMIT     beyond layers, text_bytes or tensor_elements of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_net_create
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_builder_net(deepid_builder *builder, int32_t dtype, deepid_net **out);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
