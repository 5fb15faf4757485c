/* One convolution over one batch: its sizes, and where everything lies in the scratch memory.

   The words of this folder:
     plane       a picture with zeros around it, as the loops read it (taps.h)
     block       16 channels
     task        a few pictures of the batch, computed by one worker; the pool hands tasks out
     tile        4x4 results of Winograd's transform (winograd.h)
     tile batch  the tiles that are transformed and multiplied together (tile_batch.h)
     band        the rows of tiles of one picture that are in one tile batch
     pairs       two pictures in one plane, one in each half of a block

   Weight gradients are summed within each task, and then over the tasks in order: their bits do not depend on the
   number of threads. These are functions of one compilation, for the files of this folder. */
#ifndef DPID_OPS_CONV2D_ENGINE_H
#define DPID_OPS_CONV2D_ENGINE_H

#include "ops/conv2d/direct.h"
#include "ops/conv2d/native.h"
#include "ops/conv2d/winograd.h"

typedef struct {
    const dpid_conv2d_job *job;
    dpid_conv2d g;
    bool winograd, pairs, backward;
    bool narrow;   /* the shape of the products, see register.h */
    int64_t sides; /* pictures in a plane: 2 of pairs, else 1 */
    int64_t task_pictures, tasks;
    dpid_plane in, dy;
    dpid_correlation *forward;     /* of the first group, like the next */
    dpid_correlation *backward_of; /* one for each class of pixels, see taps.h */
    int64_t in_blocks, out_blocks; /* of one group */
    /* A tile batch: this many pictures, this many rows of tiles of each, this many tiles (rounded up). */
    int64_t batch_pictures, band_rows, tiles;
    /* Winograd: 1 where a result is not finite, [n] pictures and [out_blocks] of the weight gradient. A second run
       computes those directly (second_run.h). NULL: no such run follows. */
    real *not_finite;
    /* shared by all workers */
    bool native; /* direct and of bf16 numbers: forward and the input gradient multiply packed planes (native.h) */
    real *packed_w;
    real *w, *u, *bias; /* packed weights, transformed weights, bias padded to whole blocks */
    real *partial;      /* backward: [tasks][dw of all groups, db] */
    /* worker i has worker_reals of its own, from workers + i worker_reals on; in them, at these offsets: */
    real *workers;
    int64_t worker_reals;
    int64_t packed_plane;
    int64_t plane_in, plane_dy, v, m, z, du; /* planes; tiles and weights under the names of winograd.h */
    int64_t fresh;                           /* this layer's share of dx, before it is added to the others' */
    int64_t reals;                           /* all of the scratch */
} dpid_engine;

/* For a pass over n pictures by this many workers. job NULL: only the sizes, no addresses. */
dpid_engine DPID_T(dpid_engine_make)(const dpid_op *op, int64_t n, int32_t workers, bool exact, bool backward,
                                     const dpid_conv2d_job *job);
/* Pack the weights in the order in which the products read them: for the forward map, for the input gradient. */
void DPID_T(dpid_engine_pack_forward)(const dpid_engine *e);
void DPID_T(dpid_engine_pack_backward)(const dpid_engine *e);
/* dw += the sum of the tasks' partial sums; db likewise. Blocks of dw that are not finite are left to the second run,
   which adds those alone. */
void DPID_T(dpid_engine_reduce)(const dpid_engine *e);

static inline int64_t dpid_engine_end(const dpid_engine *e, int64_t task)
{
    return (task + 1) * e->task_pictures < e->job->pass->n ? (task + 1) * e->task_pictures : e->job->pass->n;
}

/* The pool for the small work before and behind the tasks. With a single task that work is not worth waking a
   thread. */
static inline dpid_pool *dpid_engine_pool(const dpid_engine *e)
{
    return e->tasks > 1 ? e->job->pass->pool : NULL;
}

static inline int64_t dpid_engine_partial_reals(const dpid_engine *e) /* of one task */
{
    return e->g.groups * dpid_taps_forward_weights(&e->g) + dpid_conv2d_blocks(e->g.out) * 16;
}

#endif
