/** @file report.h  What reports are made of: numbers in words, charts (chart.h), pages (page.h). */
#ifndef DEEPID_REPORT_H
#define DEEPID_REPORT_H

#include <deepid/chart.h>
#include <deepid/page.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A number as a report writes it: three significant digits, a true minus sign, 2×10⁻⁴ outside 0.001 .. 100000, 0 for zero, ∞, "not a number".
 *
 * @param[in]  value   any
 * @param[out] buffer  UTF-8 with its NUL
 * @param[in]  size    bytes of buffer, at least 40
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  buffer is NULL or too small
 */
DEEPID_API int32_t deepid_format_number(double value, char *buffer, int64_t size);

#ifdef __cplusplus
}
#endif
#endif
