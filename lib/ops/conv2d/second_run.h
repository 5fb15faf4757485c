/* Infinities and NaN: Winograd's transform spreads one over all results of its tile, where the formula reaches fewer.
   So the first run marks the pictures and the blocks of weights whose results are not finite, and a second run computes
   those directly. */
#ifndef DPID_OPS_CONV2D_SECOND_RUN_H
#define DPID_OPS_CONV2D_SECOND_RUN_H

#include "ops/conv2d/engine.h"
#include "tensor/vector.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

/* When the statistics are finite, so are the results, and there is less to look at. When they are not, only the results
   can tell: the square of a large finite number may be infinite. */
static inline bool is_not_finite(const dpid_engine *e, const real *result, int64_t reals, const wide *statistics)
{
    wide sum = 0;
    for (int64_t i = 0; statistics && i < 2 * e->g.out; i++)
        sum += statistics[i] - statistics[i];
    return !(statistics && sum == 0) && !DPID_T(dpid_all_finite)(result, reals);
}

/* In a second run: has the first run done picture n? */
static inline bool is_done(const dpid_engine *e, int64_t n)
{
    return e->not_finite && !e->winograd && e->not_finite[n] == 0;
}

static inline bool any_not_finite(const dpid_engine *e, int64_t first, int64_t count)
{
    bool any = false;
    for (int64_t i = first; e->not_finite && i < first + count; i++)
        any |= e->not_finite[i] != 0;
    return any;
}

static inline dpid_engine second_run(const dpid_engine *e, const dpid_conv2d_job *job)
{
    const dpid_pass *pass = job->pass;
    dpid_engine again =
        DPID_T(dpid_engine_make)(pass->op, pass->n, dpid_pool_workers(pass->pool), true, e->backward, job);
    again.not_finite = e->not_finite;
    return again;
}

#endif
