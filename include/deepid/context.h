/** @file context.h  The context: threads, memory, messages, limits. The caller owns it; every handle remembers its own. */
#ifndef DEEPID_CONTEXT_H
#define DEEPID_CONTEXT_H

#include <deepid/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A context. One thread at a time; any number of contexts side by side. */
typedef struct deepid_ctx deepid_ctx;

/** Returns at least bytes bytes aligned to alignment (a power of two), or NULL. */
typedef void *(*deepid_alloc_fn)(void *user, uint64_t bytes, uint64_t alignment);
/** Takes back what the allocator gave; never called with NULL. */
typedef void (*deepid_free_fn)(void *user, void *memory, uint64_t bytes);
/** Receives one whole line without its line end. level: 0 debug, 1 info, 2 warning. */
typedef void (*deepid_log_fn)(void *user, int32_t level, const char *line);

/**
 * Make a context with the C library's allocator.
 *
 * @param[out] out  yours; destroy it after everything made from it
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_MEMORY    no memory
 *
 * @cost   no thread is started before the first call that can use one
 * @thread any
 */
DEEPID_API int32_t deepid_ctx_create(deepid_ctx **out);
/** Make a context whose objects take memory from alloc (at least bytes, aligned to alignment, a power of two) and give it back to release; both get user, and may be called from the context's threads. Errors as deepid_ctx_create. */
DEEPID_API int32_t deepid_ctx_create_with_allocator(deepid_alloc_fn alloc, deepid_free_fn release, void *user, deepid_ctx **out);
/** Destroy the objects made from it first. NULL is fine. */
DEEPID_API void deepid_ctx_destroy(deepid_ctx *ctx);
/** threads 1..1024; 0 = the CPUs this process may use (the default). Results do not depend on it. */
DEEPID_API int32_t deepid_ctx_set_threads(deepid_ctx *ctx, int32_t threads);
/** Threads that the context uses; 0 for NULL. */
DEEPID_API int32_t deepid_ctx_threads(const deepid_ctx *ctx);
/** Whole lines for fn, on the caller's thread; NULL (the start): silence. */
DEEPID_API int32_t deepid_ctx_set_log(deepid_ctx *ctx, deepid_log_fn fn, void *user);
/** Limits by name: "memory_bytes", "tensor_elements", "file_bytes", "header_bytes", "text_bytes", "layers". */
DEEPID_API int32_t deepid_ctx_set_limit(deepid_ctx *ctx, const char *name, int64_t value);
/** The limit of this name; -1 when there is none. */
DEEPID_API int64_t deepid_ctx_limit(const deepid_ctx *ctx, const char *name);
/** The sentence of the last failed call; "" if none failed. Never NULL; borrowed until the next failing call. */
DEEPID_API const char *deepid_ctx_error(const deepid_ctx *ctx);
/** What the callback returned that ended the last call with DEEPID_ERR_CALLBACK. */
DEEPID_API int32_t deepid_ctx_callback_code(const deepid_ctx *ctx);
/** Bytes that the context's objects hold now. */
DEEPID_API int64_t deepid_ctx_memory(const deepid_ctx *ctx);

/** "0.1.0" */
DEEPID_API const char *deepid_version(void);
/** JSON: version, compiler, flags, BLAS and its core type. */
DEEPID_API const char *deepid_build_info(void);

#ifdef __cplusplus
}
#endif
#endif
