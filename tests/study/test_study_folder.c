/* What a study finds in its data and under the names of its folder: a number that is none, links, pipes, folders,
   and what killed runs left. */
#include "support/support.h"

#include "base/file.h"
#include "study/study.h"

#include <fcntl.h>
#include <math.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
    deepid_ctx *ctx;
    deepid_dataset *train;
    deepid_study *study;
    char folder[300];
} fixture;

static deepid_ctx *new_study(fixture *f, const char *name)
{
    deepid_ctx *ctx = f->ctx = new_ctx(1);
    snprintf(f->folder, sizeof f->folder, "%s", temporary(name));
    OK(deepid_dataset_generate(ctx, "spirals n=64", 7, &f->train));
    OK(deepid_study_create(ctx, "input 2; dense out=4; relu; dense out=2",
                           "input 2; dense out=4; relu; dense out=4; relu; dense out=2", f->train, &f->study));
    OK(deepid_study_set_number(f->study, "tuning_seeds", 0));
    OK(deepid_study_set_number(f->study, "probe_seeds", 0));
    OK(deepid_study_set_number(f->study, "steps", 5));
    OK(deepid_study_set_number(f->study, "seeds", 2));
    OK(deepid_study_set_text(f->study, "arms", "S,D"));
    OK(deepid_study_set_number(f->study, "threads", 2));
    return ctx;
}

static void end_study(fixture *f)
{
    deepid_study_destroy(f->study);
    deepid_dataset_destroy(f->train);
    deepid_ctx_destroy(f->ctx);
}

static const char *in(const fixture *f, const char *name)
{
    static char paths[4][500];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", f->folder, name);
    return path;
}

/* ---- data -------------------------------------------------------------------------------- */

static void a_number_that_is_none_is_named_before_anything_is_trained(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    enum { N = 8 };
    double x[N][3] = {{0}};
    double targets[N] = {0};
    int32_t labels[N];
    const int64_t extents[] = {N, 3};
    for (int i = 0; i < N; i++) {
        x[i][i % 3] = i;
        labels[i] = i % 2;
    }
    const struct {
        double value;
        const char *dtype;
        const char *words;
    } cases[] = {{(double)NAN, "f32", "is nan"},
                 {-(double)INFINITY, "f64", "is -inf"},
                 {1e39, "f32", "is 1e+39"},
                 {1e39, "f64", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int place = 0; place < 3; place++) { /* in the samples, the targets, the validation samples */
            deepid_dataset *train = NULL;
            deepid_dataset *valid = NULL;
            deepid_study *study = NULL;
            x[5][1] = place == 0 ? cases[i].value : 1;
            targets[6] = place == 1 ? cases[i].value : 1;
            OK(place == 1
                   ? deepid_dataset_wrap_targets(ctx, DEEPID_F64, x, 2, extents, NULL, DEEPID_F64, targets, 1, &train)
                   : deepid_dataset_wrap(ctx, DEEPID_F64, x, 2, extents, NULL, labels, 2, &train));
            const char *shallow = place == 1 ? "input 3; dense out=1" : "input 3; dense out=2";
            const char *deep = place == 1 ? "input 3; dense out=3; dense out=1" : "input 3; dense out=3; dense out=2";
            OK(deepid_study_create(ctx, shallow, deep, train, &study));
            OK(deepid_study_set_number(study, "dtype", strcmp(cases[i].dtype, "f32") == 0 ? DEEPID_F32 : DEEPID_F64));
            double other[N][3] = {{0}};
            other[5][1] = cases[i].value;
            if (place == 2) {
                OK(deepid_dataset_wrap(ctx, DEEPID_F64, other, 2, extents, NULL, labels, 2, &valid));
                OK(deepid_study_set_validation(study, valid));
            }
            const char *where[] = {"study: the training data: feature 1 of row 5 ",
                                   "study: the training data: target 0 of row 6 ",
                                   "study: the validation data: feature 1 of row 5 "};
            if (cases[i].words) {
                char expected[200];
                snprintf(expected, sizeof expected, "%s%s, expected a finite number", where[place], cases[i].words);
                REFUSED(deepid_study_run(study, NULL, NULL), DEEPID_ERR_NUMERIC, expected);
                assert_int_equal(deepid_study_task_count(study), -1);
            } else {
                assert_true(deepid_study_task_count(study) > 0);
            }
            deepid_study_destroy(study);
            deepid_dataset_destroy(valid);
            deepid_dataset_destroy(train);
        }
    }
    deepid_ctx_destroy(ctx);
}

/* ---- claims ------------------------------------------------------------------------------------ */

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0 && strlen(path) < sizeof address.sun_path);
    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

/* A pipe, a link, a socket under a claim's name is nobody's claim: taken away, the study ends. A folder is named.
   Nothing is waited for. */
static void what_is_no_claim_is_not_waited_for(void **state)
{
    (void)state;
    enum { PIPE, LINK, DANGLING, SOCKET, FOLDER, KINDS };
    for (int kind = 0; kind < KINDS; kind++) {
        fixture f;
        char name[32];
        char path[500];
        char claim[64];
        snprintf(name, sizeof name, "odd%d", kind);
        deepid_ctx *ctx = new_study(&f, name);
        OK(deepid_study_set_folder(f.study, f.folder));
        OK(dpid_study_plan(f.study));
        OK(dpid_study_make_folders(f.study));
        OK(dpid_task_configure(f.study, &f.study->task[0]));
        snprintf(claim, sizeof claim, "tasks/%s.taken", f.study->task[0].name);
        snprintf(path, sizeof path, "%s", in(&f, claim));
        OK(dpid_file_replace(ctx, in(&f, "words"), "precious", 8));
        if (kind == PIPE)
            assert_int_equal(mkfifo(path, 0600), 0);
        else if (kind == LINK || kind == DANGLING)
            assert_int_equal(symlink(kind == LINK ? in(&f, "words") : "nowhere", path), 0);
        else if (kind == SOCKET)
            make_socket(path);
        else
            assert_int_equal(mkdir(path, 0700), 0);
        alarm(60); /* one that waits would hang here */
        if (kind == FOLDER)
            REFUSED(deepid_study_run(f.study, NULL, NULL), DEEPID_ERR_IO, strrchr(claim, '/'));
        else
            OK(deepid_study_run(f.study, NULL, NULL));
        alarm(0);
        struct stat info;
        assert_int_equal(lstat(path, &info) == 0, kind == FOLDER);
        assert_int_equal(stat(in(&f, "words"), &info), 0);
        assert_int_equal(info.st_size, 8);
        end_study(&f);
    }
}

/* ---- other names ----------------------------------------------------------------------------------- */

static void links_in_the_folder_are_replaced_and_pipes_are_named(void **state)
{
    (void)state;
    static const char *const names[] = {"results.csv", "history.csv", "tuning.csv", "plan.json", "study.json"};
    fixture f;
    char victim[300];
    struct stat info;
    deepid_ctx *ctx = new_study(&f, "names");
    snprintf(victim, sizeof victim, "%s", temporary("victim"));
    OK(dpid_file_replace(ctx, victim, "precious", 8));
    OK(deepid_study_set_folder(f.study, f.folder));
    OK(deepid_study_run(f.study, NULL, NULL));
    OK(deepid_study_write(f.study, NULL));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(unlink(in(&f, names[i])), 0);
        assert_int_equal(symlink(victim, in(&f, names[i])), 0);
        OK(deepid_study_write(f.study, NULL));
        assert_int_equal(lstat(in(&f, names[i]), &info), 0);
        assert_true(S_ISREG(info.st_mode));
        assert_int_equal(stat(victim, &info), 0);
        assert_int_equal(info.st_size, 8);
        assert_int_equal(unlink(in(&f, names[i])), 0);
        assert_int_equal(mkfifo(in(&f, names[i]), 0600), 0);
        alarm(60);
        REFUSED(deepid_study_write(f.study, NULL), DEEPID_ERR_IO, "it is not a regular file but a pipe");
        alarm(0);
        assert_int_equal(unlink(in(&f, names[i])), 0);
    }
    OK(deepid_study_write(f.study, NULL));
    end_study(&f);
    ctx = new_study(&f, "links_to_folders"); /* the folder may be a link, what is in it not */
    char real[300];
    snprintf(real, sizeof real, "%s", temporary("real_folder"));
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink(real, f.folder), 0);
    assert_int_equal(symlink("elsewhere", in(&f, "nets")), 0);
    assert_int_equal(mkdir(in(&f, "elsewhere"), 0700), 0);
    OK(deepid_study_set_folder(f.study, f.folder));
    REFUSED(deepid_study_run(f.study, NULL, NULL), DEEPID_ERR_IO, "nets' is a link, expected a folder");
    assert_int_equal(unlink(in(&f, "nets")), 0);
    OK(deepid_study_run(f.study, NULL, NULL));
    end_study(&f);
}

/* In every folder of the study; a file that is being written stays. */
static void a_run_cleans_what_killed_runs_left(void **state)
{
    (void)state;
    static const char *const places[] = {"x", "tasks/x", "nets/x", "probes/x", "figures/x"};
    enum { PLACES = sizeof places / sizeof *places };
    fixture f;
    char left[PLACES][500];
    char written[500];
    deepid_ctx *ctx = new_study(&f, "left");
    OK(deepid_study_set_folder(f.study, f.folder));
    OK(dpid_study_plan(f.study));
    OK(dpid_study_make_folders(f.study));
    OK(dpid_folder_make_own(ctx, in(&f, "figures"))); /* as an earlier report did */
    for (int i = 0; i < PLACES; i++) {
        const int fd = dpid_temporary_open(in(&f, places[i]), left[i], sizeof left[i]);
        assert_true(fd >= 0);
        close(fd);
    }
    const int fd = dpid_temporary_open(in(&f, "nets/y"), written, sizeof written);
    assert_true(fd >= 0);
    OK(deepid_study_run(f.study, NULL, NULL));
    for (int i = 0; i < PLACES; i++)
        assert_false(dpid_file_exists(left[i]));
    assert_true(dpid_file_exists(written));
    close(fd);
    end_study(&f);
}

/* While it runs: the first result that cannot be written ends it with a sentence. */
static void a_folder_that_goes_away_is_told(void **state)
{
    (void)state;
    fixture f;
    deepid_ctx *ctx = new_study(&f, "gone");
    OK(deepid_study_set_folder(f.study, f.folder));
    OK(dpid_study_plan(f.study));
    OK(dpid_study_make_folders(f.study));
    dpid_task *task = &f.study->task[0];
    OK(dpid_task_configure(f.study, task));
    assert_int_equal(rmdir(in(&f, "tasks")), 0);
    assert_int_equal(dpid_task_claim(f.study, task), DPID_CLAIM_FAILED);
    char error[512] = "";
    assert_int_equal(dpid_task_run(f.study, task, error, sizeof error), DEEPID_ERR_IO);
    assert_non_null(strstr(error, "cannot write '"));
    assert_non_null(strstr(error, "No such file or directory"));
    end_study(&f);
}

/* Words that nobody knows, and an augmentation that is for pictures. */
static void a_recipe_that_is_refused_leaves_no_folder(void **state)
{
    (void)state;
    static const char *const words[][2] = {{"init", "hee"},
                                           {"optimizer", "adm"},
                                           {"schedule", "step when=1"},
                                           {"loss", "crossentropy"},
                                           {"augmentation", "crop pad=4"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        fixture f;
        deepid_ctx *ctx = new_study(&f, "refused");
        OK(deepid_study_set_text(f.study, words[i][0], words[i][1]));
        OK(deepid_study_set_folder(f.study, f.folder));
        assert_int_not_equal(deepid_study_run(f.study, NULL, NULL), DEEPID_OK);
        assert_false(dpid_file_exists(in(&f, "study.json")));
        assert_int_equal(deepid_study_task_count(f.study), -1);
        end_study(&f);
    }
}

/* ---- what may change in a folder -------------------------------------------------------------------- */

static uint64_t results_of(fixture *f)
{
    deepid_ctx *ctx = f->ctx;
    deepid_table *table = NULL;
    OK(deepid_study_results(f->study, &table));
    uint64_t hash = (uint64_t)deepid_table_rows(table);
    for (int64_t k = 0; k < deepid_table_columns(table) - 1; k++) /* the seconds are the last */
        hash = hash * 31 + bits(deepid_table_column(table, k), 8 * deepid_table_rows(table));
    deepid_table_destroy(table);
    return hash;
}

/* Two seeds, then five, with another arm and a probe: what was done is kept, and all is as in a study that asked for
   it at once. Then two again: those are judged, and nothing runs. */
static void seeds_arms_and_probes_may_grow(void **state)
{
    (void)state;
    fixture f;
    fixture fresh;
    deepid_ctx *ctx = new_study(&f, "grows");
    OK(deepid_study_set_folder(f.study, f.folder));
    OK(deepid_study_run(f.study, NULL, NULL));
    const uint64_t two = results_of(&f);
    fixture *both[] = {&f, &fresh};
    new_study(&fresh, "at_once");
    for (int i = 0; i < 2; i++) {
        ctx = both[i]->ctx;
        OK(deepid_study_set_folder(both[i]->study, both[i]->folder));
        OK(deepid_study_set_seeds(both[i]->study, 5));
        OK(deepid_study_set_text(both[i]->study, "arms", "S,D,D_3T"));
        OK(deepid_study_set_text(both[i]->study, "probes", "signal"));
        OK(deepid_study_set_number(both[i]->study, "probe_seeds", 1));
        assert_int_equal(deepid_study_tasks_done(both[i]->study), i == 0 ? 4 : 0);
        OK(deepid_study_run(both[i]->study, NULL, NULL));
    }
    assert_true(results_of(&f) == results_of(&fresh));
    end_study(&fresh);
    ctx = f.ctx;
    OK(deepid_study_set_seeds(f.study, 2));
    OK(deepid_study_set_text(f.study, "arms", "S,D"));
    OK(deepid_study_set_number(f.study, "probe_seeds", 0));
    assert_int_equal(deepid_study_tasks_done(f.study), deepid_study_task_count(f.study));
    assert_true(results_of(&f) == two);
    OK(deepid_study_set_number(f.study, "first_seed", 2));
    REFUSED(deepid_study_run(f.study, NULL, NULL), DEEPID_ERR_STATE, "its first_seed is '1', here it is '2'");
    end_study(&f);
}

static void a_refused_recipe_leaves_the_folder_alone(void **state)
{
    (void)state;
    fixture f;
    deepid_ctx *ctx = new_study(&f, "refused");
    OK(deepid_study_set_folder(f.study, f.folder));
    OK(deepid_study_set_text(f.study, "init", "hee"));
    REFUSED(deepid_study_run(f.study, NULL, NULL), DEEPID_ERR_SPEC, "nearest: he");
    OK(deepid_study_set_text(f.study, "init", "he"));
    OK(deepid_study_set_text(f.study, "schedule", "stepp"));
    REFUSED(deepid_study_run(f.study, NULL, NULL), DEEPID_ERR_SPEC, "nearest: step");
    assert_false(dpid_file_exists(in(&f, "study.json")));
    OK(deepid_study_set_text(f.study, "schedule", "constant"));
    OK(deepid_study_run(f.study, NULL, NULL));
    end_study(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_that_is_none_is_named_before_anything_is_trained),
        cmocka_unit_test(what_is_no_claim_is_not_waited_for),
        cmocka_unit_test(links_in_the_folder_are_replaced_and_pipes_are_named),
        cmocka_unit_test(a_run_cleans_what_killed_runs_left),
        cmocka_unit_test(a_folder_that_goes_away_is_told),
        cmocka_unit_test(a_recipe_that_is_refused_leaves_no_folder),
        cmocka_unit_test(seeds_arms_and_probes_may_grow),
        cmocka_unit_test(a_refused_recipe_leaves_the_folder_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
