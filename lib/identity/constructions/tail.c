/* Tail: t = x + c with c so large that phi(t) = t - r(t), r far below rounding.   error r(c + low) + u (M + c) */
#include "identity/witness/chain.h"

#include <math.h>

static bool fits(const dpid_place *place, dpid_move *move)
{
    const dpid_code *code = place->code;
    const dpid_activation *a = place->activation;
    const double tail = place->options->dtype == DEEPID_F32 ? a->tail_f32 : a->tail_f64;
    const double slope = place->here.scale ? 1 : code->a;
    if (code->form != DPID_CODE_PLAIN || tail == 0 || !place->here.shift || !place->later.shift || isinf(code->low) ||
        slope <= 0)
        return false;
    const double c = (double)(float)(tail - slope * code->low);
    const double u = dpid_unit(place->options->dtype);
    *move = (dpid_move){.scale = slope,
                        .shift = c,
                        .form = DPID_CODE_PLAIN,
                        .after_form = DPID_CODE_PLAIN,
                        .after_a = slope,
                        .after_c = c,
                        .approximate = true};
    move->real_error = u * tail / slope;
    move->rounding = 4 * (dpid_magnitude(code) + 2 * fabs(c / slope));
    return true;
}

const dpid_construction dpid_construction_tail = {
    "tail", "W = I, b = c, then -c with c beyond the bend: phi(t) = t up to rounding", "T5", fits};
