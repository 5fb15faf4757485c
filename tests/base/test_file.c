/* Files: readers are capped before they allocate; a target is the old file or the whole new one. */
#include "support/support.h"

#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* ---- helpers ------------------------------------------------------------------------------ */

static void expect_content(deepid_ctx *ctx, const char *path, const char *expected)
{
    uint8_t *data = NULL;
    int64_t bytes = -1;
    OK(dpid_file_read(ctx, path, &data, &bytes));
    assert_int_equal(bytes, (int64_t)strlen(expected));
    assert_string_equal((const char *)data, expected); /* a NUL follows the last byte */
    dpid_free(ctx, data);
}

static const char *fresh_folder(const char *name)
{
    const char *path = temporary(name);
    assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
    return path;
}

static int64_t entries(const char *folder)
{
    int64_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

static const char *in(const char *folder, const char *name)
{
    static char paths[4][400];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* ---- reading ---------------------------------------------------------------------------------- */

static void a_file_is_read_whole(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    expect_content(ctx, put_file("empty", "", 0), "");
    expect_content(ctx, put_file("short", "abc", 3), "abc");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    uint8_t *data = NULL;
    int64_t bytes = -1;
    REFUSED(dpid_file_read(ctx, temporary("nowhere"), &data, &bytes), DEEPID_ERR_IO,
            "nowhere': No such file or directory");
    REFUSED(dpid_file_read(ctx, fresh_folder("folder"), &data, &bytes), DEEPID_ERR_IO,
            "folder' is not a regular file but a folder");
    REFUSED(dpid_file_read(ctx, "/dev/zero", &data, &bytes), DEEPID_ERR_IO,
            "'/dev/zero' is not a regular file but a device");
    const char *fifo = temporary("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    alarm(20); /* a reader that waits for a writer would hang here */
    REFUSED(dpid_file_read(ctx, fifo, &data, &bytes), DEEPID_ERR_IO, "fifo' is not a regular file");
    REFUSED(dpid_file_read_gz(ctx, fifo, 0, NULL, &data, &bytes), DEEPID_ERR_IO,
            "fifo' is not a regular file but a pipe");
    alarm(0);
    assert_null(data);
    assert_int_equal(bytes, -1);
    deepid_ctx_destroy(ctx);
}

static void the_cap_is_checked_before_anything_is_allocated(void **state)
{
    (void)state;
    failing_alloc heap = {0};
    deepid_ctx *ctx = NULL;
    uint8_t *data = NULL;
    int64_t bytes = -1;
    assert_int_equal(deepid_ctx_create_with_allocator(failing_alloc_take, failing_alloc_give, &heap, &ctx), DEEPID_OK);
    const char *path = put_file("capped", "0123456789", 10);
    OK(deepid_ctx_set_limit(ctx, "file_bytes", 9));
    heap.calls = 0;
    REFUSED(dpid_file_read(ctx, path, &data, &bytes), DEEPID_ERR_LIMIT,
            "capped' has 10 bytes, the limit file_bytes is 9");
    assert_int_equal(heap.calls, 0);
    OK(deepid_ctx_set_limit(ctx, "file_bytes", 10));
    expect_content(ctx, path, "0123456789");
    const char *sparse = put_file("sparse", "", 0); /* a terabyte that nobody wrote */
    assert_int_equal(truncate(sparse, (off_t)1 << 40), 0);
    REFUSED(dpid_file_read(ctx, sparse, &data, &bytes), DEEPID_ERR_LIMIT, "1099511627776 bytes");
    deepid_ctx_destroy(ctx);
}

/* ---- .gz ------------------------------------------------------------------------------------------ */

enum { LARGE = 3000000 };

static char *large_text(void)
{
    char *text = malloc(LARGE + 1);
    for (int64_t i = 0; i < LARGE; i++)
        text[i] = (char)('a' + dpid_random_at(1, 1000, 0, (uint64_t)i / 3) % 20);
    text[LARGE] = 0;
    return text;
}

static size_t pack(const char *text, size_t length, unsigned char *out, size_t room)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)text;
    z.avail_in = (uInt)length;
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static void packed_and_plain_files_read_the_same(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char *text = large_text();
    unsigned char *packed = malloc(LARGE);
    uint8_t *data = NULL;
    int64_t bytes = 0;
    const size_t length = pack(text, LARGE, packed, LARGE);
    OK(dpid_file_read_gz(ctx, put_file("large.gz", packed, length), 0, NULL, &data, &bytes));
    assert_int_equal(bytes, LARGE);
    assert_memory_equal(data, text, LARGE + 1);
    dpid_free(ctx, data);
    OK(dpid_file_read_gz(ctx, put_file("plain", "abc", 3), 0, NULL, &data, &bytes));
    assert_int_equal(bytes, 3);
    dpid_free(ctx, data);
    OK(dpid_file_read_gz(ctx, put_file("empty", "", 0), 0, NULL, &data, &bytes));
    assert_int_equal(bytes, 0);
    dpid_free(ctx, data);
    size_t two = pack("first,", 6, packed, LARGE); /* a file of two members, as `cat a.gz b.gz` makes it */
    two += pack("second", 6, packed + two, LARGE - two);
    OK(dpid_file_read_gz(ctx, put_file("two.gz", packed, two), 0, NULL, &data, &bytes));
    assert_int_equal(bytes, 12);
    assert_string_equal((const char *)data, "first,second");
    dpid_free(ctx, data);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    free(text);
    free(packed);
    deepid_ctx_destroy(ctx);
}

static void damaged_packed_files_are_refused(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    unsigned char packed[200];
    uint8_t *data = NULL;
    int64_t bytes = 0;
    const size_t length = pack("the quick brown fox jumps over the lazy dog", 43, packed, sizeof packed);
    for (size_t cut = 2; cut < length; cut++) {
        const int32_t status = dpid_file_read_gz(ctx, put_file("cut.gz", packed, cut), 0, NULL, &data, &bytes);
        if (status != DEEPID_ERR_FORMAT)
            fail_msg("cut to %zu of %zu bytes: %s", cut, length, deepid_status_name(status));
    }
    for (size_t i = length - 8; i < length; i++) { /* the check sum and the length at the end */
        packed[i] ^= 1;
        REFUSED(dpid_file_read_gz(ctx, put_file("flip.gz", packed, length), 0, NULL, &data, &bytes), DEEPID_ERR_FORMAT,
                "flip.gz' is not a complete .gz file: it is damaged (incorrect");
        packed[i] ^= 1;
    }
    memcpy(packed + length, "tail", 4);
    REFUSED(dpid_file_read_gz(ctx, put_file("tail.gz", packed, length + 4), 0, NULL, &data, &bytes), DEEPID_ERR_FORMAT,
            "tail.gz' is not a complete .gz file: what follows its end is no .gz");
    assert_null(data);
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void a_small_file_cannot_unpack_beyond_the_cap(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char *zeros = calloc(1, 20 << 20);
    unsigned char *packed = malloc(1 << 20);
    const size_t length = pack(zeros, 20 << 20, packed, 1 << 20);
    const char *path = put_file("bomb.gz", packed, length);
    uint8_t *data = NULL;
    int64_t bytes = 0;
    OK(deepid_ctx_set_limit(ctx, "file_bytes", (20 << 20) - 1));
    REFUSED(dpid_file_read_gz(ctx, path, 0, NULL, &data, &bytes), DEEPID_ERR_LIMIT,
            "bomb.gz' unpacks to more than the limit file_bytes 20971519");
    OK(deepid_ctx_set_limit(ctx, "file_bytes", 20 << 20)); /* just enough is enough */
    OK(dpid_file_read_gz(ctx, path, 0, NULL, &data, &bytes));
    assert_int_equal(bytes, 20 << 20);
    dpid_free(ctx, data);
    free(zeros);
    free(packed);
    deepid_ctx_destroy(ctx);
}

/* The first byte says how many follow it; the largest say more. */
static int32_t counted(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count, int64_t *bytes)
{
    if (count < 1)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is empty", path);
    *bytes = first[0] == 255   ? INT64_MAX
             : first[0] == 254 ? (int64_t)1 << 30
             : first[0] == 253 ? (int64_t)1 << 20
                               : 1 + first[0];
    return DEEPID_OK;
}

/* 40 MB of zeros behind a header that says 5 bytes: the memory that it may take would not hold them, packed or
   plain. */
static void a_file_is_read_no_further_than_it_says(void **state)
{
    (void)state;
    enum { ZEROS = 40 << 20, ALLOWED = 4 << 20 };
    deepid_ctx *ctx = new_ctx(1);
    char *text = calloc(1, ZEROS);
    unsigned char *packed = malloc(1 << 20);
    uint8_t *data = NULL;
    int64_t bytes = 0;
    OK(deepid_ctx_set_limit(ctx, "memory_bytes", ALLOWED));
    text[0] = 4;
    const size_t length = pack(text, ZEROS, packed, 1 << 20);
    REFUSED(dpid_file_read_gz(ctx, put_file("long.gz", packed, length), 1, counted, &data, &bytes), DEEPID_ERR_FORMAT,
            "long.gz' says that it has 5 bytes, and goes on behind them: it is too long");
    REFUSED(dpid_file_read_gz(ctx, put_file("long", text, ZEROS), 1, counted, &data, &bytes), DEEPID_ERR_FORMAT,
            "long' says that it has 5 bytes, it has 41943040");
    for (int after = 3; after <= 6; after++) { /* 4 bytes are what it says, packed whole or in two parts */
        size_t parts = pack(text, 2, packed, 1 << 20);
        parts += pack(text + 2, (size_t)after - 1, packed + parts, (1 << 20) - parts);
        const int32_t status = dpid_file_read_gz(ctx, put_file("parts.gz", packed, parts), 1, counted, &data, &bytes);
        assert_int_equal(status, after == 4 ? DEEPID_OK : DEEPID_ERR_FORMAT);
        if (after == 4)
            dpid_free(ctx, data);
    }
    const size_t five = pack(text, 5, packed, 1 << 20);
    packed[five - 6] ^= 1; /* all bytes are there, and their check is read too */
    REFUSED(dpid_file_read_gz(ctx, put_file("check.gz", packed, five), 1, counted, &data, &bytes), DEEPID_ERR_FORMAT,
            "it is damaged (incorrect data check)");
    text[0] = (char)253; /* also where the room ends with the last byte that it says */
    size_t million = pack(text, 1 << 20, packed, 1 << 20);
    million += pack("x", 1, packed + million, 1 << 10);
    REFUSED(dpid_file_read_gz(ctx, put_file("million.gz", packed, million), 1, counted, &data, &bytes),
            DEEPID_ERR_FORMAT, "says that it has 1048576 bytes, and goes on behind them");
    text[0] = (char)254;
    const size_t few = pack(text, 300, packed, 1 << 20);
    REFUSED(dpid_file_read_gz(ctx, put_file("much.gz", packed, few), 1, counted, &data, &bytes), DEEPID_ERR_FORMAT,
            "bytes of .gz cannot hold");
    text[0] = (char)255;
    REFUSED(dpid_file_read_gz(ctx, put_file("all", text, 300), 1, counted, &data, &bytes), DEEPID_ERR_LIMIT,
            "all' says that it has 9223372036854775807 bytes, the limit file_bytes is");
    REFUSED(dpid_file_read_gz(ctx, put_file("none", text, 0), 1, counted, &data, &bytes), DEEPID_ERR_FORMAT,
            "none' is empty");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    free(packed);
    free(text);
    deepid_ctx_destroy(ctx);
}

static int32_t read_packed(deepid_ctx *ctx, void *arg)
{
    uint8_t *data = NULL;
    int64_t bytes = 0;
    const int32_t status = dpid_file_read_gz(ctx, arg, 0, NULL, &data, &bytes);
    dpid_free(ctx, data);
    return status;
}

static int32_t write_file(deepid_ctx *ctx, void *arg)
{
    return dpid_file_replace(ctx, arg, "new", 3);
}

static void reading_and_writing_survive_every_failing_allocation(void **state)
{
    (void)state;
    unsigned char packed[100];
    deepid_ctx *ctx = new_ctx(1);
    char folder[300];
    snprintf(folder, sizeof folder, "%s", fresh_folder("allocations"));
    const size_t length = pack("hello", 5, packed, sizeof packed);
    survives_every_failing_allocation("read .gz", read_packed, (void *)put_file("hello.gz", packed, length));
    survives_every_failing_allocation("replace", write_file, (void *)in(folder, "target"));
    assert_int_equal(entries(folder), 1); /* the target, and no temporary */
    expect_content(ctx, in(folder, "target"), "new");
    deepid_ctx_destroy(ctx);
}

/* ---- atomic replace ------------------------------------------------------------------------------------ */

static void nothing_is_seen_before_commit(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *folder = fresh_folder("atomic");
    const char *path = in(folder, "target");
    dpid_writer writer;
    OK(dpid_file_replace(ctx, path, "old", 3));
    OK(dpid_writer_open(ctx, path, &writer));
    OK(dpid_writer_write(&writer, "new ", 4));
    OK(dpid_writer_write(&writer, "text", 4));
    expect_content(ctx, path, "old");
    OK(dpid_writer_commit(&writer));
    expect_content(ctx, path, "new text");
    assert_int_equal(entries(folder), 1);
    OK(dpid_writer_open(ctx, path, &writer));
    OK(dpid_writer_write(&writer, "never", 5));
    dpid_writer_discard(&writer);
    dpid_writer_discard(&writer); /* fine when not open */
    expect_content(ctx, path, "new text");
    assert_int_equal(entries(folder), 1);
    OK(dpid_file_replace(ctx, path, NULL, 0));
    expect_content(ctx, path, "");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

static void two_writers_of_one_target_do_not_mix(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    deepid_ctx *other = new_ctx(1);
    const char *folder = fresh_folder("both");
    const char *path = in(folder, "target");
    dpid_writer a;
    dpid_writer b;
    OK(dpid_writer_open(ctx, path, &a));
    OK(dpid_writer_write(&a, "aaaa", 4));
    OK(dpid_writer_open(other, path, &b));
    OK(dpid_writer_write(&b, "b", 1));
    OK(dpid_writer_commit(&a));
    expect_content(ctx, path, "aaaa");
    OK(dpid_writer_write(&b, "bb", 2));
    OK(dpid_writer_commit(&b));
    expect_content(ctx, path, "bbb");
    assert_int_equal(entries(folder), 1);
    deepid_ctx_destroy(other);
    deepid_ctx_destroy(ctx);
}

static bool is_link(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return S_ISLNK(info.st_mode);
}

/* What it points to is somebody else's, also when there is nothing yet. Another hard link keeps the old words. */
static void a_link_is_replaced_and_never_followed(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char folder[300];
    snprintf(folder, sizeof folder, "%s", fresh_folder("links"));
    OK(dpid_file_replace(ctx, in(folder, "real"), "old", 3));
    assert_int_equal(symlink("real", in(folder, "link")), 0);
    assert_int_equal(symlink("nowhere", in(folder, "broken")), 0);
    assert_int_equal(symlink("round", in(folder, "round")), 0);
    assert_int_equal(link(in(folder, "real"), in(folder, "hard")), 0);
    const char *const names[] = {"link", "broken", "round", "hard"};
    for (int i = 0; i < 4; i++) {
        OK(dpid_file_replace(ctx, in(folder, names[i]), "new", 3));
        expect_content(ctx, in(folder, names[i]), "new");
        assert_false(is_link(in(folder, names[i])));
    }
    expect_content(ctx, in(folder, "real"), "old");
    assert_false(dpid_file_exists(in(folder, "nowhere")));
    assert_int_equal(entries(folder), 5);
    deepid_ctx_destroy(ctx);
}

static void the_name_is_made_by_one_of_two(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char folder[300];
    snprintf(folder, sizeof folder, "%s", fresh_folder("one_of_two"));
    bool taken = true;
    OK(dpid_file_create(ctx, in(folder, "name"), "first", 5, &taken));
    assert_false(taken);
    OK(dpid_file_create(ctx, in(folder, "name"), "second", 6, &taken));
    assert_true(taken);
    expect_content(ctx, in(folder, "name"), "first");
    assert_int_equal(entries(folder), 1);
    REFUSED(dpid_file_create(ctx, in(folder, "no/name"), "x", 1, &taken), DEEPID_ERR_IO,
            "no/name': No such file or directory");
    deepid_ctx_destroy(ctx);
}

static void a_name_is_known_to_be_that_of_an_open_file(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char folder[300];
    char name[400];
    snprintf(folder, sizeof folder, "%s", fresh_folder("names"));
    const int fd = dpid_temporary_open(in(folder, "target"), name, sizeof name);
    assert_true(fd >= 0);
    assert_true(dpid_file_has_name(fd, name));
    assert_false(dpid_file_has_name(fd, in(folder, "target")));
    assert_int_equal(link(name, in(folder, "target")), 0);
    assert_true(dpid_file_has_name(fd, in(folder, "target")));
    OK(dpid_file_replace(ctx, in(folder, "target"), "other", 5));
    assert_false(dpid_file_has_name(fd, in(folder, "target")));
    assert_false(dpid_file_has_name(-1, name));
    assert_int_equal(symlink(name, in(folder, "link")), 0);
    assert_false(dpid_file_has_name(fd, in(folder, "link")));
    close(fd);
    deepid_ctx_destroy(ctx);
}

/* A killed process leaves a file that nobody holds; one that is being written stays. */
static void a_sweep_takes_what_the_dead_left_and_nothing_else(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char folder[300];
    char left[400];
    dpid_writer writer;
    snprintf(folder, sizeof folder, "%s", fresh_folder("sweep"));
    const int fd = dpid_temporary_open(in(folder, "target"), left, sizeof left);
    assert_true(fd >= 0);
    OK(dpid_writer_open(ctx, in(folder, "target"), &writer));
    OK(dpid_writer_write(&writer, "mine", 4));
    put_file("sweep/deepid.tmp.notes", "a person's", 10);
    char *digit = strstr(left, "deepid.tmp.") + strlen("deepid.tmp.");
    dpid_folder_sweep(folder);
    assert_int_equal(entries(folder), 3);
    close(fd);
    *digit ^= 1; /* as another machine names it: its processes are not known here */
    put_file(strstr(left, "sweep/"), "", 0);
    *digit ^= 1;
    dpid_folder_sweep(folder);
    assert_false(dpid_file_exists(left));
    *digit ^= 1;
    assert_true(dpid_file_exists(left));
    assert_int_equal(utimensat(AT_FDCWD, left, (struct timespec[2]){{1000000000, 0}, {1000000000, 0}}, 0), 0);
    dpid_folder_sweep(folder);
    assert_false(dpid_file_exists(left));
    OK(dpid_writer_commit(&writer));
    expect_content(ctx, in(folder, "target"), "mine");
    assert_int_equal(entries(folder), 2);
    dpid_folder_sweep(temporary("no_such_folder"));
    deepid_ctx_destroy(ctx);
}

/* The longest name that the system takes, and one more. */
static void a_long_name_is_written_or_named(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    char folder[300];
    char name[300];
    char path[700];
    snprintf(folder, sizeof folder, "%s", fresh_folder("long_names"));
    memset(name, 'n', sizeof name);
    name[255] = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    OK(dpid_file_replace(ctx, path, "x", 1));
    name[255] = 'n';
    name[256] = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    REFUSED(dpid_file_replace(ctx, path, "x", 1), DEEPID_ERR_IO, ": File name too long");
    assert_int_equal(entries(folder), 1);
    deepid_ctx_destroy(ctx);
}

static void devices_folders_and_pipes_are_not_replaced(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    struct stat info;
    const char *fifo = temporary("pipe");
    const char *link = temporary("null_link");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink("/dev/null", link), 0);
    REFUSED(dpid_file_replace(ctx, fifo, "x", 1), DEEPID_ERR_IO, "pipe': it is not a regular file");
    REFUSED(dpid_file_replace(ctx, link, "x", 1), DEEPID_ERR_IO, "null_link': it is not a regular file");
    REFUSED(dpid_file_replace(ctx, fresh_folder("target_folder"), "x", 1), DEEPID_ERR_IO, "it is not a regular file");
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    deepid_ctx_destroy(ctx);
}

static void the_mode_is_that_of_the_old_file_or_the_umasks(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("mode");
    struct stat info;
    const mode_t before = umask(027);
    OK(dpid_file_replace(ctx, path, "a", 1));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(chmod(path, 0600), 0);
    OK(dpid_file_replace(ctx, path, "b", 1));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    umask(before);
    deepid_ctx_destroy(ctx);
}

static void a_folder_that_is_missing_or_closed_is_named(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    REFUSED(dpid_file_replace(ctx, temporary("no/such/file"), "x", 1), DEEPID_ERR_IO,
            "no/such/file': No such file or directory");
    char folder[300];
    snprintf(folder, sizeof folder, "%s", fresh_folder("closed"));
    OK(dpid_file_replace(ctx, in(folder, "target"), "old", 3));
    assert_int_equal(chmod(folder, 0555), 0);
    char parent[300];
    snprintf(parent, sizeof parent, "%s", folder);
    *strrchr(parent, '/') = 0;
    assert_int_equal(chmod(parent, 0755), 0);
    const bool root = geteuid() == 0; /* root may write anywhere: be somebody else for a moment */
    if (root)
        assert_int_equal(seteuid(65534), 0);
    REFUSED(dpid_file_replace(ctx, in(folder, "target"), "new", 3), DEEPID_ERR_IO, "target': Permission denied");
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    expect_content(ctx, in(folder, "target"), "old");
    assert_int_equal(entries(folder), 1);
    deepid_ctx_destroy(ctx);
}

/* A limit on file sizes stands in for a full disk: the write fails half-way. */
static void a_full_disk_leaves_the_target_as_it_was(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *folder = fresh_folder("full");
    const char *path = in(folder, "target");
    char *text = large_text();
    struct rlimit before;
    OK(dpid_file_replace(ctx, path, "old", 3));
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = before;
    small.rlim_cur = 100000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const int32_t status = dpid_file_replace(ctx, path, text, LARGE);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    REFUSED(status, DEEPID_ERR_IO, "target': File too large");
    expect_content(ctx, path, "old");
    assert_int_equal(entries(folder), 1);
    free(text);
    deepid_ctx_destroy(ctx);
}

/* Somebody else writes into the temporary: the sizes disagree and the target stays. */
static void bytes_that_did_not_arrive_are_noticed(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *path = temporary("short_write");
    dpid_writer writer;
    OK(dpid_writer_open(ctx, path, &writer));
    OK(dpid_writer_write(&writer, "abcdef", 6));
    assert_int_equal(truncate(writer.temporary, 3), 0);
    REFUSED(dpid_writer_commit(&writer), DEEPID_ERR_IO, "3 bytes arrived of 6");
    assert_false(dpid_file_exists(path));
    deepid_ctx_destroy(ctx);
}

/* ---- folders ------------------------------------------------------------------------------------------------ */

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    const char *deep = temporary("a/b//c/");
    OK(dpid_folder_make(ctx, deep));
    OK(dpid_folder_make(ctx, deep));
    assert_true(dpid_file_exists(deep));
    put_file("a/file", "x", 1);
    REFUSED(dpid_folder_make(ctx, temporary("a/file")), DEEPID_ERR_IO, "cannot make the folder");
    REFUSED(dpid_folder_make(ctx, temporary("a/file/below")), DEEPID_ERR_IO, "cannot make the folder");
    REFUSED(dpid_folder_make(ctx, ""), DEEPID_ERR_IO, "cannot make the folder");
    assert_int_equal(deepid_ctx_memory(ctx), 0);
    deepid_ctx_destroy(ctx);
}

/* ---- standard streams that the host has closed ----------------------------------------------------------- */

/* What is printed to one while a file is open must not land in the file. */
static void a_file_never_takes_the_place_of_a_closed_stream(void **state)
{
    (void)state;
    enum { STREAMS = 3 };
    deepid_ctx *ctx = new_ctx(1);
    dpid_writer w;
    int numbers[STREAMS];
    int kept[STREAMS];
    for (int i = 0; i < STREAMS; i++)
        kept[i] = fcntl(i, F_DUPFD_CLOEXEC, STREAMS);
    for (int i = 0; i < STREAMS; i++) {
        close(i);
        numbers[i] = dpid_writer_open(ctx, temporary("quiet"), &w) == DEEPID_OK ? w.fd : -1;
        dpid_writer_discard(&w);
        dup2(kept[i], i);
        close(kept[i]);
    }
    for (int i = 0; i < STREAMS; i++)
        assert_true(numbers[i] >= STREAMS);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_never_takes_the_place_of_a_closed_stream),
        cmocka_unit_test(a_file_is_read_whole),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(the_cap_is_checked_before_anything_is_allocated),
        cmocka_unit_test(packed_and_plain_files_read_the_same),
        cmocka_unit_test(damaged_packed_files_are_refused),
        cmocka_unit_test(a_small_file_cannot_unpack_beyond_the_cap),
        cmocka_unit_test(a_file_is_read_no_further_than_it_says),
        cmocka_unit_test(reading_and_writing_survive_every_failing_allocation),
        cmocka_unit_test(nothing_is_seen_before_commit),
        cmocka_unit_test(two_writers_of_one_target_do_not_mix),
        cmocka_unit_test(a_link_is_replaced_and_never_followed),
        cmocka_unit_test(the_name_is_made_by_one_of_two),
        cmocka_unit_test(a_name_is_known_to_be_that_of_an_open_file),
        cmocka_unit_test(a_sweep_takes_what_the_dead_left_and_nothing_else),
        cmocka_unit_test(a_long_name_is_written_or_named),
        cmocka_unit_test(devices_folders_and_pipes_are_not_replaced),
        cmocka_unit_test(the_mode_is_that_of_the_old_file_or_the_umasks),
        cmocka_unit_test(a_folder_that_is_missing_or_closed_is_named),
        cmocka_unit_test(a_full_disk_leaves_the_target_as_it_was),
        cmocka_unit_test(bytes_that_did_not_arrive_are_noticed),
        cmocka_unit_test(folders_are_made_with_their_parents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
