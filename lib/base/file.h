/* Files: read whole with a cap, replace atomically. */
#ifndef DPID_BASE_FILE_H
#define DPID_BASE_FILE_H

#include "base/context.h"
#include "base/text.h"

#include <stddef.h>
#include <sys/stat.h>

/* ---- reading: file.c -------------------------------------------------------------------- */

/* For reading, with its length: a regular file within the cap limits.file_bytes. Pipes, devices and folders are
   refused and never waited for. */
int32_t dpid_file_open(deepid_ctx *ctx, const char *path, int *fd, int64_t *bytes);
/* As many of bytes as the file still has. */
int32_t dpid_file_read_some(deepid_ctx *ctx, const char *path, int fd, void *data, int64_t bytes, int64_t *got);
/* The whole of a file. Free with dpid_free. A NUL follows the last byte. */
int32_t dpid_file_read(deepid_ctx *ctx, const char *path, uint8_t **out, int64_t *bytes);

/* ---- reading what may be packed: gz.c ------------------------------------------------------ */

/* How many bytes a file has in all, by its first ones: first[0..count-1], fewer than asked for when it ends there.
   Fails with a sentence when they are not the reader's. */
enum { DPID_LENGTH_UNSAID = -1 };
typedef int32_t (*dpid_length_fn)(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count,
                                  int64_t *bytes);
/* As dpid_file_read, through zlib when the first two bytes are 1f 8b; the cap holds for what comes out. length_of is
   asked once the first bytes are there: no more than one byte behind that length is read, and DEEPID_ERR_FORMAT says
   where the file has another one. NULL: as one that says DPID_LENGTH_UNSAID. */
int32_t dpid_file_read_gz(deepid_ctx *ctx, const char *path, int64_t first, dpid_length_fn length_of, uint8_t **out,
                          int64_t *bytes);

/* ---- writing: writer.c, temporary.c ---------------------------------------------------------- */

/* Atomic replace: temporary beside the target, with the mode of the file it replaces or else the umask's -> writes
   -> size check -> fsync -> close -> rename -> fsync of the folder. Nothing is visible before commit; discard
   removes the temporary. A link is replaced and never followed; the name of what is no regular file (a pipe, a
   folder, a device, or a link to one) is DEEPID_ERR_IO. */
typedef struct {
    deepid_ctx *ctx;
    int fd; /* -1 when not open */
    int64_t written;
    char *path, *temporary;
} dpid_writer;
int32_t dpid_writer_open(deepid_ctx *ctx, const char *path, dpid_writer *out);
int32_t dpid_writer_write(dpid_writer *writer, const void *data, int64_t bytes);
/* closes in every case; on failure the temporary is gone and the target is as it was */
int32_t dpid_writer_commit(dpid_writer *writer);
void dpid_writer_discard(dpid_writer *writer); /* fine when not open */

/* All at once. */
int32_t dpid_file_replace(deepid_ctx *ctx, const char *path, const void *data, int64_t bytes);
/* The same for a name that nobody has: of processes that come at once one makes it. *taken: the name was there, and
   is as it was. */
int32_t dpid_file_create(deepid_ctx *ctx, const char *path, const void *data, int64_t bytes, bool *taken);

/* Creates a file of a name that nobody has or can guess, in the folder of path; its own path goes to name. Locked as
   long as it is open, so that a sweep leaves it alone. The file's number, or -1 with errno. */
int dpid_temporary_open(const char *path, char *name, size_t size);
/* Removes the temporaries in a folder that killed processes left: those of this machine that nobody holds open, and
   those of others after a day. What fails is left to the next time. */
void dpid_folder_sweep(const char *folder);

/* ---- names and folders --------------------------------------------------------------------------- */

/* "cannot <doing> '<path>': <what the system says>". DEEPID_ERR_IO, or DEEPID_ERR_MEMORY for ENOMEM. */
int32_t dpid_fail_errno(deepid_ctx *ctx, const char *doing, const char *path, int error);
/* "a pipe", "a folder", ... */
const char *dpid_file_kind(mode_t mode);
/* Make a folder (and its parents); fine when it is there. */
int32_t dpid_folder_make(deepid_ctx *ctx, const char *path);
bool dpid_file_exists(const char *path);

#endif
