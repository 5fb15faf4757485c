/** @file losses.h  Losses alone, on tensors. */
#ifndef DEEPID_LOSSES_H
#define DEEPID_LOSSES_H

#include <deepid/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The i-th loss: "cross_entropy", "squared_error"; NULL past the end. */
DEEPID_API const char *deepid_loss_word(int64_t i);
/** One line on a loss and its options; NULL when unknown. */
DEEPID_API const char *deepid_loss_help(const char *word);

/**
 * Softmax cross-entropy: mean over rows of -log softmax(z)[label], in nats.
 *
 * @param[in]  options  "smoothing=0.1" (0 to 1, default 0); NULL or "" for the default
 * @param[in]  z        [n, classes], both at least 1; F32 or F64
 * @param[in]  labels   n integers 0..classes-1
 * @param[out] loss     the mean, summed in double
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  z or labels is NULL
 * @retval DEEPID_ERR_SHAPE     z is not [n, classes]
 * @retval DEEPID_ERR_LABEL     a label out of range; nothing was computed
 * @retval DEEPID_ERR_SPEC      options do not parse
 *
 * @cost one pass  @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_cross_entropy_forward(const char *options, const deepid_tensor *z, const int32_t *labels,
                                                double *loss);
/** dz = (softmax(z) - target) / n, overwritten; dz has the shape of z. Errors as forward. */
DEEPID_API int32_t deepid_cross_entropy_backward(const char *options, const deepid_tensor *z, const int32_t *labels,
                                                 deepid_tensor *dz);

/**
 * Mean over samples and outputs of (z - target)^2; z and targets [n, width] of one dtype. Errors: ARGUMENT (NULL),
 * SHAPE, DTYPE.
 */
DEEPID_API int32_t deepid_squared_error_forward(const deepid_tensor *z, const deepid_tensor *targets, double *loss);
/** dz = 2 (z - target) / (n width), overwritten. */
DEEPID_API int32_t deepid_squared_error_backward(const deepid_tensor *z, const deepid_tensor *targets,
                                                 deepid_tensor *dz);

#ifdef __cplusplus
}
#endif
#endif
