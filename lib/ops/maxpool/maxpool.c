/* Maximum over windows; the first maximum wins, a NaN wins always.   Derivation: maxpool.md   Reference: maxpool_ref.c */
#include "ops/window.h"
#include "tensor/real.h"

#include <string.h>

/* ---- kernels: one task is one picture ------------------------------------------- */

/* Place in x of the window's first maximum. */
static int64_t find(const dpid_window *w, const real *x, int64_t i, int64_t j, int64_t c)
{
    int64_t best = -1;
    for (int64_t row = i * w->stride_h - w->top; row < i * w->stride_h - w->top + w->kernel_h; row++) {
        for (int64_t column = j * w->stride_w - w->left; column < j * w->stride_w - w->left + w->kernel_w; column++) {
            if (row < 0 || row >= w->h || column < 0 || column >= w->w)
                continue;
            const int64_t at = (row * w->w + column) * w->c + c;
            if (best < 0 || x[at] > x[best] || (x[at] != x[at] && x[best] == x[best]))
                best = at;
        }
    }
    return best;
}

static void forward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const dpid_window w = dpid_pool_window(pass->op);
    const real *x = (const real *)pass->x + image * w.h * w.w * w.c;
    real *y = (real *)pass->y + image * w.out_h * w.out_w * w.c;
    for (int64_t i = 0; i < w.out_h; i++)
        for (int64_t j = 0; j < w.out_w; j++)
            for (int64_t c = 0; c < w.c; c++)
                *y++ = x[find(&w, x, i, j, c)];
}

static void maxpool_forward(const dpid_pass *pass)
{
    dpid_pool_run(pass->pool, pass->n, forward_image, (void *)pass);
}

/* dx[where the maximum was] += dy */
static void backward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const dpid_window w = dpid_pool_window(pass->op);
    const int64_t in = w.h * w.w * w.c;
    const real *x = (const real *)pass->x + image * in;
    const real *dy = (const real *)pass->dy + image * w.out_h * w.out_w * w.c;
    real *dx = (real *)pass->dx + image * in;
    memset(dx, 0, (size_t)in * sizeof *dx);
    for (int64_t i = 0; i < w.out_h; i++)
        for (int64_t j = 0; j < w.out_w; j++)
            for (int64_t c = 0; c < w.c; c++)
                dx[find(&w, x, i, j, c)] += *dy++;
}

static void maxpool_backward(const dpid_pass *pass)
{
    if (pass->dx)
        dpid_pool_run(pass->pool, pass->n, backward_image, (void *)pass);
}

DPID_KERNELS_DECLARE(maxpool);
const dpid_kernels DPID_T(dpid_kernels_maxpool) = {maxpool_forward, maxpool_backward, NULL};

/* ---- the kind ---------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

extern const dpid_kind dpid_kind_maxpool;
const dpid_kind dpid_kind_maxpool = {
    .word = "maxpool",
    .help = "largest value of each window; options: kernel (required), stride=2, padding=0",
    .flags = DPID_KIND_KINKED,
    .options = dpid_pool_options,
    .infer = dpid_pool_infer,
    .kernels = DPID_KERNELS(maxpool),
};

int32_t deepid_maxpool_forward(const char *options, const deepid_tensor *x, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_maxpool, options, DPID_EVAL, x, NULL, y);
}

int32_t deepid_maxpool_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy, deepid_tensor *dx)
{
    return dpid_primitive_backward(&dpid_kind_maxpool, options, DPID_EVAL, x, NULL, dy, dx, NULL);
}
#endif
