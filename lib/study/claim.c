/* Claims: OUT/tasks/<hash>.taken says who works on a task: host, process, and when that process began, so that a
   claim of a killed process is known as such even when its number is in use again. Two that take over the same stale
   claim at once both do the task, and publish the same result. */
#include "study/study.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLAIM_MAX = 160, PATH_MAX_BYTES = 4096 };

/* The number at p, up to a blank or the end; -1 when there is none. */
static int64_t number_at(const char *p)
{
    int64_t number;
    return p && dpid_parse_int(p, (int64_t)strcspn(p, " \n"), &number) ? number : -1;
}

/* When a process began: field 22 of /proc/PID/stat, the 20th behind the command's closing parenthesis; -1 where
 * there is no /proc, and for one that has ended and was not yet waited for (Z).
 */
static int64_t start_of(int64_t pid)
{
    enum { FIELDS_BEHIND = 20 };
    char path[64];
    char text[1024] = "";
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    const char *p = length > 0 ? strrchr(text, ')') : NULL;
    if (p && strncmp(p, ") Z", 3) == 0)
        return -1;
    for (int i = 0; p && i < FIELDS_BEHIND; i++)
        p = strchr(p + 1, ' ');
    return p ? number_at(p + 1) : -1;
}

/* "HOST PID START" */
static int write_claim(char *text, int64_t pid)
{
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    return snprintf(text, CLAIM_MAX, "%s %lld %lld", *host ? host : "?", (long long)pid, (long long)start_of(pid));
}

/* ---- read ----------------------------------------------------------------------------------- */

typedef enum { OWNER_LIVES, OWNER_GONE, NO_CLAIM } owner;

/* Bytes of a claim, 0 for what is none: a pipe, a folder, a link, which are not waited for nor followed; -1 for one
   that has gone or may not be read. */
static ssize_t read_claim(const char *path, char text[static CLAIM_MAX])
{
    struct stat info;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP || errno == ENXIO ? 0 : -1;
    const bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    const ssize_t length = regular ? read(fd, text, CLAIM_MAX - 1) : 0;
    close(fd);
    return length;
}

/* Gone: on this host, and no such process, or another one of the same number. What does not read as a claim is
   nobody's. */
static owner owner_of(const char *path)
{
    char text[CLAIM_MAX] = "";
    char mine[CLAIM_MAX];
    if (read_claim(path, text) < 0)
        return OWNER_LIVES;
    const char *number = strchr(text, ' ');
    const int64_t pid = number ? number_at(number + 1) : -1;
    if (pid < 1)
        return NO_CLAIM;
    write_claim(mine, pid); /* as that process would write it now */
    const bool here = strcspn(mine, " ") == strcspn(text, " ") && strncmp(mine, text, strcspn(text, " ")) == 0;
    return here && ((kill((pid_t)pid, 0) != 0 && errno == ESRCH) || strcmp(text, mine) != 0) ? OWNER_GONE : OWNER_LIVES;
}

/* ---- take, give back -------------------------------------------------------------------------- */

/* Written beside, then linked to its name: a claim is there with its words or not at all. */
static dpid_claim create_claim(const char *path)
{
    char text[CLAIM_MAX];
    char beside[PATH_MAX_BYTES + 64];
    const int length = write_claim(text, (int64_t)getpid());
    const int fd = dpid_temporary_open(path, beside, sizeof beside);
    if (fd < 0)
        return DPID_CLAIM_FAILED; /* told when the result is published */
    const bool written = write(fd, text, (size_t)length) == length;
    const bool linked = written && link(beside, path) == 0;
    const bool taken = !linked && written && errno == EEXIST;
    unlink(beside);
    close(fd);
    return linked ? DPID_CLAIM_MINE : taken ? DPID_CLAIM_HELD : DPID_CLAIM_FAILED;
}

static bool path_of(const deepid_study *study, const dpid_task *task, char *path)
{
    return study->folder &&
           snprintf(path, PATH_MAX_BYTES, "%s/tasks/%s.taken", study->folder, task->name) < PATH_MAX_BYTES;
}

dpid_claim dpid_task_claim(const deepid_study *study, const dpid_task *task)
{
    char path[PATH_MAX_BYTES];
    if (!path_of(study, task, path))
        return DPID_CLAIM_MINE;
    const dpid_claim claim = create_claim(path);
    if (claim != DPID_CLAIM_HELD || owner_of(path) == OWNER_LIVES)
        return claim;
    if (unlink(path) != 0 && errno != ENOENT)
        return DPID_CLAIM_STUCK;
    return create_claim(path);
}

void dpid_task_clear_claim(const deepid_study *study, const dpid_task *task)
{
    char path[PATH_MAX_BYTES];
    if (path_of(study, task, path) && owner_of(path) != OWNER_LIVES)
        unlink(path);
}

void dpid_task_unclaim(const deepid_study *study, const dpid_task *task)
{
    char path[PATH_MAX_BYTES];
    if (path_of(study, task, path))
        unlink(path);
}
