/* Debian's serial OpenBLAS takes a work buffer of 128 MiB for a product. When the system has not got it, it asks
   again, for ever; and it hands buffers out without a lock: two threads that multiply at once get the same one and
   wrong results (seen with 0.3.21: 61 of 400 000 entries looked at, two threads). So the link wraps the two
   functions. Threads of a context get memory that was taken beforehand, much less of it. Whoever else multiplies (a
   host that links the static library and uses the same OpenBLAS) gets OpenBLAS's own, under a lock that is held for
   the hand-out. */
#include "base/blas_memory.h"

#include <pthread.h>
#include <stddef.h>

/* ---- one lock, held for the hand-out or, without one of our own, for the product -------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void lock(void)
{
    pthread_mutex_lock(&mutex);
}

static void unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

/* A child must not be born with the lock held by a thread that it has not. */
static void watch_forks(void)
{
    pthread_atfork(lock, unlock, unlock);
}

#ifdef DEEPID_BLAS_WRAP

#include <string.h>
#include <sys/mman.h>

void *__real_blas_memory_alloc(int position);
void __real_blas_memory_free(void *buffer);
void *__wrap_blas_memory_alloc(int position);
void __wrap_blas_memory_free(void *buffer);
char *openblas_get_config(void);

static _Thread_local struct {
    void *memory;
    bool out; /* handed out: a product inside a product gets another */
} own;

/* ---- a context's threads ------------------------------------------------------------------ */

/* Other versions may need more: as much as they take themselves. Pages that nobody writes to cost nothing. */
static size_t bytes_needed(void)
{
    const char *known = "OpenBLAS 0.3.21 ";
    const size_t unknown = (size_t)128 << 20;
    return strncmp(openblas_get_config(), known, strlen(known)) == 0 ? DPID_BLAS_BYTES : unknown;
}

bool dpid_blas_take(void **out)
{
    void *memory =
        mmap(NULL, bytes_needed(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    *out = memory;
    return true;
}

void dpid_blas_give(void *memory)
{
    if (memory)
        munmap(memory, bytes_needed());
}

void *dpid_blas_use(void *memory)
{
    void *before = own.memory;
    own.memory = memory;
    return before;
}

/* ---- what OpenBLAS calls -------------------------------------------------------------------- */

void *__wrap_blas_memory_alloc(int position)
{
    if (own.memory && !own.out) {
        own.out = true;
        return own.memory;
    }
    pthread_once(&fork_once, watch_forks);
    lock();
    void *buffer = __real_blas_memory_alloc(position);
    unlock();
    return buffer;
}

void __wrap_blas_memory_free(void *buffer)
{
    if (own.out && buffer == own.memory) {
        own.out = false;
        return;
    }
    lock();
    __real_blas_memory_free(buffer);
    unlock();
}

#else /* the system's OpenBLAS, which takes its buffers when it multiplies */

int openblas_get_parallel(void); /* 0: a serial build, whose buffers no lock guards */

bool dpid_blas_take(void **out)
{
    *out = NULL;
    return true;
}

void dpid_blas_give(void *memory)
{
    (void)memory;
}

void *dpid_blas_use(void *memory)
{
    (void)memory;
    return NULL;
}

/* ---- one product at a time, where the BLAS cannot do two --------------------------------------- */

void dpid_blas_enter(void)
{
    if (openblas_get_parallel() != 0)
        return;
    pthread_once(&fork_once, watch_forks);
    lock();
}

void dpid_blas_leave(void)
{
    if (openblas_get_parallel() == 0)
        unlock();
}

#endif
