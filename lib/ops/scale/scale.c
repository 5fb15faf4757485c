/* Trained scale: y = w x with one number for the layer, or y = w[c] x; c is the last axis.      Derivation: scale.md
   Reference: scale_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { CHUNK_NUMBERS = 8192, LANES = 8 };

/* Rows of c numbers, each with a factor of its own; per=layer: rows of one. A chunk is whole rows. */
typedef struct {
    const dpid_pass *pass;
    int64_t c, rows, chunk_rows, chunks;
    wide *part; /* [chunks][c]: sums of dy x */
} layer;

static int64_t factors(const dpid_op *op)
{
    return op->parameter[0].extents[0];
}

static layer layer_of(const dpid_pass *pass)
{
    layer l = {.pass = pass, .c = factors(pass->op), .part = pass->scratch};
    l.rows = pass->n * (dpid_shape_count(&pass->op->in) / l.c);
    l.chunk_rows = dpid_larger(1, CHUNK_NUMBERS / l.c);
    l.chunks = (l.rows + l.chunk_rows - 1) / l.chunk_rows;
    return l;
}

/* ---- kernels ---------------------------------------------------------------------- */

/* to = w from, for numbers first .. first + n - 1 that begin a row */
static void multiply(const layer *l, const real *restrict from, real *restrict to, int64_t n)
{
    const real *restrict w = l->pass->parameter[0];
    if (l->c == 1) {
        const real factor = w[0];
        for (int64_t i = 0; i < n; i++)
            to[i] = factor * from[i];
        return;
    }
    for (int64_t i = 0; i < n; i += l->c)
        for (int64_t j = 0; j < l->c; j++)
            to[i + j] = w[j] * from[i + j];
}

/* part[j] = sum of dy x over the rows of a chunk */
static void sum_products(const layer *l, const real *restrict x, const real *restrict dy, int64_t n,
                         wide *restrict part)
{
    if (l->c > 1) {
        for (int64_t j = 0; j < l->c; j++)
            part[j] = 0;
        for (int64_t i = 0; i < n; i += l->c)
            for (int64_t j = 0; j < l->c; j++)
                part[j] += (wide)dy[i + j] * (wide)x[i + j];
        return;
    }
    wide lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int64_t k = 0; k < LANES; k++)
            lane[k] += (wide)dy[i + k] * (wide)x[i + k];
    for (int64_t k = 0; i + k < n; k++)
        lane[k] += (wide)dy[i + k] * (wide)x[i + k];
    *part = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static void forward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    const int64_t first = chunk * l->chunk_rows;
    const int64_t rows = dpid_smaller(l->chunk_rows, l->rows - first);
    multiply(l, (const real *)l->pass->x + first * l->c, (real *)l->pass->y + first * l->c, rows * l->c);
}

static void scale_forward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    dpid_pool_run(pass->pool, l.chunks, forward_chunk, (void *)&l);
}

static void backward_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const layer *l = arg;
    (void)worker;
    const int64_t first = chunk * l->chunk_rows;
    const int64_t n = dpid_smaller(l->chunk_rows, l->rows - first) * l->c;
    const real *dy = (const real *)l->pass->dy + first * l->c;
    if (l->pass->dparameter[0])
        sum_products(l, (const real *)l->pass->x + first * l->c, dy, n, l->part + chunk * l->c);
    if (l->pass->dx)
        multiply(l, dy, (real *)l->pass->dx + first * l->c, n);
}

/* dx = w dy      dw += sum of dy x */
static void scale_backward(const dpid_pass *pass)
{
    const layer l = layer_of(pass);
    real *gradient = pass->dparameter[0];
    dpid_pool_run(pass->pool, l.chunks, backward_chunk, (void *)&l);
    for (int64_t chunk = 1; gradient && chunk < l.chunks; chunk++)
        for (int64_t j = 0; j < l.c; j++)
            l.part[j] += l.part[chunk * l.c + j];
    for (int64_t j = 0; gradient && l.chunks > 0 && j < l.c; j++)
        gradient[j] += (real)l.part[j];
}

DPID_KERNELS_DECLARE(scale);
const dpid_kernels DPID_T(dpid_kernels_scale) = {scale_forward, scale_backward, NULL};

/* ---- the kind ---------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

enum { PER, INIT, PER_LAYER = 0 };

static const dpid_option known[] = {
    {"per", DPID_CHOICE, 0, 0, 0, "layer|channel", false, "how many numbers: one, or one a feature or channel"},
    {"init", DPID_REAL, 1, -1e6, 1e6, NULL, false, "where each starts"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    (void)ctx;
    const int64_t numbers = op->option[PER].i == PER_LAYER ? 1 : dpid_op_channels(op);
    op->out = op->in;
    op->parameters = 1;
    op->parameter[0] = (dpid_parameter_spec){.name = "weight",
                                             .role = DPID_ROLE_SCALE,
                                             .trained = true,
                                             .rank = 1,
                                             .extents = {numbers},
                                             .start = op->option[INIT].r};
    op->macs = dpid_shape_count(&op->in);
    return DEEPID_OK;
}

static int64_t scratch(const dpid_op *op, int64_t n, int32_t workers)
{
    (void)workers;
    const dpid_pass pass = {.op = op, .n = n};
    const layer l = layer_of(&pass);
    return 2 * l.c * l.chunks; /* doubles */
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"alone", FEATURES, "scale", "", ALWAYS(BIT)},
    {"one a channel", PICTURE, "scale per=channel", "", ALWAYS(BIT)},
    {"behind tanh", FEATURES, "dense out=8; tanh; scale", "", {NO(BOUNDED), NO(BOUNDED), NEAR}},
    {0},
};

const dpid_kind dpid_kind_scale = {
    .word = "scale",
    .help = "y = w x, w trained, one number or one a channel: ReZero, SkipInit (init=0), LayerScale (per=channel "
            "init=1e-5); options: per=layer|channel, init=1",
    .flags = DPID_KIND_AFFINE | DPID_KIND_SCALE | DPID_KIND_WIDE,
    .options = known,
    .infer = infer,
    .scratch = scratch,
    .claims = claims,
    .kernels = DPID_KERNELS(scale),
};

int32_t deepid_scale_forward(const char *options, const deepid_tensor *x, const deepid_tensor *weight, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_scale, options, DPID_EVAL, x, &weight, y);
}

int32_t deepid_scale_backward(const char *options, const deepid_tensor *x, const deepid_tensor *weight,
                              const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dweight)
{
    return dpid_primitive_backward(&dpid_kind_scale, options, DPID_EVAL, x, &weight, dy, dx, &dweight);
}
#endif
