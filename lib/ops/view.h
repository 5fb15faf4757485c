/* Views: pictures where they lie in memory, dense or with zeros around them. And the passes over them that a frozen net
   makes beside its convolutions. Threads share the work by rows of results, counted on from picture to picture; any cut
   gives the same bits. */
#ifndef DPID_OPS_VIEW_H
#define DPID_OPS_VIEW_H

#include "base/isa.h"
#include "ops/picture.h"
#include "tensor/tensor.h"

#include <stdint.h>

typedef struct {
    void *at;                    /* first pixel of the first picture; NULL: none */
    int64_t picture, row, pitch; /* reals from a picture, row, pixel to the next */
} dpid_view;

/* The epilogue of a sum u: v = u + s skip, and exactly s skip where u is 0; then the kink. */
typedef struct {
    dpid_view skip;
    double s;
    dpid_kink kink;
} dpid_view_epilogue;

/* y = end((x - mean) gain + shift); mean NULL: y = end(x). y may be x or skip. */
typedef struct {
    dpid_view x, y;
    const void *mean, *gain, *shift; /* [c] */
    dpid_view_epilogue end;
    int64_t height, width, c; /* of a picture */
} dpid_point_job;

/* y[i, j, before + c] = x[i stride, j stride, c], zeros else: the shortcut without parameters. */
typedef struct {
    dpid_view x, y;
    int64_t height, width, c, out_c, before, stride; /* height, width: of y */
} dpid_pad_job;

/* rows first .. end - 1 */
typedef void (*dpid_point_fn)(const dpid_point_job *job, int64_t first, int64_t end);
typedef void (*dpid_pad_fn)(const dpid_pad_job *job, int64_t first, int64_t end);
extern const dpid_point_fn dpid_point_run[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_pad_fn dpid_pad_run[DPID_ISAS][DPID_PRECISIONS];

#endif
