/* Maximum over windows; the first maximum wins, a NaN wins always.      Derivation: maxpool.md
   Reference: maxpool_ref.c */
#include "ops/lanes.h"
#include "ops/window.h"

#include <string.h>

/* A whole number for each lane. */
#if DPID_PRECISION == 80
typedef int64_t places;
#else
typedef vec_bits places;
#endif

/* ---- kernels: one task is one picture; channels go by vectors ------------------------------------------- */

/* Where does x replace the maximum so far? If it is larger, or the first NaN. */
DPID_INLINE places is_more(vec x, vec most)
{
    return (x > most) | ((x != x) & (most == most));
}

DPID_INLINE vec choose(places which, vec a, vec b)
{
#if DPID_PRECISION == 80
    return which ? a : b;
#else
    return (vec)((which & (places)a) | (~which & (places)b));
#endif
}

DPID_INLINE places choose_place(places which, places a, places b)
{
#if DPID_PRECISION == 80
    return which ? a : b;
#else
    return (which & a) | (~which & b);
#endif
}

/* The maxima of one window, a channel each, and their places among its pixels; x stands at the first channel. */
DPID_INLINE vec find_maxima(const dpid_window *w, const real *restrict x, dpid_range rows, dpid_range columns,
                            places *where, const int lanes)
{
    vec most = load_lanes(x + (rows.first * w->w + columns.first) * w->c, lanes);
    places k = {0};
    *where = k;
    for (int64_t row = rows.first; row < rows.end; row += rows.step) {
        const real *restrict tap = x + (row * w->w + columns.first) * w->c;
        for (int64_t column = columns.first; column < columns.end; column += columns.step) {
            const vec at = load_lanes(tap, lanes);
            const places more = is_more(at, most);
            most = choose(more, at, most);
            *where = choose_place(more, k, *where);
            k += 1;
            tap += columns.step * w->c;
        }
    }
    return most;
}

DPID_INLINE void forward_window(const dpid_window *w, const real *restrict x, dpid_range rows, dpid_range columns,
                                real *restrict y, const int lanes)
{
    places where;
    store_lanes(y, find_maxima(w, x, rows, columns, &where, lanes), lanes);
}

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
            for (int64_t c = 0; c < w.c; c += VL)
                DPID_LANES(w.c - c < VL ? (int)(w.c - c) : VL, forward_window(&w, x + c, rows, columns, y + c, LANES));
        }
    }
}

static void maxpool_forward(const dpid_pass *pass)
{
    dpid_pool_run(pass->pool, pass->n, forward_image, (void *)pass);
}

/* dx[where the maximum was] += dy, and += 0 else; alone: no pixel is in two windows, so = instead of +=. */
DPID_INLINE void backward_window(const dpid_window *w, const real *restrict x, dpid_range rows, dpid_range columns,
                                 const real *restrict dy, real *restrict dx, const bool alone, const int lanes)
{
    places where;
    places k = {0};
    const vec none = {0};
    find_maxima(w, x, rows, columns, &where, lanes);
    for (int64_t row = rows.first; row < rows.end; row += rows.step) {
        real *restrict tap = dx + (row * w->w + columns.first) * w->c;
        for (int64_t column = columns.first; column < columns.end; column += columns.step) {
            const vec given = choose(where == k, load_lanes(dy, lanes), none);
            store_lanes(tap, alone ? given : load_lanes(tap, lanes) + given, lanes);
            k += 1;
            tap += columns.step * w->c;
        }
    }
}

DPID_INLINE void backward_row(const dpid_window *w, int64_t i, const real *x, const real *dy, real *dx,
                              const bool alone)
{
    const dpid_range rows = dpid_rows_inside(w, i);
    for (int64_t j = 0; j < w->out_w; j++, dy += w->c) {
        const dpid_range columns = dpid_columns_inside(w, j);
        for (int64_t c = 0; c < w->c; c += VL)
            DPID_LANES(w->c - c < VL ? (int)(w->c - c) : VL,
                       backward_window(w, x + c, rows, columns, dy + c, dx + c, alone, LANES));
    }
}

/* Is every pixel in exactly one window? */
static bool is_tiled(const dpid_window *w)
{
    return w->kernel_h == w->stride_h && w->kernel_w == w->stride_w && w->dilation_h == 1 && w->dilation_w == 1 &&
           w->top == 0 && w->left == 0 && w->out_h * w->stride_h == w->h && w->out_w * w->stride_w == w->w;
}

static void backward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const dpid_window w = dpid_pool_window(pass->op);
    const int64_t in = w.h * w.w * w.c;
    const int64_t row = w.out_w * w.c;
    const real *x = (const real *)pass->x + image * in;
    const real *dy = (const real *)pass->dy + image * w.out_h * row;
    real *dx = (real *)pass->dx + image * in;
    const bool tiled = is_tiled(&w);
    if (!tiled)
        memset(dx, 0, (size_t)in * sizeof *dx);
    for (int64_t i = 0; i < w.out_h; i++) {
        if (tiled)
            backward_row(&w, i, x, dy + i * row, dx, true);
        else
            backward_row(&w, i, x, dy + i * row, dx, false);
    }
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

#include "ops/claims.h"

static const dpid_option known[] = {
    DPID_POOL_OPTIONS,
    {"dilation", DPID_EXTENTS, 1, 1, 1 << 12, NULL, false, "distance of the pixels of a window, N or HxW"},
    {0},
};

static const dpid_identity_claim claims[] = {
    {"window 2", PICTURE, "maxpool kernel=2", "", ALWAYS(NO(SHAPE))},
    {"window 3, stride 1", PICTURE, "maxpool kernel=3 stride=1 padding=1", "", ALWAYS(NO(RANK))},
    {0},
};

const dpid_kind dpid_kind_maxpool = {
    .word = "maxpool",
    .help = "largest value of each window; options: kernel (required), stride=2, padding=0, "
            "ceil_mode=0, dilation=1",
    .flags = DPID_KIND_KINKED | DPID_KIND_SELECT | DPID_KIND_WINDOW | DPID_KIND_KEEPS_RANGE,
    .options = known,
    .infer = dpid_pool_infer,
    .claims = claims,
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
