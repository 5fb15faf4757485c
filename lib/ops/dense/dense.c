/* Dense: y = x w^T + b.   Derivation: dense.md   Reference: dense_ref.c
   Small layers use the products of tensor/product.h, whose bits do not depend on how the work is cut. Forward needs w
   transposed for that, which costs about 2 / n of the product. Large layers use BLAS. */
#include "ops/dense/dense.h"

#include "base/numbers.h"
#include "tensor/bf16_product.h"
#include "tensor/gemm.h"
#include "tensor/product.h"
#include "tensor/real.h"
#include "tensor/vector.h"

enum { WEIGHT, BIAS };

/* ---- small layers: the products -------------------------------------------------- */

static int64_t inputs(const dpid_pass *pass)
{
    return pass->op->in.extent[0];
}

static int64_t outputs(const dpid_pass *pass)
{
    return pass->op->out.extent[0];
}

static void pack(const dpid_pass *pass)
{
    DPID_T(dpid_transpose)
    (outputs(pass), inputs(pass), pass->parameter[WEIGHT], inputs(pass), pass->scratch,
     dpid_product_pad(outputs(pass)));
}

static dpid_product_epilogue epilogue_of(const dpid_pass *pass, const dpid_dense_forward_epilogue *wanted)
{
    return (dpid_product_epilogue){.bias = pass->parameter[BIAS],
                                   .rectify = wanted->rectify,
                                   .dropped = !pass->y,
                                   .skip = wanted->skip,
                                   .s = wanted->s,
                                   .joined = wanted->joined,
                                   .mask = wanted->mask};
}

/* y = x w^T + 1 b^T, w^T in the scratch */
static void small_forward(const dpid_pass *pass, const dpid_dense_forward_epilogue *wanted)
{
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    const dpid_product_epilogue epilogue = epilogue_of(pass, wanted);
    DPID_T(dpid_product_nn)
    (pass->n, out, in, pass->x, in, pass->scratch, dpid_product_pad(out), &epilogue, pass->y, out);
}

/* With few samples, x and y together are smaller than w: then x and y are transposed, and w is not. */
static bool transposes_samples(const dpid_pass *pass)
{
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    return pass->n % dpid_product_pad(1) == 0 && out % dpid_product_pad(1) == 0 && pass->n * (in + out) < in * out;
}

/* Either way, the same bits. */
static void forward_alone(const dpid_pass *pass, const dpid_dense_forward_epilogue *wanted)
{
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    const dpid_product_epilogue epilogue = epilogue_of(pass, wanted);
    if (!transposes_samples(pass)) {
        pack(pass);
        small_forward(pass, wanted);
        return;
    }
    DPID_T(dpid_transpose)(pass->n, in, pass->x, in, pass->scratch, pass->n);
    DPID_T(dpid_product_tt)
    (pass->n, out, in, pass->scratch, pass->n, pass->parameter[WEIGHT], in, &epilogue, pass->y, out);
}

/* dx = dy w */
static void input_gradient(const dpid_pass *pass, const dpid_dense_backward_epilogue *wanted)
{
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    const dpid_product_epilogue epilogue = {.of = wanted->rectified ? pass->x : NULL,
                                            .plus = wanted->plus,
                                            .through = wanted->through,
                                            .back = wanted->back};
    DPID_T(dpid_product_nn)(pass->n, in, out, pass->dy, out, pass->parameter[WEIGHT], in, &epilogue, pass->dx, in);
}

/* dw += dy^T x      db += dy^T 1 */
static void weight_gradient(const dpid_pass *pass, int64_t first, int64_t count, bool add, double *squares)
{
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    const real *dy = (const real *)pass->dy + first;
    real *dw = (real *)pass->dparameter[WEIGHT] + first * in;
    real *db = pass->dparameter[BIAS] ? (real *)pass->dparameter[BIAS] + first : NULL;
    DPID_T(dpid_product_tn)(count, in, pass->n, dy, out, pass->x, in, add, dw, in);
    if (db && !add)
        DPID_T(dpid_fill)(db, count, 0);
    if (db)
        DPID_T(dpid_column_sums)(pass->n, count, dy, out, db);
    if (squares)
        *squares = DPID_T(dpid_sum_squares)(dw, count * in) + (db ? DPID_T(dpid_sum_squares)(db, count) : 0);
}

const dpid_dense_parts DPID_T(dpid_dense_parts) = {forward_alone, input_gradient, weight_gradient};

/* ---- small layers: tasks ------------------------------------------------------------------ */

/* ALONE: with fewer multiply-adds a product is one task, because waking threads would cost more than it saves */
enum { TASK_ROWS = 32, ALONE = 1 << 19 };

typedef struct {
    const dpid_pass *pass;
    int64_t rows, task_rows; /* of the result: samples, or outputs */
} job;

static void run_job(const dpid_pass *pass, int64_t rows, dpid_task_fn fn)
{
    job j = {pass, rows, pass->n * inputs(pass) * outputs(pass) < ALONE ? rows : TASK_ROWS};
    dpid_pool_run(pass->pool, (rows + j.task_rows - 1) / j.task_rows, fn, &j);
}

static int64_t rows_of(const job *j, int64_t task)
{
    const int64_t left = j->rows - task * j->task_rows;
    return left < j->task_rows ? left : j->task_rows;
}

/* The pass over the samples of a task. */
static dpid_pass part_of(const job *j, int64_t task)
{
    const int64_t first = task * j->task_rows;
    dpid_pass pass = *j->pass;
    pass.n = rows_of(j, task);
    pass.x = (const real *)pass.x + first * inputs(&pass);
    if (pass.y)
        pass.y = (real *)pass.y + first * outputs(&pass);
    if (pass.dy)
        pass.dy = (const real *)pass.dy + first * outputs(&pass);
    if (pass.dx)
        pass.dx = (real *)pass.dx + first * inputs(&pass);
    return pass;
}

static void forward_task(void *arg, int64_t task, int32_t worker)
{
    (void)worker;
    const dpid_pass pass = part_of(arg, task);
    small_forward(&pass, &(dpid_dense_forward_epilogue){0});
}

static void input_task(void *arg, int64_t task, int32_t worker)
{
    (void)worker;
    const dpid_pass pass = part_of(arg, task);
    input_gradient(&pass, &(dpid_dense_backward_epilogue){0});
}

static void weight_task(void *arg, int64_t task, int32_t worker)
{
    const job *j = arg;
    (void)worker;
    weight_gradient(j->pass, task * j->task_rows, rows_of(j, task), true, NULL);
}

/* ---- products of bf16 numbers by the CPU's instruction (pass->native) ------------------------- */

#if DPID_PRECISION == 32 && DPID_ISA == 2
static bool is_native(const dpid_pass *pass)
{
    return pass->native && dpid_dense_has_native(pass->op);
}

/* y = x w^T + 1 b^T */
static void native_forward(const dpid_pass *pass)
{
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    const dpid_bf16_job product = {.m = pass->n,
                                   .n = out,
                                   .k = in,
                                   .a = pass->x,
                                   .lda = in,
                                   .b = pass->parameter[WEIGHT],
                                   .ldb = in,
                                   .bias = pass->parameter[BIAS],
                                   .c = pass->y,
                                   .ldc = out,
                                   .memory = pass->native};
    dpid_bf16_product_nt(pass->pool, &product);
}

/* dx = dy w */
static void native_input_gradient(const dpid_pass *pass)
{
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    const dpid_bf16_job product = {.m = pass->n,
                                   .n = in,
                                   .k = out,
                                   .a = pass->dy,
                                   .lda = out,
                                   .b = pass->parameter[WEIGHT],
                                   .ldb = in,
                                   .c = pass->dx,
                                   .ldc = in,
                                   .memory = pass->native};
    dpid_bf16_product_nn(pass->pool, &product);
}

/* dw += dy^T x */
static void native_weight_gradient(const dpid_pass *pass)
{
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    const dpid_bf16_job product = {.m = out,
                                   .n = in,
                                   .k = pass->n,
                                   .a = pass->dy,
                                   .lda = out,
                                   .b = pass->x,
                                   .ldb = in,
                                   .add = true,
                                   .c = pass->dparameter[WEIGHT],
                                   .ldc = in,
                                   .memory = pass->native};
    dpid_bf16_product_tn(pass->pool, &product);
}

/* dx = dy w      dw += dy^T x      db += dy^T 1 */
static void native_backward(const dpid_pass *pass)
{
    if (pass->dx)
        native_input_gradient(pass);
    if (pass->dparameter[WEIGHT])
        native_weight_gradient(pass);
    if (pass->dparameter[BIAS])
        DPID_T(dpid_column_sums)
    (pass->n, outputs(pass), pass->dy, outputs(pass), pass->dparameter[BIAS]);
}
#else
static bool is_native(const dpid_pass *pass)
{
    (void)pass;
    return false;
}

static void native_forward(const dpid_pass *pass)
{
    (void)pass;
}

static void native_backward(const dpid_pass *pass)
{
    (void)pass;
}
#endif

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
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    const real *b = pass->parameter[BIAS];
    if (is_native(pass)) {
        native_forward(pass);
        return;
    }
    if (dpid_dense_is_small(pass->op)) {
        pack(pass);
        run_job(pass, pass->n, forward_task);
        return;
    }
    if (b)
        copy_rows(pass->n, out, b, pass->y);
    DPID_P(dpid_gemm_nt)
    (pass->pool, pass->n, out, in, pass->x, in, pass->parameter[WEIGHT], in, b != NULL, pass->y, out);
}

/* dx = dy w      dw += dy^T x      db += dy^T 1 */
static void dense_backward(const dpid_pass *pass)
{
    const int64_t in = inputs(pass);
    const int64_t out = outputs(pass);
    const bool small = dpid_dense_is_small(pass->op);
    if (is_native(pass)) {
        native_backward(pass);
        return;
    }
    if (small && pass->dx)
        run_job(pass, pass->n, input_task);
    if (small && pass->dparameter[WEIGHT]) {
        run_job(pass, out, weight_task);
        return;
    }
    if (!small && pass->dx)
        DPID_P(dpid_gemm_nn)
    (pass->pool, pass->n, in, out, pass->dy, out, pass->parameter[WEIGHT], in, false, pass->dx, in);
    if (!small && pass->dparameter[WEIGHT])
        DPID_P(dpid_gemm_tn)
    (pass->pool, out, in, pass->n, pass->dy, out, pass->x, in, true, pass->dparameter[WEIGHT], in);
    if (pass->dparameter[BIAS])
        DPID_T(dpid_column_sums)(pass->n, out, pass->dy, out, pass->dparameter[BIAS]);
}

DPID_KERNELS_DECLARE(dense);
const dpid_kernels DPID_T(dpid_kernels_dense) = {dense_forward, dense_backward, NULL};

/* ---- the kind ------------------------------------------------------------------ */

#if DPID_ONCE
#include <deepid/ops.h>

#include <stdio.h>

const dpid_dense_parts *const dpid_dense_parts_of[DPID_ISAS][DPID_PRECISIONS] = DPID_ISA_TABLE(&dpid_dense_parts);

bool dpid_dense_is_small(const dpid_op *op)
{
    enum { WEIGHTS = 1 << 18 };
    return op->in.extent[0] * op->out.extent[0] <= WEIGHTS;
}

bool dpid_dense_has_native(const dpid_op *op)
{
    enum { WEIGHTS = 1 << 14 };
    return op->in.extent[0] * op->out.extent[0] >= WEIGHTS;
}

bool dpid_dense_native_bytes(const dpid_op *op, int64_t n, int64_t *bytes)
{
    const int64_t in = op->in.extent[0];
    const int64_t out = op->out.extent[0];
    int64_t nt;
    int64_t nn;
    int64_t tn;
    *bytes = 0;
    if (!dpid_dense_has_native(op))
        return true;
    if (!dpid_bf16_product_bytes(n, out, in, &nt) || !dpid_bf16_product_bytes(n, in, out, &nn) ||
        !dpid_bf16_product_bytes(out, in, n, &tn))
        return false;
    *bytes = dpid_larger(nt, dpid_larger(nn, tn));
    return true;
}

static int64_t scratch(const dpid_op *op, int64_t n, int32_t workers)
{
    (void)n;
    (void)workers;
    return dpid_dense_is_small(op) ? op->in.extent[0] * dpid_product_pad(op->out.extent[0]) : 0;
}

enum { OUT, HAS_BIAS };
static const dpid_option known[] = {
    {"out", DPID_INT, 0, 1, 1 << 24, NULL, true, "outputs"},
    {"bias", DPID_INT, 1, 0, 1, NULL, false, "1: with b"},
    {0},
};

static int32_t infer(deepid_ctx *ctx, dpid_op *op)
{
    if (op->in.rank != 1)
        return dpid_fail(ctx, DEEPID_ERR_SHAPE,
                         "dense: input is %s, expected features; put flatten or global_avgpool before it",
                         dpid_shape_text(op->in.rank, op->in.extent).text);
    const int64_t in = op->in.extent[0];
    const int64_t out = op->option[OUT].i;
    op->out = (dpid_shape){1, {out}};
    op->parameter[WEIGHT] = (dpid_parameter_spec){.name = "weight",
                                                  .role = DPID_ROLE_WEIGHT,
                                                  .trained = true,
                                                  .rank = 2,
                                                  .extents = {out, in},
                                                  .fan_in = in,
                                                  .fan_out = out};
    op->parameter[BIAS] = (dpid_parameter_spec){
        .name = "bias", .role = DPID_ROLE_BIAS, .trained = true, .rank = 1, .extents = {out}, .fan_in = in};
    op->parameters = 1 + (int32_t)op->option[HAS_BIAS].i;
    op->macs = in * out;
    return DEEPID_OK;
}

#include "ops/claims.h"

static const dpid_identity_claim claims[] = {
    {"alone", FEATURES, "dense out=8", "", ALWAYS(BIT)},
    {"wide", FEATURES, "dense out=16; dense out=8", "", ALWAYS(BIT)},
    {"narrow", FEATURES, "dense out=4; dense out=8", "", ALWAYS(NO(RANK))},
    {0},
};

const dpid_kind dpid_kind_dense = {
    .word = "dense",
    .help = "y = x w^T + b; options: out (required), bias=1",
    .flags = DPID_KIND_AFFINE | DPID_KIND_WEIGHT,
    .options = known,
    .infer = infer,
    .scratch = scratch,
    .claims = claims,
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

int32_t deepid_dense_backward(const deepid_tensor *x, const deepid_tensor *w, const deepid_tensor *dy,
                              deepid_tensor *dx, deepid_tensor *dw, deepid_tensor *db)
{
    char text[64];
    if (!dpid_is(w, DPID_MAGIC_TENSOR))
        return DEEPID_ERR_ARGUMENT;
    const deepid_tensor *parameters[] = {w, db}; /* the values of b are not needed, its gradient has its shape */
    deepid_tensor *const gradients[] = {dw, db};
    return dpid_primitive_backward(&dpid_kind_dense, options_of(w, db, text), DPID_EVAL, x, parameters, dy, dx,
                                   gradients);
}
#endif
