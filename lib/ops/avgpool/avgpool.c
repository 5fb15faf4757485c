/* Mean over windows; padding is not counted, unless count_include_pad=1.
   Derivation: avgpool.md   Reference: avgpool_ref.c */
#include "ops/window.h"
#include "tensor/real.h"

#include <string.h>

/* What a sum is divided by: the pixels of the window that lie in the picture, or in it and its padding. */
static real count_of(const dpid_op *op, const dpid_window *w, int64_t i, int64_t j)
{
    const dpid_range rows = dpid_rows_inside(w, i);
    const dpid_range columns = dpid_columns_inside(w, j);
    if (op->option[DPID_POOL_EXTRA].i == 0)
        return (real)((rows.end - rows.first) * (columns.end - columns.first));
    const int64_t top = i * w->stride_h - w->top;
    const int64_t left = j * w->stride_w - w->left;
    return (real)(dpid_smaller(w->kernel_h, w->h + w->bottom - top) *
                  dpid_smaller(w->kernel_w, w->w + w->right - left));
}

/* ---- kernels: one task is one picture -------------------------------------------- */

static void forward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const dpid_window w = dpid_pool_window(pass->op);
    const real *x = (const real *)pass->x + image * w.h * w.w * w.c;
    real *y = (real *)pass->y + image * w.out_h * w.out_w * w.c;
    for (int64_t i = 0; i < w.out_h; i++) {
        const dpid_range rows = dpid_rows_inside(&w, i);
        for (int64_t j = 0; j < w.out_w; j++, y += w.c) {
            const dpid_range columns = dpid_columns_inside(&w, j);
            const real count = count_of(pass->op, &w, i, j);
            memset(y, 0, (size_t)w.c * sizeof *y);
            for (int64_t row = rows.first; row < rows.end; row++)
                for (int64_t column = columns.first; column < columns.end; column++)
                    for (int64_t c = 0; c < w.c; c++)
                        y[c] += x[(row * w.w + column) * w.c + c];
            for (int64_t c = 0; c < w.c; c++)
                y[c] /= count;
        }
    }
}

static void avgpool_forward(const dpid_pass *pass)
{
    dpid_pool_run(pass->pool, pass->n, forward_image, (void *)pass);
}

/* dx of each counted pixel += dy / count */
static void backward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const dpid_window w = dpid_pool_window(pass->op);
    const int64_t in = w.h * w.w * w.c;
    const real *dy = (const real *)pass->dy + image * w.out_h * w.out_w * w.c;
    real *dx = (real *)pass->dx + image * in;
    memset(dx, 0, (size_t)in * sizeof *dx);
    for (int64_t i = 0; i < w.out_h; i++) {
        const dpid_range rows = dpid_rows_inside(&w, i);
        for (int64_t j = 0; j < w.out_w; j++, dy += w.c) {
            const dpid_range columns = dpid_columns_inside(&w, j);
            const real count = count_of(pass->op, &w, i, j);
            for (int64_t row = rows.first; row < rows.end; row++)
                for (int64_t column = columns.first; column < columns.end; column++)
                    for (int64_t c = 0; c < w.c; c++)
                        dx[(row * w.w + column) * w.c + c] += dy[c] / count;
        }
    }
}

static void avgpool_backward(const dpid_pass *pass)
{
    if (pass->dx)
        dpid_pool_run(pass->pool, pass->n, backward_image, (void *)pass);
}

DPID_KERNELS_DECLARE(avgpool);
const dpid_kernels DPID_T(dpid_kernels_avgpool) = {avgpool_forward, avgpool_backward, NULL};

/* ---- the kind ------------------------------------------------------------------------ */

#if DPID_ONCE
#include <deepid/ops.h>

#include "ops/claims.h"

static const dpid_option known[] = {
    DPID_POOL_OPTIONS,
    {"count_include_pad", DPID_INT, 0, 0, 1, NULL, false, "1: zeros of the padding are part of the mean"},
    {0},
};

static const dpid_identity_claim claims[] = {
    {"window 2", PICTURE, "avgpool kernel=2", "", ALWAYS(NO(SHAPE))},
    {"window 1", PICTURE, "avgpool kernel=1 stride=1", "", ALWAYS(BIT)},
    {0},
};

const dpid_kind dpid_kind_avgpool = {
    .word = "avgpool",
    .help = "mean of each window; options: kernel (required), stride=2, padding=0, ceil_mode=0, count_include_pad=0",
    .flags = DPID_KIND_AFFINE | DPID_KIND_WINDOW,
    .options = known,
    .infer = dpid_pool_infer,
    .claims = claims,
    .kernels = DPID_KERNELS(avgpool),
};

int32_t deepid_avgpool_forward(const char *options, const deepid_tensor *x, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_avgpool, options, DPID_EVAL, x, NULL, y);
}

int32_t deepid_avgpool_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx)
{
    return dpid_primitive_backward(&dpid_kind_avgpool, options, DPID_EVAL, x, NULL, dy, dx, NULL);
}
#endif
