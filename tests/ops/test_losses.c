/* The contract of every loss in the registry: what is listed is tested, with its defaults and with the cases that
   stand beside its reference; and PyTorch's numbers. */
#include "support/support.h"

#include "ops/loss.h"
#include "ops/op.h"
#include "ops/reference.h"

#include <math.h>

#define DECLARE(word)                                                                                                  \
    DPID_REFERENCE_LOSS(word);                                                                                         \
    extern const char *const dpid_cases_##word[];
DPID_LOSSES(DECLARE)
#define ROW(word) {dpid_reference_##word, dpid_cases_##word},
static const struct {
    dpid_reference_of_loss reference;
    const char *const *cases;
} references[] = {DPID_LOSSES(ROW)};

enum { N = 6, WIDTH = 4, MOST = N * WIDTH };
static const int64_t shapes[][2] = {{1, 1}, {1, WIDTH}, {N, 1}, {N, WIDTH}};

typedef struct {
    const dpid_loss *loss;
    dpid_reference_of_loss reference;
    const char *options;
    dpid_value option[DPID_OPTIONS_MAX];
    dpid_arena arena; /* of weights */
    uint64_t seed;
    int64_t n, width;
    double z[MOST], targets[MOST];
    int32_t labels[N];
} subject;

static void fail_at(const subject *s, const char *what, int64_t i, double got, double expected)
{
    fail_msg("%s %s, %lld x %lld, seed %llu: %s[%lld] is %.17g, expected %.17g", s->loss->word, s->options,
             (long long)s->n, (long long)s->width, (unsigned long long)s->seed, what, (long long)i, got, expected);
}

static void near(const subject *s, const char *what, int64_t i, double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_at(s, what, i, got, expected);
}

static double value_of(const subject *s, const double *z)
{
    return s->reference(s->option, s->n, s->width, z, s->labels, s->targets);
}

/* Labels and numbers of this size. Weights that are written for another count of classes are passed over. */
static bool make(subject *s, deepid_ctx *ctx, int64_t n, int64_t width)
{
    char words[128];
    const dpid_loss *loss;
    s->arena = (dpid_arena){.ctx = ctx};
    s->n = n;
    s->width = width;
    random_array(s->seed, MOST, -3, 3, s->z);
    random_array(s->seed + 1, MOST, -1, 1, s->targets);
    for (int j = 0; j < N; j++)
        s->labels[j] = (int32_t)(j % (s->loss->one_logit ? 2 : width));
    if (s->loss->one_logit && width != 1)
        return false;
    snprintf(words, sizeof words, "%s %s", s->loss->word, s->options);
    const dpid_loss_labels labels = {s->labels, n, !s->loss->takes_labels ? 0 : s->loss->one_logit ? 2 : width};
    return dpid_loss_read(&s->arena, words, &labels, width, &loss, s->option) == DEEPID_OK ||
           !strstr(deepid_ctx_error(ctx), "expected one for each of the");
}

/* Every loss with every case, on a few shapes; distances to targets keep away from the kink of a loss's slope only by
   chance, which a wrong seed would show. */
static void with_every_loss(void (*check)(subject *s))
{
    deepid_ctx *ctx = new_ctx(1);
    for (int64_t i = 0; i < dpid_losses.count; i++)
        for (const char *const *options = references[i].cases - 1; options == references[i].cases - 1 || *options;
             options++)
            for (int k = 0; k < 4; k++) {
                subject s = {.loss = dpid_set_at(&dpid_losses, i), .reference = references[i].reference, .seed = 7};
                s.options = options < references[i].cases ? "" : *options;
                if (make(&s, ctx, shapes[k][0], shapes[k][1]))
                    check(&s);
                dpid_arena_release(&s.arena);
            }
    deepid_ctx_destroy(ctx);
}

/* ---- kernels beside the reference ----------------------------------------------------------------- */

typedef struct {
    dpid_loss_pass pass;
    long double z[MOST], targets[MOST], dz[MOST];
    double each[N], rounded[MOST];
} run;

static double total_of(const subject *s)
{
    return dpid_loss_total(s->loss, s->option, s->labels, s->n);
}

/* In this precision; of a batch of this total, 0 for these samples alone. */
static void run_in(const subject *s, int isa, dpid_precision p, double total, run *r)
{
    for (int64_t i = 0; i < s->n * s->width; i++) {
        dpid_store(p, r->z, i, s->z[i]);
        dpid_store(p, r->targets, i, s->targets[i]);
        dpid_store(p, r->dz, i, (double)NAN);
        r->rounded[i] = dpid_fetch(p, r->z, i);
    }
    r->pass = (dpid_loss_pass){.option = s->option,
                               .n = s->n,
                               .width = s->width,
                               .z = r->z,
                               .labels = s->loss->takes_labels ? s->labels : NULL,
                               .targets = s->loss->takes_labels ? NULL : r->targets,
                               .total = total,
                               .dz = r->dz,
                               .each = r->each};
    s->loss->run[isa][p](&r->pass);
}

/* 4th-order differences of the reference; h = 2e-4, as in test_contract.c */
static double slope_of(const subject *s, int64_t i)
{
    const double h = 2e-4;
    double z[MOST];
    double value[4];
    memcpy(z, s->z, sizeof z);
    for (int k = 0; k < 4; k++) {
        z[i] = s->z[i] + h * (k < 2 ? k - 2 : k - 1);
        value[k] = value_of(s, z);
    }
    return (value[0] - 8 * value[1] + 8 * value[2] - value[3]) / (12 * h);
}

static void compare_with_reference(subject *s)
{
    run r;
    for (int isa = 0; deepid_isa_word(isa); isa++)
        for (int p = 0; p < DPID_PRECISIONS; p++) {
            const double rounding = p == DPID_P32 ? 2e-6 : 1e-11; /* of z up to 3 and of targets; of the differences */
            double sum = 0;
            run_in(s, isa, (dpid_precision)p, 2 * total_of(s), &r);
            near(s, "loss", p, r.pass.loss_sum / total_of(s), value_of(s, s->z), rounding);
            for (int64_t i = 0; i < s->n; i++)
                sum += r.each[i];
            near(s, "the sum of each", p, sum, r.pass.loss_sum, 1e-14 * (double)s->n * r.pass.loss_sum);
            for (int64_t i = 0; i < s->n * s->width; i++)
                near(s, "dz of a half", i, 2 * dpid_fetch((dpid_precision)p, r.dz, i), slope_of(s, i), rounding);
            run_in(s, isa, (dpid_precision)p, 0, &r);
            for (int64_t i = 0; i < s->n * s->width; i++)
                near(s, "dz", i, dpid_fetch((dpid_precision)p, r.dz, i), slope_of(s, i), rounding);
        }
}

static void values_and_gradients_are_those_of_the_reference(void **state)
{
    (void)state;
    with_every_loss(compare_with_reference);
}

/* ---- what other floors ask of a loss -------------------------------------------------------------------- */

/* Moves of every size and sign: none changes the loss by more than the bound; and of all those one comes near to it, or
   the bound says nothing. */
static void try_bound(subject *s)
{
    const double start = value_of(s, s->z);
    for (int size = -12; size <= 4; size++)
        for (uint64_t k = 0; k < 8; k++) {
            const double d = exp2(size);
            double z[MOST];
            random_array(100 + k, MOST, -1, 1, z);
            for (int64_t i = 0; i < MOST; i++)
                z[i] = s->z[i] + (z[i] > 0 ? d : -d);
            const double change = fabs(value_of(s, z) - start);
            const double most = s->loss->bound(s->option, start, d);
            if (!(change <= most * (1 + 1e-12) + 1e-13))
                fail_at(s, "the change", size, change, most);
            if (s->n == 1 && s->width == 1 && !s->loss->takes_labels && !(change > most / 1000))
                fail_at(s, "the change of one output", size, change, most);
        }
}

static void the_bound_of_a_loss_holds(void **state)
{
    (void)state;
    with_every_loss(try_bound);
}

/* ---- PyTorch ------------------------------------------------------------------------------------------------ */

static void read_numbers(FILE *from, int64_t n, double *out)
{
    for (int64_t i = 0; i < n; i++)
        assert_int_equal(fscanf(from, "%lf", &out[i]), 1);
}

static void compare_with_torch(deepid_ctx *ctx, const char *words, FILE *from)
{
    subject s = {.options = words};
    double n[2], answers[MOST], loss, dz[MOST];
    dpid_span rest;
    run r;
    s.arena = (dpid_arena){.ctx = ctx};
    OK(dpid_set_take(ctx, &dpid_losses, dpid_first_word(dpid_span_of(words), &rest), &s.loss));
    read_numbers(from, 2, n);
    s.n = (int64_t)n[0];
    s.width = (int64_t)n[1];
    read_numbers(from, s.n * s.width, s.z);
    read_numbers(from, s.loss->takes_labels ? s.n : s.n * s.width, answers);
    for (int64_t i = 0; i < s.n && s.loss->takes_labels; i++)
        s.labels[i] = (int32_t)answers[i];
    memcpy(s.targets, answers, sizeof answers);
    const dpid_loss_labels labels = {s.labels, s.n, !s.loss->takes_labels ? 0 : s.loss->one_logit ? 2 : s.width};
    OK(dpid_loss_read(&s.arena, words, &labels, s.width, &s.loss, s.option));
    read_numbers(from, 1, &loss);
    read_numbers(from, s.n * s.width, dz);
    run_in(&s, DPID_ISA_BASELINE, DPID_P64, 2 * total_of(&s), &r);
    near(&s, "loss", 0, r.pass.loss_sum / total_of(&s), loss, 1e-14);
    for (int64_t i = 0; i < s.n * s.width; i++)
        near(&s, "dz", i, 2 * dpid_fetch(DPID_P64, r.dz, i), dz[i], 1e-15);
    dpid_arena_release(&s.arena);
}

static void losses_are_those_of_pytorch(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    FILE *from = fopen(DEEPID_TESTS "/ops/files/torch_losses.txt", "r");
    char words[64];
    int seen = 0;
    assert_non_null(from);
    for (; fscanf(from, " %63[^\n]", words) == 1; seen++)
        compare_with_torch(ctx, words, from);
    assert_true(seen >= dpid_losses.count);
    fclose(from);
    deepid_ctx_destroy(ctx);
}

/* ---- weights that do not fit -------------------------------------------------------------------------------- */

static void weights_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words, *sentence;
    } cases[] = {
        {"cross_entropy weights=1,2", "cross_entropy: 2 weights, expected one for each of the 3 classes"},
        {"cross_entropy weights=1,2,3,4", "4 weights, expected one for each of the 3 classes"},
        {"cross_entropy weights=1,0,2", "a weight is '0', expected balanced, or numbers from 1e-6 to 1e6"},
        {"cross_entropy weights=1,-1,2", "a weight is '-1'"},
        {"cross_entropy weights=1,nan,2", "a weight is 'nan'"},
        {"cross_entropy weights=1,inf,2", "a weight is 'inf'"},
        {"cross_entropy weights=1,,2", "a weight is ''"},
        {"cross_entropy weights=1,2,3,", "a weight is ''"},
        {"cross_entropy weights=even", "line 1, column 23: cross_entropy: a weight is 'even', expected balanced"},
        {"cross_entropy weights=", "weights needs a value"},
        {"cross_entropy weights=balanced weights=1,1,1", "weights is given twice"},
    };
    static const int32_t some[] = {0, 1, 2, 0};
    const dpid_loss_labels labels = {some, 4, 3};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dpid_arena arena = {.ctx = ctx};
        dpid_value option[DPID_OPTIONS_MAX] = {{0}};
        const dpid_loss *loss = NULL;
        REFUSED(dpid_loss_read(&arena, cases[i].words, &labels, 3, &loss, option), DEEPID_ERR_SPEC, cases[i].sentence);
        assert_null(loss);
        dpid_arena_release(&arena);
    }
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* Of labels 0, 0, 1 of four outputs: 3 / (2 * 2), 3 / (2 * 1), and 1 for what no label has. */
static void balanced_weights_become_their_numbers(void **state)
{
    (void)state;
    static const int32_t some[] = {0, 0, 1};
    const dpid_loss_labels labels = {some, 3, 3};
    deepid_ctx *ctx = new_ctx(1);
    dpid_arena arena = {.ctx = ctx};
    dpid_string text = {.ctx = ctx};
    dpid_value option[DPID_OPTIONS_MAX] = {{0}};
    const dpid_loss *loss;
    OK(dpid_loss_read(&arena, "cross_entropy weights=balanced", &labels, 4, &loss, option));
    const double *weights = dpid_loss_weights(loss, option);
    assert_true(weights[0] == 0.75 && weights[1] == 1.5 && weights[2] == 1 && weights[3] == 1);
    assert_true(dpid_loss_total(loss, option, some, 3) == 3);
    dpid_options_print(&text, loss->options, option);
    assert_string_equal(text.text, " weights=0.75,1.5,1");
    dpid_string_release(&text);
    dpid_arena_release(&arena);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_gradients_are_those_of_the_reference),
        cmocka_unit_test(the_bound_of_a_loss_holds),
        cmocka_unit_test(losses_are_those_of_pytorch),
        cmocka_unit_test(weights_that_do_not_fit_are_refused),
        cmocka_unit_test(balanced_weights_become_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
