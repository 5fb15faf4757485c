/* Files: read whole with a cap that is checked first; folders.   Packed ones: gz.c   Writing: writer.c */
#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The end of a long path is enough to know it by, and leaves room for the reason. */
int32_t dpid_fail_errno(deepid_ctx *ctx, const char *doing, const char *path, int error)
{
    enum { SHOWN = 300 };
    char text[128];
    const char *words = strerror_r(error, text, sizeof text); /* the GNU form: returns the words */
    const size_t length = strlen(path);
    const bool long_path = length > SHOWN;
    const int32_t status = dpid_fail(ctx, error == ENOMEM ? DEEPID_ERR_MEMORY : DEEPID_ERR_IO, "cannot %s '%s%s': %s",
                                     doing, long_path ? "..." : "", long_path ? path + length - SHOWN : path, words);
    errno = error;
    return status;
}

const char *dpid_file_kind(mode_t mode)
{
    return S_ISREG(mode)    ? "a regular file"
           : S_ISDIR(mode)  ? "a folder"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISLNK(mode)  ? "a link"
                            : "a device";
}

/* ---- reading ----------------------------------------------------------------- */

static int32_t check_open(deepid_ctx *ctx, const char *path, int fd, int64_t *bytes)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return dpid_fail_errno(ctx, "look at", path, errno);
    if (!S_ISREG(info.st_mode))
        return dpid_fail(ctx, DEEPID_ERR_IO, "'%s' is not a regular file but %s", path, dpid_file_kind(info.st_mode));
    if (info.st_size > ctx->limits.file_bytes)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s' has %lld bytes, the limit file_bytes is %lld", path,
                         (long long)info.st_size, (long long)ctx->limits.file_bytes);
    *bytes = info.st_size;
    return DEEPID_OK;
}

int32_t dpid_file_open(deepid_ctx *ctx, const char *path, int *fd, int64_t *bytes)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe must not hang us */
    if (*fd < 0)
        return dpid_fail_errno(ctx, "open", path, errno);
    const int32_t status = check_open(ctx, path, *fd, bytes);
    if (status != DEEPID_OK)
        close(*fd);
    return status;
}

int32_t dpid_file_read_some(deepid_ctx *ctx, const char *path, int fd, void *data, int64_t bytes, int64_t *got)
{
    for (*got = 0; *got < bytes;) {
        const ssize_t n = read(fd, (char *)data + *got, (size_t)(bytes - *got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return dpid_fail_errno(ctx, "read", path, errno);
        if (n == 0)
            return DEEPID_OK;
        *got += n;
    }
    return DEEPID_OK;
}

static int32_t read_open(deepid_ctx *ctx, const char *path, int fd, int64_t bytes, uint8_t **out)
{
    int64_t got = 0;
    uint8_t *data = NULL;
    DPID_TRY(dpid_alloc(ctx, bytes + 1, 1, path, &data));
    int32_t status = dpid_file_read_some(ctx, path, fd, data, bytes, &got);
    if (status == DEEPID_OK && got < bytes)
        status = dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' became shorter while it was read: %lld of %lld bytes", path,
                           (long long)got, (long long)bytes);
    if (status != DEEPID_OK)
        dpid_free(ctx, data);
    else
        *out = data;
    return status;
}

static int32_t read_once(deepid_ctx *ctx, const char *path, uint8_t **out, int64_t *bytes)
{
    int fd;
    int64_t count = 0;
    DPID_TRY(dpid_file_open(ctx, path, &fd, &count));
    const int32_t status = read_open(ctx, path, fd, count, out);
    const int error = errno;
    close(fd);
    errno = error;
    if (status == DEEPID_OK)
        *bytes = count;
    return status;
}

/* On NFS a file is gone (ESTALE) when another machine replaces it while it is read. There is a new one by its name. */
int32_t dpid_file_read(deepid_ctx *ctx, const char *path, uint8_t **out, int64_t *bytes)
{
    enum { TRIES = 3 };
    for (int i = 1;; i++) {
        const int32_t status = read_once(ctx, path, out, bytes);
        if (status != DEEPID_ERR_IO || errno != ESTALE || i == TRIES)
            return status;
    }
}

/* ---- folders ------------------------------------------------------------------------- */

static int32_t make_one(deepid_ctx *ctx, const char *path)
{
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return DEEPID_OK;
    const int error = errno;
    if (error == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return DEEPID_OK;
    return dpid_fail_errno(ctx, "make the folder", path, error);
}

int32_t dpid_folder_make(deepid_ctx *ctx, const char *path)
{
    char *copy = NULL;
    DPID_TRY(dpid_copy_text(ctx, path, &copy));
    int32_t status = DEEPID_OK;
    for (char *p = copy + 1; *copy && *p && status == DEEPID_OK; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        status = make_one(ctx, copy);
        *p = '/';
    }
    if (status == DEEPID_OK)
        status = make_one(ctx, copy);
    dpid_free(ctx, copy);
    return status;
}

int32_t dpid_folder_make_own(deepid_ctx *ctx, const char *path)
{
    struct stat info;
    DPID_TRY(dpid_folder_make(ctx, path));
    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode))
        return dpid_fail(ctx, DEEPID_ERR_IO, "'%s' is a link, expected a folder", path);
    return DEEPID_OK;
}

bool dpid_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool dpid_file_has_name(int fd, const char *path)
{
    struct stat file;
    struct stat name;
    return fstat(fd, &file) == 0 && lstat(path, &name) == 0 && file.st_dev == name.st_dev && file.st_ino == name.st_ino;
}
