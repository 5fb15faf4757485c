/**
 * @defgroup context Contexts
 * The context: threads, memory, messages, limits. The caller owns it; every handle remembers its own.
 * @{
 */
#ifndef DEEPID_CONTEXT_H
#define DEEPID_CONTEXT_H

#include <deepid/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A context. One thread at a time, which need not be the same one always; any number of contexts work side by side.
 *
 * Three statuses can come from every function that takes a context or something made from one, and are not repeated
 * below: DEEPID_ERR_ARGUMENT for a handle that is NULL or of another kind, DEEPID_ERR_BUSY when another thread is
 * inside a call of the same context, DEEPID_ERR_FORKED in a child process whose parent made it. What can return
 * DEEPID_ERR_MEMORY returns DEEPID_ERR_LIMIT where only the limit memory_bytes stands in the way. A call that fails
 * changes nothing but the sentence of deepid_ctx_error. During a call the floating-point environment is the default
 * one; the caller's comes back. A calling thread needs 48 KiB of stack, and what its callbacks take.
 */
typedef struct deepid_ctx deepid_ctx;

/**
 * Gives memory.
 *
 * @param[in] user       what came with the function
 * @param[in] bytes      above 0, a multiple of alignment
 * @param[in] alignment  64
 *
 * @return Memory for that many bytes, aligned; NULL when there is none. It need not be zero.
 *
 * @thread Has to be safe from any thread: the library's own may ask, and one thread may destroy an object while
 * another is inside a call.
 */
typedef void *(*deepid_alloc_fn)(void *user, uint64_t bytes, uint64_t alignment);
/**
 * Takes back what a deepid_alloc_fn gave.
 *
 * @param[in] user    what came with the function
 * @param[in] memory  never NULL
 * @param[in] bytes   as it was asked for
 *
 * @thread As deepid_alloc_fn.
 */
typedef void (*deepid_free_fn)(void *user, void *memory, uint64_t bytes);
/**
 * Receives one message.
 *
 * @param[in] user   what came with the function
 * @param[in] level  0 debug, 1 information, 2 warning
 * @param[in] line   one line of UTF-8 below 512 bytes, without a line end; borrowed for the call
 *
 * @thread Runs on the thread of the call that has something to say.
 */
typedef void (*deepid_log_fn)(void *user, int32_t level, const char *line);

/**
 * Make a context with the C library's memory, as many threads as this process may use CPUs, and the default limits.
 *
 * @param[out] out  the new context; destroy it with deepid_ctx_destroy
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  out is NULL
 * @retval DEEPID_ERR_MEMORY    no memory, or no address space for products of matrices
 *
 * @cost   about a kilobyte, and 5 MiB of address space for products of matrices, of which at most 2 MiB come to be
 * used; threads start when they are first needed and take as much each, and their stacks.
 * @thread Safe from any thread.
 */
DEEPID_API int32_t deepid_ctx_create(deepid_ctx **out);

/**
 * Make a context whose objects take all their memory from the caller's functions. (What products of matrices work
 * in, and a thread's stack, are not objects: they come from the system, are given back with the context, and count
 * neither in deepid_ctx_memory nor towards the limit memory_bytes. Both are taken before the work begins: products
 * allocate nothing. With a library built with -DDEEPID_BLAS=shared OpenBLAS takes its memory when it multiplies, and
 * does not return where there is none.)
 *
 * @param[in]  alloc    gives memory, aligned as asked
 * @param[in]  release  takes it back
 * @param[in]  user     handed to both; may be NULL
 * @param[out] out      the new context
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  alloc, release or out is NULL
 * @retval DEEPID_ERR_MEMORY    alloc gave NULL, or memory that is not aligned; or no address space for products of
 * matrices
 *
 * @cost   as deepid_ctx_create.
 * @thread Safe from any thread.
 */
DEEPID_API int32_t deepid_ctx_create_with_allocator(deepid_alloc_fn alloc, deepid_free_fn release, void *user,
                                                    deepid_ctx **out);

/**
 * Destroy a context and end its threads. Destroy the objects made from it first.
 *
 * @param[in] ctx  NULL is fine
 *
 * @cost   ends the threads; gives all back.
 * @thread No thread may be inside a call of it. In a forked child it gives back the context and leaves the parent's
 * threads alone.
 */
DEEPID_API void deepid_ctx_destroy(deepid_ctx *ctx);

/**
 * Set how many threads work on a call. Results do not depend on it, to the last bit.
 *
 * @param[in,out] ctx      the context
 * @param[in]     threads  1 to 1024, the caller's own included; 0 = the CPUs this process may use (affinity and
 * the quotas of its control groups), which is the default
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  threads is outside its range
 * @retval DEEPID_ERR_STATE     asked from inside a call, that is, by a callback
 *
 * @cost   ends the old threads; new ones start when they are first needed. Where the system gives fewer, or has no
 * address space for what they need, fewer do the same work.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_ctx_set_threads(deepid_ctx *ctx, int32_t threads);

/**
 * How many threads work on a call.
 *
 * @param[in] ctx  the context
 *
 * @return 1 to 1024; 0 when ctx is no context.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes it.
 */
DEEPID_API int32_t deepid_ctx_threads(const deepid_ctx *ctx);

/**
 * Set the instruction set that kernels use. Bits may differ between "baseline" and the others (which fuse multiply
 * and add); they do not between "avx2" and "avx512" in kernels of this library (OpenBLAS chooses its own), but for nets
 * with storage=bf16 products=native (precision.h).
 *
 * @param[in,out] ctx   the context
 * @param[in]     word  "auto" (the default: the best this CPU has), "baseline", "avx2" (with FMA) or "avx512" (F,
 * DQ, BW, VL); see deepid_isa_word
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT     there is no such word
 * @retval DEEPID_ERR_UNSUPPORTED  this CPU, or this build, has not got it
 * @retval DEEPID_ERR_STATE        asked from inside a call, that is, by a callback
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_ctx_set_isa(deepid_ctx *ctx, const char *word);

/**
 * The instruction set in use.
 *
 * @param[in] ctx  the context
 *
 * @return "baseline", "avx2" or "avx512", a constant; "" when ctx is no context.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes it.
 */
DEEPID_API const char *deepid_ctx_isa(const deepid_ctx *ctx);

/**
 * The instruction sets that run here, from the plainest on.
 *
 * @param[in] i  from 0
 *
 * @return A constant; NULL past the end.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_isa_word(int64_t i);

/**
 * Set who hears messages. The library itself never prints.
 *
 * @param[in,out] ctx   the context
 * @param[in]     fn    called on the caller's thread; NULL (the default) = nobody
 * @param[in]     user  handed to fn
 *
 * @retval DEEPID_OK
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_ctx_set_log(deepid_ctx *ctx, deepid_log_fn fn, void *user);

/**
 * Set a limit: what goes beyond it is refused with DEEPID_ERR_LIMIT before anything is allocated for it.
 *
 * @param[in,out] ctx    the context
 * @param[in]     name   "memory_bytes" (all objects together, default 2^61), "tensor_elements" (one tensor, 2^33),
 *                       "file_bytes" (one file as read or unpacked, 2^40), "header_bytes" (a file's header, 16 MiB),
 *                       "text_bytes" (a net's text, 1 MiB) or "layers" (one net, 100000)
 * @param[in]     value  1 or more
 *
 * @retval DEEPID_OK
 * @retval DEEPID_ERR_ARGUMENT  there is no limit of that name, or value is below 1
 * @retval DEEPID_ERR_STATE     the context is at work: the call comes from a callback
 *
 * @cost   none.
 * @thread One thread at a time for each context.
 */
DEEPID_API int32_t deepid_ctx_set_limit(deepid_ctx *ctx, const char *name, int64_t value);

/**
 * A limit.
 *
 * @param[in] ctx   the context
 * @param[in] name  as in deepid_ctx_set_limit
 *
 * @return The limit; -1 when there is none of that name or ctx is no context.
 *
 * @cost   none.
 * @thread Safe as long as no other thread changes it.
 */
DEEPID_API int64_t deepid_ctx_limit(const deepid_ctx *ctx, const char *name);

/**
 * The sentence of the last call that failed: what it is and what was expected, with both values. One line of UTF-8
 * below 512 bytes.
 *
 * @param[in] ctx  the context
 *
 * @return The sentence; "" when none failed or ctx is no context. Never NULL; borrowed until the next call that
 * fails.
 *
 * @cost   none.
 * @thread Any thread may ask, one at a time, also another one than that of the failed call. After DEEPID_ERR_BUSY or
 * DEEPID_ERR_FORKED the sentence says so for as long as that holds.
 */
DEEPID_API const char *deepid_ctx_error(const deepid_ctx *ctx);

/**
 * What the callback returned that ended the last call with DEEPID_ERR_CALLBACK.
 *
 * @param[in] ctx  the context
 *
 * @return That number; 0 when there was none or ctx is no context.
 *
 * @cost   none.
 * @thread Safe as long as no other thread is inside a call of the context.
 */
DEEPID_API int32_t deepid_ctx_callback_code(const deepid_ctx *ctx);

/**
 * Bytes that the context's objects hold now. When all of them are destroyed and no thread has started it is 0.
 *
 * @param[in] ctx  the context
 *
 * @return Bytes, what is lost to alignment included; 0 when ctx is no context.
 *
 * @cost   none.
 * @thread Safe from any thread as long as ctx lives.
 */
DEEPID_API int64_t deepid_ctx_memory(const deepid_ctx *ctx);

/**
 * The version, such as "0.1.0".
 *
 * @return A constant.
 *
 * @cost   none.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_version(void);

/**
 * How this library was built, as one JSON object: "version", "compiler", "flags", "blas" (with the kind of CPU that
 * it chose now) and "blas_link".
 *
 * @return A constant.
 *
 * @cost   the first call writes it, less than a kilobyte.
 * @thread Safe from any thread.
 */
DEEPID_API const char *deepid_build_info(void);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
