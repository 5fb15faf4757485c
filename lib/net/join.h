/* Where branch and skip meet. */
#ifndef DPID_NET_JOIN_H
#define DPID_NET_JOIN_H

#include "base/isa.h"
#include "base/pool.h"
#include "tensor/tensor.h"

#include <stdint.h>

/* out = branch + s skip, exactly skip where branch is 0;  dbranch = dout, dskip (+)= s dout. n reals each; dbranch
   may be NULL. */
typedef void (*dpid_join_forward_fn)(dpid_pool *pool, int64_t n, const void *branch, const void *skip, double s,
                                     void *out);
typedef void (*dpid_join_backward_fn)(dpid_pool *pool, int64_t n, const void *dout, double s, bool add, void *dbranch,
                                      void *dskip);
extern const dpid_join_forward_fn dpid_join_forward[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_join_backward_fn dpid_join_backward[DPID_ISAS][DPID_PRECISIONS];

#endif
