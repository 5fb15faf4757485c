/**
 * @defgroup chart Charts
 * Charts of plain arrays and tables, drawn as inline SVG without scripts.
 * @{
 */
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
 * All numbers and texts are copied; texts are plain UTF-8 and escaped. Values that have no place (not finite, or not
 * above 0 on a logarithmic axis) are arrows at the edge, and their number is written over the plot. Labels never
 * overlap and never leave the picture: what is too long is cut, and whole in its tooltip.
 *
 * Styles are words, all optional: "role=plain|identity|witness|shallow|depth1|depth2|depth3" (the colour, in both
 * themes), "weight=thin|thick" (a seed, the median), "dash=1" (validation), "mark=dot|diamond|tick|bead|ring" (points
 * and estimates; a bead is a small dot on a line, a ring goes around another mark). The first of each is the default.
 */
typedef struct deepid_chart deepid_chart;

/**
 * Make an empty chart.
 *
 * @param[in,out] ctx     the context
 * @param[in]     x_name  what the horizontal axis measures, with its unit
 * @param[in]     y_name  what the vertical axis measures; of rows only the name that a screen reader says; of a heatmap
 *                        what the cells measure
 * @param[in]     axes    "x=linear|log y=linear|log"; NULL or "" = both linear
 * @param[out]    out     the new chart; destroy it with deepid_chart_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  x_name, y_name or out is NULL
 * @retval DEEPID_ERR_SPEC      a word of axes is unknown: names it
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   about a kilobyte.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_create(deepid_ctx *ctx, const char *x_name, const char *y_name, const char *axes,
                                       deepid_chart **out);

/**
 * Destroy a chart.
 *
 * @param[in] chart  NULL is fine
 *
 * @cost   none.
 * @thread Safe as long as no other thread uses the chart or its drawing.
 */
DEEPID_API void deepid_chart_destroy(deepid_chart *chart);

/* ---- on a plane ------------------------------------------------------------------------------------------------- */

/**
 * A line through (x[i], y[i]) in the order given; a value without a place breaks it.
 *
 * @param[in,out] chart  empty or a plane
 * @param[in]     style  words, see deepid_chart; NULL or "" = the defaults
 * @param[in]     label  drawn at the line's end in its colour; NULL or "" = none
 * @param[in]     title  the tooltip; NULL or "" = the label
 * @param[in]     n      points, 0 or more
 * @param[in]     x      n numbers, in units of the horizontal axis
 * @param[in]     y      n numbers, in units of the vertical axis
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  n is negative, or x or y is NULL and n is not 0
 * @retval DEEPID_ERR_SPEC      a word of style is unknown: names it and those allowed
 * @retval DEEPID_ERR_STATE     the chart holds rows or a heatmap
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of what is given.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_line(deepid_chart *chart, const char *style, const char *label, const char *title,
                                     int64_t n, const double *x, const double *y);

/**
 * The area between (x[i], lower[i]) and (x[i], upper[i]).
 *
 * @param[in,out] chart  empty or a plane
 * @param[in]     style  words, see deepid_chart; NULL or "" = the defaults
 * @param[in]     label  at the area's end; NULL or "" = none
 * @param[in]     title  the tooltip; NULL or "" = the label
 * @param[in]     n      points, 0 or more
 * @param[in]     x      n numbers, in units of the horizontal axis
 * @param[in]     lower  n numbers, in units of the vertical axis
 * @param[in]     upper  n numbers, in units of the vertical axis
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  n is negative, or an array is NULL and n is not 0
 * @retval DEEPID_ERR_SPEC      a word of style is unknown: names it and those allowed
 * @retval DEEPID_ERR_STATE     the chart holds rows or a heatmap
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of what is given.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_band(deepid_chart *chart, const char *style, const char *label, const char *title,
                                     int64_t n, const double *x, const double *lower, const double *upper);

/**
 * Dots, diamonds, ticks, beads or rings at (x[i], y[i]).
 *
 * @param[in,out] chart   empty or a plane
 * @param[in]     style   words, see deepid_chart; NULL or "" = the defaults
 * @param[in]     label   at the height of the last of them; NULL or "" = none
 * @param[in]     titles  n tooltips; NULL = made of the axes' names and the values
 * @param[in]     n       points, 0 or more
 * @param[in]     x       n numbers, in units of the horizontal axis
 * @param[in]     y       n numbers, in units of the vertical axis
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  n is negative, or x or y is NULL and n is not 0
 * @retval DEEPID_ERR_SPEC      a word of style is unknown: names it and those allowed
 * @retval DEEPID_ERR_STATE     the chart holds rows or a heatmap
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of what is given.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_points(deepid_chart *chart, const char *style, const char *label,
                                       const char *const *titles, int64_t n, const double *x, const double *y);

/* ---- rows: a forest plot, or a strip ---------------------------------------------------------------------------- */

/**
 * One row: its name, the seeds as ticks, the interval as a bar, the estimate as a mark and as a number behind. All
 * numbers are in units of the horizontal axis.
 *
 * @param[in,out] chart     empty or of rows
 * @param[in]     style     words, see deepid_chart; NULL or "" = the defaults
 * @param[in]     label     the row's name, not empty
 * @param[in]     title     the tooltip, to which the numbers are added; NULL or "" = the label
 * @param[in]     estimate  NaN = no mark
 * @param[in]     low       lower end of the interval; NaN = no interval
 * @param[in]     high      upper end of the interval; NaN = no interval
 * @param[in]     n         seeds, 0 or more
 * @param[in]     values    n numbers, one a seed
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  label is NULL or "", n is negative, or values is NULL and n is not 0
 * @retval DEEPID_ERR_SPEC      a word of style is unknown: names it and those allowed
 * @retval DEEPID_ERR_STATE     the chart holds lines and points, or a heatmap
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of what is given.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_row(deepid_chart *chart, const char *style, const char *label, const char *title,
                                    double estimate, double low, double high, int64_t n, const double *values);

/**
 * One row of dots, a dot a seed, and their median as a stroke and as a number behind.
 *
 * @param[in,out] chart   empty or of rows
 * @param[in]     style   words, see deepid_chart; NULL or "" = the defaults
 * @param[in]     label   the row's name, not empty
 * @param[in]     title   the tooltip, to which the numbers are added; NULL or "" = the label
 * @param[in]     n       seeds, 0 or more
 * @param[in]     values  n numbers, one a seed, in units of the horizontal axis; NaN counts as the largest
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  label is NULL or "", n is negative, or values is NULL and n is not 0
 * @retval DEEPID_ERR_SPEC      a word of style is unknown: names it and those allowed
 * @retval DEEPID_ERR_STATE     the chart holds lines and points, or a heatmap
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of what is given.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_strip(deepid_chart *chart, const char *style, const char *label, const char *title,
                                      int64_t n, const double *values);

/* ---- references, on a plane or through rows --------------------------------------------------------------------- */

/**
 * A dotted line at a value: across a plane, or down through all rows.
 *
 * @param[in,out] chart  any but a heatmap
 * @param[in]     style  words, see deepid_chart; NULL or "" = the defaults
 * @param[in]     label  its name; NULL or "" = none
 * @param[in]     value  on the axis of values: vertical of a plane, horizontal of rows
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_SPEC    a word of style is unknown: names it and those allowed
 * @retval DEEPID_ERR_STATE   the chart is a heatmap
 * @retval DEEPID_ERR_LIMIT   beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY  no memory
 *
 * @cost   a copy of what is given.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_rule(deepid_chart *chart, const char *style, const char *label, double value);

/**
 * A shaded range of values, such as "as good as the shallow net".
 *
 * @param[in,out] chart  any but a heatmap
 * @param[in]     style  words, see deepid_chart; NULL or "" = the defaults
 * @param[in]     label  its name; NULL or "" = none
 * @param[in]     low    at most high, on the axis of values; what is not above 0 is the edge of a logarithmic axis
 * @param[in]     high   at least low
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  low is above high, or one is NaN
 * @retval DEEPID_ERR_SPEC      a word of style is unknown: names it and those allowed
 * @retval DEEPID_ERR_STATE     the chart is a heatmap
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of what is given.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_zone(deepid_chart *chart, const char *style, const char *label, double low,
                                     double high);

/* ---- a matrix --------------------------------------------------------------------------------------------------- */

/**
 * A matrix as coloured cells with a scale; every value in its cell's tooltip. The fuller the colour, the larger the
 * value; values of both signs get two colours.
 *
 * @param[in,out] chart         empty
 * @param[in]     style         "role=identity|plain|witness|shallow scale=linear|log"; NULL or "" = the first of each
 * @param[in]     rows          1 to 128
 * @param[in]     columns       1 to 128
 * @param[in]     values        rows x columns numbers, row by row
 * @param[in]     row_names     one a row; NULL = 1, 2, 3 ...
 * @param[in]     column_names  one a column; NULL = 1, 2, 3 ...
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  rows or columns is out of range, or values is NULL
 * @retval DEEPID_ERR_SPEC      a word of style is unknown: names it and those allowed
 * @retval DEEPID_ERR_STATE     the chart holds something already
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of what is given.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_heatmap(deepid_chart *chart, const char *style, int64_t rows, int64_t columns,
                                        const double *values, const char *const *row_names,
                                        const char *const *column_names);

/**
 * A whole table as a heatmap.
 *
 * @param[in,out] chart  empty
 * @param[in]     style  "role=identity|plain|witness|shallow scale=linear|log"; NULL or "" = the first of each
 * @param[in]     table  1 to 128 rows and columns; its names are the cells'
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  table is NULL or no table, or has too few or too many rows or columns
 * @retval DEEPID_ERR_SPEC      a word of style is unknown: names it and those allowed
 * @retval DEEPID_ERR_STATE     the chart holds something already
 * @retval DEEPID_ERR_LIMIT     beyond a limit of the context
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   a copy of what is given.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_heatmap_table(deepid_chart *chart, const char *style, const deepid_table *table);

/* ---- axes and the picture --------------------------------------------------------------------------------------- */

/**
 * Widen the vertical axis, so that charts side by side share theirs. It never narrows.
 *
 * @param[in,out] chart  any
 * @param[in]     low    at most high; above 0 on a logarithmic axis
 * @param[in]     high   at least low
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  low is above high, or one has no place on the axis
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_set_y_range(deepid_chart *chart, double low, double high);

/**
 * Ticks of the horizontal axis where the caller wants them, such as the depths of a study; thinned out when their words
 * would touch.
 *
 * @param[in,out] chart  any
 * @param[in]     n      0 (the chart chooses, the default) to 24
 * @param[in]     ticks  n numbers; those outside the axis are not drawn
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  n is out of range, or ticks is NULL and n is not 0
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_chart_set_x_ticks(deepid_chart *chart, int64_t n, const double *ticks);

/**
 * Draw the chart: an svg element with a viewBox, 460 units wide, that takes its colours and type from the page's style
 * sheet (page.h). Drawing changes no mark, so more can be added and it can be drawn again.
 *
 * @param[in,out] chart  any; keeps the text
 * @param[in]     label  what a screen reader says; NULL or "" = the name of the vertical axis
 *
 * @return UTF-8, well-formed XML; borrowed until the next call for this chart. "" when it cannot be drawn;
 * deepid_ctx_error says why.
 *
 * @cost   one pass over the marks, and the text in memory.
 * @thread One thread at a time for each context.
 */
DEEPID_API const char *deepid_chart_svg(deepid_chart *chart, const char *label);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
