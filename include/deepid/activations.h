/**
 * @file activations.h  Activations alone, on tensors: y = f(x) elementwise, any shape of rank 1 or more. Formulas,
 * kinks and accuracy: lib/ops/WORD/WORD.md.
 */
#ifndef DEEPID_ACTIVATIONS_H
#define DEEPID_ACTIVATIONS_H

#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @name Activations without parameters
 *
 * forward: y = f(x).  backward: dx = dy f'(x).
 *
 * @param[in]  options  as in deepid_layer_help of the word, such as "slope=0.2"; NULL or "" for the defaults
 * @param[in]  x        any shape without an empty extent; F32 or F64
 * @param[in]  dy       shape and dtype of x
 * @param[out] y        shape and dtype of x; must not overlap x
 * @param[out] dx       shape and dtype of x; overwritten; NULL: nothing is done
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or tensors that overlap
 * @retval DEEPID_ERR_SHAPE     shapes differ
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no room for the backward's copy of y
 *
 * @cost   one pass; backward runs the forward first. Chunks run on the context's threads; the bits do not depend on
 * them.
 * @thread one thread at a time for each context
 * @{
 */
/** y = relu(x), as above. */
DEEPID_API int32_t deepid_relu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy relu'(x), as above. */
DEEPID_API int32_t deepid_relu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);
/** y = leaky_relu(x), as above. */
DEEPID_API int32_t deepid_leaky_relu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy leaky_relu'(x), as above. */
DEEPID_API int32_t deepid_leaky_relu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                              deepid_tensor *dx);
/** y = elu(x), as above. */
DEEPID_API int32_t deepid_elu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy elu'(x), as above. */
DEEPID_API int32_t deepid_elu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                       deepid_tensor *dx);
/** y = selu(x), as above. */
DEEPID_API int32_t deepid_selu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy selu'(x), as above. */
DEEPID_API int32_t deepid_selu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);
/** y = tanh(x), as above. */
DEEPID_API int32_t deepid_tanh_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy tanh'(x), as above. */
DEEPID_API int32_t deepid_tanh_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);
/** y = sigmoid(x), as above. */
DEEPID_API int32_t deepid_sigmoid_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy sigmoid'(x), as above. */
DEEPID_API int32_t deepid_sigmoid_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                           deepid_tensor *dx);
/** y = gelu(x), as above. */
DEEPID_API int32_t deepid_gelu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy gelu'(x), as above. */
DEEPID_API int32_t deepid_gelu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);
/** y = silu(x), as above. */
DEEPID_API int32_t deepid_silu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy silu'(x), as above. */
DEEPID_API int32_t deepid_silu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);
/** y = softplus(x), as above. */
DEEPID_API int32_t deepid_softplus_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy softplus'(x), as above. */
DEEPID_API int32_t deepid_softplus_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                            deepid_tensor *dx);
/** y = hardtanh(x), as above. */
DEEPID_API int32_t deepid_hardtanh_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy hardtanh'(x), as above. */
DEEPID_API int32_t deepid_hardtanh_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                            deepid_tensor *dx);
/** y = hardswish(x), as above. */
DEEPID_API int32_t deepid_hardswish_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx = dy hardswish'(x), as above. */
DEEPID_API int32_t deepid_hardswish_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                             deepid_tensor *dx);
/** @} */

/**
 * Parametric rectifier (He et al. 2015b, eq. 1): y = x where x >= 0, w[c] x elsewhere; c is the last axis.
 *
 * @param[in]  x  [n, features] or [n, h, w, c]
 * @param[in]  w  [features] or [c], slopes
 * @param[out] y  shape of x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 *
 * @cost one pass  @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_prelu_forward(const deepid_tensor *x, const deepid_tensor *w, deepid_tensor *y);
/**
 * dx = dy (1 or w[c]), overwritten;  dw[c] += sum over x < 0 of dy x. At x = 0 the derivative is w. dx, dw: NULL =
 * skipped. Errors as forward.
 */
DEEPID_API int32_t deepid_prelu_backward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy,
                                         deepid_tensor *dx, deepid_tensor *dw);

#ifdef __cplusplus
}
#endif
#endif
