/* The two loops over pictures: load, convolve, finish, each a plain loop over a picture that stays in the cache.
   Parts: engine.h, group.h, picture.h, direct.h, winograd.h */
#include "ops/conv2d/engine.h"
#include "ops/conv2d/group.h"
#include "ops/conv2d/second_run.h"

#include "tensor/vector.h"

#include <string.h>

enum { WEIGHT, BIAS };
enum { BLOCK = 16 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static real *room(const dpid_engine *e, int32_t worker, int64_t offset)
{
    return e->workers + worker * e->worker_reals + offset;
}

/* ---- planes: the borders are cleared once a task, loading writes the middle ------------------ */

/* What of a picture stands in its plane: none of it where every window sees padding alone. */
static dpid_layout layout_of(const dpid_plane *p, int64_t height, int64_t width, int64_t c)
{
    const bool seen = p->rows > p->top && p->columns > p->left;
    return (dpid_layout){.height = seen ? smaller(height, p->rows - p->top) : 0,
                         .width = seen ? smaller(width, p->columns - p->left) : 0,
                         .c = c,
                         .row = p->columns * p->pitch,
                         .pitch = p->pitch,
                         .block = p->blocks > 1 ? p->block : 0};
}

/* From one row's last pixel to the next one's first it is one stretch. */
static void clear_borders(const dpid_plane *p, const dpid_layout *middle, real *plane)
{
    const int64_t first = p->top * middle->row + p->left * p->pitch;
    const int64_t gap = (p->columns - middle->width) * p->pitch;
    real *end = plane + first + middle->width * p->pitch;
    memset(plane, 0, (size_t)first * sizeof *plane);
    for (int64_t i = 1; i < middle->height; i++, end += middle->row)
        memset(end, 0, (size_t)gap * sizeof *plane);
    memset(end, 0, (size_t)(plane + p->block - end) * sizeof *plane);
}

static void clear_plane(const dpid_plane *p, int64_t height, int64_t width, int64_t c, real *plane)
{
    const dpid_layout middle = layout_of(p, height, width, c);
    /* nothing is loaded; the last block's channels are never loaded either */
    if (middle.height == 0 || c != p->blocks * p->pitch) {
        memset(plane, 0, (size_t)(p->blocks * p->block) * sizeof *plane);
        return;
    }
    for (int64_t b = 0; b < p->blocks; b++)
        clear_borders(p, &middle, plane + b * p->block);
}

static void clear_input(const dpid_engine *e, real *plane)
{
    clear_plane(&e->in, e->g.window.h, e->g.window.w, e->g.window.c, plane);
}

static void clear_gradient(const dpid_engine *e, real *plane)
{
    clear_plane(&e->dy, e->g.window.out_h, e->g.window.out_w, e->g.out, plane);
}

static void load_input(const dpid_engine *e, const dpid_picture_source *s, int64_t n, real *plane)
{
    const dpid_window *w = &e->g.window;
    const dpid_layout layout = layout_of(&e->in, w->h, w->w, w->c);
    DPID_T(dpid_picture_load)
    (s, n, w->w, w->h * w->w, &layout, plane + e->in.top * layout.row + e->in.left * layout.pitch);
}

static void load_gradient(const dpid_engine *e, int64_t n, real *plane)
{
    const dpid_window *w = &e->g.window;
    const dpid_layout layout = layout_of(&e->dy, w->out_h, w->out_w, e->g.out);
    DPID_T(dpid_gradient_load)
    (&e->job->dy, n, w->out_w, w->out_h * w->out_w, &layout,
     plane + e->dy.top * layout.row + e->dy.left * layout.pitch);
}

/* ---- what comes next ------------------------------------------------------------------------------- */

static int64_t picture_reals(const dpid_engine *e)
{
    return e->g.window.h * e->g.window.w * e->g.window.c;
}

static int64_t result_reals(const dpid_engine *e)
{
    return e->g.window.out_h * e->g.window.out_w * e->g.out;
}

/* pictures n.. of an array of pictures of so many reals; none past the batch */
static void fetch(const dpid_engine *e, dpid_ahead *a, const void *array, int64_t n, int64_t pictures, int64_t reals)
{
    const int64_t count = smaller(pictures, e->job->pass->n - n);
    if (array && count > 0)
        dpid_ahead_add(a, (const real *)array + n * reals, count * reals);
}

/* The picture that this worker comes to behind picture n - 1: the next one of its task, or, as far as one can tell
   while others take tasks too, of the task that it will get. */
static int64_t next_picture(const dpid_engine *e, int64_t n)
{
    return n % e->images != 0 ? n : n + (dpid_pool_workers(e->job->pass->pool) - 1) * e->images;
}

static void fetch_input(const dpid_engine *e, dpid_ahead *a, int64_t n, int64_t pictures)
{
    const dpid_picture_source *s = &e->job->in;
    fetch(e, a, s->x, n, pictures, picture_reals(e));
    fetch(e, a, s->skip, n, pictures, picture_reals(e));
    fetch(e, a, s->keep, n, pictures, picture_reals(e));
}

static void fetch_dy(const dpid_engine *e, dpid_ahead *a, int64_t n, int64_t pictures)
{
    fetch(e, a, e->job->dy.g, n, pictures, result_reals(e));
    fetch(e, a, e->job->dy.tilt ? e->job->dy.x : NULL, n, pictures, result_reals(e));
}

/* what finishing dx reads and writes */
static void fetch_dx(const dpid_engine *e, dpid_ahead *a, int64_t n, int64_t pictures)
{
    const dpid_gradient_sink *s = &e->job->dx;
    fetch(e, a, s->dx, n, pictures, picture_reals(e));
    fetch(e, a, s->addend, n, pictures, picture_reals(e));
    fetch(e, a, s->v, n, pictures, picture_reals(e));
    fetch(e, a, s->x, n, pictures, picture_reals(e));
}

/* ---- Winograd: a group of tiles at a time (group.h) ------------------------------------------------ */

/* What this band fetches of what all bands of the group fetch together. */
static dpid_ahead share_of(const dpid_engine *e, const group *p, int64_t height)
{
    return (dpid_ahead){.count = 0, .share = p->row / e->band, .shares = bands_of(e, height)};
}

/* What rounding added to a set stays 0. */
static void clear_rest(real *set, int64_t blocks, int64_t tiles, int64_t count)
{
    for (int64_t p = 0; tiles > count && p < DPID_POSITIONS; p++)
        for (int64_t b = 0; b < blocks; b++)
            memset(set + p * dpid_position(blocks, tiles) + (b * tiles + count) * BLOCK, 0,
                   (size_t)((tiles - count) * BLOCK) * sizeof *set);
}

/* A half without a picture is zero. */
static void load_set(const dpid_engine *e, const group *p, int64_t q, real *plane)
{
    if (picture_of(e, p, q, e->sides - 1) < 0)
        memset(plane, 0, (size_t)(e->in.blocks * e->in.block) * sizeof *plane);
    for (int64_t side = 0; side < e->sides && picture_of(e, p, q, side) >= 0; side++)
        load_input(e, &e->job->in, picture_of(e, p, q, side), side_of(plane, side));
}

static void transform_input(const dpid_engine *e, const group *p, int64_t q, const real *plane, real *set)
{
    const dpid_tiles at = tiles_of_output(e, p, q);
    const int64_t row = e->in.columns * e->in.pitch;
    DPID_T(dpid_winograd_input)(plane + p->row * DPID_TILE * row, row, e->in.block, e->in_blocks, &at, set);
}

/* ---- forward ----------------------------------------------------------------------------------------- */

static real *result_of(const dpid_engine *e, int64_t n)
{
    return (real *)e->job->y + n * e->g.window.out_h * e->g.window.out_w * e->g.out;
}

static void multiply_set(const dpid_engine *e, const real *set, int64_t in_blocks, int64_t out_blocks,
                         const dpid_ahead *ahead, real *result)
{
    if (e->pairs)
        DPID_T(dpid_winograd_multiply_pairs)(set, e->u, e->tiles, ahead, result);
    else
        DPID_T(dpid_winograd_multiply)(set, e->u, in_blocks, out_blocks, e->tiles, e->narrow, ahead, result);
}

static void write_set(const dpid_engine *e, const real *result, const dpid_tiles *at, int64_t channels, int64_t height,
                      int64_t width, const real *bias, real *const y[2])
{
    if (e->pairs)
        DPID_T(dpid_winograd_output_pair)(result, at, channels, height, width, bias, y[0], y[1]);
    else
        DPID_T(dpid_winograd_output)(result, at, channels, height, width, bias, y[0]);
}

static void forward_winograd(const dpid_engine *e, const group *p, int32_t worker)
{
    const dpid_window *w = &e->g.window;
    const int64_t first = p->row * DPID_TILE;
    real *plane = room(e, worker, e->plane_in);
    real *set = room(e, worker, e->set_source);
    real *result = room(e, worker, e->set_result);
    clear_rest(set, e->in_blocks, e->tiles, tiles_of_output(e, p, sets_of(e, p)).first);
    for (int64_t q = 0; q < sets_of(e, p); q++) {
        if (p->row == 0)
            load_set(e, p, q, plane);
        transform_input(e, p, q, plane, set);
    }
    dpid_ahead ahead = share_of(e, p, w->out_h);
    fetch(e, &ahead, e->job->y, p->first, p->pictures, result_reals(e));
    fetch_input(e, &ahead, next_picture(e, p->first + p->pictures), p->pictures);
    multiply_set(e, set, e->in_blocks, e->out_blocks, &ahead, result);
    for (int64_t q = 0; q < sets_of(e, p); q++) {
        const dpid_tiles at = tiles_of_output(e, p, q);
        real *y[2] = {NULL};
        for (int64_t side = 0; side < e->sides && picture_of(e, p, q, side) >= 0; side++)
            y[side] = result_of(e, picture_of(e, p, q, side)) + first * w->out_w * e->g.out;
        write_set(e, result, &at, e->g.out, w->out_h - first, w->out_w, e->job->pass->parameter[BIAS], y);
    }
}

static void forward_direct(const dpid_engine *e, int64_t n, int32_t worker)
{
    real *plane = room(e, worker, e->plane_in);
    dpid_ahead ahead = {.count = 0};
    fetch(e, &ahead, e->job->y, n, 1, result_reals(e));
    fetch_input(e, &ahead, next_picture(e, n + 1), 1);
    load_input(e, &e->job->in, n, plane);
    for (int64_t g = 0; g < e->g.groups; g++)
        DPID_T(dpid_direct_multiply)
    (e->forward, plane + g * e->g.in_g, e->w + g * dpid_taps_forward_weights(&e->g),
     e->job->pass->parameter[BIAS] ? e->bias + g * e->out_blocks * BLOCK : NULL, g == 0 ? &ahead : NULL,
     result_of(e, n) + g * e->g.out_g);
}

static void finish_forward(const dpid_engine *e, int64_t n)
{
    wide *statistics = e->job->statistics ? (wide *)e->job->statistics + 2 * n * e->g.out : NULL;
    if (statistics)
        DPID_T(dpid_piece_statistics)(result_of(e, n), e->g.window.out_h * e->g.window.out_w, e->g.out, statistics);
    if (e->winograd)
        e->odd[n] = is_odd(e, result_of(e, n), result_reals(e), statistics);
}

static void forward_pictures(const dpid_engine *e, int64_t n, int64_t pictures, int32_t worker)
{
    group p = {.first = n, .pictures = pictures};
    if (!e->winograd)
        forward_direct(e, n, worker);
    for (; e->winograd && p.row < dpid_conv2d_tiles(e->g.window.out_h); p.row += e->band)
        forward_winograd(e, &p, worker);
    for (int64_t q = 0; q < pictures; q++)
        finish_forward(e, n + q);
}

static void forward_task(void *arg, int64_t task, int32_t worker)
{
    const dpid_engine *e = arg;
    const int64_t end = dpid_engine_end(e, task);
    clear_input(e, room(e, worker, e->plane_in));
    for (int64_t n = task * e->images; n < end; n += e->together)
        if (!is_done(e, n))
            forward_pictures(e, n, smaller(e->together, end - n), worker);
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
    if (!any_odd(&e, 0, pass->n))
        return;
    const dpid_engine again = second_run(&e, job);
    run_forward(&again);
}

/* ---- backward: what both ways share --------------------------------------------------------------------- */

static bool wants(const dpid_engine *e, int32_t parameter)
{
    return e->job->pass->dparameter[parameter] != NULL;
}

static real *task_part(const dpid_engine *e, int64_t task)
{
    return e->partial + task * dpid_engine_partial(e);
}

/* db += dy^T 1 */
static void add_bias_gradient(const dpid_engine *e, const real *plane, real *db)
{
    const dpid_window *w = &e->g.window;
    const int64_t row = e->dy.columns * e->dy.pitch;
    const real *first = plane + e->dy.top * row + e->dy.left * e->dy.pitch;
    for (int64_t c = 0; c < e->g.out; c += e->dy.pitch, first += e->dy.block)
        for (int64_t i = 0; i < w->out_h; i++)
            DPID_T(dpid_column_sums)
    (w->out_w, smaller(e->dy.pitch, e->g.out - c), first + i * row, e->dy.pitch, db + c);
}

static void load_dy(const dpid_engine *e, int64_t n, real *plane, real *part)
{
    load_gradient(e, n, plane);
    if (wants(e, BIAS))
        add_bias_gradient(e, plane, part + e->g.groups * dpid_taps_forward_weights(&e->g));
}

/* The new part of dx lies in place where nothing has to be added to what is there. */
static real *fresh_of(const dpid_engine *e, int64_t n, int64_t side, int32_t worker)
{
    return e->job->dx.add ? room(e, worker, e->fresh) + side * picture_reals(e)
                          : (real *)e->job->dx.dx + n * picture_reals(e);
}

static void finish_gradient(const dpid_engine *e, int64_t n, const real *fresh)
{
    const dpid_window *w = &e->g.window;
    DPID_T(dpid_gradient_store)(&e->job->dx, n, w->h * w->w, w->c, fresh);
}

/* ---- backward, direct --------------------------------------------------------------------------------------- */

static void gradient_direct(const dpid_engine *e, int64_t n, int32_t worker)
{
    real *fresh = fresh_of(e, n, 0, worker);
    const real *plane = room(e, worker, e->plane_dy);
    dpid_ahead ahead = {.count = 0};
    fetch_dx(e, &ahead, n, 1);
    fetch_input(e, &ahead, n, 1);
    fetch_dy(e, &ahead, next_picture(e, n + 1), 1);
    for (int64_t g = 0; g < e->g.groups; g++)
        for (int64_t i = 0; i < dpid_taps_classes(&e->g); i++)
            DPID_T(dpid_direct_multiply)
    (&e->backward_of[i], plane + g * e->g.out_g,
     e->w + g * dpid_taps_backward_weights(&e->g) + e->backward_of[i].weights, NULL, g + i == 0 ? &ahead : NULL,
     fresh + g * e->g.in_g);
    finish_gradient(e, n, fresh);
}

static void weights_direct(const dpid_engine *e, int64_t n, int32_t worker, real *dw)
{
    real *plane = room(e, worker, e->plane_in);
    const int64_t row = e->dy.columns * e->dy.pitch;
    const real *dy = room(e, worker, e->plane_dy) + e->dy.top * row + e->dy.left * e->dy.pitch;
    load_input(e, &e->job->in, n, plane);
    for (int64_t g = 0; g < e->g.groups; g++)
        DPID_T(dpid_direct_accumulate)
    (e->forward, plane + g * e->g.in_g, dy + g * e->g.out_g, row, e->dy.pitch,
     dw + g * dpid_taps_forward_weights(&e->g));
}

static void backward_direct(const dpid_engine *e, int64_t n, int32_t worker, real *part)
{
    const bool back = e->job->dx.dx && !is_done(e, n);
    if (!back && !wants(e, WEIGHT) && !wants(e, BIAS))
        return;
    load_dy(e, n, room(e, worker, e->plane_dy), part);
    if (back)
        gradient_direct(e, n, worker);
    if (wants(e, WEIGHT))
        weights_direct(e, n, worker, part);
}

/* ---- backward, Winograd: while a picture of dy is there, it goes through both transforms ------------------- */

static void load_dy_set(const dpid_engine *e, const group *p, int64_t q, real *plane, real *part)
{
    if (picture_of(e, p, q, e->sides - 1) < 0)
        memset(plane, 0, (size_t)(e->dy.blocks * e->dy.block) * sizeof *plane);
    for (int64_t side = 0; side < e->sides && picture_of(e, p, q, side) >= 0; side++)
        load_dy(e, picture_of(e, p, q, side), side_of(plane, side), part);
}

static void transform_dy(const dpid_engine *e, const group *p, int64_t q, const real *plane, int32_t worker)
{
    const int64_t row = e->dy.columns * e->dy.pitch;
    const real *band = plane + p->row * DPID_TILE * row;
    const dpid_tiles back = tiles_of_input(e, p, q);
    const dpid_tiles at = tiles_of_output(e, p, q);
    if (e->job->dx.dx)
        DPID_T(dpid_winograd_input)(band, row, e->dy.block, e->out_blocks, &back, room(e, worker, e->set_source));
    if (wants(e, WEIGHT))
        DPID_T(dpid_winograd_gradient)
    (band + e->dy.top * row + e->dy.left * e->dy.pitch, row, e->dy.block, e->out_blocks, &at,
     room(e, worker, e->set_dy));
}

/* One that is odd is left as it is for the second run. */
static void finish_winograd(const dpid_engine *e, int64_t n, const real *fresh)
{
    e->odd[n] = !DPID_T(dpid_all_finite)(fresh, picture_reals(e));
    if (e->odd[n] == 0)
        finish_gradient(e, n, fresh);
}

static void gradient_winograd(const dpid_engine *e, const group *p, int32_t worker)
{
    const dpid_window *w = &e->g.window;
    const int64_t first = p->row * DPID_TILE;
    real *set = room(e, worker, e->set_source);
    real *result = room(e, worker, e->set_result);
    const bool last = p->row + e->band >= dpid_conv2d_tiles(w->h);
    clear_rest(set, e->out_blocks, e->tiles, tiles_of_input(e, p, sets_of(e, p)).first);
    dpid_ahead ahead = share_of(e, p, w->h);
    fetch_dx(e, &ahead, p->first, p->pictures);
    if (ahead.shares == 1)
        fetch_input(e, &ahead, p->first, p->pictures);
    multiply_set(e, set, e->out_blocks, e->in_blocks, &ahead, result);
    for (int64_t q = 0; q < sets_of(e, p); q++) {
        const dpid_tiles at = tiles_of_input(e, p, q);
        real *dx[2] = {NULL};
        for (int64_t side = 0; side < e->sides && picture_of(e, p, q, side) >= 0; side++)
            dx[side] = fresh_of(e, picture_of(e, p, q, side), side, worker) + first * w->w * w->c;
        write_set(e, result, &at, w->c, w->h - first, w->w, NULL, dx);
        for (int64_t side = 0; last && side < 2 && dx[side]; side++)
            finish_winograd(e, picture_of(e, p, q, side), dx[side] - first * w->w * w->c);
    }
}

static void weights_winograd(const dpid_engine *e, const group *p, bool from_zero, int32_t worker)
{
    real *plane = room(e, worker, e->plane_in);
    real *set = room(e, worker, e->set_source);
    for (int64_t q = 0; q < sets_of(e, p); q++) {
        if (p->row == 0)
            load_set(e, p, q, plane);
        transform_input(e, p, q, plane, set);
    }
    dpid_ahead ahead = share_of(e, p, e->g.window.out_h);
    fetch_dy(e, &ahead, next_picture(e, p->first + p->pictures), p->pictures);
    /* it is read behind the first band already: too early for the bands of this group to fetch it */
    if (ahead.shares > 1)
        fetch_input(e, &ahead, next_picture(e, p->first + p->pictures), p->pictures);
    const int64_t count = tiles_of_output(e, p, sets_of(e, p)).first;
    const real *dy = room(e, worker, e->set_dy);
    real *du = room(e, worker, e->set_weights);
    if (e->pairs)
        DPID_T(dpid_winograd_accumulate_pairs)(set, dy, e->tiles, count, from_zero, &ahead, du);
    else
        DPID_T(dpid_winograd_accumulate)(set, dy, e->in_blocks, e->out_blocks, e->tiles, count, from_zero, &ahead, du);
}

static void backward_winograd(const dpid_engine *e, int64_t n, int64_t pictures, bool from_zero, int32_t worker,
                              real *part)
{
    const dpid_window *w = &e->g.window;
    real *plane = room(e, worker, e->plane_dy);
    group p = {.first = n, .pictures = pictures};
    for (; p.row < dpid_conv2d_tiles(w->h) || p.row < dpid_conv2d_tiles(w->out_h); p.row += e->band) {
        for (int64_t q = 0; q < sets_of(e, &p); q++) {
            if (p.row == 0)
                load_dy_set(e, &p, q, plane, part);
            transform_dy(e, &p, q, plane, worker);
        }
        if (e->job->dx.dx && p.row < dpid_conv2d_tiles(w->h))
            gradient_winograd(e, &p, worker);
        if (wants(e, WEIGHT) && p.row < dpid_conv2d_tiles(w->out_h))
            weights_winograd(e, &p, from_zero && p.row == 0, worker);
    }
}

/* ---- backward: a task ------------------------------------------------------------------------------------------ */

static void backward_task(void *arg, int64_t task, int32_t worker)
{
    const dpid_engine *e = arg;
    const int64_t begin = task * e->images;
    const int64_t end = dpid_engine_end(e, task);
    real *part = task_part(e, task);
    /* by the transform at the end */
    const int64_t written = e->winograd && wants(e, WEIGHT) ? dpid_taps_forward_weights(&e->g) : 0;
    memset(part + written, 0, (size_t)(dpid_engine_partial(e) - written) * sizeof *part);
    clear_input(e, room(e, worker, e->plane_in));
    clear_gradient(e, room(e, worker, e->plane_dy));
    for (int64_t n = begin; n < end; n += e->together) {
        if (e->winograd)
            backward_winograd(e, n, smaller(e->together, end - n), n == begin, worker, part);
        else
            backward_direct(e, n, worker, part);
    }
    if (e->winograd && wants(e, WEIGHT))
        DPID_T(dpid_winograd_weight_gradient)(room(e, worker, e->set_weights), e->g.in_g, e->out_blocks, part);
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
    const bool pictures = job->dx.dx && any_odd(&e, 0, pass.n);
    const bool weights = wants(&e, WEIGHT) && any_odd(&e, pass.n, e.out_blocks);
    if (!pictures && !weights)
        return;
    dpid_conv2d_job rest = *job;
    rest.pass = &pass;
    rest.dx.dx = pictures ? job->dx.dx : NULL;
    pass.dparameter[WEIGHT] = weights ? pass.dparameter[WEIGHT] : NULL;
    pass.dparameter[BIAS] = NULL; /* complete: it sees no transform */
    const dpid_engine again = second_run(&e, &rest);
    run_backward(&again);
}

#if DPID_ONCE
const dpid_conv2d_fn dpid_conv2d_run_forward[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_conv2d_run_forward);
const dpid_conv2d_fn dpid_conv2d_run_backward[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_conv2d_run_backward);
#endif
