/* What is measured on trained nets beside the loss: what training minimises, and the loss by whose statistics. Known
   from outside: without noise the objective is loss + penalty; one batch of all samples has the statistics of all
   samples. And how an arm's tasks become evidence. */
#include "support/support.h"

#include "study/study.h"

#include <math.h>

#define SHALLOW "input 2; dense out=8; relu; dense out=2"

static void run(study_run *r, const char *deep, const char *optimizer, double batch)
{
    deepid_ctx *ctx = new_ctx(1);
    *r = (study_run){.ctx = ctx};
    OK(deepid_dataset_open(ctx, "spirals n=64", 7, &r->train, &r->valid));
    OK(deepid_study_create(ctx, SHALLOW, deep, r->train, &r->study));
    OK(deepid_study_set_validation(r->study, r->valid));
    OK(deepid_study_set_text(r->study, "optimizer", optimizer));
    OK(deepid_study_set_text(r->study, "arms", "S,D,W0,WT,D_free"));
    OK(deepid_study_set_text(r->study, "probes", "none"));
    OK(deepid_study_set_number(r->study, "tuning_seeds", 1));
    OK(deepid_study_set_number(r->study, "batch", batch));
    OK(deepid_study_set_number(r->study, "steps", 24));
    OK(deepid_study_set_number(r->study, "history_points", 4));
    OK(deepid_study_set_seeds(r->study, 2));
    OK(deepid_study_run(r->study, NULL, NULL));
}

static const dpid_outcome *outcome(const study_run *r, const char *arm)
{
    return &r->study->task[r->study->arm[dpid_arm_find(r->study, arm)].first_task].outcome;
}

/* Sums of 64 float32 losses in another order: 1e-6. */
static bool near(double a, double b)
{
    return fabs(a - b) < 1e-6 * (1 + fabs(b));
}

static void with_decay_alone_the_objective_is_loss_and_penalty(void **state)
{
    (void)state;
    static const char *const arms[] = {"S", "D", "W0", "WT"};
    study_run r;
    run(&r, "input 2; dense out=8; relu; 2 * plain { dense out=8; relu }; dense out=2",
        "sgd momentum=0.9 weight_decay=0.01", 16);
    for (int i = 0; i < 4; i++) {
        const dpid_outcome *o = outcome(&r, arms[i]);
        assert_true(o->penalty > 0);
        if (!near(o->objective, o->train_loss + o->penalty))
            fail_msg("%s: objective %.9g, loss %.9g and penalty %.9g", arms[i], o->objective, o->train_loss,
                     o->penalty);
        assert_true(isnan(o->batch_loss) && isnan(o->batch8_loss) && isnan(o->moving_loss));
    }
    close_study(&r);
}

static void without_regularisation_no_objective_is_measured(void **state)
{
    (void)state;
    study_run r;
    run(&r, "input 2; dense out=8; relu; 2 * plain { dense out=8; relu }; dense out=2", "sgd", 16);
    assert_true(isnan(outcome(&r, "D")->objective));
    close_study(&r);
}

/* With half of the units gone the loss in training is higher; the loss with batch statistics has no such noise. */
static void dropout_shows_in_the_objective_and_in_no_batch_loss(void **state)
{
    (void)state;
    study_run r;
    run(&r, "input 2; dense out=32; batchnorm; relu; dropout p=0.5; dense out=32; relu; dropout p=0.5; dense out=2",
        "sgd momentum=0.9", 8);
    const dpid_outcome *d = outcome(&r, "D");
    assert_true(d->objective > d->train_loss + 0.01);
    assert_true(near(d->batch8_loss, d->train_loss)); /* 8 x 8 are all 64 samples */
    assert_true(isfinite(d->batch_loss) && !near(d->batch_loss, d->train_loss));
    assert_true(isfinite(d->moving_loss) && !near(d->moving_loss, d->train_loss));
    assert_true(isnan(outcome(&r, "S")->batch_loss)); /* has no batch-norm */
    assert_true(isfinite(outcome(&r, "D_free:dropout")->objective));
    close_study(&r);
}

/* The net that is handed out has the loss that was told: measuring left it alone. */
static void measuring_changes_no_net(void **state)
{
    (void)state;
    study_run r;
    run(&r, "input 2; dense out=8; batchnorm; relu; dropout p=0.2; dense out=8; relu; dense out=2", "sgd", 8);
    deepid_ctx *ctx = r.ctx;
    deepid_net *net = NULL;
    double loss;
    OK(deepid_study_net(r.study, "D", 1, &net));
    OK(deepid_net_evaluate(net, r.train, NULL, &loss, NULL));
    assert_true(loss == outcome(&r, "D")->train_loss);
    deepid_net_destroy(net);
    close_study(&r);
}

/* Told losses are without smoothing, so that arms with and without it compare; what is minimised is with it. */
static void losses_are_told_without_smoothing(void **state)
{
    (void)state;
    study_run r;
    deepid_ctx *ctx = new_ctx(1);
    r = (study_run){.ctx = ctx};
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &r.train));
    OK(deepid_study_create(ctx, SHALLOW, "input 2; dense out=8; relu; dense out=8; relu; dense out=2", r.train,
                           &r.study));
    OK(deepid_study_set_text(r.study, "loss", "cross_entropy smoothing=0.2"));
    OK(deepid_study_set_text(r.study, "arms", "S,D,D_free"));
    OK(deepid_study_set_text(r.study, "probes", "none"));
    OK(deepid_study_set_number(r.study, "tuning_seeds", 0));
    OK(deepid_study_set_number(r.study, "batch", 16));
    OK(deepid_study_set_number(r.study, "steps", 200));
    OK(deepid_study_set_seeds(r.study, 1));
    OK(deepid_study_run(r.study, NULL, NULL));
    deepid_net *net = NULL;
    double plain;
    double smoothed;
    OK(deepid_study_net(r.study, "D", 1, &net));
    OK(deepid_net_evaluate(net, r.train, "cross_entropy", &plain, NULL));
    OK(deepid_net_evaluate(net, r.train, "cross_entropy smoothing=0.2", &smoothed, NULL));
    assert_true(outcome(&r, "D")->train_loss == plain);
    assert_true(near(outcome(&r, "D")->objective, smoothed) && smoothed > plain);
    deepid_net_destroy(net);
    close_study(&r);
}

/* Balanced by the training data: 48 and 16 of 64 weigh 2/3 and 2, also on data of other shares. */
static void weights_are_those_of_the_training_data(void **state)
{
    (void)state;
    enum { N = 64 };
    deepid_ctx *ctx = new_ctx(1);
    study_run r = {.ctx = ctx};
    static double x[2 * N];
    static int32_t labels[N];
    static int32_t valid_labels[N];
    const int64_t extents[] = {N, 2};
    random_array(3, (int64_t)2 * N, -1, 1, x);
    for (int i = 0; i < N; i++) {
        labels[i] = i % 4 == 0;
        valid_labels[i] = i % 2;
    }
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, x, 2, extents, NULL, labels, 2, &r.train));
    OK(deepid_dataset_wrap(ctx, DEEPID_F64, x, 2, extents, NULL, valid_labels, 2, &r.valid));
    OK(deepid_study_create(ctx, SHALLOW, "input 2; dense out=8; relu; dense out=8; relu; dense out=2", r.train,
                           &r.study));
    OK(deepid_study_set_validation(r.study, r.valid));
    OK(deepid_study_set_text(r.study, "loss", "cross_entropy weights=balanced smoothing=0.2"));
    OK(deepid_study_set_text(r.study, "arms", "S,D,D_free"));
    OK(deepid_study_set_text(r.study, "probes", "none"));
    OK(deepid_study_set_number(r.study, "tuning_seeds", 0));
    OK(deepid_study_set_number(r.study, "batch", 16));
    OK(deepid_study_set_number(r.study, "steps", 60));
    OK(deepid_study_set_seeds(r.study, 1));
    assert_null(deepid_study_arm_reason(r.study, deepid_study_arm_find(r.study, "D_free:smoothing")));
    assert_string_equal(r.study->loss, "cross_entropy smoothing=0.2 weights=0.6666666666666666,2");
    assert_string_equal(r.study->told_loss, "cross_entropy weights=0.6666666666666666,2");
    assert_string_equal(r.study->arm[dpid_arm_find(r.study, "D_free:smoothing")].loss, r.study->told_loss);
    OK(deepid_study_run(r.study, NULL, NULL));
    deepid_net *net = NULL;
    double train;
    double valid;
    OK(deepid_study_net(r.study, "D", 1, &net));
    OK(deepid_net_evaluate(net, r.train, "cross_entropy weights=1,3", &train, NULL));
    OK(deepid_net_evaluate(net, r.valid, "cross_entropy weights=1,3", &valid, NULL));
    assert_true(near(outcome(&r, "D")->train_loss, train) && near(outcome(&r, "D")->valid_loss, valid));
    assert_true(near(deepid_study_number(r.study, "const_loss"), log(2)));
    near_at("the constant on other data", deepid_study_number(r.study, "valid_const_loss"),
            -0.25 * log(0.25) - 0.75 * log(0.75), 1e-12);
    deepid_net_destroy(net);
    close_study(&r);
}

static void an_arms_tasks_become_evidence(void **state)
{
    (void)state;
    study_run r;
    run(&r, "input 2; dense out=8; relu; 2 * plain { dense out=8; relu }; dense out=2",
        "sgd momentum=0.9 weight_decay=0.01", 16);
    deepid_ctx *ctx = r.ctx;
    dpid_arena arena = {.ctx = ctx};
    deepid_evidence *evidence = NULL;
    dpid_evidence lent;
    const int32_t arm = dpid_arm_find(r.study, "D");
    OK(deepid_study_evidence(r.study, &evidence));
    OK(dpid_evidence_lend(evidence, &arena, &lent));
    int64_t place = 0;
    while (strcmp(lent.arm[place].word, "D") != 0)
        place++;
    const dpid_arm_evidence a = lent.arm[place];
    const dpid_task *second = &r.study->task[r.study->arm[arm].first_task + 1];
    assert_int_equal(a.points, 5); /* before, at 3 quarters of the way, at the end */
    assert_true(a.train_loss[1] == second->outcome.train_loss && a.objective[1] == second->outcome.objective);
    assert_true(a.curve_train[a.points + 4] == a.train_loss[1]);
    assert_true(a.curve_valid[a.points + 4] == a.valid_loss[1]);
    assert_true(a.curve_valid_error[a.points] == second->history[0].valid_error);
    assert_null(a.batch_loss);
    assert_true(a.learning_rate == 0.03 && a.updates == 24);
    assert_true(a.rates_tried >= 5 && a.lowest_rate <= 0.003 * (1 + 1e-9) && a.highest_rate >= 0.3 * (1 - 1e-9));
    assert_true(isfinite(a.tuning_loss));
    dpid_arena_release(&arena);
    deepid_evidence_destroy(evidence);
    close_study(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_decay_alone_the_objective_is_loss_and_penalty),
        cmocka_unit_test(without_regularisation_no_objective_is_measured),
        cmocka_unit_test(dropout_shows_in_the_objective_and_in_no_batch_loss),
        cmocka_unit_test(measuring_changes_no_net),
        cmocka_unit_test(losses_are_told_without_smoothing),
        cmocka_unit_test(weights_are_those_of_the_training_data),
        cmocka_unit_test(an_arms_tasks_become_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
