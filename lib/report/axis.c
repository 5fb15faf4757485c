/* Axes: ranges, places, round ticks. */
#include "report/axis.h"

#include <math.h>

bool dpid_axis_takes(const dpid_axis *axis, double value)
{
    return isfinite(value) && (!axis->log || value > 0);
}

void dpid_axis_include(dpid_axis *axis, double value)
{
    if (!dpid_axis_takes(axis, value))
        return;
    if (axis->low > axis->high)
        axis->low = axis->high = value;
    axis->low = value < axis->low ? value : axis->low;
    axis->high = value > axis->high ? value : axis->high;
}

/* ---- ticks ------------------------------------------------------------------------- */

static void add_tick(dpid_axis *axis, double value)
{
    const double slack = 1e-9 * (axis->high - axis->low);
    const bool above = axis->log ? value >= axis->low * (1 - 1e-9) : value >= axis->low - slack;
    const bool below = axis->log ? value <= axis->high * (1 + 1e-9) : value <= axis->high + slack;
    if (axis->ticks < DPID_TICKS_MAX && above && below)
        axis->tick[axis->ticks++] = value;
}

/* The round step that gives at most six ticks. */
static double round_step(double range)
{
    enum { MOST = 5 };
    static const double steps[] = {1, 2, 5, 10};
    const double power = pow(10, floor(log10(range / MOST)));
    for (int i = 0; i < 4; i++)
        if (range / (steps[i] * power) <= MOST + 0.01)
            return steps[i] * power;
    return 10 * power;
}

static void linear_ticks(dpid_axis *axis)
{
    const double step = round_step(axis->high - axis->low);
    for (double k = ceil(axis->low / step - 1e-9); k * step <= axis->high + 1e-9 * step; k += 1)
        add_tick(axis, k * step);
}

static void log_ticks(dpid_axis *axis)
{
    const int first = (int)floor(log10(axis->low) + 1e-9);
    const int last = (int)ceil(log10(axis->high) - 1e-9);
    const int decades = last - first;
    const int every = decades > 6 ? (decades + 5) / 6 : 1;
    for (int power = first; power <= last; power++) {
        if ((power - first) % every == 0)
            add_tick(axis, pow(10, power));
        if (decades <= 2) {
            add_tick(axis, 2 * pow(10, power));
            add_tick(axis, 5 * pow(10, power));
        }
    }
}

void dpid_axis_finish(dpid_axis *axis)
{
    if (axis->low > axis->high) { /* nothing to show */
        axis->low = axis->log ? 1 : 0;
        axis->high = axis->log ? 10 : 1;
    }
    if (axis->low == axis->high) {
        const double half = axis->low == 0 ? 1 : fabs(axis->low) / 2;
        axis->low = axis->log ? axis->low / 2 : axis->low - half;
        axis->high = axis->log ? axis->high * 2 : axis->high + half;
    }
    if (axis->log && axis->high / axis->low < 4) {
        axis->low /= 1.5;
        axis->high *= 1.5;
    }
    const double air = axis->air;
    if (axis->log) {
        const double factor = pow(axis->high / axis->low, air);
        axis->low /= factor;
        axis->high *= factor;
    } else {
        const double room = air * (axis->high - axis->low);
        axis->low -= room;
        axis->high += room;
    }
    axis->ticks = 0;
    if (axis->log)
        log_ticks(axis);
    else
        linear_ticks(axis);
}

double dpid_axis_place(const dpid_axis *axis, double value)
{
    const double share = axis->log ? log(value / axis->low) / log(axis->high / axis->low) : (value - axis->low) / (axis->high - axis->low);
    return axis->start + share * (axis->end - axis->start);
}
