/**
 * @defgroup parameter Parameters
 * The numbers of a net: every parameter has a name, a shape and a pointer; files of them.
 * @{
 */
#ifndef DEEPID_PARAMETER_H
#define DEEPID_PARAMETER_H

#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- each by name or number: trained ones first, then states (running statistics) ------------- */

/**
 * Parameters and states of a net.
 *
 * @param[in] net  any
 *
 * @return Their number; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int64_t deepid_net_parameter_count(const deepid_net *net);

/**
 * The name of a parameter: "dense1.weight", "block3.conv2d2.weight", "block3.shortcut.batchnorm.running_mean".
 *
 * @param[in] net  any
 * @param[in] i    from 0
 *
 * @return Borrowed; NULL when i is out of range.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API const char *deepid_net_parameter_name(const deepid_net *net, int64_t i);

/**
 * The number of a parameter by its name.
 *
 * @param[in] net   any
 * @param[in] name  as deepid_net_parameter_name
 *
 * @return Its number; -1 when there is none of this name.
 *
 * @cost   a walk over the names
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int64_t deepid_net_parameter_find(const deepid_net *net, const char *name);

/**
 * Whether an optimiser moves it.
 *
 * @param[in] net  any
 * @param[in] i    from 0
 *
 * @return 1 for a trained parameter; 0 for a state, and when i is out of range.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int32_t deepid_net_parameter_trained(const deepid_net *net, int64_t i);

/**
 * Rank of a parameter.
 *
 * @param[in] net  any
 * @param[in] i    from 0
 *
 * @return 1; 2 for dense weights [out, in]; 4 for convolutions [out, kernel h, kernel w, in / groups]; -1 when i is
 * out of range.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int32_t deepid_net_parameter_rank(const deepid_net *net, int64_t i);

/**
 * One extent of a parameter.
 *
 * @param[in] net   any
 * @param[in] i     from 0
 * @param[in] axis  from 0
 *
 * @return The extent; -1 when i or axis is out of range.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int64_t deepid_net_parameter_extent(const deepid_net *net, int64_t i, int32_t axis);

/**
 * The values of a parameter, row-major.
 *
 * @param[in] net   any
 * @param[in] name  as deepid_net_parameter_name
 *
 * @return Borrowed and writable, of the net's dtype, the same address for the net's life; NULL when there is none of
 * this name.
 *
 * @cost   a walk over the names
 * @thread Safe as long as no other thread changes the net; the values are guarded by nothing.
 */
DEEPID_API void *deepid_net_parameter_data(deepid_net *net, const char *name);

/**
 * The gradient of a parameter, in the layout of its values.
 *
 * @param[in] net   any
 * @param[in] name  as deepid_net_parameter_name
 *
 * @return Borrowed and writable; NULL when there is none of this name, for a state, and before the first
 * deepid_net_prepare for training.
 *
 * @cost   a walk over the names
 * @thread Safe as long as no other thread changes the net; the values are guarded by nothing.
 */
DEEPID_API void *deepid_net_parameter_gradient(deepid_net *net, const char *name);

/* ---- all trained ones as one array ---------------------------------------------------------------- */

/**
 * Numbers in all trained parameters together.
 *
 * @param[in] net  any
 *
 * @return How many; -1 for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net.
 */
DEEPID_API int64_t deepid_net_trained_count(const deepid_net *net);

/**
 * The values of all trained parameters, one behind the other in their order, without gaps.
 *
 * @param[in] net  any
 *
 * @return Borrowed and writable, of the net's dtype; NULL for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net; the values are guarded by nothing.
 */
DEEPID_API void *deepid_net_trained_data(deepid_net *net);

/**
 * The gradients of all trained parameters in the same places.
 *
 * @param[in] net  any
 *
 * @return Borrowed and writable; NULL for NULL, and before the first deepid_net_prepare for training.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes the net; the values are guarded by nothing.
 */
DEEPID_API void *deepid_net_trained_gradient(deepid_net *net);

/**
 * Take over the values of another net, by name: parameters and states that both have. Others stay as they are.
 *
 * @param[in,out] net     unchanged when the call fails
 * @param[in]     other   of any dtype (to f32: rounded to nearest) and any context
 * @param[out]    copied  how many parameters; NULL: not wanted
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  other is no net
 * @retval DEEPID_ERR_SHAPE     a parameter of equal name and another shape: names it
 *
 * @cost   one pass over the parameters
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_copy_parameters(deepid_net *net, const deepid_net *other, int64_t *copied);

/* ---- files ---------------------------------------------------------------------------------------------- */

/**
 * Write a net as safetensors: its parameters and states under their names, its text in the metadata ("deepid.net").
 * A reader sees the old file or the whole new one. The metadata begin with "deepid.checksum", XXH3 of the whole
 * file, so that a reader finds any damage, and "deepid.format", 4. docs/design/0010-files.md has more.
 *
 * @param[in] net   any
 * @param[in] path  replaced
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  path is NULL
 * @retval DEEPID_ERR_IO        the file cannot be written: what the system says; the old one is whole
 * @retval DEEPID_ERR_LIMIT     the header would be larger than header_bytes of the context; or more than 10000
 * layers, and not a number for each
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   one write of all values, two fsync
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_save(const deepid_net *net, const char *path);

/**
 * Read a net that deepid_net_save wrote; in its own type the values are the same bits. Nothing in the file is
 * believed before it is checked. A file of another program has "deepid.format" 3 and no checksum. In
 * formats 1 (no checksum) and 2, a strided convolution without padding= has padding=same_upper, as it had then.
 *
 * @param[in]  ctx    lent for the net's life
 * @param[in]  path   a file
 * @param[in]  dtype  0 = as stored; DEEPID_F32 or DEEPID_F64 to convert
 * @param[out] out    yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL
 * @retval DEEPID_ERR_IO        it cannot be read: what the system says
 * @retval DEEPID_ERR_FORMAT    not safetensors, cut or damaged (also by one bit); not a net of ours; fewer numbers,
 * or layers beyond 10000, than its text asks for
 * @retval DEEPID_ERR_SPEC      its text does not parse, as deepid_net_create
 * @retval DEEPID_ERR_SHAPE     a tensor has another shape than the text says: names it
 * @retval DEEPID_ERR_DTYPE     another dtype, or a tensor that is none of F64, F32, F16, BF16: names both
 * @retval DEEPID_ERR_LIMIT     beyond file_bytes, header_bytes, layers, text_bytes or memory_bytes of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the file once in memory while it is read
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_load(deepid_ctx *ctx, const char *path, int32_t dtype, deepid_net **out);

/**
 * Read values into a net from any safetensors file of f64, f32, f16 or bf16, running statistics included. docs/nets.md
 * has an example.
 *
 * With layout "pytorch" convolutions are [out, in, kernel h, kernel w] in the file, and what stands behind a flatten of
 * pictures has its features in the order channel, row, column: the columns of the dense layer there (and a
 * normalisation or slopes before it) are turned as well.
 *
 * With match=name (the default) each tensor has the name of its parameter; what the net does not know is left aside,
 * whatever its dtype. With match=order names may differ: layers and the modules of the file (what stands before the
 * last dot of a name) are matched by shapes and order. safetensors sorts tensors by name, so their order is found
 * again: modules below one name run one after the other, and of names that are equal but for numbers the smaller
 * number runs first. One such order fits, or the call is refused; each layer and its module go to the context's log.
 * num_batches_tracked of batch-norms is left aside, and every other tensor must have its place.
 *
 * @param[in,out] net      unchanged when the call fails
 * @param[in]     path     a file that has every parameter and state of the net, with its shape
 * @param[in]     options  "deepid" or "pytorch", and match=name or match=order: "pytorch match=order"
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     path is NULL
 * @retval DEEPID_ERR_SPEC         another layout or option
 * @retval DEEPID_ERR_IO           it cannot be read: what the system says
 * @retval DEEPID_ERR_FORMAT       not safetensors, cut or damaged; a parameter is missing: names it
 * @retval DEEPID_ERR_SHAPE        a tensor of another shape: names it; with match=order no order fits, or two do: shows
 * both lists with their shapes
 * @retval DEEPID_ERR_DTYPE        a tensor that the net needs is none of F64, F32, F16, BF16; by the layout deepid none
 *                                 of F64, F32: names both
 * @retval DEEPID_ERR_UNSUPPORTED  pytorch, and a skip leads a flattened picture past a dense layer, or a groupnorm has
 * groups of one: names it
 * @retval DEEPID_ERR_LIMIT        beyond file_bytes, header_bytes or memory_bytes of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the file once in memory while it is read
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_load_weights(deepid_net *net, const char *path, const char *options);

/**
 * deepid_net_load_weights for a file whose order is known: from a list of names.
 *
 * @param[in,out] net      unchanged when the call fails
 * @param[in]     path     a file; what names does not name is left aside
 * @param[in]     options  "deepid" or "pytorch"; match is not looked at
 * @param[in]     names    one a line, in the order of the net's layers: those of tensors ("layer1.0.conv1.weight"), as
 * "\n".join(model.state_dict()) gives them, or of modules ("layer1.0.conv1")
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     path or names is NULL
 * @retval DEEPID_ERR_SPEC         another layout or option
 * @retval DEEPID_ERR_IO           it cannot be read: what the system says
 * @retval DEEPID_ERR_FORMAT       not safetensors, cut or damaged; it has nothing of a name: which
 * @retval DEEPID_ERR_SHAPE        names are more or fewer than layers, or of another shape: shows both
 * @retval DEEPID_ERR_DTYPE        a tensor that the net needs is none of F64, F32, F16, BF16; by the layout deepid none
 *                                 of F64, F32: names both
 * @retval DEEPID_ERR_UNSUPPORTED  as deepid_net_load_weights
 * @retval DEEPID_ERR_LIMIT        beyond file_bytes, header_bytes or memory_bytes of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   as deepid_net_load_weights
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_load_weights_named(deepid_net *net, const char *path, const char *options,
                                                 const char *names);

/**
 * Write the weights and states of a net as safetensors for another program: load_state_dict(strict=True) of PyTorch
 * takes them, bit for bit. deepid_net_load does not: the net's text is not in the file.
 *
 * @param[in] net     any
 * @param[in] path    replaced
 * @param[in] layout  "pytorch": turned as deepid_net_load_weights turns them back, batch-norms with a
 * num_batches_tracked of 0; or "deepid"
 * @param[in] names   one a line, as deepid_net_load_weights_named; a trained scale among named tensors may be one
 *                    name that is no module's ("block.alpha"); where tensors are named, num_batches_tracked is
 * written only if it is named. NULL: with "deepid" the net's own; with "pytorch" those of an nn.Sequential, "0.weight",
 * with a number for every layer; a block with a skip is one item of it with the lists branch and shortcut,
 * "3.branch.0.weight", "3.shortcut.0.weight"
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     path is NULL
 * @retval DEEPID_ERR_SPEC         another layout; names that are not the net's layers: which
 * @retval DEEPID_ERR_UNSUPPORTED  as deepid_net_load_weights
 * @retval DEEPID_ERR_IO           the file cannot be written: what the system says; the old one is whole
 * @retval DEEPID_ERR_LIMIT        the header would be larger than header_bytes of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   one write of all values and a copy of those that are turned, two fsync
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_save_weights(const deepid_net *net, const char *path, const char *layout,
                                           const char *names);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
