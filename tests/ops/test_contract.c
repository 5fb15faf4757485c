/* The contract of every layer kind in the registry: what is listed is tested, with its defaults and with the cases
   that stand beside its reference. */
#include "support/support.h"

#include "ops/op.h"
#include "ops/conv2d/conv2d.h"
#include "ops/reference.h"

#include <math.h>

/* ---- the references and their cases ---------------------------------------------------------------- */

#define DECLARE(word)                                                                                                  \
    DPID_REFERENCE(word);                                                                                              \
    extern const char *const dpid_cases_##word[];
DPID_KINDS(DECLARE)
#define ROW(word) {dpid_reference_##word, dpid_cases_##word},
static const struct {
    dpid_reference reference;
    const char *const *cases;
} references[] = {DPID_KINDS(ROW)};

static const dpid_shape shapes[] = {{1, {1}},       {1, {7}},       {1, {13}},       {1, {20}},       {3, {1, 1, 1}},
                                    {3, {5, 4, 3}}, {3, {6, 7, 5}}, {3, {3, 3, 17}}, {3, {5, 8, 12}}, {2, {1, 1}},
                                    {2, {7, 3}},    {2, {13, 5}},   {2, {4, 17}},    {2, {12, 20}}};
static const int64_t batches[] = {2, 3, 5};

/* ---- one op with its arrays, in double -------------------------------------------------------------- */

typedef struct {
    deepid_ctx *ctx;
    dpid_op op;
    dpid_mode mode;
    dpid_reference reference;
    const char *options;
    bool exact;
    int64_t n, in, out;
    uint64_t seed;
    double *x, *y, *dy, *parameter[DPID_OP_PARAMETERS_MAX];
    int64_t count[DPID_OP_PARAMETERS_MAX];
} subject;

static double *array(int64_t n)
{
    return calloc((size_t)n + 1, sizeof(double));
}

static void fail_at(const subject *s, const char *what, int64_t i, double got, double expected)
{
    fail_msg("%s %s on %s, n %lld, %s, seed %llu: %s[%lld] is %.17g, expected %.17g", s->op.kind->word, s->options,
             dpid_shape_text(s->op.in.rank, s->op.in.extent).text, (long long)s->n,
             s->mode    ? "train"
             : s->exact ? "eval"
                        : "eval, not exact",
             (unsigned long long)s->seed, what, (long long)i, got, expected);
}

/* Values keep away from the kinks at 0, +-0.5, +-1, 2, +-3 and from ties. */
static void away_from_kinks(double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const double near = round(2 * x[i]) / 2;
        if (fabs(x[i] - near) < 0.02)
            x[i] = near + (x[i] >= near ? 0.02 : -0.02);
        x[i] += 1e-5 * (double)(i % 97);
    }
}

static void fill_subject(subject *s)
{
    random_array(s->seed, s->in, -4, 4, s->x);
    away_from_kinks(s->x, s->in);
    random_array(s->seed + 1, s->out, -1, 1, s->dy);
    for (int32_t k = 0; k < s->op.parameters; k++)
        random_array(s->seed + 2 + (uint64_t)k, s->count[k], s->op.parameter[k].role == DPID_ROLE_VARIANCE ? 0.5 : -1,
                     s->op.parameter[k].role == DPID_ROLE_VARIANCE ? 2 : 1, s->parameter[k]);
}

static void open_subject(subject *s)
{
    s->in = s->n * dpid_shape_count(&s->op.in);
    s->out = s->n * dpid_shape_count(&s->op.out);
    s->x = array(s->in);
    s->y = array(s->out);
    s->dy = array(s->out);
    for (int32_t k = 0; k < s->op.parameters; k++) {
        assert_true(dpid_product(s->op.parameter[k].rank, s->op.parameter[k].extents, &s->count[k]));
        s->parameter[k] = array(s->count[k]);
    }
    fill_subject(s);
}

static void close_subject(subject *s)
{
    free(s->x);
    free(s->y);
    free(s->dy);
    for (int32_t k = 0; k < s->op.parameters; k++)
        free(s->parameter[k]);
}

/* ---- running the kernels of a precision ---------------------------------------------------------------- */

typedef struct {
    double *y, *dx, *dparameter[DPID_OP_PARAMETERS_MAX];
    uint64_t bits; /* of y, dx and gradients as the kernels left them */
} outcome;

static void *to_reals(dpid_precision p, const double *x, int64_t n)
{
    void *out = calloc((size_t)n + 1, sizeof(long double));
    for (int64_t i = 0; i < n; i++) {
        if (p == DPID_P32)
            ((float *)out)[i] = (float)x[i];
        else if (p == DPID_P64)
            ((double *)out)[i] = x[i];
        else
            ((long double *)out)[i] = (long double)x[i];
    }
    return out;
}

static double real_at(dpid_precision p, const void *x, int64_t i)
{
    return p == DPID_P32   ? (double)((const float *)x)[i]
           : p == DPID_P64 ? ((const double *)x)[i]
                           : (double)((const long double *)x)[i];
}

static void *filled(dpid_precision p, int64_t n, double value)
{
    double *x = array(n);
    for (int64_t i = 0; i < n; i++)
        x[i] = value;
    void *out = to_reals(p, x, n);
    free(x);
    return out;
}

/* y poisoned, dx poisoned, parameter gradients pre-filled with ones. want 0: gradients NULL. */
static outcome run(subject *s, dpid_precision p, bool want)
{
    const int64_t bytes = dpid_precision_bytes(p);
    dpid_pool *pool = dpid_ctx_pool(s->ctx);
    dpid_pass pass = {.op = &s->op, .mode = s->mode, .n = s->n, .pool = pool, .exact = s->exact};
    void *x = to_reals(p, s->x, s->in);
    void *dy = to_reals(p, s->dy, s->out);
    void *y = filled(p, s->out, (double)NAN);
    void *dx = filled(p, s->in, (double)NAN);
    void *states[DPID_OP_PARAMETERS_MAX] = {NULL};
    pass.x = x;
    pass.y = y;
    pass.saved = filled(p, s->op.saved_fixed + s->n * s->op.saved_per_sample, (double)NAN);
    pass.scratch = filled(p, dpid_op_scratch(&s->op, s->n, dpid_pool_workers(pool)), (double)NAN);
    for (int32_t k = 0; k < s->op.parameters; k++) {
        pass.parameter[k] = to_reals(p, s->parameter[k], s->count[k]);
        states[k] = to_reals(p, s->parameter[k], s->count[k]);
        pass.dparameter[k] = want && s->op.parameter[k].trained ? filled(p, s->count[k], 1) : NULL;
    }
    const dpid_kernels *kernels = s->op.kind->kernels[s->ctx->isa][p];
    kernels->forward(&pass);
    for (int32_t k = 0; k < s->op.parameters; k++)
        if (memcmp(states[k], pass.parameter[k], (size_t)(s->count[k] * (p == DPID_P80 ? 10 : bytes))) != 0 &&
            p != DPID_P80)
            fail_msg("%s: forward changed its parameter %s", s->op.kind->word, s->op.parameter[k].name);
    pass.dy = dy;
    pass.dx = want ? dx : NULL;
    kernels->backward(&pass);
    outcome o = {.y = array(s->out), .dx = array(s->in)};
    for (int64_t i = 0; i < s->out; i++)
        o.y[i] = real_at(p, y, i);
    for (int64_t i = 0; i < s->in; i++)
        o.dx[i] = real_at(p, dx, i);
    o.bits = bits(o.y, s->out * 8) ^ bits(o.dx, s->in * 8);
    for (int32_t k = 0; k < s->op.parameters; k++) {
        if (pass.dparameter[k]) {
            o.dparameter[k] = array(s->count[k]);
            for (int64_t i = 0; i < s->count[k]; i++)
                o.dparameter[k][i] = real_at(p, pass.dparameter[k], i) - 1;
            o.bits ^= bits(o.dparameter[k], s->count[k] * 8) * (uint64_t)(k + 3);
        }
        free(pass.parameter[k]);
        free(states[k]);
        free(pass.dparameter[k]);
    }
    free(pass.saved);
    free(pass.scratch);
    free(x);
    free(dy);
    free(y);
    free(dx);
    return o;
}

static void drop(outcome *o)
{
    free(o->y);
    free(o->dx);
    for (int k = 0; k < DPID_OP_PARAMETERS_MAX; k++)
        free(o->dparameter[k]);
}

/* ---- checks ------------------------------------------------------------------------------------------------ */

static double largest(const double *x, int64_t n)
{
    double m = 0;
    for (int64_t i = 0; i < n; i++)
        m = fmax(m, fabs(x[i]));
    return m;
}

static void check_close(const subject *s, const char *what, int64_t n, const double *got, const double *expected,
                        double tolerance)
{
    const double scale = fmax(largest(expected, n), 1e-3);
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(got[i] - expected[i]) <= tolerance * scale))
            fail_at(s, what, i, got[i], expected[i]);
}

static double weighted(subject *s)
{
    double sum = 0;
    s->reference(&s->op, s->mode, s->n, s->x, (const double *const *)s->parameter, s->y);
    for (int64_t i = 0; i < s->out; i++)
        sum += s->y[i] * s->dy[i];
    return sum;
}

/* 4th-order central differences of the reference; h = 2e-4: truncation about h^4 = 2e-15 of a fifth derivative
   (large where a batch of two is normalised), rounding about 1e-16 / h. */
static double difference(subject *s, double *at)
{
    static const double where[] = {-2, -1, 1, 2};
    static const double weight[] = {1, -8, 8, -1};
    const double h = 2e-4;
    const double kept = *at;
    double sum = 0;
    for (int k = 0; k < 4; k++) {
        *at = kept + where[k] * h;
        sum += weight[k] * weighted(s);
    }
    *at = kept;
    return sum / (12 * h);
}

static void gradient_matches(subject *s, const char *what, double *values, int64_t n, const double *got)
{
    enum { LOOKS = 40 };
    const int64_t step = n > LOOKS ? n / LOOKS : 1;
    const double scale = fmax(largest(got, n), 1e-2);
    for (int64_t i = 0; i < n; i += step) {
        const double expected = difference(s, &values[i]);
        if (!(fabs(got[i] - expected) <= 1e-9 * scale))
            fail_at(s, what, i, got[i], expected);
    }
}

static void check_subject(subject *s)
{
    outcome o = run(s, DPID_P64, true);
    s->reference(&s->op, s->mode, s->n, s->x, (const double *const *)s->parameter, s->y);
    check_close(s, "y", s->out, o.y, s->y, 1e-12);
    gradient_matches(s, "dx", s->x, s->in, o.dx);
    for (int32_t k = 0; k < s->op.parameters; k++)
        if (s->op.parameter[k].trained)
            gradient_matches(s, s->op.parameter[k].name, s->parameter[k], s->count[k], o.dparameter[k]);
    /* sums of at most a few hundred terms: 1e-4 of the largest is far above rounding */
    outcome f32 = run(s, DPID_P32, true);
    check_close(s, "f32 y", s->out, f32.y, o.y, 2e-5);
    check_close(s, "f32 dx", s->in, f32.dx, o.dx, s->op.kind->flags & DPID_KIND_ROUGH ? 0x1p-11 + 2e-4 : 2e-4);
    outcome f80 = run(s, DPID_P80, true);
    check_close(s, "f80 y", s->out, f80.y, o.y, 1e-12);
    check_close(s, "f80 dx", s->in, f80.dx, o.dx, 1e-11);
    outcome none = run(s, DPID_P64, false);
    check_close(s, "y without gradients", s->out, none.y, o.y, 0);
    drop(&none);
    drop(&f80);
    drop(&f32);
    drop(&o);
}

/* By the kind, its options and the shape, not by their places in tables: a new kind or case leaves the numbers of
   the others alone. */
static uint64_t seed_of(const char *word, const char *options, size_t shape)
{
    return dpid_hash64(options, (int64_t)strlen(options), dpid_hash64(word, (int64_t)strlen(word), 0)) + 100 * shape;
}

static void for_each_case_of(const char *isa, void (*check)(subject *), int32_t threads)
{
    deepid_ctx *ctx = new_ctx(threads);
    OK(deepid_ctx_set_isa(ctx, isa));
    int64_t checked = 0;
    for (int64_t kind = 0; dpid_kind_at(kind); kind++) {
        const dpid_kind *k = dpid_kind_at(kind);
        subject s = {.ctx = ctx, .reference = references[kind].reference};
        int64_t of_kind = 0;
        bool defaults = false;
        for (size_t c = 0; !defaults; c++) {
            defaults = references[kind].cases[c] == NULL; /* last */
            s.options = defaults ? "" : references[kind].cases[c];
            const int64_t before = of_kind;
            for (size_t h = 0; h < sizeof shapes / sizeof *shapes; h++) {
                if (dpid_op_create(ctx, k, dpid_span_of(s.options), &shapes[h], &s.op) != DEEPID_OK)
                    continue; /* this kind or these options do not take this shape */
                const int ways = k == &dpid_kind_conv2d && dpid_conv2d_has_winograd(&s.op) ? 2
                                 : (k->flags & DPID_KIND_MODE)                             ? 2
                                                                                           : 1;
                for (int mode = 0; mode < ways; mode++) {
                    s.exact = mode == 0; /* conv2d: directly, and by Winograd where it can */
                    s.mode = (dpid_mode)mode;
                    /* two close values normalised are too steep for differences */
                    s.n = (k->flags & DPID_KIND_BATCH) ? 11 : batches[(h + c) % 3];
                    s.seed = seed_of(k->word, s.options, h);
                    open_subject(&s);
                    check(&s);
                    close_subject(&s);
                    of_kind++;
                }
            }
            if (!defaults && of_kind == before)
                fail_msg("%s %s: no shape takes these options", k->word, s.options);
        }
        if (of_kind == 0)
            fail_msg("%s: no case ran", k->word);
        checked += of_kind;
    }
    print_message("%s: %lld cases\n", isa, (long long)checked);
    deepid_ctx_destroy(ctx);
}

static void for_each_case(void (*check)(subject *), int32_t threads)
{
    for (int64_t i = 0; deepid_isa_word(i); i++)
        for_each_case_of(deepid_isa_word(i), check, threads);
}

static void every_kind_matches_its_reference_and_its_differences(void **state)
{
    (void)state;
    for_each_case(check_subject, 2);
}

/* ---- the same bits for any number of threads ------------------------------------------------------------------ */

static void check_threads(subject *s)
{
    s->n = 70; /* several chunks in every kind that has chunks */
    close_subject(s);
    open_subject(s);
    uint64_t first = 0;
    for (int32_t threads = 1; threads <= 4; threads++) {
        deepid_ctx *ctx = s->ctx;
        OK(deepid_ctx_set_threads(ctx, threads));
        outcome o = run(s, DPID_P32, true);
        if (threads == 1)
            first = o.bits;
        if (o.bits != first)
            fail_msg("%s %s on %s: the bits differ between 1 and %d threads", s->op.kind->word, s->options,
                     dpid_shape_text(s->op.in.rank, s->op.in.extent).text, threads);
        drop(&o);
    }
}

static void every_kind_gives_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    for_each_case(check_threads, 1);
}

/* ---- NaN ----------------------------------------------------------------------------------------------------------
 */

static void check_nan(subject *s)
{
    for (int64_t i = 0; i < s->in; i++)
        s->x[i] = (double)NAN;
    outcome o = run(s, DPID_P32, true);
    bool found = false;
    for (int64_t i = 0; i < s->out; i++)
        found |= isnan(o.y[i]);
    if (!found)
        fail_at(s, "y of NaN", 0, o.y[0], (double)NAN);
    drop(&o);
}

static void every_kind_passes_nan_on(void **state)
{
    (void)state;
    for_each_case(check_nan, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_matches_its_reference_and_its_differences),
        cmocka_unit_test(every_kind_gives_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(every_kind_passes_nan_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
