/** @file chart.h  Charts of plain arrays and tables, drawn as inline SVG without scripts. */
#ifndef DEEPID_CHART_H
#define DEEPID_CHART_H

#include <deepid/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A chart: marks are added, then it is drawn. It is one of three kinds, decided by its first mark:
 * a plane (lines, bands, points), rows (names with estimates, intervals and the seeds' values), or a heatmap.
 *
 * All numbers and texts are copied; texts are plain and escaped. Values that have no place (not finite, or not above
 * 0 on a logarithmic axis) are arrows at the edge, and their number is written over the plot. Labels never overlap
 * and never leave the picture: what is too long is cut, and whole in its tooltip.
 *
 * Styles are words, all optional: "role=plain|identity|witness|shallow|depth1|depth2|depth3" (the colour, in both
 * themes), "weight=thin|thick" (a seed, the median), "dash=1" (validation), "mark=dot|diamond|tick|bead" (points and
 * estimates; a bead is a small dot on a line).
 *
 * The functions that add a mark return DEEPID_OK, or
 *   DEEPID_ERR_ARGUMENT  the chart is none, n is negative, an array is NULL, a row has no label;
 *   DEEPID_ERR_SPEC      a word of style is unknown: names it and those allowed;
 *   DEEPID_ERR_STATE     the chart is of another kind already;
 *   DEEPID_ERR_MEMORY    no memory;
 * they cost one copy, and a chart is used by one thread at a time. A failed call adds nothing.
 */
typedef struct deepid_chart deepid_chart;

/**
 * Make an empty chart.
 *
 * @param[in,out] ctx     the context
 * @param[in]     x_name  what the horizontal axis measures
 * @param[in]     y_name  what the vertical axis measures (rows: unused but as the name; heatmap: what the cells
 * measure)
 * @param[in]     axes    "x=linear|log y=linear|log"; NULL or "" = both linear
 * @param[out]    out     the new chart; destroy it with deepid_chart_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  an argument is NULL
 * @retval DEEPID_ERR_SPEC      a word of axes is unknown
 * @retval DEEPID_ERR_MEMORY    no memory
 */
DEEPID_API int32_t deepid_chart_create(deepid_ctx *ctx, const char *x_name, const char *y_name, const char *axes,
                                       deepid_chart **out);

/**
 * Destroy a chart.
 *
 * @param[in] chart  NULL is fine
 */
DEEPID_API void deepid_chart_destroy(deepid_chart *chart);

/* ---- on a plane ------------------------------------------------------------------------------------ */

/**
 * A line through (x[i], y[i]) in the order given; a value without a place breaks it.
 *
 * @param[in,out] chart  empty or a plane
 * @param[in]     style  words, see deepid_chart
 * @param[in]     label  drawn at the line's end in its colour; NULL or "" = none
 * @param[in]     title  the tooltip; NULL or "" = the label
 * @param[in]     n      points, 0 or more
 * @param[in]     x      n numbers
 * @param[in]     y      n numbers
 *
 * @return see deepid_chart.
 */
DEEPID_API int32_t deepid_chart_line(deepid_chart *chart, const char *style, const char *label, const char *title,
                                     int64_t n, const double *x, const double *y);

/**
 * The area between lower and upper.
 *
 * @param[in,out] chart  empty or a plane
 * @param[in]     style  words, see deepid_chart
 * @param[in]     label  at the area's end; NULL or "" = none
 * @param[in]     title  the tooltip; NULL or "" = the label
 * @param[in]     n      points, 0 or more
 * @param[in]     x      n numbers
 * @param[in]     lower  n numbers
 * @param[in]     upper  n numbers
 *
 * @return see deepid_chart.
 */
DEEPID_API int32_t deepid_chart_band(deepid_chart *chart, const char *style, const char *label, const char *title,
                                     int64_t n, const double *x, const double *lower, const double *upper);

/**
 * Dots, diamonds, ticks or beads.
 *
 * @param[in,out] chart   empty or a plane
 * @param[in]     style   words, see deepid_chart
 * @param[in]     label   at the height of the last of them; NULL or "" = none
 * @param[in]     titles  n tooltips; NULL = made of the axes' names and the values
 * @param[in]     n       points, 0 or more
 * @param[in]     x       n numbers
 * @param[in]     y       n numbers
 *
 * @return see deepid_chart.
 */
DEEPID_API int32_t deepid_chart_points(deepid_chart *chart, const char *style, const char *label,
                                       const char *const *titles, int64_t n, const double *x, const double *y);

/* ---- rows: a forest plot, or a strip ------------------------------------------------------------------ */

/**
 * One row: its name, the seeds as ticks, the interval as a bar, the estimate as a mark and as a number behind.
 *
 * @param[in,out] chart     empty or of rows; its horizontal axis is the values'
 * @param[in]     style     words, see deepid_chart
 * @param[in]     label     the row's name, not empty
 * @param[in]     title     the tooltip, to which the numbers are added; NULL or "" = the label
 * @param[in]     estimate  NaN = no mark
 * @param[in]     low       of the interval; NaN = no interval
 * @param[in]     high      of the interval; NaN = no interval
 * @param[in]     n         seeds, 0 or more
 * @param[in]     values    one number a seed
 *
 * @return see deepid_chart.
 */
DEEPID_API int32_t deepid_chart_row(deepid_chart *chart, const char *style, const char *label, const char *title,
                                    double estimate, double low, double high, int64_t n, const double *values);

/**
 * One row of dots, a dot a seed, and their median as a stroke and as a number behind.
 *
 * @param[in,out] chart   empty or of rows
 * @param[in]     style   words, see deepid_chart
 * @param[in]     label   the category, not empty
 * @param[in]     title   the tooltip, to which the numbers are added; NULL or "" = the label
 * @param[in]     n       seeds, 0 or more
 * @param[in]     values  one number a seed; NaN counts as the largest
 *
 * @return see deepid_chart.
 */
DEEPID_API int32_t deepid_chart_strip(deepid_chart *chart, const char *style, const char *label, const char *title,
                                      int64_t n, const double *values);

/* ---- references, on a plane or through rows -------------------------------------------------------------- */

/**
 * A dotted line at a value: across a plane, or down through all rows.
 *
 * @param[in,out] chart  any but a heatmap
 * @param[in]     style  words, see deepid_chart
 * @param[in]     label  its name; NULL or "" = none
 * @param[in]     value  on the axis of values
 *
 * @return see deepid_chart.
 */
DEEPID_API int32_t deepid_chart_rule(deepid_chart *chart, const char *style, const char *label, double value);

/**
 * A shaded range of values, "as good as the shallow net".
 *
 * @param[in,out] chart  any but a heatmap
 * @param[in]     style  words, see deepid_chart
 * @param[in]     label  its name; NULL or "" = none
 * @param[in]     low    at most high; what is not above 0 is the edge of a logarithmic axis
 * @param[in]     high   at least low
 *
 * @return see deepid_chart; also DEEPID_ERR_ARGUMENT when low is above high or one is NaN.
 */
DEEPID_API int32_t deepid_chart_zone(deepid_chart *chart, const char *style, const char *label, double low,
                                     double high);

/* ---- a matrix ------------------------------------------------------------------------------------------------ */

/**
 * A matrix as coloured cells with a scale; every value in its cell's tooltip. The fuller the colour, the larger the
 * value; values of both signs get two colours.
 *
 * @param[in,out] chart         empty
 * @param[in]     style         "role=identity|plain|witness|shallow scale=linear|log"
 * @param[in]     rows          1 to 128
 * @param[in]     columns       1 to 128
 * @param[in]     values        rows x columns numbers, row by row
 * @param[in]     row_names     one a row; NULL = 1, 2, 3 ...
 * @param[in]     column_names  one a column; NULL = 1, 2, 3 ...
 *
 * @return see deepid_chart.
 */
DEEPID_API int32_t deepid_chart_heatmap(deepid_chart *chart, const char *style, int64_t rows, int64_t columns,
                                        const double *values, const char *const *row_names,
                                        const char *const *column_names);

/**
 * A whole table as a heatmap.
 *
 * @param[in,out] chart  empty
 * @param[in]     style  as for deepid_chart_heatmap
 * @param[in]     table  1 to 128 rows and columns; its names are the cells'
 *
 * @return see deepid_chart.
 */
DEEPID_API int32_t deepid_chart_heatmap_table(deepid_chart *chart, const char *style, const deepid_table *table);

/* ---- axes and the picture ---------------------------------------------------------------------------------------- */

/**
 * Widen the vertical axis, so that charts side by side share theirs.
 *
 * @param[in,out] chart  any
 * @param[in]     low    at most high
 * @param[in]     high   at least low
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  low is above high, or one has no place on the axis
 */
DEEPID_API int32_t deepid_chart_set_y_range(deepid_chart *chart, double low, double high);

/**
 * Ticks of the horizontal axis where the caller wants them, such as the depths of a study; thinned out when their
 * words would touch.
 *
 * @param[in,out] chart  any
 * @param[in]     n      0 (the chart chooses) to 24
 * @param[in]     ticks  n numbers; those outside the axis are not drawn
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  n is out of range, or ticks is NULL
 */
DEEPID_API int32_t deepid_chart_set_x_ticks(deepid_chart *chart, int64_t n, const double *ticks);

/**
 * Draw the chart: an svg element with a viewBox, 460 units wide, that takes its colours and type from the page's
 * style sheet (page.h).
 *
 * @param[in,out] chart  any
 * @param[in]     label  what a screen reader says; NULL or "" = the name of the vertical axis
 *
 * @return UTF-8, well-formed XML; borrowed until the next call for this chart. "" when it cannot be drawn;
 * deepid_ctx_error says why.
 *
 * @cost   one pass over the marks and the text in memory; drawing changes nothing, so it can be repeated.
 */
DEEPID_API const char *deepid_chart_svg(deepid_chart *chart, const char *label);

#ifdef __cplusplus
}
#endif
#endif
