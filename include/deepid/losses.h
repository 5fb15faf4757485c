/**
 * @defgroup losses Losses
 * Losses alone, on tensors; sums in double. Derivations: lib/ops/WORD/WORD.md.
 * @{
 */
#ifndef DEEPID_LOSSES_H
#define DEEPID_LOSSES_H

#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The words of losses, one after the other: "cross_entropy", "squared_error", "huber",
 * "binary_cross_entropy".
 *
 * @param[in] i  from 0
 *
 * @return The word, a constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_loss_word(int64_t i);

/**
 * What a loss computes, and its options.
 *
 * @param[in] word  as deepid_loss_word; NULL is no word
 *
 * @return One line, a constant; NULL when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_loss_help(const char *word);

/**
 * Softmax cross-entropy: the mean over rows of - sum_k t_k log softmax(z)_k, in nats. With smoothing s (Szegedy et al.
 * 2016) t_k = 1 - s + s / classes at the label and s / classes elsewhere. With weights w of the classes the terms of
 * the sum are times w_k and the mean is by the weights of the labels: sum_i - sum_k w_k t_ik log softmax(z_i)_k / sum_i
 * w_label(i), as PyTorch's CrossEntropyLoss(weight=w) has it.
 *
 * @param[in]  options  "smoothing=0.1 weights=1,2.5"; smoothing 0 to 1, default 0; weights a number from 1e-6 to 1e6
 *                      for each class, or balanced: n / (k n_c) for n_c of the n labels, k classes being there (as
 *                      scikit-learn's class_weight); default all 1. NULL or "" for the defaults
 * @param[in]  z        [n, classes], both at least 1; F32 or F64
 * @param[in]  labels   n integers of 0 to classes - 1
 * @param[out] loss     the mean; NULL: not wanted
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  z or labels is NULL
 * @retval DEEPID_ERR_SHAPE     z is not [n, classes], or is empty
 * @retval DEEPID_ERR_LABEL     a label out of range: names the row; nothing was computed
 * @retval DEEPID_ERR_SPEC      options do not parse, or weights are not one for each class
 * @retval DEEPID_ERR_MEMORY    no memory for weights
 *
 * @cost   one pass, in one thread; allocates the weights, and else nothing.
 * @thread One thread at a time for each context, which is z's.
 */
DEEPID_API int32_t deepid_cross_entropy_forward(const char *options, const deepid_tensor *z, const int32_t *labels,
                                                double *loss);

/**
 * dz = (softmax(z) - t) / n, with forward's t; with weights (softmax(z)_k sum_j w_j t_j - w_k t_k) / sum_i w_label(i).
 *
 * @param[in]  options  as forward
 * @param[in]  z        as forward
 * @param[in]  labels   as forward
 * @param[out] dz       shape and dtype of z: overwritten; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  z or labels is NULL, or dz is no tensor
 * @retval DEEPID_ERR_SHAPE     z is not [n, classes], or is empty, or dz has another shape
 * @retval DEEPID_ERR_DTYPE     dz has another dtype
 * @retval DEEPID_ERR_LABEL     a label out of range: names the row; nothing was computed
 * @retval DEEPID_ERR_SPEC      options do not parse, or weights are not one for each class
 * @retval DEEPID_ERR_MEMORY    no memory for weights
 *
 * @cost   two passes, in one thread; allocates the weights, and else nothing.
 * @thread One thread at a time for each context, which is z's.
 */
DEEPID_API int32_t deepid_cross_entropy_backward(const char *options, const deepid_tensor *z, const int32_t *labels,
                                                 deepid_tensor *dz);

/**
 * Mean squared error: the mean over samples and outputs of (z - target)^2.
 *
 * @param[in]  z        [n, width], both at least 1; F32 or F64
 * @param[in]  targets  shape and dtype of z
 * @param[out] loss     the mean; NULL: not wanted
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  z or targets is NULL
 * @retval DEEPID_ERR_SHAPE     z is not [n, width], or is empty, or targets has another shape
 * @retval DEEPID_ERR_DTYPE     targets has another dtype
 *
 * @cost   one pass, in one thread; allocates nothing.
 * @thread One thread at a time for each context, which is z's.
 */
DEEPID_API int32_t deepid_squared_error_forward(const deepid_tensor *z, const deepid_tensor *targets, double *loss);

/**
 * dz = 2 (z - target) / (n width).
 *
 * @param[in]  z        as forward
 * @param[in]  targets  as forward
 * @param[out] dz       shape and dtype of z: overwritten; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  z or targets is NULL, or dz is no tensor
 * @retval DEEPID_ERR_SHAPE     z is not [n, width], or is empty, or another tensor has another shape
 * @retval DEEPID_ERR_DTYPE     targets or dz has another dtype
 *
 * @cost   one pass, in one thread; allocates nothing.
 * @thread One thread at a time for each context, which is z's.
 */
DEEPID_API int32_t deepid_squared_error_backward(const deepid_tensor *z, const deepid_tensor *targets,
                                                 deepid_tensor *dz);

/**
 * Huber's loss (Huber 1964): the mean over samples and outputs of d^2 / 2 for |d| up to delta and of
 * delta (|d| - delta / 2) beyond, with d = z - target. What PyTorch's HuberLoss gives; half of the squared error where
 * no |d| is above delta.
 *
 * @param[in]  options  "delta=1", 1e-12 to 1e12, default 1, in the unit of the targets; NULL or "" for the default
 * @param[in]  z        [n, width], both at least 1; F32 or F64
 * @param[in]  targets  shape and dtype of z
 * @param[out] loss     the mean; NULL: not wanted
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  z or targets is NULL
 * @retval DEEPID_ERR_SHAPE     z is not [n, width], or is empty, or targets has another shape
 * @retval DEEPID_ERR_DTYPE     targets has another dtype
 * @retval DEEPID_ERR_SPEC      options do not parse
 *
 * @cost   one pass, in one thread; allocates nothing.
 * @thread One thread at a time for each context, which is z's.
 */
DEEPID_API int32_t deepid_huber_forward(const char *options, const deepid_tensor *z, const deepid_tensor *targets,
                                        double *loss);

/**
 * dz = d cut to -delta..delta, over (n width).
 *
 * @param[in]  options  as forward
 * @param[in]  z        as forward
 * @param[in]  targets  as forward
 * @param[out] dz       shape and dtype of z: overwritten; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  z or targets is NULL, or dz is no tensor
 * @retval DEEPID_ERR_SHAPE     z is not [n, width], or is empty, or another tensor has another shape
 * @retval DEEPID_ERR_DTYPE     targets or dz has another dtype
 * @retval DEEPID_ERR_SPEC      options do not parse
 *
 * @cost   one pass, in one thread; allocates nothing.
 * @thread One thread at a time for each context, which is z's.
 */
DEEPID_API int32_t deepid_huber_backward(const char *options, const deepid_tensor *z, const deepid_tensor *targets,
                                         deepid_tensor *dz);

/**
 * Cross-entropy of two classes by one logit (PyTorch's BCEWithLogitsLoss): the mean over rows of log(1 + e^-z) for
 * label 1 and of log(1 + e^z) for label 0, in nats, computed so that nothing overflows. It is cross_entropy of (0, z).
 *
 * @param[in]  z       [n, 1], n at least 1; F32 or F64
 * @param[in]  labels  n integers, 0 or 1
 * @param[out] loss    the mean; NULL: not wanted
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  z or labels is NULL
 * @retval DEEPID_ERR_SHAPE     z is not [n, 1], or is empty
 * @retval DEEPID_ERR_LABEL     a label is neither 0 nor 1: names the row; nothing was computed
 *
 * @cost   one pass, in one thread; allocates nothing.
 * @thread One thread at a time for each context, which is z's.
 */
DEEPID_API int32_t deepid_binary_cross_entropy_forward(const deepid_tensor *z, const int32_t *labels, double *loss);

/**
 * dz = (sigmoid(z) - label) / n.
 *
 * @param[in]  z       as forward
 * @param[in]  labels  as forward
 * @param[out] dz      shape and dtype of z: overwritten; NULL: skipped
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  z or labels is NULL, or dz is no tensor
 * @retval DEEPID_ERR_SHAPE     z is not [n, 1], or is empty, or dz has another shape
 * @retval DEEPID_ERR_DTYPE     dz has another dtype
 * @retval DEEPID_ERR_LABEL     a label is neither 0 nor 1: names the row; nothing was computed
 *
 * @cost   one pass, in one thread; allocates nothing.
 * @thread One thread at a time for each context, which is z's.
 */
DEEPID_API int32_t deepid_binary_cross_entropy_backward(const deepid_tensor *z, const int32_t *labels,
                                                        deepid_tensor *dz);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
