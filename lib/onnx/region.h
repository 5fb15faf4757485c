/* A region of a graph: values that depend on value[0] alone, and what they are for some numbers of it. */
#ifndef DPID_ONNX_REGION_H
#define DPID_ONNX_REGION_H

#include "onnx/onnx.h"

enum { DPID_ONNX_REGION_NODES = 16, DPID_ONNX_REGION_VALUES, DPID_ONNX_OPERANDS = 3 };
/* The farthest number of an activation's curve. */
#define DPID_ONNX_FAR 60.0

typedef struct {
    dpid_onnx_walk *w;
    int32_t scope;
    int64_t points; /* numbers of each value, */
    int64_t row;    /* of which so many are the channels of a sample; 0: each is for itself */
    int32_t count;
    int32_t value[DPID_ONNX_REGION_VALUES];
    int32_t open[DPID_ONNX_REGION_VALUES]; /* readings of it outside */
    bool bare[DPID_ONNX_REGION_VALUES];    /* a row's number, without an axis for it */
    double *y[DPID_ONNX_REGION_VALUES];
    double *operand[DPID_ONNX_OPERANDS]; /* of the node that is run */
    double *memory;
} dpid_onnx_region;

/* Value v alone; the caller fills y[0]. Destroy it after any outcome. */
int32_t dpid_onnx_region_create(dpid_onnx_walk *w, int32_t v, int32_t scope, int64_t points, int64_t row,
                                dpid_onnx_region *out);
void dpid_onnx_region_destroy(dpid_onnx_region *r);
/* The first node, in the file's order, that lies behind node `behind` and reads the region; DPID_ONNX_NONE: none, or
   there is no room for more. */
int32_t dpid_onnx_region_next(const dpid_onnx_region *r, int32_t behind);
/* That node more; *known is false where it is none that is run here. */
int32_t dpid_onnx_region_grow(dpid_onnx_region *r, int32_t node, bool *known);
/* Nothing but the last value is read outside. */
bool dpid_onnx_region_is_closed(const dpid_onnx_region *r);

#endif
