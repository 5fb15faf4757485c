/* Hard sigmoid: y = min(max(alpha x + beta, 0), 1), by default (x + 3) / 6 between its ends.
   Derivation: hardsigmoid.md   Reference: hardsigmoid_ref.c */
#define DPID_FLAT_PARTS
#include "ops/elementwise.h"

enum { ALPHA, BETA };

#define HARDSIGMOID_ALPHA 0.16666666666666666
#define HARDSIGMOID_BETA 0.5

/* The usual line is divided: (x + 3) / 6 is 0 and 1 at -3 and 3 in every precision. */
static inline bool is_usual(const dpid_value *option)
{
    return option[ALPHA].r == HARDSIGMOID_ALPHA && option[BETA].r == HARDSIGMOID_BETA;
}

static inline real line(real x, const dpid_value *option)
{
    return is_usual(option) ? (x + 3) / 6 : (real)option[ALPHA].r * x + (real)option[BETA].r;
}

static inline real value(real x, const dpid_value *option)
{
    const real inside = line(x, option);
    return inside <= 0 ? 0 : inside >= 1 ? 1 : inside; /* NaN stays NaN */
}

static inline bool is_flat(real x, const dpid_value *option)
{
    const real inside = line(x, option);
    return (inside <= 0) | (inside >= 1);
}

static inline real slope(real x, real y, const dpid_value *option)
{
    (void)y;
    const real inside = is_usual(option) ? (real)1 / 6 : (real)option[ALPHA].r;
    return is_flat(x, option) ? 0 : x == x ? inside : x;
}

#if DPID_ONCE
static const dpid_option known[] = {
    {"alpha", DPID_REAL, HARDSIGMOID_ALPHA, 1e-6, 1e6, NULL, false, "slope between the ends"},
    {"beta", DPID_REAL, HARDSIGMOID_BETA, -1e6, 1e6, NULL, false, "value of the line at 0"},
    {0},
};

static dpid_activation facts(const dpid_value *o)
{
    dpid_activation a = dpid_activation_unknown();
    a.kink[0] = is_usual(o) ? -3 : -o[BETA].r / o[ALPHA].r;
    a.kink[1] = is_usual(o) ? 3 : (1 - o[BETA].r) / o[ALPHA].r;
    a.line = (dpid_line){a.kink[0], a.kink[1], is_usual(o) ? 1.0 / 6 : o[ALPHA].r, o[BETA].r};
    a.rounds = true;
    a.least = 0;
    a.most = 1;
    a.kinks = 2;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("hardsigmoid"), {NO(BOUNDED), NO(BOUNDED), NO(RANGE)}},
    {"sandwich", SANDWICH("hardsigmoid"), {NO(BOUNDED), NO(BOUNDED), EXACT}},
    {0},
};
#endif

DPID_ACTIVATION(hardsigmoid, "y = min(max(alpha x + beta, 0), 1); options: alpha=0.16666666666666666 (1/6), beta=0.5",
                DPID_KIND_KINKED | DPID_KIND_SELECT, known)
