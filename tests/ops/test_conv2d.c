/* The two ways of a convolution, beyond the contract: exactness, Winograd's error, shapes that cut tiles, bands and
   blocks. */
#include "support/support.h"

#include "base/units.h"
#include "ops/conv2d/conv2d.h"

#include <math.h>

/* ---- one convolution with its arrays ------------------------------------------------------------------ */

typedef struct {
    const char *options;
    dpid_shape in;
    int64_t n;
} shape_case;

typedef struct {
    deepid_ctx *ctx;
    dpid_op op;
    int64_t n, in, out, weights;
    double *x, *w, *b, *dy;
} conv;

typedef struct {
    double *y, *dx, *dw, *db;
    uint64_t bits;
} result;

static double *uniform(uint64_t seed, int64_t n)
{
    double *x = malloc(sizeof *x * (size_t)(n + 1));
    random_array(seed, n, -1, 1, x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)x[i]; /* the same numbers in f32 and f64 */
    return x;
}

static conv open_conv(deepid_ctx *ctx, const shape_case *c, uint64_t seed)
{
    conv v = {.ctx = ctx, .n = c->n};
    OK(dpid_op_create(ctx, dpid_kind_find(dpid_span_of("conv2d")), dpid_span_of(c->options), &c->in, &v.op));
    v.in = c->n * dpid_shape_count(&v.op.in);
    v.out = c->n * dpid_shape_count(&v.op.out);
    const int64_t *e = v.op.parameter[0].extents;
    v.weights = e[0] * e[1] * e[2] * e[3];
    v.x = uniform(seed, v.in);
    v.w = uniform(seed + 1, v.weights);
    v.b = uniform(seed + 2, e[0]);
    v.dy = uniform(seed + 3, v.out);
    return v;
}

static void close_conv(conv *v)
{
    free(v->x);
    free(v->w);
    free(v->b);
    free(v->dy);
}

static void *to_reals(bool wide, const double *x, int64_t n)
{
    void *y = malloc((size_t)(n + 1) * 8);
    for (int64_t i = 0; i < n; i++) {
        if (wide)
            ((double *)y)[i] = x[i];
        else
            ((float *)y)[i] = (float)x[i];
    }
    return y;
}

static double *to_doubles(bool wide, const void *x, int64_t n)
{
    double *y = malloc((size_t)(n + 1) * 8);
    for (int64_t i = 0; i < n; i++)
        y[i] = wide ? ((const double *)x)[i] : (double)((const float *)x)[i];
    return y;
}

static void *filled(bool wide, int64_t n, double value)
{
    double *x = malloc((size_t)(n + 1) * 8);
    for (int64_t i = 0; i < n; i++)
        x[i] = value;
    void *y = to_reals(wide, x, n);
    free(x);
    return y;
}

static result run(conv *v, bool wide, bool exact)
{
    const dpid_kernels *kernels = v->op.kind->kernels[v->ctx->isa][wide ? DPID_P64 : DPID_P32];
    dpid_pool *pool = dpid_ctx_pool(v->ctx);
    const int64_t out = v->op.parameter[0].extents[0];
    const int64_t size = wide ? 8 : 4;
    void *x = to_reals(wide, v->x, v->in);
    void *w = to_reals(wide, v->w, v->weights);
    void *b = to_reals(wide, v->b, out);
    void *dy = to_reals(wide, v->dy, v->out);
    void *y = filled(wide, v->out, (double)NAN);
    void *dx = filled(wide, v->in, (double)NAN);
    void *dw = filled(wide, v->weights, 0);
    void *db = filled(wide, out, 0);
    void *scratch = filled(wide, dpid_op_scratch(&v->op, v->n, dpid_pool_workers(pool)), (double)NAN);
    dpid_pass pass = {.op = &v->op,
                      .mode = DPID_TRAIN,
                      .n = v->n,
                      .x = x,
                      .y = y,
                      .dy = dy,
                      .dx = dx,
                      .parameter = {w, b},
                      .dparameter = {dw, db},
                      .scratch = scratch,
                      .pool = pool,
                      .exact = exact};
    kernels->forward(&pass);
    kernels->backward(&pass);
    const result r = {to_doubles(wide, y, v->out), to_doubles(wide, dx, v->in), to_doubles(wide, dw, v->weights),
                      to_doubles(wide, db, out),
                      bits(y, v->out * size) ^ 3 * bits(dx, v->in * size) ^ 5 * bits(dw, v->weights * size) ^
                          7 * bits(db, out * size)};
    void *all[] = {x, w, b, dy, y, dx, dw, db, scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    return r;
}

static void drop(result *r)
{
    free(r->y);
    free(r->dx);
    free(r->dw);
    free(r->db);
}

/* ---- errors, as shares of the expected array's rms ------------------------------------------------------ */

typedef struct {
    double rms, largest;
} error;

static error error_of(const double *got, const double *expected, int64_t n)
{
    double squares = 0;
    double size = 0;
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = got[i] - expected[i];
        squares += d * d;
        size += expected[i] * expected[i];
        largest = fabs(d) > largest || d != d ? fabs(d) : largest;
    }
    return (error){sqrt(squares / size), largest / sqrt(size / (double)n)};
}

static void within(const char *isa, const shape_case *c, const char *what, error e, double rms, double largest)
{
    if (!(e.rms <= rms && e.largest <= largest))
        fail_msg("%s, %s on %s, n %lld: %s is off by %.3g rms, %.3g at most, allowed %.3g and %.3g", isa, c->options,
                 dpid_shape_text(3, c->in.extent).text, (long long)c->n, what, e.rms, e.largest, rms, largest);
}

/* ---- Winograd ---------------------------------------------------------------------------------------------- */

static const shape_case winograd_cases[] = {
    {"out=16 kernel=3", {3, {32, 32, 16}}, 5},
    {"out=32 kernel=3", {3, {16, 16, 32}}, 9},
    {"out=64 kernel=3", {3, {8, 8, 64}}, 19}, /* several pictures a product, one left over */
    {"out=48 kernel=3", {3, {7, 11, 32}}, 3}, /* tiles over the border, an odd number of blocks */
    /* a part of a block; the result is larger than the picture */
    {"out=30 kernel=3 padding=2", {3, {10, 6, 16}}, 2},
    {"out=16 kernel=3 padding=0", {3, {18, 10, 29}}, 2}, /* and smaller */
    {"out=16 kernel=3 padding=0x1x2x0", {3, {9, 13, 16}}, 4},
    {"out=16 kernel=3", {3, {37, 41, 16}}, 2}, /* more tiles than a band */
    /* two pictures in a block, in bands, one left over in a task */
    {"out=8 kernel=3", {3, {28, 28, 8}}, 7},
    {"out=8 kernel=3", {3, {12, 11, 8}}, 5},          /* and several pairs a product */
    {"out=5 kernel=3 padding=2", {3, {10, 6, 8}}, 3}, /* a part of a half */
    {"out=7 kernel=3 padding=1x0x2x1", {3, {18, 17, 7}}, 1},
};
enum { WINOGRAD_CASES = sizeof winograd_cases / sizeof *winograd_cases };

static void every_isa(void (*check)(deepid_ctx *ctx, const char *isa))
{
    for (int64_t i = 0; deepid_isa_word(i); i++) {
        deepid_ctx *ctx = new_ctx(2);
        OK(deepid_ctx_set_isa(ctx, deepid_isa_word(i)));
        check(ctx, deepid_isa_word(i));
        deepid_ctx_destroy(ctx);
    }
}

/* In double both ways differ by rounding alone: a wrong tile, tap or border would be of the size of the values. */
static void check_winograd_is_direct(deepid_ctx *ctx, const char *isa)
{
    for (int i = 0; i < WINOGRAD_CASES; i++) {
        const shape_case *c = &winograd_cases[i];
        conv v = open_conv(ctx, c, 100 + 10 * (uint64_t)i);
        assert_true(dpid_conv2d_has_winograd(&v.op));
        result fast = run(&v, true, false);
        result direct = run(&v, true, true);
        assert_true(fast.bits != direct.bits); /* or nothing was compared */
        within(isa, c, "y", error_of(fast.y, direct.y, v.out), 1e-14, 2e-13);
        within(isa, c, "dx", error_of(fast.dx, direct.dx, v.in), 1e-14, 2e-13);
        within(isa, c, "dw", error_of(fast.dw, direct.dw, v.weights), 1e-14, 2e-13);
        within(isa, c, "db", error_of(fast.db, direct.db, v.op.parameter[0].extents[0]), 1e-14, 1e-13);
        drop(&fast);
        drop(&direct);
        close_conv(&v);
    }
}

static void winograd_agrees_with_the_direct_sums_in_double(void **state)
{
    (void)state;
    every_isa(check_winograd_is_direct);
}

/* f32 against f64; the bounds are those the documentation gives. */
static void check_winograd_error(deepid_ctx *ctx, const char *isa)
{
    for (int i = 0; i < WINOGRAD_CASES; i++) {
        const shape_case *c = &winograd_cases[i];
        conv v = open_conv(ctx, c, 300 + 10 * (uint64_t)i);
        result truth = run(&v, true, true);
        result fast = run(&v, false, false);
        result direct = run(&v, false, true);
        const error y = error_of(fast.y, truth.y, v.out);
        const error dx = error_of(fast.dx, truth.dx, v.in);
        const error dw = error_of(fast.dw, truth.dw, v.weights);
        print_message("%s %s on %s: y %.2g %.2g, dx %.2g %.2g, dw %.2g %.2g; direct y %.2g\n", isa, c->options,
                      dpid_shape_text(3, c->in.extent).text, y.rms, y.largest, dx.rms, dx.largest, dw.rms, dw.largest,
                      error_of(direct.y, truth.y, v.out).rms);
        within(isa, c, "y", y, 3e-6, 3e-5);
        within(isa, c, "dx", dx, 3e-6, 3e-5);
        within(isa, c, "dw", dw, 3e-6, 3e-5);
        within(isa, c, "direct y", error_of(direct.y, truth.y, v.out), 1e-6, 1e-5);
        drop(&truth);
        drop(&fast);
        drop(&direct);
        close_conv(&v);
    }
}

static void winograd_stays_within_its_documented_error(void **state)
{
    (void)state;
    every_isa(check_winograd_error);
}

/* ---- direct: results that fill half a block, or a part of it ----------------------------------------------------- */

static const shape_case half_cases[] = {
    {"out=8 kernel=3", {3, {12, 9, 8}}, 5},
    {"out=24 kernel=3 stride=2", {3, {9, 11, 8}}, 3}, /* a whole block and a half; the input gradient is a half */
    {"out=5 kernel=3", {3, {7, 7, 1}}, 4},
    {"out=16 kernel=3 groups=2", {3, {6, 5, 16}}, 2}, /* a half for each group */
};

/* f32 against f64: rounding of sums of at most 9 * 24 terms. */
static void check_half_blocks(deepid_ctx *ctx, const char *isa)
{
    for (size_t i = 0; i < sizeof half_cases / sizeof *half_cases; i++) {
        const shape_case *c = &half_cases[i];
        conv v = open_conv(ctx, c, 1100 + 10 * i);
        result truth = run(&v, true, true);
        result r = run(&v, false, true);
        within(isa, c, "y", error_of(r.y, truth.y, v.out), 1e-6, 1e-5);
        within(isa, c, "dx", error_of(r.dx, truth.dx, v.in), 1e-6, 1e-5);
        within(isa, c, "dw", error_of(r.dw, truth.dw, v.weights), 1e-6, 1e-5);
        within(isa, c, "db", error_of(r.db, truth.db, v.op.parameter[0].extents[0]), 1e-6, 1e-5);
        drop(&truth);
        drop(&r);
        close_conv(&v);
    }
}

static void half_a_block_is_the_same_convolution(void **state)
{
    (void)state;
    every_isa(check_half_blocks);
}

/* ---- direct: a delta kernel returns its input ------------------------------------------------------------------- */

static void check_delta(deepid_ctx *ctx, const char *isa)
{
    static const int64_t channels[] = {1, 3, 8, 10, 16, 17, 24, 32, 33, 64, 100};
    static const int64_t widths[] = {1, 3, 8, 10, 17, 33};
    for (size_t k = 0; k < sizeof channels / sizeof *channels; k++) {
        for (size_t m = 0; m < sizeof widths / sizeof *widths; m++) {
            char options[64];
            const int64_t c = channels[k];
            snprintf(options, sizeof options, "out=%lld kernel=3", (long long)c);
            const shape_case shape = {options, {3, {5, widths[m], c}}, 2};
            conv v = open_conv(ctx, &shape, 500 + 10 * k + m);
            for (int64_t i = 0; i < v.weights; i++)
                v.w[i] = 0;
            for (int64_t i = 0; i < c; i++)
                v.w[((i * 3 + 1) * 3 + 1) * c + i] = 1;
            for (int64_t i = 0; i < c; i++)
                v.b[i] = 0;
            for (int64_t i = 0; i < v.in; i += 7)
                v.x[i] = i % 2 ? 3e38 : (double)1e-45f; /* the largest and the smallest there are */
            result r = run(&v, false, true);
            for (int64_t i = 0; i < v.in; i++)
                if ((float)v.x[i] != (float)r.y[i])
                    fail_msg("%s, %s on 5x%lldx%lld, seed %zu: y[%lld] is %.9g, expected %.9g", isa, options,
                             (long long)widths[m], (long long)c, 500 + 10 * k + m, (long long)i, r.y[i],
                             (double)(float)v.x[i]);
            drop(&r);
            close_conv(&v);
        }
    }
}

static void a_delta_kernel_returns_its_input(void **state)
{
    (void)state;
    every_isa(check_delta);
}

/* ---- bits
   ------------------------------------------------------------------------------------------------------------ */

static void check_threads(deepid_ctx *ctx, const char *isa)
{
    static const int32_t counts[] = {1, 2, 3, 4, 7};
    for (int i = 0; i < WINOGRAD_CASES; i++) {
        for (int exact = 0; exact < 2; exact++) {
            conv v = open_conv(ctx, &winograd_cases[i], 700 + 10 * (uint64_t)i);
            uint64_t first = 0;
            for (size_t t = 0; t < sizeof counts / sizeof *counts; t++) {
                OK(deepid_ctx_set_threads(ctx, counts[t]));
                result r = run(&v, false, exact);
                first = t == 0 ? r.bits : first;
                if (r.bits != first)
                    fail_msg("%s, %s, exact %d: the bits differ between 1 and %d threads", isa,
                             winograd_cases[i].options, exact, counts[t]);
                drop(&r);
            }
            close_conv(&v);
        }
    }
}

static void bits_do_not_depend_on_the_threads(void **state)
{
    (void)state;
    every_isa(check_threads);
}

/* Computed directly: first layers, strides, 16 pixels at a time with some left over. */
static const shape_case direct_cases[] = {
    {"out=16 kernel=3", {3, {32, 32, 3}}, 3},           {"out=20 kernel=3", {3, {6, 10, 3}}, 2},
    {"out=16 kernel=3", {3, {28, 28, 1}}, 2},           {"out=16 kernel=3 stride=2", {3, {22, 18, 8}}, 2},
    {"out=32 kernel=1 stride=2", {3, {12, 12, 16}}, 3}, {"out=48 kernel=1", {3, {5, 6, 33}}, 2},
};
enum { DIRECT_CASES = sizeof direct_cases / sizeof *direct_cases };

static void compare_bits(deepid_ctx *ctx, const shape_case *s, uint64_t seed, bool exact)
{
    conv v = open_conv(ctx, s, seed);
    OK(deepid_ctx_set_isa(ctx, "avx2"));
    result narrow = run(&v, false, exact);
    OK(deepid_ctx_set_isa(ctx, "avx512"));
    for (int32_t units = 1; units <= 2; units++) {
        dpid_units_force(units);
        result wide = run(&v, false, exact);
        if (wide.bits != narrow.bits)
            fail_msg("seed %llu, %s, exact %d: AVX2 and AVX-512 for %d units differ", (unsigned long long)seed,
                     s->options, exact, units);
        drop(&wide);
    }
    dpid_units_force(0);
    drop(&narrow);
    close_conv(&v);
}

static void avx2_and_avx512_give_the_same_bits(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    if (deepid_ctx_set_isa(ctx, "avx512") != DEEPID_OK) {
        print_message("skipped: this CPU has no AVX-512\n");
        deepid_ctx_destroy(ctx);
        skip();
    }
    for (int i = 0; i < WINOGRAD_CASES; i++)
        for (int exact = 0; exact < 2; exact++)
            compare_bits(ctx, &winograd_cases[i], 900 + 10 * (uint64_t)i, exact);
    for (int i = 0; i < DIRECT_CASES; i++)
        compare_bits(ctx, &direct_cases[i], 1900 + 10 * (uint64_t)i, true);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(winograd_agrees_with_the_direct_sums_in_double),
        cmocka_unit_test(winograd_stays_within_its_documented_error),
        cmocka_unit_test(a_delta_kernel_returns_its_input),
        cmocka_unit_test(bits_do_not_depend_on_the_threads),
        cmocka_unit_test(avx2_and_avx512_give_the_same_bits),
        cmocka_unit_test(half_a_block_is_the_same_convolution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
