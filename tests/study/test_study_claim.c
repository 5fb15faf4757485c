/* Claims on tasks: held by the living, taken over from the dead. */
#include "support/support.h"

#include "study/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *train;
    deepid_study *study;
    dpid_task *task;
    char path[4096];
} fixture;

static void open_study(fixture *f, const char *name)
{
    deepid_ctx *ctx = f->ctx = new_ctx(1);
    const char *folder = temporary(name);
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &f->train));
    OK(deepid_study_create(ctx, "input 2; dense out=2", "input 2; dense out=4; relu; dense out=2", f->train,
                           &f->study));
    OK(deepid_study_set_number(f->study, "tuning_seeds", 0));
    OK(deepid_study_set_folder(f->study, folder));
    OK(dpid_study_plan(f->study));
    OK(dpid_study_make_folders(f->study));
    f->task = &f->study->task[0];
    OK(dpid_task_configure(f->study, f->task));
    snprintf(f->path, sizeof f->path, "%s/tasks/%s.taken", folder, f->task->name);
}

static void end_study(fixture *f)
{
    deepid_study_destroy(f->study);
    deepid_dataset_destroy(f->train);
    deepid_ctx_destroy(f->ctx);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void read_claim(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, size - 1, file)] = 0;
    fclose(file);
}

static void one_of_two_gets_it_and_it_comes_back(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "claim");
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_HELD);
    dpid_task_clear_claim(f.study, f.task); /* its owner lives */
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_HELD);
    dpid_task_unclaim(f.study, f.task);
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    dpid_task_unclaim(f.study, f.task);
    end_study(&f);
}

/* a child takes it and is killed; as long as nobody waited for the child its number exists */
static void the_claim_of_a_killed_process_is_taken_over(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "killed");
    for (int waited = 0; waited < 2; waited++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(dpid_task_claim(f.study, f.task) == DPID_CLAIM_MINE ? 0 : 1);
        siginfo_t info;
        assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
        assert_int_equal(info.si_status, 0);
        if (waited)
            waitpid(child, NULL, 0);
        assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
        dpid_task_unclaim(f.study, f.task);
        if (!waited)
            waitpid(child, NULL, 0);
    }
    end_study(&f);
}

/* another start: the number is in use again. Another host: who knows. No claim at all: nobody's. */
static void a_claim_says_host_process_and_start(void **state)
{
    (void)state;
    fixture f;
    char text[256];
    char other[300];
    open_study(&f, "words");
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    read_claim(f.path, text, sizeof text);
    snprintf(other, sizeof other, "%s1", text);
    write_file(f.path, other);
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    snprintf(other, sizeof other, "not-%s", text);
    write_file(f.path, other);
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_HELD);
    write_file(f.path, "");
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    write_file(f.path, "host -1 0");
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    end_study(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_two_gets_it_and_it_comes_back),
        cmocka_unit_test(the_claim_of_a_killed_process_is_taken_over),
        cmocka_unit_test(a_claim_says_host_process_and_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
