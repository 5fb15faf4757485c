/* Numbers that a study hands to its rules, against what they are made of: penalties by the weights, the gradient
   check's threshold, the best moment, rates and steps of arms. */
#include "support/support.h"

#include "study/study.h"

#include <math.h>

#define SHALLOW "input 2; dense out=6; batchnorm; relu; plain { dense out=6; batchnorm; relu }; dense out=2"
#define DEEP "input 2; dense out=6; batchnorm; relu; 3 * plain { dense out=6; batchnorm; relu }; dense out=2"

static void open_study(study_run *r, const char *shallow, const char *deep, const char *optimizer, const char *arms,
                       const char *probes, int64_t seeds)
{
    deepid_ctx *ctx = r->ctx = new_ctx(1);
    OK(deepid_dataset_open(ctx, "spirals n=64", 7, &r->train, &r->valid));
    OK(deepid_study_create(ctx, shallow, deep, r->train, &r->study));
    OK(deepid_study_set_validation(r->study, r->valid));
    OK(deepid_study_set_seeds(r->study, seeds));
    OK(deepid_study_set_text(r->study, "optimizer", optimizer));
    OK(deepid_study_set_text(r->study, "arms", arms));
    OK(deepid_study_set_text(r->study, "probes", probes));
    OK(deepid_study_set_number(r->study, "tuning_seeds", 0));
    OK(deepid_study_set_number(r->study, "probe_seeds", 1));
    OK(deepid_study_set_number(r->study, "steps", 12));
    OK(deepid_study_set_number(r->study, "history_points", 4));
    OK(deepid_study_set_number(r->study, "batch", 16));
    OK(deepid_study_set_number(r->study, "learning_rate", 0.3));
    OK(deepid_study_set_number(r->study, "threads", 1));
}

/* ---- penalties -------------------------------------------------------------------------------------- */

/* sum of w^2 over matrices, or over all that is trained */
static double squares_of(study_run *r, const char *arm, int64_t seed, bool all)
{
    deepid_ctx *ctx = r->ctx;
    deepid_net *net = NULL;
    double squares = 0;
    OK(deepid_study_net(r->study, arm, (uint64_t)seed, &net));
    for (int64_t p = 0; p < deepid_net_parameter_count(net); p++) {
        const char *name = deepid_net_parameter_name(net, p);
        const float *w = deepid_net_parameter_data(net, name);
        int64_t count = 1;
        for (int32_t axis = 0; axis < deepid_net_parameter_rank(net, p); axis++)
            count *= deepid_net_parameter_extent(net, p, axis);
        if (all ? !deepid_net_parameter_trained(net, p) : deepid_net_parameter_rank(net, p) != 2)
            continue;
        for (int64_t i = 0; i < count; i++)
            squares += (double)w[i] * (double)w[i];
    }
    deepid_net_destroy(net);
    return squares;
}

/* lambda/2 |w|^2: half, of what the optimiser's decay acts on. The finding "objective" asks whether loss and penalty
   together are higher than the known net's. */
/* What is minimised, as the study keeps it: tests/study/test_study_measure.c says of what it is made. */
static double objective_of(const study_run *r, const char *arm, int64_t seed)
{
    const dpid_task *task = dpid_study_find_net(r->study, dpid_arm_find(r->study, arm), (uint64_t)seed);
    assert_non_null(task);
    return task->outcome.objective;
}

static void penalties_are_half_of_lambda_times_the_squares(void **state)
{
    (void)state;
    enum { SEEDS = 6 };
    static const char *const optimizers[] = {"sgd momentum=0.9 weight_decay=0.04",
                                             "sgd momentum=0.9 weight_decay=0.04 decay=all"};
    for (int all = 0; all < 2; all++) {
        study_run r;
        open_study(&r, SHALLOW, DEEP, optimizers[all], "W0", "signal", SEEDS);
        deepid_ctx *ctx = r.ctx;
        double difference[SEEDS];
        double gap[3];
        OK(deepid_study_run(r.study, NULL, NULL));
        for (int64_t seed = 1; seed <= SEEDS; seed++) {
            double full[2];
            for (int k = 0; k < 2; k++) {
                const char *arm = k ? "W0" : "D";
                const double expected = 0.02 * squares_of(&r, arm, seed, all == 1);
                assert_true(expected > 0.1);
                near_at("penalty", study_result(r.ctx, r.study, arm, seed, "penalty"), expected, 1e-12 * expected);
                full[k] = objective_of(&r, arm, seed);
            }
            difference[seed - 1] = full[0] - full[1];
        }
        deepid_verdict *v = NULL;
        OK(deepid_study_judge(r.study, &v));
        OK(deepid_statistics_hodges_lehmann(ctx, SEEDS, difference, 0.95, &gap[0], &gap[1], &gap[2]));
        near_at("gap of loss and penalty", finding_number(v, "solver", "objective_gap"), gap[0], 1e-12);
        near_at("its lower end", finding_number(v, "solver", "objective_gap_low"), gap[1], 1e-12);
        deepid_verdict_destroy(v);
        close_study(&r);
    }
}

/* ---- what probes say to the rules -------------------------------------------------------------------- */

static double extreme(const deepid_table *table, const char *column, bool largest)
{
    double value = (double)NAN;
    for (int64_t i = 0; i < deepid_table_rows(table); i++) {
        const double here = deepid_table_get(table, i, deepid_table_find_column(table, column));
        value = largest ? fmax(value, here) : fmin(value, here);
    }
    return value;
}

/* A backward of batch-norm with another eps is wrong by about half of the difference: wrong gradients of 1e-3 are a
   bug, and so are those of 3e-6; 3e-7 is what differences cannot tell. */
static void gradients_that_are_wrong_by_more_than_one_in_a_million_are_a_bug(void **state)
{
    (void)state;
    static const char *const eps[] = {"1e-5", "1.02e-5", "1.2e-5", "3e-5", "2e-3"};
    int seen[3] = {0}; /* right, wrong by less than 1e-4, wrong by more */
    for (int k = 0; k < 5; k++) {
        study_run r;
        char deep[200];
        deepid_table *check = NULL;
        deepid_verdict *v = NULL;
        snprintf(deep, sizeof deep,
                 "input 2; dense out=6; batchnorm backward_eps=%s; tanh; 2 * plain { dense out=6; tanh }; dense out=2",
                 eps[k]);
        open_study(&r, "input 2; dense out=6; tanh; dense out=2", deep, "sgd", "D", "gradient_check", 1);
        deepid_ctx *ctx = r.ctx;
        OK(deepid_study_run(r.study, NULL, NULL));
        OK(deepid_study_probe(r.study, "D", "gradient_check", &check));
        OK(deepid_study_judge(r.study, &v));
        const double error = extreme(check, "error", true);
        const char *status = deepid_verdict_status(v, deepid_verdict_find(v, "bug"));
        if (strcmp(status, error > 1e-6 ? "confirmed" : "refuted") != 0)
            fail_msg("backward_eps=%s: the gradient is wrong by %g and the bug is %s", eps[k], error, status);
        near_at("error in the verdict", finding_number(v, "bug", "max_relative_error"), error, 0);
        seen[error > 1e-4 ? 2 : error > 1e-6 ? 1 : 0]++;
        deepid_verdict_destroy(v);
        deepid_table_destroy(check);
        close_study(&r);
    }
    assert_true(seen[0] >= 1 && seen[1] >= 1 && seen[2] >= 1);
}

/* The least cosine and the largest error of all layers; the largest difference of a witness, whatever its sign. */
static void the_verdict_takes_the_extremes(void **state)
{
    (void)state;
    study_run r;
    deepid_table *accuracy = NULL;
    deepid_verdict *v = NULL;
    open_study(&r, SHALLOW, DEEP, "sgd", "W0,D64", "gradient_accuracy", 6);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_run(r.study, NULL, NULL));
    OK(deepid_study_probe(r.study, "D", "gradient_accuracy", &accuracy));
    const int64_t shallow = r.study->arm[dpid_arm_find(r.study, "S")].first_task;
    const int64_t witness = r.study->arm[dpid_arm_find(r.study, "W0")].first_task;
    const int64_t deep = r.study->arm[dpid_arm_find(r.study, "D")].first_task;
    const int64_t f64 = r.study->arm[dpid_arm_find(r.study, "D64")].first_task;
    for (int64_t i = 0; i < 6; i++) { /* written by hand: harm, so that its reasons are asked for */
        r.study->task[shallow + i].outcome.train_loss = 0.1 + 0.001 * (double)i;
        r.study->task[witness + i].outcome.train_loss =
            r.study->task[shallow + i].outcome.train_loss + (i == 4 ? -3e-4 : 1e-5);
        r.study->task[deep + i].outcome.train_loss = r.study->task[f64 + i].outcome.train_loss =
            0.6 + 0.001 * (double)i;
    }
    OK(deepid_study_judge(r.study, &v));
    near_at("min_cosine", finding_number(v, "rounding", "min_cosine"), extreme(accuracy, "cosine", false), 0);
    near_at("max_relative_gradient_error", finding_number(v, "rounding", "max_relative_gradient_error"),
            extreme(accuracy, "relative", true), 0);
    assert_true(extreme(accuracy, "cosine", false) < extreme(accuracy, "cosine", true));
    near_at("witness_difference", finding_number(v, "representation", "witness_difference"), 3e-4, 1e-15);
    deepid_verdict_destroy(v);
    deepid_table_destroy(accuracy);
    close_study(&r);
}

/* ---- runs --------------------------------------------------------------------------------------------------- */

/* The best moment is the least of the history's validation losses; the net that is kept has the statistics that were
   measured last. */
static void a_run_keeps_its_best_moment_and_its_last_net(void **state)
{
    (void)state;
    study_run r;
    deepid_table *history = NULL;
    open_study(&r, SHALLOW, DEEP, "sgd momentum=0.9", "D", "signal", 3);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_set_number(r.study, "steps", 60)); /* long enough to learn by heart */
    OK(deepid_study_set_number(r.study, "history_points", 12));
    OK(deepid_study_run(r.study, NULL, NULL));
    OK(deepid_study_history(r.study, &history));
    bool earlier = false;
    for (int64_t seed = 1; seed <= 3; seed++) {
        double best = (double)INFINITY;
        double loss[2];
        deepid_net *net = NULL;
        for (int64_t i = 0; i < deepid_table_rows(history); i++)
            if (strcmp(deepid_table_row_name(history, i), "D") == 0 &&
                deepid_table_get(history, i, deepid_table_find_column(history, "seed")) == (double)seed)
                best = fmin(best, deepid_table_get(history, i, deepid_table_find_column(history, "valid_loss")));
        near_at("best_valid_loss", study_result(r.ctx, r.study, "D", seed, "best_valid_loss"), best, 0);
        earlier |= best < study_result(r.ctx, r.study, "D", seed, "valid_loss");
        OK(deepid_study_net(r.study, "D", (uint64_t)seed, &net));
        OK(deepid_net_evaluate(net, r.train, NULL, &loss[0], NULL));
        OK(deepid_net_evaluate(net, r.valid, NULL, &loss[1], NULL));
        near_at("training loss of the net", loss[0], study_result(r.ctx, r.study, "D", seed, "train_loss"), 0);
        near_at("validation loss of the net", loss[1], study_result(r.ctx, r.study, "D", seed, "valid_loss"), 0);
        deepid_net_destroy(net);
    }
    assert_true(earlier); /* at one seed the best moment is not the last, or the first lines show nothing */
    deepid_table_destroy(history);
    close_study(&r);
}

/* 22 steps of 16 of 64 samples are five passes and a half: L-BFGS takes six steps. WT's rates are what their words
   say. */
static void arms_have_the_rates_and_steps_of_their_words(void **state)
{
    (void)state;
    static const struct {
        const char *arm;
        double rate;
        int64_t steps;
    } rows[] = {{"S", 0.3, 22},         {"D", 0.3, 22},           {"S_fine", 0.03, 22},   {"WT", 0.03, 22},
                {"WT:1", 0.3, 22},      {"WT:0.3", 0.09, 22},     {"WT:0.01", 0.003, 22}, {"D_3T", 0.3, 66},
                {"D_opt:lbfgs", -1, 6}, {"D_opt:adam", 0.001, 22}};
    study_run r;
    open_study(&r, SHALLOW, DEEP, "sgd", "S_fine,WT,D_3T,D_opt", "signal", 1);
    deepid_ctx *ctx = r.ctx;
    OK(deepid_study_set_number(r.study, "steps", 22));
    OK(dpid_study_plan(r.study));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int64_t arm = deepid_study_arm_find(r.study, rows[i].arm);
        const double rate = deepid_study_arm_rate(r.study, arm);
        if (r.study->arm[arm].steps != rows[i].steps ||
            (rows[i].rate < 0 ? !isnan(rate) : fabs(rate - rows[i].rate) > 1e-15))
            fail_msg("%s has %lld steps at %.17g, expected %lld at %g", rows[i].arm, (long long)r.study->arm[arm].steps,
                     rate, (long long)rows[i].steps, rows[i].rate);
    }
    close_study(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(penalties_are_half_of_lambda_times_the_squares),
        cmocka_unit_test(gradients_that_are_wrong_by_more_than_one_in_a_million_are_a_bug),
        cmocka_unit_test(the_verdict_takes_the_extremes),
        cmocka_unit_test(a_run_keeps_its_best_moment_and_its_last_net),
        cmocka_unit_test(arms_have_the_rates_and_steps_of_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
