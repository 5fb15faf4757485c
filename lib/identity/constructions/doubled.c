/* Doubled width:      x = (1 / kappa) (phi(x) - phi(-x))
   where the odd part of phi is a line: phi(t) - phi(-t) = kappa t.      All of R^n, one layer. */
#include "identity/witness/chain.h"

#include <math.h>

/* A linear layer before and behind, 2n wide in between. */
static bool fits(const dpid_place *place, dpid_move *move)
{
    const dpid_code *code = place->code;
    const double kappa = place->activation->kappa;
    const bool plain = code->form == DPID_CODE_PLAIN && code->c == 0;
    if (!plain || kappa == 0 || !place->here.linear || !place->between.linear || place->here.width < 2 * code->carriers)
        return false;
    *move = (dpid_move){.scale = 1, .form = DPID_CODE_PAIR, .after_form = DPID_CODE_PAIR_PHI, .after_a = kappa};
    /* relu: one of the two is 0 */
    move->bitwise = kappa == 1 && place->activation->kinks > 0 && place->activation->least == 0;
    move->rounding = move->bitwise ? 0 : 6 * (dpid_magnitude(code) + 2 * fabs(place->activation->value));
    move->zero_preserving = true; /* phi(0) twice, which cancels */
    return true;
}

const dpid_construction dpid_construction_doubled = {
    "doubled", "[I, -I] phi([I; -I] x) / kappa: all of R^n at width 2n with one layer", "T3", fits};
