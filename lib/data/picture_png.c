/* PNG by libspng: every colour type and depth, interlaced or not; the checks of all chunks are compared. */
#include "data/picture.h"

#include <spng.h>

enum {
    RATIO_MAX = 1032,      /* of deflate: zlib's technical details */
    CHUNK_MAX = 16 << 20,  /* bytes of a text or a colour profile, unpacked */
    CHUNKS_MAX = 64 << 20, /* of all that are kept */
    DEEP = 16              /* bits a channel */
};

static int32_t failed(deepid_ctx *ctx, const char *path, int code)
{
    if (code == SPNG_EMEM)
        return dpid_fail(ctx, DEEPID_ERR_MEMORY, "'%s': no memory to unpack", path);
    return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' cannot be read as PNG: %s", path,
                     code == SPNG_IO_EOF ? "it is truncated" : spng_strerror(code));
}

static int32_t open_png(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, spng_ctx **png,
                        struct spng_ihdr *header)
{
    *png = spng_ctx_new(0);
    if (!*png)
        return failed(ctx, path, SPNG_EMEM);
    int code = spng_set_chunk_limits(*png, CHUNK_MAX, CHUNKS_MAX);
    if (code == SPNG_OK)
        code = spng_set_png_buffer(*png, bytes, (size_t)count);
    if (code == SPNG_OK)
        code = spng_get_ihdr(*png, header);
    if (code == SPNG_OK)
        return DEEPID_OK;
    spng_ctx_free(*png);
    return failed(ctx, path, code);
}

/* Bytes that have to come out of the packed ones: each row has one of its filter in front. */
static int64_t unpacked(const struct spng_ihdr *h)
{
    static const int32_t channels[] = {1, 0, 3, 1, 2, 0, 4};
    const int64_t bits = (int64_t)h->width * channels[h->color_type] * h->bit_depth;
    return h->height * (1 + (bits + 7) / 8);
}

int32_t dpid_png_look(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, dpid_picture *out)
{
    spng_ctx *png;
    struct spng_ihdr h;
    DPID_TRY(open_png(ctx, path, bytes, count, &png, &h));
    spng_ctx_free(png);
    if (unpacked(&h) / RATIO_MAX > count)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' says that it has %u x %u pixels, which %lld bytes cannot hold",
                         path, h.height, h.width, (long long)count);
    out->height = h.height;
    out->width = h.width;
    out->gray = h.color_type == SPNG_COLOR_TYPE_GRAYSCALE || h.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
    out->deep = h.bit_depth == DEEP;
    return DEEPID_OK;
}

/* All of it, and then to the end of the file: one that lacks its end may lack more. */
int32_t dpid_png_decode(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, void *rgba)
{
    spng_ctx *png;
    struct spng_ihdr h;
    size_t size = 0;
    DPID_TRY(open_png(ctx, path, bytes, count, &png, &h));
    const int format = h.bit_depth == DEEP ? SPNG_FMT_RGBA16 : SPNG_FMT_RGBA8;
    int code = spng_decoded_image_size(png, format, &size);
    if (code == SPNG_OK)
        code = spng_decode_image(png, rgba, size, format, SPNG_DECODE_TRNS);
    if (code == SPNG_OK)
        code = spng_decode_chunks(png);
    spng_ctx_free(png);
    return code == SPNG_OK ? DEEPID_OK : failed(ctx, path, code);
}
