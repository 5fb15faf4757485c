/* A fusion: a way to run several steps as one. The plan walks DPID_FUSIONS (fusion.c) and cuts the steps into
   stages: each stage is what one fusion runs. Forward walks the stages, backward walks them from the end.
   To add a fusion: a file fusion_<word>.c with its dpid_fusion_<word>, and its word in DPID_FUSIONS, before the
   fusions that shall take less. What it looks for is a pattern of steps (graph.h). */
#ifndef DPID_NET_FUSION_H
#define DPID_NET_FUSION_H

#include "net/net.h"
#include "net/place.h"

typedef struct dpid_fusion dpid_fusion;

typedef struct {
    const dpid_fusion *fusion;
    int32_t first, count; /* steps first .. first + count - 1 */
    void *own;            /* what the fusion's `find` or `make` left */
} dpid_stage;

/* One forward or backward of a stage. When backward starts, the gradients of what the stage gives are complete; it
   gives those of what its steps read. */
typedef struct {
    deepid_net *net;
    const dpid_stage *stage;
    dpid_mode mode;
    int64_t n;
    bool want_input; /* backward: the gradient of the net's input too */
    bool anew;       /* backward: what stands in the parameters' gradients counts as zero */
} dpid_stage_call;

/* A function that a fusion does not need is NULL. */
struct dpid_fusion {
    const char *word;
    /* Looks at the whole net first. own: what its stages shall know, in the plan's arena. It may strike values and
       gradients that need no buffer from the plan. The plan's batch, train, segments are known, places are not. */
    int32_t (*find)(const deepid_net *net, dpid_plan *plan, void **own);
    /* How many steps from `first` on it runs as one stage; 0: none of it. It may be given fewer of them, because a
       stage ends where a segment ends. */
    int32_t (*take)(const deepid_net *net, const dpid_plan *plan, const void *own, int32_t first);
    /* Once for each stage: may set stage->own and strike from the plan, as `find`. */
    int32_t (*make)(const deepid_net *net, dpid_plan *plan, dpid_stage *stage);
    /* Which values and gradients a stage needs, and when. NULL: all that its steps touch, from its first step to its
       last. */
    void (*use)(const deepid_net *net, const dpid_stage *stage, const dpid_lifetimes *lifetimes);
    /* Adds to plan->bytes the memory that it needs from forward to backward, beside values and what kernels save.
       False: more than can be counted. */
    bool (*reserve)(const deepid_net *net, dpid_plan *plan, void *own);
    /* Reals of scratch for forward or backward (the larger) of n samples with this many workers. NULL: what the op of
       its first step needs. */
    int64_t (*scratch)(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers);
    void (*forward)(const dpid_stage_call *call);
    void (*backward)(const dpid_stage_call *call);
    bool rounds;     /* where steps of a net with storage end (rounding.h); others run nets without storage alone */
    bool knows_anew; /* backward heeds `anew`; for others the gradients are cleared before */
    /* Of the last stage: forward, the loss, backward in one, so that samples are still in the cache when they go
       back. NULL: one after the other, over the whole batch. */
    void (*through_loss)(const dpid_stage_call *call, const dpid_net_loss *loss);
    /* After a backward anew: sums of squares of parts of its parameters' gradients, taken while they were at hand,
       those of the last layer first, and where all of those parameters lie. The parts are the same ones wherever
       stages are cut. Returns their number; 0: none is known. */
    int32_t (*squares)(const dpid_stage *stage, const double **part, int64_t *first, int64_t *end);
    /* Was all finite that step t of the stage gave in the last forward? Asked where that has no buffer. NULL: it is
       part of something that has one. */
    bool (*is_finite)(const dpid_stage_call *call, int32_t t);
};

/* The first that takes something gets it; the last takes every step.
   program: all steps of a frozen net; lazy: a convolution, or one step that is worked out inside of convolutions;
   stretch: small dense layers and what stands between them, chunk by chunk; step: one step, over the whole batch. */
#define DPID_FUSIONS(X) X(program) X(lazy) X(stretch) X(step)
#define DPID_FUSION_DECLARE(word) extern const dpid_fusion dpid_fusion_##word;
DPID_FUSIONS(DPID_FUSION_DECLARE)

/* Cuts the net into stages, at most net->steps of them, and makes these: all of the plan's that is theirs. */
int32_t dpid_stages_make(const deepid_net *net, dpid_plan *plan);
/* All that fusions reserve. False: more than can be counted. */
bool dpid_stages_reserve(const deepid_net *net, dpid_plan *plan);
int64_t dpid_stage_scratch(const deepid_net *net, const dpid_stage *stage, int64_t n, int32_t workers);
void dpid_stage_use(const deepid_net *net, const dpid_stage *stage, const dpid_lifetimes *lifetimes);

#endif
