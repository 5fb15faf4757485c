#include "op_case.h"

#include "ops/conv2d/conv2d.h"

#include <string.h>

/* ---- arrays ------------------------------------------------------------------------------- */

int32_t bench_numbers(dpid_arena *arena, dpid_precision precision, int64_t count, double scale, void *out)
{
    void *memory = NULL;
    uint64_t state = 1;
    DPID_TRY(dpid_arena_alloc(arena, count, dpid_precision_bytes(precision), "bench", &memory));
    for (int64_t i = 0; scale != 0 && i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator: any numbers would do */
        const double number = scale * ((double)(state >> 11) * 0x1p-52 - 1);
        if (precision == DPID_P32)
            ((float *)memory)[i] = (float)number;
        else
            ((double *)memory)[i] = number;
    }
    *(void **)out = memory;
    return DEEPID_OK;
}

static int64_t parameter_count(const dpid_parameter_spec *spec)
{
    int64_t count = 1;
    for (int32_t i = 0; i < spec->rank; i++)
        count *= spec->extents[i];
    return count;
}

/* Weights so small that no sum of an op grows from layer to layer; scales and variances where they start. */
static int32_t make_parameters(op_case *c, dpid_precision precision)
{
    const double small = 0.1;
    for (int32_t i = 0; i < c->op.parameters; i++) {
        const dpid_parameter_spec *spec = &c->op.parameter[i];
        const bool ones = spec->role == DPID_ROLE_SCALE || spec->role == DPID_ROLE_VARIANCE;
        DPID_TRY(bench_numbers(&c->arena, precision, parameter_count(spec), small, &c->pass.parameter[i]));
        for (int64_t k = 0; ones && k < parameter_count(spec); k++) {
            if (precision == DPID_P32)
                ((float *)c->pass.parameter[i])[k] = 1;
            else
                ((double *)c->pass.parameter[i])[k] = 1;
        }
        if (spec->trained)
            DPID_TRY(bench_numbers(&c->arena, precision, parameter_count(spec), 0, &c->pass.dparameter[i]));
    }
    return DEEPID_OK;
}

static int32_t make_arrays(op_case *c, dpid_precision precision, bool input_gradient)
{
    const int64_t in = c->pass.n * dpid_shape_count(&c->op.in);
    const int64_t out = c->pass.n * dpid_shape_count(&c->op.out);
    DPID_TRY(bench_numbers(&c->arena, precision, in, 1, &c->pass.x));
    DPID_TRY(bench_numbers(&c->arena, precision, out, 0, &c->pass.y));
    DPID_TRY(bench_numbers(&c->arena, precision, out, 1, &c->pass.dy));
    if (input_gradient)
        DPID_TRY(bench_numbers(&c->arena, precision, in, 0, &c->pass.dx));
    DPID_TRY(
        bench_numbers(&c->arena, precision, c->op.saved_fixed + c->pass.n * c->op.saved_per_sample, 0, &c->pass.saved));
    DPID_TRY(bench_numbers(&c->arena, precision, dpid_op_scratch(&c->op, c->pass.n, dpid_pool_workers(c->pass.pool)), 0,
                           &c->pass.scratch));
    return make_parameters(c, precision);
}

int32_t op_case_open(deepid_ctx *ctx, const char *word, const char *options, int64_t n, const dpid_shape *in,
                     dpid_precision precision, bool exact, bool input_gradient, op_case *out)
{
    op_case c = {.ctx = ctx, .arena = {.ctx = ctx}, .precision = precision};
    const dpid_kind *kind = dpid_kind_find(dpid_span_of(word));
    if (!kind)
        return dpid_set_take(ctx, &dpid_kinds, dpid_span_of(word), &kind);
    DPID_TRY(dpid_op_create(ctx, kind, dpid_span_of(options), in, &c.op));
    c.kernels = kind->kernels[ctx->isa][precision];
    c.pass = (dpid_pass){.mode = DPID_TRAIN, .n = n, .pool = dpid_ctx_pool(ctx), .exact = exact};
    const int32_t status = make_arrays(&c, precision, input_gradient);
    if (status != DEEPID_OK) {
        dpid_arena_release(&c.arena);
        return status;
    }
    *out = c;
    out->pass.op = &out->op;
    return DEEPID_OK;
}

void op_case_close(op_case *c)
{
    dpid_arena_release(&c->arena);
}

/* ---- run ---------------------------------------------------------------------------------------- */

void op_case_forward(void *arg)
{
    const op_case *c = arg;
    c->kernels->forward(&c->pass);
}

void op_case_backward(void *arg)
{
    const op_case *c = arg;
    c->kernels->backward(&c->pass);
}

/* ---- what has to be done ---------------------------------------------------------------------------- */

/* Taps along one axis that meet the picture, over all places of the window. */
static double taps_along(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation, int64_t before)
{
    int64_t taps = 0;
    for (int64_t i = 0; i < out; i++) {
        for (int64_t k = 0; k < kernel; k++) {
            const int64_t at = i * stride - before + k * dilation;
            taps += at >= 0 && at < in;
        }
    }
    return (double)taps;
}

static double multiply_adds(const op_case *c)
{
    dpid_conv2d g;
    if (strcmp(c->op.kind->word, "conv2d") != 0 || dpid_conv2d_make(c->ctx, &c->op, &g) != DEEPID_OK)
        return (double)c->op.macs;
    const dpid_window *w = &g.window;
    return taps_along(w->h, w->out_h, w->kernel_h, w->stride_h, w->dilation_h, w->top) *
           taps_along(w->w, w->out_w, w->kernel_w, w->stride_w, w->dilation_w, w->left) * (double)(g.in_g * g.out);
}

/* Operations a number where arithmetic, not memory, is the floor: additions, products and quotients of the formulas
   in f32, by hand; a multiply-add is two, one of 64 bits counts twice, for it fills two lanes. Conversions,
   comparisons and selections are left out, so the floor is low: in f64, whose polynomials are longer, lower still.
   Each op's .md says the same. */
static const struct {
    const char *word;
    double forward, backward;
} arithmetic[] = {
    {"gelu", 59, 62}, {"softplus", 50, 28},  {"tanh", 38, 4},    {"mish", 34, 42},
    {"silu", 28, 32}, {"sigmoid", 27, 3},    {"elu", 24, 27},    {"selu", 25, 27},
    {"celu", 25, 27}, {"layernorm", 13, 26}, {"rmsnorm", 6, 20}, {"dropout", 61, 61},
};

static double operations(const op_case *c, bool backward)
{
    for (size_t i = 0; i < sizeof arithmetic / sizeof *arithmetic; i++)
        if (strcmp(c->op.kind->word, arithmetic[i].word) == 0)
            return (double)(c->pass.n * dpid_shape_count(&c->op.in)) *
                   (backward ? arithmetic[i].backward : arithmetic[i].forward);
    return 2 * (double)c->pass.n * multiply_adds(c) * (backward && c->pass.dx ? 2 : 1);
}

/* How often x is read forward, x and dy backward. */
typedef struct {
    double forward_x, backward_x, backward_dy;
} reading;

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

static reading reading_of(const dpid_op *op)
{
    /* whose gradient does not depend on x */
    static const char *const linear[] = {"avgpool", "global_avgpool", "flatten", "dropout", "gradient_cast", NULL};
    const dpid_shape *in = &op->in;
    const dpid_shape *out = &op->out;
    if (strcmp(op->kind->word, "batchnorm") == 0)
        return (reading){2, 2, 2}; /* sums over the batch come before what is made with them */
    if (strcmp(op->kind->word, "channel_pad") == 0)
        return (reading){(double)(out->extent[0] * out->extent[1]) / (double)(in->extent[0] * in->extent[1]), 0,
                         (double)in->extent[2] / (double)out->extent[2]}; /* pixels and channels that go through */
    return is_one_of(op->kind->word, linear) ? (reading){1, 0, 1} : (reading){1, 1, 1};
}

op_work op_case_work(const op_case *c, bool backward)
{
    const double bytes = (double)dpid_precision_bytes(c->precision);
    const double x = bytes * (double)(c->pass.n * dpid_shape_count(&c->op.in));
    const double y = bytes * (double)(c->pass.n * dpid_shape_count(&c->op.out));
    const double dx = c->pass.dx ? x : 0;
    const reading r = reading_of(&c->op);
    double parameters = 0;
    for (int32_t i = 0; i < c->op.parameters; i++)
        parameters += bytes * (double)parameter_count(&c->op.parameter[i]);
    if (!backward)
        return (op_work){.flops = operations(c, false),
                         .reads = r.forward_x * x + parameters,
                         .writes = y,
                         .size = x + y + parameters};
    return (op_work){.flops = operations(c, true),
                     .reads = r.backward_x * x + r.backward_dy * y + 2 * parameters,
                     .writes = dx + parameters,
                     .size = (r.backward_x > 0) * x + y + dx + 2 * parameters};
}
