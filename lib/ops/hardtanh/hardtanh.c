/* Clipping: y = min(max(x, min), max).   Derivation: hardtanh.md   Reference: hardtanh_ref.c */
#define DPID_FLAT_PARTS
#define DPID_ACTIVATION_INFER infer
#include "ops/elementwise.h"

static inline real value(real x, const dpid_value *option)
{
    const real low = (real)option[0].r;
    const real high = (real)option[1].r;
    return x < low ? low : x > high ? high : x;
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    const real low = (real)option[0].r;
    const real high = (real)option[1].r;
    return x <= low || x >= high ? 0 : x == x ? 1 : x;
}

static inline bool is_flat(real x, const dpid_value *option)
{
    return (x <= (real)option[0].r) | (x >= (real)option[1].r);
}

#if DPID_ONCE
static const dpid_option known[] = {
    {"min", DPID_REAL, -1, -1e30, 1e30, NULL, false, "smallest output"},
    {"max", DPID_REAL, 1, -1e30, 1e30, NULL, false, "largest output"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    const double low = op->option[0].r;
    const double high = op->option[1].r;
    if (!(low < high))
        return dpid_fail(ctx, DEEPID_ERR_SPEC, "hardtanh: min is %g and max is %g, expected min below max", low, high);
    return dpid_infer_same(ctx, op);
}

static dpid_activation facts(const dpid_value *o)
{
    dpid_activation a = dpid_activation_unknown();
    a.line = (dpid_line){o[0].r, o[1].r, 1, 0};
    a.least = a.kink[0] = o[0].r;
    a.most = a.kink[1] = o[1].r;
    a.kinks = 2;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("hardtanh"), {NO(BOUNDED), NO(BOUNDED), BIT}},
    {"sandwich", SANDWICH("hardtanh"), {NO(BOUNDED), NO(BOUNDED), BIT}},
    {"relu6 sandwich", SANDWICH("hardtanh min=0 max=6"), {NO(BOUNDED), NO(BOUNDED), EXACT}},
    {0},
};
#endif

DPID_ACTIVATION(hardtanh, "y = x cut to min..max; options: min=-1 max=1", DPID_KIND_KINKED | DPID_KIND_SELECT, known)
