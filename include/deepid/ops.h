/**
 * @file ops.h  Every op alone, on tensors. A batch is [n, features] or [n, h, w, c]. backward overwrites dx, adds to
 * parameter gradients, skips NULLs.
 */
#ifndef DEEPID_OPS_H
#define DEEPID_OPS_H

#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The i-th layer kind ("dense", "conv2d", ...); NULL past the end. */
DEEPID_API const char *deepid_layer_word(int64_t i);
/** One line on a layer kind and its options; NULL when unknown. */
DEEPID_API const char *deepid_layer_help(const char *word);

/**
 * y = x w^T + 1 b^T.
 *
 * @param[in]  x  [n, in]
 * @param[in]  w  [out, in]
 * @param[in]  b  [out], or NULL
 * @param[out] y  [n, out]; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, w or y is NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 *
 * @cost   n in out multiply-adds, one matrix product
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_dense_forward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *b,
                                        deepid_tensor *y);
/** dx = dy w (overwritten), dw += dy^T x, db += dy^T 1; each may be NULL. Errors as forward. */
DEEPID_API int32_t deepid_dense_backward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy,
                                         deepid_tensor *dx, deepid_tensor *dw, deepid_tensor *db);

/**
 * Cross-correlation over channels-last pictures: y[i,j,o] = b[o] + sum w[o,k,l,c] x[i s - top + k d, j s - left + l
 * d, c], zeros outside.
 *
 * @param[in]  options  "stride=1 padding=same dilation=1 groups=1"; padding: same, valid, N, HxW or
 * TOPxBOTTOMxLEFTxRIGHT; NULL for the defaults
 * @param[in]  x        [n, h, w, in]
 * @param[in]  w        [out, kernel height, kernel width, in / groups]
 * @param[in]  b        [out], or NULL
 * @param[out] y        [n, h', w', out]
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape, a kernel or groups that do not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for the patches
 *
 * @cost   n h' w' out kernel (in / groups) multiply-adds; patches of a few rows at a time
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_conv2d_forward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                                         const deepid_tensor *b, deepid_tensor *y);
/** dx overwritten, dw and db added to; each may be NULL. Errors as forward. */
DEEPID_API int32_t deepid_conv2d_backward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                                          const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw,
                                          deepid_tensor *db);

/**
 * y = weight (x - mean) / sqrt(var + eps) + bias, a channel at a time (Ioffe and Szegedy 2015, algorithm 1).
 *
 * train != 0: mean and biased variance of the batch; running = (1 - momentum) running + momentum batch, the variance
 * unbiased. train = 0: the running ones.
 *
 * @param[in]     options  "eps=1e-5 momentum=0.1" (the defaults); backward_eps=E plants a fault: backward takes E
 * for eps
 * @param[in]     train    0 or 1
 * @param[in]     x        [n, c] or [n, h, w, c]
 * @param[in]     weight,bias  [c]
 * @param[in,out] running_mean,running_var  [c]; changed only in training
 * @param[out]    y        shape of x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit; one value a channel in training
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 *
 * @cost   three passes in training, one else
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_batchnorm_forward(const char *options, int32_t train, const deepid_tensor *x,
                                            const deepid_tensor *weight, const deepid_tensor *bias,
                                            deepid_tensor *running_mean, deepid_tensor *running_var, deepid_tensor *y);
/** dx overwritten, dweight += sum dy xhat, dbias += sum dy; each may be NULL. Errors as forward. */
DEEPID_API int32_t deepid_batchnorm_backward(const char *options, int32_t train, const deepid_tensor *x,
                                             const deepid_tensor *weight, const deepid_tensor *bias,
                                             const deepid_tensor *running_mean, const deepid_tensor *running_var,
                                             const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight,
                                             deepid_tensor *dbias);
/**
 * y = weight (x - mean) / sqrt(var + eps) + bias over the features, or the channels of each pixel; options
 * "eps=1e-5" (Ba, Kiros, Hinton 2016).
 */
DEEPID_API int32_t deepid_layernorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                            const deepid_tensor *bias, deepid_tensor *y);
/** dx overwritten, dweight and dbias added to; each may be NULL. */
DEEPID_API int32_t deepid_layernorm_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                             const deepid_tensor *bias, const deepid_tensor *dy, deepid_tensor *dx,
                                             deepid_tensor *dweight, deepid_tensor *dbias);

/** options: "kernel=2 stride=2 padding=0"; the first maximum wins, NaN wins always. */
DEEPID_API int32_t deepid_maxpool_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx gets dy where the maximum was. */
DEEPID_API int32_t deepid_maxpool_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                           deepid_tensor *dx);
/** options: "kernel=2 stride=2 padding=0"; padding is not counted. */
DEEPID_API int32_t deepid_avgpool_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** Each counted x gets dy / count. */
DEEPID_API int32_t deepid_avgpool_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                           deepid_tensor *dx);
/** y[n,c] = mean over pixels of x [n,h,w,c]. */
DEEPID_API int32_t deepid_global_avgpool_forward(const deepid_tensor *x, deepid_tensor *y);
/** dx = dy / (h w). */
DEEPID_API int32_t deepid_global_avgpool_backward(const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);
/** Shortcut A: options "out=32 stride=2"; every stride-th pixel, new channels zero, half of them before. */
DEEPID_API int32_t deepid_channel_pad_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx takes the same entries of dy, zeros elsewhere. */
DEEPID_API int32_t deepid_channel_pad_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                               deepid_tensor *dx);
/** [n,h,w,c] to [n, h w c]: a copy. */
DEEPID_API int32_t deepid_flatten_forward(const deepid_tensor *x, deepid_tensor *y);
/** dx = dy. */
DEEPID_API int32_t deepid_flatten_backward(const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);
/** options: "p=0.5"; train != 0: y = x mask / (1 - p), the mask drawn with seed 0; else y = x. */
DEEPID_API int32_t deepid_dropout_forward(const char *options, int32_t train, const deepid_tensor *x, deepid_tensor *y);
/** The same mask on dy. */
DEEPID_API int32_t deepid_dropout_backward(const char *options, int32_t train, const deepid_tensor *x,
                                           const deepid_tensor *dy, deepid_tensor *dx);
/**
 * y = x, bit for bit; the backward of F32 tensors rounds the gradient to sixteen bits, as
 * lib/ops/gradient_cast/gradient_cast.md says.
 *
 * @param[in]  options  "format=f16 scale=1": format f16, bf16 or none; scale 1e-30 to 1e30; NULL for these defaults
 * @param[in]  x        [n, features] or [n, h, w, c]
 * @param[out] y        shape and dtype of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 *
 * @cost   one pass
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_gradient_cast_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** F32: dx = cast(scale dy) / scale, overwritten. F64: dx = dy. Errors as forward. */
DEEPID_API int32_t deepid_gradient_cast_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                                 deepid_tensor *dx);

#ifdef __cplusplus
}
#endif
#endif
