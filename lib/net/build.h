/* Layers, values, steps and parameters of a net from its parsed text. */
#ifndef DPID_NET_BUILD_H
#define DPID_NET_BUILD_H

#include "net/spec.h"

/* Fills the lists of net, all in its arena. */
int32_t dpid_net_build(deepid_net *net, const dpid_spec *spec);

#endif
