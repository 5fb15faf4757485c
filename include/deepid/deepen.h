/**
 * @defgroup deepen Deepened nets
 * Deeper nets that contain a trained one. What they prove: certificate.h; a guide: docs/deepen.md.
 * @{
 */
#ifndef DEEPID_DEEPEN_H
#define DEEPID_DEEPEN_H

#include <deepid/data.h>
#include <deepid/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A net with count more blocks than this one, whose old layers have the old parameters and statistics. What the new
 * blocks compute is up to how:
 *
 * - "witness": the identity, by weights that are constructed, not trained. Without data the block has to be the
 *   identity on everything that the layer in front can give: [0, inf) behind a relu, -1 to 1 behind a tanh, all numbers
 *   behind a dense layer. deepid_net_deepen_on asks it only for what flows on samples, so more blocks have a witness.
 *   Options: tolerance=1e-5 (up to 1: real error of all added blocks together, relative to max(1, |x|)), mode=train
 *   (the identity in training mode too: no batch-norm on the way of the values), statistics=auto|unit|data of the added
 *   batch-norms: unit is exact in evaluation; data is also near the identity in training mode and when statistics are
 *   measured anew; auto is data where there are samples, else unit.
 * - "zero_branch": for blocks with a skip. The last trained layer of the branch is 0, the others have a start, so
 *   y = after(0 + x): the block returns its input bit for bit. Options: init=he (a word of deepid_init_word), seed=1.
 * - "random": a start, which changes what the net computes. Options: init=he, seed=1.
 *
 * All take place=here (the default: `where` says), early or late (the first or last place that the block fits) or
 * spread (even shares over all places of that shape).
 *
 * @param[in]  net    has a start or is trained; not changed
 * @param[in]  where  0 to the number of blocks: behind that block; 0 is in front of block 1, or, in a net without
 *                    blocks, in front of its last layer with parameters. -1 with place=early, late or spread
 * @param[in]  block  one block that keeps the shape, "plain { dense out=16; batchnorm; relu }"; for pictures also a
 *                    word alone, "identity", for the usual block with as many channels
 * @param[in]  count  1 to the context's limit of layers
 * @param[in]  how    a word of deepid_deepen_word and its options, "witness tolerance=1e-4"
 * @param[out] out    yours; of the same context, dtype and mode, not frozen
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     block, how or out is NULL; where or count is out of range: says the range
 * @retval DEEPID_ERR_SPEC         block or how does not parse: line, column, what is known
 * @retval DEEPID_ERR_SHAPE        the block does not take these values or does not keep their shape
 * @retval DEEPID_ERR_STATE        all weights of the net are 0: it was never given a start
 * @retval DEEPID_ERR_NUMERIC      a parameter of the net, or what flows, is not finite: names it; or a witness misses
 *                                 its bound when it is tried
 * @retval DEEPID_ERR_UNSUPPORTED  witness: there is none here, with the reason, or statistics=data without samples;
 *                                 zero_branch: no skip, nothing in the branch that could be 0, or an `after` that
 *                                 changes these values; the net has neither a block nor a layer with parameters
 * @retval DEEPID_ERR_LIMIT        the deeper net is beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the new net, and a few forwards of one block.
 * @thread One thread at a time for each context.
 * @see docs/deepen.md; docs/identity.md has the constructions and their theorems; deepid_certificate_create proves the
 * result.
 */
DEEPID_API int32_t deepid_net_deepen(const deepid_net *net, int64_t where, const char *block, int64_t count,
                                     const char *how, deepid_net **out);

/**
 * Deepen a net for what flows through it on samples: their smallest and largest value at each place, zeros, statistics.
 * A witness made so is the identity on these samples and in the box around their values; what it does on others is
 * what deepid_certificate_create finds there. Else as deepid_net_deepen.
 *
 * @param[in]  net    has a start or is trained; not changed
 * @param[in]  data   samples that the net takes, of the same context; labels and targets play no part
 * @param[in]  where  as in deepid_net_deepen
 * @param[in]  block  as in deepid_net_deepen
 * @param[in]  count  1 to the context's limit of layers
 * @param[in]  how    as in deepid_net_deepen
 * @param[out] out    yours; of the same context, dtype and mode, not frozen
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     data, block, how or out is NULL, or data is of another context; where or count is out
 *                                 of range: says the range
 * @retval DEEPID_ERR_SPEC         block or how does not parse: line, column, what is known
 * @retval DEEPID_ERR_SHAPE        the samples are not what the net takes; the block does not take these values or does
 *                                 not keep their shape
 * @retval DEEPID_ERR_STATE        all weights of the net are 0: it was never given a start; or it is frozen, and
 *                                 samples would have to flow through it (witness, zero_branch)
 * @retval DEEPID_ERR_NUMERIC      a parameter of the net, or what flows, is not finite: names it; or a witness misses
 *                                 its bound when it is tried
 * @retval DEEPID_ERR_UNSUPPORTED  as in deepid_net_deepen
 * @retval DEEPID_ERR_LIMIT        the deeper net is beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory
 *
 * @cost   the new net, and forwards of the old one over the samples, one for each place that gets blocks.
 * @thread One thread at a time for each context.
 * @see docs/deepen.md
 */
DEEPID_API int32_t deepid_net_deepen_on(const deepid_net *net, const deepid_dataset *data, int64_t where,
                                        const char *block, int64_t count, const char *how, deepid_net **out);

/**
 * The words of how, one after the other.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_deepen_word(int64_t i);

/**
 * What a way of deepening does, and its options.
 *
 * @param[in] word  of deepid_deepen_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such word.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_deepen_help(const char *word);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
