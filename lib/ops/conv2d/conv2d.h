/* The convolution as the plans of a net use it. It can load its input through the batch-norm in front of it, and
   finish its results for the batch-norm behind it, so that a fused net makes no separate pass over memory. */
#ifndef DPID_OPS_CONV2D_H
#define DPID_OPS_CONV2D_H

#include "base/isa.h"
#include "ops/picture.h"
#include "ops/window.h"

/* What the options and the input shape say, worked out once. */
typedef struct {
    dpid_window window;
    int64_t groups, in_g, out, out_g; /* channels of one group */
    int64_t patch;                    /* kernel_h kernel_w in_g: the inner length */
} dpid_conv2d;

int32_t dpid_conv2d_make(deepid_ctx *ctx, const dpid_op *op, dpid_conv2d *out);
/* What conv1d is made of, beside the kernels: of a series [l, c] a picture of one row. */
int32_t dpid_conv2d_infer(deepid_ctx *ctx, dpid_op *op);
int64_t dpid_conv2d_scratch_most(const dpid_op *op, int64_t n, int32_t workers);
/* Do the windows reach the last row and the last column? A long stride may leave some out. A picture is loaded whole
   only if they do. */
bool dpid_conv2d_sees_all(const dpid_op *op);
/* Is it computed by Winograd's transform (unless a pass is exact)? It takes 3x3, stride 1, no dilation, one group,
   and so many channels and pixels that the transform is faster. */
bool dpid_conv2d_has_winograd(const dpid_op *op);
/* Does Winograd's transform take two pictures at a time, one in each half of a block of 16 channels? */
bool dpid_conv2d_has_pairs(const dpid_op *op);

/* One run over a batch. Of the pass, x, y, dy and dx are not used: the fields below take their place. */
typedef struct {
    const dpid_pass *pass;
    dpid_picture_source in;        /* forward, weight gradient */
    void *y;                       /* forward: [n, out_h, out_w, out] */
    const dpid_rounding *rounding; /* forward: y is rounded, to nearest; NULL: not */
    void *statistics;              /* forward: [n][2][out], chunk_statistics of each y; NULL: not wanted */
    dpid_gradient_source dy;       /* backward */
    dpid_gradient_sink dx;         /* backward; dx.dx NULL: not wanted */
} dpid_conv2d_job;

typedef void (*dpid_conv2d_fn)(const dpid_conv2d_job *job);
#define DPID_CONV2D_DECLARE(suffix, real)                                                                              \
    void dpid_conv2d_run_forward_##suffix(const dpid_conv2d_job *job);                                                 \
    void dpid_conv2d_run_backward_##suffix(const dpid_conv2d_job *job);
DPID_ISA_EACH(DPID_CONV2D_DECLARE)
extern const dpid_conv2d_fn dpid_conv2d_run_forward[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_conv2d_fn dpid_conv2d_run_backward[DPID_ISAS][DPID_PRECISIONS];

#endif
