/* A chart is a list of marks on two axes; drawing is the last step. */
#ifndef DPID_REPORT_CHART_H
#define DPID_REPORT_CHART_H

#include <deepid/report.h>

#include "base/base.h"
#include "report/axis.h"

typedef enum { DPID_MARK_LINE, DPID_MARK_BAND, DPID_MARK_POINTS, DPID_MARK_RULE } dpid_mark_type;

typedef struct dpid_mark dpid_mark;
struct dpid_mark {
    dpid_mark *next;
    dpid_mark_type type;
    const char *css;   /* classes: role and weight */
    int32_t shape;     /* points: dot, diamond, tick */
    const char *label; /* at the end; NULL: none */
    const char *title;
    const char **titles; /* of points; NULL: title for all */
    int64_t n;
    double *x, *y, *y2; /* y2: upper edge of a band */
};

struct deepid_chart {
    dpid_head head;
    dpid_arena arena;
    const char *x_name, *y_name;
    dpid_axis x, y;
    dpid_mark *first, **tail;
    dpid_string svg;
};

#endif
