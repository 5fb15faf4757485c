/* A chart is a list of marks; drawing is the last step. Three kinds: marks on a plane, rows, a heatmap. */
#ifndef DPID_REPORT_CHART_H
#define DPID_REPORT_CHART_H

#include <deepid/chart.h>

#include "base/base.h"
#include "report/axis.h"
#include "report/svg.h"

enum {
    DPID_CHART_WIDTH = 460,
    DPID_CHART_HEIGHT = 280,
    DPID_CHART_TOP = 22,
    DPID_CHART_BOTTOM = 40,
    DPID_CHART_EDGE = 2
};

typedef enum { DPID_CHART_EMPTY, DPID_CHART_PLANE, DPID_CHART_ROWS, DPID_CHART_HEATMAP } dpid_chart_kind;
typedef enum {
    DPID_MARK_LINE,
    DPID_MARK_BAND,
    DPID_MARK_POINTS,
    DPID_MARK_RULE,
    DPID_MARK_ZONE,
    DPID_MARK_ROW,
    DPID_MARK_STRIP
} dpid_mark_type;

typedef struct dpid_mark dpid_mark;
struct dpid_mark {
    dpid_mark *next;
    dpid_mark_type type;
    const char *role, *css; /* classes: the role alone; role, weight and dash */
    bool thick;
    dpid_shape shape;  /* of points and estimates */
    const char *label; /* at the end of a line, in front of a row; NULL: none */
    const char *title;
    const char **titles; /* of points; NULL: made from their values */
    int64_t n;
    double *x, *y, *y2;         /* y2: upper edge of a band; rows: the seeds' values are y */
    double estimate, low, high; /* rows; a zone reaches from low to high, a rule is at low */
};

typedef struct {
    int64_t rows, columns;
    const double *values; /* row by row */
    const char **row_names, **column_names;
    const char *role;
    bool log;
} dpid_heat;

struct deepid_chart {
    dpid_head head;
    dpid_arena arena;
    dpid_chart_kind kind;
    const char *x_name, *y_name;
    dpid_axis x, y;
    dpid_mark *first, **tail;
    dpid_heat *heat;
    dpid_string svg;
};

/* What the kinds share when they are made. */
int32_t dpid_chart_keep(deepid_chart *chart, const char *text, const char **out);
int32_t dpid_chart_copy(deepid_chart *chart, int64_t n, const double *from, double **out);
/* DEEPID_ERR_STATE when the chart is of another kind already. */
int32_t dpid_chart_may_be(deepid_chart *chart, dpid_chart_kind kind);
/* A mark with its style and texts, not yet in the list; and into the list, at the end. */
int32_t dpid_mark_make(deepid_chart *chart, dpid_mark_type type, const char *style, const char *label,
                       const char *title, dpid_mark **out);
/* Columns at 0 .. n - 1 of the horizontal axis, named in two lines, instead of numbers and the axis's name. At most
   DPID_TICKS_MAX. */
int32_t dpid_chart_set_columns(deepid_chart *chart, int64_t n, const char *const *words, const char *const *notes);
/* The first one decides the kind. */
void dpid_mark_append(deepid_chart *chart, dpid_mark *mark);

/* ---- drawing ------------------------------------------------------------------------------ */

/* Values without a place: counted by reason. */
typedef struct {
    int64_t not_finite, not_positive;
} dpid_outside;
void dpid_outside_add(dpid_outside *outside, double value);
/* "2 not finite, 1 not above 0" right-aligned over the plot; returns the units that it takes. */
double dpid_draw_outside(dpid_string *s, const dpid_outside *outside, double right);
/* The axis line below with ticks and name; thins the ticks until their words keep apart. */
void dpid_draw_x_axis(dpid_string *s, dpid_axis *axis, double y, const char *name);
/* Move n sorted places so that neighbours are gap apart, all within low and high, as little as possible. */
void dpid_push_apart(double *places, int64_t n, double gap, double low, double high);

int32_t dpid_draw_plane(deepid_chart *chart, const char *label);
int32_t dpid_draw_rows(deepid_chart *chart, const char *label);
int32_t dpid_draw_heatmap(deepid_chart *chart, const char *label);

#endif
