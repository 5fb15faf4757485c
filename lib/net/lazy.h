/* Lazy values: a batch-norm behind a convolution, the join and the rectifier behind that are not computed by
   themselves but while the next convolution loads its pictures. In backward their gradients are finished while the
   next convolution's results are still in the cache. The loops are the same, so the bits are (ops/picture.h): this
   saves passes over memory, and the buffers of what lies between. */
#ifndef DPID_NET_LAZY_H
#define DPID_NET_LAZY_H

#include "net/net.h"
#include "ops/picture.h"

typedef enum {
    DPID_ROLE_PLAIN = 0, /* runs by itself */
    DPID_ROLE_CONV,      /* a convolution: loads what it reads, finishes the gradient of it */
    DPID_ROLE_NORM,      /* batch-norm of a lazy value: only what stands between the loops */
    DPID_ROLE_ABSORBED   /* join, rectifier of a lazy value: nothing, but see skip_now */
} dpid_step_role;

/* Value v = kink(batchnorm(x) + s skip), computed where it is read. Exists when x >= 0. */
typedef struct {
    int32_t x;    /* value: the convolution's output; -1: v is not lazy */
    int32_t norm; /* step of the batch-norm */
    int32_t skip; /* value, or -1 */
    double s;
    dpid_kink kink;
    int32_t end; /* the last step of the chain */
    /* the step that reads v first, when it is a convolution: it loads v from x; -1: v gets a pass of its own at
       `end`. One that leaves pixels out cannot load what is kept */
    int32_t load;
    /* v has a buffer: more than one reader, a pass of its own, or a skip in it (its kink is not worked out again on
       the way back) */
    bool keep;
} dpid_lazy;

typedef struct {
    dpid_step_role *role; /* of each step */
    dpid_lazy *lazy;      /* of each value */
    int32_t *chain;       /* of each step: the lazy value whose chain it is in; -1 */
    int32_t *statistics;  /* of each step: the norm step that wants statistics of its output; -1 */
    int64_t *sums;        /* of each norm step: where in the plan's memory its sums over pictures lie */
    /* of each step: a convolution whose input's gradient is also s times that of this (lazy) value; -1 */
    int32_t *addend;
    bool *skip_now; /* of each absorbed join: its skip's gradient is written at its own time */
} dpid_lazies;

/* All of a net's; values and gradients that need no buffer are struck from the plan. A convolution, all of its chain
   and what loads that are in one segment (segment.h). NULL: none, for the net is frozen. */
int32_t dpid_lazies_find(const deepid_net *net, dpid_plan *plan, void **out);

#endif
