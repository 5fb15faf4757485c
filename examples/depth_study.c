/* The main job: why do added layers hurt on this task?   depth_study --help

   Makes a study of a shallow and a deep net, runs it one net per core, resumes what was interrupted, judges, and
   writes every number and a report. The parts: depth_study/{options,task,summary}.c */
#include "depth_study/depth_study.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        const int32_t status_ = (call);                                                                                \
        if (status_ != DEEPID_OK)                                                                                      \
            return status_;                                                                                            \
    } while (0)

/* ---- Ctrl-C: the running steps end, what is done stays --------------------------------------- */

static deepid_study *volatile running;

static volatile sig_atomic_t heard; /* the second, of a clock, at which the first one came; 0: none yet */

static int seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int)now.tv_sec + 1;
}

/* timeout(1) and some shells send it twice, to the process and to its group: that is heard as one. */
static void interrupt(int number)
{
    enum { APART = 2 };
    if (heard && seconds_now() - heard >= APART) {
        signal(number, SIG_DFL);
        raise(number);
    }
    heard = heard ? heard : seconds_now();
    deepid_study_request_stop(running); /* one atomic store */
}

/* While a study runs: a second Ctrl-C some moments later, or one at any other time, ends the program at once. What
   is half written is never seen. */
static void catch_interrupts(deepid_study *study)
{
    const struct sigaction ours = {.sa_handler = interrupt};
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    if (study)
        running = study;
    sigaction(SIGINT, study ? &ours : &usual, NULL);
    sigaction(SIGTERM, study ? &ours : &usual, NULL);
}

/* A limit on the size of files and a pipe that nobody reads become errors of writing, with a sentence. */
static void take_write_errors(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* ---- progress -------------------------------------------------------------------------------- */

static void time_text(double seconds, char text[static 32])
{
    if (isnan(seconds))
        snprintf(text, 32, "?");
    else
        snprintf(text, 32, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
}

typedef struct {
    int tenth;
    bool waiting; /* for another process */
} shown;

/* A bar that is drawn over itself on a terminal; elsewhere a line at each tenth, and one when it begins to wait. */
static int32_t show(void *user, const deepid_study_event *event)
{
    enum { WIDTH = 24 };
    shown *last = user;
    const double share = deepid_study_event_share(event);
    char left[32];
    char bar[WIDTH + 1];
    time_text(deepid_study_event_seconds_left(event), left);
    for (int i = 0; i < WIDTH; i++)
        bar[i] = i < (int)(share * WIDTH) ? '#' : '.';
    bar[WIDTH] = 0;
    const bool terminal = isatty(STDERR_FILENO);
    const bool waiting = strncmp(deepid_study_event_text(event), "another process", 15) == 0;
    const bool news = (int)(share * 10) > last->tenth || waiting > last->waiting;
    last->waiting = waiting;
    if (!terminal && !news)
        return 0;
    last->tenth = (int)(share * 10);
    fprintf(stderr, "%s[%s] %3.0f %%  %lld of %lld tasks  left %s  %s%s", terminal ? "\r\033[K" : "", bar, 100 * share,
            (long long)deepid_study_event_tasks_done(event), (long long)deepid_study_event_tasks(event), left,
            deepid_study_event_text(event), terminal ? "" : "\n");
    return 0;
}

/* ---- the study -------------------------------------------------------------------------------- */

/* The nets of blocks and depths that are not S, D or D_res, for the curve over depth. */
static int32_t add_one_net(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study *study, int block,
                           int depth)
{
    const bool deepest = depth == o->depth_count - 1;
    if (block == 0 && (depth == 0 || deepest))
        return DEEPID_OK;
    char *text = net_text(ctx, o, data, o->blocks[block], o->depths[depth]);
    if (!text)
        return DEEPID_ERR_ARGUMENT;
    const char *twin = deepid_study_arm_text(study, deepid_study_arm_find(study, "D_res"));
    const bool known = deepest && twin && strcmp(twin, text) == 0;
    const int32_t status = known ? DEEPID_OK : deepid_study_add_net(study, o->blocks[block], o->depths[depth], text);
    free(text);
    return status;
}

static int32_t add_nets(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study *study)
{
    if (o->shallow)
        return DEEPID_OK;
    TRY(deepid_study_set_text(study, "family", net_family(o, data)));
    TRY(deepid_study_set_text(study, "block", o->blocks[0]));
    TRY(deepid_study_set_number(study, "shallow_depth", (double)o->depths[0]));
    TRY(deepid_study_set_number(study, "deep_depth", (double)o->depths[o->depth_count - 1]));
    for (int block = 0; block < o->block_count; block++)
        for (int depth = 0; depth < o->depth_count; depth++)
            TRY(add_one_net(ctx, o, data, study, block, depth));
    return DEEPID_OK;
}

static int32_t set_recipe(const options *o, const task_data *data, deepid_study *study)
{
    enum { POINTS = 20, PICTURE_POINTS = 3 };
    TRY(deepid_study_set_validation(study, data->valid));
    TRY(deepid_study_set_number(study, "dtype", o->dtype));
    TRY(deepid_study_set_text(study, "optimizer", o->optimizer));
    TRY(deepid_study_set_text(study, "init", o->init));
    TRY(deepid_study_set_text(study, "arms", o->arms));
    TRY(deepid_study_set_text(study, "subject", data->words));
    TRY(deepid_study_set_text(study, "replay", o->command));
    TRY(deepid_study_set_number(study, "learning_rate", o->rate));
    TRY(deepid_study_set_number(study, "clip", o->clip));
    TRY(deepid_study_set_number(study, "batch", (double)o->batch));
    TRY(deepid_study_set_number(study, "steps", (double)o->steps));
    if (o->epochs)
        TRY(deepid_study_set_number(study, "epochs", (double)o->epochs));
    TRY(deepid_study_set_number(study, "history_points", data->pictures ? PICTURE_POINTS : POINTS));
    TRY(deepid_study_set_number(study, "tuning_seeds", (double)o->tuning));
    TRY(deepid_study_set_number(study, "probe_seeds", (double)o->probes));
    return deepid_study_set_seeds(study, o->seeds);
}

static int32_t create_study(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study **study)
{
    if (o->shallow)
        return deepid_study_create(ctx, o->shallow, o->deep, data->train, study);
    char *shallow = net_text(ctx, o, data, o->blocks[0], o->depths[0]);
    char *deep = shallow ? net_text(ctx, o, data, o->blocks[0], o->depths[o->depth_count - 1]) : NULL;
    const int32_t status = deep ? deepid_study_create(ctx, shallow, deep, data->train, study) : DEEPID_ERR_ARGUMENT;
    free(deep);
    free(shallow);
    return status;
}

/* The folder comes last, for what it holds is compared with all settings. */
static int32_t set_up(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study **study)
{
    TRY(create_study(ctx, o, data, study));
    TRY(set_recipe(o, data, *study));
    TRY(add_nets(ctx, o, data, *study));
    TRY(deepid_study_set_number(*study, "budget", o->budget));
    TRY(deepid_study_set_number(*study, "threads", (double)o->threads));
    TRY(deepid_study_set_number(*study, "shards", (double)o->shards));
    TRY(deepid_study_set_number(*study, "shard", (double)o->shard));
    TRY(deepid_study_set_number(*study, "task", (double)o->task));
    return deepid_study_set_folder(*study, o->out);
}

/* ---- what came out ------------------------------------------------------------------------------ */

static bool wants_colour(void)
{
    const char *no = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
    return isatty(STDOUT_FILENO) && !(no && *no);
}

enum { PATH_BYTES = 8192 }; /* the system takes 4096, and names what is longer */

static int32_t write_verdict(const options *o, const deepid_verdict *verdict)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/verdict.json", o->out);
    return deepid_verdict_write_json(verdict, path);
}

static int32_t tell(const options *o, deepid_study *study, const deepid_table *results, const deepid_verdict *verdict)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/report.html", o->out);
    TRY(deepid_study_write(study, o->command));
    TRY(write_verdict(o, verdict));
    TRY(deepid_report_write(study, verdict, path));
    summary_print(study, results);
    printf("\n%s\nreport: %s\n", deepid_verdict_text(verdict, wants_colour()), path);
    return DEEPID_OK;
}

static int32_t finish(const options *o, deepid_study *study)
{
    deepid_table *results = NULL;
    deepid_verdict *verdict = NULL;
    int32_t status = deepid_study_results(study, &results);
    if (status == DEEPID_OK)
        status = deepid_study_judge(study, &verdict);
    if (status == DEEPID_OK)
        status = tell(o, study, results, verdict);
    deepid_verdict_destroy(verdict);
    deepid_table_destroy(results);
    return status;
}

static int32_t run(deepid_ctx *ctx, options *o, task_data *data, deepid_study **study)
{
    shown last = {.tenth = -1};
    TRY(data_open(ctx, o, data));
    options_fill(o, data->pictures);
    TRY(set_up(ctx, o, data, study));
    if (deepid_study_task_count(*study) >= 0)
        fprintf(stderr, "%s; %lld tasks\n", data->words, (long long)deepid_study_task_count(*study));
    catch_interrupts(*study);
    const int32_t status = deepid_study_run(*study, show, &last);
    catch_interrupts(NULL);
    fprintf(stderr, "%s", isatty(STDERR_FILENO) ? "\r\033[K" : "");
    TRY(status);
    if (deepid_study_tasks_done(*study) < deepid_study_task_count(*study)) {
        printf("%lld of %lld tasks are done. Run the command without --shard and --task to do the others and to get "
               "the report.\n",
               (long long)deepid_study_tasks_done(*study), (long long)deepid_study_task_count(*study));
        return DEEPID_OK;
    }
    return finish(o, *study);
}

/* Words of the caller's that the library refuses are wrong use; the rest failed. */
static int exit_code(int32_t status)
{
    const bool usage = status == DEEPID_ERR_ARGUMENT || status == DEEPID_ERR_SPEC || status == DEEPID_ERR_SHAPE ||
                       status == DEEPID_ERR_LABEL || status == DEEPID_ERR_UNSUPPORTED;
    return status == DEEPID_OK ? DONE : status == DEEPID_STOPPED ? INTERRUPTED : usage ? USAGE : FAILED;
}

/* What was printed is there: a full disk or a closed pipe is told. */
static int printed(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "depth_study: cannot write to the standard output: %s\n", strerror(errno));
    return code == DONE ? FAILED : code;
}

int main(int argc, char **argv)
{
    options o;
    task_data data = {0};
    deepid_ctx *ctx = NULL;
    deepid_study *study = NULL;
    take_write_errors();
    catch_interrupts(NULL); /* also where a shell started it in the background, deaf to them */
    const int code = options_read(&o, argc, argv);
    if (code >= 0) {
        free(o.command);
        return printed(code);
    }
    if (deepid_ctx_create(&ctx) != DEEPID_OK) {
        fprintf(stderr, "depth_study: no memory\n");
        return FAILED;
    }
    const int32_t status = run(ctx, &o, &data, &study);
    if (status == DEEPID_STOPPED)
        fprintf(stderr, "interrupted: %s; the same command goes on from here:\n  %s\n", deepid_ctx_error(ctx),
                o.command);
    else if (status != DEEPID_OK)
        fprintf(stderr, "depth_study: %s\n", deepid_ctx_error(ctx));
    deepid_study_destroy(study);
    data_close(&data);
    deepid_ctx_destroy(ctx);
    free(o.command);
    return printed(exit_code(status));
}
