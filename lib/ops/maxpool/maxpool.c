/* Maximum over windows; the first maximum wins, a NaN wins always.      Derivation: maxpool.md
   Reference: maxpool_ref.c */
#include "ops/window.h"
#include "tensor/real.h"

#include <string.h>

#if DPID_PRECISION == 32
typedef int32_t place; /* as many bytes as real, so that vectors of both have as many lanes */
#else
typedef int64_t place;
#endif

/* ---- kernels: one task is one picture ------------------------------------------- */

enum { CHANNELS = 64 }; /* channels of a pixel that are computed at a time */

/* Does x replace the maximum so far? Yes if it is larger, or the first NaN. */
static inline bool is_more(real x, real most)
{
    return (x > most) | ((x != x) & (most == most));
}

/* The maxima of one window, a channel each. */
static void find_maxima(const dpid_window *w, const real *restrict x, dpid_range rows, dpid_range columns,
                        real *restrict y)
{
    const real *restrict start = x + (rows.first * w->w + columns.first) * w->c;
    for (int64_t c = 0; c < w->c; c++)
        y[c] = start[c];
    for (int64_t row = rows.first; row < rows.end; row += rows.step) {
        for (int64_t column = columns.first; column < columns.end; column += columns.step) {
            const real *restrict tap = x + (row * w->w + column) * w->c;
            for (int64_t c = 0; c < w->c; c++)
                y[c] = is_more(tap[c], y[c]) ? tap[c] : y[c];
        }
    }
}

static void forward_image(void *arg, int64_t image, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const dpid_window w = dpid_pool_window(pass->op);
    const real *x = (const real *)pass->x + image * w.h * w.w * w.c;
    real *y = (real *)pass->y + image * w.out_h * w.out_w * w.c;
    for (int64_t i = 0; i < w.out_h; i++)
        for (int64_t j = 0; j < w.out_w; j++, y += w.c)
            find_maxima(&w, x, dpid_rows_inside(&w, i), dpid_columns_inside(&w, j), y);
}

static void maxpool_forward(const dpid_pass *pass)
{
    dpid_pool_run(pass->pool, pass->n, forward_image, (void *)pass);
}

/* dx[where the maximum was] += dy, of one window and at most CHANNELS channels; x, dy, dx stand at the first of them */
static void hand_back(const dpid_window *w, const real *restrict x, dpid_range rows, dpid_range columns,
                      int64_t channels, const real *restrict dy, real *restrict dx)
{
    real most[CHANNELS];
    place where[CHANNELS] = {0}; /* of the maximum, among the window's pixels */
    place k = 0;
    for (int64_t c = 0; c < channels; c++)
        most[c] = x[(rows.first * w->w + columns.first) * w->c + c];
    for (int64_t row = rows.first; row < rows.end; row += rows.step) {
        for (int64_t column = columns.first; column < columns.end; column += columns.step, k++) {
            const real *restrict tap = x + (row * w->w + column) * w->c;
            for (int64_t c = 0; c < channels; c++) {
                const bool more = is_more(tap[c], most[c]);
                most[c] = more ? tap[c] : most[c];
                where[c] = more ? k : where[c];
            }
        }
    }
    k = 0;
    for (int64_t row = rows.first; row < rows.end; row += rows.step) {
        for (int64_t column = columns.first; column < columns.end; column += columns.step, k++) {
            real *restrict tap = dx + (row * w->w + column) * w->c;
            for (int64_t c = 0; c < channels; c++)
                tap[c] += where[c] == k ? dy[c] : 0;
        }
    }
}

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
    for (int64_t i = 0; i < w.out_h; i++) {
        const dpid_range rows = dpid_rows_inside(&w, i);
        for (int64_t j = 0; j < w.out_w; j++, dy += w.c) {
            const dpid_range columns = dpid_columns_inside(&w, j);
            for (int64_t c = 0; c < w.c; c += CHANNELS)
                hand_back(&w, x + c, rows, columns, w.c - c < CHANNELS ? w.c - c : CHANNELS, dy + c, dx + c);
        }
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
