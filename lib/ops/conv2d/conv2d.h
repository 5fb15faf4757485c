/* What a convolution's options and input shape say, worked out once. */
#ifndef DPID_OPS_CONV2D_H
#define DPID_OPS_CONV2D_H

#include "ops/window.h"

typedef struct {
    dpid_window window;
    int64_t groups, in_g, out, out_g; /* channels of one group */
    int64_t patch;                    /* kernel_h kernel_w in_g: the inner length */
    int64_t block_rows;               /* output rows whose patches are laid out at a time */
} dpid_conv2d;

int32_t dpid_conv2d_make(deepid_ctx *ctx, const dpid_op *op, dpid_conv2d *out);

#endif
