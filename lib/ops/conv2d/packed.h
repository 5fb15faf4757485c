/* The convolution of a frozen net. Its weights do not change, so they are packed (for Winograd: transformed) once. It
   runs over pictures where they lie, and its epilogue adds the skip and applies the rectifier.

   Threads share the work in two ways. A unit is a row of tiles (Winograd) or of results, counted on from picture to
   picture. A panel of the results is two blocks of channels. Any cut into units and panels gives the same bits. */
#ifndef DPID_OPS_CONV2D_PACKED_H
#define DPID_OPS_CONV2D_PACKED_H

#include "ops/conv2d/taps.h"
#include "ops/view.h"

typedef struct {
    dpid_conv2d g;
    bool winograd, narrow; /* narrow: see register.h */
    const dpid_correlation *taps;
    int64_t in_blocks, out_blocks; /* of one group: blocks of 16 channels */
    int64_t panels;                /* of all groups */
    int64_t units, columns;        /* of a picture; of a unit: tiles, or results */
    int64_t batch_units;           /* Winograd: units in a tile batch */
    int64_t weights, packed;       /* reals of the packed weights; of weights and bias */
    int64_t scratch;               /* reals of scratch that one worker needs */
} dpid_packed_conv;

/* The zeros that this convolution needs around each picture: rows and columns. And the reals a pixel takes, of which
   those past the channels are zeros too. */
typedef struct {
    int64_t top, bottom, left, right, pitch;
} dpid_margin;
dpid_margin dpid_packed_conv_margin(const dpid_op *op, bool exact);

/* A convolution of pictures with these distances between rows and pixels. Its lists lie in `memory`, of
   dpid_packed_conv_bytes bytes. */
int64_t dpid_packed_conv_bytes(const dpid_op *op);
void dpid_packed_conv_make(const dpid_op *op, bool exact, int64_t row, int64_t pitch, void *memory,
                           dpid_packed_conv *out);

typedef struct {
    const dpid_packed_conv *conv;
    const void *packed;
    dpid_view x, y; /* y may be the skip */
    dpid_view_epilogue end;
    void *scratch; /* scratch of the worker */
} dpid_packed_job;

/* w, b: the layer's parameters, b NULL: none. scratch: the scratch of one worker. */
typedef void (*dpid_packed_pack_fn)(const dpid_packed_conv *conv, const void *w, const void *b, void *scratch,
                                    void *packed);
/* Units first .. end - 1, and of the results panels panel .. panel_end - 1. */
typedef void (*dpid_packed_run_fn)(const dpid_packed_job *job, int64_t first, int64_t end, int64_t panel,
                                   int64_t panel_end);
extern const dpid_packed_pack_fn dpid_packed_pack[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_packed_run_fn dpid_packed_run[DPID_ISAS][DPID_PRECISIONS];

#endif
