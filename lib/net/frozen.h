/* The program of a frozen net: which steps run together, over how many pictures at a time, and where the values
   between them lie. Weights are packed once; values lie in each worker's own memory,
   with the room around them that their readers need, so a picture goes through the whole net without leaving the cache.
   How it runs: stage_frozen.c */
#ifndef DPID_NET_FROZEN_H
#define DPID_NET_FROZEN_H

#include "net/net.h"
#include "ops/conv2d/packed.h"

typedef enum {
    DPID_FROZEN_CONV,  /* convolution, and the join and rectifier behind it */
    DPID_FROZEN_POINT, /* batch-norm, join, rectifier, as many as follow each other; or a copy into room */
    DPID_FROZEN_PAD,   /* the shortcut without parameters */
    DPID_FROZEN_DENSE,
    DPID_FROZEN_OP /* any other layer, by its own kernel */
} dpid_frozen_type;

typedef struct {
    dpid_frozen_type type;
    int32_t layer;         /* -1: none (a join, a copy) */
    int32_t in, skip, out; /* places; skip -1: none */
    double s;
    dpid_kink kink;
    dpid_frozen_conv conv;
    int64_t packed;   /* reals before its packed numbers; -1: it has none */
    int64_t together; /* pictures at a time */
    int32_t segment;  /* instructions in a row that have the same `together` */
} dpid_frozen_step;

/* Where a value lies. A place of its own in a worker's memory, or the net's input or output. */
typedef struct {
    dpid_shape shape;
    dpid_margin margin;      /* all 0: dense */
    bool outside;            /* the net's input or output */
    bool whole;              /* it has room for a group's pictures; else for those that its segment takes at a time */
    int64_t pictures, reals; /* room: pictures, and reals of one */
    int64_t offset;          /* of a worker's memory, reals */
} dpid_frozen_place;

typedef struct {
    dpid_frozen_step *step;
    int32_t steps;
    dpid_frozen_place *place;
    int32_t places;
    int64_t group;        /* pictures that one worker takes through the net */
    int64_t packed_reals; /* of weights, */
    /* of a worker's values, a convolution's room, an op's saved numbers and its scratch without a pool */
    int64_t values, room, saved, alone;
    void *packed;
    dpid_isa isa; /* that packed them; DPID_ISAS: none yet */
} dpid_frozen;

/* For batches of up to n samples. Lists live in the arena; the packed numbers are dpid_frozen_release's. */
int32_t dpid_frozen_make(const deepid_net *net, int64_t n, dpid_arena *arena, dpid_frozen **out);
void dpid_frozen_release(deepid_ctx *ctx, dpid_frozen *f);
/* Pictures of a group of a batch of n. */
int64_t dpid_frozen_group(const dpid_frozen *f, int64_t n);
/* Reals of all that this many workers need at run time. */
int64_t dpid_frozen_reals(const deepid_net *net, const dpid_frozen *f, int32_t workers);
/* Reals of the largest scratch of an op that this many workers run together. */
int64_t dpid_frozen_scratch(const deepid_net *net, const dpid_frozen *f, int32_t workers);

#endif
