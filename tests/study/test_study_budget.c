/* Budgets: what is bought, what is left out and why, and that the choice is made once. */
#include "support/support.h"

#include "study/study.h"

#include <math.h>
#include <stdio.h>

static void open_study(study_run *f, const char *folder, double budget)
{
    deepid_ctx *ctx = new_ctx(1);
    *f = (study_run){.ctx = ctx};
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &f->train));
    OK(deepid_study_create(ctx, "input 2; dense out=8; relu; dense out=2",
                           "input 2; dense out=8; relu; 4 * plain { dense out=8; relu }; dense out=2", f->train,
                           &f->study));
    OK(deepid_study_set_number(f->study, "steps", 40));
    OK(deepid_study_set_number(f->study, "budget", budget));
    OK(deepid_study_set_folder(f->study, folder));
}

static int64_t arms_in(study_run *f)
{
    int64_t in = 0;
    for (int64_t i = 0; i < deepid_study_arm_count(f->study); i++)
        in += deepid_study_arm_reason(f->study, i) == NULL;
    return in;
}

static void a_microsecond_buys_the_question_and_nothing_else(void **state)
{
    (void)state;
    study_run f;
    open_study(&f, NULL, 1e-6);
    assert_int_equal(arms_in(&f), 2);
    assert_null(deepid_study_arm_reason(f.study, deepid_study_arm_find(f.study, "S")));
    assert_null(deepid_study_arm_reason(f.study, deepid_study_arm_find(f.study, "D")));
    const char *reason = deepid_study_arm_reason(f.study, deepid_study_arm_find(f.study, "W0"));
    assert_non_null(strstr(reason, "the budget of 1e-06 s does not pay for it"));
    assert_true(deepid_study_number(f.study, "seeds") == 1);
    assert_true(deepid_study_number(f.study, "tuning_seeds") == 0);
    assert_true(deepid_study_number(f.study, "probe_seeds") == 0);
    close_study(&f);
}

static void a_month_buys_everything(void **state)
{
    (void)state;
    study_run f;
    open_study(&f, NULL, 2592000);
    const int64_t in = arms_in(&f);
    assert_true(deepid_study_number(f.study, "seeds") == 10);
    assert_true(deepid_study_number(f.study, "tuning_seeds") == 3);
    close_study(&f);
    open_study(&f, NULL, 0);
    assert_int_equal(arms_in(&f), in);
    close_study(&f);
}

/* what was bought before costs nothing now: the folder's choice stands, whatever the clock would say */
static void the_choice_is_made_once(void **state)
{
    (void)state;
    study_run f;
    char path[4096];
    char text[16384] = "";
    const char *folder = temporary("budget");
    open_study(&f, folder, 3600);
    deepid_ctx *ctx = f.ctx;
    assert_true(arms_in(&f) > 2);
    close_study(&f);
    snprintf(path, sizeof path, "%s/plan.json", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    char *seeds = strstr(text, "},\n\"seeds\": 10");
    assert_non_null(seeds);
    memcpy(seeds + strlen("},\n\"seeds\": "), " 7", 2);
    char *reason = strstr(text, "{\"arm\": \"W0\", \"left_out\": null}");
    assert_non_null(reason);
    memcpy(reason, "{\"arm\": \"W0\", \"left_out\": \"no\"}", 31);
    file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    seal_again(path);
    open_study(&f, folder, 3600);
    ctx = f.ctx;
    assert_int_equal(deepid_study_task_count(f.study) > 0, 1);
    assert_true(deepid_study_number(f.study, "seeds") == 7);
    assert_string_equal(deepid_study_arm_reason(f.study, deepid_study_arm_find(f.study, "W0")), "no");
    file = fopen(path, "w");
    fputs("{}", file);
    fclose(file);
    OK(deepid_study_set_folder(f.study, folder));
    REFUSED(deepid_study_run(f.study, NULL, NULL), DEEPID_ERR_FORMAT, "plan.json' is a damaged plan");
    close_study(&f);
}

/* ---- what comes first, and what is given up ---------------------------------------------------------- */

static bool has(study_run *f, const char *arm)
{
    return deepid_study_arm_reason(f->study, deepid_study_arm_find(f->study, arm)) == NULL;
}

static const double seconds[] = {1e-6, 0.03, 0.1, 0.3, 1};
enum { BUDGETS = sizeof seconds / sizeof *seconds };

static void open_longer(study_run *f, const char *folder, double budget)
{
    open_study(f, folder, budget);
    deepid_ctx *ctx = f->ctx;
    OK(deepid_study_set_number(f->study, "steps", 150));
    OK(deepid_study_set_number(f->study, "threads", 1));
}

/* Whatever the clock says: six seeds of S, D, W0 and D_res before anything else; all that is out has a reason; and what
   is in is done. */
static void a_decision_is_bought_first(void **state)
{
    (void)state;
    for (int i = 0; i < BUDGETS; i++) {
        study_run f;
        deepid_table *results = NULL;
        open_longer(&f, i % 2 ? temporary("decision") : NULL, seconds[i]);
        deepid_ctx *ctx = f.ctx;
        OK(deepid_study_run(f.study, NULL, NULL));
        const double seeds = deepid_study_number(f.study, "seeds");
        const bool decided = has(&f, "W0") && has(&f, "D_res");
        assert_true(has(&f, "S") && has(&f, "D"));
        assert_true(seeds >= 1 && seeds <= 10);
        if (seeds < 6)
            assert_int_equal(arms_in(&f), 2);
        if (seeds > 6 || arms_in(&f) > 4)
            assert_true(decided);
        assert_int_equal(deepid_study_tasks_done(f.study), deepid_study_task_count(f.study));
        OK(deepid_study_results(f.study, &results));
        assert_int_equal(deepid_table_rows(results), (int64_t)seeds * arms_in(&f));
        deepid_table_destroy(results);
        const char *said = deepid_study_text(f.study, "budget");
        assert_non_null(strstr(said, "bought"));
        assert_non_null(strstr(said, "It took"));
        close_study(&f);
    }
}

static void a_folder_taken_up_again_gives_the_same_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"results.csv", "history.csv", "tuning.csv", "plan.json"};
    for (int i = 0; i < BUDGETS; i++) {
        study_run f;
        char folder[300];
        char *bytes_of[2][4];
        snprintf(folder, sizeof folder, "%s", temporary("again"));
        for (int time = 0; time < 2; time++) {
            open_longer(&f, folder, seconds[i]);
            deepid_ctx *ctx = f.ctx;
            OK(deepid_study_run(f.study, NULL, NULL));
            OK(deepid_study_write(f.study, NULL));
            for (int k = 0; k < 4; k++) {
                char path[400];
                size_t bytes;
                snprintf(path, sizeof path, "%s/%s", folder, names[k]);
                bytes_of[time][k] = read_bytes(path, &bytes);
            }
            close_study(&f);
        }
        for (int k = 0; k < 4; k++) {
            assert_string_equal(bytes_of[0][k], bytes_of[1][k]);
            free(bytes_of[0][k]);
            free(bytes_of[1][k]);
        }
    }
}

/* A clock that has run far: all but the question is given up, with a reason, and rates too, as none is taken. */
static void what_does_not_fit_any_more_is_given_up(void **state)
{
    (void)state;
    study_run f;
    bool changed;
    bool again;
    open_study(&f, NULL, 2592000);
    deepid_ctx *ctx = f.ctx;
    assert_true(deepid_study_task_count(f.study) > 0);
    dpid_study_want(f.study);
    OK(dpid_budget_keep(f.study, 1, &changed, &again));
    assert_false(changed || again);
    f.study->choice.spent = 0;
    OK(dpid_budget_keep(f.study, 1e9, &changed, &again));
    assert_true(changed && again);
    OK(dpid_study_plan_again(f.study));
    assert_int_equal(arms_in(&f), 2);
    assert_true(deepid_study_number(f.study, "seeds") == 1);
    assert_true(deepid_study_number(f.study, "tuning_seeds") == 0);
    assert_true(deepid_study_number(f.study, "probe_seeds") == 0);
    assert_string_equal(deepid_study_arm_reason(f.study, deepid_study_arm_find(f.study, "W0")),
                        "given up after 1000000000 s, for the budget of 2592000 s");
    close_study(&f);
}

/* Of what runs, only what the budget still has is waited for. */
static void a_task_that_is_given_up_ends(void **state)
{
    (void)state;
    study_run f;
    char error[256] = "";
    open_study(&f, NULL, 2592000);
    assert_true(deepid_study_task_count(f.study) > 0);
    dpid_task *task = NULL;
    for (int64_t i = 0; i < f.study->tasks && !task; i++)
        if (f.study->task[i].kind == DPID_TASK_TUNE)
            task = &f.study->task[i];
    assert_non_null(task);
    atomic_store(&task->dropped, true);
    assert_int_equal(dpid_task_configure(f.study, task), DEEPID_OK);
    assert_int_equal(dpid_task_run(f.study, task, error, sizeof error), DEEPID_STOPPED);
    close_study(&f);
}

/* Other wishes buy anew, and what is done costs nothing. */
static void more_seeds_buy_anew(void **state)
{
    (void)state;
    study_run f;
    open_study(&f, temporary("anew"), 3600);
    deepid_ctx *ctx = f.ctx;
    OK(deepid_study_set_text(f.study, "arms", "S,D,W0"));
    OK(deepid_study_set_number(f.study, "tuning_seeds", 0));
    OK(deepid_study_set_seeds(f.study, 2));
    OK(deepid_study_run(f.study, NULL, NULL));
    const int64_t done = deepid_study_tasks_done(f.study);
    OK(deepid_study_set_seeds(f.study, 4));
    assert_int_equal(deepid_study_tasks_done(f.study), done);
    assert_true(deepid_study_task_count(f.study) > done);
    OK(deepid_study_set_number(f.study, "budget", 1e-6));
    assert_true(deepid_study_number(f.study, "seeds") == 4);
    assert_int_equal(deepid_study_tasks_done(f.study), deepid_study_task_count(f.study));
    assert_true(deepid_study_number(f.study, "seeds") == 2);
    close_study(&f);
}

/* Two plans and a choice are made, and let go whatever fails. */
static int32_t plan_small(deepid_ctx *ctx, void *arg)
{
    deepid_dataset *train = NULL;
    deepid_study *study = NULL;
    int32_t status = deepid_dataset_generate(ctx, "spirals n=8", 7, &train);
    if (status == DEEPID_OK)
        status = deepid_study_create(ctx, "input 2; dense out=2", "input 2; plain { dense out=2 }; dense out=2", train,
                                     &study);
    if (status == DEEPID_OK)
        status = deepid_study_set_text(study, "arms", "W0");
    if (status == DEEPID_OK)
        status = deepid_study_set_text(study, "probes", "none");
    if (status == DEEPID_OK)
        status = deepid_study_set_number(study, "steps", 2);
    if (status == DEEPID_OK)
        status = deepid_study_set_number(study, "threads", *(const double *)arg);
    if (status == DEEPID_OK)
        status = deepid_study_set_number(study, "budget", 1e-6);
    if (status == DEEPID_OK)
        status = dpid_study_plan(study);
    deepid_study_destroy(study);
    deepid_dataset_destroy(train);
    return status;
}

static void no_memory_leaves_nothing(void **state)
{
    (void)state;
    double threads = 1;
    survives_every_failing_allocation("a plan by a budget", plan_small, &threads);
}

/* Nets that train beside the one that is timed make load and nothing else: where they have no memory, that is all. */
static void neighbours_without_memory_are_missed_by_nobody(void **state)
{
    (void)state;
    double threads = 3;
    int32_t refused = 0;
    int32_t planned = 0;
    for (int64_t limit = 1 << 14; limit <= 1 << 24; limit *= 2) {
        deepid_ctx *ctx = new_ctx(1);
        OK(deepid_ctx_set_limit(ctx, "memory_bytes", limit));
        const int32_t status = plan_small(ctx, &threads);
        if (status != DEEPID_OK)
            assert_int_equal(status, DEEPID_ERR_LIMIT);
        refused += status != DEEPID_OK;
        planned += status == DEEPID_OK;
        deepid_ctx_destroy(ctx);
    }
    assert_true(refused > 0 && planned > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_microsecond_buys_the_question_and_nothing_else),
        cmocka_unit_test(a_month_buys_everything),
        cmocka_unit_test(the_choice_is_made_once),
        cmocka_unit_test(a_decision_is_bought_first),
        cmocka_unit_test(a_folder_taken_up_again_gives_the_same_bytes),
        cmocka_unit_test(what_does_not_fit_any_more_is_given_up),
        cmocka_unit_test(a_task_that_is_given_up_ends),
        cmocka_unit_test(more_seeds_buy_anew),
        cmocka_unit_test(no_memory_leaves_nothing),
        cmocka_unit_test(neighbours_without_memory_are_missed_by_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
