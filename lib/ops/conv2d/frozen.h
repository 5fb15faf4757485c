/* A convolution whose weights stay as they are: packed (for Winograd: transformed) once, then run over pictures
   where they lie, or over a part of them, with the skip and the rectifier behind it. Work is cut by units - rows of
   tiles (Winograd) or of results - counted through the pictures, and by parts of the results: any cut gives the same
   bits. */
#ifndef DPID_OPS_CONV2D_FROZEN_H
#define DPID_OPS_CONV2D_FROZEN_H

#include "ops/conv2d/taps.h"
#include "ops/view.h"

typedef struct {
    dpid_conv2d g;
    bool winograd, narrow; /* narrow: see winograd.h */
    const dpid_correlation *taps;
    int64_t in_blocks, out_blocks; /* of one group: blocks of 16 channels */
    int64_t parts;                 /* two blocks of results each; of all groups */
    int64_t units, columns;        /* rows of one picture; tiles, or results, of a row */
    int64_t together;              /* Winograd: units that go through the transforms together */
    int64_t weights, packed;       /* reals: of the weights; of weights and bias */
    int64_t room;                  /* reals that one worker needs */
} dpid_frozen_conv;

/* What a picture has to have around it for this convolution, zeros all: rows and columns before and behind, and
   reals a pixel. */
typedef struct {
    int64_t top, bottom, left, right, pitch;
} dpid_margin;
dpid_margin dpid_frozen_conv_margin(const dpid_op *op, bool exact);

/* For pictures with this row and pitch. Its lists lie in memory of dpid_frozen_conv_bytes bytes. */
int64_t dpid_frozen_conv_bytes(const dpid_op *op);
void dpid_frozen_conv_make(const dpid_op *op, bool exact, int64_t row, int64_t pitch, void *memory,
                           dpid_frozen_conv *out);

typedef struct {
    const dpid_frozen_conv *conv;
    const void *packed;
    dpid_view x, y; /* y may be the skip */
    dpid_ending end;
    void *room;
} dpid_frozen_job;

/* w, b: as the layer's parameters; b NULL: none. room: one worker's. */
typedef void (*dpid_frozen_pack_fn)(const dpid_frozen_conv *conv, const void *w, const void *b, void *room,
                                    void *packed);
/* Units first .. end - 1 and parts part .. part_end - 1 of the results. */
typedef void (*dpid_frozen_run_fn)(const dpid_frozen_job *job, int64_t first, int64_t end, int64_t part,
                                   int64_t part_end);
extern const dpid_frozen_pack_fn dpid_frozen_pack[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_frozen_run_fn dpid_frozen_run[DPID_ISAS][DPID_PRECISIONS];

#endif
