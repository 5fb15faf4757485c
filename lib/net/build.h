/* Layers, values, steps and parameters of a net from its parsed text. */
#ifndef DPID_NET_BUILD_H
#define DPID_NET_BUILD_H

#include "net/spec.h"

/* Layers that a file may ask for without a number for each: a text of a line can repeat what holds none. */
enum { DPID_FILE_LAYERS = 10000 };

/* Fills the lists of net, all in its arena. most as in dpid_net_create_within. */
int32_t dpid_net_build(deepid_net *net, const dpid_spec *spec, int64_t most);

#endif
