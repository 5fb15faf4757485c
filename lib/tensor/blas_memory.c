/* Debian's serial OpenBLAS hands out its work buffers without a lock: two threads that multiply at once get the same one and wrong results (seen with 0.3.21: 61 of 400 000
   entries looked at, two threads). The link wraps the two functions, and here they get the lock. It is held for the hand-out, never for a product. */
#include <pthread.h>

#ifdef DEEPID_BLAS_WRAP

void *__real_blas_memory_alloc(int position);
void __real_blas_memory_free(void *buffer);
void *__wrap_blas_memory_alloc(int position);
void __wrap_blas_memory_free(void *buffer);

static pthread_mutex_t hand_out = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void lock(void)
{
    pthread_mutex_lock(&hand_out);
}

static void unlock(void)
{
    pthread_mutex_unlock(&hand_out);
}

/* A child must not be born with the lock held by a thread that it has not. */
static void watch_forks(void)
{
    pthread_atfork(lock, unlock, unlock);
}

void *__wrap_blas_memory_alloc(int position)
{
    pthread_once(&fork_once, watch_forks);
    lock();
    void *buffer = __real_blas_memory_alloc(position);
    unlock();
    return buffer;
}

void __wrap_blas_memory_free(void *buffer)
{
    lock();
    __real_blas_memory_free(buffer);
    unlock();
}

#else
typedef int dpid_no_wrap; /* the system's threaded OpenBLAS locks by itself */
#endif
