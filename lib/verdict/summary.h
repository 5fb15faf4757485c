/* What the runs of a study come to, arm by arm: the numbers that a page shows beside a verdict. A table of results in,
   numbers out. */
#ifndef DPID_VERDICT_SUMMARY_H
#define DPID_VERDICT_SUMMARY_H

#include <deepid/table.h>

#include "verdict/evidence.h"
#include "verdict/verdict.h"

typedef struct {
    deepid_ctx *ctx;
    dpid_arena arena;
    int32_t status;              /* the first failure; what is asked later is not known */
    const deepid_table *results; /* lent; rows by arm: seed, train_loss, diverged, ... */
    double const_loss, margin;
    int64_t seeds;
    double *seed; /* those of the results, ascending */
} dpid_summary;

/* margin NaN: by the thresholds (NULL: default) from the losses of S. dpid_summary_release in any case. */
int32_t dpid_summary_make(deepid_ctx *ctx, const deepid_table *results, double const_loss, double margin,
                          const dpid_thresholds *thresholds, dpid_summary *out);
void dpid_summary_release(dpid_summary *s);

/* One number a seed of a column of the results, NaN where that run is missing, infinity for the losses of one that
   diverged; NULL: no run of this arm, or no such column. */
const double *dpid_arm_values(dpid_summary *s, const char *word, const char *column);

int64_t dpid_seed_place(const dpid_summary *s, double seed); /* among s->seed; -1: none of them */
/* Is the row named word? last: of the row before, at first {0}; rows of one name in a row are compared once. */
typedef struct {
    const char *name;
    bool is;
} dpid_row_name;
bool dpid_rows_are(const deepid_table *t, int64_t row, const char *word, dpid_row_name *last);

/* ---- of one number a seed, or of n; values may be NULL ------------------------------------------------- */

double dpid_median_of(dpid_summary *s, int64_t n, const double *values);
void dpid_interval_of(dpid_summary *s, int64_t n, const double *values, double *low, double *high);
typedef struct {
    int64_t runs, finite;   /* not NaN; neither NaN nor infinite */
    double lowest, highest; /* infinity and -infinity without a run */
} dpid_spread;
dpid_spread dpid_spread_of(int64_t n, const double *values);

/* ---- between arms ---------------------------------------------------------------------------------------- */

/* At how many of the seeds that have both a is above b. */
int64_t dpid_times_above(int64_t n, const double *a, const double *b, int64_t *both);
/* |a - b| where both are finite: how often, how often 0, the largest. */
typedef struct {
    int64_t pairs, equal;
    double largest;
} dpid_distance;
dpid_distance dpid_distance_of(int64_t n, const double *a, const double *b);
/* (valid - train) of the deep arm minus the same of the shallow one, the median over seeds: how much more the deep net
   overfits. */
double dpid_gap_of_gaps(dpid_summary *s, const char *shallow, const char *deep);

#endif
