/** @file net.h  Nets: a chain of layers and blocks, from text, run forward and backward. */
#ifndef DEEPID_NET_H
#define DEEPID_NET_H

#include <deepid/table.h>
#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A net: layers and blocks, parameters, gradients, buffers. */
typedef struct deepid_net deepid_net;

/** Modes of a net. */
enum {
    DEEPID_EVAL = 0, /**< running statistics, nothing dropped */
    DEEPID_TRAIN = 1 /**< batch statistics, dropout drops */
};

/**
 * Make a net from its text; parameters are at their start values (weights 0) until deepid_net_init.
 *
 * @param[in]  ctx    lent for the net's life
 * @param[in]  text   "input 2; dense out=16; relu; 3 * identity { dense out=16; batchnorm; relu } after=relu; dense out=2"; see docs/nets.md
 * @param[in]  dtype  DEEPID_F32 or DEEPID_F64
 * @param[out] out    yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SPEC      the text does not parse: line, column, what was found, what is known
 * @retval DEEPID_ERR_SHAPE     a layer does not take what comes in: names the layer
 * @retval DEEPID_ERR_DTYPE     another dtype
 * @retval DEEPID_ERR_LIMIT     beyond layers, text_bytes or tensor_elements of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   parameters and states; buffers come with deepid_net_prepare
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_net_create(deepid_ctx *ctx, const char *text, int32_t dtype, deepid_net **out);
/** NULL is fine. */
DEEPID_API void deepid_net_destroy(deepid_net *net);
/** Same text, parameters and states; its own buffers. dtype 0 = the same, or F32/F64 to convert. */
DEEPID_API int32_t deepid_net_clone(const deepid_net *net, int32_t dtype, deepid_net **out);
/** The text that makes this net again; describe(create(text)) is stable. Borrowed. */
DEEPID_API const char *deepid_net_describe(deepid_net *net);
/** init: "he", "he mode=fan_out", "orthogonal gain=1.4" ...: see deepid_init_word. The same seed gives the same values in F32 and F64, and equal values for parameters of equal name and shape in any net. */
DEEPID_API int32_t deepid_net_init(deepid_net *net, const char *init, uint64_t seed);
/** The i-th initialisation's word; NULL past the end. */
DEEPID_API const char *deepid_init_word(int64_t i);
/** One line on an initialisation with its source and options; NULL when unknown. */
DEEPID_API const char *deepid_init_help(const char *word);
/** The i-th block variant's word; NULL past the end. */
DEEPID_API const char *deepid_block_word(int64_t i);
/** One line on a block variant; NULL when unknown. */
DEEPID_API const char *deepid_block_help(const char *word);

/** The last call that allocates: buffers for batches up to batch samples; train != 0 also those for backward. forward does it by itself when needed. */
DEEPID_API int32_t deepid_net_prepare(deepid_net *net, int64_t batch, int32_t train);
/** DEEPID_TRAIN or DEEPID_EVAL (the start): which statistics batchnorm uses, whether dropout drops. */
DEEPID_API int32_t deepid_net_set_mode(deepid_net *net, int32_t mode);
/** DEEPID_EVAL or DEEPID_TRAIN. */
DEEPID_API int32_t deepid_net_mode(const deepid_net *net);
/**
 * y = net(x). In DEEPID_TRAIN batch statistics are used and the running ones move; in DEEPID_EVAL (the start) running statistics are used.
 *
 * @param[in]  x  [n, input...], the net's dtype
 * @param[out] y  [n, output...]
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit, or one value a channel for batch-norm in training
 * @retval DEEPID_ERR_DTYPE     another dtype
 * @retval DEEPID_ERR_MEMORY    no memory for the buffers of n samples (only when not prepared)
 *
 * @cost   the net's multiply-adds (deepid_net_summary); nothing is allocated once prepared for n samples
 * @thread one thread at a time for each context; works on the context's threads, with the same bits for any number of them
 */
DEEPID_API int32_t deepid_net_forward(deepid_net *net, const deepid_tensor *x, deepid_tensor *y);
/**
 * Gradients of the last forward: parameter gradients are added to, dx is overwritten. Back-propagation as in Rumelhart, Hinton, Williams 1986.
 *
 * @param[in]  dy  [n, output...]: derivative of the loss by y
 * @param[out] dx  [n, input...]; NULL: not wanted
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE  no forward before it, or the net is not prepared for training
 * @retval DEEPID_ERR_SHAPE  a shape that does not fit
 * @retval DEEPID_ERR_DTYPE  another dtype
 *
 * @cost   about twice a forward; allocates nothing
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_net_backward(deepid_net *net, const deepid_tensor *dy, deepid_tensor *dx);
/** All parameter gradients to 0. DEEPID_ERR_STATE before the first prepare for training. */
DEEPID_API int32_t deepid_net_zero_gradients(deepid_net *net);

/** DEEPID_F32 or DEEPID_F64; 0 for NULL. */
DEEPID_API int32_t deepid_net_dtype(const deepid_net *net);
/** Rank of one input sample: 1 or 3; -1 for NULL. */
DEEPID_API int32_t deepid_net_input_rank(const deepid_net *net);
/** Extent of one input sample; -1 when out of range. */
DEEPID_API int64_t deepid_net_input_extent(const deepid_net *net, int32_t axis);
/** Rank of one output sample. */
DEEPID_API int32_t deepid_net_output_rank(const deepid_net *net);
/** Extent of one output sample; -1 when out of range. */
DEEPID_API int64_t deepid_net_output_extent(const deepid_net *net, int32_t axis);
/** Blocks, counted from 1 in names: "block3". */
DEEPID_API int64_t deepid_net_block_count(const deepid_net *net);

/** Trained parameters first, then states (running statistics). Names: "block3.dense.weight". */
DEEPID_API int64_t deepid_net_parameter_count(const deepid_net *net);
/** Borrowed; NULL when out of range. */
DEEPID_API const char *deepid_net_parameter_name(const deepid_net *net, int64_t i);
/** -1 when there is none of this name. */
DEEPID_API int64_t deepid_net_parameter_find(const deepid_net *net, const char *name);
/** 1 for a trained parameter, 0 for a state. */
DEEPID_API int32_t deepid_net_parameter_trained(const deepid_net *net, int64_t i);
/** 1, 2 or 4; -1 when out of range. */
DEEPID_API int32_t deepid_net_parameter_rank(const deepid_net *net, int64_t i);
/** -1 when out of range. */
DEEPID_API int64_t deepid_net_parameter_extent(const deepid_net *net, int64_t i, int32_t axis);
/** The values, float or double by the net's dtype, row-major. Borrowed, writable. NULL when there is none of this name. */
DEEPID_API void *deepid_net_parameter_data(deepid_net *net, const char *name);
/** The gradient, same layout; NULL for a state. Allocated at the first prepare for training. */
DEEPID_API void *deepid_net_parameter_gradient(deepid_net *net, const char *name);
/** All trained values as one array. */
DEEPID_API int64_t deepid_net_trained_count(const deepid_net *net);
/** The values of that array, in the order of the parameters. Borrowed, writable. */
DEEPID_API void *deepid_net_trained_data(deepid_net *net);
/** The gradients in the same order; NULL before the first prepare for training. Borrowed. */
DEEPID_API void *deepid_net_trained_gradient(deepid_net *net);

/** Rows: layers; columns: out_0,out_1,out_2 (output extents, 0 where there is none), parameters, multiply_adds, activation_bytes (a sample). Last row "total". */
DEEPID_API int32_t deepid_net_summary(deepid_net *net, deepid_table **out);

/** safetensors; the net's text in its metadata. Atomic. */
DEEPID_API int32_t deepid_net_save(const deepid_net *net, const char *path);
/** dtype 0 = as stored. */
DEEPID_API int32_t deepid_net_load(deepid_ctx *ctx, const char *path, int32_t dtype, deepid_net **out);
/** Values by name from a safetensors file into this net; every parameter must be there with its shape. layout: "deepid" or "pytorch" (conv weights OIHW are turned). */
DEEPID_API int32_t deepid_net_load_weights(deepid_net *net, const char *path, const char *layout);
/** Copy the values of parameters from other, by name: those that both have must agree in shape. copied gets how many (NULL: not wanted). */
DEEPID_API int32_t deepid_net_copy_parameters(deepid_net *net, const deepid_net *other, int64_t *copied);

/** Build the same text piece by piece. */
typedef struct deepid_builder deepid_builder;
/** A builder for nets on samples of this shape: rank 1 (features) or 3 (height, width, channels). */
DEEPID_API int32_t deepid_builder_create(deepid_ctx *ctx, int32_t rank, const int64_t *extents, deepid_builder **out);
/** NULL is fine; nets made by it stay. */
DEEPID_API void deepid_builder_destroy(deepid_builder *builder);
/** layer: "dense out=16". Inside an open block it goes into the block's branch. */
DEEPID_API int32_t deepid_builder_layer(deepid_builder *builder, const char *layer);
/** count copies of a block: word "plain", "identity", ...; options: "after=relu" or NULL. */
DEEPID_API int32_t deepid_builder_block_begin(deepid_builder *builder, int64_t count, const char *word, const char *options);
/** Close the open block. DEEPID_ERR_STATE when none is open. */
DEEPID_API int32_t deepid_builder_block_end(deepid_builder *builder);
/** The text so far. Borrowed until the next call. */
DEEPID_API const char *deepid_builder_text(deepid_builder *builder);
/** Make the net; errors as deepid_net_create, and DEEPID_ERR_STATE while a block is open. */
DEEPID_API int32_t deepid_builder_net(deepid_builder *builder, int32_t dtype, deepid_net **out);

#ifdef __cplusplus
}
#endif
#endif
