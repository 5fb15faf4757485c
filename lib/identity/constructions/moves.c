/* What the constructions share: sizes, the list in the order of trial. */
#include "identity/witness/chain.h"

#include <math.h>

/* Bitwise first, then those that keep 0, then exact ones with constants, then approximate ones. */
static const dpid_construction *const constructions[] = {
    &dpid_construction_direct, &dpid_construction_scale,       &dpid_construction_two_slope, &dpid_construction_doubled,
    &dpid_construction_shift,  &dpid_construction_small_scale, &dpid_construction_tail,
};

const dpid_construction *dpid_construction_at(int64_t i)
{
    return i >= 0 && i < (int64_t)(sizeof constructions / sizeof *constructions) ? constructions[i] : NULL;
}

double dpid_unit(int32_t dtype)
{
    return dtype == DEEPID_F32 ? 0x1p-24 : 0x1p-53;
}

double dpid_magnitude(const dpid_code *code)
{
    const double largest = fmax(fabs(code->low), fabs(code->high));
    return isinf(largest) ? 1 : largest;
}

double dpid_power_below(double x)
{
    int exponent;
    (void)frexp(x, &exponent);
    return ldexp(1, exponent - 1);
}
