/* Passes over pictures where they lie.   Promises and formulas: view.h */
#include "ops/view.h"

#include "ops/lanes.h"

#include <string.h>

static real *row_of(const dpid_view *v, int64_t row, int64_t height)
{
    return (real *)v->at + row / height * v->picture + row % height * v->row;
}

/* ---- y = end((x - mean) gain + shift) ------------------------------------------------------ */

typedef struct {
    bool normed, skipped, kinked, sharp; /* sharp: relu */
} recipe;

typedef struct {
    const real *x, *skip;
    real *y;
} places;

DPID_INLINE void point_group(const recipe r, const int lanes, const dpid_point_job *job, const places *p, int64_t c)
{
    const vec mean = r.normed ? load_lanes((const real *)job->mean + c, lanes) : (vec){0};
    const vec gain = r.normed ? load_lanes((const real *)job->gain + c, lanes) : (vec){0};
    const vec shift = r.normed ? load_lanes((const real *)job->shift + c, lanes) : (vec){0};
    const vec factor = vec_all((real)job->end.s);
    const vec below = vec_all((real)job->end.kink.below);
    for (int64_t j = 0; j < job->width; j++) {
        vec v = load_lanes(p->x + j * job->x.pitch + c, lanes);
        if (r.normed)
            v = (v - mean) * gain + shift;
        if (r.skipped)
            v = joined(v, factor * load_lanes(p->skip + j * job->end.skip.pitch + c, lanes));
        if (r.kinked)
            v = bent(v, r.sharp, below);
        store_lanes(p->y + j * job->y.pitch + c, v, lanes);
    }
}

DPID_INLINE void point_row(const recipe r, const dpid_point_job *job, const places *p)
{
    int64_t c = 0;
    for (; c + VL <= job->c; c += VL)
        point_group(r, VL, job, p, c);
    if (c < job->c)
        DPID_LANES((int)(job->c - c), point_group(r, LANES, job, p, c));
}

static void copy_row(const dpid_point_job *job, const places *p)
{
    const bool dense = job->x.pitch == job->c && job->y.pitch == job->c;
    const int64_t run = dense ? job->width * job->c : job->c;
    for (int64_t j = 0; j < (dense ? 1 : job->width); j++)
        memcpy(p->y + j * job->y.pitch, p->x + j * job->x.pitch, (size_t)run * sizeof *p->y);
}

static void point_rows(const dpid_point_job *job, int64_t first, int64_t end)
{
    const recipe r = {job->mean != NULL, job->end.skip.at != NULL, job->end.kink.kinked,
                      (real)job->end.kink.below == 0};
    for (int64_t row = first; row < end; row++) {
        const places p = {row_of(&job->x, row, job->height),
                          r.skipped ? row_of(&job->end.skip, row, job->height) : NULL,
                          row_of(&job->y, row, job->height)};
        if (!r.normed && !r.skipped && !r.kinked)
            copy_row(job, &p);
        else if (r.normed && !r.skipped && r.kinked && r.sharp)
            point_row((recipe){true, false, true, true}, job, &p);
        else
            point_row(r, job, &p);
    }
}

/* ---- the shortcut without parameters ---------------------------------------------------------- */

static void pad_rows(const dpid_pad_job *job, int64_t first, int64_t end)
{
    for (int64_t row = first; row < end; row++) {
        const real *x =
            (const real *)job->x.at + row / job->height * job->x.picture + row % job->height * job->stride * job->x.row;
        real *y = row_of(&job->y, row, job->height);
        for (int64_t j = 0; j < job->width; j++, x += job->stride * job->x.pitch, y += job->y.pitch) {
            memset(y, 0, (size_t)job->out_c * sizeof *y);
            memcpy(y + job->before, x, (size_t)job->c * sizeof *y);
        }
    }
}

/* ---- tables --------------------------------------------------------------------------------------- */

void DPID_T(dpid_view_point)(const dpid_point_job *job, int64_t first, int64_t end);
void DPID_T(dpid_view_point)(const dpid_point_job *job, int64_t first, int64_t end)
{
    point_rows(job, first, end);
}

void DPID_T(dpid_view_pad)(const dpid_pad_job *job, int64_t first, int64_t end);
void DPID_T(dpid_view_pad)(const dpid_pad_job *job, int64_t first, int64_t end)
{
    pad_rows(job, first, end);
}

#if DPID_ONCE
#define DECLARE(suffix, real)                                                                                          \
    void dpid_view_point_##suffix(const dpid_point_job *job, int64_t first, int64_t end);                              \
    void dpid_view_pad_##suffix(const dpid_pad_job *job, int64_t first, int64_t end);
DPID_ISA_EACH(DECLARE)
const dpid_point_fn dpid_point_run[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_view_point);
const dpid_pad_fn dpid_pad_run[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(dpid_view_pad);
#endif
