/* The picture of a chart, in the way of its kind. */
#include "report/chart.h"

/* References lie along the axis of values: y of a plane, x of rows. */
static void include_references(deepid_chart *chart)
{
    dpid_axis *axis = chart->kind == DPID_CHART_ROWS ? &chart->x : &chart->y;
    for (const dpid_mark *m = chart->first; m; m = m->next) {
        if (m->type != DPID_MARK_RULE && m->type != DPID_MARK_ZONE)
            continue;
        dpid_axis_include(axis, m->low);
        dpid_axis_include(axis, m->high);
    }
}

static int32_t draw(deepid_chart *chart, const char *label)
{
    const dpid_axis x = chart->x; /* the data's ranges; drawing widens them */
    const dpid_axis y = chart->y;
    const char *name = label && *label ? label : chart->y_name;
    include_references(chart);
    dpid_string_release(&chart->svg);
    const int32_t status = chart->kind == DPID_CHART_ROWS      ? dpid_draw_rows(chart, name)
                           : chart->kind == DPID_CHART_HEATMAP ? dpid_draw_heatmap(chart, name)
                                                               : dpid_draw_plane(chart, name);
    chart->x = x;
    chart->y = y;
    return status;
}

const char *deepid_chart_svg(deepid_chart *chart, const char *label)
{
    if (dpid_enter(chart, DPID_MAGIC_CHART) != DEEPID_OK)
        return "";
    const int32_t status = dpid_leave(chart->head.ctx, draw(chart, label));
    return status == DEEPID_OK ? chart->svg.text : "";
}
