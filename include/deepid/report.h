/**
 * @defgroup report Reports
 * The report of a study in one call, and what it is made of: charts (chart.h), pages (page.h), numbers in words. A
 * guide: docs/report.md
 * @{
 */
#ifndef DEEPID_REPORT_H
#define DEEPID_REPORT_H

#include <deepid/chart.h>
#include <deepid/evidence.h>
#include <deepid/page.h>
#include <deepid/study.h>
#include <deepid/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Write the report of a study: one HTML file that opens offline, without scripts. It has the question, the answer, the
 * evidence, figures with their numbers, what it is about and how to repeat it. What was not trained or probed is left
 * out, and the page says so. Nothing that a clock measured is on it, but for what a budget took, which is kept in its
 * plan: the same study gives the same bytes. Each figure is also a file of its own, figures/NAME.svg in the page's
 * folder, with its style sheet inside.
 *
 * @param[in,out] study    with results; those that are not done are missing on the page
 * @param[in]     verdict  of deepid_study_judge; NULL = a page without answer and evidence
 * @param[in]     path     the file; replaced as a whole or not at all
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  path is NULL, or verdict is no verdict
 * @retval DEEPID_ERR_STATE     the study's arms or tasks cannot be made, or a result file is damaged: the sentence says
 *                              which
 * @retval DEEPID_ERR_IO        a file cannot be written, or figures is a link: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the tables of the study in memory, 1999 resamples for each share, and the page as text: at most a few hundred
 * thousand bytes.
 * @thread One thread at a time for each context.
 * @see    docs/report.md
 */
DEEPID_API int32_t deepid_report_write(deepid_study *study, const deepid_verdict *verdict, const char *path);

/**
 * Write the report of evidence, as deepid_report_write does that of a study: a study's evidence gives the same bytes.
 *
 * @param[in] evidence  with runs; what it does not have is missing on the page
 * @param[in] verdict   of deepid_evidence_judge; NULL = a page without answer and table of evidence
 * @param[in] path      the file; replaced as a whole or not at all
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  path is NULL, or verdict is no verdict
 * @retval DEEPID_ERR_IO        a file cannot be written, or figures is a link: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   1999 resamples for each share, and the page as text: at most a few hundred thousand bytes.
 * @thread One thread at a time for each context.
 * @see    docs/report.md
 */
DEEPID_API int32_t deepid_report_write_evidence(const deepid_evidence *evidence, const deepid_verdict *verdict,
                                                const char *path);

/**
 * A number as a report writes it: three significant digits, a true minus sign, 2×10⁻⁴ outside 0.001 to 100000, "0" for
 * zero, "∞", "not a number".
 *
 * @param[in]  value   any; NaN and infinity are allowed
 * @param[out] buffer  UTF-8 with its NUL
 * @param[in]  size    bytes of buffer, at least 40
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  buffer is NULL or too small
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API int32_t deepid_format_number(double value, char *buffer, int64_t size);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
