/* Shift: t = x + c, so that the whole domain lies on the straight stretch; the constant is taken back behind it.
   relu, box: c = -low */
#include "identity/witness/chain.h"

#include <math.h>

/* Rounded up to a float, so that c and -c are the same number in f32 and f64. */
static double float_above(double c)
{
    const float f = (float)c;
    return (double)f >= c ? (double)f : (double)nextafterf(f, INFINITY);
}

static bool fits(const dpid_place *place, dpid_move *move)
{
    const dpid_code *code = place->code;
    const dpid_line *line = &place->activation->line;
    const bool able = place->here.shift && place->later.shift;
    if (code->form != DPID_CODE_PLAIN || !able || line->low > line->high || isinf(code->low))
        return false;
    const double length = line->high - line->low;
    const double width = code->high - code->low;
    double a = place->here.scale ? 1 : code->a;
    if (width > length && place->here.scale && place->later.scale && !isinf(width))
        a = dpid_power_below(length / width);
    if (a < 0 || a * width > length)
        return false;
    const double c = float_above(line->low - a * code->low);
    if (a * code->high + c > line->high)
        return false;
    const double size = dpid_magnitude(code) + 2 * fabs(c / a);
    *move = (dpid_move){.scale = a,
                        .shift = c,
                        .form = DPID_CODE_PLAIN,
                        .after_form = DPID_CODE_PLAIN,
                        .after_a = line->slope * a,
                        .after_c = line->slope * c + line->offset};
    move->rounding = (place->activation->rounds || line->slope != 1 ? 4 : 2) * size;
    return true;
}

const dpid_construction dpid_construction_shift = {
    "shift", "W = I, b = c, then -c: the domain moved onto the straight stretch", "T1", fits};
