/* The door that every public function goes through, and the sentence with which a call that failed leaves. */
#include "base/context.h"

#include "base/blas_memory.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- in and out ------------------------------------------------------------ */

bool dpid_is(const void *handle, uint32_t magic)
{
    return handle && ((const dpid_head *)handle)->magic == magic;
}

int32_t dpid_enter(const void *handle, uint32_t magic)
{
    if (!dpid_is(handle, magic))
        return DEEPID_ERR_ARGUMENT;
    deepid_ctx *ctx = ((const dpid_head *)handle)->ctx;
    if (ctx->pid != getpid())
        return DEEPID_ERR_FORKED;
    if (atomic_exchange_explicit(&ctx->owned, true, memory_order_acquire)) {
        if (!pthread_equal(atomic_load_explicit(&ctx->owner, memory_order_relaxed), pthread_self()))
            return DEEPID_ERR_BUSY;
        ctx->depth++;
        return DEEPID_OK;
    }
    atomic_store_explicit(&ctx->owner, pthread_self(), memory_order_relaxed);
    ctx->depth = 1;
    fegetenv(&ctx->caller_fenv);
    fesetenv(FE_DFL_ENV);
    const bool room = ctx->blas || dpid_blas_take(&ctx->blas);
    ctx->caller_blas = dpid_blas_use(ctx->blas);
    return room ? DEEPID_OK
                : dpid_leave(ctx, dpid_fail(ctx, DEEPID_ERR_MEMORY, "no address space for products of matrices"));
}

int32_t dpid_leave(deepid_ctx *ctx, int32_t status)
{
    if (--ctx->depth == 0) {
        dpid_blas_use(ctx->caller_blas);
        fesetenv(&ctx->caller_fenv);
        atomic_store_explicit(&ctx->owner, (pthread_t)0, memory_order_relaxed);
        atomic_store_explicit(&ctx->owned, false, memory_order_release);
    }
    return status;
}

/* ---- messages -------------------------------------------------------------- */

/* A sentence cut at the end of the buffer must not end in half a UTF-8 character. */
static void trim_utf8(char *text)
{
    size_t length = strlen(text);
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return;
    const unsigned char lead = (unsigned char)text[start - 1];
    const size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (need > 1 && length - start + 1 < need)
        text[start - 1] = 0;
}

/* A sentence may quote a file's name or a caller's bytes: it stays one line of valid UTF-8. */
static void clean(char *text)
{
    trim_utf8(text);
    for (char *p = text; *p;) {
        const int32_t length = dpid_utf8_length(p);
        if (length == 0)
            *p = *p == '\n' || *p == '\t' || *p == '\r' ? ' ' : '?';
        p += length ? length : 1;
    }
}

int32_t dpid_fail(deepid_ctx *ctx, int32_t status, const char *format, ...)
{
    if (!ctx)
        return status;
    char text[DPID_ERROR_MAX]; /* the arguments may quote the old sentence */
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    clean(text);
    memcpy(ctx->error, text, sizeof text);
    return status;
}

void dpid_log(deepid_ctx *ctx, int32_t level, const char *format, ...)
{
    if (!ctx->log)
        return;
    char line[DPID_ERROR_MAX];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    clean(line);
    ctx->log(ctx->log_user, level, line);
}

/* Who may not enter may not write a sentence either, and gets one of these. */
const char *deepid_ctx_error(const deepid_ctx *ctx)
{
    if (!dpid_is(ctx, DPID_MAGIC_CTX))
        return "";
    if (ctx->pid != getpid())
        return "this context was made by the parent process: after a fork a child makes its own";
    deepid_ctx *shared = (deepid_ctx *)ctx;
    const bool owned = atomic_load_explicit(&shared->owned, memory_order_acquire);
    if (owned && !pthread_equal(atomic_load_explicit(&shared->owner, memory_order_relaxed), pthread_self()))
        return "another thread is using this context: give each thread its own";
    return ctx->error;
}
