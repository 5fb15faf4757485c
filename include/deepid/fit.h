/** @file fit.h  Can a block learn the identity, how well, how fast: learnability beside representability. */
#ifndef DEEPID_FIT_H
#define DEEPID_FIT_H

#include <deepid/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How far a training towards the identity got. */
typedef struct deepid_fit deepid_fit;

/**
 * The same samples, each its own target: what a net has to give back that is to be the identity. Random samples:
 * deepid_dataset_generate with "identity n=1024 in=16".
 *
 * @param[in]  data  any; its labels or targets play no part; normalised values are taken
 * @param[out] out   yours; a copy, samples and targets rounded to f32
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   two copies of the samples
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_dataset_identity(const deepid_dataset *data, deepid_dataset **out);

/**
 * Train a net towards the identity and look at it about 64 times on the way: rms and largest |y - x| over all
 * samples, in evaluation, batch-norm with the population statistics of the samples. The recipe is the trainer's: net
 * ("input 16; plain { dense out=16; batchnorm; relu }", with any start; pictures end in "flatten"), optimiser, rate,
 * schedule, batch, seed.
 *
 * @param[in,out] trainer    its net is trained; its data are those of deepid_dataset_identity, or any with targets
 * equal to the samples; its schedule refers to these steps when no total was set
 * @param[in]     steps      1 or more
 * @param[in]     tolerance  above 0: the largest |y - x| that counts as the identity
 * @param[out]    out        yours
 *
 * @retval DEEPID_OK            also when training met a number that is not finite: the curve ends there
 * @retval DEEPID_ERR_ARGUMENT  a NULL, steps or tolerance out of range, targets that are not the samples: names the
 * first
 * @retval DEEPID_ERR_SHAPE     a batch too small for batch-norm
 * @retval DEEPID_STOPPED       deepid_trainer_request_stop
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the steps, and about 65 forwards of all samples
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_identity_fit(deepid_trainer *trainer, int64_t steps, double tolerance, deepid_fit **out);

/**
 * Destroy a result.
 *
 * @param[in] fit  NULL is fine
 */
DEEPID_API void deepid_fit_destroy(deepid_fit *fit);

/**
 * A row a look, the first before the first step: columns step, loss (mean squared error), rms, max. Borrowed; NULL
 * for NULL.
 */
DEEPID_API deepid_table *deepid_fit_curve(deepid_fit *fit);
/** Root mean square of y - x at the last look; NaN for NULL. */
DEEPID_API double deepid_fit_rms(const deepid_fit *fit);
/** Largest |y - x| at the last look; NaN for NULL. */
DEEPID_API double deepid_fit_max(const deepid_fit *fit);
/** Steps after which a look first found max at or below the tolerance; -1: none did. */
DEEPID_API int64_t deepid_fit_reached(const deepid_fit *fit);
/** 1: training met a number that is not finite; else 0. */
DEEPID_API int32_t deepid_fit_diverged(const deepid_fit *fit);
/** The result in words. Borrowed; "" for NULL. */
DEEPID_API const char *deepid_fit_sentence(const deepid_fit *fit);

#ifdef __cplusplus
}
#endif
#endif
