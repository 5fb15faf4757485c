/* Where branch and skip meet. */
#ifndef DPID_NET_JOIN_H
#define DPID_NET_JOIN_H

#include "base/pool.h"

#include <stdint.h>

#define DPID_JOIN_DECLARE(suffix, real)                                                                                                                                                      \
    void dpid_join_forward_##suffix(dpid_pool *pool, int64_t n, const real *branch, const real *skip, double s, real *out);                                                                  \
    void dpid_join_backward_##suffix(dpid_pool *pool, int64_t n, const real *dout, double s, bool add, real *dbranch, real *dskip);
DPID_JOIN_DECLARE(f32, float)
DPID_JOIN_DECLARE(f64, double)
DPID_JOIN_DECLARE(f80, long double)

#endif
