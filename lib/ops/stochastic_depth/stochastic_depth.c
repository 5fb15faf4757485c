/* Stochastic depth: y = x mask / (1 - p) in training, one mask for all that a sample gives, y = x in evaluation.
   Derivation: stochastic_depth.md      Reference: stochastic_depth_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

enum { CHUNK_NUMBERS = 8192 };
enum { P, MODE, ROW = 0 };

typedef struct {
    const dpid_pass *pass;
    const real *from;
    real *to;
    int64_t count, rows; /* numbers of a sample; samples of a chunk */
    bool back;
} depth_run;

/* 0 or 1 / (1 - p): by seed, layer, step and sample, so backward draws it again. */
static real factor_of(const dpid_pass *pass, int64_t sample)
{
    const double p = pass->op->option[P].r;
    const int64_t row = pass->op->option[MODE].i == ROW ? pass->noise_first + sample : 0;
    const uint64_t place = (pass->noise_step << 40) + (uint64_t)row;
    const uint64_t bits = dpid_random_at(pass->noise_seed, DPID_STREAM_DEPTH, pass->noise_substream, place);
    return (double)(bits >> 11) * 0x1p-53 < p ? 0 : (real)(1 / (1 - p));
}

static void apply_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const depth_run *run = arg;
    (void)worker;
    const int64_t end = dpid_smaller((chunk + 1) * run->rows, run->pass->n);
    for (int64_t sample = chunk * run->rows; sample < end; sample++) {
        const real factor = factor_of(run->pass, sample);
        const real *restrict from = run->from + sample * run->count;
        real *restrict to = run->to + sample * run->count;
        for (int64_t i = 0; i < run->count; i++) { /* forward, NaN stays NaN */
            const real product = factor * from[i];
            to[i] = run->back & (factor == 0) ? 0 : product;
        }
    }
}

static void apply(const dpid_pass *pass, const real *from, real *to, bool back)
{
    depth_run run = {pass, from, to, dpid_shape_count(&pass->op->in), 0, back};
    run.rows = dpid_larger(1, CHUNK_NUMBERS / run.count);
    if (pass->mode == DPID_TRAIN && pass->op->option[P].r > 0) {
        dpid_pool_run(pass->pool, (pass->n + run.rows - 1) / run.rows, apply_chunk, &run);
        return;
    }
    for (int64_t i = 0; i < pass->n * run.count; i++)
        to[i] = from[i];
}

static void stochastic_depth_forward(const dpid_pass *pass)
{
    apply(pass, pass->x, pass->y, false);
}

/* dx = dy mask / (1 - p), and 0 where the mask is 0, even if dy is infinite */
static void stochastic_depth_backward(const dpid_pass *pass)
{
    if (pass->dx)
        apply(pass, pass->dy, pass->dx, true);
}

DPID_KERNELS_DECLARE(stochastic_depth);
const dpid_kernels DPID_T(dpid_kernels_stochastic_depth) = {stochastic_depth_forward, stochastic_depth_backward, NULL};

/* ---- the kind ------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static const dpid_option known[] = {
    {"p", DPID_REAL, 0.5, 0, 0.999, NULL, false, "probability that a sample is set to 0"},
    {"mode", DPID_CHOICE, 0, 0, 0, "row|batch", false, "drawn for each sample, or once for the batch"},
    {0},
};

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"eval", FEATURES, "stochastic_depth", "", ALWAYS(BIT)},
    {"train", FEATURES, "stochastic_depth", "mode=train", ALWAYS(NO(NOISE))},
    {0},
};

const dpid_kind dpid_kind_stochastic_depth = {
    .word = "stochastic_depth",
    .help = "y = x mask / (1 - p) in training, one mask a sample, x in evaluation: the end of a branch (Huang et al. "
            "2016); options: p=0.5, mode=row|batch",
    .flags = DPID_KIND_MODE | DPID_KIND_NOISE,
    .options = known,
    .infer = dpid_infer_same,
    .claims = claims,
    .kernels = DPID_KERNELS(stochastic_depth),
};

int32_t deepid_stochastic_depth_forward(const char *options, int32_t train, const deepid_tensor *x, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_stochastic_depth, options, train ? DPID_TRAIN : DPID_EVAL, x, NULL, y);
}

int32_t deepid_stochastic_depth_backward(const char *options, int32_t train, const deepid_tensor *x,
                                         const deepid_tensor *dy, deepid_tensor *dx)
{
    return dpid_primitive_backward(&dpid_kind_stochastic_depth, options, train ? DPID_TRAIN : DPID_EVAL, x, NULL, dy,
                                   dx, NULL);
}
#endif
