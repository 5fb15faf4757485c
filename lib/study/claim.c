/* Claims: OUT/tasks/<hash>.taken says who works on a task. Its owner writes the number of a beat into it again and
   again; one that stays as it is for the takeover time, by the clock of who looks, is taken over, and that of a dead
   process of this system at once. Two that take over at once both do the task, and publish the same result. Every step
   and why it is right on NFS: docs/design/0014-claims.md */
#include "study/study.h"

#include "base/file.h"
#include "base/numbers.h"
#include "base/place.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLAIM_MAX = 256, PATH_MAX_BYTES = 4096 };

static bool path_of(const deepid_study *study, const char *name, char path[static PATH_MAX_BYTES])
{
    return study->folder && snprintf(path, PATH_MAX_BYTES, "%s/tasks/%s.taken", study->folder, name) < PATH_MAX_BYTES;
}

/* ---- the words: "HOST PID START PROCESSES TOKEN BEAT" --------------------------------------------- */

typedef enum { HOST, PID, START, PROCESSES, TOKEN } claim_word;

/* Every beat of a claim is as long as the first: it is written over it. */
static int write_words(char text[static CLAIM_MAX], uint64_t token, int64_t beat)
{
    const dpid_place here = dpid_place_here();
    return snprintf(text, CLAIM_MAX, "%s %lld %lld %s %016llx %010lld\n", here.host, (long long)getpid(),
                    (long long)dpid_process_start(getpid()), here.processes, (unsigned long long)token,
                    (long long)beat);
}

/* "" where there are not so many. */
static dpid_span word_of(const char *text, claim_word word)
{
    for (int i = 0; i < (int)word; i++) {
        text += strcspn(text, " ");
        text += *text == ' ';
    }
    return (dpid_span){.text = text, .length = (int64_t)strcspn(text, " \n")};
}

static int64_t number_of(const char *text, claim_word word)
{
    int64_t number;
    const dpid_span s = word_of(text, word);
    return dpid_parse_int(s.text, s.length, &number) ? number : -1;
}

static bool is_token(const char *text, uint64_t token)
{
    char mine[DPID_WORD_DIGITS + 1];
    snprintf(mine, sizeof mine, "%016llx", (unsigned long long)token);
    return dpid_span_is(word_of(text, TOKEN), mine);
}

/* ---- look: whose is it, and does it beat? ------------------------------------------------------------ */

/* Bytes of a claim, 0 for what is none: a pipe, a folder, a link, which are not waited for nor followed; -1 with errno
   for one that has gone or may not be read. Opened anew for every look: then NFS asks the server. */
static ssize_t read_claim(const char *path, int flags, int *fd, char text[static CLAIM_MAX])
{
    struct stat info;
    *text = 0;
    *fd = open(path, flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0)
        return errno == ELOOP || errno == ENXIO || errno == EISDIR ? 0 : -1;
    const bool regular = fstat(*fd, &info) == 0 && S_ISREG(info.st_mode);
    const ssize_t length = regular ? read(*fd, text, CLAIM_MAX - 1) : 0;
    text[length > 0 ? length : 0] = 0;
    return length;
}

static ssize_t look_at(const char *path, char text[static CLAIM_MAX])
{
    int fd;
    const ssize_t length = read_claim(path, O_RDONLY, &fd, text);
    const int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return length;
}

/* On this system, and no such process, or another one of the same number. */
static bool is_dead(const char *text)
{
    const dpid_place here = dpid_place_here();
    const int64_t pid = number_of(text, PID);
    if (strcmp(here.processes, "?") == 0 || !dpid_span_is(word_of(text, HOST), here.host) ||
        !dpid_span_is(word_of(text, PROCESSES), here.processes))
        return false;
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return true;
    const int64_t start = dpid_process_start(pid);
    return start == DPID_PROCESS_ENDED || (start != DPID_PROCESS_UNKNOWN && start != number_of(text, START));
}

static double takeover_of(const deepid_study *study)
{
    return study->number[DPID_NUMBER_TAKEOVER];
}

double dpid_beat_seconds(const deepid_study *study)
{
    const double most = 10;
    const double beats = 6; /* lost before a claim is */
    return fmin(most, takeover_of(study) / beats);
}

/* Of the time between two looks no more than that of a beat counts: who was stopped, or whose look hung, has not seen
   that there was none. */
static bool fell_silent(const deepid_study *study, dpid_watch *watch)
{
    const double now = dpid_seconds_now();
    watch->silent += fmin(now - watch->looked, dpid_beat_seconds(study));
    watch->looked = now;
    return watch->silent >= takeover_of(study);
}

static uint64_t hash_of(const char *text)
{
    return dpid_hash64(text, (int64_t)strlen(text), 0);
}

typedef enum { OWNER_LIVES, OWNER_GONE, NO_CLAIM } owner;

/* What does not read as a claim is nobody's. */
static owner owner_of(const deepid_study *study, const char *path, dpid_watch *watch)
{
    char text[CLAIM_MAX];
    if (look_at(path, text) < 0)
        return errno == ENOENT ? NO_CLAIM : OWNER_LIVES;
    if (watch->seen != hash_of(text))
        *watch = (dpid_watch){.seen = hash_of(text), .looked = dpid_seconds_now()};
    return number_of(text, PID) < 1 || is_dead(text) || fell_silent(study, watch) ? OWNER_GONE : OWNER_LIVES;
}

/* ---- take --------------------------------------------------------------------------------------------- */

/* Closed so that NFS has sent it, by way of another number that keeps the file locked: a sweep leaves it alone. */
static bool write_out(int *fd, const char *text, int length)
{
    const bool written = write(*fd, text, (size_t)length) == length;
    const int locked = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const bool sent = close(*fd) == 0;
    *fd = locked;
    return written && sent;
}

/* Written beside, then linked to its name: a claim is there with its words or not at all. */
static dpid_claim create_claim(const char *path, uint64_t token)
{
    char text[CLAIM_MAX];
    char beside[PATH_MAX_BYTES + 64];
    int fd = dpid_temporary_open(path, beside, sizeof beside);
    if (fd < 0)
        return DPID_CLAIM_FAILED; /* told when the result is published */
    const bool written = write_out(&fd, text, write_words(text, token, 0));
    const bool linked = written && link(beside, path) == 0;
    const int error = errno;
    const bool ours = linked || (written && dpid_file_has_name(fd, path)); /* done, but the answer was lost */
    if (fd >= 0)
        close(fd);
    unlink(beside);
    return ours ? DPID_CLAIM_MINE : written && error == EEXIST ? DPID_CLAIM_HELD : DPID_CLAIM_FAILED;
}

/* Takes the claim that was looked at out of the way, so that one of several does. If another one's new claim was there
   by now, it goes back. What was moved counts: a rename whose answer was lost says that there is no such file. */
static dpid_claim set_aside(const char *path, uint64_t seen)
{
    char text[CLAIM_MAX];
    char aside[PATH_MAX_BYTES + 64];
    const int fd = dpid_temporary_open(path, aside, sizeof aside);
    if (fd < 0)
        return DPID_CLAIM_FAILED;
    close(fd);
    const bool moved = rename(path, aside) == 0 || errno == ENOENT || errno == ESTALE;
    const bool newer = moved && look_at(aside, text) > 0 && hash_of(text) != seen;
    if (newer)
        (void)!link(aside, path); /* there is one again: both do the task */
    unlink(aside);
    return newer ? DPID_CLAIM_HELD : moved ? DPID_CLAIM_MINE : DPID_CLAIM_STUCK;
}

static uint64_t new_token(void)
{
    uint64_t token = 0;
    return getrandom(&token, sizeof token, 0) == (ssize_t)sizeof token ? token : 0;
}

dpid_claim dpid_task_claim(const deepid_study *study, dpid_task *task)
{
    char path[PATH_MAX_BYTES];
    if (!path_of(study, task->name, path))
        return DPID_CLAIM_MINE;
    const owner who = owner_of(study, path, &task->watch);
    if (who == OWNER_LIVES)
        return DPID_CLAIM_HELD;
    const dpid_claim way = who == OWNER_GONE ? set_aside(path, task->watch.seen) : DPID_CLAIM_MINE;
    if (way != DPID_CLAIM_MINE)
        return way;
    task->watch = (dpid_watch){0};
    task->beat = (dpid_beat){.token = new_token()};
    memcpy(task->beat.name, task->name, sizeof task->name);
    return create_claim(path, task->beat.token);
}

void dpid_task_watch(const deepid_study *study, dpid_task *task)
{
    char path[PATH_MAX_BYTES];
    if (path_of(study, task->name, path))
        (void)owner_of(study, path, &task->watch);
}

/* ---- beat, give back ------------------------------------------------------------------------------------ */

/* Opened by its name each time: a file that was set aside meanwhile is not found, or is written to and read by nobody.
 */
void dpid_claim_beat(const deepid_study *study, const dpid_beat *beat)
{
    int fd;
    char path[PATH_MAX_BYTES];
    char text[CLAIM_MAX];
    if (!path_of(study, beat->name, path))
        return;
    if (read_claim(path, O_RDWR, &fd, text) > 0 && is_token(text, beat->token)) {
        const int length = write_words(text, beat->token, beat->beats);
        (void)!pwrite(fd, text, (size_t)length, 0); /* not written: the next one may be */
    }
    if (fd >= 0)
        close(fd);
}

void dpid_task_clear_claim(const deepid_study *study, const dpid_task *task)
{
    char path[PATH_MAX_BYTES];
    if (path_of(study, task->name, path))
        unlink(path);
}

void dpid_task_unclaim(const deepid_study *study, const dpid_task *task)
{
    char path[PATH_MAX_BYTES];
    char text[CLAIM_MAX];
    if (path_of(study, task->name, path) && look_at(path, text) > 0 && is_token(text, task->beat.token))
        unlink(path);
}
