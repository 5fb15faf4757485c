/* The same bits: for any number of threads, and after a checkpoint as if training had never stopped. */
#include "support/support.h"

#include "base/memory.h"

static const char mlp[] = "input 2; dense out=32; batchnorm; relu; 6 * identity { dense out=32; batchnorm; relu; "
                          "dropout p=0.1 }; dense out=3";
static const char dense[] = "input 2; identity { dense out=32; tanh; dense out=2 }; dense out=32; relu; 6 * identity { "
                            "dense out=32; relu; dense out=32; relu } after=none; dense out=3";
static const char resnet[] = "input 8x8x2; conv2d out=8 kernel=3 bias=0; batchnorm; relu; 2 * identity out=8; identity "
                             "out=16 stride=2 shortcut=B; global_avgpool; dense out=3";

typedef struct {
    deepid_ctx *ctx;
    deepid_net *net;
    deepid_dataset *data;
    deepid_trainer *trainer;
} run;

static void open_run(run *r, const char *text, int32_t threads, int32_t dtype, const char *optimizer)
{
    deepid_ctx *ctx = r->ctx = new_ctx(threads);
    r->net = NULL;
    r->data = NULL;
    r->trainer = NULL;
    OK(deepid_net_create(ctx, text, dtype, &r->net));
    OK(deepid_net_init(r->net, "he", 5));
    OK(deepid_dataset_generate(ctx, text == resnet ? "gratings n=150 channels=2 classes=3" : "spirals n=300 classes=3",
                               9, &r->data));
    OK(deepid_trainer_create(r->net, r->data, &r->trainer));
    OK(deepid_trainer_set_optimizer(r->trainer, optimizer));
    OK(deepid_trainer_set_learning_rate(r->trainer, 0.01));
    OK(deepid_trainer_set_schedule(r->trainer, "cosine warmup=5"));
    OK(deepid_trainer_set_total_steps(r->trainer, 50));
    OK(deepid_trainer_set_batch(r->trainer, 64));
    OK(deepid_trainer_set_keep_last(r->trainer, 1));
    OK(deepid_trainer_set_seed(r->trainer, 1234567890123456789u));
    if (text == resnet)
        OK(deepid_trainer_set_augmentation(r->trainer, "crop pad=2 flip=1"));
}

static void close_run(run *r)
{
    deepid_trainer_destroy(r->trainer);
    deepid_dataset_destroy(r->data);
    deepid_net_destroy(r->net);
    deepid_ctx_destroy(r->ctx);
}

/* All parameters and states. */
static uint64_t bits_of(const run *r)
{
    uint64_t hash = 0;
    const int64_t size = deepid_net_dtype(r->net) == DEEPID_F32 ? 4 : 8;
    for (int64_t i = 0; i < deepid_net_parameter_count(r->net); i++) {
        int64_t count = 1;
        for (int32_t axis = 0; axis < deepid_net_parameter_rank(r->net, i); axis++)
            count *= deepid_net_parameter_extent(r->net, i, axis);
        hash = hash * 31 + bits(deepid_net_parameter_data(r->net, deepid_net_parameter_name(r->net, i)), count * size);
    }
    return hash;
}

static void training_gives_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    static const char *const texts[] = {mlp, dense, resnet};
    static const int32_t counts[] = {1, 2, 3, 4, 7};
    for (int t = 0; t < 3; t++) {
        uint64_t first = 0;
        for (int c = 0; c < 5; c++) {
            run r;
            open_run(&r, texts[t], counts[c], DEEPID_F32, "sgd momentum=0.9 weight_decay=1e-3");
            deepid_ctx *ctx = r.ctx;
            OK(deepid_trainer_fit(r.trainer, 50, NULL, NULL));
            first = c == 0 ? bits_of(&r) : first;
            if (bits_of(&r) != first)
                fail_msg("%s: %d threads give other bits than 1", texts[t], counts[c]);
            close_run(&r);
        }
    }
}

static void resuming_in_mid_epoch_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const optimizers[] = {"sgd momentum=0.9 nesterov=1 weight_decay=1e-3 decay=all", "adam",
                                             "adamw weight_decay=0.01"};
    const char *path = temporary("checkpoint.safetensors");
    for (int o = 0; o < 3; o++) {
        for (int t = 0; t < 2; t++) {
            const char *text = t ? resnet : mlp;
            const int32_t dtype = o == 1 ? DEEPID_F64 : DEEPID_F32;
            run whole;
            run first;
            run second;
            open_run(&whole, text, 1, dtype, optimizers[o]);
            open_run(&first, text, 1, dtype, optimizers[o]);
            open_run(&second, text, 2, dtype, "sgd");
            deepid_ctx *ctx = whole.ctx;
            OK(deepid_trainer_fit(whole.trainer, 50, NULL, NULL));
            ctx = first.ctx;
            OK(deepid_trainer_fit(first.trainer, 23, NULL, NULL));
            OK(deepid_trainer_save(first.trainer, path));
            ctx = second.ctx;
            OK(deepid_net_init(second.net, "he", 99));
            OK(deepid_trainer_load(second.trainer, path));
            assert_int_equal(deepid_trainer_steps_done(second.trainer), 23);
            OK(deepid_trainer_fit(second.trainer, 27, NULL, NULL));
            if (bits_of(&second) != bits_of(&whole))
                fail_msg("%s, %s: 23 + 27 steps give other bits than 50", text, optimizers[o]);
            close_run(&second);
            close_run(&first);
            close_run(&whole);
        }
    }
}

static int32_t load_again(void *trainer)
{
    return deepid_trainer_load(trainer, temporary("flipped.safetensors"));
}

/* The header bit by bit comes with the nets' files; here every 61st bit, a prime, so that every number's bits come. */
static void every_turned_bit_of_a_checkpoint_is_found(void **state)
{
    (void)state;
    run r;
    open_run(&r, "input 2; dense out=8; batchnorm; relu; dense out=3", 1, DEEPID_F32, "adam");
    deepid_ctx *ctx = r.ctx;
    OK(deepid_trainer_fit(r.trainer, 7, NULL, NULL));
    OK(deepid_trainer_save(r.trainer, temporary("flipped.safetensors")));
    OK(deepid_trainer_fit(r.trainer, 3, NULL, NULL));
    const uint64_t before = bits_of(&r);
    every_turned_bit_is_refused(ctx, temporary("flipped.safetensors"), 61, "flipped.safetensors'", load_again,
                                r.trainer);
    assert_int_equal(bits_of(&r), before);
    assert_int_equal(deepid_trainer_steps_done(r.trainer), 10);
    OK(load_again(r.trainer));
    assert_int_equal(deepid_trainer_steps_done(r.trainer), 7);
    close_run(&r);
}

static void damaged_checkpoints_are_refused_and_change_nothing(void **state)
{
    (void)state;
    run r;
    open_run(&r, mlp, 1, DEEPID_F32, "adam");
    deepid_ctx *ctx = r.ctx;
    const char *path = temporary("good.safetensors");
    const char *bad = temporary("bad.safetensors");
    OK(deepid_trainer_fit(r.trainer, 7, NULL, NULL));
    OK(deepid_trainer_save(r.trainer, path));
    FILE *file = fopen(path, "rb");
    static char bytes[1 << 20];
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    OK(deepid_trainer_fit(r.trainer, 3, NULL, NULL));
    const uint64_t before = bits_of(&r);
    for (size_t cut = 0; cut < length; cut += 1 + cut / 7) {
        file = fopen(bad, "wb");
        fwrite(bytes, 1, cut, file);
        fclose(file);
        const int32_t status = deepid_trainer_load(r.trainer, bad);
        if (status != DEEPID_ERR_FORMAT)
            fail_msg("cut after %zu of %zu bytes: %s (%s)", cut, length, deepid_status_name(status),
                     deepid_ctx_error(ctx));
        assert_int_equal(bits_of(&r), before);
        assert_int_equal(deepid_trainer_steps_done(r.trainer), 10);
    }
    REFUSED(deepid_trainer_load(r.trainer, temporary("none")), DEEPID_ERR_IO, "cannot open");
    run other;
    open_run(&other, resnet, 1, DEEPID_F32, "sgd");
    ctx = other.ctx;
    REFUSED(deepid_trainer_load(other.trainer, path), DEEPID_ERR_SHAPE, "another net");
    close_run(&other);
    close_run(&r);
}

/* after the first step nothing is allocated */
static void steps_allocate_nothing(void **state)
{
    (void)state;
    failing_alloc f = {0};
    deepid_ctx *ctx = NULL;
    assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, &f, &ctx), DEEPID_OK);
    OK(deepid_ctx_set_threads(ctx, 2));
    run r = {.ctx = ctx};
    OK(deepid_net_create(ctx, resnet, DEEPID_F32, &r.net));
    OK(deepid_dataset_generate(ctx, "gratings n=150 channels=2 classes=3", 9, &r.data));
    OK(deepid_trainer_create(r.net, r.data, &r.trainer));
    OK(deepid_trainer_step(r.trainer));
    const int64_t calls = f.calls;
    OK(deepid_trainer_fit(r.trainer, 20, NULL, NULL));
    assert_int_equal(f.calls, calls);
    close_run(&r);
    assert_int_equal(f.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_gives_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(resuming_in_mid_epoch_gives_the_same_bits),
        cmocka_unit_test(damaged_checkpoints_are_refused_and_change_nothing),
        cmocka_unit_test(every_turned_bit_of_a_checkpoint_is_found),
        cmocka_unit_test(steps_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
