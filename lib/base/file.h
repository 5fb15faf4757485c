/* Files: read whole with a cap, replace atomically. */
#ifndef DPID_BASE_FILE_H
#define DPID_BASE_FILE_H

#include "base/context.h"
#include "base/text.h"

/* The whole of a regular file (fstat first, then the cap limits.file_bytes, then the read); FIFOs, devices and folders are refused. Free with dpid_free. A NUL follows the last byte. */
int32_t dpid_file_read(deepid_ctx *ctx, const char *path, uint8_t **out, int64_t *bytes);
/* The same, through zlib when the first two bytes are 1f 8b; the cap holds for what comes out. */
int32_t dpid_file_read_gz(deepid_ctx *ctx, const char *path, uint8_t **out, int64_t *bytes);

/* Atomic replace (writer.c): temporary beside the target, of a fresh name, with the mode of the file it replaces or else the umask's -> writes -> size check -> fsync -> close -> rename -> fsync of the folder.
   Nothing is visible before commit; discard removes the temporary. A symbolic link is followed; a target that is no regular file is DEEPID_ERR_IO. */
typedef struct {
    deepid_ctx *ctx;
    int fd; /* -1 when not open */
    int64_t written;
    char *path, *temporary;
} dpid_writer;
int32_t dpid_writer_open(deepid_ctx *ctx, const char *path, dpid_writer *out);
int32_t dpid_writer_write(dpid_writer *writer, const void *data, int64_t bytes);
int32_t dpid_writer_commit(dpid_writer *writer); /* closes in every case; on failure the temporary is gone and the target is as it was */
void dpid_writer_discard(dpid_writer *writer);   /* fine when not open */

/* "cannot <doing> '<path>': <what the system says>". DEEPID_ERR_IO, or DEEPID_ERR_MEMORY for ENOMEM. */
int32_t dpid_fail_errno(deepid_ctx *ctx, const char *doing, const char *path, int error);

/* All at once. */
int32_t dpid_file_replace(deepid_ctx *ctx, const char *path, const void *data, int64_t bytes);
/* Make a folder (and its parents); fine when it is there. */
int32_t dpid_folder_make(deepid_ctx *ctx, const char *path);
bool dpid_file_exists(const char *path);

#endif
