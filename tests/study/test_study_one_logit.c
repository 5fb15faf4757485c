/* Two classes by one logit: a net of one output z says what a net of the outputs (0, z) says, alone and in a study. */
#include "support/support.h"

#include "identity/identity.h"
#include "study/study.h"

#include <math.h>

#define ONE "input 2; dense out=8; relu; dense out=1"
#define TWO "input 2; dense out=8; relu; dense out=2"
#define DEEP "input 2; dense out=8; relu; 2 * identity { dense out=8; relu }; dense out=1"

/* By one output, and the same weights by two outputs, of which the first is 0. */
static void make_pair(deepid_ctx *ctx, deepid_net *net[2])
{
    OK(deepid_net_create(ctx, ONE, DEEPID_F64, &net[0]));
    OK(deepid_net_create(ctx, TWO, DEEPID_F64, &net[1]));
    OK(deepid_net_init(net[0], "he bias=0.1", 3));
    static const char *const names[] = {"dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias"};
    static const int counts[] = {16, 8, 8, 1};
    for (int i = 0; i < 4; i++) {
        double *to = deepid_net_parameter_data(net[1], names[i]);
        memcpy(to + (i == 2 ? 8 : i == 3), deepid_net_parameter_data(net[0], names[i]),
               (size_t)counts[i] * sizeof(double));
    }
}

static void one_logit_is_two_of_which_one_is_zero(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = generated(ctx, "spirals n=150", 7);
    deepid_net *net[2];
    double loss[2];
    double error[2];
    double price[2];
    make_pair(ctx, net);
    for (int i = 0; i < 2; i++) {
        deepid_identity *found = NULL;
        OK(deepid_net_evaluate(net[i], data, NULL, &loss[i], &error[i]));
        OK(deepid_identity_examine_with(net[i], 0, "plain { dense out=8; relu }", data, "domain=data", &found));
        price[i] = deepid_identity_number(found, "loss");
        deepid_identity_destroy(found);
    }
    near_at("the loss", loss[0], loss[1], 1e-14);
    near_at("the error", error[0], error[1], 0);
    assert_true(error[0] > 0 && error[0] < 1);
    near_at("the loss of a price", price[0], price[1], 1e-12);
    near_at("the loss of a price", price[0], loss[0], 1e-12);
    OK(deepid_net_evaluate(net[0], data, "binary_cross_entropy", &loss[1], NULL));
    near_at("the loss by its word", loss[1], loss[0], 0);
    deepid_net_destroy(net[0]);
    deepid_net_destroy(net[1]);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

static void what_does_not_fit_one_logit_is_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *two = generated(ctx, "spirals n=32", 7);
    deepid_dataset *three = generated(ctx, "spirals n=33 classes=3", 7);
    deepid_net *net[2];
    deepid_study *study = NULL;
    double loss;
    make_pair(ctx, net);
    REFUSED(deepid_net_evaluate(net[1], two, "binary_cross_entropy", &loss, NULL), DEEPID_ERR_UNSUPPORTED,
            "needs a net with one output, this one gives 2");
    REFUSED(deepid_net_evaluate(net[0], two, "cross_entropy", &loss, NULL), DEEPID_ERR_UNSUPPORTED,
            "needs an output for each of the 2 classes, the net gives 1");
    REFUSED(deepid_net_evaluate(net[0], three, NULL, &loss, NULL), DEEPID_ERR_SHAPE, "the data has 3 classes");
    REFUSED(deepid_study_create(ctx, TWO, DEEP, two, &study), DEEPID_ERR_SHAPE, "the nets of a study have one loss");
    OK(deepid_study_create(ctx, ONE, DEEP, two, &study));
    OK(deepid_study_set_text(study, "loss", "cross_entropy"));
    REFUSED(deepid_study_run(study, NULL, NULL), DEEPID_ERR_UNSUPPORTED, "an output for each of the 2 classes");
    deepid_study_destroy(study);
    deepid_net_destroy(net[0]);
    deepid_net_destroy(net[1]);
    deepid_dataset_destroy(two);
    deepid_dataset_destroy(three);
    deepid_ctx_destroy(ctx);
}

/* The nets learn: losses end below ln 2, errors below one half; every task is done and the verdict is made. */
static void a_whole_study_runs_by_one_logit(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    study_run r = {.ctx = ctx};
    deepid_verdict *verdict = NULL;
    OK(deepid_dataset_open(ctx, "rings n=64", 7, &r.train, &r.valid));
    OK(deepid_study_create(ctx, ONE, DEEP, r.train, &r.study));
    OK(deepid_study_set_validation(r.study, r.valid));
    OK(deepid_study_set_text(r.study, "loss", "binary_cross_entropy"));
    OK(deepid_study_set_text(r.study, "optimizer", "adam"));
    OK(deepid_study_set_number(r.study, "tuning_seeds", 1));
    OK(deepid_study_set_number(r.study, "probe_seeds", 1));
    OK(deepid_study_set_number(r.study, "batch", 32));
    OK(deepid_study_set_number(r.study, "steps", 60));
    OK(deepid_study_set_number(r.study, "history_points", 4));
    OK(deepid_study_set_seeds(r.study, 2));
    OK(deepid_study_run(r.study, NULL, NULL));
    OK(deepid_study_judge(r.study, &verdict));
    near_at("const_loss", deepid_study_number(r.study, "const_loss"), log(2), 1e-14);
    assert_true(study_result(ctx, r.study, "S", 1, "train_loss") < 0.65);
    assert_true(study_result(ctx, r.study, "D", 1, "train_loss") < 0.65);
    assert_true(study_result(ctx, r.study, "D", 1, "valid_error") < 0.5);
    assert_true(study_result(ctx, r.study, "W0", 1, "train_loss") < 0.65);
    for (int64_t i = 0; i < r.study->tasks; i++)
        if (r.study->task[i].state != DPID_TASK_DONE)
            fail_msg("task %lld of %s is not done", (long long)i, r.study->arm[r.study->task[i].arm].word);
    deepid_verdict_destroy(verdict);
    close_study(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_logit_is_two_of_which_one_is_zero),
        cmocka_unit_test(what_does_not_fit_one_logit_is_refused),
        cmocka_unit_test(a_whole_study_runs_by_one_logit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
