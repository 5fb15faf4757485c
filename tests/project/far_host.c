/* Loaded before a program (LD_PRELOAD), makes this machine a far one. SHIFT=SECONDS: its clock is wrong by so much.
   LOST=N: of the calls of link and rename every N-th is done, but its answer is lost, and the second try, as a client
   of NFS makes it, finds its own work in the way. STALE=N: of the files under tasks/ and nets/ that are opened to be
   read every N-th is replaced meanwhile by another machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long number(const char *name)
{
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static int every(const char *name, atomic_long *count)
{
    const long n = number(name);
    return n > 0 && ++*count % n == 0;
}

/* ---- the clock ---------------------------------------------------------------------------- */

int clock_gettime(clockid_t clock, struct timespec *out)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    const int code = real(clock, out);
    if (clock == CLOCK_REALTIME)
        out->tv_sec += number("SHIFT");
    return code;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *out, void *zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

/* ---- lost answers ------------------------------------------------------------------------------ */

static atomic_long answers;

int link(const char *from, const char *to)
{
    const int code = linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
    return code == 0 && every("LOST", &answers) ? (errno = EEXIST, -1) : code;
}

int rename(const char *from, const char *to)
{
    const int code = renameat(AT_FDCWD, from, AT_FDCWD, to);
    return code == 0 && every("LOST", &answers) ? (errno = ENOENT, -1) : code;
}

/* ---- stale files --------------------------------------------------------------------------------- */

ssize_t read(int fd, void *data, size_t bytes)
{
    static atomic_long reads;
    static ssize_t (*real)(int, void *, size_t);
    char link[64];
    char path[4096] = "";
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "read");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (number("STALE") > 0 && readlink(link, path, sizeof path - 1) > 0 &&
        (strstr(path, "/tasks/") || strstr(path, "/nets/")) && every("STALE", &reads))
        return errno = ESTALE, -1;
    return real(fd, data, bytes);
}
