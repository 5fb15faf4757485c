/* Products when address space is short: every call returns; what a context needs is taken when it is made, and no
   kernel of OpenBLAS writes past it. */
#include "support/support.h"

#include "base/base.h"
#include "base/blas_memory.h"
#include "tensor/gemm.h"

#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 }; /* shadow memory: terabytes of address space */
#else
enum { SANITIZED = 0 };
#endif

enum { LATE = 30, SIDE = 300 };

static void leave_room(int64_t bytes)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &pages), 1);
    fclose(file);
    const rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)bytes;
    assert_int_equal(setrlimit(RLIMIT_AS, &(struct rlimit){most, most}), 0);
}

/* What work returns in a child, which is killed when it takes too long. */
static int in_a_child(int (*work)(int64_t arg), int64_t arg)
{
    const pid_t child = fork();
    if (child == 0) {
        alarm(LATE);
        _exit(work(arg));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status))
        fail_msg("%lld: ended by signal %d", (long long)arg, WTERMSIG(status));
    return WEXITSTATUS(status);
}

static int32_t multiply(deepid_ctx *ctx)
{
    const int64_t extents[] = {SIDE, SIDE};
    deepid_tensor *t[3] = {0};
    int32_t status = DEEPID_OK;
    for (int i = 0; i < 3 && status == DEEPID_OK; i++)
        status = deepid_tensor_create(ctx, DEEPID_F64, 2, extents, &t[i]);
    if (status == DEEPID_OK)
        status = deepid_tensor_matmul("nn", t[0], t[1], t[2]);
    for (int i = 0; i < 3; i++)
        deepid_tensor_destroy(t[i]);
    return status;
}

/* ---- short --------------------------------------------------------------------------------- */

static int context_in(int64_t room)
{
    deepid_ctx *ctx = NULL;
    leave_room(room);
    int32_t status = deepid_ctx_create(&ctx);
    if (status != DEEPID_OK)
        return status;
    status = deepid_ctx_set_threads(ctx, 3);
    if (status == DEEPID_OK)
        status = multiply(ctx);
    if (status != DEEPID_OK && *deepid_ctx_error(ctx) == 0)
        return -1;
    deepid_ctx_destroy(ctx);
    return status;
}

static void with_any_address_space_left_every_call_returns(void **state)
{
    (void)state;
    enum { STEP = 1 << 20, STEPS = 64 };
    if (SANITIZED)
        skip();
    assert_int_equal(in_a_child(context_in, 0), DEEPID_ERR_MEMORY);
    for (int64_t i = 1; i < STEPS; i += 3) {
        const int status = in_a_child(context_in, i * STEP);
        if (status != DEEPID_OK && status != DEEPID_ERR_MEMORY)
            fail_msg("%lld MiB: status %d", (long long)i, status);
    }
    assert_int_equal(in_a_child(context_in, (int64_t)STEPS * STEP), DEEPID_OK);
}

/* ---- afterwards nothing allocates ------------------------------------------------------------- */

static int product_in_no_room(int64_t threads)
{
    enum { M = 600, N = 500, K = 700 };
    static double a[M * K], b[K * N], c[M * N];
    deepid_ctx *ctx = new_ctx((int32_t)threads);
    dpid_pool *pool = dpid_ctx_pool(ctx);
    leave_room(0);
    OK(dpid_enter(ctx, DPID_MAGIC_CTX));
    a[0] = b[0] = 3;
    dpid_gemm_nn_f64(pool, M, N, K, a, K, b, N, false, c, N);
    return dpid_leave(ctx, c[0] == 9 && dpid_pool_workers(pool) == threads ? DEEPID_OK : DEEPID_ERR_NUMERIC);
}

static void a_context_that_is_there_multiplies_without_more_memory(void **state)
{
    (void)state;
    if (SANITIZED || !strstr(deepid_build_info(), "\"blas_link\": \"static\""))
        skip();
    for (int64_t threads = 1; threads <= 3; threads++)
        assert_int_equal(in_a_child(product_in_no_room, threads), DEEPID_OK);
}

static int resting_context_in_no_room(int64_t arg)
{
    (void)arg;
    deepid_ctx *ctx = new_ctx(1);
    dpid_ctx_rest(ctx);
    leave_room(0);
    REFUSED(deepid_ctx_set_threads(ctx, 2), DEEPID_ERR_MEMORY, "no address space for products of matrices");
    assert_int_equal(deepid_ctx_threads(ctx), 1);
    return DEEPID_OK;
}

static void a_context_that_rested_asks_again_and_says_when_there_is_none(void **state)
{
    (void)state;
    if (SANITIZED || !strstr(deepid_build_info(), "\"blas_link\": \"static\""))
        skip();
    assert_int_equal(in_a_child(resting_context_in_no_room, 0), DEEPID_OK);
    deepid_ctx *ctx = new_ctx(2);
    OK(multiply(ctx));
    dpid_ctx_rest(ctx);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    OK(multiply(ctx));
    deepid_ctx_destroy(ctx);
}

/* ---- enough --------------------------------------------------------------------------------------- */

/* Memory whose end is the end of a page that nobody may touch. */
static char *guarded(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(memory != MAP_FAILED);
    assert_int_equal(mprotect(memory + bytes, page, PROT_NONE), 0);
    return memory;
}

/* The largest tiles that gemm.c makes: of one row or column, of many, flat, and around the extents at which kernels
   cut the inner length. */
static int largest_tiles(void)
{
    static const int64_t extents[][3] = {
        {1 << 19, 1, 1},   {1, 1 << 19, 1},   {1, 1, 1 << 19},  {1 << 12, 1, 128},    {128, 1, 1 << 12},
        {1, 128, 1 << 12}, {1 << 10, 2, 256}, {1365, 1, 384},   {1 << 9, 1 << 10, 1}, {1, 1 << 10, 1 << 9},
        {16, 1 << 10, 32}, {256, 512, 192},   {256, 512, 2047}, {256, 512, 1100},     {256, 512, 767},
        {256, 512, 511},   {256, 512, 383},   {64, 900, 3000},  {130, 250, 3000}};
    enum { PROBLEMS = sizeof extents / sizeof *extents, ELEMENTS = 1 << 21 };
    double *memory = calloc(ELEMENTS, 3 * sizeof *memory);
    double *b = memory + ELEMENTS;
    double *c = b + ELEMENTS;
    dpid_blas_use(guarded(DPID_BLAS_BYTES));
    for (int i = 0; i < PROBLEMS; i++) {
        const int64_t m = extents[i][0];
        const int64_t n = extents[i][1];
        const int64_t k = extents[i][2];
        dpid_gemm_nn_f64(NULL, m, n, k, memory, k, b, n, false, c, n);
        dpid_gemm_nt_f64(NULL, m, n, k, memory, k, b, k, true, c, n);
        dpid_gemm_tn_f64(NULL, m, n, k, memory, m, b, n, true, c, n);
        dpid_gemm_nn_f32(NULL, m, n, k, (float *)memory, k, (float *)b, n, false, (float *)c, n);
        dpid_gemm_nt_f32(NULL, m, n, k, (float *)memory, k, (float *)b, k, true, (float *)c, n);
        dpid_gemm_tn_f32(NULL, m, n, k, (float *)memory, m, (float *)b, n, true, (float *)c, n);
    }
    dpid_blas_use(NULL);
    free(memory);
    return 0;
}

/* OpenBLAS chooses its kernels when a program starts. */
static void no_kernel_writes_past_its_memory(void **state)
{
    (void)state;
    static const char *const kernels[DPID_ISAS][8] = {
        {"", "Prescott", "Core2", "Penryn", "Dunnington", "Nehalem"}, {"Sandybridge", "Haswell", "Zen"}, {"SkylakeX"}};
    for (dpid_isa isa = 0; isa < DPID_ISAS; isa++)
        for (int i = 0; dpid_isa_runs(isa) && kernels[isa][i]; i++) {
            char setting[64];
            char name[] = "tensor_test_blas_memory"; /* tests/main.c */
            char tiles[] = "tiles";
            char *arguments[] = {name, tiles, NULL};
            char *environment[] = {setting, NULL};
            pid_t child = 0;
            int status = 0;
            snprintf(setting, sizeof setting, "OPENBLAS_CORETYPE=%s", kernels[isa][i]);
            assert_int_equal(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environment), 0);
            assert_int_equal(waitpid(child, &status, 0), child);
            if (status != 0)
                fail_msg("%s: wait status %d", setting, status);
        }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "tiles") == 0)
        return largest_tiles();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_any_address_space_left_every_call_returns),
        cmocka_unit_test(a_context_that_is_there_multiplies_without_more_memory),
        cmocka_unit_test(a_context_that_rested_asks_again_and_says_when_there_is_none),
        cmocka_unit_test(no_kernel_writes_past_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
