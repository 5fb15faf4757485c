/* Learning, updates against their formulas, stops, refusals. */
#include "support/support.h"

#include <math.h>

typedef struct {
    deepid_net *net;
    deepid_dataset *data;
    deepid_trainer *trainer;
} run;

static void open_run(deepid_ctx *ctx, run *r, const char *text, const char *data, int32_t dtype, uint64_t seed)
{
    *r = (run){NULL, NULL, NULL};
    OK(deepid_net_create(ctx, text, dtype, &r->net));
    OK(deepid_net_init(r->net, "he", seed));
    OK(deepid_dataset_generate(ctx, data, 77, &r->data));
    OK(deepid_trainer_create(r->net, r->data, &r->trainer));
    OK(deepid_trainer_set_seed(r->trainer, seed));
}

static void close_run(run *r)
{
    deepid_trainer_destroy(r->trainer);
    deepid_dataset_destroy(r->data);
    deepid_net_destroy(r->net);
}

/* ---- learning canaries ------------------------------------------------------------------------- */

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

/* a linear map has a closed form: L-BFGS reaches it */
static void lbfgs_finds_a_linear_map(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    run r;
    double loss;
    open_run(ctx, &r, "input 4; dense out=4", "linear n=64", DEEPID_F64, 3);
    OK(deepid_trainer_set_optimizer(r.trainer, "lbfgs"));
    OK(deepid_trainer_fit(r.trainer, 100, NULL, NULL));
    OK(deepid_net_evaluate(r.net, r.data, NULL, &loss, NULL));
    if (!(loss < 1e-9))
        fail_msg("loss %g, expected below 1e-9", loss);
    REFUSED(deepid_trainer_save(r.trainer, temporary("lbfgs")), DEEPID_ERR_UNSUPPORTED, "lbfgs");
    close_run(&r);
    deepid_ctx_destroy(ctx);
}

/* ---- updates, replayed in long double from the same gradients -------------------------------------- */

typedef struct {
    long double w, m, v;
} replayed;

static void replay(const char *optimizer, int step, long double g, replayed *p)
{
    const long double rate = 0.01L;
    const long double decay = 0.1L;
    if (optimizer[0] == 's') { /* momentum 0.9, nesterov, weight decay 0.1 on all */
        g += decay * p->w;
        p->m = 0.9L * p->m + g;
        p->w -= rate * (g + 0.9L * p->m);
        return;
    }
    const bool decoupled = strncmp(optimizer, "adamw", 5) == 0;
    g += decoupled ? 0 : decay * p->w;
    p->m = 0.9L * p->m + 0.1L * g;
    p->v = 0.999L * p->v + 0.001L * g * g;
    const long double mhat = p->m / (1 - powl(0.9L, step));
    const long double vhat = p->v / (1 - powl(0.999L, step));
    p->w = (decoupled ? 1 - rate * decay : 1) * p->w - rate * mhat / (sqrtl(vhat) + 1e-8L);
}

static void updates_follow_their_formulas(void **state)
{
    (void)state;
    static const char *const optimizers[] = {"sgd momentum=0.9 nesterov=1 weight_decay=0.1 decay=all",
                                             "adam weight_decay=0.1 decay=all", "adamw weight_decay=0.1 decay=all"};
    deepid_ctx *ctx = new_ctx(1);
    for (int o = 0; o < 3; o++) {
        run r;
        open_run(ctx, &r, "input 4; dense out=4", "linear n=32", DEEPID_F64, 3);
        OK(deepid_trainer_set_optimizer(r.trainer, optimizers[o]));
        OK(deepid_trainer_set_learning_rate(r.trainer, 0.01));
        OK(deepid_trainer_set_batch(r.trainer, 0));
        const int64_t n = deepid_net_trained_count(r.net);
        replayed p[20];
        const double *w = deepid_net_trained_data(r.net);
        for (int64_t i = 0; i < n; i++)
            p[i] = (replayed){w[i], 0, 0};
        for (int step = 1; step <= 1000; step++) {
            OK(deepid_trainer_step(r.trainer));
            const double *g = deepid_net_trained_gradient(r.net);
            for (int64_t i = 0; i < n; i++) {
                replay(optimizers[o], step, g[i], &p[i]);
                /* 1000 steps of one rounding each, at most 1e-13 a step */
                if (!(fabsl(p[i].w - w[i]) <= 1e-11L * (1 + fabsl(p[i].w))))
                    fail_msg("%s, step %d, parameter %lld: %.17g, expected %.17Lg", optimizers[o], step, (long long)i,
                             w[i], p[i].w);
            }
        }
        close_run(&r);
    }
    deepid_ctx_destroy(ctx);
}

static void schedules_follow_their_formulas(void **state)
{
    (void)state;
    static const struct {
        const char *schedule;
        int64_t step;
        double expected;
    } rows[] = {{"constant", 70, 1},
                {"constant warmup=10", 4, 0.5},
                {"step", 74, 1},
                {"step", 75, 0.1},
                {"step at=0.5 at2=0.9 factor=0.2", 90, 0.04},
                {"cosine", 50, 0.5},
                {"cosine floor=0.2", 100, 0.2}};
    deepid_ctx *ctx = new_ctx(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run r;
        open_run(ctx, &r, "input 4; dense out=4", "linear n=16", DEEPID_F32, 1);
        OK(deepid_trainer_set_batch(r.trainer, 0));
        OK(deepid_trainer_set_learning_rate(r.trainer, 1e-3));
        OK(deepid_trainer_set_total_steps(r.trainer, 100));
        OK(deepid_trainer_set_schedule(r.trainer, rows[i].schedule));
        OK(deepid_trainer_fit(r.trainer, rows[i].step, NULL, NULL));
        const double got = deepid_trainer_current_rate(r.trainer);
        if (fabs(got - 1e-3 * rows[i].expected) > 1e-15)
            fail_msg("%s at step %lld: %g, expected %g", rows[i].schedule, (long long)rows[i].step, got,
                     1e-3 * rows[i].expected);
        close_run(&r);
    }
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

/* NaN in the data, and a rate that is far too large: the sentence names layer and step, nothing has changed */
static void nonfinite_steps_change_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    float x[8] = {1, 2, 3, 4, 5, 6, (float)NAN, 8};
    const int32_t labels[4] = {0, 1, 0, 1};
    const int64_t extents[2] = {4, 2};
    run r = {NULL, NULL, NULL};
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
    REFUSED(deepid_trainer_create(wide, r.data, &none), DEEPID_ERR_SHAPE, "the net gives 1, the data has 2 classes");
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
        cmocka_unit_test(lbfgs_finds_a_linear_map),
        cmocka_unit_test(updates_follow_their_formulas),
        cmocka_unit_test(schedules_follow_their_formulas),
        cmocka_unit_test(a_stop_request_and_a_callback_end_the_fit_after_their_step),
        cmocka_unit_test(nonfinite_steps_change_nothing),
        cmocka_unit_test(wrong_use_is_refused_with_a_sentence),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
