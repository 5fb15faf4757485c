/* Direct: t = x, or x / slope where nothing behind could undo it; phi is a line on the whole domain.
   y = slope t + offset */
#include "identity/witness/chain.h"

#include <math.h>

static bool inside(const dpid_line *line, double low, double high)
{
    return line->low <= line->high && low >= line->low && high <= line->high;
}

/* Range of a x + c. */
static void range_of(const dpid_code *code, double a, double c, double *low, double *high)
{
    *low = fmin(a * code->low, a * code->high) + c;
    *high = fmax(a * code->low, a * code->high) + c;
}

static bool fits(const dpid_place *place, dpid_move *move)
{
    const dpid_code *code = place->code;
    const dpid_line *line = &place->activation->line;
    double low;
    double high;
    if (code->form != DPID_CODE_PLAIN || line->low > line->high)
        return false;
    const bool last = !place->later.scale; /* the slope has to be undone here */
    const double a = place->here.scale ? (last ? 1 / line->slope : 1) : code->a;
    double c = code->c * a / code->a;
    range_of(code, a, 0, &low, &high);
    if (c != 0 && place->here.shift && inside(line, low, high))
        c = 0;
    range_of(code, a, c, &low, &high);
    if (!inside(line, low, high))
        return false;
    *move = (dpid_move){.scale = a, .shift = c, .form = DPID_CODE_PLAIN, .after_form = DPID_CODE_PLAIN};
    move->after_a = line->slope * a;
    move->after_c = line->slope * c + line->offset;
    const bool rounds = place->activation->rounds || a != code->a || c != 0;
    const double each = line->offset != 0 ? 5 : 3; /* roundings: of t + offset and its way back, too */
    move->rounding = rounds ? each * (dpid_magnitude(code) + fabs(move->after_c / move->after_a)) : 0;
    move->bitwise = !rounds || (a == 1 && c == 0 && code->c == 0 && !place->activation->rounds &&
                                code->a == dpid_power_below(fabs(code->a)));
    move->zero_preserving = c == 0;
    return true;
}

const dpid_construction dpid_construction_direct = {
    "direct", "W = I (a delta kernel): the activation is a line on the whole domain", "T1", fits};
