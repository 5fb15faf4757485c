/* Recomputation: memory for time. A segment begins with the first step of a block and ends before the block that is
   `recompute` blocks further on, or at the net's end. Layers between its blocks belong to it; what stands before the
   first block is in no segment.
   A value that only steps of its own segment touch is inside of it. Its memory is given away when the segment is done,
   and it is worked out once more before the way back goes through the segment. This costs about a third more time
   (Chen et al. 2016, arXiv:1604.06174, section 4). The same kernels run on the same numbers: the same bits.
   For that the forward of a segment may read only what stays (values that leave segments, parameters) and what it has
   written itself. So no fusion goes across the ends of a segment. */
#ifndef DPID_NET_SEGMENT_H
#define DPID_NET_SEGMENT_H

#include "net/net.h"

typedef struct {
    int32_t *of_step; /* the segment that each step belongs to; -1: none. They go up along the net */
    bool *inside;     /* of each value */
    /* the values inside the last segment are those of the last forward: the way back has not come by since */
    bool tail_there;
} dpid_segments;

/* Cuts the net: every = blocks of a segment, 0: no segments. Lists live in the arena; nothing is inside yet. */
int32_t dpid_segments_find(const deepid_net *net, int64_t every, dpid_arena *arena, dpid_segments *out);
/* The last step of the segment that steps first and last, and so all that use a value, are both in; -1 when they are
   in none, or in two. */
int32_t dpid_segment_end(const deepid_net *net, const dpid_segments *s, int32_t first, int32_t last);

#endif
