/**
 * @defgroup page Pages
 * A page that a person reads from top to bottom: one HTML file that opens offline, without scripts, in light and dark.
 * @{
 */
#ifndef DEEPID_PAGE_H
#define DEEPID_PAGE_H

#include <deepid/chart.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A page, written top to bottom. All texts are plain UTF-8, copied and escaped. Once an addition failed with
 * DEEPID_ERR_MEMORY or DEEPID_ERR_LIMIT the page stays incomplete: further additions and deepid_page_write return that
 * status too.
 */
typedef struct deepid_page deepid_page;

/**
 * Begin a page with its head.
 *
 * @param[in,out] ctx       the context
 * @param[in]     question  the headline
 * @param[in]     subject   one line on what was studied; "" is allowed
 * @param[out]    out       the new page; destroy it with deepid_page_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  question, subject or out is NULL
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   about 8 KiB, most of it the style sheet.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_page_create(deepid_ctx *ctx, const char *question, const char *subject, deepid_page **out);

/**
 * Destroy a page. Files that were written stay.
 *
 * @param[in] page  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the page.
 */
DEEPID_API void deepid_page_destroy(deepid_page *page);

/**
 * The answer, in large type, its numbers in bold.
 *
 * @param[in,out] page  the page
 * @param[in]     text  the answer in one or two sentences
 * @param[in]     more  smaller, below: what repairs it, what it is not; NULL or "" = nothing
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  text is NULL
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the text, copied.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_page_answer(deepid_page *page, const char *text, const char *more);

/**
 * A heading over a part of the page.
 *
 * @param[in,out] page  the page
 * @param[in]     text  one line
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  text is NULL
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the text, copied.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_page_heading(deepid_page *page, const char *text);

/**
 * A paragraph.
 *
 * @param[in,out] page  the page
 * @param[in]     text  the paragraph; line ends count as spaces
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  text is NULL
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the text, copied.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_page_paragraph(deepid_page *page, const char *text);

/**
 * A command or other text in fixed width, its line ends kept.
 *
 * @param[in,out] page  the page
 * @param[in]     text  one or more lines
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  text is NULL
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the text, copied.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_page_code(deepid_page *page, const char *text);

/**
 * A table as people read it: three significant digits, the exact number in the tooltip.
 *
 * @param[in,out] page     the page
 * @param[in]     heading  over it; NULL = none
 * @param[in]     table    any; copied
 * @param[in]     columns  names of those to show, "loss,error" without spaces; NULL = all; names that the table lacks
 *                         are passed over
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  table is NULL or no table
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the table as text.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_page_table(deepid_page *page, const char *heading, const deepid_table *table,
                                     const char *columns);

/**
 * A figure: one chart or two, with their numbers. Figures that follow each other stand two in a row, one with two
 * charts across both; on a phone one below the other.
 *
 * @param[in,out] page            the page
 * @param[in]     headline        its finding, with the number in it
 * @param[in]     explanation     what axes and marks are
 * @param[in,out] first           is drawn as deepid_chart_svg does, and stays the caller's
 * @param[in]     first_caption   over the first chart; NULL = none
 * @param[in,out] second          beside the first; NULL = none
 * @param[in]     second_caption  over the second chart; NULL = none
 * @param[in]     numbers         the figure's table, folded away below it; NULL = none
 * @param[in]     file            the name of the file that holds its numbers; NULL = none
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  headline, explanation or first is NULL, or first, second or numbers is of another kind
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   the drawings and the table as text.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_page_figure(deepid_page *page, const char *headline, const char *explanation,
                                      deepid_chart *first, const char *first_caption, deepid_chart *second,
                                      const char *second_caption, const deepid_table *numbers, const char *file);

/**
 * Write the page as it is so far. More can be added afterwards.
 *
 * @param[in] page  the page
 * @param[in] path  the file; replaced as a whole or not at all
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  path is NULL
 * @retval DEEPID_ERR_IO        the file cannot be written: names it
 * @retval DEEPID_ERR_LIMIT     an addition went beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory, now or for an addition
 *
 * @cost   the page's text, and two disk flushes.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_page_write(deepid_page *page, const char *path);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
