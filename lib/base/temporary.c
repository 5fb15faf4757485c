/* Temporary files:      FOLDER/deepid.tmp.HOST.RANDOM
   HOST is made of this machine's name and boot. The name does not contain the target's, which may be as long as the
   system allows. Each file is locked as long as its process has it open. The lock ends with the process, however that
   ends, so a sweep knows what a killed process left. */
#include "base/file.h"

#include "base/place.h"

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
    snprintf(word, HOST_DIGITS + 1, "%08x", (unsigned)dpid_place_here().boot);
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

/* What the clock says by which the files of this folder get their times: that of a server, which may differ from ours
   by years. -1: no file can be made. */
static time_t folder_time(const char *folder)
{
    char path[4096];
    char name[sizeof path + 64];
    struct stat info = {.st_mtime = -1};
    const int length = snprintf(path, sizeof path, "%s/", folder);
    const int fd = length < (int)sizeof path ? dpid_temporary_open(path, name, sizeof name) : -1;
    if (fd < 0)
        return -1;
    const bool known = write(fd, "", 1) == 1 && fsync(fd) == 0 && fstat(fd, &info) == 0;
    close(fd);
    unlink(name);
    return known ? info.st_mtime : -1;
}

static bool is_old(const char *folder, const struct stat *info)
{
    return folder_time(folder) - info->st_mtime > DAY;
}

/* Removed under its lock: who just made it sees that it is gone, and makes another. */
static void remove_if_left(DIR *dir, const char *folder, const char *name, const char *host)
{
    struct stat info;
    const int fd = openat(dirfd(dir), name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    const bool ours = strncmp(name + sizeof PREFIX - 1, host, HOST_DIGITS) == 0;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (ours || is_old(folder, &info)) &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(dirfd(dir), name, 0);
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
            remove_if_left(dir, folder, entry->d_name, host);
    closedir(dir);
}
