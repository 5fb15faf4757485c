/* The pool: every task once, none outside its region, for any number of threads and however busy the machine is. */
#include "support/support.h"

#include "base/base.h"

#include <pthread.h>
#include <sched.h>

typedef struct {
    _Atomic int32_t *times;
    _Atomic int64_t *inside; /* by worker: how many tasks it is in */
    int64_t tasks;
    int32_t workers;
    _Atomic int64_t wrong;
} count;

static void once(void *arg, int64_t task, int32_t worker)
{
    count *c = arg;
    if (task < 0 || task >= c->tasks || worker < 0 || worker >= c->workers ||
        atomic_fetch_add(&c->inside[worker], 1) != 0) {
        atomic_fetch_add(&c->wrong, 1);
        return;
    }
    atomic_fetch_add(&c->times[task], 1);
    atomic_fetch_sub(&c->inside[worker], 1);
}

static void expect_once(dpid_pool *pool, int64_t tasks)
{
    count c = {.tasks = tasks, .workers = dpid_pool_workers(pool)};
    c.times = calloc((size_t)tasks + 1, sizeof *c.times);
    c.inside = calloc((size_t)c.workers, sizeof *c.inside);
    dpid_pool_run(pool, tasks, once, &c);
    assert_int_equal(c.wrong, 0);
    for (int64_t i = 0; i < tasks; i++)
        if (c.times[i] != 1)
            fail_msg("task %lld of %lld ran %d times with %d workers", (long long)i, (long long)tasks, c.times[i],
                     c.workers);
    free(c.times);
    free(c.inside);
}

static void every_task_runs_exactly_once(void **state)
{
    (void)state;
    const int32_t threads[] = {1, 2, 3, 4, 7, 16};
    const int64_t tasks[] = {0, 1, 2, 3, 5, 8, 100, 1009};
    expect_once(NULL, 100);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        deepid_ctx *ctx = new_ctx(threads[i]);
        dpid_pool *pool = dpid_ctx_pool(ctx);
        assert_true(dpid_pool_workers(pool) == threads[i]);
        for (size_t j = 0; j < sizeof tasks / sizeof *tasks; j++)
            for (int repeat = 0; repeat < 20; repeat++)
                expect_once(pool, tasks[j]);
        deepid_ctx_destroy(ctx);
    }
}

/* ---- many short regions: each must see what the last one left ------------------------------- */

typedef struct {
    int64_t *values;
    int64_t round;
    _Atomic int64_t wrong;
} relay;

static void pass_on(void *arg, int64_t task, int32_t worker)
{
    relay *r = arg;
    (void)worker;
    if (r->values[task] != r->round)
        atomic_fetch_add(&r->wrong, 1);
    r->values[task] = r->round + 1;
}

static void regions_follow_each_other_without_a_gap(void **state)
{
    (void)state;
    enum { REGIONS = 20000 };
    const int32_t threads[] = {2, 4, 9};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        deepid_ctx *ctx = new_ctx(threads[i]);
        dpid_pool *pool = dpid_ctx_pool(ctx);
        int64_t values[8] = {0};
        relay r = {.values = values};
        for (; r.round < REGIONS; r.round++)
            dpid_pool_run(
                pool, 2 + r.round % 7, pass_on,
                &(relay){.values = (int64_t[8]){r.round, r.round, r.round, r.round, r.round, r.round, r.round, r.round},
                         .round = r.round});
        r.round = 0;
        for (; r.round < REGIONS; r.round++)
            dpid_pool_run(pool, 8, pass_on, &r);
        assert_int_equal(r.wrong, 0);
        deepid_ctx_destroy(ctx);
    }
}

static void sleeping_workers_wake_up(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(3);
    dpid_pool *pool = dpid_ctx_pool(ctx);
    for (int i = 0; i < 30; i++) {
        const struct timespec nap = {0, 2000000}; /* far longer than they spin */
        nanosleep(&nap, NULL);
        expect_once(pool, 9);
    }
    deepid_ctx_destroy(ctx);
}

/* ---- regions inside regions --------------------------------------------------------------------- */

typedef struct {
    dpid_pool *pool;
    dpid_pool *other;
    int32_t workers;
    _Atomic int64_t arrived, done, wrong;
    int64_t scratch[16]; /* by worker, without a lock: two tasks of one worker number at once would lose a count */
} nest;

static _Thread_local int32_t outer_worker;

static void inner(void *arg, int64_t task, int32_t worker)
{
    nest *n = arg;
    (void)task;
    if (worker != outer_worker)
        atomic_fetch_add(&n->wrong, 1);
    n->scratch[worker]++;
    atomic_fetch_add(&n->done, 1);
}

static void inner_alone(void *arg, int64_t task, int32_t worker)
{
    nest *n = arg;
    (void)task;
    if (worker != 0)
        atomic_fetch_add(&n->wrong, 1);
    atomic_fetch_add(&n->done, 1);
}

static void outer(void *arg, int64_t task, int32_t worker)
{
    nest *n = arg;
    (void)task;
    outer_worker = worker;
    atomic_fetch_add(&n->arrived, 1);
    while (atomic_load(&n->arrived) < n->workers) /* so that every worker has a task */
        sched_yield();
    dpid_pool_run(n->pool, 10, inner, n);
    dpid_pool_run(NULL, 10, inner_alone, n); /* a region without a pool has one worker, number 0 */
    dpid_pool_run(n->other, 1, inner_alone, n);
}

static void a_region_inside_a_region_keeps_its_workers_number(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(4);
    nest n = {.pool = dpid_ctx_pool(ctx), .workers = 4};
    dpid_pool_run(n.pool, 1000, outer, &n);
    assert_int_equal(n.wrong, 0);
    assert_int_equal(n.done, 21 * 1000);
    int64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        assert_true(n.scratch[i] > 0);
        sum += n.scratch[i];
    }
    assert_int_equal(sum, 10 * 1000);
    deepid_ctx_destroy(ctx);
}

/* ---- side by side ---------------------------------------------------------------------------------- */

static void *one_context(void *arg)
{
    (void)arg;
    deepid_ctx *ctx = new_ctx(3);
    for (int i = 0; i < 300; i++)
        expect_once(dpid_ctx_pool(ctx), 1 + i % 40);
    for (int i = 0; i < 20; i++) { /* another number of threads, between calls, any time */
        OK(deepid_ctx_set_threads(ctx, 1 + i % 5));
        expect_once(dpid_ctx_pool(ctx), 50);
    }
    deepid_ctx_destroy(ctx);
    return NULL;
}

static void contexts_work_side_by_side_on_too_few_cores(void **state)
{
    (void)state;
    enum { CONTEXTS = 6 };
    pthread_t threads[CONTEXTS];
    for (int i = 0; i < CONTEXTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one_context, NULL), 0);
    for (int i = 0; i < CONTEXTS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- no memory, no threads ------------------------------------------------------------------------------ */

static void without_memory_for_a_pool_the_caller_works_alone(void **state)
{
    (void)state;
    failing_alloc heap = {0};
    deepid_ctx *ctx = NULL;
    assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, &heap, &ctx), DEEPID_OK);
    OK(deepid_ctx_set_threads(ctx, 4));
    for (int64_t k = 1; k <= 3; k++) {
        heap.calls = 0;
        heap.fail_at = k;
        assert_null(dpid_ctx_pool(ctx));
        expect_once(dpid_ctx_pool(ctx), 0);
        assert_int_equal(heap.live, dpid_pool_workers(ctx->pool) == 1 ? 1 : 4);
        OK(deepid_ctx_set_threads(ctx, 4));
    }
    heap.fail_at = 0;
    assert_int_equal(dpid_pool_workers(dpid_ctx_pool(ctx)), 4);
    deepid_ctx_destroy(ctx);
    assert_int_equal(heap.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_exactly_once),
        cmocka_unit_test(regions_follow_each_other_without_a_gap),
        cmocka_unit_test(sleeping_workers_wake_up),
        cmocka_unit_test(a_region_inside_a_region_keeps_its_workers_number),
        cmocka_unit_test(contexts_work_side_by_side_on_too_few_cores),
        cmocka_unit_test(without_memory_for_a_pool_the_caller_works_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
