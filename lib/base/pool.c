/* Threads that take tickets. A region's tasks lie in ranges, each with a count of the tasks that are left. Whoever
   lowers the count by one owns that task. A worker begins with a range of its own, so that from region to region it
   works on what is in its cache; then it takes what is left in the other ranges. The caller takes tickets too, and
   waits only for tickets that somebody holds. So a worker that sleeps, or that the system does not run, holds nobody
   up. */
#include "base/pool.h"

#include "base/blas_memory.h"
#include "base/memory.h"

#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <unistd.h>

enum { SPINS = 2000, WORKERS_MAX = 1024, RANGES_MAX = 16 }; /* spins: about 20 to 50 microseconds of pauses */

typedef struct start {
    dpid_pool *pool;
    int32_t worker;
    void *blas;
} start;

/* Tasks end - left .. end - 1 have no owner; left is below 0 when some asked in vain. What a worker needs for them
   stands in the same cache line, written by the caller while no ticket is out. */
typedef struct {
    alignas(DPID_ALIGN) _Atomic int64_t left;
    int64_t end;
    dpid_task_fn fn;
    void *arg;
} range;

struct dpid_pool {
    deepid_ctx *ctx;
    int32_t threads, workers; /* the caller included: asked for, and there */
    pthread_t *thread;
    start *start;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    _Atomic int32_t sleeping;
    atomic_bool stop;
    int32_t ranges; /* workers / ranges share one */
    range range[RANGES_MAX];
    alignas(DPID_ALIGN) _Atomic uint64_t region; /* one more for each region */
    alignas(DPID_ALIGN) _Atomic int64_t done;
};

/* The region that this thread is inside of: one inside it runs here, with the same worker's number, because what
   belongs to a worker belongs to its thread. */
static _Thread_local struct {
    const dpid_pool *pool;
    int32_t worker;
} here;

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    sched_yield();
#endif
}

/* ---- a region -------------------------------------------------------------------------- */

/* Whoever gets a count above 0 owns that task of the region at work, which cannot end before `done` has counted it. */
static int64_t take_from(range *r, int32_t worker)
{
    int64_t mine = 0;
    while (atomic_load_explicit(&r->left, memory_order_relaxed) > 0) {
        const int64_t left = atomic_fetch_sub_explicit(&r->left, 1, memory_order_acquire);
        if (left <= 0)
            break;
        r->fn(r->arg, r->end - left, worker);
        mine++;
    }
    return mine;
}

static void take_tickets(dpid_pool *pool, int32_t worker)
{
    const int32_t own = (int32_t)((int64_t)worker * pool->ranges / pool->workers);
    int64_t mine = 0;
    for (int32_t k = 0; k < pool->ranges; k++)
        mine += take_from(&pool->range[(own + k) % pool->ranges], worker);
    if (mine > 0)
        atomic_fetch_add_explicit(&pool->done, mine, memory_order_release);
}

static void run_here(const dpid_pool *pool, int64_t tasks, dpid_task_fn fn, void *arg)
{
    const int32_t worker = pool && here.pool == pool ? here.worker : 0;
    for (int64_t task = 0; task < tasks; task++)
        fn(arg, task, worker);
}

/* Fills the ranges, opens the region, wakes who sleeps. A worker counts itself as sleeping before it looks at
   `region` a last time, so none is missed. */
static void publish(dpid_pool *pool, int64_t tasks, dpid_task_fn fn, void *arg)
{
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    for (int64_t r = 0, first = 0; r < pool->ranges; r++) {
        range *to = &pool->range[r];
        to->fn = fn;
        to->arg = arg;
        to->end = tasks / pool->ranges * (r + 1) + tasks % pool->ranges * (r + 1) / pool->ranges;
        atomic_store_explicit(&to->left, to->end - first, memory_order_release);
        first = to->end;
    }
    atomic_fetch_add(&pool->region, 1);
    if (atomic_load(&pool->sleeping) == 0)
        return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

/* Spin for the tickets that are out; when that takes long the machine may be oversubscribed: give the core away. */
static void wait_for_tickets(dpid_pool *pool, int64_t tasks)
{
    for (int32_t i = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < tasks;) {
        if (i < SPINS) {
            pause_briefly();
            i++;
        } else {
            sched_yield();
        }
    }
}

void dpid_pool_run(dpid_pool *pool, int64_t tasks, dpid_task_fn fn, void *arg)
{
    if (!pool || pool->workers == 1 || tasks <= 1 || here.pool) {
        run_here(pool, tasks, fn, arg);
        return;
    }
    here.pool = pool;
    here.worker = 0;
    publish(pool, tasks, fn, arg);
    take_tickets(pool, 0);
    wait_for_tickets(pool, tasks);
    here.pool = NULL;
}

/* ---- workers ------------------------------------------------------------------------------ */

/* Returns the number of the latest region, or `seen` when the pool stops. */
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
    dpid_blas_use(s->blas);
    here.pool = pool;
    here.worker = s->worker;
    for (uint64_t seen = 0;;) {
        const uint64_t now = wait_for_region(pool, seen);
        if (now == seen)
            return NULL;
        seen = now;
        take_tickets(pool, s->worker);
    }
}

/* Workers are born with every signal blocked: the host's handlers run on the host's threads. */
static void start_workers(dpid_pool *pool, int32_t threads)
{
    sigset_t all;
    sigset_t callers;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &callers);
    for (int32_t i = 1; i < threads; i++) {
        start *s = &pool->start[i];
        *s = (start){pool, i, NULL};
        if (!dpid_blas_take(&s->blas) || pthread_create(&pool->thread[i], NULL, work, s) != 0)
            break; /* fewer workers do the same work */
        pool->workers++;
    }
    pthread_sigmask(SIG_SETMASK, &callers, NULL);
    pool->ranges = pool->workers < RANGES_MAX ? pool->workers : RANGES_MAX;
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
    pool->threads = threads;
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
    start_workers(pool, threads);
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
    for (int32_t i = 1; pool->start && i < pool->threads; i++)
        dpid_blas_give(pool->start[i].blas);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    deepid_ctx *ctx = pool->ctx;
    dpid_free(ctx, pool->start);
    dpid_free(ctx, pool->thread);
    dpid_free(ctx, pool);
}
