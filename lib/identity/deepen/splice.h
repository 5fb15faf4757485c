/* A net with blocks put in between: its text cut open, its parameters carried over. */
#ifndef DPID_IDENTITY_SPLICE_H
#define DPID_IDENTITY_SPLICE_H

#include "net/spec.h"

/* Place p of a net, 0 to its number of blocks: p >= 1 is behind block p; 0 is in front of block 1, or, in a net
   without blocks, in front of its last layer with parameters. The value that flows there; -1 when there is none. */
int32_t dpid_place_value(const deepid_net *net, int64_t place);

/* A caller's block for values of this shape: "plain { dense out=16; relu }", or a word alone for pictures. In f64,
 * at start values. Keeps the shape, or DEEPID_ERR_SHAPE says what it does.
 */
int32_t dpid_block_net(deepid_ctx *ctx, const dpid_shape *shape, const char *block, deepid_net **out);

/* The net with count[p] copies of block (made for values of shape) at each place p, in the net's precision. The old
   layers have the old parameters, states and mode; the new ones what init and seed give; init NULL: start values.
   added: as many bools as out has blocks, in arena. */
int32_t dpid_splice(const deepid_net *net, const deepid_net *block, const int64_t *count, const char *init,
                    uint64_t seed, dpid_arena *arena, deepid_net **out, bool **added);

#endif
