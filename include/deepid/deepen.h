/** @file deepen.h  Deeper nets that contain a trained one. What they prove: certificate.h; a guide: docs/deepen.md. */
#ifndef DEEPID_DEEPEN_H
#define DEEPID_DEEPEN_H

#include <deepid/data.h>
#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A net with count more blocks than this one, whose old layers have the old parameters and statistics. What the new
 * ones compute is up to how:
 *
 * - "witness": the identity, by weights that are made for the block, not trained. Without data it has to be the
 * identity on everything that the layer in front can give ([0, inf) behind a
 *   relu, -1 to 1 behind a tanh, all numbers behind a dense layer); deepid_net_deepen_on takes what flows on samples
 *   instead, which is less, so more blocks have a witness. Options: tolerance=1e-5 (real error of all added blocks
 *   together, relative to max(1, |x|)), mode=train (in training mode too: no batch-norm on the way),
 *   statistics=auto|unit|data of added batch-norms: unit is exact in evaluation, data (auto: where there are
 *   samples) also near the identity in training mode and when statistics are measured anew.
 * - "zero_branch": blocks with a skip only: the last trained layer of the branch is 0, the others have a start, the
 * block returns its input bit for bit. Options: init=he, seed=1.
 * - "random": a start, which changes what the net computes. Options: init=he (a word of deepid_init_word), seed=1.
 *
 * All take place=here (the default: `where` says), early, late (the first or last place that the block fits) or
 * spread (even shares over all places of the same shape).
 *
 * @param[in]  net    has a start or is trained; not changed
 * @param[in]  where  0 to the number of blocks: behind that block; 0 is in front of block 1, or, in a net without
 * blocks, in front of its last layer with parameters. -1 with place=early, late
 *                    or spread
 * @param[in]  block  one block that keeps the shape, "plain { dense out=16; batchnorm; relu }"; for pictures also a
 * word alone, "identity", for the usual block with as many channels
 * @param[in]  count  1 or more, within the context's limit of layers
 * @param[in]  how    as above: see deepid_deepen_word and deepid_deepen_help
 * @param[out] out    yours; of the same context, dtype and mode
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     a NULL; where or count out of range: says the range
 * @retval DEEPID_ERR_SPEC         block or how do not parse: line, column, what is known
 * @retval DEEPID_ERR_SHAPE        the block does not take these values or does not keep their shape
 * @retval DEEPID_ERR_STATE        all weights of the net are 0: it was never given a start
 * @retval DEEPID_ERR_NUMERIC      a parameter of the net is not finite: names it
 * @retval DEEPID_ERR_UNSUPPORTED  witness: there is none here, with the reason; zero_branch: no skip, or an `after`
 * that changes these values
 * @retval DEEPID_ERR_LIMIT        the deeper net is beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the new net, a few forwards of one block
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_net_deepen(const deepid_net *net, int64_t where, const char *block, int64_t count,
                                     const char *how, deepid_net **out);

/**
 * The same, for what flows through the net on samples: their smallest and largest value at each place, zeros,
 * statistics. A witness made so is the identity on these samples (and in the box around their values); on others
 * only as deepid_certificate_create finds.
 *
 * @param[in]  net    as above
 * @param[in]  data   samples that the net takes; labels and targets play no part
 * @param[in]  where  as above
 * @param[in]  block  as above
 * @param[in]  count  as above
 * @param[in]  how    as above
 * @param[out] out    yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     data is NULL or of another context; as above
 * @retval DEEPID_ERR_SHAPE        the samples are not what the net takes; as above
 * @retval DEEPID_ERR_SPEC         as above
 * @retval DEEPID_ERR_STATE        as above
 * @retval DEEPID_ERR_NUMERIC      what flows is not finite; as above
 * @retval DEEPID_ERR_UNSUPPORTED  as above
 * @retval DEEPID_ERR_LIMIT        as above
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the new net, and a forward of the old one over the samples
 * @thread one thread at a time for each context
 */
DEEPID_API int32_t deepid_net_deepen_on(const deepid_net *net, const deepid_dataset *data, int64_t where,
                                        const char *block, int64_t count, const char *how, deepid_net **out);

/**
 * The words of how, one after the other.
 *
 * @param[in] i  from 0
 *
 * @return The word, never freed; NULL past the end.
 */
DEEPID_API const char *deepid_deepen_word(int64_t i);

/**
 * What a way of deepening does, and its options.
 *
 * @param[in] word  "witness", ...
 *
 * @return One line, never freed; NULL when there is no such word.
 */
DEEPID_API const char *deepid_deepen_help(const char *word);

#ifdef __cplusplus
}
#endif
#endif
