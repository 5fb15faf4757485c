/**
 * @defgroup compare Comparisons
 * Two studies side by side: which settings differ, what each arm came to, what each verdict says.
 * @{
 */
#ifndef DEEPID_COMPARE_H
#define DEEPID_COMPARE_H

#include <deepid/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Two studies, or runs of others, A and B, as their folders tell of them. It reads them once. */
typedef struct deepid_comparison deepid_comparison;

/**
 * Read two folders that were judged: of each verdict.json, the runs (docs/evidence.md), and what settings are told:
 * study.json of a study, evidence.json of other runs.
 *
 * @param[in,out] ctx  lent for the comparison's life
 * @param[in]     a    a folder of a study that is done, or of evidence, with verdict.json in it
 * @param[in]     b    another one; the same is allowed
 * @param[out]    out  the comparison; destroy it with deepid_comparison_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  a, b or out is NULL
 * @retval DEEPID_ERR_IO        a folder lacks one of the files, or it cannot be read: names it
 * @retval DEEPID_ERR_FORMAT    a file is not what it should be: names it and the line
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the files in memory; for each arm that both have an exact interval (deepid_statistics_shift).
 * @thread One thread at a time for each context.
 * @see    docs/study.md
 */
DEEPID_API int32_t deepid_comparison_create(deepid_ctx *ctx, const char *a, const char *b, deepid_comparison **out);

/**
 * Destroy a comparison. Files that were written stay.
 *
 * @param[in] comparison  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the comparison.
 */
DEEPID_API void deepid_comparison_destroy(deepid_comparison *comparison);

/**
 * The comparison as a terminal shows it: both answers; the settings that differ; of each arm the median with its 95 %
 * interval, and by how much B lies above A; the findings side by side. UTF-8, lines that end in '\n'.
 *
 * The interval of a median is exact, from the order of the values: of 6 seeds their range, of 10 the second to the
 * ninth; below 6 seeds there is none. B - A is deepid_statistics_shift at 95 %, the seeds taken as independent.
 *
 * @param[in] comparison  the comparison
 *
 * @return Borrowed from the comparison; "" for NULL.
 *
 * @cost   none.
 * @thread Safe from any thread while the comparison lives.
 */
DEEPID_API const char *deepid_comparison_text(const deepid_comparison *comparison);

/**
 * Write the comparison as one HTML file that opens offline, without scripts.
 *
 * @param[in] comparison  the comparison
 * @param[in] path        the file; replaced as a whole or not at all
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  path is NULL
 * @retval DEEPID_ERR_IO        the file cannot be written: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the page's text, and two disk flushes.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_comparison_write(const deepid_comparison *comparison, const char *path);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
