/* Does a number grow or shrink from layer to layer? Layers that repeat form a group: one straight line through its
   logarithms, and the factor that theory expects beside it. */
#ifndef DPID_INSPECT_SLOPE_H
#define DPID_INSPECT_SLOPE_H

#include "net/net.h"

/* group[l] of each layer of the net, 0..*groups-1, and its place in it, 1, 2, ...: layers of the same name in
   repeated blocks (place: the block's number), or of the same kind outside blocks, with the same output shape. Lists
   in the arena. */
int32_t dpid_layer_groups(const deepid_net *net, dpid_arena *arena, int32_t **group, int32_t **place, int32_t *groups);

/* Least squares of y on x, n points. slope NaN with fewer than 3 points. */
typedef struct {
    double slope, intercept;
} dpid_fit_line;
dpid_fit_line dpid_fit(const double *x, const double *y, int32_t n);

/* By what |dL/dh| of layer `first` is expected to exceed that of layer `last`, from theory that looks at the steps
   between them (docs/probes.md); NaN where it says nothing. */
double dpid_expected_growth(const deepid_net *net, int32_t first, int32_t last);

#endif
