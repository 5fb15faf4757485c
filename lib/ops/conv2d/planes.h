/* Planes: pictures as kernels read them, channels by blocks, with zeros around. Here they are cleared and loaded, and
   what will be loaded next is prefetched. */
#ifndef DPID_OPS_CONV2D_PLANES_H
#define DPID_OPS_CONV2D_PLANES_H

#include "ops/conv2d/engine.h"
#include "base/numbers.h"

#include <string.h>

/* ---- a task clears the borders once, then loads pictures into the middle ------------------------- */

/* How much of a picture stands in its plane: nothing, if every window sees only padding. */
static inline dpid_layout layout_of(const dpid_plane *p, int64_t height, int64_t width, int64_t c)
{
    const bool seen = p->rows > p->top && p->columns > p->left;
    return (dpid_layout){.height = seen ? dpid_smaller(height, p->rows - p->top) : 0,
                         .width = seen ? dpid_smaller(width, p->columns - p->left) : 0,
                         .c = c,
                         .row = p->columns * p->pitch,
                         .pitch = p->pitch,
                         .block = p->blocks > 1 ? p->block : 0};
}

/* The end of one row and the beginning of the next are one run of memory. */
static inline void clear_borders(const dpid_plane *p, const dpid_layout *middle, real *plane)
{
    const int64_t first = p->top * middle->row + p->left * p->pitch;
    const int64_t gap = (p->columns - middle->width) * p->pitch;
    real *end = plane + first + middle->width * p->pitch;
    memset(plane, 0, (size_t)first * sizeof *plane);
    for (int64_t i = 1; i < middle->height; i++, end += middle->row)
        memset(end, 0, (size_t)gap * sizeof *plane);
    memset(end, 0, (size_t)(plane + p->block - end) * sizeof *plane);
}

static inline void clear_plane(const dpid_plane *p, int64_t height, int64_t width, int64_t c, real *plane)
{
    const dpid_layout middle = layout_of(p, height, width, c);
    /* Nothing will be loaded, or not all channels of the last block: then more than the border must be zero. */
    if (middle.height == 0 || c != p->blocks * p->pitch) {
        memset(plane, 0, (size_t)(p->blocks * p->block) * sizeof *plane);
        return;
    }
    for (int64_t b = 0; b < p->blocks; b++)
        clear_borders(p, &middle, plane + b * p->block);
}

static inline void clear_input(const dpid_engine *e, real *plane)
{
    clear_plane(&e->in, e->g.window.h, e->g.window.w, e->g.window.c, plane);
}

static inline void clear_gradient(const dpid_engine *e, real *plane)
{
    clear_plane(&e->dy, e->g.window.out_h, e->g.window.out_w, e->g.out, plane);
}

static inline void load_input(const dpid_engine *e, const dpid_picture_source *s, int64_t n, real *plane)
{
    const dpid_window *w = &e->g.window;
    const dpid_layout layout = layout_of(&e->in, w->h, w->w, w->c);
    DPID_T(dpid_picture_load)
    (s, n, w->w, w->h * w->w, &layout, plane + e->in.top * layout.row + e->in.left * layout.pitch);
}

static inline void load_gradient(const dpid_engine *e, int64_t n, real *plane)
{
    const dpid_window *w = &e->g.window;
    const dpid_layout layout = layout_of(&e->dy, w->out_h, w->out_w, e->g.out);
    DPID_T(dpid_gradient_load)
    (&e->job->dy, n, w->out_w, w->out_h * w->out_w, &layout,
     plane + e->dy.top * layout.row + e->dy.left * layout.pitch);
}

/* ---- pictures that are planes already ---------------------------------------------------------------

   Without padding, a picture that needs no arithmetic on the way in is read where it lies. The last one of a batch is
   not: the weight gradient reads up to BEHIND reals behind a plane (direct.h), and behind an array there may be
   nothing. */

enum { BEHIND = 32 };

static inline bool is_picture(const dpid_plane *p, int64_t height, int64_t width)
{
    return p->rows == height && p->columns == width && p->top == 0 && p->left == 0 && p->blocks == 1;
}

/* Is picture n, of so many reals, followed by enough others? */
static inline bool may_read_behind(const dpid_engine *e, int64_t n, int64_t reals)
{
    return (e->job->pass->n - n - 1) * reals >= BEHIND;
}

/* Picture n as a plane of a direct convolution: the array's, or loaded to `plane`. Whole planes are packed for the
   CPU's bf16 products, so those are loaded. */
static inline const real *input_plane(const dpid_engine *e, int64_t n, real *plane)
{
    const dpid_window *w = &e->g.window;
    const int64_t reals = w->h * w->w * w->c;
    if (!e->native && is_picture(&e->in, w->h, w->w) && may_read_behind(e, n, reals) &&
        dpid_picture_is_plain(&e->job->in))
        return (const real *)e->job->in.x + n * reals;
    load_input(e, &e->job->in, n, plane);
    return plane;
}

/* Gradient n: its plane, the first pixel in it, and the distance from row to row. */
typedef struct {
    const real *plane, *first;
    int64_t row;
} dy_plane;

/* padded: the plane's borders are needed, for the input gradient. */
static inline dy_plane gradient_plane(const dpid_engine *e, int64_t n, bool padded, real *plane)
{
    const dpid_window *w = &e->g.window;
    const int64_t row = e->dy.columns * e->dy.pitch;
    const int64_t reals = w->out_h * w->out_w * e->g.out;
    if (!e->native && (!padded || is_picture(&e->dy, w->out_h, w->out_w)) && may_read_behind(e, n, reals) &&
        !e->job->dy.gain) {
        const real *dy = (const real *)e->job->dy.g + n * reals;
        return (dy_plane){dy, dy, w->out_w * e->g.out};
    }
    load_gradient(e, n, plane);
    return (dy_plane){plane, plane + e->dy.top * row + e->dy.left * e->dy.pitch, row};
}

/* ---- prefetching what is next ---------------------------------------------------------------------- */

static inline int64_t picture_reals(const dpid_engine *e)
{
    return e->g.window.h * e->g.window.w * e->g.window.c;
}

static inline int64_t result_reals(const dpid_engine *e)
{
    return e->g.window.out_h * e->g.window.out_w * e->g.out;
}

/* Prefetch pictures n, n + 1, ... of an array whose pictures have this many reals; none past the end of the batch. */
static inline void fetch(const dpid_engine *e, dpid_prefetch *a, const void *array, int64_t n, int64_t pictures,
                         int64_t reals)
{
    const int64_t count = dpid_smaller(pictures, e->job->pass->n - n);
    if (array && count > 0)
        dpid_prefetch_add(a, (const real *)array + n * reals, count * reals);
}

/* The picture that this worker will probably compute after picture n - 1: the next of its task, or the first of the
   task that it gets if all workers keep the same pace. */
static inline int64_t next_picture(const dpid_engine *e, int64_t n)
{
    return n % e->task_pictures != 0 ? n : n + (dpid_pool_workers(e->job->pass->pool) - 1) * e->task_pictures;
}

static inline void fetch_input(const dpid_engine *e, dpid_prefetch *a, int64_t n, int64_t pictures)
{
    const dpid_picture_source *s = &e->job->in;
    fetch(e, a, s->x, n, pictures, picture_reals(e));
    fetch(e, a, s->skip, n, pictures, picture_reals(e));
    fetch(e, a, s->keep, n, pictures, picture_reals(e));
}

static inline void fetch_dy(const dpid_engine *e, dpid_prefetch *a, int64_t n, int64_t pictures)
{
    fetch(e, a, e->job->dy.g, n, pictures, result_reals(e));
    fetch(e, a, e->job->dy.tilt ? e->job->dy.x : NULL, n, pictures, result_reals(e));
}

/* What gradient_store reads and writes. */
static inline void fetch_dx(const dpid_engine *e, dpid_prefetch *a, int64_t n, int64_t pictures)
{
    const dpid_gradient_sink *s = &e->job->dx;
    fetch(e, a, s->dx, n, pictures, picture_reals(e));
    fetch(e, a, s->addend, n, pictures, picture_reals(e));
    fetch(e, a, s->v, n, pictures, picture_reals(e));
    fetch(e, a, s->x, n, pictures, picture_reals(e));
}

#endif
