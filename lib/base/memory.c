/* Memory: checked sizes, counted blocks, arenas. Each block carries its size in a header of DPID_ALIGN bytes in
   front. */
#include "base/memory.h"

#include <string.h>

/* ---- sizes --------------------------------------------------------------- */

bool dpid_mul(int64_t a, int64_t b, int64_t *out)
{
    int64_t product;
    if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

bool dpid_add(int64_t a, int64_t b, int64_t *out)
{
    int64_t sum;
    if (a < 0 || b < 0 || __builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

bool dpid_product(int32_t rank, const int64_t *extents, int64_t *out)
{
    int64_t product = 1;
    for (int32_t i = 0; i < rank; i++)
        if (!dpid_mul(product, extents[i], &product))
            return false;
    *out = product;
    return true;
}

bool dpid_round_up(int64_t a, int64_t multiple, int64_t *out)
{
    int64_t sum;
    if (!dpid_add(a, multiple - 1, &sum))
        return false;
    *out = sum - sum % multiple;
    return true;
}

/* ---- blocks -------------------------------------------------------------- */

int32_t dpid_alloc(deepid_ctx *ctx, int64_t count, int64_t size, const char *what, void *out)
{
    int64_t bytes;
    if (!dpid_mul(count, size, &bytes) || !dpid_add(bytes, DPID_ALIGN, &bytes) ||
        !dpid_round_up(bytes, DPID_ALIGN, &bytes))
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "%s: %lld x %lld bytes is more than can be counted", what,
                         (long long)count, (long long)size);
    const int64_t held = atomic_fetch_add_explicit(ctx->held, bytes, memory_order_relaxed);
    if (bytes > ctx->limits.memory_bytes - held) {
        atomic_fetch_sub_explicit(ctx->held, bytes, memory_order_relaxed);
        return dpid_fail(ctx, DEEPID_ERR_LIMIT,
                         "%s: %lld bytes would exceed the limit memory_bytes %lld (%lld are held)", what,
                         (long long)bytes, (long long)ctx->limits.memory_bytes, (long long)held);
    }
    char *block = ctx->alloc(ctx->alloc_user, (uint64_t)bytes, DPID_ALIGN);
    const bool aligned = (uintptr_t)block % DPID_ALIGN == 0;
    if (!block || !aligned)
        atomic_fetch_sub_explicit(ctx->held, bytes, memory_order_relaxed);
    if (!block)
        return dpid_fail(ctx, DEEPID_ERR_MEMORY, "%s: no memory for %lld bytes", what, (long long)bytes);
    if (!aligned) {
        ctx->release(ctx->alloc_user, block, (uint64_t)bytes);
        return dpid_fail(ctx, DEEPID_ERR_MEMORY, "%s: the allocator's memory is not aligned to %d bytes", what,
                         DPID_ALIGN);
    }
    memset(block, 0, (size_t)bytes);
    memcpy(block, &bytes, sizeof bytes);
    *(void **)out = block + DPID_ALIGN;
    return DEEPID_OK;
}

static int64_t block_bytes(const void *memory)
{
    int64_t bytes;
    memcpy(&bytes, (const char *)memory - DPID_ALIGN, sizeof bytes);
    return bytes;
}

void dpid_free(deepid_ctx *ctx, void *memory)
{
    if (!memory)
        return;
    const int64_t bytes = block_bytes(memory);
    atomic_fetch_sub_explicit(ctx->held, bytes, memory_order_relaxed);
    ctx->release(ctx->alloc_user, (char *)memory - DPID_ALIGN, (uint64_t)bytes);
}

int32_t dpid_grow(deepid_ctx *ctx, void *memory, int64_t old_count, int64_t new_count, int64_t size, const char *what)
{
    void **slot = memory;
    void *grown = NULL;
    DPID_TRY(dpid_alloc(ctx, new_count, size, what, &grown));
    if (*slot)
        memcpy(grown, *slot, (size_t)((old_count < new_count ? old_count : new_count) * size));
    dpid_free(ctx, *slot);
    *slot = grown;
    return DEEPID_OK;
}

int32_t dpid_copy_text(deepid_ctx *ctx, const char *text, char **out)
{
    const int64_t length = (int64_t)strlen(text);
    char *copy = NULL;
    DPID_TRY(dpid_alloc(ctx, length + 1, 1, "text", &copy));
    memcpy(copy, text, (size_t)length);
    *out = copy;
    return DEEPID_OK;
}

/* ---- arena: a chain of blocks; what is larger than half a block gets its own -------- */

struct dpid_arena_block {
    dpid_arena_block *next;
    int64_t used, capacity;
    char *memory;
};

enum { ARENA_BLOCK = 1 << 16 };

static int32_t arena_block(dpid_arena *arena, int64_t bytes, const char *what)
{
    const int64_t capacity = bytes > ARENA_BLOCK / 2 ? bytes : ARENA_BLOCK;
    dpid_arena_block *block = NULL;
    DPID_TRY(dpid_alloc(arena->ctx, 1, sizeof *block, what, &block));
    const int32_t status = dpid_alloc(arena->ctx, capacity, 1, what, &block->memory);
    if (status != DEEPID_OK) {
        dpid_free(arena->ctx, block);
        return status;
    }
    block->capacity = capacity;
    block->next = arena->blocks;
    arena->blocks = block;
    return DEEPID_OK;
}

int32_t dpid_arena_alloc(dpid_arena *arena, int64_t count, int64_t size, const char *what, void *out)
{
    int64_t bytes;
    if (!dpid_mul(count, size, &bytes) || !dpid_round_up(bytes, DPID_ALIGN, &bytes))
        return dpid_fail(arena->ctx, DEEPID_ERR_LIMIT, "%s: %lld x %lld bytes is more than can be counted", what,
                         (long long)count, (long long)size);
    if (!arena->blocks || arena->blocks->capacity - arena->blocks->used < bytes)
        DPID_TRY(arena_block(arena, bytes, what));
    *(void **)out = arena->blocks->memory + arena->blocks->used;
    arena->blocks->used += bytes;
    return DEEPID_OK;
}

int32_t dpid_arena_text(dpid_arena *arena, const char *text, int64_t length, char **out)
{
    char *copy = NULL;
    DPID_TRY(dpid_arena_alloc(arena, length + 1, 1, "text", &copy));
    memcpy(copy, text, (size_t)length);
    *out = copy;
    return DEEPID_OK;
}

void dpid_arena_release(dpid_arena *arena)
{
    while (arena->blocks) {
        dpid_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        dpid_free(arena->ctx, block->memory);
        dpid_free(arena->ctx, block);
    }
}
