/* Files: read whole with a cap that is checked first, also through zlib; folders.   Writing: writer.c */
#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

int32_t dpid_fail_errno(deepid_ctx *ctx, const char *doing, const char *path, int error)
{
    char text[128];
    const char *words = strerror_r(error, text, sizeof text); /* the GNU form: returns the words */
    return dpid_fail(ctx, error == ENOMEM ? DEEPID_ERR_MEMORY : DEEPID_ERR_IO, "cannot %s '%s': %s", doing, path, words);
}

/* ---- reading ----------------------------------------------------------------- */

static int32_t read_all(deepid_ctx *ctx, const char *path, int fd, uint8_t *data, int64_t bytes)
{
    for (int64_t done = 0; done < bytes;) {
        const ssize_t got = read(fd, data + done, (size_t)(bytes - done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return dpid_fail_errno(ctx, "read", path, errno);
        if (got == 0)
            return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' became shorter while it was read: %lld of %lld bytes", path, (long long)done, (long long)bytes);
        done += got;
    }
    return DEEPID_OK;
}

static int32_t read_open(deepid_ctx *ctx, const char *path, int fd, uint8_t **out, int64_t *bytes)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return dpid_fail_errno(ctx, "look at", path, errno);
    if (!S_ISREG(info.st_mode))
        return dpid_fail(ctx, DEEPID_ERR_IO, "'%s' is not a regular file", path);
    if (info.st_size > ctx->limits.file_bytes)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s' has %lld bytes, the limit file_bytes is %lld", path, (long long)info.st_size, (long long)ctx->limits.file_bytes);
    uint8_t *data = NULL;
    DPID_TRY(dpid_alloc(ctx, info.st_size + 1, 1, path, &data));
    const int32_t status = read_all(ctx, path, fd, data, info.st_size);
    if (status != DEEPID_OK) {
        dpid_free(ctx, data);
        return status;
    }
    *out = data;
    *bytes = info.st_size;
    return DEEPID_OK;
}

int32_t dpid_file_read(deepid_ctx *ctx, const char *path, uint8_t **out, int64_t *bytes)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang us */
    if (fd < 0)
        return dpid_fail_errno(ctx, "open", path, errno);
    const int32_t status = read_open(ctx, path, fd, out, bytes);
    close(fd);
    return status;
}

/* ---- .gz ------------------------------------------------------------------------ */

enum { PIECE = 1 << 20 };

static voidpf zlib_alloc(voidpf user, uInt count, uInt size)
{
    void *memory = NULL;
    return dpid_alloc(user, count, size, "zlib", &memory) == DEEPID_OK ? memory : Z_NULL;
}

static void zlib_free(voidpf user, voidpf memory)
{
    dpid_free(user, memory);
}

/* Room grows by doubling, never beyond the limit, so a small file cannot claim a large one. */
static int32_t more_room(deepid_ctx *ctx, const char *path, uint8_t **out, int64_t used, int64_t *room)
{
    const int64_t limit = ctx->limits.file_bytes;
    const int64_t wanted = *room ? 2 * *room : PIECE;
    const int64_t larger = wanted < limit ? wanted : limit;
    if (larger <= used)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s' unpacks to more than the limit file_bytes %lld", path, (long long)limit);
    DPID_TRY(dpid_grow(ctx, out, used, larger + 1, 1, path));
    *room = larger;
    return DEEPID_OK;
}

/* Inflate in pieces, one .gz member after the other: a file may hold several (RFC 1952, 2.2), and each ends with a check of its bytes. */
static int32_t inflate_pieces(deepid_ctx *ctx, const char *path, z_stream *stream, uint8_t **out, int64_t *bytes)
{
    int64_t room = 0;
    int64_t used = 0;
    for (;;) {
        if (used == room)
            DPID_TRY(more_room(ctx, path, out, used, &room));
        const int64_t piece = room - used < PIECE ? room - used : PIECE;
        stream->next_out = *out + used;
        stream->avail_out = (uInt)piece;
        const int code = inflate(stream, Z_NO_FLUSH);
        used += piece - stream->avail_out;
        if (code == Z_STREAM_END && stream->avail_in == 0)
            break;
        if (code == Z_STREAM_END && inflateReset(stream) == Z_OK)
            continue;
        if (code != Z_OK || (stream->avail_in == 0 && stream->avail_out > 0))
            return dpid_fail(ctx, code == Z_MEM_ERROR ? DEEPID_ERR_MEMORY : DEEPID_ERR_FORMAT, "'%s' is not a complete .gz file (%s)", path, stream->msg ? stream->msg : "truncated");
    }
    (*out)[used] = 0;
    *bytes = used;
    return DEEPID_OK;
}

static int32_t unpack(deepid_ctx *ctx, const char *path, uint8_t *packed, int64_t packed_bytes, uint8_t **out, int64_t *bytes)
{
    enum { GZIP_WINDOW = 15 + 16 };
    z_stream stream = {.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = ctx, .next_in = packed, .avail_in = (uInt)packed_bytes};
    if (packed_bytes > UINT32_MAX)
        return dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s' has %lld bytes, .gz files are read up to 4294967295", path, (long long)packed_bytes);
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
        return dpid_fail(ctx, DEEPID_ERR_MEMORY, "'%s': no memory to unpack", path);
    uint8_t *data = NULL;
    const int32_t status = inflate_pieces(ctx, path, &stream, &data, bytes);
    inflateEnd(&stream);
    if (status != DEEPID_OK)
        dpid_free(ctx, data);
    else
        *out = data;
    return status;
}

int32_t dpid_file_read_gz(deepid_ctx *ctx, const char *path, uint8_t **out, int64_t *bytes)
{
    uint8_t *raw = NULL;
    int64_t raw_bytes = 0;
    DPID_TRY(dpid_file_read(ctx, path, &raw, &raw_bytes));
    if (raw_bytes < 2 || raw[0] != 0x1f || raw[1] != 0x8b) {
        *out = raw;
        *bytes = raw_bytes;
        return DEEPID_OK;
    }
    const int32_t status = unpack(ctx, path, raw, raw_bytes, out, bytes);
    dpid_free(ctx, raw);
    return status;
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

bool dpid_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}
