/* The same net with other skips: plain and residual twins, and the dial between them. */
#ifndef DPID_NET_TWIN_H
#define DPID_NET_TWIN_H

#include "net/net.h"

/* The text of a net with every block's skip at s: 1 gives the residual twin, 0 the plain one, what lies between the
   dial. Parameters keep their names and shapes; where a block changes the shape and has no shortcut of its own, it
   gets shortcut A, which has no parameters. *out: dpid_free.
   Of a net that is written without blocks the longest row of repeated layers is taken for them (row.h); then parameters
   keep their shapes, and have the names of blocks.
   DEEPID_ERR_UNSUPPORTED: no block in the text and no such row, or a projection shortcut, which would bring parameters
   along. */
int32_t dpid_twin_text(deepid_ctx *ctx, const char *text, double s, char **out);

#endif
