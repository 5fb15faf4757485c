/* Parametric rectifier: y = x for x >= 0, w[c] x for x < 0; c is the last axis.      Derivation: prelu.md
   Reference: prelu_ref.c */
#include "ops/op.h"
#include "tensor/real.h"

enum { CHUNK_ROWS = 1024 };

/* ---- kernels -------------------------------------------------------------- */

static int64_t rows_of(const dpid_pass *pass)
{
    return pass->n * dpid_shape_count(&pass->op->in) / dpid_op_channels(pass->op);
}

static void forward_row(int64_t c, const real *restrict x, const real *restrict w, real *restrict y)
{
    for (int64_t j = 0; j < c; j++) {
        const real below = w[j] == 0 ? 0 : w[j] * x[j];
        y[j] = x[j] < 0 ? below : x[j];
    }
}

static void forward_rows(void *arg, int64_t chunk, int32_t worker)
{
    const dpid_pass *pass = arg;
    (void)worker;
    const int64_t c = dpid_op_channels(pass->op);
    const int64_t end = (chunk + 1) * CHUNK_ROWS < rows_of(pass) ? (chunk + 1) * CHUNK_ROWS : rows_of(pass);
    for (int64_t i = chunk * CHUNK_ROWS; i < end; i++)
        forward_row(c, (const real *)pass->x + i * c, pass->parameter[0], (real *)pass->y + i * c);
}

static void prelu_forward(const dpid_pass *pass)
{
    dpid_pool_run(pass->pool, (rows_of(pass) + CHUNK_ROWS - 1) / CHUNK_ROWS, forward_rows, (void *)pass);
}

/* dx = dy (x > 0 ? 1 : w); a slope of 0 lets nothing through, not even an infinity */
static void input_gradient_row(int64_t c, const real *restrict x, const real *restrict w, const real *restrict dy,
                               real *restrict dx)
{
    for (int64_t j = 0; j < c; j++) {
        const real below = w[j] == 0 ? 0 : dy[j] * w[j];
        dx[j] = x[j] > 0 ? dy[j] : below;
    }
}

/* dw += sum over x < 0 of dy x */
static void slope_gradient_row(int64_t c, const real *restrict x, const real *restrict dy, real *restrict dw)
{
    for (int64_t j = 0; j < c; j++) {
        const real sum = dw[j] + dy[j] * x[j];
        dw[j] = x[j] >= 0 ? dw[j] : sum; /* NaN goes into the sum */
    }
}

/* One thread: the sum runs over all rows in order. */
static void prelu_backward(const dpid_pass *pass)
{
    const int64_t c = dpid_op_channels(pass->op);
    for (int64_t i = 0; i < rows_of(pass); i++) {
        const real *x = (const real *)pass->x + i * c;
        const real *dy = (const real *)pass->dy + i * c;
        if (pass->dx)
            input_gradient_row(c, x, pass->parameter[0], dy, (real *)pass->dx + i * c);
        if (pass->dparameter[0])
            slope_gradient_row(c, x, dy, pass->dparameter[0]);
    }
}

DPID_KERNELS_DECLARE(prelu);
const dpid_kernels DPID_T(dpid_kernels_prelu) = {prelu_forward, prelu_backward, NULL};

/* ---- the kind ---------------------------------------------------------------- */

#if DPID_ONCE
#include <deepid/activations.h>

static const dpid_option known[] = {
    {"start", DPID_REAL, 0.25, -1e6, 1e6, NULL, false, "initial slope"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    (void)ctx;
    op->out = op->in;
    op->parameters = 1;
    op->parameter[0] = (dpid_parameter_spec){.name = "weight",
                                             .role = DPID_ROLE_SLOPE,
                                             .trained = true,
                                             .rank = 1,
                                             .extents = {dpid_op_channels(op)},
                                             .start = op->option[0].r};
    return DEEPID_OK;
}

#include "ops/claims.h"

static dpid_activation facts(const dpid_value *o)
{
    (void)o;
    dpid_activation a = dpid_activation_unknown();
    a.line = (dpid_line){-(double)INFINITY, (double)INFINITY, 1, 0};
    a.trained = true;
    return a;
}

static const dpid_identity_claim claims[] = {
    {"alone", ALONE("prelu"), ALWAYS(BIT)},
    {0},
};

const dpid_kind dpid_kind_prelu = {
    .word = "prelu",
    .help = "y = x where x >= 0, w[c] x elsewhere, w trained; options: start=0.25",
    .flags = DPID_KIND_KINKED | DPID_KIND_RECTIFIER | DPID_KIND_GATE,
    .activation = facts,
    .claims = claims,
    .options = known,
    .infer = infer,
    .kernels = DPID_KERNELS(prelu),
};

int32_t deepid_prelu_forward(const deepid_tensor *x, const deepid_tensor *w, deepid_tensor *y)
{
    return dpid_primitive_forward(&dpid_kind_prelu, NULL, DPID_EVAL, x, &w, y);
}

int32_t deepid_prelu_backward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy,
                              deepid_tensor *dx, deepid_tensor *dw)
{
    return dpid_primitive_backward(&dpid_kind_prelu, NULL, DPID_EVAL, x, &w, dy, dx, &dw);
}
#endif
