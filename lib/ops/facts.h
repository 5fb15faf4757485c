/* What the theorems of the identity need to know of a kind. Each folder says it of its own kind; lib/identity reads it.
   Theorems: docs/identity.md */
#ifndef DPID_OPS_FACTS_H
#define DPID_OPS_FACTS_H

#include "base/options.h"

#include <deepid/identity.h>

#include <math.h>

/* ---- an activation phi ---------------------------------------------------------------------- */

typedef struct {
    double low, high; /* phi(t) = slope t + offset for low <= t <= high */
    double slope, offset;
} dpid_line;

typedef struct {
    dpid_line line;      /* the stretch used by direct, scale and shift; low > high: none */
    double down, up;     /* two slopes, phi(t) = up t (t >= 0), down t (t < 0); 0: not so */
    double kappa;        /* phi(t) - phi(-t) = kappa t; 0: not so */
    double slope, value; /* phi'(0), phi(0); slope 0: not smooth at 0 */
    double bend;         /* sup |phi''| (order 2) or sup |phi'''| (order 3) near 0 */
    int32_t order;
    double tail_f32, tail_f64; /* phi(t) = t up to rounding beyond this; 0: never */
    double least, most;        /* range */
    double kink[2];
    int32_t kinks;
    bool rounds;  /* phi itself rounds on its line (selu) or near 0 */
    bool trained; /* prelu: slopes become 1 */
} dpid_activation;

/* Nothing is known: no line, any range. */
static inline dpid_activation dpid_activation_unknown(void)
{
    return (dpid_activation){.line = {.low = 1, .high = -1}, .least = -(double)INFINITY, .most = (double)INFINITY};
}

/* A line from 0 to infinity, with a kink at 0. */
static inline dpid_activation dpid_activation_half_line(double slope)
{
    dpid_activation a = dpid_activation_unknown();
    a.line = (dpid_line){0, (double)INFINITY, slope, 0};
    a.kinks = 1;
    return a;
}

/* Smooth at 0: phi(0) = value, phi'(0) = slope; bend bounds the derivative of this order. */
static inline dpid_activation dpid_activation_smooth(double slope, double value, int32_t order, double bend)
{
    dpid_activation a = dpid_activation_unknown();
    a.slope = slope;
    a.value = value;
    a.order = order;
    a.bend = bend;
    a.rounds = true;
    return a;
}

/* ---- claims: can it be the identity? ------------------------------------------------------- */

enum { DPID_CLAIM_REAL, DPID_CLAIM_ORTHANT, DPID_CLAIM_BOX, DPID_CLAIM_DOMAINS };

/* A block, and what the theorems say of it on R^n, on x >= 0 and on the box [-1, 1]. Tests and the tour measure it. */
typedef struct {
    const char *variant; /* "sandwich"; NULL ends a list */
    const char *input, *block, *options;
    struct {
        int32_t status, reason;
    } on[DPID_CLAIM_DOMAINS];
} dpid_identity_claim;

#endif
