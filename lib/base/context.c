/* The context: made and destroyed, its settings. The door to it: door.c */
#include "base/context.h"

#include "base/blas_memory.h"
#include "base/memory.h"
#include "base/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS_MAX = 1024, HUGE_PAGE = 2 << 20 };

/* ---- create, destroy ------------------------------------------------------ */

static void *default_alloc(void *user, uint64_t bytes, uint64_t alignment)
{
    (void)user;
    const bool large = bytes >= 2 * HUGE_PAGE;
    /* bytes is a multiple of the alignment: dpid_alloc rounds */
    void *memory =
        aligned_alloc(large ? HUGE_PAGE : alignment, large ? (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE : bytes);
    if (memory && large)
        (void)madvise(memory, bytes, MADV_HUGEPAGE); /* fewer address translations; a wish, no more */
    return memory;
}

static void default_release(void *user, void *memory, uint64_t bytes)
{
    (void)user;
    (void)bytes;
    free(memory);
}

static const dpid_limits default_limits = {
    .memory_bytes = INT64_MAX / 4,
    .tensor_elements = (int64_t)1 << 33,
    .file_bytes = (int64_t)1 << 40,
    .header_bytes = 16 << 20,
    .text_bytes = 1 << 20,
    .layers = 100000,
};

static int32_t create(deepid_alloc_fn alloc, deepid_free_fn release, void *user, int32_t threads, deepid_ctx **out)
{
    const uint64_t bytes = (sizeof(deepid_ctx) + DPID_ALIGN - 1) / DPID_ALIGN * DPID_ALIGN;
    deepid_ctx *ctx = alloc(user, bytes, DPID_ALIGN);
    if (!ctx)
        return DEEPID_ERR_MEMORY;
    if ((uintptr_t)ctx % DPID_ALIGN != 0) {
        release(user, ctx, bytes);
        return DEEPID_ERR_MEMORY;
    }
    memset(ctx, 0, sizeof *ctx);
    if (!dpid_blas_take(&ctx->blas)) {
        release(user, ctx, bytes);
        return DEEPID_ERR_MEMORY;
    }
    ctx->head = (dpid_head){DPID_MAGIC_CTX, ctx};
    ctx->alloc = alloc;
    ctx->release = release;
    ctx->alloc_user = user;
    ctx->held = &ctx->memory;
    ctx->limits = default_limits;
    ctx->threads = threads;
    ctx->isa = dpid_isa_best();
    ctx->pid = getpid();
    *out = ctx;
    return DEEPID_OK;
}

int32_t deepid_ctx_create_with_allocator(deepid_alloc_fn alloc, deepid_free_fn release, void *user, deepid_ctx **out)
{
    if (!out || !alloc || !release)
        return DEEPID_ERR_ARGUMENT;
    return create(alloc, release, user, dpid_cpu_count(), out);
}

int32_t deepid_ctx_create(deepid_ctx **out)
{
    return deepid_ctx_create_with_allocator(default_alloc, default_release, NULL, out);
}

int32_t dpid_ctx_create_for(const deepid_ctx *parent, deepid_ctx **out)
{
    DPID_TRY(create(parent->alloc, parent->release, parent->alloc_user, parent->threads, out));
    (*out)->held = parent->held;
    (*out)->limits = parent->limits;
    return DEEPID_OK;
}

static void drop_pool(deepid_ctx *ctx)
{
    if (ctx->pid == getpid()) /* a forked child has the pool's memory but not its threads */
        dpid_pool_destroy(ctx->pool);
    ctx->pool = NULL;
}

void dpid_ctx_rest(deepid_ctx *ctx)
{
    drop_pool(ctx);
    dpid_blas_give(ctx->blas);
    ctx->blas = NULL;
}

void deepid_ctx_destroy(deepid_ctx *ctx)
{
    if (!dpid_is(ctx, DPID_MAGIC_CTX))
        return;
    dpid_ctx_rest(ctx);
    ctx->head.magic = 0;
    ctx->release(ctx->alloc_user, ctx, (sizeof *ctx + DPID_ALIGN - 1) / DPID_ALIGN * DPID_ALIGN);
}

/* ---- cheap reads ----------------------------------------------------------- */

int32_t deepid_ctx_callback_code(const deepid_ctx *ctx)
{
    return dpid_is(ctx, DPID_MAGIC_CTX) ? ctx->callback_code : 0;
}

int64_t deepid_ctx_memory(const deepid_ctx *ctx)
{
    return dpid_is(ctx, DPID_MAGIC_CTX) ? atomic_load_explicit(ctx->held, memory_order_relaxed) : 0;
}

/* ---- settings --------------------------------------------------------------- */

static int32_t set_threads(deepid_ctx *ctx, int32_t threads)
{
    if (threads < 0 || threads > THREADS_MAX)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "threads is %d, expected 0 to %d", threads, THREADS_MAX);
    if (ctx->depth > 1)
        return dpid_fail(ctx, DEEPID_ERR_STATE, "threads cannot change while the context is at work");
    drop_pool(ctx);
    ctx->threads = threads ? threads : dpid_cpu_count();
    return DEEPID_OK;
}

int32_t deepid_ctx_set_threads(deepid_ctx *ctx, int32_t threads)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, set_threads(ctx, threads));
}

int32_t deepid_ctx_threads(const deepid_ctx *ctx)
{
    return dpid_is(ctx, DPID_MAGIC_CTX) ? ctx->threads : 0;
}

static int32_t set_isa(deepid_ctx *ctx, const char *word)
{
    dpid_isa isa = dpid_isa_best();
    if (!word || strcmp(word, "auto") != 0)
        for (isa = 0; isa < DPID_ISAS && (!word || strcmp(word, dpid_isa_word(isa)) != 0);)
            isa++;
    if (isa == DPID_ISAS)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "unknown instruction set '%s'; known: auto, baseline, avx2, avx512",
                         word ? word : "NULL");
    if (!dpid_isa_runs(isa))
        return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                         "instruction set %s: this CPU or this build has not got it; the best here is %s", word,
                         dpid_isa_word(dpid_isa_best()));
    if (ctx->depth > 1)
        return dpid_fail(ctx, DEEPID_ERR_STATE, "the instruction set cannot change while the context is at work");
    ctx->isa = isa;
    return DEEPID_OK;
}

int32_t deepid_ctx_set_isa(deepid_ctx *ctx, const char *word)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, set_isa(ctx, word));
}

const char *deepid_ctx_isa(const deepid_ctx *ctx)
{
    return dpid_is(ctx, DPID_MAGIC_CTX) ? dpid_isa_word(ctx->isa) : "";
}

const char *deepid_isa_word(int64_t i)
{
    for (dpid_isa isa = 0; isa < DPID_ISAS && i >= 0; isa++)
        if (dpid_isa_runs(isa) && i-- == 0)
            return dpid_isa_word(isa);
    return NULL;
}

/* The pool is made at first use. A machine that gives no thread gets the work done by the caller alone. */
dpid_pool *dpid_ctx_pool(deepid_ctx *ctx)
{
    if (!ctx->pool && ctx->threads > 1 && dpid_pool_create(ctx, ctx->threads, &ctx->pool) != DEEPID_OK)
        ctx->pool = NULL;
    return ctx->pool;
}

int32_t deepid_ctx_set_log(deepid_ctx *ctx, deepid_log_fn fn, void *user)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    ctx->log = fn;
    ctx->log_user = user;
    return dpid_leave(ctx, DEEPID_OK);
}

static int64_t *limit_by_name(deepid_ctx *ctx, const char *name)
{
    const struct {
        const char *name;
        int64_t *value;
    } limits[] = {
        {"memory_bytes", &ctx->limits.memory_bytes}, {"tensor_elements", &ctx->limits.tensor_elements},
        {"file_bytes", &ctx->limits.file_bytes},     {"header_bytes", &ctx->limits.header_bytes},
        {"text_bytes", &ctx->limits.text_bytes},     {"layers", &ctx->limits.layers},
    };
    for (size_t i = 0; name && i < sizeof limits / sizeof *limits; i++)
        if (strcmp(name, limits[i].name) == 0)
            return limits[i].value;
    return NULL;
}

static int32_t set_limit(deepid_ctx *ctx, const char *name, int64_t value)
{
    int64_t *limit = limit_by_name(ctx, name);
    if (!limit)
        return dpid_fail(
            ctx, DEEPID_ERR_ARGUMENT,
            "unknown limit '%s'; known: memory_bytes, tensor_elements, file_bytes, header_bytes, text_bytes, layers",
            name ? name : "NULL");
    if (value < 1)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "limit %s is %lld, expected 1 or more", name, (long long)value);
    if (ctx->depth > 1)
        return dpid_fail(ctx, DEEPID_ERR_STATE, "limits cannot change while the context is at work");
    *limit = value;
    return DEEPID_OK;
}

int32_t deepid_ctx_set_limit(deepid_ctx *ctx, const char *name, int64_t value)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, set_limit(ctx, name, value));
}

int64_t deepid_ctx_limit(const deepid_ctx *ctx, const char *name)
{
    const int64_t *limit = dpid_is(ctx, DPID_MAGIC_CTX) ? limit_by_name((deepid_ctx *)ctx, name) : NULL;
    return limit ? *limit : -1;
}
