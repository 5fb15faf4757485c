/* Scale: t = eps x with eps a power of two, so that a bounded domain lies on the line around 0.
   All scalings are exact. */
#include "identity/witness/chain.h"

#include <math.h>

static bool fits(const dpid_place *place, dpid_move *move)
{
    const dpid_code *code = place->code;
    const dpid_line *line = &place->activation->line;
    if (code->form != DPID_CODE_PLAIN || code->c != 0 || !place->here.scale || !place->later.scale ||
        isinf(code->low) || isinf(code->high))
        return false;
    const double reach = fmin(-line->low, line->high); /* the stretch is [-reach, reach] at least */
    const double size = dpid_magnitude(code);
    if (!(reach > 0) || size == 0)
        return false;
    const double eps = size <= reach ? 1 : dpid_power_below(reach / size);
    *move = (dpid_move){.scale = eps,
                        .form = DPID_CODE_PLAIN,
                        .after_form = DPID_CODE_PLAIN,
                        .after_a = line->slope * eps,
                        .eps = eps,
                        .zero_preserving = true};
    move->bitwise = line->slope == 1 && line->offset == 0 && !place->activation->rounds;
    move->rounding = move->bitwise ? 0 : 3 * size;
    return line->offset == 0;
}

const dpid_construction dpid_construction_scale = {
    "scale", "W = 2^-k I, then 2^k: the domain shrunk onto the straight stretch around 0", "T1", fits};
