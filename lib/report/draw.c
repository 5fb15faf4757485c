/* What every kind of chart draws: the axis below, the count of what has no place, labels that keep apart. */
#include "report/chart.h"

#include <assert.h>
#include <math.h>

/* ---- values without a place ---------------------------------------------------------------- */

void dpid_outside_add(dpid_outside *outside, double value)
{
    if (isfinite(value))
        outside->not_positive++;
    else
        outside->not_finite++;
}

double dpid_draw_outside(dpid_string *s, const dpid_outside *outside, double right)
{
    enum { BASE = 11, ROOM = 240 };
    dpid_string text = {.ctx = s->ctx};
    double width = 0;
    if (outside->not_finite > 0)
        dpid_string_format(&text, "%lld not finite", (long long)outside->not_finite);
    if (outside->not_positive > 0)
        dpid_string_format(&text, "%s%lld not above 0", text.length ? ", " : "", (long long)outside->not_positive);
    if (text.status != DEEPID_OK)
        s->status = text.status;
    else if (text.length > 0) {
        dpid_svg_text(s, "tick", NULL, "end", right, BASE, ROOM, text.text);
        width = dpid_text_width(text.text);
    }
    dpid_string_release(&text);
    return width;
}

/* ---- the axis below --------------------------------------------------------------------------- */

typedef struct {
    double left, right;
} span;

/* The words of a tick are centred on it, and moved inside where they would leave the picture. */
static span tick_span(const dpid_axis *axis, int32_t i)
{
    const double width = fmax(dpid_text_width(dpid_axis_text(axis, i).text), dpid_text_width(dpid_axis_note(axis, i)));
    const double left = dpid_axis_place(axis, axis->tick[i]) - width / 2;
    const double most = DPID_CHART_WIDTH - DPID_CHART_EDGE - width;
    const double moved = fmax(DPID_CHART_EDGE, fmin(left, most));
    return (span){moved, moved + width};
}

static bool ticks_touch(const dpid_axis *axis)
{
    enum { AIR = 4 };
    for (int32_t i = 1; i < axis->ticks; i++)
        for (int32_t k = 0; k < i; k++) {
            const span a = tick_span(axis, k);
            const span b = tick_span(axis, i);
            if (a.left < b.right + AIR && b.left < a.right + AIR)
                return true;
        }
    return false;
}

void dpid_draw_x_axis(dpid_string *s, dpid_axis *axis, double y, const char *name)
{
    enum { TICK = 4, WORDS = 18, NOTE = 33, NAME = 35 };
    while (axis->ticks > 1 && ticks_touch(axis))
        dpid_axis_thin(axis);
    dpid_svg_line(s, "axis", NULL, axis->start, y, axis->end, y, NULL);
    for (int32_t i = 0; i < axis->ticks; i++) {
        const double x = dpid_axis_place(axis, axis->tick[i]);
        const span words = tick_span(axis, i);
        dpid_svg_line(s, "axis", NULL, x, y, x, y + TICK, NULL);
        dpid_svg_text(s, "tick", NULL, "middle", (words.left + words.right) / 2, y + WORDS, DPID_CHART_WIDTH,
                      dpid_axis_text(axis, i).text);
        dpid_svg_text(s, "tick", NULL, "middle", (words.left + words.right) / 2, y + NOTE, DPID_CHART_WIDTH,
                      dpid_axis_note(axis, i));
    }
    dpid_svg_text(s, "name", NULL, "end", axis->end, y + NAME, axis->end - DPID_CHART_EDGE, name);
}

/* ---- labels that keep apart ---------------------------------------------------------------------- */

/* Least squares under places[i + 1] >= places[i] + gap: with z_i = places_i - gap i this is isotonic regression,
   solved by pooling neighbours that are out of order. */
void dpid_push_apart(double *places, int64_t n, double gap, double low, double high)
{
    enum { MOST = 64 };
    double sum[MOST];
    int64_t count[MOST];
    int64_t pools = 0;
    assert(n <= MOST);
    for (int64_t i = 0; i < n; i++) {
        sum[pools] = places[i] - gap * (double)i;
        count[pools++] = 1;
        while (pools > 1 && sum[pools - 2] / (double)count[pools - 2] > sum[pools - 1] / (double)count[pools - 1]) {
            sum[pools - 2] += sum[pools - 1];
            count[pools - 2] += count[pools - 1];
            pools--;
        }
    }
    int64_t i = 0;
    for (int64_t p = 0; p < pools; p++)
        for (int64_t k = 0; k < count[p]; k++, i++)
            places[i] = fmax(low, fmin(sum[p] / (double)count[p], high - gap * (double)(n - 1))) + gap * (double)i;
}
