/* A stretch: steps in which every sample goes its own way - small dense layers, activations, joins. It runs by chunks
   of samples. Each chunk goes through the whole stretch while its numbers are in the cache. The plan of a stretch
   says where each step finds its arrays. A value that only the stretch reads needs no buffer of the net's, unless the
   way back wants it: a chunk's copy lies with the worker. */
#ifndef DPID_NET_STRETCH_H
#define DPID_NET_STRETCH_H

#include "net/fusion.h"
#include "net/place.h"

enum { DPID_CHUNK_MOST = 128 }; /* samples of a chunk */

typedef enum {
    DPID_PLACE_NONE = 0,
    DPID_PLACE_VALUE,    /* the buffer of value `at` */
    DPID_PLACE_GRADIENT, /* the buffer of its gradient */
    DPID_PLACE_OWN,      /* dpid_stretch.own[at], of the worker: a chunk's samples */
    DPID_PLACE_SHARED,   /* dpid_stretch.shared[at], of the stretch: all samples */
    DPID_PLACE_MASK      /* dpid_stretch.mask[at]: how a rectifier slopes (tensor/product.h) */
} dpid_place_type;

typedef struct {
    dpid_place_type type;
    int32_t at;
} dpid_place;

/* What a dense layer does while its results are in registers: the rectifier and the join right behind it. */
typedef struct {
    bool rectify;
    double s;
    dpid_place skip, joined; /* joined = y + s skip */
    dpid_place mask;         /* of a rectifier before a join: what the way back needs of it */
} dpid_forward_epilogue;

/* And coming back: dx += plus, then through the rectifiers that stand before the layer. */
typedef struct {
    bool rectified; /* x came out of a rectifier: dx is the gradient of what went in there */
    dpid_place plus;
    dpid_place through, back; /* back = dx through the rectifier of the mask `through` */
} dpid_backward_epilogue;

typedef enum { DPID_STRETCH_DENSE, DPID_STRETCH_ACTIVATION, DPID_STRETCH_JOIN } dpid_stretch_kind;

/* y from x, dx from dy. A join: x, dx are of its branch. */
typedef struct {
    dpid_stretch_kind kind;
    int32_t step;       /* of the net */
    bool forward_done;  /* a dense layer before it does its forward, */
    bool backward_done; /* dense layers behind it do its backward, in their epilogues */
    dpid_place x, y, dy, dx;
    union {
        struct {
            dpid_forward_epilogue forward;
            dpid_backward_epilogue backward;
        } dense;
        struct {
            dpid_place slope_x; /* what backward reads as x: y where x is not kept */
            bool add;           /* to dx, which another reader wrote */
        } activation;
        struct {
            dpid_place skip, dskip;
            bool add; /* to dskip */
        } join;
    };
} dpid_stretch_step;

/* Of all samples; `row` bytes for every DPID_MASK_ROWS of them. */
typedef struct {
    void *words;
    int64_t row;
} dpid_stretch_mask;

/* Some outputs of one dense layer: their part of its weight gradient. */
typedef struct {
    int32_t step; /* index into dpid_stretch.step */
    int64_t first, count;
} dpid_gradient_task;

/* The way back goes bucket by bucket: first the gradients of values through the bucket's steps, chunk by chunk; then
   its weight gradients, each over all samples, while both are in the cache. */
typedef struct {
    int32_t first, last; /* steps, by index */
    int32_t first_task, tasks;
} dpid_bucket;

typedef struct {
    dpid_stretch_step *step;
    dpid_bucket *bucket; /* from the end of the net on */
    dpid_gradient_task *task;
    dpid_stretch_mask *mask;
    double *squares; /* of each task's part of the gradient, after a backward that began anew */
    int32_t buckets, tasks, masks;
    dpid_lifetime *own, *shared;            /* their offsets and sizes in reals a sample */
    int64_t own_reals, shared_reals;        /* a sample, of all */
    int64_t packed;                         /* reals of the largest layer's transposed weights */
    int64_t first_parameter, parameter_end; /* reals: its dense layers' parameters lie one after the other */
} dpid_stretch;

/* How many steps from `first` on are a stretch; 0: none. It has at least one dense layer, and where a worker takes
   several chunks no more weights than its cache holds from one to the next. */
int32_t dpid_stretch_take(const deepid_net *net, const dpid_plan *plan, const void *own, int32_t first);
/* Fills stage->own; values and gradients that need no buffer of the net's are struck from the plan. */
int32_t dpid_stretch_make(const deepid_net *net, dpid_plan *plan, dpid_stage *stage);

#endif
