/* The files of a study: damage of one bit is named by the next run; no memory is never told as damage; the workers'
   memory is the context's. */
#include "support/support.h"

#include "study/study.h"

#include <dirent.h>

#define SHALLOW "input 2; dense out=4; relu; dense out=2"
#define DEEP "input 2; dense out=4; relu; 2 * plain { dense out=4; relu }; dense out=2"

typedef struct {
    deepid_ctx *ctx;
    const char *folder;
} place;

/* A small study of the folder, with a budget that buys all of it, so that its plan is read too. */
static int32_t open_study(deepid_ctx *ctx, const char *folder, deepid_dataset **data, deepid_study **study)
{
    int32_t status = deepid_dataset_generate(ctx, "spirals n=32", 7, data);
    if (status == DEEPID_OK)
        status = deepid_study_create(ctx, SHALLOW, DEEP, *data, study);
    if (status == DEEPID_OK)
        status = deepid_study_set_text(*study, "arms", "W0");
    if (status == DEEPID_OK)
        status = deepid_study_set_text(*study, "probes", "signal");
    const char *const keys[] = {"seeds", "tuning_seeds", "probe_seeds", "steps", "history_points", "threads", "budget"};
    const double values[] = {2, 0, 1, 4, 3, 1, 3600};
    for (int i = 0; i < 7 && status == DEEPID_OK; i++)
        status = deepid_study_set_number(*study, keys[i], values[i]);
    return status == DEEPID_OK ? deepid_study_set_folder(*study, folder) : status;
}

static int32_t run_study(deepid_ctx *ctx, void *folder)
{
    deepid_dataset *data = NULL;
    deepid_study *study = NULL;
    int32_t status = open_study(ctx, folder, &data, &study);
    if (status == DEEPID_OK)
        status = deepid_study_run(study, NULL, NULL);
    deepid_study_destroy(study);
    deepid_dataset_destroy(data);
    return status;
}

/* Takes up what is done, judges it and writes its report. */
static int32_t run_and_report(deepid_ctx *ctx, void *folder)
{
    deepid_dataset *data = NULL;
    deepid_study *study = NULL;
    deepid_verdict *verdict = NULL;
    char page[512];
    snprintf(page, sizeof page, "%s/report.html", (const char *)folder);
    int32_t status = open_study(ctx, folder, &data, &study);
    if (status == DEEPID_OK)
        status = deepid_study_run(study, NULL, NULL);
    if (status == DEEPID_OK)
        status = deepid_study_judge(study, &verdict);
    if (status == DEEPID_OK)
        status = deepid_report_write(study, verdict, page);
    deepid_verdict_destroy(verdict);
    deepid_study_destroy(study);
    deepid_dataset_destroy(data);
    return status;
}

static int32_t run_again(void *arg)
{
    const place *p = arg;
    return run_study(p->ctx, (void *)p->folder);
}

/* The files of a folder that end so, at most `most` of them. */
static int find_files(const char *folder, const char *ending, char (*out)[512], int most)
{
    int found = 0;
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list)) && found < most;)
        if (strlen(entry->d_name) > strlen(ending) &&
            strcmp(entry->d_name + strlen(entry->d_name) - strlen(ending), ending) == 0)
            snprintf(out[found++], 512, "%s/%.200s", folder, entry->d_name);
    closedir(list);
    return found;
}

/* Every 61st bit, a prime: each place in a byte comes, in each line of each file. */
static void a_turned_bit_is_named_by_the_next_run(void **state)
{
    (void)state;
    enum { STRIDE = 61, MOST = 16 };
    static const char *const others[] = {"study.json", "plan.json"};
    deepid_ctx *ctx = new_ctx(1);
    char paths[MOST][512];
    char tasks[512];
    place p = {ctx, temporary("study")};
    OK(run_again(&p));
    snprintf(tasks, sizeof tasks, "%s/tasks", p.folder);
    int files = find_files(tasks, ".json", paths, MOST - 2);
    assert_true(files >= 6); /* two seeds of S, D and W0, and a probe */
    for (int i = 0; i < 2; i++)
        snprintf(paths[files++], 512, "%s/%s", p.folder, others[i]);
    for (int i = 0; i < files; i++)
        every_turned_bit_is_refused(ctx, paths[i], STRIDE, paths[i], run_again, &p);
    OK(run_again(&p));
    deepid_ctx_destroy(ctx);
}

/* One digit of one number, as an editor changes it. */
static void an_edited_digit_is_named(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char path[1][512];
    char tasks[512];
    size_t bytes;
    place p = {ctx, temporary("edited")};
    OK(run_again(&p));
    snprintf(tasks, sizeof tasks, "%s/tasks", p.folder);
    assert_int_equal(find_files(tasks, ".json", path, 1), 1);
    char *text = read_bytes(path[0], &bytes);
    char *digit = strstr(text, "\"updates\": ") + strlen("\"updates\": ");
    *digit = *digit == '9' ? '8' : (char)(*digit + 1);
    write_bytes(path[0], text, bytes);
    REFUSED(run_again(&p), DEEPID_ERR_FORMAT, "is a damaged result file (its content has the checksum xxh3:");
    assert_non_null(strstr(deepid_ctx_error(ctx), path[0]));
    assert_non_null(strstr(deepid_ctx_error(ctx), "remove it to run its task again"));
    assert_int_equal(remove(path[0]), 0);
    OK(run_again(&p));
    free(text);
    deepid_ctx_destroy(ctx);
}

/* The first version's files: a member "format" of 2 and no checksum. */
static void files_without_a_checksum_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char path[512];
    size_t bytes;
    place p = {ctx, temporary("old")};
    OK(run_again(&p));
    snprintf(path, sizeof path, "%s/study.json", p.folder);
    char *text = read_bytes(path, &bytes);
    strcpy(strstr(text, ",\n\"checksum\""), "}\n");
    write_bytes(path, text, strlen(text));
    REFUSED(run_again(&p), DEEPID_ERR_FORMAT,
            "is a damaged description of a study (its last line is no checksum: cut, changed, or of a version that "
            "wrote none); remove it");
    free(text);
    deepid_ctx_destroy(ctx);
}

/* Whole files of two seeds, each under the other's name: what stands on a net may not take the other's. */
static void a_net_of_another_task_is_named(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_dataset *data = NULL;
    deepid_study *study = NULL;
    deepid_net *net = NULL;
    char path[8][512];
    char nets[512];
    size_t bytes;
    place p = {ctx, temporary("swapped")};
    OK(run_again(&p));
    snprintf(nets, sizeof nets, "%s/nets", p.folder);
    const int files = find_files(nets, ".safetensors", path, 8);
    assert_int_equal(files, 6); /* two seeds of S, D and W0 */
    char *first = read_bytes(path[0], &bytes);
    for (int i = 1; i < files; i++)
        write_bytes(path[i], first, bytes);
    free(first);
    OK(open_study(ctx, p.folder, &data, &study));
    static const char *const arms[] = {"S", "D", "W0"};
    int taken = 0;
    for (int i = 0; i < files; i++) {
        if (deepid_study_net(study, arms[i / 2], (uint64_t)(1 + i % 2), &net) == DEEPID_OK) {
            deepid_net_destroy(net);
            taken++;
            continue;
        }
        assert_non_null(
            strstr(deepid_ctx_error(ctx), ".safetensors' is not the net of its task: its deepid.task is '"));
        assert_non_null(strstr(deepid_ctx_error(ctx), ".json to run the task again"));
    }
    assert_int_equal(taken, 1);
    deepid_study_destroy(study);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

/* ---- memory ------------------------------------------------------------------------------------ */

static void no_memory_on_resume_is_no_damage(void **state)
{
    (void)state;
    char folder[256];
    snprintf(folder, sizeof folder, "%s", temporary("resumed"));
    deepid_ctx *ctx = new_ctx(1);
    OK(run_and_report(ctx, folder));
    survives_every_failing_allocation("a finished study, taken up again and reported", run_and_report, folder);
    OK(run_and_report(ctx, folder));
    deepid_ctx_destroy(ctx);
}

/* What the workers take is the context's too: counted, limited, from its allocator. */
static void workers_take_the_contexts_memory(void **state)
{
    (void)state;
    failing_alloc f = {0};
    deepid_ctx *ctx = NULL;
    deepid_dataset *data = NULL;
    deepid_study *study = NULL;
    assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, &f, &ctx), DEEPID_OK);
    OK(open_study(ctx, temporary("limited"), &data, &study));
    assert_true(deepid_study_task_count(study) > 0); /* planned: the rest is the workers' */
    const int64_t before = f.calls;
    const int64_t held = deepid_ctx_memory(ctx);
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", held + (64 << 10)));
    REFUSED(deepid_study_run(study, NULL, NULL), DEEPID_ERR_LIMIT, "would exceed the limit memory_bytes");
    assert_true(f.calls > before);
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", INT64_MAX / 4));
    OK(deepid_study_run(study, NULL, NULL));
    deepid_study_destroy(study);
    deepid_dataset_destroy(data);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
    assert_int_equal(f.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turned_bit_is_named_by_the_next_run), cmocka_unit_test(an_edited_digit_is_named),
        cmocka_unit_test(files_without_a_checksum_are_refused),  cmocka_unit_test(a_net_of_another_task_is_named),
        cmocka_unit_test(no_memory_on_resume_is_no_damage),      cmocka_unit_test(workers_take_the_contexts_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
