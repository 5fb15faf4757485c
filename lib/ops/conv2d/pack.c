/* Packing: weights into the order that the products read, and weight gradients back.   The words: engine.h
   The public order is w[out][kernel_h][kernel_w][in of a group]. The products read
   [blocks of results][taps][channels of the source][16]. */
#include "ops/conv2d/engine.h"

#include "base/numbers.h"
#include "tensor/vector.h"

#include <string.h>

enum { WEIGHT, BIAS, BLOCK = 16 };

/* ---- forward ----------------------------------------------------------------------------- */

/* One block b of one group: to[k][j] = w[16 b + j][k], k over the patch; 0 where there is no channel 16 b + j. */
static void pack_forward_block(void *arg, int64_t task, int32_t worker)
{
    const dpid_engine *e = arg;
    (void)worker;
    const int64_t group = task / e->out_blocks;
    const int64_t b = task % e->out_blocks;
    const int64_t patch = e->g.patch;
    const int64_t lanes = dpid_smaller(BLOCK, e->g.out_g - b * BLOCK);
    const real *w = (const real *)e->job->pass->parameter[WEIGHT] + (group * e->g.out_g + b * BLOCK) * patch;
    real *to = e->w + group * dpid_taps_forward_weights(&e->g) + b * patch * BLOCK;
    for (int64_t k = 0; k < patch; k++)
        for (int64_t j = 0; j < BLOCK; j++)
            to[k * BLOCK + j] = j < lanes ? w[j * patch + k] : 0;
    if (e->winograd)
        DPID_T(dpid_winograd_weights)(to, e->g.in_g, e->out_blocks, b, e->u);
}

static void pack_bias(const dpid_engine *e)
{
    const real *bias = e->job->pass->parameter[BIAS];
    for (int64_t group = 0; bias && group < e->g.groups; group++)
        for (int64_t j = 0; j < e->out_blocks * BLOCK; j++)
            e->bias[group * e->out_blocks * BLOCK + j] = j < e->g.out_g ? bias[group * e->g.out_g + j] : 0;
}

void DPID_T(dpid_engine_pack_forward)(const dpid_engine *e)
{
    pack_bias(e);
    dpid_pool_run(dpid_engine_pool(e), e->g.groups * e->out_blocks, pack_forward_block, (void *)e);
    if (e->native)
        DPID_T(dpid_native_pack_weights)(e->g.groups * dpid_taps_forward_weights(&e->g), e->w, e->packed_w);
}

/* ---- input gradient -------------------------------------------------------------------------- */

/* to[tap][o][j] = w[o][tap][16 b + j] */
static void pack_class(const dpid_engine *e, const dpid_correlation *c, const real *w, int64_t b, real *to)
{
    const int64_t lanes = dpid_smaller(BLOCK, e->g.in_g - b * BLOCK);
    for (int64_t t = 0; t < c->taps; t++) {
        const real *tap = w + (c->tap[t].k * e->g.window.kernel_w + c->tap[t].l) * e->g.in_g + b * BLOCK;
        for (int64_t o = 0; o < e->g.out_g; o++, to += BLOCK)
            for (int64_t j = 0; j < BLOCK; j++)
                to[j] = j < lanes ? tap[o * e->g.patch + j] : 0;
    }
}

static void pack_backward_block(void *arg, int64_t task, int32_t worker)
{
    const dpid_engine *e = arg;
    (void)worker;
    const int64_t group = task / e->in_blocks;
    const int64_t b = task % e->in_blocks;
    const real *w = (const real *)e->job->pass->parameter[WEIGHT] + group * e->g.out_g * e->g.patch;
    real *all = e->w + group * dpid_taps_backward_weights(&e->g);
    for (int64_t i = 0; i < dpid_taps_classes(&e->g); i++) {
        const dpid_correlation *c = &e->backward_of[i];
        pack_class(e, c, w, b, all + c->weights + b * c->length * BLOCK);
    }
    if (e->winograd)
        DPID_T(dpid_winograd_weights)(all + b * e->backward_of->length * BLOCK, e->g.out_g, e->in_blocks, b, e->u);
}

void DPID_T(dpid_engine_pack_backward)(const dpid_engine *e)
{
    dpid_pool_run(dpid_engine_pool(e), e->g.groups * e->in_blocks, pack_backward_block, (void *)e);
    if (e->native)
        DPID_T(dpid_native_pack_weights)(e->g.groups * dpid_taps_backward_weights(&e->g), e->w, e->packed_w);
}

/* ---- weight gradient ----------------------------------------------------------------------------- */

static void reduce_block(void *arg, int64_t task, int32_t worker)
{
    const dpid_engine *e = arg;
    (void)worker;
    const int64_t group = task / e->out_blocks;
    const int64_t b = task % e->out_blocks;
    const int64_t patch = e->g.patch;
    const int64_t lanes = dpid_smaller(BLOCK, e->g.out_g - b * BLOCK);
    real *sum = e->partial + group * dpid_taps_forward_weights(&e->g) + b * patch * BLOCK;
    real *dw = (real *)e->job->pass->dparameter[WEIGHT] + (group * e->g.out_g + b * BLOCK) * patch;
    for (int64_t t = 1; t < e->tasks; t++)
        DPID_T(dpid_add_to)(sum, sum + t * dpid_engine_partial_reals(e), patch * BLOCK);
    if (e->winograd)
        e->not_finite[e->job->pass->n + b] = !DPID_T(dpid_all_finite)(sum, patch * BLOCK);
    if (e->not_finite && (e->not_finite[e->job->pass->n + b] != 0) == e->winograd)
        return;
    for (int64_t j = 0; j < lanes; j++)
        for (int64_t k = 0; k < patch; k++)
            dw[j * patch + k] += sum[k * BLOCK + j];
}

void DPID_T(dpid_engine_reduce)(const dpid_engine *e)
{
    const dpid_pass *pass = e->job->pass;
    if (pass->dparameter[WEIGHT])
        dpid_pool_run(dpid_engine_pool(e), e->g.groups * e->out_blocks, reduce_block, (void *)e);
    const real *part = e->partial + e->g.groups * dpid_taps_forward_weights(&e->g);
    for (int64_t t = 0; pass->dparameter[BIAS] && t < e->tasks; t++)
        DPID_T(dpid_add_to)(pass->dparameter[BIAS], part + t * dpid_engine_partial_reals(e), e->g.out);
}
