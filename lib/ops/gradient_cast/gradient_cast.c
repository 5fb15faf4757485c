/* Gradient cast: y = x, and on the way back a f32 gradient is stored in sixteen bits.      Derivation: gradient_cast.md
   Reference: gradient_cast_ref.c */
#include "ops/op.h"
#include "tensor/half.h"
#include "tensor/real.h"

#include <string.h>

enum { FORMAT, SCALE };   /* options */
enum { NONE, F16, BF16 }; /* of format */
enum { CHUNK = 16384 };

typedef struct {
    const dpid_pass *pass;
    int64_t count;
} cast_run;

static void gradient_cast_forward(const dpid_pass *pass)
{
    memcpy(pass->y, pass->x, (size_t)(pass->n * dpid_shape_count(&pass->op->in)) * sizeof(real));
}

/* dx = cast(scale dy) / scale in f32; dx = dy in higher precisions */
static void cast_array(const dpid_op *op, int64_t n, const real *restrict dy, real *restrict dx)
{
#if DPID_PRECISION == 32
    const real scale = (real)op->option[SCALE].r;
    if (op->option[FORMAT].i == F16)
        for (int64_t i = 0; i < n; i++)
            dx[i] = dpid_f16_rounded(scale * dy[i]) / scale;
    else if (op->option[FORMAT].i == BF16)
        for (int64_t i = 0; i < n; i++)
            dx[i] = dpid_bf16_rounded(scale * dy[i]) / scale;
    else
        memcpy(dx, dy, (size_t)n * sizeof *dx);
#else
    (void)op;
    memcpy(dx, dy, (size_t)n * sizeof *dx);
#endif
}

static void cast_chunk(void *arg, int64_t chunk, int32_t worker)
{
    const cast_run *run = arg;
    (void)worker;
    const int64_t first = chunk * CHUNK;
    const int64_t n = run->count - first < CHUNK ? run->count - first : CHUNK;
    cast_array(run->pass->op, n, (const real *)run->pass->dy + first, (real *)run->pass->dx + first);
}

static void gradient_cast_backward(const dpid_pass *pass)
{
    cast_run run = {pass, pass->n * dpid_shape_count(&pass->op->in)};
    if (pass->dx)
        dpid_pool_run(pass->pool, (run.count + CHUNK - 1) / CHUNK, cast_chunk, &run);
}

DPID_KERNELS_DECLARE(gradient_cast);
const dpid_kernels DPID_T(dpid_kernels_gradient_cast) = {gradient_cast_forward, gradient_cast_backward, NULL};

/* ---- the kind ------------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/ops.h>

static const dpid_option known[] = {
    {"format", DPID_CHOICE, F16, 0, 0, "none|f16|bf16", false, "how the gradient is stored"},
    {"scale", DPID_REAL, 1, 1e-30, 1e30, NULL, false, "the gradient's factor while it is stored"},
    {0},
};

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"alone", FEATURES, "gradient_cast", "", ALWAYS(BIT)},
    {0},
};

const dpid_kind dpid_kind_gradient_cast = {
    .word = "gradient_cast",
    .help = "y = x; in f32 nets the gradient is stored in 16 bits, dx = cast(scale dy) / scale; in f64 nets dx = dy; "
            "options: format=f16|bf16|none, scale=1",
    .flags = DPID_KIND_ROUGH | DPID_KIND_AFFINE,
    .gain = 1,
    .options = known,
    .infer = dpid_infer_same,
    .claims = claims,
    .kernels = DPID_KERNELS(gradient_cast),
};

int32_t deepid_gradient_cast_forward(const char *options, const deepid_tensor *x, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_gradient_cast, options, DPID_EVAL, x, NULL, y);
}

int32_t deepid_gradient_cast_backward(const char *options, const deepid_tensor *x, const deepid_tensor *dy,
                                      deepid_tensor *dx)
{
    return dpid_primitive_backward(&dpid_kind_gradient_cast, options, DPID_EVAL, x, NULL, dy, dx, NULL);
}
#endif
