/**
 * @defgroup resnet Families of nets
 * Ready families of nets, plain and residual. Each is only text: deepid_net_describe shows what could be typed
 * instead.
 * @{
 */
#ifndef DEEPID_RESNET_H
#define DEEPID_RESNET_H

#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A deep net of dense layers: input in; dense width; layer; blocks * block { dense width; layer }; dense classes.
 *
 * @param[in]  ctx      lent for the net's life
 * @param[in]  in       features, 1 to 65536
 * @param[in]  width    of every hidden layer, 1 to 65536
 * @param[in]  blocks   0 to 100000
 * @param[in]  classes  outputs, 1 to 65536
 * @param[in]  block    "plain", "identity", with options: "identity s=0.5 after=relu"; survive= as
 *                      deepid_resnet_cifar
 * @param[in]  layer    what stands behind each hidden dense: "tanh"; NULL = "batchnorm; relu"
 * @param[in]  dtype    DEEPID_F32 or DEEPID_F64
 * @param[out] out      yours, as deepid_net_create makes it
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or a number outside its range: names it
 * @retval DEEPID_ERR_SPEC      block or layer does not parse
 * @retval DEEPID_ERR_DTYPE     another dtype
 * @retval DEEPID_ERR_LIMIT     beyond the limits of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_net_create
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_resnet_mlp(deepid_ctx *ctx, int64_t in, int64_t width, int64_t blocks, int64_t classes,
                                     const char *block, const char *layer, int32_t dtype, deepid_net **out);

/**
 * The nets for CIFAR-10 of He et al. 2015 (arXiv 1512.03385), section 4.2: 32x32x3, widths 16, 32, 64, 10 classes.
 * Depth 20, 32, 44, 56, 110, 1202 have 269722, 464154, 658586, 853018, 1727962, 19421274 parameters, plain or with
 * shortcut A.
 *
 * @param[in]  ctx    lent for the net's life
 * @param[in]  depth  6n + 2: 8, 14, 20, ...; 9n + 2 for bottleneck blocks
 * @param[in]  block  a block word with options: "identity shortcut=A", "plain", "preact", "identity order=norm_after"
 *                    (the orders of He et al. 2016, figure 4: original, norm_after, relu_before, relu_preact, preact;
 *                    default that of the word: original, of preact preact); shortcut=A where none is given;
 *                    survive=0.5 is stochastic depth: the last of L blocks takes its branch with probability 0.5 in
 *                    training, the l-th with 1 - 0.5 l / L (Huang et al. 2016, eq. 4)
 * @param[in]  dtype  DEEPID_F32 or DEEPID_F64
 * @param[out] out    yours, as deepid_net_create makes it
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL, or another depth
 * @retval DEEPID_ERR_SPEC      block is NULL or does not parse
 * @retval DEEPID_ERR_SHAPE     shortcut=identity
 * @retval DEEPID_ERR_DTYPE     another dtype
 * @retval DEEPID_ERR_LIMIT     beyond the limits of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_net_create
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_resnet_cifar(deepid_ctx *ctx, int64_t depth, const char *block, int32_t dtype,
                                       deepid_net **out);

/**
 * The same family for other pictures: three stages, each half as high and wide as the one before and with twice the
 * channels.
 *
 * @param[in]  ctx      lent for the net's life
 * @param[in]  depth    as deepid_resnet_cifar
 * @param[in]  block    as deepid_resnet_cifar
 * @param[in]  h        height, 4 to 16384
 * @param[in]  w        width, 4 to 16384
 * @param[in]  c        channels, 1 to 65536
 * @param[in]  width    channels of the first stage, 1 to 65536
 * @param[in]  classes  outputs, 1 to 65536
 * @param[in]  dtype    DEEPID_F32 or DEEPID_F64
 * @param[out] out      yours, as deepid_net_create makes it
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL, or a number outside its range: names it
 * @retval DEEPID_ERR_SPEC      block is NULL or does not parse
 * @retval DEEPID_ERR_SHAPE     shortcut=identity
 * @retval DEEPID_ERR_DTYPE     another dtype
 * @retval DEEPID_ERR_LIMIT     beyond the limits of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_net_create
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_resnet_pictures(deepid_ctx *ctx, int64_t depth, const char *block, int64_t h, int64_t w,
                                          int64_t c, int64_t width, int64_t classes, int32_t dtype, deepid_net **out);

/**
 * The nets for ImageNet of He et al. 2015, table 1: 224x224x3, 1000 classes, depth 50 and more with bottleneck
 * blocks (their stride on the 3x3). Depth 18, 34, 50, 101, 152 have 11689512, 21797672, 25557032, 44549160, 60192808
 * parameters with shortcut B.
 *
 * @param[in]  ctx    lent for the net's life
 * @param[in]  depth  18, 34, 50, 101 or 152
 * @param[in]  block  "identity" or "plain" with options, order= and survive= among them (see deepid_resnet_cifar), for
 *                    18 and 34 also "preact" or "preact_plain"; shortcut=B where none is given
 * @param[in]  dtype  DEEPID_F32 or DEEPID_F64
 * @param[out] out    yours, as deepid_net_create makes it
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL, another depth, or blocks that the depth does not have
 * @retval DEEPID_ERR_SPEC      block is NULL or does not parse
 * @retval DEEPID_ERR_SHAPE     shortcut=identity
 * @retval DEEPID_ERR_DTYPE     another dtype
 * @retval DEEPID_ERR_LIMIT     beyond the limits of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   as deepid_net_create
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_resnet_imagenet(deepid_ctx *ctx, int64_t depth, const char *block, int32_t dtype,
                                          deepid_net **out);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
