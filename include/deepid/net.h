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

enum { DEEPID_EVAL = 0, DEEPID_TRAIN = 1 };

/** text: "input 2; dense out=16; relu; 3 * identity { dense out=16; batchnorm; relu } after=relu; dense out=2". dtype F32 or F64. Parameters are at their start values until deepid_net_init. */
DEEPID_API int32_t deepid_net_create(deepid_ctx *ctx, const char *text, int32_t dtype, deepid_net **out);
DEEPID_API void deepid_net_destroy(deepid_net *net);
/** Same text, parameters and states; its own buffers. dtype 0 = the same, or F32/F64 to convert. */
DEEPID_API int32_t deepid_net_clone(const deepid_net *net, int32_t dtype, deepid_net **out);
/** The text that makes this net again; describe(create(text)) is stable. Borrowed. */
DEEPID_API const char *deepid_net_describe(deepid_net *net);
/** init: "he", "he mode=fan_out", "orthogonal gain=1.4" ...: see deepid_init_word. The same seed gives the same values in F32 and F64, and equal values for parameters of equal name and shape in any net. */
DEEPID_API int32_t deepid_net_init(deepid_net *net, const char *init, uint64_t seed);
DEEPID_API const char *deepid_init_word(int64_t i);
DEEPID_API const char *deepid_init_help(const char *word);
DEEPID_API const char *deepid_block_word(int64_t i);
DEEPID_API const char *deepid_block_help(const char *word);

/** The last call that allocates: buffers for batches up to batch samples; train != 0 also those for backward. forward does it by itself when needed. */
DEEPID_API int32_t deepid_net_prepare(deepid_net *net, int64_t batch, int32_t train);
/** DEEPID_TRAIN or DEEPID_EVAL (the start): which statistics batchnorm uses, whether dropout drops. */
DEEPID_API int32_t deepid_net_set_mode(deepid_net *net, int32_t mode);
DEEPID_API int32_t deepid_net_mode(const deepid_net *net);
/** y = net(x); x [n, input...], y [n, output...]. In DEEPID_TRAIN running statistics move. */
DEEPID_API int32_t deepid_net_forward(deepid_net *net, const deepid_tensor *x, deepid_tensor *y);
/** Of the last forward: dx is overwritten (NULL: skipped), parameter gradients are added to. */
DEEPID_API int32_t deepid_net_backward(deepid_net *net, const deepid_tensor *dy, deepid_tensor *dx);
DEEPID_API int32_t deepid_net_zero_gradients(deepid_net *net);

DEEPID_API int32_t deepid_net_dtype(const deepid_net *net);
DEEPID_API int32_t deepid_net_input_rank(const deepid_net *net);
DEEPID_API int64_t deepid_net_input_extent(const deepid_net *net, int32_t axis);
DEEPID_API int32_t deepid_net_output_rank(const deepid_net *net);
DEEPID_API int64_t deepid_net_output_extent(const deepid_net *net, int32_t axis);
/** Blocks, counted from 1 in names: "block3". */
DEEPID_API int64_t deepid_net_block_count(const deepid_net *net);

/** Trained parameters first, then states (running statistics). Names: "block3.dense.weight". */
DEEPID_API int64_t deepid_net_parameter_count(const deepid_net *net);
DEEPID_API const char *deepid_net_parameter_name(const deepid_net *net, int64_t i);
/** -1 when there is none of this name. */
DEEPID_API int64_t deepid_net_parameter_find(const deepid_net *net, const char *name);
DEEPID_API int32_t deepid_net_parameter_trained(const deepid_net *net, int64_t i);
DEEPID_API int32_t deepid_net_parameter_rank(const deepid_net *net, int64_t i);
DEEPID_API int64_t deepid_net_parameter_extent(const deepid_net *net, int64_t i, int32_t axis);
/** The values, float or double by the net's dtype, row-major. Borrowed, writable. NULL when there is none of this name. */
DEEPID_API void *deepid_net_parameter_data(deepid_net *net, const char *name);
/** The gradient, same layout; NULL for a state. Allocated at the first prepare for training. */
DEEPID_API void *deepid_net_parameter_gradient(deepid_net *net, const char *name);
/** All trained values as one array. */
DEEPID_API int64_t deepid_net_trained_count(const deepid_net *net);
DEEPID_API void *deepid_net_trained_data(deepid_net *net);
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
DEEPID_API int32_t deepid_builder_create(deepid_ctx *ctx, int32_t rank, const int64_t *extents, deepid_builder **out);
DEEPID_API void deepid_builder_destroy(deepid_builder *builder);
/** layer: "dense out=16". Inside an open block it goes into the block's branch. */
DEEPID_API int32_t deepid_builder_layer(deepid_builder *builder, const char *layer);
/** count copies of a block: word "plain", "identity", ...; options: "after=relu" or NULL. */
DEEPID_API int32_t deepid_builder_block_begin(deepid_builder *builder, int64_t count, const char *word, const char *options);
DEEPID_API int32_t deepid_builder_block_end(deepid_builder *builder);
DEEPID_API const char *deepid_builder_text(deepid_builder *builder);
DEEPID_API int32_t deepid_builder_net(deepid_builder *builder, int32_t dtype, deepid_net **out);

#ifdef __cplusplus
}
#endif
#endif
