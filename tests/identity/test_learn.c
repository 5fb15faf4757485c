/* Fitting the identity, and how far from a witness training comes back: what the numbers mean, and what is refused. */
#include "support/support.h"

#include <math.h>

typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *data;
    deepid_net *net;
    deepid_trainer *trainer;
} rig;

static rig make(const char *data, const char *text, int32_t dtype, const char *init, const char *optimizer, double rate)
{
    rig r = {.ctx = new_ctx(1)};
    deepid_ctx *ctx = r.ctx;
    OK(deepid_dataset_generate(ctx, data, 4, &r.data));
    OK(deepid_net_create(ctx, text, dtype, &r.net));
    OK(deepid_net_init(r.net, init, 1));
    OK(deepid_trainer_create(r.net, r.data, &r.trainer));
    OK(deepid_trainer_set_optimizer(r.trainer, optimizer));
    OK(deepid_trainer_set_learning_rate(r.trainer, rate));
    return r;
}

static void end(rig *r)
{
    deepid_trainer_destroy(r->trainer);
    deepid_net_destroy(r->net);
    deepid_dataset_destroy(r->data);
    deepid_ctx_destroy(r->ctx);
}

/* ---- fit ------------------------------------------------------------------------------------------ */

static void a_linear_layer_learns_the_identity(void **state)
{
    (void)state;
    rig r = make("identity n=128 in=4", "input 4; plain { dense out=4 }", DEEPID_F64, "he", "adam", 0.02);
    deepid_ctx *ctx = r.ctx;
    deepid_fit *fit = NULL;
    OK(deepid_trainer_set_schedule(r.trainer, "cosine"));
    OK(deepid_identity_fit(r.trainer, 1500, 1e-3, &fit));
    deepid_table *curve = deepid_fit_curve(fit);
    const int64_t last = deepid_table_rows(curve) - 1;
    assert_int_equal(deepid_table_rows(curve), 65);
    assert_true(deepid_fit_max(fit) < 1e-3 && deepid_fit_rms(fit) <= deepid_fit_max(fit));
    assert_true(deepid_table_get(curve, last, 0) == 1500);
    assert_true(deepid_table_get(curve, last, 3) == deepid_fit_max(fit));
    assert_int_equal(deepid_fit_diverged(fit), 0);
    /* reached is the first row at or below the tolerance */
    for (int64_t i = 0; i <= last; i++)
        if (deepid_table_get(curve, i, 3) <= 1e-3) {
            assert_true(deepid_table_get(curve, i, 0) == (double)deepid_fit_reached(fit));
            break;
        }
    assert_non_null(strstr(deepid_fit_sentence(fit), "is first reached at step"));
    deepid_fit_destroy(fit);
    end(&r);
}

/* W = I from the start: nothing to learn, every number is 0 at step 0. The first row is what is there before a step. */
static void an_identity_start_is_there_at_step_0(void **state)
{
    (void)state;
    rig r = make("identity n=64 in=5 dist=orthant", "input 5; 3 * plain { dense out=5; relu }", DEEPID_F32, "identity",
                 "sgd", 0.01);
    deepid_ctx *ctx = r.ctx;
    deepid_fit *fit = NULL;
    OK(deepid_identity_fit(r.trainer, 3, 1e-9, &fit));
    assert_int_equal(deepid_fit_reached(fit), 0);
    assert_true(deepid_fit_max(fit) == 0 && deepid_fit_rms(fit) == 0);
    assert_int_equal(deepid_table_rows(deepid_fit_curve(fit)), 4);
    deepid_fit_destroy(fit);
    end(&r);
}

/* A relu gives nothing below 0: on normal samples no weights do, whatever is trained. */
static void what_cannot_be_represented_is_not_learnt(void **state)
{
    (void)state;
    rig r = make("identity n=128 in=4", "input 4; plain { dense out=4; relu }", DEEPID_F32, "identity", "adam", 0.01);
    deepid_ctx *ctx = r.ctx;
    deepid_fit *fit = NULL;
    OK(deepid_identity_fit(r.trainer, 300, 0.1, &fit));
    assert_int_equal(deepid_fit_reached(fit), -1);
    assert_true(deepid_fit_max(fit) > 1);
    assert_non_null(strstr(deepid_fit_sentence(fit), "0.1 is never reached"));
    deepid_fit_destroy(fit);
    end(&r);
}

static void a_rate_that_is_too_large_ends_the_curve(void **state)
{
    (void)state;
    rig r = make("identity n=64 in=4", "input 4; 4 * plain { dense out=4; relu }; dense out=4", DEEPID_F32, "he", "sgd",
                 1e6);
    deepid_ctx *ctx = r.ctx;
    deepid_fit *fit = NULL;
    OK(deepid_identity_fit(r.trainer, 500, 0.1, &fit));
    assert_int_equal(deepid_fit_diverged(fit), 1);
    assert_true(deepid_table_rows(deepid_fit_curve(fit)) < 65);
    assert_non_null(strstr(deepid_fit_sentence(fit), "not finite"));
    deepid_fit_destroy(fit);
    end(&r);
}

/* 8 x 8 pictures of a block of convolutions, from a dataset of classes. */
static void pictures_fit_through_a_flatten(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *classes = NULL;
    deepid_dataset *data = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    deepid_fit *fit = NULL;
    OK(deepid_dataset_generate(ctx, "gratings n=40", 1, &classes));
    OK(deepid_dataset_identity(classes, &data));
    const long long h = (long long)deepid_dataset_extent(data, 0), w = (long long)deepid_dataset_extent(data, 1),
                    c = (long long)deepid_dataset_extent(data, 2);
    char text[128];
    snprintf(text, sizeof text, "input %lldx%lldx%lld; plain { conv2d out=%lld kernel=3 }; flatten", h, w, c, c);
    assert_int_equal(deepid_dataset_target_width(data), h * w * c);
    OK(deepid_net_create(ctx, text, DEEPID_F32, &net));
    OK(deepid_net_init(net, "identity", 1));
    OK(deepid_trainer_create(net, data, &trainer));
    OK(deepid_identity_fit(trainer, 1, 1e-6, &fit));
    assert_int_equal(deepid_fit_reached(fit), 0);
    deepid_fit_destroy(fit);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(data);
    deepid_dataset_destroy(classes);
    deepid_ctx_destroy(ctx);
}

static void fits_refuse_what_is_no_identity(void **state)
{
    (void)state;
    rig r = make("linear n=64 in=4 out=4", "input 4; dense out=4", DEEPID_F32, "he", "sgd", 0.01);
    deepid_ctx *ctx = r.ctx;
    deepid_fit *fit = NULL;
    deepid_trainer *trainer = r.trainer;
    rig q = make("spirals n=32", "input 2; dense out=2", DEEPID_F32, "he", "sgd", 0.01);
    REFUSED(deepid_identity_fit(trainer, 10, 0.1, &fit), DEEPID_ERR_ARGUMENT, "value 0 of sample 0 is");
    REFUSED(deepid_identity_fit(trainer, 0, 0.1, &fit), DEEPID_ERR_ARGUMENT, "steps is 0, expected 1 or more");
    REFUSED(deepid_identity_fit(trainer, 10, 0, &fit), DEEPID_ERR_ARGUMENT,
            "tolerance is 0, expected a number above 0");
    REFUSED(deepid_identity_fit(trainer, 10, 0.1, NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    ctx = q.ctx;
    REFUSED(deepid_identity_fit(q.trainer, 10, 0.1, &fit), DEEPID_ERR_ARGUMENT, "2 values and 0 targets");
    assert_null(fit);
    assert_int_equal(deepid_trainer_steps_done(q.trainer), 0);
    assert_int_equal(deepid_fit_reached(NULL), -1);
    deepid_fit_destroy(NULL);
    end(&q);
    end(&r);
}

/* ---- basin -------------------------------------------------------------------------------------------- */

/* One linear layer, squared error: a convex task. */
static const char convex[] = "identity n=64 in=3";

static void a_convex_task_has_radius_1(void **state)
{
    (void)state;
    rig r = make(convex, "input 3; dense out=3 bias=0", DEEPID_F64, "identity", "sgd", 0.3);
    deepid_ctx *ctx = r.ctx;
    deepid_basin *basin = NULL;
    OK(deepid_basin_measure(r.trainer, 1e-6, 200, "seeds=2", &basin));
    assert_true(deepid_basin_radius(basin) == 1 && deepid_basin_low(basin) == 1 && deepid_basin_high(basin) == 1);
    assert_int_equal(deepid_table_rows(deepid_basin_table(basin)), 2);
    assert_true(deepid_table_get(deepid_basin_table(basin), 0, 4) == 2);
    assert_string_equal(deepid_table_row_name(deepid_basin_table(basin), 1), "2");
    deepid_basin_destroy(basin);
    end(&r);
}

/* A rate of 1e-12 moves nothing: the loss at t is t^2 |r - I|^2 / 3 and so on, so the boundary is where t^2 L(1) =
   target; bisection finds it to 2^-6. */
static void without_training_the_radius_is_that_of_the_loss(void **state)
{
    (void)state;
    rig r = make(convex, "input 3; dense out=3 bias=0", DEEPID_F64, "identity", "sgd", 1e-12);
    deepid_ctx *ctx = r.ctx;
    deepid_basin *basin = NULL;
    deepid_net *random = NULL;
    double at_1;
    OK(deepid_net_clone(r.net, 0, &random));
    OK(deepid_net_init(random, "he", 5));
    OK(deepid_net_evaluate(random, r.data, NULL, &at_1, NULL));
    OK(deepid_basin_measure(r.trainer, at_1 / 9, 2, "seeds=1 first_seed=5 bisections=6", &basin)); /* t = 1/3 */
    assert_true(deepid_basin_radius(basin) <= 1.0 / 3 && deepid_basin_radius(basin) + 1.0 / 64 >= 1.0 / 3);
    deepid_table *table = deepid_basin_table(basin);
    assert_true(deepid_table_get(table, 0, 1) - deepid_table_get(table, 0, 0) == 1.0 / 64);
    assert_true(deepid_table_get(table, 0, 2) <= at_1 / 9 && deepid_table_get(table, 0, 3) > at_1 / 9);
    assert_true(deepid_table_get(table, 0, 4) == 8);
    deepid_basin_destroy(basin);
    deepid_net_destroy(random);
    end(&r);
}

/* One weight, r = -w with 0.1 < w < 0.9, wanted 1. The straight path shrinks w, so the loss grows at once; the other
   keeps |w| up to the turn at t = 1/2. */
static void the_norm_path_keeps_the_norm(void **state)
{
    (void)state;
    rig r = make("identity n=16 in=1", "input 1; dense out=1 bias=0", DEEPID_F64, "identity", "sgd", 1e-12);
    deepid_ctx *ctx = r.ctx;
    deepid_basin *straight = NULL;
    deepid_basin *norm = NULL;
    deepid_net *random = NULL;
    double *w = deepid_net_parameter_data(r.net, "dense.weight");
    uint64_t seed = 0;
    double loss;
    char options[64];
    OK(deepid_net_clone(r.net, 0, &random));
    const double *start = deepid_net_parameter_data(random, "dense.weight");
    do
        OK(deepid_net_init(random, "he", ++seed));
    while (*start > -0.1 || *start < -0.9);
    *w = -*start;
    OK(deepid_net_evaluate(r.net, r.data, NULL, &loss, NULL));
    snprintf(options, sizeof options, "seeds=1 bisections=10 first_seed=%d", (int)seed);
    OK(deepid_basin_measure(r.trainer, loss * (1 + 1e-9), 1, options, &straight));
    snprintf(options, sizeof options, "path=norm seeds=1 bisections=10 first_seed=%d", (int)seed);
    OK(deepid_basin_measure(r.trainer, loss * (1 + 1e-9), 1, options, &norm));
    assert_true(deepid_basin_radius(straight) == 0);
    assert_true(deepid_basin_radius(norm) == 0.5 - 1.0 / 1024);
    deepid_basin_destroy(straight);
    deepid_basin_destroy(norm);
    deepid_net_destroy(random);
    end(&r);
}

/* The loss of w = I is 0, and 0 is a target that it reaches. */
static void the_target_itself_counts_as_back(void **state)
{
    (void)state;
    rig r = make(convex, "input 3; dense out=3 bias=0", DEEPID_F64, "identity", "sgd", 1e-12);
    deepid_ctx *ctx = r.ctx;
    deepid_basin *basin = NULL;
    OK(deepid_basin_measure(r.trainer, 0, 1, "seeds=1 bisections=1", &basin));
    assert_true(deepid_table_get(deepid_basin_table(basin), 0, 0) == 0 &&
                deepid_table_get(deepid_basin_table(basin), 0, 1) == 0.5);
    deepid_basin_destroy(basin);
    end(&r);
}

static void a_target_below_all_reach_has_radius_0(void **state)
{
    (void)state;
    rig r = make("spirals n=40 noise=0.2", "input 2; dense out=6; batchnorm; relu; dense out=2", DEEPID_F32, "he",
                 "sgd", 0.01);
    deepid_ctx *ctx = r.ctx;
    deepid_basin *basin = NULL;
    deepid_net *before = NULL;
    OK(deepid_net_clone(r.net, 0, &before));
    OK(deepid_basin_measure(r.trainer, -1, 3, "seeds=2", &basin));
    assert_true(deepid_basin_radius(basin) == 0);
    assert_true(isnan(deepid_table_get(deepid_basin_table(basin), 0, 0)) &&
                deepid_table_get(deepid_basin_table(basin), 0, 1) == 0);
    /* the net is not changed */
    assert_memory_equal(deepid_net_trained_data(before), deepid_net_trained_data(r.net),
                        4 * (size_t)deepid_net_trained_count(r.net));
    assert_int_equal(deepid_trainer_steps_done(r.trainer), 0);
    deepid_basin_destroy(basin);
    deepid_net_destroy(before);
    end(&r);
}

static void basins_refuse_nonsense(void **state)
{
    (void)state;
    rig r = make("spirals n=40", "input 2; dense out=2", DEEPID_F32, "he", "sgd", 0.01);
    deepid_ctx *ctx = r.ctx;
    deepid_basin *basin = NULL;
    REFUSED(deepid_basin_measure(r.trainer, NAN, 3, NULL, &basin), DEEPID_ERR_ARGUMENT, "target_loss is nan");
    REFUSED(deepid_basin_measure(r.trainer, 1, 0, NULL, &basin), DEEPID_ERR_ARGUMENT, "steps is 0");
    REFUSED(deepid_basin_measure(r.trainer, 1, 3, NULL, NULL), DEEPID_ERR_ARGUMENT, "out is NULL");
    REFUSED(deepid_basin_measure(r.trainer, 1, 3, "seeds=0", &basin), DEEPID_ERR_SPEC, "seeds");
    REFUSED(deepid_basin_measure(r.trainer, 1, 3, "path=round", &basin), DEEPID_ERR_SPEC, "straight|norm");
    deepid_trainer_request_stop(r.trainer);
    REFUSED(deepid_basin_measure(r.trainer, 0, 3, NULL, &basin), DEEPID_STOPPED, "asked to stop");
    ((float *)deepid_net_trained_data(r.net))[0] = INFINITY;
    REFUSED(deepid_basin_measure(r.trainer, 1, 3, NULL, &basin), DEEPID_ERR_NUMERIC,
            "dense.weight holds inf at place 0");
    assert_null(basin);
    end(&r);
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

static int32_t fit_and_basin(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *data = NULL;
    deepid_dataset *same = NULL;
    deepid_net *net = NULL;
    deepid_trainer *trainer = NULL;
    deepid_fit *fit = NULL;
    deepid_basin *basin = NULL;
    (void)arg;
    int32_t status = deepid_dataset_generate(ctx, "spirals n=8", 1, &data);
    if (status == DEEPID_OK)
        status = deepid_dataset_identity(data, &same);
    if (status == DEEPID_OK)
        status = deepid_net_create(ctx, "input 2; plain { dense out=2; batchnorm }", DEEPID_F32, &net);
    if (status == DEEPID_OK)
        status = deepid_net_init(net, "he", 1);
    if (status == DEEPID_OK)
        status = deepid_trainer_create(net, same, &trainer);
    if (status == DEEPID_OK)
        status = deepid_identity_fit(trainer, 2, 0.1, &fit);
    if (status == DEEPID_OK)
        status = deepid_basin_measure(trainer, 0, 2, "seeds=1 bisections=1", &basin);
    deepid_basin_destroy(basin);
    deepid_fit_destroy(fit);
    deepid_trainer_destroy(trainer);
    deepid_net_destroy(net);
    deepid_dataset_destroy(same);
    deepid_dataset_destroy(data);
    return status;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    survives_every_failing_allocation("fit and basin", fit_and_basin, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_layer_learns_the_identity),
        cmocka_unit_test(an_identity_start_is_there_at_step_0),
        cmocka_unit_test(what_cannot_be_represented_is_not_learnt),
        cmocka_unit_test(a_rate_that_is_too_large_ends_the_curve),
        cmocka_unit_test(pictures_fit_through_a_flatten),
        cmocka_unit_test(fits_refuse_what_is_no_identity),
        cmocka_unit_test(a_convex_task_has_radius_1),
        cmocka_unit_test(without_training_the_radius_is_that_of_the_loss),
        cmocka_unit_test(the_norm_path_keeps_the_norm),
        cmocka_unit_test(the_target_itself_counts_as_back),
        cmocka_unit_test(a_target_below_all_reach_has_radius_0),
        cmocka_unit_test(basins_refuse_nonsense),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
