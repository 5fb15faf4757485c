/* One axis of a chart: its range, where values lie on it, its ticks. */
#ifndef DPID_REPORT_AXIS_H
#define DPID_REPORT_AXIS_H

#include <stdbool.h>
#include <stdint.h>

enum { DPID_TICKS_MAX = 12 };
typedef struct {
    bool log;
    double low, high;       /* of the data; low > high: nothing yet */
    double air;             /* share of the range left free at both ends */
    double start, end;      /* places in the picture, in units */
    int32_t ticks;
    double tick[DPID_TICKS_MAX];
} dpid_axis;

bool dpid_axis_takes(const dpid_axis *axis, double value); /* finite, and above 0 on a log axis */
void dpid_axis_include(dpid_axis *axis, double value);
/* Widen to something that can be drawn, then choose four to six round ticks (1-2-5; decades on a log axis). */
void dpid_axis_finish(dpid_axis *axis);
double dpid_axis_place(const dpid_axis *axis, double value);

#endif
