/* Sums that lose a term: where a branch joins its skip on the way forward, and where the gradients of a value's readers
   meet on the way back. A number format with few bits leaves the larger term as it is when the other is too small. */
#ifndef DPID_INSPECT_SUMS_H
#define DPID_INSPECT_SUMS_H

#include "inspect/batch.h"

/* Of sums of two terms that are both finite and not 0: how many there are, and how many give the larger term. */
typedef struct {
    int64_t sums, swallowed;
} dpid_sum_count;

/* Of an f32 batch that has run with everything kept; forward and backward: a count for each step, added to. A sum on
   the way back stands with the step that adds: all readers of a value but the last. Runs those steps again, one term
   at a time; values and their gradients are what they were, gradients of parameters are not. */
int32_t dpid_sums_count(const dpid_batch *batch, dpid_sum_count *forward, dpid_sum_count *backward);

#endif
