/* Axes: ranges, places, round ticks. */
#include "report/axis.h"

#include "base/words.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static long double scaled(const dpid_axis *axis, double value)
{
    return axis->log ? log10l((long double)value) : (long double)value;
}

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

double dpid_axis_place(const dpid_axis *axis, double value)
{
    const long double share = (scaled(axis, value) - axis->from) / (axis->to - axis->from);
    return axis->start + (double)share * (axis->end - axis->start);
}

/* ---- ticks ------------------------------------------------------------------------- */

static void add_tick(dpid_axis *axis, double value)
{
    if (!dpid_axis_takes(axis, value) || axis->ticks >= DPID_TICKS_MAX)
        return;
    for (int32_t i = 0; i < axis->ticks; i++)
        if (axis->tick[i] == value)
            return;
    const long double slack = 1e-9L * (axis->to - axis->from);
    const long double at = scaled(axis, value);
    if (at >= axis->from - slack && at <= axis->to + slack)
        axis->tick[axis->ticks++] = value;
}

/* The round step that gives at most seven ticks, mostly four to six. */
static long double round_step(long double range)
{
    enum { MOST = 6 };
    static const long double steps[] = {1, 2, 5};
    const long double power = powl(10, floorl(log10l(range / MOST)));
    for (int i = 0; i < 3; i++)
        if (range / (steps[i] * power) <= MOST + 0.01L)
            return steps[i] * power;
    return 10 * power;
}

/* Between two values, on either kind of axis. */
static void step_ticks(dpid_axis *axis, long double low, long double high)
{
    const long double step = round_step(high - low);
    const long double size = fmaxl(fabsl(low), fabsl(high));
    axis->digits = (int32_t)ceill(log10l(size / step) - 1e-9L) + 1;
    for (long double k = ceill(low / step - 1e-9L); k * step <= high + 1e-9L * step; k += 1)
        add_tick(axis, k == 0 ? 0 : (double)(k * step));
}

static void log_ticks(dpid_axis *axis)
{
    enum { MOST = 6 };
    const long double few = 1.7L; /* decades with room for 1, 2 and 5; up to some more for 1 and 3 */
    const long double some = 3;
    const int first = (int)floorl(axis->from + 1e-9L);
    const int last = (int)ceill(axis->to - 1e-9L);
    const int decades = last - first;
    const int every = decades > MOST ? (decades + MOST - 1) / MOST : 1;
    for (int power = first; power <= last; power++) {
        if ((power - first) % every == 0)
            add_tick(axis, pow(10, power));
        if (axis->to - axis->from < few) {
            add_tick(axis, 2 * pow(10, power));
            add_tick(axis, 5 * pow(10, power));
        } else if (axis->to - axis->from < some)
            add_tick(axis, 3 * pow(10, power));
    }
    if (axis->ticks >= 3 || axis->to - axis->from > 1)
        return;
    axis->ticks = 0;
    step_ticks(axis, powl(10, axis->from), powl(10, axis->to));
}

/* ---- finish -------------------------------------------------------------------------- */

/* A range that is too narrow to draw, or to name its ends apart, is widened around its middle. */
static void widen(dpid_axis *axis)
{
    const long double middle = (axis->from + axis->to) / 2;
    const long double size = fmaxl(fabsl(axis->from), fabsl(axis->to));
    const long double same = size == 0 ? 1 : fmaxl(size / 2, 1e-300L);
    const long double half = axis->log ? log10l(2) : axis->from == axis->to ? same : size * 1e-6L;
    if (axis->from < axis->to && axis->to - axis->from >= 2 * half)
        return;
    axis->from = middle - half;
    axis->to = middle + half;
}

void dpid_axis_finish(dpid_axis *axis)
{
    enum { LEAST_DIGITS = 3, MOST_DIGITS = 9 };
    const bool empty = axis->low > axis->high;
    axis->from = empty ? 0 : scaled(axis, axis->low);
    axis->to = empty ? 1 : scaled(axis, axis->high);
    widen(axis);
    const long double room = axis->air * (axis->to - axis->from);
    axis->from -= room;
    axis->to += room;
    axis->ticks = axis->digits = 0;
    for (int32_t i = 0; i < axis->wishes; i++)
        add_tick(axis, axis->wish[i]);
    if (axis->ticks == 0 && axis->log)
        log_ticks(axis);
    else if (axis->ticks == 0)
        step_ticks(axis, axis->from, axis->to);
    axis->digits = axis->digits < LEAST_DIGITS ? LEAST_DIGITS : axis->digits > MOST_DIGITS ? MOST_DIGITS : axis->digits;
}

static bool is_decade(double value)
{
    return value > 0 && fabs(log10(value) - round(log10(value))) < 1e-9;
}

void dpid_axis_thin(dpid_axis *axis)
{
    int32_t decades = 0;
    int32_t kept = 0;
    for (int32_t i = 0; i < axis->ticks; i++)
        decades += is_decade(axis->tick[i]);
    const bool mixed = axis->log && decades > 1 && decades < axis->ticks;
    for (int32_t i = 0; i < axis->ticks; i++)
        if (mixed ? is_decade(axis->tick[i]) : i % 2 == 0)
            axis->tick[kept++] = axis->tick[i];
    axis->ticks = kept;
}

dpid_number_text dpid_axis_text(const dpid_axis *axis, int32_t tick)
{
    static const char one[] = "1\xc3\x97"
                              "10";
    if (axis->column) {
        dpid_number_text column;
        snprintf(column.text, sizeof column.text, "%s", axis->column[(int32_t)axis->tick[tick]]);
        return column;
    }
    dpid_number_text words = dpid_words_digits(axis->tick[tick], axis->digits);
    if (strncmp(words.text, one, sizeof one - 1) == 0)
        memmove(words.text, words.text + 3, strlen(words.text + 3) + 1);
    return words;
}

const char *dpid_axis_note(const dpid_axis *axis, int32_t tick)
{
    return axis->column ? axis->note[(int32_t)axis->tick[tick]] : "";
}
