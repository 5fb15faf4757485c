/* The context: who may enter, what a sentence looks like, and that the host's state is its own again afterwards. */
#include "support/support.h"

#include "base/base.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- create, destroy, wrong arguments --------------------------------------------------- */

static void create_needs_a_place_for_its_result(void **state)
{
    (void)state;
    deepid_ctx *ctx = NULL;
    assert_int_equal(deepid_ctx_create(NULL), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_ctx_create_with_allocator(NULL, failing_alloc_give, NULL, &ctx), DEEPID_ERR_ARGUMENT);
    assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, NULL, NULL, &ctx), DEEPID_ERR_ARGUMENT);
    assert_null(ctx);
    failing_alloc heap = {.fail_at = 1};
    assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, &heap, &ctx),
                     DEEPID_ERR_MEMORY);
    assert_null(ctx);
    deepid_ctx_destroy(NULL);
}

static void null_and_wrong_handles_are_refused_by_every_function(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_table *table = NULL;
    OK(deepid_table_create(ctx, "row", "a", &table));
    deepid_ctx *const wrong[] = {NULL, (deepid_ctx *)(void *)table};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(deepid_ctx_set_threads(wrong[i], 1), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_ctx_set_log(wrong[i], NULL, NULL), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_ctx_set_limit(wrong[i], "layers", 1), DEEPID_ERR_ARGUMENT);
        assert_int_equal(deepid_ctx_limit(wrong[i], "layers"), -1);
        assert_int_equal(deepid_ctx_threads(wrong[i]), 0);
        assert_int_equal(deepid_ctx_memory(wrong[i]), 0);
        assert_int_equal(deepid_ctx_callback_code(wrong[i]), 0);
        assert_string_equal(deepid_ctx_error(wrong[i]), "");
        deepid_ctx_destroy(wrong[i]);
    }
    deepid_table_destroy(table);
    deepid_ctx_destroy(ctx);
}

static void a_new_context_has_no_sentence_and_holds_nothing(void **state)
{
    (void)state;
    deepid_ctx *ctx = NULL;
    assert_int_equal(deepid_ctx_create(&ctx), DEEPID_OK);
    assert_string_equal(deepid_ctx_error(ctx), "");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    assert_true(deepid_ctx_threads(ctx) >= 1);
    deepid_ctx_destroy(ctx);
}

/* ---- settings ------------------------------------------------------------------------------ */

static void threads_are_checked_and_zero_means_all(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(3);
    assert_int_equal(deepid_ctx_threads(ctx), 3);
    REFUSED(deepid_ctx_set_threads(ctx, -1), DEEPID_ERR_ARGUMENT, "threads is -1, expected 0 to 1024");
    REFUSED(deepid_ctx_set_threads(ctx, 1025), DEEPID_ERR_ARGUMENT, "threads is 1025, expected 0 to 1024");
    assert_int_equal(deepid_ctx_threads(ctx), 3);
    OK(deepid_ctx_set_threads(ctx, 0));
    assert_int_equal(deepid_ctx_threads(ctx), dpid_cpu_count());
    OK(dpid_enter(ctx, DPID_MAGIC_CTX));
    REFUSED(deepid_ctx_set_threads(ctx, 1), DEEPID_ERR_STATE, "while the context is at work");
    OK(dpid_leave(ctx, DEEPID_OK));
    deepid_ctx_destroy(ctx);
}

static void limits_go_by_name(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *const names[] = {"memory_bytes", "tensor_elements", "file_bytes",
                                 "header_bytes", "text_bytes",      "layers"};
    for (int64_t i = 0; i < 6; i++) {
        assert_true(deepid_ctx_limit(ctx, names[i]) > 0);
        OK(deepid_ctx_set_limit(ctx, names[i], 1000 + i));
    }
    for (int64_t i = 0; i < 6; i++)
        assert_int_equal(deepid_ctx_limit(ctx, names[i]), 1000 + i);
    REFUSED(deepid_ctx_set_limit(ctx, "colour", 5), DEEPID_ERR_ARGUMENT,
            "unknown limit 'colour'; known: memory_bytes, ");
    REFUSED(deepid_ctx_set_limit(ctx, NULL, 5), DEEPID_ERR_ARGUMENT, "unknown limit 'NULL'");
    REFUSED(deepid_ctx_set_limit(ctx, "layers", 0), DEEPID_ERR_ARGUMENT, "limit layers is 0, expected 1 or more");
    assert_int_equal(deepid_ctx_limit(ctx, "layers"), 1005);
    assert_int_equal(deepid_ctx_limit(ctx, "colour"), -1);
    assert_int_equal(deepid_ctx_limit(ctx, NULL), -1);
    deepid_ctx_destroy(ctx);
}

/* ---- sentences -------------------------------------------------------------------------------- */

static void a_sentence_stays_one_line_of_utf8_within_512_bytes(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    assert_int_equal(dpid_fail(ctx, DEEPID_ERR_IO, "cannot read '%s'",
                               "a\nb\tc\x01"
                               "d\xff"
                               "e\xc3"),
                     DEEPID_ERR_IO);
    assert_string_equal(deepid_ctx_error(ctx), "cannot read 'a b c?d?e?'");
    (void)dpid_fail(ctx, DEEPID_ERR_IO,
                    "Gr\xc3\xb6\xc3\x9f"
                    "e");
    assert_string_equal(deepid_ctx_error(ctx), "Gr\xc3\xb6\xc3\x9f"
                                               "e");
    for (int shift = 0; shift < 4; shift++) { /* a cut never leaves half a character, wherever it falls */
        char text[700] = "abc";
        text[shift] = 0;
        for (int i = 0; i < 160; i++)
            strcat(text, "\xf0\x9d\x92\xb3");
        (void)dpid_fail(ctx, DEEPID_ERR_IO, "%s", text);
        const char *sentence = deepid_ctx_error(ctx);
        assert_true(strlen(sentence) < 512 && strlen(sentence) >= 508);
        assert_int_equal((strlen(sentence) - (size_t)shift) % 4, 0);
        assert_null(strchr(sentence, '?'));
    }
    (void)dpid_fail(ctx, DEEPID_ERR_IO, "inner");
    (void)dpid_fail(ctx, DEEPID_ERR_IO, "outer: %s", deepid_ctx_error(ctx)); /* may quote the old one */
    assert_string_equal(deepid_ctx_error(ctx), "outer: inner");
    assert_int_equal(dpid_fail(NULL, DEEPID_ERR_IO, "nobody hears"), DEEPID_ERR_IO);
    deepid_ctx_destroy(ctx);
}

static void keep_line(void *user, int32_t level, const char *line)
{
    snprintf(user, 100, "%d %s", level, line);
}

static void the_log_callback_gets_whole_lines(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char kept[100] = "";
    dpid_log(ctx, 1, "to nobody");
    OK(deepid_ctx_set_log(ctx, keep_line, kept));
    dpid_log(ctx, 2, "step %d\nof %d", 3, 7);
    assert_string_equal(kept, "2 step 3 of 7");
    OK(deepid_ctx_set_log(ctx, NULL, NULL));
    dpid_log(ctx, 2, "to nobody");
    assert_string_equal(kept, "2 step 3 of 7");
    deepid_ctx_destroy(ctx);
}

/* ---- one thread at a time ------------------------------------------------------------------------ */

static void *try_to_enter(void *arg)
{
    deepid_ctx *ctx = arg;
    deepid_table *table = NULL;
    static int32_t status;
    status = deepid_table_create(ctx, "row", "a", &table);
    if (status == DEEPID_ERR_BUSY && !strstr(deepid_ctx_error(ctx), "another thread is using this context"))
        status = -1;
    deepid_table_destroy(table);
    return &status;
}

static int32_t from_another_thread(deepid_ctx *ctx)
{
    pthread_t thread;
    void *status = NULL;
    assert_int_equal(pthread_create(&thread, NULL, try_to_enter, ctx), 0);
    assert_int_equal(pthread_join(thread, &status), 0);
    return *(int32_t *)status;
}

static void a_second_thread_is_told_busy_and_may_come_later(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(2);
    OK(dpid_enter(ctx, DPID_MAGIC_CTX));
    OK(dpid_enter(ctx, DPID_MAGIC_CTX)); /* the same thread may */
    assert_int_equal(from_another_thread(ctx), DEEPID_ERR_BUSY);
    OK(dpid_leave(ctx, DEEPID_OK));
    assert_int_equal(from_another_thread(ctx), DEEPID_ERR_BUSY);
    assert_int_equal(dpid_leave(ctx, DEEPID_ERR_SHAPE), DEEPID_ERR_SHAPE);
    assert_int_equal(from_another_thread(ctx), DEEPID_OK);
    assert_string_equal(deepid_ctx_error(ctx), "");
    deepid_ctx_destroy(ctx);
}

enum { ROUNDS = 20000 };

static void *hammer(void *arg)
{
    deepid_ctx *ctx = arg;
    static _Atomic int64_t inside;
    int64_t entered = 0;
    for (int64_t i = 0; i < ROUNDS; i++) {
        const int32_t status = dpid_enter(ctx, DPID_MAGIC_CTX);
        if (status == DEEPID_ERR_BUSY)
            continue;
        entered += atomic_fetch_add(&inside, 1) == 0 ? 1 : -1000000;
        atomic_fetch_sub(&inside, 1);
        (void)dpid_leave(ctx, status);
    }
    return (void *)(intptr_t)entered;
}

static void two_threads_are_never_inside_at_once(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, ctx), 0);
    int64_t entered = 0;
    for (int i = 0; i < 3; i++) {
        void *count = NULL;
        pthread_join(threads[i], &count);
        entered += (intptr_t)count;
    }
    assert_true(entered > 0 && entered <= 3 * ROUNDS);
    deepid_ctx_destroy(ctx);
}

/* ---- fork ------------------------------------------------------------------------------------------ */

static void nothing(void *arg, int64_t task, int32_t worker)
{
    (void)arg;
    (void)task;
    (void)worker;
}

#ifdef __SANITIZE_THREAD__
enum { CHILD_THREADS = 1 }; /* the thread sanitizer cannot follow a child that starts threads */
#else
enum { CHILD_THREADS = 3 };
#endif

/* The child's answers as bits of its exit code. */
static int ask_child(deepid_ctx *ctx)
{
    deepid_ctx *own = NULL;
    int wrong = deepid_ctx_set_limit(ctx, "layers", 5) == DEEPID_ERR_FORKED ? 0 : 1;
    wrong |= strstr(deepid_ctx_error(ctx), "parent process") ? 0 : 2;
    deepid_ctx_destroy(ctx); /* must not wait for threads that are not here */
    wrong |= deepid_ctx_create(&own) == DEEPID_OK && deepid_ctx_set_threads(own, CHILD_THREADS) == DEEPID_OK ? 0 : 4;
    dpid_pool_run(dpid_ctx_pool(own), 100, nothing, NULL);
    deepid_ctx_destroy(own);
    return wrong;
}

static void a_forked_child_is_refused_and_can_make_its_own(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(3);
    dpid_pool_run(dpid_ctx_pool(ctx), 100, nothing, NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20);
        _exit(ask_child(ctx));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("the child ended with status %#x (exit code bits: 1 not refused, 2 no sentence, 4 no own context)",
                 (unsigned)status);
    OK(deepid_ctx_set_limit(ctx, "layers", 5)); /* the parent goes on */
    dpid_pool_run(dpid_ctx_pool(ctx), 100, nothing, NULL);
    deepid_ctx_destroy(ctx);
}

/* ---- the host's floating-point environment and signals --------------------------------------------------- */

/* As many tasks as workers, each waiting for all the others: so every worker has one. */
typedef struct {
    _Atomic int32_t arrived;
    int32_t workers;
    int rounding[16];
    int interrupted[16]; /* SIGINT is not blocked */
} meeting;

static void meet(void *arg, int64_t task, int32_t worker)
{
    meeting *m = arg;
    sigset_t set;
    (void)task;
    m->rounding[worker] = fegetround();
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    m->interrupted[worker] = !sigismember(&set, SIGINT);
    atomic_fetch_add(&m->arrived, 1);
    while (atomic_load(&m->arrived) < m->workers)
        sched_yield();
}

static meeting meet_all(dpid_pool *pool)
{
    meeting m = {.workers = dpid_pool_workers(pool)};
    dpid_pool_run(pool, m.workers, meet, &m);
    return m;
}

static void the_callers_floating_point_mode_is_put_aside_and_given_back(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(3);
    fesetround(FE_UPWARD);
    dpid_pool *pool = dpid_ctx_pool(ctx); /* its threads are born with that mode */
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_DIVBYZERO);
    OK(dpid_enter(ctx, DPID_MAGIC_CTX));
    const int inside = fegetround();
    const meeting m = meet_all(pool);
    feraiseexcept(FE_OVERFLOW);
    OK(dpid_enter(ctx, DPID_MAGIC_CTX));
    OK(dpid_leave(ctx, DEEPID_OK));
    const int still = fegetround();
    OK(dpid_leave(ctx, DEEPID_OK));
    const int after = fegetround();
    const int flags = fetestexcept(FE_ALL_EXCEPT);
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    assert_int_equal(inside, FE_TONEAREST);
    assert_int_equal(still, FE_TONEAREST);
    assert_int_equal(after, FE_UPWARD);
    assert_int_equal(flags, FE_DIVBYZERO);
    assert_int_equal(m.workers, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(m.rounding[i], FE_TONEAREST);
    deepid_ctx_destroy(ctx);
}

static void workers_leave_signals_to_the_host(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(4);
    const meeting m = meet_all(dpid_ctx_pool(ctx));
    assert_int_equal(m.workers, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(m.interrupted[i], i == 0);
    deepid_ctx_destroy(ctx);
}

/* ---- version ------------------------------------------------------------------------------------------------ */

static void build_info_is_json_that_names_the_version_and_the_blas(void **state)
{
    (void)state;
    const char *info = deepid_build_info();
    assert_non_null(strstr(info, deepid_version()));
    assert_true(info[0] == '{' && info[strlen(info) - 1] == '}');
    assert_non_null(strstr(info, "BLAS"));
    assert_ptr_equal(info, deepid_build_info());
}

static void instruction_sets_are_listed_chosen_and_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = NULL;
    assert_int_equal(deepid_ctx_create(&ctx), DEEPID_OK);
    assert_string_equal(deepid_isa_word(0), "baseline");
    const char *best = NULL;
    for (int64_t i = 0; deepid_isa_word(i); i++) {
        best = deepid_isa_word(i);
        assert_int_equal(deepid_ctx_set_isa(ctx, best), DEEPID_OK);
        assert_string_equal(deepid_ctx_isa(ctx), best);
    }
    assert_int_equal(deepid_ctx_set_isa(ctx, "baseline"), DEEPID_OK);
    assert_int_equal(deepid_ctx_set_isa(ctx, "sse9"), DEEPID_ERR_ARGUMENT);
    assert_string_equal(deepid_ctx_error(ctx), "unknown instruction set 'sse9'; known: auto, baseline, avx2, avx512");
    assert_int_equal(deepid_ctx_set_isa(ctx, NULL), DEEPID_ERR_ARGUMENT);
    assert_string_equal(deepid_ctx_isa(ctx), "baseline");
    assert_int_equal(deepid_ctx_set_isa(ctx, "auto"), DEEPID_OK);
    assert_string_equal(deepid_ctx_isa(ctx), best);
    assert_string_equal(deepid_ctx_isa(NULL), "");
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instruction_sets_are_listed_chosen_and_refused),
        cmocka_unit_test(create_needs_a_place_for_its_result),
        cmocka_unit_test(null_and_wrong_handles_are_refused_by_every_function),
        cmocka_unit_test(a_new_context_has_no_sentence_and_holds_nothing),
        cmocka_unit_test(threads_are_checked_and_zero_means_all),
        cmocka_unit_test(limits_go_by_name),
        cmocka_unit_test(a_sentence_stays_one_line_of_utf8_within_512_bytes),
        cmocka_unit_test(the_log_callback_gets_whole_lines),
        cmocka_unit_test(a_second_thread_is_told_busy_and_may_come_later),
        cmocka_unit_test(two_threads_are_never_inside_at_once),
        cmocka_unit_test(a_forked_child_is_refused_and_can_make_its_own),
        cmocka_unit_test(the_callers_floating_point_mode_is_put_aside_and_given_back),
        cmocka_unit_test(workers_leave_signals_to_the_host),
        cmocka_unit_test(build_info_is_json_that_names_the_version_and_the_blas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
