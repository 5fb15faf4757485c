/* A step: which samples it uses, how far it goes, what it does with what is not finite and what it says of it. */
#include "support/training.h"

#include "data/data.h"

#include <math.h>

/* ---- a net that shows which samples a step has used ------------------------------------------------ */

/* Sample i is the i-th unit vector and its target is 1: dL/dw[i] is not 0 where sample i was in the batch, and only
   there. */
enum { SAMPLES = 10, BATCH = 4 };

typedef struct {
    deepid_net *net;
    deepid_dataset *data;
    deepid_trainer *trainer;
    double x[SAMPLES * SAMPLES], y[SAMPLES];
} units;

static void open_units(deepid_ctx *ctx, units *u, uint64_t seed)
{
    const int64_t extents[2] = {SAMPLES, SAMPLES};
    memset(u, 0, sizeof *u);
    for (int i = 0; i < SAMPLES; i++)
        u->x[i * SAMPLES + i] = u->y[i] = 1;
    OK(deepid_net_create(ctx, "input 10; dense out=1 bias=0", DEEPID_F64, &u->net));
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, u->x, 2, extents, NULL, DEEPID_F64, u->y, 1, &u->data));
    OK(deepid_trainer_create(u->net, u->data, &u->trainer));
    OK(deepid_trainer_set_batch(u->trainer, BATCH));
    OK(deepid_trainer_set_learning_rate(u->trainer, 1e-3));
    OK(deepid_trainer_set_seed(u->trainer, seed));
}

static void close_units(units *u)
{
    deepid_trainer_destroy(u->trainer);
    deepid_dataset_destroy(u->data);
    deepid_net_destroy(u->net);
}

/* Bit i: the next step used sample i. */
static uint32_t step_of(deepid_ctx *ctx, units *u)
{
    uint32_t used = 0;
    OK(deepid_trainer_step(u->trainer));
    const double *g = deepid_net_trained_gradient(u->net);
    for (int i = 0; i < SAMPLES; i++)
        used |= g[i] != 0 ? 1u << i : 0;
    return used;
}

static uint32_t in_order(uint64_t seed, uint64_t epoch, int64_t first, int64_t count)
{
    int64_t order[SAMPLES];
    uint32_t used = 0;
    dpid_epoch_order(seed, epoch, SAMPLES, order);
    for (int64_t i = first; i < first + count; i++)
        used |= 1u << order[i];
    return used;
}

/* Ten samples in batches of four: two steps an epoch and two samples left out, or three steps and none; the next
   epoch has another order. */
static void an_epoch_uses_each_sample_once_and_the_last_ones_when_asked(void **state)
{
    (void)state;
    static const int64_t sizes[] = {4, 4, 2};
    deepid_ctx *ctx = new_ctx(1);
    for (int keep = 0; keep < 2; keep++) {
        units u;
        uint32_t orders[3][3];
        open_units(ctx, &u, 11);
        OK(deepid_trainer_set_keep_last(u.trainer, keep));
        assert_int_equal(deepid_trainer_steps_per_epoch(u.trainer), 2 + keep);
        for (int epoch = 0; epoch < 3; epoch++) {
            uint32_t seen = 0;
            for (int step = 0; step < 2 + keep; step++) {
                const uint32_t used = orders[epoch][step] = step_of(ctx, &u);
                if (__builtin_popcount(used) != sizes[step] || (used & seen))
                    fail_msg("keep_last %d, epoch %d, step %d uses %d samples, %d of them again; expected %d new ones",
                             keep, epoch, step, __builtin_popcount(used), __builtin_popcount(used & seen),
                             (int)sizes[step]);
                assert_int_equal(used, in_order(11, (uint64_t)epoch, 4 * step, sizes[step]));
                seen |= used;
            }
            assert_int_equal(__builtin_popcount(seen), keep ? SAMPLES : 8);
        }
        assert_int_equal(deepid_trainer_steps_done(u.trainer), 3 * (2 + keep));
        assert_true(memcmp(orders[0], orders[1], sizeof(uint32_t) * (size_t)(2 + keep)) != 0);
        close_units(&u);
    }
    deepid_ctx_destroy(ctx);
}

/* The seed counts from the next step on, also in the middle of an epoch: the rest of the epoch is the rest of the
   new seed's order. */
static void a_new_seed_counts_from_the_next_step_on(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    units u;
    open_units(ctx, &u, 11);
    OK(deepid_trainer_set_keep_last(u.trainer, 1));
    assert_int_equal(step_of(ctx, &u), in_order(11, 0, 0, 4));
    OK(deepid_trainer_set_seed(u.trainer, 12));
    assert_int_not_equal(in_order(11, 0, 4, 4), in_order(12, 0, 4, 4)); /* else the next line could not fail */
    assert_int_equal(step_of(ctx, &u), in_order(12, 0, 4, 4));
    assert_int_equal(step_of(ctx, &u), in_order(12, 0, 8, 2));
    assert_int_equal(step_of(ctx, &u), in_order(12, 1, 0, 4));
    close_units(&u);
    deepid_ctx_destroy(ctx);
}

/* One sample is not finite: its step is skipped, counted, and the next step takes the next samples. */
static void a_skipped_step_has_used_its_samples(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    units u;
    open_units(ctx, &u, 11);
    OK(deepid_trainer_set_batch(u.trainer, 1));
    OK(deepid_trainer_set_nonfinite(u.trainer, "record"));
    u.x[3 * SAMPLES + 3] = (double)INFINITY;
    OK(deepid_trainer_fit(u.trainer, 3 * SAMPLES, NULL, NULL));
    assert_int_equal(deepid_trainer_nonfinite_steps(u.trainer), 3); /* once an epoch */
    const double *w = deepid_net_trained_data(u.net);
    for (int i = 0; i < SAMPLES; i++) { /* w <- w + 2 rate (1 - w), three times from 0 */
        const double expected = i == 3 ? 0 : 1 - pow(1 - 2e-3, 3);
        if (!(fabs(w[i] - expected) < 1e-15))
            fail_msg("sample %d: its weight is %.17g, expected %.17g", i, w[i], expected);
    }
    close_units(&u);
    deepid_ctx_destroy(ctx);
}

/* ---- how far a step goes ------------------------------------------------------------------------------- */

/* A gradient longer than the clip is shortened to it, its direction kept; one that is shorter stays; the norm that
   is told is the one before. */
static void clipping_shortens_long_gradients_and_leaves_short_ones(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (int clipped = 0; clipped < 2; clipped++) {
        run r;
        double squares = 0;
        double moved = 0;
        open_linear_run(ctx, &r, "input 3; dense out=2", "sgd", 1e-3);
        OK(deepid_trainer_set_clip(r.trainer, clipped ? 0.01 : 1000));
        step_run(ctx, &r);
        const double *g = deepid_net_trained_gradient(r.net);
        const double *w = deepid_net_trained_data(r.net);
        for (int64_t i = 0; i < r.n; i++) {
            squares += g[i] * g[i];
            moved += (w[i] - r.before[i]) * (w[i] - r.before[i]);
        }
        const double norm = sqrt(squares);
        assert_true(norm > 0.1 && norm < 100);
        assert_true(fabs(deepid_trainer_gradient_norm(r.trainer) - norm) < 1e-14 * norm);
        for (int64_t i = 0; i < r.n; i++)
            moved_by(&r, clipped ? "clipped" : "not clipped", i, -1e-3 * g[i] * (clipped ? 0.01 / norm : 1));
        const double length = clipped ? 1e-3 * 0.01 : 1e-3 * norm;
        if (!(fabs(sqrt(moved) - length) < 1e-14))
            fail_msg("the step is %.17g long, expected %.17g", sqrt(moved), length);
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- gradients, wherever they lie --------------------------------------------------------------------------- */

static double loss_along(deepid_ctx *ctx, run *r, const double *w, const double *direction, double h)
{
    double *values = deepid_net_trained_data(r->net);
    for (int64_t i = 0; i < r->n; i++)
        values[i] = w[i] + h * direction[i];
    /* at a rate of 1e-300 a step changes nothing, and batch-norm takes the batch's statistics */
    OK(deepid_trainer_step(r->trainer));
    return deepid_trainer_loss(r->trainer);
}

/* The step's gradient along a random direction is the difference of the loss, in nets whose values and gradients
   share memory in many ways. Smooth nets: fourth-order differences with h = 1e-4 leave h^4 = 1e-16 of a fifth
   derivative and rounding 1e-16 / h. */
static void a_steps_gradient_is_the_derivative_of_the_loss(void **state)
{
    (void)state;
    static const char *const nets[] = {
        "input 8x8x1; conv2d out=4 kernel=3; tanh; 3 * identity { conv2d out=4 kernel=3; tanh; conv2d out=4 kernel=3 } "
        "after=tanh; global_avgpool; dense out=3",
        "input 8x8x1; conv2d out=4 kernel=3; 2 * identity { tanh; conv2d out=4 kernel=3; tanh; conv2d out=4 kernel=3 } "
        "after=none; flatten; dense out=5; tanh; dense out=3",
        "input 8x8x1; flatten; dense out=9; tanh; 4 * identity s=0.5 { dense out=9; tanh; dense out=9 } after=tanh; 2 "
        "* plain { dense out=9; gelu; dense out=9 } after=tanh; dense out=3",
        "input 8x8x1; conv2d out=4 kernel=3; avgpool kernel=2; identity shortcut=B { conv2d out=6 kernel=3 stride=2; "
        "tanh; conv2d out=6 kernel=3 } after=tanh; flatten; layernorm; dense out=3",
        "input 8x8x1; flatten; dense out=9; 3 * identity { tanh; dense out=9; tanh; dense out=9 } after=none; tanh; "
        "dense out=3",
        "input 8x8x1; flatten; dense out=9; 2 * identity shortcut=C { tanh; dense out=9 } after=tanh; dense out=6; "
        "identity shortcut=B { tanh; dense out=5 } after=none; dense out=3",
        "input 8x8x1; conv2d out=4 kernel=3; 2 * preact { batchnorm; tanh; conv2d out=4 kernel=3; batchnorm; tanh; "
        "conv2d out=4 kernel=3 }; flatten; dense out=3",
        "input 8x8x1; conv2d out=4 kernel=3; identity { batchnorm; conv2d out=4 kernel=3; batchnorm } after=none; "
        "identity { conv2d out=4 kernel=3; batchnorm } after=tanh; flatten; dense out=3",
    };
    deepid_ctx *ctx = new_ctx(2);
    for (size_t k = 0; k < sizeof nets / sizeof *nets; k++) {
        run r = {.net = NULL};
        OK(deepid_net_create(ctx, nets[k], DEEPID_F64, &r.net));
        OK(deepid_net_init(r.net, "glorot", 3));
        OK(deepid_dataset_generate(ctx, "gratings n=20 classes=3", 4, &r.data));
        OK(deepid_trainer_create(r.net, r.data, &r.trainer));
        OK(deepid_trainer_set_batch(r.trainer, 0));
        OK(deepid_trainer_set_learning_rate(r.trainer, 1e-300));
        r.n = deepid_net_trained_count(r.net);
        double *w = calloc((size_t)r.n, sizeof *w);
        double *direction = calloc((size_t)r.n, sizeof *direction);
        double slope = 0;
        random_array(9 + k, r.n, -1, 1, direction);
        OK(deepid_trainer_step(r.trainer));
        memcpy(w, deepid_net_trained_data(r.net), sizeof *w * (size_t)r.n);
        for (int64_t i = 0; i < r.n; i++)
            slope += ((const double *)deepid_net_trained_gradient(r.net))[i] * direction[i];
        const double h = 1e-4;
        const double expected = (8 * (loss_along(ctx, &r, w, direction, h) - loss_along(ctx, &r, w, direction, -h)) -
                                 loss_along(ctx, &r, w, direction, 2 * h) + loss_along(ctx, &r, w, direction, -2 * h)) /
                                (12 * h);
        if (!(fabs(slope - expected) <= 1e-8 * fmax(fabs(expected), 0.01)))
            fail_msg("%s: the slope is %.15g, by differences %.15g", nets[k], slope, expected);
        free(direction);
        free(w);
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

/* Clipping multiplies by the gradient's norm: the last bit of that sum reaches every weight. */
static void recomputing_keeps_the_bits_of_the_norm(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    for (int form = 0; form < 2; form++) {
        double expected[6];
        for (int recompute = 0; recompute < 4; recompute++) {
            char text[160];
            run r = {.net = NULL};
            snprintf(text, sizeof text,
                     "input 8x8x1 recompute=%d; flatten; dense out=40; 5 * identity { dense out=40; %srelu; dense "
                     "out=40 } after=relu; dense out=3",
                     recompute, form ? "batchnorm; " : "");
            OK(deepid_net_create(ctx, text, DEEPID_F64, &r.net));
            OK(deepid_net_init(r.net, "he", 3));
            OK(deepid_dataset_generate(ctx, "gratings n=20 classes=3", 4, &r.data));
            OK(deepid_trainer_create(r.net, r.data, &r.trainer));
            OK(deepid_trainer_set_clip(r.trainer, 1e-3));
            for (int step = 0; step < 6; step++) {
                OK(deepid_trainer_step(r.trainer));
                const double norm = deepid_trainer_gradient_norm(r.trainer);
                if (recompute == 0)
                    expected[step] = norm;
                if (norm != expected[step])
                    fail_msg("%s, step %d: the norm is %.17g, without recomputation %.17g", text, step + 1, norm,
                             expected[step]);
            }
            close_run(&r);
        }
    }
    deepid_ctx_destroy(ctx);
}

/* ---- what is not finite -------------------------------------------------------------------------------------- */

/* NaN in the data, and a rate that is far too large: the sentence names layer and step, nothing has changed */
static void nonfinite_steps_change_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    float x[8] = {1, 2, 3, 4, 5, 6, (float)NAN, 8};
    const int32_t labels[4] = {0, 1, 0, 1};
    const int64_t extents[2] = {4, 2};
    run r = {.net = NULL};
    OK(deepid_net_create(ctx, "input 2; dense out=3; batchnorm; relu; dense out=2", DEEPID_F32, &r.net));
    OK(deepid_net_init(r.net, "he", 1));
    OK(deepid_dataset_wrap(ctx, DEEPID_F32, x, 2, extents, NULL, labels, 2, &r.data));
    OK(deepid_trainer_create(r.net, r.data, &r.trainer));
    const uint64_t before = bits(deepid_net_trained_data(r.net), 4 * deepid_net_trained_count(r.net));
    const uint64_t mean = bits(deepid_net_parameter_data(r.net, "batchnorm.running_mean"), 12);
    REFUSED(deepid_trainer_step(r.trainer), DEEPID_ERR_NUMERIC,
            "step 1: the data: feature 0 of row 3 is nan, expected a finite number");
    assert_int_equal(bits(deepid_net_trained_data(r.net), 4 * deepid_net_trained_count(r.net)), before);
    assert_int_equal(bits(deepid_net_parameter_data(r.net, "batchnorm.running_mean"), 12), mean);
    assert_int_equal(deepid_trainer_steps_done(r.trainer), 0);
    OK(deepid_trainer_set_nonfinite(r.trainer, "record"));
    OK(deepid_trainer_step(r.trainer));
    assert_int_equal(deepid_trainer_nonfinite_steps(r.trainer), 1);
    assert_int_equal(bits(deepid_net_trained_data(r.net), 4 * deepid_net_trained_count(r.net)), before);
    close_run(&r);
    open_run(ctx, &r, "input 4; 8 * plain { dense out=4 }", "linear n=64", DEEPID_F32, 1);
    OK(deepid_trainer_set_learning_rate(r.trainer, 1e6));
    const int32_t status = deepid_trainer_fit(r.trainer, 50, NULL, NULL);
    assert_int_equal(status, DEEPID_ERR_NUMERIC);
    assert_non_null(strstr(deepid_ctx_error(ctx), "block"));
    close_run(&r);
    deepid_ctx_destroy(ctx);
}

/* Blocks that are computed again, `recompute` at a time, share memory: what a later one left there must not name an
   earlier one. */
static void a_step_that_is_not_finite_names_its_block(void **state)
{
    (void)state;
    static const char *const nets[] = {
        "input 8x8x1 recompute=%d; conv2d out=4 kernel=3; 5 * identity { conv2d out=4 kernel=3; tanh; conv2d out=4 "
        "kernel=3 } after=tanh; global_avgpool; dense out=3",
        "input 8x8x1 recompute=%d; flatten; dense out=9; 5 * identity { dense out=9; tanh; dense out=9 } after=tanh; "
        "dense out=3",
        "input 8x8x1 recompute=%d; conv2d out=4 kernel=3; 5 * identity out=4; global_avgpool; dense out=3"};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t k = 0; k < sizeof nets / sizeof *nets; k++) {
        for (int recompute = 0; recompute < 4; recompute++) {
            for (int block = 1; block <= 5; block++) {
                char text[200];
                char name[40];
                run r = {.net = NULL};
                snprintf(text, sizeof text, nets[k], recompute);
                snprintf(name, sizeof name, "block%d.%s.weight", block, k == 1 ? "dense1" : "conv2d1");
                OK(deepid_net_create(ctx, text, DEEPID_F64, &r.net));
                OK(deepid_net_init(r.net, "he", 3));
                OK(deepid_dataset_generate(ctx, "gratings n=20 classes=3", 4, &r.data));
                OK(deepid_trainer_create(r.net, r.data, &r.trainer));
                OK(deepid_trainer_set_learning_rate(r.trainer, 1e-3));
                OK(deepid_trainer_step(r.trainer));
                ((double *)deepid_net_parameter_data(r.net, name))[0] = (double)NAN;
                const int32_t status = deepid_trainer_step(r.trainer);
                const char *named = strstr(deepid_ctx_error(ctx), "the output of block");
                const int number = named ? atoi(named + strlen("the output of block")) : 0;
                if (status != DEEPID_ERR_NUMERIC || number != block)
                    fail_msg("%s, NaN in %s: '%s', expected block %d", text, name, deepid_ctx_error(ctx), block);
                close_run(&r);
            }
        }
    }
    deepid_ctx_destroy(ctx);
}

/* A batch-norm that runs inside a convolution gives what stands nowhere: it is named all the same, and not the layer
   that reads it. A product of finite numbers may be too large, too. */
static void a_fused_batchnorm_that_is_not_finite_is_named(void **state)
{
    (void)state;
    static const char *const norms[] = {"batchnorm", "block1.batchnorm1", "block1.batchnorm2", "block2.batchnorm1"};
    static const char *const parameters[] = {"weight", "bias"};
    static const float values[] = {NAN, INFINITY, 3e38F};
    deepid_ctx *ctx = new_ctx(2);
    for (size_t i = 0; i < sizeof norms / sizeof *norms * 2 * 3; i++) {
        if (i % 6 == 5) /* a finite bias overflows nothing */
            continue;
        char name[40];
        char expected[60];
        run r = {.net = NULL};
        snprintf(name, sizeof name, "%s.%s", norms[i / 6], parameters[i / 3 % 2]);
        snprintf(expected, sizeof expected, "the output of %s is not finite", norms[i / 6]);
        OK(deepid_net_create(
            ctx, "input 8x8x1; conv2d out=8 kernel=3; batchnorm; relu; 2 * identity out=8; global_avgpool; dense out=3",
            DEEPID_F32, &r.net));
        OK(deepid_net_init(r.net, "he", 3));
        OK(deepid_dataset_generate(ctx, "gratings n=20 classes=3", 4, &r.data));
        OK(deepid_trainer_create(r.net, r.data, &r.trainer));
        ((float *)deepid_net_parameter_data(r.net, name))[1] = values[i % 3];
        const int32_t status = deepid_trainer_step(r.trainer);
        if (status != DEEPID_ERR_NUMERIC || !strstr(deepid_ctx_error(ctx), expected))
            fail_msg("%g in %s: '%s', expected '%s'", (double)values[i % 3], name, deepid_ctx_error(ctx), expected);
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_uses_each_sample_once_and_the_last_ones_when_asked),
        cmocka_unit_test(a_new_seed_counts_from_the_next_step_on),
        cmocka_unit_test(a_skipped_step_has_used_its_samples),
        cmocka_unit_test(clipping_shortens_long_gradients_and_leaves_short_ones),
        cmocka_unit_test(a_steps_gradient_is_the_derivative_of_the_loss),
        cmocka_unit_test(recomputing_keeps_the_bits_of_the_norm),
        cmocka_unit_test(nonfinite_steps_change_nothing),
        cmocka_unit_test(a_step_that_is_not_finite_names_its_block),
        cmocka_unit_test(a_fused_batchnorm_that_is_not_finite_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
