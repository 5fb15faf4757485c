/**
 * @file page.h  A page that a person reads from top to bottom: one HTML file that opens offline, without scripts, in
 * light and dark.
 */
#ifndef DEEPID_PAGE_H
#define DEEPID_PAGE_H

#include <deepid/chart.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A page, written top to bottom. All texts are plain UTF-8 and escaped.
 *
 * The functions that add something return DEEPID_OK, or DEEPID_ERR_ARGUMENT (the page is none, a needed argument is
 * NULL) or DEEPID_ERR_MEMORY; one thread at a time for each page.
 */
typedef struct deepid_page deepid_page;

/**
 * Begin a page.
 *
 * @param[in,out] ctx       the context
 * @param[in]     question  the headline
 * @param[in]     subject   one line on what was studied
 * @param[out]    out       the new page; destroy it with deepid_page_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  an argument is NULL
 * @retval DEEPID_ERR_MEMORY    no memory
 */
DEEPID_API int32_t deepid_page_create(deepid_ctx *ctx, const char *question, const char *subject, deepid_page **out);

/**
 * Destroy a page; what was written stays.
 *
 * @param[in] page  NULL is fine
 */
DEEPID_API void deepid_page_destroy(deepid_page *page);

/**
 * The answer, in large type, its numbers in bold.
 *
 * @param[in,out] page  the page
 * @param[in]     text  the answer in one or two sentences
 * @param[in]     more  smaller, below: what repairs it, what it is not; NULL = nothing
 *
 * @return see deepid_page.
 */
DEEPID_API int32_t deepid_page_answer(deepid_page *page, const char *text, const char *more);

/**
 * A heading over a part of the page.
 *
 * @param[in,out] page  the page
 * @param[in]     text  plain text
 *
 * @return see deepid_page.
 */
DEEPID_API int32_t deepid_page_heading(deepid_page *page, const char *text);

/**
 * A paragraph.
 *
 * @param[in,out] page  the page
 * @param[in]     text  plain text
 *
 * @return see deepid_page.
 */
DEEPID_API int32_t deepid_page_paragraph(deepid_page *page, const char *text);

/**
 * A command or other text in fixed width, its line ends kept.
 *
 * @param[in,out] page  the page
 * @param[in]     text  plain text
 *
 * @return see deepid_page.
 */
DEEPID_API int32_t deepid_page_code(deepid_page *page, const char *text);

/**
 * A table as people read it: three significant digits, the exact number in the tooltip.
 *
 * @param[in,out] page     the page
 * @param[in]     heading  over it; NULL = none
 * @param[in]     table    the table
 * @param[in]     columns  those to show, comma-separated; NULL = all
 *
 * @return see deepid_page.
 */
DEEPID_API int32_t deepid_page_table(deepid_page *page, const char *heading, const deepid_table *table,
                                     const char *columns);

/**
 * A figure. Figures that follow each other stand two in a row, one with two charts across both; on a phone one below
 * the other.
 *
 * @param[in,out] page            the page
 * @param[in]     headline        its finding, with the number in it
 * @param[in]     explanation     what axes and marks are
 * @param[in,out] first           is drawn, and stays the caller's
 * @param[in]     first_caption   over the first chart; NULL = none
 * @param[in,out] second          beside the first; NULL = none
 * @param[in]     second_caption  over the second chart; NULL = none
 * @param[in]     numbers         the figure's table, folded away below it; NULL = none
 * @param[in]     file            the name of the file that holds its numbers; NULL = none
 *
 * @return see deepid_page.
 */
DEEPID_API int32_t deepid_page_figure(deepid_page *page, const char *headline, const char *explanation,
                                      deepid_chart *first, const char *first_caption, deepid_chart *second,
                                      const char *second_caption, const deepid_table *numbers, const char *file);

/**
 * Write the page as it is so far. The file is replaced as a whole or not at all.
 *
 * @param[in] page  the page, to which more can be added afterwards
 * @param[in] path  the file
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  path is NULL
 * @retval DEEPID_ERR_IO        the file cannot be written: names it
 * @retval DEEPID_ERR_MEMORY    no memory
 */
DEEPID_API int32_t deepid_page_write(deepid_page *page, const char *path);

#ifdef __cplusplus
}
#endif
#endif
