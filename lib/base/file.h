/* Files: read whole with a cap, replace atomically. */
#ifndef DPID_BASE_FILE_H
#define DPID_BASE_FILE_H

#include "base/context.h"
#include "base/text.h"

#include <stddef.h>
#include <sys/stat.h>

/* ---- reading: file.c -------------------------------------------------------------------- */

/* Opens a file for reading and says its length. It has to be a regular file of at most limits.file_bytes bytes. Pipes,
   devices and folders are refused, and never waited for. */
int32_t dpid_file_open(deepid_ctx *ctx, const char *path, int *fd, int64_t *bytes);
/* Reads `bytes` bytes, or what the file still has when that is less; *got says how many came. */
int32_t dpid_file_read_some(deepid_ctx *ctx, const char *path, int fd, void *data, int64_t bytes, int64_t *got);
/* Reads a whole file. Free *out with dpid_free. A NUL follows the last byte. */
int32_t dpid_file_read(deepid_ctx *ctx, const char *path, uint8_t **out, int64_t *bytes);

/* ---- reading what may be packed: gz.c ------------------------------------------------------ */

/* A format's reader says here how many bytes a file has in all. It knows by the first ones, first[0..count-1]; count
   is less than asked for when the file ends there. It fails with a sentence when they begin no file of its format. */
enum { DPID_LENGTH_UNSAID = -1 }; /* this format does not say its length in front */
typedef int32_t (*dpid_length_fn)(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count,
                                  int64_t *bytes);
/* As dpid_file_read, but unpacks by zlib when the first two bytes are 1f 8b. The cap holds for what comes out. Once
   `first` bytes are there, length_of is asked. At most one byte behind the length that it says is read, so that a small
   packed file cannot claim much memory; DEEPID_ERR_FORMAT says where the file has another length. length_of NULL:
   nothing is said. */
int32_t dpid_file_read_gz(deepid_ctx *ctx, const char *path, int64_t first, dpid_length_fn length_of, uint8_t **out,
                          int64_t *bytes);

/* ---- writing: writer.c, temporary.c ---------------------------------------------------------- */

/* Atomic replace. The steps: a temporary beside the target, with the mode of the file that it replaces, or else the
   umask's; writes; fsync; size check; close; rename; fsync of the folder. Nothing is visible before commit, and discard
   removes the temporary. A link is replaced and never followed. Where the name is that of no regular file (a pipe, a
   folder, a device, or a link to one), it is DEEPID_ERR_IO. */
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

/* Open, write and commit in one call. */
int32_t dpid_file_replace(deepid_ctx *ctx, const char *path, const void *data, int64_t bytes);
/* The same for a new file. Of several processes that come at once, one makes it; the others get *taken, as does who
   finds the name there already. What is there stays as it was. */
int32_t dpid_file_create(deepid_ctx *ctx, const char *path, const void *data, int64_t bytes, bool *taken);

/* Creates a file in the folder of path, by a name that nobody has or can guess; its path goes to name. It is locked as
   long as it is open, so that a sweep leaves it alone. Returns the file's number, or -1 with errno. */
int dpid_temporary_open(const char *path, char *name, size_t size);
/* Removes the temporaries that killed processes left in a folder: those of this machine, since it was started, that
   nobody holds open, and others after a day, by the clock of the folder's files. What cannot be removed is left for the
   next time. */
void dpid_folder_sweep(const char *folder);

/* ---- names and folders --------------------------------------------------------------------------- */

/* "cannot <doing> '<path>': <what the system says>". DEEPID_ERR_IO, or DEEPID_ERR_MEMORY for ENOMEM. errno is error
   again. */
int32_t dpid_fail_errno(deepid_ctx *ctx, const char *doing, const char *path, int error);
/* "a pipe", "a folder", ... */
const char *dpid_file_kind(mode_t mode);
/* Make a folder (and its parents); fine when it is there. */
int32_t dpid_folder_make(deepid_ctx *ctx, const char *path);
/* The same; DEEPID_ERR_IO for a link, which would take the files elsewhere. */
int32_t dpid_folder_make_own(deepid_ctx *ctx, const char *path);
bool dpid_file_exists(const char *path);
/* Is the open file the one of this name? After a link or a rename that failed: on NFS the answer to one that was done
   can get lost, and the second try finds its own work in the way. */
bool dpid_file_has_name(int fd, const char *path);

#endif
