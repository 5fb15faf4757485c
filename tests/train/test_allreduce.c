/* One net on many ranks: the same bits for any number of them, whatever the net, and near what one batch gives. */
#include "support/random_net.h"
#include "support/ranks.h"
#include "support/training.h"

#include <math.h>

static const char resnet[] = "input 8x8x2; conv2d out=8 kernel=3 bias=0; batchnorm; relu; 2 * identity out=8; identity "
                             "out=16 stride=2 shortcut=B; global_avgpool; dense out=3";
static const char mlp[] = "input 2; dense out=32; batchnorm; relu; 3 * identity { dense out=32; batchnorm; relu; "
                          "dropout p=0.1 }; dense out=3";
static const char noisy[] = "input 2; dense out=7; tanh; dropout p=0.3; 3 * identity { dense out=7; relu; "
                            "stochastic_depth p=0.3 }; dense out=5; dropout p=0.2; dense out=3";
static const char gratings[] = "gratings n=90 channels=2 classes=3";
static const char spirals[] = "spirals n=110 classes=3";

static const recipe recipes[] = {
    {.net = "input 2; dense out=16; relu; dense out=3", .data = spirals, .batch = 32, .shard = 8, .steps = 12},
    {.net = mlp,
     .data = spirals,
     .batch = 40,
     .shard = 9,
     .steps = 9,
     .keep_last = 1,
     .clip = 0.1,
     .optimizer = "sgd momentum=0.9 nesterov=1 weight_decay=1e-3",
     .schedule = "cosine warmup=3"},
    {.net = resnet,
     .data = gratings,
     .batch = 24,
     .shard = 5,
     .steps = 8,
     .keep_last = 1,
     .optimizer = "adam",
     .augmentation = "crop pad=2 flip=1",
     .rate = 0.01},
    {.net = resnet,
     .data = gratings,
     .batch = 16,
     .shard = 16,
     .steps = 4,
     .optimizer = "rmsprop momentum=0.5",
     .rate = 0.01},
    {.net = mlp,
     .data = spirals,
     .batch = 40,
     .shard = 9,
     .steps = 9,
     .keep_last = 1,
     .optimizer = "sgd momentum=0.9",
     .norm = "batch"},
    {.net = resnet,
     .data = gratings,
     .batch = 24,
     .shard = 5,
     .steps = 8,
     .keep_last = 1,
     .optimizer = "adam",
     .augmentation = "crop pad=2 flip=1",
     .rate = 0.01,
     .norm = "batch"},
    {.net = "input 8x8x2; conv2d out=4 kernel=3; relu; batchnorm eps=1e-3; identity { batchnorm; relu; conv2d out=4 "
            "kernel=3 } after=none; maxpool kernel=2; flatten; dense out=6; batchnorm; tanh; dense out=3; batchnorm",
     .data = gratings,
     .batch = 30,
     .shard = 4,
     .steps = 6,
     .rate = 0.01,
     .norm = "batch"},
    {.net = noisy, .data = spirals, .batch = 33, .shard = 1, .steps = 7, .keep_last = 1, .dtype = DEEPID_F64},
    {.net = noisy,
     .data = spirals,
     .batch = 50,
     .shard = 7,
     .steps = 7,
     .loss = "cross_entropy weights=1,0.2,5",
     .optimizer = "adamw weight_decay=0.1",
     .keep_last = 1},
    {.net = "input 3; dense out=9; gelu; layernorm; dense out=2",
     .data = "linear n=60 in=3 out=2 target=gaussian",
     .batch = 20,
     .shard = 3,
     .steps = 9,
     .loss = "huber delta=0.5",
     .dtype = DEEPID_F64},
    {.net = "input 2; dense out=8; tanh; dense out=1",
     .data = "spirals n=60 classes=2",
     .batch = 0,
     .shard = 11,
     .steps = 6,
     .loss = "binary_cross_entropy weights=balanced"},
    {.net = "input 2; dense out=8; tanh; dense out=3", .data = spirals, .shard = 13, .steps = 6, .optimizer = "lbfgs"},
};

static void any_number_of_ranks_gives_the_same_bits(void **state)
{
    (void)state;
    static const int32_t counts[] = {2, 3, 4, 7};
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        const uint64_t one = train_on_ranks(&recipes[i], 1);
        for (int c = 0; c < 4; c++)
            if (train_on_ranks(&recipes[i], counts[c]) != one)
                fail_msg("recipe %zu, '%.60s': %d ranks give other bits than 1", i, recipes[i].net, counts[c]);
    }
}

/* Without an exchange the shards of a batch give the same too. */
static void shards_alone_give_the_bits_of_ranks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        rank_run r;
        open_ranks(&r, NULL, 1, &recipes[i]);
        fit_ranks(&r, 1);
        all_ended(&r, 1, DEEPID_OK, "");
        if (bits_of_ranks(&r, 1) != train_on_ranks(&recipes[i], 2))
            fail_msg("recipe %zu: shards without ranks give other bits", i);
        close_ranks(&r, 1);
    }
}

/* ---- nets by chance ----------------------------------------------------------------------------- */

enum { SAMPLES = 22, NETS = 40 };
static uint64_t seed_now;
static double features[SAMPLES * 8192], targets[SAMPLES * 8192];

static deepid_dataset *random_data(deepid_ctx *ctx, const deepid_net *net)
{
    int64_t extents[4] = {SAMPLES};
    int64_t in = 1;
    const int32_t rank = deepid_net_input_rank(net);
    deepid_dataset *data = NULL;
    for (int32_t i = 0; i < rank; i++)
        in *= extents[i + 1] = deepid_net_input_extent(net, i);
    assert_true(in <= 8192 && deepid_net_output_extent(net, 0) <= 8192);
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, features, rank + 1, extents, NULL, DEEPID_F64, targets,
                                   deepid_net_output_extent(net, 0), &data));
    if (rank == 2)
        OK(deepid_dataset_set_series(data));
    return data;
}

static void nets_by_chance_give_the_same_bits(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (seed_now = 1; seed_now <= NETS; seed_now++) {
        drawn_net drawn;
        char text[RANDOM_NET_TEXT + 16];
        deepid_net *net = NULL;
        draw_net(ctx, seed_now, &drawn);
        snprintf(text, sizeof text, "%s; flatten", drawn.text);
        OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
        const bool fits = drawn.trains && deepid_net_output_extent(net, 0) <= 8192;
        deepid_net_destroy(net);
        if (!fits)
            continue;
        random_array(seed_now, SAMPLES * 8192, -1, 1, features);
        random_array(seed_now + 1000, SAMPLES * 8192, -1, 1, targets);
        const recipe c = {.net = text,
                          .make_data = random_data,
                          .batch = 13,
                          .shard = 4,
                          .steps = 4,
                          .rate = 1e-3,
                          .keep_last = 1,
                          .nonfinite = "record",
                          .norm = seed_now % 3 ? "shard" : "batch",
                          .dtype = seed_now % 2 ? DEEPID_F32 : DEEPID_F64};
        const int32_t ranks = 2 + (int32_t)(seed_now % 3);
        if (train_on_ranks(&c, 1) != train_on_ranks(&c, ranks))
            fail_msg("seed %llu: %d ranks give other bits than 1: %s", (unsigned long long)seed_now, ranks, text);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- beside the whole batch --------------------------------------------------------------------------- */

/* In f64, without batch-norm by shard, only the order of sums differs: dropout's masks, class weights, order, targets
   are those of the batch. */
static void shards_give_what_the_whole_batch_gives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        recipe c = recipes[i];
        if (strstr(c.net, "batchnorm") && !c.norm)
            continue;
        rank_run whole;
        rank_run sharded;
        c.dtype = DEEPID_F64;
        open_ranks(&sharded, NULL, 1, &c);
        c.shard = 0;
        open_ranks(&whole, NULL, 1, &c);
        fit_ranks(&sharded, 1);
        fit_ranks(&whole, 1);
        all_ended(&sharded, 1, DEEPID_OK, "");
        all_ended(&whole, 1, DEEPID_OK, "");
        const double *a = deepid_net_trained_data(sharded.net);
        const double *b = deepid_net_trained_data(whole.net);
        for (int64_t k = 0; k < deepid_net_trained_count(whole.net); k++)
            if (!(fabs(a[k] - b[k]) <= 1e-9)) /* few steps of rates far below 1 */
                fail_msg("recipe %zu: parameter %lld is %.15g in shards, %.15g in one batch", i, (long long)k, a[k],
                         b[k]);
        near_at("loss", deepid_trainer_loss(sharded.trainer), deepid_trainer_loss(whole.trainer), 1e-9);
        close_ranks(&whole, 1);
        close_ranks(&sharded, 1);
    }
}

/* Six samples 0, 1, 2 | 3, 5, 7 in the order of an epoch that is not drawn: L-BFGS takes them as they are. Shards of
   four become three and three. Means 1 and 5, unbiased variances 1 and 4: their means are 3 and 2.5. From 0 and 1 with
   momentum 0.1: 0.3 and 0.9 + 0.25. */
static void running_statistics_are_the_mean_over_the_shards(void **state)
{
    (void)state;
    static const double x[] = {0, 1, 2, 3, 5, 7};
    static const double y[6] = {0};
    deepid_ctx *ctx = new_ctx(1);
    run r = {.ctx = ctx};
    OK(deepid_net_create(ctx, "input 1; batchnorm; dense out=1", DEEPID_F64, &r.net));
    OK(deepid_net_init(r.net, "he", 1));
    OK(deepid_dataset_wrap_targets(ctx, DEEPID_F64, x, 2, (const int64_t[]){6, 1}, NULL, DEEPID_F64, y, 1, &r.data));
    OK(deepid_trainer_create(r.net, r.data, &r.trainer));
    OK(deepid_trainer_set_optimizer(r.trainer, "lbfgs"));
    OK(deepid_trainer_set_shards(r.trainer, 4));
    OK(deepid_trainer_step(r.trainer));
    near_at("mean", *(const double *)deepid_net_parameter_data(r.net, "batchnorm.running_mean"), 0.3, 1e-15);
    near_at("variance", *(const double *)deepid_net_parameter_data(r.net, "batchnorm.running_var"), 1.15, 1e-15);
    close_run(&r);
}

/* ---- checkpoints, memory -------------------------------------------------------------------------- */

static void a_checkpoint_goes_on_with_other_ranks(void **state)
{
    (void)state;
    const recipe *c = &recipes[2];
    const char *path = temporary("ranks.safetensors");
    rank_run r[RANKS_MOST];
    hall *h = open_hall(4);
    recipe half = *c;
    half.steps = 3; /* of 8; an epoch has 4 */
    open_ranks(r, h, 4, &half);
    fit_ranks(r, 4);
    all_ended(r, 4, DEEPID_OK, "");
    deepid_ctx *ctx = r[2].ctx;
    OK(deepid_trainer_save(r[2].trainer, path));
    close_ranks(r, 4);
    close_hall(h);
    uint64_t ends[3];
    for (int32_t ranks = 1; ranks <= 3; ranks++) {
        h = open_hall(ranks);
        recipe rest = *c;
        rest.steps = 5;
        rest.shard = rest.batch = 0; /* the file says it */
        open_ranks(r, h, ranks, &rest);
        for (int32_t i = 0; i < ranks; i++) {
            ctx = r[i].ctx;
            OK(deepid_trainer_load(r[i].trainer, path));
        }
        fit_ranks(r, ranks);
        all_ended(r, ranks, DEEPID_OK, "");
        const run one = {.net = r[0].net};
        ends[ranks - 1] = bits_of(&one);
        close_ranks(r, ranks);
        close_hall(h);
    }
    open_ranks(r, NULL, 1, c);
    fit_ranks(r, 1);
    const run one = {.net = r[0].net};
    for (int i = 0; i < 3; i++)
        if (ends[i] != bits_of(&one))
            fail_msg("on %d ranks the checkpoint goes on to other bits than without it", i + 1);
    close_ranks(r, 1);
}

static void steps_by_shards_allocate_nothing(void **state)
{
    (void)state;
    failing_alloc f = {0};
    deepid_ctx *ctx = NULL;
    assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, &f, &ctx), DEEPID_OK);
    run r = {.ctx = ctx};
    OK(deepid_net_create(ctx, resnet, DEEPID_F32, &r.net));
    OK(deepid_net_init(r.net, "he", 1));
    OK(deepid_dataset_generate(ctx, gratings, 9, &r.data));
    OK(deepid_trainer_create(r.net, r.data, &r.trainer));
    OK(deepid_trainer_set_batch(r.trainer, 64));
    OK(deepid_trainer_set_shards(r.trainer, 8));
    OK(deepid_trainer_step(r.trainer));
    const int64_t sharded = deepid_ctx_memory(ctx);
    const int64_t calls = f.calls;
    OK(deepid_trainer_fit(r.trainer, 5, NULL, NULL));
    assert_int_equal(f.calls, calls);
    OK(deepid_trainer_set_shards(r.trainer, 0));
    OK(deepid_trainer_step(r.trainer));
    assert_true(deepid_ctx_memory(ctx) > sharded); /* the values of 64 samples, not of 8 */
    close_run(&r);
    assert_int_equal(f.live, 0);
}

static int32_t alone(void *user, int32_t how, int64_t *numbers, int64_t count, const char **why)
{
    (void)how;
    (void)numbers;
    (void)why;
    *(int64_t *)user += count;
    return 0;
}

static int32_t open_and_step(deepid_ctx *ctx, void *arg)
{
    run r = {.net = NULL};
    int64_t numbers = 0;
    (void)arg;
    int32_t status = deepid_net_create(ctx, mlp, DEEPID_F32, &r.net);
    if (status == DEEPID_OK)
        status = deepid_dataset_generate(ctx, spirals, 9, &r.data);
    if (status == DEEPID_OK)
        status = deepid_trainer_create(r.net, r.data, &r.trainer);
    if (status == DEEPID_OK)
        status = deepid_trainer_set_allreduce(r.trainer, alone, &numbers, 0, 1);
    if (status == DEEPID_OK)
        status = deepid_trainer_step(r.trainer);
    deepid_trainer_destroy(r.trainer);
    deepid_dataset_destroy(r.data);
    deepid_net_destroy(r.net);
    return status;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    survives_every_failing_allocation("a step with an allreduce", open_and_step, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_ranks_gives_the_same_bits),
        cmocka_unit_test(shards_alone_give_the_bits_of_ranks),
        cmocka_unit_test(nets_by_chance_give_the_same_bits),
        cmocka_unit_test(shards_give_what_the_whole_batch_gives),
        cmocka_unit_test(running_statistics_are_the_mean_over_the_shards),
        cmocka_unit_test(a_checkpoint_goes_on_with_other_ranks),
        cmocka_unit_test(steps_by_shards_allocate_nothing),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
