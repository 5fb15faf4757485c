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

/* A series is a picture of one row: its kernel, stride and dilation are one number, its padding one or two (before x
   after).
   From the options' values (extents of 1 or 2 numbers; padding as the grammar says). The words for an axis of `in`
   pixels; all but "valid" give ceil(in / stride) results, and an odd pixel of padding is behind:
     symmetric   d (kernel - 1) pixels, half of them before: what keeps the picture at stride 1, whatever the stride
     same_upper  only those that the windows need, max((out - 1) stride + d (kernel - 1) + 1 - in, 0)
     same        where these two see the same pixels; DEEPID_ERR_SHAPE elsewhere
     valid       none */
int32_t dpid_window_make(deepid_ctx *ctx, const char *word, const dpid_shape *in, const dpid_value *kernel,
                         const dpid_value *stride, const dpid_value *padding, const dpid_value *dilation,
                         dpid_window *out);

/* ---- pools: maxpool and avgpool see their pictures through the same window ------------------------- */

/* First of a pool's options; behind them maxpool has dilation, avgpool count_include_pad. */
#define DPID_POOL_OPTIONS                                                                                              \
    {"kernel", DPID_EXTENTS, 0, 1, 1 << 12, NULL, true, "window, N or HxW; of a series N"},                            \
        {"stride", DPID_EXTENTS, 2, 1, 1 << 12, NULL, false, "step, N or HxW"},                                        \
        {"padding",                                                                                                    \
         DPID_PADDING,                                                                                                 \
         0,                                                                                                            \
         0,                                                                                                            \
         1 << 12,                                                                                                      \
         NULL,                                                                                                         \
         false,                                                                                                        \
         "symmetric, same_upper, same, valid, N, HxW or TOPxBOTTOMxLEFTxRIGHT; of a series N or BEFORExAFTER; less "   \
         "than the kernel"},                                                                                           \
    {                                                                                                                  \
        "ceil_mode", DPID_INT, 0, 0, 1, NULL, false, "1: a last window that is only in part in the picture counts"     \
    }
enum { DPID_POOL_EXTRA = 4 };
dpid_window dpid_pool_window(const dpid_op *op);
int32_t dpid_pool_infer(deepid_ctx *ctx, dpid_op *op);

/* Rows or columns of a window that lie inside the picture: first, first + step, .. below end. */
typedef struct {
    int64_t first, end, step;
} dpid_range;

static inline dpid_range dpid_inside(int64_t start, int64_t kernel, int64_t dilation, int64_t extent)
{
    const int64_t end = start + dilation * (kernel - 1) + 1;
    const int64_t skipped = start < 0 ? (dilation - 1 - start) / dilation * dilation : 0;
    return (dpid_range){start + skipped, end < extent ? end : extent, dilation};
}

static inline dpid_range dpid_rows_inside(const dpid_window *w, int64_t i)
{
    return dpid_inside(i * w->stride_h - w->top, w->kernel_h, w->dilation_h, w->h);
}

static inline dpid_range dpid_columns_inside(const dpid_window *w, int64_t j)
{
    return dpid_inside(j * w->stride_w - w->left, w->kernel_w, w->dilation_w, w->w);
}

#endif
