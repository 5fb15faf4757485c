/* Forward and backward over a batch. Each picture is loaded, convolved and finished while it is in the cache.
   The words: engine.h   Planes: planes.h   Loading and finishing: picture.h   The algorithms: direct.h, winograd.h */
#include "ops/conv2d/engine.h"
#include "base/numbers.h"
#include "ops/conv2d/planes.h"
#include "ops/conv2d/tile_batch.h"
#include "ops/conv2d/second_run.h"

#include "tensor/vector.h"

#include <string.h>

enum { WEIGHT, BIAS };
enum { BLOCK = 16 };

static real *scratch_of(const dpid_engine *e, int32_t worker, int64_t offset)
{
    return e->workers + worker * e->worker_reals + offset;
}

/* ---- Winograd: a tile batch at a time (tile_batch.h) ------------------------------------------------ */

/* Each band of a picture prefetches its share of what comes next. */
static dpid_prefetch share_of(const dpid_engine *e, const tile_batch *b, int64_t height)
{
    return (dpid_prefetch){.count = 0, .share = b->row / e->band_rows, .shares = bands_of(e, height)};
}

/* The number of tiles is rounded up: those behind the last one, number count - 1, are zero. */
static void clear_unused(real *v, int64_t blocks, int64_t tiles, int64_t count)
{
    for (int64_t p = 0; tiles > count && p < DPID_POSITIONS; p++)
        for (int64_t b = 0; b < blocks; b++)
            memset(v + p * dpid_position(blocks, tiles) + (b * tiles + count) * BLOCK, 0,
                   (size_t)((tiles - count) * BLOCK) * sizeof *v);
}

/* A side without a picture is zero. */
static void load_plane(const dpid_engine *e, const tile_batch *b, int64_t q, real *plane)
{
    if (picture_of(e, b, q, e->sides - 1) < 0)
        memset(plane, 0, (size_t)(e->in.blocks * e->in.block) * sizeof *plane);
    for (int64_t side = 0; side < e->sides && picture_of(e, b, q, side) >= 0; side++)
        load_input(e, &e->job->in, picture_of(e, b, q, side), side_of(plane, side));
}

static void transform_input(const dpid_engine *e, const tile_batch *b, int64_t q, const real *plane, real *v)
{
    const dpid_tiles at = tiles_of_output(e, b, q);
    const int64_t row = e->in.columns * e->in.pitch;
    DPID_T(dpid_winograd_input)(plane + b->row * DPID_TILE * row, row, e->in.block, e->in_blocks, &at, v);
}

/* ---- forward ----------------------------------------------------------------------------------------- */

static real *result_of(const dpid_engine *e, int64_t n)
{
    return (real *)e->job->y + n * e->g.window.out_h * e->g.window.out_w * e->g.out;
}

static void multiply_tiles(const dpid_engine *e, const real *v, int64_t in_blocks, int64_t out_blocks,
                           const dpid_prefetch *ahead, real *m)
{
    if (e->pairs)
        DPID_T(dpid_winograd_multiply_pairs)(v, e->u, e->tiles, ahead, m);
    else
        DPID_T(dpid_winograd_multiply)(v, e->u, in_blocks, out_blocks, e->tiles, e->narrow, ahead, m);
}

static void transform_output(const dpid_engine *e, const real *m, const dpid_tiles *at, int64_t channels,
                             int64_t height, int64_t width, const real *bias, real *const y[2])
{
    if (e->pairs)
        DPID_T(dpid_winograd_output_pair)(m, at, channels, height, width, bias, y[0], y[1]);
    else
        DPID_T(dpid_winograd_output)(m, at, channels, height, width, bias, y[0]);
}

static void forward_winograd(const dpid_engine *e, const tile_batch *b, int32_t worker)
{
    const dpid_window *w = &e->g.window;
    const int64_t first = b->row * DPID_TILE;
    real *plane = scratch_of(e, worker, e->plane_in);
    real *v = scratch_of(e, worker, e->v);
    real *m = scratch_of(e, worker, e->m);
    clear_unused(v, e->in_blocks, e->tiles, tiles_of_output(e, b, planes_of(e, b)).first);
    for (int64_t q = 0; q < planes_of(e, b); q++) {
        if (b->row == 0)
            load_plane(e, b, q, plane);
        transform_input(e, b, q, plane, v);
    }
    dpid_prefetch ahead = share_of(e, b, w->out_h);
    fetch(e, &ahead, e->job->y, b->first, b->pictures, result_reals(e));
    fetch_input(e, &ahead, next_picture(e, b->first + b->pictures), b->pictures);
    multiply_tiles(e, v, e->in_blocks, e->out_blocks, &ahead, m);
    for (int64_t q = 0; q < planes_of(e, b); q++) {
        const dpid_tiles at = tiles_of_output(e, b, q);
        real *y[2] = {NULL};
        for (int64_t side = 0; side < e->sides && picture_of(e, b, q, side) >= 0; side++)
            y[side] = result_of(e, picture_of(e, b, q, side)) + first * w->out_w * e->g.out;
        transform_output(e, m, &at, e->g.out, w->out_h - first, w->out_w, e->job->pass->parameter[BIAS], y);
    }
}

/* y = start + correlation of channels from first_a on of the plane, with weights from first_w on */
static void multiply_plane(const dpid_engine *e, const dpid_correlation *k, int32_t worker, const real *plane,
                           int64_t first_a, int64_t first_w, const real *start, const dpid_prefetch *ahead, real *y)
{
    if (e->native)
        DPID_T(dpid_native_multiply)
    (k, scratch_of(e, worker, e->packed_plane), first_a, e->packed_w + first_w / 2, start, ahead, y);
    else DPID_T(dpid_direct_multiply)(k, e->narrow, plane + first_a, e->w + first_w, start, ahead, y);
}

static void pack_plane(const dpid_engine *e, const dpid_plane *p, const real *plane, int32_t worker)
{
    if (e->native)
        DPID_T(dpid_native_pack)(p->blocks * p->block, plane, scratch_of(e, worker, e->packed_plane));
}

static void forward_direct(const dpid_engine *e, int64_t n, int32_t worker)
{
    const real *plane = input_plane(e, n, scratch_of(e, worker, e->plane_in));
    dpid_prefetch ahead = {.count = 0};
    fetch(e, &ahead, e->job->y, n, 1, result_reals(e));
    fetch_input(e, &ahead, next_picture(e, n + 1), 1);
    pack_plane(e, &e->in, plane, worker);
    for (int64_t g = 0; g < e->g.groups; g++)
        multiply_plane(e, e->forward, worker, plane, g * e->g.in_g, g * dpid_taps_forward_weights(&e->g),
                       e->job->pass->parameter[BIAS] ? e->bias + g * e->out_blocks * BLOCK : NULL,
                       g == 0 ? &ahead : NULL, result_of(e, n) + g * e->g.out_g);
}

/* What is rounded may be finite and have been infinite, or the other way round: then statistics tell nothing. */
static void finish_forward(const dpid_engine *e, int64_t n)
{
    const bool rounds = e->job->rounding != NULL;
    wide *statistics = e->job->statistics ? (wide *)e->job->statistics + 2 * n * e->g.out : NULL;
    const bool finite = !rounds || DPID_T(dpid_chunk_round)(e->job->rounding, result_reals(e), result_of(e, n));
    if (statistics)
        DPID_T(dpid_chunk_statistics)(result_of(e, n), e->g.window.out_h * e->g.window.out_w, e->g.out, statistics);
    if (e->winograd)
        e->not_finite[n] = rounds ? !finite : is_not_finite(e, result_of(e, n), result_reals(e), statistics);
}

static void forward_pictures(const dpid_engine *e, int64_t n, int64_t pictures, int32_t worker)
{
    tile_batch b = {.first = n, .pictures = pictures};
    if (!e->winograd)
        forward_direct(e, n, worker);
    for (; e->winograd && b.row < dpid_conv2d_tiles(e->g.window.out_h); b.row += e->band_rows)
        forward_winograd(e, &b, worker);
    for (int64_t q = 0; q < pictures; q++)
        finish_forward(e, n + q);
}

static void forward_task(void *arg, int64_t task, int32_t worker)
{
    const dpid_engine *e = arg;
    const int64_t end = dpid_engine_end(e, task);
    clear_input(e, scratch_of(e, worker, e->plane_in));
    for (int64_t n = task * e->task_pictures; n < end; n += e->batch_pictures)
        if (!is_done(e, n))
            forward_pictures(e, n, dpid_smaller(e->batch_pictures, end - n), worker);
}

static void run_forward(const dpid_engine *e)
{
    DPID_T(dpid_engine_pack_forward)(e);
    dpid_pool_run(e->job->pass->pool, e->tasks, forward_task, (void *)e);
}

void DPID_T(dpid_conv2d_run_forward)(const dpid_conv2d_job *job)
{
    const dpid_pass *pass = job->pass;
    const dpid_engine e =
        DPID_T(dpid_engine_make)(pass->op, pass->n, dpid_pool_workers(pass->pool), pass->exact, false, job);
    run_forward(&e);
    if (!any_not_finite(&e, 0, pass->n))
        return;
    const dpid_engine again = second_run(&e, job);
    run_forward(&again);
}

/* ---- backward: what both ways share --------------------------------------------------------------------- */

static bool wants(const dpid_engine *e, int32_t parameter)
{
    return e->job->pass->dparameter[parameter] != NULL;
}

static real *partial_of(const dpid_engine *e, int64_t task)
{
    return e->partial + task * dpid_engine_partial_reals(e);
}

/* db += dy^T 1; first: its pixel (0, 0) */
static void add_bias_gradient(const dpid_engine *e, const real *first, int64_t row, real *partial)
{
    const dpid_window *w = &e->g.window;
    real *db = partial + e->g.groups * dpid_taps_forward_weights(&e->g);
    for (int64_t c = 0; wants(e, BIAS) && c < e->g.out; c += e->dy.pitch, first += e->dy.block)
        for (int64_t i = 0; i < w->out_h; i++)
            DPID_T(dpid_column_sums)
    (w->out_w, dpid_smaller(e->dy.pitch, e->g.out - c), first + i * row, e->dy.pitch, db + c);
}

/* Where this layer's share of dx is computed: in dx itself, unless it has to be added to what is there. */
static real *fresh_of(const dpid_engine *e, int64_t n, int64_t side, int32_t worker)
{
    return e->job->dx.add ? scratch_of(e, worker, e->fresh) + side * picture_reals(e)
                          : (real *)e->job->dx.dx + n * picture_reals(e);
}

static void finish_gradient(const dpid_engine *e, int64_t n, const real *fresh)
{
    const dpid_window *w = &e->g.window;
    DPID_T(dpid_gradient_store)(&e->job->dx, n, w->h * w->w, w->c, fresh);
}

/* ---- backward, direct --------------------------------------------------------------------------------------- */

static void gradient_direct(const dpid_engine *e, int64_t n, const real *plane, int32_t worker)
{
    real *fresh = fresh_of(e, n, 0, worker);
    dpid_prefetch ahead = {.count = 0};
    pack_plane(e, &e->dy, plane, worker);
    fetch_dx(e, &ahead, n, 1);
    fetch_input(e, &ahead, n, 1);
    fetch_dy(e, &ahead, next_picture(e, n + 1), 1);
    for (int64_t g = 0; g < e->g.groups; g++)
        for (int64_t i = 0; i < dpid_taps_classes(&e->g); i++)
            multiply_plane(e, &e->backward_of[i], worker, plane, g * e->g.out_g,
                           g * dpid_taps_backward_weights(&e->g) + e->backward_of[i].weights, NULL,
                           g + i == 0 ? &ahead : NULL, fresh + g * e->g.in_g);
    finish_gradient(e, n, fresh);
}

static void weights_direct(const dpid_engine *e, int64_t n, const dy_plane *dy, int32_t worker, real *dw)
{
    const real *plane = input_plane(e, n, scratch_of(e, worker, e->plane_in));
    for (int64_t g = 0; g < e->g.groups; g++)
        DPID_T(dpid_direct_accumulate)
    (e->forward, plane + g * e->g.in_g, dy->first + g * e->g.out_g, dy->row, e->dy.pitch,
     dw + g * dpid_taps_forward_weights(&e->g));
}

static void backward_direct(const dpid_engine *e, int64_t n, int32_t worker, real *partial)
{
    const bool back = e->job->dx.dx && !is_done(e, n);
    if (!back && !wants(e, WEIGHT) && !wants(e, BIAS))
        return;
    const dy_plane dy = gradient_plane(e, n, back, scratch_of(e, worker, e->plane_dy));
    add_bias_gradient(e, dy.first, dy.row, partial);
    if (back)
        gradient_direct(e, n, dy.plane, worker);
    if (wants(e, WEIGHT))
        weights_direct(e, n, &dy, worker, partial);
}

/* ---- backward, Winograd: dy is loaded once, and goes through both of its transforms ----------------------- */

static void load_dy_plane(const dpid_engine *e, const tile_batch *b, int64_t q, real *plane, real *partial)
{
    if (picture_of(e, b, q, e->sides - 1) < 0)
        memset(plane, 0, (size_t)(e->dy.blocks * e->dy.block) * sizeof *plane);
    const int64_t row = e->dy.columns * e->dy.pitch;
    for (int64_t side = 0; side < e->sides && picture_of(e, b, q, side) >= 0; side++) {
        real *of_side = side_of(plane, side);
        load_gradient(e, picture_of(e, b, q, side), of_side);
        add_bias_gradient(e, of_side + e->dy.top * row + e->dy.left * e->dy.pitch, row, partial);
    }
}

static void transform_dy(const dpid_engine *e, const tile_batch *b, int64_t q, const real *plane, int32_t worker)
{
    const int64_t row = e->dy.columns * e->dy.pitch;
    const real *band = plane + b->row * DPID_TILE * row;
    const dpid_tiles back = tiles_of_input(e, b, q);
    const dpid_tiles at = tiles_of_output(e, b, q);
    if (e->job->dx.dx)
        DPID_T(dpid_winograd_input)(band, row, e->dy.block, e->out_blocks, &back, scratch_of(e, worker, e->v));
    if (wants(e, WEIGHT))
        DPID_T(dpid_winograd_gradient)
    (band + e->dy.top * row + e->dy.left * e->dy.pitch, row, e->dy.block, e->out_blocks, &at,
     scratch_of(e, worker, e->z));
}

/* A gradient that is not finite stays unfinished: the second run computes it. */
static void finish_winograd(const dpid_engine *e, int64_t n, const real *fresh)
{
    e->not_finite[n] = !DPID_T(dpid_all_finite)(fresh, picture_reals(e));
    if (e->not_finite[n] == 0)
        finish_gradient(e, n, fresh);
}

static void gradient_winograd(const dpid_engine *e, const tile_batch *b, int32_t worker)
{
    const dpid_window *w = &e->g.window;
    const int64_t first = b->row * DPID_TILE;
    real *v = scratch_of(e, worker, e->v);
    real *m = scratch_of(e, worker, e->m);
    const bool last = b->row + e->band_rows >= dpid_conv2d_tiles(w->h);
    clear_unused(v, e->out_blocks, e->tiles, tiles_of_input(e, b, planes_of(e, b)).first);
    dpid_prefetch ahead = share_of(e, b, w->h);
    fetch_dx(e, &ahead, b->first, b->pictures);
    if (ahead.shares == 1)
        fetch_input(e, &ahead, b->first, b->pictures);
    multiply_tiles(e, v, e->out_blocks, e->in_blocks, &ahead, m);
    for (int64_t q = 0; q < planes_of(e, b); q++) {
        const dpid_tiles at = tiles_of_input(e, b, q);
        real *dx[2] = {NULL};
        for (int64_t side = 0; side < e->sides && picture_of(e, b, q, side) >= 0; side++)
            dx[side] = fresh_of(e, picture_of(e, b, q, side), side, worker) + first * w->w * w->c;
        transform_output(e, m, &at, w->c, w->h - first, w->w, NULL, dx);
        for (int64_t side = 0; last && side < 2 && dx[side]; side++)
            finish_winograd(e, picture_of(e, b, q, side), dx[side] - first * w->w * w->c);
    }
}

static void weights_winograd(const dpid_engine *e, const tile_batch *b, bool from_zero, int32_t worker)
{
    real *plane = scratch_of(e, worker, e->plane_in);
    real *v = scratch_of(e, worker, e->v);
    for (int64_t q = 0; q < planes_of(e, b); q++) {
        if (b->row == 0)
            load_plane(e, b, q, plane);
        transform_input(e, b, q, plane, v);
    }
    dpid_prefetch ahead = share_of(e, b, e->g.window.out_h);
    fetch_dy(e, &ahead, next_picture(e, b->first + b->pictures), b->pictures);
    /* With several bands, the input is read right after the first: too early for the bands of its own picture to
       prefetch it, so those of the picture before do. */
    if (ahead.shares > 1)
        fetch_input(e, &ahead, next_picture(e, b->first + b->pictures), b->pictures);
    const int64_t count = tiles_of_output(e, b, planes_of(e, b)).first;
    const real *z = scratch_of(e, worker, e->z);
    real *du = scratch_of(e, worker, e->du);
    if (e->pairs)
        DPID_T(dpid_winograd_accumulate_pairs)(v, z, e->tiles, count, from_zero, &ahead, du);
    else
        DPID_T(dpid_winograd_accumulate)(v, z, e->in_blocks, e->out_blocks, e->tiles, count, from_zero, &ahead, du);
}

static void backward_winograd(const dpid_engine *e, int64_t n, int64_t pictures, bool from_zero, int32_t worker,
                              real *partial)
{
    const dpid_window *w = &e->g.window;
    real *plane = scratch_of(e, worker, e->plane_dy);
    tile_batch b = {.first = n, .pictures = pictures};
    for (; b.row < dpid_conv2d_tiles(w->h) || b.row < dpid_conv2d_tiles(w->out_h); b.row += e->band_rows) {
        for (int64_t q = 0; q < planes_of(e, &b); q++) {
            if (b.row == 0)
                load_dy_plane(e, &b, q, plane, partial);
            transform_dy(e, &b, q, plane, worker);
        }
        if (e->job->dx.dx && b.row < dpid_conv2d_tiles(w->h))
            gradient_winograd(e, &b, worker);
        if (wants(e, WEIGHT) && b.row < dpid_conv2d_tiles(w->out_h))
            weights_winograd(e, &b, from_zero && b.row == 0, worker);
    }
}

/* ---- backward: a task ------------------------------------------------------------------------------------------ */

static void backward_task(void *arg, int64_t task, int32_t worker)
{
    const dpid_engine *e = arg;
    const int64_t begin = task * e->task_pictures;
    const int64_t end = dpid_engine_end(e, task);
    real *partial = partial_of(e, task);
    /* Winograd writes dw at the end of the task, by a transform; all else is added up. */
    const int64_t written = e->winograd && wants(e, WEIGHT) ? dpid_taps_forward_weights(&e->g) : 0;
    memset(partial + written, 0, (size_t)(dpid_engine_partial_reals(e) - written) * sizeof *partial);
    clear_input(e, scratch_of(e, worker, e->plane_in));
    clear_gradient(e, scratch_of(e, worker, e->plane_dy));
    for (int64_t n = begin; n < end; n += e->batch_pictures) {
        if (e->winograd)
            backward_winograd(e, n, dpid_smaller(e->batch_pictures, end - n), n == begin, worker, partial);
        else
            backward_direct(e, n, worker, partial);
    }
    if (e->winograd && wants(e, WEIGHT))
        DPID_T(dpid_winograd_weight_gradient)(scratch_of(e, worker, e->du), e->g.in_g, e->out_blocks, partial);
}

static void run_backward(const dpid_engine *e)
{
    if (e->job->dx.dx)
        DPID_T(dpid_engine_pack_backward)(e);
    dpid_pool_run(e->job->pass->pool, e->tasks, backward_task, (void *)e);
    DPID_T(dpid_engine_reduce)(e);
}

void DPID_T(dpid_conv2d_run_backward)(const dpid_conv2d_job *job)
{
    dpid_pass pass = *job->pass;
    const dpid_engine e =
        DPID_T(dpid_engine_make)(pass.op, pass.n, dpid_pool_workers(pass.pool), pass.exact, true, job);
    run_backward(&e);
    const bool pictures = job->dx.dx && any_not_finite(&e, 0, pass.n);
    const bool weights = wants(&e, WEIGHT) && any_not_finite(&e, pass.n, e.out_blocks);
    if (!pictures && !weights)
        return;
    dpid_conv2d_job rest = *job;
    rest.pass = &pass;
    rest.dx.dx = pictures ? job->dx.dx : NULL;
    pass.dparameter[WEIGHT] = weights ? pass.dparameter[WEIGHT] : NULL;
    pass.dparameter[BIAS] = NULL; /* complete: no transform is part of it */
    const dpid_engine again = second_run(&e, &rest);
    run_backward(&again);
}

#if DPID_ONCE
const dpid_conv2d_fn dpid_conv2d_run_forward[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_conv2d_run_forward);
const dpid_conv2d_fn dpid_conv2d_run_backward[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_conv2d_run_backward);
#endif
