/* The pool runs every task once, nests, survives oversubscription. Random numbers: known answers, uniformity, independence of streams. */
#include "support/support.h"

#include "base/base.h"

#include <math.h>

typedef struct {
    _Atomic int32_t times[257];
    dpid_pool *pool;
} tally;

static void count_one(void *arg, int64_t task, int32_t worker)
{
    tally *t = arg;
    (void)worker;
    atomic_fetch_add(&t->times[task], 1);
}

static void nest(void *arg, int64_t task, int32_t worker)
{
    tally *t = arg;
    (void)task;
    (void)worker;
    dpid_pool_run(t->pool, 257, count_one, t);
}

static void every_task_runs_once(void **state)
{
    (void)state;
    static const int32_t threads[] = {1, 2, 3, 7};
    for (int k = 0; k < 4; k++) {
        deepid_ctx *ctx = new_ctx(threads[k]);
        tally t = {.pool = dpid_ctx_pool(ctx)};
        for (int repeat = 1; repeat <= 500; repeat++) {
            dpid_pool_run(t.pool, 257, count_one, &t);
            for (int i = 0; i < 257; i++)
                if (t.times[i] != repeat)
                    fail_msg("%d threads, region %d: task %d ran %d times", threads[k], repeat, i, t.times[i]);
        }
        tally nested = {.pool = t.pool};
        dpid_pool_run(t.pool, 5, nest, &nested);
        for (int i = 0; i < 257; i++)
            assert_int_equal(nested.times[i], 5);
        deepid_ctx_destroy(ctx);
    }
}

/* Random123's kat_vectors, philox4x32 with 10 rounds: counter and key all ones */
static void philox_gives_its_known_answers(void **state)
{
    (void)state;
    /* our counter: block = counter / 2 in the low 64 bits, then stream, substream */
    const uint64_t low = dpid_random_at(0, 0, 0, 0);
    const uint64_t high = dpid_random_at(0, 0, 0, 1);
    assert_int_equal(low, UINT64_C(0xe169c58d6627e8d5));
    assert_int_equal(high, UINT64_C(0x9b00dbd8bc57ac4c));
}

static void numbers_are_uniform_normal_and_apart(void **state)
{
    (void)state;
    dpid_random r = dpid_random_make(3, DPID_STREAM_INIT, 1);
    double sum = 0;
    double squares = 0;
    int64_t bins[10] = {0};
    const int64_t n = 100000;
    for (int64_t i = 0; i < n; i++) {
        const double u = dpid_random_uniform(&r);
        assert_true(u > 0 && u < 1);
        bins[(int)(10 * u)]++;
        const double z = dpid_random_normal(&r);
        sum += z;
        squares += z * z;
    }
    double chi = 0;
    for (int i = 0; i < 10; i++)
        chi += pow((double)bins[i] - (double)n / 10, 2) / ((double)n / 10);
    assert_true(chi < 33); /* 9 degrees of freedom: p about 1e-4 */
    assert_true(fabs(sum / (double)n) < 4 / sqrt((double)n) && fabs(squares / (double)n - 1) < 4 * sqrt(2.0 / (double)n));
    dpid_random other = dpid_random_make(3, DPID_STREAM_ORDER, 1);
    dpid_random again = dpid_random_make(3, DPID_STREAM_INIT, 1);
    assert_true(dpid_random_bits(&other) != dpid_random_bits(&again));
    int64_t order[100];
    int64_t seen[100] = {0};
    dpid_random_permutation(&r, 100, order);
    for (int i = 0; i < 100; i++)
        seen[order[i]]++;
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(philox_gives_its_known_answers),
        cmocka_unit_test(numbers_are_uniform_normal_and_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
