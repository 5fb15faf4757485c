/* Dropout: y = x mask / (1 - p) in training, y = x in evaluation.      Derivation: dropout.md
   Reference: dropout_ref.c */
#include "ops/op.h"
#include "tensor/philox.h"
#include "tensor/real.h"

/* CHUNK: numbers of a task. BLOCKS: random blocks, of two numbers each, that are drawn at once. */
enum { CHUNK = 8192, BLOCKS = 128 };

typedef struct {
    const dpid_pass *pass;
    const real *from;
    real *to;
    int64_t count;
    bool back;
} dropout_run;

/* number < limit is the same as (number >> 11) 2^-53 < p */
static uint64_t limit_of(double p)
{
    return (uint64_t)ceil(p * 0x1p53) << 11;
}

/* The mask of an element is a function of (seed, layer, step, place in the step's batch): nothing is stored, backward
   draws it again. factor[i]: of the element first + i, first even. */
static void draw(const dpid_pass *pass, uint64_t limit, real scale, int64_t first, real *restrict factor)
{
    const uint32_t low = (uint32_t)limit;
    const uint32_t high = (uint32_t)(limit >> 32);
    uint32_t v[4][BLOCKS];
    dpid_philox(pass->noise_seed, DPID_STREAM_NOISE, pass->noise_substream,
                ((pass->noise_step << 40) + (uint64_t)first) / 2, BLOCKS, v[0], v[1], v[2], v[3]);
    for (int i = 0; i < BLOCKS; i++) {
        factor[2 * i] = (v[1][i] < high) | ((v[1][i] == high) & (v[0][i] < low)) ? 0 : scale;
        factor[2 * i + 1] = (v[3][i] < high) | ((v[3][i] == high) & (v[2][i] < low)) ? 0 : scale;
    }
}

/* Forward, NaN stays NaN. back is a constant where it is called. */
static inline __attribute__((always_inline)) void
multiply(int64_t n, const real *restrict factor, const real *restrict from, real *restrict to, const bool back)
{
    for (int64_t i = 0; i < n; i++) {
        const real product = factor[i] * from[i];
        to[i] = back & (factor[i] == 0) ? 0 : product;
    }
}

static void apply_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const dropout_run *run = arg;
    (void)worker;
    const double p = run->pass->op->option[0].r;
    const int64_t end = dpid_smaller((chunk + 1) * CHUNK, run->count);
    const int64_t before = run->pass->noise_first * dpid_shape_count(&run->pass->op->in); /* elements of the batch */
    int64_t n;
    for (int64_t first = chunk * CHUNK; first < end; first += n) {
        real factor[2 * BLOCKS];
        const int64_t odd = (before + first) % 2;
        n = dpid_smaller(end - first, 2 * BLOCKS - odd);
        draw(run->pass, limit_of(p), (real)(1 / (1 - p)), before + first - odd, factor);
        if (run->back)
            multiply(n, factor + odd, run->from + first, run->to + first, true);
        else
            multiply(n, factor + odd, run->from + first, run->to + first, false);
    }
}

static void apply(const dpid_pass *pass, const real *from, real *to, bool back)
{
    dropout_run run = {pass, from, to, pass->n * dpid_shape_count(&pass->op->in), back};
    if (pass->mode == DPID_TRAIN && pass->op->option[0].r > 0) {
        dpid_pool_run(pass->pool, (run.count + CHUNK - 1) / CHUNK, apply_chunk, &run);
        return;
    }
    for (int64_t i = 0; i < run.count; i++)
        to[i] = from[i];
}

static void dropout_forward(const dpid_pass *pass)
{
    apply(pass, pass->x, pass->y, false);
}

/* dx = dy mask / (1 - p), and 0 where the mask is 0, even if dy is infinite */
static void dropout_backward(const dpid_pass *pass)
{
    if (pass->dx)
        apply(pass, pass->dy, pass->dx, true);
}

DPID_KERNELS_DECLARE(dropout);
const dpid_kernels DPID_T(dpid_kernels_dropout) = {dropout_forward, dropout_backward, NULL};

/* ---- the kind ------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static const dpid_option known[] = {
    {"p", DPID_REAL, 0.5, 0, 0.999, NULL, false, "share of elements set to 0"},
    {0},
};

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"eval", FEATURES, "dropout", "", ALWAYS(BIT)},
    {"train", FEATURES, "dropout", "mode=train", ALWAYS(NO(NOISE))},
    {0},
};

const dpid_kind dpid_kind_dropout = {
    .word = "dropout",
    .help = "y = x mask / (1 - p) in training, x in evaluation; options: p=0.5",
    .flags = DPID_KIND_MODE | DPID_KIND_NOISE,
    .options = known,
    .infer = dpid_infer_same,
    .claims = claims,
    .kernels = DPID_KERNELS(dropout),
};

int32_t deepid_dropout_forward(const char *options, int32_t train, const deepid_tensor *x, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_dropout, options, train ? DPID_TRAIN : DPID_EVAL, x, NULL, y);
}

int32_t deepid_dropout_backward(const char *options, int32_t train, const deepid_tensor *x, const deepid_tensor *dy,
                                deepid_tensor *dx)
{
    return dpid_primitive_backward(&dpid_kind_dropout, options, train ? DPID_TRAIN : DPID_EVAL, x, NULL, dy, dx, NULL);
}
#endif
