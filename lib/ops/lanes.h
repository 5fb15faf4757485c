/* Loading and storing fewer lanes than a vector has, and the epilogue v = kink(u + s skip). All loops over pictures use
   these. */
#ifndef DPID_OPS_LANES_H
#define DPID_OPS_LANES_H

#include "tensor/simd.h"

#include <stdbool.h>

/* lanes: VL, or fewer; the rest of the vector is 0. Fast when it is a constant, VL or HALF: see DPID_LANES. */
DPID_INLINE vec load_lanes(const real *p, const int lanes)
{
    if (lanes == VL)
        return vec_load(p);
    if (lanes == HALF)
        return vec_load_half(p);
    real part[VL] = {0};
    for (int l = 0; l < lanes; l++)
        part[l] = p[l];
    return vec_load(part);
}

DPID_INLINE void store_lanes(real *p, vec x, const int lanes)
{
    real part[VL];
    if (lanes == VL) {
        vec_store(p, x);
        return;
    }
    if (lanes == HALF) {
        vec_store_half(p, x);
        return;
    }
    vec_store(part, x);
    for (int l = 0; l < lanes; l++)
        p[l] = part[l];
}

/* Calls with LANES = count, as a constant where count is VL or HALF. */
#define DPID_LANES(count, call)                                                                                        \
    do {                                                                                                               \
        const int lanes_ = (count);                                                                                    \
        if (lanes_ == VL) {                                                                                            \
            enum { LANES = VL };                                                                                       \
            call;                                                                                                      \
        } else if (lanes_ == HALF) {                                                                                   \
            enum { LANES = HALF };                                                                                     \
            call;                                                                                                      \
        } else {                                                                                                       \
            const int LANES = lanes_;                                                                                  \
            call;                                                                                                      \
        }                                                                                                              \
    } while (0)

DPID_INLINE vec joined(vec u, vec skip)
{
    return vec_where_zero(u, skip, u + skip);
}

DPID_INLINE vec bent(vec v, const bool sharp, vec below)
{
    const vec zero = {0};
    return vec_kink(v, sharp ? zero : below * v);
}

#endif
