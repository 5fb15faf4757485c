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
    assert_true(deepid_study_number(f.study, "seeds") == 2);
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
    char *seeds = strstr(text, "\"seeds\": 10");
    assert_non_null(seeds);
    memcpy(seeds, "\"seeds\": 07", 11);
    seeds[9] = ' ';
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_microsecond_buys_the_question_and_nothing_else),
        cmocka_unit_test(a_month_buys_everything),
        cmocka_unit_test(the_choice_is_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
