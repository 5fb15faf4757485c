/* Two slopes:   x = -(1 / (up down)) phi(-phi(x))   for phi(t) = up t (t >= 0), down t (t < 0), both above 0.
   x > 0: phi(-up x) = -down up x.   x < 0: phi(-down x) = -up down x.   All of R^n, width n, two layers. */
#include "identity/witness/chain.h"

#include <math.h>

static bool same_slopes(const dpid_activation *a, const dpid_activation *b)
{
    return b && a->up == b->up && a->down == b->down;
}

static bool open(const dpid_place *place, dpid_move *move)
{
    const dpid_code *code = place->code;
    const bool sign = place->between.scale; /* the minus in the middle */
    const bool start = code->c == 0 && (place->here.scale || code->a == 1);
    if (code->form != DPID_CODE_PLAIN || !start || !sign || !same_slopes(place->activation, place->next))
        return false;
    *move = (dpid_move){
        .scale = 1, .form = DPID_CODE_PLAIN, .after_form = DPID_CODE_HALF, .after_a = 1, .zero_preserving = true};
    move->rounding = 1 * dpid_magnitude(code);
    return true;
}

/* t = -phi(x) */
static bool close(const dpid_place *place, dpid_move *move)
{
    const dpid_code *code = place->code;
    const double product = place->activation->up * place->activation->down;
    if (code->form != DPID_CODE_HALF || !place->here.scale || !place->later.scale)
        return false;
    *move = (dpid_move){.scale = -1,
                        .form = DPID_CODE_HALF,
                        .after_form = DPID_CODE_PLAIN,
                        .after_a = -product,
                        .zero_preserving = true};
    move->rounding = 4 * dpid_magnitude(code); /* two products, the factor 1 / product and its product */
    return true;
}

static bool fits(const dpid_place *place, dpid_move *move)
{
    const dpid_activation *a = place->activation;
    if (!(a->up > 0 && a->down > 0))
        return false;
    return open(place, move) || close(place, move);
}

const dpid_construction dpid_construction_two_slope = {
    "two_slope", "x = -(1/(up down)) phi(-phi(x)): all of R^n at width n with two layers", "T2", fits};
