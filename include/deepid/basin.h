/**
 * @defgroup basin Basins
 * How far from a witness training may start and still come back to its loss.
 * @{
 */
#ifndef DEEPID_BASIN_H
#define DEEPID_BASIN_H

#include <deepid/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The radius of a basin, seed by seed. */
typedef struct deepid_basin deepid_basin;

/**
 * Train from w(t) = (1 - t) w + t r, where w is what the trainer's net holds and r a random start, and find by
 * bisection the largest t from which the loss still comes down to target_loss. path=norm scales each weight array of
 * w(t) to the norm (1 - t) |w| + t |r|, so that the path does not dip where w and r point in different directions.
 * Statistics move on the path too. A run comes back when one of its looks (evaluation of all samples, batch-norm
 * with their population statistics; the first before the first step) finds a loss at or below target_loss. t = 0 and
 * t = 1 are tried first; between them bisection finds one boundary, the only one if coming back is monotone in t.
 *
 * @param[in,out] recipe       its net (not changed: usually from deepid_net_deepen) and data, optimiser, rate,
 * schedule, batch, clipping, loss, seed; only
 *                             deepid_trainer_request_stop reaches it
 * @param[in]     target_loss  usually the shallow net's training loss, plus what counts as equal
 * @param[in]     steps        of each run, 1 or more
 * @param[in]     options      "path=straight|norm init=he seeds=3 first_seed=1 bisections=5 looks=10"; NULL or "":
 *                             these. A seed s draws r, and the recipe's seed + s the order of samples
 * @param[out]    out          yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL, steps below 1, target_loss not finite
 * @retval DEEPID_ERR_SPEC      options do not parse
 * @retval DEEPID_ERR_NUMERIC   the net holds a number that is not finite
 * @retval DEEPID_STOPPED       deepid_trainer_request_stop on the recipe
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   seeds (2 + bisections) trainings; a run ends when it has come back
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_basin_measure(deepid_trainer *recipe, double target_loss, int64_t steps, const char *options,
                                        deepid_basin **out);

/**
 * Destroy a result.
 *
 * @param[in] basin  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the result.
 */
DEEPID_API void deepid_basin_destroy(deepid_basin *basin);

/**
 * The radius t*, the median over the seeds. A seed that does not come back even from t = 0 counts as 0.
 *
 * @param[in] basin  any
 *
 * @return 0 to 1; NaN for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the result.
 */
DEEPID_API double deepid_basin_radius(const deepid_basin *basin);

/**
 * The smallest radius of a seed.
 *
 * @param[in] basin  any
 *
 * @return 0 to 1; NaN for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the result.
 */
DEEPID_API double deepid_basin_low(const deepid_basin *basin);

/**
 * The largest radius of a seed.
 *
 * @param[in] basin  any
 *
 * @return 0 to 1; NaN for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the result.
 */
DEEPID_API double deepid_basin_high(const deepid_basin *basin);

/**
 * What each seed did, a row a seed: columns back (largest t that came back, NaN: none), lost (smallest t that did not,
 * NaN: none), loss_back, loss_lost (lowest loss of those two runs), runs.
 *
 * @param[in] basin  any
 *
 * @return Borrowed from the result; NULL for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the result.
 */
DEEPID_API deepid_table *deepid_basin_table(deepid_basin *basin);

/**
 * The result in words.
 *
 * @param[in] basin  any
 *
 * @return One sentence, borrowed from the result; "" for NULL.
 *
 * @cost   none.
 * @thread Safe as long as no other thread destroys the result.
 */
DEEPID_API const char *deepid_basin_sentence(const deepid_basin *basin);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
