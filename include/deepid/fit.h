/**
 * @defgroup fit Fits
 * Can a block learn the identity, how well, how fast: learnability beside representability.
 * @{
 */
#ifndef DEEPID_FIT_H
#define DEEPID_FIT_H

#include <deepid/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How far a training towards the identity got. It keeps nothing of the trainer and does not change any more. */
typedef struct deepid_fit deepid_fit;

/**
 * The same samples, each its own target, y = x: what a net has to give back that is to be the identity. For random
 * samples see deepid_dataset_generate with "identity n=1024 in=16".
 *
 * @param[in]  data  any; its labels or targets play no part. Samples are taken as they are read, normalised where a
 *                   normalisation was set
 * @param[out] out   yours; a copy in f32, so samples and targets are rounded to f32
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   two copies of the samples.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_dataset_identity(const deepid_dataset *data, deepid_dataset **out);

/**
 * Train a net towards the identity, loss = mean (y - x)^2, and look at it up to 65 times on the way: before the first
 * step and after each of 64 even parts (fewer when there are fewer steps). A look runs all samples in evaluation mode,
 * batch-norm with the population statistics of the samples (deepid_net_measure_statistics, on a copy), and takes the
 * root mean square and the largest |y - x|.
 *
 * @param[in,out] trainer    the recipe: net, optimiser, rate, schedule, batch, seed. Its net is trained and may have
 *                           any start; its output has as many values as a sample (pictures end in "flatten"). Its data
 *                           comes from deepid_dataset_identity, or has targets equal to the samples. When no total was
 *                           set, its schedule refers to these steps
 * @param[in]     steps      1 or more
 * @param[in]     tolerance  above 0 and finite: the largest |y - x| that counts as the identity
 * @param[out]    out        yours; destroy it with deepid_fit_destroy
 *
 * @retval DEEPID_OK            also when training met a number that is not finite: the curve ends there
 * @retval DEEPID_ERR_ARGUMENT  out is NULL, steps or tolerance is out of range, or the targets are not the samples:
 *                              names the first that differs
 * @retval DEEPID_ERR_SHAPE     a batch with a single value a channel for batch-norm
 * @retval DEEPID_STOPPED       deepid_trainer_request_stop was called; there is no result, the steps done are kept
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the steps, and at most 65 times a copy of the net, its statistics and a forward of all samples.
 * @thread One thread at a time for each context.
 * @see docs/deepen.md, examples/05_learn_identity.c
 */
DEEPID_API int32_t deepid_identity_fit(deepid_trainer *trainer, int64_t steps, double tolerance, deepid_fit **out);

/**
 * Destroy a result.
 *
 * @param[in] fit  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the result or its curve.
 */
DEEPID_API void deepid_fit_destroy(deepid_fit *fit);

/**
 * What the looks saw: a row a look, columns step (steps done), loss (mean of (y - x)^2), rms (its root) and max (the
 * largest |y - x|). The first row is from before the first step.
 *
 * @param[in] fit  the result
 *
 * @return The table, borrowed from the result; NULL for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the result lives.
 */
DEEPID_API deepid_table *deepid_fit_curve(deepid_fit *fit);

/**
 * Root mean square of y - x over all samples at the last look.
 *
 * @param[in] fit  the result
 *
 * @return 0 or more; NaN for NULL, or when the net gave a NaN.
 *
 * @cost   none.
 * @thread Safe from any thread while the result lives.
 */
DEEPID_API double deepid_fit_rms(const deepid_fit *fit);

/**
 * Largest |y - x| over all samples at the last look.
 *
 * @param[in] fit  the result
 *
 * @return 0 or more; NaN for NULL, or when the net gave a NaN.
 *
 * @cost   none.
 * @thread Safe from any thread while the result lives.
 */
DEEPID_API double deepid_fit_max(const deepid_fit *fit);

/**
 * How fast the identity was learned: the steps before the first look whose largest |y - x| was at most the tolerance.
 *
 * @param[in] fit  the result
 *
 * @return 0 or more steps; -1 when no look found it, and for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the result lives.
 */
DEEPID_API int64_t deepid_fit_reached(const deepid_fit *fit);

/**
 * Whether training ended early, at a number that is not finite.
 *
 * @param[in] fit  the result
 *
 * @return 1 when it did; else 0, also for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the result lives.
 */
DEEPID_API int32_t deepid_fit_diverged(const deepid_fit *fit);

/**
 * The result in words, such as "After 2000 steps the output differs from the input by at most 0.00312 (rms 0.000811);
 * 0.01 is first reached at step 1125".
 *
 * @param[in] fit  the result
 *
 * @return One sentence, borrowed from the result; "" for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the result lives.
 */
DEEPID_API const char *deepid_fit_sentence(const deepid_fit *fit);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
