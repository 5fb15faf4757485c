/* Rows of layers that repeat, in a net that is written without blocks. */
#ifndef DPID_NET_ROW_H
#define DPID_NET_ROW_H

#include "net/spec.h"

/* Write the longest row of repeated layers as plain blocks: "dense out=8; relu; dense out=8; relu" becomes
   "2 * plain { dense out=8; relu }". What repeats begins with a layer that has weights, and keeps the shape. *blocks:
   how many; 0: there is no such row, or there are blocks already, and spec is as it was. net: of spec. */
int32_t dpid_spec_fold(dpid_arena *arena, dpid_spec *spec, const deepid_net *net, int64_t *blocks);

#endif
