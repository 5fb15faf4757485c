/* The main job: do added layers hurt on this task, and is it the optimiser?   depth_study --help

   Trains plain and identity nets of several depths and seeds, one net per core, resumes what was interrupted, inserts identity layers
   into the trained shallow net, and writes every number and a report. The parts: depth_study/{options,task,summary,page}.c */
#include "depth_study/depth_study.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRY(call)                          \
    do {                                   \
        const int32_t status_ = (call);    \
        if (status_ != DEEPID_OK)          \
            return status_;                \
    } while (0)

/* ---- Ctrl-C: the running steps end, what is done stays --------------------------------------- */

static deepid_study *volatile running;

static void interrupt(int number)
{
    (void)number;
    deepid_study_request_stop(running); /* one atomic store */
}

/* ---- progress -------------------------------------------------------------------------------- */

static void time_text(double seconds, char text[static 32])
{
    if (isnan(seconds))
        snprintf(text, 32, "?");
    else
        snprintf(text, 32, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
}

/* A bar that is drawn over itself on a terminal; elsewhere a line at each tenth. */
static int32_t show(void *user, const deepid_study_event *event)
{
    enum { WIDTH = 24 };
    int *last_tenth = user;
    const double share = deepid_study_event_share(event);
    char left[32];
    char bar[WIDTH + 1];
    time_text(deepid_study_event_seconds_left(event), left);
    for (int i = 0; i < WIDTH; i++)
        bar[i] = i < (int)(share * WIDTH) ? '#' : '.';
    bar[WIDTH] = 0;
    const bool terminal = isatty(STDERR_FILENO);
    if (!terminal && (int)(share * 10) <= *last_tenth)
        return 0;
    *last_tenth = (int)(share * 10);
    fprintf(stderr, "%s[%s] %3.0f %%  %lld of %lld nets  left %s  %s%s", terminal ? "\r\033[K" : "", bar, 100 * share, (long long)deepid_study_event_tasks_done(event),
            (long long)deepid_study_event_tasks(event), left, deepid_study_event_text(event), terminal ? "" : "\n");
    return 0;
}

/* ---- the study -------------------------------------------------------------------------------- */

static int32_t add_nets(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study *study)
{
    for (int block = 0; block < o->block_count; block++) {
        for (int depth = 0; depth < o->depth_count; depth++) {
            char *text = net_text(ctx, o, data, o->blocks[block], o->depths[depth]);
            if (!text)
                return DEEPID_ERR_ARGUMENT;
            const bool skip = strcmp(o->blocks[block], "plain") != 0 && !strstr(o->blocks[block], "_plain");
            const int32_t status = deepid_study_add(study, skip ? "D_res" : depth == 0 ? "S" : "D", net_family(o, data), o->blocks[block], o->depths[depth], text);
            free(text);
            TRY(status);
        }
    }
    return DEEPID_OK;
}

static int32_t set_up(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study *study)
{
    TRY(deepid_study_set_number(study, "dtype", o->dtype));
    TRY(add_nets(ctx, o, data, study));
    TRY(deepid_study_set_seeds(study, 1, o->seeds));
    TRY(deepid_study_set_text(study, "optimizer", o->optimizer));
    TRY(deepid_study_set_text(study, "init", o->init));
    TRY(deepid_study_set_number(study, "learning_rate", o->rate));
    TRY(deepid_study_set_number(study, "clip", o->clip));
    TRY(deepid_study_set_number(study, "batch", (double)o->batch));
    TRY(deepid_study_set_number(study, "steps", (double)o->steps));
    if (o->epochs)
        TRY(deepid_study_set_number(study, "epochs", (double)o->epochs));
    TRY(deepid_study_set_number(study, "history_points", data->pictures ? 3 : 40));
    TRY(deepid_study_set_number(study, "threads", (double)o->threads));
    TRY(deepid_study_set_number(study, "shards", (double)o->shards));
    TRY(deepid_study_set_number(study, "shard", (double)o->shard));
    return deepid_study_set_folder(study, o->out);
}

static double total_seconds(const deepid_table *results)
{
    double sum = 0;
    for (int64_t row = 0; row < deepid_table_rows(results); row++)
        sum += deepid_table_get(results, row, deepid_table_find_column(results, "seconds"));
    return sum;
}

static int32_t tell(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study *study, deepid_table *results, deepid_table *history)
{
    certificate c;
    char path[4096];
    TRY(certificate_make(ctx, o, data, study, results, &c));
    summary_print(o, results, &c);
    snprintf(path, sizeof path, "%s/report.html", o->out);
    int32_t status = deepid_study_write(study, o->command);
    if (status == DEEPID_OK)
        status = page_write(ctx, o, data, results, history, &c, total_seconds(results), path);
    certificate_free(&c);
    if (status == DEEPID_OK)
        printf("\nreport: %s\n", path);
    return status;
}

static int32_t finish(deepid_ctx *ctx, const options *o, const task_data *data, deepid_study *study)
{
    deepid_table *results = NULL;
    deepid_table *history = NULL;
    int32_t status = deepid_study_results(study, &results);
    if (status == DEEPID_OK)
        status = deepid_study_history(study, &history);
    if (status == DEEPID_OK)
        status = tell(ctx, o, data, study, results, history);
    deepid_table_destroy(history);
    deepid_table_destroy(results);
    return status;
}

static int32_t run(deepid_ctx *ctx, options *o, task_data *data, deepid_study **study)
{
    int last_tenth = -1;
    TRY(data_open(ctx, o, data));
    options_fill(o, data->pictures);
    TRY(deepid_study_create(ctx, data->train, data->valid, study));
    TRY(set_up(ctx, o, data, *study));
    running = *study;
    fprintf(stderr, "%s; %lld nets\n", data->words, (long long)deepid_study_task_count(*study));
    const int32_t status = deepid_study_run(*study, show, &last_tenth);
    fprintf(stderr, "%s", isatty(STDERR_FILENO) ? "\r\033[K" : "");
    TRY(status);
    if (deepid_study_tasks_done(*study) < deepid_study_task_count(*study)) {
        printf("%lld of %lld nets are done; the others belong to other shards or running processes. Run the same command when they are finished to get the report.\n",
               (long long)deepid_study_tasks_done(*study), (long long)deepid_study_task_count(*study));
        return DEEPID_OK;
    }
    return finish(ctx, o, data, *study);
}

/* Words of the caller's that the library refuses are wrong use; the rest failed. */
static int exit_code(int32_t status)
{
    const bool usage = status == DEEPID_ERR_ARGUMENT || status == DEEPID_ERR_SPEC || status == DEEPID_ERR_SHAPE || status == DEEPID_ERR_UNSUPPORTED;
    return status == DEEPID_OK ? DONE : status == DEEPID_STOPPED ? INTERRUPTED : usage ? USAGE : FAILED;
}

int main(int argc, char **argv)
{
    options o;
    task_data data = {0};
    deepid_ctx *ctx = NULL;
    deepid_study *study = NULL;
    const int code = options_read(&o, argc, argv);
    if (code >= 0) {
        free(o.command);
        return code;
    }
    if (deepid_ctx_create(&ctx) != DEEPID_OK) {
        fprintf(stderr, "depth_study: no memory\n");
        return FAILED;
    }
    const struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    const int32_t status = run(ctx, &o, &data, &study);
    if (status == DEEPID_STOPPED)
        fprintf(stderr, "interrupted: %s; the same command goes on from here:\n  %s\n", deepid_ctx_error(ctx), o.command);
    else if (status != DEEPID_OK)
        fprintf(stderr, "depth_study: %s\n", deepid_ctx_error(ctx));
    running = NULL;
    deepid_study_destroy(study);
    data_close(&data);
    deepid_ctx_destroy(ctx);
    free(o.command);
    return exit_code(status);
}
