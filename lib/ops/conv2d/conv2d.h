/* What a convolution's options and input shape say, worked out once; and the convolution as a stage of a plan that
   loads its pictures through a batch-norm and finishes its results for one. */
#ifndef DPID_OPS_CONV2D_H
#define DPID_OPS_CONV2D_H

#include "base/isa.h"
#include "ops/picture.h"
#include "ops/window.h"

typedef struct {
    dpid_window window;
    int64_t groups, in_g, out, out_g; /* channels of one group */
    int64_t patch;                    /* kernel_h kernel_w in_g: the inner length */
} dpid_conv2d;

int32_t dpid_conv2d_make(deepid_ctx *ctx, const dpid_op *op, dpid_conv2d *out);
/* Whether the windows reach to the last row and column: a long stride, or a picture that lies beyond the padding,
   may leave some out. Only then is a whole picture loaded. */
bool dpid_conv2d_sees_all(const dpid_op *op);
/* Whether Winograd's transform computes it (unless a pass is exact): 3x3, stride 1, no dilation, one group, enough
   channels and pixels to gain by it. */
bool dpid_conv2d_has_winograd(const dpid_op *op);
/* Whether it does so on two pictures at a time, one in each half of a block of 16 channels. */
bool dpid_conv2d_has_pairs(const dpid_op *op);

/* One run over a batch. pass: op, n, parameter, dparameter, scratch, pool, exact; its x, y, dy, dx are not looked
   at. */
typedef struct {
    const dpid_pass *pass;
    dpid_picture_source in;  /* forward, weight gradient */
    void *y;                 /* forward: [n, out_h, out_w, out] */
    void *statistics;        /* forward: [n][2][out] of y, see piece_statistics; NULL: not wanted */
    dpid_gradient_source dy; /* backward */
    dpid_gradient_sink dx;   /* backward; dx.dx NULL: not wanted */
} dpid_conv2d_job;

typedef void (*dpid_conv2d_fn)(const dpid_conv2d_job *job);
#define DPID_CONV2D_DECLARE(suffix, real)                                                                              \
    void dpid_conv2d_run_forward_##suffix(const dpid_conv2d_job *job);                                                 \
    void dpid_conv2d_run_backward_##suffix(const dpid_conv2d_job *job);
DPID_ISA_EACH(DPID_CONV2D_DECLARE)
extern const dpid_conv2d_fn dpid_conv2d_run_forward[DPID_ISAS][DPID_PRECISIONS];
extern const dpid_conv2d_fn dpid_conv2d_run_backward[DPID_ISAS][DPID_PRECISIONS];

#endif
