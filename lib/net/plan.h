/* Where every buffer of a net lies: one block of memory, places shared by what is never alive at the same time. */
#ifndef DPID_NET_PLAN_H
#define DPID_NET_PLAN_H

#include "net/fusion.h"
#include "net/net.h"
#include "net/segment.h"

struct dpid_plan {
    int64_t batch; /* samples it is made for */
    bool train;
    bool whole;       /* every value and gradient has a buffer: nothing is fused */
    dpid_arena arena; /* the lists */
    dpid_segments segments;
    dpid_stage *stage; /* the steps, as they run together */
    int32_t stages;
    void **found;          /* what each fusion's `find` left */
    bool *stored;          /* of each value: it has a buffer */
    bool *gradient_stored; /* and its gradient has one */
    bool *keeps_saved;     /* of each step: what it saves is read later. In training all is */
    char *memory;
    int64_t bytes;
    int64_t *value;    /* byte offset of each value; -1 where there is none */
    int64_t *gradient; /* and of its gradient; -1 where there is none */
    int64_t *saved;    /* of each layer */
    int64_t joined;    /* a second gradient on its way into a sum */
    int64_t copied;    /* of a net with storage: a value as a product reads it, */
    int64_t own;       /* a layer's weight gradients before they are added, */
    int64_t native;    /* and operands of products of the CPU's own */
    void *scratch;     /* for this many workers */
    int64_t scratch_reals;
    int32_t workers;
};

void dpid_plan_destroy(deepid_net *net);
/* Larger scratch when the context has got more threads since. */
int32_t dpid_plan_fit_threads(deepid_net *net);

#endif
