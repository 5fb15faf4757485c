/* The context's inside, and the door every public function goes through. */
#ifndef DPID_BASE_CONTEXT_H
#define DPID_BASE_CONTEXT_H

#include <deepid/context.h>

#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/isa.h"

enum { DPID_ERROR_MAX = 512 };

typedef struct dpid_pool dpid_pool;

typedef struct {
    int64_t memory_bytes, tensor_elements, file_bytes, header_bytes, text_bytes, layers;
} dpid_limits;

/* First member of every handle. magic tells the kind of handle, 0 after destroy. */
typedef struct {
    uint32_t magic;
    deepid_ctx *ctx;
} dpid_head;

struct deepid_ctx {
    dpid_head head; /* head.ctx points to itself */
    deepid_alloc_fn alloc;
    deepid_free_fn release;
    void *alloc_user;
    deepid_log_fn log;
    void *log_user;
    _Atomic int64_t memory;
    _Atomic int64_t *held; /* what memory_bytes limits: our own memory, or that of the context that we work for */
    dpid_limits limits;
    int32_t threads;
    dpid_isa isa;
    dpid_pool *pool; /* made at first use; ask dpid_ctx_pool */
    int32_t callback_code;
    pid_t pid;
    atomic_bool owned;
    _Atomic(pthread_t) owner;
    int32_t depth;
    fenv_t caller_fenv;
    void *blas, *caller_blas; /* base/blas_memory.h: this context's for its first worker; what the calling thread had */
    char error[DPID_ERROR_MAX];
};

enum {
    DPID_MAGIC_CTX = 0x64704301,
    DPID_MAGIC_TABLE,
    DPID_MAGIC_TENSOR,
    DPID_MAGIC_NET,
    DPID_MAGIC_BUILDER,
    DPID_MAGIC_DATASET,
    DPID_MAGIC_TRAINER,
    DPID_MAGIC_STUDY,
    DPID_MAGIC_PAGE,
    DPID_MAGIC_CHART,
    DPID_MAGIC_EVENT,
    DPID_MAGIC_IDENTITY,
    DPID_MAGIC_CERTIFICATE,
    DPID_MAGIC_FIT,
    DPID_MAGIC_BASIN,
    DPID_MAGIC_VERDICT,
    DPID_MAGIC_STUDY_EVENT,
    DPID_MAGIC_COMPARISON,
    DPID_MAGIC_EVIDENCE
};

/* Pass a failure upward; the sentence is already written. */
#define DPID_TRY(call)                                                                                                 \
    do {                                                                                                               \
        const int32_t dpid_status_ = (call);                                                                           \
        if (dpid_status_ != DEEPID_OK)                                                                                 \
            return dpid_status_;                                                                                       \
    } while (0)

/* Write the error sentence (printf-like, but no %f %g %e: use dpid_number) and return status. ctx may be NULL. */
int32_t dpid_fail(deepid_ctx *ctx, int32_t status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void dpid_log(deepid_ctx *ctx, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Takes the context of a handle for this thread. Fails with DEEPID_ERR_ARGUMENT for NULL or another kind of handle,
   with DEEPID_ERR_BUSY or DEEPID_ERR_FORKED, after dpid_ctx_rest also with DEEPID_ERR_MEMORY. The thread that is inside
   may enter again (a callback that asks for something). The first entry saves the caller's floating-point environment
   and sets the default one; the last leave gives it back. */
int32_t dpid_enter(const void *handle, uint32_t magic);
/* Returns status, so that a public function ends with `return dpid_leave(handle->head.ctx, work(...))`. */
int32_t dpid_leave(deepid_ctx *ctx, int32_t status);
/* True when handle is not NULL and of this kind. Cheap reads ask this and do not enter. */
bool dpid_is(const void *handle, uint32_t magic);

dpid_pool *dpid_ctx_pool(deepid_ctx *ctx);
/* For a context that from now on only keeps memory: gives back its threads and the work memory of products. They are
   taken again when it works. */
void dpid_ctx_rest(deepid_ctx *ctx);
/* A context for another thread that works for parent. It has parent's allocator and limits, and its memory counts as
   parent's; destroy it before parent. Safe in any thread while parent is at work. */
int32_t dpid_ctx_create_for(const deepid_ctx *parent, deepid_ctx **out);

#endif
