/** @file inspect.h  Probes: one word in, one table out. */
#ifndef DEEPID_INSPECT_H
#define DEEPID_INSPECT_H

#include <deepid/data.h>
#include <deepid/net.h>
#include <deepid/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Look into a net: one word, one table. The words, their columns and formulas: docs/probes.md.
 *
 * @param[in]  net    as it is; a clone is looked at
 * @param[in]  data   what runs through it; of the same context
 * @param[in]  probe  a word of deepid_probe_word, with options: "gradient_norm samples=256"; samples beyond the
 * data's are the data's
 * @param[out] out    yours
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a NULL, or data that is not a dataset
 * @retval DEEPID_ERR_SPEC      an unknown word or option
 * @retval DEEPID_ERR_SHAPE     the net takes or gives other shapes than the data's, or batch-norm got one sample to
 * train on
 * @retval DEEPID_ERR_NUMERIC   something is not finite, and the probe needs it to be: the sentence names the layer
 * @retval DEEPID_ERR_UNSUPPORTED  the probe does not apply to this net or data
 * @retval DEEPID_ERR_MEMORY    no memory for the clone and its buffers
 *
 * @cost   between one forward (signal) and some hundred (gradient_check, curvature)
 * @thread one thread at a time for each context; the numbers do not depend on its threads
 */
DEEPID_API int32_t deepid_net_inspect(deepid_net *net, const deepid_dataset *data, const char *probe,
                                      deepid_table **out);
/** The i-th probe's word; NULL past the end. */
DEEPID_API const char *deepid_probe_word(int64_t i);
/** One line on a probe, its columns and options; NULL when unknown. */
DEEPID_API const char *deepid_probe_help(const char *word);

#ifdef __cplusplus
}
#endif
#endif
