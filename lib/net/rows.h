/* A stretch of steps in which every sample goes its own way: small dense layers, activations, joins. It runs by
   chunks of samples, each chunk through the whole stretch while its numbers are in the cache; what a plan of it says
   where each step finds its arrays. Values that only the stretch itself reads have no buffer of the net's where that
   can be done without: a chunk's copy lies with the worker. */
#ifndef DPID_NET_ROWS_H
#define DPID_NET_ROWS_H

#include "net/plan.h"
#include "net/stage.h"

enum { DPID_ROWS_MOST = 128 }; /* samples of a chunk */

typedef enum {
    DPID_PLACE_NONE = 0,
    DPID_PLACE_VALUE,    /* the buffer of value `at` */
    DPID_PLACE_GRADIENT, /* the buffer of its gradient */
    DPID_PLACE_OWN,      /* slot `at` of the worker: a chunk's samples */
    DPID_PLACE_SHARED,   /* slot `at` of the stage: all samples */
    DPID_PLACE_MASK      /* mask `at` of the stage: how a rectifier slopes (tensor/product.h) */
} dpid_place_type;

typedef struct {
    dpid_place_type type;
    int32_t at;
} dpid_place;

/* One step: what it reads and writes going forward, and coming back. A dense layer runs the rectifier and the join
   right behind it, and prepares what they hand back, while its results are in registers. */
typedef struct {
    int32_t step;
    bool dense, join;  /* neither: an activation */
    int32_t run_by;    /* the dense layer that runs it going forward, by index; -1: it runs by itself */
    bool rectify;      /* a dense layer that runs the rectifier behind it */
    bool rectified;    /* a dense layer that brings its gradient back through the rectifier before it */
    bool skipped_back; /* nothing is left for it to do coming back */
    bool add;          /* coming back, dx (a join: dskip) is added to what another reader wrote */
    double s;          /* of the join that a dense layer runs */
    int64_t in, out;   /* numbers a sample */
    dpid_place x, skip, y, dy, dx, dskip;
    dpid_place joined; /* of a dense layer: what the join gives; skip is its skip */
    /* of a dense layer that runs a rectifier and a join: what the way back needs of the rectifier */
    dpid_place mask;
    dpid_place plus;          /* of a dense layer: added to dx */
    dpid_place through, back; /* of a dense layer: dx through the rectifier of the mask `through` */
    dpid_place slope_x;       /* what backward reads as x */
} dpid_row_step;

/* Of all samples; `row` bytes for every DPID_MASK_ROWS of them. */
typedef struct {
    void *words;
    int64_t row;
} dpid_row_mask;

/* Rows of one dense layer's weight gradient. */
typedef struct {
    int32_t step; /* index into dpid_rows.step */
    int64_t first, count;
} dpid_row_task;

/* The way back goes group by group: gradients through the group's steps by chunks, then its weight gradients, each
   over all samples, while both are in the cache. */
typedef struct {
    int32_t first, last; /* steps, by index */
    int32_t first_task, tasks;
} dpid_row_group;

typedef struct {
    dpid_row_step *step;
    int32_t *dense;        /* the dense steps */
    dpid_row_group *group; /* from the end of the net on */
    dpid_row_task *task;
    dpid_row_mask *mask;
    double *squares; /* of each task's part of the gradient, after a backward that began anew */
    int32_t denses, groups, tasks, masks;
    int64_t *own_start, *shared_start; /* of each slot, in reals a sample */
    int64_t own, shared;               /* reals a sample of all */
    int64_t wide;                      /* of the widest value */
    int64_t packed;                    /* reals of the largest layer's transposed weights */
} dpid_rows;

/* How many steps from `first` on are a stretch; 0: none. It has at least one dense layer, and where a worker takes
   several chunks no more weights than its cache holds from one to the next. */
int32_t dpid_rows_take(const deepid_net *net, const dpid_plan *plan, int32_t first);
/* Fills stage->own; values and gradients that need no buffer of the net's are struck from the plan. */
int32_t dpid_rows_make(const deepid_net *net, dpid_plan *plan, dpid_stage *stage);

#endif
