/* Learning, stops, refusals, memory. */
#include "support/training.h"

#include <math.h>

static void parity_and_spirals_are_learned_at_every_seed(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        run r;
        double loss;
        open_run(ctx, &r, "input 2; dense out=16; tanh; dense out=2", "parity bits=2", DEEPID_F64, seed);
        OK(deepid_trainer_set_optimizer(r.trainer, "adam"));
        OK(deepid_trainer_set_learning_rate(r.trainer, 0.02));
        OK(deepid_trainer_fit(r.trainer, 300, NULL, NULL));
        OK(deepid_net_evaluate(r.net, r.data, NULL, &loss, NULL));
        if (!(loss < 0.02))
            fail_msg("parity, seed %llu: loss %g, expected below 0.02", (unsigned long long)seed, loss);
        close_run(&r);
        open_run(ctx, &r,
                 "input 2; dense out=16; batchnorm; relu; 2 * plain { dense out=16; batchnorm; relu }; dense out=2",
                 "spirals", DEEPID_F32, seed);
        OK(deepid_trainer_set_optimizer(r.trainer, "sgd momentum=0.9"));
        OK(deepid_trainer_set_learning_rate(r.trainer, 0.03));
        OK(deepid_trainer_fit(r.trainer, 400, NULL, NULL));
        OK(deepid_net_measure_statistics(r.net, r.data));
        OK(deepid_net_evaluate(r.net, r.data, NULL, &loss, NULL));
        if (!(loss < 0.05))
            fail_msg("spirals, seed %llu: loss %g, expected below 0.05", (unsigned long long)seed, loss);
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

static int32_t half_way(void *user, const deepid_event *event)
{
    if (deepid_event_step(event) == 20) /* 10 alone, then 30: 20 of 40 */
        *(double *)user = deepid_event_learning_rate(event);
    return 0;
}

static void the_steps_before_a_fit_count(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    run r;
    double rate = 0;
    open_linear_run(ctx, &r, "input 3; dense out=2", "sgd", 1e-3);
    OK(deepid_trainer_set_schedule(r.trainer, "cosine"));
    for (int i = 0; i < 10; i++)
        OK(deepid_trainer_step(r.trainer));
    OK(deepid_trainer_fit(r.trainer, 30, half_way, &rate));
    if (!(fabs(rate - 0.5e-3) < 1e-15))
        fail_msg("the rate after half of all steps is %.17g, expected half of 1e-3", rate);
    close_run(&r);
    deepid_ctx_destroy(ctx);
}

/* ---- stops ---------------------------------------------------------------------------------------------- */

static int32_t stop_at_five(void *user, const deepid_event *event)
{
    if (deepid_event_step(event) == 5)
        deepid_trainer_request_stop(*(deepid_trainer **)user);
    return 0;
}

static int32_t seven_at_five(void *user, const deepid_event *event)
{
    (void)user;
    return deepid_event_step(event) == 5 ? 7 : 0;
}

static void a_stop_request_and_a_callback_end_the_fit_after_their_step(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    run r;
    open_run(ctx, &r, "input 2; dense out=2", "spirals", DEEPID_F32, 1);
    assert_int_equal(deepid_trainer_fit(r.trainer, 20, stop_at_five, &r.trainer), DEEPID_STOPPED);
    assert_int_equal(deepid_trainer_steps_done(r.trainer), 5);
    OK(deepid_trainer_fit(r.trainer, 2, NULL, NULL));
    close_run(&r);
    open_run(ctx, &r, "input 2; dense out=2", "spirals", DEEPID_F32, 1);
    REFUSED(deepid_trainer_fit(r.trainer, 20, seven_at_five, NULL), DEEPID_ERR_CALLBACK, "returned 7 after step 5");
    assert_int_equal(deepid_ctx_callback_code(ctx), 7);
    close_run(&r);
    deepid_ctx_destroy(ctx);
}

/* ---- refusals ---------------------------------------------------------------------------------------------- */

static void wrong_use_is_refused_with_a_sentence(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    run r;
    deepid_trainer *none = NULL;
    double loss;
    open_run(ctx, &r, "input 2; dense out=2", "spirals", DEEPID_F32, 1);
    REFUSED(deepid_trainer_set_optimizer(r.trainer, "sdg"), DEEPID_ERR_SPEC, "nearest: sgd");
    REFUSED(deepid_trainer_set_optimizer(r.trainer, "sgd momentum=2"), DEEPID_ERR_SPEC,
            "momentum is 2, expected 0 to 0.9999");
    REFUSED(deepid_trainer_set_optimizer(r.trainer, "sgd speed=2"), DEEPID_ERR_SPEC, "unknown option of sgd 'speed'");
    REFUSED(deepid_trainer_set_optimizer(r.trainer, NULL), DEEPID_ERR_SPEC, "unknown optimizer ''");
    REFUSED(deepid_trainer_set_schedule(r.trainer, "steps"), DEEPID_ERR_SPEC, "nearest: step");
    REFUSED(deepid_trainer_set_loss(r.trainer, "squared_error"), DEEPID_ERR_UNSUPPORTED, "needs targets");
    REFUSED(deepid_trainer_set_learning_rate(r.trainer, 0), DEEPID_ERR_ARGUMENT, "expected above 0");
    REFUSED(deepid_trainer_set_learning_rate(r.trainer, (double)NAN), DEEPID_ERR_ARGUMENT, "nan");
    REFUSED(deepid_trainer_set_batch(r.trainer, 257), DEEPID_ERR_ARGUMENT, "the 256 samples");
    REFUSED(deepid_trainer_set_batch(r.trainer, -1), DEEPID_ERR_ARGUMENT, "batch is -1");
    REFUSED(deepid_trainer_set_clip(r.trainer, -1), DEEPID_ERR_ARGUMENT, "clip is -1");
    REFUSED(deepid_trainer_set_augmentation(r.trainer, "crop"), DEEPID_ERR_UNSUPPORTED, "needs pictures");
    REFUSED(deepid_trainer_set_nonfinite(r.trainer, "ignore"), DEEPID_ERR_SPEC, "expected stop or record");
    REFUSED(deepid_trainer_fit(r.trainer, -1, NULL, NULL), DEEPID_ERR_ARGUMENT, "steps is -1");
    REFUSED(deepid_trainer_create(r.net, NULL, &none), DEEPID_ERR_ARGUMENT, "not a dataset");
    REFUSED(deepid_net_evaluate(r.net, NULL, NULL, &loss, NULL), DEEPID_ERR_ARGUMENT, "NULL");
    REFUSED(deepid_net_evaluate(r.net, r.data, "absolute", &loss, NULL), DEEPID_ERR_SPEC,
            "known: cross_entropy, squared_error");
    assert_int_equal(deepid_trainer_step(NULL), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_trainer_create(NULL, r.data, &none), DEEPID_ERR_ARGUMENT);
    deepid_net *wide = NULL;
    OK(deepid_net_create(ctx, "input 3; dense out=2", DEEPID_F32, &wide));
    REFUSED(deepid_trainer_create(wide, r.data, &none), DEEPID_ERR_SHAPE, "the net takes 3, the data has samples of 2");
    deepid_net_destroy(wide);
    OK(deepid_net_create(ctx, "input 2; dense out=1", DEEPID_F32, &wide));
    deepid_dataset *three = generated(ctx, "spirals n=30 classes=3", 1);
    REFUSED(deepid_trainer_create(wide, three, &none), DEEPID_ERR_SHAPE, "the net gives 1, the data has 3 classes");
    deepid_dataset_destroy(three);
    deepid_net_destroy(wide);
    close_run(&r);
    deepid_trainer_destroy(NULL);
    deepid_ctx_destroy(ctx);
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

static int32_t everything(deepid_ctx *ctx, void *arg)
{
    deepid_net *net = NULL;
    deepid_net *copy = NULL;
    deepid_dataset *data = NULL;
    deepid_dataset *a = NULL;
    deepid_dataset *b = NULL;
    deepid_trainer *trainer = NULL;
    deepid_table *table = NULL;
    int32_t status = deepid_net_create(ctx,
                                       "input 4x4x1; conv2d out=2 kernel=3; batchnorm; relu; identity out=4 stride=2 "
                                       "shortcut=B; global_avgpool; dense out=2",
                                       DEEPID_F32, &net);
    if (status == DEEPID_OK)
        status = deepid_net_init(net, "orthogonal", 1);
    if (status == DEEPID_OK)
        status = deepid_dataset_generate(ctx, "gratings n=20 size=4 classes=2", 1, &data);
    if (status == DEEPID_OK)
        status = deepid_dataset_split(data, 12, 1, &a, &b);
    if (status == DEEPID_OK)
        status = deepid_dataset_normalize(a, "channel", a);
    if (status == DEEPID_OK)
        status = deepid_trainer_create(net, a, &trainer);
    if (status == DEEPID_OK)
        status = deepid_trainer_set_optimizer(trainer, "adam");
    if (status == DEEPID_OK)
        status = deepid_trainer_step(trainer);
    if (status == DEEPID_OK)
        status = deepid_trainer_save(trainer, arg);
    if (status == DEEPID_OK)
        status = deepid_trainer_load(trainer, arg);
    if (status == DEEPID_OK)
        status = deepid_net_evaluate(net, b, NULL, NULL, NULL);
    if (status == DEEPID_OK)
        status = deepid_net_measure_statistics(net, a);
    if (status == DEEPID_OK)
        status = deepid_net_inspect(net, a, "gradient_norm samples=8", &table);
    if (status == DEEPID_OK)
        status = deepid_net_load(ctx, arg, 0, &copy);
    deepid_table_destroy(table);
    deepid_trainer_destroy(trainer);
    deepid_dataset_destroy(b);
    deepid_dataset_destroy(data);
    deepid_dataset_destroy(a);
    deepid_net_destroy(copy);
    deepid_net_destroy(net);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    survives_every_failing_allocation("a small training", everything, (void *)temporary("oom.safetensors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parity_and_spirals_are_learned_at_every_seed),
        cmocka_unit_test(the_steps_before_a_fit_count),
        cmocka_unit_test(a_stop_request_and_a_callback_end_the_fit_after_their_step),
        cmocka_unit_test(wrong_use_is_refused_with_a_sentence),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
