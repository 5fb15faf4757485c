/* The plan of one convolution over one batch.   What for: engine.h */
#include "ops/conv2d/engine.h"

#include <stddef.h>
#include <stdint.h>

enum { BLOCK = 16, LINE = 64 };
/* a Winograd product wants at least so many tiles; more than that many do not stay in the cache */
enum { GROUP_TILES = 16, BAND_TILES = 32 };
enum { TASKS = 16, TASK_IMAGES = 4, SLACK = 4 * BLOCK }; /* SLACK: what the weight gradient reads behind a plane */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* About TASKS tasks; but of at least TASK_IMAGES pictures, as long as that leaves TASK_IMAGES tasks. By the batch
   alone. */
static int64_t images_of_task(int64_t n)
{
    return larger((n + TASKS - 1) / TASKS, smaller(TASK_IMAGES, (n + TASK_IMAGES - 1) / TASK_IMAGES));
}

/* Of any batch of up to n: 9 pictures make three tasks, 7 and 8 make four. Scratch for n samples is enough for fewer
   (ops/op.h). */
static int64_t most_tasks(int64_t n)
{
    return smaller(TASKS, larger(smaller(n, TASK_IMAGES), (n + TASK_IMAGES - 1) / TASK_IMAGES));
}

/* Takes reals from the scratch, a cache line at a time. */
static int64_t take(int64_t *used, int64_t reals)
{
    const int64_t line = LINE / (int64_t)sizeof(real) > 0 ? LINE / (int64_t)sizeof(real) : 1;
    const int64_t at = *used;
    *used += (reals + line - 1) / line * line;
    return at;
}

static int64_t plane_reals(const dpid_plane *p)
{
    return p->blocks * p->block + SLACK;
}

static void choose_groups(dpid_engine *e)
{
    const dpid_window *w = &e->g.window;
    const int64_t columns = larger(dpid_conv2d_tiles(w->out_w), dpid_conv2d_tiles(w->w));
    const int64_t rows = larger(dpid_conv2d_tiles(w->out_h), dpid_conv2d_tiles(w->h));
    const int64_t of_picture = rows * columns;
    const int64_t sets = of_picture >= GROUP_TILES ? 1
                                                   : smaller((e->images + e->sides - 1) / e->sides,
                                                             (GROUP_TILES + of_picture - 1) / of_picture);
    e->together = sets * e->sides;
    e->band = of_picture <= BAND_TILES ? rows : larger(1, BAND_TILES / columns);
    const int64_t count = sets * smaller(e->band, rows) * columns;
    e->tiles = larger(DPID_T(dpid_winograd_round)(count, e->out_blocks),
                      e->backward ? DPID_T(dpid_winograd_round)(count, e->in_blocks) : 0);
}

static int64_t set_reals(int64_t blocks, int64_t tiles)
{
    return DPID_POSITIONS * dpid_position(blocks, tiles);
}

static void lay_out_worker(dpid_engine *e)
{
    int64_t used = 0;
    const int64_t widest = larger(e->in_blocks, e->out_blocks);
    const int64_t picture = e->g.window.h * e->g.window.w * e->g.window.c;
    e->plane_in = take(&used, plane_reals(&e->in));
    e->plane_dy = take(&used, e->backward ? plane_reals(&e->dy) : 0);
    e->set_source = take(&used, e->winograd ? set_reals(e->backward ? widest : e->in_blocks, e->tiles) : 0);
    e->set_result = take(&used, e->winograd ? set_reals(e->backward ? e->in_blocks : e->out_blocks, e->tiles) : 0);
    e->set_dy = take(&used, e->winograd && e->backward ? set_reals(e->out_blocks, e->tiles) : 0);
    e->set_weights = take(
        &used, e->winograd && e->backward ? DPID_POSITIONS * dpid_weight_position(e->in_blocks, e->out_blocks) : 0);
    e->fresh = take(&used, e->backward ? e->sides * picture : 0);
    e->worker_reals = used;
}

typedef struct {
    int64_t odd, lists, w, u, bias, partial, workers;
} places;

/* The marks come first: they outlive the layout of Winograd's run. */
static places lay_out(dpid_engine *e, int64_t n, int64_t marks, int32_t workers)
{
    places p;
    int64_t used = LINE; /* to align the start */
    p.odd = take(&used, marks);
    const int64_t weights = larger(dpid_taps_forward_weights(&e->g), dpid_taps_backward_weights(&e->g));
    p.lists = take(&used, 2 * (dpid_taps_bytes(&e->g) + LINE) / (int64_t)sizeof(real));
    p.w = take(&used, e->g.groups * weights);
    p.u = take(&used, e->winograd ? DPID_POSITIONS * dpid_weight_position(e->in_blocks, e->out_blocks) : 0);
    p.bias = take(&used, e->g.groups * e->out_blocks * BLOCK);
    p.partial = take(&used, e->backward ? most_tasks(n) * dpid_engine_partial(e) : 0);
    p.workers = take(&used, workers * e->worker_reals);
    e->reals = used;
    return p;
}

static real *aligned(void *scratch)
{
    return (real *)(((uintptr_t)scratch + LINE - 1) / LINE * LINE);
}

dpid_engine DPID_T(dpid_engine_make)(const dpid_op *op, int64_t n, int32_t workers, bool exact, bool backward,
                                     const dpid_conv2d_job *job)
{
    dpid_engine e = {.job = job,
                     .together = 1,
                     .winograd = !exact && dpid_conv2d_has_winograd(op),
                     .backward = backward,
                     .narrow = dpid_isa_halves(),
                     .images = images_of_task(n)};
    e.pairs = e.winograd && dpid_conv2d_has_pairs(op);
    e.sides = e.pairs ? 2 : 1;
    (void)dpid_conv2d_make(NULL, op, &e.g); /* cannot fail: it succeeded when the op was made */
    e.tasks = (n + e.images - 1) / e.images;
    e.in = dpid_plane_forward(&e.g, e.winograd);
    e.dy = dpid_plane_backward(&e.g, e.winograd);
    e.in_blocks = dpid_conv2d_blocks(e.g.in_g);
    e.out_blocks = dpid_conv2d_blocks(e.g.out_g);
    if (e.winograd)
        choose_groups(&e);
    lay_out_worker(&e);
    const places p = lay_out(&e, n, dpid_conv2d_has_winograd(op) ? n + e.out_blocks : 0, workers);
    if (!job)
        return e;
    real *scratch = aligned(job->pass->scratch);
    char *lists = (char *)(scratch + p.lists);
    e.odd = e.winograd ? scratch + p.odd : NULL;
    e.w = scratch + p.w;
    e.u = scratch + p.u;
    e.bias = scratch + p.bias;
    e.partial = scratch + p.partial;
    e.workers = scratch + p.workers;
    dpid_taps_forward(&e.g, &e.in, lists, &e.forward);
    if (backward)
        dpid_taps_backward(&e.g, &e.dy, lists + (dpid_taps_bytes(&e.g) + LINE - 1) / LINE * LINE, &e.backward_of);
    return e;
}
