/* Does a number grow or shrink from layer to layer? Layers that repeat form a group: one straight line through its
   logarithms, and the factor that theory expects beside it. */
#ifndef DPID_INSPECT_SLOPE_H
#define DPID_INSPECT_SLOPE_H

#include "net/net.h"

/* Sorts the layers of a net into groups of layers that repeat: of the same name in repeated blocks, or of the same kind
   outside blocks, with the same output shape. group[l] is layer l's group, 0..*groups-1; place[l] is its place in the
   group, 1, 2, ..., in blocks the block's number. The lists lie in the arena. */
int32_t dpid_layer_groups(const deepid_net *net, dpid_arena *arena, int32_t **group, int32_t **place, int32_t *groups);

/* The line through n points by least squares; its slope is NaN with fewer than 3 points. */
typedef struct {
    double slope, intercept;
} dpid_fit_line;
dpid_fit_line dpid_fit(const double *x, const double *y, int32_t n);

/* The factor by which |dL/dh| of layer `first` is expected to exceed that of layer `last`. It comes from theory, by the
   steps between them (docs/probes.md); NaN where theory says nothing. */
double dpid_expected_growth(const deepid_net *net, int32_t first, int32_t last);

#endif
