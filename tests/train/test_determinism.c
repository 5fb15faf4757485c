/* The same bits for any number of threads, and no allocation after the first step. */
#include "support/training.h"

static const char dense[] = "input 2; identity { dense out=32; tanh; dense out=2 }; dense out=32; relu; 6 * identity { "
                            "dense out=32; relu; dense out=32; relu } after=none; dense out=3";

static void training_gives_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    static const char *const texts[] = {long_mlp, dense, long_resnet};
    static const int32_t counts[] = {1, 2, 3, 4, 7};
    for (int t = 0; t < 3; t++) {
        uint64_t first = 0;
        for (int c = 0; c < 5; c++) {
            run r;
            open_long_run(&r, texts[t], counts[c], DEEPID_F32, "sgd momentum=0.9 weight_decay=1e-3");
            deepid_ctx *ctx = r.ctx;
            OK(deepid_trainer_fit(r.trainer, 50, NULL, NULL));
            first = c == 0 ? bits_of(&r) : first;
            if (bits_of(&r) != first)
                fail_msg("%s: %d threads give other bits than 1", texts[t], counts[c]);
            close_run(&r);
        }
    }
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
    OK(deepid_net_create(ctx, long_resnet, DEEPID_F32, &r.net));
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
        cmocka_unit_test(steps_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
