/* The main job: why do added layers hurt on this task?   depth_study --help

   Makes a study of a shallow and a deep net, runs it one net per core, resumes what was interrupted, judges, and
   writes every number and a report. The parts: depth_study/{options,words,task,look,summary}.c */
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
    const options *o;
    int tenth;
    int64_t done;
    bool waiting; /* for another process */
} shown;

/* --verbose: a line whenever a task is done. */
static void show_task(shown *last, const deepid_study_event *event)
{
    if (deepid_study_event_tasks_done(event) == last->done)
        return;
    last->done = deepid_study_event_tasks_done(event);
    fprintf(stderr, "%6.1f s  %lld of %lld tasks; now %s\n", deepid_study_event_seconds(event), (long long)last->done,
            (long long)deepid_study_event_tasks(event), deepid_study_event_text(event));
}

/* A bar that is drawn over itself on a terminal; elsewhere a line at each tenth, and one when it begins to wait. */
static void show_bar(shown *last, const deepid_study_event *event)
{
    enum { WIDTH = 24 };
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
        return;
    last->tenth = (int)(share * 10);
    fprintf(stderr, "%s[%s] %3.0f %%  %lld of %lld tasks  left %s  %s%s", terminal ? "\r\033[K" : "", bar, 100 * share,
            (long long)deepid_study_event_tasks_done(event), (long long)deepid_study_event_tasks(event), left,
            deepid_study_event_text(event), terminal ? "" : "\n");
}

static int32_t show(void *user, const deepid_study_event *event)
{
    shown *last = user;
    if (last->o->verbose)
        show_task(last, event);
    else if (!last->o->quiet)
        show_bar(last, event);
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
    const int32_t status =
        known ? DEEPID_OK : blame("net", deepid_study_add_net(study, o->blocks[block], o->depths[depth], text));
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
    TRY(blame(o->valid ? "valid" : "data", deepid_study_set_validation(study, data->valid)));
    TRY(deepid_study_set_number(study, "dtype", o->dtype));
    TRY(deepid_study_set_text(study, "optimizer", o->optimizer));
    TRY(deepid_study_set_text(study, "init", o->init));
    TRY(deepid_study_set_text(study, "schedule", o->schedule));
    TRY(deepid_study_set_text(study, "storage", o->storage));
    TRY(deepid_study_set_text(study, "loss_scale", o->loss_scale));
    TRY(deepid_study_set_text(study, "loss", o->loss));
    TRY(deepid_study_set_text(study, "augmentation", o->augmentation));
    TRY(deepid_study_set_text(study, "arms", o->arms));
    TRY(deepid_study_set_text(study, "probes", o->probe_words));
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

static int32_t set_margins(const options *o, deepid_study *study)
{
    for (int i = 0; i < o->margin_count; i++)
        TRY(blame("margin", deepid_study_set_number(study, o->margins[i].word, o->margins[i].value)));
    return DEEPID_OK;
}

static char *text_of(deepid_ctx *ctx, const options *o, const task_data *data, const char *own, int64_t depth)
{
    return own ? own_text(ctx, o, own) : net_text(ctx, o, data, o->blocks[0], depth);
}

static int32_t create_study(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study **study)
{
    char *shallow = text_of(ctx, o, data, o->shallow, o->depths[0]);
    char *deep = shallow ? text_of(ctx, o, data, o->deep, o->depths[o->depth_count - 1]) : NULL;
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
    TRY(set_margins(o, *study));
    TRY(add_nets(ctx, o, data, *study));
    TRY(deepid_study_set_number(*study, "budget", o->budget));
    TRY(deepid_study_set_number(*study, "threads", (double)o->threads));
    TRY(deepid_study_set_number(*study, "takeover", (double)o->takeover));
    TRY(deepid_study_set_number(*study, "shards", (double)o->shards));
    TRY(deepid_study_set_number(*study, "shard", (double)o->shard));
    TRY(deepid_study_set_number(*study, "task", (double)o->task));
    return deepid_study_set_folder(*study, o->out);
}

/* ---- what came out: on standard output; with --json that is for verdict.json alone ------------ */

static FILE *words_to(const options *o)
{
    return o->json ? stderr : stdout;
}

static bool wants_colour(const options *o)
{
    const char *no = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
    return isatty(fileno(words_to(o))) && !(no && *no);
}

enum { PATH_BYTES = 8192 }; /* the system takes 4096, and names what is longer */

/* The file as it was written, to standard output. */
static void print_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        fprintf(stderr, "%s: cannot read '%s': %s\n", program_invocation_short_name, path, strerror(errno));
    for (int c; in && (c = getc(in)) != EOF;)
        putchar(c);
    if (in)
        fclose(in);
}

static void tell(const options *o, deepid_study *study, const deepid_table *results, const deepid_verdict *verdict)
{
    FILE *to = words_to(o);
    if (o->quiet && o->json)
        return;
    if (o->quiet) {
        fprintf(to, "%s\n", deepid_verdict_answer(verdict));
    } else {
        summary_print(to, study, results);
        if (*deepid_study_text(study, "budget"))
            fprintf(to, "\n%s\n", deepid_study_text(study, "budget"));
        fprintf(to, "\n%s\n", deepid_verdict_text(verdict, wants_colour(o)));
        summary_advice(to, study, verdict);
    }
    fprintf(to, "report: %s/report.html\n", o->out);
}

/* What was judged, for others: where --evidence asks for it. */
static int32_t write_evidence(const options *o, deepid_study *study)
{
    deepid_evidence *evidence = NULL;
    if (!o->evidence)
        return DEEPID_OK;
    TRY(deepid_study_evidence(study, &evidence));
    const int32_t status = deepid_evidence_write(evidence, o->evidence);
    deepid_evidence_destroy(evidence);
    return status;
}

static int32_t write_and_tell(const options *o, deepid_study *study, const deepid_table *results,
                              const deepid_verdict *verdict)
{
    char report[PATH_BYTES];
    char json[PATH_BYTES];
    snprintf(report, sizeof report, "%s/report.html", o->out);
    snprintf(json, sizeof json, "%s/verdict.json", o->out);
    TRY(deepid_study_write(study, o->command));
    TRY(deepid_verdict_write_json(verdict, json));
    TRY(deepid_report_write(study, verdict, report));
    TRY(write_evidence(o, study));
    tell(o, study, results, verdict);
    if (o->json)
        print_file(json);
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
        status = write_and_tell(o, study, results, verdict);
    deepid_verdict_destroy(verdict);
    deepid_table_destroy(results);
    return status;
}

/* What there is to do, before it is done; all words were checked to know it. */
static void announce(const options *o, deepid_study *study)
{
    const int64_t tasks = deepid_study_task_count(study);
    if (tasks >= 0 && o->verbose)
        summary_arms(stderr, study);
    if (tasks >= 0 && !o->quiet)
        fprintf(stderr, "%lld tasks, %lld of them done\n", (long long)tasks, (long long)deepid_study_tasks_done(study));
}

static int32_t train(const options *o, deepid_study *study)
{
    shown last = {.o = o, .tenth = -1, .done = -1};
    catch_interrupts(study);
    const int32_t status = deepid_study_run(study, show, &last);
    catch_interrupts(NULL);
    fprintf(stderr, "%s", isatty(STDERR_FILENO) && !o->quiet ? "\r\033[K" : "");
    return status;
}

static int32_t run(deepid_ctx *ctx, options *o, task_data *data, deepid_study **study)
{
    TRY(data_open(ctx, o, data));
    data_tell(o, data);
    options_fill(o, data->pictures, deepid_dataset_count(data->train));
    TRY(set_up(ctx, o, data, study));
    announce(o, *study);
    TRY(train(o, *study));
    const long long done = (long long)deepid_study_tasks_done(*study);
    const long long tasks = (long long)deepid_study_task_count(*study);
    if (done == tasks)
        return finish(o, *study);
    fprintf(words_to(o),
            "%lld of %lld tasks are done. Run the command without --shard and --task to do the others and to get the "
            "report.\n",
            done, tasks);
    return DEEPID_OK;
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
    fprintf(stderr, "%s: cannot write to the standard output: %s\n", program_invocation_short_name, strerror(errno));
    return code == DONE ? FAILED : code;
}

static void tell_end(const options *o, const deepid_ctx *ctx, int32_t status)
{
    const char *sentence = deepid_ctx_error(ctx);
    if (status == DEEPID_STOPPED)
        fprintf(stderr, "interrupted: %s; the same command goes on from here:\n  %s\n", sentence, o->command);
    if (status == DEEPID_OK || status == DEEPID_STOPPED)
        return;
    tell_failure(sentence);
    fprintf(stderr, "%s\n", strstr(sentence, "take another folder") ? " with --out FOLDER" : "");
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
        options_end(&o);
        return printed(code);
    }
    if (deepid_ctx_create(&ctx) != DEEPID_OK) {
        fprintf(stderr, "%s: no memory\n", program_invocation_short_name);
        return FAILED;
    }
    const int32_t status = run(ctx, &o, &data, &study);
    tell_end(&o, ctx, status);
    deepid_study_destroy(study);
    data_close(&data);
    deepid_ctx_destroy(ctx);
    options_end(&o);
    return printed(exit_code(status));
}
