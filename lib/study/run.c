/* Running a study: one net per core. Workers take tasks, dearest first; the caller's thread waits, and it alone calls back. */
#include "study/study.h"

#include "base/pool.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct deepid_study_event {
    int64_t tasks, done;
    double share, seconds, seconds_left;
    char text[160];
};

typedef struct {
    deepid_study *study;
    int64_t *order; /* tasks to do, dearest first */
    int64_t count;
    _Atomic int64_t next;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int32_t running; /* workers; under mutex */
    int32_t status;  /* first failure; under mutex */
    char error[DPID_ERROR_MAX];
    _Atomic int64_t current; /* the task that began last, for the text */
} crew;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- workers ------------------------------------------------------------------------------ */

static void finish(crew *c, int32_t status, const char *error)
{
    pthread_mutex_lock(&c->mutex);
    if (status != DEEPID_OK && c->status == DEEPID_OK) {
        c->status = status;
        snprintf(c->error, sizeof c->error, "%s", error);
        if (status != DEEPID_STOPPED)
            atomic_store(&c->study->stop, 2); /* the others end too */
    }
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

static void *work(void *arg)
{
    crew *c = arg;
    char error[DPID_ERROR_MAX] = "";
    for (;;) {
        const int64_t i = atomic_fetch_add(&c->next, 1);
        if (i >= c->count || atomic_load(&c->study->stop))
            break;
        dpid_task *task = &c->study->task[c->order[i]];
        if (!dpid_task_claim(c->study, task))
            continue;
        atomic_store(&c->current, task->task);
        const int32_t status = dpid_task_run(c->study, task, error, sizeof error);
        dpid_task_unclaim(c->study, task);
        finish(c, status, error);
        if (status != DEEPID_OK)
            break;
    }
    pthread_mutex_lock(&c->mutex);
    c->running--;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

/* ---- progress ------------------------------------------------------------------------------- */

/* A task costs about as much as its net is deep. */
static double cost_of(const dpid_task *task)
{
    return 2 + (double)task->net->depth;
}

static void describe(const crew *c, double seconds, deepid_study_event *event)
{
    double work = 0;
    double done = 0;
    *event = (deepid_study_event){.tasks = c->study->tasks, .seconds = seconds};
    for (int64_t i = 0; i < c->study->tasks; i++) {
        const dpid_task *task = &c->study->task[i];
        const double share = atomic_load(&((dpid_task *)task)->share);
        event->done += share >= 1;
        work += cost_of(task);
        done += share * cost_of(task);
    }
    double before = 0;
    for (int64_t i = 0; i < c->count; i++)
        before += cost_of(&c->study->task[c->order[i]]);
    before = work - before; /* done by earlier runs: costs no time now */
    event->share = done / work;
    event->seconds_left = done > before ? seconds * (work - done) / (done - before) : (double)NAN;
    const dpid_task *task = &c->study->task[atomic_load(&((crew *)c)->current)];
    snprintf(event->text, sizeof event->text, "%s K=%lld seed %llu", task->net->block, (long long)task->net->depth, (unsigned long long)task->seed);
}

static int32_t report(crew *c, deepid_study_fn progress, void *user, double start)
{
    deepid_study_event event;
    if (!progress)
        return DEEPID_OK;
    describe(c, now() - start, &event);
    const int32_t code = progress(user, &event);
    c->study->head.ctx->callback_code = code;
    return code;
}

/* Wait for the workers, ten looks a second. */
static int32_t wait_for(crew *c, deepid_study_fn progress, void *user)
{
    enum { LOOK_NANOSECONDS = 100000000, SECOND = 1000000000 };
    const double start = now();
    int32_t code = 0;
    pthread_mutex_lock(&c->mutex);
    while (c->running > 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_NANOSECONDS;
        until.tv_sec += until.tv_nsec / SECOND;
        until.tv_nsec %= SECOND;
        pthread_cond_timedwait(&c->changed, &c->mutex, &until);
        pthread_mutex_unlock(&c->mutex);
        if (code == 0)
            code = report(c, progress, user, start);
        if (code != 0)
            atomic_store(&c->study->stop, 1);
        pthread_mutex_lock(&c->mutex);
    }
    pthread_mutex_unlock(&c->mutex);
    return code == 0 ? report(c, progress, user, start) : code;
}

/* ---- the run ----------------------------------------------------------------------------------- */

/* Shell sort by cost, then by number: no library sort takes a context. */
static void sort_tasks(const deepid_study *study, int64_t *order, int64_t count)
{
    for (int64_t gap = count / 2; gap > 0; gap /= 2) {
        for (int64_t i = gap; i < count; i++) {
            const int64_t moved = order[i];
            const double cost = cost_of(&study->task[moved]);
            int64_t k = i;
            for (; k >= gap; k -= gap) {
                const double other = cost_of(&study->task[order[k - gap]]);
                if (other > cost || (other == cost && order[k - gap] < moved))
                    break;
                order[k] = order[k - gap];
            }
            order[k] = moved;
        }
    }
}

static void choose_tasks(const deepid_study *study, crew *c)
{
    for (int64_t i = 0; i < study->tasks; i++)
        if (!study->task[i].done && i % study->shards == study->shard)
            c->order[c->count++] = i;
    sort_tasks(study, c->order, c->count);
}

static int32_t run_crew(deepid_study *study, crew *c, pthread_t *threads, int64_t workers, deepid_study_fn progress, void *user)
{
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->changed, NULL);
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
    const int32_t code = started > 0 ? wait_for(c, progress, user) : 0;
    for (int64_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->mutex);
    if (started == 0 && workers > 0)
        return dpid_fail(study->head.ctx, DEEPID_ERR_THREAD, "study: no thread could be started");
    if (c->status != DEEPID_OK && c->status != DEEPID_STOPPED)
        return dpid_fail(study->head.ctx, c->status, "%s", c->error);
    if (code != 0)
        return dpid_fail(study->head.ctx, DEEPID_ERR_CALLBACK, "the callback returned %d", code);
    if (atomic_load(&study->stop))
        return dpid_fail(study->head.ctx, DEEPID_STOPPED, "stopped with %lld of %lld nets done", (long long)deepid_study_tasks_done(study), (long long)study->tasks);
    return DEEPID_OK;
}

static int32_t make_folders(const deepid_study *study)
{
    static const char *const folders[] = {"tasks", "nets"};
    for (int i = 0; i < 2; i++) {
        dpid_string path = {.ctx = study->head.ctx};
        dpid_string_format(&path, "%s/%s", study->folder, folders[i]);
        const int32_t status = path.status == DEEPID_OK ? dpid_folder_make(study->head.ctx, path.text) : path.status;
        dpid_string_release(&path);
        DPID_TRY(status);
    }
    return DEEPID_OK;
}

static int32_t study_run(deepid_study *study, deepid_study_fn progress, void *user)
{
    deepid_ctx *ctx = study->head.ctx;
    if (study->shard >= study->shards)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "study: shard is %lld of %lld, expected 0 to %lld", (long long)study->shard, (long long)study->shards, (long long)study->shards - 1);
    DPID_TRY(dpid_study_plan(study));
    if (study->folder) {
        DPID_TRY(make_folders(study));
        DPID_TRY(dpid_study_write_json(study, NULL));
    }
    dpid_arena arena = {.ctx = ctx};
    crew c = {.study = study};
    pthread_t *threads = NULL;
    int64_t workers = study->threads > 0 ? study->threads : dpid_cpu_count();
    atomic_store(&study->stop, 0);
    int32_t status = dpid_arena_alloc(&arena, study->tasks, sizeof *c.order, "study", &c.order);
    if (status == DEEPID_OK)
        status = dpid_arena_alloc(&arena, workers, sizeof *threads, "study", &threads);
    if (status == DEEPID_OK) {
        choose_tasks(study, &c);
        workers = workers < c.count ? workers : c.count;
        status = workers > 0 ? run_crew(study, &c, threads, workers, progress, user) : DEEPID_OK;
    }
    dpid_arena_release(&arena);
    return status;
}

int32_t deepid_study_run(deepid_study *study, deepid_study_fn progress, void *user)
{
    DPID_TRY(dpid_enter(study, DPID_MAGIC_STUDY));
    return dpid_leave(study->head.ctx, study_run(study, progress, user));
}

/* ---- events ---------------------------------------------------------------------------------------- */

int64_t deepid_study_event_tasks(const deepid_study_event *event)
{
    return event ? event->tasks : -1;
}

int64_t deepid_study_event_tasks_done(const deepid_study_event *event)
{
    return event ? event->done : -1;
}

double deepid_study_event_share(const deepid_study_event *event)
{
    return event ? event->share : (double)NAN;
}

double deepid_study_event_seconds(const deepid_study_event *event)
{
    return event ? event->seconds : (double)NAN;
}

double deepid_study_event_seconds_left(const deepid_study_event *event)
{
    return event ? event->seconds_left : (double)NAN;
}

const char *deepid_study_event_text(const deepid_study_event *event)
{
    return event ? event->text : "";
}
