/* The seal of a JSON file is its end:   ,\n"checksum": "xxh3:..."}\n
   The checksum is that of every byte before it. */
#include "base/sealed.h"

#include "base/checksum.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

#define SEAL ",\n\"checksum\": \""
#define SEAL_END "\"}\n"
enum { SEAL_BYTES = sizeof SEAL - 1, SEAL_END_BYTES = sizeof SEAL_END - 1 };

void dpid_string_seal(dpid_string *s)
{
    dpid_string_add(s, SEAL);
    if (s->status != DEEPID_OK)
        return;
    const dpid_piece before = {s->text, s->length};
    dpid_string_add(s, dpid_checksum_of(&before, 1).text);
    dpid_string_add(s, SEAL_END);
}

int32_t dpid_sealed_damaged(deepid_ctx *ctx, const char *path, const dpid_sealed_kind *kind, const char *why)
{
    return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is a damaged %s (%s); %s", path, kind->what, why, kind->remedy);
}

static int32_t check_seal(deepid_ctx *ctx, const char *path, const dpid_sealed_kind *kind, const char *text,
                          int64_t bytes)
{
    char why[128];
    const int64_t at = bytes - SEAL_END_BYTES - DPID_CHECKSUM_BYTES; /* of the checksum's word */
    if (at < SEAL_BYTES || memcmp(text + at - SEAL_BYTES, SEAL, SEAL_BYTES) != 0 ||
        memcmp(text + bytes - SEAL_END_BYTES, SEAL_END, SEAL_END_BYTES) != 0)
        return dpid_sealed_damaged(ctx, path, kind,
                                   "its last line is no checksum: cut, changed, or of a version that wrote none");
    const dpid_piece before = {text, at};
    const dpid_checksum found = dpid_checksum_of(&before, 1);
    if (memcmp(text + at, found.text, DPID_CHECKSUM_BYTES) == 0)
        return DEEPID_OK;
    snprintf(why, sizeof why, "its content has the checksum %s, its last line says %.*s", found.text,
             DPID_CHECKSUM_BYTES, text + at);
    return dpid_sealed_damaged(ctx, path, kind, why);
}

static int32_t check_root(deepid_ctx *ctx, const char *path, const dpid_sealed_kind *kind, const dpid_json_text *text)
{
    int64_t format;
    if (!text->root)
        return dpid_sealed_damaged(ctx, path, kind, text->why);
    if (!dpid_json_int(dpid_json_get(text->root, "format"), &format) || format != kind->format)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is a %s of format %lld, expected %lld; %s", path, kind->what,
                         (long long)format, (long long)kind->format, kind->remedy);
    return DEEPID_OK;
}

int32_t dpid_sealed_read(deepid_ctx *ctx, const char *path, const dpid_sealed_kind *kind, dpid_json_text *out)
{
    uint8_t *bytes = NULL;
    int64_t count = 0;
    DPID_TRY(dpid_file_read(ctx, path, &bytes, &count));
    int32_t status = check_seal(ctx, path, kind, (const char *)bytes, count);
    if (status == DEEPID_OK)
        status = dpid_json_read(ctx, (const char *)bytes, count, out);
    dpid_free(ctx, bytes);
    DPID_TRY(status);
    status = check_root(ctx, path, kind, out);
    if (status != DEEPID_OK)
        dpid_json_release(out);
    return status;
}
