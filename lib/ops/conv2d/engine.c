/* Sizes and addresses of one convolution over one batch.   The words: engine.h */
#include "ops/conv2d/engine.h"

#include "base/numbers.h"
#include "base/units.h"

#include <stddef.h>
#include <stdint.h>

enum { BLOCK = 16, LINE = 64 };
/* A tile batch has at least LEAST_TILES, or the products are slow; more than BAND_TILES do not stay in the cache. */
enum { LEAST_TILES = 16, BAND_TILES = 32 };
enum { TASKS = 16, TASK_PICTURES = 4 };
enum { SLACK = 4 * BLOCK }; /* the weight gradient reads this far behind a plane */

/* A batch is cut into at most TASKS tasks. Small batches have fewer, of up to TASK_PICTURES pictures each. The number
   follows from the batch alone, so the order of the sums does too. */
static int64_t pictures_of_task(int64_t n)
{
    return dpid_larger((n + TASKS - 1) / TASKS, dpid_smaller(TASK_PICTURES, (n + TASK_PICTURES - 1) / TASK_PICTURES));
}

/* The most tasks that a batch of at most n pictures is cut into. That is not the number for n: 9 pictures are 3 tasks,
   8 are 4. Scratch for n samples has to be enough for fewer (ops/op.h). */
static int64_t most_tasks(int64_t n)
{
    return dpid_smaller(TASKS, dpid_larger(dpid_smaller(n, TASK_PICTURES), (n + TASK_PICTURES - 1) / TASK_PICTURES));
}

/* Reserve reals in the scratch, rounded up to whole cache lines: their offset. */
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

static void choose_tile_batch(dpid_engine *e)
{
    const dpid_window *w = &e->g.window;
    const int64_t columns = dpid_larger(dpid_conv2d_tiles(w->out_w), dpid_conv2d_tiles(w->w));
    const int64_t rows = dpid_larger(dpid_conv2d_tiles(w->out_h), dpid_conv2d_tiles(w->h));
    const int64_t of_picture = rows * columns;
    const int64_t planes = of_picture >= LEAST_TILES ? 1
                                                     : dpid_smaller((e->task_pictures + e->sides - 1) / e->sides,
                                                                    (LEAST_TILES + of_picture - 1) / of_picture);
    e->batch_pictures = planes * e->sides;
    e->band_rows = of_picture <= BAND_TILES ? rows : dpid_larger(1, BAND_TILES / columns);
    const int64_t count = planes * dpid_smaller(e->band_rows, rows) * columns;
    e->tiles = DPID_T(dpid_winograd_round)(count);
}

static int64_t tile_reals(int64_t blocks, int64_t tiles)
{
    return DPID_POSITIONS * dpid_position(blocks, tiles);
}

static void lay_out_worker(dpid_engine *e)
{
    int64_t used = 0;
    const int64_t widest = dpid_larger(e->in_blocks, e->out_blocks);
    const int64_t picture = e->g.window.h * e->g.window.w * e->g.window.c;
    e->plane_in = take(&used, plane_reals(&e->in));
    e->plane_dy = take(&used, e->backward ? plane_reals(&e->dy) : 0);
    e->packed_plane = take(&used, e->winograd ? 0
                                              : DPID_T(dpid_native_reals)(dpid_larger(
                                                    plane_reals(&e->in), e->backward ? plane_reals(&e->dy) : 0)));
    e->v = take(&used, e->winograd ? tile_reals(e->backward ? widest : e->in_blocks, e->tiles) : 0);
    e->m = take(&used, e->winograd ? tile_reals(e->backward ? e->in_blocks : e->out_blocks, e->tiles) : 0);
    e->z = take(&used, e->winograd && e->backward ? tile_reals(e->out_blocks, e->tiles) : 0);
    e->du = take(&used,
                 e->winograd && e->backward ? DPID_POSITIONS * dpid_weight_position(e->in_blocks, e->out_blocks) : 0);
    e->fresh = take(&used, e->backward ? e->sides * picture : 0);
    e->worker_reals = used;
}

/* Offsets of what the workers share. */
typedef struct {
    int64_t not_finite, lists, w, packed_w, u, bias, partial, workers;
} places;

/* The marks of what is not finite come first: the second run lays its scratch out anew and still reads them. */
static places lay_out(dpid_engine *e, int64_t n, int64_t marks, int32_t workers)
{
    places p;
    int64_t used = LINE; /* to align the start */
    p.not_finite = take(&used, marks);
    const int64_t weights = dpid_larger(dpid_taps_forward_weights(&e->g), dpid_taps_backward_weights(&e->g));
    p.lists = take(&used, 2 * (dpid_taps_bytes(&e->g) + LINE) / (int64_t)sizeof(real));
    p.w = take(&used, e->g.groups * weights);
    p.packed_w = take(&used, e->winograd ? 0 : DPID_T(dpid_native_reals)(e->g.groups * weights));
    p.u = take(&used, e->winograd ? DPID_POSITIONS * dpid_weight_position(e->in_blocks, e->out_blocks) : 0);
    p.bias = take(&used, e->g.groups * e->out_blocks * BLOCK);
    p.partial = take(&used, e->backward ? most_tasks(n) * dpid_engine_partial_reals(e) : 0);
    p.workers = take(&used, workers * e->worker_reals);
    e->reals = used;
    return p;
}

static real *aligned(void *scratch)
{
    return (real *)(((uintptr_t)scratch + LINE - 1) / LINE * LINE);
}

/* What is multiplied: backward, the gradient alone. */
static bool fits_native(const dpid_engine *e)
{
    bool fits = e->backward || DPID_T(dpid_native_fits)(e->forward);
    for (int64_t i = 0; e->backward && i < dpid_taps_classes(&e->g); i++)
        fits = fits && DPID_T(dpid_native_fits)(&e->backward_of[i]);
    return fits;
}

dpid_engine DPID_T(dpid_engine_make)(const dpid_op *op, int64_t n, int32_t workers, bool exact, bool backward,
                                     const dpid_conv2d_job *job)
{
    dpid_engine e = {.job = job,
                     .batch_pictures = 1,
                     .winograd = !exact && dpid_conv2d_has_winograd(op),
                     .backward = backward,
                     .narrow = dpid_units() == 1,
                     .task_pictures = pictures_of_task(n)};
    e.pairs = e.winograd && dpid_conv2d_has_pairs(op);
    e.sides = e.pairs ? 2 : 1;
    (void)dpid_conv2d_make(NULL, op, &e.g); /* cannot fail: it succeeded when the op was made */
    e.tasks = (n + e.task_pictures - 1) / e.task_pictures;
    e.in = dpid_plane_forward(&e.g, e.winograd);
    e.dy = dpid_plane_backward(&e.g, e.winograd);
    e.in_blocks = dpid_conv2d_blocks(e.g.in_g);
    e.out_blocks = dpid_conv2d_blocks(e.g.out_g);
    if (e.winograd)
        choose_tile_batch(&e);
    lay_out_worker(&e);
    const places p = lay_out(&e, n, dpid_conv2d_has_winograd(op) ? n + e.out_blocks : 0, workers);
    if (!job)
        return e;
    real *scratch = aligned(job->pass->scratch);
    char *lists = (char *)(scratch + p.lists);
    e.not_finite = e.winograd ? scratch + p.not_finite : NULL;
    e.w = scratch + p.w;
    e.packed_w = scratch + p.packed_w;
    e.u = scratch + p.u;
    e.bias = scratch + p.bias;
    e.partial = scratch + p.partial;
    e.workers = scratch + p.workers;
    dpid_taps_forward(&e.g, &e.in, lists, &e.forward);
    if (backward)
        dpid_taps_backward(&e.g, &e.dy, lists + (dpid_taps_bytes(&e.g) + LINE - 1) / LINE * LINE, &e.backward_of);
    e.native = job->pass->native && !e.winograd && fits_native(&e);
    return e;
}
