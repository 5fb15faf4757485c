/* Softsign: y = x / (1 + |x|).   Derivation: softsign.md   Reference: softsign_ref.c */
#include "ops/elementwise.h"

#define SOFTSIGN_FAR 1e30 /* there y rounds to 1, in every precision */

static inline real value(real x, const dpid_value *option)
{
    (void)option;
    const real size = (real)fabs(x);
    const real near = x / (1 + size);
    return size > (real)SOFTSIGN_FAR ? (x > 0 ? 1 : -1) : near; /* infinity, too */
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    (void)option;
    const real root = 1 / (1 + (real)fabs(x));
    return root * root;
}

#if DPID_ONCE
/* |softsign''| <= 2 */
static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_smooth(1, 0, 2, 2);
    a.least = -1;
    a.most = 1;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("softsign"), {NO(BOUNDED), NO(BOUNDED), NO(CURVED)}},
    {"sandwich", SANDWICH("softsign"), {NO(BOUNDED), NO(BOUNDED), NEAR}},
    {0},
};
#endif

DPID_ACTIVATION(softsign, "y = x / (1 + |x|)", 0, NULL)
