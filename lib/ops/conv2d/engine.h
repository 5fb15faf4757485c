/* One convolution over one batch: planes, correlations, and where everything lies in the scratch.
   A task is a few pictures; each worker has room for one picture's planes and one group of Winograd tiles. Weight
   gradients are summed per task, then over the tasks in their order, so the bits do not depend on the threads.
   Functions of one compilation, for the files of this folder. */
#ifndef DPID_OPS_CONV2D_ENGINE_H
#define DPID_OPS_CONV2D_ENGINE_H

#include "ops/conv2d/direct.h"
#include "ops/conv2d/winograd.h"

typedef struct {
    const dpid_conv2d_job *job;
    dpid_conv2d g;
    /* pairs: Winograd's, on two pictures in a block; narrow: the products' shape, by the CPU */
    bool winograd, pairs, backward, narrow;
    int64_t sides;         /* pictures in a block: 2 of pairs, else 1 */
    int64_t images, tasks; /* pictures of a task */
    dpid_plane in, dy;
    dpid_correlation *forward, *backward_of; /* one, and one for each class; of the first group */
    int64_t in_blocks, out_blocks;           /* of one group */
    /* Winograd: a group of tiles is `together` whole pictures, or tile rows of one */
    /* pictures, tile rows at a time; tiles of a group, rounded up, where a pair's are one */
    int64_t together, band, tiles;
    /* Winograd: what came out with numbers that are not finite is marked, [n] pictures and [out_blocks] of the
       weight gradient, and done again directly. NULL: everything is run. */
    real *odd;
    /* shared */
    real *w, *u, *bias; /* packed weights, transformed ones, padded bias */
    real *partial;      /* backward: [tasks][dw of all groups, db] */
    /* one worker's */
    real *workers;
    /* offsets in a worker's part */
    int64_t worker_reals, plane_in, plane_dy, set_source, set_result, set_dy, set_weights, fresh;
    void *lists[2];
    int64_t reals; /* all of the scratch */
} dpid_engine;

/* Sizes for a pass of n pictures by this many workers; job NULL: only reals counts. */
dpid_engine DPID_T(dpid_engine_make)(const dpid_op *op, int64_t n, int32_t workers, bool exact, bool backward,
                                     const dpid_conv2d_job *job);
/* Weights in the order in which the products read them: of the forward map, of the input gradient. */
void DPID_T(dpid_engine_pack_forward)(const dpid_engine *e);
void DPID_T(dpid_engine_pack_backward)(const dpid_engine *e);
/* dw += sum over tasks of their parts; db likewise. Blocks that are odd are left for the second time, and those
   alone are added then. */
void DPID_T(dpid_engine_reduce)(const dpid_engine *e);

static inline int64_t dpid_engine_end(const dpid_engine *e, int64_t task)
{
    return (task + 1) * e->images < e->job->pass->n ? (task + 1) * e->images : e->job->pass->n;
}

/* Where the pictures are one task, what stands before and behind it is no work to wake a thread for. */
static inline dpid_pool *dpid_engine_pool(const dpid_engine *e)
{
    return e->tasks > 1 ? e->job->pass->pool : NULL;
}

static inline int64_t dpid_engine_partial(const dpid_engine *e) /* reals of one task's part */
{
    return e->g.groups * dpid_taps_forward_weights(&e->g) + dpid_conv2d_blocks(e->g.out) * 16;
}

#endif
