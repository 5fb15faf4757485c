/* The rule for an arm's rate, on tuning runs whose losses are written by hand. Two classes: the constant predictor
   has ln 2 = 0.693; S ends at 0.093, so the margin is 0.05 x 0.6 = 0.03. */
#include "support/support.h"

#include "study/study.h"

#include <math.h>

enum { SEEDS = 3 };

static void open_study(study_run *f)
{
    deepid_ctx *ctx = new_ctx(1);
    *f = (study_run){.ctx = ctx};
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &f->train));
    OK(deepid_study_create(ctx, "input 2; dense out=2", "input 2; dense out=4; relu; dense out=2", f->train,
                           &f->study));
    OK(deepid_study_set_text(f->study, "arms", "S,D"));
    OK(deepid_study_set_number(f->study, "learning_rate", 0.1));
    OK(dpid_study_plan(f->study));
}

static dpid_study_arm *arm_of(study_run *f, const char *word)
{
    return &f->study->arm[dpid_arm_find(f->study, word)];
}

static void write_losses(study_run *f, const char *word, const double loss[DPID_RATES][SEEDS])
{
    for (int64_t i = 0; i < DPID_RATES * SEEDS; i++) {
        dpid_task *task = &f->study->task[arm_of(f, word)->first_tuning + i];
        task->state = DPID_TASK_DONE;
        task->diverged = isinf(loss[i / SEEDS][i % SEEDS]);
        task->outcome.train_loss = loss[i / SEEDS][i % SEEDS];
    }
}

static const double shallow[DPID_RATES][SEEDS] = {
    {0.5, 0.5, 0.5}, {0.2, 0.2, 0.2}, {0.093, 0.093, 0.093}, {0.3, 0.3, 0.3}, {INFINITY, INFINITY, INFINITY}};

/* rates: 0.01, 0.0316, 0.1, 0.316, 1 */
static const struct {
    const char *name;
    double loss[DPID_RATES][SEEDS];
    double rate;
    bool noise;
} cases[] = {
    {"better at every seed and by more than the margin",
     {{0.6, 0.6, 0.6}, {0.2, 0.25, 0.1}, {0.3, 0.3, 0.2}, {0.5, 0.5, 0.5}, {0.6, 0.6, 0.6}},
     0.031622776601683794,
     false},
    {"better at two of three seeds is a noisy tie",
     {{0.6, 0.6, 0.6}, {0.1, 0.1, 0.21}, {0.3, 0.3, 0.2}, {0.5, 0.5, 0.5}, {0.6, 0.6, 0.6}},
     0.1,
     false},
    {"better by less than the margin",
     {{0.6, 0.6, 0.6}, {0.28, 0.28, 0.18}, {0.3, 0.3, 0.2}, {0.5, 0.5, 0.5}, {0.6, 0.6, 0.6}},
     0.1,
     false},
    {"the best of two that are better",
     {{0.1, 0.1, 0.1}, {0.2, 0.2, 0.2}, {0.6, 0.6, 0.6}, {0.5, 0.5, 0.5}, {0.6, 0.6, 0.6}},
     0.01,
     false},
    {"diverged is worst, and one run at 1e9 counts as the constant predictor",
     {{0.6, 0.6, 0.6}, {0.6, 0.6, 0.6}, {INFINITY, 1e9, INFINITY}, {0.5, 0.5, 0.5}, {INFINITY, INFINITY, INFINITY}},
     0.31622776601683794,
     false},
    {"no rate leaves the constant predictor",
     {{0.7, 0.69, 0.7}, {0.69, 0.69, 0.69}, {0.7, 0.7, 0.7}, {0.8, 0.8, 0.8}, {INFINITY, INFINITY, INFINITY}},
     0.1,
     true},
};

static void the_recipes_rate_stays_unless_another_is_better_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        study_run f;
        open_study(&f);
        write_losses(&f, "D", cases[i].loss);
        dpid_tuning_settle(f.study);
        assert_false(arm_of(&f, "D")->settled); /* the margin waits for S */
        write_losses(&f, "S", shallow);
        dpid_tuning_settle(f.study);
        assert_true(arm_of(&f, "S")->settled && arm_of(&f, "D")->settled);
        assert_true(arm_of(&f, "S")->rate == 0.1);
        if (fabs(arm_of(&f, "D")->rate - cases[i].rate) > 1e-12 || arm_of(&f, "D")->noise != cases[i].noise)
            fail_msg("%s: rate %.17g, noise %d; expected %.17g, %d", cases[i].name, arm_of(&f, "D")->rate,
                     arm_of(&f, "D")->noise, cases[i].rate, cases[i].noise);
        close_study(&f);
    }
}

/* The third case above gains 0.02: less than 0.05 x 0.6, more than 0.01 x 0.6. */
static void the_margin_is_the_users(void **state)
{
    (void)state;
    study_run f;
    open_study(&f);
    deepid_ctx *ctx = f.ctx;
    OK(deepid_study_set_number(f.study, "margin_share", 0.01));
    OK(dpid_study_plan(f.study));
    write_losses(&f, "S", shallow);
    write_losses(&f, "D", cases[2].loss);
    dpid_tuning_settle(f.study);
    assert_true(fabs(arm_of(&f, "D")->rate - 0.031622776601683794) < 1e-12);
    close_study(&f);
}

/* 2 arms x 5 rates x 3 seeds, one chosen rate each, seeds apart from the study's */
static void the_table_shows_every_run_and_the_choice(void **state)
{
    (void)state;
    study_run f;
    deepid_table *table = NULL;
    open_study(&f);
    deepid_ctx *ctx = f.ctx;
    write_losses(&f, "S", shallow);
    write_losses(&f, "D", cases[0].loss);
    dpid_tuning_settle(f.study);
    OK(deepid_study_tuning(f.study, &table));
    assert_int_equal(deepid_table_rows(table), 30);
    double chosen = 0;
    for (int64_t i = 0; i < 30; i++) {
        chosen += deepid_table_get(table, i, deepid_table_find_column(table, "chosen"));
        assert_true(deepid_table_get(table, i, deepid_table_find_column(table, "seed")) >= 1000001);
    }
    assert_true(chosen == 2 * SEEDS);
    deepid_table_destroy(table);
    close_study(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_recipes_rate_stays_unless_another_is_better_everywhere),
        cmocka_unit_test(the_margin_is_the_users),
        cmocka_unit_test(the_table_shows_every_run_and_the_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
