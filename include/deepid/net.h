/**
 * @defgroup net Nets
 * Nets: layers and blocks from text, run forward and backward. Their numbers and files: parameter.h; from pieces:
 * builder.h; families: resnet.h.
 * @{
 */
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
 * Make a net from its text; parameters are at their start values (weights and biases 0, scales 1) until
 * deepid_net_init.
 *
 * @param[in]  ctx    lent for the net's life
 * @param[in]  text   "input 2; dense out=16; relu; 3 * identity { dense out=16; batchnorm; relu } after=relu; dense
 * out=2"; see docs/nets.md
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
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_create(deepid_ctx *ctx, const char *text, int32_t dtype, deepid_net **out);

/**
 * Destroy a net and all that was borrowed from it. Trainers of it go first.
 *
 * @param[in] net  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the net or what was borrowed from it.
 */
DEEPID_API void deepid_net_destroy(deepid_net *net);

/**
 * Copy a net: same text, parameters, states and mode; buffers of its own, none yet.
 *
 * @param[in]  net    any
 * @param[in]  dtype  0 = the same; DEEPID_F32 or DEEPID_F64 to convert (to f32: rounded to nearest)
 * @param[out] out    yours; of the same context
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_DTYPE     another dtype
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_net_create
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_clone(const deepid_net *net, int32_t dtype, deepid_net **out);

/**
 * The text that makes this net again, in one line, options only where they differ from the default;
 * describe(create(text)) is stable.
 *
 * @param[in] net  any
 *
 * @return One line, borrowed for the net's life; "" for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API const char *deepid_net_describe(deepid_net *net);

/**
 * Start values by a word, from a seed. A failed call leaves the net as it was.
 *
 * @param[in,out] net   all parameters and states are set
 * @param[in]     init  "he", "he mode=fan_out", "orthogonal gain=1.4", ...: see deepid_init_word and
 * deepid_init_help
 * @param[in]     seed  any; one number is a function of (seed, parameter's name, place), rounded to f32: F32 and F64
 * nets start equal, and so do parameters of equal name and shape in any two nets
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     a NULL
 * @retval DEEPID_ERR_SPEC         an unknown word or option: lists the known ones and the nearest
 * @retval DEEPID_ERR_SHAPE        looks_linear on odd widths
 * @retval DEEPID_ERR_UNSUPPORTED  fixup on a net with a normalisation; looks_linear on groups or a single layer; lsuv,
 * which looks at data: deepid_net_init_data
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   one pass over the parameters; orthogonal matrices of n rows take about 2 n^2 columns multiply-adds
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_init(deepid_net *net, const char *init, uint64_t seed);

/**
 * The words of deepid_net_init, one after the other.
 *
 * @param[in] i  from 0
 *
 * @return The word, never freed; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_init_word(int64_t i);

/**
 * What an initialisation does, its source and options.
 *
 * @param[in] word  "he", ...
 *
 * @return One line, never freed; NULL when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_init_help(const char *word);

/**
 * The words of block variants, one after the other: plain, identity, preact, ... Each computes y = after(norm(F(x)
 * + s shortcut(x))).
 *
 * @param[in] i  from 0
 *
 * @return The word, never freed; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_block_word(int64_t i);

/**
 * What a block variant computes, and its source.
 *
 * @param[in] word  "identity", ...
 *
 * @return One line, never freed; NULL when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_block_help(const char *word);

/* ---- running ------------------------------------------------------------------------------- */

/**
 * Take the memory for running; no later call of forward or backward allocates, up to this batch. forward does it by
 * itself where it was not done. Larger buffers than before forget the last forward.
 *
 * @param[in,out] net    its values stay
 * @param[in]     batch  most samples of a forward, 1 or more; never shrinks
 * @param[in]     train  0: buffers are shared by layers, only forward in DEEPID_EVAL; else all outputs are kept for
 * backward, and gradients are made (0)
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  batch is below 1
 * @retval DEEPID_ERR_STATE     train != 0, and the net is frozen
 * @retval DEEPID_ERR_LIMIT     beyond memory_bytes of the context, or more than can be counted
 * @retval DEEPID_ERR_MEMORY    no memory; the old buffers are still there
 *
 * @cost   for training about the sum of the activation_bytes of deepid_net_summary times batch, and as much again
 * for the widest few gradients
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_prepare(deepid_net *net, int64_t batch, int32_t train);

/**
 * Choose which statistics batchnorm uses, and whether dropout drops.
 *
 * @param[in,out] net   any
 * @param[in]     mode  DEEPID_TRAIN, or DEEPID_EVAL (the default)
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  another mode
 * @retval DEEPID_ERR_STATE     DEEPID_TRAIN, and the net is frozen
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_set_mode(deepid_net *net, int32_t mode);

/**
 * The mode of deepid_net_set_mode.
 *
 * @param[in] net  any
 *
 * @return DEEPID_EVAL or DEEPID_TRAIN; DEEPID_EVAL for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int32_t deepid_net_mode(const deepid_net *net);

/**
 * y = net(x). In DEEPID_TRAIN batch statistics are used and the running ones move; in DEEPID_EVAL (the start)
 * running statistics are used.
 *
 * @param[in,out] net  keeps what backward needs when prepared for training
 * @param[in]     x    [n, input...], the net's dtype
 * @param[out]    y    [n, output...]
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit, or one value a channel for batch-norm in training
 * @retval DEEPID_ERR_DTYPE     another dtype
 * @retval DEEPID_ERR_MEMORY    no memory for the buffers of n samples (only when not prepared)
 *
 * @cost   the net's multiply-adds (deepid_net_summary); nothing is allocated once prepared for n samples
 * @thread One thread at a time for each context; works on the context's threads, with the same bits for any number
 * of them
 */
DEEPID_API int32_t deepid_net_forward(deepid_net *net, const deepid_tensor *x, deepid_tensor *y);

/**
 * Gradients of the last forward, in its mode: parameter gradients are added to, dx is overwritten. Back-propagation
 * as in Rumelhart, Hinton, Williams 1986.
 *
 * @param[in,out] net  prepared for training before its last forward
 * @param[in]     dy   [n, output...]: derivative of the loss by y
 * @param[out]    dx   [n, input...]; NULL: not wanted
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  dy is NULL
 * @retval DEEPID_ERR_STATE     no forward before it, or the net is not prepared for training, or frozen
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     another dtype
 *
 * @cost   about twice a forward; allocates nothing
 * @thread One thread at a time for each context; works on the context's threads, with the same bits for any number
 * of them
 */
DEEPID_API int32_t deepid_net_backward(deepid_net *net, const deepid_tensor *dy, deepid_tensor *dx);

/**
 * All parameter gradients to 0.
 *
 * @param[in,out] net  any
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_STATE  not yet prepared for training, or frozen
 *
 * @cost   one pass over the gradients
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_zero_gradients(deepid_net *net);

/* ---- shapes ---------------------------------------------------------------------------------- */

/**
 * Type of the net's numbers.
 *
 * @param[in] net  any
 *
 * @return DEEPID_F32 or DEEPID_F64; 0 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int32_t deepid_net_dtype(const deepid_net *net);

/**
 * Rank of one input sample.
 *
 * @param[in] net  any
 *
 * @return 1 (features), 2 (length, channels) or 3 (height, width, channels); -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int32_t deepid_net_input_rank(const deepid_net *net);

/**
 * One extent of an input sample.
 *
 * @param[in] net   any
 * @param[in] axis  from 0
 *
 * @return The extent; -1 when axis is out of range.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int64_t deepid_net_input_extent(const deepid_net *net, int32_t axis);

/**
 * Rank of one output sample.
 *
 * @param[in] net  any
 *
 * @return 1 or 3; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int32_t deepid_net_output_rank(const deepid_net *net);

/**
 * One extent of an output sample.
 *
 * @param[in] net   any
 * @param[in] axis  from 0
 *
 * @return The extent; -1 when axis is out of range.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int64_t deepid_net_output_extent(const deepid_net *net, int32_t axis);

/**
 * Blocks of the net, repeated ones each counted; names count them from 1: "block3".
 *
 * @param[in] net  any
 *
 * @return Their number; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int64_t deepid_net_block_count(const deepid_net *net);

/**
 * What the net consists of: a row a layer, in forward order, and "total". Columns: out_0, out_1, out_2 (a sample's
 * extents, 0 where there is none), parameters (trained ones), multiply_adds, activation_bytes (both of one sample),
 * winograd (1: a convolution that goes through Winograd's transform).
 *
 * @param[in]  net  any
 * @param[out] out  yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a row a layer; nothing is run
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_summary(deepid_net *net, deepid_table **out);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
