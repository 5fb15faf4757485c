/* Loss scaling: what it does to gradients, which steps are skipped, how the scale moves, and weights that are kept in a
   format. */
#include "support/support.h"

#include "tensor/format.h"
#include "train/trainer.h"

#include <math.h>

enum { SAMPLES = 24, IN = 3 };

/* A net of a text with the start of a seed, and a trainer on all samples at once. */
typedef struct {
    float x[SAMPLES * IN], y[SAMPLES];
    deepid_ctx *ctx;
    deepid_dataset *data;
    deepid_net *net;
    deepid_trainer *trainer;
} bench;

static void open_bench(bench *b, const char *text, double size)
{
    deepid_ctx *ctx = b->ctx = new_ctx(1);
    double x[SAMPLES * IN];
    random_array(1, SAMPLES * IN, -1, 1, x);
    for (int i = 0; i < SAMPLES * IN; i++)
        b->x[i] = (float)x[i];
    for (int i = 0; i < SAMPLES; i++)
        b->y[i] = (float)(size * x[i * IN]);
    b->data = wrapped_targets(ctx, SAMPLES, IN, b->x, 1, b->y);
    OK(deepid_net_create(ctx, text, DEEPID_F32, &b->net));
    OK(deepid_net_init(b->net, "he", 5));
    OK(deepid_trainer_create(b->net, b->data, &b->trainer));
    OK(deepid_trainer_set_batch(b->trainer, 0));
    OK(deepid_trainer_set_learning_rate(b->trainer, 0.01));
}

static void close_bench(bench *b)
{
    deepid_trainer_destroy(b->trainer);
    deepid_net_destroy(b->net);
    deepid_dataset_destroy(b->data);
    deepid_ctx_destroy(b->ctx);
}

static uint64_t values_of(const bench *b)
{
    return bits(b->net->values, b->net->values_reals * 4);
}

#define MLP "dense out=8; tanh; dense out=8; batchnorm; tanh; dense out=1"

/* A power of two leaves every bit of a f32 step what it was, also in shards. */
static void a_power_of_two_changes_no_bit(int64_t shard)
{
    static const char *const scales[] = {"none", "static scale=1024", "dynamic init=4096"};
    uint64_t seen[3];
    for (int k = 0; k < 3; k++) {
        bench b;
        open_bench(&b, "input 3; " MLP, 1);
        deepid_ctx *ctx = b.ctx;
        OK(deepid_trainer_set_loss_scale(b.trainer, scales[k]));
        OK(deepid_trainer_set_clip(b.trainer, 0.5));
        OK(deepid_trainer_set_shards(b.trainer, shard));
        OK(deepid_trainer_fit(b.trainer, 20, NULL, NULL));
        seen[k] = values_of(&b) ^ bits(&b.trainer->last_norm, sizeof b.trainer->last_norm);
        assert_true(deepid_trainer_loss_scale(b.trainer) == (k == 0 ? 1 : k == 1 ? 1024 : 4096));
        close_bench(&b);
    }
    assert_true(seen[0] == seen[1] && seen[0] == seen[2]);
}

static void a_power_of_two_changes_no_bit_of_a_batch(void **state)
{
    (void)state;
    a_power_of_two_changes_no_bit(0);
}

static void a_power_of_two_changes_no_bit_of_shards(void **state)
{
    (void)state;
    a_power_of_two_changes_no_bit(8);
}

/* The loss's gradient, about 2e-8, is below half of the least number of f16, 2^-25 = 3e-8. Whoever walks the steps
   rounds it: a whole batch, shards, and shards side by side. */
static void small_gradients_need_a_scale(void **state)
{
    (void)state;
    const float zeros[IN] = {0};
    for (int way = 0; way < 6; way++) {
        const int scaled = way % 2;
        bench b;
        open_bench(&b, "input 3 storage=f16; batchnorm; dense out=1", 2e-7);
        deepid_ctx *ctx = b.ctx;
        set_parameter(b.net, "dense.weight", zeros, IN);
        OK(deepid_trainer_set_shards(b.trainer, way < 2 ? 0 : 8));
        OK(deepid_trainer_set_batchnorm(b.trainer, way < 4 ? "shard" : "batch"));
        OK(deepid_trainer_set_loss_scale(b.trainer, scaled ? "static scale=4096" : "none"));
        OK(deepid_trainer_step(b.trainer));
        assert_true((deepid_trainer_gradient_norm(b.trainer) > 1e-9) == (scaled == 1));
        close_bench(&b);
    }
}

/* What torch.amp.GradScaler(init_scale=8, growth_factor=2, backoff_factor=0.5, growth_interval=2) gives after each. */
static void the_scale_moves_as_pytorchs(void **state)
{
    (void)state;
    static const bool finite[] = {true, true, false, true, true, true, false, false, true, true};
    static const double expected[] = {8, 16, 8, 8, 16, 16, 8, 4, 4, 8};
    dpid_loss_scale s;
    deepid_ctx *ctx = new_ctx(1);
    OK(dpid_loss_scale_read(ctx, "dynamic init=8 interval=2", &s));
    for (size_t i = 0; i < sizeof finite / sizeof *finite; i++) {
        assert_true(dpid_loss_scale_adapt(&s, finite[i]));
        assert_true(s.scale == expected[i]);
    }
    assert_int_equal(s.skipped, 3);
    OK(dpid_loss_scale_read(ctx, "dynamic", &s));
    assert_true(s.scale == 65536 && s.option[DPID_SCALE_INTERVAL].i == 2000);
    deepid_ctx_destroy(ctx);
}

/* 2^40 overflows f16's gradients: steps are skipped until it fits. Nothing moves before, and Adam's first step is that
   of a trainer with the scale that fits. */
static void overflowing_steps_are_skipped(int64_t shard)
{
    bench b;
    bench other;
    open_bench(&b, "input 3 storage=f16; " MLP, 1);
    open_bench(&other, "input 3 storage=f16; " MLP, 1);
    deepid_ctx *ctx = b.ctx;
    const uint64_t start = values_of(&b);
    const uint64_t states = bits(b.net->states, b.net->states_reals * 4);
    OK(deepid_trainer_set_optimizer(b.trainer, "adam"));
    OK(deepid_trainer_set_shards(b.trainer, shard));
    OK(deepid_trainer_set_loss_scale(b.trainer, "dynamic init=1099511627776 interval=3"));
    int64_t steps = 0;
    double scale = 0;
    while (values_of(&b) == start && steps < 60) {
        assert_true(bits(b.net->states, b.net->states_reals * 4) == states);
        scale = deepid_trainer_loss_scale(b.trainer);
        OK(deepid_trainer_step(b.trainer));
        steps++;
    }
    assert_true(steps > 5 && steps < 60);
    assert_int_equal(deepid_trainer_skipped_steps(b.trainer), steps - 1);
    assert_int_equal(deepid_trainer_steps_done(b.trainer), steps);
    assert_true(scale == ldexp(1, 41 - (int)steps));
    ctx = other.ctx;
    OK(deepid_trainer_set_optimizer(other.trainer, "adam"));
    OK(deepid_trainer_set_shards(other.trainer, shard));
    OK(deepid_trainer_set_loss_scale(other.trainer, "dynamic init=1"));
    other.trainer->loss_scale.scale = scale;
    OK(deepid_trainer_step(other.trainer));
    if (shard == 0) /* shards of another epoch have other samples, and so other batch-norms */
        assert_true(values_of(&b) == values_of(&other));
    close_bench(&other);
    close_bench(&b);
}

static void steps_that_overflow_are_skipped(void **state)
{
    (void)state;
    overflowing_steps_are_skipped(0);
    overflowing_steps_are_skipped(8);
}

/* Weights that no scale makes finite: 142 halvings from 2^16 to 2^-126, and one. */
static void a_net_that_is_never_finite_is_told(void **state)
{
    (void)state;
    bench b;
    open_bench(&b, "input 3 storage=f16; dense out=8; dense out=1", 1);
    deepid_ctx *ctx = b.ctx;
    for (int64_t i = 0; i < b.net->values_reals; i++)
        ((float *)b.net->values)[i] = 60000;
    OK(deepid_trainer_set_loss_scale(b.trainer, "dynamic"));
    const uint64_t start = values_of(&b);
    REFUSED(deepid_trainer_fit(b.trainer, 1000, NULL, NULL), DEEPID_ERR_NUMERIC, "step 143: the loss or its gradient");
    assert_int_equal(deepid_trainer_skipped_steps(b.trainer), 143);
    assert_true(values_of(&b) == start);
    close_bench(&b);
}

static void a_checkpoint_keeps_the_scale(void **state)
{
    (void)state;
    const char *path = temporary("scaled.safetensors");
    int64_t finite = 0;
    bench b[2];
    for (int k = 0; k < 2; k++) {
        open_bench(&b[k], "input 3 storage=f16 rounding=stochastic; " MLP, 1);
        deepid_ctx *ctx = b[k].ctx;
        OK(deepid_trainer_set_loss_scale(b[k].trainer, k ? "none" : "dynamic init=1099511627776 interval=30"));
        if (k == 1)
            OK(deepid_trainer_load(b[k].trainer, path));
        if (k == 1)
            assert_true(b[k].trainer->loss_scale.finite == finite && finite > 0);
        for (int i = k ? 40 : 0; i < 60; i++) {
            OK(deepid_trainer_step(b[k].trainer));
            if (i == 39)
                OK(deepid_trainer_save(b[k].trainer, path));
            finite = i == 39 ? b[k].trainer->loss_scale.finite : finite;
        }
    }
    assert_true(values_of(&b[0]) == values_of(&b[1]));
    assert_true(deepid_trainer_loss_scale(b[0].trainer) == deepid_trainer_loss_scale(b[1].trainer));
    assert_int_equal(deepid_trainer_skipped_steps(b[0].trainer), deepid_trainer_skipped_steps(b[1].trainer));
    close_bench(&b[1]);
    close_bench(&b[0]);
}

/* ---- weights in a format -------------------------------------------------------------------- */

static double way_of(const char *text, int64_t *outside)
{
    bench b;
    open_bench(&b, text, 1);
    deepid_ctx *ctx = b.ctx;
    const dpid_rounding bf16 = {.format = dpid_format_at(1)};
    float start[256];
    double sum = 0;
    OK(deepid_trainer_set_learning_rate(b.trainer, 1e-9));
    OK(deepid_trainer_step(b.trainer));
    assert_true(b.net->values_reals <= 256);
    memcpy(start, b.net->values, (size_t)b.net->values_reals * 4);
    OK(deepid_trainer_set_learning_rate(b.trainer, 1e-4));
    OK(deepid_trainer_fit(b.trainer, 100, NULL, NULL));
    const float *w = b.net->values;
    *outside = 0;
    for (int64_t i = 0; i < b.net->parameter[0].count; i++) {
        sum += fabs((double)w[i] - (double)start[i]);
        *outside += dpid_round_one(&bf16, w[i], 0) != w[i];
    }
    close_bench(&b);
    return sum;
}

/* Updates below half of a unit of bf16 are lost where there is no master copy, and kept on average by stochastic
   rounding. */
static void small_updates_are_lost_without_a_master_copy(void **state)
{
    (void)state;
    int64_t outside;
    assert_true(way_of("input 3 storage=bf16; dense out=8; tanh; dense out=1", &outside) > 0);
    assert_true(outside > 0);
    assert_true(way_of("input 3 storage=bf16 weights=format; dense out=8; tanh; dense out=1", &outside) == 0);
    assert_int_equal(outside, 0);
    assert_true(way_of("input 3 storage=bf16 weights=format rounding=stochastic; dense out=8; tanh; dense out=1",
                       &outside) > 0);
    assert_int_equal(outside, 0);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    bench b;
    open_bench(&b, "input 3 storage=bf16 weights=format; dense out=1", 1);
    deepid_ctx *ctx = b.ctx;
    REFUSED(deepid_trainer_set_loss_scale(b.trainer, "dynamical"), DEEPID_ERR_SPEC, "known: none, static, dynamic");
    REFUSED(deepid_trainer_set_loss_scale(b.trainer, "static scale=0"), DEEPID_ERR_SPEC, "scale");
    REFUSED(deepid_trainer_set_loss_scale(b.trainer, "static interval=2"), DEEPID_ERR_SPEC, "interval");
    REFUSED(deepid_trainer_set_loss_scale(b.trainer, NULL), DEEPID_ERR_SPEC, "loss scale");
    OK(deepid_trainer_set_optimizer(b.trainer, "lbfgs"));
    REFUSED(deepid_trainer_fit(b.trainer, 2, NULL, NULL), DEEPID_ERR_UNSUPPORTED, "weights=master is");
    OK(deepid_net_set_storage(b.net, "bf16"));
    OK(deepid_trainer_set_loss_scale(b.trainer, "dynamic"));
    REFUSED(deepid_trainer_fit(b.trainer, 2, NULL, NULL), DEEPID_ERR_UNSUPPORTED, "lbfgs cannot skip a step");
    OK(deepid_trainer_set_loss_scale(b.trainer, "static"));
    OK(deepid_trainer_fit(b.trainer, 2, NULL, NULL));
    assert_true(isnan(deepid_trainer_loss_scale(NULL)));
    assert_int_equal(deepid_trainer_skipped_steps(NULL), -1);
    assert_string_equal(deepid_loss_scale_word(2), "dynamic");
    assert_non_null(deepid_loss_scale_help("static"));
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_of_two_changes_no_bit_of_a_batch),
        cmocka_unit_test(a_power_of_two_changes_no_bit_of_shards),
        cmocka_unit_test(small_gradients_need_a_scale),
        cmocka_unit_test(the_scale_moves_as_pytorchs),
        cmocka_unit_test(steps_that_overflow_are_skipped),
        cmocka_unit_test(a_net_that_is_never_finite_is_told),
        cmocka_unit_test(a_checkpoint_keeps_the_scale),
        cmocka_unit_test(small_updates_are_lost_without_a_master_copy),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
