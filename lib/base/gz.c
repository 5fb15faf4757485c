/* Reading a data file, plain or .gz. Its first bytes say how long it is, and it is read no further than one byte
   behind that: a small file cannot claim much memory by what it unpacks to. */
#include "base/file.h"

#include "base/memory.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum {
    PIECE = 1 << 20,
    INPUT = 1 << 16,
    GZIP_WINDOW = 15 + 16,
    RATIO_MAX = 1032 /* of deflate: zlib's technical details */
};

typedef struct {
    deepid_ctx *ctx;
    const char *path;
    int fd;
    int64_t bytes; /* on the disk */
    bool packed;
    z_stream zlib;
    uint8_t *input;
    int64_t members; /* of .gz that came to their end */
    bool inside;     /* one of them */
} source;

/* ---- zlib in the context's memory -------------------------------------------------- */

static voidpf zlib_alloc(voidpf user, uInt count, uInt size)
{
    void *memory = NULL;
    return dpid_alloc(user, count, size, "zlib", &memory) == DEEPID_OK ? memory : Z_NULL;
}

static void zlib_free(voidpf user, voidpf memory)
{
    dpid_free(user, memory);
}

/* ---- the next bytes ------------------------------------------------------------------ */

/* avail_in stays 0 at the end of the file. */
static int32_t refill(source *s)
{
    int64_t got = 0;
    if (s->zlib.avail_in > 0)
        return DEEPID_OK;
    DPID_TRY(dpid_file_read_some(s->ctx, s->path, s->fd, s->input, INPUT, &got));
    s->zlib.next_in = s->input;
    s->zlib.avail_in = (uInt)got;
    return DEEPID_OK;
}

static int32_t damaged(const source *s, int code)
{
    if (code == Z_MEM_ERROR)
        return dpid_fail(s->ctx, DEEPID_ERR_MEMORY, "'%s': no memory to unpack", s->path);
    if (s->members > 0 && s->zlib.total_out == 0)
        return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s' is not a complete .gz file: what follows its end is no .gz",
                         s->path);
    return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s' is not a complete .gz file: it is damaged (%s)", s->path,
                     s->zlib.msg ? s->zlib.msg : "a dictionary is asked for");
}

/* One .gz member after the other: a file may hold several (RFC 1952, 2.2), and each ends with a check of its bytes. */
static int32_t unpack_some(source *s, uint8_t *to, int64_t room, int64_t *got)
{
    for (*got = 0; *got < room;) {
        DPID_TRY(refill(s));
        if (s->zlib.avail_in == 0 && !s->inside)
            return DEEPID_OK;
        if (s->zlib.avail_in == 0)
            return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s' is not a complete .gz file: it is truncated", s->path);
        const uInt piece = (uInt)(room - *got < PIECE ? room - *got : PIECE);
        s->inside = true;
        s->zlib.next_out = to + *got;
        s->zlib.avail_out = piece;
        const int code = inflate(&s->zlib, Z_NO_FLUSH);
        *got += piece - s->zlib.avail_out;
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return damaged(s, code);
        if (code == Z_STREAM_END) {
            s->inside = false;
            s->members++;
            inflateReset(&s->zlib);
        }
    }
    return DEEPID_OK;
}

static int32_t read_some(source *s, uint8_t *to, int64_t room, int64_t *got)
{
    return s->packed ? unpack_some(s, to, room, got) : dpid_file_read_some(s->ctx, s->path, s->fd, to, room, got);
}

/* ---- the whole ------------------------------------------------------------------------- */

/* Could there be that many? For a plain file they must. */
static int32_t check_length(const source *s, int64_t length)
{
    if (length > s->ctx->limits.file_bytes)
        return dpid_fail(s->ctx, DEEPID_ERR_LIMIT, "'%s' says that it has %lld bytes, the limit file_bytes is %lld",
                         s->path, (long long)length, (long long)s->ctx->limits.file_bytes);
    if (!s->packed && length != s->bytes)
        return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s' says that it has %lld bytes, it has %lld", s->path,
                         (long long)length, (long long)s->bytes);
    if (s->packed && length / RATIO_MAX > s->bytes)
        return dpid_fail(s->ctx, DEEPID_ERR_FORMAT,
                         "'%s' says that it has %lld bytes, which %lld bytes of .gz cannot hold", s->path,
                         (long long)length, (long long)s->bytes);
    return DEEPID_OK;
}

/* Plain: the room that the disk speaks of. Packed: it grows by doubling. Never more than one byte behind most. */
static int64_t room_after(const source *s, int64_t room, int64_t most)
{
    const int64_t wanted = !s->packed ? s->bytes : room < PIECE ? PIECE : 2 * room;
    return wanted <= most ? wanted : most + 1;
}

/* From the `used` bytes that are there to the end of the file, or to one byte behind most. */
static int32_t read_rest(source *s, int64_t most, uint8_t **out, int64_t *used)
{
    int64_t got = 1;
    for (int64_t room = *used; got > 0 && *used <= most; *used += got) {
        if (*used == room) {
            room = room_after(s, room, most);
            DPID_TRY(dpid_grow(s->ctx, out, *used, room + 1, 1, s->path));
        }
        DPID_TRY(read_some(s, *out + *used, room - *used, &got));
    }
    (*out)[*used] = 0;
    return DEEPID_OK;
}

static int32_t check_read(const source *s, int64_t length, int64_t bytes)
{
    if (length >= 0 && bytes > length)
        return dpid_fail(s->ctx, DEEPID_ERR_FORMAT,
                         "'%s' says that it has %lld bytes, and goes on behind them: it is too long", s->path,
                         (long long)length);
    if (length >= 0 && bytes < length)
        return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s' says that it has %lld bytes, it has %lld", s->path,
                         (long long)length, (long long)bytes);
    if (!s->packed && bytes < s->bytes)
        return dpid_fail(s->ctx, DEEPID_ERR_FORMAT, "'%s' became shorter while it was read: %lld of %lld bytes",
                         s->path, (long long)bytes, (long long)s->bytes);
    if (bytes > s->ctx->limits.file_bytes)
        return dpid_fail(s->ctx, DEEPID_ERR_LIMIT, "'%s' unpacks to more than the limit file_bytes %lld", s->path,
                         (long long)s->ctx->limits.file_bytes);
    return DEEPID_OK;
}

static int32_t read_source(source *s, int64_t first, dpid_length_fn length_of, uint8_t **out, int64_t *bytes)
{
    int64_t length = DPID_LENGTH_UNSAID;
    DPID_TRY(dpid_alloc(s->ctx, first + 1, 1, s->path, out));
    DPID_TRY(read_some(s, *out, first, bytes));
    if (length_of)
        DPID_TRY(length_of(s->ctx, s->path, *out, *bytes, &length));
    if (length >= 0)
        DPID_TRY(check_length(s, length));
    DPID_TRY(read_rest(s, length >= 0 ? length : s->ctx->limits.file_bytes, out, bytes));
    return check_read(s, length, *bytes);
}

static int32_t start_zlib(source *s)
{
    s->zlib.zalloc = zlib_alloc;
    s->zlib.zfree = zlib_free;
    s->zlib.opaque = s->ctx;
    DPID_TRY(dpid_alloc(s->ctx, INPUT, 1, s->path, &s->input));
    return inflateInit2(&s->zlib, GZIP_WINDOW) == Z_OK
               ? DEEPID_OK
               : dpid_fail(s->ctx, DEEPID_ERR_MEMORY, "'%s': no memory to unpack", s->path);
}

int32_t dpid_file_read_gz(deepid_ctx *ctx, const char *path, int64_t first, dpid_length_fn length_of, uint8_t **out,
                          int64_t *bytes)
{
    source s = {.ctx = ctx, .path = path};
    uint8_t magic[2];
    uint8_t *data = NULL;
    int64_t count = 0;
    DPID_TRY(dpid_file_open(ctx, path, &s.fd, &s.bytes));
    s.packed = pread(s.fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic && magic[0] == 0x1f && magic[1] == 0x8b;
    int32_t status = s.packed ? start_zlib(&s) : DEEPID_OK;
    if (status == DEEPID_OK)
        status = read_source(&s, first, length_of, &data, &count);
    inflateEnd(&s.zlib);
    dpid_free(ctx, s.input);
    close(s.fd);
    if (status != DEEPID_OK) {
        dpid_free(ctx, data);
        return status;
    }
    *out = data;
    *bytes = count;
    return DEEPID_OK;
}
