/* JSON files that the library writes and reads again: one object, whose last line is the checksum of all before it. */
#ifndef DPID_BASE_SEALED_H
#define DPID_BASE_SEALED_H

#include "base/json.h"
#include "base/text.h"

typedef struct {
    const char *what;   /* "result file" */
    const char *remedy; /* "remove it to run its task again" */
    int64_t format;     /* its member "format" */
} dpid_sealed_kind;

/* Ends the object that s holds: the line   "checksum": "xxh3:..."}   */
void dpid_string_seal(dpid_string *s);
/* DEEPID_ERR_FORMAT when one bit is not as it was written. Release in the case of DEEPID_OK. */
int32_t dpid_sealed_read(deepid_ctx *ctx, const char *path, const dpid_sealed_kind *kind, dpid_json_text *out);
/* DEEPID_ERR_FORMAT: "'<path>' is a damaged <what> (<why>); <remedy>". */
int32_t dpid_sealed_damaged(deepid_ctx *ctx, const char *path, const dpid_sealed_kind *kind, const char *why);

#endif
