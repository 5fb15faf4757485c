/* One axis of a chart: its range, where values lie on it, its ticks. */
#ifndef DPID_REPORT_AXIS_H
#define DPID_REPORT_AXIS_H

#include "base/base.h"

enum { DPID_TICKS_MAX = 24 };
typedef struct {
    bool log;
    double low, high;  /* of the data; low > high: nothing yet */
    double air;        /* share of the range left free at both ends */
    double start, end; /* places in the picture, in units */
    /* the drawn range, of values or of their decimal logarithms; wide, because high - low of doubles may not be one */
    long double from, to;
    int32_t ticks, digits;
    double tick[DPID_TICKS_MAX];
    int32_t wishes; /* ticks asked for by the caller; 0: chosen */
    double wish[DPID_TICKS_MAX];
    /* at 0, 1, ... words instead of numbers, in two lines; NULL: numbers */
    const char *const *column, *const *note;
} dpid_axis;

bool dpid_axis_takes(const dpid_axis *axis, double value); /* finite, and above 0 on a log axis */
void dpid_axis_include(dpid_axis *axis, double value);
/* Widen to something that can be drawn, then choose four to six round ticks (1-2-5; decades on a log axis). */
void dpid_axis_finish(dpid_axis *axis);
double dpid_axis_place(const dpid_axis *axis, double value);
/* The tick's words: enough digits to tell ticks apart, 10⁻⁴ for a decade; of a column its words. */
dpid_number_text dpid_axis_text(const dpid_axis *axis, int32_t tick);
const char *dpid_axis_note(const dpid_axis *axis, int32_t tick); /* the second line of a column; "": none */
/* Keep every other tick, beginning with decades on a log axis: when their words would touch. */
void dpid_axis_thin(dpid_axis *axis);

#endif
