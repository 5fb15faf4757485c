/**
 * @defgroup ops Ops
 * Every op alone, on tensors. A batch is [n, features] or [n, h, w, c], F32 or F64, no extent empty. backward runs the
 * forward first, overwrites dx, adds to parameter gradients, and skips a gradient that is NULL. The context is x's.
 * Gradients are derived, and kinks and accuracy named, in lib/ops/WORD/WORD.md.
 * @{
 */
#ifndef DEEPID_OPS_H
#define DEEPID_OPS_H

#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The words of layer kinds, one after the other: "dense", "conv2d", ...
 *
 * @param[in] i  from 0
 *
 * @return The word, a constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_layer_word(int64_t i);

/**
 * What a layer kind computes, and its options.
 *
 * @param[in] word  as deepid_layer_word; NULL is no word
 *
 * @return One line, a constant; NULL when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_layer_help(const char *word);

/* ---- linear -------------------------------------------------------------------------------------- */

/**
 * The fully connected layer: y = x wᵀ + 1 bᵀ.
 *
 * @param[in]  x  [n, in]
 * @param[in]  w  [out, in]
 * @param[in]  b  [out]; NULL: no bias
 * @param[out] y  [n, out]; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, w or y is NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      w has no outputs
 * @retval DEEPID_ERR_MEMORY    no memory for a transpose of a small w
 *
 * @cost   n in out multiply-adds, one matrix product.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_dense_forward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *b,
                                        deepid_tensor *y);

/**
 * dx = dy w,  dw += dyᵀ x,  db += dyᵀ 1.
 *
 * @param[in]     x   [n, in]
 * @param[in]     w   [out, in]
 * @param[in]     dy  [n, out], the gradient by y
 * @param[out]    dx  [n, in], overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dw  [out, in], added to; NULL: skipped
 * @param[in,out] db  [out], added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, w or dy is NULL, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      w has no outputs
 * @retval DEEPID_ERR_MEMORY    no memory for y
 *
 * @cost   three matrix products, of n in out multiply-adds each; allocates as much as y while it runs.
 * @thread As deepid_dense_forward.
 */
DEEPID_API int32_t deepid_dense_backward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy,
                                         deepid_tensor *dx, deepid_tensor *dw, deepid_tensor *db);

/**
 * Convolution, as cross-correlation over channels-last pictures: y[i,j,o] = b[o] + the sum over k, l, c of
 * w[o,k,l,c] x[i s - top + k d, j s - left + l d, c], x = 0 outside, s the stride, d the dilation. Always this sum, and
 * never Winograd's transform, which a net may take (deepid_net_set_exact).
 *
 * @param[in]  options  "stride=1 padding=symmetric dilation=1 groups=1", each N or HxW, groups N; symmetric is
 *                      d (kernel - 1) in all, half of it before, the odd pixel behind; padding also same_upper
 *                      (TensorFlow's), same (where these two agree), valid or TOPxBOTTOMxLEFTxRIGHT; below 200
 *                      characters; NULL or "" for these defaults
 * @param[in]  x        [n, h, w, in]
 * @param[in]  w        [out, kernel height, kernel width, in / groups]
 * @param[in]  b        [out]; NULL: no bias
 * @param[out] y        [n, h', w', out], h' = floor((h + top + bottom - d (kernel height - 1) - 1) / s) + 1, w'
 *                      likewise; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, w or y is NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape, a kernel or groups that do not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse, or w has an empty extent
 * @retval DEEPID_ERR_MEMORY    no memory for scratch
 *
 * @cost   n h' w' out kernel (in / groups) multiply-adds; scratch for a few rows at a time.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_conv2d_forward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                                         const deepid_tensor *b, deepid_tensor *y);

/**
 * The gradients of deepid_conv2d_forward: dx[r,q,c] = the sum of w[o,k,l,c] dy[i,j,o] over all places where x[r,q,c] is
 * read; dw[o,k,l,c] += the sum of x dy over the same places; db[o] += the sum of dy[i,j,o].
 *
 * @param[in]     options  as forward
 * @param[in]     x        [n, h, w, in]
 * @param[in]     w        [out, kernel height, kernel width, in / groups]
 * @param[in]     dy       [n, h', w', out], the gradient by y
 * @param[out]    dx       shape of x, overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dw       shape of w, added to; NULL: skipped
 * @param[in,out] db       [out], added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, w or dy is NULL, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape, a kernel or groups that do not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse, or w has an empty extent
 * @retval DEEPID_ERR_MEMORY    no memory for y and scratch
 *
 * @cost   three times a forward; allocates as much as y while it runs.
 * @thread As deepid_conv2d_forward.
 */
DEEPID_API int32_t deepid_conv2d_backward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                                          const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw,
                                          deepid_tensor *db);

/**
 * Convolution (cross-correlation) of series: y[i,o] = b[o] + the sum over k,c of w[o,k,c] x[i s - before + k d, c],
 * with zeros outside; as torch.nn.functional.conv1d, channels last. It is deepid_conv2d_forward of pictures of one row.
 *
 * @param[in]  options  "stride=1 padding=symmetric dilation=1 groups=1", each one number; padding also same_upper, same
 *                      or valid (deepid_conv2d_forward) or BEFORExAFTER, such as 2x0; below 200 characters; NULL or ""
 *                      for these defaults
 * @param[in]  x        [n, l, in]
 * @param[in]  w        [out, kernel, in / groups]
 * @param[in]  b        [out]; NULL: no bias
 * @param[out] y        [n, l', out], l' = floor((l + before + after - d (kernel - 1) - 1) / s) + 1; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, w or y is NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape, a kernel or groups that do not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse, or w has an empty extent
 * @retval DEEPID_ERR_MEMORY    no memory for scratch
 *
 * @cost   n l' out kernel (in / groups) multiply-adds; scratch for a few rows at a time.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_conv1d_forward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                                         const deepid_tensor *b, deepid_tensor *y);

/**
 * The gradients of deepid_conv1d_forward: dx[r,c] = the sum of w[o,k,c] dy[i,o] over all places where x[r,c] is read;
 * dw[o,k,c] += the sum of x dy over the same places; db[o] += the sum of dy[i,o].
 *
 * @param[in]     options  as forward
 * @param[in]     x        [n, l, in]
 * @param[in]     w        [out, kernel, in / groups]
 * @param[in]     dy       [n, l', out], the gradient by y
 * @param[out]    dx       shape of x, overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dw       shape of w, added to; NULL: skipped
 * @param[in,out] db       [out], added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, w or dy is NULL, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape, a kernel or groups that do not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse, or w has an empty extent
 * @retval DEEPID_ERR_MEMORY    no memory for y and scratch
 *
 * @cost   three times a forward; allocates as much as y while it runs.
 * @thread As deepid_conv1d_forward.
 */
DEEPID_API int32_t deepid_conv1d_backward(const char *options, const deepid_tensor *x, const deepid_tensor *w,
                                          const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw,
                                          deepid_tensor *db);

/* ---- normalisation -------------------------------------------------------------------------------- */

/**
 * Batch normalisation: y = weight (x - mean) / sqrt(var + eps) + bias, a channel at a time (Ioffe and Szegedy 2015,
 * algorithm 1).
 *
 * train != 0: mean and biased variance of the batch; running = (1 - momentum) running + momentum batch, the variance
 * unbiased there. train = 0: the running ones.
 *
 * @param[in]     options       "eps=1e-5 momentum=0.1": eps 0 to 1e6, momentum 0 to 1; NULL or "" for these defaults.
 *                              backward_eps=E plants a fault: backward takes E for eps
 * @param[in]     train         0: evaluation; any other: training
 * @param[in]     x             [n, c], [n, l, c] or [n, h, w, c]
 * @param[in]     weight        [c]
 * @param[in]     bias          [c]
 * @param[in,out] running_mean  [c]; changed only in training
 * @param[in,out] running_var   [c]; changed only in training
 * @param[out]    y             shape of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit; one value a channel in training
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for the statistics
 *
 * @cost   three passes in training, else one.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_batchnorm_forward(const char *options, int32_t train, const deepid_tensor *x,
                                            const deepid_tensor *weight, const deepid_tensor *bias,
                                            deepid_tensor *running_mean, deepid_tensor *running_var, deepid_tensor *y);

/**
 * With s = sqrt(var + eps), xhat = (x - mean) / s and g = weight dy: dx = (g - mean(g) - xhat mean(g xhat)) / s in
 * training, dx = g / s in evaluation; dweight += sum dy xhat, dbias += sum dy.
 *
 * @param[in]     options       as forward
 * @param[in]     train         as forward
 * @param[in]     x             [n, c], [n, l, c] or [n, h, w, c]
 * @param[in]     weight        [c]
 * @param[in]     bias          [c]
 * @param[in]     running_mean  [c]; read in evaluation, checked always
 * @param[in]     running_var   [c]; read in evaluation, checked always
 * @param[in]     dy            shape of x: the gradient by y
 * @param[out]    dx            shape of x: overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dweight       [c]: added to; NULL: skipped
 * @param[in,out] dbias         [c]: added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL that is not a gradient's, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit; one value a channel in training
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for y and the statistics
 *
 * @cost   a forward and two passes; allocates as much as y while it runs.
 * @thread As deepid_batchnorm_forward.
 */
DEEPID_API int32_t deepid_batchnorm_backward(const char *options, int32_t train, const deepid_tensor *x,
                                             const deepid_tensor *weight, const deepid_tensor *bias,
                                             const deepid_tensor *running_mean, const deepid_tensor *running_var,
                                             const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight,
                                             deepid_tensor *dbias);

/**
 * Layer normalisation: y = weight (x - mean) / sqrt(var + eps) + bias, mean and biased variance over the features of a
 * sample, or over the channels of each pixel (Ba, Kiros, Hinton 2016).
 *
 * @param[in]  options  "eps=1e-5", 0 to 1e6; NULL or "" for this default
 * @param[in]  x        [n, c], [n, l, c] or [n, h, w, c]
 * @param[in]  weight   [c]
 * @param[in]  bias     [c]
 * @param[out] y        shape of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for the statistics
 *
 * @cost   three passes, each row while it is in the cache.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_layernorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                            const deepid_tensor *bias, deepid_tensor *y);

/**
 * With s = sqrt(var + eps), xhat = (x - mean) / s and g = weight dy: dx = (g - mean(g) - xhat mean(g xhat)) / s;
 * dweight += sum dy xhat, dbias += sum dy.
 *
 * @param[in]     options  as forward
 * @param[in]     x        [n, c], [n, l, c] or [n, h, w, c]
 * @param[in]     weight   [c]
 * @param[in]     bias     [c]
 * @param[in]     dy       shape of x: the gradient by y
 * @param[out]    dx       shape of x: overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dweight  [c]: added to; NULL: skipped
 * @param[in,out] dbias    [c]: added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL that is not a gradient's, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for y and the statistics
 *
 * @cost   a forward and two passes; allocates as much as y while it runs.
 * @thread As deepid_layernorm_forward.
 */
DEEPID_API int32_t deepid_layernorm_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                             const deepid_tensor *bias, const deepid_tensor *dy, deepid_tensor *dx,
                                             deepid_tensor *dweight, deepid_tensor *dbias);

/**
 * Group normalisation: y = weight (x - mean) / sqrt(var + eps) + bias, mean and biased variance over all pixels of a
 * sample and the channels of a group (Wu, He 2018); with as many groups as channels, instance normalisation.
 *
 * @param[in]  options  "groups=8 eps=1e-5 affine=1": groups is required, a divisor of c; eps 0 to 1e6, default 1e-5;
 *                      affine=0: without weight and bias, which are NULL then; default 1
 * @param[in]  x        [n, c], [n, l, c] or [n, h, w, c]
 * @param[in]  weight   [c]
 * @param[in]  bias     [c]
 * @param[out] y        shape of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for the statistics
 *
 * @cost   three passes, each row while it is in the cache.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_groupnorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                            const deepid_tensor *bias, deepid_tensor *y);

/**
 * With s = sqrt(var + eps), xhat = (x - mean) / s and g = weight dy: dx = (g - mean(g) - xhat mean(g xhat)) / s;
 * dweight += sum dy xhat, dbias += sum dy.
 *
 * @param[in]     options  as forward
 * @param[in]     x        [n, c], [n, l, c] or [n, h, w, c]
 * @param[in]     weight   [c]
 * @param[in]     bias     [c]
 * @param[in]     dy       shape of x: the gradient by y
 * @param[out]    dx       shape of x: overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dweight  [c]: added to; NULL: skipped
 * @param[in,out] dbias    [c]: added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL that is not a gradient's, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for y and the statistics
 *
 * @cost   a forward and two passes; allocates as much as y while it runs.
 * @thread As deepid_groupnorm_forward.
 */
DEEPID_API int32_t deepid_groupnorm_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                             const deepid_tensor *bias, const deepid_tensor *dy, deepid_tensor *dx,
                                             deepid_tensor *dweight, deepid_tensor *dbias);

/**
 * Instance normalisation: y = weight (x - mean) / sqrt(var + eps) + bias, mean and biased variance over all pixels or
 * steps of each channel of a sample by itself (Ulyanov et al. 2016): deepid_groupnorm_forward with a group a channel.
 *
 * @param[in]  options  "affine=1 eps=1e-5", the defaults: affine 0 or 1, 0: without weight and bias; eps 0 to 1e6
 * @param[in]  x        [n, l, c] or [n, h, w, c], two numbers a channel or more
 * @param[in]  weight   [c]; with affine=0 NULL
 * @param[in]  bias     [c]; with affine=0 NULL
 * @param[out] y        shape of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for the statistics
 *
 * @cost   three passes, each row while it is in the cache.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_instancenorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                               const deepid_tensor *bias, deepid_tensor *y);

/**
 * With s = sqrt(var + eps), xhat = (x - mean) / s and g = weight dy: dx = (g - mean(g) - xhat mean(g xhat)) / s;
 * dweight += sum dy xhat, dbias += sum dy.
 *
 * @param[in]     options  as forward
 * @param[in]     x        [n, l, c] or [n, h, w, c], two numbers a channel or more
 * @param[in]     weight   [c]; with affine=0 NULL
 * @param[in]     bias     [c]; with affine=0 NULL
 * @param[in]     dy       shape of x: the gradient by y
 * @param[out]    dx       shape of x: overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dweight  [c]: added to; NULL: skipped
 * @param[in,out] dbias    [c]: added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL that is not a gradient's, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for y and the statistics
 *
 * @cost   a forward and two passes; allocates as much as y while it runs.
 * @thread As deepid_instancenorm_forward.
 */
DEEPID_API int32_t deepid_instancenorm_backward(const char *options, const deepid_tensor *x,
                                                const deepid_tensor *weight, const deepid_tensor *bias,
                                                const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight,
                                                deepid_tensor *dbias);

/**
 * Root mean square normalisation: y = weight x / sqrt(mean(x^2) + eps), the mean over the features of a sample, or over
 * the channels of each pixel (Zhang, Sennrich 2019).
 *
 * @param[in]  options  "eps=1e-5", 0 to 1e6; NULL or "" for this default
 * @param[in]  x        [n, c], [n, l, c] or [n, h, w, c]
 * @param[in]  weight   [c]
 * @param[out] y        shape of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for the statistics
 *
 * @cost   three passes, each row while it is in the cache.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_rmsnorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                          deepid_tensor *y);

/**
 * With r = sqrt(mean(x^2) + eps), xhat = x / r and g = weight dy: dx = (g - xhat mean(g xhat)) / r; dweight += sum dy
 * xhat.
 *
 * @param[in]     options  as forward
 * @param[in]     x        [n, c], [n, l, c] or [n, h, w, c]
 * @param[in]     weight   [c]
 * @param[in]     dy       shape of x: the gradient by y
 * @param[out]    dx       shape of x: overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dweight  [c]: added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL that is not a gradient's, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for y and the statistics
 *
 * @cost   a forward and two passes; allocates as much as y while it runs.
 * @thread As deepid_rmsnorm_forward.
 */
DEEPID_API int32_t deepid_rmsnorm_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                           const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight);

/**
 * Trained scale: y = weight x, one number for all, or y[.., c] = weight[c] x[.., c]: ReZero (Bachlechner et al. 2020),
 * SkipInit (De, Smith 2020), LayerScale (Touvron et al. 2021).
 *
 * @param[in]  options  "per=layer" (default) or "per=channel"; "init", -1e6 to 1e6, is for nets; NULL or "" for the
 *                      default
 * @param[in]  x        [n, c] or [n, h, w, c]
 * @param[in]  weight   [1], or [c] with per=channel
 * @param[out] y        shape of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 *
 * @cost   one pass
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_scale_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                        deepid_tensor *y);

/**
 * dx = weight dy; dweight += sum dy x, over all numbers or over those of a channel.
 *
 * @param[in]     options  as forward
 * @param[in]     x        [n, c] or [n, h, w, c]
 * @param[in]     weight   [1], or [c] with per=channel
 * @param[in]     dy       shape of x: the gradient by y
 * @param[out]    dx       shape of x: overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dweight  shape of weight: added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL that is not a gradient's, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for the sums
 *
 * @cost   two passes
 * @thread As deepid_scale_forward.
 */
DEEPID_API int32_t deepid_scale_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                                         const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight);

/* ---- pictures made smaller ------------------------------------------------------------------------- */

/**
 * y = the largest x of each window, a channel at a time; padding counts as nothing; NaN is larger than any number.
 *
 * @param[in]  options  "kernel=2 stride=2 padding=0 ceil_mode=0 dilation=1": kernel is required, N or HxW; stride N or
 *                      HxW, default 2; padding N, HxW, TOPxBOTTOMxLEFTxRIGHT or a word of deepid_conv2d_forward, less
 *                      than the kernel, default 0; ceil_mode=1: one window more where the last step leaves pixels
 *                      out, when it begins in the picture or the padding before it (PyTorch's rule); dilation N or
 *                      HxW
 * @param[in]  x        [n, h, w, c]
 * @param[out] y        [n, h', w', c], h' = floor((h + top + bottom - dilation (kernel height - 1) - 1) / stride) + 1,
 *                      w' likewise; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or y is NULL, or they overlap
 * @retval DEEPID_ERR_SHAPE     a shape, kernel or padding that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse, or kernel is not given
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   kernel height times kernel width comparisons for each y.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_maxpool_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx gets dy where the largest x is, the first in row order when there are several; where windows overlap, the sum.
 *
 * @param[in]  options  as forward
 * @param[in]  x        as forward
 * @param[in]  dy       the shape that y has: the gradient by y
 * @param[out] dx       shape of x: overwritten; must not overlap x or dy; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or dy is NULL, or dx overlaps one of them
 * @retval DEEPID_ERR_SHAPE     a shape, or an option, that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse, or one that is required is not given
 * @retval DEEPID_ERR_MEMORY    no memory for y
 *
 * @cost   about two forwards; allocates as much as y while it runs.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_maxpool_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                           deepid_tensor *dx);

/**
 * y = the mean of those x of each window that lie inside the picture: padding is not counted, unless
 * count_include_pad=1 (PyTorch's default), which stands in the place of dilation.
 *
 * @copydetails deepid_maxpool_forward
 */
DEEPID_API int32_t deepid_avgpool_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * Each x that was counted gets dy / count; where windows overlap, the sum.
 *
 * @copydetails deepid_maxpool_backward
 */
DEEPID_API int32_t deepid_avgpool_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                           deepid_tensor *dx);

/**
 * y[n,c] = the mean of x[n,h,w,c] over all pixels (Lin, Chen, Yan 2014).
 *
 * @param[in]  x  [n, h, w, c]
 * @param[out] y  [n, c]; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or y is NULL, or they overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   one pass.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_global_avgpool_forward(const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy / (h w).
 *
 * @param[in]  x   [n, h, w, c]
 * @param[in]  dy  [n, c], the gradient by y
 * @param[out] dx  [n, h, w, c], overwritten; must not overlap x or dy; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or dy is NULL, or dx overlaps one of them
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_MEMORY    no memory for y
 *
 * @cost   a forward and a pass.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_global_avgpool_backward(const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);

/* ---- copies ------------------------------------------------------------------------------------------ */

/**
 * The shortcut of option A: y = every stride-th pixel of x; of the new channels, which are 0, half (rounded down) stand
 * before x's and the rest behind (He et al. 2015, section 3.3).
 *
 * @param[in]  options  "out=32 stride=2": out is required, at least c; stride 1 to 4096, default 1, and 1 for features
 * @param[in]  x        [n, c], [n, l, c] or [n, h, w, c]
 * @param[out] y        [n, out] or [n, ceil(h / stride), ceil(w / stride), out]; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or y is NULL, or they overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit; out below c; a stride for features
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse, or out is not given
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   one pass.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_channel_pad_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx takes the entries of dy that came from x, and is 0 elsewhere.
 *
 * @copydetails deepid_maxpool_backward
 */
DEEPID_API int32_t deepid_channel_pad_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                               deepid_tensor *dx);

/**
 * y = x, a picture read as features: the channel runs fastest.
 *
 * @param[in]  x  [n, h, w, c], or [n, features]
 * @param[out] y  [n, h w c]; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or y is NULL, or they overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   one pass: a copy.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_flatten_forward(const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy, features read as a picture.
 *
 * @param[in]  x   as forward
 * @param[in]  dy  [n, h w c], the gradient by y
 * @param[out] dx  shape of x: overwritten; must not overlap x or dy; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or dy is NULL, or dx overlaps one of them
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_MEMORY    no memory for y
 *
 * @cost   two copies.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_flatten_backward(const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);

/* ---- noise, rounding ----------------------------------------------------------------------------------- */

/**
 * Dropout: in training y = x mask / (1 - p), mask 0 with probability p, else 1; in evaluation y = x (Srivastava et al.
 * 2014, in the inverted form). The mask is drawn with seed 0: it is the same in every call for as many elements.
 *
 * @param[in]  options  "p=0.5", 0 to 0.999; NULL or "" for this default
 * @param[in]  train    0: evaluation; any other: training
 * @param[in]  x        [n, features] or [n, h, w, c]
 * @param[out] y        shape of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or y is NULL, or they overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   one pass, and a random number for each element in training.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_dropout_forward(const char *options, int32_t train, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy mask / (1 - p) in training, with the mask of forward; dx = dy in evaluation.
 *
 * @param[in]  options  as forward
 * @param[in]  train    as forward
 * @param[in]  x        as forward; only its shape counts
 * @param[in]  dy       shape of x: the gradient by y
 * @param[out] dx       shape of x: overwritten; must not overlap x or dy; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or dy is NULL, or dx overlaps one of them
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for y
 *
 * @cost   two forwards; allocates as much as y while it runs.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_dropout_backward(const char *options, int32_t train, const deepid_tensor *x,
                                           const deepid_tensor *dy, deepid_tensor *dx);

/**
 * Stochastic depth (Huang et al. 2016, in torchvision's form): y = x mask / (1 - p) in training, with one mask for all
 * numbers of a sample, y = x in evaluation.
 *
 * @param[in]  options  "p=0.5", 0 to 0.999: probability that a sample is set to 0; "mode=row" (default: drawn for each
 *                      sample) or "mode=batch" (once); NULL or "" for the defaults
 * @param[in]  train    0: y = x
 * @param[in]  x        [n, c] or [n, h, w, c]
 * @param[out] y        shape of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 *
 * @cost   one pass
 * @thread One thread at a time for each context. The mask and the bits do not depend on the context's threads; they are
 *         those of seed 0, step 0 (in a net: of the trainer's seed, the step and the layer's name).
 */
DEEPID_API int32_t deepid_stochastic_depth_forward(const char *options, int32_t train, const deepid_tensor *x,
                                                   deepid_tensor *y);

/**
 * dx = dy mask / (1 - p) in training, with forward's mask; 0 where that is 0, whatever dy is; dx = dy in evaluation.
 *
 * @param[in]  options  as forward
 * @param[in]  train    as forward
 * @param[in]  x        [n, c] or [n, h, w, c]
 * @param[in]  dy       shape of x: the gradient by y
 * @param[out] dx       shape of x: overwritten; must not overlap x or dy; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL that is not dx, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 *
 * @cost   one pass
 * @thread As deepid_stochastic_depth_forward.
 */
DEEPID_API int32_t deepid_stochastic_depth_backward(const char *options, int32_t train, const deepid_tensor *x,
                                                    const deepid_tensor *dy, deepid_tensor *dx);

/**
 * y = x, bit for bit; it is the backward of F32 tensors that rounds, to sixteen bits as mixed-precision training does
 * (Micikevicius et al. 2018, section 3.2).
 *
 * @param[in]  options  "format=f16 scale=1": format f16, bf16 or none; scale 1e-30 to 1e30; NULL or "" for these
 *                      defaults
 * @param[in]  x        [n, features] or [n, h, w, c]
 * @param[out] y        shape and dtype of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or y is NULL, or they overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   one pass.
 * @thread One thread at a time for each context. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_gradient_cast_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * F32: dx = cast(scale dy) / scale, cast to the nearest number of the format, ties to even. F64: dx = dy.
 *
 * @copydetails deepid_maxpool_backward
 */
DEEPID_API int32_t deepid_gradient_cast_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                                 deepid_tensor *dx);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
