/* Claims on tasks: held by the living, taken over from the dead and from those that give no sign of life. */
#include "support/support.h"

#include "study/study.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TAKEOVER = 1, BEATS = 6, HUNDREDTH = 10000 }; /* a second, of so many beats; microseconds */

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
    OK(deepid_study_set_number(f->study, "takeover", TAKEOVER));
    OK(deepid_study_set_number(f->study, "steps", 20));
    OK(deepid_study_set_number(f->study, "seeds", 1));
    OK(deepid_study_set_text(f->study, "arms", "S,D"));
    OK(deepid_study_set_text(f->study, "probes", "none"));
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
    dpid_task_unclaim(f.study, f.task);
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    dpid_task_clear_claim(f.study, f.task);
    assert_int_not_equal(access(f.path, F_OK), 0);
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

/* "HOST PID START PROCESSES TOKEN BEAT" with another word in the place of one. */
static void with_word(const char *text, int word, const char *other, char *out, size_t size)
{
    char words[6][80];
    assert_int_equal(
        sscanf(text, "%79s %79s %79s %79s %79s %79s", words[0], words[1], words[2], words[3], words[4], words[5]), 6);
    snprintf(words[word], sizeof words[word], "%s", other);
    snprintf(out, size, "%s %s %s %s %s %s\n", words[0], words[1], words[2], words[3], words[4], words[5]);
}

/* another start: the number is in use again. Another host, or other numbers of processes: who knows. No claim at all:
   nobody's. */
static void a_claim_says_host_process_and_start(void **state)
{
    (void)state;
    static const struct {
        int word;
        const char *other;
        dpid_claim expected;
    } cases[] = {{0, "elsewhere", DPID_CLAIM_HELD}, {1, "0", DPID_CLAIM_MINE},  {1, "-1", DPID_CLAIM_MINE},
                 {1, "x", DPID_CLAIM_MINE},         {2, "12", DPID_CLAIM_MINE}, {3, "?", DPID_CLAIM_HELD},
                 {3, "abc", DPID_CLAIM_HELD},       {4, "0", DPID_CLAIM_HELD},  {5, "0000000001", DPID_CLAIM_HELD}};
    fixture f;
    char text[256];
    char other[600];
    open_study(&f, "words");
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    read_claim(f.path, text, sizeof text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        with_word(text, cases[i].word, cases[i].other, other, sizeof other);
        write_file(f.path, other);
        if (dpid_task_claim(f.study, f.task) != cases[i].expected)
            fail_msg("case %zu: '%s' was %s", i, other, cases[i].expected == DPID_CLAIM_MINE ? "not taken" : "taken");
    }
    with_word(text, 2, "12", other, sizeof other); /* not there any more, but of whom? */
    with_word(other, 3, "abc", other, sizeof other);
    write_file(f.path, other);
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_HELD);
    write_file(f.path, "");
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    write_file(f.path, "an-older-version 1 1");
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_HELD);
    end_study(&f);
}

/* ---- signs of life ----------------------------------------------------------------------------------- */

static void write_beat(const fixture *f, int beat)
{
    char text[128];
    snprintf(text, sizeof text, "elsewhere 1 1 abc 00000000000000ff %010d\n", beat);
    write_file(f->path, text);
}

/* Of the time between two looks that of one beat counts: so many looks at least. */
static void a_silent_claim_is_taken_over(void **state)
{
    (void)state;
    fixture f;
    int looks = 0;
    open_study(&f, "silent");
    write_beat(&f, 1);
    alarm(60);
    for (; dpid_task_claim(f.study, f.task) == DPID_CLAIM_HELD; looks++)
        usleep(5 * HUNDREDTH);
    alarm(0);
    assert_true(looks >= BEATS);
    dpid_task_unclaim(f.study, f.task);
    assert_int_not_equal(access(f.path, F_OK), 0);
    end_study(&f);
}

static void one_that_beats_is_left_alone(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "beats");
    for (int beat = 0; beat < 2 * BEATS; beat++) {
        write_beat(&f, beat);
        assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_HELD);
        usleep(20 * HUNDREDTH); /* more than a beat's time, in all more than the takeover time */
    }
    end_study(&f);
}

/* Who was stopped itself, or hung on a server, did not see that nobody lives. */
static void a_look_after_a_long_time_is_one_look(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "long");
    write_beat(&f, 1);
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_HELD);
    usleep(120 * HUNDREDTH);
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_HELD);
    end_study(&f);
}

static void a_beat_changes_the_claim_and_no_other(void **state)
{
    (void)state;
    fixture f;
    char before[256];
    char after[256];
    open_study(&f, "beat");
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    read_claim(f.path, before, sizeof before);
    f.task->beat.beats = 1234567890;
    dpid_claim_beat(f.study, &f.task->beat);
    read_claim(f.path, after, sizeof after);
    assert_int_equal(strlen(before), strlen(after));
    assert_int_equal(strncmp(before, after, strlen(before) - 11), 0);
    assert_string_equal(after + strlen(after) - 11, "1234567890\n");
    write_beat(&f, 7); /* taken over: not ours any more, neither to beat for nor to give back */
    read_claim(f.path, before, sizeof before);
    dpid_claim_beat(f.study, &f.task->beat);
    dpid_task_unclaim(f.study, f.task);
    read_claim(f.path, after, sizeof after);
    assert_string_equal(before, after);
    assert_int_equal(unlink(f.path), 0);
    dpid_claim_beat(f.study, &f.task->beat);
    assert_int_not_equal(access(f.path, F_OK), 0);
    end_study(&f);
}

static int entries_in_tasks(const fixture *f)
{
    char folder[4096];
    int count = 0;
    snprintf(folder, sizeof folder, "%s", f->path);
    *strrchr(folder, '/') = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e; e = readdir(dir))
        count += *e->d_name != '.';
    closedir(dir);
    return count;
}

/* Children find the claim of a dead process at the same moment: one of them at least gets it, the claim that is there
   then is whole, and nothing else is left. */
static void several_that_take_over_at_once_leave_one_claim(void **state)
{
    (void)state;
    enum { ROUNDS = 20, CHILDREN = 4, DIED = 1 };
    fixture f;
    char text[256];
    char dead[600];
    char whole[600];
    open_study(&f, "several");
    assert_int_equal(dpid_task_claim(f.study, f.task), DPID_CLAIM_MINE);
    read_claim(f.path, text, sizeof text);
    with_word(text, 2, "1", dead, sizeof dead);
    for (int round = 0; round < ROUNDS; round++) {
        int gate[2];
        int won = 0;
        write_file(f.path, dead);
        assert_int_equal(pipe(gate), 0);
        for (int i = 0; i < CHILDREN; i++)
            if (fork() == 0) {
                close(gate[1]);
                (void)!read(gate[0], text, 1); /* until it is closed */
                _exit(dpid_task_claim(f.study, f.task) == DPID_CLAIM_MINE ? 0 : DIED);
            }
        close(gate[0]);
        close(gate[1]);
        for (int i = 0; i < CHILDREN; i++) {
            int status;
            assert_true(wait(&status) > 0 && WIFEXITED(status));
            won += WEXITSTATUS(status) == 0;
        }
        assert_true(won >= 1);
        read_claim(f.path, text, sizeof text);
        with_word(text, 0, "whole", whole, sizeof whole);
        assert_int_equal(entries_in_tasks(&f), 1);
    }
    end_study(&f);
}

/* ---- whole runs --------------------------------------------------------------------------------------- */

static void a_run_takes_over_and_leaves_no_claim(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "run");
    deepid_ctx *ctx = f.ctx;
    write_beat(&f, 1);
    alarm(60);
    OK(deepid_study_run(f.study, NULL, NULL));
    alarm(0);
    assert_int_not_equal(access(f.path, F_OK), 0);
    assert_int_equal(deepid_study_tasks_done(f.study), f.study->tasks);
    end_study(&f);
}

/* Its process published it and died before it let go. */
static void a_claim_of_a_task_that_is_done_is_cleared(void **state)
{
    (void)state;
    fixture f;
    open_study(&f, "done");
    deepid_ctx *ctx = f.ctx;
    OK(deepid_study_run(f.study, NULL, NULL));
    write_beat(&f, 1);
    OK(deepid_study_run(f.study, NULL, NULL));
    assert_int_not_equal(access(f.path, F_OK), 0);
    end_study(&f);
}

typedef struct {
    fixture f;
    char seen[256], result[4096], copy[4096];
    bool changed, put;
} other_process;

/* Waits until the claim has a beat. Then another process, which took the task over, publishes its result. */
static int32_t publish_elsewhere(void *user, const deepid_study_event *event)
{
    other_process *o = user;
    char text[256] = "";
    (void)event;
    if (o->put || access(o->f.path, F_OK) != 0)
        return 0;
    read_claim(o->f.path, text, sizeof text);
    o->changed = o->changed || (*o->seen && strcmp(o->seen, text) != 0);
    snprintf(o->seen, sizeof o->seen, "%s", text);
    if (o->changed)
        o->put = rename(o->copy, o->result) == 0;
    return 0;
}

/* A training that would take days: it ends, because the result is there. */
static void a_result_of_another_process_ends_the_task(void **state)
{
    (void)state;
    other_process o = {.changed = false};
    fixture *f = &o.f;
    open_study(f, "elsewhere");
    deepid_ctx *ctx = f->ctx;
    OK(deepid_study_set_number(f->study, "steps", 1e10));
    OK(dpid_study_plan(f->study));
    f->task = &f->study->task[0];
    OK(dpid_task_configure(f->study, f->task));
    snprintf(o.result, sizeof o.result, "%.4000s/tasks/%s.json", f->study->folder, f->task->name);
    snprintf(o.copy, sizeof o.copy, "%.4000s/tasks/copy", f->study->folder);
    snprintf(f->path, sizeof f->path, "%.4000s/tasks/%s.taken", f->study->folder, f->task->name);
    OK(dpid_copy_text(ctx, "left out here", &f->task->reason));
    OK(dpid_task_publish(ctx, f->study, f->task));
    assert_int_equal(rename(o.result, o.copy), 0);
    dpid_free(ctx, f->task->reason);
    f->task->reason = NULL;
    OK(deepid_study_set_number(f->study, "task", 0));
    OK(deepid_study_set_number(f->study, "threads", 1));
    alarm(120);
    OK(deepid_study_run(f->study, publish_elsewhere, &o));
    alarm(0);
    assert_true(o.put);
    assert_int_equal(f->task->state, DPID_TASK_DONE);
    assert_string_equal(f->task->reason, "left out here");
    end_study(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_two_gets_it_and_it_comes_back),
        cmocka_unit_test(the_claim_of_a_killed_process_is_taken_over),
        cmocka_unit_test(a_claim_says_host_process_and_start),
        cmocka_unit_test(a_silent_claim_is_taken_over),
        cmocka_unit_test(one_that_beats_is_left_alone),
        cmocka_unit_test(a_look_after_a_long_time_is_one_look),
        cmocka_unit_test(a_beat_changes_the_claim_and_no_other),
        cmocka_unit_test(several_that_take_over_at_once_leave_one_claim),
        cmocka_unit_test(a_run_takes_over_and_leaves_no_claim),
        cmocka_unit_test(a_claim_of_a_task_that_is_done_is_cleared),
        cmocka_unit_test(a_result_of_another_process_ends_the_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
