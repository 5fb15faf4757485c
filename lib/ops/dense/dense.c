/* Dense: y = x w^T + b.   Derivation: dense.md   Reference: dense_ref.c */
#include "ops/op.h"
#include "tensor/gemm.h"
#include "tensor/real.h"
#include "tensor/vector.h"

enum { WEIGHT, BIAS };

/* ---- kernels ---------------------------------------------------------------- */

static void copy_rows(int64_t rows, int64_t cols, const real *restrict b, real *restrict y)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            y[i * cols + j] = b[j];
}

/* y = 1 b^T + x w^T */
static void dense_forward(const dpid_pass *pass)
{
    const int64_t in = pass->op->in.extent[0];
    const int64_t out = pass->op->out.extent[0];
    const real *b = pass->parameter[BIAS];
    if (b)
        copy_rows(pass->n, out, b, pass->y);
    DPID_P(dpid_gemm_nt)(pass->pool, pass->n, out, in, pass->x, in, pass->parameter[WEIGHT], in, b != NULL, pass->y, out);
}

/* dx = dy w      dw += dy^T x      db += dy^T 1 */
static void dense_backward(const dpid_pass *pass)
{
    const int64_t in = pass->op->in.extent[0];
    const int64_t out = pass->op->out.extent[0];
    if (pass->dx)
        DPID_P(dpid_gemm_nn)(pass->pool, pass->n, in, out, pass->dy, out, pass->parameter[WEIGHT], in, false, pass->dx, in);
    if (pass->dparameter[WEIGHT])
        DPID_P(dpid_gemm_tn)(pass->pool, out, in, pass->n, pass->dy, out, pass->x, in, true, pass->dparameter[WEIGHT], in);
    if (pass->dparameter[BIAS])
        DPID_T(dpid_column_sums)(pass->n, out, pass->dy, out, pass->dparameter[BIAS]);
}

DPID_KERNELS_DECLARE(dense);
const dpid_kernels DPID_T(dpid_kernels_dense) = {dense_forward, dense_backward, NULL};

/* ---- the kind ------------------------------------------------------------------ */

#if DPID_ONCE
#include <deepid/ops.h>

#include <stdio.h>

enum { OUT, HAS_BIAS };
static const dpid_option known[] = {
    {"out", DPID_INT, 0, 1, 1 << 24, NULL, true, "outputs"},
    {"bias", DPID_INT, 1, 0, 1, NULL, false, "1: with b"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    if (op->in.rank != 1)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE, "dense: input is %s, expected features; put flatten or global_avgpool before it", dpid_shape_text(op->in.rank, op->in.extent).text);
    const int64_t in = op->in.extent[0];
    const int64_t out = op->option[OUT].i;
    op->out = (dpid_shape){1, {out}};
    op->parameter[WEIGHT] =
        (dpid_parameter_spec){.name = "weight", .role = DPID_ROLE_WEIGHT, .trained = true, .rank = 2, .extents = {out, in}, .fan_in = in, .fan_out = out};
    op->parameter[BIAS] = (dpid_parameter_spec){.name = "bias", .role = DPID_ROLE_BIAS, .trained = true, .rank = 1, .extents = {out}, .fan_in = in};
    op->parameters = 1 + (int32_t)op->option[HAS_BIAS].i;
    op->macs = in * out;
    return DEEPID_OK;
}

extern const dpid_kind dpid_kind_dense;
const dpid_kind dpid_kind_dense = {
    .word = "dense",
    .help = "y = x w^T + b; options: out (required), bias=1",
    .options = known,
    .infer = infer,
    .kernels = DPID_KERNELS(dense),
};

/* ---- public: out and bias follow from w and b ------------------------------------ */

static const char *options_of(const deepid_tensor *w, const deepid_tensor *b, char text[static 64])
{
    snprintf(text, 64, "out=%lld bias=%d", (long long)deepid_tensor_extent(w, 0), b != NULL);
    return text;
}

int32_t deepid_dense_forward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *b, deepid_tensor *y)
{
    char text[64];
    if (!dpid_is(w, DPID_MAGIC_TENSOR))
        return DEEPID_ERR_ARGUMENT;
    const deepid_tensor *parameters[] = {w, b};
    return dpid_primitive_forward(&dpid_kind_dense, options_of(w, b, text), DPID_EVAL, x, parameters, y);
}

int32_t deepid_dense_backward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy, deepid_tensor *dx, deepid_tensor *dw, deepid_tensor *db)
{
    char text[64];
    if (!dpid_is(w, DPID_MAGIC_TENSOR))
        return DEEPID_ERR_ARGUMENT;
    const deepid_tensor *parameters[] = {w, db}; /* the values of b are not needed, its gradient has its shape */
    deepid_tensor *const gradients[] = {dw, db};
    return dpid_primitive_backward(&dpid_kind_dense, options_of(w, db, text), DPID_EVAL, x, parameters, dy, dx, gradients);
}
#endif
