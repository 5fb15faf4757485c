/** @file ops.h  Every op alone, on tensors. A batch is [n, features] or [n, h, w, c]. backward overwrites dx, adds to parameter gradients, skips NULLs. */
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

/** y = x w^T + b;  x [n,in], w [out,in], b [out] or NULL, y [n,out]. */
DEEPID_API int32_t deepid_dense_forward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *b, deepid_tensor *y);
DEEPID_API int32_t deepid_dense_backward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw, deepid_tensor *db);

/** options: "stride=1 padding=0 dilation=1 groups=1"; out and kernel follow from w [out,kh,kw,in/groups]; b [out] or NULL. */
DEEPID_API int32_t deepid_conv2d_forward(const char *options, const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *b, deepid_tensor *y);
DEEPID_API int32_t deepid_conv2d_backward(const char *options, const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw, deepid_tensor *db);

/** train != 0: batch statistics (and running ones are moved); train = 0: running statistics. options: "eps=1e-5 momentum=0.1". */
DEEPID_API int32_t deepid_batchnorm_forward(const char *options, int32_t train, const deepid_tensor *x, const deepid_tensor *weight, const deepid_tensor *bias, deepid_tensor *running_mean,
                                            deepid_tensor *running_var, deepid_tensor *y);
DEEPID_API int32_t deepid_batchnorm_backward(const char *options, int32_t train, const deepid_tensor *x, const deepid_tensor *weight, const deepid_tensor *bias,
                                             const deepid_tensor *running_mean, const deepid_tensor *running_var, const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight,
                                             deepid_tensor *dbias);
DEEPID_API int32_t deepid_layernorm_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight, const deepid_tensor *bias, deepid_tensor *y);
DEEPID_API int32_t deepid_layernorm_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight, const deepid_tensor *bias, const deepid_tensor *dy, deepid_tensor *dx,
                                             deepid_tensor *dweight, deepid_tensor *dbias);

/** options: "kernel=2 stride=2 padding=0"; the first maximum wins, NaN wins always. */
DEEPID_API int32_t deepid_maxpool_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx gets dy where the maximum was. */
DEEPID_API int32_t deepid_maxpool_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);
/** options: "kernel=2 stride=2 padding=0"; padding is not counted. */
DEEPID_API int32_t deepid_avgpool_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** Each counted x gets dy / count. */
DEEPID_API int32_t deepid_avgpool_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);
/** y[n,c] = mean over pixels of x [n,h,w,c]. */
DEEPID_API int32_t deepid_global_avgpool_forward(const deepid_tensor *x, deepid_tensor *y);
/** dx = dy / (h w). */
DEEPID_API int32_t deepid_global_avgpool_backward(const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);
/** Shortcut A: options "out=32 stride=2"; every stride-th pixel, new channels zero, half of them before. */
DEEPID_API int32_t deepid_channel_pad_forward(const char *options, const deepid_tensor *x, deepid_tensor *y);
/** dx takes the same entries of dy, zeros elsewhere. */
DEEPID_API int32_t deepid_channel_pad_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);
/** [n,h,w,c] to [n, h w c]: a copy. */
DEEPID_API int32_t deepid_flatten_forward(const deepid_tensor *x, deepid_tensor *y);
/** dx = dy. */
DEEPID_API int32_t deepid_flatten_backward(const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);
/** options: "p=0.5"; train != 0: y = x mask / (1 - p), the mask drawn with seed 0; else y = x. */
DEEPID_API int32_t deepid_dropout_forward(const char *options, int32_t train, const deepid_tensor *x, deepid_tensor *y);
/** The same mask on dy. */
DEEPID_API int32_t deepid_dropout_backward(const char *options, int32_t train, const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx);

#ifdef __cplusplus
}
#endif
#endif
