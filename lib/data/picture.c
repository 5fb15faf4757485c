/* Which format a picture has, by its first bytes; how large it may be. */
#include "data/picture.h"

#include <string.h>

/* What is more is no sample of a data set but a bomb: 11585 x 11585, half a gigabyte when it is decoded. */
enum { PIXELS_MAX = 1 << 27 };

int32_t dpid_picture_check_build(deepid_ctx *ctx)
{
#ifdef DEEPID_PICTURES
    (void)ctx;
    return DEEPID_OK;
#else
    return dpid_fail(ctx, DEEPID_ERR_UNSUPPORTED,
                     "pictures: this build has no libspng and libjpeg; install libspng-dev and libjpeg62-turbo-dev and "
                     "build again");
#endif
}

/* ---- formats ---------------------------------------------------------------------------------- */

typedef struct {
    const char *begins, *words;
    int64_t at;
    dpid_picture_format format;
} signature;
static const signature signatures[] = {
    {"\x89PNG\r\n\x1a\n", "a PNG", 0, DPID_PICTURE_PNG},
    {"\xff\xd8\xff", "a JPEG", 0, DPID_PICTURE_JPEG},
    {"GIF8", "a GIF", 0, DPID_PICTURE_NONE},
    {"WEBP", "a WebP", 8, DPID_PICTURE_NONE},
    {"BM", "a BMP", 0, DPID_PICTURE_NONE},
    {"II*", "a TIFF", 0, DPID_PICTURE_NONE},
    {"MM\0*", "a TIFF", 0, DPID_PICTURE_NONE},
    {"ftyp", "a HEIF or AVIF", 4, DPID_PICTURE_NONE},
};

static const signature *find(const uint8_t *first, int64_t count)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const signature *s = &signatures[i];
        const int64_t length = memcmp(s->begins, "MM", 2) == 0 ? 4 : (int64_t)strlen(s->begins);
        if (count >= s->at + length && memcmp(first + s->at, s->begins, (size_t)length) == 0)
            return s;
    }
    return NULL;
}

dpid_picture_format dpid_picture_format_of(const uint8_t *first, int64_t count)
{
    const signature *s = find(first, count);
    return s ? s->format : DPID_PICTURE_NONE;
}

const char *dpid_picture_other(const uint8_t *first, int64_t count)
{
    const signature *s = find(first, count);
    return s ? s->words : count == 0 ? "empty" : "no picture";
}

/* ---- one of the two --------------------------------------------------------------------------------- */

static int32_t look_inside(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, dpid_picture *out)
{
    *out = (dpid_picture){.format = dpid_picture_format_of(bytes, count)};
#ifdef DEEPID_PICTURES
    if (out->format != DPID_PICTURE_NONE)
        return (out->format == DPID_PICTURE_PNG ? dpid_png_look : dpid_jpeg_look)(ctx, path, bytes, count, out);
#endif
    return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is %s, expected a PNG or a JPEG", path,
                     dpid_picture_other(bytes, count));
}

int32_t dpid_picture_look(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, dpid_picture *out)
{
    DPID_TRY(look_inside(ctx, path, bytes, count, out));
    return out->height <= PIXELS_MAX / out->width
               ? DEEPID_OK
               : dpid_fail(ctx, DEEPID_ERR_LIMIT, "'%s' says that it has %lld x %lld pixels, the most is %d", path,
                           (long long)out->height, (long long)out->width, PIXELS_MAX);
}

int32_t dpid_picture_decode(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count,
                            const dpid_picture *look, void *rgba)
{
    dpid_picture now;
    DPID_TRY(dpid_picture_look(ctx, path, bytes, count, &now));
    if (now.height != look->height || now.width != look->width || now.deep != look->deep)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' changed while it was read", path);
#ifdef DEEPID_PICTURES
    return (now.format == DPID_PICTURE_PNG ? dpid_png_decode : dpid_jpeg_decode)(ctx, path, bytes, count, rgba);
#else
    (void)rgba;
    return dpid_picture_check_build(ctx);
#endif
}
