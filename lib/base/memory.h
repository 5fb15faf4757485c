/* Memory: the one place where sizes are multiplied, and an arena that frees at once. */
#ifndef DPID_BASE_MEMORY_H
#define DPID_BASE_MEMORY_H

#include "base/context.h"

#include <stddef.h>

enum { DPID_ALIGN = 64 };

/* *out = a*b or a+b; false, with *out untouched, on overflow or when a or b is negative. */
bool dpid_mul(int64_t a, int64_t b, int64_t *out);
bool dpid_add(int64_t a, int64_t b, int64_t *out);
/* *out = product of extents[0..rank-1] (1 for rank 0); false on overflow or a negative extent. */
bool dpid_product(int32_t rank, const int64_t *extents, int64_t *out);
/* *out = the least multiple that is not below a; false on overflow or when a is negative. */
bool dpid_round_up(int64_t a, int64_t multiple, int64_t *out);

/* Takes count elements of size bytes, aligned to DPID_ALIGN and filled with zeros. Fails with DEEPID_ERR_MEMORY or
   DEEPID_ERR_LIMIT, and a sentence that names `what`. A count of 0 gives a valid pointer too. */
int32_t dpid_alloc(deepid_ctx *ctx, int64_t count, int64_t size, const char *what, void *out /* T ** */);
/* NULL is fine. */
void dpid_free(deepid_ctx *ctx, void *memory);
/* Keeps the first old_count elements (as many as fit), zero-fills the rest. *memory unchanged on failure. */
int32_t dpid_grow(deepid_ctx *ctx, void *memory /* T ** */, int64_t old_count, int64_t new_count, int64_t size,
                  const char *what);
/* A copy of text; free it with dpid_free. */
int32_t dpid_copy_text(deepid_ctx *ctx, const char *text, char **out);

/* An arena: many allocations, one release. Start with {.ctx = ctx}. */
typedef struct dpid_arena_block dpid_arena_block;
typedef struct {
    deepid_ctx *ctx;
    dpid_arena_block *blocks;
} dpid_arena;
int32_t dpid_arena_alloc(dpid_arena *arena, int64_t count, int64_t size, const char *what, void *out /* T ** */);
int32_t dpid_arena_text(dpid_arena *arena, const char *text, int64_t length, char **out);
void dpid_arena_release(dpid_arena *arena);

#endif
