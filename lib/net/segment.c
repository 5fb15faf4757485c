/* Cutting a net's steps into segments.   What for: segment.h */
#include "net/segment.h"

int32_t dpid_segments_find(const deepid_net *net, int64_t every, dpid_arena *arena, dpid_segments *out)
{
    int32_t segment = -1;
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *out->of_step, "net", &out->of_step));
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *out->inside, "net", &out->inside));
    for (int32_t t = 0; t < net->steps; t++) {
        if (every > 0 && net->step[t].block > 0)
            segment = (net->step[t].block - 1) / (int32_t)every;
        out->of_step[t] = segment;
    }
    return DEEPID_OK;
}

int32_t dpid_segment_end(const deepid_net *net, const dpid_segments *s, int32_t first, int32_t last)
{
    const int32_t segment = s->of_step[first];
    if (segment < 0 || s->of_step[last] != segment)
        return -1;
    while (last + 1 < net->steps && s->of_step[last + 1] == segment)
        last++;
    return last;
}
