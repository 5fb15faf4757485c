/**
 * @defgroup activations Activations
 * Activations alone, on tensors: y = f(x) elementwise, any shape of rank 1 or more. Kinks, limits and accuracy of
 * each: lib/ops/WORD/WORD.md. What all share stands at deepid_relu_forward and deepid_relu_backward.
 * @{
 */
#ifndef DEEPID_ACTIVATIONS_H
#define DEEPID_ACTIVATIONS_H

#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y = max(x, 0) (Nair and Hinton 2010).
 *
 * @param[in]  options  of the layer of this name, see deepid_layer_help; NULL or "" for the defaults
 * @param[in]  x        any shape of rank 1 or more without an empty extent; F32 or F64
 * @param[out] y        shape and dtype of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or y is NULL, or they overlap
 * @retval DEEPID_ERR_SHAPE     y has another shape than x; x has rank 0 or an empty extent
 * @retval DEEPID_ERR_DTYPE     y has another dtype than x
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   one pass.
 * @thread One thread at a time for each context, which is x's. The bits do not depend on the context's threads.
 */
DEEPID_API int32_t deepid_relu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = 1 where x > 0, else 0.
 *
 * @param[in]  options  as forward
 * @param[in]  x        as forward
 * @param[in]  dy       shape and dtype of x: the gradient by y
 * @param[out] dx       shape and dtype of x: the gradient by x, overwritten; must not overlap x or dy; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x or dy is NULL, or dx overlaps one of them
 * @retval DEEPID_ERR_SHAPE     dy or dx has another shape than x; x has rank 0 or an empty extent
 * @retval DEEPID_ERR_DTYPE     dy or dx has another dtype than x
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_MEMORY    no memory for a copy of y
 *
 * @cost   a forward and a pass; allocates as much as y while it runs.
 * @thread As deepid_relu_forward.
 */
DEEPID_API int32_t deepid_relu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);

/**
 * y = x where x >= 0, slope x elsewhere (Maas et al. 2013). Options: "slope=0.01", -1e6 to 1e6.
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_leaky_relu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = 1 where x > 0, else slope.
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_leaky_relu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                              deepid_tensor *dx);

/**
 * y = x where x >= 0, alpha (e^x - 1) elsewhere (Clevert, Unterthiner, Hochreiter 2016). Options: "alpha=1", 0 to 1e6.
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_elu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = 1 where x > 0, else alpha e^x.
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_elu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                       deepid_tensor *dx);

/**
 * y = gamma x where x >= 0, gamma alpha (e^x - 1) elsewhere (Klambauer et al. 2017, eq. 14); options "alpha=A gamma=G",
 * alpha 0 to 1e6, default 1.6732632423543773, gamma 1e-6 to 1e6, default 1.0507009873554805.
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_selu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = gamma where x > 0, else gamma alpha e^x.
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_selu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);

/**
 * y = tanh(x).
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_tanh_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = (1 - y) (1 + y).
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_tanh_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);

/**
 * y = 1 / (1 + e^-x).
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_sigmoid_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = y (1 - y).
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_sigmoid_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                           deepid_tensor *dx);

/**
 * y = x Phi(x), Phi the normal distribution function (Hendrycks and Gimpel 2016). Options: "form=erf" or "form=tanh",
 * the approximation; default erf.
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_gelu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = Phi(x) + x phi(x).
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_gelu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);

/**
 * y = x / (1 + e^-x) (Elfwing et al. 2018).
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_silu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = s (1 + x (1 - s)), s = 1 / (1 + e^-x).
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_silu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);

/**
 * y = x tanh(log(1 + e^x)) (Misra 2019).
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_mish_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = g + x (1 - g^2) s, g = tanh(log(1 + e^x)), s = 1 / (1 + e^-x).
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_mish_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);

/**
 * y = log(1 + e^x) (Dugas et al. 2001).
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_softplus_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = 1 / (1 + e^-x).
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_softplus_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                            deepid_tensor *dx);

/**
 * y = x cut to [min, max]. Options: "min=-1 max=1", min below max.
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_hardtanh_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = 1 strictly inside, else 0.
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_hardtanh_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                            deepid_tensor *dx);

/**
 * y = x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_hardswish_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = 0 for x <= -3, 1 for x >= 3, (2 x + 3) / 6 between.
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_hardswish_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                             deepid_tensor *dx);

/**
 * y = min(max(alpha x + beta, 0), 1); options alpha=1/6 (1e-6 to 1e6), beta=0.5: (x + 3) / 6 (Howard et al. 2019).
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_hardsigmoid_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = alpha strictly where alpha x + beta lies between 0 and 1, else 0.
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_hardsigmoid_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                               deepid_tensor *dx);

/**
 * y = x / (1 + |x|) (Bergstra et al. 2009).
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_softsign_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = 1 / (1 + |x|)^2.
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_softsign_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                            deepid_tensor *dx);

/**
 * y = x for x >= 0, alpha (e^(x / alpha) - 1) below (Barron 2017). Options: "alpha=1", 1e-3 to 1e6.
 *
 * @copydetails deepid_relu_forward
 */
DEEPID_API int32_t deepid_celu_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);

/**
 * dx = dy f'(x), f' = 1 for x > 0, else e^(x / alpha).
 *
 * @copydetails deepid_relu_backward
 */
DEEPID_API int32_t deepid_celu_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                        deepid_tensor *dx);

/**
 * Parametric rectifier: y = x where x >= 0, w[c] x elsewhere; c is the last axis (He et al. 2015b, eq. 1).
 *
 * @param[in]  x  [n, features] or [n, h, w, c], no empty extent; F32 or F64
 * @param[in]  w  [features] or [c], the slopes
 * @param[out] y  shape of x; must not overlap x
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or x and y overlap
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     w or y has another dtype than x
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   one pass.
 * @thread As deepid_relu_forward.
 */
DEEPID_API int32_t deepid_prelu_forward(const deepid_tensor *x, const deepid_tensor *w, deepid_tensor *y);

/**
 * dx = dy where x > 0, w[c] dy elsewhere;  dw[c] += sum over x < 0 of dy x.
 *
 * @param[in]     x   as forward
 * @param[in]     w   as forward
 * @param[in]     dy  shape of x: the gradient by y
 * @param[out]    dx  shape of x: overwritten; must not overlap x or dy; NULL: skipped
 * @param[in,out] dw  shape of w: added to; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x, w or dy is NULL, or dx overlaps x or dy
 * @retval DEEPID_ERR_SHAPE     a shape that does not fit
 * @retval DEEPID_ERR_DTYPE     dtypes differ
 * @retval DEEPID_ERR_MEMORY    no memory for a copy of y
 *
 * @cost   a forward, and a pass in one thread; allocates as much as y while it runs.
 * @thread As deepid_relu_forward.
 */
DEEPID_API int32_t deepid_prelu_backward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy,
                                         deepid_tensor *dx, deepid_tensor *dw);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
