/* Threads that take tickets. A region is published by one counter; workers spin briefly, then sleep on a futex-like condition. */
#include "base/pool.h"

#include "base/memory.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>

enum { SPINS = 2000, WORKERS_MAX = 1024 }; /* about 20 to 50 microseconds of pauses */

struct dpid_pool {
    deepid_ctx *ctx;
    int32_t workers; /* the caller included */
    pthread_t *thread;
    struct start *start;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    _Atomic int32_t sleeping;
    /* the region */
    dpid_task_fn fn;
    void *arg;
    int64_t tasks;
    _Atomic uint64_t region; /* one more for each region; the lowest bit of nothing: plain count */
    _Atomic int64_t ticket;
    _Atomic int32_t busy; /* workers that have not left the region yet */
    atomic_bool stop;
    bool running; /* only the owner of the context reads and writes it */
};

typedef struct start {
    dpid_pool *pool;
    int32_t worker;
} start;

static _Thread_local bool inside_region;

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    sched_yield();
#endif
}

static void take_tickets(dpid_pool *pool, int32_t worker)
{
    for (;;) {
        const int64_t task = atomic_fetch_add_explicit(&pool->ticket, 1, memory_order_relaxed);
        if (task >= pool->tasks)
            return;
        pool->fn(pool->arg, task, worker);
    }
}

/* Returns the number of the next region, or `seen` when the pool stops. */
static uint64_t wait_for_region(dpid_pool *pool, uint64_t seen)
{
    for (int32_t i = 0; i < SPINS; i++) {
        const uint64_t now = atomic_load_explicit(&pool->region, memory_order_acquire);
        if (now != seen || atomic_load_explicit(&pool->stop, memory_order_relaxed))
            return now;
        pause_briefly();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleeping, 1);
    while (atomic_load(&pool->region) == seen && !atomic_load(&pool->stop))
        pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->mutex);
    return atomic_load_explicit(&pool->region, memory_order_acquire);
}

static void *work(void *arg)
{
    const start *s = arg;
    dpid_pool *pool = s->pool;
    fesetenv(FE_DFL_ENV);
    inside_region = true;
    for (uint64_t seen = 0;;) {
        const uint64_t now = wait_for_region(pool, seen);
        if (now == seen)
            return NULL;
        seen = now;
        take_tickets(pool, s->worker);
        atomic_fetch_sub_explicit(&pool->busy, 1, memory_order_release);
    }
}

static void run_here(int64_t tasks, dpid_task_fn fn, void *arg)
{
    for (int64_t task = 0; task < tasks; task++)
        fn(arg, task, 0);
}

static void publish(dpid_pool *pool)
{
    atomic_fetch_add(&pool->region, 1);
    if (atomic_load(&pool->sleeping) == 0)
        return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

/* Spin for the others; when the machine is oversubscribed give them the core. */
static void wait_for_workers(dpid_pool *pool)
{
    for (int32_t i = 0; atomic_load_explicit(&pool->busy, memory_order_acquire) > 0; i++) {
        if (i < SPINS)
            pause_briefly();
        else
            sched_yield();
    }
}

void dpid_pool_run(dpid_pool *pool, int64_t tasks, dpid_task_fn fn, void *arg)
{
    if (!pool || pool->workers == 1 || tasks <= 1 || inside_region || pool->running) {
        run_here(tasks, fn, arg);
        return;
    }
    pool->running = true;
    pool->fn = fn;
    pool->arg = arg;
    pool->tasks = tasks;
    atomic_store_explicit(&pool->ticket, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->busy, pool->workers - 1, memory_order_relaxed);
    publish(pool);
    take_tickets(pool, 0);
    wait_for_workers(pool);
    pool->running = false;
}

int32_t dpid_pool_workers(const dpid_pool *pool)
{
    return pool ? pool->workers : 1;
}

int32_t dpid_pool_create(deepid_ctx *ctx, int32_t threads, dpid_pool **out)
{
    dpid_pool *pool = NULL;
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *pool, "thread pool", &pool));
    pool->ctx = ctx;
    pool->workers = 1;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    int32_t status = dpid_alloc(ctx, threads, sizeof *pool->thread, "thread pool", &pool->thread);
    if (status == DEEPID_OK)
        status = dpid_alloc(ctx, threads, sizeof *pool->start, "thread pool", &pool->start);
    if (status != DEEPID_OK) {
        dpid_pool_destroy(pool);
        return status;
    }
    for (int32_t i = 1; i < threads; i++) {
        pool->start[i] = (start){pool, i};
        if (pthread_create(&pool->thread[i], NULL, work, &pool->start[i]) != 0)
            break; /* fewer workers do the same work */
        pool->workers++;
    }
    *out = pool;
    return DEEPID_OK;
}

void dpid_pool_destroy(dpid_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->stop, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (int32_t i = 1; i < pool->workers; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    deepid_ctx *ctx = pool->ctx;
    dpid_free(ctx, pool->start);
    dpid_free(ctx, pool->thread);
    dpid_free(ctx, pool);
}

/* cgroup v2 "max 100000" or "150000 100000": quota and period in microseconds. */
static int32_t cgroup_cpus(void)
{
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (!file)
        return WORKERS_MAX;
    char line[64] = "";
    const bool got = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    int64_t quota = 0;
    int64_t period = 0;
    const char *p = line;
    for (; got && *p >= '0' && *p <= '9' && quota < INT32_MAX; p++)
        quota = quota * 10 + (*p - '0');
    for (p += *p == ' '; *p >= '0' && *p <= '9' && period < INT32_MAX; p++)
        period = period * 10 + (*p - '0');
    return quota > 0 && period > 0 ? (int32_t)((quota + period - 1) / period) : WORKERS_MAX;
}

int32_t dpid_cpu_count(void)
{
    cpu_set_t set;
    const int32_t allowed = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    const int32_t quota = cgroup_cpus();
    const int32_t count = allowed < quota ? allowed : quota;
    return count < 1 ? 1 : count;
}
