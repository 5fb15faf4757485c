/* Windows over pictures at every place that options can put them: beyond the border, past the picture, in the
   padding alone. All arrays end at a page that nobody may touch. */
#include "support/support.h"

#include "net/net.h"
#include "ops/conv2d/conv2d.h"
#include "ops/reference.h"

#include <math.h>
#include <sys/mman.h>

DPID_REFERENCE(conv2d);
DPID_REFERENCE(maxpool);
DPID_REFERENCE(avgpool);

/* ---- arrays that end at a forbidden page: one place for each, used again ------------------------- */

typedef enum { X, Y, DY, DX, W, B, DW, DB, SAVED, SCRATCH, ARRAYS } array_name;
enum { ROOM = 1 << 20, PAGE = 4096 };
static char *end_of[ARRAYS];

static void make_room(void)
{
    for (int i = 0; i < ARRAYS; i++) {
        char *p = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(p != MAP_FAILED && mprotect(p + ROOM, PAGE, PROT_NONE) == 0);
        end_of[i] = p + ROOM;
    }
}

static void *take(array_name name, dpid_precision p, int64_t n)
{
    const int64_t bytes = n * dpid_precision_bytes(p);
    assert_true(bytes <= ROOM);
    return end_of[name] - bytes;
}

/* values NULL: NaN everywhere */
static void *put(array_name name, dpid_precision p, int64_t n, const double *values)
{
    void *to = take(name, p, n);
    for (int64_t i = 0; i < n; i++)
        dpid_store(p, to, i, values ? values[i] : (double)NAN);
    return to;
}

/* ---- one geometry: whole numbers, so that sums are exact in every precision ----------------------- */

enum { MOST = 4096 };
typedef struct {
    int64_t in, kernel, stride, before, after, dilation;
} axis;

typedef struct {
    deepid_ctx *ctx;
    const char *kind;
    char options[160];
    dpid_op op;
    dpid_reference reference;
    dpid_precision precision;
    dpid_isa isa;
    int64_t n, in, out, weights;
    double x[MOST], u[MOST], w[MOST], dy[MOST], y[MOST], moved[MOST], b[64], none[MOST];
} trial;

static void small_numbers(uint64_t seed, int64_t n, double *out)
{
    assert_true(n <= MOST);
    random_array(seed, n, -3.4, 3.4, out);
    for (int64_t i = 0; i < n; i++)
        out[i] = round(out[i]);
}

/* all different, for the largest of a window */
static void different_numbers(int64_t n, double *out)
{
    assert_true(n < 211);
    for (int64_t i = 0; i < n; i++)
        out[i] = (double)(37 * i % 211 - 105);
}

static void fail_at(const trial *t, const char *what, double got, double expected)
{
    fail_msg("%s %s on %s, %s, precision %d: %s is %.9g, expected %.9g", t->kind, t->options,
             dpid_shape_text(3, t->op.in.extent).text, deepid_isa_word(t->isa), (int)t->precision, what, got, expected);
}

/* A mean of a pool is rounded, a sum of whole numbers is not. */
static void compare(const trial *t, const char *what, double got, double expected)
{
    const double allowed = strcmp(t->kind, "avgpool") == 0 ? 1e-4 : 0;
    if (!(fabs(got - expected) <= allowed))
        fail_at(t, what, got, expected);
}

static double product(dpid_precision p, const void *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += b[i] == 0 ? 0 * dpid_fetch(p, a, i) : dpid_fetch(p, a, i) * b[i];
    return sum;
}

/* <dy, (f(x + h u) - f(x)) / h> of the reference; h is so small that no maximum changes, and a power of two. */
static double derivative(trial *t, double *values, const double *u, int64_t n)
{
    const double h = 0x1p-20;
    const double *parameter[] = {t->w, t->b};
    for (int64_t i = 0; i < n; i++)
        values[i] += h * u[i];
    t->reference(&t->op, DPID_TRAIN, t->n, t->x, parameter, t->moved);
    for (int64_t i = 0; i < n; i++)
        values[i] -= h * u[i];
    double sum = 0;
    for (int64_t i = 0; i < t->out; i++)
        sum += t->dy[i] * ((t->moved[i] - t->y[i]) / h);
    return sum;
}

static void check_gradients(trial *t, const dpid_pass *pass, uint64_t seed)
{
    small_numbers(seed, t->in, t->u);
    compare(t, "dx along a direction", product(t->precision, pass->dx, t->u, t->in), derivative(t, t->x, t->u, t->in));
    if (t->weights == 0)
        return;
    small_numbers(seed + 1, t->weights, t->u);
    compare(t, "dw along a direction", product(t->precision, pass->dparameter[0], t->u, t->weights),
            derivative(t, t->w, t->u, t->weights));
}

static dpid_pass arrays_of(trial *t)
{
    const dpid_precision p = t->precision;
    dpid_pass pass = {.op = &t->op, .mode = DPID_TRAIN, .n = t->n, .pool = dpid_ctx_pool(t->ctx)};
    pass.x = put(X, p, t->in, t->x);
    pass.y = put(Y, p, t->out, NULL);
    pass.dy = put(DY, p, t->out, t->dy);
    pass.dx = put(DX, p, t->in, NULL);
    pass.saved = put(SAVED, p, t->op.saved_fixed + t->n * t->op.saved_per_sample, NULL);
    pass.scratch = put(SCRATCH, p, dpid_op_scratch(&t->op, t->n, 1), NULL);
    if (t->weights > 0) {
        const int64_t out = t->op.parameter[0].extents[0];
        pass.parameter[0] = put(W, p, t->weights, t->w);
        pass.parameter[1] = put(B, p, out, t->b);
        pass.dparameter[0] = put(DW, p, t->weights, t->none);
        pass.dparameter[1] = put(DB, p, out, t->none);
    }
    return pass;
}

static void check_trial(trial *t, uint64_t seed)
{
    const double *parameter[] = {t->w, t->b};
    t->in = t->n * dpid_shape_count(&t->op.in);
    t->out = t->n * dpid_shape_count(&t->op.out);
    t->weights = 0;
    if (t->op.parameters > 0)
        assert_true(dpid_product(4, t->op.parameter[0].extents, &t->weights));
    different_numbers(t->in, t->x);
    small_numbers(seed + 2, t->out, t->dy);
    small_numbers(seed + 3, t->weights, t->w);
    small_numbers(seed + 4, 64, t->b);
    t->reference(&t->op, DPID_TRAIN, t->n, t->x, parameter, t->y);
    const dpid_pass pass = arrays_of(t);
    const dpid_kernels *kernels = t->op.kind->kernels[t->isa][t->precision];
    kernels->forward(&pass);
    for (int64_t i = 0; i < t->out; i++)
        compare(t, "an output", dpid_fetch(t->precision, pass.y, i), t->y[i]);
    kernels->backward(&pass);
    check_gradients(t, &pass, seed);
}

/* ---- all of them ------------------------------------------------------------------------------------- */

enum {
    SIDES = 6,
    KERNELS = 5,
    STRIDES = 31,
    PADS = 6,
    DILATIONS = 3,
    GEOMETRIES = SIDES * KERNELS * STRIDES * PADS * PADS * DILATIONS
};

static axis axis_at(int64_t i)
{
    axis a;
    a.in = 1 + i % SIDES;
    i /= SIDES;
    a.kernel = 1 + i % KERNELS;
    i /= KERNELS;
    a.stride = 1 + i % STRIDES;
    i /= STRIDES;
    a.before = i % PADS;
    i /= PADS;
    a.after = i % PADS;
    a.dilation = 1 + i / PADS;
    return a;
}

/* Rows go through all geometries, columns through the same in another order. */
static bool make_trial(trial *t, int64_t i, const char *word, dpid_reference reference)
{
    static const int32_t inputs[] = {1, 2};
    static const int32_t outputs[] = {1, 2, 9, 17};
    const bool conv = reference == dpid_reference_conv2d;
    const axis r = axis_at(i);
    const axis c = axis_at(i * 7919 % GEOMETRIES);
    const dpid_shape in = {3, {r.in, c.in, inputs[i % 2]}};
    const int length =
        snprintf(t->options, sizeof t->options, "kernel=%dx%d stride=%dx%d padding=%dx%dx%dx%d", (int)r.kernel,
                 (int)c.kernel, (int)r.stride, (int)c.stride, (int)r.before, (int)r.after, (int)c.before, (int)c.after);
    if (conv)
        snprintf(t->options + length, sizeof t->options - (size_t)length, " dilation=%dx%d out=%d", (int)r.dilation,
                 (int)c.dilation, r.stride > 4 ? outputs[i % 4] : outputs[i % 2]);
    t->kind = word;
    t->reference = reference;
    return dpid_op_create(t->ctx, dpid_kind_find(dpid_span_of(word)), dpid_span_of(t->options), &in, &t->op) ==
           DEEPID_OK;
}

static void all_geometries(const char *word, dpid_reference reference, int64_t least)
{
    enum { PRECISIONS = 3 };
    static trial t;
    int64_t isas = 0;
    int64_t tried = 0;
    while (deepid_isa_word(isas))
        isas++;
    t.ctx = new_ctx(1);
    for (int64_t i = 0; i < GEOMETRIES; i++) {
        if (!make_trial(&t, i, word, reference))
            continue; /* the kernel is larger than all there is, or a pool's window could see nothing */
        t.n = 1 + i % 2;
        t.precision = (dpid_precision)(tried % PRECISIONS);
        t.isa = (dpid_isa)(tried / PRECISIONS % isas);
        check_trial(&t, (uint64_t)(10 * i));
        tried++;
    }
    print_message("%s: %lld geometries\n", word, (long long)tried);
    assert_true(tried >= least);
    deepid_ctx_destroy(t.ctx);
}

static void convolutions_see_the_right_pixels_from_any_place(void **state)
{
    (void)state;
    all_geometries("conv2d", dpid_reference_conv2d, 50000);
}

static void pools_see_the_right_pixels_from_any_place(void **state)
{
    (void)state;
    all_geometries("maxpool", dpid_reference_maxpool, 3000);
    all_geometries("avgpool", dpid_reference_avgpool, 3000);
}

/* A window that sees padding alone has the bias for a result, and no gradient: 2x2 and 28x28 pictures, whose windows
   lie above and left of them. */
static void windows_in_the_padding_give_the_bias(void **state)
{
    static const struct {
        const char *options;
        int64_t side;
    } cases[] = {{"out=4 kernel=1 stride=4 padding=1", 2},
                 {"out=4 kernel=1 stride=30 padding=1", 28},
                 {"out=4 kernel=3 stride=31 padding=5x0x5x0 dilation=2", 5}};
    static trial t;
    (void)state;
    t.ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int isa = 0; deepid_isa_word(isa); isa++) {
            for (int p = 0; p < DPID_PRECISIONS; p++) {
                const dpid_shape in = {3, {cases[i].side, cases[i].side, 3}};
                deepid_ctx *ctx = t.ctx;
                OK(dpid_op_create(ctx, dpid_kind_find(dpid_span_of("conv2d")), dpid_span_of(cases[i].options), &in,
                                  &t.op));
                snprintf(t.options, sizeof t.options, "%s", cases[i].options);
                t.kind = "conv2d";
                t.n = 1;
                t.precision = (dpid_precision)p;
                t.isa = (dpid_isa)isa;
                t.in = dpid_shape_count(&in);
                t.out = dpid_shape_count(&t.op.out);
                assert_true(dpid_product(4, t.op.parameter[0].extents, &t.weights));
                small_numbers(i, t.in, t.x);
                small_numbers(i + 10, t.weights, t.w);
                small_numbers(i + 20, t.out, t.dy);
                small_numbers(i + 30, 64, t.b);
                const dpid_pass pass = arrays_of(&t);
                t.op.kind->kernels[isa][p]->forward(&pass);
                t.op.kind->kernels[isa][p]->backward(&pass);
                for (int64_t k = 0; k < t.out; k++)
                    compare(&t, "an output", dpid_fetch(t.precision, pass.y, k), t.b[k % 4]);
                for (int64_t k = 0; k < t.in; k++)
                    compare(&t, "dx", dpid_fetch(t.precision, pass.dx, k), 0);
                for (int64_t k = 0; k < t.weights; k++)
                    compare(&t, "dw", dpid_fetch(t.precision, pass.dparameter[0], k), 0);
            }
        }
    }
    deepid_ctx_destroy(t.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_in_the_padding_give_the_bias),
        cmocka_unit_test(convolutions_see_the_right_pixels_from_any_place),
        cmocka_unit_test(pools_see_the_right_pixels_from_any_place),
    };
    make_room();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
