/* Running a study: one net per core. Workers take, under one lock, the dearest task whose parents are done (with a
   budget, of those whose turn it is); the caller's thread waits, looks at the budget, and it alone calls back. */
#include "study/study.h"

#include "base/numbers.h"
#include "base/pool.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LOOK_SECONDS 0.1

typedef struct {
    deepid_study *study;
    pthread_mutex_t mutex;
    pthread_cond_t news;
    /* all below and every task's state under mutex */
    int32_t running; /* workers */
    int32_t status;  /* first failure */
    char error[DPID_ERROR_MAX];
    int64_t current; /* the task that began last, for the text */
    int64_t held;    /* a task that another process has; -1: none */
    double before;   /* cost of what earlier runs did */
    double start;    /* of the clock, before the first crew */
    double looked;   /* of the clock: when it was forgotten what others had */
    bool changed;    /* the budget has given something up */
    bool again;      /* the plan is to be made anew: no task begins any more */
} crew;

/* A tenth of a second, or until something changes. */
static void doze(crew *c)
{
    dpid_cond_wait(&c->news, &c->mutex, LOOK_SECONDS);
}

/* ---- taking a task: under the lock ----------------------------------------------------------- */

/* The first failure ends them all. */
static void fail(crew *c, int32_t status, const char *error)
{
    if (status == DEEPID_OK || c->status != DEEPID_OK)
        return;
    c->status = status;
    snprintf(c->error, sizeof c->error, "%s", error);
    if (status != DEEPID_STOPPED)
        atomic_store(&c->study->stop, 2);
}

static void task_done(crew *c, dpid_task *task)
{
    task->state = DPID_TASK_DONE;
    if (task->kind == DPID_TASK_TUNE)
        dpid_tuning_settle(c->study);
    pthread_cond_broadcast(&c->news);
}

static bool comes_before(const dpid_task *a, const dpid_task *b)
{
    return a->turn != b->turn ? a->turn < b->turn : a->cost > b->cost;
}

/* The dearest that can begin and that nobody was found to have in this round; NULL: none. */
static dpid_task *dearest(crew *c, int64_t *left)
{
    dpid_task *best = NULL;
    *left = 0;
    for (int64_t i = 0; i < c->study->tasks; i++) {
        dpid_task *task = &c->study->task[i];
        if (!task->wanted || task->state == DPID_TASK_DONE)
            continue;
        ++*left;
        if (task->state == DPID_TASK_WAITING && !task->held && (!best || comes_before(task, best)) &&
            dpid_task_ready(c->study, task))
            best = task;
    }
    return best;
}

/* What another process published, into a context of the task's own: the study's belongs to the caller's thread. */
static int32_t read_published(crew *c, dpid_task *task)
{
    if (!c->study->folder || !dpid_result_exists(c->study, task->name))
        return DEEPID_OK;
    if (dpid_ctx_create_for(c->study->head.ctx, &task->ctx) != DEEPID_OK) {
        fail(c, DEEPID_ERR_MEMORY, "no memory for a worker's context");
        return DEEPID_ERR_MEMORY;
    }
    const int32_t status = dpid_task_read(task->ctx, c->study, task);
    fail(c, status, deepid_ctx_error(task->ctx));
    if (status != DEEPID_OK)
        dpid_task_forget(c->study, task);
    else
        dpid_ctx_rest(task->ctx);
    return status;
}

static void fail_stuck(crew *c, const dpid_task *task)
{
    char error[DPID_ERROR_MAX];
    snprintf(
        error, sizeof error,
        "'%.300s/tasks/%s.taken' says of no living process that it is at work on this task, and cannot be removed; "
        "remove it",
        c->study->folder, task->name);
    fail(c, DEEPID_ERR_IO, error);
}

/* Ours, unless another process has it, which is noted, or has published it since we looked. */
static bool claim(crew *c, dpid_task *task)
{
    const dpid_claim got = dpid_task_claim(c->study, task);
    if (got == DPID_CLAIM_STUCK) {
        fail_stuck(c, task);
        return false;
    }
    task->held = got == DPID_CLAIM_HELD;
    if (task->held) {
        c->held = task->task;
        return false;
    }
    const int32_t status = read_published(c, task);
    const bool mine = status == DEEPID_OK && task->state != DPID_TASK_DONE;
    if (!mine)
        dpid_task_unclaim(c->study, task);
    return mine;
}

/* Ours, or done already, which is looked at first: of 10 000 tasks, nearly all are done by somebody else. */
static bool take(crew *c, dpid_task *task)
{
    if (dpid_task_configure(c->study, task) != DEEPID_OK) {
        fail(c, DEEPID_ERR_MEMORY, "no memory for a task's configuration");
        return false;
    }
    if (read_published(c, task) != DEEPID_OK)
        return false;
    const bool mine = task->state != DPID_TASK_DONE && claim(c, task);
    if (task->state == DPID_TASK_DONE)
        task_done(c, task);
    return mine;
}

/* Nothing can begin: look again a little later at what others had, all workers together. */
static void rest(crew *c)
{
    doze(c);
    if (dpid_seconds_now() - c->looked < LOOK_SECONDS)
        return;
    c->looked = dpid_seconds_now();
    dpid_study_ask_anew(c->study);
    for (int64_t i = 0; i < c->study->tasks; i++)
        c->study->task[i].held = false;
}

/* A task to do, waiting for one if need be; NULL: there is none left, or an end was asked for. */
static dpid_task *next_task(crew *c)
{
    while (!atomic_load(&c->study->stop) && !c->again) {
        int64_t left;
        dpid_task *task = dearest(c, &left);
        if (left == 0)
            return NULL;
        if (!task) {
            rest(c);
            continue;
        }
        if (take(c, task)) {
            task->state = DPID_TASK_RUNNING;
            atomic_store(&task->elsewhere, false);
            task->began = dpid_seconds_now() - c->start;
            c->current = task->task;
            c->held = -1;
            return task;
        }
    }
    return NULL;
}

/* ---- workers ------------------------------------------------------------------------------------ */

static void work_on(crew *c)
{
    char error[DPID_ERROR_MAX] = "";
    pthread_mutex_lock(&c->mutex);
    for (dpid_task *task; (task = next_task(c)) != NULL;) {
        pthread_mutex_unlock(&c->mutex);
        const int32_t status = dpid_task_run(c->study, task, error, sizeof error);
        dpid_task_unclaim(c->study, task);
        pthread_mutex_lock(&c->mutex);
        if (status != DEEPID_STOPPED || !(atomic_load(&task->dropped) || atomic_load(&task->elsewhere)))
            fail(c, status, error);
        if (status == DEEPID_OK)
            task_done(c, task);
        else
            task->state = DPID_TASK_WAITING;
    }
    pthread_mutex_unlock(&c->mutex);
}

static void *work(void *arg)
{
    crew *c = arg;
    work_on(c);
    pthread_mutex_lock(&c->mutex);
    c->running--;
    pthread_cond_broadcast(&c->news);
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

/* ---- progress: under the lock but for the call ---------------------------------------------------- */

static const char *kind_words(dpid_task_kind kind)
{
    return kind == DPID_TASK_TUNE ? "rate of " : kind == DPID_TASK_PROBE ? "probe of " : "";
}

static void name_current(const crew *c, deepid_study_event *event)
{
    const dpid_task *task = &c->study->task[c->held >= 0 ? c->held : c->current];
    const int length =
        snprintf(event->text, sizeof event->text, "%s%s%.60s, seed %llu", c->held >= 0 ? "another process has " : "",
                 kind_words(task->kind), c->study->arm[task->arm].word, (unsigned long long)task->seed);
    if (c->held >= 0)
        snprintf(event->text + length, sizeof event->text - (size_t)length, " (tasks/%s.taken)", task->name);
}

static double work_done(const crew *c, double *all)
{
    double done = 0;
    *all = 0;
    for (int64_t i = 0; i < c->study->tasks; i++) {
        dpid_task *task = &c->study->task[i];
        if (!task->wanted || !dpid_task_is_needed(c->study, task))
            continue;
        *all += task->cost;
        done += (task->state == DPID_TASK_DONE ? 1 : atomic_load(&task->share)) * task->cost;
    }
    return done;
}

static void describe(const crew *c, double seconds, deepid_study_event *event)
{
    double all;
    const double done = work_done(c, &all);
    *event = (deepid_study_event){.head = {DPID_MAGIC_STUDY_EVENT, c->study->head.ctx},
                                  .seconds = seconds,
                                  .share = all > 0 ? done / all : 1,
                                  .seconds_left = (double)NAN};
    for (int64_t i = 0; i < c->study->tasks; i++) {
        const dpid_task *task = &c->study->task[i];
        const bool counts = task->wanted && dpid_task_is_needed(c->study, task);
        event->tasks += counts;
        event->done += counts && task->state == DPID_TASK_DONE;
    }
    if (done > c->before)
        event->seconds_left = seconds * (all - done) / (done - c->before);
    name_current(c, event);
}

static int32_t report(crew *c, deepid_study_fn progress, void *user)
{
    deepid_study_event event;
    if (!progress)
        return DEEPID_OK;
    pthread_mutex_lock(&c->mutex);
    describe(c, dpid_seconds_now() - c->start, &event);
    pthread_mutex_unlock(&c->mutex);
    const int32_t code = progress(user, &event);
    c->study->head.ctx->callback_code = code;
    return code;
}

/* Gives up what does not fit any more, and keeps that. */
static void look_at_budget(crew *c)
{
    bool changed = false;
    bool again = false;
    if (c->study->number[DPID_NUMBER_BUDGET] == 0 || c->study->choice.finished)
        return;
    pthread_mutex_lock(&c->mutex);
    int32_t status = dpid_budget_keep(c->study, dpid_seconds_now() - c->start, &changed, &again);
    c->changed = c->changed || changed;
    c->again = c->again || again;
    pthread_mutex_unlock(&c->mutex);
    if (status == DEEPID_OK && changed)
        status = dpid_plan_keep(c->study, false);
    pthread_mutex_lock(&c->mutex);
    fail(c, status, deepid_ctx_error(c->study->head.ctx));
    pthread_cond_broadcast(&c->news);
    pthread_mutex_unlock(&c->mutex);
}

/* Wait for the workers, ten looks a second. */
static int32_t wait_for(crew *c, deepid_study_fn progress, void *user)
{
    int32_t code = 0;
    pthread_mutex_lock(&c->mutex);
    while (c->running > 0) {
        doze(c);
        pthread_mutex_unlock(&c->mutex);
        look_at_budget(c);
        if (code == 0)
            code = report(c, progress, user);
        if (code != 0)
            atomic_store(&c->study->stop, 1);
        pthread_mutex_lock(&c->mutex);
    }
    pthread_mutex_unlock(&c->mutex);
    return code == 0 ? report(c, progress, user) : code;
}

/* ---- the run ----------------------------------------------------------------------------------- */

static int64_t start_workers(crew *c, pthread_t *threads, int64_t workers)
{
    int64_t started = 0;
    for (; started < workers; started++) {
        pthread_mutex_lock(&c->mutex);
        c->running++;
        pthread_mutex_unlock(&c->mutex);
        if (pthread_create(&threads[started], NULL, work, c) == 0)
            continue;
        pthread_mutex_lock(&c->mutex);
        c->running--;
        pthread_mutex_unlock(&c->mutex);
        break;
    }
    return started;
}

static int32_t run_crew(crew *c, pthread_t *threads, int64_t workers, deepid_study_fn progress, void *user)
{
    deepid_ctx *ctx = c->study->head.ctx;
    dpid_heart heart;
    pthread_mutex_init(&c->mutex, NULL);
    dpid_cond_init(&c->news);
    dpid_heart_start(&heart, c->study, &c->mutex);
    const int64_t started = start_workers(c, threads, workers);
    const int32_t code = started > 0 ? wait_for(c, progress, user) : 0;
    for (int64_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    dpid_heart_stop(&heart);
    pthread_cond_destroy(&c->news);
    pthread_mutex_destroy(&c->mutex);
    if (started == 0)
        return dpid_fail(ctx, DEEPID_ERR_THREAD, "study: no thread could be started");
    if (c->status != DEEPID_OK && c->status != DEEPID_STOPPED)
        return dpid_fail(ctx, c->status, "%s", c->error);
    if (code != 0)
        return dpid_fail(ctx, DEEPID_ERR_CALLBACK, "the callback returned %d", code);
    if (atomic_load(&c->study->stop))
        return dpid_fail(ctx, DEEPID_STOPPED, "stopped with %lld of %lld tasks done",
                         (long long)deepid_study_tasks_done(c->study), (long long)c->study->tasks);
    return DEEPID_OK;
}

static int64_t prepare_crew(crew *c)
{
    deepid_study *study = c->study;
    int64_t remaining = 0;
    double all;
    c->held = -1;
    c->current = 0;
    dpid_study_want(study);
    dpid_budget_order(study);
    for (int64_t i = 0; i < study->tasks; i++)
        remaining += study->task[i].wanted && study->task[i].state != DPID_TASK_DONE;
    c->before = work_done(c, &all);
    return remaining;
}

static int32_t check_share(const deepid_study *study)
{
    const long long shard = dpid_study_int(study, DPID_NUMBER_SHARD);
    const long long shards = dpid_study_int(study, DPID_NUMBER_SHARDS);
    const long long task = dpid_study_int(study, DPID_NUMBER_TASK);
    if (shard >= shards)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: shard is %lld of %lld, expected 0 to %lld",
                         shard, shards, shards - 1);
    if (task >= study->tasks)
        return dpid_fail(study->head.ctx, DEEPID_ERR_ARGUMENT, "study: task is %lld, expected 0 to %lld, or -1 for all",
                         task, (long long)study->tasks - 1);
    return DEEPID_OK;
}

static void clear_claims(const deepid_study *study)
{
    for (int64_t i = 0; i < study->tasks; i++)
        if (study->task[i].state == DPID_TASK_DONE && !study->task[i].spared)
            dpid_task_clear_claim(study, &study->task[i]);
}

/* What there is to do now, by as many workers as that needs. */
static int32_t run_tasks(crew *c, deepid_study_fn progress, void *user)
{
    deepid_study *study = c->study;
    pthread_t *threads = NULL;
    const int64_t remaining = prepare_crew(c);
    const int64_t wished = dpid_budget_workers(study);
    const int64_t workers = wished < remaining ? wished : remaining;
    if (workers == 0)
        return DEEPID_OK;
    DPID_TRY(dpid_alloc(study->head.ctx, workers, sizeof *threads, "study", &threads));
    const int32_t status = run_crew(c, threads, workers, progress, user);
    dpid_free(study->head.ctx, threads);
    return status;
}

static bool all_done(const deepid_study *study)
{
    for (int64_t i = 0; i < study->tasks; i++)
        if (study->task[i].state != DPID_TASK_DONE)
            return false;
    return true;
}

/* The budget is spent, or buys all: from now on no clock decides. */
static int32_t finish_budget(deepid_study *study, double elapsed)
{
    study->choice.finished = true;
    study->choice.used = study->choice.spent + elapsed;
    DPID_TRY(dpid_plan_keep(study, false));
    return dpid_plan_say(study);
}

/* After a crew: the plan as the budget has it now. *more: there is something to do. */
static int32_t go_on(crew *c, bool *more)
{
    deepid_study *study = c->study;
    const double elapsed = dpid_seconds_now() - c->start;
    *more = c->again;
    if (c->changed)
        DPID_TRY(dpid_study_plan_again(study));
    c->changed = c->again = false;
    if (*more || !study->choice.made || study->choice.finished || !all_done(study))
        return DEEPID_OK;
    DPID_TRY(dpid_study_buy_more(study, elapsed, more));
    return *more ? dpid_plan_keep(study, false) : finish_budget(study, elapsed);
}

static int32_t run_all(crew *c, deepid_study_fn progress, void *user)
{
    int32_t status = DEEPID_OK;
    for (bool more = true; more && status == DEEPID_OK;) {
        status = run_tasks(c, progress, user);
        more = false;
        if (status == DEEPID_OK)
            status = go_on(c, &more);
        else if (c->changed) /* stopped: the error's sentence stays */
            (void)dpid_study_plan_again(c->study);
    }
    return status;
}

static int32_t study_run(deepid_study *study, deepid_study_fn progress, void *user)
{
    crew c = {.study = study};
    DPID_TRY(dpid_study_plan(study));
    DPID_TRY(check_share(study));
    if (study->folder) {
        DPID_TRY(dpid_study_make_folders(study));
        DPID_TRY(dpid_study_write_json(study, NULL));
    }
    c.start = dpid_seconds_now();
    const int32_t status = run_all(&c, progress, user);
    atomic_store(&study->stop, 0); /* asked for once, heard once, also when it came before the first task */
    clear_claims(study);
    return status;
}

int32_t deepid_study_run(deepid_study *study, deepid_study_fn progress, void *user)
{
    DPID_TRY(dpid_study_enter_to_change(study));
    study->at_work = true;
    const int32_t status = study_run(study, progress, user);
    study->at_work = false;
    return dpid_leave(study->head.ctx, status);
}
