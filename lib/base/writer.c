/* Atomic replace: a temporary beside the target -> size check -> sync -> rename -> sync of the folder. The target is the old file or the whole new one, never a part.
   A symbolic link is followed, so that it stays a link; what is no regular file (a device, a FIFO) is refused, because a rename would put a file in its place. */
#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- open ---------------------------------------------------------------------------- */

/* The file that path means; mode becomes that of a file to be replaced, 0 when there is none. */
static int32_t find_target(deepid_ctx *ctx, const char *path, char **target, mode_t *mode)
{
    char real[PATH_MAX];
    struct stat info;
    const bool link = lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
    if (link && !realpath(path, real))
        return dpid_fail_errno(ctx, "follow the link", path, errno);
    const char *found = link ? real : path;
    *mode = 0;
    if (stat(found, &info) == 0) {
        if (!S_ISREG(info.st_mode))
            return dpid_fail(ctx, DEEPID_ERR_IO, "cannot write '%s': it is not a regular file", path);
        *mode = info.st_mode & 0777;
    }
    return dpid_copy_text(ctx, found, target);
}

/* Creates a file of a name that nobody has, beside the target. */
static int32_t open_temporary(dpid_writer *w)
{
    enum { TRIES = 8 };
    int error = EEXIST;
    for (int32_t i = 0; i < TRIES && error == EEXIST; i++) {
        uint64_t unique = 0;
        if (getrandom(&unique, sizeof unique, 0) != (ssize_t)sizeof unique)
            unique = (uint64_t)getpid() << 32 | (uint64_t)i;
        dpid_string name = {.ctx = w->ctx};
        dpid_string_format(&name, "%s.tmp.%016llx", w->path, (unsigned long long)unique);
        DPID_TRY(name.status);
        w->fd = open(name.text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        error = errno;
        if (w->fd >= 0) {
            w->temporary = name.text;
            return DEEPID_OK;
        }
        dpid_string_release(&name);
    }
    return dpid_fail_errno(w->ctx, "write", w->path, error);
}

int32_t dpid_writer_open(deepid_ctx *ctx, const char *path, dpid_writer *out)
{
    dpid_writer w = {.ctx = ctx, .fd = -1};
    mode_t mode = 0;
    DPID_TRY(find_target(ctx, path, &w.path, &mode));
    const int32_t status = open_temporary(&w);
    if (status != DEEPID_OK) {
        dpid_free(ctx, w.path);
        return status;
    }
    if (mode != 0)
        (void)fchmod(w.fd, mode); /* a private file stays private; where modes mean nothing this fails, and that is fine */
    *out = w;
    return DEEPID_OK;
}

/* ---- write ----------------------------------------------------------------------------- */

int32_t dpid_writer_write(dpid_writer *writer, const void *data, int64_t bytes)
{
    for (int64_t done = 0; done < bytes;) {
        const ssize_t put = write(writer->fd, (const char *)data + done, (size_t)(bytes - done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return dpid_fail_errno(writer->ctx, "write", writer->path, errno);
        done += put;
    }
    writer->written += bytes;
    return DEEPID_OK;
}

/* ---- discard, commit ---------------------------------------------------------------------- */

static void release_writer(dpid_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    dpid_free(w->ctx, w->temporary);
    dpid_free(w->ctx, w->path);
    *w = (dpid_writer){.ctx = w->ctx, .fd = -1};
}

void dpid_writer_discard(dpid_writer *writer)
{
    if (writer->temporary)
        unlink(writer->temporary);
    release_writer(writer);
}

/* fd is -1 when the folder may be written but not read: then its sync is left to the system. */
static int32_t open_folder(dpid_writer *w, int *fd)
{
    dpid_string folder = {.ctx = w->ctx};
    const char *slash = strrchr(w->path, '/');
    if (slash)
        dpid_string_add_span(&folder, w->path, slash == w->path ? 1 : slash - w->path);
    else
        dpid_string_add(&folder, ".");
    DPID_TRY(folder.status);
    *fd = open(folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dpid_string_release(&folder);
    return DEEPID_OK;
}

/* The file itself is on the disk before its name points to it. */
static int32_t finish_file(dpid_writer *w)
{
    struct stat info;
    if (fstat(w->fd, &info) != 0)
        return dpid_fail_errno(w->ctx, "look at", w->path, errno);
    if (info.st_size != w->written)
        return dpid_fail(w->ctx, DEEPID_ERR_IO, "cannot write '%s': %lld bytes arrived of %lld", w->path, (long long)info.st_size, (long long)w->written);
    if (fsync(w->fd) != 0)
        return dpid_fail_errno(w->ctx, "sync", w->path, errno);
    const int fd = w->fd;
    w->fd = -1;
    return close(fd) == 0 ? DEEPID_OK : dpid_fail_errno(w->ctx, "close", w->path, errno);
}

/* All that can fail comes before the rename. A folder that cannot be synced changes nothing for those who look now, so it is no failure. */
static int32_t publish(dpid_writer *w)
{
    int folder = -1;
    DPID_TRY(finish_file(w));
    DPID_TRY(open_folder(w, &folder));
    int32_t status = DEEPID_OK;
    if (rename(w->temporary, w->path) != 0)
        status = dpid_fail_errno(w->ctx, "replace", w->path, errno);
    if (folder >= 0) {
        (void)fsync(folder);
        close(folder);
    }
    return status;
}

int32_t dpid_writer_commit(dpid_writer *writer)
{
    const int32_t status = publish(writer);
    if (status != DEEPID_OK)
        dpid_writer_discard(writer);
    else
        release_writer(writer);
    return status;
}

int32_t dpid_file_replace(deepid_ctx *ctx, const char *path, const void *data, int64_t bytes)
{
    dpid_writer writer;
    DPID_TRY(dpid_writer_open(ctx, path, &writer));
    const int32_t status = dpid_writer_write(&writer, data, bytes);
    if (status == DEEPID_OK)
        return dpid_writer_commit(&writer);
    dpid_writer_discard(&writer);
    return status;
}
