/* Checkpoints: training goes on as if it had never stopped; damage is found and changes nothing. */
#include "support/training.h"

static void resuming_in_mid_epoch_gives_the_same_bits(void **state)
{
    (void)state;
    static const char *const optimizers[] = {"sgd momentum=0.9 nesterov=1 weight_decay=1e-3 decay=all", "adam",
                                             "adamw weight_decay=0.01", "rmsprop momentum=0.5"};
    const char *path = temporary("checkpoint.safetensors");
    for (int o = 0; o < 4; o++) {
        for (int t = 0; t < 2; t++) {
            const char *text = t ? long_resnet : long_mlp;
            const int32_t dtype = o == 1 ? DEEPID_F64 : DEEPID_F32;
            run whole;
            run first;
            run second;
            open_long_run(&whole, text, 1, dtype, optimizers[o]);
            open_long_run(&first, text, 1, dtype, optimizers[o]);
            open_long_run(&second, text, 2, dtype, "sgd");
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
    open_long_run(&r, "input 2; dense out=8; batchnorm; relu; dense out=3", 1, DEEPID_F32, "adam");
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
    open_long_run(&r, long_mlp, 1, DEEPID_F32, "adam");
    deepid_ctx *ctx = r.ctx;
    const char *path = temporary("good.safetensors");
    const char *bad = temporary("bad.safetensors");
    OK(deepid_trainer_fit(r.trainer, 7, NULL, NULL));
    OK(deepid_trainer_save(r.trainer, path));
    size_t length;
    char *bytes = read_bytes(path, &length);
    OK(deepid_trainer_fit(r.trainer, 3, NULL, NULL));
    const uint64_t before = bits_of(&r);
    for (size_t cut = 0; cut < length; cut += 1 + cut / 7) {
        write_bytes(bad, bytes, cut);
        const int32_t status = deepid_trainer_load(r.trainer, bad);
        if (status != DEEPID_ERR_FORMAT)
            fail_msg("cut after %zu of %zu bytes: %s (%s)", cut, length, deepid_status_name(status),
                     deepid_ctx_error(ctx));
        assert_int_equal(bits_of(&r), before);
        assert_int_equal(deepid_trainer_steps_done(r.trainer), 10);
    }
    free(bytes);
    REFUSED(deepid_trainer_load(r.trainer, temporary("none")), DEEPID_ERR_IO, "cannot open");
    run other;
    open_long_run(&other, long_resnet, 1, DEEPID_F32, "sgd");
    ctx = other.ctx;
    REFUSED(deepid_trainer_load(other.trainer, path), DEEPID_ERR_SHAPE, "another net");
    close_run(&other);
    close_run(&r);
}

static void nets_that_differ_late_are_told_apart(void **state)
{
    (void)state;
    run r;
    run other;
    const char *path = temporary("late.safetensors");
    open_long_run(
        &r, "input 2; dense out=8; batchnorm; relu; dense out=16; tanh; dense out=16; relu; dense out=7; dense out=3",
        1, DEEPID_F32, "adam");
    open_long_run(
        &other,
        "input 2; dense out=8; batchnorm; relu; dense out=16; tanh; dense out=16; relu; dense out=9; dense out=3", 1,
        DEEPID_F32, "adam");
    deepid_ctx *ctx = r.ctx;
    OK(deepid_trainer_save(r.trainer, path));
    ctx = other.ctx;
    REFUSED(deepid_trainer_load(other.trainer, path), DEEPID_ERR_SHAPE, "dense out=7");
    REFUSED(deepid_trainer_load(other.trainer, path), DEEPID_ERR_SHAPE, "expected '");
    REFUSED(deepid_trainer_load(other.trainer, path), DEEPID_ERR_SHAPE, "dense out=9");
    close_run(&other);
    close_run(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resuming_in_mid_epoch_gives_the_same_bits),
        cmocka_unit_test(every_turned_bit_of_a_checkpoint_is_found),
        cmocka_unit_test(damaged_checkpoints_are_refused_and_change_nothing),
        cmocka_unit_test(nets_that_differ_late_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
