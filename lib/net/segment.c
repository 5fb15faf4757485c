/* Cutting a net's blocks into segments.   What for: segment.h */
#include "net/segment.h"

/* Values that only their own segment's steps read are inside it. segment_of: that of the step which makes a value. */
static void mark_values(const deepid_net *net, int32_t *segment_of, dpid_segments *s)
{
    segment_of[0] = -1;
    for (int32_t t = 0; t < net->steps; t++) {
        const int32_t out = net->step[t].out;
        segment_of[out] = s->of_step[t];
        s->inside[out] = s->of_step[t] >= 0 && !s->leaves[out];
    }
    for (int32_t t = 0; t < net->steps; t++) {
        const int32_t read[2] = {net->step[t].in, net->step[t].skip};
        for (int k = 0; k < 2; k++)
            if (read[k] >= 0 && segment_of[read[k]] != s->of_step[t])
                s->inside[read[k]] = false;
    }
    s->inside[net->step[net->steps - 1].out] = false;
}

int32_t dpid_segments_find(const deepid_net *net, int64_t every, dpid_arena *arena, dpid_segments *out)
{
    DPID_TRY(dpid_arena_alloc(arena, net->steps, sizeof *out->of_step, "net", &out->of_step));
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *out->inside, "net", &out->inside));
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *out->leaves, "net", &out->leaves));
    int32_t *segment_of = NULL;
    DPID_TRY(dpid_arena_alloc(arena, net->values_count, sizeof *segment_of, "net", &segment_of));
    for (int32_t t = 0; t < net->steps; t++)
        out->of_step[t] = every > 0 && net->step[t].block > 0 ? (net->step[t].block - 1) / (int32_t)every : -1;
    for (int32_t b = 0; every > 0 && b < net->blocks; b += (int32_t)every) {
        const int32_t last = b + every < net->blocks ? b + (int32_t)every - 1 : net->blocks - 1;
        out->count++;
        out->leaves[net->block[last].out] = true;
    }
    mark_values(net, segment_of, out);
    return DEEPID_OK;
}
