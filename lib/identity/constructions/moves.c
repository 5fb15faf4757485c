/* What the constructions share: their set, sizes. */
#include "identity/witness/chain.h"

#include <math.h>

#define ROW(word) &dpid_construction_##word,
static const void *const rows[] = {DPID_CONSTRUCTIONS(ROW)};
const dpid_set dpid_constructions = DPID_SET("construction", rows);

const dpid_construction *dpid_construction_at(int64_t i)
{
    const dpid_construction *found = dpid_set_at(&dpid_constructions, i);
    return found && found->fits ? found : NULL;
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
