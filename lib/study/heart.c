/* The heart of a run: a thread that writes a beat into the claim of every task at work, so that other processes see
   that this one lives. It also watches the claims of others, so that their silence is known when a worker gets free,
   and ends a task that another process has published meanwhile: that result is as good, and is read. */
#include "study/study.h"

#include "base/numbers.h"

#include <time.h>

void dpid_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

void dpid_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, double seconds)
{
    const int64_t second = 1000000000;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const int64_t nanoseconds = until.tv_nsec + (int64_t)(seconds * (double)second);
    until.tv_sec += nanoseconds / second;
    until.tv_nsec = nanoseconds % second;
    pthread_cond_timedwait(cond, mutex, &until);
}

/* The task goes on as long as nobody has its result. The lock is not held while files are asked: NFS can hang. */
static void beat_for(dpid_heart *heart, dpid_task *task)
{
    const dpid_beat beat = task->beat;
    task->beat.beats++;
    pthread_mutex_unlock(heart->mutex);
    dpid_claim_beat(heart->study, &beat);
    const bool published = dpid_result_exists(heart->study, beat.name);
    pthread_mutex_lock(heart->mutex);
    if (published && task->state == DPID_TASK_RUNNING && task->beat.token == beat.token)
        atomic_store(&task->elsewhere, true);
}

static void beat(dpid_heart *heart)
{
    deepid_study *study = heart->study;
    dpid_study_ask_anew(study);
    for (int64_t i = 0; i < study->tasks && !heart->end; i++) {
        dpid_task *task = &study->task[i];
        if (task->state == DPID_TASK_RUNNING)
            beat_for(heart, task);
        else if (task->held && task->state == DPID_TASK_WAITING)
            dpid_task_watch(study, task);
    }
}

static void *live(void *arg)
{
    dpid_heart *heart = arg;
    const double every = dpid_beat_seconds(heart->study);
    pthread_mutex_lock(heart->mutex);
    for (double next = dpid_seconds_now() + every; !heart->end;) {
        const double left = next - dpid_seconds_now();
        if (left > 0) {
            dpid_cond_wait(&heart->news, heart->mutex, left);
            continue;
        }
        next = dpid_seconds_now() + every;
        beat(heart);
    }
    pthread_mutex_unlock(heart->mutex);
    return NULL;
}

void dpid_heart_start(dpid_heart *heart, deepid_study *study, pthread_mutex_t *mutex)
{
    *heart = (dpid_heart){.study = study, .mutex = mutex};
    if (!study->folder)
        return;
    dpid_cond_init(&heart->news);
    heart->beats = pthread_create(&heart->thread, NULL, live, heart) == 0;
    if (!heart->beats)
        pthread_cond_destroy(&heart->news);
}

void dpid_heart_stop(dpid_heart *heart)
{
    if (!heart->beats)
        return;
    pthread_mutex_lock(heart->mutex);
    heart->end = true;
    pthread_cond_broadcast(&heart->news);
    pthread_mutex_unlock(heart->mutex);
    pthread_join(heart->thread, NULL);
    pthread_cond_destroy(&heart->news);
}
