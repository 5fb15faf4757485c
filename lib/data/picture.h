/* Pictures in files: PNG by libspng, JPEG by libjpeg. What a header claims is known, and bounded, before memory is
   taken by it; then the picture is decoded, and written as a sample. */
#ifndef DPID_DATA_PICTURE_H
#define DPID_DATA_PICTURE_H

#include "data/data.h"

typedef enum { DPID_PICTURE_NONE, DPID_PICTURE_PNG, DPID_PICTURE_JPEG } dpid_picture_format;
enum { DPID_PICTURE_FIRST = 16 }; /* bytes that tell the format */

/* As the header says. */
typedef struct {
    dpid_picture_format format;
    int64_t height, width;
    bool gray; /* one channel, alpha apart */
    bool deep; /* 16 bits a channel */
} dpid_picture;

/* How a picture becomes a sample. */
typedef struct {
    dpid_shape sample; /* [h, w, channels]: 1 gray, 3 colours, 4 with alpha */
    int32_t dtype;     /* DEEPID_U8, DEEPID_F32; values 0 to 255 */
    bool crop;         /* the middle is cut to the sample's proportions, else they are stretched */
} dpid_picture_fit;

/* DEEPID_ERR_UNSUPPORTED, with the packages that lack, in a build without the libraries. */
int32_t dpid_picture_check_build(deepid_ctx *ctx);
dpid_picture_format dpid_picture_format_of(const uint8_t *first, int64_t count);
/* Name of another format that the first bytes tell ("a GIF"), or of none ("no picture", "empty"). */
const char *dpid_picture_other(const uint8_t *first, int64_t count);

/* The header; `path` begins the sentences. */
int32_t dpid_picture_look(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, dpid_picture *out);
/* All pixels, as r, g, b, alpha: uint8_t, or uint16_t where it is deep; rgba has room for as many as `look` said. */
int32_t dpid_picture_decode(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count,
                            const dpid_picture *look, void *rgba);

/* One format each: picture_png.c, picture_jpeg.c. */
int32_t dpid_png_look(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, dpid_picture *out);
int32_t dpid_png_decode(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, void *rgba);
int32_t dpid_jpeg_look(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, dpid_picture *out);
int32_t dpid_jpeg_decode(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, void *rgba);

/* A decoded picture as a sample: picture_fit.c. *see_through: it has a pixel that is not opaque. */
int32_t dpid_picture_write(deepid_ctx *ctx, const dpid_picture *picture, const void *rgba, const dpid_picture_fit *fit,
                           void *to, bool *see_through);

#endif
