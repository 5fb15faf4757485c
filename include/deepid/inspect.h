/**
 * @defgroup inspect Probes
 * Probes: one word in, one table out.
 * @{
 */
#ifndef DEEPID_INSPECT_H
#define DEEPID_INSPECT_H

#include <deepid/data.h>
#include <deepid/net.h>
#include <deepid/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Look into a net with one probe: a word in, a table out. The probe works on a clone; the net stays as it is.
 *
 * @param[in]  net    any net that is not frozen
 * @param[in]  data   samples of the net's input; where the probe needs a loss, with labels or targets that fit the
 *                    net's output; of the same context
 * @param[in]  probe  a word of deepid_probe_word and its options: "gradient_norm samples=256". samples is how many are
 *                    looked at, the first ones of the data; more than the data has means all. "formats
 *                    storage=\"bf16; f16 rounding=stochastic\"" looks at the net in each of these number formats
 *                    (deepid_net_set_storage) beside f64: a row a format and layer, named "bf16:block3.dense"
 * @param[out] out    the table, yours. Its columns: deepid_probe_help
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     data or out is NULL, or data is of another context
 * @retval DEEPID_ERR_SPEC         an unknown word or option, also for NULL: names it and those that are known
 * @retval DEEPID_ERR_SHAPE        the data does not fit the net, or batch-norm gets a single value a channel to train
 *                                 on
 * @retval DEEPID_ERR_STATE        the net is frozen (deepid_net_freeze)
 * @retval DEEPID_ERR_NUMERIC      a number is not finite and the probe needs it to be: names the layer
 * @retval DEEPID_ERR_UNSUPPORTED  the probe does not apply to this net or data: says why
 * @retval DEEPID_ERR_LIMIT        beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY       no memory for the clone and its buffers
 *
 * @cost   from one forward of the samples (signal) to some hundred (gradient_check, curvature).
 * @thread One thread at a time for each context. The numbers do not depend on how many threads the context has.
 * @see docs/probes.md: each probe with its formula, its source and its columns.
 */
DEEPID_API int32_t deepid_net_inspect(deepid_net *net, const deepid_dataset *data, const char *probe,
                                      deepid_table **out);

/**
 * The words of the probes, one after the other.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_probe_word(int64_t i);

/**
 * What a probe measures, its columns and its options.
 *
 * @param[in] word  of deepid_probe_word
 *
 * @return One line, a constant; NULL for NULL or when there is no such probe.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_probe_help(const char *word);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
