/* Temporary files:      FOLDER/deepid.tmp.HOST.RANDOM
   HOST is made of this machine's name. The name does not contain the target's, which may be as long as the system
   allows. Each file is locked as long as its process has it open. The lock ends with the process, however that ends, so
   a sweep knows what a killed process left. */
#include "base/file.h"

#include "base/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "deepid.tmp."
enum { HOST_DIGITS = 8, RANDOM_DIGITS = 16, DAY = 24 * 60 * 60 };

static void host_word(char word[static HOST_DIGITS + 1])
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    snprintf(word, HOST_DIGITS + 1, "%08x", (unsigned)dpid_hash64(host, (int64_t)strlen(host), 0));
}

/* ---- open ------------------------------------------------------------------------------ */

static bool make_name(const char *path, char *name, size_t size)
{
    char host[HOST_DIGITS + 1];
    uint64_t unique = 0;
    host_word(host);
    if (getrandom(&unique, sizeof unique, 0) != (ssize_t)sizeof unique)
        return false;
    const char *slash = strrchr(path, '/');
    const int length = snprintf(name, size, "%.*s" PREFIX "%s.%016llx", slash ? (int)(slash + 1 - path) : 0, path, host,
                                (unsigned long long)unique);
    errno = ENAMETOOLONG;
    return length > 0 && (size_t)length < size;
}

/* False when a sweep came between: then the file is gone, or about to go. */
static bool lock(int fd)
{
    struct stat info;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return false;
    return fstat(fd, &info) == 0 && info.st_nlink > 0;
}

/* Never the number of a standard stream that the host has closed: what it prints would land in the file. */
static int above_streams(int fd, const char *name)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    const int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int error = errno;
    if (higher < 0)
        unlink(name);
    close(fd);
    errno = error;
    return higher;
}

int dpid_temporary_open(const char *path, char *name, size_t size)
{
    enum { TRIES = 8 };
    for (int i = 0; i < TRIES; i++) {
        if (!make_name(path, name, size))
            return -1;
        const int fd = above_streams(open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666), name);
        if (fd < 0 && errno != EEXIST)
            return -1;
        if (fd >= 0 && lock(fd))
            return fd;
        if (fd >= 0)
            close(fd);
    }
    errno = EEXIST;
    return -1;
}

/* ---- sweep ---------------------------------------------------------------------------------- */

static bool is_temporary(const char *name)
{
    const size_t length = sizeof PREFIX - 1 + HOST_DIGITS + 1 + RANDOM_DIGITS;
    return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0 && strlen(name) == length &&
           strspn(name + sizeof PREFIX - 1, "0123456789abcdef.") == length - (sizeof PREFIX - 1);
}

/* Removed under its lock: who just made it sees that it is gone, and makes another. */
static void remove_if_left(int folder, const char *name, const char *host)
{
    struct stat info;
    const int fd = openat(folder, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    const bool ours = strncmp(name + sizeof PREFIX - 1, host, HOST_DIGITS) == 0;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (ours || time(NULL) - info.st_mtime > DAY) &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
    close(fd);
}

void dpid_folder_sweep(const char *folder)
{
    char host[HOST_DIGITS + 1];
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    host_word(host);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (is_temporary(entry->d_name))
            remove_if_left(dirfd(dir), entry->d_name, host);
    closedir(dir);
}
