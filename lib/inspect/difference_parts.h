/* What the files of the difference check share.   What and why: difference.h */
#ifndef DPID_INSPECT_DIFFERENCE_PARTS_H
#define DPID_INSPECT_DIFFERENCE_PARTS_H

#include "inspect/difference.h"

#include <float.h>
#include <math.h>

/* Sums in long double: numbers of a net that diverged may be so large that their squares leave the range of double. */
typedef long double dpid_wide;

/* Steps relative to the size of what is moved. The one whose difference is known best is compared: that choice does
   not look at the gradient. */
static const double dpid_steps[] = {1e-4, 1e-5, 1e-6, 1e-3, 1e-2, 1e-7, 1e-8, 1e-9, 1e-10};
enum { DPID_STEPS = sizeof dpid_steps / sizeof *dpid_steps, DPID_POINTS = 5 };
static const double dpid_points[DPID_POINTS] = {0, -2, -1, 1, 2};
static const double dpid_fourth[DPID_POINTS] = {0, 1.0 / 12, -8.0 / 12, 8.0 / 12, -1.0 / 12}; /* of a derivative */
static const double dpid_second[DPID_POINTS] = {0, 0, -1.0 / 2, 1.0 / 2, 0};
#define DPID_KNOWN 1e-8   /* a difference that is known as well as this ends the search */
#define DPID_SUSPECT 1e-6 /* an error above it is a bug, if two step sizes agree */
#define DPID_CLOSER 0.25  /* the other step size, as a share of the one */

/* ---- an array of the batch's precision, f64 or long double ---------------- */

static inline dpid_wide dpid_wide_at(const dpid_difference *d, const void *array, int64_t i)
{
    return d->batch->net->precision == DPID_P80 ? ((const dpid_wide *)array)[i] : (dpid_wide)((const double *)array)[i];
}

static inline void dpid_wide_put(const dpid_difference *d, void *array, int64_t i, dpid_wide value)
{
    if (d->batch->net->precision == DPID_P80)
        ((dpid_wide *)array)[i] = value;
    else
        ((double *)array)[i] = (double)value;
}

/* Of such an array and a direction, or where a step starts. */
dpid_wide dpid_difference_inner(const dpid_difference *d, const void *a, const double *b, int64_t n);
dpid_wide dpid_difference_length(const dpid_difference *d, const void *a, const double *b, int64_t n);

/* ---- directions (difference_direction.c) ---------------------------------------------------------- */

/* How far entries of a direction reach. */
typedef enum {
    DPID_BY_SIZE,    /* parameters: all by their root mean square */
    DPID_BY_CHANNEL, /* values: each channel by its deviation, as batch-norm sees it */
    DPID_BY_ROW,     /* each row of channels by its deviation, as layernorm sees it */
    /* what an elementwise layer reads: by the entry itself, since bends are 1 wide wherever the others are */
    DPID_BY_ENTRY,
    DPID_BY_UNIT, /* second looks at smooth layers and the loss: by 1 and the entry itself */
    DPID_BY_ONE   /* what softmax reads: by 1, since only differences of about that count */
} dpid_reach;

/* Direction number `which` of what d->base holds: count entries, channels c. `what` names the step and what is
   moved. */
void dpid_difference_draw(dpid_difference *d, uint32_t what, int64_t count, int64_t c, dpid_reach by, int32_t which);
/* The second way's: each part goes so far that it moves the output of step t as much as the others, if the gradient is
   right, and no farther than it went; a parameter that is 0 as far as the outputs are large. */
void dpid_difference_level(dpid_difference *d, int32_t t, int64_t count, int64_t c, dpid_reach by,
                           const void *gradient);
uint32_t dpid_difference_name(int32_t t, int32_t moved);

/* ---- what a direction shows (difference.c) ----------------------------------------------------------- */

/* got and expected: along a direction, by differences and by the gradient; size of the gradient; how far the difference
   may be off, by all that is known of it; and by rounding alone. */
typedef struct {
    dpid_wide got, expected, size, unsure, rounding;
} dpid_comparison;

/* Known better than `best`: relative to the gradient. The first is always taken. */
bool dpid_comparison_is_better(const dpid_comparison *c, const dpid_comparison *best, int k);
/* Is it above what is right? Then it is believed when another step size agrees. */
bool dpid_comparison_is_suspect(const dpid_comparison *c);
bool dpid_comparison_agrees(const dpid_comparison *a, const dpid_comparison *b);
/* Takes it into the result. */
void dpid_comparison_judge(const dpid_comparison *c, bool agreed, dpid_difference_result *result);

#endif
