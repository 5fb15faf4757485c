/* The program of a frozen net: a list of instructions. It says which steps run together, over how many pictures at a
   time, and where the values between them lie. Weights are packed once. Values lie in each worker's own memory, with
   the room around them that their readers need; so a picture goes through the whole net without leaving the cache.
   How it runs: fusion_program.c */
#ifndef DPID_NET_PROGRAM_H
#define DPID_NET_PROGRAM_H

#include "net/net.h"
#include "ops/conv2d/packed.h"

typedef enum {
    DPID_INSTRUCTION_CONV,  /* convolution, and the join and rectifier behind it */
    DPID_INSTRUCTION_POINT, /* batch-norm, join, rectifier, as many as follow each other; or a copy into room */
    DPID_INSTRUCTION_PAD,   /* the shortcut without parameters */
    DPID_INSTRUCTION_GATE,  /* in times skip */
    DPID_INSTRUCTION_DENSE,
    DPID_INSTRUCTION_OP /* any other layer, by its own kernel */
} dpid_instruction_type;

typedef struct {
    dpid_instruction_type type;
    int32_t layer;         /* -1: none (a join, a copy) */
    int32_t in, skip, out; /* places; skip -1: none */
    double s;
    dpid_kink kink;
    dpid_packed_conv conv;
    int64_t packed;   /* reals before its packed numbers; -1: it has none */
    int64_t together; /* pictures at a time */
    int32_t stretch;  /* its number: instructions that follow each other with the same `together` are one stretch */
} dpid_instruction;

/* Where a value lies. A place of its own in a worker's memory, or the net's input or output. */
typedef struct {
    dpid_shape shape;
    dpid_margin margin;      /* all 0: dense */
    bool outside;            /* the net's input or output */
    bool whole;              /* it has room for a chunk's pictures; else for those that its stretch takes at a time */
    int64_t pictures, reals; /* room: pictures, and reals of one */
    int64_t offset;          /* of a worker's memory, reals */
} dpid_program_place;

typedef struct {
    dpid_instruction *step;
    int32_t steps;
    dpid_program_place *place;
    int32_t places;
    int64_t chunk;        /* pictures that one worker takes through the net */
    int64_t packed_reals; /* of weights, */
    /* of a worker's values, a convolution's room, an op's saved numbers and its scratch without a pool */
    int64_t values, room, saved, alone;
    void *packed;
    dpid_isa isa; /* that packed them; DPID_ISAS: none yet */
} dpid_program;

/* What a frozen net runs by, for the plan's batch, in the plan's arena. Values that lie with the workers are struck
   from the plan. NULL: the net is not frozen. */
int32_t dpid_program_find(const deepid_net *net, dpid_plan *plan, void **out);
/* Pictures of a chunk of a batch of n. */
int64_t dpid_program_chunk(const dpid_program *f, int64_t n);
/* Reals of the largest scratch of an op that this many workers run together. */
int64_t dpid_program_scratch(const deepid_net *net, const dpid_program *f, int32_t workers);

#endif
