/* Memory whose ends are watched.   What for: guard.h */
#include "support/guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- blocks ---------------------------------------------------------------------------- */

static uint64_t page_bytes(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + page_bytes() - 1) / page_bytes() * page_bytes();
}

/* bytes is a multiple of the alignment: a block that ends at a page begins aligned. */
void *guard_take(void *user, uint64_t bytes, uint64_t alignment)
{
    const bool *at_start = user;
    const uint64_t page = page_bytes();
    const uint64_t inner = whole_pages(bytes);
    char *all = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || bytes % alignment != 0 || page % alignment != 0)
        return NULL;
    if (mprotect(all + page, inner, PROT_READ | PROT_WRITE) != 0)
        return NULL;
    char *block = all + page + (*at_start ? 0 : inner - bytes);
    poison(block, (int64_t)bytes);
    return block;
}

void guard_give(void *user, void *memory, uint64_t bytes)
{
    const uint64_t page = page_bytes();
    char *inner = (char *)((uintptr_t)memory / page * page);
    (void)user;
    munmap(inner - page, whole_pages(bytes) + 2 * page);
}

void poison(void *memory, int64_t bytes)
{
    if (bytes > 0)
        memset(memory, 0xff, (size_t)bytes);
}

/* ---- crashes ------------------------------------------------------------------------------ */

char guard_where[GUARD_WHERE];

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { SIGNALS = sizeof signals / sizeof *signals };
static struct sigaction before[SIGNALS];

/* Says where, then leaves the fault to happen again under whoever was told of it before. */
static void crashed(int number)
{
    static const char told[] = "\ncrashed in ";
    ssize_t written = write(STDERR_FILENO, told, sizeof told - 1);
    written += write(STDERR_FILENO, guard_where, strlen(guard_where));
    written += write(STDERR_FILENO, "\n", 1);
    for (int i = 0; i < SIGNALS && written > 0; i++)
        sigaction(signals[i], &before[i], NULL);
    if (number == SIGABRT)
        raise(number);
}

void guard_watch_crashes(void)
{
    for (int i = 0; i < SIGNALS; i++) {
        struct sigaction now;
        const struct sigaction ours = {.sa_handler = crashed, .sa_flags = SA_NODEFER};
        sigaction(signals[i], &ours, &now);
        if (now.sa_handler != crashed)
            before[i] = now;
    }
}
