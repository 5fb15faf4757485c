/* Atomic replace: a temporary beside the target -> sync -> size check -> rename -> sync of the folder. The target is
   the old file or the whole new one, never a part. A symbolic link is replaced, as git, tar and editors do: what it
   points to is somebody else's. What is no regular file (a device, a pipe) is refused, because a rename would put a
   file in its place. */
#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- open ---------------------------------------------------------------------------- */

/* mode becomes that of a file to be replaced, 0 when there is none. */
static int32_t look_at_target(deepid_ctx *ctx, const char *path, mode_t *mode)
{
    struct stat info;
    *mode = 0;
    if (lstat(path, &info) != 0)
        return DEEPID_OK; /* free, or the temporary will say why not */
    const bool link = S_ISLNK(info.st_mode);
    if (link && strncmp(path, "/dev/", 5) == 0)
        return dpid_fail(ctx, DEEPID_ERR_IO, "cannot write '%s': it is not a regular file but a link of the system",
                         path);
    if (link && stat(path, &info) != 0)
        return DEEPID_OK; /* to nothing */
    if (!S_ISREG(info.st_mode))
        return dpid_fail(ctx, DEEPID_ERR_IO, "cannot write '%s': it is not a regular file but %s", path,
                         dpid_file_kind(info.st_mode));
    *mode = link ? 0 : info.st_mode & 0777;
    return DEEPID_OK;
}

static int32_t open_temporary(dpid_writer *w)
{
    enum { NAME = 40 }; /* more than a temporary's */
    const int64_t room = (int64_t)strlen(w->path) + NAME;
    DPID_TRY(dpid_alloc(w->ctx, room, 1, w->path, &w->temporary));
    w->fd = dpid_temporary_open(w->path, w->temporary, (size_t)room);
    if (w->fd >= 0)
        return DEEPID_OK;
    const int error = errno;
    dpid_free(w->ctx, w->temporary);
    w->temporary = NULL;
    return dpid_fail_errno(w->ctx, "write", w->path, error);
}

int32_t dpid_writer_open(deepid_ctx *ctx, const char *path, dpid_writer *out)
{
    dpid_writer w = {.ctx = ctx, .fd = -1};
    mode_t mode = 0;
    DPID_TRY(look_at_target(ctx, path, &mode));
    DPID_TRY(dpid_copy_text(ctx, path, &w.path));
    const int32_t status = open_temporary(&w);
    if (status != DEEPID_OK) {
        dpid_free(ctx, w.path);
        return status;
    }
    if (mode != 0)
        /* a private file stays private; where modes mean nothing this fails, and that is fine */
        (void)fchmod(w.fd, mode);
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

/* As long as was written? NFS may say so only of a file that is opened anew. */
static bool arrived(const dpid_writer *w, struct stat *info)
{
    if (fstat(w->fd, info) == 0 && info->st_size == w->written)
        return true;
    const int fd = open(w->temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    const bool whole = fd >= 0 && fstat(fd, info) == 0 && info->st_size == w->written;
    if (fd >= 0)
        close(fd);
    return whole;
}

/* The file itself is on the disk before its name points to it. Another number keeps it open, and so locked, until it
   has its name. */
static int32_t finish_file(dpid_writer *w, int *locked)
{
    struct stat info = {.st_size = 0};
    if (fsync(w->fd) != 0)
        return dpid_fail_errno(w->ctx, "sync", w->path, errno);
    if (!arrived(w, &info))
        return dpid_fail(w->ctx, DEEPID_ERR_IO, "cannot write '%s': %lld bytes arrived of %lld", w->path,
                         (long long)info.st_size, (long long)w->written);
    *locked = fcntl(w->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (*locked < 0)
        return dpid_fail_errno(w->ctx, "close", w->path, errno);
    const int fd = w->fd;
    w->fd = -1;
    return close(fd) == 0 ? DEEPID_OK : dpid_fail_errno(w->ctx, "close", w->path, errno);
}

/* After a rename that says that there is no temporary: its answer may have got lost, as in dpid_file_has_name, and
   another writer may have replaced the file since. Then the name points to what was not there before. */
static bool was_replaced_since(const dpid_writer *w, const struct stat *before)
{
    struct stat info;
    return lstat(w->temporary, &info) != 0 && errno == ENOENT && lstat(w->path, &info) == 0 &&
           (info.st_dev != before->st_dev || info.st_ino != before->st_ino ||
            info.st_ctim.tv_sec != before->st_ctim.tv_sec || info.st_ctim.tv_nsec != before->st_ctim.tv_nsec);
}

/* taken NULL: in place of what has the name. Else the name is linked to the file, which fails when there is one. */
static int32_t give_name(const dpid_writer *w, int locked, bool *taken)
{
    struct stat before;
    if (lstat(w->path, &before) != 0)
        before = (struct stat){.st_nlink = 0}; /* no file */
    const int code = taken ? link(w->temporary, w->path) : rename(w->temporary, w->path);
    const int error = errno;
    const bool done = code == 0 || dpid_file_has_name(locked, w->path) ||
                      (!taken && error == ENOENT && was_replaced_since(w, &before));
    if (taken)
        *taken = !done && error == EEXIST;
    if (taken && (done || *taken))
        unlink(w->temporary);
    return done || (taken && *taken) ? DEEPID_OK : dpid_fail_errno(w->ctx, "replace", w->path, error);
}

/* All that can fail comes before the name. A folder that cannot be synced changes nothing for those who look now, so
   it is no failure. */
static int32_t publish(dpid_writer *w, bool *taken)
{
    int folder = -1;
    int locked = -1;
    int32_t status = finish_file(w, &locked);
    if (status == DEEPID_OK)
        status = open_folder(w, &folder);
    if (status == DEEPID_OK)
        status = give_name(w, locked, taken);
    if (locked >= 0)
        close(locked);
    if (folder >= 0) {
        (void)fsync(folder);
        close(folder);
    }
    return status;
}

static int32_t commit(dpid_writer *writer, bool *taken)
{
    const int32_t status = publish(writer, taken);
    if (status != DEEPID_OK)
        dpid_writer_discard(writer);
    else
        release_writer(writer);
    return status;
}

int32_t dpid_writer_commit(dpid_writer *writer)
{
    return commit(writer, NULL);
}

static int32_t write_all(deepid_ctx *ctx, const char *path, const void *data, int64_t bytes, bool *taken)
{
    dpid_writer writer;
    DPID_TRY(dpid_writer_open(ctx, path, &writer));
    const int32_t status = dpid_writer_write(&writer, data, bytes);
    if (status == DEEPID_OK)
        return commit(&writer, taken);
    dpid_writer_discard(&writer);
    return status;
}

int32_t dpid_file_replace(deepid_ctx *ctx, const char *path, const void *data, int64_t bytes)
{
    return write_all(ctx, path, data, bytes, NULL);
}

int32_t dpid_file_create(deepid_ctx *ctx, const char *path, const void *data, int64_t bytes, bool *taken)
{
    return write_all(ctx, path, data, bytes, taken);
}
