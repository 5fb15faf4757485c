/* The product at the end of a highway block's gate: out = t h, element by element. */
#ifndef DPID_NET_GATE_H
#define DPID_NET_GATE_H

#include "base/isa.h"
#include "base/pool.h"
#include "tensor/tensor.h"

#include <stdint.h>

/* out = t h;  dt = dout h, dh = dout t. n reals each; out may be one of the two. pool NULL: this thread alone. */
typedef void (*dpid_gate_forward_fn)(dpid_pool *pool, int64_t n, const void *t, const void *h, void *out);
typedef void (*dpid_gate_backward_fn)(dpid_pool *pool, int64_t n, const void *dout, const void *t, const void *h,
                                      void *dt, void *dh);
extern const dpid_gate_forward_fn dpid_gate_forward[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_gate_backward_fn dpid_gate_backward[DPID_ISAS][DPID_PRECISIONS];

#endif
