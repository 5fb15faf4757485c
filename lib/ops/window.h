/* Where a window stands over a picture: what conv2d and the pools share. */
#ifndef DPID_OPS_WINDOW_H
#define DPID_OPS_WINDOW_H

#include "ops/op.h"

/* Output pixel (i, j) sees input rows i*stride_h - top + k*dilation_h, k = 0..kernel_h-1, and columns likewise;
   outside lies padding. */
typedef struct {
    int64_t h, w, c; /* input */
    int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int64_t top, bottom, left, right;
    int64_t out_h, out_w;
} dpid_window;

/* From the options' values (extents of 1 or 2 numbers; padding as the grammar says). The words for an axis of `in`
   pixels; all but "valid" give ceil(in / stride) results, and an odd pixel of padding is behind:
     symmetric   d (kernel - 1) pixels, half of them before: what keeps the picture at stride 1, whatever the stride
     same_upper  only those that the windows need, max((out - 1) stride + d (kernel - 1) + 1 - in, 0)
     same        where these two see the same pixels; DEEPID_ERR_SHAPE elsewhere
     valid       none */
int32_t dpid_window_make(deepid_ctx *ctx, const char *word, const dpid_shape *in, const dpid_value *kernel,
                         const dpid_value *stride, const dpid_value *padding, const dpid_value *dilation,
                         dpid_window *out);

/* ---- pools: maxpool and avgpool see their pictures through the same window ------------------------- */

extern const dpid_option dpid_pool_options[]; /* kernel, stride=2, padding=0 */
dpid_window dpid_pool_window(const dpid_op *op);
int32_t dpid_pool_infer(deepid_ctx *ctx, dpid_op *op);

/* Rows or columns of a window that lie inside the picture: first .. end - 1. */
typedef struct {
    int64_t first, end;
} dpid_range;

static inline dpid_range dpid_inside(int64_t i, int64_t stride, int64_t before, int64_t kernel, int64_t extent)
{
    const int64_t start = i * stride - before;
    return (dpid_range){start > 0 ? start : 0, start + kernel < extent ? start + kernel : extent};
}

#endif
