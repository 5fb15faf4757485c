/* Where things lie in memory: each lives from one time to another, and two that are never alive together may share
   a place. Sizes and offsets in any unit. */
#ifndef DPID_NET_PLACE_H
#define DPID_NET_PLACE_H

#include "base/base.h"

typedef struct {
    int64_t size, offset;
    int32_t first, last; /* the times between which it lives, both included */
    bool kept;           /* it lives all the time */
    int64_t class;       /* dpid_place_by_class: who takes over whose place */
} dpid_lifetime;

/* It lives at this time too. One that is not used at all starts with first above last. */
void dpid_lifetime_use(dpid_lifetime *lifetime, int32_t time);

/* Of each value, and of its gradient. Times are steps; gradients: when the way back comes by. */
typedef struct {
    dpid_lifetime *value, *gradient;
} dpid_lifetimes;
void dpid_use_value(const dpid_lifetimes *lifetimes, int32_t v, int32_t step);
void dpid_use_gradient(const dpid_lifetimes *lifetimes, int32_t v, int32_t step);

/* Of count numbers a sample, n samples, filled up to whole cache lines. False: more than an int64. */
bool dpid_place_bytes(int64_t count, int64_t n, int64_t size, int64_t *bytes);

/* Offsets for all, each the lowest that is free as long as it lives; the kept ones lie one behind the other, below
   the rest. Reorders the list; returns the end. The sum of all sizes has to be an int64. */
int64_t dpid_place_lowest(dpid_lifetime **list, int32_t count);

/* The same, but a place is handed on whole, to one of the same class and size: what lives in it is then cut in the
   same way each time. The list is in the order of `first`; slot: room for count numbers. False: the end is beyond an
   int64. */
bool dpid_place_by_class(dpid_lifetime *list, int32_t count, int32_t *slot, int64_t *end);

#endif
