/* Recomputation: memory for time. Every so many blocks form a segment; of a segment only what leaves it is kept, the values inside lie in one region that all segments share. On the way back a segment's
   forward runs once more before its backward: about a third more time (Chen et al. 2016, arXiv:1604.06174, section 4). The same kernels on the same numbers: the same bits. */
#ifndef DPID_NET_SEGMENT_H
#define DPID_NET_SEGMENT_H

#include "net/net.h"

typedef struct {
    int32_t *of_step; /* the segment that each step belongs to; -1: none */
    bool *inside;     /* of each value: it lies in the region */
    bool *leaves;     /* of each value: the last of a segment */
    int32_t count;
} dpid_segments;

/* every = blocks of a segment, 0: no segments. Lists live in the arena. */
int32_t dpid_segments_find(const deepid_net *net, int64_t every, dpid_arena *arena, dpid_segments *out);

#endif
