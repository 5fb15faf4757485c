/**
 * @defgroup onnx ONNX
 * Nets from and to ONNX files, as PyTorch and others write them. What of ONNX is a net here: docs/onnx.md.
 * @{
 */
#ifndef DEEPID_ONNX_H
#define DEEPID_ONNX_H

#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a net from an ONNX file: chains of layers and residual blocks, of operator sets 9 to 22. The net has a text
 * (deepid_net_describe) with blocks, and the file's numbers, running statistics included; convolutions are turned
 * channels-last, dense layers behind a flattened picture too. It gives what the file's graph gives in evaluation; a
 * softmax at the end is left out, because losses have it (the log says so).
 *
 * Pictures go in as [n, h, w, c] here, whatever the file has.
 *
 * @param[in]  ctx   lent for the net's life
 * @param[in]  path  the file; weights that lie in another file are read when that is a plain file of the same folder
 * @param[out] out   yours; DEEPID_F64 where the file has weights of double precision, else DEEPID_F32 (weights of 16
 * bits are exact in it)
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     a NULL
 * @retval DEEPID_ERR_IO           the file, or one beside it, cannot be read: what the system says
 * @retval DEEPID_ERR_FORMAT       not a complete ONNX file, or its graph contradicts itself
 * @retval DEEPID_ERR_UNSUPPORTED  the graph is no chain with residual blocks of layers that deepid has: names the node,
 * its operator and the reason; or this build has no ONNX: names the packages
 * @retval DEEPID_ERR_SHAPE        a layer does not take what comes in: names the node
 * @retval DEEPID_ERR_SPEC         a layer has an option out of range: names the node
 * @retval DEEPID_ERR_LIMIT        beyond file_bytes, layers, text_bytes or tensor_elements of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the file is read whole; for a moment the numbers are there twice, in the file's order and in the net's. A
 * file of 98 MiB takes about a quarter of a second
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_load_onnx(deepid_ctx *ctx, const char *path, deepid_net **out);

/**
 * Write a net as an ONNX file of operator set 17 (18 with mish, 20 with gelu): a node or a few for each layer and join,
 * the numbers as initializers under their names, running statistics included. It computes what the net does in
 * DEEPID_EVAL. Pictures go in as [n, c, h, w] there; the number of samples stays open. A reader sees the old file or
 * the whole new one.
 *
 * @param[in] net   any; of DEEPID_F64 the file is of double precision, which not every runtime takes
 * @param[in] path  replaced
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     path is NULL
 * @retval DEEPID_ERR_UNSUPPORTED  a layer that ONNX has no operator for: names it; or this build has no ONNX: names the
 * packages
 * @retval DEEPID_ERR_IO           the file cannot be written: what the system says; the old one is whole
 * @retval DEEPID_ERR_LIMIT        the file would have 2 GiB or more
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   for a moment the numbers of convolutions are there three times, those of other layers twice; one write
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_net_save_onnx(const deepid_net *net, const char *path);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
