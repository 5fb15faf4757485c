/** @file report.h  Pages and charts: one HTML file that opens offline, SVG without scripts. */
#ifndef DEEPID_REPORT_H
#define DEEPID_REPORT_H

#include <deepid/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/** value as a report writes it: three significant digits, a true minus sign, 2×10⁻⁴; UTF-8. buffer has size bytes, at least 40, else DEEPID_ERR_ARGUMENT. */
DEEPID_API int32_t deepid_format_number(double value, char *buffer, int64_t size);

/** A chart, drawn as inline SVG. */
typedef struct deepid_chart deepid_chart;
/** axes: "x=linear y=log". Titles are plain text, escaped. */
DEEPID_API int32_t deepid_chart_create(deepid_ctx *ctx, const char *x_name, const char *y_name, const char *axes, deepid_chart **out);
/** NULL is fine. */
DEEPID_API void deepid_chart_destroy(deepid_chart *chart);
/** style: "role=plain|identity|witness|shallow|depth1|depth2|depth3 weight=thin|thick dash=0|1". label: drawn at the line's end ("" = none); title: the tooltip. Values that are not finite are marked at the edge. */
DEEPID_API int32_t deepid_chart_line(deepid_chart *chart, const char *style, const char *label, const char *title, int64_t n, const double *x, const double *y);
/** Area between lower and upper. */
DEEPID_API int32_t deepid_chart_band(deepid_chart *chart, const char *style, const char *label, const char *title, int64_t n, const double *x, const double *lower, const double *upper);
/** Dots, diamonds or ticks ("mark=dot|diamond|tick"). titles may be NULL. */
DEEPID_API int32_t deepid_chart_points(deepid_chart *chart, const char *style, const char *label, const char *const *titles, int64_t n, const double *x, const double *y);
/** A horizontal line with a name. */
DEEPID_API int32_t deepid_chart_rule(deepid_chart *chart, const char *style, const char *label, double y);
/** Share the y range with another chart (side by side). */
DEEPID_API int32_t deepid_chart_set_y_range(deepid_chart *chart, double low, double high);
/** The finished svg element. Borrowed. label: its aria-label. */
DEEPID_API const char *deepid_chart_svg(deepid_chart *chart, const char *label);

/** A page, written top to bottom. */
typedef struct deepid_report deepid_report;
/** question: the headline; subject: one line on what was studied. Plain text, escaped. */
DEEPID_API int32_t deepid_report_create(deepid_ctx *ctx, const char *question, const char *subject, deepid_report **out);
/** NULL is fine. */
DEEPID_API void deepid_report_destroy(deepid_report *report);
/** The answer in large type; then paragraphs, headings. Plain text, escaped. */
DEEPID_API int32_t deepid_report_answer(deepid_report *report, const char *text);
/** A heading. */
DEEPID_API int32_t deepid_report_heading(deepid_report *report, const char *text);
/** A paragraph. */
DEEPID_API int32_t deepid_report_paragraph(deepid_report *report, const char *text);
/** A table as people read it: three significant digits. columns: those to show, comma-separated, NULL = all; heading over it. */
DEEPID_API int32_t deepid_report_table(deepid_report *report, const char *heading, const deepid_table *table, const char *columns);
/** A figure: headline (its finding), what axes and marks are, one or two charts side by side (second may be NULL) with their captions, the numbers folded away, the file that holds them. */
DEEPID_API int32_t deepid_report_figure(deepid_report *report, const char *headline, const char *explanation, deepid_chart *first, const char *first_caption, deepid_chart *second,
                                        const char *second_caption, const deepid_table *numbers, const char *file);
/** A command or other text in fixed width. */
DEEPID_API int32_t deepid_report_code(deepid_report *report, const char *text);
/** Atomic. */
DEEPID_API int32_t deepid_report_write(deepid_report *report, const char *path);

#ifdef __cplusplus
}
#endif
#endif
